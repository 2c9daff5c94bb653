//! Draws through the API: entered, drawn by themselves, and done again by whoever reads them.

use std::fmt::Write;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::person::Person;
use crate::server::Api;
use crate::shop::{Shop, room};

on_both_engines! {
    whoever_reads_the_room_can_draw_again,
    a_window_goes_on_while_nothing_runs,
    the_entries_of_all_rewards_are_not_read_at_once,
    whoever_is_put_out_of_the_room_is_no_part_of_it,
    what_cannot_be_entered_or_settled_is_named,
    how_a_reward_is_drawn_is_changed_like_its_other_terms,
    what_clients_are_shown_is_what_entries_are_taken_on,
}

/// How long a test waits for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(20);
const WINDOW_MS: i64 = 60_000;

const DRAW: &str =
    "id rewardId cost commitment openedAt closesAt drawnAt entryCount places winnerIds seed";
const ENTRIES: &str = "entriesConnection(page: { first: 1 }) {
    totalCount nodes { id enteredAt } pageInfo { endCursor hasNextPage }
}";

fn drawn() -> Value {
    json!({ "draw": { "windowMs": WINDOW_MS.to_string(), "winners": 1 } })
}

impl Shop<'_> {
    async fn enter(&self, who: &Person<'_>, reward: &Value, key: &str) -> Value {
        let key = json!({ "idempotencyKey": key });
        self.redeem(&who.token, reward, key).await
    }
}

async fn draws_of(api: &Api, token: &str, room: &str) -> Value {
    let document = format!(
        "query ($room: ID!) {{ rewards(roomId: $room) {{
            openDraw {{ {DRAW} }} lastDraw {{ {DRAW} }} draw {{ windowMs winners }}
            standing {{ canRedeem refusal {{ code }} }}
        }} }}"
    );
    let read = api.execute(token, &document, json!({ "room": room })).await;
    read["data"]["rewards"][0].clone()
}

async fn read(api: &Api, token: &str, room: &str, draw: &Value) -> Value {
    let document = format!(
        "query ($room: ID!, $draw: ID!) {{ draw(roomId: $room, drawId: $draw) {{ {DRAW} {ENTRIES} }} }}"
    );
    let variables = json!({ "room": room, "draw": draw });
    let mut read = api.execute(token, &document, variables).await;
    read["data"]["draw"].take()
}

/// A draw without its entries, as `rewards` has it.
fn alone(draw: &Value) -> Value {
    let mut draw = draw.clone();
    draw.as_object_mut().unwrap().remove("entriesConnection");
    draw
}

