//! Whoever shares an execution gets the very bytes of whoever does not, whatever they ask for.
//!
//! Two subscribers of a random document follow a room as a group. After each event a third comes
//! with the same document from the position before it, and so gets the event by an execution of its
//! own. How many are online is told by a first message always and by a later one only when that has
//! changed, so where it has not the third's own message has more to say; and where it has, the group
//! may tell the event before it tells the number.

use std::collections::BTreeMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use parlor_api::global_id;
use parlor_domain::id::{NodeId, RoomId, ViewerId};
use parlor_domain::room_aggregate::PresenceChange;
use parlor_socket::SocketSettings;
use parlor_writer::ChangePresence;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};
use std::time::Duration;

use crate::client::Client;
use crate::server::{Options, TestServer};

/// Enough for every field of the feed to be asked for many times over.
const CASES: u32 = 48;
/// How deep a document's selections go. The deepest part of an event is not far below.
const DEPTH_MAX: usize = 5;
/// Fields asked for in one place.
const FIELDS_MAX: usize = 5;
/// Below the limit of aliases in a document, which counts the root's.
const ALIASES_MAX: usize = 40;

#[derive(Debug, Clone)]
struct Case {
    /// What the document is grown from.
    choices: Vec<u8>,
    ids: [String; 2],
    events: Vec<Happening>,
}

/// Something that makes events.
#[derive(Debug, Clone)]
enum Happening {
    Donation {
        name: String,
    },
    Title {
        title: String,
    },
    SessionStarts,
    SessionEnds,
    /// Somebody's first connection comes, or their last one goes.
    ComesOrGoes {
        somebody: usize,
    },
}

/// Those who come and go.
const PEOPLE: [&str; 3] = ["ana", "ben", "cem"];

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => "\\PC{1,20}".prop_map(|name| Happening::Donation { name }),
        1 => "\\PC{1,20}".prop_map(|title| Happening::Title { title }),
        1 => Just(Happening::SessionStarts),
        1 => Just(Happening::SessionEnds),
        4 => (0..PEOPLE.len()).prop_map(|somebody| Happening::ComesOrGoes { somebody }),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let id = || "[\\x00-\\x7f\"\\\\\u{e9}\u{1f3a9}]{1,30}";
    let events = prop::collection::vec(happening(), 1..5);

    (
        prop::collection::vec(any::<u8>(), 0..300),
        id(),
        id(),
        events,
    )
        .prop_map(|(choices, a, b, events)| Case {
            choices,
            ids: [a, b],
            events,
        })
}

#[test]
fn random_documents_get_the_same_bytes_in_a_group_and_alone() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(TestServer::start_with(Options {
        sockets: SocketSettings {
            presence_every: Duration::ZERO,
            ..SocketSettings::default()
        },
        ..Options::default()
    }));
    let types = Types::of(&server.service.schema.sdl());
    let mut config = Config::with_cases(CASES);
    // A case's document depends on the schema, so an old one says little.
    config.failure_persistence = None;

    let rooms = std::sync::atomic::AtomicU32::new(0);
    TestRunner::new(config)
        .run(&case(), |case| {
            let n = rooms.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            runtime.block_on(check(&server, &types, &case, n))
        })
        .unwrap();
}

