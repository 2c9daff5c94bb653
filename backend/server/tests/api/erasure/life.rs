//! Somebody who does, and has done to them, all that there is in rooms, under an id, a name and words that nothing else
//! has.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::points::Digest;
use parlor_identity::{Claims, sign_with};
use parlor_node::clock::Clock;
use parlor_test_database::Database;
use serde_json::{Value, json};

use crate::person::Person;
use crate::server::{Api, SECRET, claims};
use crate::webhooks;

/// An id that is written in another way wherever texts are quoted.
pub(super) const SUBJECT: &str = "the \"user\" mkid7f3a";
const NAME: &str = "Zoë mkname7f3a";
const WORDS: &str = "they said \"mkwords7f3a\"";
/// What is in nothing but their id, their name and their words.
pub(super) const MARKS: [&str; 3] = ["mkid7f3a", "mkname7f3a", "mkwords7f3a"];

/// Where their room's books stood.
pub(super) type Heads = BTreeMap<(RoomId, TenantId), BTreeMap<i64, Digest>>;

pub(super) struct Life<'a> {
    api: &'a Api,
    room: &'a str,
    token: String,
    id: Value,
    won: Value,
}

/// A live room in which a hype train starts soon, and every minute that is watched brings a point.
pub(super) async fn room(api: &Api, slug: &str) -> String {
    let levels: Vec<_> = (1..=20)
        .map(|level| json!({ "goal": (level * 1_000).to_string() }))
        .collect();
    let program = json!({
        "kickoffEvents": 2, "kickoffViewers": 1, "kickoffWindowMs": 300_000, "levels": levels,
        "secondsPerLevel": 600, "cooldownMs": 0,
    });
    api.live_room_with(json!({
        "slug": slug, "title": slug, "state": "OPEN", "hypeTrainProgram": program,
    }))
    .await
}

/// A token of the same person who works for the tenant.
pub(super) fn staff(api: &Api) -> String {
    let claims = Claims {
        sub: Some(SUBJECT.to_owned()),
        ..claims(api.tenant, "staff")
    };
    sign_with(SECRET, &claims)
}

/// Has a mutation done, and returns what it made: `(mutation, input's type, the object with what is asked of it)`.
async fn done(api: &Api, token: &str, call: (&str, &str, &str), input: Value) -> Value {
    let (mutation, of, object) = call;
    let document = format!(
        "mutation ($input: {of}!) {{ done: {mutation}(input: $input) {{
            __typename ... on {object} ... on Error {{ code message }} }} }}"
    );
    let mut answer = api
        .execute(token, &document, json!({ "input": input }))
        .await;
    let done = answer["data"]["done"].take();
    let is_done = !done.is_null() && done["code"].is_null();
    assert!(is_done, "{mutation} {input}: {answer} {done}");
    done
}

const TRANSFER: &str = "PointsTransfer { id seq }";
const REDEMPTION: &str = "Redemption { id }";
const DISPUTE: &str = "Dispute { id }";
const POINTS: [(&str, &str, &str); 3] = [
    ("grantPoints", "PointsInput", TRANSFER),
    ("chargePoints", "PointsInput", TRANSFER),
    ("clawBackPoints", "PointsInput", "PointsClawback { owed }"),
];

/// One person who acts in a room, with keys of their own.
struct Hand<'a> {
    api: &'a Api,
    room: &'a str,
    token: String,
    keys: AtomicU32,
}

impl<'a> Hand<'a> {
    fn new(api: &'a Api, room: &'a str, token: &str) -> Self {
        let (token, keys) = (token.to_owned(), AtomicU32::new(0));
        Self {
            api,
            room,
            token,
            keys,
        }
    }

    async fn act(&self, call: (&str, &str, &str), mut input: Value) -> Value {
        let key = self.keys.fetch_add(1, Ordering::Relaxed);
        input["roomId"] = json!(self.room);
        let has_key = !["Settle", "SetRe", "Remove", "Capab", "Report", "Credit"]
            .iter()
            .any(|of| call.1.starts_with(of));
        if has_key {
            input["idempotencyKey"] = json!(format!("key {key}"));
        }
        done(self.api, &self.token, call, input).await
    }

