//! Points earned by watching.
//!
//! Credit is a set of slots, not a counter: a slot is a minute in which a member watched a session, and counts
//! once, however often and by however many devices it is reported. A minute of a room is one entry of its books
//! for up to [`WATCHERS_MAX`] members: from the mint, with a leg for each of them who is given points. What each
//! has earned lies together in pages of [`PAGE_MEMBERS`], so that a minute of a thousand who are present touches
//! sixteen rows.

mod credit;
mod earning;
mod evidence;
mod minute;
mod multiplied;
mod numbers;
mod page;
mod places;
mod programme;
mod sessions;
mod tracks;
mod varint;

use crate::participant::Membership;
use crate::time::ServerTime;

pub use credit::{CreditLegs, Leg, WatchCredit, WatchedLine};
pub use earning::{Earning, Progress, Slot, StampProgress, Watched};
pub use evidence::{
    AHEAD_MAX_MS, PlayedSeconds, PlayedSpan, RATE_MAX, RATE_MIN, SLOT_SECONDS_MIN, SPAN_MAX_MS,
    SPAN_MIN_MS, SPANS_MAX, played_minutes,
};
pub use minute::Minute;
pub use multiplied::{MULTIPLIER_BP_MAX, Multiplied, ONE_BP};
pub use numbers::NumberSet;
pub(crate) use page::by_page;
pub use page::{EarningPage, PAGE_MEMBERS, PAGE_NUMBER_MAX, numbers_of, page_of};
pub use places::{Places, ViewerMinute, WATCHED_ROOMS_MAX};
pub use programme::{
    BONUS_POINTS_MAX, CREDIT_SLOTS_MAX, EarningChange, EarningProgramme, Multipliers,
    STAMP_SESSIONS_MAX, STAMP_SLOTS_MAX, StampCard,
};
pub use sessions::{EarningSession, EarningState, EarningTerms};
pub use tracks::{AloneSpan, Tracks};
pub use varint::Garbled;

/// The most members that one command credits: a thousand share one row of the journal, and a command stays
/// a few milliseconds of work, which is how long it keeps a room's others waiting.
pub const WATCHERS_MAX: usize = 1_024;
/// How long after a minute has ended it may still be credited: a phone that was offline for ten minutes is not
/// robbed, and the mask of a member's recent minutes reaches back twice as far.
pub const LATE_MAX_MS: i64 = 15 * 60_000;

/// Why a slot did not count, or that it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SlotOutcome {
    Counted,
    /// It was counted before, by whatever device or report.
    AlreadyCounted,
    /// The viewer never joined the room, or not until later, or had left it.
    NotAMember,
    /// The viewer was put out of the room.
    Removed,
    /// The minute ended more than [`LATE_MAX_MS`] ago.
    TooLate,
    /// The minute has not begun.
    InTheFuture,
    /// The session is neither the room's present one nor the one before, or the minute lies outside of it.
    OtherSession,
    /// The session's stream was away.
    Interrupted,
    /// The room's earning programme was off when the session started.
    ProgrammeOff,
    /// Fewer than [`SLOT_SECONDS_MIN`] of its seconds were played, as far as was reported in time.
    TooShort,
    /// The picture did not play: its playhead did not go with the clock, or not on from one report to the next.
    StoodStill,
    /// The report came late, and its device had shown no sign of life before.
    NoLease,
    /// A device says so, and the room counts only what the tenant's server saw.
    NotObserved,
    /// The viewer's devices have proved the minute in [`WATCHED_ROOMS_MAX`] other rooms.
    OtherRooms,
}

/// Whether a minute may count for a viewer, as far as their place in the room goes. Whoever has joined has watched
/// since then, and whoever has left until then.
pub fn check_membership(
    membership: Membership,
    joined_at: ServerTime,
    left_at: Option<ServerTime>,
    minute: Minute,
) -> Result<(), SlotOutcome> {
    match membership {
        Membership::Removed => Err(SlotOutcome::Removed),
        _ if minute.ends_at() <= joined_at => Err(SlotOutcome::NotAMember),
        Membership::Joined => Ok(()),
        Membership::Left if left_at.is_some_and(|left_at| minute.starts_at() < left_at) => Ok(()),
        Membership::Left => Err(SlotOutcome::NotAMember),
    }
}
