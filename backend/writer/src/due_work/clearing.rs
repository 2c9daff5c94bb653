//! Clears away what deleted rooms have left behind.

use parlor_store::{DueKind, DueWork, Lease, Store};

use super::{NotWorked, Step, Work};

pub(crate) struct Clearing {
    pub(crate) store: Store,
}

impl Work for Clearing {
    const KIND: DueKind = DueKind::RoomClearing;
    /// There is no hurry, and one room's rows keep a connection busy.
    const AT_ONCE: usize = 1;

    async fn step(&self, due: &mut DueWork, lease: Lease) -> Result<Step, NotWorked> {
        if self.store.clear_deleted_room(due, lease).await? {
            Ok(Step::More)
        } else {
            Ok(Step::Done)
        }
    }
}
