//! The head of a room's books.

use super::{Account, Digest, Entry, Transfer, genesis};
use crate::id::RoomId;
use crate::watching::WatchCredit;

/// Where a room's books stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    /// The position of the last transfer or credit, and so how many there are.
    pub seq: i64,
    /// The last link of the chain.
    pub digest: Digest,
    /// What the mint has ever issued.
    pub minted: i64,
    /// What has gone to the sink, without what came back from there.
    pub burned: i64,
    /// What all members together owe.
    pub owed: i64,
    /// What all members together have reserved, and cannot spend.
    pub held: i64,
}

impl Ledger {
    /// The books of a room in which nothing was moved yet.
    pub fn empty(room_id: RoomId) -> Self {
        Self {
            seq: 0,
            digest: genesis(room_id),
            minted: 0,
            burned: 0,
            owed: 0,
            held: 0,
        }
    }

    /// What all members together have.
    pub fn outstanding(&self) -> i64 {
        self.minted - self.burned + self.owed
    }

    /// Whether the totals hold `entry` as well. What is burned is at most what was minted and what is owed, so that
    /// spending what there is always fits.
    pub(crate) fn has_room_for(&self, entry: Entry) -> bool {
        match entry.debit {
            Account::Mint | Account::Debt(_) => self.can_add(entry.points),
            Account::Sink | Account::Member(_) => true,
        }
    }

    /// Whether the totals hold so many points as well, which come from the mint or are owed.
    pub(crate) fn can_add(&self, points: i64) -> bool {
        let all = self.minted.checked_add(self.owed);
        all.and_then(|all| all.checked_add(points)).is_some()
    }

    /// Adds the next credit. Returns the chain's link of it.
    pub(crate) fn append_credit(&mut self, credit: &WatchCredit) -> Digest {
        self.seq = credit.seq;
        self.digest = self.digest.followed_by_credit(credit);
        self.minted += credit.points;

        self.digest
    }

    /// Adds the next transfer. Returns the chain's link of it.
    pub(crate) fn append(&mut self, transfer: &Transfer) -> Digest {
        self.seq = transfer.seq;
        self.digest = self.digest.followed_by(transfer);
        self.minted -= transfer.entry.change_of(Account::Mint);
        self.burned += transfer.entry.change_of(Account::Sink);
        self.owed += transfer.entry.change_of_debt();

        self.digest
    }
}
