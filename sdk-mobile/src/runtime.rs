//! Where drivers and requests run.
//!
//! A Rust host has a runtime already. Others poll our futures from executors of their own, which
//! know nothing of sockets and timers, so all their clients share one background thread.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// One thread is enough: a client wakes up a few times a second.
const THREADS: usize = 1;

/// How long a host that goes away waits for the background thread. It only has to come back from
/// waking somebody; a host that hangs at its end is worse than one that does not wait for it.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

static BACKGROUND: Mutex<Option<Runtime>> = Mutex::new(None);

/// Returns the caller's runtime, or else the one that this library keeps.
pub(crate) fn handle() -> Handle {
    Handle::try_current().unwrap_or_else(|_| {
        let mut background = BACKGROUND.lock().unwrap_or_else(PoisonError::into_inner);
        background.get_or_insert_with(start).handle().clone()
    })
}

/// Ends the background thread, and with it whatever clients still run on it.
///
/// For hosts that take themselves apart at their end, as Python does: a thread that wakes somebody
/// in a host that is gone brings the process down.
#[uniffi::export]
pub fn stop_background() {
    let background = BACKGROUND
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if let Some(background) = background {
        background.shutdown_timeout(STOP_TIMEOUT);
    }
}

fn start() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("parlor")
        .enable_all()
        .build()
        .expect("the system gives a process one thread and one poller")
}
