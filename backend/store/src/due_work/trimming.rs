//! Trimming logs: what is older than it is kept for, or more than is kept of a room, goes.
//!
//! A log is cut behind a keyframe, which stays, so that the picture is known from the first kept position
//! on. First the room says where its log begins, which is what every reader goes by; the rows before that
//! are deleted afterwards, in steps that a crash between them does not harm.

use parlor_domain::id::RoomId;
use parlor_domain::room_aggregate::RoomAggregate;
use parlor_domain::time::ServerTime;

use super::{DueKind, DueWork, INSERT, Lease, advance, due_row};
use crate::engine::Transaction;
use crate::log_keep::LogKeep;
use crate::sql::Statement;
use crate::{Store, StoreError};

/// How long after a keyframe was written a log is looked at. A room's log is longer than it should be
/// for no more than what happens there meanwhile, and a busy room is asked for no more often.
const LOOK_AFTER_MS: i64 = 10 * 60 * 1_000;
/// Events deleted at once: some milliseconds of work, which is how long it keeps others from writing on
/// SQLite.
const TRIMMED_MAX: u64 = 1_000;
/// Keyframes looked at, and passed by, at once: about as many events as are deleted in a step.
const KEYFRAMES_MAX: i64 = 16;

/// Where a log begins and ends, and whether rows before its beginning are left.
struct Extent {
    first_kept_seq: i64,
    head_seq: i64,
    has_leftovers: bool,
}

/// Where a log may be cut.
enum Cut {
    /// Behind the keyframe at this position.
    Behind(i64),
    /// Nowhere until a keyframe is old enough.
    NotBefore(ServerTime),
    /// Nowhere until there is another keyframe.
    Nowhere,
}

impl Store {
    /// Takes a step in trimming a room's log, and prolongs the lease. Returns whether there is more now;
    /// if not, or if the lease has ended, the work is no longer held.
    pub async fn trim_log(&self, work: &DueWork, lease: Lease) -> Result<bool, StoreError> {
        let room_id = work.room_id();
        let Some(log) = self.extent(room_id).await? else {
            self.finish_due(work).await?;
            return Ok(false);
        };
        if log.has_leftovers {
            return self.delete_before(work, log.first_kept_seq, lease).await;
        }

        let next_at = match self.cut(room_id, &log, lease.now).await? {
            Cut::Behind(seq) => {
                self.begin_log_behind(room_id, seq).await?;
                return Ok(true);
            }
            Cut::NotBefore(next_at) => Some(next_at),
            Cut::Nowhere => None,
        };
        self.look_again(work, next_at).await?;
        Ok(false)
    }

    async fn extent(&self, room_id: RoomId) -> Result<Option<Extent>, StoreError> {
        let extent = "SELECT first_kept_seq, head_seq,
                 (SELECT MIN(events.seq) FROM events WHERE events.room_id = rooms.id)
             FROM rooms WHERE id = $1";
        let extent = Statement::new(extent).bind(room_id);

        let Some(mut row) = self.engine.fetch(extent).await?.into_iter().next() else {
            return Ok(None);
        };
        let (first_kept_seq, head_seq) = (row.take()?, row.take()?);
        let oldest_seq: Option<i64> = row.take()?;
        Ok(Some(Extent {
            first_kept_seq,
            head_seq,
            has_leftovers: oldest_seq.is_some_and(|oldest| oldest < first_kept_seq),
        }))
    }

    /// Looks at the oldest keyframes behind which the log might begin.
    async fn cut(&self, room_id: RoomId, log: &Extent, now: ServerTime) -> Result<Cut, StoreError> {
        let LogKeep { age_ms, events } = self.settings.log_keep;
        let oldest = Statement::new(
            "SELECT seq, occurred_at FROM keyframes WHERE room_id = $1 AND seq >= $2
             ORDER BY seq LIMIT $3",
        )
        .bind(room_id)
        .bind(log.first_kept_seq)
        .bind(KEYFRAMES_MAX);

        let mut cut = Cut::Nowhere;
        for mut row in self.engine.fetch(oldest).await? {
            let (seq, occurred_at): (i64, _) = (row.take()?, row.take_time()?);
            let old_at = occurred_at.plus_millis(age_ms);
            if old_at <= now || seq <= log.head_seq - events {
                cut = Cut::Behind(seq);
            } else {
                let is_first = matches!(cut, Cut::Nowhere);
                return Ok(if is_first {
                    Cut::NotBefore(old_at)
                } else {
                    cut
                });
            }
        }
        Ok(cut)
    }

