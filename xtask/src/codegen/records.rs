//! The events as records that cross the language border to Swift, Kotlin and Python, each made from a struct of
//! `rust.rs`.

use super::contract::{Contract, Field, Holds, Shape};
use super::rust::{
    Dialect, HEAD, KIND_ABOUT, UNKNOWN_ABOUT, change_about, comment, enumerations, is_several,
    line, write_change, write_enumeration, write_record,
};
use super::text::{capitalised, snake_case};

/// Returns the records, each made from what `sdk-events` has.
pub(super) fn records(contract: &Contract) -> String {
    let mut out = String::from(HEAD);
    out.push_str(
        "use parlor_sdk_core as core;\nuse parlor_sdk_events as events;\n\
         use serde::{Deserialize, Serialize};\n",
    );
    for (name, enumeration) in enumerations(contract) {
        write_enumeration(
            &mut out,
            name,
            enumeration,
            ", Serialize, Deserialize, uniffi::Enum",
        );
        let names: Vec<String> = enumeration
            .values
            .iter()
            .map(|value| capitalised(&value.name))
            .chain(["Unknown".to_owned()])
            .collect();
        write_same_names(&mut out, name, &names);
    }
    for (name, record) in &contract.records {
        write_record(&mut out, name, record, Dialect::Mobile);
        line(
            &mut out,
            &format!("\nimpl From<events::{name}> for {name} {{"),
        );
        line(
            &mut out,
            &format!("    fn from(it: events::{name}) -> Self {{"),
        );
        line(&mut out, "        Self {");
        for field in &record.fields {
            let (theirs, ours) = (Dialect::Events.field(field), Dialect::Mobile.field(field));
            line(
                &mut out,
                &format!("            {ours}: {},", converted(field, &theirs)),
            );
        }
        out.push_str("        }\n    }\n}\n");
    }
    for family in contract
        .families()
        .iter()
        .filter(|family| is_several(family))
    {
        write_change(&mut out, family, ", uniffi::Enum");
        let changes = family
            .kinds
            .iter()
            .map(|kind| kind.name[family.name.len()..].to_owned());
        write_same_names(
            &mut out,
            &format!("{}Change", family.name),
            &changes.collect::<Vec<_>>(),
        );
    }
    write_kinds_of_records(&mut out, contract);

    out
}

/// Returns `Events.swift`: the records under the name of the module that applications import.
pub(super) fn swift_names(contract: &Contract) -> String {
    let mut out = String::from(
        "// Written by `cargo xtask codegen` from schema.graphql and live_room.graphql.\n\nimport ParlorNative\n",
    );
    let mut name = |name: &str, about: Option<&str>| {
        out.push('\n');
        comment(&mut out, "", about);
        line(
            &mut out,
            &format!("public typealias {name} = ParlorNative.{name}"),
        );
    };
    name("EventKind", Some("What happened."));
    for (enumeration, it) in enumerations(contract) {
        name(enumeration, it.about.as_deref());
    }
    for (record, it) in &contract.records {
        name(record, it.about.as_deref());
    }
    for family in contract
        .families()
        .iter()
        .filter(|family| is_several(family))
    {
        name(
            &format!("{}Change", family.name),
            Some(&change_about(family)),
        );
    }

    out
}

/// What makes our field of theirs.
fn converted(field: &Field, theirs: &str) -> String {
    match (&field.holds, field.shape) {
        (Holds::Time, Shape::One) => format!("it.{theirs}.unix_millis()"),
        (Holds::Time, Shape::Optional) => {
            format!("it.{theirs}.map(core::ServerTime::unix_millis)")
        }
        (Holds::Enumeration(_) | Holds::Record(_), Shape::One) => format!("it.{theirs}.into()"),
        (Holds::Enumeration(_) | Holds::Record(_), Shape::Optional) => {
            format!("it.{theirs}.map(Into::into)")
        }
        (Holds::Enumeration(_) | Holds::Record(_), Shape::List) => {
            format!("it.{theirs}.into_iter().map(Into::into).collect()")
        }
        _ => format!("it.{theirs}"),
    }
}

