//! Rewards: what is sold, who may redeem it and how often, and what becomes of it.

use std::collections::BTreeMap;

use parlor_domain::id::{RedemptionId, RewardId, ViewerId};
use parlor_domain::invalid::Invalid;
use parlor_domain::participant::Participant;
use parlor_domain::points::{Balance, Ledger, MemberNumber, Proof, Unsound};
use parlor_domain::reward::{
    ENABLED_REWARDS_MAX, Limits, Redemption, RedemptionStatus, Reward, RewardInput, Terms,
    TermsChange,
};
use parlor_domain::room_aggregate::{
    Actor, Adjustment, AdjustmentKind, AnswerKey, Order, RedeemRefusal, RewardRefusal,
    RewardTarget, SettleRefusal, Settlement,
};
use proptest::prelude::*;

use crate::company::{Company, Do, STAFF};

/// A live room that sells, whose members have 100 points each.
struct Shop {
    company: Company,
    orders: u32,
}

const MEMBERS: [&str; 4] = ["olga", "mo", "ana", "ben"];

fn terms(cost: i64) -> Terms {
    Terms {
        title: "Hydrate".to_owned(),
        prompt: None,
        cost,
        input: RewardInput::None,
        color: None,
        is_enabled: true,
        is_paused: false,
        auto_fulfills: false,
        redeemable_offline: false,
        limits: Limits::default(),
    }
}

fn limited(limits: Limits) -> Terms {
    Terms { limits, ..terms(1) }
}

fn actor(name: &str) -> Actor {
    Actor {
        viewer_id: ViewerId::parse(name).unwrap(),
        is_staff: name == STAFF,
    }
}

impl Shop {
    fn open() -> Self {
        let mut company = Company::assembled();
        let stage = &mut company.stage;
        let room_id = stage.aggregate.room.id;
        let books = &mut stage.aggregate.known.books;
        books.put_ledger(Ledger::empty(room_id));
        for number in 0..10 {
            books.ask(MemberNumber(number));
        }
        let (ids, now) = (&mut stage.ids, stage.now);
        stage.aggregate.start_session(None, ids, now).unwrap();
        let mut shop = Self { company, orders: 0 };
        for name in MEMBERS {
            shop.grant(name, 100);
        }
        shop
    }

    fn person(&self, name: &str) -> Participant {
        self.company.get(name).unwrap()
    }

    fn grant(&mut self, name: &str, points: i64) {
        let id = self.person(name).id;
        let (key, kind) = (format!("grant {name} {points}"), AdjustmentKind::Grant);
        let adjustment = Adjustment::new(key, id, kind, points, "to begin".to_owned()).unwrap();
        let stage = &mut self.company.stage;
        let known = &mut stage.aggregate.known;
        known
            .answers
            .ask(AnswerKey::of_adjustment(&actor(STAFF), &adjustment));
        let (ids, now) = (&mut stage.ids, stage.now);
        let granted = stage
            .aggregate
            .adjust_points(&actor(STAFF), &adjustment, [0; 32], ids, now);
        granted.unwrap();
    }

    fn make(&mut self, terms: Terms) -> Result<Reward, RewardRefusal> {
        let stage = &mut self.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        stage
            .aggregate
            .create_reward(&actor("olga"), terms, ids, now)
    }

    /// Redeems under a key of its own.
    fn redeem(&mut self, name: &str, id: RewardId) -> Result<Redemption, RedeemRefusal> {
        self.orders += 1;
        let key = format!("order {}", self.orders);
        self.order(name, &Order::new(key, id, None, None).unwrap())
    }

    fn order(&mut self, name: &str, order: &Order) -> Result<Redemption, RedeemRefusal> {
        let who = actor(name);
        let number = self.company.get(name).map(|one| one.number);
        let stage = &mut self.company.stage;
        let known = &mut stage.aggregate.known;
        known.answers.ask(AnswerKey::of_order(&who, order));
        known.people.ask_viewer(who.viewer_id.clone());
        known.rewards.ask(order.reward_id());
        if let Some(number) = number {
            known.uses.ask((order.reward_id(), number));
        }
        let print = serde_json::to_vec(order).unwrap();
        let mut fingerprint = [0; 32];
        for (index, byte) in print.into_iter().enumerate() {
            fingerprint[index % 32] ^= byte.rotate_left(u32::try_from(index % 7).unwrap());
        }
        let (ids, now) = (&mut stage.ids, stage.now);
        stage.aggregate.redeem(&who, order, fingerprint, ids, now)
    }

