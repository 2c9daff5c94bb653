//! People through the API: in and out, roles, the stage, and who sees what of it.

use parlor_server::graphql::global_id::parse_room_id;
use parlor_server::identity::{Claims, sign_with};
use serde_json::{Value, json};

use crate::database::on_both_engines;
use crate::server::{Api, SECRET, claims, token};

on_both_engines! {
    two_people_and_a_stage,
    refusals_come_by_name_and_leave_no_trace,
    of_two_writers_one_is_told_that_the_version_is_old,
    capabilities_are_told_and_end_by_themselves,
    a_draft_room_is_not_there_for_viewers,
    only_those_concerned_see_what_is_private,
    people_are_listed_and_found_one_by_one,
    the_trail_names_who_did_what,
    a_crowd_joins_at_once,
    an_owner_runs_the_room_and_others_do_not,
}

/// A viewer's token.
fn viewer(api: &Api, name: &str) -> String {
    let claims = Claims {
        sub: Some(name.to_owned()),
        ..claims(api.tenant, "viewer")
    };
    sign_with(SECRET, &claims)
}

/// A person in a room, as tests act for them.
struct Person<'a> {
    api: &'a Api,
    token: String,
    room: &'a str,
    id: Value,
}

impl<'a> Person<'a> {
    async fn join(api: &'a Api, room: &'a str, name: &str) -> Self {
        let token = viewer(api, name);
        let input = json!({ "roomId": room, "name": name });
        let joined = api.mutate_as(&token, "joinRoom", input).await;
        assert_eq!(joined["__typename"], "Participant", "{joined}");

        Self {
            api,
            token,
            room,
            id: joined["id"].clone(),
        }
    }

    async fn version(&self) -> Value {
        let document = "query ($id: ID!) { participant(id: $id) { version } }";
        let variables = json!({ "id": self.id });
        let read = self.api.execute(&self.api.staff, document, variables).await;
        read["data"]["participant"]["version"].clone()
    }

    /// Has the person do `mutation` to `other`, at the version that the other is at.
    async fn act_on(&self, other: &Self, mutation: &str, more: Value) -> Value {
        let mut input = json!({
            "roomId": self.room, "participantId": other.id, "version": other.version().await,
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        self.api.mutate_as(&self.token, mutation, input).await
    }

    async fn act(&self, mutation: &str) -> Value {
        self.act_on(self, mutation, Value::Null).await
    }

    async fn made_owner(self) -> Self {
        let input = json!({
            "roomId": self.room, "participantId": self.id, "version": self.version().await,
            "role": "OWNER",
        });
        let assigned = self.api.mutate("assignRole", input).await;
        assert_eq!(assigned["role"], "OWNER", "{assigned}");
        self
    }
}

async fn stage(api: &Api, token: &str, room: &str) -> Value {
    let document = "query ($room: ID!) { stage(roomId: $room) {
        size isLive host { name } speakers { name } invited { name } queue { name requestedSeq }
    } }";
    let read = api.execute(token, document, json!({ "room": room })).await;
    assert_eq!(read["errors"], Value::Null, "{read}");
    read["data"]["stage"].clone()
}

