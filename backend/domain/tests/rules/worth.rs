//! What gifts are worth and weigh: currencies, rates, weights, and what becomes of them later.

use std::sync::Arc;

use parlor_domain::contribution::{
    AMOUNT_MAX, Contribution, ContributionKind, Money, NotCounted, RawReport, Status, WORTH_MAX,
};
use parlor_domain::currency::{Currency, MinorUnit};
use parlor_domain::hype_train::program::{GOAL_MAX, MEMBERSHIP_HYPE_MAX};
use parlor_domain::hype_train::{Phase, Weights};
use parlor_domain::rates::{RATES_MAX, RateTable, RatesDraft, SetRatesRefusal, worth};
use parlor_domain::room::{Occupancy, RoomChange, UpdateRoomRefusal};
use proptest::prelude::*;

use crate::shop::actor;
use crate::stage::{Stage, at, donation, draft, short_program};

/// What the overlay and the bot are held to as well.
const ISO_4217: &str = include_str!("../../../../fixtures/currencies.txt");
/// What a euro is worth, in round numbers.
const RATES: [(&str, &str); 5] = [
    ("USD", "1.1"),
    ("JPY", "160"),
    ("KRW", "1500"),
    ("IDR", "17500"),
    ("KWD", "0.32"),
];

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn money(amount: i64, code: &str) -> Money {
    Money {
        amount,
        currency: currency(code),
    }
}

fn table(base: &str, rates: &[(&str, &str)]) -> RateTable {
    let draft = RatesDraft::parse(0, base, rates.iter().copied()).unwrap();
    RateTable::set(None, draft, at(0)).unwrap()
}

/// A live room that knows the rates.
fn stage() -> Stage {
    let mut stage = Stage::live();
    know(&mut stage, &RATES);
    stage
}

fn know(stage: &mut Stage, rates: &[(&str, &str)]) {
    stage.aggregate.known.rates = Some(Arc::new(table("EUR", rates)));
}

fn given(amount: i64, code: &str) -> RawReport {
    RawReport {
        currency: Some(code.to_owned()),
        ..donation("ana", amount)
    }
}

fn memberships(kind: ContributionKind, tier: i64, quantity: i64) -> RawReport {
    RawReport {
        kind: Some(kind),
        amount: None,
        currency: None,
        tier: Some(tier),
        quantity: Some(quantity),
        ..donation("ana", 1)
    }
}

fn weigh(stage: &mut Stage, raw: RawReport) -> (i64, Option<NotCounted>) {
    let contribution = stage.report(raw).unwrap();
    (contribution.hype, contribution.not_counted)
}

fn weighing(weights: Weights) -> Stage {
    let mut draft = draft();
    draft.program.as_mut().unwrap().weights = weights;
    Stage::open(draft)
}

#[test]
fn every_code_has_the_minor_unit_that_iso_4217_gives_it() {
    let mut listed: Vec<_> = ISO_4217.lines().collect();
    for code in codes() {
        let expected = match listed.first().filter(|line| line.starts_with(&code)) {
            None => MinorUnit::Unlisted,
            Some(line) => match line[4..].parse() {
                Ok(decimals) => MinorUnit::Decimals(decimals),
                Err(_) => MinorUnit::None,
            },
        };
        if expected != MinorUnit::Unlisted {
            listed.remove(0);
        }
        assert_eq!(currency(&code).minor_unit(), expected, "{code}");
    }
    assert_eq!(listed, Vec::<&str>::new(), "in the order of the codes");
    assert_eq!(ISO_4217.lines().count(), 178);
}

/// All that can be written.
fn codes() -> impl Iterator<Item = String> {
    let letters = || 'A'..='Z';
    letters().flat_map(move |a| {
        letters().flat_map(move |b| letters().map(move |c| String::from_iter([a, b, c])))
    })
}

