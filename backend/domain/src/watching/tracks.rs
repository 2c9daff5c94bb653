//! Whether a picture moved on from one report to the next.
//!
//! A playhead that goes with the clock within a span says little when each span begins where the one before began.
//! So a span has to go on from another, or to be the only one by itself that shows its picture: of two that each stand
//! alone and show the same picture at different times, neither proves anything. Whoever seeks back, reloads, loops or
//! watches on a second device plays on from there, and of a picture that plays on nothing is doubted.

use std::mem;

use super::evidence::{ADVANCE_TOLERANCE, PlayedSpan};
use crate::time::ServerTime;

/// How many are kept of a viewer in a room. What plays on is one of them, whatever the number of its spans; the rest is
/// for devices, seeks and stalls of a quarter of an hour.
const TRACKS_MAX: usize = 16;
/// How far apart spans are one track: what lies between two readings of a player.
const ADJOINING_MS: i64 = 1_000;

/// What a viewer's devices have shown of a room in the last quarter of an hour, of all that went with the clock.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tracks(Vec<Track>);

/// Spans that go on from one another, as one.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Track {
    span: PlayedSpan,
    /// Whether nothing goes on from it, nor it from anything.
    is_alone: bool,
    /// Whether it was doubted for one that is forgotten.
    was_doubted: bool,
}

/// A span that nothing goes on from, nor it from anything, so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AloneSpan {
    pub span: PlayedSpan,
    /// Whether another one shows the same picture at another time.
    pub is_doubted: bool,
}

impl Tracks {
    /// Takes in a span that [was played](PlayedSpan::is_played), and returns what is proved for good by it.
    pub fn take(&mut self, span: &PlayedSpan) -> Vec<PlayedSpan> {
        if let Some(known) = self.0.iter().find(|track| track.span.tells(span)) {
            let again = (!known.is_alone).then_some(*span);
            return again.into_iter().collect();
        }
        let mut track = Track {
            span: *span,
            is_alone: true,
            was_doubted: false,
        };
        // More of a reading that is known says no more of whether the picture moved on from it.
        if let Some(index) = self.0.iter().position(|known| known.span.agrees_with(span)) {
            let known = self.0.swap_remove(index);
            track = known;
            track.span.extend(span);
        }
        let mut proved = Vec::new();
        let company = [self.before(&track.span), self.behind(&track.span)];
        for &index in company.iter().flatten() {
            track.is_alone = false;
            if mem::take(&mut self.0[index].is_alone) {
                proved.push(self.0[index].span);
            }
        }
        proved.extend((!track.is_alone).then_some(track.span));
        let mut company = company.into_iter().flatten();
        let adjoining = company.find(|index| self.0[*index].span.adjoins(&track.span));
        if let Some(index) = adjoining {
            self.0[index].span.extend(&track.span);
        } else {
            self.make_room();
            self.0.push(track);
        }

        proved
    }

    /// The newest that `span` goes on from: a picture is at one place at a time.
    fn before(&self, span: &PlayedSpan) -> Option<usize> {
        let before = self.0.iter().enumerate();
        let before = before.filter(|(_, track)| span.goes_on_from(&track.span));

        before
            .max_by_key(|(_, track)| track.span.until)
            .map(|(index, _)| index)
    }

    /// The oldest that goes on from `span`.
    fn behind(&self, span: &PlayedSpan) -> Option<usize> {
        let behind = self.0.iter().enumerate();
        let behind = behind.filter(|(_, track)| track.span.goes_on_from(span));

        behind
            .min_by_key(|(_, track)| track.span.from)
            .map(|(index, _)| index)
    }

    /// The spans that stand alone.
    pub fn alone(&self) -> impl Iterator<Item = AloneSpan> {
        let alone = self.0.iter().filter(|track| track.is_alone);

        alone.map(|track| AloneSpan {
            span: track.span,
            is_doubted: self.doubts(track),
        })
    }

