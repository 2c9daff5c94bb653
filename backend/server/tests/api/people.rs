//! People through the API: in and out, found, refused, and who sees what of them.

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::{Person, viewer};
use crate::server::{Api, token};
use crate::stage::stage;

on_both_engines! {
    refusals_come_by_name_and_leave_no_trace,
    of_two_writers_one_is_told_that_the_version_is_old,
    a_draft_room_is_not_there_for_viewers,
    only_those_concerned_see_what_is_private,
    people_are_listed_and_found_one_by_one,
    a_crowd_joins_at_once,
}

#[expect(clippy::too_many_lines, reason = "a table, a row for each refusal")]
async fn refusals_come_by_name_and_leave_no_trace(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "ana").await;
    let before = api.head(&room).await;

    for (person, other, mutation, more, kind, code) in [
        (
            &ana,
            &olga,
            "removeParticipant",
            json!({}),
            "AuthError",
            "CAPABILITY_MISSING",
        ),
        (
            &olga,
            &olga,
            "removeParticipant",
            json!({}),
            "ConflictError",
            "ON_ONESELF",
        ),
        (
            &olga,
            &ana,
            "readmitParticipant",
            json!({}),
            "ConflictError",
            "NOT_REMOVED",
        ),
        (
            &olga,
            &olga,
            "assignRole",
            json!({ "role": "MEMBER" }),
            "ConflictError",
            "LAST_OWNER",
        ),
        (
            &ana,
            &ana,
            "assignRole",
            json!({ "role": "OWNER" }),
            "AuthError",
            "CAPABILITY_MISSING",
        ),
        (
            &olga,
            &olga,
            "grantCapability",
            json!({ "capability": "STAGE_HOST" }),
            "AuthError",
            "ON_ONESELF",
        ),
        (
            &olga,
            &ana,
            "clearCapabilityGrant",
            json!({ "capability": "STAGE_HOST" }),
            "ConflictError",
            "NOTHING_TO_CLEAR",
        ),
        (
            &ana,
            &ana,
            "joinStage",
            json!({}),
            "ConflictError",
            "NOT_INVITED",
        ),
        (
            &olga,
            &ana,
            "requestStage",
            json!({}),
            "AuthError",
            "NOT_ONESELF",
        ),
        (
            &olga,
            &ana,
            "moveToAudience",
            json!({}),
            "ConflictError",
            "NOT_ON_STAGE",
        ),
        (
            &olga,
            &ana,
            "handOverHost",
            json!({ "fromParticipantId": ana.id }),
            "ConflictError",
            "HOST_CHANGED",
        ),
        (
            &ana,
            &ana,
            "renameParticipant",
            json!({ "name": "" }),
            "ValidationError",
            "VALIDATION",
        ),
        (
            &olga,
            &ana,
            "inviteToStage",
            json!({ "participantId": "nobody" }),
            "NotFoundError",
            "NOT_FOUND",
        ),
        (
            &olga,
            &ana,
            "inviteToStage",
            json!({ "version": 9 }),
            "ConflictError",
            "STALE_VERSION",
        ),
        (
            &olga,
            &ana,
            "inviteToStage",
            json!({ "roomId": "nowhere" }),
            "NotFoundError",
            "NOT_FOUND",
        ),
    ] {
        let refused = person.act_on(other, mutation, more.clone()).await;
        assert_eq!(
            (&refused["__typename"], &refused["code"]),
            (&json!(kind), &json!(code)),
            "{mutation} {more}: {refused}"
        );
    }

    let stranger = viewer(&api, "zoe");
    for (caller, code) in [("", "UNAUTHENTICATED"), (&stranger, "NOT_JOINED")] {
        let input = json!({ "roomId": room, "participantId": ana.id, "version": 1 });
        let refused = api.mutate_as(caller, "inviteToStage", input).await;
        assert_eq!(refused["code"], code, "{refused}");
    }
    let input = json!({ "roomId": room, "name": "x", "viewerId": "ana" });
    let refused = api.mutate_as(&stranger, "joinRoom", input).await;
    assert_eq!(refused["code"], "STAFF_ONLY");
    assert_eq!(api.head(&room).await, before);
}

async fn of_two_writers_one_is_told_that_the_version_is_old(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let ana = Person::join(&api, &room, "ana").await;

    let names: Vec<_> = (0..8).map(|n| format!("ana {n}")).collect();
    let renames = names.iter().map(|name| {
        let input = json!({
            "roomId": room, "participantId": ana.id, "version": 1, "name": name,
        });
        api.mutate_as(&ana.token, "renameParticipant", input)
    });
    let answers = futures_util::future::join_all(renames).await;

    let done: Vec<_> = answers.iter().filter(|one| one["version"] == 2).collect();
    let stale = answers.iter().filter(|one| one["code"] == "STALE_VERSION");
    assert_eq!((done.len(), stale.count()), (1, 7), "{answers:?}");
    let document = "query ($id: ID!) { participant(id: $id) { name version } }";
    let read = api
        .execute(&ana.token, document, json!({ "id": ana.id }))
        .await;
    assert_eq!(
        read["data"]["participant"],
        json!({ "name": done[0]["name"], "version": 2 })
    );
}

