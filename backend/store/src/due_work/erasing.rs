//! Erasing people, in steps that a crash between them does not harm.
//!
//! An erasure goes through the rooms that the person has been in or given in, one after the other: they are put out,
//! the room's log and its keyframes are looked through, and then, under the room's lock, what is left of them there
//! gets another id, and the log another epoch, so that nobody goes on from what they were told before. What is
//! not found by a room comes afterwards. Each step is one transaction, which begins with noting how far it has come.

mod acts;
mod answers;
mod deliveries;
mod disputes;
mod log;
pub(crate) mod places;
mod room;
mod scrub;
mod told;

use parlor_domain::erasure::{ERASED_ACTOR, ErasureRequest};
use parlor_domain::id::{IdSource, ParticipantId, RoomId, TenantId, ViewerId};
use places::ASKED;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{DueKind, DueWork, FINISH, INSERT, Lease, advance, due_row};
use crate::contribution_row::read_viewer_id;
use crate::engine::Transaction;
use crate::sql::{Statement, corrupt};
use crate::{Store, StoreError};

/// Rows changed at once: some milliseconds of work, which is how long it keeps others from writing on SQLite.
const ERASED_MAX: u64 = 1_000;

/// How often an erasure goes through all there is, if the person comes again meanwhile: whoever does so more often than
/// this is somebody new at last.
const PASSES_MAX: i64 = 10;

/// How many rooms a person is known in; $1 is the tenant and $2 the person.
pub(crate) const ROOMS: &str = "SELECT COUNT(*) FROM (
        SELECT room_id FROM participants WHERE tenant_id = $1 AND viewer_id = $2
        UNION SELECT room_id FROM contributions WHERE tenant_id = $1 AND viewer_id = $2
        UNION SELECT room_id FROM memberships WHERE tenant_id = $1 AND viewer_id = $2
        UNION SELECT room_id FROM memberships WHERE tenant_id = $1 AND giver_id = $2
    ) AS known";

/// What an erasure needs next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErasureStep {
    /// A step was taken, and there is more.
    More,
    /// Nothing is left, or somebody else goes on with it.
    Done,
    /// Before it goes on, this participant is to be put out of the room, in the name of who asked for the erasure.
    PutOut {
        room_id: RoomId,
        id: ParticipantId,
        by: ViewerId,
    },
}

/// How far an erasure has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
enum Progress {
    /// At the erasures of others that they have asked for.
    Asked,
    /// At what services told of them and has not had its effect, behind this one.
    Deliveries { after: Uuid },
    /// At the rooms that the person is known in: the next one behind this.
    Rooms { after: Uuid },
    /// In a room, of whose log and keyframes so much was looked through.
    Room {
        id: Uuid,
        event_seq: i64,
        keyframe_seq: i64,
    },
    /// At what they told rooms.
    Told,
    /// At what they did, wherever that was.
    Acts,
    /// At the disputes behind this one.
    Disputes { after: Uuid },
    /// At the answers to others behind this key.
    Answers {
        actor: String,
        operation: String,
        key: String,
    },
    /// At what is left of the erasure itself.
    End,
}

/// An erasure that is under way, and the transaction of the step.
struct Erasing<'a> {
    transaction: &'a mut Transaction,
    id: Uuid,
    tenant_id: TenantId,
    user_id: String,
    requested_by: ViewerId,
    /// How often it has begun with the rooms.
    passes: i64,
    rows_changed: i64,
}

/// What a step has come to.
enum Came {
    To(Progress),
    Over,
    PutOut { room_id: Uuid, id: Uuid },
}

/// Notes that there is a person to erase.
pub(crate) async fn write(
    transaction: &mut Transaction,
    request: &ErasureRequest,
) -> Result<(), sqlx::Error> {
    let (tenant_id, at) = (request.tenant_id, request.requested_at);
    let due = due_row(DueKind::Erasure, RoomId(request.id.0), tenant_id, at);
    transaction.insert(INSERT, vec![due], "").await?;

    Ok(())
}

impl Store {
    /// Takes a step in erasing a person, and prolongs the lease.
    pub async fn erase_step(
        &self,
        work: &mut DueWork,
        lease: Lease,
        ids: &mut impl IdSource,
    ) -> Result<ErasureStep, StoreError> {
        let progress = match work.progress.as_deref() {
            None => Progress::Asked,
            Some(text) => serde_json::from_str(text)
                .map_err(|error| corrupt(format!("an erasure's progress is broken: {error}")))?,
        };
        let claim_at = lease.now.plus_millis(lease.lease_ms);
        let mut transaction = self.engine.begin().await?;
        if !advance(&mut transaction, work, work.progress.as_deref(), claim_at).await? {
            transaction.roll_back().await?;
            return Ok(ErasureStep::Done);
        }
        let Some(mut erasing) = Erasing::open(&mut transaction, work).await? else {
            return Err(corrupt(format!("there is no erasure {}", work.subject_id)).into());
        };

        let came = erasing.step(progress, ids).await?;
        erasing.count().await?;
        let requested_by = erasing.requested_by.clone();
        let step = match came {
            Came::To(progress) => {
                let text = serde_json::to_string(&progress)
                    .expect("how far it has come is texts and numbers");
                advance(&mut transaction, work, Some(&text), claim_at).await?;
                work.progress = Some(text);
                ErasureStep::More
            }
            Came::PutOut { room_id, id } => ErasureStep::PutOut {
                room_id: RoomId(room_id),
                id: ParticipantId(id),
                by: requested_by,
            },
            Came::Over => {
                let end = "UPDATE erasures SET user_id = NULL, finished_at = $2 WHERE id = $1";
                let end = Statement::new(end).bind(work.subject_id).bind(lease.now);
                transaction.execute(end).await?;
                transaction
                    .execute(work.bind_to(Statement::new(FINISH)))
                    .await?;
                ErasureStep::Done
            }
        };
        transaction.commit().await.map_err(StoreError::of_commit)?;

        Ok(step)
    }
}

