//! What a viewer is told of a reward beforehand is what they are told when they redeem it.

use parlor_domain::hype_train::Phase;
use parlor_domain::reward::{Availability, Limits, Terms, TermsChange, UnmetRule};
use parlor_domain::room::RoomChange;
use parlor_domain::room_aggregate::{ActRefusal, Offer, RedeemRefusal, RewardTarget, Settlement};
use proptest::prelude::*;

use crate::company::{Do, STAFF};
use crate::shop::{Shop, actor, limited, terms};

/// What `name` is told of the reward.
fn told(shop: &Shop, name: &str, reward: parlor_domain::id::RewardId) -> Told {
    let aggregate = &shop.company.stage.aggregate;
    let participant = shop.company.get(name);
    let number = participant.as_ref().map(|one| one.number);
    let known = &aggregate.known;
    let reward = known.rewards.get(&reward).unwrap();
    let uses = number.and_then(|number| {
        let key = (reward.id, number);
        known.uses.has_asked(&key).then(|| known.uses.get(&key))?
    });
    let offer = Offer {
        reward,
        round: None,
        entries: 0,
        own: uses.copied().unwrap_or_default(),
        room: &aggregate.room,
        session: aggregate.session.as_ref(),
        train: aggregate.train.as_ref().map(|train| &train.shown),
        online: aggregate.census.online.count,
        available: number.map_or(0, |number| known.books.balance(number).available()),
        tier: None,
        at: aggregate.head.occurred_at.max(shop.company.stage.now),
    };

    Told {
        refusal: offer.check(participant.as_ref()).err(),
        places: offer.places(),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Told {
    refusal: Option<RedeemRefusal>,
    places: Option<i64>,
}

#[test]
fn places_are_what_is_left_to_the_viewer() {
    let mut shop = Shop::open();
    let limits = Limits {
        per_session: Some(3),
        per_viewer_and_session: Some(2),
        ..Limits::default()
    };
    let reward = shop.make(limited(limits)).unwrap().id;
    let places = |shop: &Shop, name| told(shop, name, reward).places;
    assert_eq!(places(&shop, "ana"), Some(2));
    let one = shop.redeem("ana", reward).unwrap();
    assert_eq!(
        (places(&shop, "ana"), places(&shop, "ben")),
        (Some(1), Some(2))
    );
    shop.redeem("ben", reward).unwrap();
    assert_eq!(
        (places(&shop, "ana"), places(&shop, "ben")),
        (Some(1), Some(1))
    );
    shop.settle("mo", one.id, Settlement::Cancel).unwrap();
    assert_eq!(places(&shop, "ana"), Some(2));
    shop.next_session();
    assert_eq!(places(&shop, "ben"), Some(2));
    let unlimited = shop.make(terms(1)).unwrap().id;
    assert_eq!(places(&shop, "ana"), Some(2));
    assert_eq!(told(&shop, "ana", unlimited).places, None);
}

#[test]
fn whoever_may_not_act_is_told_so() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(1)).unwrap().id;
    shop.company.act("ben", Do::Leave).unwrap();
    for name in ["ben", "zoe"] {
        let refusal = told(&shop, name, reward).refusal;
        assert_eq!(refusal, Some(ActRefusal::NotJoined.into()));
    }
    let disabled = Terms {
        is_enabled: false,
        ..terms(1)
    };
    let disabled = shop.make(disabled).unwrap().id;
    let refusal = told(&shop, "ana", disabled).refusal;
    assert_eq!(refusal, Some(RedeemRefusal::NotFound(disabled)));
    shop.end_session();
    shop.company.act(STAFF, Do::Archive).unwrap();
    let refusal = told(&shop, "ana", reward).refusal;
    assert_eq!(refusal, Some(ActRefusal::RoomArchived.into()));
}

fn only_when(availability: Availability) -> Terms {
    Terms {
        availability,
        ..terms(1)
    }
}

/// Both what is told and what is decided.
fn refused(shop: &mut Shop, reward: parlor_domain::id::RewardId) -> Option<RedeemRefusal> {
    let told = told(shop, "ana", reward).refusal;
    assert_eq!(shop.redeem("ana", reward).err(), told);
    told
}

#[test]
fn a_reward_is_redeemed_only_while_the_rooms_title_says_so() {
    let mut shop = Shop::open();
    let part = "Blitz Écho".to_owned();
    let rules = Availability {
        title_contains: Some(part.clone()),
        ..Availability::default()
    };
    let reward = shop.make(only_when(rules)).unwrap().id;
    let unmet = RedeemRefusal::NotAvailable(UnmetRule::TitleContains(part));
    assert_eq!(refused(&mut shop, reward), Some(unmet.clone()));
    for (title, refusal) in [
        ("tonight: BLITZ ÉCHO, live", None),
        ("blitz, then écho", Some(unmet)),
        ("blitz écho", None),
    ] {
        let stage = &mut shop.company.stage;
        let change = RoomChange {
            version: stage.aggregate.room.version,
            title: Some(title.to_owned()),
            ..RoomChange::default()
        };
        let (ids, now) = (&mut stage.ids, stage.now);
        stage
            .aggregate
            .update_room(&actor("staff"), change, ids, now)
            .unwrap();
        assert_eq!(refused(&mut shop, reward), refusal, "{title}");
    }
}

