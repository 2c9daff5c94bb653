//! Measures a parsed document as it is validated and executed: with fragments put in place.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::ops::AddAssign;

use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
    Type,
};
use async_graphql::{Name, Pos, Positioned, Value};

use super::limits::{
    ALIASES_MAX, ARGUMENTS_MAX, COMPARISONS_MAX, DEPTH_MAX, INTROSPECTION_DEPTH_MAX,
    INTROSPECTION_LISTS_MAX, INTROSPECTION_SELECTIONS_MAX, NESTING_MAX, OPERATIONS_MAX,
    ROOT_FIELDS_MAX, SELECTIONS_MAX, VARIABLES_MAX,
};
use super::refusal::{Reason, Refusal, at_most};
use super::values;

/// Fields of introspection that are lists.
const INTROSPECTION_LISTS: [&str; 9] = [
    "types",
    "fields",
    "args",
    "interfaces",
    "possibleTypes",
    "enumValues",
    "inputFields",
    "directives",
    "locations",
];

/// What the values of a document weigh.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Values {
    /// Bytes of what is written in the document.
    pub(super) bytes: usize,
    /// Places where a variable is used.
    pub(super) variable_uses: usize,
    /// Bytes of the heaviest default of a variable.
    pub(super) heaviest_default_bytes: usize,
}

/// Holds `document` to the limits, with `is_type` to say which types there are.
pub(super) fn check(
    document: &ExecutableDocument,
    is_type: impl Fn(&str) -> bool,
) -> Result<Values, Refusal> {
    at_most(
        "operations",
        document.operations.iter().count(),
        OPERATIONS_MAX,
    )?;

    let mut measure = Measure::of(document);
    let mut sum = Size::default();
    let mut heaviest_default_bytes = 0;
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        heaviest_default_bytes = heaviest_default_bytes.max(variables(operation, &is_type)?);
        let size = measure.operation(operation)?;
        at_most("root fields", size.roots, ROOT_FIELDS_MAX)?;
        size.check()?;
        sum += size;
    }
    sum.check()?;
    at_most(
        "comparisons of fields",
        measure.comparisons,
        COMPARISONS_MAX,
    )?;
    measure.all_fragments_are_used()?;

    Ok(Values {
        bytes: sum.value_bytes,
        variable_uses: sum.variable_uses,
        heaviest_default_bytes,
    })
}

/// Checks the variables of `operation`, and returns the bytes of their heaviest default. A default in
/// a list of a type that is not there would be a panic in validation.
fn variables(
    operation: &OperationDefinition,
    is_type: impl Fn(&str) -> bool,
) -> Result<usize, Refusal> {
    at_most(
        "variables",
        operation.variable_definitions.len(),
        VARIABLES_MAX,
    )?;

    let mut heaviest_bytes = 0;
    for variable in &operation.variable_definitions {
        let name = item_type(&variable.node.var_type.node);
        if !is_type(name) {
            let reason = Reason::UnknownType(name.to_owned());
            return Err(Refusal::at(variable.node.var_type.pos, reason));
        }
        if let Some(default) = &variable.node.default_value {
            heaviest_bytes = heaviest_bytes.max(values::bytes(&default.node));
        }
    }

    Ok(heaviest_bytes)
}

fn item_type(mut r#type: &Type) -> &str {
    loop {
        match &r#type.base {
            BaseType::Named(name) => return name,
            BaseType::List(item) => r#type = item,
        }
    }
}

/// How large a selection is with its fragments put in place.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// Fields of the selection itself.
    roots: usize,
    depth: usize,
    introspection_depth: usize,
    /// Lists of the schema within each other, if this is within introspection.
    lists: usize,
    /// The same, within fields that are introspection.
    introspection_lists: usize,
    /// Selections within fields that are introspection.
    introspection_selections: usize,
    /// Selections within each other.
    levels: usize,
    selections: usize,
    /// What it takes to compare the selection with others beside it.
    comparisons: usize,
    aliases: usize,
    value_bytes: usize,
    variable_uses: usize,
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    /// Measured once each, so that fragments within fragments cost no more than their text.
    fragments: BTreeMap<&'a str, Size>,
    /// Being measured.
    open: BTreeSet<&'a str>,
    /// Over all selection sets as they are written.
    comparisons: usize,
}

impl<'a> Measure<'a> {
    fn of(document: &'a ExecutableDocument) -> Self {
        Self {
            document,
            fragments: BTreeMap::new(),
            open: BTreeSet::new(),
            comparisons: 0,
        }
    }

    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Size, Refusal> {
        let mut size = self.set(&operation.selection_set.node)?;
        size.add_directives(&operation.directives)?;
        for variable in &operation.variable_definitions {
            size.add_directives(&variable.node.directives)?;
        }

        Ok(size)
    }

