//! Due work: what is to be done at a time, kept beside what makes it due.
//!
//! Whoever asks for what is due takes it under a lease, and gives it back done, or later. A lease is a
//! time by the database's clock, or by what stands for it; a node that dies holds nothing for longer.

pub(crate) mod clearing;
pub(crate) mod delivering;
pub(crate) mod erasing;
pub(crate) mod expiry;
pub(crate) mod trimming;

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::time::ServerTime;
use uuid::Uuid;

use crate::engine::Transaction;
use crate::sql::{Row, Statement, Value, row};
use crate::{Store, StoreError};

/// The longest that work may be held or put off, in milliseconds. A time further ahead was given by
/// a clock that has been put right since, and is not waited for.
pub const HOLD_MS_MAX: i64 = 60_000;

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueKind {
    /// Something in a room runs out of time.
    RoomEnd,
    /// A deleted room has left something behind.
    RoomClearing,
    /// A room's log may have grown too old or too long.
    LogTrimming,
    /// Redemptions of a room may have expired.
    RedemptionExpiry,
    /// A person is to be taken out of all that is kept.
    Erasure,
    /// What a service told of is to have its effect.
    WebhookDelivery,
}

/// Work that was taken, and the lease under which it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueWork {
    pub kind: DueKind,
    /// What it is about: the room, the erasure, or the delivery.
    pub subject_id: Uuid,
    pub tenant_id: TenantId,
    /// When it became due.
    pub due_at: ServerTime,
    /// How often it was taken, this time included, since it last came further.
    pub attempts: i64,
    /// How far it has come, if it goes in steps.
    pub progress: Option<String>,
    holder: Uuid,
}

/// Under what work is taken.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    /// No other lease's.
    pub holder: Uuid,
    pub now: ServerTime,
    /// At most [`HOLD_MS_MAX`].
    pub lease_ms: i64,
}

impl DueKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::RoomEnd => "room_end",
            Self::RoomClearing => "room_clearing",
            Self::LogTrimming => "log_trimming",
            Self::RedemptionExpiry => "redemption_expiry",
            Self::Erasure => "erasure",
            Self::WebhookDelivery => "webhook_delivery",
        }
    }
}

impl DueWork {
    /// The room that it is about.
    pub fn room_id(&self) -> RoomId {
        RoomId(self.subject_id)
    }

    /// Binds what only this lease's row has to $1, $2 and $3.
    fn bind_to(&self, statement: Statement) -> Statement {
        statement
            .bind(self.kind.as_str())
            .bind(self.subject_id)
            .bind(self.holder)
    }
}

impl Store {
    /// Takes up to `count_max` pieces of work that are due, those that have waited longest.
    ///
    /// They are looked for first, and each is taken only if nobody has since, so that two nodes never
    /// wait for one another.
    pub async fn claim_due(
        &self,
        kind: DueKind,
        lease: Lease,
        count_max: usize,
    ) -> Result<Vec<DueWork>, StoreError> {
        let mut found = self.find_due(kind, lease.now, count_max).await?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        // The order in which rooms are locked.
        found.sort_unstable();
        let until = lease.now.plus_millis(lease.lease_ms);
        let keys = found
            .into_iter()
            .map(|(id, claim_at)| row![id, kind.as_str(), claim_at, lease.holder, until])
            .collect();
        let claim = "UPDATE due_work
             SET attempts = attempts + 1, holder = found.holder, claim_at = found.until
             FROM found
             WHERE due_work.kind = found.kind AND due_work.subject_id = found.subject_id
                 AND due_work.claim_at = found.claim_at
             RETURNING due_work.subject_id, due_work.tenant_id, due_work.due_at,
                 due_work.attempts, due_work.progress";
        let table = "found (subject_id, kind, claim_at, holder, until)";
        let claimed = self.engine.write_set(table, keys, claim).await?;
        let read = |mut row: Row| {
            Ok(DueWork {
                kind,
                subject_id: row.take()?,
                tenant_id: TenantId(row.take()?),
                due_at: row.take_time()?,
                attempts: row.take()?,
                progress: row.take()?,
                holder: lease.holder,
            })
        };
        claimed.into_iter().map(read).collect()
    }