    /// Gives and takes points, with words.
    async fn points(&self, who: &Value, how: usize, points: u32) -> Value {
        let input = json!({ "participantId": who, "points": points.to_string(), "reason": WORDS });
        self.act(POINTS[how], input).await
    }

    async fn reward(&self, mut terms: Value) -> Value {
        terms["title"] = json!("A song");
        terms["cost"] = json!("10");
        let call = ("createReward", "CreateRewardInput", "Reward { id }");
        self.act(call, terms).await["id"].clone()
    }

    async fn redeem(&self, reward: &Value, input: Option<&str>) -> Value {
        let call = ("redeemReward", "RedeemRewardInput", REDEMPTION);
        let input = json!({ "rewardId": reward, "input": input });
        self.act(call, input).await["id"].clone()
    }

    async fn settle(&self, mutation: &str, redemption: &Value) {
        let call = (mutation, "SettleRedemptionInput", REDEMPTION);
        self.act(call, json!({ "redemptionId": redemption })).await;
    }

    async fn refund(&self, redemption: &Value) {
        let call = ("refundRedemption", "RefundRedemptionInput", REDEMPTION);
        let input = json!({ "redemptionId": redemption, "points": "1", "reason": WORDS });
        self.act(call, input).await;
    }

    async fn dispute(&self, of: Value) -> Value {
        let mut input = of;
        input["reason"] = json!(WORDS);
        let call = ("openDispute", "OpenDisputeInput", DISPUTE);
        self.act(call, input).await["id"].clone()
    }

    async fn resolve(&self, dispute: &Value) {
        let held = json!({ "disputeId": dispute, "points": "1" });
        self.act(("holdDispute", "HoldDisputeInput", DISPUTE), held)
            .await;
        let call = ("resolveDispute", "ResolveDisputeInput", DISPUTE);
        self.act(call, json!({ "disputeId": dispute, "resolution": WORDS }))
            .await;
    }

    async fn announce(&self) {
        let call = (
            "announce",
            "AnnounceInput",
            "AnnouncementMade { __typename }",
        );
        self.act(call, json!({ "text": WORDS })).await;
    }

    /// Has the room's session watched by `viewers` in the minute of so long ago.
    async fn credit(&self, viewers: &[&str], ago_ms: i64) {
        let session = session(self.api, self.room).await;
        let now = Clock::Test(self.api.clock.clone()).now();
        let minute = parlor_api::format_time(now.plus_millis(-ago_ms));
        let call = (
            "creditWatching",
            "CreditWatchingInput",
            "WatchCredit { countedCount }",
        );
        let input = json!({ "sessionId": session, "minute": minute, "viewerIds": viewers });
        self.act(call, input).await;
    }

    async fn remove(&self, who: &Person<'_>) {
        let call = (
            "removeParticipant",
            "RemoveParticipantInput",
            "Participant { id }",
        );
        let input =
            json!({ "participantId": who.id, "version": who.version().await, "reason": WORDS });
        self.act(call, input).await;
    }
}

async fn session(api: &Api, room: &str) -> Value {
    let document = "query ($id: ID!) { room(id: $id) { session { id } } }";
    let mut read = api
        .execute(&api.staff, document, json!({ "id": room }))
        .await;
    read["data"]["room"]["session"]["id"].take()
}

