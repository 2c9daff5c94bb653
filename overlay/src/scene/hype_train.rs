//! The hype train: where it is between pulling in and leaving the stage.

use alloc::string::String;
use alloc::vec::Vec;
use parlor_sdk_core::ServerTime;
use parlor_sdk_events::{HypeTrain, HypeTrainChange, HypeTrainPhase};

use crate::scene::act::Act;
use crate::scene::captions::{sign, spoken, to_go};
pub(crate) use crate::scene::cars::CarView;
use crate::scene::cars::Cars;
use crate::tween::{Count, LEAVE_MS, Tween, eased, linear};

/// The engine pulls forward: in, or from one act to the next.
pub(crate) const PULL_MS: i64 = 600;
/// A level-up, from the first movement to the last.
pub(crate) const CELEBRATION_MS: i64 = 1_600;
/// When the band of a level-up covers the train, and the level changes behind it.
pub(crate) const COVERED_AT_MS: i64 = 520;
/// When the band begins to uncover it.
pub(crate) const UNCOVERED_AT_MS: i64 = 1_280;
/// How long the summary stands.
const SUMMARY_MS: i64 = 7_000;
/// The train drives off.
const DEPART_MS: i64 = 900;
/// From when on the time left is urgent.
const URGENT_MS: i64 = 30_000;
/// Spans that programs give a level. One that is first seen in its middle is taken to have begun
/// as the least of these that holds what is left.
const SPANS_MS: [i64; 8] = [
    30_000, 60_000, 90_000, 120_000, 180_000, 300_000, 600_000, 1_800_000,
];
/// Long enough ago for every movement to be over.
const LONG_MS: i64 = 60_000;

/// The hype train as it is drawn.
#[derive(Debug, PartialEq)]
pub(crate) struct TrainView<'a> {
    /// What it is doing, and what it did before.
    pub(crate) act: Act,
    /// See `act`.
    pub(crate) before: Act,
    /// How far it has come from one act to the other, from 0 to 1.
    pub(crate) pulled: f32,
    /// How visible it is, from 0 to 1.
    pub(crate) present: f32,
    /// How far it has driven off, from 0 to 1.
    pub(crate) departed: f32,
    /// The state behind it.
    pub(crate) train: &'a HypeTrain,
    /// The large figure on the engine: the level, or how many are to go.
    pub(crate) figure: i64,
    /// The way to the next goal, from 0 to 1.
    pub(crate) progress: f32,
    /// What the sign ahead says, in two lines.
    pub(crate) sign: (String, String),
    /// What the train says in words, in two lines, while it gathers and once it is over.
    pub(crate) words: (String, String),
    /// The time left, and the part of its span that it is.
    pub(crate) time_left: Option<TimeLeft>,
    /// The cars, newest first.
    pub(crate) cars: Vec<CarView<'a>>,
    /// How far the newest car has closed up, and how visible it is, from 0 to 1.
    pub(crate) coupling: (f32, f32),
    /// The level-up that is going on.
    pub(crate) celebration: Option<CelebrationView<'a>>,
}

/// How much time a train has left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TimeLeft {
    /// In milliseconds, not below 0.
    pub(crate) left_ms: i64,
    /// The part of the level's time, from 0 to 1.
    pub(crate) part: f32,
    /// Whether it is short.
    pub(crate) urgent: bool,
}

/// A level-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CelebrationView<'a> {
    /// The level reached.
    pub(crate) level: i32,
    /// The reward of the one completed.
    pub(crate) reward: Option<&'a str>,
    /// How long it has been going on.
    pub(crate) age_ms: i64,
}

/// The hype train on stage.
#[derive(Debug, Default)]
pub(crate) struct TrainScene {
    act: Act,
    before: Act,
    acted_at: i64,
    train: Option<HypeTrain>,
    progress: Option<Tween>,
    missing: Option<Count>,
    cars: Cars,
    celebration: Option<Celebration>,
    span_ms: i64,
}

#[derive(Debug)]
struct Celebration {
    began_at: i64,
    from_level: i32,
    run_up: Tween,
}

