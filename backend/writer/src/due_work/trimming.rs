//! Trims rooms' logs to what is kept of them.

use std::time::Duration;

use parlor_store::{DueKind, DueWork, Lease, Store};
use tokio::time::Instant;

use super::{NotWorked, Step, Work};

/// How long the database is left to others between two steps, each of which takes it for some
/// milliseconds: a long log costs them a tenth of it, and goes by ten thousand events a second still.
const REST: Duration = Duration::from_millis(50);

pub(crate) struct Trimming {
    pub(crate) store: Store,
}

impl Work for Trimming {
    const KIND: DueKind = DueKind::LogTrimming;
    /// There is no hurry.
    const AT_ONCE: usize = 1;

    async fn step(&self, due: &mut DueWork, lease: Lease) -> Result<Step, NotWorked> {
        if !self.store.trim_log(due, lease).await? {
            return Ok(Step::Done);
        }

        tokio::time::sleep_until(Instant::now() + REST).await;
        Ok(Step::More)
    }
}
