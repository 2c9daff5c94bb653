//! Whether a draw was held by its rules, and its lots fell as its seed says.

use std::collections::BTreeSet;

use super::{Draw, Redemption, RedemptionStatus};
use crate::id::{RedemptionId, RewardId};
use crate::points::{MemberNumber, Proof, Unsound};
use crate::time::ServerTime;

/// An entry, as far as it matters to whether its draw was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub id: RedemptionId,
    pub reward_id: RewardId,
    pub member: MemberNumber,
    pub cost: i64,
    pub status: RedemptionStatus,
    pub drawn_at: Option<ServerTime>,
}

/// The first thing about a draw that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongDraw {
    #[error("its terms have nothing drawn")]
    NoRules,
    #[error("it did not take entries for as long as its terms say")]
    OtherWindow,
    #[error("it is kept to have {kept} entries, and has {found}")]
    OtherEntries { kept: i64, found: i64 },
    #[error("entry {0} is of another reward, or of another cost")]
    OtherReward(RedemptionId),
    #[error("entry {0} is its member's second")]
    EnteredTwice(RedemptionId),
    #[error("it was not drawn when it took no more entries")]
    OtherTime,
    #[error("{places} of its entries could win, and by its rules 1 to {most}")]
    OtherPlaces { places: i64, most: i64 },
    #[error("its winners are not those that its seed draws")]
    OtherWinners,
    #[error("entry {0} has not become what was drawn")]
    OtherStatus(RedemptionId),
}

impl From<&Redemption> for Entry {
    fn from(one: &Redemption) -> Self {
        Self {
            id: one.id,
            reward_id: one.reward_id,
            member: one.member,
            cost: one.cost,
            status: one.status,
            drawn_at: one.drawn_at,
        }
    }
}

impl Draw {
    /// Draws again, and takes it into `proof`, which has all purchases.
    pub fn prove(&self, proof: &mut Proof, entries: &[Entry]) -> Result<(), Unsound> {
        let (id, checked) = (self.id, self.check(entries));
        checked.map_err(|wrong| Unsound::WrongDraw {
            id,
            wrong: wrong.to_string(),
        })?;
        proof.add_draw(self.entries);

        Ok(())
    }

    /// Draws again, and compares.
    pub fn check(&self, entries: &[Entry]) -> Result<(), WrongDraw> {
        self.check_entries(entries)?;
        let Some(outcome) = &self.outcome else {
            let mut entries = entries.iter();
            let other = entries
                .find(|one| one.status != RedemptionStatus::Entered || one.drawn_at.is_some());
            return other.map_or(Ok(()), |one| Err(WrongDraw::OtherStatus(one.id)));
        };
        if outcome.drawn_at != self.closes_at {
            return Err(WrongDraw::OtherTime);
        }
        let (places, most) = (outcome.places, self.places_max());
        if !(1..=most).contains(&places) {
            return Err(WrongDraw::OtherPlaces { places, most });
        }
        let winners = self.winners_of(entries.iter().map(|one| one.id), places);
        if winners != outcome.winners {
            return Err(WrongDraw::OtherWinners);
        }

        let won: BTreeSet<_> = winners.into_iter().collect();
        let mut entries = entries.iter();
        match entries.find(|one| !self.has_become(one, won.contains(&one.id))) {
            Some(other) => Err(WrongDraw::OtherStatus(other.id)),
            None => Ok(()),
        }
    }

    /// Whether entries were taken as the terms say, one of each member.
    fn check_entries(&self, entries: &[Entry]) -> Result<(), WrongDraw> {
        let rules = self.terms.draw.ok_or(WrongDraw::NoRules)?;
        if self.closes_at != self.opened_at.plus_millis(rules.window_ms) {
            return Err(WrongDraw::OtherWindow);
        }
        let found = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        let kept = self.entries;
        if kept != found {
            return Err(WrongDraw::OtherEntries { kept, found });
        }
        let mut members = BTreeSet::new();
        for one in entries {
            if one.reward_id != self.reward_id || one.cost != self.terms.cost {
                return Err(WrongDraw::OtherReward(one.id));
            }
            if !members.insert(one.member) {
                return Err(WrongDraw::EnteredTwice(one.id));
            }
        }

        Ok(())
    }

    /// How many places there may have been at most.
    fn places_max(&self) -> i64 {
        let limits = self.terms.limits;
        let winners = self.winners_max();

        limits.per_session.map_or(winners, |most| most.min(winners))
    }

    /// Whether the entry is now what somebody is who has won, or who has not.
    fn has_become(&self, entry: &Entry, has_won: bool) -> bool {
        match entry.status {
            RedemptionStatus::Entered => false,
            RedemptionStatus::NotDrawn => !has_won && entry.drawn_at.is_none(),
            RedemptionStatus::Unfulfilled
            | RedemptionStatus::Fulfilled
            | RedemptionStatus::Canceled
            | RedemptionStatus::Expired => has_won && entry.drawn_at == Some(self.closes_at),
        }
    }
}
