//! What values weigh in memory, and how deep they go.

use async_graphql::Value;

use super::limits::VALUE_BYTES;

/// About how many bytes `value` takes, with all that is in it. It recurses, so what it is given has
/// a bounded depth.
pub(super) fn bytes(value: &Value) -> usize {
    let inner: usize = match value {
        Value::Null | Value::Number(_) | Value::Boolean(_) => 0,
        Value::String(text) => text.len(),
        Value::Enum(name) => name.len(),
        Value::Binary(binary) => binary.len(),
        Value::List(values) => values.iter().map(bytes).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| name.len() + VALUE_BYTES + bytes(value))
            .sum(),
    };

    VALUE_BYTES + inner
}

/// How many lists and objects are within each other. The reader of JSON has bounded what this
/// recurses into.
pub(super) fn levels(value: &serde_json::Value) -> usize {
    use serde_json::Value;

    match value {
        Value::Array(values) => 1 + values.iter().map(levels).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(levels).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
