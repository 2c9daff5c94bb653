//! How long to wait before the next try to connect.
//!
//! Exponential with full jitter: clients that were cut off together come back apart. It never gives
//! up, for a page in OBS may be loaded long before its server is started.

const FIRST_MS: u64 = 250;
const LONGEST_MS: u64 = 15_000;

/// Where the waits begin when the server sent everybody away at once: spread over 2 s.
const CROWDED_ATTEMPT: u32 = 3;

/// The tries so far, and the caller's seed.
#[derive(Debug)]
pub(crate) struct Backoff {
    attempt: u32,
    random: u64,
}

impl Backoff {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            attempt: 0,
            random: seed,
        }
    }

    /// Returns the next wait in milliseconds.
    pub(crate) fn next_wait_ms(&mut self) -> i64 {
        let longest_ms = LONGEST_MS.min(FIRST_MS << self.attempt.min(8));
        self.attempt = self.attempt.saturating_add(1);

        (self.next_random() % (longest_ms + 1)).cast_signed()
    }

    /// Makes the next waits long enough for a crowd.
    pub(crate) fn spread(&mut self) {
        self.attempt = self.attempt.max(CROWDED_ATTEMPT);
    }

    /// Starts over, once a connection has proved good.
    pub(crate) fn reset(&mut self) {
        self.attempt = 0;
    }

    /// `SplitMix64`: 64 bits of state, any seed will do, and it fits here.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);

        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, LONGEST_MS};

    #[test]
    fn waits_grow_to_the_longest_and_stay_there_for_ever() {
        let mut longest = [0; 12];
        for seed in 0..500 {
            let mut backoff = Backoff::new(seed);
            for longest_ms in &mut longest {
                *longest_ms = backoff.next_wait_ms().max(*longest_ms);
            }
        }

        assert!((200..=250).contains(&longest[0]), "{longest:?}");
        assert!((900..=1_000).contains(&longest[2]), "{longest:?}");
        for longest_ms in &longest[7..] {
            assert!((14_000..=LONGEST_MS.cast_signed()).contains(longest_ms));
        }
    }

    #[test]
    fn the_same_seed_waits_the_same() {
        let (mut one, mut other) = (Backoff::new(7), Backoff::new(7));

        for _ in 0..100 {
            assert_eq!(one.next_wait_ms(), other.next_wait_ms());
        }
    }

    #[test]
    fn a_crowd_is_spread_over_two_seconds_at_once() {
        let longest_ms = (0..500)
            .map(|seed| {
                let mut backoff = Backoff::new(seed);
                backoff.spread();
                backoff.next_wait_ms()
            })
            .max();

        assert!(longest_ms.is_some_and(|longest_ms| longest_ms > 1_800));
    }
}
