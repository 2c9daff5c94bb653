//! People erased through the API: what is left of them in the database, what stays of what they did, and who may ask.

mod life;
mod remains;

use std::time::Duration;

use parlor_test_database::{Database, on_both_engines};
use serde_json::{Value, json};

use crate::person::{Person, viewer};
use crate::server::Api;
use life::{Life, SUBJECT};
use remains::{Column, documented, found, schema};

on_both_engines! {
    every_column_says_what_erasing_does_with_it,
    nothing_is_left_of_a_person_and_the_books_stay_as_they_were,
    staff_who_acted_in_rooms_without_joining_is_erased_as_well,
    whoever_comes_again_is_somebody_new,
    what_cannot_be_erased_is_refused_by_name,
}

const ERASURE: &str = "id status requestedBy roomCount doneRoomCount changedRowCount finishedAt";
/// How long a test waits for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn erase(api: &Api, token: &str, key: &str, user: &str) -> Value {
    let document = format!(
        "mutation ($input: ErasePersonInput!) {{ done: erasePerson(input: $input) {{
            __typename ... on Erasure {{ {ERASURE} }} ... on Error {{ code message }}
        }} }}"
    );
    let input = json!({ "idempotencyKey": key, "userId": user });
    let mut answer = api
        .execute(token, &document, json!({ "input": input }))
        .await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["done"].take()
}

async fn erasure(api: &Api, id: &Value) -> Value {
    let document = format!("query ($id: ID!) {{ erasure(id: $id) {{ {ERASURE} }} }}");
    let mut answer = api
        .execute(&api.staff, &document, json!({ "id": id }))
        .await;
    answer["data"]["erasure"].take()
}

/// Erases somebody, and returns the erasure when it is over.
/// Has a person erased, and waits until it is over.
pub(crate) async fn erased(api: &Api, key: &str, user: &str) -> Value {
    let begun = erase(api, &api.staff, key, user).await;
    assert_eq!(begun["__typename"], "Erasure", "{begun}");
    over(api, &begun["id"]).await
}

