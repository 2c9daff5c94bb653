//! Who is on the room's stage: a column of seats, the host on top.
//!
//! A person keeps their seat while they stay; who leaves fades where they sat, and the rest close up.
//! A room has up to 50 speakers and a picture room for a few, so the column ends in a number.

use crate::scene::initial::initial;
use crate::tween::{ENTER_MS, LEAVE_MS, Tween, eased, linear};
use crate::words;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// Seats that are drawn. Six rows of legible names are more than a third of a picture's height.
const SEATS_MAX: usize = 6;
/// Elements that seats are drawn with: the seats, and as many again that are leaving.
pub(crate) const BERTHS: usize = 2 * SEATS_MAX;

/// Somebody on the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guest<'a> {
    pub(crate) id: &'a str,
    /// As typed: text, never markup.
    pub(crate) name: &'a str,
    pub(crate) is_host: bool,
    pub(crate) is_online: bool,
}

/// Who is on the stage and who waits for it, as it is now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Cast<'a> {
    /// Without a live session, the stage is the backstage.
    pub(crate) is_live: bool,
    /// The host first.
    pub(crate) guests: Vec<Guest<'a>>,
    pub(crate) asking: i64,
    pub(crate) invited: i64,
}

impl<'a> Cast<'a> {
    fn shown(&self) -> impl Iterator<Item = &Guest<'a>> {
        self.guests.iter().take(SEATS_MAX)
    }
}

/// A seat as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SeatView<'a> {
    /// Which element draws it; no two at a time draw with one.
    pub(crate) berth: usize,
    /// Whose it is, as typed: text, never markup.
    pub(crate) name: &'a str,
    /// The first letter of the name.
    pub(crate) initial: &'a str,
    pub(crate) is_host: bool,
    /// How far down the column it is, the first at 0.
    pub(crate) row: f32,
    /// How present its owner looks, from 0 to 1: offline, they are dimmed.
    pub(crate) online: f32,
    /// How far it has come on stage, from 0 to 1.
    pub(crate) entered: f32,
    /// How far it has left it, from 0 to 1.
    pub(crate) left: f32,
}

/// The column as it is drawn.
#[derive(Debug, PartialEq)]
pub(crate) struct LineupView<'a> {
    pub(crate) heading: &'static str,
    pub(crate) seats: Vec<SeatView<'a>>,
    /// How many rows the column is long.
    pub(crate) rows: f32,
    /// What is said beside the heading; nothing if empty.
    pub(crate) aside: &'a str,
    /// How far the column has come on stage, from 0 to 1.
    pub(crate) present: f32,
}

/// The column of seats.
#[derive(Debug)]
pub(crate) struct Lineup {
    tells_queue: bool,
    is_live: bool,
    seats: Vec<Seat>,
    rows: Tween,
    aside: String,
    present: Tween,
}

#[derive(Debug)]
struct Seat {
    berth: usize,
    id: String,
    name: String,
    is_host: bool,
    row: Tween,
    online: Tween,
    /// `None` if it was there from the start.
    came_at: Option<i64>,
    left_at: Option<i64>,
}

impl Lineup {
    /// An empty column. Whether it says how many wait for the stage is `tells_queue`: that is for
    /// those who run the show, not for the air.
    pub(crate) const fn new(tells_queue: bool) -> Self {
        Self {
            tells_queue,
            is_live: false,
            seats: Vec::new(),
            rows: Tween::at(0.0),
            aside: String::new(),
            present: Tween::at(0.0),
        }
    }

    /// Takes in who is on the stage from `now_ms` on.
    pub(crate) fn change(&mut self, cast: &Cast<'_>, now_ms: i64) {
        let shown = cast.guests.len().min(SEATS_MAX);
        self.is_live = cast.is_live;
        for seat in self.seats.iter_mut().filter(|seat| seat.stays()) {
            if !cast.shown().any(|guest| guest.id == seat.id) {
                seat.left_at = Some(now_ms);
            }
        }
        for (row, guest) in cast.shown().enumerate() {
            self.seat(guest, row as f32, now_ms);
        }

        self.rows.head_for(shown as f32, now_ms);
        let others = cast.guests.len() - shown;
        self.aside = self.words(cast, words::count(others));
        let is_empty = shown == 0 && self.aside.is_empty();
        self.present
            .head_for(if is_empty { 0.0 } else { 1.0 }, now_ms);
    }

