//! What the JavaScript packages read events by: tables of names, for one reader of all kinds.

use std::fmt::Write as _;

use super::contract::{Contract, Field, Holds, Shape};

/// Returns `kinds.js`.
pub(super) fn tables(contract: &Contract) -> String {
    let mut out = String::from(
        "// Written by `cargo xtask codegen` from schema.graphql and live_room.graphql.\n\n\
         /** What each kind is about: a field, and the record that is in it. */\n\
         export const KINDS = {\n",
    );
    for kind in &contract.kinds {
        let (name, subject, record) = (&kind.name, &kind.subject.name, &kind.record);
        line(
            &mut out,
            &format!("  {name}: [\"{subject}\", \"{record}\"],"),
        );
    }
    out.push_str(
        "};\n\n/** What records hold; with `?`, what may be absent, and with `[]`, lists. */\n\
         export const RECORDS = {\n",
    );
    for (name, record) in &contract.records {
        line(&mut out, &format!("  {name}: {{"));
        for field in &record.fields {
            line(
                &mut out,
                &format!("    {}: \"{}\",", field.name, form(field)),
            );
        }
        line(&mut out, "  },");
    }
    out.push_str("};\n\n/** Sets of names. */\nexport const ENUMERATIONS = {\n");
    for (name, enumeration) in &contract.enumerations {
        // It is among the stamps, which no table is needed for.
        if contract
            .stamps
            .iter()
            .any(|stamp| stamp.holds == Holds::Enumeration(name.clone()))
        {
            continue;
        }
        let names: Vec<String> = enumeration
            .values
            .iter()
            .map(|value| format!("\"{}\"", value.name))
            .collect();
        line(&mut out, &format!("  {name}: [{}],", names.join(", ")));
    }
    out.push_str("};\n");

    out
}

fn form(field: &Field) -> String {
    let one = match &field.holds {
        Holds::Text => "text",
        Holds::Truth => "truth",
        Holds::Small => "small",
        Holds::Whole => "whole",
        Holds::Time => "time",
        Holds::Enumeration(name) | Holds::Record(name) => name,
    };

    match field.shape {
        Shape::One => one.to_owned(),
        Shape::Optional => format!("{one}?"),
        Shape::List => format!("{one}[]"),
    }
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a string takes any text");
}
