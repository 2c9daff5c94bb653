//! A server under test, and what tests say to it.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use parlor_api::global_id::parse_room_id;
use parlor_domain::event::LogHead;
use parlor_domain::id::{IdSource, TenantId};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_domain::time::ServerTime;
use parlor_identity::Claims;
use parlor_node::clock::{Clock, TestClock};
use parlor_node::ids::{Ids, Randomness};
use parlor_server::config::{REQUEST_TIMEOUT_MS, ServeArgs, Settings};
use parlor_server::server::Server;
use serde_json::{Value, json};

pub(crate) const SECRET: &str = "a secret that is long enough for tests";
/// When every test begins, in milliseconds.
pub(crate) const START_MS: i64 = 1_767_323_045_000;

/// A running server with one tenant, who has staff.
pub(crate) struct Api {
    pub(crate) server: Server,
    pub(crate) clock: TestClock,
    pub(crate) tenant: TenantId,
    pub(crate) staff: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Api {
    pub(crate) async fn start(database: &str) -> Self {
        Self::start_within(database, REQUEST_TIMEOUT_MS).await
    }

    /// A server that gives each request that long.
    pub(crate) async fn start_within(database: &str, request_timeout_ms: u64) -> Self {
        let clock = TestClock::new(ServerTime::from_unix_millis(START_MS));
        let server = start_server(database, &clock, request_timeout_ms).await;
        let tenant = add_tenant(&server).await;

        Self {
            staff: token(tenant, "staff"),
            server,
            clock,
            tenant,
        }
    }

    /// Stops the server, and starts another one `later_ms` later on the same database.
    pub(crate) async fn restart(self, database: &str, later_ms: i64) -> Self {
        self.server.stop().await;
        self.clock.advance_millis(later_ms);

        Self {
            server: start_server(database, &self.clock, REQUEST_TIMEOUT_MS).await,
            ..self
        }
    }

    /// Another tenant's staff token.
    pub(crate) async fn other_staff(&self) -> String {
        token(add_tenant(&self.server).await, "staff")
    }

    /// Executes `document` as `token`, which is empty for an anonymous caller.
    pub(crate) async fn execute(&self, token: &str, document: &str, variables: Value) -> Value {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let answer = self.post(token, &[], body).await;

        serde_json::from_str(&answer.body).unwrap()
    }

    /// Has a mutation done by the tenant's staff, and returns the member of its result.
    pub(crate) async fn mutate(&self, mutation: &str, input: Value) -> Value {
        self.mutate_as(&self.staff, mutation, input).await
    }

    pub(crate) async fn mutate_as(&self, token: &str, mutation: &str, input: Value) -> Value {
        let (document, variables) = mutation_document(mutation, input);
        let answer = self.execute(token, &document, variables).await;
        assert_eq!(answer["errors"], Value::Null, "{answer}");

        answer["data"][mutation].clone()
    }

    /// An open room, by its global id.
    pub(crate) async fn room(&self, slug: &str) -> String {
        self.room_with(json!({ "slug": slug, "title": slug, "state": "OPEN" }))
            .await
    }

    pub(crate) async fn room_with(&self, input: Value) -> String {
        let room = self.mutate("createRoom", input).await;
        room["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{room}"))
            .to_owned()
    }

    /// A room whose stream runs.
    pub(crate) async fn live_room_with(&self, input: Value) -> String {
        let room = self.room_with(input).await;
        let session = self.mutate("startSession", json!({ "roomId": room })).await;
        assert_eq!(session["__typename"], "Session", "{session}");

        room
    }

    /// Where the room's log ends.
    pub(crate) async fn head(&self, room: &str) -> LogHead {
        let room = parse_room_id(room).unwrap();
        self.server
            .service
            .app
            .store
            .head(room)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn post(
        &self,
        token: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let authorization = format!("Bearer {token}");
        let mut all = vec![("content-type", "application/json")];
        if !token.is_empty() {
            all.push(("authorization", &authorization));
        }
        // What a test gives takes the place of what is usual.
        all.retain(|(name, _)| !headers.iter().any(|(given, _)| given == name));
        all.extend(headers);

        self.request(Method::POST, "/graphql", &all, body).await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request(Method::GET, path, headers, Bytes::new()).await
    }

    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let uri = format!("http://{}{path}", self.server.address);
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let response = client.request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();

        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        let code = &body["errors"][0]["extensions"]["code"];
        code.as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
    }
}

/// What a token says unless a test says otherwise.
pub(crate) fn claims(tenant: TenantId, role: &str) -> Claims {
    Claims {
        tenant_id: Some(tenant.0),
        role: Some(role.to_owned()),
        sub: Some("somebody".to_owned()),
        exp: Some(START_MS / 1_000 + 3_600),
        ..Claims::default()
    }
}

pub(crate) fn token(tenant: TenantId, role: &str) -> String {
    parlor_identity::sign_with(SECRET, &claims(tenant, role))
}

