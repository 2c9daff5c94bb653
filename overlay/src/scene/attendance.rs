//! How many people are here, and, where the room says it by name, who comes and goes.
//!
//! Comings and goings are quiet lines above the count. A line begins at most every so often and few
//! stand at a time; what comes in between becomes one line with a number.

use crate::scene::initial::initial;
use crate::tween::{Count, ENTER_MS, LEAVE_MS, Tween, eased, linear};
use crate::words;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// Lines at a time. More would draw the eye from the picture.
pub(crate) const LINES_MAX: usize = 3;
/// The least time between the beginnings of two lines: a glance.
const SPACING_MS: i64 = 600;
/// How long a line stays.
const STAY_MS: i64 = 4_000;
/// Faces beside the count.
pub(crate) const FACES_MAX: usize = 3;

/// Which way somebody went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    Arrived,
    Left,
}

/// Somebody whom the room names and who is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visitor {
    pub(crate) id: String,
    /// As typed: text, never markup.
    pub(crate) name: String,
}

/// A line as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LineView<'a> {
    /// Which element draws it.
    pub(crate) berth: usize,
    /// Who, as typed: text, never markup.
    pub(crate) who: &'a str,
    /// What they did.
    pub(crate) what: &'static str,
    /// How far up it has moved, in lines.
    pub(crate) row: f32,
    /// How far it has come on stage, from 0 to 1.
    pub(crate) entered: f32,
    /// How far it has left it, from 0 to 1.
    pub(crate) left: f32,
}

/// The count and its lines as they are drawn.
#[derive(Debug, PartialEq)]
pub(crate) struct AttendanceView<'a> {
    pub(crate) count: i64,
    /// How far the count has come on stage, from 0 to 1.
    pub(crate) present: f32,
    /// The first letters of some who are here, last come first.
    pub(crate) faces: Vec<&'a str>,
    pub(crate) lines: Vec<LineView<'a>>,
}

/// Who is here.
#[derive(Debug)]
pub(crate) struct Attendance {
    count: Count,
    present: Tween,
    /// Last come last.
    here: Vec<Visitor>,
    lines: Vec<Line>,
    line_count: usize,
    began_at: i64,
    arrivals: Gathering,
    departures: Gathering,
}

#[derive(Debug)]
struct Line {
    number: usize,
    who: String,
    what: &'static str,
    row: Tween,
    came_at: i64,
}

/// Visits of one kind that have no line yet.
#[derive(Debug, Default)]
struct Gathering {
    count: i64,
    first: String,
    since: i64,
}

impl Default for Attendance {
    fn default() -> Self {
        Self {
            count: Count::at(0),
            present: Tween::at(0.0),
            here: Vec::new(),
            lines: Vec::new(),
            line_count: 0,
            began_at: i64::MIN / 2,
            arrivals: Gathering::default(),
            departures: Gathering::default(),
        }
    }
}

impl Attendance {
    /// Takes in how many people are here. Nothing is shown of an empty room.
    pub(crate) fn count(&mut self, online: i64, now_ms: i64) {
        self.count.head_for(online, now_ms);
        self.present
            .head_for(if online > 0 { 1.0 } else { 0.0 }, now_ms);
    }

    /// Takes in how many people are here, and whom the room names of them, without a word.
    pub(crate) fn jump(&mut self, online: i64, here: Vec<Visitor>) {
        *self = Self {
            line_count: self.line_count,
            count: Count::at(online),
            present: Tween::at(if online > 0 { 1.0 } else { 0.0 }),
            here,
            ..Self::default()
        };
    }

    /// Takes in whether `person` is here now. If that is news and a `visit`, a line says so.
    pub(crate) fn note(
        &mut self,
        person: &Visitor,
        is_here: bool,
        visit: Option<Visit>,
        now_ms: i64,
    ) {
        self.advance(now_ms);
        let known = self.here.iter().position(|other| other.id == person.id);
        match (known, is_here) {
            (Some(at), true) => self.here[at].name.clone_from(&person.name),
            (Some(at), false) => {
                self.here.remove(at);
                if visit == Some(Visit::Left) {
                    self.departures.add(&person.name, now_ms);
                }
            }
            (None, true) => {
                self.here.push(person.clone());
                if visit == Some(Visit::Arrived) {
                    self.arrivals.add(&person.name, now_ms);
                }
            }
            (None, false) => {}
        }
        self.advance(now_ms);
    }

