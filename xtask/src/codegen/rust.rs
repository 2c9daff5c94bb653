//! The events as Rust: structs that are read from what came, and what both dialects of Rust have in common.

use std::fmt::Write as _;

use super::contract::{Contract, Enumeration, Family, Field, Holds, Record, Shape};
use super::text::{capitalised, snake_case, wrapped};

pub(super) const HEAD: &str =
    "//! Written by `cargo xtask codegen` from `schema.graphql` and `live_room.graphql`.\n\n";

/// The widest line of a comment.
const WIDTH: usize = 110;

/// What both dialects say of what is newer.
const NEWER: &str = "What is newer than this version.";

/// Returns the structs, each with its reader.
pub(super) fn events(contract: &Contract) -> String {
    let mut out = String::from(HEAD);
    out.push_str(
        "use alloc::string::String;\nuse alloc::vec::Vec;\n\n\
         use parlor_sdk_core::{Content, RoomEvent, ServerTime};\n",
    );
    for (name, enumeration) in enumerations(contract) {
        write_enumeration(&mut out, name, enumeration, "");
        line(&mut out, &format!("\nimpl {name} {{"));
        line(&mut out, "    fn of(name: &str) -> Self {");
        line(&mut out, "        match name {");
        for value in &enumeration.values {
            let (text, variant) = (&value.name, capitalised(&value.name));
            line(
                &mut out,
                &format!("            \"{text}\" => Self::{variant},"),
            );
        }
        out.push_str("            _ => Self::Unknown,\n        }\n    }\n}\n");
    }
    for (name, record) in &contract.records {
        write_record(&mut out, name, record, Dialect::Events);
        write_reader(&mut out, name, record);
    }
    for family in contract.families() {
        let (record, subject) = (family.record, &family.subject.name);
        line(&mut out, &format!("\nimpl {record} {{"));
        line(
            &mut out,
            "    /// Reads what `event` is about, if it is of a kind that is about one.",
        );
        line(
            &mut out,
            "    pub fn of(event: &RoomEvent) -> Option<Self> {",
        );
        let of_kind = if is_several(&family) {
            format!("{}Change::of(&event.type_name)?;", family.name)
        } else {
            format!("(event.type_name == \"{}\").then_some(())?;", family.name)
        };
        line(&mut out, &format!("        {of_kind}\n"));
        line(
            &mut out,
            &format!("        Self::read(event.about(\"{subject}\")?)"),
        );
        out.push_str("    }\n}\n");
        if is_several(&family) {
            write_change(&mut out, &family, "");
            let name = family.name;
            line(&mut out, &format!("\nimpl {name}Change {{"));
            line(&mut out, "    /// Reads the name of a kind.");
            line(&mut out, "    pub fn of(type_name: &str) -> Option<Self> {");
            line(&mut out, "        Some(match type_name {");
            for kind in &family.kinds {
                let change = &kind.name[name.len()..];
                let kind = &kind.name;
                line(
                    &mut out,
                    &format!("            \"{kind}\" => Self::{change},"),
                );
            }
            out.push_str("            _ => return None,\n        })\n    }\n}\n");
        }
    }
    write_kinds_read(&mut out, contract);

    out
}

#[derive(Clone, Copy)]
pub(super) enum Dialect {
    Events,
    Mobile,
}

impl Dialect {
    /// Times are numbers that say what they are, across the language border.
    pub(super) fn field(self, field: &Field) -> String {
        let name = snake_case(&field.name);
        match (self, &field.holds) {
            (Self::Mobile, Holds::Time) => format!("{name}_unix_millis"),
            (Self::Mobile | Self::Events, _) => name,
        }
    }

    pub(super) fn typed(self, field: &Field) -> String {
        let one = match &field.holds {
            Holds::Text => "String",
            Holds::Truth => "bool",
            Holds::Small => "i32",
            Holds::Whole => "i64",
            Holds::Time => match self {
                Self::Events => "ServerTime",
                Self::Mobile => "i64",
            },
            Holds::Enumeration(name) | Holds::Record(name) => name,
        };

        match field.shape {
            Shape::One => one.to_owned(),
            Shape::Optional => format!("Option<{one}>"),
            Shape::List => format!("Vec<{one}>"),
        }
    }
}

/// What is in events, but for the stamps, which the core reads.
pub(super) fn enumerations(contract: &Contract) -> impl Iterator<Item = (&String, &Enumeration)> {
    let is_stamp = |name: &String| {
        let holds = Holds::Enumeration(name.clone());
        contract.stamps.iter().any(|stamp| stamp.holds == holds)
    };

    contract
        .enumerations
        .iter()
        .filter(move |(name, _)| !is_stamp(name))
}

pub(super) fn is_several(family: &Family<'_>) -> bool {
    family.kinds.len() > 1
}

pub(super) fn write_enumeration(
    out: &mut String,
    name: &str,
    enumeration: &Enumeration,
    derived: &str,
) {
    out.push('\n');
    comment(out, "", enumeration.about.as_deref());
    line(
        out,
        &format!("#[derive(Debug, Clone, Copy, PartialEq, Eq{derived})]"),
    );
    line(out, &format!("pub enum {name} {{"));
    for value in &enumeration.values {
        comment(out, "    ", value.about.as_deref());
        if !derived.is_empty() {
            // Each by its name: what a rule makes of `TIER_1` and back is `TIER1`.
            line(out, &format!("    #[serde(rename = \"{}\")]", value.name));
        }
        line(out, &format!("    {},", capitalised(&value.name)));
    }
    comment(out, "    ", Some(NEWER));
    if !derived.is_empty() {
        line(out, "    #[serde(rename = \"UNKNOWN\", other)]");
    }
    out.push_str("    Unknown,\n}\n");
}

