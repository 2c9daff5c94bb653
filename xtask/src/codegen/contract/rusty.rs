//! What the schema may say and Rust cannot, as the generator writes it: refused by name, rather than written as what
//! does not compile.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::{Contract, Field, Holds, Shape};
use crate::codegen::text::{capitalised, snake_case};

/// What no field may be called.
const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

pub(super) fn check(contract: &Contract) -> Result<()> {
    let mut subjects: BTreeMap<&str, &str> = BTreeMap::new();
    for family in contract.families() {
        let (record, subject) = (family.record, family.subject.name.as_str());
        let first = subjects.entry(record).or_insert(subject);
        ensure!(
            *first == subject,
            "{record} is both a `{first}` and a `{subject}`: give each a type of its own"
        );
        for kind in &family.kinds {
            ensure!(
                family.kinds.len() == 1 || kind.name != family.name,
                "{} has no word of its own beside the other kinds that are about a `{subject}`",
                kind.name
            );
            ensure!(
                family.kinds.len() > 1 || kind.name != record,
                "the kind {} has the name of what it is about",
                kind.name
            );
            check_name(&kind.name, family.subject)?;
        }
    }
    for (name, record) in &contract.records {
        for field in &record.fields {
            check_name(name, field)?;
            let is_list_of_values =
                field.shape == Shape::List && !matches!(field.holds, Holds::Record(_));
            ensure!(
                !is_list_of_values,
                "{name}.{} is a list of what is no object, which nothing reads yet",
                field.name
            );
        }
    }
    for (name, enumeration) in &contract.enumerations {
        let mut variants = BTreeMap::from([
            ("Unknown".to_owned(), "what is newer"),
            ("Self".to_owned(), "a word of Rust's own"),
        ]);
        for value in &enumeration.values {
            let value = value.name.as_str();
            ensure!(
                !value.split('_').any(str::is_empty),
                "{name}.{value} has an underscore with no word on one side of it"
            );
            let other = variants.insert(capitalised(value), value);
            ensure!(
                other.is_none(),
                "{name}.{value} is written like {}",
                other.unwrap_or_default()
            );
        }
    }

    Ok(())
}

fn check_name(owner: &str, field: &Field) -> Result<()> {
    let name = snake_case(&field.name);
    ensure!(
        !KEYWORDS.contains(&name.as_str()),
        "{owner}.{} is a word of Rust's own: call it something else",
        field.name
    );

    Ok(())
}