async fn a_draft_room_is_not_there_for_viewers(database: String) {
    let api = Api::start(&database).await;
    let draft = api.room_with(json!({ "slug": "d", "title": "D" })).await;
    let ana = viewer(&api, "ana");
    let input = json!({ "roomId": draft, "name": "Ana" });

    let refused = api.mutate_as(&ana, "joinRoom", input.clone()).await;
    assert_eq!(
        (
            &refused["code"],
            &refused["resourceType"],
            &refused["resourceId"]
        ),
        (&json!("NOT_FOUND"), &json!("Room"), &json!(draft))
    );
    let unknown = json!({ "roomId": "nowhere", "name": "Ana" });
    assert_eq!(
        api.mutate_as(&ana, "joinRoom", unknown).await["message"],
        refused["message"]
    );
    let other = api.other_staff().await;
    assert_eq!(
        api.mutate_as(&other, "joinRoom", input).await["code"],
        "NOT_FOUND"
    );
    assert_eq!(stage(&api, &ana, &draft).await, Value::Null);

    let input = json!({ "roomId": draft, "name": "Ana", "viewerId": "ana" });
    assert_eq!(
        api.mutate("joinRoom", input).await["private"]["viewerId"],
        "ana"
    );
}

async fn only_those_concerned_see_what_is_private(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "ana").await;
    let ben = Person::join(&api, &room, "ben").await;
    let seen = async |token: &str| {
        let document = "query ($id: ID!) {
            participant(id: $id) { name private { viewerId } } node(id: $id) { id }
        }";
        let read = api.execute(token, document, json!({ "id": ana.id })).await;
        read["data"].clone()
    };

    for (token, sees) in [
        (&ana.token, true),
        (&olga.token, true),
        (&api.staff, true),
        (&ben.token, false),
        (&viewer(&api, "zoe"), false),
    ] {
        let found = seen(token).await;
        assert_eq!(found["participant"]["name"], "ana", "{found}");
        assert_eq!(found["node"]["id"], ana.id);
        assert_eq!(
            found["participant"]["private"] != Value::Null,
            sees,
            "{found}"
        );
    }
    for stranger in [
        String::new(),
        api.other_staff().await,
        token(api.tenant, ""),
    ] {
        let found = seen(&stranger).await["participant"].clone();
        let is_of_tenant = stranger == token(api.tenant, "");
        assert_eq!(found != Value::Null, is_of_tenant, "{found}");
    }
}

async fn people_are_listed_and_found_one_by_one(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    Person::join(&api, &room, "olga").await.made_owner().await;
    for name in ["ana", "ben", "cem"] {
        // Within a millisecond nobody was first.
        api.clock.advance_millis(1);
        Person::join(&api, &room, name).await;
    }
    let list = async |token: &str, arguments: &str| {
        let document = format!(
            "query ($room: ID!) {{ participantsConnection(roomId: $room{arguments}) {{
                totalCount nodes {{ name }} pageInfo {{ hasNextPage endCursor }}
            }} room(id: $room) {{ participantCount }} }}"
        );
        api.execute(token, &document, json!({ "room": room })).await
    };

    let first = list(&api.staff, ", page: { first: 3 }").await;
    assert_eq!(first["data"]["room"]["participantCount"], 4);
    let first = &first["data"]["participantsConnection"];
    assert_eq!(
        first["nodes"],
        json!([{ "name": "olga" }, { "name": "ana" }, { "name": "ben" }])
    );
    assert_eq!(
        (&first["totalCount"], &first["pageInfo"]["hasNextPage"]),
        (&json!(4), &json!(true))
    );
    let after = format!(
        ", page: {{ first: 3, after: {} }}",
        first["pageInfo"]["endCursor"]
    );
    let rest = list(&viewer(&api, "ana"), &after).await;
    assert_eq!(
        rest["data"]["participantsConnection"]["nodes"],
        json!([{ "name": "cem" }])
    );
    let owners = list(&api.staff, ", role: OWNER").await;
    assert_eq!(owners["data"]["participantsConnection"]["totalCount"], 1);
    let queue = list(&api.staff, ", stageRole: REQUESTED").await;
    assert_eq!(queue["data"]["participantsConnection"]["nodes"], json!([]));

    for (caller, code) in [
        (String::new(), "UNAUTHENTICATED"),
        (api.other_staff().await, "NOT_FOUND"),
    ] {
        let refused = list(&caller, "").await;
        assert_eq!(
            refused["errors"][0]["extensions"]["code"], code,
            "{refused}"
        );
    }
}

async fn a_crowd_joins_at_once(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let crowd: Vec<_> = (0..300)
        .map(|n| (viewer(&api, &format!("guest-{n}")), n))
        .collect();
    // Everyone twice, as devices and impatient people do.
    let joins = crowd.iter().chain(&crowd).map(|(token, n)| {
        let input = json!({ "roomId": room, "name": format!("Guest {n}") });
        api.mutate_as(token, "joinRoom", input)
    });
    let joined = futures_util::future::join_all(joins).await;

    assert!(joined.iter().all(|one| one["version"] == 1), "{joined:?}");
    // The room's own event, and one for each while it was small.
    assert_eq!(api.head(&room).await.seq, 1 + 100);
    let document = "query ($room: ID!) { room(id: $room) { participantCount } }";
    let read = api
        .execute(&api.staff, document, json!({ "room": room }))
        .await;
    assert_eq!(read["data"]["room"]["participantCount"], 300);
}
