//! What is known of what the viewer has watched.

use serde::Deserialize;

/// What is known of what the viewer has watched.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct Watched {
    /// The last sixteen minutes that the server was told of, in their order.
    pub minutes: Vec<WatchedMinute>,
    /// Why the server takes no reports of this viewer: until there is another token, or, where the room was not found, as
    /// while it is a draft, until it is. Nothing if it does.
    pub refusal: Option<String>,
}

/// How it stands with a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct WatchedMinute {
    /// When it began, by the server's clock.
    pub minute_unix_millis: i64,
    /// How many of its seconds the viewer's devices have reported as played.
    pub played_seconds: i32,
    /// What became of it. Nothing until it is decided, some forty seconds after its end; of one that is not
    /// proved, what was wrong with it so far.
    pub outcome: Option<WatchOutcome>,
    /// What it brought, in points. Most minutes bring nothing yet.
    pub points: i64,
}

/// What became of a minute, and if it did not count, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, uniffi::Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WatchOutcome {
    /// It counted.
    Counted,
    /// It counted before, by whatever report.
    AlreadyCounted,
    /// The viewer never joined the room, or not until later, or had left it.
    NotAMember,
    /// The viewer was put out of the room.
    Removed,
    /// It ended more than 15 minutes ago.
    TooLate,
    /// It has not begun.
    InTheFuture,
    /// The session is neither the room's present one nor the one before, or the minute lies outside of it.
    OtherSession,
    /// The session's stream was away.
    Interrupted,
    /// Watching earned nothing when the session started.
    ProgrammeOff,
    /// Fewer than 25 of its seconds were played.
    TooShort,
    /// The picture did not play: its playhead did not go with the clock.
    StoodStill,
    /// The report came late, without a lease of before.
    NoLease,
    /// The viewer's devices say so, and the room counts only what the platform's server saw.
    NotObserved,
    /// The viewer's devices have proved the minute in two other rooms.
    OtherRooms,
    /// Something that this version has never heard of.
    #[serde(other)]
    Unknown,
}