    /// Forgets what ended before `before`, and says whether that was all.
    pub fn forget(&mut self, before: ServerTime) -> bool {
        self.0.retain(|track| track.span.until >= before);

        self.0.is_empty()
    }

    fn doubts(&self, track: &Track) -> bool {
        let mut alone = self.0.iter().filter(|other| other.is_alone);

        track.was_doubted || alone.any(|other| other.span.shows_again(&track.span))
    }

    /// Forgets the oldest if there is no place for another: first of those that were proved, then of those that stand
    /// alone, which then prove nothing.
    fn make_room(&mut self) {
        if self.0.len() < TRACKS_MAX {
            return;
        }
        let age = |track: &&Track| (track.is_alone, track.span.until);
        let oldest = *self.0.iter().min_by_key(age).expect("there are many");
        self.0.retain(|track| *track != oldest);
        for track in &mut self.0 {
            track.was_doubted |=
                oldest.is_alone && track.is_alone && track.span.shows_again(&oldest.span);
        }
    }
}

impl PlayedSpan {
    /// Whether `other` is a part of what this says.
    fn tells(&self, other: &Self) -> bool {
        let slack = ADVANCE_TOLERANCE * other.advance();
        let is_on = |at, playhead: f64| (self.playhead_at(at) - playhead).abs() <= slack;

        self.from <= other.from
            && other.until <= self.until
            && is_on(other.from, other.playhead_from)
            && is_on(other.until, other.playhead_until)
    }

    /// Whether it plays on behind `before`: from where that stood, or from where it has come to meanwhile.
    fn goes_on_from(&self, before: &Self) -> bool {
        if self.until <= before.until {
            return false;
        }
        let from = self.from.max(before.until);
        let slack = ADVANCE_TOLERANCE * (self.playhead_until - self.playhead_at(from));
        let meanwhile = self.rate * seconds(before.until, from);
        let gone_on = self.playhead_at(from) - before.playhead_until;

        (-slack..=meanwhile + slack).contains(&gone_on)
    }

    /// Whether it shows, at another time, some of what `other` does.
    fn shows_again(&self, other: &Self) -> bool {
        let is_apart = self.until <= other.from || other.until <= self.from;
        let from = self.playhead_from.max(other.playhead_from);
        let until = self.playhead_until.min(other.playhead_until);

        is_apart && until - from > ADVANCE_TOLERANCE * self.advance().min(other.advance())
    }

    /// Whether it tells of some of the same time, and the same of it.
    fn agrees_with(&self, other: &Self) -> bool {
        let from = self.from.max(other.from);
        let until = self.until.min(other.until);
        let slack = ADVANCE_TOLERANCE * self.rate * seconds(from, until);
        let is_same = |at| (self.playhead_at(at) - other.playhead_at(at)).abs() <= slack;

        from.plus_millis(ADJOINING_MS) < until && is_same(from) && is_same(until)
    }

    fn adjoins(&self, other: &Self) -> bool {
        let reaches = |one: &Self, next: &Self| next.from <= one.until.plus_millis(ADJOINING_MS);

        reaches(self, other) && reaches(other, self)
    }

    fn extend(&mut self, other: &Self) {
        if other.from < self.from {
            (self.from, self.playhead_from) = (other.from, other.playhead_from);
        }
        if other.until > self.until {
            (self.until, self.playhead_until) = (other.until, other.playhead_until);
        }
    }

    fn advance(&self) -> f64 {
        self.playhead_until - self.playhead_from
    }

    fn playhead_at(&self, at: ServerTime) -> f64 {
        let share = seconds(self.from, at) / seconds(self.from, self.until);

        self.playhead_from + share * self.advance()
    }
}

