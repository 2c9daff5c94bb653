//! Disputes about a person's points, and those that they opened or resolved.

use std::collections::BTreeSet;

use parlor_domain::erasure::ERASED_ACTOR;
use uuid::Uuid;

use super::scrub::{Person, scrub};
use super::{Erasing, Progress};
use crate::sql::Statement;

/// Disputes looked through at once.
const DISPUTES_MAX: usize = 200;

impl Erasing<'_> {
    /// Looks through some of the tenant's.
    pub(super) async fn disputes(&mut self, after: Uuid) -> Result<Progress, sqlx::Error> {
        let person = self.person_anywhere().await?;
        let select = format!(
            "SELECT id, room_id, dispute FROM disputes WHERE tenant_id = $1 AND id > $2
             ORDER BY id LIMIT {DISPUTES_MAX}"
        );
        let select = Statement::new(select).bind(self.tenant_id).bind(after);
        let found = self.transaction.fetch(select).await?;
        let (count, mut last) = (found.len(), after);
        // Rooms are locked in this order.
        let mut theirs = BTreeSet::new();
        for mut row in found {
            last = row.take()?;
            let room_id: Uuid = row.take()?;
            if scrub(&row.take::<String>()?, &person)?.is_some() {
                theirs.insert((room_id, last));
            }
        }
        for (room_id, id) in theirs {
            self.dispute(id, room_id, &person).await?;
        }

        Ok(if count < DISPUTES_MAX {
            let [actor, operation, key] = [String::new(), String::new(), String::new()];
            Progress::Answers {
                actor,
                operation,
                key,
            }
        } else {
            Progress::Disputes { after: last }
        })
    }

    /// Changes a dispute as it is once its room is locked.
    async fn dispute(
        &mut self,
        id: Uuid,
        room_id: Uuid,
        person: &Person,
    ) -> Result<(), sqlx::Error> {
        self.lock_room(room_id).await?;
        let select = Statement::new("SELECT dispute FROM disputes WHERE id = $1").bind(id);
        for mut row in self.transaction.fetch(select).await? {
            if let Some(dispute) = scrub(&row.take::<String>()?, person)? {
                let update = Statement::new("UPDATE disputes SET dispute = $2 WHERE id = $1");
                self.execute(update.bind(id).bind(dispute)).await?;
            }
        }

        Ok(())
    }

    /// The person as they were in all of their rooms.
    pub(super) async fn person_anywhere(&mut self) -> Result<Person, sqlx::Error> {
        let mut person = Person::new(&self.user_id, ERASED_ACTOR);
        let select = "SELECT participant_id FROM erasure_rooms WHERE erasure_id = $1
            AND participant_id IS NOT NULL";
        let select = Statement::new(select).bind(self.id);
        for mut row in self.transaction.fetch(select).await? {
            person.participants.insert(row.take()?);
        }

        Ok(person)
    }
}