impl TrainScene {
    /// Takes in that the train changed to `train` at `began_at`, in the scene's time.
    pub(crate) fn change(
        &mut self,
        change: HypeTrainChange,
        train: &HypeTrain,
        occurred_at: ServerTime,
        began_at: i64,
    ) {
        let old = self.train.take().filter(|old| old.id == train.id);
        self.measure_span(change, train, old.as_ref(), occurred_at);

        match train.phase {
            HypeTrainPhase::Approaching => self.act(Act::Approaching, began_at),
            HypeTrainPhase::Running => self.run(change, train, old.as_ref(), began_at),
            HypeTrainPhase::Unknown => self.act(Act::Absent, began_at),
            HypeTrainPhase::Ended if train.level == 0 => self.act(Act::Absent, began_at),
            HypeTrainPhase::Ended => {
                self.celebration = None;
                self.act(Act::Ended, began_at);
            }
        }

        self.train = Some(train.clone());
    }

    /// Takes in the train as it is now, with nothing moving.
    pub(crate) fn jump(
        &mut self,
        train: Option<&HypeTrain>,
        happening_at: Option<ServerTime>,
        now_ms: i64,
    ) {
        *self = Self {
            cars: core::mem::take(&mut self.cars),
            ..Self::default()
        };
        let Some(train) = train else {
            return;
        };
        let ended_ms = train
            .ended_at
            .zip(happening_at)
            .map(|(ended_at, now)| now.millis_since(ended_at));
        self.act = match train.phase {
            HypeTrainPhase::Approaching => Act::Approaching,
            HypeTrainPhase::Running => Act::Running,
            HypeTrainPhase::Unknown => Act::Absent,
            HypeTrainPhase::Ended => match ended_ms {
                Some(age) if train.level > 0 && age < SUMMARY_MS + DEPART_MS => Act::Ended,
                Some(_) | None => Act::Absent,
            },
        };
        self.before = self.act;
        self.acted_at = now_ms
            - ended_ms
                .filter(|_| self.act == Act::Ended)
                .unwrap_or(LONG_MS);
        self.progress = Some(Tween::at(fraction(train)));
        self.missing = Some(Count::at(train.goal - train.progress));
        self.cars.place(train);
        if let Some(happening_at) = happening_at {
            self.span_ms = span_holding(train.expires_at.millis_since(happening_at));
        }
        self.train = Some(train.clone());
    }

    /// Moves on to `now_ms`.
    pub(crate) fn advance(&mut self, now_ms: i64) {
        self.cars.advance(now_ms);
        if self.act == Act::Ended && now_ms - self.acted_at >= SUMMARY_MS + DEPART_MS {
            self.act = Act::Absent;
            self.before = Act::Absent;
        }
    }

    /// Returns what to draw at `now_ms`, if anything.
    pub(crate) fn view(
        &self,
        happening_at: Option<ServerTime>,
        now_ms: i64,
    ) -> Option<TrainView<'_>> {
        let train = self.train.as_ref()?;
        let age_ms = now_ms - self.acted_at;
        let leaving = self.act == Act::Absent;
        if leaving && (self.before == Act::Absent || age_ms >= LEAVE_MS) {
            return None;
        }
        let act = if leaving { self.before } else { self.act };
        let celebration = self
            .celebration
            .as_ref()
            .filter(|party| party.age(now_ms) < CELEBRATION_MS);
        let level_before = celebration
            .filter(|party| party.age(now_ms) < COVERED_AT_MS)
            .map(|party| (party.from_level, party.run_up.value(now_ms)));
        let (level, progress) = level_before.unwrap_or_else(|| {
            (
                train.level,
                self.progress.map_or(0.0, |progress| progress.value(now_ms)),
            )
        });
        let missing = match level_before {
            Some(_) => 0,
            None => self.missing.map_or(0, |missing| missing.value(now_ms)),
        };

