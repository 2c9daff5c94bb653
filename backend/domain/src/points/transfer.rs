//! What moves points.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Account, Authorship, Digest, MemberNumber, TRANSFER_POINTS_MAX};
use crate::id::{DisputeId, RedemptionId, TransferId};
use crate::invalid::{Invalid, check_range};
use crate::time::ServerTime;

/// How many points go from which account to which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whom they are taken from.
    pub debit: Account,
    /// Whom they are given to.
    pub credit: Account,
    pub points: i64,
}

/// Why points moved, as far as rules know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferKind {
    /// Staff gave them.
    Granted,
    /// Staff took them.
    Charged,
    /// The member redeemed a reward, and it was fulfilled. It is about the redemption.
    Redeemed,
    /// Staff gave back what a redemption had cost, or a part of it. It is about the redemption, and corrects the
    /// transfer that paid for it.
    Refunded,
    /// Staff took back what the member had to spend of what they should not have.
    ClawedBack,
    /// The rest of it, which they had not.
    DebtIncurred,
    /// The member paid of what they owe, with what had just come.
    DebtPaid,
    /// Staff gave back, by a case, what another transfer took that was no redemption's. It corrects that.
    Returned,
}

/// A movement of points, which nothing changes afterwards. A mistake is mended by another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    pub id: TransferId,
    /// The position in the room's books: 1, 2, 3, … without a gap.
    pub seq: i64,
    pub entry: Entry,
    pub kind: TransferKind,
    pub at: ServerTime,
    /// What it is about, which the kind says the sort of.
    pub about: Option<Uuid>,
    /// The transfer that it corrects, by position.
    pub corrects: Option<i64>,
    /// The case that it resolves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute_id: Option<DisputeId>,
    /// What transfers one by one have given the member, less what they took, with this.
    #[serde(rename = "balance_after")]
    pub given_after: i64,
    /// What the member had earned by watching until then. It is not the transfer's own, and so looked up.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub earned_before: i64,
    /// Who and why, unless it was erased.
    pub authorship: Option<Authorship>,
    pub authorship_digest: Digest,
}

impl Transfer {
    /// What the member has after it.
    pub fn balance_after(&self) -> i64 {
        self.given_after + self.earned_before
    }

    /// The redemption that it is about.
    pub fn redemption_id(&self) -> Option<RedemptionId> {
        match self.kind {
            TransferKind::Redeemed | TransferKind::Refunded => self.about.map(RedemptionId),
            TransferKind::Granted
            | TransferKind::Charged
            | TransferKind::ClawedBack
            | TransferKind::DebtIncurred
            | TransferKind::DebtPaid
            | TransferKind::Returned => None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_nothing(points: &i64) -> bool {
    *points == 0
}

impl Entry {
    /// From the mint to a member.
    pub fn grant(member: MemberNumber, points: i64) -> Self {
        Self {
            debit: Account::Mint,
            credit: Account::Member(member),
            points,
        }
    }

    /// From a member to the sink.
    pub fn charge(member: MemberNumber, points: i64) -> Self {
        Self {
            debit: Account::Member(member),
            credit: Account::Sink,
            points,
        }
    }

    /// From the sink back to a member.
    pub fn refund(member: MemberNumber, points: i64) -> Self {
        Self {
            debit: Account::Sink,
            credit: Account::Member(member),
            points,
        }
    }

    /// From what a member owes to the sink.
    pub fn owe(member: MemberNumber, points: i64) -> Self {
        Self {
            debit: Account::Debt(member),
            credit: Account::Sink,
            points,
        }
    }

    /// From a member to what they owe.
    pub fn pay(member: MemberNumber, points: i64) -> Self {
        Self {
            debit: Account::Member(member),
            credit: Account::Debt(member),
            points,
        }
    }

    /// The member whose balance or debt changes. Nobody gives points to another.
    pub fn member(self) -> Option<MemberNumber> {
        self.debit.member().or(self.credit.member())
    }

    /// By how much the member's balance changes.
    pub fn change_of_member(self) -> i64 {
        let member = self.member().map(Account::Member);
        member.map_or(0, |member| self.change_of(member))
    }

    /// By how much what the member owes changes.
    pub fn change_of_debt(self) -> i64 {
        let member = self.member().map(Account::Debt);
        member.map_or(0, |debt| -self.change_of(debt))
    }

    /// How many points worse off the member is by it, by their balance and by what they owe together.
    pub(crate) fn took(self) -> i64 {
        self.change_of_debt() - self.change_of_member()
    }

    /// By how much the balance of `account` changes.
    pub fn change_of(self, account: Account) -> i64 {
        i64::from(self.credit == account) * self.points
            - i64::from(self.debit == account) * self.points
    }
}

impl TransferKind {
    pub const ALL: [Self; 8] = [
        Self::Granted,
        Self::Charged,
        Self::Redeemed,
        Self::Refunded,
        Self::ClawedBack,
        Self::DebtIncurred,
        Self::DebtPaid,
        Self::Returned,
    ];

    /// Between which accounts a transfer of the kind moves a member's points, and between no others.
    pub(crate) fn entry(self, member: MemberNumber, points: i64) -> Entry {
        let entry = match self {
            Self::Granted => Entry::grant,
            Self::Charged | Self::Redeemed | Self::ClawedBack => Entry::charge,
            Self::Refunded | Self::Returned => Entry::refund,
            Self::DebtIncurred => Entry::owe,
            Self::DebtPaid => Entry::pay,
        };

        entry(member, points)
    }

    /// The kind's number, in storage and in what is hashed. Numbers are never given anew.
    pub fn code(self) -> i64 {
        match self {
            Self::Granted => 1,
            Self::Charged => 2,
            Self::Redeemed => 3,
            Self::Refunded => 4,
            Self::ClawedBack => 5,
            Self::DebtIncurred => 6,
            Self::DebtPaid => 7,
            Self::Returned => 8,
        }
    }
}

/// Checks how many points are to be moved.
pub(crate) fn check_points(points: i64) -> Result<(), Invalid> {
    check_range("points", points, 1, TRANSFER_POINTS_MAX)
}
