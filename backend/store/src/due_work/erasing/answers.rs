//! What others were answered that was about a person.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use uuid::Uuid;

use super::scrub::{document, scrub};
use super::{Erasing, Progress};
use crate::sql::{Row, Statement, row};

/// Answers looked through at once: a page of a queue is one.
const ANSWERS_MAX: usize = 20;
/// What is kept in the place of what a key was used for, of which nothing has this digest: whoever uses the key again
/// is refused, for what they said first cannot be compared any more.
const NO_FINGERPRINT: [u8; 32] = [0; 32];

/// An answer by its key.
struct Answer {
    key: [String; 3],
    text: String,
}

impl Erasing<'_> {
    /// Looks through some of the tenant's, behind `after`.
    pub(super) async fn answers(&mut self, after: [String; 3]) -> Result<Progress, sqlx::Error> {
        let select = format!(
            "SELECT actor, operation, idempotency_key, answer FROM answers
             WHERE tenant_id = $1 AND (actor, operation, idempotency_key) > ($2, $3, $4)
             ORDER BY actor, operation, idempotency_key LIMIT {ANSWERS_MAX}"
        );
        let mut select = Statement::new(select).bind(self.tenant_id);
        for part in after {
            select = select.bind(part);
        }
        let read = |mut row: Row| {
            Ok::<_, sqlx::Error>(Answer {
                key: [row.take()?, row.take()?, row.take()?],
                text: row.take()?,
            })
        };
        let found = self.transaction.fetch(select).await?;
        let answers: Vec<_> = found.into_iter().map(read).collect::<Result<_, _>>()?;

        let mut person = self.person_anywhere().await?;
        person.transfers = self.transfers_among(&answers).await?;
        for answer in &answers {
            if let Some(text) = scrub(&answer.text, &person)? {
                self.change(answer, text).await?;
            }
        }

        let is_full = answers.len() == ANSWERS_MAX;
        Ok(match answers.into_iter().next_back().filter(|_| is_full) {
            Some(Answer {
                key: [actor, operation, key],
                ..
            }) => Progress::Answers {
                actor,
                operation,
                key,
            },
            None => Progress::End,
        })
    }

    async fn change(&mut self, answer: &Answer, text: String) -> Result<(), sqlx::Error> {
        let [actor, operation, key] = &answer.key;
        let update = "UPDATE answers SET answer = $5, fingerprint = $6
            WHERE tenant_id = $1 AND actor = $2 AND operation = $3 AND idempotency_key = $4";
        let update = Statement::new(update)
            .bind(self.tenant_id)
            .bind(actor.as_str())
            .bind(operation.as_str())
            .bind(key.as_str())
            .bind(text)
            .bind(&NO_FINGERPRINT);
        self.execute(update).await?;

        Ok(())
    }

    /// The transfers of the person's points among what was answered: an answer says whose they are by a number, which
    /// is another's in another room.
    async fn transfers_among(&mut self, answers: &[Answer]) -> Result<BTreeSet<Uuid>, sqlx::Error> {
        let mut told = Vec::new();
        for answer in answers
            .iter()
            .filter(|answer| answer.text.contains("\"authorship\":{"))
        {
            let (_, json) = document(&answer.text)?;
            signed(&json, &mut told);
        }
        let mut rooms: BTreeMap<i64, Vec<Uuid>> = BTreeMap::new();
        let select = "SELECT number, room_id FROM erasure_rooms WHERE erasure_id = $1 AND number IS NOT NULL";
        let select = Statement::new(select).bind(self.id);
        for mut row in self.transaction.fetch(select).await? {
            rooms.entry(row.take()?).or_default().push(row.take()?);
        }
        let mut keys = Vec::new();
        for Signed { id, seq, number } in told {
            let among = rooms.get(&number).into_iter().flatten();
            keys.extend(among.map(|room_id| row![*room_id, seq, id]));
        }
        let text = "SELECT t.id FROM told CROSS JOIN transfers t
            WHERE t.room_id = told.room_id AND t.seq = told.seq AND t.id = told.id";
        let rows = self
            .transaction
            .look_up("told (room_id, seq, id)", keys, text)
            .await?;

        rows.into_iter().map(|mut row| row.take()).collect()
    }
}

/// A transfer that says who made it.
struct Signed {
    id: Uuid,
    seq: i64,
    number: i64,
}

/// Finds the transfers in an answer, which is one or has some.
fn signed(json: &Json, found: &mut Vec<Signed>) {
    let Json::Object(fields) = json else {
        return;
    };
    let entry = &json["entry"];
    let number = ["debit", "credit"].into_iter().find_map(|side| {
        let account = entry[side].as_object()?;
        account.values().next()?.as_i64()
    });
    if let (Some(id), Some(seq), Some(number)) =
        (super::log::id_of(json), json["seq"].as_i64(), number)
    {
        found.push(Signed { id, seq, number });
    }
    for value in fields.values() {
        signed(value, found);
    }
}
