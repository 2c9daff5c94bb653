//! What was asked of a room's points and what was acknowledged, to be held against its books.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

use crate::cases::Cases;

/// Everything that the people at a till know to have happened. Each key is the reason, or the input, of what was
/// asked under it, so that the books show it.
#[derive(Debug, Default)]
pub struct Accounts {
    /// Grants and charges that were ever sent, by key.
    pub moves: BTreeMap<String, Move>,
    /// Their positions in the books, once they were acknowledged.
    pub moved: BTreeMap<String, String>,
    /// Clawbacks that were ever sent, by key.
    pub clawbacks: BTreeMap<String, Move>,
    /// What was acknowledged of them: how much was taken, and how much is owed since.
    pub clawed_back: BTreeMap<String, [i64; 2]>,
    /// Who ordered something, by key.
    pub orders: BTreeMap<String, String>,
    /// The redemption that each order was acknowledged as, in 32 hexadecimal digits.
    pub redeemed: BTreeMap<String, String>,
    /// What each redemption was acknowledged to have become, and by whom.
    pub settled: BTreeMap<String, Settled>,
    /// Refunds of a point each that were ever sent, by key, with the redemption.
    pub refunds: BTreeMap<String, String>,
    /// Those of them that were acknowledged.
    pub refunded: BTreeSet<String>,
    /// Minutes of people that were ever said to have been watched.
    pub watched: BTreeSet<(String, String)>,
    /// Those that were acknowledged to count.
    pub counted: BTreeSet<(String, String)>,
    /// Those that were told to count now, which only one report can be told.
    pub counted_first: BTreeSet<(String, String)>,
    pub cases: Cases,
    /// How often two saw to the same redemption at once, and both were answered.
    pub duels: u64,
}

/// Points that are granted, or charged if they are below zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub viewer: String,
    pub points: i64,
}

/// What became of a redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    pub status: &'static str,
    pub by: &'static str,
}

impl Accounts {
    /// Notes that `key` was acknowledged as what stands at `seq`: the same each time.
    pub fn acknowledge_move(&mut self, key: &str, seq: &str) -> Result<()> {
        let first = self.moved.entry(key.to_owned());
        let first = first.or_insert_with(|| seq.to_owned());
        ensure!(
            first == seq,
            "{key} was acknowledged at {first} and at {seq}"
        );

        Ok(())
    }

    /// Notes that of a clawback so much was taken, and so much is owed since: the same each time.
    pub fn acknowledge_clawback(&mut self, key: &str, parts: [i64; 2]) -> Result<()> {
        let first = *self.clawed_back.entry(key.to_owned()).or_insert(parts);
        ensure!(
            first == parts,
            "{key} was acknowledged as {first:?} and as {parts:?}"
        );

        Ok(())
    }

    /// Notes that `key` was acknowledged as the redemption `id`: the same each time.
    pub fn acknowledge_order(&mut self, key: &str, id: &str) -> Result<()> {
        let first = self.redeemed.entry(key.to_owned());
        let first = first.or_insert_with(|| id.to_owned());
        ensure!(first == id, "{key} was acknowledged as {first} and as {id}");

        Ok(())
    }

    /// Notes that somebody was told to have settled a redemption, which only one is.
    pub fn acknowledge_settlement(&mut self, id: &str, settled: Settled) -> Result<()> {
        if let Some(before) = self.settled.insert(id.to_owned(), settled) {
            ensure!(
                before == settled,
                "{id} was acknowledged as {before:?} and as {settled:?}"
            );
        }

        Ok(())
    }

    /// Notes what somebody was told of a minute of theirs.
    pub fn acknowledge_minute(&mut self, viewer: &str, minute: &str, outcome: &str) -> Result<()> {
        let slot = (viewer.to_owned(), minute.to_owned());
        match outcome {
            "COUNTED" => {
                let is_first = self.counted_first.insert(slot.clone());
                ensure!(is_first, "{slot:?} counted twice");
                self.counted.insert(slot);
            }
            "ALREADY_COUNTED" => {
                self.counted.insert(slot);
            }
            _ => {}
        }

        Ok(())
    }
}
