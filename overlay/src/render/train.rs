//! The hype train: an engine that leads, cars that couple on, and a track to the next level.
//!
//! Lengths are in design units, as in `overlay.css`. The train hangs on its nose: everything is
//! placed from there backwards, and one transform moves the whole of it along the track.

use alloc::string::ToString;
use web_sys::ShadowRoot;

use crate::render::part::{Part, decimal, units};
use crate::render::theme::Theme;
use crate::scene::{
    Act, CELEBRATION_MS, COVERED_AT_MS, CelebrationView, TrainView, UNCOVERED_AT_MS,
};
use crate::tween::{eased, linear};
use crate::words;

const CAR: f32 = 226.0;
const CAR_STEP: f32 = 238.0;
const TENDER_AND_ENGINE: f32 = 524.0;
const ENGINE: f32 = 384.0;
const WORDS: f32 = 420.0;
const SIGN: f32 = 268.0;
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

/// The elements of the hype train.
pub(crate) struct TrainWidget {
    root: Part,
    fill: Part,
    sign: Part,
    goal: Part,
    next: Part,
    run: Part,
    words: Coach,
    summary: Coach,
    cars: [Car; 4],
    cars_box: Part,
    tender: Part,
    time: Part,
    fuel: Part,
    label: Part,
    rider: Part,
    rider_name: Part,
    figure: Part,
    burst: Part,
    band: Part,
    reached: Part,
    reward: Part,
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

struct Coach {
    root: Part,
    headline: Part,
    detail: Part,
}

struct Car {
    root: Part,
    name: Part,
    amount: Part,
}

impl TrainWidget {
    pub(crate) fn new(root: &ShadowRoot) -> Self {
        let find = |selector| Part::find(root, selector);

        Self {
            root: find(".train"),
            fill: find(".fill"),
            sign: find(".sign"),
            goal: find(".goal"),
            next: find(".next"),
            run: find(".run"),
            words: Coach::find(root, ".words", ".words .headline", ".words .detail"),
            summary: Coach::find(root, ".summary", ".summary .headline", ".summary .detail"),
            cars: [
                Car::find(root, ".c0", ".c0 .name", ".c0 b"),
                Car::find(root, ".c1", ".c1 .name", ".c1 b"),
                Car::find(root, ".c2", ".c2 .name", ".c2 b"),
                Car::find(root, ".c3", ".c3 .name", ".c3 b"),
            ],
            cars_box: find(".cars"),
            tender: find(".tender"),
            time: find(".left"),
            fuel: find(".fuel"),
            label: find(".label"),
            rider: find(".rider"),
            rider_name: find(".rider span"),
            figure: find(".figure"),
            burst: find(".burst"),
            band: find(".band"),
            reached: find(".reached"),
            reward: find(".reward"),
            room: RoomForTrain::default(),
        }
    }

    /// Lays the train out for the room there is.
    pub(crate) fn fit(&mut self, theme: &Theme, stage: &mut Part) {
        self.room = RoomForTrain::of(theme);
        self.cars_box.set_hidden(self.room.cars == 0);
        let whole = |length: f32| (length as i32).to_string();
        stage.set_style("--cars-length", &whole(self.cars_length()));
        stage.set_style("--train-length", &whole(self.length(Act::Running)));
        stage.set_style("--summary-length", &whole(self.room.summary));
        stage.set_style("--words-length", &whole(self.room.words));
    }

    pub(crate) fn draw(&mut self, view: Option<&TrainView<'_>>, theme: &Theme) {
        self.root.set_hidden(view.is_none());
        let Some(view) = view else {
            return;
        };

        self.root.set_opacity(view.present);
        self.draw_way(view, theme);
        self.draw_engine(view);
        self.draw_time(view, theme);
        self.draw_coaches(view);
        self.draw_cars(view, theme);
        self.draw_celebration(view.celebration.as_ref(), theme);
    }

    fn draw_way(&mut self, view: &TrainView<'_>, theme: &Theme) {
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

        let way = [
            "calc(.01%*",
            &((view.progress * 10_000.0) as i32).to_string(),
        ]
        .concat();
        let gone = (departed * 1_000.0) as i32;
        self.run.set_transform(
            &[
                "translateX(",
                &way,
                " + ",
                &units(offset),
                " + .1cqw*",
                &gone.to_string(),
                "))",
            ]
            .concat(),
        );
        let rolled = (view.progress * TRAVEL + offset + departed * 1_800.0) * DEGREES_PER_UNIT;
        self.run
            .set_style("--roll", &[&(rolled as i32).to_string(), "deg"].concat());
        self.fill
            .set_transform(&["scaleX(", &decimal(view.progress), ")"].concat());
        self.sign.set_opacity((1.0 - view.departed * 3.0).max(0.0));
        self.goal.set_text(&view.sign.0);
        self.next.set_text(&view.sign.1);
    }

    fn draw_engine(&mut self, view: &TrainView<'_>) {
        self.figure.set_text(&words::grouped(view.figure));
        self.label.set_text(if view.act == Act::Approaching {
            "TO GO"
        } else {
            "LEVEL"
        });
        let top = view.train.top_contributor.as_ref();
        self.rider.set_class("off", top.is_none());
        if let Some(top) = top {
            self.rider_name
                .set_text(words::shown_name(top.name.as_deref()));
        }
    }

