//! What may be wrong with a room's books.

use crate::id::{DisputeId, DrawId, RedemptionId};
use crate::points::{Digest, MemberNumber, QUARTER_MS, Turnover, TurnoverKey};

/// The first thing about a room's books that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    #[error("transfer {found} stands where {expected} belongs")]
    Gap { expected: i64, found: i64 },
    #[error("transfer {seq} moves {points} points")]
    NotPositive { seq: i64, points: i64 },
    #[error("transfer {seq} leaves a member with {balance} points")]
    BelowZero { seq: i64, balance: i64 },
    #[error("transfer {seq} says that it leaves {said} points, and leaves {balance}")]
    WrongBalance { seq: i64, said: i64, balance: i64 },
    #[error("transfer {0} moves more points than the totals hold")]
    Overflow(i64),
    #[error("what transfer {0} says of who moved the points, and why, is not what was said then")]
    WordsChanged(i64),
    #[error("transfer {0} is not what it was when the next was chained to it")]
    ChainBroken(i64),
    #[error("the last transfer is {found}, and {expected} were made")]
    EndMissing { expected: i64, found: i64 },
    #[error("the {what} is kept as {kept}, and the transfers make it {proven}")]
    TotalDiffers {
        what: &'static str,
        kept: i64,
        proven: i64,
    },
    #[error(
        "in the quarter of an hour that began {} s after 1970, {} moved {} points in {} transfers; \
         kept are {} in {}",
        starts_at(.key), .key.mover.name(), .proven.points, .proven.count, .kept.points, .kept.count
    )]
    TurnoverDiffers {
        key: TurnoverKey,
        kept: Turnover,
        proven: Turnover,
    },
    #[error("member {} is kept to have {kept} points, and the transfers give them {proven}", .member.0)]
    BalanceDiffers {
        member: MemberNumber,
        kept: i64,
        proven: i64,
    },
    #[error("member {} is kept to have {kept} transfers, and {proven} are theirs", .member.0)]
    LinesDiffer {
        member: MemberNumber,
        kept: i64,
        proven: i64,
    },
    #[error("of member {} {kept} points are kept as held, and what is not settled holds {proven}", .member.0)]
    HeldDiffers {
        member: MemberNumber,
        kept: i64,
        proven: i64,
    },
    #[error("member {} is kept to owe {kept} points, and the transfers make it {proven}", .member.0)]
    DebtDiffers {
        member: MemberNumber,
        kept: i64,
        proven: i64,
    },
    #[error("member {} owes {debt} points, and has {available} to spend", .member.0)]
    DebtUnpaid {
        member: MemberNumber,
        debt: i64,
        available: i64,
    },
    #[error("transfer {0} does not move points between the accounts that one of its kind does")]
    WrongEntry(i64),
    #[error("entry {0} stands where what had come to a debtor was to pay their debt")]
    PaymentMissing(i64),
    #[error("transfer {seq} leaves a member with a debt of {debt} points")]
    DebtOutOfRange { seq: i64, debt: i64 },
    #[error("of the {points} points of member {}, {held} are held", .member.0)]
    HeldBeyondBalance {
        member: MemberNumber,
        points: i64,
        held: i64,
    },
    #[error("the statement of member {number} has transfer {seq}, which is not theirs")]
    OtherMember { seq: i64, number: i64 },
    #[error("redemption {0} was fulfilled, and no transfer says that it was paid for")]
    NotPaidFor(RedemptionId),
    #[error("redemption {0} was paid for, and was not fulfilled")]
    PaidForNothing(RedemptionId),
    #[error("redemption {0} was paid for twice")]
    PaidTwice(RedemptionId),
    #[error("transfer {0} gives back what nothing before it took from the same member")]
    RefundOfNothing(i64),
    #[error("with transfer {seq} {refunded} of {paid} points are given back")]
    RefundedTooMuch { seq: i64, refunded: i64, paid: i64 },
    #[error("redemption {id} says that {said} points of it were given back, and {refunded} were")]
    RefundDiffers {
        id: RedemptionId,
        said: i64,
        refunded: i64,
    },
    #[error("transfer {0} resolves a dispute, and is not what one does")]
    WrongDispute(i64),
    #[error("transfer {0} gives back what nothing before it took from the same member by hand")]
    ReturnOfNothing(i64),
    #[error("dispute {id} says that {said} points were given back by it, and {returned} were")]
    ReturnDiffers {
        id: DisputeId,
        said: i64,
        returned: i64,
    },
    #[error("dispute {id} says that {said} points were taken back by it, and {clawed_back} were")]
    ClawbackDiffers {
        id: DisputeId,
        said: i64,
        clawed_back: i64,
    },
    #[error("dispute {0} has moved points, and does not say that it was resolved")]
    NotResolved(DisputeId),
    #[error("dispute {id} holds {held} points, which it cannot")]
    WrongHold { id: DisputeId, held: i64 },
    #[error("dispute {0} moved points, and is not there")]
    DisputeMissing(DisputeId),
    #[error("draw {id} is not what its seed makes it: {wrong}")]
    WrongDraw { id: DrawId, wrong: String },
    #[error("{0} entries are of draws that are not there")]
    EntriesWithoutDraw(i64),
    #[error("redemption {0} says that lots decided on it, and of no draw")]
    EntryOfNothing(RedemptionId),
    #[error("credit {0} is of a session that was neither the newest nor the one before")]
    OtherSession(i64),
    #[error("credit {0} is of a minute that had not begun, or was too long ago")]
    OutOfTime(i64),
    #[error("the sessions that minutes are credited of are not those that were")]
    SessionsDiffer,
    #[error("credit {seq} counts a minute of member {} a second time", .member.0)]
    SlotTwice { seq: i64, member: MemberNumber },
    #[error("what credit {seq} gives member {} is not what its slots bring them", .member.0)]
    WrongLeg { seq: i64, member: MemberNumber },
    #[error("credit {seq} says that it gives {said} points, and gives {points}")]
    WrongSum { seq: i64, said: i64, points: i64 },
    #[error("what is kept of what member {} earned is not what the credits say", .0.0)]
    EarningDiffers(MemberNumber),
    #[error("the {what} cannot be read: {error}")]
    Unreadable { what: String, error: String },
    #[error("nothing is kept of member {}, to whom the transfers give {proven} points", .member.0)]
    BalanceMissing { member: MemberNumber, proven: i64 },
    #[error("at transfer {seq} the chain is {found}, and {expected} was noted elsewhere")]
    OtherHead {
        seq: i64,
        expected: Digest,
        found: Digest,
    },
}

fn starts_at(key: &TurnoverKey) -> i64 {
    key.quarter.saturating_mul(QUARTER_MS / 1_000)
}
