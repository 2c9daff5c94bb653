//! What a stream is like: which programs it goes by, what is given in it, and how fast.

use parlor_domain::hype_train::{AnonymousGifts, Level};

use crate::dice::Dice;
use crate::step::{Given, Terms};

/// What is a lot of hype: as much as a donation can be.
const AMOUNT_MAX: i64 = 1_000_000_000_000;
/// Few amounts and few goals, so that there are equals, and goals that are just reached.
const AMOUNTS: [i64; 8] = [1, 10, 20, 25, 40, 50, 75, 100];
const GOALS: [i64; 7] = [1, 50, 75, 100, 200, 500, 1_600];

/// Shares are of a hundred.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one way in which a stream is odd"
)]
pub(crate) struct Temper {
    /// How many viewers give.
    pub(crate) viewers: usize,
    pub(crate) anonymous: u64,
    /// What is said of a contribution that is known.
    pub(crate) follow_ups: u64,
    pub(crate) reversals: u64,
    /// Steps of a clock that is behind another one's.
    pub(crate) behind: u64,
    /// Steps that belong to the commit before.
    pub(crate) joined: u64,
    /// Once in so many times something happens when something is just over, or is just not.
    pub(crate) edges: u64,
    /// Programs, sessions and states of the room that change.
    pub(crate) changes: u64,
    /// What is given is alike, and without names.
    pub(crate) is_alike: bool,
    /// Trains are short and many.
    is_quick: bool,
    /// A kickoff that asks for more than comes.
    is_crowded: bool,
    /// Amounts and goals beyond all measure.
    is_huge: bool,
}

impl Temper {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let is_crowded = dice.one_in(80);
        Self {
            viewers: dice.pick(&[1, 2, 3, 5, 12]),
            anonymous: dice.pick(&[0, 10, 30, 60]),
            follow_ups: if is_crowded {
                10
            } else {
                dice.pick(&[10, 30, 50])
            },
            reversals: dice.pick(&[10, 40, 80]),
            behind: dice.pick(&[0, 0, 0, 20]),
            joined: if is_crowded {
                80
            } else {
                dice.pick(&[0, 10, 40])
            },
            edges: if is_crowded { 400 } else { 4 },
            changes: dice.pick(&[2, 8, 20]),
            is_alike: dice.one_in(6),
            is_quick: dice.one_in(2),
            is_crowded,
            is_huge: dice.one_in(40),
        }
    }

    pub(crate) fn length(&self, dice: &mut Dice) -> u64 {
        if self.is_crowded {
            80 + dice.roll(40)
        } else {
            20 + dice.roll(100)
        }
    }

    pub(crate) fn terms(&self, dice: &mut Dice) -> Terms {
        let kickoff_events = if self.is_crowded {
            dice.pick(&[99, 100])
        } else if self.is_quick {
            dice.pick(&[1, 2, 2, 3])
        } else {
            dice.pick(&[1, 2, 3, 4, 6])
        };
        let kickoff_viewers = if self.is_crowded {
            kickoff_events
        } else {
            1 + u32::try_from(dice.roll(kickoff_events.min(4).into())).unwrap()
        };
        let each = if self.is_crowded {
            AnonymousGifts::Together
        } else {
            AnonymousGifts::Each
        };
        let kickoff_anonymous =
            dice.pick(&[AnonymousGifts::Together, AnonymousGifts::Nobody, each]);
        let levels = 1 + dice.index(3);
        let levels = (0..levels).map(|_| self.level(dice)).collect();
        let kickoff_window_ms = if self.is_crowded {
            86_400_000
        } else {
            dice.pick(&[1_000, 10_000, 60_000, 300_000])
        };

        Terms {
            kickoff_events,
            kickoff_viewers,
            kickoff_anonymous,
            kickoff_window_ms,
            levels,
            seconds_per_level: if self.is_quick {
                dice.pick(&[5, 10])
            } else {
                dice.pick(&[5, 30, 300, 3_600])
            },
            cooldown_ms: if self.is_quick {
                dice.pick(&[0, 0, 1_000])
            } else {
                dice.pick(&[0, 1, 10_000, 3_600_000])
            },
        }
    }

    fn level(&self, dice: &mut Dice) -> Level {
        let goal = match dice.roll(20) {
            0 if self.is_huge => AMOUNT_MAX,
            1..=9 if self.is_huge => 1,
            _ => dice.pick(&GOALS),
        };
        let reward = dice.perhaps(2, &["emote", "badge", "song", "dance"]);
        let reward = reward.map(str::to_owned);

        Level { goal, reward }
    }

    pub(crate) fn given(&self, dice: &mut Dice) -> Given {
        let tier = 1 + i64::try_from(dice.roll(3)).unwrap();
        match dice.roll(20) {
            0 => Given::Membership { tier },
            1 => Given::GiftedMemberships {
                tier,
                quantity: dice.pick(&[1, 2, 5]),
            },
            2..=8 if self.is_huge => Given::Donation {
                amount: dice.pick(&[AMOUNT_MAX, AMOUNT_MAX - 1, 2_147_483_647, 4_294_967_295]),
            },
            _ if self.is_alike => Given::Donation { amount: 10 },
            _ => Given::Donation {
                amount: dice.pick(&AMOUNTS),
            },
        }
    }

    /// For how long nothing happens, in milliseconds.
    pub(crate) fn pause(&self, dice: &mut Dice) -> i64 {
        let at_most = match dice.roll(20) {
            0..=6 => return 0,
            7..=8 => return 1,
            9..=13 => 2_000,
            14..=17 => 30_000,
            18 => 600_000,
            _ => 90_000_000,
        };
        let at_most = if self.is_crowded { 500 } else { at_most };

        i64::try_from(dice.roll(at_most)).unwrap()
    }
}
