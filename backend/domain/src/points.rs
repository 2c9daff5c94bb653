//! Channel points: whole units, moved between accounts by double entry.
//!
//! Points come from the room's mint and go to its sink; nothing else makes or destroys them. So a room's
//! accounts sum to zero, whatever happened, and what a viewer has is what the transfers say. What is taken back and is
//! not there any more is a debt, in an account of its own, so that nobody's balance is below zero.

mod account;
mod chain;
mod clawed_back;
mod ledger;
mod proof;
mod statement;
mod transfer;
mod turnover;

pub use crate::books::DEBT_POINTS_MAX;
pub use crate::books::{Authorship, Digest, MemberNumber, TRANSFER_POINTS_MAX};
pub use account::{Account, Balance, Given};
pub use chain::genesis;
pub use clawed_back::ClawedBack;
pub use ledger::Ledger;
pub use proof::{Contest, Payment, Proof, Purchase, Unsound};
pub use statement::StatementLine;
pub(crate) use transfer::check_points;
pub use transfer::{Entry, Transfer, TransferKind};
pub use turnover::{Mover, QUARTER_MS, Turnover, TurnoverKey, Turnovers};
