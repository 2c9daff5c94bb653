//! A server to test against: real but for its clock and its randomness.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::{Request, Variables};
use parlor_api::{App, Documents, Leases, Webhooks, global_id};
use parlor_domain::access::Principal;
use parlor_domain::event::Event;
use parlor_domain::id::{IdSource, RoomId, TenantId};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_domain::time::ServerTime;
use parlor_identity::origins::Origins;
use parlor_identity::{Caller, Claims, Identity};
use parlor_live::hub::Hub;
use parlor_live::presence::{Presence, PresenceSettings};
use parlor_live::watching::Watching;
use parlor_node::clock::{Clock, TestClock};
use parlor_node::health::Health;
use parlor_node::ids::{Ids, Randomness};
use parlor_server::config::{ServeArgs, Settings};
use parlor_server::http;
use parlor_server::service::Service;
use parlor_socket::{SocketSettings, Sockets};
use parlor_store::{Committed, LogKeep, LogPosition, Store};
use parlor_writer::{Guards, Publish, Setup, Writer};
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio::sync::watch;

const SECRET: &str = "a secret that is long enough for tests";
/// When every test begins, in milliseconds.
pub(crate) const START_MS: i64 = 1_767_323_045_000;

pub(crate) struct TestServer {
    pub(crate) service: Service,
    pub(crate) address: SocketAddr,
    pub(crate) clock: TestClock,
    pub(crate) publications: Arc<LossyPublisher>,
    pub(crate) tenant: TenantId,
    pub(crate) ids: Ids,
    _files: Files,
}

pub(crate) struct Options {
    /// A file of its own unless given.
    pub(crate) database: Option<String>,
    pub(crate) sockets: SocketSettings,
    pub(crate) presence: PresenceSettings,
    /// What ids are drawn from; two servers on one database need two.
    pub(crate) seed: u64,
    pub(crate) heads_check: Duration,
    /// Whose pages may connect unless their tenant says otherwise.
    pub(crate) allowed_origin: Vec<String>,
    /// What the kernel holds back for each socket, in bytes, where a test fills it.
    pub(crate) send_buffer_bytes: Option<u32>,
    pub(crate) log_keep: LogKeep,
}

/// Publishes to the hub, unless told to lose what it is given.
pub(crate) struct LossyPublisher {
    hub: Arc<Hub>,
    pub(crate) loses: AtomicBool,
    lost: Mutex<Vec<Committed>>,
}

struct Files(PathBuf);

impl Default for Options {
    fn default() -> Self {
        Self {
            database: None,
            sockets: SocketSettings::default(),
            presence: at_once(),
            seed: 1,
            heads_check: Duration::from_hours(1),
            allowed_origin: Vec::new(),
            send_buffer_bytes: None,
            log_keep: LogKeep::default(),
        }
    }
}

