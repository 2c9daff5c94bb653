use std::path::PathBuf;

use super::limits::{NAME_BYTES_MAX, TOKENS_MAX};
use super::*;

fn refusal(text: &str) -> Option<String> {
    Document::parse(text).err().map(|error| error.message)
}

/// What fuzzing and people have come up with, by the name that says whether it is taken in.
fn corpus() -> Vec<(String, String, JsonVariables)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/document");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let content = String::from_utf8(std::fs::read(entry.path()).unwrap()).unwrap();
        let (text, variables) = content.split_once('\0').unwrap_or((&content, "{}"));
        let variables = serde_json::from_str(variables).unwrap();
        found.push((name, text.to_owned(), variables));
    }

    found
}

#[test]
fn what_would_freeze_or_fell_a_node_is_refused() {
    let (mut refused, mut accepted) = (0, 0);
    for (name, text, variables) in corpus() {
        let result = Document::parse(&text).and_then(|document| document.variables(variables));
        if name.starts_with("refused-") {
            refused += 1;
            let error = result.err();
            assert!(error.is_some(), "{name}");
        } else if name.starts_with("accepted-") {
            accepted += 1;
            assert_eq!(result.err().map(|error| error.message), None, "{name}");
        }
    }

    assert!(refused > 30 && accepted > 8);
}

#[test]
fn documents_of_a_sensible_size_pass() {
    for text in [
        "{ room(id: \"x\") { id session { id } } }",
        "{ __schema { types { fields { type { ofType { name } } } } } }",
        "query ($a: [Int!] = [1, 2], $b: String = \"\") { a(a: $a) b(b: $b) }",
    ] {
        assert_eq!(refusal(text), None, "{text}");
    }
}

#[test]
fn every_limit_refuses_by_name() {
    let nested = |levels: usize| format!("{}{}", "{ a ".repeat(levels), "}".repeat(levels));
    let repeat = |part: &str, times: usize| part.repeat(times);
    let bomb: String = (0..20)
        .map(|n| format!("fragment f{n} on T {{ ...f{m} ...f{m} }} ", m = n + 1))
        .chain(["fragment f20 on T { a b } { ...f0 }".to_owned()])
        .collect();
    let chain: String = (0..32)
        .map(|n| format!("fragment f{n} on T {{ ...f{m} }} ", m = n + 1))
        .chain(["fragment f32 on T { a } { ...f0 }".to_owned()])
        .collect();
    let operations = numbered(21, |n| format!("query q{n} {{ a }}"));
    let variables = numbered(51, |n| format!("$v{n}: Int"));
    let arguments = numbered(21, |n| format!("a{n}: 1"));

    for (document, named) in [
        (nested(11), "levels of fields"),
        (nested(33), "levels of nesting"),
        (nested(5_000), "levels of nesting"),
        (chain, "levels of nesting"),
        (bomb, "selections"),
        (format!("{{ {} }}", repeat("a ", 21)), "root fields"),
        (format!("{{ r {{ {} }} }}", repeat("x: a ", 51)), "aliases"),
        (
            format!("{{ r {{ {} }} }}", repeat("a ", TOKENS_MAX)),
            "tokens",
        ),
        (
            format!("{{ a }} #{}", repeat("x", DOCUMENT_BYTES_MAX)),
            "bytes",
        ),
        (
            format!("{{ {} }}", repeat("x", NAME_BYTES_MAX + 1)),
            "bytes in a name",
        ),
        (operations, "operations"),
        (format!("query ({variables}) {{ a }}"), "variables"),
        (format!("{{ a({arguments}) }}"), "arguments of one field"),
        (
            format!("{{ a @b({arguments}) }}"),
            "arguments of one directive",
        ),
        (
            format!("{{ __schema {{ {} }} }}", repeat("a ", 501)),
            "selections of introspection",
        ),
        (
            "{ __schema { types { fields { type { fields { args { name } } } } } } }".to_owned(),
            "levels of introspected lists",
        ),
    ] {
        let message = refusal(&document).unwrap_or_default();
        assert!(
            message.ends_with(&format!(" {named}")),
            "{message:?} names {named}"
        );
    }
}