#[test]
fn a_reward_is_redeemed_only_while_enough_people_are_there() {
    let mut shop = Shop::open();
    let rules = Availability {
        online_min: Some(2),
        ..Availability::default()
    };
    let reward = shop.make(only_when(rules)).unwrap().id;
    let unmet = |online| {
        let least = 2;
        Some(RedeemRefusal::NotAvailable(UnmetRule::OnlineMin {
            least,
            online,
        }))
    };
    assert_eq!(refused(&mut shop, reward), unmet(0));
    shop.company.act_on("ben", Do::Connect(1)).unwrap();
    // On a second node as well, they are still one.
    shop.company.act_on("ben", Do::Connect(2)).unwrap();
    assert_eq!(refused(&mut shop, reward), unmet(1));
    shop.company.act_on("mo", Do::Connect(1)).unwrap();
    assert_eq!(refused(&mut shop, reward), None);
    shop.company.act_on("mo", Do::Disconnect(1)).unwrap();
    assert_eq!(refused(&mut shop, reward), unmet(1));
}

#[test]
fn a_reward_is_redeemed_only_while_a_train_is_at_its_level() {
    let mut shop = Shop::open();
    let rules = Availability {
        train_level_min: Some(2),
        ..Availability::default()
    };
    let reward = shop.make(only_when(rules)).unwrap().id;
    let least = 2;
    let unmet = Some(RedeemRefusal::NotAvailable(UnmetRule::TrainLevelMin {
        least,
    }));
    assert_eq!(refused(&mut shop, reward), unmet);
    for (viewer, amount, refusal) in [
        ("ana", 10, unmet.clone()),
        ("ben", 10, unmet.clone()),
        ("ana", 10, unmet.clone()),
        ("cem", 69, unmet.clone()),
        ("cem", 1, None),
    ] {
        shop.company.stage.donate(viewer, amount);
        assert_eq!(refused(&mut shop, reward), refusal, "{amount} of {viewer}");
    }
    let expires_at = shop.company.stage.train().expires_at;
    shop.company.stage.now = expires_at;
    assert_eq!(refused(&mut shop, reward), None);
    // Its end need not be written down yet.
    shop.pass(1);
    assert_eq!(shop.company.stage.train().phase, Phase::Running);
    assert_eq!(refused(&mut shop, reward), unmet);
}

#[test]
fn rules_that_make_no_sense_are_refused_by_name() {
    let mut shop = Shop::open();
    let none = Availability::default;
    for (availability, field) in [
        (
            Availability {
                title_contains: Some(String::new()),
                ..none()
            },
            "availability.titleContains",
        ),
        (
            Availability {
                train_level_min: Some(0),
                ..none()
            },
            "availability.trainLevelMin",
        ),
        (
            Availability {
                online_min: Some(0),
                ..none()
            },
            "availability.onlineMin",
        ),
    ] {
        let refused = shop.make(only_when(availability)).unwrap_err();
        assert!(refused.to_string().contains(field), "{refused}");
    }
}

#[test]
fn rules_are_changed_whole() {
    let mut shop = Shop::open();
    let rules = Availability {
        online_min: Some(2),
        ..Availability::default()
    };
    let reward = shop.make(only_when(rules)).unwrap();
    let target = RewardTarget {
        id: reward.id,
        version: reward.version,
    };
    let change = TermsChange {
        availability: Some(Availability::default()),
        ..TermsChange::default()
    };
    let stage = &mut shop.company.stage;
    let changed =
        stage
            .aggregate
            .update_reward(&actor("olga"), target, &change, &mut stage.ids, stage.now);
    changed.unwrap();
    assert_eq!(refused(&mut shop, reward.id), None);
}

proptest! {
    /// Whatever was redeemed before, what is told is what happens.
    #[test]
    fn what_is_told_is_what_is_decided(
        history in prop::collection::vec((0..3_usize, 0..5_usize, 0..40_000_i64), 1..40),
        end in 0..40_usize,
    ) {
        let mut shop = Shop::open();
        let limits = Limits {
            cooldown_ms: Some(10_000),
            viewer_cooldown_ms: Some(30_000),
            per_session: Some(8),
            per_viewer_and_session: Some(3),
        };
        let rewards = [
            terms(30),
            limited(limits),
            Terms { is_paused: true, ..terms(1) },
            Terms { redeemable_offline: true, ..terms(7) },
            Terms { is_enabled: false, ..terms(1) },
        ]
        .map(|terms| shop.make(terms).unwrap().id);
        for (step, (who, reward, millis)) in history.into_iter().enumerate() {
            if step == end {
                shop.end_session();
            }
            let (name, reward) = (["ana", "ben", "zoe"][who], rewards[reward]);
            let told = told(&shop, name, reward);
            let redeemed = shop.redeem(name, reward);
            prop_assert_eq!(told.refusal, redeemed.err());
            shop.pass(millis);
        }
    }
}
