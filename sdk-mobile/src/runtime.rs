//! Where drivers and requests run.
//!
//! A Rust host has a runtime already. Others poll our futures from executors of their own, which
//! know nothing of sockets and timers, so all their clients share one background thread.

use std::sync::OnceLock;
use tokio::runtime::{Builder, Handle, Runtime};

/// One thread is enough: a client wakes up a few times a second.
const THREADS: usize = 1;

/// Returns the caller's runtime, or else the one that this library keeps.
pub(crate) fn handle() -> Handle {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();

    Handle::try_current().unwrap_or_else(|_| {
        RUNTIME
            .get_or_init(|| {
                Builder::new_multi_thread()
                    .worker_threads(THREADS)
                    .thread_name("parlor")
                    .enable_all()
                    .build()
                    .expect("the system gives a process one thread and one poller")
            })
            .handle()
            .clone()
    })
}