    fn settle(
        &mut self,
        name: &str,
        id: RedemptionId,
        settlement: Settlement,
    ) -> Result<Redemption, SettleRefusal> {
        let stage = &mut self.company.stage;
        stage.aggregate.known.redemptions.ask(id);
        let (ids, now) = (&mut stage.ids, stage.now);
        stage
            .aggregate
            .settle_redemption(&actor(name), id, settlement, ids, now)
    }

    fn balance(&self, name: &str) -> (i64, i64) {
        let balance = self
            .company
            .stage
            .aggregate
            .known
            .books
            .balance(self.person(name).number);
        (balance.points, balance.held)
    }

    /// Ends the session, and begins the next.
    fn next_session(&mut self) {
        let stage = &mut self.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        stage.aggregate.end_session(ids, now).unwrap();
        stage.aggregate.start_session(None, ids, now).unwrap();
    }

    fn pass(&mut self, millis: i64) {
        self.company.stage.now = self.company.stage.now.plus_millis(millis);
    }

    fn check_books(&self) {
        let aggregate = &self.company.stage.aggregate;
        let mut proof = Proof::new(aggregate.room.id);
        for (transfer, link) in &aggregate.changes.transfers {
            proof.add(transfer, *link, &BTreeMap::new()).unwrap();
        }
        for redemption in aggregate.changes.redemptions.values() {
            proof.add_purchase(redemption.purchase()).unwrap();
        }
        let accounts: Vec<(MemberNumber, Balance)> = aggregate
            .changes
            .balances
            .iter()
            .map(|(member, balance)| (*member, *balance))
            .collect();
        proof
            .compare(aggregate.known.books.ledger(), accounts)
            .unwrap();
    }
}

#[test]
fn points_are_held_until_somebody_saw_to_it() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(30)).unwrap();
    let first = shop.redeem("ana", reward.id).unwrap();
    let second = shop.redeem("ana", reward.id).unwrap();
    assert_eq!(shop.balance("ana"), (100, 60));
    shop.check_books();

    shop.settle("mo", first.id, Settlement::Fulfill).unwrap();
    shop.settle("mo", second.id, Settlement::Cancel).unwrap();

    assert_eq!(shop.balance("ana"), (70, 0));
    let transfers = &shop.company.stage.aggregate.changes.transfers;
    let (last, _) = transfers.last().unwrap();
    assert_eq!(last.about, Some(first.id.0));
    assert_eq!(last.balance_after, 70);
    shop.check_books();
}

#[test]
fn holds_beyond_what_a_member_has_are_named() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(30)).unwrap();
    let redemption = shop.redeem("ana", reward.id).unwrap();
    let aggregate = &shop.company.stage.aggregate;
    let mut proof = Proof::new(aggregate.room.id);
    for (transfer, link) in &aggregate.changes.transfers {
        proof.add(transfer, *link, &BTreeMap::new()).unwrap();
    }
    // Whoever raises what is held in both places that it stands in.
    let more = Redemption {
        cost: 101,
        ..redemption
    };
    proof.add_purchase(more.purchase()).unwrap();
    let raised = aggregate.changes.balances.iter().map(|(member, balance)| {
        let held = if *member == more.member { 101 } else { 0 };
        (*member, Balance { held, ..*balance })
    });
    let unsound = proof
        .compare(aggregate.known.books.ledger(), raised)
        .unwrap_err();
    assert!(
        matches!(unsound, Unsound::HeldBeyondBalance { held: 101, .. }),
        "{unsound}"
    );
}

#[test]
fn of_two_who_settle_it_one_wins_and_the_other_is_told() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(30)).unwrap();
    let one = shop.redeem("ana", reward.id).unwrap().id;
    let other = shop.redeem("ana", reward.id).unwrap().id;
    shop.settle("mo", one, Settlement::Fulfill).unwrap();
    shop.settle("olga", other, Settlement::Cancel).unwrap();

    for settlement in [Settlement::Fulfill, Settlement::Cancel] {
        let told = shop.settle("olga", one, settlement).unwrap_err();
        assert_eq!(told, SettleRefusal::AlreadyFulfilled);
        let told = shop.settle("mo", other, settlement).unwrap_err();
        assert_eq!(told, SettleRefusal::AlreadyCanceled);
    }
    assert_eq!(shop.balance("ana"), (70, 0));
    assert!(matches!(
        shop.settle("ana", one, Settlement::Cancel).unwrap_err(),
        SettleRefusal::Act(_)
    ));
}

