//! The opening of a socket (RFC 6455, section 4.2), down to the bare connection.
//!
//! What carried HTTP is taken apart once it has done its work, so that an open socket holds no
//! buffer and nobody stands between those who write and the connection.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Parts};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tungstenite::error::{Error, ProtocolError};
use tungstenite::handshake::server::create_response_with_body;

use super::SUBPROTOCOL;
use super::http_stream::HttpStream;

/// The version of WebSocket that there is.
const VERSION: &str = "13";

/// A request that is answered with a socket.
pub(super) struct Handshake {
    pub(super) response: Response,
    /// Whether the client speaks the protocol.
    pub(super) has_subprotocol: bool,
    pub(super) opening: Opening,
}

/// A connection that becomes a socket once its answer is sent.
pub(super) struct Opening(OnUpgrade);

/// A connection, and what the client said before it could know that it is open.
pub(super) struct Opened {
    pub(super) stream: TcpStream,
    pub(super) unread: Bytes,
}

impl Handshake {
    /// Answers `request`, or says what is wrong with it.
    pub(super) fn answer(mut request: Request) -> Result<Self, Box<Response>> {
        let on_upgrade = request.extensions_mut().remove::<OnUpgrade>();
        let mut response = create_response_with_body(&request, Body::empty)
            .map_err(|error| Box::new(refuse(&error)))?;
        let Some(on_upgrade) = on_upgrade else {
            let message = "this connection cannot become a socket\n";
            let refusal = (StatusCode::UPGRADE_REQUIRED, message).into_response();
            return Err(Box::new(refusal));
        };

        let has_subprotocol = asks_for_subprotocol(request.headers());
        if has_subprotocol {
            let subprotocol = HeaderValue::from_static(SUBPROTOCOL);
            response
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        Ok(Self {
            response,
            has_subprotocol,
            opening: Opening(on_upgrade),
        })
    }
}

impl Opening {
    /// Returns once the answer is sent and the connection is ours; `None` if it ended before.
    pub(super) async fn opened(self) -> Option<Opened> {
        let upgraded = match self.0.await {
            Ok(upgraded) => upgraded,
            Err(error) => {
                tracing::debug!(%error, "a connection ended before it became a socket");
                return None;
            }
        };
        let Ok(Parts { io, read_buf, .. }) = upgraded.downcast::<TokioIo<HttpStream>>() else {
            tracing::error!("a connection of another kind cannot become a socket");
            return None;
        };

        Some(Opened {
            stream: io.into_inner().into_inner(),
            unread: read_buf,
        })
    }
}

fn asks_for_subprotocol(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|name| name.trim() == SUBPROTOCOL)
}

fn refuse(error: &Error) -> Response {
    let message = format!("{error}\n");

    if let Error::Protocol(ProtocolError::WrongHttpMethod) = error {
        (StatusCode::METHOD_NOT_ALLOWED, message).into_response()
    } else if let Error::Protocol(ProtocolError::MissingSecWebSocketVersionHeader) = error {
        let version = [(header::SEC_WEBSOCKET_VERSION, VERSION)];
        (StatusCode::UPGRADE_REQUIRED, version, message).into_response()
    } else {
        (StatusCode::BAD_REQUEST, message).into_response()
    }
}