#[test]
fn gifts_of_like_worth_move_a_train_alike() {
    let trains = [
        ("EUR", 500),
        ("JPY", 800),
        ("KRW", 7_500),
        ("IDR", 8_750_000),
        ("KWD", 1_600),
    ]
    .map(|(code, amount)| {
        let mut stage = stage();
        for viewer in ["ana", "ben", "ana"] {
            let raw = RawReport {
                viewer_id: Some(viewer.to_owned()),
                ..given(amount, code)
            };
            let contribution = stage.report(raw).unwrap();
            assert_eq!(contribution.worth, Some(money(500, "EUR")), "{code}");
        }
        let train = stage.train();
        (train.phase, train.level, train.progress, train.total)
    });

    assert_eq!(trains, [(Phase::Running, 9, 0, 1_500); 5]);
}

#[test]
fn money_is_worth_what_the_rates_say_rounded_down() {
    let table = table("EUR", &RATES);
    // (what is given, what the room counts in, what that is worth)
    let cases = [
        ((1, "EUR"), "EUR", Ok(1)),
        ((110, "USD"), "EUR", Ok(100)),
        ((109, "USD"), "EUR", Ok(99)),
        ((1, "USD"), "EUR", Ok(0)),
        ((2, "USD"), "EUR", Ok(1)),
        ((1, "JPY"), "EUR", Ok(0)),
        ((2, "JPY"), "EUR", Ok(1)),
        ((1, "KWD"), "EUR", Ok(0)),
        ((174, "IDR"), "EUR", Ok(0)),
        ((175, "IDR"), "EUR", Ok(0)),
        ((17_499, "IDR"), "EUR", Ok(0)),
        ((17_500, "IDR"), "EUR", Ok(1)),
        ((100, "EUR"), "JPY", Ok(160)),
        ((99, "EUR"), "JPY", Ok(158)),
        ((100, "EUR"), "KWD", Ok(320)),
        ((110, "USD"), "JPY", Ok(160)),
        ((1_000, "KWD"), "IDR", Ok(5_468_750)),
        ((160, "JPY"), "KRW", Ok(1_500)),
        ((100, "GBP"), "EUR", Err(NotCounted::NoRate)),
        ((100, "EUR"), "GBP", Err(NotCounted::NoRate)),
        ((100, "GBP"), "GBP", Ok(100)),
        ((100, "XAU"), "EUR", Err(NotCounted::NoMinorUnit)),
        ((100, "ZZZ"), "EUR", Err(NotCounted::UnknownCurrency)),
    ];

    for ((amount, code), reference, expected) in cases {
        let found = worth(&money(amount, code), &currency(reference), Some(&table));
        let expected = expected.map(|amount| money(amount, reference));
        assert_eq!(found, expected, "{amount} {code} in {reference}");
    }
}

#[test]
fn without_a_table_a_room_counts_its_reference_currency_alone() {
    let mut stage = Stage::live();
    assert_eq!(weigh(&mut stage, given(500, "EUR")), (500, None));
    let unrated = Some(NotCounted::NoRate);
    assert_eq!(weigh(&mut stage, given(500, "USD")), (0, unrated));
    assert_eq!(weigh(&mut stage, given(500, "JPY")), (0, unrated));
    let unlisted = Some(NotCounted::UnknownCurrency);
    assert_eq!(weigh(&mut stage, given(500, "DEM")), (0, unlisted));
}

#[test]
fn a_rate_is_a_decimal_above_zero() {
    for (text, written) in [
        ("1", "1"),
        ("1.0", "1"),
        ("001.50", "1.5"),
        ("0.0000000001", "0.0000000001"),
        ("999999999999999", "999999999999999"),
        ("99999.9999999999", "99999.9999999999"),
        ("100000000000.000", "100000000000"),
        ("1.00000000000000000000", "1"),
    ] {
        let draft = RatesDraft::parse(0, "EUR", [("USD", text)].into_iter()).unwrap();
        let table = RateTable::set(None, draft, at(0)).unwrap();
        assert_eq!(table.rates[&currency("USD")].to_string(), written, "{text}");
    }
    for text in [
        "", " ", "0", "0.000", "-1", "+1", ".5", "1.", "1,5", "1e3", "1.2.3", "NaN", "١", " 1",
        "1 ", "1.٥", "0x1",
    ] {
        assert_refused("EUR", &[("USD", text)], "rates.rate", "above zero");
    }
    for text in [
        "1000000000000001",
        "0.00000000001",
        "123456.1234567891",
        "1.23456789012",
    ] {
        assert_refused("EUR", &[("USD", text)], "rates.rate", "at most 15 digits");
    }
}