/// What somebody does to others, by authority.
async fn preside(hand: &Hand<'_>, slug: &str) {
    let api = hand.api;
    let ben = Person::join(api, hand.room, &format!("ben of {slug}")).await;
    let cem = Person::join(api, hand.room, &format!("cem of {slug}")).await;
    let of_ben = Hand::new(api, hand.room, &ben.token);
    hand.announce().await;
    hand.points(&ben.id, 0, 100).await;
    hand.points(&ben.id, 1, 5).await;
    let reward = hand.reward(json!({})).await;
    for (made, settle) in [
        ("first", "fulfillRedemption"),
        ("second", "cancelRedemption"),
    ] {
        let redemption = of_ben.redeem(&reward, None).await;
        hand.settle(settle, &redemption).await;
        if made == "first" {
            hand.refund(&redemption).await;
            let about = json!({ "participantId": ben.id, "redemptionId": redemption });
            let dispute = hand.dispute(about).await;
            hand.resolve(&dispute).await;
        }
    }
    hand.points(&ben.id, 2, 500).await;
    let terms = json!({
        "participantId": cem.id, "version": cem.version().await, "capability": "STAGE_SPEAK",
        "reason": WORDS,
    });
    let call = (
        "denyCapability",
        "CapabilityTermsInput",
        "Participant { id }",
    );
    hand.act(call, terms).await;
    hand.remove(&cem).await;
}

/// What the person does as the tenant's staff, in a room that they never joined.
pub(super) async fn work(api: &Api, room: &str) {
    let hand = Hand::new(api, room, &staff(api));
    Person::join(api, room, "ben").await;
    preside(&hand, "staff").await;
    api.clock.advance_millis(180_000);
    hand.credit(&["ben"], 120_000).await;
}

impl<'a> Life<'a> {
    pub(super) async fn lead(
        api: &'a Api,
        database: &Database,
        room: &'a str,
        token: &str,
    ) -> Self {
        let join = ("joinRoom", "JoinRoomInput", "Participant { id }");
        let joined = done(api, token, join, json!({ "roomId": room, "name": NAME })).await;
        let mut life = Self {
            api,
            room,
            token: token.to_owned(),
            id: joined["id"].clone(),
            won: Value::Null,
        };
        life.be_among_people().await;
        life.give().await;
        life.spend().await;
        life.watch().await;
        life.be_told_of().await;
        // Connected to a node that is no more: with a living one's socket it would go by itself.
        database
            .run(&format!(
                "INSERT INTO presences (room_id, viewer_id, node_id, tenant_id)
                 SELECT id, '{SUBJECT}', epoch, tenant_id FROM rooms"
            ))
            .await;
        life
    }

    /// Gives in a room that is not there, so that what a service told of it is kept for somebody to look at.
    async fn be_told_of(&self) {
        let input = json!({ "name": "shop", "adapter": "PARLOR" });
        let source = webhooks::source(self.api, input).await;
        let message = json!({
            "roomId": "nowhere", "idempotencyKey": "told", "kind": "DONATION", "amount": "5",
            "currency": "EUR", "viewerId": SUBJECT, "viewerName": NAME, "message": WORDS,
        });
        let body = json!({ "contributions": [message] }).to_string();
        let answer = webhooks::tell(self.api, &source, "told", &body).await;
        assert!(answer.status.is_success(), "{answer:?}");
    }

    async fn version(&self) -> Value {
        let document = "query ($id: ID!) { participant(id: $id) { version } }";
        let variables = json!({ "id": self.id });
        let mut read = self.api.execute(&self.api.staff, document, variables).await;
        read["data"]["participant"]["version"].take()
    }

    /// Has `mutation` done to them.
    async fn face(&self, token: &str, mutation: &str, of: &str, more: Value) {
        let mut input = more;
        input["roomId"] = json!(self.room);
        input["participantId"] = self.id.clone();
        input["version"] = self.version().await;
        done(self.api, token, (mutation, of, "Participant { id }"), input).await;
    }

