//! Who holds points.

use serde::{Deserialize, Serialize};

use crate::books::MemberNumber;
use crate::watching::Earning;

/// One side of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Where points come from. What it lacks is what was ever issued.
    Mint,
    /// Where points go that are spent or taken back.
    Sink,
    Member(MemberNumber),
    /// What a member owes. It is below zero by as much as that.
    Debt(MemberNumber),
}

/// What a member has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// All of it, what is held included.
    pub points: i64,
    /// What is reserved, and nobody may spend twice.
    pub held: i64,
    /// What they owe, which is nothing while there is anything to spend.
    pub debt: i64,
    /// How many transfers and credits there were: the lines of the member's statement.
    pub lines: i64,
}

/// The part of what a member has that transfers one by one gave and took. What they earned by watching is the
/// other part, and stands with that of their neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Given {
    /// Below zero if some of what was earned was spent.
    pub points: i64,
    pub held: i64,
    pub debt: i64,
    /// How many transfers there were.
    pub lines: i64,
}

const MINT_CODE: i64 = -1;
const SINK_CODE: i64 = -2;
/// The debt of the member with the number 0; those of others are below it.
const DEBT_CODE: i64 = -3;

impl Account {
    /// The account as a number, in storage and in what is hashed.
    pub fn code(self) -> i64 {
        match self {
            Self::Mint => MINT_CODE,
            Self::Sink => SINK_CODE,
            Self::Member(MemberNumber(number)) => i64::from(number),
            Self::Debt(MemberNumber(number)) => DEBT_CODE - i64::from(number),
        }
    }

    /// The account of that number.
    pub fn of_code(code: i64) -> Option<Self> {
        match code {
            MINT_CODE => Some(Self::Mint),
            SINK_CODE => Some(Self::Sink),
            0.. => Some(Self::Member(MemberNumber(u32::try_from(code).ok()?))),
            ..=DEBT_CODE => {
                let number = DEBT_CODE.checked_sub(code)?;
                Some(Self::Debt(MemberNumber(u32::try_from(number).ok()?)))
            }
        }
    }

    /// Whose account it is.
    pub(crate) fn member(self) -> Option<MemberNumber> {
        match self {
            Self::Mint | Self::Sink => None,
            Self::Member(number) | Self::Debt(number) => Some(number),
        }
    }
}

impl Given {
    /// What the member has, with what they earned.
    pub fn and(self, earning: &Earning) -> Balance {
        Balance {
            points: self.points + earning.earned,
            held: self.held,
            debt: self.debt,
            lines: self.lines + earning.lines,
        }
    }
}

impl Balance {
    /// What can be spent.
    pub fn available(self) -> i64 {
        self.points - self.held
    }
}
