//! What is kept of a member who watched, and what one more slot brings them.

use super::multiplied::{Multiplied, ONE_BP};
use super::{EarningProgramme, EarningTerms, Minute};

/// What is kept of a member who has watched.
///
/// Masks have their lowest bit for the newest minute, or session, of the page that this stands in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Earning {
    /// All points ever earned by watching, whatever became of them.
    pub earned: i64,
    /// How many credits gave some of them: lines of the member's statement.
    pub lines: i64,
    /// The position of the last of these in the room's books; 0 without any.
    pub last_line: i64,
    /// The recent minutes that counted.
    pub(super) minutes: u32,
    /// Slots towards the next credit.
    pub(super) progress: u32,
    /// What a multiplied credit left over of a point.
    pub(super) remainder_bp: u32,
    /// Slots in the present session, and in the one before.
    pub(super) slots: u32,
    pub(super) slots_before: u32,
    /// The recent sessions that were a stamp, on the card that is being filled.
    pub(super) stamps: u32,
}

/// What is kept of a member, as it was when a session was the room's newest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Watched {
    pub earning: Earning,
    /// Whether a minute of theirs ever counted.
    pub has_watched: bool,
    /// The session's number.
    pub(super) session: i64,
}

/// How far a member is on the way to what watching brings next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Whether a minute of theirs ever counted, by which they had the bonus of the first one, if there was one.
    pub has_watched: bool,
    /// Minutes on the way, and how many bring the next points.
    pub slots: i64,
    pub slots_wanted: i64,
    /// Of a programme that has a stamp card.
    pub stamp_card: Option<StampProgress>,
}

/// How full a member's stamp card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StampProgress {
    pub stamps: i64,
    pub stamps_wanted: i64,
    /// How many sessions the card looks at, up to the newest.
    pub sessions: i64,
}

impl Watched {
    /// How far they are by `terms`.
    pub fn progress(&self, terms: &EarningTerms) -> Progress {
        let programme = &terms.programme;
        let stamps = shifted(self.earning.stamps, (terms.session - self.session).max(0));
        let stamp_card = programme.stamp_card.map(|card| StampProgress {
            stamps: i64::from((stamps & looked_at(card.sessions)).count_ones()),
            stamps_wanted: card.stamps,
            sessions: card.sessions,
        });

        Progress {
            has_watched: self.has_watched,
            slots: i64::from(self.earning.progress).min(programme.slots - 1),
            slots_wanted: programme.slots,
            stamp_card,
        }
    }
}

/// A minute of a session, to be credited to members.
#[derive(Debug, Clone, Copy)]
pub struct Slot<'a> {
    pub minute: Minute,
    /// The session's number among the room's.
    pub session: i64,
    /// The number of the room's newest session: the same, or the next.
    pub newest_session: i64,
    pub programme: &'a EarningProgramme,
    /// Whose memberships multiply what it brings.
    pub multiplied: &'a Multiplied,
    /// The minute in which it is credited.
    pub now: Minute,
    /// When a clock was put right that had been ahead, if one ever was.
    pub put_right: Option<Minute>,
    /// The position in the room's books of what credits it.
    pub seq: i64,
}

impl Slot<'_> {
    /// How many sessions began since: 0 or 1.
    fn session_age(&self) -> i64 {
        self.newest_session - self.session
    }

    /// Whether the session is one that slots are still counted of.
    pub(crate) fn is_recent(&self) -> bool {
        self.session > 0 && (0..=1).contains(&self.session_age())
    }
}

impl Earning {
    /// Counts a slot, and returns what it brings.
    pub(super) fn watch(
        &mut self,
        slot: &Slot<'_>,
        multiplier_bp: i64,
        is_first: bool,
        minute_age: u32,
    ) -> i64 {
        self.minutes |= 1 << minute_age;
        let bonus = if is_first {
            slot.programme.first_watch_bonus
        } else {
            0
        };
        let points = bonus + self.progress(slot.programme, multiplier_bp) + self.stamp(slot);
        if points > 0 {
            self.earned += points;
            self.lines += 1;
            self.last_line = slot.seq;
        }

        points
    }

    /// What the slots so far bring, with this one, times `multiplier_bp`. A programme that asks for fewer than
    /// the one before brings one credit, however many were waiting.
    fn progress(&mut self, programme: &EarningProgramme, multiplier_bp: i64) -> i64 {
        let wanted = u32::try_from(programme.slots).expect("a checked programme asks for few");
        self.progress = self.progress.saturating_add(1).min(wanted);
        if self.progress < wanted {
            return 0;
        }

        self.progress = 0;
        let due_bp = programme.points * multiplier_bp + i64::from(self.remainder_bp);
        self.remainder_bp = u32::try_from(due_bp % ONE_BP).expect("it is less than one whole");
        due_bp / ONE_BP
    }

    /// What the session's stamp brings, if this slot is one that makes it and fills the card.
    fn stamp(&mut self, slot: &Slot<'_>) -> i64 {
        let (age, slots) = match slot.session_age() {
            0 => (0, &mut self.slots),
            _ => (1, &mut self.slots_before),
        };
        *slots = slots.saturating_add(1);
        let Some(card) = slot.programme.stamp_card else {
            return 0;
        };
        if i64::from(*slots) != card.slots {
            return 0;
        }

        self.stamps |= 1 << age;
        if i64::from((self.stamps & looked_at(card.sessions)).count_ones()) < card.stamps {
            return 0;
        }
        self.stamps = 0;
        card.points
    }

    /// Moves the masks on by so many minutes and sessions.
    pub(super) fn advance(&mut self, minutes: i64, sessions: i64) {
        self.minutes = shifted(self.minutes, minutes);
        if sessions > 0 {
            self.stamps = shifted(self.stamps, sessions);
            self.slots_before = if sessions == 1 { self.slots } else { 0 };
            self.slots = 0;
        }
    }
}

/// The newest so many.
fn looked_at(sessions: i64) -> u32 {
    u32::MAX >> (i64::from(u32::BITS) - sessions)
}

fn shifted(mask: u32, by: i64) -> u32 {
    let by = u32::try_from(by).unwrap_or(u32::BITS);
    mask.checked_shl(by).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_multiplied_credit_leaves_over_is_kept() {
        let programme = EarningProgramme {
            points: 10,
            slots: 1,
            ..EarningProgramme::default()
        };
        let mut earning = Earning::default();
        let credits: Vec<_> = (0..4)
            .map(|_| earning.progress(&programme, 12_500))
            .collect();

        assert_eq!(credits, [12, 13, 12, 13]);
        assert_eq!(earning.remainder_bp, 0);
    }

    #[test]
    fn a_programme_that_asks_for_less_brings_one_credit() {
        let of = |slots| EarningProgramme {
            slots,
            ..EarningProgramme::default()
        };
        let mut earning = Earning::default();
        for _ in 0..59 {
            assert_eq!(earning.progress(&of(60), ONE_BP), 0);
        }

        // Nobody is told that they have all that is wanted before it is paid.
        let watched = Watched {
            earning,
            ..Watched::default()
        };
        let terms = EarningTerms {
            session: 1,
            programme: of(2),
        };
        assert_eq!(watched.progress(&terms).slots, 1);
        assert_eq!(earning.progress(&of(2), ONE_BP), 10);
        assert_eq!(earning.progress(&of(2), ONE_BP), 0);
        assert_eq!(earning.progress(&of(2), ONE_BP), 10);
    }
}