fn assert_refused(base: &str, rates: &[(&str, &str)], field: &str, constraint: &str) {
    let refused = RatesDraft::parse(0, base, rates.iter().copied()).unwrap_err();
    assert_eq!(refused.field, field, "{rates:?}: {refused}");
    assert!(refused.constraint.contains(constraint), "{refused}");
}

#[test]
fn a_table_has_each_listed_currency_once() {
    let small = table("eur", &[("usd", "1.1"), ("Jpy", "160")]);
    assert_eq!(small, table("EUR", &[("JPY", "160"), ("USD", "1.10")]));
    let with_base = table("EUR", &[("USD", "1.1"), ("EUR", "1.00")]);
    assert_eq!(with_base, table("EUR", &[("USD", "1.1")]));
    assert_eq!(table("EUR", &[]).rates.len(), 0);

    let of_currency = "rates.currency";
    for (base, rates, field, constraint) in [
        (
            "EUR",
            &[("USD", "1"), ("usd", "1")][..],
            of_currency,
            "once",
        ),
        ("EUR", &[("EUR", "1"), ("eur", "1")], of_currency, "once"),
        ("EUR", &[("EUR", "1.1")], "rates.rate", "1 for the base"),
        ("EUR", &[("ZZZ", "1")], of_currency, "lists"),
        ("EUR", &[("XAU", "1")], of_currency, "lists"),
        ("EUR", &[("EURO", "1")], of_currency, "code"),
        ("EUR", &[("€", "1")], of_currency, "code"),
        ("XXX", &[], "base", "lists"),
        ("", &[], "base", "code"),
    ] {
        assert_refused(base, rates, field, constraint);
    }
    let many = vec![("USD", "1"); RATES_MAX + 1];
    assert_refused("EUR", &many, "rates", "at most 200");
}

#[test]
fn rates_are_set_against_the_version_that_they_replace() {
    let set = |present: Option<&RateTable>, version| {
        let draft = RatesDraft::parse(version, "EUR", RATES.into_iter()).unwrap();
        RateTable::set(present, draft, at(7))
    };
    let stale = |current, given| Err(SetRatesRefusal::StaleVersion { current, given });

    assert_eq!(set(None, 1), stale(0, 1));
    let first = set(None, 0).unwrap();
    assert_eq!((first.version, first.set_at), (1, at(7)));
    assert_eq!(set(Some(&first), 0), stale(1, 0));
    assert_eq!(set(Some(&first), 1).unwrap().version, 2);
}

#[test]
fn each_kind_and_tier_weighs_what_the_program_says() {
    use ContributionKind::{GiftedMemberships, Membership};

    let mut stage = weighing(Weights {
        donation_bp: 25_000,
        membership: [1, 20, 300],
        gifted_membership: [4, 50, 0],
    });
    // (what is given, its hype, or why it has none)
    let cases = [
        (given(1, "EUR"), (2, None)),
        (given(3, "EUR"), (7, None)),
        (memberships(Membership, 1, 1), (1, None)),
        (memberships(Membership, 2, 1), (20, None)),
        (memberships(Membership, 3, 1), (300, None)),
        (memberships(GiftedMemberships, 1, 10), (40, None)),
        (memberships(GiftedMemberships, 2, 3), (150, None)),
        (
            memberships(GiftedMemberships, 3, 3),
            (0, Some(NotCounted::Weightless)),
        ),
    ];
    for (raw, expected) in cases {
        assert_eq!(weigh(&mut stage, raw.clone()), expected, "{raw:?}");
    }

    let mut stage = weighing(Weights {
        donation_bp: 0,
        ..Weights::default()
    });
    let weightless = Some(NotCounted::Weightless);
    assert_eq!(weigh(&mut stage, given(900, "EUR")), (0, weightless));
    let mut stage = weighing(Weights {
        donation_bp: 1,
        ..Weights::default()
    });
    let too_small = Some(NotCounted::TooSmall);
    assert_eq!(weigh(&mut stage, given(9_999, "EUR")), (0, too_small));
    assert_eq!(weigh(&mut stage, given(10_000, "EUR")), (1, None));
}

