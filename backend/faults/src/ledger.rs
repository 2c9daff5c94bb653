//! What was sent and what was acknowledged, to be held against the database.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::accounts::Accounts;

/// Everything that the audience knows to have happened. Rooms are global ids, other ids 32
/// hexadecimal digits.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The contribution that each key was acknowledged as, by room.
    pub contributions: BTreeMap<String, BTreeMap<String, String>>,
    /// Every key that was ever sent.
    pub sent: BTreeSet<String>,
    /// Sessions that were acknowledged, by room.
    pub sessions: BTreeMap<String, BTreeSet<String>>,
    /// People who were acknowledged to have joined, by room. Whether they still are in it nobody can
    /// know: a call that was given up may be done later.
    pub people: BTreeMap<String, BTreeSet<String>>,
    /// What is known of points, by room.
    pub accounts: BTreeMap<String, Accounts>,
    /// The session that was heard of last, by room.
    pub shows: BTreeMap<String, Show>,
    /// Calls that were made once more, because nobody knew what had become of them.
    pub repeated: u64,
}

/// A session that somebody can watch.
#[derive(Debug, Clone)]
pub struct Show {
    /// Its global id.
    pub id: String,
    /// As the server writes it.
    pub started_at: String,
}

impl Show {
    /// The session of an answer.
    pub fn of(session: &Value) -> Option<Self> {
        Some(Self {
            id: session["id"].as_str()?.to_owned(),
            started_at: session["startedAt"].as_str()?.to_owned(),
        })
    }
}

impl Ledger {
    /// What is known of a room's points.
    pub fn accounts(&mut self, room: &str) -> &mut Accounts {
        self.accounts.entry(room.to_owned()).or_default()
    }

    /// Notes that `key` was acknowledged as `id`: the same one each time.
    pub fn acknowledge(&mut self, room: &str, key: &str, id: &str) -> Result<()> {
        let keys = self.contributions.entry(room.to_owned()).or_default();
        let first = keys.entry(key.to_owned()).or_insert_with(|| id.to_owned());
        ensure!(first == id, "{key} was acknowledged as {first} and as {id}");

        Ok(())
    }

    /// How many contributions were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.contributions.values().map(BTreeMap::len).sum()
    }
}