    /// Moves on to `now_ms`: lines that have had their time leave, what has gathered follows.
    pub(crate) fn advance(&mut self, now_ms: i64) {
        while let Some(begins_at) = self.next_begins_at()
            && begins_at <= now_ms
        {
            self.clear_before(begins_at);
            self.begin_line(begins_at);
        }
        self.clear_before(now_ms);
    }

    /// Returns what there is to draw at `now_ms`.
    pub(crate) fn view(&self, now_ms: i64) -> Option<AttendanceView<'_>> {
        let present = self.present.value(now_ms);
        if present <= 0.0 && self.lines.is_empty() {
            return None;
        }
        let faces = self.here.iter().rev().take(FACES_MAX);

        Some(AttendanceView {
            count: self.count.value(now_ms),
            present,
            faces: faces.map(|person| initial(&person.name)).collect(),
            lines: self.lines.iter().map(|line| line.view(now_ms)).collect(),
        })
    }

    /// Not the time of any frame: one that comes late finds the line where it would have been.
    fn next_begins_at(&self) -> Option<i64> {
        let since = [&self.arrivals, &self.departures]
            .into_iter()
            .filter(|gathering| gathering.count > 0)
            .map(|gathering| gathering.since)
            .min()?;
        let begins_at = since.max(self.began_at + SPACING_MS);
        let is_full = self.lines.len() >= LINES_MAX;

        Some(match self.lines.first() {
            Some(oldest) if is_full => begins_at.max(oldest.over_at()),
            Some(_) | None => begins_at,
        })
    }

    fn begin_line(&mut self, begins_at: i64) {
        let arrived_first = self.departures.count == 0
            || (self.arrivals.count > 0 && self.arrivals.since <= self.departures.since);
        let (gathering, one, many) = if arrived_first {
            (&mut self.arrivals, "is here", "are here")
        } else {
            (&mut self.departures, "left", "left")
        };
        let gathering = core::mem::take(gathering);

        for line in &mut self.lines {
            line.row.shift(1.0, begins_at);
        }
        self.line_count = self.line_count.wrapping_add(1);
        self.began_at = begins_at;
        self.lines.push(Line {
            number: self.line_count,
            what: if gathering.count == 1 { one } else { many },
            who: gathering.who(),
            row: Tween::at(0.0),
            came_at: begins_at,
        });
    }

    fn clear_before(&mut self, now_ms: i64) {
        self.lines.retain(|line| now_ms < line.over_at());
    }
}

impl Gathering {
    fn add(&mut self, name: &str, now_ms: i64) {
        if self.count == 0 {
            name.clone_into(&mut self.first);
            self.since = now_ms;
        }
        self.count += 1;
    }

    fn who(self) -> String {
        if self.count == 1 {
            self.first
        } else {
            [words::grouped(self.count).as_str(), " more people"].concat()
        }
    }
}

impl Line {
    const fn over_at(&self) -> i64 {
        self.came_at + STAY_MS + LEAVE_MS
    }

    fn view(&self, now_ms: i64) -> LineView<'_> {
        let age_ms = now_ms - self.came_at;

