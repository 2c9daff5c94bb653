//! What devices say of having watched, and what of it is believed.
//!
//! A device tells when its picture played, and how far its playhead went meanwhile: on whatever timeline the player
//! has. That raises the cost of pretending and does not prevent it; what a tenant's own server saw is stronger.

use std::collections::BTreeMap;

use super::Minute;
use crate::invalid::{Invalid, check_range};
use crate::time::ServerTime;

/// The most that one report tells: a quarter of an hour that was spent offline, in spans of half a minute, twice.
pub const SPANS_MAX: usize = 64;
/// How short a span may be. Players tell their playhead a few times a second, so that less says nothing of its pace.
pub const SPAN_MIN_MS: i64 = 1_000;
/// How long a span may be. A report comes every half minute, and in a page that nobody sees once a minute; whoever
/// tells of longer hides in it that the picture stood.
pub const SPAN_MAX_MS: i64 = 90_000;
/// How slow and how fast players play.
pub const RATE_MIN: f64 = 0.25;
pub const RATE_MAX: f64 = 4.0;
/// By how much of itself an advance may miss what the clock and the rate say: players stall and catch up.
pub(super) const ADVANCE_TOLERANCE: f64 = 0.2;
/// How far ahead of the server's clock a span may end: as far as clients are wrong about it.
pub const AHEAD_MAX_MS: i64 = 5_000;
/// How many seconds of a minute have to have played for it to count.
pub const SLOT_SECONDS_MIN: u32 = 25;

const SECONDS: i64 = 60;

/// A time for which a picture played at one pace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlayedSpan {
    /// By the server's clock, as the device knows it.
    pub from: ServerTime,
    pub until: ServerTime,
    /// Where the playhead stood at either end, in seconds.
    pub playhead_from: f64,
    pub playhead_until: f64,
    /// How many seconds of the stream one second was to show.
    pub rate: f64,
}

/// The seconds of a minute in which a picture played.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlayedSeconds(u64);

impl PlayedSpan {
    /// Checks what holds of every span, whatever it proves.
    pub fn check(&self, now: ServerTime) -> Result<(), Invalid> {
        let length_ms = self
            .until
            .unix_millis()
            .saturating_sub(self.from.unix_millis());
        check_range("until", length_ms, SPAN_MIN_MS, SPAN_MAX_MS).map_err(|invalid| Invalid {
            constraint: format!("{SPAN_MIN_MS} to {SPAN_MAX_MS} ms after `from`"),
            ..invalid
        })?;
        if self.until > now.plus_millis(AHEAD_MAX_MS) {
            let ahead_ms = self.until.unix_millis() - now.unix_millis();
            let found = format!("{ahead_ms} ms ahead");
            let constraint = format!("at most {AHEAD_MAX_MS} ms ahead of the server's clock");
            return Err(Invalid::new("until", constraint, found));
        }
        for (field, value) in [
            ("playheadFrom", self.playhead_from),
            ("playheadUntil", self.playhead_until),
        ] {
            if !value.is_finite() {
                return Err(Invalid::new(field, "a number of seconds", value));
            }
        }
        if !(RATE_MIN..=RATE_MAX).contains(&self.rate) {
            let constraint = format!("between {RATE_MIN} and {RATE_MAX}");
            return Err(Invalid::new("rate", constraint, self.rate));
        }

        Ok(())
    }

    /// Whether the playhead went as the clock and the rate say.
    pub fn is_played(&self) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "a span is short")]
        let clock = (self.until.unix_millis() - self.from.unix_millis()) as f64 / 1_000.0;
        let expected = clock * self.rate;
        let advance = self.playhead_until - self.playhead_from;

        (advance - expected).abs() <= ADVANCE_TOLERANCE * expected
    }

    /// Its minutes, each with the seconds that are its: those whose middle lies in it, so that spans which follow
    /// one another come to the same as one.
    fn minutes(&self) -> impl Iterator<Item = (Minute, PlayedSeconds)> {
        let (from_ms, until_ms) = (self.from.unix_millis(), self.until.unix_millis());
        let first = Minute::of(self.from).0;
        let last = Minute::of(self.until.plus_millis(-1)).0;

        (first..=last).map(move |minute| {
            let start_ms = Minute(minute).starts_at().unix_millis();
            let has = |second: &i64| {
                let middle_ms = start_ms + second * 1_000 + 500;
                (from_ms..until_ms).contains(&middle_ms)
            };
            let seconds = (0..SECONDS).filter(has);
            (
                Minute(minute),
                PlayedSeconds(seconds.fold(0, |mask, second| mask | 1 << second)),
            )
        })
    }
}

impl PlayedSeconds {
    /// Adds what another device, or a later report, says of the same minute.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether the minute counts.
    pub fn prove_slot(self) -> bool {
        self.count() >= SLOT_SECONDS_MIN
    }
}

