//! Rewards: what is sold, on what terms, and what it asks for.

use parlor_domain::audit::AuditAction;
use parlor_domain::currency::Currency;
use parlor_domain::invalid::Invalid;
use parlor_domain::reward::{ENABLED_REWARDS_MAX, Reward, RewardInput, Terms, TermsChange};
use parlor_domain::room::RoomChange;
use parlor_domain::room_aggregate::{
    Order, RedeemRefusal, RewardDraft, RewardRefusal, RewardTarget, Settlement,
};
use parlor_domain::watching::EarningChange;

use crate::shop::{Shop, actor, terms};

#[test]
fn what_is_not_for_sale_is_not_sold() {
    let sold = |change: TermsChange, given: Option<i64>| {
        let mut shop = Shop::open();
        let reward = shop.make(terms(30)).unwrap();
        let target = RewardTarget {
            id: reward.id,
            version: reward.version,
        };
        let stage = &mut shop.company.stage;
        let now = stage.now;
        stage
            .aggregate
            .update_reward(&actor("olga"), target, &change, &mut stage.ids, now)
            .unwrap();
        let order = Order::new("k".to_owned(), reward.id, given, None).unwrap();
        let refused = shop.order("ana", &order).unwrap_err();
        assert_eq!(shop.balance("ana"), (100, 0));
        format!("{refused:?}")
    };
    let unchanged = TermsChange::default();

    let disabled = TermsChange {
        is_enabled: Some(false),
        ..unchanged.clone()
    };
    assert!(sold(disabled, None).starts_with("NotFound"));
    let paused = TermsChange {
        is_paused: Some(true),
        ..unchanged.clone()
    };
    assert_eq!(sold(paused, None), "Paused");
    let dearer = TermsChange {
        cost: Some(40),
        ..unchanged
    };
    assert_eq!(
        sold(dearer, Some(30)),
        "CostChanged { cost: 40, given: 30 }"
    );
}

#[test]
fn input_is_checked_before_points_move() {
    let text = |pattern: &str| RewardInput::Text {
        pattern: Some(pattern.to_owned()),
    };
    let choice = RewardInput::Choice {
        choices: vec!["red".to_owned(), "blue".to_owned()],
    };
    let number = RewardInput::Number { min: -5, max: 5 };
    for (input, given, kept) in [
        (RewardInput::None, None, Ok(None)),
        (RewardInput::None, Some("  "), Ok(None)),
        (RewardInput::None, Some("x"), Err("left out")),
        (
            RewardInput::Text { pattern: None },
            Some(" hi 🎉 "),
            Ok(Some("hi 🎉")),
        ),
        (RewardInput::Text { pattern: None }, None, Err("something")),
        (
            RewardInput::Text { pattern: None },
            Some("a\0b"),
            Err("control"),
        ),
        (text("[a-z]{3}"), Some("abc"), Ok(Some("abc"))),
        (text("[a-z]{3}"), Some("abcd"), Err("[a-z]{3}")),
        (text("a|b"), Some("ab"), Err("a|b")),
        (text("(?i)a|b"), Some("B"), Ok(Some("B"))),
        (number.clone(), Some("+5"), Ok(Some("5"))),
        (number.clone(), Some("6"), Err("between -5 and 5")),
        (number.clone(), Some("5.0"), Err("whole number")),
        (number, Some("99999999999999999999"), Err("whole number")),
        (choice.clone(), Some("red"), Ok(Some("red"))),
        (choice, Some("green"), Err("one of: red, blue")),
    ] {
        let mut shop = Shop::open();
        let reward = shop
            .make(Terms {
                input: input.clone(),
                ..terms(10)
            })
            .unwrap();
        let order = Order::new("k".to_owned(), reward.id, None, given.map(str::to_owned));
        match (shop.order("ana", &order.unwrap()), kept) {
            (Ok(redemption), Ok(kept)) => assert_eq!(redemption.input.as_deref(), kept),
            (
                Err(RedeemRefusal::Input(Invalid {
                    field, constraint, ..
                })),
                Err(said),
            ) => {
                assert_eq!(field, "input");
                assert!(constraint.contains(said), "{constraint}");
                assert_eq!(shop.balance("ana"), (100, 0));
            }
            (other, _) => panic!("{input:?} with {given:?}: {other:?}"),
        }
    }
}