    fn draw_time(&mut self, view: &TrainView<'_>, theme: &Theme) {
        self.tender
            .set_opacity(share(view, |act| self.room.shows_time(act)));
        let Some(time) = view.time_left else {
            self.time.set_text("");
            return;
        };
        self.time.set_text(&words::countdown(time.left_ms));
        self.fuel
            .set_transform(&["scaleX(", &decimal(time.part), ")"].concat());
        self.tender.set_class("urgent", time.urgent);
        // One beat a second, brightest on the second, so that the figure changes at its loudest.
        let beat = (time.left_ms % 1_000) as f32 / 1_000.0;
        let dimmed = if time.urgent && !theme.still {
            0.5 * (1.0 - beat)
        } else {
            0.0
        };
        self.fuel.set_opacity(1.0 - dimmed);
    }

    fn draw_coaches(&mut self, view: &TrainView<'_>) {
        self.words
            .root
            .set_opacity(share(view, |act| act == Act::Approaching));
        self.summary
            .root
            .set_opacity(share(view, |act| act == Act::Ended));
        self.summary.root.set_class("record", view.train.is_record);
        let coach = match view.act {
            Act::Approaching => &mut self.words,
            Act::Ended => &mut self.summary,
            Act::Absent | Act::Running => return,
        };
        coach.headline.set_text(&view.words.0);
        coach.detail.set_text(&view.words.1);
    }

    fn draw_cars(&mut self, view: &TrainView<'_>, theme: &Theme) {
        self.cars_box
            .set_opacity(share(view, |act| act == Act::Running));
        let count = view.cars.len();
        let room = self.room.cars;
        let full = count > room;
        let (closed, visible) = view.coupling;
        let behind = if theme.still { 0.0 } else { 1.0 - closed };

        let mut used = [false; 4];
        for (index, car) in view.cars.iter().enumerate() {
            let element = car.number % self.cars.len();
            used[element] = true;
            let drawn = &mut self.cars[element];
            drawn.name.set_text(car.name);
            drawn.amount.set_text(car.amount);

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
            drawn.root.set_opacity(opacity);
            drawn.root.set_transform(
                &["translateX(calc(", &units((slot - shift) * CAR_STEP), "))"].concat(),
            );
        }
        for (car, _) in self.cars.iter_mut().zip(used).filter(|(_, used)| !used) {
            car.root.set_opacity(0.0);
        }
    }

    fn draw_celebration(&mut self, party: Option<&CelebrationView<'_>>, theme: &Theme) {
        self.burst.set_hidden(party.is_none());
        let Some(party) = party else {
            return self.figure.set_transform("");
        };
        let level = i64::from(party.level);
        self.reached
            .set_text(&["Level ", &words::grouped(level)].concat());
        let reward = party.reward.map(|reward| [reward, " unlocked"].concat());
        self.reward.set_text(&reward.unwrap_or_default());

        let arrived = eased(party.age_ms - (COVERED_AT_MS - SWEEP_MS), SWEEP_MS);
        let left = linear(
            party.age_ms - UNCOVERED_AT_MS,
            CELEBRATION_MS - UNCOVERED_AT_MS,
        );
        if theme.still {
            self.band.set_opacity(arrived * (1.0 - left));
            return;
        }
        let place = (arrived - 1.0 + left * left) * 1_020.0;
        self.band
            .set_transform(&["translateX(calc(.1%*", &(place as i32).to_string(), "))"].concat());
        let covered = party.age_ms >= COVERED_AT_MS;
        let punch = if covered {
            ((1.0 - left) * 300.0) as i32
        } else {
            0
        };
        self.figure
            .set_transform(&["scale(calc(1 + ", &punch.to_string(), "/1000))"].concat());
    }

    fn length(&self, act: Act) -> f32 {
        match act {
            Act::Absent | Act::Running => self.cars_length() + TENDER_AND_ENGINE,
            Act::Approaching => self.room.words + self.room.engine_with_words,
            Act::Ended => self.room.summary + ENGINE,
        }
    }

    fn cars_length(&self) -> f32 {
        (self.room.cars as f32) * CAR_STEP - (CAR_STEP - CAR)
    }
}

impl RoomForTrain {
    fn of(theme: &Theme) -> Self {
        if theme.compact {
            let coach = (theme.width - ENGINE).clamp(0.0, WORDS);
            return Self {
                cars: cars_within(theme.width - TENDER_AND_ENGINE - WAY_MIN_COMPACT),
                words: coach,
                engine_with_words: ENGINE,
                summary: coach,
                compact: true,
            };
        }
        let cars = cars_within(theme.width - SIGN - TENDER_AND_ENGINE - WAY_MIN).max(1);
        Self {
            cars,
            words: WORDS,
            engine_with_words: TENDER_AND_ENGINE,
            summary: if cars < 3 { 600.0 } else { 760.0 },
            compact: false,
        }
    }

    fn shows_time(self, act: Act) -> bool {
        act == Act::Running || (act != Act::Ended && !self.compact)
    }
}

/// How many cars `length` has room for.
fn cars_within(length: f32) -> usize {
    usize::try_from(((length / CAR_STEP) as i32).clamp(0, 3)).unwrap_or(0)
}

impl Coach {
    fn find(root: &ShadowRoot, coach: &str, headline: &str, detail: &str) -> Self {
        Self {
            root: Part::find(root, coach),
            headline: Part::find(root, headline),
            detail: Part::find(root, detail),
        }
    }
}

impl Car {
    fn find(root: &ShadowRoot, car: &str, name: &str, amount: &str) -> Self {
        Self {
            root: Part::find(root, car),
            name: Part::find(root, name),
            amount: Part::find(root, amount),
        }
    }
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
