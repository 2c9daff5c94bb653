//! Whether the database is away, or cannot be written, so that nobody waits for it in vain.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metrics::counter;

/// Open while the database takes nothing: commands are refused at once instead of piling up. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Breaker(Arc<AtomicBool>);

impl Breaker {
    /// The database is away, or cannot be written.
    pub fn open(&self) {
        if !self.0.swap(true, Ordering::Relaxed) {
            counter!("parlor_breaker_opened_total").increment(1);
            tracing::warn!("commands are refused until the database takes them");
        }
    }

    /// The database is back.
    pub fn close(&self) {
        if self.0.swap(false, Ordering::Relaxed) {
            tracing::info!("the database takes commands again");
        }
    }

    pub fn is_open(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
