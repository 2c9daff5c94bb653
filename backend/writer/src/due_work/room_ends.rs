//! Ends trains, interrupted sessions and draws when their time is over.

use parlor_store::{DueKind, DueWork, Lease};

use super::{NotWorked, Step, Work};
use crate::{EndExpired, NotDone, Writer};

/// Ends what runs out of time, through the lanes.
pub(crate) struct RoomEnds {
    pub(crate) writer: Writer,
}

impl Work for RoomEnds {
    const KIND: DueKind = DueKind::RoomEnd;
    /// A few batches, so that many ends at once leave room in the lanes.
    const AT_ONCE: usize = 512;

    async fn step(&self, due: &mut DueWork, lease: Lease) -> Result<Step, NotWorked> {
        let end = EndExpired { due_at: lease.now };
        match self.writer.submit(due.tenant_id, due.room_id(), end).await {
            Ok(()) => Ok(Step::Done),
            Err(NotDone::NotFound(_)) => Ok(Step::Moot),
            Err(not_done) => Err(not_done.into()),
        }
    }
}