    /// Comes and goes, has another name, a role and reasons, stands on the stage, and presides over others.
    async fn be_among_people(&self) {
        let (own, staff) = (&self.token[..], &self.api.staff[..]);
        let room = json!({ "roomId": self.room });
        done(
            self.api,
            own,
            ("leaveRoom", "LeaveRoomInput", "Participant { id }"),
            room,
        )
        .await;
        let join = ("joinRoom", "JoinRoomInput", "Participant { id }");
        done(
            self.api,
            own,
            join,
            json!({ "roomId": self.room, "name": NAME }),
        )
        .await;
        let other = json!({ "name": format!("{NAME} too") });
        self.face(staff, "renameParticipant", "RenameParticipantInput", other)
            .await;
        for (mutation, capability) in [
            ("grantCapability", "STAGE_INVITE"),
            ("denyCapability", "STAGE_HOST"),
        ] {
            let terms = json!({ "capability": capability, "reason": WORDS });
            self.face(staff, mutation, "CapabilityTermsInput", terms)
                .await;
        }
        self.face(
            staff,
            "assignRole",
            "AssignRoleInput",
            json!({ "role": "OWNER" }),
        )
        .await;
        for (token, mutation) in [
            (own, "requestStage"),
            (staff, "inviteToStage"),
            (own, "joinStage"),
        ] {
            self.face(token, mutation, "ParticipantInput", json!({}))
                .await;
        }
        preside(&Hand::new(self.api, self.room, own), "owner").await;
    }

    /// Gives so much that there are keyframes of it, also what is pending, taken back, and no donation.
    async fn give(&self) {
        for round in 0..3 {
            let gifts: Vec<_> = (0..50)
                .map(|one| {
                    json!({
                        "roomId": self.room, "idempotencyKey": format!("gift {round} {one}"), "provider": "stripe",
                        "kind": "DONATION", "amount": "100", "currency": "EUR",
                        "status": if one == 7 { "PENDING" } else { "SETTLED" },
                        "viewerId": SUBJECT, "viewerName": NAME, "message": WORDS,
                    })
                })
                .collect();
            let call = (
                "recordContributions",
                "RecordContributionsInput",
                "RecordedContributions { __typename }",
            );
            done(
                self.api,
                &self.api.staff,
                call,
                json!({ "contributions": gifts }),
            )
            .await;
        }
        let call = (
            "recordContribution",
            "RecordContributionInput",
            "Contribution { id }",
        );
        for (key, of, kind, status) in [
            ("taken back", "gift 0 1", "DONATION", "REVERSED"),
            ("membership", "membership", "MEMBERSHIP", "SETTLED"),
            ("by hand", "by hand", "DONATION", "SETTLED"),
        ] {
            let provider = if key == "by hand" { "staff" } else { "stripe" };
            let mut gift = json!({
                "roomId": self.room, "idempotencyKey": key, "contributionRef": of, "provider": provider,
                "kind": kind, "status": status, "viewerId": SUBJECT, "viewerName": NAME, "message": WORDS,
            });
            if kind == "MEMBERSHIP" {
                gift["tier"] = json!(2);
            } else {
                (gift["amount"], gift["currency"]) = (json!("100"), json!("EUR"));
            }
            done(self.api, &self.api.staff, call, gift).await;
        }
        self.pay().await;
    }

    /// Has a membership, and pays for another's.
    async fn pay(&self) {
        let call = (
            "recordMembership",
            "RecordMembershipInput",
            "PaidMembership { id }",
        );
        for (of, viewer, gift) in [
            ("sub_own", SUBJECT, json!({})),
            (
                "sub_given",
                "other",
                json!({ "giverId": SUBJECT, "giverName": NAME }),
            ),
        ] {
            let mut told = gift;
            for (field, value) in [
                ("roomId", self.room),
                ("idempotencyKey", of),
                ("provider", "stripe"),
                ("membershipRef", &format!("{of} {}", self.room)),
                ("viewerId", viewer),
                ("status", "ACTIVE"),
                ("periodStartsAt", "2026-01-01T00:00:00Z"),
                ("periodEndsAt", "2036-01-01T00:00:00Z"),
                ("occurredAt", "2026-01-01T00:00:00Z"),
            ] {
                told[field] = json!(value);
            }
            told["tier"] = json!(2);
            done(self.api, &self.api.staff, call, told).await;
        }
    }