#[test]
fn what_fulfills_itself_is_spent_at_once() {
    let mut shop = Shop::open();
    let reward = shop
        .make(Terms {
            auto_fulfills: true,
            ..terms(30)
        })
        .unwrap();
    let redemption = shop.redeem("ana", reward.id).unwrap();

    assert_eq!(redemption.status, RedemptionStatus::Fulfilled);
    assert_eq!(redemption.settled_at, Some(redemption.redeemed_at));
    assert_eq!(shop.balance("ana"), (70, 0));
    shop.check_books();
}

#[test]
fn nobody_spends_what_is_held() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(60)).unwrap();
    shop.redeem("ana", reward.id).unwrap();
    let refused = shop.redeem("ana", reward.id).unwrap_err();
    assert_eq!(
        refused,
        RedeemRefusal::InsufficientPoints {
            available: 40,
            cost: 60
        }
    );
}

#[test]
fn the_same_key_redeems_once() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(30)).unwrap();
    let order = |cost| Order::new("k".to_owned(), reward.id, cost, None).unwrap();
    let first = shop.order("ana", &order(Some(30))).unwrap();
    assert_eq!(shop.order("ana", &order(Some(30))).unwrap(), first);
    // Also when it was settled meanwhile: the first answer is what was answered first.
    shop.settle("mo", first.id, Settlement::Cancel).unwrap();
    assert_eq!(shop.order("ana", &order(Some(30))).unwrap(), first);
    let refused = shop.order("ana", &order(None)).unwrap_err();
    assert_eq!(refused, RedeemRefusal::KeyReused("k".to_owned()));

    assert_eq!(shop.balance("ana"), (100, 0));
    shop.order("ben", &order(Some(30))).unwrap();
}

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
            .update_reward(&actor("olga"), target, &change, now)
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
fn an_offline_room_sells_only_what_may_be_redeemed_then() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(1)).unwrap();
    let anytime = Terms {
        redeemable_offline: true,
        ..terms(1)
    };
    let anytime = shop.make(anytime).unwrap();
    let stage = &mut shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    stage.aggregate.end_session(ids, now).unwrap();

    assert_eq!(
        shop.redeem("ana", reward.id).unwrap_err(),
        RedeemRefusal::NotLive
    );
    let redemption = shop.redeem("ana", anytime.id).unwrap();

    // An archived room sells nothing, and what was sold is seen to.
    shop.company.act(STAFF, Do::Archive).unwrap();
    assert!(matches!(
        shop.redeem("ana", anytime.id).unwrap_err(),
        RedeemRefusal::Act(_)
    ));
    shop.settle("mo", redemption.id, Settlement::Cancel)
        .unwrap();
}

#[test]
fn limits_count_by_session_and_cancelling_gives_the_place_back() {
    let mut shop = Shop::open();
    let reward = shop
        .make(limited(Limits {
            per_session: Some(3),
            per_viewer_and_session: Some(2),
            ..Limits::default()
        }))
        .unwrap();
    let first = shop.redeem("ana", reward.id).unwrap();
    shop.redeem("ana", reward.id).unwrap();
    assert_eq!(
        shop.redeem("ana", reward.id).unwrap_err(),
        RedeemRefusal::ViewerLimit
    );
    shop.redeem("ben", reward.id).unwrap();
    assert_eq!(
        shop.redeem("mo", reward.id).unwrap_err(),
        RedeemRefusal::SessionLimit
    );

    shop.settle("mo", first.id, Settlement::Cancel).unwrap();
    shop.redeem("ana", reward.id).unwrap();
    shop.next_session();
    for name in ["ana", "ana", "ben"] {
        shop.redeem(name, reward.id).unwrap();
    }
    assert_eq!(
        shop.redeem("mo", reward.id).unwrap_err(),
        RedeemRefusal::SessionLimit
    );
}

#[test]
fn a_place_of_a_past_session_is_not_given_back_in_the_next() {
    let mut shop = Shop::open();
    let reward = shop
        .make(limited(Limits {
            per_session: Some(1),
            ..Limits::default()
        }))
        .unwrap();
    let before = shop.redeem("ana", reward.id).unwrap();
    shop.next_session();
    shop.redeem("ben", reward.id).unwrap();
    shop.settle("mo", before.id, Settlement::Cancel).unwrap();

    assert_eq!(
        shop.redeem("mo", reward.id).unwrap_err(),
        RedeemRefusal::SessionLimit
    );
}