async fn check(
    server: &TestServer,
    types: &Types,
    case: &Case,
    n: u32,
) -> Result<(), TestCaseError> {
    let room = server.live_room(&format!("room-{n}")).await;
    for name in PEOPLE {
        server.join(room, name).await;
    }
    let (document, told) = Gardener::grow(types, &case.choices);
    let mut group = Vec::new();
    for id in &case.ids {
        let mut client = Client::ready(server, None).await;
        let first = follow(&mut client, id, &document, room, json!({})).await;
        prop_assert!(first.contains(r#""type":"next""#), "{first}\n{document}");
        group.push(client);
    }

    let mut world = World::new(room, n);
    for happening in &case.events {
        let before = position(server, room).await;
        let online = world.online();
        if !world.make(server, happening).await {
            continue;
        }

        let own = alone(server, &document, room, before).await;
        let quiet = without_presence(&own, &told);
        let is_told = own != quiet && world.online() != online;
        let after = position(server, room).await;
        let number = if is_told {
            alone(server, &document, room, after).await
        } else {
            String::new()
        };
        for (client, id) in group.iter_mut().zip(&case.ids) {
            let shared = client.receive_text().await.unwrap();
            if is_told && shared != as_of(id, &own) {
                prop_assert_eq!(shared, as_of(id, &quiet), "{}", &document);
                let shared = client.receive_text().await.unwrap();
                prop_assert_eq!(shared, as_of(id, &number), "{}", &document);
            } else {
                let expected = if is_told { &own } else { &quiet };
                prop_assert_eq!(shared, as_of(id, expected), "{}", &document);
            }
        }
    }

    Ok(())
}

/// Where a room's log ends.
async fn position(server: &TestServer, room: RoomId) -> Value {
    let head = server.service.app.store.head(room).await.unwrap().unwrap();

    json!({ "after": { "epoch": head.epoch.to_string(), "seq": head.seq.to_string() } })
}

/// The first message of somebody who comes with `document` at a position, and has an execution of
/// their own.
async fn alone(server: &TestServer, document: &str, room: RoomId, start: Value) -> String {
    let mut client = Client::ready(server, None).await;

    follow(&mut client, "alone", document, room, start).await
}

/// A message to `alone` as it is for the operation `id`.
fn as_of(id: &str, message: &str) -> String {
    let payload = message.strip_prefix(r#"{"id":"alone","#);

    format!(r#"{{"id":{},{}"#, json!(id), payload.unwrap())
}

/// A message as it is when presence, which goes by the names `told` in it, has not changed.
fn without_presence(message: &str, told: &[String]) -> String {
    let mut message = message.to_owned();
    for name in told {
        // What people typed has no such quotes in JSON.
        let opening = format!(r#""{name}":{{"#);
        while let Some(start) = message.find(&opening) {
            let brace = start + opening.len() - 1;
            let length = message[brace..].find('}').unwrap() + 1;
            message.replace_range(brace..brace + length, "null");
        }
    }

    message
}

/// Subscribes, and returns the first message.
async fn follow(
    client: &mut Client,
    id: &str,
    document: &str,
    room: RoomId,
    start: Value,
) -> String {
    let mut variables = start;
    variables["roomId"] = global_id::room_id(room).into();
    variables["yes"] = true.into();
    variables["no"] = false.into();
    client.subscribe(id, document, variables).await;

    client.receive_text().await.unwrap()
}

/// What makes the next thing that happens possible.
struct World {
    room: RoomId,
    /// Tells it from the rooms of other cases.
    number: u32,
    donations: u32,
    version: i32,
    is_live: bool,
    is_online: [bool; PEOPLE.len()],
}

impl World {
    fn new(room: RoomId, number: u32) -> Self {
        Self {
            room,
            number,
            donations: 0,
            version: 1,
            is_live: true,
            is_online: [false; PEOPLE.len()],
        }
    }

    fn online(&self) -> usize {
        self.is_online
            .iter()
            .filter(|is_online| **is_online)
            .count()
    }

    /// Whether it made an event.
    async fn make(&mut self, server: &TestServer, happening: &Happening) -> bool {
        match happening {
            Happening::Donation { name } => {
                self.donations += 1;
                // A key is the tenant's, and names of one letter come again.
                let key = format!("{}.{} {name}", self.number, self.donations);
                server.donate(self.room, &key).await;
            }
            Happening::Title { title } => {
                let change = json!({ "title": format!("{} {title}", self.version) });
                server.update_room(self.room, self.version, change).await;
                self.version += 1;
            }
            Happening::SessionStarts if !self.is_live => {
                server.start_session(self.room, 2_000).await;
                self.is_live = true;
            }
            Happening::SessionEnds if self.is_live => {
                server.end_session(self.room).await;
                self.is_live = false;
            }
            Happening::SessionStarts | Happening::SessionEnds => return false,
            Happening::ComesOrGoes { somebody } => self.come_or_go(server, *somebody).await,
        }

        true
    }

    async fn come_or_go(&mut self, server: &TestServer, somebody: usize) {
        let is_online = &mut self.is_online[somebody];
        *is_online = !*is_online;
        let people = vec![ViewerId::parse(PEOPLE[somebody]).unwrap()];
        let (arrived, departed) = if *is_online {
            (people, Vec::new())
        } else {
            (Vec::new(), people)
        };
        let change = ChangePresence(PresenceChange {
            node_id: NodeId(uuid::Uuid::max()),
            arrived,
            departed,
        });
        let written = server
            .service
            .app
            .writer
            .submit(server.tenant, self.room, change);
        written.await.unwrap();
    }
}

/// The object types, interfaces and unions of a schema.
struct Types(BTreeMap<String, Shape>);

#[derive(Default)]
struct Shape {
    /// Fields without arguments, with the names of their types.
    fields: Vec<(String, String)>,
    /// The objects that a value may be, if there is a choice.
    possible: Vec<String>,
}

impl Types {
    fn of(sdl: &str) -> Self {
        let mut shapes = BTreeMap::<String, Shape>::new();
        for definition in parse_schema(sdl).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else {
                continue;
            };
            let name = definition.node.name.node.to_string();
            let (fields, implements, members) = match definition.node.kind {
                TypeKind::Object(object) => (object.fields, object.implements, Vec::new()),
                TypeKind::Interface(interface) => (interface.fields, Vec::new(), Vec::new()),
                TypeKind::Union(union) => (Vec::new(), Vec::new(), union.members),
                TypeKind::Scalar | TypeKind::Enum(_) | TypeKind::InputObject(_) => continue,
            };

            let shape = shapes.entry(name.clone()).or_default();
            let members = members.iter().map(|member| member.node.to_string());
            shape.possible.extend(members);
            shape.fields = fields
                .iter()
                .filter(|field| field.node.arguments.is_empty())
                .map(|field| {
                    let of = field.node.ty.node.to_string();
                    let of = of.trim_matches(['[', ']', '!']).to_owned();
                    (field.node.name.node.to_string(), of)
                })
                .collect();
            for interface in implements {
                let interface = shapes.entry(interface.node.to_string()).or_default();
                interface.possible.push(name.clone());
            }
        }

        Self(shapes)
    }
}

/// Grows a document from choices. Without any left it takes the first of everything, so that a
/// shorter list is a simpler document.
struct Gardener<'a> {
    types: &'a Types,
    choices: std::slice::Iter<'a, u8>,
    aliases: usize,
    fragments: Vec<String>,
    /// What the document calls the feed's presence.
    told: Vec<String>,
}

impl<'a> Gardener<'a> {
    fn grow(types: &'a Types, choices: &'a [u8]) -> (String, Vec<String>) {
        let mut gardener = Self {
            types,
            choices: choices.iter(),
            aliases: 0,
            fragments: Vec::new(),
            told: Vec::new(),
        };
        let alias = gardener.alias();
        let selection = gardener.selection("RoomFeed", 0);

        let document = format!(
            "subscription ($roomId: ID!, $after: LogPosition, $yes: Boolean!, $no: Boolean!) {{ \
             {alias}liveRoom(roomId: $roomId, after: $after) {{ \
             shown: epoch @include(if: $yes) hidden: epoch @include(if: $no) \
             {selection} }} }} {}",
            gardener.fragments.join(" ")
        );
        (document, gardener.told)
    }

    fn selection(&mut self, of: &str, depth: usize) -> String {
        let types = self.types;
        let Some(shape) = types.0.get(of) else {
            return String::new();
        };
        let mut parts = Vec::new();
        for _ in 0..=self.choose(FIELDS_MAX) {
            parts.push(self.field(shape, depth));
        }
        if !shape.possible.is_empty() {
            for _ in 0..=self.choose(3) {
                let object = &shape.possible[self.choose(shape.possible.len())];
                parts.push(self.condition(object, depth));
            }
        }

        parts.join(" ")
    }

    fn field(&mut self, shape: &Shape, depth: usize) -> String {
        let fitting: Vec<_> = shape
            .fields
            .iter()
            .filter(|(_, of)| depth < DEPTH_MAX || !self.types.0.contains_key(of))
            .collect();
        if fitting.is_empty() || self.choose(8) == 7 {
            return format!("{}__typename", self.alias());
        }
        let (name, of) = fitting[self.choose(fitting.len())];
        // A name stands for one field of one type, or the selections would have to be merged.
        let is_leaf = !self.types.0.contains_key(of);
        let alias = self.alias();
        let directive = self.directive();
        if is_leaf {
            return format!("{alias}{name}{directive}");
        }

        if of == "RoomPresence" {
            let shown = alias.strip_suffix(": ").unwrap_or(name);
            self.told.push(shown.to_owned());
        }
        let selection = self.selection(of, depth + 1);
        format!("{alias}{name}{directive} {{ {selection} }}")
    }

    fn condition(&mut self, object: &str, depth: usize) -> String {
        let selection = self.selection(object, depth + 1);
        let directive = self.directive();
        if self.choose(2) == 0 {
            return format!("... on {object}{directive} {{ {selection} }}");
        }

        let name = format!("F{}", self.fragments.len());
        self.fragments
            .push(format!("fragment {name} on {object} {{ {selection} }}"));
        format!("...{name}{directive}")
    }

    fn directive(&mut self) -> &'static str {
        match self.choose(8) {
            5 => " @include(if: $no)",
            6 => " @skip(if: $no)",
            7 => " @include(if: $yes)",
            _ => "",
        }
    }

    fn alias(&mut self) -> String {
        if self.aliases == ALIASES_MAX || self.choose(3) == 0 {
            return String::new();
        }

        self.aliases += 1;
        format!("a{}: ", self.aliases)
    }

    /// One of `count`.
    fn choose(&mut self, count: usize) -> usize {
        self.choices
            .next()
            .map_or(0, |choice| usize::from(*choice) % count)
    }
}
