//! What the feed's document asks for, field by field.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use graphql_parser::query::{self, FragmentDefinition, Selection, SelectionSet, TypeCondition};
use graphql_parser::schema::{self, TypeDefinition};

use super::{EVENT, FRAGMENT, Field, Holds, Shape, Types, fragments};

/// What the document asks for of each object.
pub(super) struct Selections {
    event: EventSelection,
    records: BTreeMap<String, Vec<Field>>,
}

/// What it asks for of an event.
pub(super) struct EventSelection {
    pub(super) stamps: Vec<Field>,
    pub(super) kinds: Vec<(String, Vec<Field>)>,
}

impl Selections {
    pub(super) fn of(
        document: &query::Document<'static, String>,
        types: &Types<'_>,
    ) -> Result<Self> {
        let mut reader = Reader {
            types,
            fragments: fragments(document),
            records: BTreeMap::new(),
        };
        let event = reader.event()?;

        Ok(Self {
            event,
            records: reader.records,
        })
    }

    pub(super) const fn event(&self) -> &EventSelection {
        &self.event
    }

    pub(super) fn record(&self, name: &str) -> Result<&[Field]> {
        let fields = self.records.get(name);

        fields
            .map(Vec::as_slice)
            .with_context(|| format!("nothing is asked for of {name}"))
    }
}

struct Reader<'a> {
    types: &'a Types<'a>,
    fragments: BTreeMap<&'a str, &'a FragmentDefinition<'static, String>>,
    records: BTreeMap<String, Vec<Field>>,
}

impl Reader<'_> {
    fn event(&mut self) -> Result<EventSelection> {
        let fragment = *self
            .fragments
            .get(FRAGMENT)
            .with_context(|| format!("the feed has no fragment {FRAGMENT}"))?;
        let mut event = EventSelection {
            stamps: Vec::new(),
            kinds: Vec::new(),
        };
        for selection in &fragment.selection_set.items {
            match selection {
                Selection::Field(field) if field.name == "__typename" => {}
                Selection::Field(field) => event.stamps.push(self.field(EVENT, field)?),
                Selection::InlineFragment(inline) => {
                    let Some(TypeCondition::On(kind)) = &inline.type_condition else {
                        bail!("a part of {FRAGMENT} is on no kind");
                    };
                    let fields = self.fields(kind, &inline.selection_set)?;
                    ensure!(
                        event.kinds.iter().all(|(other, _)| other != kind),
                        "{kind} has two lines in {FRAGMENT}"
                    );
                    event.kinds.push((kind.clone(), fields));
                }
                Selection::FragmentSpread(_) => {
                    bail!("{FRAGMENT} asks for each kind by a line of its own")
                }
            }
        }

        Ok(event)
    }

    /// Returns what `selection` asks for of `object`, fragments in their places.
    fn fields(
        &mut self,
        object: &str,
        selection: &SelectionSet<'static, String>,
    ) -> Result<Vec<Field>> {
        let mut fields = Vec::new();
        for item in &selection.items {
            match item {
                Selection::Field(field) => fields.push(self.field(object, field)?),
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name.as_str();
                    let fragment = *self
                        .fragments
                        .get(name)
                        .with_context(|| format!("the feed has no fragment {name}"))?;
                    fields.extend(self.fields(object, &fragment.selection_set)?);
                }
                Selection::InlineFragment(_) => bail!("{object} is of one type"),
            }
        }

        Ok(fields)
    }

    fn field(&mut self, object: &str, asked: &query::Field<'static, String>) -> Result<Field> {
        let name = asked.name.as_str();
        ensure!(
            asked.alias.is_none(),
            "{object}.{name} is asked for under another name"
        );
        let found = self.types.fields(object)?;
        let found = found
            .iter()
            .find(|field| field.name == name)
            .with_context(|| format!("the schema has no {object}.{name}"))?;
        let (of, shape) = shape(&found.field_type)
            .with_context(|| format!("{object}.{name} has a shape that no client reads"))?;
        let holds = self.holds(of)?;
        if let Holds::Record(record) = &holds {
            let fields = self.fields(record, &asked.selection_set)?;
            let known = self.records.entry(record.clone());
            ensure!(
                *known.or_insert_with(|| fields.clone()) == fields,
                "{object}.{name} asks for other fields of {record} than elsewhere: use one fragment"
            );
        }

        Ok(Field {
            name: name.to_owned(),
            about: found.description.clone(),
            holds,
            shape,
        })
    }

    fn holds(&self, name: &str) -> Result<Holds> {
        Ok(match name {
            "ID" | "String" | "Currency" => Holds::Text,
            "Boolean" => Holds::Truth,
            "Int" => Holds::Small,
            "Int64" => Holds::Whole,
            "Time" => Holds::Time,
            _ => match self.types.get(name)? {
                TypeDefinition::Enum(_) => Holds::Enumeration(name.to_owned()),
                TypeDefinition::Object(_) => Holds::Record(name.to_owned()),
                TypeDefinition::Scalar(_)
                | TypeDefinition::Interface(_)
                | TypeDefinition::Union(_)
                | TypeDefinition::InputObject(_) => bail!("no client reads a {name}"),
            },
        })
    }
}

/// Returns what a type is of, and how many; `None` for lists that may be absent or have holes.
fn shape<'a>(of: &'a schema::Type<'static, String>) -> Option<(&'a str, Shape)> {
    use schema::Type::{ListType, NamedType, NonNullType};

    match of {
        NamedType(name) => Some((name, Shape::Optional)),
        NonNullType(inner) => match &**inner {
            NamedType(name) => Some((name, Shape::One)),
            ListType(item) => match &**item {
                NonNullType(item) => match &**item {
                    NamedType(name) => Some((name, Shape::List)),
                    ListType(_) | NonNullType(_) => None,
                },
                NamedType(_) | ListType(_) => None,
            },
            NonNullType(_) => None,
        },
        ListType(_) => None,
    }
}
