//! What the npm package asks of `/graphql`: the documents of `sdk-core/operations` that are about people, and, in files
//! of their own, those that are about points and about watching.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use graphql_parser::query::{self, Definition, OperationDefinition, Selection};
use graphql_parser::schema::{self, TypeDefinition};

/// What the package asks beside the mutations of a participant, of which there is a document each.
const OTHERS: [&str; 3] = ["roomAccess", "participant", "participantsConnection"];

/// What the package asks about points, which pages without them do not load.
const OF_POINTS: [&str; 2] = ["rewards", "redeemReward"];

/// What it tells of having watched, as the overlay does.
const OF_WATCHING: [&str; 1] = ["reportWatching"];

/// Returns `operations.js`.
pub(super) fn of_people(schema: &str, folder: &Path) -> Result<String> {
    let mutations = mutations_of_people(schema)?;
    let names: Vec<&str> = mutations.iter().map(String::as_str).chain(OTHERS).collect();

    script(&names, folder)
}

/// Returns `points_operations.js`.
pub(super) fn of_points(folder: &Path) -> Result<String> {
    script(&OF_POINTS, folder)
}

/// Returns `watching_operations.js`.
pub(super) fn of_watching(folder: &Path) -> Result<String> {
    script(&OF_WATCHING, folder)
}

fn script(names: &[&str], folder: &Path) -> Result<String> {
    let mut fragments: BTreeMap<String, String> = BTreeMap::new();
    let mut operations = BTreeMap::new();
    let entries = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = entries.collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path)?;
        let name = asked(&text).with_context(|| format!("cannot read {}", path.display()))?;
        if names.contains(&name.as_str()) {
            let (operation, rest) = parted(&text);
            let number = fragments.len();
            let shared = rest.map(|rest| {
                let shared = fragments.entry(rest);
                shared
                    .or_insert_with(|| format!("FRAGMENTS_{number}"))
                    .clone()
            });
            operations.insert(name, (operation, shared));
        }
    }

    let mut out = String::from(
        "// Written by `cargo xtask codegen` from sdk-core/operations: what the client asks of `/graphql`.\n",
    );
    if !fragments.is_empty() {
        out.push('\n');
    }
    for (text, name) in &fragments {
        writeln!(out, "const {name} =\n  \"{text}\";").expect("a string takes any text");
    }
    out.push_str(
        "\n/** Each document by the field that it asks for. */\nexport const OPERATIONS = {\n",
    );
    for name in names {
        let Some((operation, fragments)) = operations.get(*name) else {
            bail!("there is no document of {name} in {}", folder.display());
        };
        let whole = match fragments {
            Some(fragments) => format!("\"{operation} \" + {fragments}"),
            None => format!("\"{operation}\""),
        };
        writeln!(out, "  {name}:\n    {whole},").expect("a string takes any text");
    }
    out.push_str("};\n");

    Ok(out)
}

/// Returns the mutations that may answer with a participant.
fn mutations_of_people(schema: &str) -> Result<Vec<String>> {
    let schema = schema::parse_schema::<String>(schema).context("the schema is malformed")?;
    let types = schema
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            schema::Definition::TypeDefinition(found) => Some(found),
            schema::Definition::SchemaDefinition(_)
            | schema::Definition::TypeExtension(_)
            | schema::Definition::DirectiveDefinition(_) => None,
        });
    let mut answers = Vec::new();
    let mut mutations = Vec::new();
    for found in types {
        match found {
            TypeDefinition::Union(union) if union.types.iter().any(|of| of == "Participant") => {
                answers.push(union.name.as_str());
            }
            TypeDefinition::Object(object) if object.name == "Mutation" => {
                mutations.extend(&object.fields);
            }
            TypeDefinition::Union(_)
            | TypeDefinition::Object(_)
            | TypeDefinition::Scalar(_)
            | TypeDefinition::Interface(_)
            | TypeDefinition::Enum(_)
            | TypeDefinition::InputObject(_) => {}
        }
    }

    let of_people = mutations.into_iter().filter(|field| {
        let answer = field.field_type.to_string();
        answers.contains(&answer.trim_end_matches('!'))
    });

    Ok(of_people.map(|field| field.name.clone()).collect())
}

/// Returns the one field that a document's operation asks for.
fn asked(text: &str) -> Result<String> {
    let document = query::parse_query::<String>(text)?;
    let selections = document
        .definitions
        .iter()
        .find_map(|definition| match definition {
            Definition::Operation(OperationDefinition::Query(found)) => Some(&found.selection_set),
            Definition::Operation(OperationDefinition::Mutation(found)) => {
                Some(&found.selection_set)
            }
            Definition::Operation(OperationDefinition::Subscription(found)) => {
                Some(&found.selection_set)
            }
            Definition::Operation(OperationDefinition::SelectionSet(found)) => Some(found),
            Definition::Fragment(_) => None,
        });

    match selections.context("it has no operation")?.items.as_slice() {
        [Selection::Field(only)] => Ok(only.name.clone()),
        _ => bail!("it asks for several things at once"),
    }
}

/// Returns a document's operation, and the fragments after it if there are any, with each run of whitespace as one
/// space.
fn parted(text: &str) -> (String, Option<String>) {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");

    match text.split_once(" fragment ") {
        Some((operation, rest)) => (operation.to_owned(), Some(format!("fragment {rest}"))),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::{asked, mutations_of_people, parted};

    #[test]
    fn mutations_of_people_are_those_that_may_answer_with_one() {
        let schema = "type Mutation { joinRoom: JoinResult! endSession: EndResult! }
            union JoinResult = Participant | AuthError
            union EndResult = Session | AuthError
            type Participant { id: ID! } type Session { id: ID! } type AuthError { code: String! }";

        assert_eq!(mutations_of_people(schema).unwrap(), ["joinRoom"]);
    }

    #[test]
    fn a_document_is_told_by_the_one_field_that_it_asks_for() {
        assert_eq!(
            asked("query Room { room { ...R } } fragment R on Room { id }").unwrap(),
            "room"
        );
        assert!(asked("query Two { one two }").is_err());
        assert_eq!(
            parted("query Room {\n  room { ...R }\n}\n\nfragment R on Room { id }\n"),
            (
                "query Room { room { ...R } }".to_owned(),
                Some("fragment R on Room { id }".to_owned())
            )
        );
    }
}