async fn over(api: &Api, id: &Value) -> Value {
    let wait = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        loop {
            let erasure = erasure(api, id).await;
            if erasure["status"] == "FINISHED" {
                return erasure;
            }
            ticks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap()
}

async fn every_column_says_what_erasing_does_with_it(database: Database) {
    let api = Api::start(&database.url).await;
    let documented: Vec<_> = documented().into_iter().map(|(column, _)| column).collect();
    let schema: Vec<_> = schema(&database).await;
    for column in &schema {
        assert!(
            documented.contains(column),
            "docs/privacy.md does not say what erasing does with {}.{}",
            column.table,
            column.name
        );
    }
    for column in &documented {
        assert!(
            schema.contains(column),
            "there is no {}.{}",
            column.table,
            column.name
        );
    }
    api.server.stop().await;
}

async fn nothing_is_left_of_a_person_and_the_books_stay_as_they_were(database: Database) {
    let api = Api::start(&database.url).await;
    let room = life::room(&api, "show").await;
    let life = Life::lead(&api, &database, &room, &viewer(&api, SUBJECT)).await;
    let heads = life.heads().await;

    // What is theirs is where the document says, and nowhere else.
    let before = found(&database).await;
    let before: Vec<_> = before.into_iter().map(|(column, _)| column).collect();
    let personal: Vec<_> = documented()
        .into_iter()
        .filter(|(_, is_personal)| *is_personal)
        .collect();
    for column in &before {
        let is_told = personal.iter().any(|(told, _)| told == column);
        assert!(
            is_told,
            "docs/privacy.md does not say that {}.{} is theirs",
            column.table, column.name
        );
    }
    let unseen = personal.iter().map(|(column, _)| column);
    let unseen: Vec<_> = unseen.filter(|column| !before.contains(column)).collect();
    assert!(
        unseen
            .iter()
            .all(|column| UNSEEN.contains(&(&column.table, &column.name))),
        "{unseen:?}"
    );

    let erasure = erased(&api, "first", SUBJECT).await;
    assert_eq!(erasure["doneRoomCount"], erasure["roomCount"], "{erasure}");
    assert_eq!(found(&database).await, [], "{erasure}");
    life.check_what_stays(&heads).await;
    api.server.stop().await;
}

/// What holds no word of theirs by which it could be found: a digest or a salt is none, and the last three are of the
/// erasure itself.
const UNSEEN: [(&str, &str); 7] = [
    ("answers", "fingerprint"),
    ("transfers", "salt"),
    ("watch_credits", "salt"),
    ("watch_credits", "reason"),
    ("erasures", "user_id"),
    ("erasures", "requested_by"),
    ("erasure_rooms", "pseudonym"),
];

async fn staff_who_acted_in_rooms_without_joining_is_erased_as_well(database: Database) {
    let api = Api::start(&database.url).await;
    let room = life::room(&api, "show").await;
    life::work(&api, &room).await;
    let begun = erase(&api, &life::staff(&api), "of another", "ben").await;
    assert_eq!(begun["requestedBy"], SUBJECT, "{begun}");
    over(&api, &begun["id"]).await;
    let before = found(&database).await;
    let before: Vec<_> = before.into_iter().map(|(column, _)| column).collect();
    let columns: Vec<_> = before
        .iter()
        .map(|Column { table, name }| (&table[..], &name[..]))
        .collect();
    for told in [
        ("answers", "actor"),
        ("audit_entries", "actor_id"),
        ("disputes", "dispute"),
        ("erasures", "requested_by"),
        ("events", "body"),
        ("redemptions", "settled_by"),
        ("transfers", "actor_id"),
        ("transfers", "reason"),
        ("watch_credits", "actor_id"),
    ] {
        assert!(columns.contains(&told), "{told:?} is not among {columns:?}");
    }

    erased(&api, "first", SUBJECT).await;
    assert_eq!(found(&database).await, []);
    life::verify(&api).await;
    api.server.stop().await;
}

async fn whoever_comes_again_is_somebody_new(database: Database) {
    let api = Api::start(&database.url).await;
    let room = life::room(&api, "show").await;
    let ada = Person::join(&api, &room, "ada").await;
    let input = json!({
        "idempotencyKey": "k", "roomId": room, "participantId": ada.id, "points": "100", "reason": "welcome",
    });
    let granted = api.mutate("grantPoints", input.clone()).await;
    assert_eq!(granted["balanceAfter"], "100", "{granted}");
    let epoch = api.head(&room).await.epoch;
    erased(&api, "first", "ada").await;
    assert_ne!(
        api.head(&room).await.epoch,
        epoch,
        "clients would go on from what they were told"
    );

    let again = Person::join(&api, &room, "ada").await;
    assert_ne!(again.id, ada.id);
    let account = "query ($room: ID!) { pointsAccount(roomId: $room) {
        balance statementConnection(page: { first: 5 }) { totalCount } } }";
    let mut account = api
        .execute(&again.token, account, json!({ "room": room }))
        .await;
    let account = account["data"]["pointsAccount"].take();
    assert_eq!(account["balance"], "0");
    assert_eq!(account["statementConnection"]["totalCount"], 0);
    // What the key was used for cannot be compared any more, and is not done again.
    assert_eq!(api.mutate("grantPoints", input).await["code"], "KEY_REUSED");

    // And is erased as such.
    let erasure = erased(&api, "second", "ada").await;
    assert_eq!(erasure["doneRoomCount"], "1", "{erasure}");
    api.server.stop().await;
}

async fn what_cannot_be_erased_is_refused_by_name(database: Database) {
    let api = Api::start(&database.url).await;
    let room = life::room(&api, "show").await;
    let ada = Person::join(&api, &room, "ada").await;
    Person::join(&api, &room, "ben").await;
    let code = |answer: Value| answer["code"].as_str().unwrap_or("none").to_owned();

    assert_eq!(
        code(erase(&api, &ada.token, "k", "ada").await),
        "STAFF_ONLY"
    );
    assert_eq!(code(erase(&api, "", "k", "ada").await), "UNAUTHENTICATED");
    assert_eq!(code(erase(&api, &api.staff, "", "ada").await), "VALIDATION");
    assert_eq!(code(erase(&api, &api.staff, "k", "").await), "VALIDATION");
    assert_eq!(
        code(erase(&api, &api.staff, "k", "erased:actor").await),
        "VALIDATION"
    );
    assert_eq!(
        code(erase(&api, &api.staff, "k", "nobody").await),
        "NOT_FOUND"
    );
    // Another tenant's staff knows nobody here, and a refusal has used up no key.
    let other = api.other_staff().await;
    assert_eq!(code(erase(&api, &other, "k", "ada").await), "NOT_FOUND");

    let first = erase(&api, &api.staff, "k", "ada").await;
    let second = erase(&api, &api.staff, "another", "ada").await;
    assert_eq!(
        (&first["__typename"], &first["id"]),
        (&json!("Erasure"), &second["id"])
    );
    let ended = over(&api, &first["id"]).await;
    assert_eq!(ended["status"], "FINISHED");
    let spent = erase(&api, &api.staff, "k", "ben").await;
    assert_eq!(spent["code"], "KEY_SPENT");
    let id = first["id"].as_str().unwrap();
    assert!(spent["message"].as_str().unwrap().contains(id), "{spent}");
    assert_eq!(
        code(erase(&api, &api.staff, "new", "ada").await),
        "NOT_FOUND"
    );
    api.server.stop().await;
}