fn write_same_names(out: &mut String, name: &str, variants: &[String]) {
    line(out, &format!("\nimpl From<events::{name}> for {name} {{"));
    line(out, &format!("    fn from(it: events::{name}) -> Self {{"));
    line(out, "        match it {");
    for variant in variants {
        line(
            out,
            &format!("            events::{name}::{variant} => Self::{variant},"),
        );
    }
    out.push_str("        }\n    }\n}\n");
}

fn write_kinds_of_records(out: &mut String, contract: &Contract) {
    out.push_str(KIND_ABOUT);
    out.push_str("#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]\npub enum EventKind {\n");
    for family in contract.families() {
        let (record, subject) = (family.record, snake_case(&family.subject.name));
        if is_several(&family) {
            let name = family.name;
            comment(out, "    ", Some(&format!("A `{record}` changed.")));
            line(out, &format!("    {name}Changed {{"));
            line(out, "        /// How.");
            line(out, &format!("        change: {name}Change,"));
        } else {
            comment(out, "    ", family.kinds[0].about.as_deref());
            line(out, &format!("    {} {{", family.name));
        }
        line(out, "        /// As it is now, whole.");
        line(out, &format!("        {subject}: {record},"));
        line(out, "    },");
    }
    out.push_str(UNKNOWN_ABOUT);
    out.push_str("    Unknown {\n        /// The kind's name in the schema, such as `PollOpened`.\n        type_name: String,\n    },\n}\n");
    out.push_str("\nimpl From<&core::RoomEvent> for EventKind {\n    fn from(event: &core::RoomEvent) -> Self {\n        match events::EventKind::of(event) {\n");
    for family in contract.families() {
        let subject = snake_case(&family.subject.name);
        let name = family.name;
        if is_several(&family) {
            line(
                out,
                &format!(
                    "            events::EventKind::{name}(change, {subject}) => Self::{name}Changed {{"
                ),
            );
            line(out, "                change: change.into(),");
        } else {
            line(
                out,
                &format!("            events::EventKind::{name}({subject}) => Self::{name} {{"),
            );
        }
        line(
            out,
            &format!("                {subject}: {subject}.into(),"),
        );
        line(out, "            },");
    }
    out.push_str("            events::EventKind::Unknown => Self::Unknown {\n                type_name: event.type_name.clone(),\n            },\n        }\n    }\n}\n");
    write_texts(out, contract);
}

fn write_texts(out: &mut String, contract: &Contract) {
    out.push_str(
        "\nimpl EventKind {\n    /// The texts that it has, by what the schema calls them.\n",
    );
    out.push_str("    pub(crate) fn texts(&self) -> Vec<(&'static str, Option<&str>)> {\n        match self {\n");
    for family in contract.families() {
        let subject = snake_case(&family.subject.name);
        let fields = contract.records[family.record].fields.iter();
        let texts: Vec<_> = fields.filter_map(|field| text(&subject, field)).collect();
        let changed = if is_several(&family) { "Changed" } else { "" };
        let name = family.name;
        line(
            out,
            &format!(
                "            Self::{name}{changed} {{ {subject}, .. }} => vec![{}],",
                texts.join(", ")
            ),
        );
    }
    out.push_str("            Self::Unknown { .. } => Vec::new(),\n        }\n    }\n}\n");
}

/// A field's name, and the text that it may have.
fn text(subject: &str, field: &Field) -> Option<String> {
    let ours = Dialect::Mobile.field(field);
    let text = match (&field.holds, field.shape) {
        (Holds::Text, Shape::One) => format!("Some({subject}.{ours}.as_str())"),
        (Holds::Text, Shape::Optional) => format!("{subject}.{ours}.as_deref()"),
        _ => return None,
    };

    Some(format!("({:?}, {text})", field.name))
}
