//! What a member reads of their points, line by line.

use super::Transfer;
use crate::watching::WatchedLine;

/// A change of a member's balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementLine {
    Transfer(Box<Transfer>),
    /// A minute that was watched brought something, and the balance after it.
    Watched {
        line: WatchedLine,
        balance_after: i64,
    },
}

impl StatementLine {
    /// The position in the room's books.
    pub fn seq(&self) -> i64 {
        match self {
            Self::Transfer(transfer) => transfer.seq,
            Self::Watched { line, .. } => line.seq,
        }
    }

    /// By how much the balance changed.
    pub fn points(&self) -> i64 {
        match self {
            Self::Transfer(transfer) => transfer.entry.change_of_member(),
            Self::Watched { line, .. } => line.leg.points,
        }
    }

    /// By how much what the member owes changed.
    pub fn debt_points(&self) -> i64 {
        match self {
            Self::Transfer(transfer) => transfer.entry.change_of_debt(),
            Self::Watched { .. } => 0,
        }
    }

    /// The balance after it.
    pub fn balance_after(&self) -> i64 {
        match self {
            Self::Transfer(transfer) => transfer.balance_after(),
            Self::Watched { balance_after, .. } => *balance_after,
        }
    }
}
