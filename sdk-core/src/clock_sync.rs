//! Estimates the server's clock from the stamps of pings and pongs, as NTP does.
//!
//! An exchange that took `r` on the way puts the server's clock within `r / 2` of its middle,
//! however unevenly the way there and back were: that half is the error bound. It grows with age, for
//! the two clocks part, and the exchange with the least of a window is the one to believe. The
//! estimate moves towards it gradually, so that nothing on screen jumps.

use crate::time::{Instant, ServerTime};
use crate::wire::PongPayload;
use alloc::collections::VecDeque;

/// Exchanges looked back on: with a ping every 10 s, under three minutes, in which two good
/// oscillators part by a few milliseconds.
const WINDOW: usize = 16;

/// The estimate moves by a 20th of the time that passes: unseen, and it never runs backwards.
const SLEW_DIVISOR: i64 = 20;

/// An estimate that is off by more than this is wrong rather than imprecise (a laptop slept), and
/// would take longer than 20 s to mend gradually.
const STEP_MS: i64 = 1_000;

/// Two clocks part by at most 1 ms in this many, which is 200 parts in a million.
const DRIFT_DIVISOR: i64 = 5_000;

/// A connection that takes longer than this to answer is given up anyway.
const ROUND_TRIP_MAX_MS: i64 = 30_000;

/// Stamps are whole milliseconds on both sides.
const ROUNDING_MS: i64 = 2;

/// What is known of the server's clock.
#[derive(Debug, Default)]
pub(crate) struct ClockSync {
    samples: VecDeque<Sample>,
    estimate: Option<Estimate>,
    floor: Option<Floor>,
}

/// The least that the server's clock can be ahead of ours, for something stamped has arrived. It sinks
/// as fast as the two clocks may part.
#[derive(Debug, Clone, Copy)]
struct Floor {
    arrived_at: Instant,
    offset_ms: i64,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    taken_at: Instant,
    offset_ms: i64,
    round_trip_ms: i64,
}

/// An offset on its way from one value to another.
#[derive(Debug, Clone, Copy)]
struct Estimate {
    from_ms: i64,
    began_at: Instant,
    target: Sample,
}