/// A mutation with everything of its result that tests look at.
pub(crate) fn mutation_document(mutation: &str, input: Value) -> (String, Value) {
    let (declared, arguments, object) = match mutation {
        "createRoom" => ("$input: CreateRoomInput!", "input: $input", ROOM),
        "updateRoom" => (
            "$id: ID!, $input: UpdateRoomInput!",
            "id: $id, input: $input",
            ROOM,
        ),
        "deleteRoom" => (
            "$input: DeleteRoomInput!",
            "input: $input",
            "... on DeletedRoom { id slug }",
        ),
        "startSession" => ("$input: StartSessionInput!", "input: $input", SESSION),
        "endSession" => ("$input: EndSessionInput!", "input: $input", SESSION),
        "interruptSession" => ("$input: InterruptSessionInput!", "input: $input", SESSION),
        "resumeSession" => ("$input: ResumeSessionInput!", "input: $input", SESSION),
        "recordContribution" => (
            "$input: RecordContributionInput!",
            "input: $input",
            CONTRIBUTION,
        ),
        "createOverlayToken" => (
            "$input: CreateOverlayTokenInput!",
            "input: $input",
            CREATED_OVERLAY_TOKEN,
        ),
        "revokeOverlayToken" => (
            "$id: ID!",
            "id: $id",
            "... on OverlayToken { id revokedAt }",
        ),
        other => match (find(&PEOPLE, other), find(&ECONOMY, other)) {
            (Some((_, input)), _) => (*input, "input: $input", PARTICIPANT),
            (_, Some((_, (input, object)))) => (*input, "input: $input", *object),
            (None, None) => panic!("there is no mutation {other}"),
        },
    };
    // A union that never has a member cannot be asked for it.
    let refusals = match mutation {
        "createRoom" => INVALID.to_owned(),
        "deleteRoom" | "endSession" | "interruptSession" | "resumeSession"
        | "revokeOverlayToken" | "deleteReward" | "fulfillRedemption" | "cancelRedemption" => {
            NOT_FOUND.to_owned()
        }
        _ => format!("{INVALID} {NOT_FOUND}"),
    };
    let document = format!(
        "mutation ({declared}) {{ {mutation}({arguments}) {{
            __typename {object} ... on Error {{ message code }} {refusals}
        }} }}"
    );
    // The id is an argument of its own, beside the input.
    let mut input = input;
    let variables = match mutation {
        "updateRoom" | "revokeOverlayToken" => {
            let id = input.as_object_mut().unwrap().remove("id");
            json!({ "id": id, "input": input })
        }
        _ => json!({ "input": input }),
    };

    (document, variables)
}

fn find<'a, T>(table: &'a [(&str, T)], name: &str) -> Option<&'a (&'a str, T)> {
    table.iter().find(|(of, _)| *of == name)
}

/// Mutations of people, each with its input.
const PEOPLE: [(&str, &str); 18] = [
    ("joinRoom", "$input: JoinRoomInput!"),
    ("leaveRoom", "$input: LeaveRoomInput!"),
    ("renameParticipant", "$input: RenameParticipantInput!"),
    ("removeParticipant", "$input: RemoveParticipantInput!"),
    ("readmitParticipant", "$input: ParticipantInput!"),
    ("assignRole", "$input: AssignRoleInput!"),
    ("grantCapability", "$input: CapabilityTermsInput!"),
    ("denyCapability", "$input: CapabilityTermsInput!"),
    ("clearCapabilityGrant", "$input: ClearCapabilityInput!"),
    ("clearCapabilityDenial", "$input: ClearCapabilityInput!"),
    ("requestStage", "$input: ParticipantInput!"),
    ("withdrawStageRequest", "$input: ParticipantInput!"),
    ("inviteToStage", "$input: ParticipantInput!"),
    ("declineStage", "$input: ParticipantInput!"),
    ("joinStage", "$input: ParticipantInput!"),
    ("leaveStage", "$input: ParticipantInput!"),
    ("moveToAudience", "$input: ParticipantInput!"),
    ("handOverHost", "$input: HandOverHostInput!"),
];

/// Mutations of points, of what earns them and of what they buy, each with its input and what is asked of the result.
const ECONOMY: [(&str, (&str, &str)); 20] = [
    ("openDispute", ("$input: OpenDisputeInput!", DISPUTE)),
    ("holdDispute", ("$input: HoldDisputeInput!", DISPUTE)),
    ("resolveDispute", ("$input: ResolveDisputeInput!", DISPUTE)),
    (
        "withdrawDispute",
        ("$input: WithdrawDisputeInput!", DISPUTE),
    ),
    ("grantPoints", ("$input: PointsInput!", TRANSFER)),
    ("chargePoints", ("$input: PointsInput!", TRANSFER)),
    ("clawBackPoints", ("$input: PointsInput!", CLAWBACK)),
    (
        "creditWatching",
        ("$input: CreditWatchingInput!", WATCH_CREDIT),
    ),
    (
        "reportWatching",
        ("$input: ReportWatchingInput!", WATCH_REPORT),
    ),
    (
        "updateEarningProgramme",
        ("$input: UpdateEarningProgrammeInput!", EARNING_PROGRAMME),
    ),
    ("createReward", ("$input: CreateRewardInput!", REWARD)),
    ("updateReward", ("$input: UpdateRewardInput!", REWARD)),
    ("deleteReward", ("$input: DeleteRewardInput!", REWARD)),
    ("redeemReward", ("$input: RedeemRewardInput!", REDEMPTION)),
    (
        "refundRedemption",
        ("$input: RefundRedemptionInput!", REDEMPTION),
    ),
    (
        "setRedemptionMetadata",
        ("$input: SetRedemptionMetadataInput!", REDEMPTION),
    ),
    (
        "fulfillRedemptions",
        ("$input: SettleRedemptionsInput!", FULFILLED_REDEMPTIONS),
    ),
    (
        "cancelRedemptions",
        ("$input: SettleRedemptionsInput!", CANCELED_REDEMPTIONS),
    ),
    (
        "fulfillRedemption",
        ("$input: SettleRedemptionInput!", REDEMPTION),
    ),
    (
        "cancelRedemption",
        ("$input: SettleRedemptionInput!", REDEMPTION),
    ),
];