/// The draw, once it is drawn.
async fn outcome(api: &Api, token: &str, room: &str, draw: &Value) -> Value {
    let drawn = async {
        loop {
            let draw = read(api, token, room, draw).await;
            if draw["drawnAt"] != Value::Null {
                return draw;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, drawn)
        .await
        .expect("it is drawn")
}

async fn status(api: &Api, id: &Value) -> Value {
    let document = "query ($id: ID!) { redemption(id: $id) { status drawId drawnAt settledAt } }";
    let read = api.execute(&api.staff, document, json!({ "id": id })).await;
    read["data"]["redemption"].clone()
}

/// By the words of the documentation: the entries' ids in the order of their tickets.
fn by_ticket(seed: &str, entries: &[&Value]) -> Vec<Value> {
    let mut tickets: Vec<_> = entries
        .iter()
        .map(|id| {
            let named = STANDARD.decode(id.as_str().unwrap()).unwrap();
            let named = String::from_utf8(named).unwrap();
            let (_, uuid) = named.split_once(':').unwrap();
            let preimage = [bytes(seed), bytes(uuid)].concat();
            (Sha256::digest(preimage).to_vec(), (*id).clone())
        })
        .collect();
    tickets.sort_by(|one, other| one.0.cmp(&other.0));
    tickets.into_iter().map(|(_, id)| id).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let hex = hex.replace('-', "");
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

async fn whoever_reads_the_room_can_draw_again(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let ben = Person::join(&api, &room, "ben").await;
    let cem = Person::join(&api, &room, "cem").await;
    for who in [&ben, &cem] {
        shop.grant(&who.id, "100").await;
    }
    let reward = shop.make(drawn()).await;
    assert_eq!(reward["draw"], drawn()["draw"], "{reward}");
    let mut entries = Vec::new();
    for who in [&shop.ana, &ben, &cem] {
        // Entries of one millisecond are in the order of their ids.
        api.clock.advance_millis(1);
        let entry = shop.enter(who, &reward, "k").await;
        assert_eq!(entry["status"], "ENTERED", "{entry}");
        entries.push(entry["id"].clone());
    }
    assert_eq!(shop.balance().await, (json!("100"), json!("30")));

    let of_rewards = draws_of(&api, &ben.token, &room).await;
    let open = of_rewards["openDraw"].clone();
    assert_eq!(of_rewards["lastDraw"], Value::Null);
    assert_eq!(
        (&open["entryCount"], &open["places"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(
        (&open["seed"], &open["drawnAt"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(open["winnerIds"], json!([]));
    let whole = read(&api, &cem.token, &room, &open["id"]).await;
    let list = &whole["entriesConnection"];
    assert_eq!(
        (&list["totalCount"], &list["nodes"][0]["id"]),
        (&json!(3), &entries[0])
    );
    assert_eq!(list["pageInfo"]["hasNextPage"], true);
    assert_eq!(alone(&whole), open);
    let refusal = &of_rewards["standing"]["refusal"]["code"];
    assert_eq!(refusal, "ALREADY_ENTERED", "{of_rewards}");
    // Nobody who may not read the room, and not by another room.
    let stranger = api.other_staff().await;
    for (token, in_room) in [(&stranger, &room), (&api.staff, &api.room("other").await)] {
        let none = read(&api, token, in_room, &open["id"]).await;
        assert_eq!(none, Value::Null);
    }

    api.clock.advance_millis(WINDOW_MS);
    let drawn = outcome(&api, &cem.token, &room, &open["id"]).await;
    assert_eq!(drawn["drawnAt"], open["closesAt"], "{drawn}");
    assert_eq!(drawn["commitment"], open["commitment"]);
    let seed = drawn["seed"].as_str().unwrap();
    let digest = hex(&Sha256::digest(bytes(seed)));
    assert_eq!(drawn["commitment"], digest);
    let tickets = by_ticket(seed, &entries.iter().collect::<Vec<_>>());
    assert_eq!(drawn["winnerIds"], json!(tickets[..1]));
    for id in &entries {
        let now = status(&api, id).await;
        assert_eq!(now["drawId"], open["id"], "{now}");
        if *id == tickets[0] {
            assert_eq!(
                (&now["status"], &now["drawnAt"]),
                (&json!("UNFULFILLED"), &open["closesAt"])
            );
        } else {
            assert_eq!(
                (&now["status"], &now["settledAt"]),
                (&json!("NOT_DRAWN"), &open["closesAt"])
            );
        }
    }
    let held = if tickets[0] == entries[0] { "30" } else { "0" };
    assert_eq!(shop.balance().await, (json!("100"), json!(held)));
    let of_rewards = draws_of(&api, &ben.token, &room).await;
    assert_eq!(
        (&of_rewards["openDraw"], &of_rewards["lastDraw"]),
        (&Value::Null, &alone(&drawn))
    );
}

async fn a_window_goes_on_while_nothing_runs(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let (draw, entry, token) = {
        let shop = Shop::open(&api, &room).await;
        let reward = shop.make(drawn()).await;
        let entry = shop.enter(&shop.ana, &reward, "k").await;
        let open = draws_of(&api, &shop.ana.token, &room).await["openDraw"].take();
        (open, entry, shop.ana.token.clone())
    };

    let api = api.restart(&database, WINDOW_MS / 2).await;
    let open = read(&api, &token, &room, &draw["id"]).await;
    assert_eq!(alone(&open), draw, "nothing has happened meanwhile");
    let api = api.restart(&database, WINDOW_MS).await;
    let drawn = outcome(&api, &token, &room, &draw["id"]).await;
    assert_eq!(drawn["drawnAt"], draw["closesAt"], "{drawn}");
    assert_eq!(drawn["winnerIds"], json!([entry["id"]]));
}

/// Fifty rewards have a hundred thousand entries.
async fn the_entries_of_all_rewards_are_not_read_at_once(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    for field in ["openDraw", "lastDraw"] {
        let document = format!(
            "query ($room: ID!) {{ rewards(roomId: $room) {{ {field} {{ {ENTRIES} }} }} }}"
        );
        let read = api.execute(&api.staff, &document, json!({ "room": room }));
        let errors = read.await["errors"].take();
        let message = errors[0]["message"].as_str().unwrap();
        assert!(message.contains("entriesConnection"), "{message}");
    }
}

async fn whoever_is_put_out_of_the_room_is_no_part_of_it(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let ben = Person::join(&api, &room, "ben").await;
    shop.grant(&ben.id, "100").await;
    let reward = shop.make(drawn()).await;
    let out = shop.enter(&shop.ana, &reward, "k").await;
    let left = shop.enter(&ben, &reward, "k").await;
    let removed = shop
        .olga
        .act_on(&shop.ana, "removeParticipant", Value::Null);
    let removed = removed.await;
    assert_eq!(removed["__typename"], "Participant", "{removed}");
    assert_eq!(shop.balance().await, (json!("100"), json!("0")));
    let now = status(&api, &out["id"]).await;
    assert_eq!(
        (&now["status"], &now["drawId"]),
        (&json!("CANCELED"), &Value::Null)
    );
    let open = draws_of(&api, &ben.token, &room).await["openDraw"].take();
    assert_eq!(open["entryCount"], 1, "{open}");

    api.clock.advance_millis(WINDOW_MS);
    let drawn = outcome(&api, &ben.token, &room, &open["id"]).await;
    assert_eq!(drawn["winnerIds"], json!([left["id"]]));
    let list = &drawn["entriesConnection"];
    assert_eq!(
        (&list["totalCount"], &list["nodes"][0]["id"]),
        (&json!(1), &left["id"])
    );
}

async fn what_cannot_be_entered_or_settled_is_named(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let ben = Person::join(&api, &room, "ben").await;
    shop.grant(&ben.id, "100").await;
    let reward = shop.make(drawn()).await;
    let entries = [
        shop.enter(&shop.ana, &reward, "k").await,
        shop.enter(&ben, &reward, "k").await,
    ];
    assert_eq!(
        shop.enter(&ben, &reward, "k").await,
        entries[1],
        "the same again"
    );
    let again = shop.enter(&ben, &reward, "other").await;
    assert_eq!(again["code"], "ALREADY_ENTERED", "{again}");
    let early = shop
        .settle(&api.staff, "fulfillRedemption", &entries[0])
        .await;
    assert_eq!(early["code"], "IN_DRAW", "{early}");
    let own = shop
        .settle(&ben.token, "cancelRedemption", &entries[1])
        .await;
    assert_eq!(own["__typename"], "AuthError", "{own}");

    let queue = "query ($room: ID!) { redemptionsConnection(roomId: $room, status: ENTERED) { totalCount } }";
    let queue = api
        .execute(&api.staff, queue, json!({ "room": room }))
        .await;
    assert_eq!(queue["data"]["redemptionsConnection"]["totalCount"], 2);
    let draw = draws_of(&api, &ben.token, &room).await["openDraw"]["id"].take();
    api.clock.advance_millis(WINDOW_MS);
    // Whatever comes later finds it drawn, whoever has seen to that.
    let settled = [
        shop.settle(&api.staff, "fulfillRedemption", &entries[0])
            .await,
        shop.settle(&api.staff, "fulfillRedemption", &entries[1])
            .await,
    ];
    let drawn = outcome(&api, &ben.token, &room, &draw).await;
    for (entry, settled) in entries.iter().zip(&settled) {
        if drawn["winnerIds"][0] == entry["id"] {
            assert_eq!(settled["status"], "FULFILLED", "{settled}");
        } else {
            assert_eq!(settled["code"], "NOT_DRAWN", "{settled}");
        }
    }
}

async fn how_a_reward_is_drawn_is_changed_like_its_other_terms(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    for (window, winners, field) in [("4999", 1, "draw.windowMs"), ("5000", 0, "draw.winners")] {
        let refused = json!({ "draw": { "windowMs": window, "winners": winners } });
        let refused = shop.make(refused).await;
        assert_eq!(refused["field"], field, "{refused}");
    }
    let reward = shop.make(json!({})).await;
    assert_eq!(reward["draw"], Value::Null);
    let update = async |version: i32, draw: Value| {
        let input = json!({
            "roomId": room, "rewardId": reward["id"], "version": version, "draw": draw,
        });
        api.mutate("updateReward", input).await
    };
    let changed = update(1, drawn()["draw"].clone()).await;
    assert_eq!(changed["draw"], drawn()["draw"], "{changed}");
    let stale = update(1, Value::Null).await;
    assert_eq!(stale["code"], "STALE_VERSION", "{stale}");
    let changed = update(2, Value::Null).await;
    assert_eq!(
        (&changed["version"], &changed["draw"]),
        (&json!(3), &Value::Null)
    );
}

async fn what_clients_are_shown_is_what_entries_are_taken_on(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let ben = Person::join(&api, &room, "ben").await;
    for who in [&ben.id, &shop.olga.id] {
        shop.grant(who, "100").await;
    }
    let reward = shop.make(drawn()).await;
    shop.enter(&shop.ana, &reward, "k").await;
    let changed = json!({
        "roomId": room, "rewardId": reward["id"], "version": 1, "title": "Stretch", "cost": "40",
        "input": { "choice": ["left", "right"] }, "showsInput": true, "isPaused": false,
    });
    let changed = api.mutate("updateReward", changed).await;
    assert_eq!(changed["cost"], "40", "{changed}");

    let shown = async |token: &str, document: &str| {
        let variables = json!({ "roomId": room });
        let read = api.execute(token, document, variables).await;
        let reward = read["data"]["rewards"][0].clone();
        let of = |name: &str| reward[name].clone();
        (
            of("title"),
            of("cost"),
            reward["input"]["kind"].clone(),
            of("showsInput"),
        )
    };
    let old = (json!("Hydrate"), json!("30"), json!("NONE"), json!(false));
    let new = (json!("Stretch"), json!("40"), json!("CHOICE"), json!(true));
    let of_clients = include_str!("../../../../sdk-core/operations/rewards.graphql");
    let of_staff = "query ($roomId: ID!) {
        rewards(roomId: $roomId) { title cost input { kind } showsInput }
    }";
    let olga = &shop.olga.token;
    assert_eq!(shown(&ben.token, of_clients).await, old);
    assert_eq!(shown(&ben.token, of_staff).await, old);
    assert_eq!(shown(olga, of_clients).await, old);
    assert_eq!(shown(olga, of_staff).await, new);
    // What a client was shown is taken, whoever it is.
    for who in [&ben, &shop.olga] {
        let order = json!({ "idempotencyKey": "k", "cost": "30" });
        let entered = shop.redeem(&who.token, &reward, order).await;
        assert_eq!(entered["status"], "ENTERED", "{entered}");
    }

    api.clock.advance_millis(WINDOW_MS);
    assert_eq!(shown(&ben.token, of_clients).await, new);
}