#[test]
fn a_membership_weighs_its_tier_whatever_its_price_is_worth() {
    let mut stage = stage();
    for (code, worth) in [("USD", Some(money(454, "EUR"))), ("ZZZ", None)] {
        let raw = RawReport {
            amount: Some(500),
            currency: Some(code.to_owned()),
            ..memberships(ContributionKind::Membership, 2, 1)
        };
        let contribution = stage.report(raw).unwrap();
        assert_eq!(contribution.worth, worth);
        assert_eq!((contribution.hype, contribution.not_counted), (1_000, None));
    }
}

#[test]
fn weights_have_bounds() {
    for (weights, field) in [
        ((-1, [1; 3], [1; 3]), "weights.donationBasisPoints"),
        ((1_000_001, [1; 3], [1; 3]), "weights.donationBasisPoints"),
        ((1, [0, -1, 0], [1; 3]), "weights.membership"),
        ((1, [0, 0, 1_000_001], [1; 3]), "weights.membership"),
        ((1, [1; 3], [-1, 0, 0]), "weights.giftedMembership"),
        ((1, [1; 3], [1_000_001, 0, 0]), "weights.giftedMembership"),
    ] {
        let (donation_bp, membership, gifted_membership) = weights;
        let mut program = short_program();
        program.weights = Weights {
            donation_bp,
            membership,
            gifted_membership,
        };
        assert_eq!(program.check().unwrap_err().field, field, "{weights:?}");
    }
    let mut program = short_program();
    program.weights = Weights {
        donation_bp: 0,
        membership: [0; 3],
        gifted_membership: [MEMBERSHIP_HYPE_MAX; 3],
    };
    program.check().unwrap();
}

#[test]
fn what_weighs_nothing_is_told_and_moves_no_train() {
    let mut stage = stage();
    for (amount, code) in [(500, "GBP"), (1, "IDR"), (5, "XAU"), (5, "ZZZ")] {
        let seq = stage.aggregate.head.seq;
        let contribution = stage.report(given(amount, code)).unwrap();
        assert_eq!(contribution.status, Status::Settled);
        assert_eq!(contribution.train_id, None);
        assert_eq!(stage.kinds_since(seq), ["ContributionReceived"], "{code}");
    }
    assert!(stage.aggregate.train.is_none());

    for viewer in ["ana", "ben", "ana"] {
        stage.donate(viewer, 10);
    }
    let before = stage.train().clone();
    let nothing = stage.report(given(500, "GBP")).unwrap();
    stage.follow_up(&nothing, given(500, "GBP"), Status::Reversed);
    assert_eq!(stage.train(), &before);
}

#[test]
fn what_a_gift_is_worth_is_decided_when_it_is_first_reported() {
    let mut stage = stage();
    let pending = RawReport {
        status: Some(Status::Pending),
        ..given(550, "USD")
    };
    let first = stage.report(pending.clone()).unwrap();
    assert_eq!(first.hype, 500);
    let unrated = RawReport {
        status: Some(Status::Pending),
        ..given(550, "GBP")
    };
    let nothing = stage.report(unrated.clone()).unwrap();

    know(&mut stage, &[("USD", "2"), ("GBP", "1")]);
    set_reference(&mut stage, "USD").unwrap();
    for (first, raw) in [(&first, pending), (&nothing, unrated)] {
        let settled = follow(&mut stage, first, raw.clone(), Status::Settled);
        let weighed = |one: &Contribution| (one.worth.clone(), one.hype, one.not_counted);
        assert_eq!(weighed(&settled), weighed(first));
        let reversed = follow(&mut stage, first, raw, Status::Reversed);
        assert_eq!(weighed(&reversed), weighed(first));
    }

    let later = stage.report(given(550, "USD")).unwrap();
    assert_eq!((later.hype, later.worth), (550, Some(money(550, "USD"))));
    let euro = stage.report(given(500, "EUR")).unwrap();
    assert_eq!((euro.hype, euro.worth), (1_000, Some(money(1_000, "USD"))));
}

