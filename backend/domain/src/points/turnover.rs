//! What a room's books moved in a span of time.

use std::collections::BTreeMap;

use super::{Transfer, TransferKind};
use crate::time::ServerTime;
use crate::watching::WatchCredit;

/// Turnover is kept by quarters of an hour, for the midnights of every time zone are at the start of one.
pub const QUARTER_MS: i64 = 15 * 60 * 1_000;

/// What moved points, a transfer or a credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mover {
    /// Minutes that were watched.
    Watching,
    Transfer(TransferKind),
}

/// A quarter of an hour, counted from 1970, and what moved points in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TurnoverKey {
    pub quarter: i64,
    pub mover: Mover,
}

/// How much was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Turnover {
    pub points: i64,
    /// How many transfers or credits it was.
    pub count: i64,
}

/// What was moved, by when and by what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turnovers(BTreeMap<TurnoverKey, Turnover>);

impl Mover {
    const WATCHING_CODE: i64 = 0;

    /// Its number in storage, which is a transfer's kind's.
    pub fn code(self) -> i64 {
        match self {
            Self::Watching => Self::WATCHING_CODE,
            Self::Transfer(kind) => kind.code(),
        }
    }

    /// The one of that number.
    pub fn of_code(code: i64) -> Option<Self> {
        if code == Self::WATCHING_CODE {
            return Some(Self::Watching);
        }
        let mut kinds = TransferKind::ALL.into_iter();

        kinds.find(|kind| kind.code() == code).map(Self::Transfer)
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Watching => "watching".to_owned(),
            Self::Transfer(kind) => format!("`{kind:?}`"),
        }
    }

    /// How many of so many points come from the mint.
    pub fn minted(self, points: i64) -> i64 {
        match self {
            Self::Watching | Self::Transfer(TransferKind::Granted) => points,
            Self::Transfer(
                TransferKind::Charged
                | TransferKind::Redeemed
                | TransferKind::Refunded
                | TransferKind::ClawedBack
                | TransferKind::DebtIncurred
                | TransferKind::DebtPaid
                | TransferKind::Returned,
            ) => 0,
        }
    }

    /// How many of so many points go to the sink; below zero for what comes back from there.
    pub fn burned(self, points: i64) -> i64 {
        match self {
            Self::Transfer(
                TransferKind::Charged
                | TransferKind::Redeemed
                | TransferKind::ClawedBack
                | TransferKind::DebtIncurred,
            ) => points,
            Self::Transfer(TransferKind::Refunded | TransferKind::Returned) => -points,
            Self::Watching | Self::Transfer(TransferKind::Granted | TransferKind::DebtPaid) => 0,
        }
    }
}

impl Turnovers {
    pub(crate) fn add_transfer(&mut self, transfer: &Transfer) {
        let mover = Mover::Transfer(transfer.kind);
        self.add(mover, transfer.at, transfer.entry.points);
    }

    pub(crate) fn add_credit(&mut self, credit: &WatchCredit) {
        self.add(Mover::Watching, credit.at, credit.points);
    }

    fn add(&mut self, mover: Mover, at: ServerTime, points: i64) {
        let quarter = at.unix_millis().div_euclid(QUARTER_MS);
        let turnover = self.0.entry(TurnoverKey { quarter, mover }).or_default();
        // A row that somebody made up may hold any number, which the chain then does not.
        turnover.points = turnover.points.saturating_add(points);
        turnover.count += 1;
    }

    /// All of it, by time.
    pub fn iter(&self) -> impl Iterator<Item = (TurnoverKey, Turnover)> {
        self.0.iter().map(|(key, turnover)| (*key, *turnover))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first that is not the same in both, by time.
    pub(crate) fn first_difference(&self, other: &Self) -> Option<TurnoverKey> {
        let differing = |one: &Self, other: &Self| {
            let mut all = one.0.iter();
            all.find(|(key, turnover)| other.0.get(key) != Some(turnover))
                .map(|(key, _)| *key)
        };

        [differing(self, other), differing(other, self)]
            .into_iter()
            .flatten()
            .min()
    }

    pub(crate) fn get(&self, key: TurnoverKey) -> Turnover {
        self.0.get(&key).copied().unwrap_or_default()
    }
}

impl FromIterator<(TurnoverKey, Turnover)> for Turnovers {
    fn from_iter<T: IntoIterator<Item = (TurnoverKey, Turnover)>>(all: T) -> Self {
        Self(all.into_iter().collect())
    }
}
