//! What a person did, wherever that was, and where they are.

use parlor_domain::erasure::ERASED_ACTOR;
use serde_json::Value as Json;
use uuid::Uuid;

use super::places::{
    ANSWERS, AUDIT_ENTRIES, PRESENCES, Place, SETTLED, TRANSFERS, WATCH_CREDITS, WATCH_PLACES,
    minutes,
};
use super::scrub::{Person, document, scrub, written};
use super::{ERASED_MAX, Erasing, Progress};
use crate::sql::Statement;

/// Audit entries changed at once: a document each, and what was granted or denied in a room.
pub(super) const REASONS_MAX: u64 = 100;

/// What goes by the person's id alone, some at a time; $1 is the tenant and $2 the person.
fn by_id() -> [String; 4] {
    let moved = |Place {
                     table, is_theirs, ..
                 }| {
        format!(
            "UPDATE {table} SET actor_id = NULL, reason = NULL, salt = NULL
             WHERE (room_id, seq) IN (SELECT room_id, seq FROM {table}
                 WHERE {is_theirs} LIMIT {ERASED_MAX})"
        )
    };
    let Place {
        table,
        is_theirs,
        goes,
    } = PRESENCES;

    [
        moved(TRANSFERS),
        moved(WATCH_CREDITS),
        // By what they were answered it is known what they told rooms, so that this goes with the words.
        format!(
            "DELETE FROM answers WHERE (tenant_id, actor, operation, idempotency_key) IN (
                 SELECT tenant_id, actor, operation, idempotency_key FROM answers
                 WHERE {} AND operation <> 'tell' LIMIT {ERASED_MAX})",
            ANSWERS.is_theirs
        ),
        format!("DELETE FROM {table} WHERE {is_theirs} AND {goes}"),
    ]
}

impl Erasing<'_> {
    /// Takes some of it out.
    pub(super) async fn acts(&mut self) -> Result<Progress, sqlx::Error> {
        let mut is_done = true;
        for text in by_id() {
            let piece = self.of_person(&text);
            is_done &= self.execute(piece).await? < ERASED_MAX;
        }
        let select = self.of_person(&format!(
            "SELECT id, action, room_id, participant_id FROM audit_entries
             WHERE {} ORDER BY room_id LIMIT {REASONS_MAX}",
            AUDIT_ENTRIES.is_theirs
        ));
        // Both lock rooms, each in an order of its own.
        is_done &= match self.reasons(select).await? {
            0 => self.settled().await?,
            _ => false,
        };
        self.places().await?;

        Ok(if is_done {
            Progress::Disputes { after: Uuid::nil() }
        } else {
            Progress::Acts
        })
    }

    /// Takes out where they watched.
    async fn places(&mut self) -> Result<(), sqlx::Error> {
        let text = format!("DELETE FROM watch_places WHERE {}", WATCH_PLACES.is_theirs);
        for minute in minutes(self.transaction).await? {
            let places = self.of_person(&text).bind(minute);
            self.execute(places).await?;
        }

        Ok(())
    }

    /// Takes the reasons out of the audit entries that `select` finds, and the person where they acted. Returns how
    /// many there were.
    pub(super) async fn reasons(&mut self, select: Statement) -> Result<u64, sqlx::Error> {
        let found = self.transaction.fetch(select).await?;
        let count = found.len();
        for mut row in found {
            let id: Uuid = row.take()?;
            let action: String = row.take()?;
            let (version, mut json) = document(&action)?;
            if let Some(reason) = json.get_mut("reason") {
                *reason = Json::Null;
            }
            if json.get("capability").is_some() {
                self.overridden(row.take()?, row.take()?).await?;
            }
            let update = "UPDATE audit_entries
                SET action = $2, actor_id = CASE WHEN actor_id = $3 THEN $4 ELSE actor_id END
                WHERE id = $1";
            let update = Statement::new(update)
                .bind(id)
                .bind(written(version, &json))
                .bind(self.user_id.as_str())
                .bind(ERASED_ACTOR);
            self.execute(update).await?;
        }

        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// Takes the person out of what they granted or denied a participant.
    async fn overridden(&mut self, room_id: Uuid, participant_id: Uuid) -> Result<(), sqlx::Error> {
        self.lock_room(room_id).await?;
        let person = Person::new(&self.user_id, ERASED_ACTOR);
        let select = Statement::new("SELECT overrides FROM participants WHERE id = $1");
        for mut row in self.transaction.fetch(select.bind(participant_id)).await? {
            if let Some(overrides) = scrub(&row.take::<String>()?, &person)? {
                let update = Statement::new("UPDATE participants SET overrides = $2 WHERE id = $1");
                let update = update.bind(participant_id).bind(overrides);
                self.execute(update).await?;
            }
        }

        Ok(())
    }

    /// Takes the person out of what they have settled in one room. Returns whether there is no other.
    async fn settled(&mut self) -> Result<bool, sqlx::Error> {
        let select = format!(
            "SELECT room_id FROM redemptions WHERE {} LIMIT 1",
            SETTLED.is_theirs
        );
        let select = self.of_person(&select);
        let Some(mut row) = self.transaction.fetch(select).await?.into_iter().next() else {
            return Ok(true);
        };
        let room_id: Uuid = row.take()?;
        self.lock_room(room_id).await?;
        let settled = self.of_person(&format!(
            "UPDATE redemptions SET settled_by = $3 WHERE id IN (SELECT id FROM redemptions
                 WHERE tenant_id = $1 AND settled_by = $2 AND room_id = $4 LIMIT {ERASED_MAX})"
        ));
        let settled = settled.bind(ERASED_ACTOR).bind(room_id);
        self.execute(settled).await?;

        Ok(false)
    }
}
