//! What the feed carries: the events that `live_room.graphql` asks for, typed by `schema.graphql`.
//!
//! Everything that types events is written from here. What could not be written the same way for every
//! language is refused here, with the name of what is at fault.

mod rusty;
mod selection;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use graphql_parser::query::{self, FragmentDefinition};
use graphql_parser::schema::{self, Definition, EnumType, TypeDefinition};

use selection::Selections;

/// The interface of events, and the fragment that says what is asked of one.
const EVENT: &str = "RoomEvent";
const FRAGMENT: &str = "FeedEvent";

/// The events of the feed, and all that is in them.
#[derive(Debug)]
pub(crate) struct Contract {
    /// What every event has.
    pub(crate) stamps: Vec<Field>,
    /// In the fragment's order.
    pub(crate) kinds: Vec<Kind>,
    /// What events are about, and what is in that, by name.
    pub(crate) records: BTreeMap<String, Record>,
    /// The sets of names that are in events, by name.
    pub(crate) enumerations: BTreeMap<String, Enumeration>,
}

/// A kind of event.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: String,
    pub(crate) about: Option<String>,
    /// What it is about.
    pub(crate) subject: Field,
    /// The record that is.
    pub(crate) record: String,
}

/// An object of the schema, with the fields that the feed asks for.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) about: Option<String>,
    pub(crate) fields: Vec<Field>,
}

/// A set of names. Clients add one for what they do not know.
#[derive(Debug)]
pub(crate) struct Enumeration {
    pub(crate) about: Option<String>,
    pub(crate) values: Vec<Value>,
}

/// One of a set of names.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) name: String,
    pub(crate) about: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) about: Option<String>,
    pub(crate) holds: Holds,
    pub(crate) shape: Shape,
}

/// How many values a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    One,
    /// One, or none.
    Optional,
    /// Any number, all of them there.
    List,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holds {
    Text,
    Truth,
    /// A whole number of 32 bits.
    Small,
    /// A whole number of 64 bits, as text.
    Whole,
    /// A stamp, as text.
    Time,
    Enumeration(String),
    Record(String),
}

impl Contract {
    /// Reads the schema and the document that the client subscribes with.
    pub(crate) fn read(schema: &str, document: &str) -> Result<Self> {
        let schema = schema::parse_schema::<String>(schema)
            .context("the schema is malformed")?
            .into_static();
        let document = query::parse_query::<String>(document)
            .context("the feed is malformed")?
            .into_static();
        let types = Types::of(&schema);
        let selections = Selections::of(&document, &types)?;
        let event = selections.event();

        let mut contract = Self {
            stamps: event.stamps.clone(),
            kinds: Vec::new(),
            records: BTreeMap::new(),
            enumerations: BTreeMap::new(),
        };
        let stamps = contract.stamps.clone();
        contract.follow(&stamps, &selections, &types)?;
        for (name, fields) in &event.kinds {
            contract.follow(fields, &selections, &types)?;
            let about = types.about(name);
            contract.kinds.push(Kind::new(name, about, fields)?);
        }
        contract.check(&types)?;
        rusty::check(&contract)?;

        Ok(contract)
    }

    /// Takes in what `fields` hold, and what is in that.
    fn follow(
        &mut self,
        fields: &[Field],
        selections: &Selections,
        types: &Types<'_>,
    ) -> Result<()> {
        for field in fields {
            match &field.holds {
                Holds::Enumeration(name) if !self.enumerations.contains_key(name) => {
                    let enumeration = types.enumeration(name)?;
                    self.enumerations.insert(name.clone(), enumeration);
                }
                Holds::Record(name) if !self.records.contains_key(name) => {
                    let fields = selections.record(name)?.to_vec();
                    let about = types.about(name);
                    self.records.insert(
                        name.clone(),
                        Record {
                            about,
                            fields: fields.clone(),
                        },
                    );
                    self.follow(&fields, selections, types)?;
                }
                Holds::Text
                | Holds::Truth
                | Holds::Small
                | Holds::Whole
                | Holds::Time
                | Holds::Enumeration(_)
                | Holds::Record(_) => {}
            }
        }

        Ok(())
    }

    /// Finds what no client could tell apart, and kinds that nobody would ever hear of.
    fn check(&self, types: &Types<'_>) -> Result<()> {
        let mut known: BTreeMap<&str, &Kind> = BTreeMap::new();
        for kind in &self.kinds {
            let first = known.entry(&kind.subject.name).or_insert(kind);
            ensure!(
                first.record == kind.record,
                "`{}` is one thing in {} and another in {}",
                kind.subject.name,
                first.name,
                kind.name
            );
        }
        for family in self.families() {
            ensure!(
                !family.name.is_empty(),
                "the kinds that are about a `{}` have no word in common: begin their names with one",
                family.subject.name
            );
        }
        for name in types.implementors(EVENT) {
            ensure!(
                self.kinds.iter().any(|kind| kind.name == name),
                "the feed asks for nothing of {name}: give it a line in {FRAGMENT}"
            );
        }

        Ok(())
    }
}