impl ClockSync {
    /// Takes in an answered ping that arrived at `now`. Returns whether it is the first.
    pub(crate) fn handle_pong(&mut self, pong: &PongPayload, now: Instant) -> bool {
        let sent_at = Instant::from_millis(pong.client_sent);
        let there_ms = pong.server_received.saturating_sub(pong.client_sent);
        let back_ms = pong.server_sent.saturating_sub(now.as_millis());
        let round_trip_ms = there_ms.saturating_sub(back_ms);
        let elapsed_ms = now.millis_since(sent_at);
        if !(0..=ROUND_TRIP_MAX_MS).contains(&elapsed_ms)
            || !(-ROUNDING_MS..=elapsed_ms).contains(&round_trip_ms)
        {
            return false;
        }
        let sample = Sample {
            taken_at: now,
            offset_ms: midpoint(there_ms, back_ms),
            round_trip_ms: round_trip_ms.max(0),
        };

        let is_first = self.estimate.is_none();
        if self
            .estimate
            .is_some_and(|estimate| estimate.target.contradicts(sample))
        {
            self.samples.clear();
            self.floor = None;
        }
        if self.samples.len() == WINDOW {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
        self.steer(now);
        self.drop_foreign_floor(now);

        is_first
    }

    /// Takes in a stamp of something that has arrived: the server's clock is at least there.
    pub(crate) fn handle_stamp(&mut self, stamp: ServerTime, now: Instant) {
        let offset_ms = stamp.unix_millis().saturating_sub(now.as_millis());
        if self
            .floor
            .is_none_or(|floor| floor.offset_ms(now) < offset_ms)
        {
            self.floor = Some(Floor {
                arrived_at: now,
                offset_ms,
            });
        }
    }

    /// Returns the server's time, or `None` while nothing is known of it.
    pub(crate) fn server_time(&self, now: Instant) -> Option<ServerTime> {
        let offset_ms = self
            .estimate
            .map(|estimate| estimate.offset_ms(now))
            .max(self.floor.map(|floor| floor.offset_ms(now)))?;

        Some(ServerTime::from_unix_millis(
            now.as_millis().saturating_add(offset_ms),
        ))
    }

    /// Returns how far the server's time may be from what [`Self::server_time`] says.
    pub(crate) fn error_ms(&self, now: Instant) -> Option<i64> {
        let estimate = self.estimate?;
        let still_to_go_ms = estimate
            .offset_ms(now)
            .saturating_sub(estimate.target.offset_ms);

        Some(estimate.target.bound_ms(now) + still_to_go_ms.saturating_abs())
    }

    /// Returns the first instant after `now` at which the server's time will be `time` or later.
    pub(crate) fn instant_of(&self, time: ServerTime, now: Instant) -> Option<Instant> {
        let wait_ms = time.millis_since(self.server_time(now)?).max(1);
        // While the estimate is being moved it gains or loses at most a 20th of the wait. Waking
        // early costs one more wake-up; the wait shrinks twentyfold each time.
        let gain_ms = match self.estimate {
            Some(estimate) if estimate.offset_ms(now) < estimate.target.offset_ms => {
                wait_ms / (SLEW_DIVISOR + 1)
            }
            _ => 0,
        };

        Some(now.plus_millis((wait_ms - gain_ms).max(1)))
    }

    fn best(&self, now: Instant) -> Option<Sample> {
        self.samples
            .iter()
            .copied()
            .min_by_key(|sample| sample.bound_ms(now))
    }

    fn steer(&mut self, now: Instant) {
        let Some(best) = self.best(now) else { return };
        let from_ms = self
            .estimate
            .map(|estimate| estimate.offset_ms(now))
            .filter(|from_ms| best.offset_ms.abs_diff(*from_ms) <= STEP_MS.unsigned_abs())
            .unwrap_or(best.offset_ms);

        self.estimate = Some(Estimate {
            from_ms,
            began_at: now,
            target: best,
        });
    }

    /// Drops a floor that lies beyond the error bound: after a failover, stamps may still come from
    /// the clock of another node.
    fn drop_foreign_floor(&mut self, now: Instant) {
        if let (Some(best), Some(floor)) = (self.best(now), self.floor)
            && floor.offset_ms(now) > best.offset_ms.saturating_add(best.bound_ms(now))
        {
            self.floor = None;
        }
    }
}

impl Floor {
    fn offset_ms(self, now: Instant) -> i64 {
        self.offset_ms
            .saturating_sub(drift_ms(self.arrived_at, now))
    }
}

impl Estimate {
    fn offset_ms(&self, now: Instant) -> i64 {
        let limit_ms = now.millis_since(self.began_at).max(0) / SLEW_DIVISOR;
        let to_go_ms = self.target.offset_ms.saturating_sub(self.from_ms);

        self.from_ms + to_go_ms.clamp(-limit_ms, limit_ms)
    }
}

impl Sample {
    /// Returns how far the server's clock may be from where this exchange put it.
    fn bound_ms(self, now: Instant) -> i64 {
        self.round_trip_ms / 2 + ROUNDING_MS + drift_ms(self.taken_at, now)
    }

    /// Returns whether both cannot be true of one clock: somebody's clock was set, or slept.
    fn contradicts(self, later: Self) -> bool {
        let now = later.taken_at;
        let allowed_ms = self.bound_ms(now) + later.bound_ms(now);

        self.offset_ms.abs_diff(later.offset_ms) > allowed_ms.unsigned_abs()
    }
}

/// Returns how far two clocks may part between two instants.
fn drift_ms(from: Instant, to: Instant) -> i64 {
    to.millis_since(from).max(0) / DRIFT_DIVISOR
}

/// Returns the middle of two numbers that may be far from 0, without overflow.
const fn midpoint(one: i64, other: i64) -> i64 {
    other.saturating_add(one.saturating_sub(other) / 2)
}

#[cfg(test)]
mod tests {
    use super::{ClockSync, SLEW_DIVISOR, STEP_MS};
    use crate::time::{Instant, ServerTime};
    use crate::wire::PongPayload;
    use proptest::prelude::*;

    /// How far the server's clock is ahead of the host's.
    const AHEAD_MS: i64 = 1_767_323_000_000;

    /// An exchange that begins at `at`, with the time that it takes each way.
    fn exchange(
        clock: &mut ClockSync,
        at: i64,
        ahead_ms: i64,
        there_ms: i64,
        back_ms: i64,
    ) -> bool {
        let pong = PongPayload {
            client_sent: at,
            server_received: at + there_ms + ahead_ms,
            server_sent: at + there_ms + ahead_ms,
        };

        clock.handle_pong(&pong, Instant::from_millis(at + there_ms + back_ms))
    }

    fn offset_ms(clock: &ClockSync, now: i64) -> i64 {
        clock
            .server_time(Instant::from_millis(now))
            .unwrap()
            .unix_millis()
            - now
    }

