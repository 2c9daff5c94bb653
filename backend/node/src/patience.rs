//! Patience with a database that does not answer: a read that failed is tried again, and whoever waits
//! for it is told nothing.
//!
//! A failover, a restart or one connection that was cut ends by itself, and closing sockets over it
//! would have everybody come back at once, to a database that has just come up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parlor_store::StoreError;
use tokio::time::Instant;

use crate::ids::Randomness;

/// How long to wait before the first retry: a connection that was cut is replaced by then.
const FIRST_WAIT_MS: u64 = 50;
/// How long to wait at most, so that everybody goes on within two seconds of the database's return. A
/// wait is drawn from its upper half, so that those who failed together do not ask together.
const WAIT_MAX_MS: u64 = 1_000;

/// How long those who follow a room go on waiting for a database that does not answer: longer than a
/// failover by hand, for they have lost nothing yet, and it would not be found sooner by coming back.
pub const FOLLOW_PATIENCE: Duration = Duration::from_mins(2);
/// How long a subscription waits to start. Within what any request has by default, so that whoever waits
/// hears that it is the database.
pub const START_PATIENCE: Duration = Duration::from_secs(8);

/// How those who follow rooms read a database that may be away.
#[derive(Debug)]
pub struct Reads {
    randomness: Randomness,
    failed: AtomicU64,
}

/// Reads on until a time. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Patience {
    reads: Arc<Reads>,
    ends_at: Instant,
}

/// Something that went wrong over reading.
pub trait ReadError {
    /// Whether the same read may succeed later.
    fn may_pass(&self) -> bool;
    /// For the log.
    fn cause(&self) -> String;
}

impl ReadError for StoreError {
    fn may_pass(&self) -> bool {
        !self.is_unreadable()
    }

    fn cause(&self) -> String {
        self.to_string()
    }
}

impl Reads {
    pub fn new(randomness: Randomness) -> Arc<Self> {
        Arc::new(Self {
            randomness,
            failed: AtomicU64::new(0),
        })
    }

    /// How many have failed so far.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Patience that ends after `patience`, counted from now.
    pub fn within(self: &Arc<Self>, patience: Duration) -> Patience {
        Patience {
            reads: Arc::clone(self),
            ends_at: Instant::now() + patience,
        }
    }

    pub fn count_failed(&self, what: &'static str) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("parlor_failed_reads_total", "of" => what).increment(1);
    }
}

impl Patience {
    /// Reads `what` by `read` until it succeeds, fails for good, or patience has ended; then the last
    /// failure is returned.
    pub async fn read<T, E: ReadError, R: Future<Output = Result<T, E>>>(
        &self,
        what: &'static str,
        read: impl Fn() -> R,
    ) -> Result<T, E> {
        let mut failures = 0;
        loop {
            let error = match read().await {
                Err(error) if error.may_pass() => error,
                done => return done,
            };
            self.reads.count_failed(what);
            let Some(retry_at) = self.retry_at(failures, Instant::now()) else {
                tracing::error!(
                    error = error.cause(),
                    "{what} could not be read for too long"
                );
                return Err(error);
            };
            if failures == 0 {
                tracing::warn!(
                    error = error.cause(),
                    "{what} could not be read; trying again"
                );
            }

            failures += 1;
            tokio::time::sleep_until(retry_at).await;
        }
    }

    /// When to try again after a failure at `now`, which `failures` came before.
    fn retry_at(&self, failures: u32, now: Instant) -> Option<Instant> {
        let doubled = 1_u64.checked_shl(failures).unwrap_or(u64::MAX);
        let wait_ms = FIRST_WAIT_MS.saturating_mul(doubled).min(WAIT_MAX_MS);
        let half_ms = wait_ms / 2;
        let drawn = u64::from(u16::from_be_bytes(self.reads.randomness.bytes()));
        let wait_ms = half_ms + half_ms * drawn / u64::from(u16::MAX);
        let retry_at = now + Duration::from_millis(wait_ms);

        (retry_at <= self.ends_at).then_some(retry_at)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Failure {
        may_pass: bool,
    }

    impl ReadError for Failure {
        fn may_pass(&self) -> bool {
            self.may_pass
        }

        fn cause(&self) -> String {
            "a failure".to_owned()
        }
    }

    fn within(patience: Duration) -> Patience {
        Reads::new(Randomness::seeded(1)).within(patience)
    }

    #[test]
    fn waits_grow_up_to_a_second_and_end_with_patience() {
        let patience = within(Duration::from_secs(30));
        let start = patience.ends_at - Duration::from_secs(30);
        let (mut now, mut waits_ms) = (start, Vec::new());
        while let Some(retry_at) = patience.retry_at(u32::try_from(waits_ms.len()).unwrap(), now) {
            waits_ms.push((retry_at - now).as_millis());
            now = retry_at;
            assert!(waits_ms.len() < 100, "patience does not end");
        }

        for (wait_ms, full_ms) in waits_ms.iter().zip([50, 100, 200, 400, 800, 1_000, 1_000]) {
            assert!((full_ms / 2..=full_ms).contains(wait_ms), "{waits_ms:?}");
        }
        assert!((500..=1_000).contains(waits_ms.last().unwrap()));
        assert!(patience.ends_at - now < Duration::from_secs(1));
        assert!(patience.retry_at(u32::MAX, start).is_some());
    }

    #[tokio::test]
    async fn a_read_that_may_succeed_is_tried_again_while_patience_lasts() {
        let tries = Cell::new(0);
        let patience = within(Duration::from_mins(1));
        let done = patience.read("a test", || async {
            tries.update(|tries| tries + 1);
            let failure = Failure { may_pass: true };
            if tries.get() > 2 {
                Ok(())
            } else {
                Err(failure)
            }
        });
        assert_eq!(done.await, Ok(()));
        assert_eq!(tries.get(), 3);

        let patience = within(Duration::ZERO);
        for may_pass in [true, false] {
            let tries = Cell::new(0);
            let done = patience.read("a test", || async {
                tries.update(|tries| tries + 1);
                Err::<(), _>(Failure { may_pass })
            });
            assert_eq!(done.await, Err(Failure { may_pass }));
            assert_eq!(tries.get(), 1);
        }
        assert_eq!(patience.reads.failed(), 1);
    }
}