impl<'a> Erasing<'a> {
    async fn open(
        transaction: &'a mut Transaction,
        work: &DueWork,
    ) -> Result<Option<Self>, sqlx::Error> {
        let select =
            "SELECT user_id, requested_by, passes FROM erasures WHERE id = $1 AND tenant_id = $2
            AND user_id IS NOT NULL";
        let select = Statement::new(select)
            .bind(work.subject_id)
            .bind(work.tenant_id);
        let Some(mut row) = transaction.fetch(select).await?.into_iter().next() else {
            return Ok(None);
        };
        let user_id: String = row.take()?;
        let requested_by: String = row.take()?;

        Ok(Some(Self {
            transaction,
            id: work.subject_id,
            tenant_id: work.tenant_id,
            user_id,
            requested_by: read_viewer_id(&requested_by)?,
            passes: row.take()?,
            rows_changed: 0,
        }))
    }

    async fn step(
        &mut self,
        progress: Progress,
        ids: &mut impl IdSource,
    ) -> Result<Came, sqlx::Error> {
        Ok(match progress {
            Progress::Asked => Came::To(self.asked().await?),
            Progress::Deliveries { after } => Came::To(self.deliveries(after).await?),
            Progress::Rooms { after } => Came::To(self.next_room(after, ids).await?),
            Progress::Room {
                id,
                event_seq,
                keyframe_seq,
            } => self.in_room(id, event_seq, keyframe_seq, ids).await?,
            Progress::Told => Came::To(self.told(ids).await?),
            Progress::Acts => Came::To(self.acts().await?),
            Progress::Disputes { after } => Came::To(self.disputes(after).await?),
            Progress::Answers {
                actor,
                operation,
                key,
            } => Came::To(self.answers([actor, operation, key]).await?),
            Progress::End => self.end().await?,
        })
    }

    /// Looks whether the person is anywhere, and begins again if they are. Otherwise it takes out what the erasure itself
    /// has kept.
    async fn end(&mut self) -> Result<Came, sqlx::Error> {
        if self.passes < PASSES_MAX && self.is_found().await? {
            let again = format!(
                "UPDATE erasures SET passes = passes + 1, rooms = rooms_done + ({ROOMS}) WHERE id = $3"
            );
            let again = self.of_person(&again).bind(self.id);
            self.transaction.execute(again).await?;
            return Ok(Came::To(Progress::Asked));
        }
        let forget = Statement::new("DELETE FROM erasure_rooms WHERE erasure_id = $1");
        self.transaction.execute(forget.bind(self.id)).await?;

        Ok(Came::Over)
    }

    /// Takes the person out of what they have asked for.
    async fn asked(&mut self) -> Result<Progress, sqlx::Error> {
        let asked = format!(
            "UPDATE erasures SET requested_by = $3 WHERE {}",
            ASKED.is_theirs
        );
        let asked = self.of_person(&asked).bind(ERASED_ACTOR);
        self.execute(asked).await?;

        Ok(Progress::Deliveries { after: Uuid::nil() })
    }

    /// A statement in which $1 is the tenant and $2 the person.
    fn of_person(&self, text: &str) -> Statement {
        let statement = Statement::new(text).bind(self.tenant_id);
        statement.bind(self.user_id.as_str())
    }

    /// Runs what takes something out, and counts the rows.
    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        let changed = self.transaction.execute(statement).await?;
        self.rows_changed += i64::try_from(changed).unwrap_or(i64::MAX);

        Ok(changed)
    }

    /// Writes what was counted.
    async fn count(&mut self) -> Result<(), sqlx::Error> {
        if self.rows_changed > 0 {
            let count = "UPDATE erasures SET rows_changed = rows_changed + $2 WHERE id = $1";
            let count = Statement::new(count).bind(self.id).bind(self.rows_changed);
            self.transaction.execute(count).await?;
        }

        Ok(())
    }

    /// Waits for whoever changes the room, and keeps others from it until the step is committed: what they had
    /// looked up before would otherwise be written again. Returns whether the room is there.
    async fn lock_room(&mut self, room_id: Uuid) -> Result<bool, sqlx::Error> {
        let lock = "UPDATE rooms SET head_seq = head_seq WHERE id = $1";
        let lock = Statement::new(lock).bind(room_id);

        Ok(self.transaction.execute(lock).await? > 0)
    }

    /// Gives a room's log another epoch, so that whoever follows it begins with what it is now.
    async fn renew_epoch(
        &mut self,
        room_id: Uuid,
        ids: &mut impl IdSource,
    ) -> Result<(), sqlx::Error> {
        let renew = Statement::new("UPDATE rooms SET epoch = $2 WHERE id = $1");
        let renew = renew.bind(room_id).bind(ids.next_id());
        self.transaction.execute(renew).await?;

        Ok(())
    }
}