fn follow(stage: &mut Stage, first: &Contribution, raw: RawReport, status: Status) -> Contribution {
    let contribution_ref = Some(first.contribution_ref.clone());
    let raw = RawReport {
        contribution_ref,
        status: Some(status),
        ..raw
    };
    stage.report(raw).unwrap()
}

fn set_reference(stage: &mut Stage, code: &str) -> Result<(), UpdateRoomRefusal> {
    let change = RoomChange {
        version: stage.aggregate.room.version,
        reference_currency: Some(currency(code)),
        ..RoomChange::default()
    };
    let now = stage.now;
    stage
        .aggregate
        .update_room(&actor("staff"), change, &mut stage.ids, now)
        .map(drop)
}

#[test]
fn a_room_counts_in_what_has_a_minor_unit() {
    let mut stage = Stage::live();
    assert_eq!(stage.aggregate.room.reference_currency, currency("EUR"));
    for code in ["XAU", "XXX", "ZZZ"] {
        let UpdateRoomRefusal::Invalid(invalid) = set_reference(&mut stage, code).unwrap_err()
        else {
            panic!("{code}");
        };
        assert_eq!(invalid.field, "referenceCurrency");
    }
    set_reference(&mut stage, "KWD").unwrap();
    assert_eq!(weigh(&mut stage, given(1_250, "KWD")), (1_250, None));

    // A code may be delisted while a room counts in it.
    let mut room = stage.aggregate.room.clone();
    room.reference_currency = currency("ZZZ");
    let change = RoomChange {
        version: room.version,
        title: Some("Another".to_owned()),
        ..RoomChange::default()
    };
    let present = Occupancy {
        is_live: true,
        on_stage: 0,
    };
    room.changed(change, present, stage.now).unwrap();
}

#[test]
fn the_largest_and_the_smallest_of_everything_stay_in_bounds() {
    let (small, large) = ("0.0000000001", "999999999999999");
    // From the weakest currency to the strongest, and back.
    for (from, to, amount, expected) in [
        (small, large, AMOUNT_MAX, WORTH_MAX),
        (small, large, 1, WORTH_MAX),
        (large, small, AMOUNT_MAX, 0),
        (large, small, 1, 0),
        (large, large, AMOUNT_MAX, WORTH_MAX.min(AMOUNT_MAX * 10_000)),
        (small, small, 1, 10_000),
    ] {
        let table = table("EUR", &[("JPY", from), ("CLF", to)]);
        let found = worth(&money(amount, "JPY"), &currency("CLF"), Some(&table));
        assert_eq!(found, Ok(money(expected, "CLF")), "{amount} {from} {to}");
    }

    let mut stage = weighing(Weights {
        donation_bp: 1_000_000,
        membership: [MEMBERSHIP_HYPE_MAX; 3],
        gifted_membership: [MEMBERSHIP_HYPE_MAX; 3],
    });
    assert_eq!(
        weigh(&mut stage, given(AMOUNT_MAX, "EUR")),
        (GOAL_MAX, None)
    );
    let most = memberships(ContributionKind::GiftedMemberships, 3, 10_000);
    assert_eq!(weigh(&mut stage, most), (10_000_000_000, None));
}

