//! What crosses the language border: the core's types, mirrored by hand, because the core knows of
//! no binding, and in `event` what is written from the schema.
//!
//! Kotlin, Swift and Python restrict names: no variant is called like a type that it holds, and no
//! error field is called `message`. Times are Unix milliseconds.

use parlor_sdk_core as core;
use parlor_sdk_events::{self as events, people, room};

#[expect(
    missing_docs,
    reason = "the schema says nothing of what its name says already"
)]
#[rustfmt::skip]
mod event;
mod wallet;
mod watching;

pub use event::*;
pub use wallet::{
    DecidedMinute, Redemption, RedemptionStatus, StampCardProgress, Wallet, WalletNow,
    WatchingProgress,
};
pub use watching::{WatchOutcome, Watched, WatchedMinute};

/// A fact in a room's log.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RoomEvent {
    /// Its position in the log; unique within the log's epoch.
    pub seq: i64,
    /// When it happened.
    pub occurred_at_unix_millis: i64,
    /// When it happened, plus the stream's delay at that time.
    pub display_at_unix_millis: i64,
    /// Whether it applies on arrival or waits for the viewer's picture.
    pub timing: EventTiming,
    /// The part of the room's state that it replaces, such as `train`; nothing for a moment, which is
    /// shown once.
    pub part: Option<String>,
    /// The name of its kind in the schema, such as `HypeTrainLeveledUp`.
    pub type_name: String,
    /// What happened.
    pub kind: EventKind,
}

/// Whether an event applies on arrival or waits for the viewer's picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum EventTiming {
    /// It applies on arrival.
    Live,
    /// It waits for the viewer's picture. So does what is timed in a way that this version has never heard of.
    Picture,
}

/// Who speaks, and who waits to. Each list is in the order in which people joined the room, but for
/// the queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct Stage {
    /// Whether a session is live. If not, who is on the stage is backstage.
    pub is_live: bool,
    /// Who leads, if anybody.
    pub host: Option<ParticipantProfile>,
    /// Who else is on the stage.
    pub speakers: Vec<ParticipantProfile>,
    /// Who may take the stage.
    pub invited: Vec<ParticipantProfile>,
    /// Who has asked for the stage, in the order in which the server saw it.
    pub queue: Vec<ParticipantProfile>,
}

/// What a client follows, and for which place it times what it shows.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Config {
    /// The server, such as `https://parlor.example`.
    pub server: String,
    /// The room's global id.
    pub room_id: String,
    /// Where what is shown will be seen.
    pub placement: Placement,
    /// A JWT or an overlay token; nothing to read as anyone may.
    #[uniffi(default = None)]
    pub token: Option<String>,
    /// Starts from the picture at this place on the stream's timeline instead of at the head. A
    /// player's playhead, once known, goes before it.
    #[uniffi(default = None)]
    pub start_at_unix_millis: Option<i64>,
    /// Whether the client tells the server what the viewer watches, in the placement `Player`. That is what
    /// earns points, for a viewer who has joined the room.
    #[uniffi(default = true)]
    pub reports_watching: bool,
    /// A folder of the application's own, in which is noted what was asked to be redeemed until it is answered, so that
    /// it is paid for once also where the application ends before it is. It is made if it is not there. Unless given,
    /// that is known for as long as the process lives.
    #[uniffi(default = None)]
    pub redemptions_folder: Option<String>,
}

/// Where an overlay sits, which decides when its events are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Placement {
    /// Composited into the picture before it is encoded. Due as soon as it has happened.
    Source,
    /// On a viewer's own player. Due when the playhead gets there.
    Player,
    /// Beside the stream, without a player. Due after the stream's delay.
    Companion,
}

/// Something to show.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[expect(
    clippy::large_enum_variant,
    reason = "boxes do not cross the language border, and few deliveries exist at once"
)]
pub enum Delivery {
    /// An event has its moment. Picture events come in order of `seq`; so do live ones.
    Event {
        /// What happened.
        event: RoomEvent,
        /// How long ago its moment was, by the clock that it is due on. 0 for live events. Large
        /// after an outage, and when the application has not pulled for a while.
        late_by_ms: i64,
    },
    /// The whole state is now this, without anything having happened: after the first snapshot, a
    /// seek, or a loss. Draw it as it is; what was being shown is void.
    StateReplaced {
        /// The room as the viewer should see it.
        room: Room,
    },
    /// So many of the room's people follow it now. At most once a second.
    PresenceChanged {
        /// As in [`Room`].
        online_count: i32,
    },
}

