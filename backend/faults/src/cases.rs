//! What was asked of a room's cases and what was acknowledged, and that the database has it so. The words of each case
//! are the key that it was opened by, and those of its end the key that it was ended by.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use crate::database::Truth;

/// Everything that members and staff know to have become of cases. Ids are 32 hexadecimal digits.
#[derive(Debug, Default)]
pub struct Cases {
    /// Cases that somebody ever asked to open, by key.
    pub openings: BTreeMap<String, Opening>,
    /// The case that each was acknowledged as.
    opened: BTreeMap<String, String>,
    /// What a case was acknowledged to hold last.
    held: BTreeMap<String, i64>,
    /// The ends that were ever sent, by their keys. Of a withdrawal the words are none, so the case stands for them.
    pub endings: BTreeMap<String, End>,
    /// What each case was acknowledged to have come to.
    pub ended: BTreeMap<String, Ended>,
    /// How often two ended the same case at once, both were answered, and one had.
    pub duels: u64,
}

/// Who asks to open a case, and about whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    pub by: String,
    pub about: String,
}

/// An end that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub case: String,
    pub comes_to: Ended,
}

/// What a case has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub status: &'static str,
    pub returned: i64,
    pub clawed_back: i64,
    /// In words, which are the key.
    pub resolution: String,
}

/// A case as the database has it.
#[derive(Debug)]
pub(crate) struct Kept {
    id: String,
    opening: Opening,
    status: String,
    held: i64,
    returned: i64,
    clawed_back: i64,
    resolution: String,
}

impl Cases {
    /// Notes that `key` was acknowledged as the case `id`: the same each time.
    pub fn acknowledge_opening(&mut self, key: &str, id: &str) -> Result<()> {
        let first = self.opened.entry(key.to_owned());
        let first = first.or_insert_with(|| id.to_owned());
        ensure!(first == id, "{key} was acknowledged as {first} and as {id}");

        Ok(())
    }

    /// Notes what a case was acknowledged to hold, of so many that it was to.
    pub fn acknowledge_hold(&mut self, id: &str, held: i64, asked: i64) -> Result<()> {
        ensure!(
            (0..=asked).contains(&held),
            "{id} was to hold {asked} and holds {held}"
        );
        self.held.insert(id.to_owned(), held);

        Ok(())
    }

    /// Notes that somebody was told to have ended a case, which only one does.
    pub fn acknowledge_end(&mut self, id: &str, ended: &Ended) -> Result<()> {
        if let Some(before) = self.ended.insert(id.to_owned(), ended.clone()) {
            ensure!(
                before == *ended,
                "{id} was acknowledged as {before:?} and as {ended:?}"
            );
        }

        Ok(())
    }

    /// The cases that nobody was told the end of, with who opened each.
    pub fn open(&self) -> Vec<(String, Opening)> {
        let open = self.opened.iter();
        let open = open.filter(|(_, id)| !self.ended.contains_key(*id));

        open.map(|(key, id)| (id.clone(), self.openings[key].clone()))
            .collect()
    }

    /// Holds what is known against the cases that there are.
    pub(crate) fn check(&self, kept: &BTreeMap<String, Kept>) -> Result<()> {
        for (key, one) in kept {
            let sent = self.openings.get(key);
            ensure!(
                sent == Some(&one.opening),
                "{key} was opened as {:?}, and sent as {sent:?}",
                one.opening
            );
            self.check_one(one)?;
        }
        for (key, id) in &self.opened {
            let found = kept.get(key).map(|one| &one.id);
            ensure!(
                found == Some(id),
                "{key} was acknowledged as {id} and is {found:?}"
            );
        }

        Ok(())
    }

    fn check_one(&self, one: &Kept) -> Result<()> {
        let ended = self.ended.get(&one.id);
        if one.status == "open" {
            let held = self.held.get(&one.id).copied().unwrap_or_default();
            ensure!(ended.is_none(), "{one:?} was acknowledged as {ended:?}");
            ensure!(one.held == held, "{one:?} was acknowledged to hold {held}");
            return Ok(());
        }

        let is_come_to = |end: &Ended| {
            end.status == one.status
                && end.returned == one.returned
                && end.clawed_back == one.clawed_back
                && end.resolution == one.resolution
        };
        let mut sent = self.endings.values().filter(|end| end.case == one.id);
        ensure!(
            sent.any(|end| is_come_to(&end.comes_to)),
            "{one:?} is an end that nobody sent"
        );
        ensure!(
            ended.is_none_or(is_come_to),
            "{one:?} was acknowledged as {ended:?}"
        );
        ensure!(one.held == 0, "{one:?} is over and holds points");

        Ok(())
    }
}