        LineView {
            berth: self.number % LINES_MAX,
            who: words::shown_name(Some(&self.who)),
            what: self.what,
            row: self.row.value(now_ms),
            entered: eased(age_ms, ENTER_MS),
            left: linear(age_ms - STAY_MS, LEAVE_MS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Attendance, LEAVE_MS, LINES_MAX, SPACING_MS, STAY_MS, Visit, Visitor};

    fn person(name: &str) -> Visitor {
        Visitor {
            id: String::from(name),
            name: String::from(name),
        }
    }

    fn arrive(attendance: &mut Attendance, name: &str, now_ms: i64) {
        attendance.note(&person(name), true, Some(Visit::Arrived), now_ms);
    }

    fn leave(attendance: &mut Attendance, name: &str, now_ms: i64) {
        attendance.note(&person(name), false, Some(Visit::Left), now_ms);
    }

    fn lines(attendance: &mut Attendance, now_ms: i64) -> Vec<String> {
        attendance.advance(now_ms);
        let view = attendance.view(now_ms);
        let lines = view.iter().flat_map(|view| &view.lines);
        lines
            .map(|line| [line.who, " ", line.what].concat())
            .collect()
    }

    #[test]
    fn comings_and_goings_are_said_once_each() {
        let mut attendance = Attendance::default();
        arrive(&mut attendance, "Ada", 0);
        arrive(&mut attendance, "Ada", 100);
        leave(&mut attendance, "Ben", 200);
        leave(&mut attendance, "Ada", 2_000);

        assert_eq!(lines(&mut attendance, 2_000), ["Ada is here", "Ada left"]);
        assert_eq!(lines(&mut attendance, STAY_MS + LEAVE_MS), ["Ada left"]);
        let over_at = 2_000 + STAY_MS + LEAVE_MS;
        assert_eq!(attendance.view(over_at - 1).map(|view| view.count), Some(0));
        attendance.advance(over_at);
        assert_eq!(attendance.view(over_at), None);
    }

    #[test]
    fn a_crowd_becomes_one_line() {
        let mut attendance = Attendance::default();
        for number in 0..10_000 {
            arrive(&mut attendance, &number.to_string(), 10);
        }

        assert_eq!(lines(&mut attendance, 10), ["0 is here"]);
        assert_eq!(
            lines(&mut attendance, 10 + SPACING_MS),
            ["0 is here", "9,999 more people are here"]
        );
    }

    #[test]
    fn few_lines_stand_at_a_time_each_with_an_element_of_its_own() {
        let mut attendance = Attendance::default();
        for step in 0..400_i64 {
            let now_ms = step * 50;
            arrive(&mut attendance, &step.to_string(), now_ms);
            let view = attendance.view(now_ms).expect("somebody came");
            let mut berths: Vec<_> = view.lines.iter().map(|line| line.berth).collect();
            berths.sort_unstable();
            berths.dedup();
            assert_eq!(berths.len(), view.lines.len(), "{view:?}");
            assert!(view.lines.len() <= LINES_MAX);
        }
    }

    #[test]
    fn however_many_frames_are_dropped_the_same_lines_stand() {
        for ends_at in (2_100..12_000).step_by(70) {
            let mut every_frame = Attendance::default();
            let mut one_frame = Attendance::default();
            for attendance in [&mut every_frame, &mut one_frame] {
                arrive(attendance, "Ada", 0);
                arrive(attendance, "Ben", 1_000);
                arrive(attendance, "Cleo", 2_000);
                // With three lines standing, these two wait, each for a place of its own.
                arrive(attendance, "Dan", 2_050);
                leave(attendance, "Ben", 2_060);
            }
            for now_ms in (2_060..ends_at).step_by(16) {
                every_frame.advance(now_ms);
            }
            every_frame.advance(ends_at);
            one_frame.advance(ends_at);

            assert_eq!(every_frame.view(ends_at), one_frame.view(ends_at));
        }
    }

    #[test]
    fn a_start_says_nothing_of_those_who_are_here() {
        let mut attendance = Attendance::default();
        attendance.jump(2, vec![person("Ada"), person("Ben")]);
        arrive(&mut attendance, "Ada", 10);

        let view = attendance.view(10).expect("two are here");
        assert_eq!(view.count, 2);
        assert_eq!(view.faces, ["B", "A"]);
        assert_eq!(lines(&mut attendance, 10), [""; 0]);
    }

    #[test]
    fn who_is_put_out_goes_without_a_word() {
        let mut attendance = Attendance::default();
        attendance.jump(1, vec![person("Ada")]);
        attendance.note(&person("Ada"), false, None, 10);

        assert_eq!(lines(&mut attendance, 10), [""; 0]);
        assert_eq!(attendance.view(10).map(|view| view.faces.len()), Some(0));
    }

    #[test]
    fn a_name_that_changed_is_the_one_on_the_face() {
        let mut attendance = Attendance::default();
        attendance.jump(1, vec![person("Ada")]);
        let renamed = Visitor {
            name: String::from("Lovelace"),
            ..person("Ada")
        };
        attendance.note(&renamed, true, None, 10);

        assert_eq!(attendance.view(10).expect("she is here").faces, ["L"]);
    }
}
