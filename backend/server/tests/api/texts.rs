//! Every text that an operation takes, given what databases differ over: whatever it is, both answer
//! alike, and neither fails.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};
use parlor_identity::Claims;
use parlor_test_database::{Database, Engine};
use serde_json::{Value, json};

use crate::server::{Api, SECRET, claims};
use crate::tenants::operator;

/// A text in JSON, and what it is.
const TEXTS: [(&str, &str); 6] = [
    ("a zero", r"a\u0000b"),
    ("zeros alone", r"\u0000"),
    ("no character", r"a\ufffeb"),
    ("half a pair", r"a\ud800b"),
    ("an override of direction", r"\u202eab"),
    ("an escape", r"a\u001bb"),
];
/// Scalars that are texts of any kind.
const TEXT_TYPES: [&str; 3] = ["String", "ID", "Currency"];

#[test]
fn both_databases_answer_alike_to_any_text() {
    let [sqlite, postgres] = [Engine::Sqlite, Engine::Postgres].map(|engine| {
        let answers = Arc::default();
        let told = Arc::clone(&answers);
        parlor_test_database::run(engine, move |database| ask_everything(database, told));
        Arc::into_inner(answers).unwrap().into_inner().unwrap()
    });
    assert!(sqlite.len() > 400, "{}", sqlite.len());

    let failed: Vec<_> = sqlite.iter().chain(&postgres).collect();
    let failed = failed
        .iter()
        .filter(|(_, answer)| answer.contains("INTERNAL"));
    assert_eq!(
        failed.collect::<Vec<_>>(),
        Vec::<&(&String, &String)>::new()
    );
    // Without PostgreSQL, as somebody may have asked for, there is nothing to compare with.
    let differ = sqlite.iter().filter_map(|(question, answer)| {
        let other = postgres.get(question)?;
        (answer != other).then_some((question, answer, other))
    });
    assert_eq!(differ.collect::<Vec<_>>(), []);
}

/// What was answered, by what was asked.
type Answers = BTreeMap<String, String>;