    /// When there is work to take, after `now`.
    pub async fn next_due(
        &self,
        kind: DueKind,
        now: ServerTime,
    ) -> Result<Option<ServerTime>, StoreError> {
        let next = next_statement(kind, now);
        let mut found = self.engine.fetch(next).await?.into_iter();

        let Some(mut row) = found.next() else {
            return Ok(None);
        };
        Ok(row.take_optional_time()?)
    }

    /// Notes that work is done. Harmless if the lease has ended, or the work came up anew.
    pub async fn finish_due(&self, work: &DueWork) -> Result<(), StoreError> {
        let finish = Statement::new(FINISH);
        self.engine.write(work.bind_to(finish)).await?;
        Ok(())
    }

    /// Gives work back, to be taken again at `claim_at` or later. Harmless if the lease has ended.
    pub async fn put_off_due(
        &self,
        work: &DueWork,
        claim_at: ServerTime,
    ) -> Result<(), StoreError> {
        let put_off = "UPDATE due_work SET claim_at = $4
            WHERE kind = $1 AND subject_id = $2 AND holder = $3";
        let put_off = work.bind_to(Statement::new(put_off)).bind(claim_at);
        self.engine.write(put_off).await?;
        Ok(())
    }

    /// What may be taken now, and since when. Each part is the beginning of an index.
    async fn find_due(
        &self,
        kind: DueKind,
        now: ServerTime,
        count_max: usize,
    ) -> Result<Vec<(Uuid, i64)>, StoreError> {
        let find = find_statement(kind, now, count_max);
        let mut found = Vec::new();
        for mut row in self.engine.fetch(find).await? {
            found.push((row.take()?, row.take()?));
        }
        Ok(found)
    }
}

fn find_statement(kind: DueKind, now: ServerTime, count_max: usize) -> Statement {
    Statement::new(format!(
        "SELECT subject_id, claim_at FROM (
             SELECT subject_id, claim_at FROM due_work
             WHERE kind = $1 AND claim_at <= $2 ORDER BY claim_at LIMIT {count_max}
         ) AS due
         UNION ALL
         SELECT subject_id, claim_at FROM (
             SELECT subject_id, claim_at FROM due_work
             WHERE kind = $1 AND holder IS NOT NULL AND claim_at > $3
             ORDER BY claim_at LIMIT {count_max}
         ) AS astray
         LIMIT {count_max}"
    ))
    .bind(kind.as_str())
    .bind(now)
    .bind(now.plus_millis(HOLD_MS_MAX))
}

fn next_statement(kind: DueKind, now: ServerTime) -> Statement {
    let next = "SELECT MIN(claim_at) FROM due_work WHERE kind = $1 AND claim_at > $2";
    Statement::new(next).bind(kind.as_str()).bind(now)
}

const FINISH: &str = "DELETE FROM due_work WHERE kind = $1 AND subject_id = $2 AND holder = $3";

/// Notes how far leased work has come, and prolongs the lease. Returns `false` if the lease has ended.
/// It is the first statement of a step, so that no two nodes take the same one.
async fn advance(
    transaction: &mut Transaction,
    work: &DueWork,
    progress: Option<&str>,
    claim_at: ServerTime,
) -> Result<bool, sqlx::Error> {
    let advance = "UPDATE due_work SET progress = $4, claim_at = $5, attempts = 1
        WHERE kind = $1 AND subject_id = $2 AND holder = $3";
    let advance = work.bind_to(Statement::new(advance));

    let advance = advance.bind(progress).bind(claim_at);
    Ok(transaction.execute(advance).await? > 0)
}

/// When something in a room runs out of time: a row to write or, without a time, to remove.
pub(crate) struct RoomEnd {
    pub(crate) room_id: RoomId,
    pub(crate) tenant_id: TenantId,
    pub(crate) due_at: Option<ServerTime>,
}