/// The state of a room as the viewer should see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct Room {
    /// The room's profile, once known.
    pub profile: Option<RoomProfile>,
    /// The live session, or else the last one.
    pub session: Option<Session>,
    /// Everyone whom the room shows by name, in the order in which they joined. A large room names
    /// those on the stage and on the way there, and its owners and moderators.
    pub participants: Vec<ParticipantProfile>,
    /// Of those, who speaks, and who waits to.
    pub stage: Stage,
    /// How many of the room's people follow it now, named or not; nothing as long as it is not known.
    /// Several devices of one are one, and whoever has not joined the room does not count.
    pub online_count: Option<i32>,
    /// The hype train at the viewer's picture: approaching, running, or the last one.
    pub train: Option<HypeTrain>,
    /// The last event of each part whose last event this version cannot read, as far as the viewer
    /// should know of it.
    pub unknown_parts: Vec<RoomEvent>,
}

/// Where the connection stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ConnectionState {
    /// A socket is being opened, or the room is being joined.
    Connecting,
    /// The room's events come in.
    Live {
        /// The server will close the connection at this time unless it gets a new token before.
        /// Nothing if it has not said so.
        token_expires_at_unix_millis: Option<i64>,
    },
    /// The connection was lost or could not be made, and is tried again.
    Waiting {
        /// How long after the loss the next try begins.
        retry_in_ms: i64,
        /// What happened to the last one, for a log.
        reason: String,
    },
    /// The application says that there is no network, so nothing is tried. Ends with
    /// [`Client::network_changed`](crate::Client::network_changed).
    WaitingForNetwork,
    /// The application has paused it. Ends with [`Client::resume`](crate::Client::resume).
    Paused,
    /// The server does not let the client in.
    Refused {
        /// Why.
        failure: Failure,
    },
    /// The application has ended it.
    Stopped,
}

/// The client needs another token, by [`Client::set_token`](crate::Client::set_token).
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct TokenRequest {
    /// What for.
    pub reason: TokenRequestReason,
}

/// Why a client needs another token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TokenRequestReason {
    /// The present one runs out. With another one the client goes on without a gap.
    Expiring {
        /// When it expires. Some seconds later the server closes the connection.
        expires_at_unix_millis: i64,
    },
    /// The server has refused the present one, or wants one. Nothing comes until there is another.
    Refused,
}

/// Why a client does not try again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Failure {
    /// The token is missing, malformed, expired or not for this room. Goes on after
    /// [`Client::set_token`](crate::Client::set_token).
    SignInRequired,
    /// There is no such room, or it is not the token's to see.
    RoomNotFound,
    /// The server and the client do not understand each other.
    Incompatible {
        /// The close code of the WebSocket protocol; 1000 if the server refused the operation.
        code: u16,
    },
}

/// Where a player says that its picture is, in numbers as players give them.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct PlayheadReading {
    /// The program date-time of the picture, in milliseconds since 1970.
    pub position_unix_millis: f64,
    /// Whether the picture moves: false while paused or stalled.
    pub playing: bool,
    /// Speed; 1 is normal.
    pub speed: f64,
    /// How long ago the picture was there, in milliseconds by any clock of the application's; negative for a
    /// frame that is yet to be seen.
    pub age_ms: f64,
    /// Whether it is that of the frame that is seen, rather than of the player's clock.
    pub is_frame: bool,
}

/// What the picture events of a client are timed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SyncSource {
    /// Their arrival, for they are composited into the picture.
    Arrival,
    /// The stream's delay: there is no player, or its playhead was never known.
    Delay,
    /// Nothing yet: the player's first report is waited for.
    Awaited,
    /// The player's playhead.
    Playhead,
    /// The place where the playhead was lost, or from where nothing has been reported for two seconds: the
    /// picture stands there until a report comes.
    PlayheadLost,
    /// As `Delay` or `PlayheadLost`, for what the player reports cannot be.
    PlayheadRefused,
}

/// What a client has counted since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, uniffi::Record)]
pub struct Stats {
    /// Connections lost or not made, other than by the application's wish.
    pub disconnects: u32,
    /// Frames dropped because they could not be read.
    pub bad_frames: u32,
    /// Events passed over because they do not even say when they happened, and as what. Those of
    /// unknown kinds are shown.
    pub malformed_events: u32,
    /// Events dropped because they had come before.
    pub duplicates: u32,
    /// Messages that did not follow on the one before, and made the client subscribe again.
    pub gaps: u32,
    /// Events shown.
    pub shown: u32,
    /// Moments passed over because a seek jumped across them.
    pub skipped: u32,
    /// Picture events held now, shown and yet to be shown.
    pub held: u32,
    /// Times that more of the log was asked for, because the picture came near the end of what is
    /// held.
    pub asked: u32,
    /// Reports of a playhead that cannot be, such as one an hour ahead of the stream.
    pub playheads_refused: u32,
    /// Times that somebody whom the room shows by name, or another part of its state, was left out,
    /// because there are more of them than a client holds.
    pub crowded_out: u32,
}