#[test]
fn terms_that_make_no_sense_are_refused_by_name() {
    let mut shop = Shop::open();
    let mut refused = |change: &dyn Fn(&mut Terms)| {
        let mut terms = terms(10);
        change(&mut terms);
        match shop.make(terms) {
            Err(RewardRefusal::Invalid(invalid)) => invalid.field,
            other => panic!("{other:?}"),
        }
    };

    assert_eq!(refused(&|terms| terms.title = String::new()), "title");
    assert_eq!(
        refused(&|terms| terms.prompt = Some("x".repeat(301))),
        "prompt"
    );
    assert_eq!(refused(&|terms| terms.cost = 0), "cost");
    assert_eq!(refused(&|terms| terms.cost = i64::MAX), "cost");
    assert_eq!(
        refused(&|terms| terms.color = Some("red".to_owned())),
        "color"
    );
    for icon in ["", " ", "ab", "💧💧", "\u{200b}", "\n", "\u{202e}"] {
        assert_eq!(refused(&|terms| terms.icon = Some(icon.to_owned())), "icon");
    }
    let marks = format!("a{}", "\u{301}".repeat(40));
    assert_eq!(refused(&|terms| terms.icon = Some(marks.clone())), "icon");
    for tier in [0, 4, 255] {
        assert_eq!(
            refused(&|terms| terms.membership_tier_min = Some(tier)),
            "membershipTierMin"
        );
    }
    for pattern in ["(", ")(", "a{1000}{1000}{1000}", ""] {
        let input = RewardInput::Text {
            pattern: Some(pattern.to_owned()),
        };
        assert_eq!(
            refused(&|terms| terms.input = input.clone()),
            "input.text.pattern"
        );
    }
    let number = RewardInput::Number { min: 2, max: 1 };
    assert_eq!(
        refused(&|terms| terms.input = number.clone()),
        "input.number.max"
    );
    for choices in [
        vec![],
        vec!["a"],
        vec!["a", "a"],
        vec!["a", " b"],
        vec!["a", ""],
    ] {
        let choices = choices.into_iter().map(str::to_owned).collect();
        let input = RewardInput::Choice { choices };
        assert_eq!(
            refused(&|terms| terms.input = input.clone()),
            "input.choice"
        );
    }
    assert_eq!(
        refused(&|terms| terms.limits.cooldown_ms = Some(0)),
        "limits.cooldownMs"
    );
    assert_eq!(
        refused(&|terms| terms.limits.per_session = Some(-1)),
        "limits.perSession"
    );
}

#[test]
fn only_so_many_rewards_are_enabled_at_once() {
    let mut shop = Shop::open();
    let made: Vec<_> = (0..ENABLED_REWARDS_MAX)
        .map(|_| shop.make(terms(1)).unwrap())
        .collect();
    assert_eq!(
        shop.make(terms(1)).unwrap_err(),
        RewardRefusal::TooManyEnabled
    );
    let disabled = Terms {
        is_enabled: false,
        ..terms(1)
    };
    let disabled = shop.make(disabled).unwrap();

    let stage = &mut shop.company.stage;
    let now = stage.now;
    let target = |reward: &Reward| RewardTarget {
        id: reward.id,
        version: reward.version,
    };
    let enabling = TermsChange {
        is_enabled: Some(true),
        ..TermsChange::default()
    };
    let aggregate = &mut stage.aggregate;
    let owner = actor("olga");
    let refused =
        aggregate.update_reward(&owner, target(&disabled), &enabling, &mut stage.ids, now);
    assert_eq!(refused.unwrap_err(), RewardRefusal::TooManyEnabled);
    aggregate
        .delete_reward(&owner, target(&made[0]), &mut stage.ids, now)
        .unwrap();
    aggregate
        .update_reward(&owner, target(&disabled), &enabling, &mut stage.ids, now)
        .unwrap();
    let gone = aggregate.delete_reward(&owner, target(&made[0]), &mut stage.ids, now);
    assert_eq!(gone.unwrap_err(), RewardRefusal::NotFound(made[0].id));
    let outdated = aggregate.delete_reward(&owner, target(&disabled), &mut stage.ids, now);
    assert_eq!(
        outdated.unwrap_err(),
        RewardRefusal::StaleVersion {
            current: 2,
            given: 1
        }
    );
}