    #[test]
    fn nothing_is_known_before_the_first_exchange() {
        let clock = ClockSync::default();

        assert_eq!(clock.server_time(Instant::from_millis(0)), None);
        assert_eq!(clock.error_ms(Instant::from_millis(0)), None);
    }

    #[test]
    fn an_even_way_gives_the_very_offset() {
        let mut clock = ClockSync::default();

        assert!(exchange(&mut clock, 1_000, AHEAD_MS, 40, 40));
        assert!(!exchange(&mut clock, 2_000, AHEAD_MS, 40, 40));
        assert_eq!(offset_ms(&clock, 5_000), AHEAD_MS);
    }

    #[test]
    fn the_least_round_trip_of_the_window_is_believed() {
        let mut clock = ClockSync::default();
        exchange(&mut clock, 0, AHEAD_MS, 5, 5);
        for at in 1..10 {
            exchange(&mut clock, at * 1_000, AHEAD_MS, 10, 300);
        }

        assert_eq!(offset_ms(&clock, 60_000), AHEAD_MS);
    }

    #[test]
    fn a_better_exchange_moves_the_estimate_gradually_and_never_backwards() {
        let mut clock = ClockSync::default();
        exchange(&mut clock, 0, AHEAD_MS, 400, 0);
        assert_eq!(offset_ms(&clock, 400), AHEAD_MS + 200);
        exchange(&mut clock, 1_000, AHEAD_MS, 5, 5);

        let mut before = clock.server_time(Instant::from_millis(1_010)).unwrap();
        for now in 1_011..10_000 {
            let after = clock.server_time(Instant::from_millis(now)).unwrap();
            assert!((0..=2).contains(&after.millis_since(before)));
            before = after;
        }
        assert_eq!(offset_ms(&clock, 1_010 + 200 * SLEW_DIVISOR), AHEAD_MS);
    }

    #[test]
    fn a_host_that_slept_is_believed_at_once() {
        let mut clock = ClockSync::default();
        exchange(&mut clock, 0, AHEAD_MS, 5, 5);
        exchange(&mut clock, 1_000, AHEAD_MS + 3_600_000, 50, 50);

        assert_eq!(offset_ms(&clock, 1_100), AHEAD_MS + 3_600_000);
    }

    #[test]
    fn a_stamp_that_has_arrived_holds_the_clock_up() {
        let mut clock = ClockSync::default();
        clock.handle_stamp(
            ServerTime::from_unix_millis(AHEAD_MS + 500),
            Instant::from_millis(1_000),
        );
        assert_eq!(offset_ms(&clock, 2_000), AHEAD_MS - 500);

        exchange(&mut clock, 2_000, AHEAD_MS, 5, 5);
        assert_eq!(offset_ms(&clock, 3_000), AHEAD_MS);
    }

    #[test]
    fn a_stamp_from_another_clock_is_dropped_at_the_next_exchange() {
        let mut clock = ClockSync::default();
        exchange(&mut clock, 0, AHEAD_MS, 5, 5);
        clock.handle_stamp(
            ServerTime::from_unix_millis(AHEAD_MS + 2_000),
            Instant::from_millis(1_000),
        );
        assert_eq!(offset_ms(&clock, 1_000), AHEAD_MS + 1_000);

        exchange(&mut clock, 2_000, AHEAD_MS, 5, 5);
        assert_eq!(offset_ms(&clock, 2_010), AHEAD_MS);
    }

    #[test]
    fn stamps_that_cannot_be_are_ignored() {
        let mut clock = ClockSync::default();
        for (client_sent, server_received, server_sent) in [
            (500, 0, 0),
            (0, i64::MIN, i64::MAX),
            (0, i64::MAX, i64::MIN),
            (i64::MIN, 0, i64::MIN),
            (0, 1_000, 500),
        ] {
            let pong = PongPayload {
                client_sent,
                server_received,
                server_sent,
            };
            assert!(!clock.handle_pong(&pong, Instant::from_millis(100)));
        }

        assert_eq!(clock.server_time(Instant::from_millis(100)), None);
    }

    #[test]
    fn a_floor_sinks_as_fast_as_clocks_may_part() {
        let mut clock = ClockSync::default();
        exchange(&mut clock, 0, AHEAD_MS, 5, 5);
        clock.handle_stamp(
            ServerTime::from_unix_millis(AHEAD_MS + 20),
            Instant::from_millis(20),
        );
        let hour_ms = 3_600_000;
        for at in [hour_ms, 2 * hour_ms, 3 * hour_ms] {
            exchange(&mut clock, at, AHEAD_MS - at / 10_000, 5, 5);
            let offset_ms = offset_ms(&clock, at + 60_000);
            assert_eq!(offset_ms, AHEAD_MS - at / 10_000, "{at}");
        }
    }

