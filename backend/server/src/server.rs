//! A running server: its parts put together, and taken down in order.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::serve::ListenerExt;
use parlor_store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::clock::Clock;
use crate::config::{Settings, Synchronous};
use crate::graphql;
use crate::http;
use crate::hub::{HEADS_CHECK, Hub};
use crate::identity::Identity;
use crate::ids::{Ids, Randomness};
use crate::presence::{Presence, PresenceSettings};
use crate::service::Service;
use crate::socket::{SocketSettings, Sockets};
use crate::writer::{Publish, Writer};

/// How long each step of a drain may take. Three of them stay within the half minute that process
/// managers commonly give before they kill.
const DRAIN_STEP_MAX: Duration = Duration::from_secs(9);

/// A server that listens.
pub struct Server {
    pub service: Service,
    pub address: SocketAddr,
    http: JoinHandle<std::io::Result<()>>,
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

        let hub = Hub::start(store.clone(), HEADS_CHECK);
        let writer =
            Writer::start(&store, Arc::clone(&hub) as Arc<dyn Publish>, &clock, &ids).await;
        let presence = Presence::start(&store, &writer, &clock, &ids, PresenceSettings::default())
            .await
            .context("cannot take a lease for this node")?;
        let app = Arc::new(App {
            public_url: settings
                .public_url
                .clone()
                .unwrap_or_else(|| own_url(address)),
            identity: Identity::new(&settings.jwt_secret, store.clone(), clock.clone()),
            settings,
            clock,
            ids,
            store,
            hub,
            writer,
            presence,
            draining: watch::Sender::new(false),
        });
        let schema = graphql::schema(Arc::clone(&app));
        let sockets = Sockets::new(&app, schema.clone(), socket_settings(&app.settings));
        let service = Service {
            app,
            schema,
            sockets,
        };

        let http = tokio::spawn(serve(listener, service.clone()));
        Ok(Self {
            service,
            address,
            http,
        })
    }

    /// Takes no more connections, sends sockets away so that they come back elsewhere, finishes
    /// what was begun, and closes the database.
    pub async fn stop(self) {
        let app = &self.service.app;
        app.draining.send_replace(true);
        within("sockets", self.service.sockets.drain()).await;
        app.presence.leave().await;
        within("requests", self.http).await;
        within("commands", app.writer.stop()).await;
        app.store.close().await;
    }
}

async fn open_store(settings: &Settings, ids: &Ids) -> Result<Store> {
    let mut store_settings = parlor_store::Settings::new(&settings.database);
    store_settings.sqlite_synchronous = match settings.sqlite_synchronous {
        Synchronous::Full => parlor_store::Synchronous::Full,
        Synchronous::Normal => parlor_store::Synchronous::Normal,
    };
    let store = Store::connect(&store_settings).await?;
    store
        .migrate()
        .await
        .context("cannot bring the database up to date")?;
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
        ..SocketSettings::default()
    }
}

async fn serve(listener: TcpListener, service: Service) -> std::io::Result<()> {
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection's small packets may be held back");
        }
    });
    let app = Arc::clone(&service.app);
    let draining = async move { app.drained().await };

    axum::serve(listener, http::router(service))
        .with_graceful_shutdown(draining)
        .await
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

async fn within<T>(what: &str, step: impl Future<Output = T>) {
    if tokio::time::timeout(DRAIN_STEP_MAX, step).await.is_err() {
        tracing::warn!("{what} took too long to finish");
    }
}
