//! What a host's clock says, and what is believed of it.
//!
//! A page's clock is a function that anybody may have replaced, and everything is timed by it: one
//! number that cannot be would stop a client for good. A reading that leaps is therefore looked at
//! again at once, and what is no time leaves the client where it was.

use crate::time::Instant;

/// How far a clock may go between two looks without being looked at again. Nothing is known to be late
/// by less, and a look costs next to nothing.
const LEAP_MS: f64 = 1_000.0;

/// How far two looks in a row may be apart. Between them lies a call, and at worst a collection of garbage.
const AGREEMENT_MS: f64 = 250.0;

/// Looks for one instant: the leap, one that confirms or belies it, and one more.
const LOOKS_MAX: u32 = 3;

/// As long as no clock has run: 285 years in milliseconds. More is no number of milliseconds.
const READING_MAX_MS: f64 = 9e12;

/// A host's monotonic clock, for hosts whose clock may say anything.
///
/// Its instants never run backwards. A leap that two looks agree on is believed: forwards, so much time
/// has passed, for the host has slept; backwards, the clock was set, and time goes on from where it was.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostClock {
    /// The last reading that was believed, and how much later in its own time an instant is.
    last: Option<Anchor>,
    refused: u32,
}

#[derive(Debug, Clone, Copy)]
struct Anchor {
    reading_ms: f64,
    instant_ms: f64,
}

impl HostClock {
    /// Looks at the clock by `look`, which gives milliseconds since any start, and anything at all where
    /// there is none. Without a reading that can be, no time has passed.
    pub fn now(&mut self, mut look: impl FnMut() -> f64) -> Instant {
        let mut leap_ms: Option<f64> = None;
        for _ in 0..LOOKS_MAX {
            let reading_ms = look();
            if !is_time(reading_ms) {
                self.refused = self.refused.saturating_add(1);
                continue;
            }
            let passed_ms = self
                .last
                .map_or(0.0, |anchor| reading_ms - anchor.reading_ms);
            let is_confirmed =
                leap_ms.is_some_and(|leap_ms| (reading_ms - leap_ms).abs() <= AGREEMENT_MS);
            if passed_ms.abs() < LEAP_MS && self.last.is_some() || is_confirmed {
                return self.go_on(reading_ms, passed_ms, is_confirmed);
            }
            // Neither is the first reading, of which nothing is known, believed by itself.
            self.refused = self.refused.saturating_add(u32::from(leap_ms.is_some()));
            leap_ms = Some(reading_ms);
        }

        Instant::from_millis(self.last.map_or(0, |anchor| whole(anchor.instant_ms)))
    }

    /// Returns the instant at which the clock says `reading_ms`, or said it: a stamp of the host's. `None`
    /// if it cannot be a stamp of this clock.
    pub fn instant_of(&self, reading_ms: f64) -> Option<Instant> {
        let anchor = self.last.filter(|_| is_time(reading_ms))?;
        let instant_ms = anchor.instant_ms + (reading_ms - anchor.reading_ms);

        Some(Instant::from_millis(whole(instant_ms)))
    }

    /// Returns how many readings could not be.
    pub const fn refused(&self) -> u32 {
        self.refused
    }

    fn go_on(&mut self, reading_ms: f64, passed_ms: f64, is_leap: bool) -> Instant {
        let Some(anchor) = &mut self.last else {
            return self.begin(reading_ms);
        };
        if passed_ms >= 0.0 {
            anchor.instant_ms += passed_ms;
            anchor.reading_ms = reading_ms;
        } else if is_leap {
            anchor.reading_ms = reading_ms;
        }

        Instant::from_millis(whole(anchor.instant_ms))
    }

    fn begin(&mut self, reading_ms: f64) -> Instant {
        self.last = Some(Anchor {
            reading_ms,
            instant_ms: reading_ms,
        });

        Instant::from_millis(whole(reading_ms))
    }
}

fn is_time(reading_ms: f64) -> bool {
    reading_ms.is_finite() && (0.0..=READING_MAX_MS).contains(&reading_ms)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "whole milliseconds are all that is wanted, and what is larger is no reading"
)]
fn whole(millis: f64) -> i64 {
    millis as i64
}