async fn two_people_and_a_stage(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "Olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "Ana").await;
    let ben = Person::join(&api, &room, "Ben").await;

    assert_eq!(ben.act("requestStage").await["stageRole"], "REQUESTED");
    assert_eq!(ana.act("requestStage").await["stageRole"], "REQUESTED");
    let now = stage(&api, &ana.token, &room).await;
    let queue: Vec<_> = now["queue"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(queue, ["Ben", "Ana"]);

    let invited = olga.act_on(&ana, "inviteToStage", Value::Null).await;
    assert_eq!(
        (&invited["stageRole"], &invited["private"]),
        (&json!("INVITED"), &Value::Null)
    );
    assert_eq!(ana.act("joinStage").await["stageRole"], "SPEAKER");
    let handed = olga.act_on(&olga, "handOverHost", json!({ "fromParticipantId": null }));
    assert_eq!(handed.await["stageRole"], "HOST");
    let handed = olga.act_on(
        &ana,
        "handOverHost",
        json!({ "fromParticipantId": olga.id }),
    );
    assert_eq!(handed.await["stageRole"], "HOST");
    assert_eq!(
        olga.act_on(&ben, "declineStage", Value::Null).await["stageRole"],
        "AUDIENCE"
    );

    let now = stage(&api, &ben.token, &room).await;
    assert_eq!(
        (&now["isLive"], &now["host"]["name"]),
        (&json!(false), &json!("Ana"))
    );
    assert_eq!(now["speakers"], json!([{ "name": "Olga" }]));
    assert_eq!((&now["queue"], &now["invited"]), (&json!([]), &json!([])));
    api.mutate("startSession", json!({ "roomId": room })).await;
    assert_eq!(stage(&api, &ben.token, &room).await["isLive"], true);

    // What a newcomer's snapshot says is what was told to those who were there.
    let room_id = parse_room_id(&room).unwrap();
    let snapshot = api
        .server
        .service
        .app
        .store
        .snapshot(room_id)
        .await
        .unwrap()
        .unwrap();
    let parts: Vec<_> = snapshot
        .events
        .iter()
        .filter_map(|event| event.body.part())
        .collect();
    assert_eq!(
        parts.len(),
        5,
        "the room, its session and three people: {parts:?}"
    );

    let left = api
        .mutate_as(&ana.token, "leaveRoom", json!({ "roomId": room }))
        .await;
    assert_eq!(
        (&left["membership"], &left["isListed"]),
        (&json!("LEFT"), &json!(false))
    );
    assert_eq!(stage(&api, &ben.token, &room).await["host"], Value::Null);
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

async fn capabilities_are_told_and_end_by_themselves(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "ana").await;
    let access = async |token: &str| {
        let document = "query ($room: ID!) { roomAccess(roomId: $room) {
            capabilities participant { role private { grants { capability reason } } }
        } }";
        let read = api.execute(token, document, json!({ "room": room })).await;
        read["data"]["roomAccess"].clone()
    };
    assert_eq!(
        access(&ana.token).await["capabilities"],
        json!(["STAGE_SPEAK"])
    );
    assert_eq!(
        access(&viewer(&api, "zoe")).await,
        json!({ "capabilities": [], "participant": null })
    );
    let all = access(&api.staff).await["capabilities"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(
        access(&olga.token).await["capabilities"]
            .as_array()
            .unwrap()
            .len(),
        all
    );

    let terms = json!({
        "capability": "STAGE_INVITE", "expiresAt": "2026-01-02T03:05:05.000Z", "reason": "tonight",
    });
    let granted = olga.act_on(&ana, "grantCapability", terms).await;
    assert_eq!(granted["private"]["capabilities"], Value::Null, "{granted}");
    let found = access(&ana.token).await;
    assert_eq!(
        found["capabilities"],
        json!(["STAGE_SPEAK", "STAGE_INVITE"])
    );
    assert_eq!(
        found["participant"]["private"]["grants"],
        json!([{ "capability": "STAGE_INVITE", "reason": "tonight" }])
    );
    assert_eq!(ana.act("joinStage").await["stageRole"], "SPEAKER");

    api.clock.advance_millis(60_000);
    assert_eq!(
        access(&ana.token).await["capabilities"],
        json!(["STAGE_SPEAK"])
    );
    assert_eq!(
        ana.act_on(&olga, "inviteToStage", json!({})).await["code"],
        "CAPABILITY_MISSING"
    );
    olga.act_on(
        &ana,
        "denyCapability",
        json!({ "capability": "STAGE_SPEAK" }),
    )
    .await;
    assert_eq!(access(&ana.token).await["capabilities"], json!([]));
    assert_eq!(stage(&api, &ana.token, &room).await["speakers"], json!([]));
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

async fn the_trail_names_who_did_what(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "ana").await;
    api.clock.advance_millis(1);
    olga.act_on(&ana, "removeParticipant", json!({ "reason": "enough" }))
        .await;
    let trail = async |token: &str| {
        let document = "query ($room: ID!) { auditConnection(roomId: $room) { totalCount nodes {
            actorId actorIsStaff action participantId fromRole toRole reason
        } } }";
        api.execute(token, document, json!({ "room": room })).await
    };

    let read = trail(&olga.token).await;
    assert_eq!(
        read["data"]["auditConnection"]["nodes"],
        json!([
            {
                "actorId": "somebody", "actorIsStaff": true, "action": "ROLE_ASSIGNED",
                "participantId": olga.id, "fromRole": "MEMBER", "toRole": "OWNER", "reason": null,
            },
            {
                "actorId": "olga", "actorIsStaff": false, "action": "REMOVED",
                "participantId": ana.id, "fromRole": null, "toRole": null, "reason": "enough",
            },
        ])
    );
    assert_eq!(trail(&api.staff).await["data"], read["data"]);
    let refused = trail(&ana.token).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let input = json!({ "roomId": room, "name": "ana" });
    let refused = api.mutate_as(&ana.token, "joinRoom", input).await;
    assert_eq!(refused["code"], "PARTICIPANT_REMOVED");
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

async fn an_owner_runs_the_room_and_others_do_not(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "ana").await;
    let commands = || {
        [
            (
                "updateRoom",
                json!({ "id": room, "version": 1, "title": "Ours" }),
                "Room",
            ),
            ("startSession", json!({ "roomId": room }), "Session"),
            ("endSession", json!({ "roomId": room }), "Session"),
        ]
    };

    for (caller, code) in [
        (&ana.token, "CAPABILITY_MISSING"),
        (&viewer(&api, "zoe"), "NOT_JOINED"),
    ] {
        for (mutation, input, _) in commands() {
            let refused = api.mutate_as(caller, mutation, input).await;
            assert_eq!(refused["code"], code, "{mutation}: {refused}");
        }
    }
    for (mutation, input, kind) in commands() {
        let done = api.mutate_as(&olga.token, mutation, input).await;
        assert_eq!(done["__typename"], kind, "{mutation}: {done}");
    }
}
