//! What members owe, as the transfers have it.

use super::{Proof, Proven, Unsound};
use crate::books::DEBT_POINTS_MAX;
use crate::points::{Entry, Given, MemberNumber, Transfer, TransferKind};

impl Proof {
    /// Checks that what comes at `seq`, which is no transfer if it is a credit, is the payment that is due, if one is.
    pub(super) fn check_payment(
        &mut self,
        transfer: Option<&Transfer>,
        seq: i64,
    ) -> Result<(), Unsound> {
        let Some(due) = self.due.pop_front() else {
            return Ok(());
        };
        let is_paid =
            transfer.is_some_and(|one| one.kind == TransferKind::DebtPaid && one.entry == due);

        is_paid.then_some(()).ok_or(Unsound::PaymentMissing(seq))
    }
}

impl Proven {
    /// Takes in what the entry at `seq` changes of what its member owes.
    pub(super) fn owe(&mut self, seq: i64, entry: Entry) -> Result<(), Unsound> {
        self.debt = self.debt.saturating_add(entry.change_of_debt());
        let debt = self.debt;
        if !(0..=DEBT_POINTS_MAX).contains(&debt) {
            return Err(Unsound::DebtOutOfRange { seq, debt });
        }

        Ok(())
    }

    /// What the member pays of `points` that have come to them, who had nothing to spend before if they owe something.
    pub(super) fn payment_of(&self, member: MemberNumber, points: i64) -> Option<Entry> {
        let paid = self.debt.min(points);

        (paid > 0).then(|| Entry::pay(member, paid))
    }

    /// Checks that what is kept of a debt is what was proven, and that whoever owes something has nothing to spend of
    /// their `points`.
    pub(super) fn check_debt(
        &self,
        member: MemberNumber,
        given: Given,
        points: i64,
    ) -> Result<(), Unsound> {
        let (kept, proven) = (given.debt, self.debt);
        if kept != proven {
            return Err(Unsound::DebtDiffers {
                member,
                kept,
                proven,
            });
        }
        let available = points - given.held;
        if kept > 0 && available > 0 {
            return Err(Unsound::DebtUnpaid {
                member,
                debt: kept,
                available,
            });
        }

        Ok(())
    }
}