    /// Has points, spends them with words, enters draws, and disputes.
    async fn spend(&mut self) {
        let (own, staff) = (
            Hand::new(self.api, self.room, &self.token),
            Hand::new(self.api, self.room, &self.api.staff),
        );
        staff.keys.store(1_000, Ordering::Relaxed);
        own.keys.store(2_000, Ordering::Relaxed);
        staff.points(&self.id, 0, 1_000).await;
        let charged = staff.points(&self.id, 1, 10).await;
        staff.points(&self.id, 2, 10).await;
        let said = json!({ "input": { "text": {} }, "showsInput": true });
        let reward = staff.reward(said).await;
        let mut kept = Vec::new();
        for _ in 0..4 {
            kept.push(own.redeem(&reward, Some(WORDS)).await);
        }
        staff.settle("fulfillRedemption", &kept[0]).await;
        staff.refund(&kept[0]).await;
        staff.settle("cancelRedemption", &kept[1]).await;
        staff.settle("fulfillRedemption", &kept[2]).await;
        for redemption in &kept {
            let call = (
                "setRedemptionMetadata",
                "SetRedemptionMetadataInput",
                REDEMPTION,
            );
            let input = json!({ "redemptionId": redemption, "metadata": WORDS });
            staff.act(call, input).await;
        }
        let resolved = own.dispute(json!({ "redemptionId": kept[2] })).await;
        staff.resolve(&resolved).await;
        own.dispute(json!({ "redemptionId": kept[3] })).await;
        let withdrawn = own.dispute(json!({ "transferSeq": charged["seq"] })).await;
        let call = ("withdrawDispute", "WithdrawDisputeInput", DISPUTE);
        own.act(call, json!({ "disputeId": withdrawn })).await;

        let drawn = staff
            .reward(json!({ "draw": { "windowMs": "60000", "winners": 1 } }))
            .await;
        self.won = own.redeem(&drawn, None).await;
        self.api.clock.advance_millis(61_000);
        staff.points(&self.id, 0, 1).await;
        let open = staff
            .reward(json!({ "draw": { "windowMs": "3600000", "winners": 1 } }))
            .await;
        own.redeem(&open, None).await;
    }

    /// Watches, as the tenant's server says and as their own device does.
    async fn watch(&self) {
        self.api.clock.advance_millis(240_000);
        let staff = Hand::new(self.api, self.room, &self.api.staff);
        staff.credit(&[SUBJECT, "nobody"], 180_000).await;
        let own = Hand::new(self.api, self.room, &self::staff(self.api));
        own.credit(&["nobody", SUBJECT], 120_000).await;
        let now = Clock::Test(self.api.clock.clone()).now();
        let minute_began = now.plus_millis(-(now.unix_millis() % 60_000) - 60_000);
        let at = |ms| parlor_api::format_time(minute_began.plus_millis(ms));
        let session = session(self.api, self.room).await;
        let span = json!({ "from": at(1_000), "until": at(50_000), "playheadFrom": 0, "playheadUntil": 49 });
        let input = json!({ "roomId": self.room, "sessionId": session, "spans": [span] });
        self.api.clock.advance_millis(40_000);
        let call = (
            "reportWatching",
            "ReportWatchingInput",
            "WatchReport { minutes { outcome } }",
        );
        for _ in 0..2_000 {
            let report = done(self.api, &self.token, call, input.clone()).await;
            if report["minutes"][0]["outcome"].is_string() {
                return;
            }
            // It is decided a while after it was proved.
            self.api.clock.advance_millis(100);
        }
        panic!("the minute is not decided");
    }

    /// Where the books of all rooms stand, which are sound.
    pub(super) async fn heads(&self) -> Heads {
        heads(self.api, &Heads::new()).await
    }

