//! Rewards, made up.

use parlor_domain::reward::{Availability, DrawRules, Limits, Restores, RewardInput, Terms};

use crate::dice::Dice;
use crate::step::RewardChange;

const COSTS: [i64; 7] = [1, 1, 5, 10, 10, 30, 100];
const TITLES: [&str; 2] = ["Hydrate", "Say it"];

pub(crate) fn terms(dice: &mut Dice) -> Terms {
    Terms {
        title: dice.pick(&TITLES).to_owned(),
        prompt: None,
        cost: cost(dice),
        input: input(dice),
        color: None,
        icon: None,
        is_enabled: !dice.one_in(12),
        is_paused: dice.one_in(15),
        auto_fulfills: dice.one_in(4),
        redeemable_offline: dice.one_in(2),
        membership_tier_min: tier_min(dice),
        limits: limits(dice),
        refund_restores: restores(dice),
        expires_after_ms: expiry(dice),
        availability: availability(dice),
        is_announced: dice.one_in(2),
        shows_input: dice.one_in(2),
        draw: if dice.one_in(3) { draw(dice) } else { None },
    }
}

pub(crate) fn change(dice: &mut Dice) -> RewardChange {
    let mut change = RewardChange::default();
    match dice.roll(12) {
        0 => change.cost = Some(cost(dice)),
        1 => change.input = Some(input(dice)),
        2 => change.is_enabled = Some(!dice.one_in(3)),
        3 => change.is_paused = Some(dice.one_in(3)),
        4 => change.auto_fulfills = Some(dice.one_in(2)),
        5 => change.redeemable_offline = Some(!dice.one_in(3)),
        6 => change.limits = Some(limits(dice)),
        7 => change.refund_restores = Some(restores(dice)),
        8 => change.expires_after_ms = Some(expiry(dice)),
        10 => change.membership_tier_min = Some(tier_min(dice)),
        9 => change.draw = Some(draw(dice)),
        _ => change.availability = Some(availability(dice)),
    }

    change
}

/// What fits, so that most of what is redeemed is.
pub(crate) fn fitting(input: &RewardInput) -> Option<&'static str> {
    match input {
        RewardInput::None => None,
        RewardInput::Text { .. } => Some("ab12"),
        RewardInput::Number { .. } => Some("4"),
        RewardInput::Choice { .. } => Some("red"),
    }
}

fn tier_min(dice: &mut Dice) -> Option<u8> {
    if dice.one_in(40) {
        return Some(dice.pick(&[0, 4]));
    }

    dice.one_in(5).then(|| dice.pick(&[1, 1, 2, 3]))
}

fn cost(dice: &mut Dice) -> i64 {
    if dice.one_in(30) {
        return dice.pick(&[0, -1, 1_000_000_000, 1_000_000_001]);
    }

    dice.pick(&COSTS)
}

fn input(dice: &mut Dice) -> RewardInput {
    let pattern = |text: &str| RewardInput::Text {
        pattern: Some(text.to_owned()),
    };
    let choices = |all: &[&str]| RewardInput::Choice {
        choices: all.iter().map(|one| (*one).to_owned()).collect(),
    };
    match dice.roll(12) {
        0 => RewardInput::Text { pattern: None },
        1 => pattern("[a-z]+[0-9]*"),
        2 => pattern("a|ab1?2"),
        3 => RewardInput::Number { min: -1, max: 6 },
        4 => RewardInput::Number {
            min: 7,
            max: if dice.one_in(2) { 6 } else { 7 },
        },
        5 => choices(&["red", "blue"]),
        6 if dice.one_in(3) => choices(&["red"]),
        _ => RewardInput::None,
    }
}

fn limits(dice: &mut Dice) -> Limits {
    if dice.one_in(40) {
        return Limits {
            cooldown_ms: dice.perhaps(2, &[0, 604_800_001]),
            per_session: dice.perhaps(2, &[0, 1_000_001]),
            ..Limits::default()
        };
    }

    Limits {
        cooldown_ms: dice.perhaps(4, &[1, 1_000, 60_000, 60_000, 604_800_000]),
        viewer_cooldown_ms: dice.perhaps(4, &[1_000, 60_000, 3_600_000]),
        per_session: dice.perhaps(3, &[1, 2, 3, 4, 1_000_000]),
        per_viewer_and_session: dice.perhaps(3, &[1, 2, 3]),
    }
}

fn restores(dice: &mut Dice) -> Restores {
    Restores {
        places: dice.one_in(2),
        cooldown: dice.one_in(2),
    }
}

fn draw(dice: &mut Dice) -> Option<DrawRules> {
    if dice.one_in(5) {
        return None;
    }
    let (mut windows, mut winners) = ([5_000, 20_000, 60_000, 600_000].to_vec(), vec![1, 1, 2, 3]);
    if dice.one_in(20) {
        windows = vec![4_999, 3_600_001, 3_600_000];
        winners = vec![0, 101, 100];
    }

    Some(DrawRules {
        window_ms: dice.pick(&windows),
        winners: dice.pick(&winners),
    })
}

fn expiry(dice: &mut Dice) -> i64 {
    if dice.one_in(40) {
        return dice.pick(&[59_999, 2_592_000_001]);
    }

    dice.pick(&[60_000, 60_000, 600_000, 86_400_000])
}

fn availability(dice: &mut Dice) -> Availability {
    if !dice.one_in(6) {
        return Availability::default();
    }

    Availability {
        title_contains: dice.one_in(3).then(|| "chess".to_owned()),
        train_level_min: dice.perhaps(3, &[1, 2, 0]),
        online_min: dice.perhaps(3, &[1, 2]),
    }
}
