//! When a room's redemptions are to be looked at, for some may have expired.
//!
//! A room has one row, which is due no later than the first of its open redemptions expires. Whoever makes one
//! that may expire sooner moves it, and takes it from whoever holds it: so what is found and what is made
//! meanwhile cannot miss one another.

use parlor_domain::id::{RedemptionId, RoomId, TenantId};
use parlor_domain::time::ServerTime;

use super::{DueKind, DueWork, INSERT, Lease, due_row};
use crate::engine::Transaction;
use crate::sql::{Row, Statement};
use crate::{Store, StoreError};

/// Redemptions that expire in one command: each writes three rows under the room's lock, which holds up
/// what else the room does for some milliseconds.
const EXPIRED_MAX: i64 = 100;

/// When a redemption expires that is open, where `redemptions` is the table.
const EXPIRES_AT: &str = "redemptions.expires_after_ms + CASE WHEN redemptions.made_offline
        OR (SELECT sessions.ended_at FROM sessions WHERE sessions.id = redemptions.session_id)
            < COALESCE(redemptions.drawn_at, redemptions.redeemed_at)
    THEN COALESCE(redemptions.drawn_at, redemptions.redeemed_at)
    ELSE (SELECT sessions.ended_at FROM sessions WHERE sessions.id = redemptions.session_id) END";

/// When a room is to be looked at.
pub(crate) struct Expiry {
    pub(crate) room_id: RoomId,
    pub(crate) tenant_id: TenantId,
    pub(crate) due_at: ServerTime,
}

impl Store {
    /// Some of the room's open redemptions that have expired by now, if there are any, with the lease prolonged.
    /// If there are none, the work is given back until the next will have expired, and no longer held.
    pub async fn expired_redemptions(
        &self,
        work: &DueWork,
        lease: Lease,
    ) -> Result<Vec<RedemptionId>, StoreError> {
        let found = self.find_expired(work, lease.now).await?;
        if found.is_empty() {
            match self.next_expiry(work).await? {
                Some(next_at) => self.come_back_at(work, next_at).await?,
                None => self.finish_due(work).await?,
            }
            return Ok(Vec::new());
        }

        let until = lease.now.plus_millis(lease.lease_ms);
        let is_held = self.prolong(work, until).await?;
        Ok(if is_held { found } else { Vec::new() })
    }

    /// Prolongs the lease, and notes how often the work was taken since it last came further, as `work` has it. Returns
    /// `false` if the lease has ended.
    async fn prolong(&self, work: &DueWork, claim_at: ServerTime) -> Result<bool, StoreError> {
        let prolong = "UPDATE due_work SET claim_at = $4, attempts = $5
            WHERE kind = $1 AND subject_id = $2 AND holder = $3";
        let prolong = work.bind_to(Statement::new(prolong));
        let prolong = prolong.bind(claim_at).bind(work.attempts);
        let mut transaction = self.engine.begin().await?;
        let changed = transaction.execute(prolong).await?;
        transaction.commit().await.map_err(StoreError::of_commit)?;

        Ok(changed > 0)
    }

    /// In the order of the index that they are found by, which is about that in which they expire.
    async fn find_expired(
        &self,
        work: &DueWork,
        now: ServerTime,
    ) -> Result<Vec<RedemptionId>, StoreError> {
        let find = open_of("redemptions.id", work)
            .push(&format!(" AND {EXPIRES_AT} <= "))
            .push_value(now)
            .push(" ORDER BY redemptions.redeemed_at, redemptions.id LIMIT ")
            .push_value(EXPIRED_MAX);
        let rows = self.engine.fetch(find).await?;
        let read = |mut row: Row| Ok(RedemptionId(row.take()?));

        rows.into_iter().map(read).collect()
    }

    async fn next_expiry(&self, work: &DueWork) -> Result<Option<ServerTime>, StoreError> {
        let next = open_of(&format!("MIN({EXPIRES_AT})"), work);
        let mut found = self.engine.fetch(next).await?.into_iter();

        let Some(mut row) = found.next() else {
            return Ok(None);
        };
        Ok(row.take_optional_time()?)
    }

    /// Gives the work back, as if it had only been due then. Harmless if the lease has ended.
    async fn come_back_at(&self, work: &DueWork, due_at: ServerTime) -> Result<(), StoreError> {
        let come_back = "UPDATE due_work
            SET due_at = $4, claim_at = $5, holder = NULL, progress = NULL, attempts = 0
            WHERE kind = $1 AND subject_id = $2 AND holder = $3";
        let come_back = work.bind_to(Statement::new(come_back));
        let come_back = come_back.bind(due_at).bind(due_at);
        self.engine.write(come_back).await?;
        Ok(())
    }
}

/// `what` of the room's open redemptions.
fn open_of(what: &str, work: &DueWork) -> Statement {
    Statement::new(format!(
        "SELECT {what} FROM redemptions WHERE redemptions.room_id = "
    ))
    .push_value(work.room_id())
    .push(" AND redemptions.tenant_id = ")
    .push_value(work.tenant_id)
    .push(" AND redemptions.status = 'unfulfilled'")
}

/// Has rooms looked at no later than they say.
pub(crate) async fn write(
    transaction: &mut Transaction,
    expiries: impl Iterator<Item = Expiry>,
) -> Result<(), sqlx::Error> {
    let kind = DueKind::RedemptionExpiry;
    let rows = expiries
        .map(|one| due_row(kind, one.room_id, one.tenant_id, one.due_at))
        .collect();
    let sooner = " ON CONFLICT (kind, subject_id) DO UPDATE SET
        due_at = CASE WHEN excluded.due_at < due_work.due_at
            THEN excluded.due_at ELSE due_work.due_at END,
        claim_at = CASE WHEN excluded.due_at < due_work.due_at
            THEN excluded.due_at ELSE due_work.due_at END,
        holder = NULL, progress = NULL, attempts = 0";
    transaction.insert(INSERT, rows, sooner).await?;

    Ok(())
}
