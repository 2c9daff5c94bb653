//! What a person told rooms.

use parlor_domain::erasure::ERASED_WORDS;
use parlor_domain::id::IdSource;
use serde_json::Value as Json;
use uuid::Uuid;

use super::scrub::{document, written};
use super::{Erasing, Progress};
use crate::sql::{Statement, corrupt};

/// Announcements found at once: each is looked for in all rooms of the tenant.
const TOLD_MAX: usize = 1;

impl Erasing<'_> {
    /// Takes the words out of some of what the person announced, which is known by how it was answered.
    pub(super) async fn told(&mut self, ids: &mut impl IdSource) -> Result<Progress, sqlx::Error> {
        let select = self.of_person(&format!(
            "SELECT idempotency_key, answer FROM answers
             WHERE tenant_id = $1 AND actor = $2 AND operation = 'tell' LIMIT {TOLD_MAX}"
        ));
        let found = self.transaction.fetch(select).await?;
        let count = found.len();
        for mut row in found {
            let key: String = row.take()?;
            let answer: String = row.take()?;
            let (_, event) = document(&answer)?;
            self.unsay(&event, ids).await?;
            let forget = self.of_person(
                "DELETE FROM answers WHERE tenant_id = $1 AND actor = $2 AND operation = 'tell'
                     AND idempotency_key = $3",
            );
            self.execute(forget.bind(key)).await?;
        }

        Ok(if count < TOLD_MAX {
            Progress::Acts
        } else {
            Progress::Told
        })
    }

    async fn unsay(&mut self, event: &Json, ids: &mut impl IdSource) -> Result<(), sqlx::Error> {
        let id = super::log::id_of(event);
        let (Some(id), Some(seq)) = (id, event["seq"].as_i64()) else {
            return Err(corrupt("what was told is no event".to_owned()));
        };
        let select = "SELECT e.room_id, e.body FROM rooms CROSS JOIN events e
            WHERE rooms.tenant_id = $1 AND e.room_id = rooms.id AND e.seq = $2 AND e.id = $3";
        let select = Statement::new(select)
            .bind(self.tenant_id)
            .bind(seq)
            .bind(id);
        for mut row in self.transaction.fetch(select).await? {
            let room_id: Uuid = row.take()?;
            self.lock_room(room_id).await?;
            let body: String = row.take()?;
            let (version, mut json) = document(&body)?;
            if let Some(text) = json.pointer_mut("/payload/text") {
                *text = ERASED_WORDS.into();
            }
            let update = "UPDATE events SET body = $3 WHERE room_id = $1 AND seq = $2";
            let update = Statement::new(update).bind(room_id).bind(seq);
            self.execute(update.bind(written(version, &json))).await?;
            self.renew_epoch(room_id, ids).await?;
        }

        Ok(())
    }
}
