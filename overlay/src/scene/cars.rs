//! The cars behind the engine: who contributed last.
//!
//! A car couples on at most once in a while, so that each can be read. What comes in between
//! gathers, and couples on as one: the hype of so many people.

use alloc::string::String;
use alloc::vec::Vec;
use parlor_sdk_core::Crowd;
use parlor_sdk_events::{HypeTrain, HypeTrainContributor};

use crate::crowd;
use crate::tween::{ENTER_MS, GROW_MS, eased};
use crate::words;

/// Cars that are kept: the most a stage has room for, and the one that goes out of sight.
const CARS_MAX: usize = 4;
/// The least time between two cars.
const COUPLING_MS: i64 = 1_400;

/// A car as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CarView<'a> {
    /// Counts cars; another number is another car.
    pub(crate) number: usize,
    /// Who it stands for, as typed: text, never markup.
    pub(crate) name: &'a str,
    /// What they added.
    pub(crate) amount: &'a str,
}

/// The cars, newest first.
#[derive(Debug, Default)]
pub(crate) struct Cars {
    train: Vec<Car>,
    /// When the newest coupled on; `None` if it was there from the start.
    coupled_at: Option<i64>,
    coupled_count: usize,
    gathering: Gathering,
}

#[derive(Debug)]
struct Car {
    number: usize,
    name: String,
    hype: i64,
    amount: String,
}

#[derive(Debug, Default)]
struct Gathering {
    began_at: i64,
    people: Crowd,
    hype: i64,
}

impl Cars {
    /// Puts the cars of `train` behind its engine, with nothing moving.
    pub(crate) fn place(&mut self, train: &HypeTrain) {
        *self = Self {
            coupled_count: self.coupled_count,
            ..Self::default()
        };
        for contributor in train.recent_contributors.iter().take(CARS_MAX - 1).rev() {
            let name = String::from(words::shown_name(contributor.name.as_deref()));
            self.push(name, contributor.last_hype);
        }
    }

    /// Takes in that `contributor` added `hype`.
    pub(crate) fn add(&mut self, contributor: &HypeTrainContributor, hype: i64, now_ms: i64) {
        self.advance(now_ms);
        if self.gathering.people.count() == 0 {
            self.gathering.began_at = now_ms;
        }
        self.gathering.add(contributor.name.as_deref(), hype);
        self.advance(now_ms);
    }

    /// Couples on what has gathered, if it is time.
    pub(crate) fn advance(&mut self, now_ms: i64) {
        let free_at = self.coupled_at.map_or(i64::MIN, |at| at + COUPLING_MS);
        // Not `now_ms`: a frame that comes late finds the movement where it would have been.
        let couples_at = free_at.max(self.gathering.began_at);
        if self.gathering.people.count() == 0 || now_ms < couples_at {
            return;
        }
        let gathering = core::mem::take(&mut self.gathering);
        let name = gathering.name();
        if let Some(newest) = self.train.first_mut().filter(|newest| newest.name == name) {
            newest.hype = newest.hype.saturating_add(gathering.hype);
            newest.amount = words::plus(newest.hype);
            return;
        }
        self.coupled_at = Some(couples_at);
        self.push(name, gathering.hype);
    }

    /// Returns the cars, newest first.
    pub(crate) fn view(&self) -> impl Iterator<Item = CarView<'_>> {
        self.train.iter().map(|car| CarView {
            number: car.number,
            name: &car.name,
            amount: &car.amount,
        })
    }

    /// Returns how far the newest car has closed up, and how visible it is, from 0 to 1.
    pub(crate) fn coupling(&self, now_ms: i64) -> (f32, f32) {
        let Some(coupled_at) = self.coupled_at else {
            return (1.0, 1.0);
        };
        let age_ms = now_ms - coupled_at;

        (eased(age_ms, GROW_MS), eased(age_ms, ENTER_MS))
    }

    fn push(&mut self, name: String, hype: i64) {
        self.coupled_count = self.coupled_count.wrapping_add(1);
        let car = Car {
            number: self.coupled_count,
            name,
            hype,
            amount: words::plus(hype),
        };
        self.train.insert(0, car);
        self.train.truncate(CARS_MAX);
    }
}

impl Gathering {
    fn add(&mut self, name: Option<&str>, hype: i64) {
        self.hype = self.hype.saturating_add(hype);
        self.people.add(name);
    }

    fn name(&self) -> String {
        match crowd::only_one(&self.people) {
            Some(name) => String::from(name),
            None => crowd::people(&self.people),
        }
    }
}
