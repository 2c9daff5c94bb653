//! When a node should ask for what is due, as far as it has heard.

use std::sync::{Mutex, MutexGuard, PoisonError};

use parlor_domain::time::ServerTime;
use parlor_node::clock::Clock;
use tokio::sync::Notify;

/// The earliest time that was heard of since it was cleared.
#[derive(Default)]
pub(crate) struct Hint {
    earliest: Mutex<Option<ServerTime>>,
    changed: Notify,
}

impl Hint {
    /// Notes that something is due at `at`.
    pub(crate) fn expect(&self, at: ServerTime) {
        let mut earliest = self.earliest();
        if earliest.is_none_or(|earliest| at < earliest) {
            *earliest = Some(at);
            self.changed.notify_one();
        }
    }

    /// Comes before the database is asked, so that what is heard of meanwhile is not missed.
    pub(super) fn clear(&self) {
        *self.earliest() = None;
    }

    /// Returns when something is due, as far as was heard.
    pub(super) async fn comes(&self, clock: &Clock) {
        loop {
            let earliest = *self.earliest();
            let due = async {
                match earliest {
                    Some(at) => clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => return,
                () = self.changed.notified() => (),
            }
        }
    }

    fn earliest(&self) -> MutexGuard<'_, Option<ServerTime>> {
        self.earliest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
