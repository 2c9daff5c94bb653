//! What only the newest of matters: whether that has been taken.

use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The newest of something, and whether it has been taken.
pub(crate) struct Seen<T>(Mutex<watch::Receiver<T>>);

impl<T: Clone> Seen<T> {
    pub(crate) fn new(mut newest: watch::Receiver<T>) -> Self {
        newest.mark_changed();

        Self(Mutex::new(newest))
    }

    /// Waits for one that `is_wanted` and was not taken. Returns false once no other can come. Safe to cancel.
    pub(crate) async fn wait_for(&self, is_wanted: impl Fn(&T) -> bool) -> bool {
        let mut newest = self.newest().clone();
        while newest.changed().await.is_ok() {
            if is_wanted(&newest.borrow_and_update()) {
                return true;
            }
        }

        false
    }

    /// Returns the newest, unless it was taken.
    pub(crate) fn take(&self) -> Option<T> {
        let mut newest = self.newest();
        let value = newest.borrow_and_update();

        value.has_changed().then(|| value.clone())
    }

    /// Never held across a wait.
    fn newest(&self) -> MutexGuard<'_, watch::Receiver<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