/// Presence without waiting, and without nodes that live and die by themselves.
pub(crate) fn at_once() -> PresenceSettings {
    PresenceSettings {
        flush_ms: 0,
        beat_every: Duration::from_hours(1),
        check_every: Duration::from_hours(1),
        ..PresenceSettings::default()
    }
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub(crate) async fn start_on(database: String) -> Self {
        let database = Some(database);
        Self::start_with(Options {
            database,
            ..Options::default()
        })
        .await
    }

    pub(crate) async fn start_with(options: Options) -> Self {
        let clock = TestClock::new(ServerTime::from_unix_millis(START_MS));
        let files = Files::make(&clock);
        let own_file = format!("sqlite://{}", files.0.join("parlor.db").display());
        let url = options.database.unwrap_or(own_file);
        let settings = settings(&url, options.allowed_origin);
        let kept = parlor_store::Settings {
            log_keep: options.log_keep,
            ..parlor_store::Settings::new(&url)
        };
        let store = Store::connect(&kept).await.unwrap();
        store.migrate().await.unwrap();

        let health = Health::default();
        let hub = Hub::start(store.clone(), options.heads_check, &health);
        let loses = AtomicBool::new(false);
        let publications = Arc::new(LossyPublisher {
            hub: Arc::clone(&hub),
            loses,
            lost: Mutex::default(),
        });
        let mut ids = Ids::new(Clock::Test(clock.clone()), Randomness::seeded(options.seed));
        let publisher = Arc::clone(&publications) as Arc<dyn Publish>;
        let own_clock = Clock::Test(clock.clone());
        let writer = Writer::start(Setup {
            store: store.clone(),
            publisher,
            clock: own_clock.clone(),
            ids: ids.clone(),
            batch_max: 256,
            guards: Guards {
                health: health.clone(),
                ..Guards::default()
            },
        })
        .await;
        let tenant = new_tenant(&store, &mut ids).await;
        // Ids of its own, so that what tests record does not depend on how often nodes are named.
        let node_ids = Ids::new(own_clock.clone(), Randomness::seeded(options.seed + 1));
        let presence = Presence::start(
            &store,
            &writer,
            &own_clock,
            &node_ids,
            options.presence,
            &health,
        );
        let presence = presence.await.unwrap();
        let public_url = "http://localhost".to_owned();
        let identity = Identity::new(SECRET, store.clone(), own_clock.clone());
        let directory = Arc::clone(identity.directory());
        let watching = Watching::start(&store, &writer, &own_clock, &health);
        let app = Arc::new(App {
            origins: Origins::new(public_url.clone(), settings.allowed_origins, directory),
            public_url,
            identity,
            clock: own_clock,
            ids: ids.clone(),
            store,
            documents: Documents::default(),
            hub,
            writer,
            health,
            presence,
            watching,
            leases: Leases::new(vec![7; 32]),
            webhooks: Webhooks::default(),
            draining: watch::Sender::new(false),
        });
        let schema = parlor_api::schema(Arc::clone(&app));
        let sockets = Sockets::new(&app, schema.clone(), options.sockets);
        let service = Service {
            app,
            schema,
            sockets,
            request_timeout: Duration::from_millis(settings.request_timeout_ms),
            widget_origins: Arc::default(),
        };
        let address = listen(&service, options.send_buffer_bytes);

        Self {
            service,
            address,
            clock,
            publications,
            tenant,
            ids,
            _files: files,
        }
    }

    /// The room of most tests: live, for everyone to read, with two events in its log.
    /// Two nodes on one database, each of which hears of what the other wrote at once.
    pub(crate) async fn pair(database: String, sockets: SocketSettings) -> (Self, Self) {
        let options = |seed| Options {
            database: Some(database.clone()),
            heads_check: Duration::from_millis(10),
            sockets: sockets.clone(),
            seed,
            ..Options::default()
        };
        let one = Self::start_with(options(1)).await;
        let mut other = Self::start_with(options(11)).await;
        other.tenant = one.tenant;

        (one, other)
    }

    pub(crate) async fn live_room(&self, slug: &str) -> RoomId {
        let room = self.room(self.tenant, slug, true).await;
        self.start_session(room, 0).await;

        room
    }

    pub(crate) async fn start_session(&self, room: RoomId, delay_ms: i64) {
        let document = "mutation ($input: StartSessionInput!) {
            startSession(input: $input) { __typename }
        }";
        let input = json!({ "roomId": global_id::room_id(room), "delayMs": delay_ms });
        let started = self
            .execute(self.tenant, document, json!({ "input": input }))
            .await;
        assert_eq!(started["startSession"]["__typename"], "Session");
    }

    pub(crate) async fn end_session(&self, room: RoomId) {
        let document = "mutation ($input: EndSessionInput!) {
            endSession(input: $input) { __typename }
        }";
        let input = json!({ "roomId": global_id::room_id(room) });
        let ended = self
            .execute(self.tenant, document, json!({ "input": input }))
            .await;
        assert_eq!(ended["endSession"]["__typename"], "Session");
    }

    pub(crate) async fn room(&self, tenant: TenantId, slug: &str, anonymous_read: bool) -> RoomId {
        let input = json!({
            "slug": slug, "title": slug, "state": "OPEN", "anonymousRead": anonymous_read,
            "ingestOffsetMs": 5_000,
        });
        let room = self
            .execute(
                tenant,
                "mutation ($input: CreateRoomInput!) {
                     createRoom(input: $input) { ... on Room { id } ... on Error { message } }
                 }",
                json!({ "input": input }),
            )
            .await;
        let id = room["createRoom"]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{room}"));

        global_id::parse_room_id(id).unwrap()
    }

    pub(crate) async fn update_room(&self, room: RoomId, version: i32, change: Value) {
        let mut input = change;
        input["version"] = version.into();
        let document = "mutation ($id: ID!, $input: UpdateRoomInput!) {
            updateRoom(id: $id, input: $input) { ... on Room { version } ... on Error { message } }
        }";
        let variables = json!({ "id": global_id::room_id(room), "input": input });
        let updated = self.execute(self.tenant, document, variables).await;
        assert!(updated["updateRoom"]["version"].is_number(), "{updated}");
    }

    /// Records a donation; each key counts once.
    pub(crate) async fn donate(&self, room: RoomId, key: &str) {
        let input = json!({
            "roomId": global_id::room_id(room), "idempotencyKey": key, "kind": "DONATION",
            "amount": "500", "currency": "EUR", "viewerId": key, "viewerName": key,
        });
        let document = "mutation ($input: RecordContributionInput!) {
            recordContribution(input: $input) {
                ... on Contribution { id } ... on Error { message }
            }
        }";
        let donated = self
            .execute(self.tenant, document, json!({ "input": input }))
            .await;
        assert!(donated["recordContribution"]["id"].is_string(), "{donated}");
    }

    pub(crate) fn viewer(&self, name: &str) -> Principal {
        Principal::Viewer {
            tenant_id: self.tenant,
            user_id: name.to_owned(),
            is_machine: false,
        }
    }

    /// Makes an overlay token; returns its id and its secret.
    pub(crate) async fn overlay_token(&self, room: RoomId) -> (String, String) {
        let document = "mutation ($input: CreateOverlayTokenInput!) {
            createOverlayToken(input: $input) {
                ... on CreatedOverlayToken { overlayToken { id } secret }
            }
        }";
        let input = json!({ "roomId": global_id::room_id(room), "label": "a test" });
        let made = self
            .execute(self.tenant, document, json!({ "input": input }))
            .await;
        let made = &made["createOverlayToken"];

        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&made["overlayToken"]["id"]), text(&made["secret"]))
    }

    /// Executes `document` as staff of `tenant`, without the network.
    pub(crate) async fn execute(
        &self,
        tenant: TenantId,
        document: &str,
        variables: Value,
    ) -> Value {
        let staff = Principal::Staff {
            tenant_id: tenant,
            user_id: "staff".to_owned(),
            is_machine: false,
        };
        self.execute_as(staff, document, variables).await
    }

    /// Executes `document` as `principal`, without the network.
    pub(crate) async fn execute_as(
        &self,
        principal: Principal,
        document: &str,
        variables: Value,
    ) -> Value {
        let request = Request::new(document)
            .variables(Variables::from_json(variables))
            .data(Caller::new(principal));
        let response = self.service.schema.execute(request).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);

        response.data.into_json().unwrap()
    }

    /// A token of `tenant` that holds for `life_ms` from the start of the test.
    pub(crate) fn token(&self, tenant: TenantId, role: &str, life_ms: i64) -> String {
        self.service.app.identity.sign(&Claims {
            tenant_id: Some(tenant.0),
            role: Some(role.to_owned()),
            sub: Some("somebody".to_owned()),
            exp: Some((START_MS + life_ms) / 1_000),
            ..Claims::default()
        })
    }

    /// A token of a person of the tenant's audience.
    pub(crate) fn viewer_token(&self, name: &str) -> String {
        self.service.app.identity.sign(&Claims {
            tenant_id: Some(self.tenant.0),
            sub: Some(name.to_owned()),
            exp: Some((START_MS + 600_000_000) / 1_000),
            ..Claims::default()
        })
    }

    /// Has somebody join a room.
    pub(crate) async fn join(&self, room: RoomId, name: &str) -> Value {
        let document = "mutation ($input: JoinRoomInput!) {
            joinRoom(input: $input) {
                ... on Participant { id isOnline version } ... on Error { message }
            }
        }";
        let input = json!({
            "roomId": global_id::room_id(room), "name": name, "viewerId": name,
        });
        let joined = self.execute(self.tenant, document, json!({ "input": input }));
        let participant = joined.await["joinRoom"].take();
        assert!(participant["id"].is_string(), "{participant}");

        participant
    }

    /// The epoch of the room's log.
    pub(crate) async fn epoch(&self, room: RoomId) -> String {
        let head = self.service.app.store.head(room).await.unwrap().unwrap();
        global_id::epoch(head.epoch).to_string()
    }

    /// Everything in the room's log.
    pub(crate) async fn log(&self, room: RoomId) -> Vec<Event> {
        let store = &self.service.app.store;
        let head = store.head(room).await.unwrap().unwrap();

        let beginning = LogPosition {
            epoch: head.epoch,
            seq: 0,
        };
        let read = store.events_after(room, beginning, i64::MAX).await;
        read.unwrap().events().unwrap()
    }

    pub(crate) async fn new_tenant(&self) -> TenantId {
        new_tenant(&self.service.app.store, &mut self.ids.clone()).await
    }

    pub(crate) fn drain(&self) {
        self.service.app.draining.send_replace(true);
    }
}