#[test]
fn rewards_cool_down() {
    let mut shop = Shop::open();
    let reward = shop
        .make(limited(Limits {
            cooldown_ms: Some(1_000),
            viewer_cooldown_ms: Some(5_000),
            ..Limits::default()
        }))
        .unwrap();
    let began = shop.redeem("ana", reward.id).unwrap().redeemed_at;
    let until = |millis| RedeemRefusal::Cooldown {
        until: began.plus_millis(millis),
    };

    assert_eq!(shop.redeem("ben", reward.id).unwrap_err(), until(1_000));
    assert_eq!(shop.redeem("ana", reward.id).unwrap_err(), until(5_000));
    shop.pass(1_000);
    shop.redeem("ben", reward.id).unwrap();
    shop.pass(3_999);
    assert_eq!(shop.redeem("ana", reward.id).unwrap_err(), until(5_000));
    shop.pass(1);
    shop.redeem("ana", reward.id).unwrap();
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
    let refused = aggregate.update_reward(&owner, target(&disabled), &enabling, now);
    assert_eq!(refused.unwrap_err(), RewardRefusal::TooManyEnabled);
    aggregate
        .delete_reward(&owner, target(&made[0]), now)
        .unwrap();
    aggregate
        .update_reward(&owner, target(&disabled), &enabling, now)
        .unwrap();
    let gone = aggregate.delete_reward(&owner, target(&made[0]), now);
    assert_eq!(gone.unwrap_err(), RewardRefusal::NotFound(made[0].id));
    let outdated = aggregate.delete_reward(&owner, target(&disabled), now);
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
        .update_reward(&owner, target(1), &change, now)
        .unwrap();
    stage
        .aggregate
        .delete_reward(&owner, target(2), now)
        .unwrap();

    let settled = shop
        .settle("mo", redemption.id, Settlement::Fulfill)
        .unwrap();
    assert_eq!((settled.title.as_str(), settled.cost), ("Hydrate", 30));
    assert_eq!(shop.balance("ana"), (70, 0));
    shop.check_books();
}

/// What somebody does in a shop with three rewards.
#[derive(Debug, Clone, Copy)]
enum Act {
    Redeem(&'static str, usize),
    Settle(usize, Settlement),
    NextSession,
    Pass(i64),
}

fn acts() -> impl Strategy<Value = Act> {
    let who = prop_oneof![Just("ana"), Just("ben"), Just("mo")];
    let settlement = prop_oneof![Just(Settlement::Fulfill), Just(Settlement::Cancel)];
    prop_oneof![
        6 => (who, 0..3_usize).prop_map(|(who, reward)| Act::Redeem(who, reward)),
        3 => (0..40_usize, settlement).prop_map(|(which, what)| Act::Settle(which, what)),
        1 => Just(Act::NextSession),
        1 => (1..3_000_i64).prop_map(Act::Pass),
    ]
}

proptest! {
    /// Whatever is redeemed and settled in whatever order: holds are settled once, nobody spends what they
    /// have not, no limit is passed, and the books prove themselves.
    #[test]
    fn the_books_are_sound_whatever_is_redeemed(history in prop::collection::vec(acts(), 0..80)) {
        let mut shop = Shop::open();
        let limits = Limits {
            per_session: Some(4),
            per_viewer_and_session: Some(2),
            ..Limits::default()
        };
        let rewards = [
            shop.make(terms(30)).unwrap().id,
            shop.make(limited(limits)).unwrap().id,
            shop.make(Terms { auto_fulfills: true, ..terms(7) }).unwrap().id,
        ];
        let mut made: Vec<RedemptionId> = Vec::new();
        for act in history {
            match act {
                Act::Redeem(who, reward) => {
                    let redeemed = shop.redeem(who, rewards[reward]);
                    made.extend(redeemed.ok().map(|one| one.id));
                }
                Act::Settle(which, settlement) => {
                    if let Some(id) = made.get(which) {
                        drop(shop.settle("mo", *id, settlement));
                    }
                }
                Act::NextSession => shop.next_session(),
                Act::Pass(millis) => shop.pass(millis),
            }
        }

        shop.check_books();
        let aggregate = &shop.company.stage.aggregate;
        let mut counted: BTreeMap<_, i64> = BTreeMap::new();
        for one in aggregate.changes.redemptions.values() {
            if one.reward_id == rewards[1] && one.status != RedemptionStatus::Canceled {
                *counted.entry(one.session_id).or_default() += 1;
            }
        }
        prop_assert!(counted.values().all(|count| *count <= 4), "{counted:?}");
    }
}
