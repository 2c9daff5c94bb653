//! Documents: the one way from a client's text to something that can be executed.
//!
//! The executor bounds neither what its parser recurses into nor what its rules go through, so a
//! text is held to limits before it is parsed, and again before it is validated: what is accepted
//! takes a bounded number of steps and bytes. Only a [`Document`] can be made into a request.

mod documents;
mod limits;
mod measure;
mod refusal;
mod scan;
mod values;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, ServiceDocument,
    TypeSystemDefinition,
};
use async_graphql::parser::{parse_query, parse_schema};
use async_graphql::{Name, Request, ServerError, Variables};

pub use documents::Documents;
pub(super) use limits::NESTING_MAX;
use limits::{DOCUMENT_BYTES_MAX, VALUES_BYTES_MAX};
use measure::Values;
use refusal::{at_most, variables_at_most};

/// The variables of a request, as they came.
pub type JsonVariables = serde_json::Map<String, serde_json::Value>;

/// A document that keeps the limits. Only [`Documents`] makes them.
#[derive(Debug)]
pub struct Document {
    text: Arc<str>,
    parsed: ExecutableDocument,
    values: Values,
}

impl Document {
    /// Parses `text`, unless it breaks a limit.
    fn parse(text: &str) -> Result<Self, ServerError> {
        at_most("bytes", text.len(), DOCUMENT_BYTES_MAX)?;
        scan::check(text)?;
        let parsed = parse_query(text).map_err(|error| {
            let mut error = ServerError::from(error);
            error
                .extensions
                .get_or_insert_default()
                .set("code", "VALIDATION");
            error
        })?;
        let values = measure::check(&parsed, |name| TYPES.contains(name))?;

        Ok(Self {
            text: Arc::from(text),
            parsed,
            values,
        })
    }

    pub fn parsed(&self) -> &ExecutableDocument {
        &self.parsed
    }

    /// The operation called `name`, or the only one.
    pub fn operation(&self, name: Option<&str>) -> Option<&OperationDefinition> {
        let operation = match (&self.parsed.operations, name) {
            // Whether the name fits is left to the execution.
            (DocumentOperations::Single(operation), _) => operation,
            (DocumentOperations::Multiple(operations), Some(name)) => {
                operations.get(&Name::new(name))?
            }
            (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
                operations.values().next()?
            }
            (DocumentOperations::Multiple(_), None) => return None,
        };

        Some(&operation.node)
    }

    /// Reads `variables`, unless they weigh too much where this document uses them.
    pub fn variables(&self, variables: JsonVariables) -> Result<Variables, ServerError> {
        let levels = variables.values().map(values::levels).max().unwrap_or(0);
        variables_at_most("levels of nesting", levels, NESTING_MAX)?;
        let variables = Variables::from_json(serde_json::Value::Object(variables));
        let heaviest_bytes = variables.values().map(values::bytes).max().unwrap_or(0);
        let used_bytes = self
            .values
            .heaviest_default_bytes
            .max(heaviest_bytes)
            .saturating_mul(self.values.variable_uses);
        variables_at_most(
            "bytes where they are used",
            self.values.bytes.saturating_add(used_bytes),
            VALUES_BYTES_MAX,
        )?;

        Ok(variables)
    }

    /// A request to execute this document's operation called `operation_name`, or the only one.
    pub fn request(&self, operation_name: Option<String>, variables: Variables) -> Request {
        let mut request = Request::new(&*self.text).variables(variables);
        request.operation_name = operation_name;
        request.set_parsed_query(self.parsed.clone());

        request
    }

    /// What it was read from, which weighs a fraction of it.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }
}

/// The names of the API's types.
static TYPES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let schema = parse_schema(super::sdl()).expect("the schema is written in its language");
    let built_in = ["Int", "Float", "String", "Boolean", "ID"];

    type_names(&schema)
        .chain(built_in)
        .map(str::to_owned)
        .collect()
});

fn type_names(schema: &ServiceDocument) -> impl Iterator<Item = &str> {
    schema
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some(definition.node.name.node.as_str()),
            TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
        })
}

#[cfg(test)]
mod tests;