/// Writes when rooms run out of time. Whoever held the work has done it or came too early.
pub(crate) async fn write_room_ends(
    transaction: &mut Transaction,
    ends: impl Iterator<Item = RoomEnd>,
) -> Result<(), sqlx::Error> {
    let kind = DueKind::RoomEnd.as_str();
    let (mut put, mut removed) = (Vec::new(), Vec::new());
    for end in ends {
        match end.due_at {
            Some(at) => put.push(due_row(DueKind::RoomEnd, end.room_id, end.tenant_id, at)),
            None => removed.push(row![kind, end.room_id]),
        }
    }

    let replace = " ON CONFLICT (kind, subject_id) DO UPDATE SET due_at = excluded.due_at,
        claim_at = excluded.claim_at, holder = NULL, progress = NULL, attempts = 0";
    transaction.insert(INSERT, put, replace).await?;
    transaction
        .update("v (kind, subject_id)", removed, REMOVE)
        .await?;

    Ok(())
}

/// Notes that a room which was just deleted is to be cleared away, and that there is nothing else to do.
pub(crate) async fn write_room_clearing(
    transaction: &mut Transaction,
    room_id: RoomId,
    tenant_id: TenantId,
    due_at: ServerTime,
) -> Result<(), sqlx::Error> {
    let moot = [
        DueKind::RoomEnd,
        DueKind::LogTrimming,
        DueKind::RedemptionExpiry,
    ];
    let moot = moot.map(|kind| row![kind.as_str(), room_id]);
    transaction
        .update("v (kind, subject_id)", moot.into(), REMOVE)
        .await?;
    let clearing = due_row(DueKind::RoomClearing, room_id, tenant_id, due_at);
    transaction.insert(INSERT, vec![clearing], "").await?;

    Ok(())
}

const INSERT: &str = "INSERT INTO due_work (kind, subject_id, tenant_id, due_at, claim_at) ";
const REMOVE: &str =
    "DELETE FROM due_work WHERE (kind, subject_id) IN (SELECT kind, subject_id FROM v)";

fn due_row(kind: DueKind, room_id: RoomId, tenant_id: TenantId, due_at: ServerTime) -> Vec<Value> {
    row![kind.as_str(), room_id, tenant_id, due_at, due_at]
}

#[cfg(test)]
mod tests {
    use parlor_test_database::{Database, Engine, on_both_engines};

    use super::*;
    use crate::Settings;

    on_both_engines! { a_hundred_thousand_rows_are_not_looked_through }

    /// On tables that were never analysed.
    async fn a_hundred_thousand_rows_are_not_looked_through(database: Database) {
        let store = Store::connect(&Settings::new(&database.url)).await.unwrap();
        store.migrate().await.unwrap();
        let (id, explain, columns_before) = match database.engine {
            Engine::Sqlite => ("randomblob(16)", "EXPLAIN QUERY PLAN ", 3),
            Engine::Postgres => ("gen_random_uuid()", "EXPLAIN ", 0),
        };
        // Due, held, and far away: a third each.
        let rows = format!(
            "INSERT INTO due_work (kind, subject_id, tenant_id, due_at, claim_at, holder)
             WITH RECURSIVE counted (n) AS (
                 SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 100000
             )
             SELECT 'room_end', {id}, {id}, 0, CASE n % 3 WHEN 0 THEN n ELSE 1000000 + n END,
                 CASE n % 3 WHEN 1 THEN {id} END
             FROM counted"
        );
        database.run(&rows).await;
        let now = ServerTime::from_unix_millis(100_000);
        let kind = DueKind::RoomEnd;

        for statement in [find_statement(kind, now, 10), next_statement(kind, now)] {
            let mut plan = String::new();
            for mut row in store.engine.fetch(statement.before(explain)).await.unwrap() {
                for _ in 0..columns_before {
                    row.take::<i64>().unwrap();
                }
                plan += &row.take::<String>().unwrap();
                plan.push('\n');
            }
            assert!(plan.contains("due_work_by_claim"), "{plan}");
            for slow in ["Seq Scan", "Sort", "SCAN due_work", "TEMP B-TREE"] {
                assert!(!plan.contains(slow), "{plan}");
            }
        }

        let lease = Lease {
            holder: Uuid::nil(),
            now,
            lease_ms: 5_000,
        };
        let claimed = store.claim_due(kind, lease, 10).await.unwrap();
        assert_eq!(claimed.len(), 10);
        store.close().await;
    }
}
