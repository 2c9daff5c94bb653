//! What the room is told of a redemption: once, as it is made, and no more than the reward says.

use parlor_domain::event::{Event, EventBody, Timing};
use parlor_domain::reward::{RedemptionAlert, RewardInput, Terms, TermsChange};
use parlor_domain::room_aggregate::{Order, RewardTarget, Settlement};

use crate::shop::{Shop, actor, terms};

/// The redemptions that the room was told.
fn told(shop: &Shop) -> Vec<(&Event, &RedemptionAlert)> {
    let events = shop.company.stage.aggregate.changes.events.iter();

    events.filter_map(alert).collect()
}

fn alert(event: &Event) -> Option<(&Event, &RedemptionAlert)> {
    let EventBody::RewardRedeemed(alert) = &event.body else {
        return None;
    };

    Some((event, alert))
}

fn say_it() -> Terms {
    Terms {
        title: "Say it".to_owned(),
        input: RewardInput::Text { pattern: None },
        color: Some("#3366ff".to_owned()),
        icon: Some("💬".to_owned()),
        ..terms(30)
    }
}

#[test]
fn the_room_is_told_who_redeemed_what_and_what_was_said_only_if_the_reward_shows_it() {
    for (shows_input, shown) in [(false, None), (true, Some("hello"))] {
        let mut shop = Shop::open();
        let reward = shop.make(Terms {
            shows_input,
            ..say_it()
        });
        let reward = reward.unwrap();
        let order = Order::new("k".to_owned(), reward.id, None, Some(" hello ".to_owned()));
        let redemption = shop.order("ana", &order.unwrap()).unwrap();
        assert_eq!(redemption.input.as_deref(), Some("hello"));

        let told = told(&shop);
        assert_eq!(told.len(), 1);
        let (event, alert) = told[0];
        let moment = (event.body.part(), event.body.timing());
        assert_eq!(moment, (None, Timing::Picture));
        assert_eq!(event.occurred_at, redemption.redeemed_at);
        let expected = RedemptionAlert {
            id: redemption.id,
            reward_id: reward.id,
            participant_id: shop.person("ana").id,
            name: "ana".to_owned(),
            title: "Say it".to_owned(),
            cost: 30,
            color: Some("#3366ff".to_owned()),
            icon: Some("💬".to_owned()),
            input: shown.map(str::to_owned),
        };
        assert_eq!(alert, &expected);
    }
}

#[test]
fn a_reward_that_is_not_announced_is_redeemed_in_silence() {
    let mut shop = Shop::open();
    let reward = shop.make(Terms {
        is_announced: false,
        shows_input: true,
        ..terms(30)
    });
    let reward = reward.unwrap();
    shop.redeem("ana", reward.id).unwrap();
    assert_eq!(told(&shop).len(), 0);

    // What is redeemed from then on goes by what the reward says then.
    let change = TermsChange {
        is_announced: Some(true),
        title: Some("Hydrate, please".to_owned()),
        ..TermsChange::default()
    };
    let target = RewardTarget {
        id: reward.id,
        version: reward.version,
    };
    let stage = &mut shop.company.stage;
    let olga = actor("olga");
    let changed = stage
        .aggregate
        .update_reward(&olga, target, &change, &mut stage.ids, stage.now);
    assert!(
        changed.unwrap().terms.shows_input,
        "what is not given stays"
    );
    shop.redeem("ben", reward.id).unwrap();
    let told = told(&shop);
    assert_eq!(told.len(), 1);
    let said = (told[0].1.name.as_str(), told[0].1.title.as_str());
    assert_eq!(said, ("ben", "Hydrate, please"));
}

#[test]
fn the_room_is_told_once_whatever_becomes_of_it() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(20)).unwrap();
    let by_itself = shop.make(Terms {
        auto_fulfills: true,
        ..terms(20)
    });
    let by_itself = by_itself.unwrap();
    let order = Order::new("k".to_owned(), reward.id, None, None).unwrap();
    let first = shop.order("ana", &order).unwrap();
    assert_eq!(shop.order("ana", &order).unwrap(), first);
    assert_eq!(told(&shop).len(), 1, "the same key says the same once");
    // What is refused is not told.
    shop.order(
        "ana",
        &Order::new("k".to_owned(), by_itself.id, None, None).unwrap(),
    )
    .unwrap_err();
    shop.order("nobody", &order).unwrap_err();

    let canceled = shop.redeem("ana", reward.id).unwrap();
    let expired = shop.redeem("ben", reward.id).unwrap();
    let spent = shop.redeem("ben", by_itself.id).unwrap();
    let ids: Vec<_> = told(&shop).iter().map(|(_, alert)| alert.id).collect();
    assert_eq!(ids, [first.id, canceled.id, expired.id, spent.id]);

    shop.settle("mo", first.id, Settlement::Fulfill).unwrap();
    shop.settle("mo", canceled.id, Settlement::Cancel).unwrap();
    shop.refund("mo", first.id, Some(10)).unwrap();
    shop.refund("mo", spent.id, None).unwrap();
    shop.end_session();
    shop.pass(expired.expires_after_ms);
    shop.expire_due();
    assert!(!shop.redemption(expired.id).is_open());
    assert_eq!(told(&shop).len(), 4);
}

#[test]
fn what_is_redeemed_while_nothing_is_live_is_told_by_the_rooms_own_delay() {
    let mut shop = Shop::open();
    let reward = shop.make(Terms {
        redeemable_offline: true,
        membership_tier_min: None,
        ..terms(1)
    });
    let reward = reward.unwrap();
    shop.end_session();
    let stage = &mut shop.company.stage;
    stage.aggregate.room.delay_ms = 7_000;
    let (ids, now) = (&mut stage.ids, stage.now);
    stage
        .aggregate
        .start_session(Some(3_000), ids, now)
        .unwrap();
    shop.redeem("ana", reward.id).unwrap();
    shop.end_session();
    shop.redeem("ana", reward.id).unwrap();

    let delays = told(&shop)
        .into_iter()
        .map(|(event, _)| event.display_at.unix_millis() - event.occurred_at.unix_millis());
    assert_eq!(delays.collect::<Vec<_>>(), [3_000, 7_000]);
}
