//! One live run of a room's stream.

use serde::{Deserialize, Serialize};

use crate::id::SessionId;
use crate::invalid::{Invalid, check_range};
use crate::time::ServerTime;

/// The longest delay and ingest offset: a day covers scheduled replays, and nothing is live beyond.
pub const DELAY_MS_MAX: i64 = 86_400_000;
/// For how long a stream may be away before its session has ended, unless the room says otherwise:
/// an encoder that crashed, or a machine that was started again, is back by then.
pub const INTERRUPTION_GRACE_MS_DEFAULT: i64 = 600_000;
/// The longest that a room may wait for its stream. Whoever comes back an hour later finds another
/// audience, so that is another session.
pub const INTERRUPTION_GRACE_MS_MAX: i64 = 3_600_000;

/// One live run of a room's stream. At most one is live in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub started_at: ServerTime,
    /// Since when the stream is away, if it is. It may come back within the room's grace.
    #[serde(default)]
    pub interrupted_at: Option<ServerTime>,
    pub ended_at: Option<ServerTime>,
    /// How far behind the stage the stream's audience sits, in milliseconds.
    pub delay_ms: i64,
}

impl Session {
    /// Whether the stream runs, or is expected back.
    pub fn is_live(&self) -> bool {
        self.ended_at.is_none()
    }

    /// The session as it ended. One that was interrupted ended when the stream went away.
    pub(crate) fn ended(&self, at: ServerTime) -> Self {
        Self {
            interrupted_at: None,
            ended_at: Some(self.interrupted_at.unwrap_or(at)),
            ..self.clone()
        }
    }
}

/// Checks for how long a room waits for its stream.
pub(crate) fn check_interruption_grace(field: &'static str, grace_ms: i64) -> Result<(), Invalid> {
    check_range(field, grace_ms, 0, INTERRUPTION_GRACE_MS_MAX)
}

/// Checks a stream delay.
pub fn check_delay(field: &'static str, delay_ms: i64) -> Result<(), Invalid> {
    check_range(field, delay_ms, 0, DELAY_MS_MAX)
}
