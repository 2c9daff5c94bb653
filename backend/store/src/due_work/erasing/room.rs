//! What a room has of a person.

use parlor_domain::erasure::ERASED_NAME;
use parlor_domain::id::{ERASED_ID_STARTS, IdSource};
use parlor_domain::participant::{Membership, Overrides};
use uuid::Uuid;

use super::acts::REASONS_MAX;
use super::scrub::{Person, scrub};
use super::{Came, ERASED_MAX, Erasing, Progress};
use crate::sql::{Statement, row, to_json};

/// A room as the erasure has it.
pub(super) struct Room {
    pub(super) id: Uuid,
    /// The participant that the person is, or was before they got another id.
    participant_id: Option<Uuid>,
    number: Option<i64>,
    /// What stands for the person there from now on.
    pub(super) pseudonym: String,
}

impl Erasing<'_> {
    /// The next room that the person is known in, or what comes behind the last.
    pub(super) async fn next_room(
        &mut self,
        after: Uuid,
        ids: &mut impl IdSource,
    ) -> Result<Progress, sqlx::Error> {
        let mut next: Option<Uuid> = None;
        for (table, column) in [
            ("participants", "viewer_id"),
            ("contributions", "viewer_id"),
            ("memberships", "viewer_id"),
            ("memberships", "giver_id"),
        ] {
            let select = self.of_person(&format!(
                "SELECT room_id FROM {table} WHERE tenant_id = $1 AND {column} = $2 AND room_id > $3
                 ORDER BY room_id LIMIT 1"
            ));
            for mut row in self.transaction.fetch(select.bind(after)).await? {
                let id: Uuid = row.take()?;
                next = Some(next.map_or(id, |next| next.min(id)));
            }
        }
        let Some(id) = next else {
            return Ok(Progress::Told);
        };

        let select = "SELECT id, number FROM participants WHERE room_id = $1 AND viewer_id = $2";
        let select = Statement::new(select).bind(id).bind(self.user_id.as_str());
        let (mut participant_id, mut number) = (None, None);
        for mut row in self.transaction.fetch(select).await? {
            (participant_id, number) = (Some(row.take::<Uuid>()?), Some(row.take::<i64>()?));
        }
        let pseudonym = format!("{ERASED_ID_STARTS}{}", ids.next_id());
        let values = row![
            self.id,
            id,
            self.tenant_id,
            participant_id,
            number,
            pseudonym,
            self.passes
        ];
        let insert = "INSERT INTO erasure_rooms
            (erasure_id, room_id, tenant_id, participant_id, number, pseudonym, pass) ";
        self.transaction.insert(insert, vec![values], "").await?;

        Ok(Progress::Room {
            id,
            event_seq: 0,
            keyframe_seq: 0,
        })
    }

    /// Takes a step in a room.
    pub(super) async fn in_room(
        &mut self,
        id: Uuid,
        event_seq: i64,
        keyframe_seq: i64,
        ids: &mut impl IdSource,
    ) -> Result<Came, sqlx::Error> {
        if let Some(participant_id) = self.still_there(id).await? {
            return Ok(Came::PutOut {
                room_id: id,
                id: participant_id,
            });
        }
        let room = self.room(id).await?;
        let (event_seq, is_read) = self.events(&room, event_seq).await?;
        let to = |event_seq, keyframe_seq| {
            Came::To(Progress::Room {
                id,
                event_seq,
                keyframe_seq,
            })
        };
        if !is_read {
            return Ok(to(event_seq, keyframe_seq));
        }
        let (keyframe_seq, is_read) = self.keyframes(&room, keyframe_seq).await?;
        if !is_read || !self.rows_in_pieces(&room).await? {
            return Ok(to(event_seq, keyframe_seq));
        }

        let is_there = self.lock_room(id).await?;
        // What came until the room was locked. Nothing comes from now on.
        let (event_seq, is_read) = self.events(&room, event_seq).await?;
        let (keyframe_seq, are_read) = self.keyframes(&room, keyframe_seq).await?;
        if !(is_read && are_read && self.rows_in_pieces(&room).await?) {
            return Ok(to(event_seq, keyframe_seq));
        }
        if self.still_there(id).await?.is_some() {
            return Ok(to(event_seq, keyframe_seq));
        }
        self.close(&room).await?;
        if is_there {
            self.renew_epoch(id, ids).await?;
        }

        Ok(Came::To(Progress::Rooms { after: id }))
    }

    /// The participant that the person still is there, if the room is.
    async fn still_there(&mut self, room_id: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
        let select = "SELECT p.id FROM participants p JOIN rooms ON rooms.id = p.room_id
            WHERE p.room_id = $1 AND p.viewer_id = $2 AND (p.membership <> $3 OR p.name <> $4)";
        let select = Statement::new(select)
            .bind(room_id)
            .bind(self.user_id.as_str())
            .bind(Membership::Removed.as_str())
            .bind(ERASED_NAME);
        let mut found = self.transaction.fetch(select).await?.into_iter();

        found.next().map(|mut row| row.take()).transpose()
    }

    async fn room(&mut self, id: Uuid) -> Result<Room, sqlx::Error> {
        let select =
            "SELECT e.pseudonym, COALESCE(e.participant_id, p.id), COALESCE(e.number, p.number)
            FROM erasure_rooms e
            LEFT JOIN participants p ON p.room_id = e.room_id AND p.viewer_id = $3
            WHERE e.erasure_id = $1 AND e.room_id = $2 AND e.pass = $4";
        let select = Statement::new(select).bind(self.id).bind(id);
        let select = select.bind(self.user_id.as_str()).bind(self.passes);
        let found = self.transaction.fetch(select).await?;
        let mut row = found
            .into_iter()
            .next()
            .expect("a room is noted when it is come to");

        Ok(Room {
            id,
            pseudonym: row.take()?,
            participant_id: row.take()?,
            number: row.take()?,
        })
    }

    /// What of a room's rows there may be any number of, some at a time. Returns whether there is nothing more.
    async fn rows_in_pieces(&mut self, room: &Room) -> Result<bool, sqlx::Error> {
        self.lock_room(room.id).await?;
        let given = self.of_person(&format!(
            "UPDATE contributions SET viewer_name = NULL, message = NULL
             WHERE id IN (SELECT id FROM contributions
                 WHERE tenant_id = $1 AND viewer_id = $2 AND room_id = $3
                     AND (viewer_name IS NOT NULL OR message IS NOT NULL) LIMIT {ERASED_MAX})"
        ));
        let given = given.bind(room.id);
        let mut is_done = self.execute(given).await? < ERASED_MAX;
        let Some(number) = room.number else {
            return Ok(is_done);
        };

        for text in [
            format!(
                "UPDATE transfers SET actor_id = NULL, reason = NULL, salt = NULL
                 WHERE room_id = $1 AND seq IN (SELECT seq FROM transfers
                     WHERE room_id = $1 AND number = $2 AND actor_id IS NOT NULL LIMIT {ERASED_MAX})"
            ),
            format!(
                "UPDATE redemptions SET input = NULL, metadata = NULL
                 WHERE id IN (SELECT id FROM redemptions
                     WHERE room_id = $1 AND number = $2
                         AND (input IS NOT NULL OR metadata IS NOT NULL) LIMIT {ERASED_MAX})"
            ),
        ] {
            let piece = Statement::new(text).bind(room.id).bind(number);
            is_done &= self.execute(piece).await? < ERASED_MAX;
        }

        Ok(is_done && self.trail(room).await?)
    }

    /// What was said of the person in the room's trail.
    async fn trail(&mut self, room: &Room) -> Result<bool, sqlx::Error> {
        let select = format!(
            "SELECT id, action, room_id, participant_id FROM audit_entries
             WHERE room_id = $1 AND participant_id = $2 AND action LIKE '%\"reason\":\"%'
             LIMIT {REASONS_MAX}"
        );
        let select = Statement::new(select)
            .bind(room.id)
            .bind(room.participant_id);

        Ok(self.reasons(select).await? < REASONS_MAX)
    }

    /// Gives what is left its other id, all at once: what is settled or reversed finds who gave to a train by the id that
    /// the contribution has. The room is locked.
    async fn close(&mut self, room: &Room) -> Result<(), sqlx::Error> {
        let given = self.of_person(
            "UPDATE contributions SET viewer_id = $4, viewer_name = NULL, message = NULL
             WHERE tenant_id = $1 AND viewer_id = $2 AND room_id = $3",
        );
        let given = given.bind(room.id).bind(room.pseudonym.as_str());
        self.execute(given).await?;
        for text in [
            "UPDATE memberships SET viewer_id = $4
             WHERE tenant_id = $1 AND viewer_id = $2 AND room_id = $3",
            "UPDATE memberships SET giver_id = $4, giver_name = NULL
             WHERE tenant_id = $1 AND giver_id = $2 AND room_id = $3",
        ] {
            let paid = self.of_person(text).bind(room.id);
            self.execute(paid.bind(room.pseudonym.as_str())).await?;
        }
        let spans = self.of_person(
            "DELETE FROM membership_spans WHERE tenant_id = $1 AND viewer_id = $2 AND room_id = $3",
        );
        self.execute(spans.bind(room.id)).await?;
        let trains = self.of_person(
            "UPDATE hype_train_contributors SET viewer_id = $4, name = NULL
             WHERE tenant_id = $1 AND viewer_id = $2
                 AND EXISTS (SELECT 1 FROM hype_trains WHERE id = train_id AND room_id = $3)",
        );
        let trains = trains.bind(room.id).bind(room.pseudonym.as_str());
        self.execute(trains).await?;
        self.state(room, "room_trains", "state", "").await?;
        self.state(room, "parts", "body", "AND part = 'train'")
            .await?;

        let part = "DELETE FROM parts WHERE room_id = $1 AND part = $2";
        let key = room.participant_id.map(|id| format!("participant:{id}"));
        self.execute(Statement::new(part).bind(room.id).bind(key))
            .await?;
        let rename = "UPDATE participants SET viewer_id = $3, name = $4, overrides = $5
            WHERE room_id = $1 AND viewer_id = $2";
        let rename = Statement::new(rename)
            .bind(room.id)
            .bind(self.user_id.as_str())
            .bind(room.pseudonym.as_str())
            .bind(ERASED_NAME)
            .bind(to_json(&Overrides::default()));
        self.execute(rename).await?;
        let done = "UPDATE erasures SET rooms_done = rooms_done + 1 WHERE id = $1";
        self.transaction
            .execute(Statement::new(done).bind(self.id))
            .await?;
        let known = "UPDATE erasure_rooms SET participant_id = $3, number = $4
            WHERE erasure_id = $1 AND room_id = $2 AND pass = $5";
        let known = Statement::new(known).bind(self.id).bind(room.id);
        let known = known.bind(room.participant_id).bind(room.number);
        let known = known.bind(self.passes);
        self.transaction.execute(known).await?;

        Ok(())
    }

    /// Takes the person out of a document that a room has one of.
    async fn state(
        &mut self,
        room: &Room,
        table: &str,
        column: &str,
        which: &str,
    ) -> Result<(), sqlx::Error> {
        let select = format!("SELECT {column} FROM {table} WHERE room_id = $1 {which}");
        let found = self
            .transaction
            .fetch(Statement::new(select).bind(room.id))
            .await?;
        for mut row in found {
            let document: String = row.take()?;
            if let Some(document) = scrub(&document, &self.person_in(room))? {
                let update = format!("UPDATE {table} SET {column} = $2 WHERE room_id = $1 {which}");
                let update = Statement::new(update).bind(room.id).bind(document);
                self.execute(update).await?;
            }
        }

        Ok(())
    }

    /// The person as a room's documents have them.
    pub(super) fn person_in(&self, room: &Room) -> Person {
        let mut person = Person::new(&self.user_id, &room.pseudonym);
        person.participants.extend(room.participant_id);

        person
    }
}
