//! The hype train: an engine that leads, cars that couple on, and a track to the next level.
//!
//! Lengths are in design units, as in `overlay.css`. The train hangs on its nose: everything is
//! placed from there backwards, and one transform moves the whole of it along the track.

use crate::render::part::{
    BAND, BURST, CAR, CAR_AMOUNT, CAR_NAME, CARS, FIGURE, FILL, FUEL, GOAL, LABEL, NEXT, REACHED,
    REWARD, RIDER, RIDER_NAME, RUN, SIGN, STAGE, SUMMARY, SUMMARY_DETAIL, SUMMARY_HEADLINE, TENDER,
    TIME, TRAIN, WORDS, WORDS_DETAIL, WORDS_HEADLINE,
};
use crate::render::pen::Pen;
use crate::render::theme::Theme;
use crate::scene::{
    Act, CELEBRATION_MS, COVERED_AT_MS, CelebrationView, TrainView, UNCOVERED_AT_MS,
};
use crate::tween::{eased, linear};
use crate::words;

const CAR_LENGTH: f32 = 226.0;
const CAR_STEP: f32 = 238.0;
const TENDER_AND_ENGINE: f32 = 524.0;
const ENGINE: f32 = 384.0;
const COACH: f32 = 420.0;
const SIGN_LENGTH: f32 = 268.0;
/// The least way that the train has to drive, and the least on a phone.
const WAY_MIN: f32 = 250.0;
const WAY_MIN_COMPACT: f32 = 100.0;
/// How far off the engine is when it begins to pull in.
const PULL_IN: f32 = 220.0;
/// A wheel of 26 units turns by this much for one unit of way, in degrees.
const DEGREES_PER_UNIT: f32 = 4.4;
/// About what the train drives in a level; it only sets how fast the wheels turn.
const TRAVEL: f32 = 440.0;

/// The band of a level-up comes in this fast.
const SWEEP_MS: i64 = 320;

/// Elements that cars are drawn with: as many as there is room for, and one that leaves.
const CARS_DRAWN: usize = 4;

/// What is known of how the hype train is drawn.
#[derive(Default)]
pub(crate) struct TrainWidget {
    room: RoomForTrain,
}

/// What the stage's width leaves room for, in design units.
#[derive(Clone, Copy, Default)]
struct RoomForTrain {
    cars: usize,
    words: f32,
    /// What is coupled to the engine while words are said: on a phone they take the tender's place.
    engine_with_words: f32,
    summary: f32,
    compact: bool,
}

impl TrainWidget {
    /// Lays the train out for the room there is.
    pub(crate) fn fit(&mut self, pen: &Pen, theme: &Theme) {
        self.room = RoomForTrain::of(theme);
        pen.hide(CARS, self.room.cars == 0);
        let lengths = [
            ("--cars-length", self.cars_length()),
            ("--train-length", self.length(Act::Running)),
            ("--summary-length", self.room.summary),
            ("--words-length", self.room.words),
        ];
        for (name, length) in lengths {
            pen.whole(STAGE, name, length, "");
        }
    }

    pub(crate) fn draw(&self, pen: &Pen, view: Option<&TrainView<'_>>, theme: &Theme) {
        pen.hide(TRAIN, view.is_none());
        let Some(view) = view else {
            return;
        };

        pen.opacity(TRAIN, view.present);
        self.draw_way(pen, view, theme);
        draw_engine(pen, view);
        self.draw_time(pen, view, theme);
        draw_coaches(pen, view);
        self.draw_cars(pen, view, theme);
        draw_celebration(pen, view.celebration.as_ref(), theme);
    }

    fn draw_way(&self, pen: &Pen, view: &TrainView<'_>, theme: &Theme) {
        let here = self.length(view.act) - self.length(Act::Running);
        let from = match view.before {
            Act::Absent => here - PULL_IN,
            Act::Approaching | Act::Running | Act::Ended => {
                self.length(view.before) - self.length(Act::Running)
            }
        };
        let mut offset = from + (here - from) * view.pulled;
        let mut departed = view.departed * view.departed;
        if theme.still {
            (offset, departed) = (here, 0.0);
        }

        pen.drive(RUN, view.progress, offset, departed);
        let rolled = (view.progress * TRAVEL + offset + departed * 1_800.0) * DEGREES_PER_UNIT;
        pen.whole(RUN, "--roll", rolled, "deg");
        pen.fill(FILL, view.progress);
        pen.opacity(SIGN, (1.0 - view.departed * 3.0).max(0.0));
        pen.text(GOAL, &view.sign.0);
        pen.text(NEXT, &view.sign.1);
    }

    fn draw_time(&self, pen: &Pen, view: &TrainView<'_>, theme: &Theme) {
        pen.opacity(TENDER, share(view, |act| self.room.shows_time(act)));
        let Some(time) = view.time_left else {
            return pen.text(TIME, "");
        };
        pen.text(TIME, &words::countdown(time.left_ms));
        pen.fill(FUEL, time.part);
        pen.toggle(TENDER, "urgent", time.urgent);
        // One beat a second, brightest on the second, so that the figure changes at its loudest.
        let beat = (time.left_ms % 1_000) as f32 / 1_000.0;
        let dimmed = if time.urgent && !theme.still {
            0.5 * (1.0 - beat)
        } else {
            0.0
        };
        pen.opacity(FUEL, 1.0 - dimmed);
    }

