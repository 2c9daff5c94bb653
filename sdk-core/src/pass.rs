//! One pass over the stream, from a seek to the next: makes one course of the picture out of whatever
//! its dates say.
//!
//! Dates of neighbouring segments disagree by tenths of a second to seconds, and jump at advertisements
//! and gaps. Of two dates that disagree the picture is believed to be at the earlier one: a step back is
//! followed at once, and a step beyond what the pass has reached waits until it stays. Neither shows
//! anything again, for what has been shown in a pass stays shown. Only the player's own seek begins
//! another one, or a position that stays elsewhere.

use crate::playhead::{Playhead, SEEK_TOLERANCE_MS, Track};
use crate::time::{Instant, MediaTime};

/// How far dates may disagree without being elsewhere. Encoders and packagers date segments a frame to
/// some seconds off; two seconds are what an overlay may be early or late without anybody noticing.
pub(crate) const DISAGREEMENT_MAX_MS: i64 = 2_000;

/// How much of the stream has to be reported from elsewhere before that is believed without a word of a
/// seek. More than dates are off at a discontinuity, which is a segment of usually six seconds; no viewer
/// waits much longer for an overlay that does not know that they have sought. A picture that stands, or of
/// which nothing is heard, stays nowhere.
pub(crate) const STAY_MS: i64 = 8_000;

/// How far two reports from elsewhere may disagree and be of one place: a segment.
const ELSEWHERE_MAX_MS: i64 = 6_000;

/// The longest way forward that is a break rather than a seek: what happened meanwhile is shown, once.
/// Breaks for advertisements are seldom longer, and a longer burst would say nothing to anybody.
pub(crate) const BREAK_MAX_MS: i64 = 120_000;

/// How much of the stream a player may play on from where it sought before the seek is over: players say for
/// a while where they were. What steps later than that is a date. However long it stands, waits for data or
/// says nothing, it is still under way.
const SEEK_PLAYED_MAX_MS: i64 = 10_000;

/// Where the picture is, since it was last put somewhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pass {
    /// What is believed of the reports.
    course: Track,
    /// The picture does not run back behind this.
    floor: MediaTime,
    /// The farthest that the pass has got, gone on from there.
    lead: Track,
    /// How far reports are ahead of `course`, and not believed yet.
    ahead_ms: i64,
    /// Where the course was when the picture began to be elsewhere.
    elsewhere_from: Option<MediaTime>,
    /// Seeks of the player, as it counts them.
    seeks: u32,
    sought: Option<Sought>,
}

/// A seek of which the place is not known yet.
#[derive(Debug, Clone, Copy)]
struct Sought {
    /// Where the picture was before the first of the seeks that are under way: those that are small each
    /// add up.
    from: Track,
    /// Where it was before the last.
    last_from: Track,
    /// Where the picture has played on too far from where it was for the seek to go anywhere else.
    over_at: MediaTime,
}

/// What a report, or a stay, is to a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The pass goes on.
    SamePass,
    /// The picture is somewhere else, and another pass begins.
    Seek,
}

impl Pass {
    pub(crate) fn new(playhead: Playhead, now: Instant) -> Self {
        let course = Track::new(playhead, now);

        Self {
            course,
            floor: playhead.position,
            lead: course,
            ahead_ms: 0,
            elsewhere_from: None,
            seeks: playhead.seeks,
            sought: None,
        }
    }

    /// Returns where the picture is by now.
    pub(crate) fn position(&self, now: Instant) -> MediaTime {
        self.course.position(now).max(self.floor)
    }

    /// Returns when the picture gets to `position`, if it does without another report.
    pub(crate) fn instant_of(&self, position: MediaTime) -> Option<Instant> {
        if position <= self.floor {
            return Some(self.course.reported_at());
        }

        self.course.instant_of(position)
    }

    /// Returns when the picture should get to `position`, however long nothing more is heard of it.
    pub(crate) fn expected_at(&self, position: MediaTime) -> Option<Instant> {
        self.course.expected_at(position)
    }

    /// Returns whether the picture should move, and nothing has been reported of it for too long.
    pub(crate) fn is_silent(&self, now: Instant) -> bool {
        self.course.is_silent(now)
    }

    /// Returns what the course goes by.
    pub(crate) const fn playhead(&self) -> &Playhead {
        self.course.playhead()
    }