    /// Checks that the books are as they were, and that the room is without them what it was with them.
    pub(super) async fn check_what_stays(&self, before: &Heads) {
        let noted = heads(self.api, before).await;
        assert_eq!(
            noted.keys().collect::<Vec<_>>(),
            before.keys().collect::<Vec<_>>()
        );

        let document = "query ($id: ID!) { participant(id: $id) { name membership role stageRole
            private { viewerId } } }";
        let variables = json!({ "id": self.id });
        let mut read = self.api.execute(&self.api.staff, document, variables).await;
        let left = read["data"]["participant"].take();
        assert_eq!(left["name"], "Erased person", "{read} {left}");
        assert_eq!(
            [&left["membership"], &left["role"], &left["stageRole"]],
            ["REMOVED", "MEMBER", "AUDIENCE"]
        );
        assert!(
            left["private"]["viewerId"]
                .as_str()
                .unwrap()
                .starts_with("erased:"),
            "{left}"
        );

        let document = "query ($room: ID!) {
            auditConnection(roomId: $room, page: { last: 100 }) { nodes { action participantId reason } }
            redemptionsConnection(roomId: $room, page: { first: 50 }) { nodes { id status input metadata } }
            disputesConnection(roomId: $room, page: { first: 50 }) { nodes { status reason } }
            rewards(roomId: $room) { lastDraw { winnerIds } openDraw { entryCount } }
            room(id: $room) { hypeTrain { total topContributor { name } recentContributors { name } } }
        }";
        let mut read = self
            .api
            .execute(&self.api.staff, document, json!({ "room": self.room }))
            .await;
        assert_eq!(read["errors"], Value::Null, "{read}");
        let read = read["data"].take();
        let nodes = |list: &str| read[list]["nodes"].as_array().unwrap().clone();
        let erased: Vec<_> = nodes("auditConnection")
            .into_iter()
            .filter(|one| one["action"] == "PERSON_ERASED")
            .collect();
        assert_eq!(erased.len(), 1, "{read}");
        assert_eq!(erased[0]["participantId"], self.id);
        let won = nodes("redemptionsConnection")
            .into_iter()
            .find(|one| one["id"] == self.won);
        assert_eq!(
            won.unwrap()["status"],
            "UNFULFILLED",
            "what was drawn stays so"
        );
        assert!(
            nodes("disputesConnection")
                .iter()
                .any(|one| one["status"] == "OPEN"),
            "{read}"
        );
        let train = &read["room"]["hypeTrain"];
        assert_ne!(train["total"], "0", "{train}");
        assert_eq!(train["topContributor"]["name"], Value::Null, "{train}");
        let draws: Vec<_> = read["rewards"].as_array().unwrap().iter().collect();
        assert!(
            draws
                .iter()
                .any(|one| one["lastDraw"]["winnerIds"] == json!([self.won])),
            "{read}"
        );

        // The train goes on with what they gave: what is taken back now is still theirs, whoever that was.
        let call = (
            "recordContribution",
            "RecordContributionInput",
            "Contribution { id status viewerId }",
        );
        let gift = json!({
            "roomId": self.room, "idempotencyKey": "taken back later", "contributionRef": "gift 2 9",
            "provider": "stripe", "kind": "DONATION", "amount": "100", "currency": "EUR", "status": "REVERSED",
        });
        let reversed = done(self.api, &self.api.staff, call, gift).await;
        assert_eq!(reversed["status"], "REVERSED", "{reversed}");
        verify(self.api).await;
    }
}

async fn heads(api: &Api, noted: &Heads) -> Heads {
    let store = &api.server.service.app.store;
    let (mut heads, mut after) = (Heads::new(), None);
    while let Some((room_id, tenant_id)) = store.next_room_with_books(after).await.unwrap() {
        after = Some(room_id);
        let none = BTreeMap::new();
        let noted = noted.get(&(room_id, tenant_id)).unwrap_or(&none);
        let ledger = store.verify_books(tenant_id, room_id, noted).await.unwrap();
        let ledger = ledger.unwrap_or_else(|unsound| panic!("{unsound}"));
        heads.insert(
            (room_id, tenant_id),
            BTreeMap::from([(ledger.seq, ledger.digest)]),
        );
    }

    heads
}

/// Checks that the books of all rooms are sound.
pub(super) async fn verify(api: &Api) {
    assert!(!heads(api, &Heads::new()).await.is_empty());
}