    /// Puts `cast` on the stage with nothing moving.
    pub(crate) fn jump(&mut self, cast: &Cast<'_>) {
        *self = Self::new(self.tells_queue);
        self.change(cast, 0);
        for seat in &mut self.seats {
            seat.came_at = None;
        }
        self.rows.settle();
        self.present.settle();
    }

    /// Moves on to `now_ms`: who has left is gone.
    pub(crate) fn advance(&mut self, now_ms: i64) {
        self.seats
            .retain(|seat| seat.left_at.is_none_or(|at| now_ms < at + LEAVE_MS));
    }

    /// Returns the column at `now_ms`, if there is anything of it.
    pub(crate) fn view(&self, now_ms: i64) -> Option<LineupView<'_>> {
        let present = self.present.value(now_ms);
        if present <= 0.0 && self.seats.is_empty() {
            return None;
        }

        Some(LineupView {
            heading: if self.is_live {
                "On stage"
            } else {
                "Backstage"
            },
            seats: self.seats.iter().map(|seat| seat.view(now_ms)).collect(),
            rows: self.rows.value(now_ms),
            aside: &self.aside,
            present,
        })
    }

    fn seat(&mut self, guest: &Guest<'_>, row: f32, now_ms: i64) {
        let online = if guest.is_online { 1.0 } else { 0.0 };
        let known = self
            .seats
            .iter_mut()
            .find(|seat| seat.stays() && seat.id == guest.id);
        if let Some(seat) = known {
            guest.name.clone_into(&mut seat.name);
            seat.is_host = guest.is_host;
            seat.row.head_for(row, now_ms);
            seat.online.head_for(online, now_ms);
            return;
        }

        let berth = self.free_berth();
        self.seats.push(Seat {
            berth,
            id: String::from(guest.id),
            name: String::from(guest.name),
            is_host: guest.is_host,
            row: Tween::at(row),
            online: Tween::at(online),
            came_at: Some(now_ms),
            left_at: None,
        });
    }

    /// An element that draws nothing, or else what has been leaving the longest.
    fn free_berth(&mut self) -> usize {
        let free = (0..BERTHS).find(|berth| self.seats.iter().all(|seat| seat.berth != *berth));

        free.unwrap_or_else(|| {
            let longest = self.seats.iter().position(|seat| !seat.stays());
            let at = longest.expect("fewer stay than there are elements");
            self.seats.remove(at).berth
        })
    }

    fn words(&self, cast: &Cast<'_>, others: i64) -> String {
        let (asking, invited) = if self.tells_queue {
            (cast.asking, cast.invited)
        } else {
            (0, 0)
        };
        let mut text = String::new();
        for (count, before, after) in [
            (others, "+", ""),
            (asking, "", " asking"),
            (invited, "", " invited"),
        ] {
            if count > 0 {
                text.push_str(if text.is_empty() { "" } else { " · " });
                text.push_str(before);
                text.push_str(&words::grouped(count));
                text.push_str(after);
            }
        }

        text
    }
}

impl Seat {
    const fn stays(&self) -> bool {
        self.left_at.is_none()
    }

