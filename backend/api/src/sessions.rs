//! The live runs of a room's stream.

mod operations;
mod refusal;

use async_graphql::{ID, InputObject, SimpleObject};
use parlor_domain::session;

use super::global_id::IdKind;
use super::page::PageInfo;
use super::scalar::{Time, int};

pub(super) use operations::{SessionMutation, SessionQuery};

/// One live run of a room's stream.
#[derive(SimpleObject)]
pub(crate) struct Session {
    pub(super) id: ID,
    started_at: Time,
    /// Since when the stream is away, if it is.
    interrupted_at: Option<Time>,
    /// Null while it is live.
    ended_at: Option<Time>,
    /// The stream's delay.
    delay_ms: i32,
}

#[derive(SimpleObject)]
pub(crate) struct SessionEdge {
    pub(super) cursor: String,
    pub(super) node: Session,
}

#[derive(SimpleObject)]
pub(crate) struct SessionsConnection {
    pub(super) edges: Vec<SessionEdge>,
    pub(super) nodes: Vec<Session>,
    pub(super) page_info: PageInfo,
    pub(super) total_count: i32,
}

#[derive(InputObject)]
pub(crate) struct StartSessionInput {
    pub(super) room_id: ID,
    /// Defaults to the room's.
    pub(super) delay_ms: Option<i32>,
}

#[derive(InputObject)]
pub(crate) struct EndSessionInput {
    pub(super) room_id: ID,
}

#[derive(InputObject)]
pub(crate) struct InterruptSessionInput {
    pub(super) room_id: ID,
}

#[derive(InputObject)]
pub(crate) struct ResumeSessionInput {
    pub(super) room_id: ID,
}

impl From<&session::Session> for Session {
    fn from(session: &session::Session) -> Self {
        Self {
            id: IdKind::Session.id(session.id.0),
            started_at: session.started_at.into(),
            interrupted_at: session.interrupted_at.map(Time),
            ended_at: session.ended_at.map(Time),
            delay_ms: int(session.delay_ms),
        }
    }
}

impl From<session::Session> for Session {
    fn from(session: session::Session) -> Self {
        Self::from(&session)
    }
}
