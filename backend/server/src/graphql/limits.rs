//! What a document may ask for, checked before it is validated or executed.
//!
//! Measured on the document as it would be executed, with fragments put in place, so that a short
//! text cannot ask for much. Introspection may go deeper, because the queries of every explorer do.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Error, ErrorExtensions, ServerError};

/// The longest document. Ten times the longest in the SDKs.
pub(super) const DOCUMENT_BYTES_MAX: usize = 32 * 1024;
/// Words, numbers and punctuators in a document. Twice what an explorer's introspection has.
const TOKENS_MAX: usize = 2_000;
/// Braces and brackets within each other, before the parser recurses into them.
pub(super) const NESTING_MAX: usize = 32;
/// Fields within fields. The deepest path in the API has seven.
const DEPTH_MAX: usize = 10;
/// The same for introspection: a list's item type is looked up nine wrappings deep.
const INTROSPECTION_DEPTH_MAX: usize = 20;
/// Fields in all. Everything of a room and its feed comes to about two hundred.
const COMPLEXITY_MAX: usize = 2_000;
/// Fields of the operation itself. Each is a read or a command of its own.
const ROOT_FIELDS_MAX: usize = 20;
/// Renamed fields. They are how one field is asked for many times.
const ALIASES_MAX: usize = 50;

/// Which limit a document breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the document has more than {max} {what}")]
pub struct LimitError {
    what: &'static str,
    max: usize,
}

impl From<LimitError> for ServerError {
    fn from(error: LimitError) -> Self {
        Error::new(error.to_string())
            .extend_with(|_, extensions| extensions.set("code", "VALIDATION"))
            .into_server_error(async_graphql::Pos::default())
    }
}

/// Parses `document`, unless it breaks a limit.
pub fn parse_within_limits(document: &str) -> Result<ExecutableDocument, ServerError> {
    at_most("bytes", document.len(), DOCUMENT_BYTES_MAX)?;
    let scan = scan(document);
    at_most("tokens", scan.tokens, TOKENS_MAX)?;
    at_most("levels of nesting", scan.nesting, NESTING_MAX)?;

    let document = parse_query(document).map_err(|error| {
        let mut error = ServerError::from(error);
        error
            .extensions
            .get_or_insert_default()
            .set("code", "VALIDATION");
        error
    })?;
    check(&document)?;
    Ok(document)
}

fn check(document: &ExecutableDocument) -> Result<(), LimitError> {
    let mut measure = Measure {
        document,
        fragments: BTreeMap::new(),
        open: BTreeSet::new(),
    };
    for (_, operation) in document.operations.iter() {
        let size = measure.set(&operation.node.selection_set.node);
        at_most("root fields", size.roots, ROOT_FIELDS_MAX)?;
        at_most("levels of fields", size.depth, DEPTH_MAX)?;
        at_most(
            "levels of introspection",
            size.introspection_depth,
            INTROSPECTION_DEPTH_MAX,
        )?;
        at_most("fields", size.fields, COMPLEXITY_MAX)?;
        at_most("aliases", size.aliases, ALIASES_MAX)?;
    }

    Ok(())
}

fn at_most(what: &'static str, found: usize, max: usize) -> Result<(), LimitError> {
    if found > max {
        Err(LimitError { what, max })
    } else {
        Ok(())
    }
}

/// How large a selection is with its fragments put in place.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// Fields of the selection itself.
    roots: usize,
    depth: usize,
    introspection_depth: usize,
    fields: usize,
    aliases: usize,
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    /// Measured once each, so that fragments within fragments cost no more than their text.
    fragments: BTreeMap<&'a str, Size>,
    /// Being measured: a fragment that leads back to itself adds nothing here, and is refused by
    /// validation.
    open: BTreeSet<&'a str>,
}