        Some(TrainView {
            act,
            before: self.before,
            pulled: eased(age_ms, PULL_MS),
            present: self.presence(age_ms),
            departed: if act == Act::Ended {
                linear(age_ms - SUMMARY_MS, DEPART_MS)
            } else {
                0.0
            },
            train,
            figure: match act {
                Act::Approaching => i64::from(to_go(train)),
                Act::Absent | Act::Running | Act::Ended => i64::from(level),
            },
            progress: if act == Act::Running { progress } else { 0.0 },
            sign: sign(act, train, level, missing),
            words: spoken(act, train),
            time_left: happening_at.map(|now| self.time_left(train, now)),
            cars: self.cars.view().collect(),
            coupling: self.cars.coupling(now_ms),
            celebration: celebration.map(|party| CelebrationView {
                level: train.level,
                reward: train.last_reward.as_deref(),
                age_ms: party.age(now_ms),
            }),
        })
    }

    fn run(
        &mut self,
        change: HypeTrainChange,
        train: &HypeTrain,
        old: Option<&HypeTrain>,
        began_at: i64,
    ) {
        let was_running = self.act == Act::Running;
        self.act(Act::Running, began_at);
        if !was_running {
            self.celebration = None;
            self.cars.place(train);
            self.progress = Some(Tween::between(0.0, fraction(train), began_at));
            self.missing = Some(Count::between(
                train.goal,
                train.goal - train.progress,
                began_at,
            ));
            return;
        }
        let Some(old) = old else {
            return self.jump(Some(train), None, began_at);
        };

        if change == HypeTrainChange::LeveledUp || train.level > old.level {
            self.celebrate(old.level, began_at);
        }
        let resets_at = self
            .celebration
            .as_ref()
            .map(|party| party.began_at + UNCOVERED_AT_MS);
        let missing = train.goal - train.progress;
        if let Some(resets_at) = resets_at.filter(|resets_at| began_at < *resets_at) {
            self.progress = Some(Tween::between(0.0, fraction(train), resets_at));
            self.missing = Some(Count::between(train.goal, missing, resets_at));
        } else {
            self.progress
                .get_or_insert(Tween::at(0.0))
                .head_for(fraction(train), began_at);
            self.missing
                .get_or_insert(Count::at(missing))
                .head_for(missing, began_at);
        }

        let added = train.total - old.total;
        if let Some(newest) = train.recent_contributors.first().filter(|_| added > 0) {
            self.cars.add(newest, added, began_at);
        }
    }

    /// A level-up while the last one is still going on changes what it says, and nothing else:
    /// nothing queues behind the train.
    fn celebrate(&mut self, from_level: i32, began_at: i64) {
        if self
            .celebration
            .as_ref()
            .is_some_and(|party| party.age(began_at) < UNCOVERED_AT_MS)
        {
            return;
        }
        let from = self
            .progress
            .map_or(0.0, |progress| progress.value(began_at));

        self.celebration = Some(Celebration {
            began_at,
            from_level,
            run_up: Tween::between(from, 1.0, began_at),
        });
    }

    fn act(&mut self, act: Act, began_at: i64) {
        if self.act != act {
            self.before = self.act;
            self.act = act;
            self.acted_at = began_at;
        }
    }

    fn presence(&self, age_ms: i64) -> f32 {
        if self.act == Act::Absent {
            return 1.0 - linear(age_ms, LEAVE_MS);
        }
        if self.act == Act::Ended && age_ms > SUMMARY_MS {
            return 1.0 - linear(age_ms - SUMMARY_MS - DEPART_MS + LEAVE_MS, LEAVE_MS);
        }
        if self.before == Act::Absent {
            return eased(age_ms, crate::tween::ENTER_MS);
        }

        1.0
    }

    fn time_left(&self, train: &HypeTrain, happening_at: ServerTime) -> TimeLeft {
        let left_ms = train.expires_at.millis_since(happening_at).max(0);

        TimeLeft {
            left_ms,
            part: linear(left_ms, self.span_ms.max(1)),
            urgent: train.phase == HypeTrainPhase::Running && left_ms <= URGENT_MS,
        }
    }

    fn measure_span(
        &mut self,
        change: HypeTrainChange,
        train: &HypeTrain,
        old: Option<&HypeTrain>,
        occurred_at: ServerTime,
    ) {
        let left_ms = train.expires_at.millis_since(occurred_at);
        let known = old.is_some_and(|old| old.expires_at == train.expires_at);
        match change {
            HypeTrainChange::Started | HypeTrainChange::LeveledUp => self.span_ms = left_ms,
            HypeTrainChange::Approached
            | HypeTrainChange::Progressed
            | HypeTrainChange::Corrected
            | HypeTrainChange::Ended => {
                if !known || self.span_ms < left_ms {
                    self.span_ms = span_holding(left_ms);
                }
            }
        }
    }
}

impl Celebration {
    const fn age(&self, now_ms: i64) -> i64 {
        now_ms - self.began_at
    }
}

fn fraction(train: &HypeTrain) -> f32 {
    if train.goal <= 0 {
        return 0.0;
    }

    (train.progress as f64 / train.goal as f64).clamp(0.0, 1.0) as f32
}

fn span_holding(left_ms: i64) -> i64 {
    SPANS_MS
        .into_iter()
        .find(|span| *span >= left_ms)
        .unwrap_or(left_ms)
}

#[cfg(test)]
mod tests;