impl Publish for LossyPublisher {
    fn publish(&self, committed: Committed) {
        if self.loses.load(Ordering::SeqCst) {
            self.lost.lock().unwrap().push(committed);
        } else {
            self.hub.publish(committed);
        }
    }
}

impl LossyPublisher {
    /// Publishes what was lost, late.
    pub(crate) fn find(&self) {
        for committed in self.lost.lock().unwrap().drain(..) {
            self.hub.publish(committed);
        }
    }
}

impl Files {
    fn make(clock: &TestClock) -> Self {
        let id = Ids::new(Clock::Test(clock.clone()), Randomness::System).next_id();
        let folder = std::env::temp_dir().join(format!("parlor-socket-test-{id}"));
        std::fs::create_dir(&folder).unwrap();

        Self(folder)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // A file that cannot be removed is in the system's temporary folder anyway.
        let _removed = std::fs::remove_dir_all(&self.0);
    }
}

fn settings(url: &str, allowed_origin: Vec<String>) -> Settings {
    ServeArgs {
        allowed_origin,
        database: Some(url.to_owned()),
        jwt_secret: Some(SECRET.to_owned()),
        ..ServeArgs::default()
    }
    .into_settings()
    .unwrap()
}

async fn new_tenant(store: &Store, ids: &mut Ids) -> TenantId {
    let id = TenantId::next(ids);
    let created_at = ServerTime::from_unix_millis(START_MS);
    let tenant = Tenant::create(TenantDraft::named("a tenant"), id, created_at).unwrap();
    assert!(store.create_tenant(&tenant).await.unwrap());

    id
}

fn listen(service: &Service, send_buffer_bytes: Option<u32>) -> SocketAddr {
    let socket = TcpSocket::new_v4().unwrap();
    if let Some(bytes) = send_buffer_bytes {
        socket.set_send_buffer_size(bytes).unwrap();
    }
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(64).unwrap();
    let address = listener.local_addr().unwrap();
    let router = http::router(service.clone());
    tokio::spawn(http::serve(listener, router, std::future::pending()));

    address
}