impl PlayheadReading {
    /// Returns what is to be believed of it at `now`. An age that is none is that of a clock that says
    /// nothing: the reading is taken to be of now.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast saturates, and an instant that cannot be is none to the core"
    )]
    pub(crate) fn read(self, seeks: u32, now: core::Instant) -> Option<core::Playhead> {
        let quality = core::PlayheadQuality::of(self.is_frame);
        let true_at = self
            .age_ms
            .is_finite()
            .then(|| now.plus_millis((self.age_ms as i64).saturating_neg()));

        core::Playhead::read(self.position_unix_millis, self.playing, self.speed, seeks)
            .map(|playhead| playhead.stamped(true_at.or(Some(now)), quality))
    }
}

impl From<Placement> for core::Placement {
    fn from(placement: Placement) -> Self {
        match placement {
            Placement::Source => Self::Source,
            Placement::Player => Self::Player,
            Placement::Companion => Self::Companion,
        }
    }
}

impl From<core::Delivery> for Delivery {
    fn from(delivery: core::Delivery) -> Self {
        match delivery {
            core::Delivery::Event(shown) => Self::Event {
                event: (&shown.event).into(),
                late_by_ms: shown.late_by_ms,
            },
            core::Delivery::StateReplaced(room) => Self::StateReplaced {
                room: (&room).into(),
            },
            core::Delivery::PresenceChanged { online_count } => {
                Self::PresenceChanged { online_count }
            }
        }
    }
}

impl From<&core::Room> for Room {
    fn from(room: &core::Room) -> Self {
        let participants = people::participants(room);

        Self {
            profile: room::profile(room).map(Into::into),
            session: room::session(room).map(Into::into),
            stage: people::Stage::of(participants.iter(), room::is_live(room)).into(),
            participants: participants.into_iter().map(Into::into).collect(),
            online_count: room.online_count(),
            train: room::train(room).map(Into::into),
            unknown_parts: room.unknown_parts().map(Into::into).collect(),
        }
    }
}

impl From<&core::RoomEvent> for RoomEvent {
    fn from(event: &core::RoomEvent) -> Self {
        Self {
            seq: event.seq,
            occurred_at_unix_millis: event.occurred_at.unix_millis(),
            display_at_unix_millis: event.display_at.unix_millis(),
            timing: match event.timing {
                core::EventTiming::Live => EventTiming::Live,
                core::EventTiming::Picture | core::EventTiming::Newer => EventTiming::Picture,
            },
            part: event.part.clone(),
            type_name: event.type_name.clone(),
            kind: event.into(),
        }
    }
}

impl From<people::Stage<'_>> for Stage {
    fn from(stage: people::Stage<'_>) -> Self {
        let profiles = |people: Vec<&events::ParticipantProfile>| {
            let owned = people.into_iter().cloned();
            owned.map(ParticipantProfile::from).collect()
        };

        Self {
            is_live: stage.is_live,
            host: stage.host.cloned().map(ParticipantProfile::from),
            speakers: profiles(stage.speakers),
            invited: profiles(stage.invited),
            queue: profiles(stage.queue),
        }
    }
}

impl From<core::TokenRequest> for TokenRequest {
    fn from(request: core::TokenRequest) -> Self {
        Self {
            reason: match request {
                core::TokenRequest::Expiring { expires_at } => TokenRequestReason::Expiring {
                    expires_at_unix_millis: expires_at.unix_millis(),
                },
                core::TokenRequest::Refused => TokenRequestReason::Refused,
            },
        }
    }
}

impl From<core::Failure> for Failure {
    fn from(failure: core::Failure) -> Self {
        match failure {
            core::Failure::SignInRequired => Self::SignInRequired,
            core::Failure::RoomNotFound => Self::RoomNotFound,
            core::Failure::Protocol { code } => Self::Incompatible { code },
        }
    }
}

impl From<core::SyncSource> for SyncSource {
    fn from(source: core::SyncSource) -> Self {
        match source {
            core::SyncSource::Arrival => Self::Arrival,
            core::SyncSource::Delay => Self::Delay,
            core::SyncSource::Awaited => Self::Awaited,
            core::SyncSource::Playhead => Self::Playhead,
            core::SyncSource::PlayheadLost => Self::PlayheadLost,
            core::SyncSource::PlayheadRefused => Self::PlayheadRefused,
        }
    }
}

impl From<core::Stats> for Stats {
    fn from(stats: core::Stats) -> Self {
        Self {
            disconnects: stats.disconnects,
            bad_frames: stats.bad_frames,
            malformed_events: stats.malformed_events,
            duplicates: stats.duplicates,
            gaps: stats.gaps,
            shown: stats.shown,
            skipped: stats.skipped,
            held: stats.held,
            asked: stats.asked,
            playheads_refused: stats.playheads_refused,
            crowded_out: stats.crowded_out,
        }
    }
}