proptest! {
    #[test]
    fn a_worth_is_the_whole_part_of_the_exact_quotient(
        amount in prop_oneof![Just(1), Just(AMOUNT_MAX), 1..=AMOUNT_MAX, 1..100_000_i64],
        from in rate(),
        to in rate(),
        codes in (0..4_usize, 0..4_usize),
    ) {
        // One of each number of decimals; the reference is another.
        const FROM: [(&str, usize); 4] = [("KRW", 0), ("IDR", 2), ("KWD", 3), ("CLF", 4)];
        const TO: [(&str, usize); 4] = [("JPY", 0), ("USD", 2), ("BHD", 3), ("UYW", 4)];
        let ((from_code, from_decimals), (to_code, to_decimals)) = (FROM[codes.0], TO[codes.1]);
        let table = table("EUR", &[(from_code, &from), (to_code, &to)]);

        let found = worth(&money(amount, from_code), &currency(to_code), Some(&table)).unwrap();
        prop_assert_eq!(found.currency.as_str(), to_code);

        let (from, from_rate_decimals) = digits(&from);
        let (to, to_rate_decimals) = digits(&to);
        let numerator = product(&[amount, to], to_decimals + from_rate_decimals);
        let times = |worth| product(&[worth, from], from_decimals + to_rate_decimals);
        prop_assert!(!is_less(&numerator, &times(found.amount)), "it is not too much");
        let is_all = is_less(&numerator, &times(found.amount + 1));
        prop_assert!(is_all || found.amount == WORTH_MAX, "it is not too little");
        prop_assert!((0..=WORTH_MAX).contains(&found.amount));
    }

    #[test]
    fn the_base_makes_no_difference(amount in 1..=AMOUNT_MAX, of_dollar in 1..1_000_000_i64) {
        // What a euro is in dollars and yen, and what a dollar is in euros and yen, as exactly.
        let by_euro = table("EUR", &[("USD", "2"), ("JPY", &(2 * of_dollar).to_string())]);
        let by_dollar = table("USD", &[("EUR", "0.5"), ("JPY", &of_dollar.to_string())]);
        for (from, to) in [("USD", "EUR"), ("EUR", "JPY"), ("JPY", "USD"), ("JPY", "EUR")] {
            let found = |table| worth(&money(amount, from), &currency(to), Some(table));
            prop_assert_eq!(found(&by_euro), found(&by_dollar));
        }
    }
}

/// Any rate there may be, as text.
fn rate() -> impl Strategy<Value = String> {
    let most = 999_999_999_999_999_i64;
    let digits = prop_oneof![Just(1), Just(most), 1..=most, 1..1_000_000_i64];
    (digits, 0..=10_usize).prop_map(|(digits, decimals)| {
        let text = format!("{digits:0width$}", width = decimals + 1);
        let (whole, rest) = text.split_at(text.len() - decimals);
        if rest.is_empty() {
            whole.to_owned()
        } else {
            format!("{whole}.{rest}")
        }
    })
}

/// A rate's digits and how many of them are decimals, zeros at the end among them.
fn digits(rate: &str) -> (i64, usize) {
    let decimals = rate.split_once('.').map_or(0, |(_, rest)| rest.len());
    (rate.replace('.', "").parse().unwrap(), decimals)
}

/// A product of any size, with so many zeros behind it: its digits, the last first.
fn product(factors: &[i64], zeros: usize) -> Vec<u64> {
    let mut digits = vec![0; zeros];
    digits.push(1);
    for factor in factors {
        let (mut carry, factor) = (0, u128::try_from(*factor).unwrap());
        for digit in &mut digits {
            let sum = u128::from(*digit) * factor + carry;
            (*digit, carry) = (u64::try_from(sum % 10).unwrap(), sum / 10);
        }
        while carry > 0 {
            digits.push(u64::try_from(carry % 10).unwrap());
            carry /= 10;
        }
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits
}

fn is_less(left: &[u64], right: &[u64]) -> bool {
    (left.len(), left.iter().rev().collect::<Vec<_>>())
        < (right.len(), right.iter().rev().collect::<Vec<_>>())
}