/// The seconds of each minute that spans touch, which were [checked](PlayedSpan::check).
pub fn played_minutes<'a>(
    spans: impl IntoIterator<Item = &'a PlayedSpan>,
) -> BTreeMap<Minute, PlayedSeconds> {
    let mut minutes: BTreeMap<Minute, PlayedSeconds> = BTreeMap::new();
    for (minute, seconds) in spans.into_iter().flat_map(PlayedSpan::minutes) {
        let of = minutes.entry(minute).or_default();
        *of = of.union(seconds);
    }

    minutes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START_MS: i64 = 1_800_000_000_000 / 60_000 * 60_000;

    fn at(ms: i64) -> ServerTime {
        ServerTime::from_unix_millis(START_MS + ms)
    }

    fn span(from_ms: i64, until_ms: i64) -> PlayedSpan {
        #[expect(clippy::cast_precision_loss, reason = "these are short")]
        let seconds = (until_ms - from_ms) as f64 / 1_000.0;
        PlayedSpan {
            from: at(from_ms),
            until: at(until_ms),
            playhead_from: 7_000.5,
            playhead_until: 7_000.5 + seconds,
            rate: 1.0,
        }
    }

    fn counts(spans: &[PlayedSpan]) -> Vec<(i64, u32)> {
        let first = Minute::of(at(0)).0;
        let minutes = played_minutes(spans).into_iter();
        minutes
            .map(|(minute, of)| (minute.0 - first, of.count()))
            .collect()
    }

    #[test]
    fn a_second_counts_when_its_middle_was_played() {
        assert_eq!(counts(&[span(0, 30_000)]), [(0, 30)]);
        assert_eq!(counts(&[span(400, 1_600)]), [(0, 2)]);
        assert_eq!(counts(&[span(600, 1_600)]), [(0, 1)]);
        assert_eq!(counts(&[span(50_000, 70_000)]), [(0, 10), (1, 10)]);
        assert_eq!(
            counts(&[span(30_000, 60_000)]),
            [(0, 30)],
            "up to the minute's end"
        );
        assert_eq!(
            counts(&[span(-40_000, 10_000), span(0, 5_000)]),
            [(-1, 40), (0, 10)]
        );
    }

    #[test]
    fn twenty_five_seconds_are_a_slot() {
        let minute = Minute::of(at(0));
        let proves = |spans: &[PlayedSpan]| played_minutes(spans)[&minute].prove_slot();
        assert!(!proves(&[span(0, 24_000)]));
        assert!(proves(&[span(0, 25_000)]));
        assert!(
            !proves(&[span(0, 13_000), span(1_000, 13_000)]),
            "a second device"
        );
        assert!(proves(&[span(0, 13_000), span(40_000, 52_000)]));
    }

    /// The playhead goes 20% too far or too little at most, whatever the rate.
    #[test]
    fn only_a_playhead_that_goes_with_the_clock_proves_anything() {
        for (rate, advance, is_played) in [
            (1.0, 30.0, true),
            (1.0, 24.0, true),
            (1.0, 23.9, false),
            (1.0, 36.1, false),
            (1.0, 0.0, false),
            (1.0, -30.0, false),
            (2.0, 60.0, true),
            (2.0, 30.0, false),
            (0.25, 7.5, true),
            (0.25, 0.0, false),
            (0.25, 30.0, false),
        ] {
            let one = PlayedSpan {
                playhead_until: 7_000.5 + advance,
                rate,
                ..span(0, 30_000)
            };
            assert_eq!(one.is_played(), is_played, "{rate} {advance}");
        }
    }

    #[test]
    fn what_is_no_span_is_refused_by_the_field() {
        let now = at(100_000);
        let nan = f64::NAN;
        let whole = span(0, 30_000);
        for (field, one) in [
            ("until", span(0, 999)),
            ("until", span(0, -30_000)),
            ("until", span(0, 90_001)),
            ("until", span(80_000, 105_001)),
            (
                "until",
                PlayedSpan {
                    from: ServerTime::from_unix_millis(i64::MIN),
                    ..whole
                },
            ),
            (
                "playheadFrom",
                PlayedSpan {
                    playhead_from: nan,
                    ..whole
                },
            ),
            (
                "playheadUntil",
                PlayedSpan {
                    playhead_until: f64::INFINITY,
                    ..whole
                },
            ),
            ("rate", PlayedSpan { rate: nan, ..whole }),
            ("rate", PlayedSpan { rate: 0.0, ..whole }),
            ("rate", PlayedSpan { rate: 4.1, ..whole }),
        ] {
            assert_eq!(one.check(now).unwrap_err().field, field, "{one:?}");
        }
        for one in [
            whole,
            span(0, 1_000),
            span(0, 90_000),
            span(80_000, 105_000),
        ] {
            one.check(now).unwrap();
        }
    }

    proptest! {
        /// However a time is cut into reports, it comes to the same seconds.
        #[test]
        fn spans_that_follow_one_another_are_as_good_as_one(
            from_ms in 0..60_000_i64,
            lengths in prop::collection::vec(1_000..30_000_i64, 1..4),
        ) {
            let mut spans = Vec::new();
            let mut end_ms = from_ms;
            for length in &lengths {
                spans.push(span(end_ms, end_ms + length));
                end_ms += length;
            }
            prop_assert_eq!(counts(&spans), counts(&[span(from_ms, end_ms)]));
        }
    }
}
