//! GraphQL over WebSocket (`graphql-transport-ws`), by a handler of our own.
//!
//! A socket is one task and one bounded queue. Its conversation is decided by a pure machine;
//! operations run beside it and write to the connection, or to the queue if it is busy;
//! subscriptions to a room that ask for the same are served by one execution, whose result is sent
//! to each socket within its own id.

#![warn(clippy::print_stderr)]

mod admission;
mod broadcast;
mod catch_up;
mod close;
mod connection;
mod execution;
mod frame;
mod group;
mod group_key;
mod groups;
mod handshake;
mod http_stream;
mod incoming;
mod member;
mod members;
mod message;
mod operation;
mod operations;
mod outbound;
mod places;
mod presence_pace;
mod protocol;
mod queue;
mod running;
mod sent;
mod settings;
mod token_watch;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use parlor_api::App;
use parlor_api::ParlorSchema;
use parlor_api::deadline::Deadline;
use parlor_node::patience::Reads;
use tokio::sync::{Semaphore, watch};

use close::Close;
use groups::Groups;
use handshake::Handshake;
pub use http_stream::HttpStream;
use places::Places;
pub use settings::SocketSettings;
use token_watch::TokenWatch;

/// The subprotocol that a client has to ask for.
pub const SUBPROTOCOL: &str = "graphql-transport-ws";
/// Subscribers that read and execute where they start at once. After a restart everybody comes back
/// together; more at a time would not be served sooner, and each holds a page, or a snapshot.
const CATCH_UPS_MAX: usize = 64;
/// What may wait of first messages beyond a page each, in KiB: snapshots of large rooms, which have to
/// be one message. Some hundred of the largest; whoever does not take theirs is soon given up.
const LARGE_MESSAGES_KIB: usize = 32 * 1024;

/// All sockets of this node, and what they share.
pub struct Sockets {
    app: Arc<App>,
    schema: ParlorSchema,
    settings: Arc<SocketSettings>,
    groups: Groups,
    tokens: Arc<TokenWatch>,
    catch_ups: Semaphore,
    large_messages: Semaphore,
    places: Arc<Places>,
    reads: Arc<Reads>,
    open: watch::Sender<usize>,
}

impl Sockets {
    /// To be called within a runtime.
    pub fn new(app: &Arc<App>, schema: ParlorSchema, settings: SocketSettings) -> Arc<Self> {
        let settings = Arc::new(settings);
        let reads = Arc::clone(app.hub.reads());

        Arc::new(Self {
            groups: Groups::new(&schema, &app.store, &settings, &reads),
            tokens: TokenWatch::start(
                app.identity.clone(),
                Arc::clone(&reads),
                settings.token_check,
                &app.health,
            ),
            app: Arc::clone(app),
            schema,
            settings,
            catch_ups: Semaphore::new(CATCH_UPS_MAX),
            large_messages: Semaphore::new(LARGE_MESSAGES_KIB),
            places: Arc::default(),
            reads,
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
pub async fn upgrade(State(sockets): State<Arc<Sockets>>, request: Request) -> Response {
    let origin = sockets.app.origins.foreign(request.headers());
    let deadline = Deadline::of(request.extensions());
    if let Some(origin) = &origin {
        match deadline.meet(check_origin(&sockets, origin)).await {
            Ok(Ok(())) => {}
            Ok(Err(refusal)) => return refusal,
            Err(_late) => return origin_unknown(),
        }
    }

    let Handshake {
        response,
        has_subprotocol,
        opening,
    } = match Handshake::answer(request) {
        Ok(handshake) => handshake,
        Err(refusal) => return *refusal,
    };
    tokio::spawn(async move {
        let Some(opened) = opening.opened().await else {
            return;
        };
        let open = OpenSocket::new(sockets);
        let sockets = Arc::clone(&open.0);
        if has_subprotocol {
            connection::serve(opened, sockets, origin).await;
        } else {
            connection::turn_away(opened, sockets, Close::subprotocol()).await;
        }
    });

    response
}

/// Turns away pages that no tenant's rooms are open to. Which tenant a socket is for comes later.
async fn check_origin(sockets: &Sockets, origin: &str) -> Result<(), Response> {
    let patience = sockets.reads.within(sockets.settings.admission_patience);
    let origins = &sockets.app.origins;
    let may_use = patience.read("an origin", move || origins.some_may_use(origin));
    match may_use.await {
        Ok(true) => Ok(()),
        Ok(false) => {
            let message = format!("pages of {origin:?} may not connect\n");
            Err((StatusCode::FORBIDDEN, message).into_response())
        }
        Err(_) => Err(origin_unknown()),
    }
}

fn origin_unknown() -> Response {
    let message = "the origin could not be looked up\n";
    (StatusCode::SERVICE_UNAVAILABLE, message).into_response()
}