const INVALID: &str = "... on ValidationError { field constraint }";
const NOT_FOUND: &str = "... on NotFoundError { resourceType resourceId }";
const ROOM: &str = "... on Room {
    id slug title streamId state version delayMs ingestOffsetMs anonymousRead createdAt updatedAt
    hypeTrainProgram { version kickoffEvents levels { goal reward } }
    session { id }
}";
const PARTICIPANT: &str = "... on Participant {
    id name role membership stageRole requestedSeq isListed version joinedAt leftAt
    private { viewerId capabilities grants { capability expiresAt reason } denials { capability } }
}";
const SESSION: &str = "... on Session { id startedAt interruptedAt endedAt delayMs }";
const CONTRIBUTION: &str = "... on Contribution {
    id provider contributionRef kind amount currency tier quantity viewerId viewerName status hype
    occurredAt recordedAt message amendments { field kind }
}";
const CLAWBACK: &str = "... on PointsClawback { points taken owed transfers {
    seq kind points balanceAfter debtPoints reason actorId } }";
const TRANSFER: &str =
    "... on PointsTransfer { id seq at kind points balanceAfter reason actorId }";
const DISPUTE: &str = "... on Dispute {
    id roomId participantId redemptionId transferSeq reason isByStaff openedBy openedAt status held
    closedAt closedBy resolution returned clawedBack
}";
const WATCH_CREDIT: &str =
    "... on WatchCredit { minute countedCount points viewers { viewerId outcome points } }";
const WATCH_REPORT: &str =
    "... on WatchReport { minutes { minute playedSeconds outcome points } lease }";
const EARNING_PROGRAMME: &str = "... on EarningProgramme {
    version isEnabled points slots firstWatchBonus stampCard { points stamps sessions slots }
}";
const REWARD: &str = "... on Reward {
    id version title prompt cost color isEnabled isPaused autoFulfills redeemableOffline lastRedeemedAt
    isAnnounced showsInput draw { windowMs winners } expiresAfterMs refundRestores { places cooldown }
    input { kind pattern min max choices } limits { cooldownMs viewerCooldownMs perSession perViewerAndSession }
}";
const REDEMPTION: &str = "... on Redemption {
    id rewardId participantId title cost input status redeemedAt settledAt settledBy
    refunded expiresAt metadata
}";
const FULFILLED_REDEMPTIONS: &str = "... on FulfilledRedemptions { results {
    ... on Redemption { id status } ... on Error { code }
} }";
const CANCELED_REDEMPTIONS: &str = "... on CanceledRedemptions { results {
    ... on Redemption { id status } ... on Error { code }
} }";
const CREATED_OVERLAY_TOKEN: &str = "... on CreatedOverlayToken {
    secret browserSourceUrl overlayToken { id label createdAt revokedAt }
}";

async fn start_server(database: &str, clock: &TestClock, request_timeout_ms: u64) -> Server {
    let settings = ServeArgs {
        listen: Some("127.0.0.1:0".to_owned()),
        database: Some(database.to_owned()),
        jwt_secret: Some(SECRET.to_owned()),
        public_url: Some("https://parlor.example".to_owned()),
        allowed_origin: vec!["https://a.example".to_owned()],
        ..ServeArgs::default()
    };
    let settings = Settings {
        // Less than may be set, for tests that wait it out.
        request_timeout_ms,
        ..settings.into_settings().unwrap()
    };
    // Another seed for each server: two that shared one would give out the same ids.
    let seed =
        u64::try_from(Clock::Test(clock.clone()).now().unix_millis() - START_MS).unwrap() + 1;

    Server::start(
        settings,
        Clock::Test(clock.clone()),
        Randomness::seeded(seed),
    )
    .await
    .unwrap()
}

async fn add_tenant(server: &Server) -> TenantId {
    let app = &server.service.app;
    let mut ids: Ids = app.ids.clone();
    let draft = TenantDraft::named("A tenant");
    let tenant = Tenant::create(draft, TenantId(ids.next_id()), app.clock.now()).unwrap();
    assert!(app.store.create_tenant(&tenant).await.unwrap());

    tenant.id
}
