//! What somebody might do next, of each kind: mostly what fits, and now and then what does not.

use parlor_domain::participant::Role;
use parlor_domain::reward::{RedemptionStatus, Reward};
use parlor_domain::watching::{Multipliers, StampCard};

use crate::author::{Author, MINUTE_MS, VIEWERS};
use crate::goods;
use crate::step::{Coming, Going, Happening, ProgrammeChange, Says, Step, Way};
use crate::world::{NAMES, STAFF, World};

/// Who acts; most have a right to something.
pub(crate) const ACTORS: [&str; 9] = [
    STAFF, STAFF, STAFF, "olga", "olga", "mo", "mo", "ana", "ben",
];
pub(crate) const DELAYS_MS: [i64; 4] = [0, 0, 5_000, 90_000];
const TITLES: [&str; 3] = ["Go, and tea", "Blitz CHESS", "blitz chess, still"];
const SAID: [&str; 9] = ["4", " 007 ", "+2", "-0", "ab12", "abc", "red", "Red", "  "];
const REASONS: [&str; 2] = ["to begin", "it was cut short"];

impl Author {
    pub(crate) fn actor(&mut self) -> &'static str {
        self.dice.pick(&ACTORS)
    }

    pub(crate) fn pass(&mut self) -> Step {
        let millis = self.dice.pick(&[
            1,
            999,
            1_000,
            20_000,
            MINUTE_MS,
            5 * MINUTE_MS,
            600_000,
            960_000,
            3_600_000,
            86_400_000,
        ]);
        Step::Pass { millis }
    }

    pub(crate) fn member(&mut self) -> Step {
        let change = self.dice.pick(&[
            Coming::Join,
            Coming::Join,
            Coming::Join,
            Coming::Join,
            Coming::Join,
            Coming::Leave,
            Coming::Leave,
            Coming::Remove,
            Coming::Readmit,
            Coming::Readmit,
        ]);
        member(
            self.dice
                .pick(&["mo", "ana", "ben", "zoe", "zoe", "eve", "eve"]),
            change,
        )
    }

    /// Mostly what can be done as things are.
    pub(crate) fn session(&mut self, world: &World) -> Step {
        let live = world.room.live_session();
        let fitting: &[Going] = match live.map(|live| live.interrupted_at) {
            None => &[Going::Start],
            Some(None) => &[Going::End, Going::Interrupt],
            Some(Some(_)) => &[Going::End, Going::Resume, Going::Resume],
        };
        let change = if self.dice.one_in(8) {
            Going::Start
        } else {
            self.dice.pick(fitting)
        };
        Step::Session {
            change,
            delay_ms: self.dice.pick(&DELAYS_MS),
        }
    }

    pub(crate) fn fact(&mut self) -> Step {
        let change = match self.dice.roll(4) {
            0 => Happening::Title(self.dice.pick(&TITLES)),
            1 => Happening::Online(self.dice.pick(&VIEWERS)),
            2 => Happening::Offline(self.dice.pick(&VIEWERS)),
            _ => Happening::Train(
                self.dice.pick(&[1, 2, 3]),
                self.dice.pick(&[1_000, 600_000]),
            ),
        };
        Step::Facts { change }
    }

    pub(crate) fn adjust(&mut self) -> Step {
        let kind = self.dice.pick(&[Way::Grant, Way::Charge]);
        let points = self
            .dice
            .pick(&[1, 5, 30, 100, 1_000, 1_000_000_000, 1_000_000_001, 0, -5]);
        Step::Adjust {
            by: self.actor(),
            key: self.key(),
            kind,
            to: self.dice.pick(&NAMES),
            points,
            reason: self.reason(),
        }
    }

    /// Often more than they have.
    pub(crate) fn claw_back(&mut self) -> Step {
        let points = self
            .dice
            .pick(&[1, 5, 30, 100, 400, 1_000, 1_000_000_000, 1_000_000_001, 0]);
        Step::ClawBack {
            by: self.actor(),
            key: self.key(),
            to: self.dice.pick(&NAMES),
            points,
            reason: self.reason(),
        }
    }

    pub(crate) fn reason(&mut self) -> &'static str {
        if self.dice.one_in(30) {
            " "
        } else {
            self.dice.pick(&REASONS)
        }
    }

    pub(crate) fn programme(&mut self, version: i32) -> Step {
        let dice = &mut self.dice;
        let card = StampCard {
            points: dice.pick(&[1, 300, 1_000_001]),
            stamps: dice.pick(&[1, 2, 2, 3]),
            sessions: dice.pick(&[2, 3, 3, 32, 33]),
            slots: dice.pick(&[1, 2, 3]),
        };
        let multipliers = [
            [10_000, 12_500, 15_000],
            [12_345, 12_345, 100_000],
            [10_000, 10_000, 10_000],
            [9_999, 10_000, 10_000],
            [10_000, 10_000, 100_001],
            [15_000, 12_500, 15_000],
        ];
        let multipliers = multipliers.map(Multipliers);
        let cards = [None, Some(card), Some(card)];
        let terms = ProgrammeChange {
            is_enabled: dice.perhaps(3, &[true, true, false]),
            is_observed_only: dice.perhaps(3, &[true, false, false]),
            points: dice.perhaps(2, &[0, 7, 10, 1_000_000, 1_000_001, -1]),
            slots: dice.perhaps(2, &[1, 1, 2, 3, 5, 0]),
            first_watch_bonus: dice.perhaps(2, &[0, 50, -1]),
            stamp_card: dice.perhaps(2, &cards),
            multipliers: dice.perhaps(2, &multipliers),
        };
        let version = if dice.one_in(10) {
            version - 1
        } else {
            version
        };
        Step::Programme {
            by: dice.pick(&[STAFF, "olga", "olga", "mo"]),
            version,
            terms,
        }
    }

    /// A programme by which memberships make a difference at each minute.
    pub(crate) fn multiplying(&mut self) -> Step {
        let terms = ProgrammeChange {
            points: self.dice.perhaps(2, &[7]),
            slots: Some(self.dice.pick(&[1, 1, 2])),
            multipliers: Some(Multipliers([12_345, 15_000, 100_000])),
            ..ProgrammeChange::default()
        };
        let version = 1;
        Step::Programme {
            by: STAFF,
            version,
            terms,
        }
    }

    pub(crate) fn membership(&mut self, world: &World) -> Step {
        let dice = &mut self.dice;
        let now = world.now.unix_millis();
        // So that some words are of one period, and some of one instant.
        let starts_at = now - now % (5 * MINUTE_MS) + dice.pick(&[-10, -5, 0, 0, 5]) * MINUTE_MS;
        Step::Membership {
            who: dice.pick(&NAMES),
            reference: dice.roll(5),
            message: dice.roll(3),
            status: dice.pick(&[
                "active", "active", "past_due", "canceled", "expired", "refunded",
            ]),
            tier: dice.pick(&[1, 2, 3, 3, 4]),
            starts_at,
            ends_at: starts_at + dice.pick(&[1, 4, 5, 6, 7, 10, 60, 5_000, 0]) * MINUTE_MS,
            occurred_at: now - now % MINUTE_MS + dice.pick(&[-10, -1, 0, 0, 1]) * MINUTE_MS,
        }
    }

    pub(crate) fn minute(&mut self, world: &World) -> i64 {
        let ago = self.dice.pick(&[0, 0, 0, 1, 1, 2, 5, 14, 15, 16, 17, -1]);
        world.now.unix_millis() / MINUTE_MS - ago
    }

    pub(crate) fn viewers(&mut self) -> Vec<&'static str> {
        let mut viewers = Vec::new();
        for name in NAMES {
            if self.dice.one_in(3) {
                viewers.push(name);
            }
        }
        viewers
    }

    pub(crate) fn credit(&mut self, world: &World) -> Step {
        let newest = world.sessions.len().saturating_sub(1);
        let back = self.dice.pick(&[0, 0, 0, 0, 1, 1, 2]);
        Step::Credit {
            proof: self.dice.pick(&[Says::Staff, Says::Devices]),
            // Of one before the first there is none.
            session: newest.checked_sub(back).unwrap_or(usize::from(u16::MAX)),
            minute: self.minute(world),
            viewers: self.viewers(),
        }
    }

    pub(crate) fn create(&mut self) -> Step {
        let terms = goods::terms(&mut self.dice);
        Step::Create {
            by: self.actor(),
            key: self.key(),
            terms,
        }
    }

    pub(crate) fn change(&mut self, world: &World) -> Step {
        let (by, reward) = (self.actor(), self.dice.index(world.rewards.len()));
        let known = world.rewards.get(reward);
        let known = known.and_then(|id| world.room.known.rewards.get(id));
        let version = known.map_or(1, |reward| reward.version);
        let version = if self.dice.one_in(10) {
            version + 1
        } else {
            version
        };
        if self.dice.one_in(6) {
            return Step::Delete {
                by,
                reward,
                version,
            };
        }

        Step::Update {
            by,
            reward,
            version,
            change: goods::change(&mut self.dice),
        }
    }

    /// One that is sold, mostly.
    pub(crate) fn reward(&mut self, world: &World) -> usize {
        let fitting: Vec<_> = (0..world.rewards.len())
            .filter(|index| {
                let found = world.room.known.rewards.get(&world.rewards[*index]);
                found.is_some_and(Reward::is_enabled)
            })
            .collect();
        if fitting.is_empty() || self.dice.one_in(15) {
            return self.dice.index(world.rewards.len() + 1);
        }

        fitting[self.dice.index(fitting.len())]
    }

    pub(crate) fn redeem(&mut self, world: &World) -> Step {
        let reward = self.reward(world);
        let known = world.rewards.get(reward);
        let known = known.and_then(|id| world.room.known.rewards.get(id));
        let cost = known.map(|reward| reward.terms.cost);
        let fitting = known.and_then(|reward| goods::fitting(&reward.terms.input));
        let said = self.dice.perhaps(2, &SAID);
        Step::Redeem {
            by: self.dice.pick(&VIEWERS),
            key: self.key(),
            reward,
            cost: cost
                .filter(|_| self.dice.one_in(3))
                .map(|cost| cost + i64::from(self.dice.one_in(5))),
            input: if self.dice.one_in(6) { said } else { fitting },
        }
    }

    /// One that is open or was fulfilled, mostly, and lately made.
    pub(crate) fn redemption(&mut self, world: &World, status: RedemptionStatus) -> usize {
        let fitting: Vec<_> = (0..world.redemptions.len())
            .filter(|index| {
                let id = world.redemptions[*index];
                let found = world.room.known.redemptions.get(&id);
                found.is_some_and(|one| one.status == status)
            })
            .collect();
        if fitting.is_empty() || self.dice.one_in(6) {
            return self.dice.index(world.redemptions.len() + 1);
        }

        fitting[self.dice.index(fitting.len())]
    }

    pub(crate) fn settle(&mut self, world: &World) -> Step {
        let statuses = [
            RedemptionStatus::Unfulfilled,
            RedemptionStatus::Unfulfilled,
            RedemptionStatus::Unfulfilled,
            RedemptionStatus::Entered,
            RedemptionStatus::NotDrawn,
        ];
        let status = self.dice.pick(&statuses);
        Step::Settle {
            by: self.actor(),
            redemption: self.redemption(world, status),
            fulfill: self.dice.one_in(2),
        }
    }

    pub(crate) fn refund(&mut self, world: &World) -> Step {
        Step::Refund {
            by: self.actor(),
            key: self.key(),
            redemption: self.redemption(world, RedemptionStatus::Fulfilled),
            points: self.dice.perhaps(2, &[1, 2, 10, 30, 0, -1]),
            reason: self.reason(),
        }
    }
}

pub(crate) fn member(who: &'static str, change: Coming) -> Step {
    let (role, grants) = match who {
        "olga" => (Role::Owner, Vec::new()),
        "mo" => (Role::Moderator, vec!["POINTS_ADJUST"]),
        "ana" => (Role::Member, vec!["REDEMPTION_MANAGE", "REWARD_MANAGE"]),
        _ => (Role::Member, Vec::new()),
    };
    Step::Member {
        who,
        change,
        role,
        grants,
    }
}
