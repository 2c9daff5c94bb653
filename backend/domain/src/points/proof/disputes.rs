//! What disputes moved and hold, as the transfers have it.

use super::{Proof, Unsound};
use crate::id::DisputeId;
use crate::points::{MemberNumber, Transfer, TransferKind};

/// A dispute, as far as the books are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contest {
    pub id: DisputeId,
    pub member: MemberNumber,
    pub is_open: bool,
    /// Whether staff is said to have done something about it.
    pub is_resolved: bool,
    /// How many points it is said to hold.
    pub held: i64,
    /// How many are said to have been given back by it, and taken back.
    pub returned: i64,
    pub clawed_back: i64,
}

/// What a transfer took from a member by hand, and has not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    member: MemberNumber,
    left: i64,
}

/// What the transfers say that a dispute moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Case {
    member: MemberNumber,
    returned: i64,
    clawed_back: i64,
}

impl Proof {
    /// Takes in what a transfer has to do with disputes.
    pub(super) fn note_dispute(
        &mut self,
        transfer: &Transfer,
        member: MemberNumber,
    ) -> Result<(), Unsound> {
        let Transfer {
            seq, entry, kind, ..
        } = *transfer;
        if kind == TransferKind::Returned {
            self.give_back(transfer, member)?;
        }
        let (returned, clawed_back) = match kind {
            TransferKind::Refunded | TransferKind::Returned => (entry.points, 0),
            TransferKind::ClawedBack | TransferKind::DebtIncurred => (0, entry.points),
            TransferKind::Granted
            | TransferKind::Charged
            | TransferKind::Redeemed
            | TransferKind::DebtPaid => (0, 0),
        };
        let is_taken_by_hand = kind == TransferKind::Charged || clawed_back > 0;
        if is_taken_by_hand {
            let left = entry.took();
            self.taken.insert(seq, Taken { member, left });
        }
        let Some(id) = transfer.dispute_id else {
            return Ok(());
        };
        if returned == 0 && clawed_back == 0 {
            return Err(Unsound::WrongDispute(seq));
        }
        let none = Case {
            member,
            returned: 0,
            clawed_back: 0,
        };
        let case = self.cases.entry(id).or_insert(none);
        if case.member != member {
            return Err(Unsound::WrongDispute(seq));
        }
        case.returned = case.returned.saturating_add(returned);
        case.clawed_back = case.clawed_back.saturating_add(clawed_back);

        Ok(())
    }

    /// Takes in that a dispute gives back what was taken by hand: to the same member, and no more than that.
    fn give_back(&mut self, transfer: &Transfer, member: MemberNumber) -> Result<(), Unsound> {
        let Transfer { seq, entry, .. } = *transfer;
        if transfer.dispute_id.is_none() {
            return Err(Unsound::WrongDispute(seq));
        }
        let taken = transfer.corrects;
        let taken = taken.and_then(|corrects| self.taken.get_mut(&corrects));
        let taken = taken.filter(|taken| taken.member == member && taken.left >= entry.points);
        let taken = taken.ok_or(Unsound::ReturnOfNothing(seq))?;
        taken.left -= entry.points;

        Ok(())
    }

    /// Takes in a dispute, when all transfers are.
    pub fn add_dispute(&mut self, contest: Contest) -> Result<(), Unsound> {
        let Contest {
            id, member, held, ..
        } = contest;
        let moved = self.cases.remove(&id);
        let moved = moved.filter(|case| case.member == member);
        let (returned, clawed_back) =
            moved.map_or((0, 0), |case| (case.returned, case.clawed_back));
        if contest.returned != returned {
            let said = contest.returned;
            return Err(Unsound::ReturnDiffers { id, said, returned });
        }
        if contest.clawed_back != clawed_back {
            let said = contest.clawed_back;
            return Err(Unsound::ClawbackDiffers {
                id,
                said,
                clawed_back,
            });
        }
        if moved.is_some() && !contest.is_resolved {
            return Err(Unsound::NotResolved(id));
        }
        if held < 0 || held > 0 && !contest.is_open {
            return Err(Unsound::WrongHold { id, held });
        }
        if held > 0 {
            let proven = self.balances.entry(member).or_default();
            let sum = proven.held.checked_add(held);
            proven.held = sum.ok_or(Unsound::WrongHold { id, held })?;
        }

        Ok(())
    }
}