    /// Has the room's log begin behind `through_seq`. Alone, for whoever holds a room's lock may wait
    /// for its row of due work, and not the other way round.
    async fn begin_log_behind(&self, room_id: RoomId, through_seq: i64) -> Result<(), StoreError> {
        let begin = "UPDATE rooms SET first_kept_seq = $2 WHERE id = $1 AND first_kept_seq < $2";
        let begin = Statement::new(begin).bind(room_id).bind(through_seq + 1);
        self.engine.write(begin).await?;
        Ok(())
    }

    /// Deletes some of what lies before the log's beginning, the oldest first, and the keyframes before
    /// the one that it begins behind.
    async fn delete_before(
        &self,
        work: &DueWork,
        first_kept_seq: i64,
        lease: Lease,
    ) -> Result<bool, StoreError> {
        let events = Statement::new(format!(
            "DELETE FROM events WHERE room_id = $1 AND seq IN
                 (SELECT seq FROM events WHERE room_id = $1 AND seq < $2
                  ORDER BY seq LIMIT {TRIMMED_MAX})"
        ));
        let keyframes = Statement::new("DELETE FROM keyframes WHERE room_id = $1 AND seq < $2 - 1");

        let claim_at = lease.now.plus_millis(lease.lease_ms);
        let mut transaction = self.engine.begin().await?;
        if !advance(&mut transaction, work, None, claim_at).await? {
            transaction.roll_back().await?;
            return Ok(false);
        }
        for delete in [events, keyframes] {
            let delete = delete.bind(work.subject_id).bind(first_kept_seq);
            transaction.execute(delete).await?;
        }
        transaction.commit().await.map_err(StoreError::of_commit)?;

        Ok(true)
    }

    /// Gives the work back until `next_at`, or for good. If a keyframe was written meanwhile, it stays
    /// held and is taken again when the lease has ended.
    async fn look_again(
        &self,
        work: &DueWork,
        next_at: Option<ServerTime>,
    ) -> Result<(), StoreError> {
        let unchanged = "WHERE kind = $1 AND subject_id = $2 AND holder = $3 AND due_at = $4";
        let statement = Statement::new(match next_at {
            Some(_) => format!(
                "UPDATE due_work SET due_at = $5, claim_at = $5, holder = NULL, attempts = 0
                 {unchanged}"
            ),
            None => format!("DELETE FROM due_work {unchanged}"),
        });
        let statement = work.bind_to(statement).bind(work.due_at);
        let statement = match next_at {
            Some(next_at) => statement.bind(next_at),
            None => statement,
        };
        self.engine.write(statement).await?;
        Ok(())
    }
}

/// Notes that the logs of `rooms`, each of which was just given a keyframe, are to be looked at. `due_at`
/// never stays the same, by which whoever looks at one of them now sees that there is more.
pub(crate) async fn write<'a>(
    transaction: &mut Transaction,
    rooms: impl Iterator<Item = &'a RoomAggregate>,
) -> Result<(), sqlx::Error> {
    let rows = rooms.map(|aggregate| {
        let (room, head) = (&aggregate.room, &aggregate.head);
        let due_at = head.occurred_at.plus_millis(LOOK_AFTER_MS);
        due_row(DueKind::LogTrimming, room.id, room.tenant_id, due_at)
    });
    let sooner = " ON CONFLICT (kind, subject_id) DO UPDATE SET
        due_at = CASE WHEN excluded.due_at > due_work.due_at
            THEN excluded.due_at ELSE due_work.due_at + 1 END,
        claim_at = CASE WHEN excluded.claim_at < due_work.claim_at
            THEN excluded.claim_at ELSE due_work.claim_at END";
    transaction.insert(INSERT, rows.collect(), sooner).await?;

    Ok(())
}
