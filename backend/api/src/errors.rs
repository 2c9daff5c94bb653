//! What of an operation's errors is told.

use async_graphql::ServerError;

/// Errors in one answer. Validation finds as many as a document has selections, and nobody reads on.
const ERRORS_MAX: usize = 50;
/// Bytes of an error's message. The executor's own repeat values that may be as long as a request.
const MESSAGE_BYTES_MAX: usize = 1_000;

/// Makes `errors` short enough to be told, and gives those without a code the one of a document that
/// is not right.
pub fn make_presentable(errors: &mut Vec<ServerError>) {
    errors.truncate(ERRORS_MAX);
    for error in errors {
        let end = error.message.floor_char_boundary(MESSAGE_BYTES_MAX);
        if end < error.message.len() {
            error.message.truncate(end);
            error.message.push('…');
        }
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", "VALIDATION");
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Pos;

    use super::*;

    #[test]
    fn errors_are_cut_where_nobody_reads_on() {
        let long = format!("a{}", "é".repeat(MESSAGE_BYTES_MAX));
        let mut errors = vec![ServerError::new(long, Some(Pos::default())); ERRORS_MAX + 1];
        make_presentable(&mut errors);

        assert_eq!(errors.len(), ERRORS_MAX);
        assert_eq!(
            errors[0].message.len(),
            MESSAGE_BYTES_MAX - 1 + '…'.len_utf8()
        );
        assert!(errors[0].extensions.as_ref().unwrap().get("code").is_some());
    }
}