/// The cases of a room, by the keys that they were opened by.
pub(crate) async fn kept(truth: &mut Truth, room: &str) -> Result<BTreeMap<String, Kept>> {
    let (id, of_room) = (
        truth.hex("disputes.id"),
        truth.is_id("disputes.room_id", room),
    );
    let of_case = |name: &str| truth.document_field("disputes.dispute", name);
    let fields = [
        "reason",
        "opened_by",
        "held",
        "returned",
        "clawed_back",
        "resolution",
    ]
    .map(of_case)
    .join(", ");
    let rows = truth
        .rows(&format!(
            "SELECT {id}, disputes.status, participants.viewer_id, {fields}
             FROM disputes JOIN participants
                 ON participants.room_id = disputes.room_id AND participants.number = disputes.number
             WHERE {of_room}"
        ))
        .await?;
    let mut kept = BTreeMap::new();
    for row in rows {
        let one = Kept {
            id: row[0].clone(),
            status: row[1].clone(),
            opening: Opening {
                about: row[2].clone(),
                by: row[4].clone(),
            },
            held: row[5].parse()?,
            returned: row[6].parse()?,
            clawed_back: row[7].parse()?,
            resolution: row[8].clone(),
        };
        let key = row[3].clone();
        let before = kept.insert(key.clone(), one);
        ensure!(before.is_none(), "{key} was opened twice");
    }

    Ok(kept)
}

/// How many points cases gave back of each redemption.
pub(crate) async fn returned(truth: &mut Truth, room: &str) -> Result<BTreeMap<String, i64>> {
    let (about, of_room) = (truth.hex("about"), truth.is_id("room_id", room));
    let rows = truth
        .rows(&format!(
            "SELECT {about}, CAST(SUM(points) AS TEXT) FROM transfers
             WHERE {of_room} AND dispute_id IS NOT NULL AND about IS NOT NULL GROUP BY about"
        ))
        .await?;

    rows.into_iter()
        .map(|row| Ok((row[0].clone(), row[1].parse()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening() -> Opening {
        Opening {
            by: "ana".to_owned(),
            about: "ana".to_owned(),
        }
    }

    fn found(status: &str, held: i64, returned: i64, resolution: &str) -> BTreeMap<String, Kept> {
        let one = Kept {
            id: "c".to_owned(),
            opening: opening(),
            status: status.to_owned(),
            held,
            returned,
            clawed_back: 0,
            resolution: resolution.to_owned(),
        };

        BTreeMap::from([("k".to_owned(), one)])
    }

    fn given_back(points: i64, resolution: &str) -> Ended {
        Ended {
            status: "resolved",
            returned: points,
            clawed_back: 0,
            resolution: resolution.to_owned(),
        }
    }

    #[test]
    fn a_case_that_was_lost_or_nobody_opened_or_holds_something_else_is_found() {
        let mut cases = Cases::default();
        cases.check(&BTreeMap::new()).unwrap();
        assert!(cases.check(&found("open", 0, 0, "")).is_err());
        cases.openings.insert("k".to_owned(), opening());
        cases.check(&found("open", 0, 0, "")).unwrap();
        cases.check(&BTreeMap::new()).unwrap();

        cases.acknowledge_opening("k", "c").unwrap();
        assert!(cases.acknowledge_opening("k", "d").is_err());
        assert!(cases.check(&BTreeMap::new()).is_err());
        cases.acknowledge_hold("c", 5, 9).unwrap();
        assert!(cases.acknowledge_hold("c", 10, 9).is_err());
        cases.check(&found("open", 5, 0, "")).unwrap();
        assert!(cases.check(&found("open", 0, 0, "")).is_err());
        let mut of_another = found("open", 5, 0, "");
        of_another.get_mut("k").unwrap().opening.about = "ben".to_owned();
        assert!(cases.check(&of_another).is_err());
    }

    #[test]
    fn an_end_that_was_lost_or_nobody_asked_for_or_came_to_something_else_is_found() {
        let mut cases = Cases::default();
        cases.openings.insert("k".to_owned(), opening());
        assert!(cases.check(&found("resolved", 0, 5, "e")).is_err());
        let end = End {
            case: "c".to_owned(),
            comes_to: given_back(5, "e"),
        };
        cases.endings.insert("e".to_owned(), end);
        cases.check(&found("resolved", 0, 5, "e")).unwrap();
        cases.check(&found("open", 0, 0, "")).unwrap();
        assert!(cases.check(&found("resolved", 0, 6, "e")).is_err());
        assert!(cases.check(&found("resolved", 0, 5, "other")).is_err());
        assert!(cases.check(&found("dismissed", 0, 5, "e")).is_err());
        assert!(cases.check(&found("resolved", 1, 5, "e")).is_err());

        cases.acknowledge_end("c", &given_back(5, "e")).unwrap();
        assert!(cases.acknowledge_end("c", &given_back(5, "f")).is_err());
        let mut cases = Cases {
            ended: BTreeMap::new(),
            ..cases
        };
        cases.acknowledge_end("c", &given_back(5, "e")).unwrap();
        cases.check(&found("resolved", 0, 5, "e")).unwrap();
        assert!(cases.check(&found("open", 0, 0, "")).is_err());
    }
}