    /// Something that happens to a clock, and how long after the last.
    #[derive(Debug, Clone, Copy)]
    enum Event {
        Exchange { there_ms: i64, back_ms: i64 },
        Stamp { age_ms: i64 },
        Step { by_ms: i64 },
    }

    fn event() -> impl Strategy<Value = (Event, i64)> {
        let event = prop_oneof![
            5 => (0..500_i64, 0..500_i64)
                .prop_map(|(there_ms, back_ms)| Event::Exchange { there_ms, back_ms }),
            3 => prop_oneof![0..20_i64, 0..5_000_i64].prop_map(|age_ms| Event::Stamp { age_ms }),
            // Large enough to be told from what the longest silence explains.
            1 => (-50..50_i64).prop_map(|times| Event::Step { by_ms: times * 200_000 }),
        ];

        (event, prop_oneof![0..20_000_i64, 0..7_200_000_i64])
    }

    proptest! {
        /// After a step the bound holds again from the next exchange on.
        #[test]
        fn the_error_bound_holds_under_drift_stamps_and_steps(
            drift_ppm in -199..199_i64,
            events in prop::collection::vec(event(), 1..60),
        ) {
            let mut clock = ClockSync::default();
            let mut at = 0;
            let mut steps_ms = 0;
            let mut is_bound = false;
            for (event, pause_ms) in events {
                let ahead_ms = |at: i64| AHEAD_MS + steps_ms + at * drift_ppm / 1_000_000;
                match event {
                    Event::Exchange { there_ms, back_ms } => {
                        exchange(&mut clock, at, ahead_ms(at + there_ms), there_ms, back_ms);
                        at += there_ms + back_ms;
                        is_bound = true;
                    }
                    Event::Stamp { age_ms } => clock.handle_stamp(
                        ServerTime::from_unix_millis(at + ahead_ms(at) - age_ms),
                        Instant::from_millis(at),
                    ),
                    Event::Step { by_ms } => {
                        steps_ms += by_ms;
                        is_bound = false;
                    }
                }
                for now in [at, at + pause_ms / 2, at + pause_ms] {
                    let ahead_ms = AHEAD_MS + steps_ms + now * drift_ppm / 1_000_000;
                    if is_bound {
                        let error_ms = clock.error_ms(Instant::from_millis(now)).unwrap();
                        let off_ms = offset_ms(&clock, now) - ahead_ms;
                        prop_assert!(off_ms.abs() <= error_ms, "{} > {}", off_ms, error_ms);
                    }
                }
                at += pause_ms;
            }
        }

        #[test]
        fn the_error_bound_covers_every_unevenness(
            ways in prop::collection::vec((0..500_i64, 0..500_i64, 0..20_000_i64), 1..40),
        ) {
            let mut clock = ClockSync::default();
            let mut at = 0;
            for (there_ms, back_ms, pause_ms) in ways {
                exchange(&mut clock, at, AHEAD_MS, there_ms, back_ms);
                at += there_ms + back_ms;
                for now in [at, at + pause_ms / 2, at + pause_ms] {
                    let error_ms = clock.error_ms(Instant::from_millis(now)).unwrap();
                    prop_assert!((offset_ms(&clock, now) - AHEAD_MS).abs() <= error_ms);
                }
                at += pause_ms;
            }
        }

        #[test]
        fn waking_up_when_told_gets_there_without_spinning(
            first in 0..STEP_MS, there_ms in 0..300_i64, wait_ms in 1..100_000_i64,
        ) {
            let mut clock = ClockSync::default();
            exchange(&mut clock, 0, AHEAD_MS, first, 0);
            exchange(&mut clock, 1_000, AHEAD_MS, there_ms, 0);
            let mut now = Instant::from_millis(1_000 + there_ms);
            let due = clock.server_time(now).unwrap().plus_millis(wait_ms);

            let mut wakeups = 0;
            while clock.server_time(now).unwrap() < due {
                now = clock.instant_of(due, now).unwrap();
                wakeups += 1;
                prop_assert!(wakeups < 10);
            }
            prop_assert!(clock.server_time(now).unwrap().millis_since(due) <= 2);
        }
    }
}