/// Kinds that are about one thing.
#[derive(Debug)]
pub(crate) struct Family<'a> {
    /// What they are about.
    pub(crate) subject: &'a Field,
    /// The record that is.
    pub(crate) record: &'a str,
    /// What their names begin with, if there are several.
    pub(crate) name: &'a str,
    /// In the fragment's order.
    pub(crate) kinds: Vec<&'a Kind>,
}

impl Contract {
    /// Returns the kinds by what they are about, in the fragment's order.
    pub(crate) fn families(&self) -> Vec<Family<'_>> {
        let mut families: Vec<Family<'_>> = Vec::new();
        for kind in &self.kinds {
            let known = families
                .iter_mut()
                .find(|family| family.subject.name == kind.subject.name);
            if let Some(family) = known {
                family.name = common_words(family.name, &kind.name);
                family.kinds.push(kind);
            } else {
                families.push(Family {
                    subject: &kind.subject,
                    record: &kind.record,
                    name: &kind.name,
                    kinds: vec![kind],
                });
            }
        }

        families
    }
}

/// Returns the words that both names begin with, each of which begins with a capital.
fn common_words<'a>(left: &'a str, right: &str) -> &'a str {
    let same = left
        .bytes()
        .zip(right.bytes())
        .take_while(|(left, right)| left == right)
        .count();
    let is_whole = |name: &str| name[same..].chars().next().is_none_or(char::is_uppercase);
    if is_whole(left) && is_whole(right) {
        return &left[..same];
    }

    &left[..left[..same].rfind(char::is_uppercase).unwrap_or(0)]
}

impl Kind {
    fn new(name: &str, about: Option<String>, fields: &[Field]) -> Result<Self> {
        let one = match fields {
            [one] if one.shape == Shape::One => Some(one),
            _ => None,
        };
        let Some(Field {
            holds: Holds::Record(record),
            ..
        }) = one
        else {
            bail!(
                "{name} is not about one thing: give it one field, of an object that is always there"
            );
        };

        Ok(Self {
            name: name.to_owned(),
            about,
            subject: fields[0].clone(),
            record: record.clone(),
        })
    }
}

/// The schema's types by name.
struct Types<'a>(BTreeMap<&'a str, &'a TypeDefinition<'static, String>>);

impl<'a> Types<'a> {
    fn of(schema: &'a schema::Document<'static, String>) -> Self {
        let types = schema.definitions.iter().filter_map(|definition| {
            let Definition::TypeDefinition(definition) = definition else {
                return None;
            };

            Some((name_of(definition), definition))
        });

        Self(types.collect())
    }

    fn get(&self, name: &str) -> Result<&'a TypeDefinition<'static, String>> {
        let found = self.0.get(name).copied();

        found.with_context(|| format!("the schema has no {name}"))
    }

    fn about(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            TypeDefinition::Object(object) => object.description.clone(),
            TypeDefinition::Enum(found) => found.description.clone(),
            TypeDefinition::Scalar(_)
            | TypeDefinition::Interface(_)
            | TypeDefinition::Union(_)
            | TypeDefinition::InputObject(_) => None,
        }
    }

    /// Returns the fields of an object or an interface.
    fn fields(&self, name: &str) -> Result<&'a [schema::Field<'static, String>]> {
        match self.get(name)? {
            TypeDefinition::Object(object) => Ok(&object.fields),
            TypeDefinition::Interface(interface) => Ok(&interface.fields),
            TypeDefinition::Enum(_)
            | TypeDefinition::Scalar(_)
            | TypeDefinition::Union(_)
            | TypeDefinition::InputObject(_) => bail!("{name} has no fields to ask for"),
        }
    }

    fn enumeration(&self, name: &str) -> Result<Enumeration> {
        let TypeDefinition::Enum(found) = self.get(name)? else {
            bail!("{name} is no enumeration");
        };
        let EnumType {
            description,
            values,
            ..
        } = found;

        Ok(Enumeration {
            about: description.clone(),
            values: values
                .iter()
                .map(|value| Value {
                    name: value.name.clone(),
                    about: value.description.clone(),
                })
                .collect(),
        })
    }

    fn implementors(&self, interface: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(move |(name, definition)| {
            let TypeDefinition::Object(object) = definition else {
                return None;
            };

            object
                .implements_interfaces
                .iter()
                .any(|other| other == interface)
                .then_some(*name)
        })
    }
}

fn name_of<'a>(definition: &'a TypeDefinition<'static, String>) -> &'a str {
    match definition {
        TypeDefinition::Scalar(found) => &found.name,
        TypeDefinition::Object(found) => &found.name,
        TypeDefinition::Interface(found) => &found.name,
        TypeDefinition::Union(found) => &found.name,
        TypeDefinition::Enum(found) => &found.name,
        TypeDefinition::InputObject(found) => &found.name,
    }
}

/// Returns the fragments of a document by name.
fn fragments<'a>(
    document: &'a query::Document<'static, String>,
) -> BTreeMap<&'a str, &'a FragmentDefinition<'static, String>> {
    let fragments = document.definitions.iter().filter_map(|definition| {
        let query::Definition::Fragment(fragment) = definition else {
            return None;
        };

        Some((fragment.name.as_str(), fragment))
    });

    fragments.collect()
}

#[cfg(test)]
mod tests;
