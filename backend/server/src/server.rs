//! A running server: its parts put together, and taken down in order.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use parlor_api::{App, Documents, Leases, Webhooks};
use parlor_identity::Identity;
use parlor_identity::origins::Origins;
use parlor_live::hub::{HEADS_CHECK, Hub};
use parlor_live::presence::{Presence, PresenceSettings};
use parlor_live::watching::Watching;
use parlor_node::clock::Clock;
use parlor_node::health::DatabaseWatch;
use parlor_node::ids::{Ids, Randomness};
use parlor_socket::{SocketSettings, Sockets};
use parlor_store::{Store, StoreError};
use parlor_writer::{Guards, Publish, Setup, Writer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

use crate::config::{Settings, Synchronous};
use crate::http;
use crate::service::Service;

/// How long each of the three large steps of a drain may take. With the two small ones they stay within
/// the half minute that process managers commonly give before they kill.
const DRAIN_STEP_MAX: Duration = Duration::from_secs(8);
/// How long a drain may take over a last word to the database, which may be away.
const FAREWELL_MAX: Duration = Duration::from_secs(2);

/// A server that listens.
pub struct Server {
    pub service: Service,
    pub address: SocketAddr,
    http: JoinHandle<()>,
    watch: AbortHandle,
}

impl Server {
    /// Opens the database, brings it up to date and starts to listen. Once this returns, requests
    /// are answered.
    pub async fn start(settings: Settings, clock: Clock, randomness: Randomness) -> Result<Self> {
        // First, so that a second server on the port leaves the database alone.
        let listener = TcpListener::bind(&settings.listen)
            .await
            .with_context(|| format!("cannot listen on {}", settings.listen))?;
        let address = listener
            .local_addr()
            .context("cannot tell the address listened on")?;
        let ids = Ids::new(clock.clone(), randomness);
        let store = open_store(&settings, &ids).await?;

        let guards = Guards::default();
        let watch = DatabaseWatch {
            store: store.apart(),
            clock: clock.clone(),
            trust: guards.trust.clone(),
            health: guards.health.clone(),
            breaker: guards.breaker.clone(),
        };
        watch.look(&mut 0).await;
        let health = guards.health.clone();
        let hub = Hub::start(store.clone(), HEADS_CHECK, &health);
        let writer = Writer::start(Setup {
            store: store.clone(),
            publisher: Arc::clone(&hub) as Arc<dyn Publish>,
            clock: clock.clone(),
            ids: ids.clone(),
            batch_max: settings.writer_batch.try_into()?,
            guards,
        })
        .await;
        let waits = PresenceSettings::default();
        let presence = Presence::start(&store, &writer, &clock, &ids, waits, &health)
            .await
            .context("cannot take a lease for this node")?;
        let watching = Watching::start(&store, &writer, &clock, &health);
        let key = store.secret(Leases::SECRET, ids.randomness().bytes()).await;
        let leases = Leases::new(key.context("cannot read what leases are signed with")?);
        let public_url = settings.public_url.clone();
        let public_url = public_url.unwrap_or_else(|| own_url(address));
        if settings.public_url.is_none() && !address.ip().is_loopback() {
            tracing::warn!(
                "links that are handed out begin with {public_url}; if people reach this server by another \
                 address, say so with --public-url"
            );
        }
        let identity = Identity::new(&settings.jwt_secret, store.clone(), clock.clone());
        let allowed = settings.allowed_origins.clone();
        let app = Arc::new(App {
            origins: Origins::new(
                public_url.clone(),
                allowed,
                Arc::clone(identity.directory()),
            ),
            public_url,
            identity,
            clock,
            ids,
            store,
            documents: Documents::default(),
            hub,
            writer,
            health: health.clone(),
            presence,
            watching,
            leases,
            webhooks: Webhooks::default(),
            draining: watch::Sender::new(false),
        });
        let schema = parlor_api::schema(Arc::clone(&app));
        let sockets = Sockets::new(&app, schema.clone(), socket_settings(&settings));
        let service = Service {
            app,
            schema,
            sockets,
            request_timeout: Duration::from_millis(settings.request_timeout_ms),
            widget_origins: settings.widget_origins.clone().into(),
        };

        let watch = health.spawn("the watch of the database", move |pulse| {
            watch.clone().run(pulse)
        });
        let http = tokio::spawn(serve(listener, service.clone()));
        Ok(Self {
            service,
            address,
            http,
            watch,
        })
    }

    /// Takes no more connections, sends sockets away so that they come back elsewhere, finishes
    /// what was begun, and closes the database.
    pub async fn stop(self) {
        let app = &self.service.app;
        app.draining.send_replace(true);
        within("sockets", DRAIN_STEP_MAX, self.service.sockets.drain()).await;
        within("the node's lease", FAREWELL_MAX, app.presence.leave()).await;
        let unanswered = self.http.abort_handle();
        within("requests", DRAIN_STEP_MAX, self.http).await;
        // With what it still answers, so that nothing is left behind.
        unanswered.abort();
        within("reports", DRAIN_STEP_MAX, app.watching.finish()).await;
        within("commands", DRAIN_STEP_MAX, app.writer.stop()).await;
        self.watch.abort();
        within("the database", FAREWELL_MAX, app.store.close()).await;
    }
}

async fn open_store(settings: &Settings, ids: &Ids) -> Result<Store> {
    let mut store_settings = parlor_store::Settings::new(&settings.database);
    store_settings.sqlite_synchronous = match settings.sqlite_synchronous {
        Synchronous::Full => parlor_store::Synchronous::Full,
        Synchronous::Normal => parlor_store::Synchronous::Normal,
    };
    store_settings.log_keep = settings.log_keep;
    store_settings.pool_size = settings.database_connections;
    store_settings.lanes = settings.writer_lanes;
    let store = Store::connect(&store_settings).await?;
    store
        .migrate()
        .await
        .context("cannot bring the database up to date")?;
    if let Err(error @ StoreError::Unwritable(_)) = store.check_writable().await {
        return Err(error).context("cannot serve the database");
    }
    if store.positions_may_repeat() {
        store
            .renew_epochs(&mut ids.clone())
            .await
            .context("cannot renew the rooms' epochs")?;
    }

    Ok(store)
}

fn socket_settings(settings: &Settings) -> SocketSettings {
    SocketSettings {
        init_timeout: Duration::from_millis(settings.init_timeout_ms),
        request_timeout: Duration::from_millis(settings.request_timeout_ms),
        ..SocketSettings::default()
    }
}

async fn serve(listener: TcpListener, service: Service) {
    let app = Arc::clone(&service.app);
    http::serve(listener, http::router(service), app.drained()).await;
}

/// The address to tell people when none is set. A server that listens everywhere is told of by the
/// address that works on this machine.
fn own_url(address: SocketAddr) -> String {
    let host = if address.ip().is_unspecified() {
        Ipv4Addr::LOCALHOST.into()
    } else {
        address.ip()
    };

    format!("http://{}", SocketAddr::new(host, address.port()))
}

async fn within<T>(what: &str, span_max: Duration, step: impl Future<Output = T>) {
    if tokio::time::timeout(span_max, step).await.is_err() {
        tracing::warn!("{what} took too long to finish");
    }
}