    fn view(&self, now_ms: i64) -> SeatView<'_> {
        SeatView {
            berth: self.berth,
            name: &self.name,
            initial: initial(&self.name),
            is_host: self.is_host,
            row: self.row.value(now_ms),
            online: self.online.value(now_ms),
            entered: self.came_at.map_or(1.0, |at| eased(now_ms - at, ENTER_MS)),
            left: self.left_at.map_or(0.0, |at| linear(now_ms - at, LEAVE_MS)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BERTHS, Cast, Guest, Lineup, SEATS_MAX};
    use crate::tween::{ENTER_MS, GROW_MS, LEAVE_MS};

    const NAMES: [&str; 9] = [
        "Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hal", "Ida",
    ];

    fn cast<'a>(names: &[&'a str]) -> Cast<'a> {
        Cast {
            is_live: true,
            guests: names
                .iter()
                .enumerate()
                .map(|(at, name)| Guest {
                    id: name,
                    name,
                    is_host: at == 0,
                    is_online: true,
                })
                .collect(),
            ..Cast::default()
        }
    }

    fn rows(lineup: &Lineup, now_ms: i64) -> Vec<(&str, i32)> {
        let view = lineup.view(now_ms).expect("somebody is on stage");
        let mut rows: Vec<_> = view
            .seats
            .iter()
            .map(|seat| (seat.name, (seat.row * 100.0) as i32))
            .collect();
        rows.sort_by_key(|(_, row)| *row);
        rows
    }

    #[test]
    fn who_leaves_fades_and_the_rest_close_up() {
        let mut lineup = Lineup::new(false);
        lineup.jump(&cast(&["Ada", "Ben", "Cleo"]));
        lineup.change(&cast(&["Ada", "Cleo"]), 1_000);

        let now_ms = 1_000 + LEAVE_MS / 2;
        lineup.advance(now_ms);
        let view = lineup.view(now_ms).expect("two are left");
        let ben = view.seats.iter().find(|seat| seat.name == "Ben");
        assert!(ben.is_some_and(|ben| ben.left > 0.0 && ben.left < 1.0));

        lineup.advance(1_000 + GROW_MS);
        assert_eq!(rows(&lineup, 1_000 + GROW_MS), [("Ada", 0), ("Cleo", 100)]);
    }

    #[test]
    fn the_former_host_moves_down_for_the_new_one() {
        let mut lineup = Lineup::new(false);
        lineup.jump(&cast(&["Ada", "Ben"]));
        lineup.change(&cast(&["Ben", "Ada"]), 500);

        assert_eq!(rows(&lineup, 500), [("Ada", 0), ("Ben", 100)]);
        assert_eq!(rows(&lineup, 500 + GROW_MS), [("Ben", 0), ("Ada", 100)]);
        let view = lineup.view(500).expect("two are on stage");
        let hosts: Vec<_> = view.seats.iter().filter(|seat| seat.is_host).collect();
        assert_eq!(hosts.len(), 1);
        assert_eq!(hosts[0].name, "Ben");
    }

    #[test]
    fn a_start_or_a_seek_moves_nothing() {
        let mut lineup = Lineup::new(false);
        lineup.jump(&cast(&["Ada"]));

        let view = lineup.view(0).expect("it is on stage");
        assert!((view.present - 1.0).abs() < f32::EPSILON);
        assert!((view.rows - 1.0).abs() < f32::EPSILON);
        assert!((view.seats[0].entered - 1.0).abs() < f32::EPSILON);
    }

    #[test]
    fn beyond_the_seats_the_column_counts() {
        let mut lineup = Lineup::new(false);
        lineup.jump(&cast(&NAMES));

        let view = lineup.view(0).expect("it is on stage");
        assert_eq!(view.seats.len(), SEATS_MAX);
        assert_eq!(view.aside, "+3");
    }

    #[test]
    fn who_waits_is_told_only_to_those_who_run_the_show() {
        let waiting = Cast {
            asking: 3,
            invited: 1,
            ..cast(&["Ada"])
        };
        for (tells_queue, aside) in [(false, ""), (true, "3 asking · 1 invited")] {
            let mut lineup = Lineup::new(tells_queue);
            lineup.jump(&waiting);
            assert_eq!(lineup.view(0).expect("it is on stage").aside, aside);
        }
    }

    #[test]
    fn an_empty_stage_shows_nothing() {
        let mut lineup = Lineup::new(true);
        lineup.jump(&Cast::default());
        assert_eq!(lineup.view(0), None);

        lineup.change(&cast(&["Ada"]), 0);
        lineup.change(&Cast::default(), 1_000);
        lineup.advance(1_000 + GROW_MS);
        assert!(lineup.view(1_000).is_some());
        assert_eq!(lineup.view(1_000 + GROW_MS), None);
    }

    #[test]
    fn whoever_comes_and_goes_no_two_seats_share_an_element() {
        let mut lineup = Lineup::new(false);
        for step in 0..200_usize {
            let first = (step * 5) % NAMES.len();
            let names: Vec<_> = (0..step % 8)
                .map(|at| NAMES[(first + at) % NAMES.len()])
                .collect();
            lineup.change(&cast(&names), 10 * i64::try_from(step).expect("small"));

            let mut used = [false; BERTHS];
            for seat in &lineup.seats {
                assert!(!used[seat.berth], "step {step}");
                used[seat.berth] = true;
            }
        }
    }

    #[test]
    fn who_is_offline_is_dimmed() {
        let mut lineup = Lineup::new(false);
        let mut people = cast(&["Ada"]);
        lineup.jump(&people);
        people.guests[0].is_online = false;
        lineup.change(&people, 100);

        let online = |at| lineup.view(at).expect("she keeps her seat").seats[0].online;
        assert!((online(100) - 1.0).abs() < f32::EPSILON);
        assert!(online(100 + GROW_MS) <= 0.0);
        assert!(online(100 + ENTER_MS) < 1.0);
    }
}
