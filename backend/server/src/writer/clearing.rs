//! Clears away what deleted rooms have left behind, also when the server went down in the middle.

use std::sync::Arc;

use parlor_store::Store;
use tokio::sync::Notify;

use super::Writer;
use crate::clock::Clock;

/// How long to wait before what could not be cleared away is tried again: there is no hurry.
const RETRY_MS: i64 = 5_000;

/// Clears away until the writer stops, at once and whenever `deleted` says that there is more.
pub(super) async fn run(store: Store, clock: Clock, deleted: Arc<Notify>, writer: Writer) {
    loop {
        tokio::select! {
            () = writer.stopped() => return,
            () = clear(&store, &clock, &deleted) => {}
        }
    }
}

/// Takes one step, or waits until there is one to take.
async fn clear(store: &Store, clock: &Clock, deleted: &Notify) {
    match store.clear_deleted_rooms().await {
        Ok(true) => (),
        Ok(false) => deleted.notified().await,
        Err(error) => {
            tracing::warn!(%error, "what a deleted room left behind could not be cleared away");
            clock.sleep_until(clock.now().plus_millis(RETRY_MS)).await;
        }
    }
}
