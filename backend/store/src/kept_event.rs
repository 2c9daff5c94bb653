//! Events as they are kept outside of the log: inside keyframes, and as what somebody was answered.

use serde::{Deserialize, Serialize};

use parlor_domain::event::{Event, EventBody};
use parlor_domain::id::EventId;
use parlor_domain::time::ServerTime;

/// An event with all that the log has of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeptEvent {
    id: EventId,
    seq: i64,
    occurred_at: ServerTime,
    display_at: ServerTime,
    body: EventBody,
}

impl KeptEvent {
    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }
}

impl From<Event> for KeptEvent {
    fn from(event: Event) -> Self {
        let Event {
            id,
            seq,
            occurred_at,
            display_at,
            body,
        } = event;
        Self {
            id,
            seq,
            occurred_at,
            display_at,
            body,
        }
    }
}

impl From<KeptEvent> for Event {
    fn from(kept: KeptEvent) -> Self {
        let KeptEvent {
            id,
            seq,
            occurred_at,
            display_at,
            body,
        } = kept;
        Self {
            id,
            seq,
            occurred_at,
            display_at,
            body,
        }
    }
}