fn numbered(times: usize, part: impl Fn(usize) -> String) -> String {
    (0..times).map(part).collect::<Vec<_>>().join(" ")
}

#[test]
fn sets_that_take_long_to_compare_are_refused() {
    let fields = "a(a: 1, b: 2, c: 3, d: 4, e: 5) ".repeat(50);
    let document = format!(
        "{{ {} }} fragment f on T {{ r {{ {fields} }} }}",
        "...{...f}".repeat(9)
    );
    assert_eq!(refusal(&document), None);

    let spreads = "...{...f}".repeat(9);
    let document = format!("{{ r {{ {spreads} }} }} fragment f on T {{ {fields} }}");
    let message = refusal(&document).unwrap();
    assert!(message.ends_with("comparisons of fields"), "{message}");
}

#[test]
fn fragments_lead_somewhere_and_are_used() {
    for (document, expected) in [
        ("{ ...a }", "there is no fragment \"a\""),
        (
            "fragment a on T { b { ...a } } { ...a }",
            "the fragment \"a\" leads back to itself",
        ),
        (
            "{ b } fragment a on T { b }",
            "the fragment \"a\" is used by no operation",
        ),
        (
            "{ ...a } fragment a on T { b } fragment a on T { c }",
            "fragment a is defined twice",
        ),
    ] {
        assert_eq!(refusal(document).as_deref(), Some(expected));
    }
}

#[test]
fn variables_have_types_that_are_there() {
    for r#type in ["Nothing", "[Nothing!]! = [1]", "[[Nothing]]", "__Type"] {
        let message = refusal(&format!("query ($v: {type}) {{ a }}", r#type = r#type));
        assert!(message.unwrap_or_default().starts_with("there is no type"));
    }
}

#[test]
fn a_refusal_says_where() {
    let error = Document::parse("{\n  é { ] }").unwrap_err();
    assert_eq!(error.message, "`]` closes nothing");
    assert_eq!((error.locations[0].line, error.locations[0].column), (2, 7));
}

#[test]
fn variables_weigh_as_much_as_they_are_used() {
    let variables = |text: &str, items: usize| {
        let document = Document::parse(text).unwrap();
        let list = vec![serde_json::Value::Null; items];
        let mut variables = JsonVariables::new();
        variables.insert("v".to_owned(), list.into());
        document.variables(variables).map_err(|error| error.message)
    };
    let once = "query ($v: [Int]) { a(b: $v) }";
    let often = format!("query ($v: [Int]) {{ a(b: [{}]) }}", "$v ".repeat(500));

    assert!(variables(once, 40_000).is_ok());
    assert!(variables(&often, 80).is_ok());
    let message = variables(&often, 120).unwrap_err();
    assert!(message.ends_with("bytes where they are used"), "{message}");
}

#[test]
fn the_scan_cuts_a_text_where_the_parser_does() {
    // Each holds brackets that nobody opens, where only a wrong cut would find them.
    for text in [
        r#"{ a(b: "]\"]") }"#,
        r#"{ a(b: """]""") }"#,
        r#"{ a(b: """ \""" ] " ] """) }"#,
        r#"{ a(b: """ \\""" ] """) }"#,
        r#"{ a(b: "" c: """""" d: "\\") }"#,
        "{ a(b: \"\"\"\n\"]\"\n\"\"\") }",
        "{ a # ] \"\"\" \n }",
        "\u{feff}{ a, # ]\r b }",
    ] {
        assert_eq!(refusal(text), None, "{text}");
    }
    for (text, expected) in [
        (r#"{ a(b: """ \""") }"#, "a string does not end"),
        ("{ a(b: \"\n\") }", "a string does not end"),
        (r#"{ a(b: """""" ]) }"#, "`]` closes nothing"),
    ] {
        assert_eq!(refusal(text).as_deref(), Some(expected), "{text}");
    }
}