async fn ask_everything(database: Database, answers: Arc<Mutex<Answers>>) {
    let api = Api::start(&database.url).await;
    let room = api.room("show").await;
    let schema = Schema::read();
    let odd = Claims {
        sub: Some("a\0b".to_owned()),
        ..claims(api.tenant, "viewer")
    };
    let odd = parlor_identity::sign_with(SECRET, &odd);

    let operator = operator();

    for (operation, root) in [("query", "Query"), ("mutation", "Mutation")] {
        for field in schema.fields(root) {
            let example = schema.example(field, &room);
            let ask = async |of: String, token: &str, variables: String| {
                let document = schema.document(operation, field);
                let body = format!(r#"{{"query":{},"variables":{variables}}}"#, json!(document));
                let answer = api.post(token, &[], body).await;
                answers.lock().unwrap().insert(of, answer.body);
            };

            for place in schema.places(field) {
                for ((name, text), (who, token)) in TEXTS.into_iter().flat_map(|text| {
                    [
                        (text, ("staff", &api.staff)),
                        (text, ("an operator", &operator)),
                    ]
                }) {
                    let mut variables = example.clone();
                    put(&mut variables, &place, json!("TEXT"));
                    let variables = variables.to_string().replace("TEXT", text);
                    let of = format!("{} {place:?}: {name}, by {who}", field.name.node);
                    ask(of, token, variables).await;
                }
            }
            let of = format!("{} by whom a zero names", field.name.node);
            ask(of, &odd, example.to_string()).await;
        }
    }
    // The same, written into the document.
    for (name, text) in TEXTS {
        let document = format!(r#"{{ roomBySlug(slug: "{text}") {{ id }} }}"#);
        let answer = api.execute(&api.staff, &document, json!({})).await;
        let of = format!("{name} in a document");
        answers.lock().unwrap().insert(of, answer.to_string());
    }
    // What was taken in can be read.
    let answer = api.execute(
        &api.staff,
        "{ roomsConnection { totalCount nodes { title } } }",
        json!({}),
    );
    let answer = answer.await.to_string();
    answers.lock().unwrap().insert("the end".to_owned(), answer);
}

fn put(value: &mut Value, place: &[String], text: Value) {
    match place {
        [] => *value = text,
        [first, rest @ ..] if first == "[]" => {
            if !value.is_array() {
                *value = json!([null]);
            }
            put(&mut value[0], rest, text);
        }
        [first, rest @ ..] => {
            if !value.is_object() {
                *value = json!({});
            }
            put(&mut value[first], rest, text);
        }
    }
}

struct Schema(BTreeMap<String, TypeDefinition>);

impl Schema {
    fn read() -> Self {
        let document = parse_schema(parlor_api::sdl()).unwrap();
        let types = document.definitions.into_iter().filter_map(|definition| {
            let TypeSystemDefinition::Type(definition) = definition else {
                return None;
            };
            let definition = definition.node;
            Some((definition.name.node.to_string(), definition))
        });

        Self(types.collect())
    }

    fn fields(&self, object: &str) -> Vec<&FieldDefinition> {
        let TypeKind::Object(object) = &self.0[object].kind else {
            panic!("{object} is no object");
        };
        object.fields.iter().map(|field| &field.node).collect()
    }

    /// An operation of `field` with a variable for each argument, which shows every refusal.
    fn document(&self, operation: &str, field: &FieldDefinition) -> String {
        let arguments = || field.arguments.iter().map(|argument| &argument.node);
        let declared: Vec<_> = arguments()
            .map(|argument| format!("${}: {}", argument.name.node, argument.ty.node))
            .collect();
        let given: Vec<_> = arguments()
            .map(|argument| format!("{0}: ${0}", argument.name.node))
            .collect();
        let in_brackets = |list: Vec<String>| match list.join(", ") {
            list if list.is_empty() => list,
            list => format!("({list})"),
        };
        let answer = match self.0.get(named(&field.ty.node)).map(|known| &known.kind) {
            Some(TypeKind::Union(union)) => {
                union
                    .members
                    .iter()
                    .fold("{ __typename".to_owned(), |answer, member| {
                        match member.node.as_str() {
                            "ValidationError" => {
                                answer + " ... on ValidationError { code field message }"
                            }
                            "Room" => answer + " ... on Room { slug title streamId }",
                            "Participant" => answer + " ... on Participant { name }",
                            error if error.ends_with("Error") => {
                                answer + &format!(" ... on {error} {{ code }}")
                            }
                            _ => answer,
                        }
                    })
                    + " }"
            }
            Some(TypeKind::Scalar | TypeKind::Enum(_)) | None => String::new(),
            Some(_) => "{ __typename }".to_owned(),
        };

        format!(
            "{operation} {} {{ {}{} {answer} }}",
            in_brackets(declared),
            field.name.node,
            in_brackets(given)
        )
    }

    /// Variables that `field` may be asked with.
    fn example(&self, field: &FieldDefinition, room: &str) -> Value {
        let arguments = field.arguments.iter().map(|argument| &argument.node);
        self.example_of(arguments, room)
    }

    fn example_of<'a>(
        &self,
        fields: impl Iterator<Item = &'a InputValueDefinition>,
        room: &str,
    ) -> Value {
        let required = fields.filter(|field| !field.ty.node.nullable);
        let values = required.map(|field| {
            let name = field.name.node.to_string();
            let value = self.value(&field.ty.node, room);
            (name, value)
        });

        Value::Object(values.collect())
    }

    fn value(&self, of: &Type, room: &str) -> Value {
        let name = match &of.base {
            BaseType::List(item) => return json!([self.value(item, room)]),
            BaseType::Named(name) => name.as_str(),
        };
        match name {
            "ID" => json!(room),
            "Int" => json!(1),
            "Float" => json!(1.0),
            "Int64" => json!("1"),
            "Boolean" => json!(true),
            "Time" => json!("2026-01-02T03:04:05Z"),
            "String" => json!("text"),
            "Currency" => json!("EUR"),
            _ => match &self.0[name].kind {
                TypeKind::Enum(list) => json!(list.values[0].node.value.node),
                TypeKind::InputObject(object) => {
                    let fields = object.fields.iter().map(|field| &field.node);
                    self.example_of(fields, room)
                }
                TypeKind::Scalar
                | TypeKind::Object(_)
                | TypeKind::Interface(_)
                | TypeKind::Union(_) => panic!("{name} is no input that is known here"),
            },
        }
    }

    /// Where `field` takes a text, as paths through its variables.
    fn places(&self, field: &FieldDefinition) -> BTreeSet<Vec<String>> {
        let mut places = BTreeSet::new();
        for argument in &field.arguments {
            let path = vec![argument.node.name.node.to_string()];
            self.find_places(&argument.node.ty.node, path, &mut places);
        }
        places
    }

    fn find_places(&self, of: &Type, path: Vec<String>, places: &mut BTreeSet<Vec<String>>) {
        let within = |name: &str| path.iter().cloned().chain([name.to_owned()]).collect();
        let name = match &of.base {
            BaseType::List(item) => return self.find_places(item, within("[]"), places),
            BaseType::Named(name) => name.as_str(),
        };
        if TEXT_TYPES.contains(&name) {
            places.insert(path);
        } else if let Some(TypeKind::InputObject(object)) =
            self.0.get(name).map(|known| &known.kind)
        {
            for field in &object.fields {
                let path = within(&field.node.name.node);
                self.find_places(&field.node.ty.node, path, places);
            }
        }
    }
}

fn named(mut of: &Type) -> &str {
    loop {
        match &of.base {
            BaseType::Named(name) => return name,
            BaseType::List(item) => of = item,
        }
    }
}