#[test]
fn what_was_redeemed_keeps_its_title_and_cost() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(30)).unwrap();
    let redemption = shop.redeem("ana", reward.id).unwrap();
    let stage = &mut shop.company.stage;
    let (now, owner) = (stage.now, actor("olga"));
    let target = |version| RewardTarget {
        id: reward.id,
        version,
    };
    let change = TermsChange {
        title: Some("Dehydrate".to_owned()),
        cost: Some(99),
        ..TermsChange::default()
    };
    stage
        .aggregate
        .update_reward(&owner, target(1), &change, &mut stage.ids, now)
        .unwrap();
    stage
        .aggregate
        .delete_reward(&owner, target(2), &mut stage.ids, now)
        .unwrap();

    let settled = shop
        .settle("mo", redemption.id, Settlement::Fulfill)
        .unwrap();
    assert_eq!((settled.title.as_str(), settled.cost), ("Hydrate", 30));
    assert_eq!(shop.balance("ana"), (70, 0));
    shop.check_books();
}

#[test]
fn the_same_key_makes_one_reward() {
    let mut shop = Shop::open();
    let draft = |terms| RewardDraft::new("k".to_owned(), terms).unwrap();
    let first = shop.make_under("olga", &draft(terms(30))).unwrap();
    assert_eq!(shop.make_under("olga", &draft(terms(30))).unwrap(), first);
    // Also when it was changed or deleted since.
    let target = RewardTarget {
        id: first.id,
        version: first.version,
    };
    let stage = &mut shop.company.stage;
    let deleted = stage
        .aggregate
        .delete_reward(&actor("olga"), target, &mut stage.ids, stage.now);
    deleted.unwrap();
    assert_eq!(shop.make_under("olga", &draft(terms(30))).unwrap(), first);
    let refused = shop.make_under("olga", &draft(terms(31))).unwrap_err();
    assert_eq!(refused, RewardRefusal::KeyReused("k".to_owned()));
    assert_eq!(shop.company.stage.aggregate.census.rewards, 0);
}

#[test]
fn what_is_sold_and_what_watching_earns_leaves_a_trail() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(30)).unwrap();
    let stage = &mut shop.company.stage;
    let (owner, ids, now) = (actor("olga"), &mut stage.ids, stage.now);
    let target = |version| RewardTarget {
        id: reward.id,
        version,
    };
    let (dearer, free) = (
        TermsChange {
            cost: Some(31),
            ..TermsChange::default()
        },
        TermsChange {
            cost: Some(-1),
            ..TermsChange::default()
        },
    );
    let room = &mut stage.aggregate;
    let before = room.changes.audit.len();
    room.update_reward(&owner, target(1), &dearer, ids, now)
        .unwrap();
    room.update_reward(&owner, target(1), &dearer, ids, now)
        .unwrap_err();
    room.update_reward(&owner, target(2), &free, ids, now)
        .unwrap_err();
    room.delete_reward(&owner, target(2), ids, now).unwrap();
    let generous = EarningChange {
        points: Some(1_000_000),
        ..EarningChange::default()
    };
    room.update_earning_programme(&owner, 1, &generous, ids, now)
        .unwrap();
    room.update_earning_programme(&owner, 1, &generous, ids, now)
        .unwrap_err();
    let change = RoomChange {
        version: room.room.version,
        reference_currency: Some(Currency::parse("JPY").unwrap()),
        ..RoomChange::default()
    };
    let version = room.update_room(&owner, change, ids, now).unwrap().version;

    let trail = &room.changes.audit[before - 1..];
    let actions: Vec<_> = trail.iter().map(|entry| entry.action.clone()).collect();
    let reward_id = reward.id;
    assert_eq!(
        actions,
        [
            AuditAction::RewardCreated { reward_id },
            AuditAction::RewardUpdated {
                reward_id,
                version: 2
            },
            AuditAction::RewardDeleted { reward_id },
            AuditAction::EarningProgrammeUpdated { version: 2 },
            AuditAction::RoomUpdated { version },
        ]
    );
    assert!(trail.iter().all(|entry| entry.participant_id.is_none()));
    assert!(trail.iter().all(|entry| entry.actor_id == owner.viewer_id));
}