fn seconds(from: ServerTime, until: ServerTime) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "reports are of a quarter of an hour"
    )]
    let ms = (until.unix_millis() - from.unix_millis()) as f64;

    ms / 1_000.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::watching::{PlayedSeconds, played_minutes};

    const START_MS: i64 = 1_800_000_000_000 / 60_000 * 60_000;

    /// A span of these seconds, from where the playhead stood.
    fn span(from: i64, until: i64, playhead: f64) -> PlayedSpan {
        let at = |second: i64| ServerTime::from_unix_millis(START_MS + 1_000 * second);
        #[expect(clippy::cast_precision_loss, reason = "it is short")]
        let advance = (until - from) as f64;
        PlayedSpan {
            from: at(from),
            until: at(until),
            playhead_from: playhead,
            playhead_until: playhead + advance,
            rate: 1.0,
        }
    }

    /// How many seconds are proved of each minute of what is told.
    fn proved(spans: &[PlayedSpan]) -> Vec<u32> {
        let mut tracks = Tracks::default();
        let mut proved: Vec<_> = spans.iter().flat_map(|span| tracks.take(span)).collect();
        let alone = tracks.alone().filter(|one| !one.is_doubted);
        proved.extend(alone.map(|one| one.span));
        let told = played_minutes(spans);
        let proved = played_minutes(&proved);
        told.keys()
            .map(|minute| {
                proved
                    .get(minute)
                    .map_or(0, |of: &PlayedSeconds| of.count())
            })
            .collect()
    }

    #[test]
    fn a_playhead_that_is_where_it_was_in_each_report_proves_nothing() {
        let halves = |playhead: fn(i64) -> f64| -> Vec<_> {
            (0..20)
                .map(|half| span(30 * half, 30 * half + 30, playhead(half)))
                .collect()
        };
        assert_eq!(proved(&halves(|_| 0.0)), [0; 10]);
        #[expect(clippy::cast_precision_loss, reason = "it is short")]
        let moving = halves(|half| 30.0 * half as f64);
        assert_eq!(proved(&moving), [60; 10]);
        // Whatever the length of its spans, how far they are shifted, and in what order they come.
        for (length, every) in [
            (1, 1),
            (2, 1),
            (30, 1),
            (30, 5),
            (30, 29),
            (60, 60),
            (90, 90),
            (90, 45),
        ] {
            let mut spans: Vec<_> = (0..600 / every)
                .map(|turn| span(every * turn, every * turn + length, 7.0))
                .collect();
            assert_eq!(proved(&spans).iter().max(), Some(&0), "{length} {every}");
            spans.reverse();
            assert_eq!(proved(&spans).iter().max(), Some(&0), "{length} {every}");
        }
        // One that goes on from all of them goes on from one.
        let mut spans = halves(|_| 0.0);
        spans.push(span(600, 601, 30.0));
        assert_eq!(proved(&spans).iter().filter(|count| **count > 1).count(), 1);
        spans.reverse();
        assert_eq!(proved(&spans).iter().filter(|count| **count > 1).count(), 1);
        // The same reading, told twice and a little longer.
        let twice: Vec<_> = (0..10)
            .flat_map(|minute| [29, 30].map(|length| span(60 * minute, 60 * minute + length, 0.0)))
            .collect();
        assert_eq!(proved(&twice), [0; 10]);
        let leaping = halves(|half| if half % 2 == 0 { 0.0 } else { 5_000.0 });
        assert_eq!(proved(&leaping), [0; 10], "between two places");
    }

    #[test]
    fn what_honest_players_do_proves_all_of_it() {
        let on = |from, until, at| span(from, until, at);
        for (why, spans) in [
            ("one half minute", vec![on(0, 30, 0.0)]),
            ("a pause", vec![on(0, 20, 0.0), on(40, 60, 20.0)]),
            (
                "a report that was lost",
                vec![on(0, 20, 0.0), on(40, 60, 40.0)],
            ),
            ("a seek ahead", vec![on(0, 30, 0.0), on(30, 60, 900.0)]),
            (
                "the same, and shorter, again",
                vec![on(0, 30, 0.0), on(5, 25, 5.0), on(0, 30, 0.0)],
            ),
            (
                "a seek back, of which the last is short",
                vec![on(0, 30, 0.0), on(30, 60, 30.0), on(60, 90, 10.0)],
            ),
            (
                "a player that restarts its clock with each connection",
                vec![
                    on(0, 30, 0.0),
                    on(30, 40, 30.0),
                    on(42, 60, 0.0),
                    on(60, 80, 18.0),
                    on(81, 90, 0.0),
                    on(90, 120, 9.0),
                ],
            ),
            (
                "a loop of forty seconds",
                vec![
                    on(0, 30, 0.0),
                    on(30, 40, 30.0),
                    on(40, 60, 0.0),
                    on(60, 80, 20.0),
                    on(80, 90, 0.0),
                    on(90, 120, 10.0),
                ],
            ),
            (
                "a tab that is a minute behind",
                vec![
                    on(0, 30, 100.0),
                    on(0, 30, 40.0),
                    on(30, 60, 130.0),
                    on(30, 60, 70.0),
                    on(60, 90, 100.0),
                    on(90, 120, 130.0),
                ],
            ),
            (
                "a page that was reloaded",
                vec![on(0, 28, 0.0), on(30, 60, 0.0), on(60, 90, 30.0)],
            ),
            (
                "what was told twice, in part",
                vec![on(0, 20, 0.0), on(10, 40, 10.0)],
            ),
            (
                "a loop of thirty-one seconds",
                vec![
                    on(0, 30, 0.0),
                    on(30, 31, 30.0),
                    on(31, 60, 0.0),
                    on(60, 62, 29.0),
                    on(62, 90, 0.0),
                    on(90, 93, 28.0),
                ],
            ),
            ("what was told late", vec![on(30, 60, 30.0), on(0, 30, 0.0)]),
        ] {
            let told = played_minutes(&spans);
            let told: Vec<_> = told.values().map(|of| of.count()).collect();
            assert_eq!(proved(&spans), told, "{why}");
            let backwards: Vec<_> = spans.into_iter().rev().collect();
            assert_eq!(proved(&backwards), told, "{why}, backwards");
        }
    }

    #[test]
    fn no_more_are_kept_than_may_be_and_what_is_forgotten_alone_proves_nothing() {
        let ahead = |turn: i32| {
            span(
                10 * i64::from(turn),
                10 * i64::from(turn) + 5,
                100.0 * f64::from(turn),
            )
        };
        let spans: Vec<_> = (0..60).map(ahead).collect();
        assert_eq!(proved(&spans), [0, 0, 0, 0, 0, 0, 0, 20, 30, 30]);
        let mut tracks = Tracks::default();
        for one in &spans {
            tracks.take(one);
        }
        assert_eq!(tracks.0.len(), TRACKS_MAX);
        assert!(!tracks.forget(spans[59].until));
        assert_eq!(tracks.0.len(), 1);
        assert!(tracks.forget(spans[59].until.plus_millis(1)));
    }

    proptest! {
        /// However a picture that plays is cut into reports, and whatever comes twice, all of it is proved.
        #[test]
        fn what_plays_on_is_proved_however_it_is_cut(
            lengths in prop::collection::vec(1..60_i64, 1..20),
            pauses in prop::collection::vec(0..40_i64, 20),
            again in any::<prop::sample::Index>(),
        ) {
            let (mut spans, mut at, mut playhead) = (Vec::new(), 0, 500.0);
            for (length, pause) in lengths.iter().zip(&pauses) {
                spans.push(span(at, at + length, playhead));
                at += length + pause;
                playhead = spans.last().unwrap().playhead_until;
            }
            spans.push(spans[again.index(spans.len())]);
            let told: Vec<_> = played_minutes(&spans).values().map(|of| of.count()).collect();
            prop_assert_eq!(proved(&spans), told);
        }
    }
}