#[cfg(test)]
mod tests {
    use super::HostClock;
    use proptest::prelude::*;

    const HOUR_MS: f64 = 3_600_000.0;

    /// What can be wrong with one look at a clock.
    const BAD: [f64; 9] = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        -1.0,
        0.0,
        1e12,
        5_000.0 + HOUR_MS,
        5_000.0 - 3_000.0,
    ];

    /// Looks at a clock that says `readings` and then stays with the last.
    fn look(clock: &mut HostClock, readings: &[f64]) -> i64 {
        let mut readings = readings.iter().copied();
        let mut last = 0.0;
        clock
            .now(|| {
                last = readings.next().unwrap_or(last);
                last
            })
            .as_millis()
    }

    #[test]
    fn one_bad_look_changes_nothing_wherever_it_falls() {
        for bad in BAD {
            let mut clock = HostClock::default();
            assert_eq!(look(&mut clock, &[5_000.0]), 5_000);
            assert_eq!(look(&mut clock, &[bad, 5_020.0]), 5_020, "{bad}");
            assert_eq!(look(&mut clock, &[5_040.0]), 5_040, "{bad}");

            let mut clock = HostClock::default();
            assert_eq!(look(&mut clock, &[bad, 5_000.0]), 5_000, "{bad} first");
            assert_eq!(look(&mut clock, &[5_040.0]), 5_040, "{bad} first");
        }
    }

    #[test]
    fn a_clock_that_says_nothing_for_a_while_stands_and_goes_on() {
        let mut clock = HostClock::default();
        assert_eq!(look(&mut clock, &[f64::NAN]), 0);
        assert_eq!(look(&mut clock, &[5_000.0]), 5_000);
        assert_eq!(look(&mut clock, &[f64::NAN]), 5_000);
        assert_eq!(clock.refused(), 6);
        assert_eq!(look(&mut clock, &[5_900.0]), 5_900);
        assert_eq!(look(&mut clock, &[f64::INFINITY]), 5_900);
        assert_eq!(look(&mut clock, &[9_000.0]), 9_000);
    }

    #[test]
    fn a_host_that_slept_has_slept() {
        let mut clock = HostClock::default();
        look(&mut clock, &[5_000.0]);
        let woken_ms = 5_000.0 + 3.0 * HOUR_MS;

        assert_eq!(look(&mut clock, &[woken_ms, woken_ms + 0.1]), 10_805_000);
        assert_eq!(clock.refused(), 0);
    }

    #[test]
    fn a_clock_that_was_set_back_goes_on_from_where_it_was() {
        let mut clock = HostClock::default();
        look(&mut clock, &[HOUR_MS]);

        assert_eq!(look(&mut clock, &[20.0, 20.0]), 3_600_000);
        assert_eq!(look(&mut clock, &[520.0]), 3_600_500);
    }

    #[test]
    fn a_stamp_is_of_the_clock_or_none() {
        let mut clock = HostClock::default();
        assert_eq!(clock.instant_of(5_000.0), None);
        look(&mut clock, &[HOUR_MS]);
        look(&mut clock, &[20.0, 20.0]);

        let stamped = clock.instant_of(36.0).unwrap();
        assert_eq!(stamped.as_millis(), 3_600_016);
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, -1.0] {
            assert_eq!(clock.instant_of(bad), None);
        }
    }

    proptest! {
        #[test]
        fn whatever_a_clock_says_it_never_runs_back_and_runs_again_once_it_is_right(
            readings in prop::collection::vec(
                prop_oneof![any::<f64>(), 0.0..1e7, prop::sample::select(&BAD[..])], 0..40,
            ),
        ) {
            let mut clock = HostClock::default();
            let mut before = 0;
            let mut readings = readings.into_iter().peekable();
            while readings.peek().is_some() {
                let now = clock.now(|| readings.next().unwrap_or(f64::NAN)).as_millis();
                prop_assert!(now >= before, "{} comes after {}", now, before);
                before = now;
            }
            let began_at = look(&mut clock, &[5_000.0]);
            for passed in 1..10_i32 {
                let now = look(&mut clock, &[5_000.0 + 500.0 * f64::from(passed)]);
                prop_assert_eq!(now, began_at + 500 * i64::from(passed));
            }
        }
    }
}
