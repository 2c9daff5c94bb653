//! Expires redemptions that nobody has seen to.

use parlor_store::{DueKind, DueWork, Lease, Store};

use super::{NotWorked, Step, Work};
use crate::rewards::ExpireRedemptions;
use crate::{NotDone, Writer};

/// Expires what the store finds, through the lanes, some at a time.
pub(crate) struct Expiry {
    pub(crate) writer: Writer,
    pub(crate) store: Store,
}

impl Work for Expiry {
    const KIND: DueKind = DueKind::RedemptionExpiry;
    /// A few rooms, so that the lanes have room for those who wait for an answer.
    const AT_ONCE: usize = 8;

    async fn step(&self, due: &mut DueWork, lease: Lease) -> Result<Step, NotWorked> {
        let ids = self.store.expired_redemptions(due, lease).await?;
        if ids.is_empty() {
            return Ok(Step::Done);
        }
        let due_at = lease.now;
        let expire = ExpireRedemptions { ids, due_at };

        match self
            .writer
            .submit(due.tenant_id, due.room_id(), expire)
            .await
        {
            Ok(0) => {
                due.attempts = 1;
                Ok(Step::More)
            }
            Ok(open) => Err(NotWorked::Failed(format!(
                "{open} redemptions do not expire"
            ))),
            Err(NotDone::NotFound(_)) => Ok(Step::Moot),
            Err(not_done) => Err(not_done.into()),
        }
    }
}
