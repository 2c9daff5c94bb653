//! One live run of a room's stream.

use serde::{Deserialize, Serialize};

use crate::id::SessionId;
use crate::time::ServerTime;

/// One live run of a room's stream. At most one is live in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub started_at: ServerTime,
    pub ended_at: Option<ServerTime>,
    /// How far behind the stage the stream's audience sits, in milliseconds.
    pub delay_ms: i64,
}

impl Session {
    /// Whether the stream runs.
    pub fn is_live(&self) -> bool {
        self.ended_at.is_none()
    }
}
