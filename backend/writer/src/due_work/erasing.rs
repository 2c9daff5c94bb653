//! Erases people.

use std::time::Duration;

use parlor_domain::room_aggregate::Actor;
use parlor_node::ids::Ids;
use parlor_store::{DueKind, DueWork, ErasureStep, Lease, Store};
use tokio::time::Instant;

use super::{NotWorked, Step, Work};
use crate::erasures::EraseParticipant;
use crate::{NotDone, Writer};

/// How long the database is left to others between two steps, each of which takes it for some milliseconds: a log of a
/// million events is looked through within two minutes still.
const REST: Duration = Duration::from_millis(50);

/// Puts people out of their rooms through the lanes, and takes them out of what is kept in the store.
pub(crate) struct Erasing {
    pub(crate) writer: Writer,
    pub(crate) store: Store,
    pub(crate) ids: Ids,
}

impl Work for Erasing {
    const KIND: DueKind = DueKind::Erasure;
    /// There is no hurry, and one person's rows keep a connection busy.
    const AT_ONCE: usize = 1;

    async fn step(&self, due: &mut DueWork, lease: Lease) -> Result<Step, NotWorked> {
        match self
            .store
            .erase_step(due, lease, &mut self.ids.clone())
            .await?
        {
            ErasureStep::More => {
                tokio::time::sleep_until(Instant::now() + REST).await;
                Ok(Step::More)
            }
            ErasureStep::Done => Ok(Step::Done),
            ErasureStep::PutOut { room_id, id, by } => {
                let actor = Actor {
                    viewer_id: by,
                    is_staff: true,
                };
                let erase = EraseParticipant { actor, id };
                match self.writer.submit(due.tenant_id, room_id, erase).await {
                    // A room that was deleted meanwhile is seen to be gone by the next step.
                    Ok(()) | Err(NotDone::NotFound(_)) => Ok(Step::More),
                    Err(not_done) => Err(not_done.into()),
                }
            }
        }
    }
}
