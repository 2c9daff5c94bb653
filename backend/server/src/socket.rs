//! GraphQL over WebSocket (`graphql-transport-ws`), by a handler of our own.
//!
//! A socket is one task and one bounded queue. Its conversation is decided by a pure machine;
//! operations run beside it and write to the queue; subscriptions to a room that ask for the same
//! are served by one execution, whose result each socket wraps in its own id.

mod catch_up;
mod close;
mod connection;
mod execution;
mod frame;
mod group;
mod group_key;
mod groups;
mod message;
mod operation;
mod outbound;
mod protocol;
mod settings;
mod token_watch;

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::{Semaphore, watch};

use crate::app::App;
use crate::graphql::ParlorSchema;
use crate::service::Service;
use close::Close;
use groups::Groups;
pub use settings::SocketSettings;
use token_watch::TokenWatch;

/// The subprotocol that a client has to ask for.
pub const SUBPROTOCOL: &str = "graphql-transport-ws";
/// What a socket reads at once. The library would hold 128 KiB for each socket; the messages of
/// clients fit a few times.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// How much is gathered before it is written, when there is a backlog.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// The largest frame that can be written. The longest replay is 5,000 events of about 2 KiB.
const WRITE_BUFFER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Subscribers that read and execute where they start at once. After a restart everybody comes back
/// together; more at a time would not be served sooner, and each may hold 5,000 events.
const CATCH_UPS_MAX: usize = 64;

/// All sockets of this node, and what they share.
pub struct Sockets {
    app: Arc<App>,
    schema: ParlorSchema,
    settings: Arc<SocketSettings>,
    groups: Arc<Groups>,
    tokens: Arc<TokenWatch>,
    catch_ups: Semaphore,
    open: watch::Sender<usize>,
}

impl Sockets {
    /// To be called within a runtime.
    pub fn new(app: &Arc<App>, schema: ParlorSchema, settings: SocketSettings) -> Arc<Self> {
        Arc::new(Self {
            groups: Groups::new(schema.clone(), app.store.clone()),
            tokens: TokenWatch::start(app.identity.clone(), settings.token_check),
            app: Arc::clone(app),
            schema,
            settings: Arc::new(settings),
            catch_ups: Semaphore::new(CATCH_UPS_MAX),
            open: watch::Sender::new(0),
        })
    }

    /// How many sockets are open.
    pub fn open_count(&self) -> usize {
        *self.open.borrow()
    }

    /// Returns when no socket is open. Sockets close by themselves once the app drains.
    pub async fn drain(&self) {
        let mut open = self.open.subscribe();
        open.wait_for(|open| *open == 0)
            .await
            .expect("the sockets hold the sender");
    }
}

/// Counts a socket for as long as it is open.
struct OpenSocket(Arc<Sockets>);

impl OpenSocket {
    fn new(sockets: Arc<Sockets>) -> Self {
        sockets.open.send_modify(|open| *open += 1);
        metrics::gauge!("parlor_sockets_open").increment(1);
        Self(sockets)
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
        metrics::gauge!("parlor_sockets_open").decrement(1);
    }
}

/// Opens a socket.
pub async fn upgrade(
    State(service): State<Service>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let sockets = service.sockets;
    let origin = headers
        .get(header::ORIGIN)
        .map(|origin| origin.to_str().unwrap_or_default());
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if let Some(origin) = origin
        && !sockets.settings.allows_origin(origin, host)
    {
        let message = format!("pages of {origin:?} may not connect\n");
        return (StatusCode::FORBIDDEN, message).into_response();
    }

    let bytes_max = sockets.settings.message_bytes_max;
    upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(bytes_max)
        .max_frame_size(bytes_max)
        .on_upgrade(async move |socket| {
            let open = OpenSocket::new(sockets);
            let sockets = Arc::clone(&open.0);
            if socket.protocol().is_some() {
                connection::serve(socket, sockets).await;
            } else {
                let close_timeout = sockets.settings.close_timeout;
                connection::turn_away(socket, Close::subprotocol(), close_timeout).await;
            }
        })
}