impl<'a> Measure<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Size {
        set.items.iter().fold(Size::default(), |sum, item| {
            let size = match &item.node {
                Selection::Field(field) => {
                    let inner = self.set(&field.node.selection_set.node);
                    let is_introspection = field.node.name.node.starts_with("__");
                    inner.within_field(is_introspection, field.node.alias.is_some())
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node),
            };

            sum.and(size)
        })
    }

    fn fragment(&mut self, name: &'a str) -> Size {
        if let Some(size) = self.fragments.get(name) {
            return *size;
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Size::default();
        };
        if !self.open.insert(name) {
            return Size::default();
        }

        let size = self.set(&fragment.node.selection_set.node);
        self.open.remove(name);
        self.fragments.insert(name, size);
        size
    }
}

impl Size {
    fn within_field(self, is_introspection: bool, has_alias: bool) -> Self {
        let depth = self.depth + 1;
        let introspection_depth =
            self.introspection_depth
                .max(if is_introspection { depth } else { 0 });

        Self {
            roots: 1,
            depth: if is_introspection { 0 } else { depth },
            introspection_depth,
            fields: self.fields.saturating_add(1),
            aliases: self.aliases.saturating_add(usize::from(has_alias)),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            roots: self.roots.saturating_add(other.roots),
            depth: self.depth.max(other.depth),
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            fields: self.fields.saturating_add(other.fields),
            aliases: self.aliases.saturating_add(other.aliases),
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Scan {
    tokens: usize,
    nesting: usize,
}

/// Counts roughly what a lexer would find: a run of word characters is one token, so is every other
/// mark, and a string is one however long.
fn scan(document: &str) -> Scan {
    let mut scan = Scan::default();
    let (mut depth, mut in_word) = (0_usize, false);
    let mut bytes = document.bytes();
    while let Some(byte) = bytes.next() {
        let word = byte.is_ascii_alphanumeric() || byte == b'_';
        let is_blank = byte.is_ascii_whitespace() || byte == b',';
        if !(is_blank || word && in_word) {
            scan.tokens += 1;
        }
        in_word = word;

        match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                scan.nesting = scan.nesting.max(depth);
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            b'#' => {
                bytes.by_ref().find(|byte| *byte == b'\n' || *byte == b'\r');
            }
            _ => {}
        }
    }

    scan
}

/// Skips to the end of a string whose opening mark was read. Block strings come out as several
/// strings, which changes the count by a few.
fn skip_string(bytes: &mut std::str::Bytes<'_>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' | b'\n' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(document: &str) -> Option<String> {
        parse_within_limits(document)
            .err()
            .map(|error| error.message)
    }

    #[test]
    fn documents_of_a_sensible_size_pass() {
        assert_eq!(refusal("{ room(id: \"x\") { id session { id } } }"), None);
        assert_eq!(
            refusal("{ __schema { types { fields { type { ofType { name } } } } } }"),
            None
        );
    }

    #[test]
    fn every_limit_refuses_by_name() {
        let nested = |levels: usize| format!("{}{}", "{ a ".repeat(levels), "}".repeat(levels));
        let bomb: String = (0..20)
            .map(|n| format!("fragment f{n} on T {{ ...f{m} ...f{m} }} ", m = n + 1))
            .chain(["fragment f20 on T { a b } { ...f0 }".to_owned()])
            .collect();
        let root_fields = format!("{{ {} }}", "a ".repeat(21));
        let aliases = format!("{{ r {{ {} }} }}", "x: a ".repeat(51));
        let tokens = format!("{{ r {{ {} }} }}", "a ".repeat(2_000));
        let bytes = format!("{{ a }} #{}", "x".repeat(DOCUMENT_BYTES_MAX));

        for (document, named) in [
            (nested(11), "levels of fields"),
            (nested(33), "levels of nesting"),
            (nested(5_000), "tokens"),
            (bomb, "root fields"),
            (root_fields, "root fields"),
            (aliases, "aliases"),
            (tokens, "tokens"),
            (bytes, "bytes"),
        ] {
            let message = refusal(&document).unwrap_or_default();
            assert!(message.ends_with(named), "{message:?} names {named}");
        }
    }

    #[test]
    fn a_fragment_that_leads_back_to_itself_is_measured_in_finite_time() {
        assert_eq!(refusal("fragment f on T { a { ...f } } { ...f }"), None);
    }
}
