//! The events as TypeScript types, one union told apart by `type`.

use std::fmt::Write as _;

use super::contract::{Contract, Enumeration, Family, Field, Holds, Shape};

/// The widest line of a file that people read.
const WIDTH: usize = 120;

/// Enumerations of which the client reads what is newer as one that it knows: it has to decide when an event is
/// due, whatever it is.
const NEWER_READ_AS: [(&str, &str); 1] = [("EventTiming", "PICTURE")];

/// Returns `events.d.ts`.
pub(super) fn types(contract: &Contract) -> String {
    let mut out = String::from(
        "// Written by `cargo xtask codegen` from schema.graphql and live_room.graphql.\n\n\
         /** Milliseconds since 1970. */\nexport type UnixMillis = number;\n",
    );
    for (name, enumeration) in &contract.enumerations {
        write_enumeration(&mut out, name, enumeration);
    }
    for (name, record) in &contract.records {
        out.push('\n');
        comment(&mut out, "", record.about.as_deref());
        line(&mut out, &format!("export interface {name} {{"));
        write_fields(&mut out, &record.fields);
        line(&mut out, "}");
    }
    write_union(&mut out, contract);

    out
}

fn write_enumeration(out: &mut String, name: &str, enumeration: &Enumeration) {
    out.push('\n');
    let about = enumeration.about.as_deref().unwrap_or_default();
    let names = enumeration.values.iter().map(|value| value.name.as_str());
    let (newer, names): (_, Vec<_>) = match NEWER_READ_AS.iter().find(|(of, _)| *of == name) {
        Some((_, value)) => (
            format!("What is newer than this version is read as `{value}`."),
            names.collect(),
        ),
        None => (
            "`UNKNOWN` is what is newer than this version.".to_owned(),
            names.chain(["UNKNOWN"]).collect(),
        ),
    };
    comment(out, "", Some(format!("{about} {newer}").trim()));
    let names: Vec<String> = names.into_iter().map(quoted).collect();
    line(out, &format!("export type {name} = {};", names.join(" | ")));
}

fn write_union(out: &mut String, contract: &Contract) {
    line(out, "\n/** What events are about. */");
    line(out, "interface Subjects {");
    for Family { subject: field, .. } in contract.families() {
        line(out, &format!("  {}: {};", field.name, typed(field)));
    }
    line(out, "  typeName: string;");
    line(out, "}");
    out.push_str(
        "\n/** Events of type `Type`, about `Subject` and nothing else: `event.train?.level` can be asked of any. */\n\
         type Kind<Type extends string, Subject extends keyof Subjects> = { type: Type } & Pick<Subjects, Subject> & {\n    \
         [Other in Exclude<keyof Subjects, Subject>]?: undefined;\n  };\n",
    );
    out.push_str(
        "\n/** A fact in the room's log. `type` is its kind's name in the GraphQL schema, and tells what else it has. */\n\
         export type RoomEvent = {\n",
    );
    write_fields(out, &contract.stamps);
    line(out, "} & (");
    for kind in &contract.kinds {
        comment(out, "  ", kind.about.as_deref());
        let (name, subject) = (quoted(&kind.name), quoted(&kind.subject.name));
        line(out, &format!("  | Kind<{name}, {subject}>"));
    }
    line(
        out,
        "  /** Something of a kind that is newer than this version, or whose content it cannot read. */",
    );
    line(out, "  | Kind<\"Unknown\", \"typeName\">");
    line(out, ");");
    out.push_str(
        "\n/** An event at the moment that it is shown. */\nexport type ShownEvent = RoomEvent & {\n  \
         /** How long ago its moment was. */\n  lateByMs: number;\n};\n",
    );
}

fn write_fields(out: &mut String, fields: &[Field]) {
    for field in fields {
        comment(out, "  ", field.about.as_deref());
        line(out, &format!("  {}: {};", field.name, typed(field)));
    }
}

fn typed(field: &Field) -> String {
    let one = match &field.holds {
        Holds::Text => "string",
        Holds::Truth => "boolean",
        // Exact up to 2⁵³.
        Holds::Small | Holds::Whole => "number",
        Holds::Time => "UnixMillis",
        Holds::Enumeration(name) | Holds::Record(name) => name,
    };

    match field.shape {
        Shape::One => one.to_owned(),
        Shape::Optional => format!("{one} | null"),
        Shape::List => format!("readonly {one}[]"),
    }
}

fn quoted(name: impl AsRef<str>) -> String {
    format!("\"{}\"", name.as_ref())
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// Writes what the schema says, as a comment that people can read.
fn comment(out: &mut String, indent: &str, about: Option<&str>) {
    let Some(about) = about.map(str::trim).filter(|about| !about.is_empty()) else {
        return;
    };
    let words: Vec<&str> = about.split_whitespace().collect();
    let one = format!("{indent}/** {} */", words.join(" "));
    if one.chars().count() <= WIDTH {
        return line(out, &one);
    }

    writeln!(out, "{indent}/**").expect("a string takes any text");
    for text in super::text::wrapped(&words, WIDTH - indent.len() - " * ".len()) {
        writeln!(out, "{indent} * {text}").expect("a string takes any text");
    }
    writeln!(out, "{indent} */").expect("a string takes any text");
}