pub(super) fn write_record(out: &mut String, name: &str, record: &Record, dialect: Dialect) {
    out.push('\n');
    comment(out, "", record.about.as_deref());
    let derived = match dialect {
        Dialect::Events => "",
        Dialect::Mobile => ", uniffi::Record",
    };
    line(
        out,
        &format!("#[derive(Debug, Clone, PartialEq, Eq{derived})]"),
    );
    line(out, &format!("pub struct {name} {{"));
    for field in &record.fields {
        comment(out, "    ", field.about.as_deref());
        line(
            out,
            &format!(
                "    pub {}: {},",
                dialect.field(field),
                dialect.typed(field)
            ),
        );
    }
    line(out, "}");
}

fn write_reader(out: &mut String, name: &str, record: &Record) {
    line(out, &format!("\nimpl {name} {{"));
    line(out, "    fn read(mut it: Content) -> Option<Self> {");
    line(out, "        Some(Self {");
    for field in &record.fields {
        line(
            out,
            &format!("            {}: {},", snake_case(&field.name), taken(field)),
        );
    }
    out.push_str("        })\n    }\n}\n");
}

/// What takes a field out of what came.
fn taken(field: &Field) -> String {
    let name = &field.name;
    let take = match &field.holds {
        Holds::Text => "text",
        Holds::Truth => "truth",
        Holds::Small => "small",
        Holds::Whole => "whole",
        Holds::Time => "time",
        Holds::Enumeration(of) => {
            return match field.shape {
                Shape::One => format!("{of}::of(&it.text(\"{name}\")?)"),
                Shape::Optional => {
                    format!("it.optional(\"{name}\", Content::text)?.map(|name| {of}::of(&name))")
                }
                Shape::List => unreachable!("no list of names has come up yet"),
            };
        }
        Holds::Record(of) => {
            return match field.shape {
                Shape::One => format!("{of}::read(it.record(\"{name}\")?)?"),
                Shape::Optional => {
                    format!("it.optional(\"{name}\", |it, name| {of}::read(it.record(name)?))?")
                }
                Shape::List => format!("it.list(\"{name}\", {of}::read)?"),
            };
        }
    };

    match field.shape {
        Shape::One => format!("it.{take}(\"{name}\")?"),
        Shape::Optional => format!("it.optional(\"{name}\", Content::{take})?"),
        Shape::List => unreachable!("no list of values has come up yet"),
    }
}

pub(super) fn change_about(family: &Family<'_>) -> String {
    format!("How a `{}` changed.", family.record)
}

/// How what a family is about changed.
pub(super) fn write_change(out: &mut String, family: &Family<'_>, derived: &str) {
    let name = family.name;
    out.push('\n');
    let about = format!(
        "How the `{}` of an event changed.",
        snake_case(&family.subject.name)
    );
    comment(out, "", Some(&about));
    line(
        out,
        &format!("#[derive(Debug, Clone, Copy, PartialEq, Eq{derived})]"),
    );
    line(out, &format!("pub enum {name}Change {{"));
    for kind in &family.kinds {
        comment(out, "    ", kind.about.as_deref());
        line(out, &format!("    {},", &kind.name[name.len()..]));
    }
    line(out, "}");
}

pub(super) const KIND_ABOUT: &str = "\n/// What happened. When it is shown, and what it replaces, is told by the event's timing and part alone.\n";
pub(super) const UNKNOWN_ABOUT: &str = "    /// Something of a kind that is newer than this version, or whose content it cannot read.\n";

fn write_kinds_read(out: &mut String, contract: &Contract) {
    out.push_str(KIND_ABOUT);
    out.push_str("#[derive(Debug, Clone, PartialEq, Eq)]\npub enum EventKind {\n");
    for family in contract.families() {
        let record = family.record;
        if is_several(&family) {
            let name = family.name;
            comment(
                out,
                "    ",
                Some(&format!("A `{record}` changed; it is carried whole.")),
            );
            line(out, &format!("    {name}({name}Change, {record}),"));
        } else {
            comment(out, "    ", family.kinds[0].about.as_deref());
            line(out, &format!("    {}({record}),", family.name));
        }
    }
    out.push_str(UNKNOWN_ABOUT);
    out.push_str("    Unknown,\n}\n\nimpl EventKind {\n    /// Reads what happened.\n");
    out.push_str(
        "    pub fn of(event: &RoomEvent) -> Self {\n        \
         Self::read(event).unwrap_or(Self::Unknown)\n    }\n\n    \
         fn read(event: &RoomEvent) -> Option<Self> {\n        let type_name = event.type_name.as_str();\n",
    );
    for family in contract.families() {
        let (name, record) = (family.name, family.record);
        let about = format!("event.about(\"{}\")?", family.subject.name);
        if is_several(&family) {
            line(
                out,
                &format!("        if let Some(change) = {name}Change::of(type_name) {{"),
            );
            line(
                out,
                &format!(
                    "            return Some(Self::{name}(change, {record}::read({about})?));"
                ),
            );
        } else {
            line(out, &format!("        if type_name == \"{name}\" {{"));
            line(
                out,
                &format!("            return Some(Self::{name}({record}::read({about})?));"),
            );
        }
        line(out, "        }");
    }
    out.push_str("\n        None\n    }\n}\n");
}

pub(super) fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a string takes any text");
}

pub(super) fn comment(out: &mut String, indent: &str, about: Option<&str>) {
    let words: Vec<&str> = about.unwrap_or_default().split_whitespace().collect();
    for text in wrapped(&words, WIDTH - indent.len()) {
        line(out, &format!("{indent}/// {text}"));
    }
}
