//! Makes histories up: what is likely to be of interest next, in a room as it stands.

use std::collections::VecDeque;
use std::mem;

use crate::dice::Dice;
use crate::goods;
use crate::ideas::{DELAYS_MS, member};
use crate::step::{Coming, Going, Says, Step, Way};
use crate::world::{NAMES, STAFF, World};

pub(crate) const VIEWERS: [&str; 6] = ["ana", "ana", "ben", "ben", "zoe", "mo"];
pub(crate) const MINUTE_MS: i64 = 60_000;

pub(crate) struct Author {
    pub(crate) dice: Dice,
    keys: u32,
    /// What was asked under a key.
    asked: Vec<Step>,
    /// How long somebody goes on watching, and who.
    watching: (u64, Vec<&'static str>),
    has_passed: bool,
    /// What comes next in any case.
    planned: VecDeque<Step>,
}

impl Author {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            keys: 0,
            asked: Vec::new(),
            watching: (0, Vec::new()),
            has_passed: false,
            planned: VecDeque::new(),
        }
    }

    /// How long the room waits for its stream.
    pub(crate) fn grace_ms(&mut self) -> i64 {
        self.dice.pick(&[0, MINUTE_MS, 600_000])
    }

    /// When it all begins.
    pub(crate) fn begins_at(&mut self) -> i64 {
        1_700_000_000_000 + i64::try_from(self.dice.roll(100_000)).unwrap()
    }

    pub(crate) fn length(&mut self) -> u64 {
        20 + self.dice.roll(100)
    }

    /// What brings a room to where something can happen.
    pub(crate) fn opening(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for name in ["olga", "mo", "ana", "ben"] {
            steps.push(member(name, Coming::Join));
        }
        if self.dice.one_in(3) {
            steps.push(self.multiplying());
        } else if self.dice.one_in(2) {
            steps.push(self.programme(1));
        }
        if !self.dice.one_in(5) {
            let delay_ms = self.dice.pick(&DELAYS_MS);
            let change = Going::Start;
            steps.push(Step::Session { change, delay_ms });
        }
        for to in ["ana", "ben", "mo"] {
            let points = self.dice.pick(&[20, 100, 1_000]);
            let (by, key, kind, reason) = (STAFF, self.key(), Way::Grant, "to begin");
            steps.push(Step::Adjust {
                by,
                key,
                kind,
                to,
                points,
                reason,
            });
        }
        // Once in a while as many as a room keeps, and more than can be enabled.
        let is_full = self.dice.one_in(150);
        for _ in 0..if is_full { 260 } else { 1 + self.dice.roll(3) } {
            let mut terms = goods::terms(&mut self.dice);
            terms.is_enabled &= !is_full || self.dice.one_in(3);
            let (by, key) = (STAFF, self.key());
            steps.push(Step::Create { by, key, terms });
        }
        for step in &steps {
            if step.key().is_some() && !is_full {
                self.asked.push(step.clone());
            }
        }

        steps
    }

    pub(crate) fn next(&mut self, world: &World) -> Step {
        if let Some(step) = self.planned.pop_front().or_else(|| self.watch_on(world)) {
            return step;
        }
        if self.dice.one_in(8_000) {
            let flood = self.flood(world);
            self.planned.extend(flood);
            return self.planned.pop_front().expect("it was just planned");
        }
        let step = match self.dice.roll(120) {
            0..=7 => self.pass(),
            8..=11 => self.member(),
            12..=15 => self.session(world),
            16..=18 => self.fact(),
            19..=20 => self.watch_elsewhere(world),
            21..=23 => self.adjust(),
            24..=25 => self.claw_back(),
            26..=27 => self.programme(world.room.earning.programme.version),
            28..=33 => self.credit(world),
            34..=36 => self.go_on_watching(world),
            37..=39 => self.create(),
            40..=44 => self.change(world),
            45..=64 => self.redeem(world),
            65..=75 => self.settle(world),
            76..=83 => self.refund(world),
            84..=85 => Step::Sweep {},
            86..=91 if !world.rewards.is_empty() => {
                let who = self.dice.pick(&NAMES);
                let reward = self.dice.index(world.rewards.len());
                Step::Standing { who, reward }
            }
            92 if self.dice.one_in(6) => Step::Archive {},
            93..=97 => self.membership(world),
            100..=119 => self.go_to_court(world),
            _ => self.ask_again(),
        };
        if step.key().is_some() {
            self.asked.push(step.clone());
        }

        step
    }

    /// Whether something is to come in any case.
    pub(crate) fn has_plans(&self) -> bool {
        !self.planned.is_empty()
    }

    pub(crate) fn key(&mut self) -> String {
        self.keys += 1;
        format!("key {}", self.keys)
    }

    /// A member's minute for some minutes on end, which is how points come.
    fn watch_on(&mut self, world: &World) -> Option<Step> {
        if self.watching.0 == 0 {
            return None;
        }
        self.has_passed = !self.has_passed;
        if self.has_passed {
            return Some(Step::Pass { millis: MINUTE_MS });
        }
        self.watching.0 -= 1;
        Some(Step::Credit {
            proof: Says::Staff,
            session: world.sessions.len().saturating_sub(1),
            minute: world.now.unix_millis() / MINUTE_MS,
            viewers: self.watching.1.clone(),
        })
    }

    /// The viewer's devices play in up to three other rooms as well.
    fn watch_elsewhere(&mut self, world: &World) -> Step {
        let (who, minute) = (self.dice.pick(&VIEWERS), self.minute(world));
        for room in 0..=u8::try_from(self.dice.roll(3)).unwrap() {
            self.planned
                .push_back(Step::Elsewhere { who, minute, room });
        }
        self.planned.push_back(Step::Credit {
            proof: self.dice.pick(&[Says::Staff, Says::Devices, Says::Devices]),
            session: world.sessions.len().saturating_sub(1),
            minute,
            viewers: vec![who, "olga"],
        });

        Step::Pass { millis: 0 }
    }

    fn go_on_watching(&mut self, world: &World) -> Step {
        self.watching = (1 + self.dice.roll(8), self.viewers());
        self.has_passed = false;
        if self.dice.one_in(2) {
            return Step::Pass { millis: 0 };
        }

        self.membership(world)
    }

    /// The same again, or by the same key something else, or by another's.
    fn ask_again(&mut self) -> Step {
        if self.asked.is_empty() {
            return self.pass();
        }
        let index = self.dice.index(self.asked.len());
        let mut step = self.asked[index].clone();
        if self.dice.one_in(2) {
            let is_like = |other: &&Step| mem::discriminant(*other) == mem::discriminant(&step);
            let like: Vec<_> = self.asked.iter().filter(is_like).collect();
            let key = like[self.dice.index(like.len())].key();
            if let (Some(own), Some(key)) = (step.key_mut(), key) {
                *own = key;
            }
        }

        step
    }
}
