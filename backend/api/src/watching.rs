//! Points for watching: minutes that a tenant's server or viewers' devices report, and what they earn by.

mod devices;
mod lease;
mod mutation;
mod report;

use async_graphql::{Enum, SimpleObject};
use parlor_domain::watching;

use crate::scalar::{Int64, Time, int};

pub(super) use devices::DeviceMutation;
pub use lease::Leases;
pub(super) use mutation::WatchingMutation;

/// Whether a minute counted for a viewer, and if not, why.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "watching::SlotOutcome")]
pub(crate) enum SlotOutcome {
    Counted,
    /// It counted before, by whatever report.
    AlreadyCounted,
    /// The viewer never joined the room, or not until later, or had left it.
    NotAMember,
    /// The viewer was put out of the room.
    Removed,
    /// The minute ended more than 15 minutes ago.
    TooLate,
    /// The minute has not begun.
    InTheFuture,
    /// The session is neither the room's present one nor the one before, or the minute lies outside of it. Devices are
    /// told so of another room's, and of a minute that lies in none.
    OtherSession,
    /// The session's stream was away.
    Interrupted,
    /// The room's earning programme was off when the session started.
    ProgrammeOff,
    /// Fewer than 25 of its seconds were played, as far as the viewer's devices reported in time.
    TooShort,
    /// The picture did not play: its playhead did not go with the clock, or not on from one report to the next.
    StoodStill,
    /// The report came late, without a lease of before.
    NoLease,
    /// Devices alone say so, and the room counts only what the tenant's server saw. It may still count, if the server
    /// says so too.
    NotObserved,
    /// The viewer's devices have proved the minute in two other rooms.
    OtherRooms,
}

/// What became of a minute that was reported.
#[derive(SimpleObject)]
pub(crate) struct WatchCredit {
    /// When the minute began.
    minute: Time,
    /// For how many viewers it counted that it had not counted for before.
    counted_count: i32,
    /// All points that it brought.
    points: Int64,
    /// In the order of the report.
    viewers: Vec<WatchedViewer>,
}

/// What became of a minute for one viewer.
#[derive(SimpleObject)]
pub(crate) struct WatchedViewer {
    /// By the tenant's own id.
    viewer_id: String,
    outcome: SlotOutcome,
    /// What it brought them. Most minutes bring nothing yet.
    points: Int64,
}

/// What watching earns in a room.
#[derive(SimpleObject)]
pub(crate) struct EarningProgramme {
    /// Counts changes; give it back to `updateEarningProgramme`.
    version: i32,
    is_enabled: bool,
    /// Whether only minutes of `creditWatching` count, and none that viewers' devices report.
    is_observed_only: bool,
    /// How many points `slots` minutes bring.
    points: Int64,
    slots: i32,
    /// What a viewer's first minute ever in the room brings beside; 0 for nothing.
    first_watch_bonus: Int64,
    stamp_card: Option<StampCard>,
    /// What paid memberships multiply `points` by, in basis points, from tier 1 to tier 3: 15,000 is one and a half times.
    membership_multipliers_bp: Vec<i32>,
}

/// Points for coming back, to so many of the last so many sessions.
#[derive(SimpleObject)]
pub(crate) struct StampCard {
    /// What a full card brings, which then begins anew.
    points: Int64,
    /// How many stamps make it full.
    stamps: i32,
    /// Among how many sessions, up to the newest.
    sessions: i32,
    /// How many minutes of a session are a stamp.
    slots: i32,
}

impl From<watching::EarningProgramme> for EarningProgramme {
    fn from(programme: watching::EarningProgramme) -> Self {
        Self {
            version: programme.version,
            is_enabled: programme.is_enabled,
            is_observed_only: programme.is_observed_only,
            points: programme.points.into(),
            slots: int(programme.slots),
            first_watch_bonus: programme.first_watch_bonus.into(),
            stamp_card: programme.stamp_card.map(Into::into),
            membership_multipliers_bp: programme.multipliers.0.map(int).to_vec(),
        }
    }
}

impl From<watching::StampCard> for StampCard {
    fn from(card: watching::StampCard) -> Self {
        Self {
            points: card.points.into(),
            stamps: int(card.stamps),
            sessions: int(card.sessions),
            slots: int(card.slots),
        }
    }
}