    fn set(&mut self, set: &'a SelectionSet) -> Result<Size, Refusal> {
        let mut sum = Size::default();
        for item in &set.items {
            let mut size = match &item.node {
                Selection::Field(field) => self.field(&field.node)?,
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    self.fragment(name, item.pos)?
                }
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node)?,
            };
            size.add_directives(item.node.directives())?;
            size.selections += 1;
            size.comparisons += 1;
            sum += size;
        }
        sum.levels += 1;
        self.comparisons += sum.comparisons;

        // Checked on the way, so that no sum runs over.
        at_most("selections", sum.selections, SELECTIONS_MAX)?;
        at_most("levels of nesting", sum.levels, NESTING_MAX)?;
        at_most("comparisons of fields", self.comparisons, COMPARISONS_MAX)?;
        Ok(sum)
    }

    fn field(&mut self, field: &'a Field) -> Result<Size, Refusal> {
        let inner = if field.selection_set.node.items.is_empty() {
            Size::default()
        } else {
            self.set(&field.selection_set.node)?
        };
        let mut size = inner.within(field);
        size.add_arguments(field)?;

        Ok(size)
    }

    fn fragment(&mut self, name: &'a str, at: Pos) -> Result<Size, Refusal> {
        if let Some(size) = self.fragments.get(name) {
            return Ok(*size);
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Err(Refusal::at(at, Reason::UnknownFragment(name.to_owned())));
        };
        if !self.open.insert(name) {
            return Err(Refusal::at(at, Reason::CyclicFragment(name.to_owned())));
        }
        at_most("levels of nesting", self.open.len(), NESTING_MAX)?;

        let mut size = self.set(&fragment.node.selection_set.node)?;
        size.add_directives(&fragment.node.directives)?;
        self.open.remove(name);
        self.fragments.insert(name, size);
        Ok(size)
    }

    fn all_fragments_are_used(&self) -> Result<(), Refusal> {
        let all = &self.document.fragments;
        let unused = all
            .iter()
            .filter(|(name, _)| !self.fragments.contains_key(name.as_str()))
            .min_by_key(|(_, fragment)| fragment.pos);
        let Some((name, fragment)) = unused else {
            return Ok(());
        };

        let reason = Reason::UnusedFragment(name.to_string());
        Err(Refusal::at(fragment.pos, reason))
    }
}

impl Size {
    /// What holds for an operation, and for all of a document.
    fn check(&self) -> Result<(), Refusal> {
        at_most("levels of fields", self.depth, DEPTH_MAX)?;
        at_most(
            "levels of introspection",
            self.introspection_depth,
            INTROSPECTION_DEPTH_MAX,
        )?;
        at_most(
            "levels of introspected lists",
            self.introspection_lists,
            INTROSPECTION_LISTS_MAX,
        )?;
        at_most(
            "selections of introspection",
            self.introspection_selections,
            INTROSPECTION_SELECTIONS_MAX,
        )?;
        at_most("selections", self.selections, SELECTIONS_MAX)?;
        at_most("aliases", self.aliases, ALIASES_MAX)
    }

    /// The size of `field`, in which `self` is selected.
    fn within(self, field: &Field) -> Self {
        let name = field.name.node.as_str();
        let is_introspection = name.starts_with("__");
        let is_list = INTROSPECTION_LISTS.contains(&name);
        let depth = self.depth + 1;
        let lists = self.lists + usize::from(is_list);

        Self {
            roots: 1,
            depth: if is_introspection { 0 } else { depth },
            introspection_depth: if is_introspection {
                self.introspection_depth.max(depth)
            } else {
                self.introspection_depth
            },
            lists,
            introspection_lists: if is_introspection {
                self.introspection_lists.max(lists)
            } else {
                self.introspection_lists
            },
            introspection_selections: if is_introspection {
                self.selections
            } else {
                self.introspection_selections
            },
            comparisons: 0,
            aliases: self.aliases + usize::from(field.alias.is_some()),
            ..self
        }
    }

    fn add_directives(&mut self, directives: &[Positioned<Directive>]) -> Result<(), Refusal> {
        for directive in directives {
            let arguments = &directive.node.arguments;
            at_most("arguments of one directive", arguments.len(), ARGUMENTS_MAX)?;
            for (_, value) in arguments {
                self.add_value(|count| value.node.clone().into_const_with(count));
            }
        }

        Ok(())
    }

    fn add_arguments(&mut self, field: &Field) -> Result<(), Refusal> {
        let arguments = &field.arguments;
        at_most("arguments of one field", arguments.len(), ARGUMENTS_MAX)?;
        for (_, value) in arguments {
            self.add_value(|count| value.node.clone().into_const_with(count));
        }
        self.comparisons += arguments.len() * arguments.len();

        Ok(())
    }

    /// Adds a value that `to_constant` makes constant, asking for each variable in it.
    fn add_value(
        &mut self,
        to_constant: impl FnOnce(
            &mut dyn FnMut(Name) -> Result<Value, Infallible>,
        ) -> Result<Value, Infallible>,
    ) {
        let mut uses = 0;
        let Ok(constant) = to_constant(&mut |_| {
            uses += 1;
            Ok(Value::Null)
        });

        self.value_bytes += values::bytes(&constant);
        self.variable_uses += uses;
    }
}

impl AddAssign for Size {
    fn add_assign(&mut self, other: Self) {
        self.roots += other.roots;
        self.depth = self.depth.max(other.depth);
        self.introspection_depth = self.introspection_depth.max(other.introspection_depth);
        self.lists = self.lists.max(other.lists);
        self.introspection_lists = self.introspection_lists.max(other.introspection_lists);
        self.introspection_selections += other.introspection_selections;
        self.levels = self.levels.max(other.levels);
        self.selections += other.selections;
        self.comparisons += other.comparisons;
        self.aliases += other.aliases;
        self.value_bytes += other.value_bytes;
        self.variable_uses += other.variable_uses;
    }
}
