//! What it came to that points were taken back.

use serde::{Deserialize, Serialize};

use super::Transfer;

/// What was taken, and what became a debt; one of them at least.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClawedBack {
    pub taken: Option<Transfer>,
    pub owed: Option<Transfer>,
}

impl ClawedBack {
    /// The transfers, in the order in which they were made.
    pub fn transfers(&self) -> impl Iterator<Item = &Transfer> {
        self.taken.iter().chain(&self.owed)
    }

    /// The position of the first.
    pub fn seq(&self) -> i64 {
        let first = self.transfers().next();
        first.expect("points were taken back").seq
    }
}
