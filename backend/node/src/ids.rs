//! Where ids and secrets come from: time-ordered UUIDs of the clock and injected randomness.

use std::sync::{Arc, Mutex, PoisonError};

use parlor_domain::id::IdSource;
use uuid::{Builder, Uuid};

use crate::clock::Clock;

/// Makes UUIDs of version 7. Clones draw from the same source.
#[derive(Debug, Clone)]
pub struct Ids {
    clock: Clock,
    randomness: Randomness,
}

/// Where the unpredictable part comes from.
#[derive(Debug, Clone)]
pub enum Randomness {
    /// The operating system.
    System,
    /// A sequence that tests can repeat.
    Seeded(Arc<Mutex<fastrand::Rng>>),
}

impl Ids {
    /// Takes time from `clock` and the rest from `randomness`.
    pub fn new(clock: Clock, randomness: Randomness) -> Self {
        Self { clock, randomness }
    }

    /// The source that random bytes come from.
    pub fn randomness(&self) -> &Randomness {
        &self.randomness
    }
}

impl IdSource for Ids {
    fn next_id(&mut self) -> Uuid {
        let millis = u64::try_from(self.clock.now().unix_millis()).unwrap_or(0);

        Builder::from_unix_timestamp_millis(millis, &self.randomness.bytes()).into_uuid()
    }
}

impl Randomness {
    /// A sequence that `seed` decides.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))))
    }

    /// Draws `N` bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => {
                getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
            }
            Self::Seeded(rng) => {
                rng.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .fill(&mut bytes);
            }
        }

        bytes
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::time::ServerTime;

    use super::*;
    use crate::clock::TestClock;

    #[test]
    fn ids_of_one_seed_repeat_and_sort_by_time() {
        let clock = TestClock::new(ServerTime::from_unix_millis(1_700_000_000_000));
        let source = || Ids::new(Clock::Test(clock.clone()), Randomness::seeded(7));
        let (mut one, mut other) = (source(), source());

        let first = one.next_id();
        assert_eq!(first, other.next_id());
        assert_ne!(first, one.next_id());

        clock.advance_millis(1);
        assert!(first < one.next_id());
    }
}
