//! What happens in a room, as an application sees it.

use crate::time::ServerTime;
use alloc::string::String;
use alloc::sync::Arc;

/// A fact in a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomEvent {
    /// Its position in the log; unique within the log's epoch.
    pub seq: i64,
    /// When it happened.
    pub occurred_at: ServerTime,
    /// `occurred_at` plus the stream's delay at that time.
    pub display_at: ServerTime,
    /// Whether it applies on arrival or waits for the viewer's picture.
    pub timing: EventTiming,
    /// The part of the room's state that it replaces, such as `train`; `None` for a moment, which is
    /// shown once.
    pub part: Option<String>,
    /// Whether that part is empty after it, as that of somebody who has left.
    pub empties_part: bool,
    /// The name of its kind in the schema, such as `HypeTrainLeveledUp`.
    pub type_name: String,
    /// What happened, as it came. [`Self::about`] reads it.
    pub payload: Payload,
    /// Whether the host can read it, as [`CanRead`] says.
    pub is_readable: bool,
}

/// Whether the host knows the event's kind, and finds all in it that there has to be. Asked once of each that
/// comes; whatever it says of an event has to stay so.
pub type CanRead = fn(&RoomEvent) -> bool;

/// Whether an event applies on arrival or waits for the viewer's picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventTiming {
    /// It applies on arrival.
    Live,
    /// It waits for the viewer's picture.
    Picture,
    /// It is timed in a way that this build has never heard of. It waits for the viewer's picture: late is
    /// better than early.
    Newer,
}

/// An event as it came, whole: the text of a JSON object. The client hands it on and looks into none but what
/// steers the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload(Arc<str>);

/// What a room is set to that steers the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How much later an instant appears on the stream's own timeline than it happened.
    pub ingest_offset_ms: i64,
}

/// What of a live run of a room's stream steers the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The stream's delay.
    pub delay_ms: i64,
}

/// What an event says of the timeline itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Steering {
    Settings(Settings),
    Session(Session),
}

impl Payload {
    /// One that says nothing.
    pub(crate) const NOTHING: &str = "{}";

    pub(crate) fn new(json: &str) -> Self {
        Self(Arc::from(json))
    }

    /// Returns the text of the object.
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

impl RoomEvent {
    /// Returns whether it applies on arrival, rather than when the viewer's picture gets there.
    pub const fn is_live(&self) -> bool {
        matches!(self.timing, EventTiming::Live)
    }
}