    /// Takes in a report. After a seek the pass is what it was: another one is for the caller to begin.
    pub(crate) fn take_in(&mut self, playhead: Playhead, now: Instant) -> Verdict {
        if playhead.seeks != self.seeks {
            self.seeks = playhead.seeks;
            self.await_seek(now);
        }
        let here = self.position(now);
        if self.has_sought(&playhead, now) {
            return Verdict::Seek;
        }
        if let Some(sought) = &mut self.sought {
            sought.from = sought.from.heard(&playhead, now);
            sought.last_from = sought.last_from.heard(&playhead, now);
            if sought.from.playhead().position >= sought.over_at {
                self.sought = None;
            }
        }

        self.note_step(&playhead, here, now);
        let believed = playhead.moved_by(-self.ahead_ms);
        self.course = Track::new(believed, now);
        self.floor = believed.position;
        let back_ms = here.millis_since(believed.position);
        if (1..=DISAGREEMENT_MAX_MS).contains(&back_ms) {
            self.floor = here;
        }
        let lead = self.lead.position(now).max(self.floor);
        self.lead = Track::new(
            Playhead {
                position: lead,
                ..believed
            },
            now,
        );

        Verdict::SamePass
    }

    /// The host is back from where it heard nothing of its player, which may have sought meanwhile, and may
    /// go on unheard until it reports.
    pub(crate) fn come_back(&mut self, now: Instant) {
        self.course = self.course.unseen(now);
        self.lead = self.lead.unseen(now);
        self.await_seek(now);
    }

    /// Has the next report that lies elsewhere count as a seek.
    fn await_seek(&mut self, now: Instant) {
        let last_from = self.course.unseen(now);
        let from = self.sought.map_or(last_from, |sought| sought.from);
        self.sought = Some(Sought {
            from,
            last_from,
            over_at: from.playhead().position.plus_millis(SEEK_PLAYED_MAX_MS),
        });
    }

    /// Looks whether the picture stays elsewhere. `is_behind` is whether the pass has shown what the
    /// picture has not reached.
    pub(crate) fn judge_stay(&mut self, is_behind: bool, now: Instant) -> Verdict {
        if !is_behind && self.ahead_ms == 0 {
            self.elsewhere_from = None;
            return Verdict::SamePass;
        }
        let reported = self.course.playhead().position;
        let from = self
            .elsewhere_from
            .map_or(reported, |from| from.min(reported));
        self.elsewhere_from = Some(from);
        if reported.millis_since(from) < STAY_MS {
            return Verdict::SamePass;
        }

        let is_break = (1..=BREAK_MAX_MS).contains(&self.ahead_ms);
        let playhead = Playhead {
            position: self.course.position(now),
            ..*self.course.playhead()
        };
        *self = Self {
            sought: self.sought,
            ..Self::new(playhead.moved_by(self.ahead_ms), now)
        };

        if is_break {
            Verdict::SamePass
        } else {
            Verdict::Seek
        }
    }

    /// Returns the pass whose picture stands where this one is by now.
    pub(crate) fn standing(&self, now: Instant) -> Self {
        Self {
            course: self.course.standing(now),
            lead: self.lead.standing(now),
            floor: self.position(now),
            ..*self
        }
    }

    /// Returns the pass whose picture stands because nothing more is heard of it.
    pub(crate) fn lost(&self, now: Instant) -> Self {
        Self {
            course: self.course.lost(now),
            lead: self.lead.lost(now),
            floor: self.position(now),
            ..*self
        }
    }

    /// Returns whether the player has sought, and `playhead` is where it has gone: where neither standing
    /// since then nor playing on would have taken the picture.
    fn has_sought(&self, playhead: &Playhead, now: Instant) -> bool {
        let Some(sought) = self.sought else {
            return false;
        };

        [sought.from, sought.last_from].iter().any(|from| {
            let (first, last) = from.reach(playhead, now);
            playhead.position < first.plus_millis(-SEEK_TOLERANCE_MS)
                || playhead.position > last.plus_millis(SEEK_TOLERANCE_MS)
        })
    }

    /// Works out how much of a report is not believed yet.
    fn note_step(&mut self, playhead: &Playhead, here: MediaTime, now: Instant) {
        let (_, reached) = self.lead.reach(playhead, now);
        if playhead.position <= reached.plus_millis(DISAGREEMENT_MAX_MS) {
            self.ahead_ms = 0;
            return;
        }
        let (first, last) = self.course.reach(playhead, now);
        let expected = playhead.position.plus_millis(-self.ahead_ms);
        let goes_on = self.ahead_ms > 0
            && expected >= first.plus_millis(-DISAGREEMENT_MAX_MS)
            && expected <= last.plus_millis(DISAGREEMENT_MAX_MS);
        if goes_on {
            return;
        }
        let ahead_ms = playhead.position.millis_since(here);
        let is_same_place =
            self.ahead_ms > 0 && (ahead_ms - self.ahead_ms).abs() <= ELSEWHERE_MAX_MS;
        if !is_same_place {
            self.elsewhere_from = None;
        }
        self.ahead_ms = ahead_ms;
    }
}