    fn draw_cars(&self, pen: &Pen, view: &TrainView<'_>, theme: &Theme) {
        pen.opacity(CARS, share(view, |act| act == Act::Running));
        let count = view.cars.len();
        let room = self.room.cars;
        let full = count > room;
        let (closed, visible) = view.coupling;
        let behind = if theme.still { 0.0 } else { 1.0 - closed };

        let mut used = [false; CARS_DRAWN];
        for (index, car) in view.cars.iter().enumerate() {
            let element = car.number % CARS_DRAWN;
            used[element] = true;
            pen.text(CAR_NAME.nth(element), car.name);
            pen.text(CAR_AMOUNT.nth(element), car.amount);

            let first = if full { 0 } else { room - count };
            let slot = (first + index) as f32;
            let (shift, opacity) = match index {
                0 => (behind, visible),
                // Nothing that stands may move while there is still room at the tail.
                _ if !full => (0.0, 1.0),
                _ if index < room => (behind, 1.0),
                _ if index == room => (1.0 - 0.4 * closed, 1.0 - visible),
                _ => (0.0, 0.0),
            };
            pen.opacity(CAR.nth(element), opacity);
            pen.shift(CAR.nth(element), (slot - shift) * CAR_STEP, 0.0);
        }
        for (element, _) in used.iter().enumerate().filter(|(_, used)| !**used) {
            pen.opacity(CAR.nth(element), 0.0);
        }
    }

    fn length(&self, act: Act) -> f32 {
        match act {
            Act::Absent | Act::Running => self.cars_length() + TENDER_AND_ENGINE,
            Act::Approaching => self.room.words + self.room.engine_with_words,
            Act::Ended => self.room.summary + ENGINE,
        }
    }

    fn cars_length(&self) -> f32 {
        (self.room.cars as f32) * CAR_STEP - (CAR_STEP - CAR_LENGTH)
    }
}

impl RoomForTrain {
    fn of(theme: &Theme) -> Self {
        if theme.compact {
            let coach = (theme.width - ENGINE).clamp(0.0, COACH);
            return Self {
                cars: cars_within(theme.width - TENDER_AND_ENGINE - WAY_MIN_COMPACT),
                words: coach,
                engine_with_words: ENGINE,
                summary: coach,
                compact: true,
            };
        }
        let cars = cars_within(theme.width - SIGN_LENGTH - TENDER_AND_ENGINE - WAY_MIN).max(1);
        Self {
            cars,
            words: COACH,
            engine_with_words: TENDER_AND_ENGINE,
            summary: if cars < 3 { 600.0 } else { 760.0 },
            compact: false,
        }
    }

    fn shows_time(self, act: Act) -> bool {
        act == Act::Running || (act != Act::Ended && !self.compact)
    }
}

fn draw_engine(pen: &Pen, view: &TrainView<'_>) {
    pen.text(FIGURE, &words::grouped(view.figure));
    let label = if view.act == Act::Approaching {
        "TO GO"
    } else {
        "LEVEL"
    };
    pen.text(LABEL, label);
    let top = view.train.top_contributor.as_ref();
    pen.toggle(RIDER, "off", top.is_none());
    if let Some(top) = top {
        pen.text(RIDER_NAME, words::shown_name(top.name.as_deref()));
    }
}

fn draw_coaches(pen: &Pen, view: &TrainView<'_>) {
    pen.opacity(WORDS, share(view, |act| act == Act::Approaching));
    pen.opacity(SUMMARY, share(view, |act| act == Act::Ended));
    pen.toggle(SUMMARY, "record", view.train.is_record);
    let (headline, detail) = match view.act {
        Act::Approaching => (WORDS_HEADLINE, WORDS_DETAIL),
        Act::Ended => (SUMMARY_HEADLINE, SUMMARY_DETAIL),
        Act::Absent | Act::Running => return,
    };
    pen.text(headline, &view.words.0);
    pen.text(detail, &view.words.1);
}

fn draw_celebration(pen: &Pen, party: Option<&CelebrationView<'_>>, theme: &Theme) {
    pen.hide(BURST, party.is_none());
    let Some(party) = party else {
        return pen.grow(FIGURE, 0.0);
    };
    let level = i64::from(party.level);
    pen.text(REACHED, &["Level ", &words::grouped(level)].concat());
    let reward = party.reward.map(|reward| [reward, " unlocked"].concat());
    pen.text(REWARD, &reward.unwrap_or_default());

    let arrived = eased(party.age_ms - (COVERED_AT_MS - SWEEP_MS), SWEEP_MS);
    let left = linear(
        party.age_ms - UNCOVERED_AT_MS,
        CELEBRATION_MS - UNCOVERED_AT_MS,
    );
    if theme.still {
        return pen.opacity(BAND, arrived * (1.0 - left));
    }
    let place = (arrived - 1.0 + left * left) * 1.02;
    pen.drive(BAND, place, 0.0, 0.0);
    let covered = party.age_ms >= COVERED_AT_MS;
    pen.grow(FIGURE, if covered { (1.0 - left) * 0.3 } else { 0.0 });
}

/// How many cars `length` has room for.
fn cars_within(length: f32) -> usize {
    usize::try_from(((length / CAR_STEP) as i32).clamp(0, 3)).unwrap_or(0)
}

/// Returns how visible a part of the train is that belongs to some acts only: it fades out in the
/// first half of the way from one act to the next, and in over the second.
fn share(view: &TrainView<'_>, belongs: impl Fn(Act) -> bool) -> f32 {
    let before = if view.before == Act::Absent {
        view.act
    } else {
        view.before
    };

    match (belongs(before), belongs(view.act)) {
        (true, true) => 1.0,
        (false, false) => 0.0,
        (true, false) => (1.0 - view.pulled * 2.0).max(0.0),
        (false, true) => (view.pulled * 2.0 - 1.0).max(0.0),
    }
}
