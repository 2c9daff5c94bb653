//! Redemptions that nobody sees to: when they expire, and what then comes back.

use parlor_domain::reward::{EXPIRES_AFTER_MS_MIN, Limits, RedemptionStatus, Terms, TermsChange};
use parlor_domain::room_aggregate::{RedeemRefusal, RewardTarget, SettleRefusal, Settlement};

use crate::shop::{Shop, actor, limited, terms};

const HOUR_MS: i64 = 3_600_000;

fn hourly(terms: Terms) -> Terms {
    Terms {
        expires_after_ms: HOUR_MS,
        redeemable_offline: true,
        membership_tier_min: None,
        ..terms
    }
}

#[test]
fn nothing_expires_while_its_session_is_live_and_then_to_the_millisecond() {
    let mut shop = Shop::open();
    let reward = shop.make(hourly(terms(30))).unwrap();
    let one = shop.redeem("ana", reward.id).unwrap();
    assert_eq!(one.expires_at(), None);
    shop.pass(100 * HOUR_MS);
    shop.expire_due();
    assert!(shop.redemption(one.id).is_open());

    let ended_at = shop.company.stage.now;
    shop.end_session();
    // Another session prolongs nothing.
    shop.pass(HOUR_MS / 2);
    let stage = &mut shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    stage.aggregate.start_session(None, ids, now).unwrap();
    shop.pass(HOUR_MS / 2 - 1);
    shop.expire_due();
    assert!(shop.redemption(one.id).is_open());
    assert_eq!(shop.balance("ana"), (100, 30));

    shop.pass(1);
    shop.expire_due();
    let expired = shop.redemption(one.id);
    assert_eq!(expired.status, RedemptionStatus::Expired);
    assert_eq!(expired.settled_at, Some(ended_at.plus_millis(HOUR_MS)));
    assert_eq!(expired.settled_by, None);
    assert_eq!(shop.balance("ana"), (100, 0));
    shop.check_books();
}

/// A session whose stream does not come back ended when it went away.
#[test]
fn nothing_expires_before_it_was_made() {
    let mut shop = Shop::open();
    let reward = shop.make(hourly(terms(30))).unwrap();
    let stage = &mut shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    stage.aggregate.interrupt_session(ids, now).unwrap();
    shop.pass(8 * 60_000);
    let one = shop.redeem("ana", reward.id).unwrap();
    shop.pass(HOUR_MS - 1);
    let stage = &mut shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    stage.aggregate.end_expired(ids, now);
    assert!(
        stage
            .aggregate
            .session
            .as_ref()
            .is_some_and(|one| !one.is_live())
    );

    shop.expire_due();
    assert!(shop.redemption(one.id).is_open());
    shop.pass(1);
    shop.expire_due();
    assert_eq!(
        shop.redemption(one.id).settled_at,
        Some(one.redeemed_at.plus_millis(HOUR_MS))
    );
}

#[test]
fn what_was_redeemed_offline_expires_so_long_after_it_was() {
    let mut shop = Shop::open();
    let reward = shop.make(hourly(terms(30))).unwrap();
    shop.end_session();
    shop.pass(5 * HOUR_MS);
    let one = shop.redeem("ana", reward.id).unwrap();
    let expires_at = one.redeemed_at.plus_millis(HOUR_MS);
    assert_eq!(one.expires_at(), Some(expires_at));
    assert_eq!(
        shop.company.stage.aggregate.changes.expiry,
        Some(expires_at)
    );

    shop.pass(HOUR_MS - 1);
    shop.settle("mo", one.id, Settlement::Fulfill).unwrap();
    shop.pass(1);
    shop.expire_due();
    assert_eq!(shop.redemption(one.id).status, RedemptionStatus::Fulfilled);
}

/// Whoever works off what is due may be late; what is decided about it is not.
#[test]
fn whoever_sees_to_it_too_late_is_told() {
    for settlement in [Settlement::Fulfill, Settlement::Cancel] {
        let mut shop = Shop::open();
        let reward = shop.make(hourly(terms(30))).unwrap();
        let one = shop.redeem("ana", reward.id).unwrap();
        shop.end_session();
        shop.pass(HOUR_MS);
        for _ in 0..2 {
            let told = shop.settle("mo", one.id, settlement).unwrap_err();
            assert_eq!(told, SettleRefusal::AlreadyExpired);
        }
        assert_eq!(shop.redemption(one.id).status, RedemptionStatus::Expired);
        assert_eq!(shop.balance("ana"), (100, 0));
        shop.check_books();
    }
}

#[test]
fn a_session_that_ends_in_the_same_batch_counts() {
    let mut shop = Shop::open();
    let reward = shop.make(hourly(terms(30))).unwrap();
    let one = shop.redeem("ana", reward.id).unwrap();
    let stage = &mut shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    let ended = stage.aggregate.end_session(ids, now).unwrap();
    let soonest = ended.ended_at.unwrap().plus_millis(EXPIRES_AFTER_MS_MIN);
    assert_eq!(stage.aggregate.changes.expiry, Some(soonest));

    shop.pass(HOUR_MS);
    let told = shop.settle("mo", one.id, Settlement::Fulfill).unwrap_err();
    assert_eq!(told, SettleRefusal::AlreadyExpired);
}

#[test]
fn nobody_looks_for_what_expires_where_nothing_is_open() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(30)).unwrap();
    let one = shop.redeem("ana", reward.id).unwrap();
    let automatic = Terms {
        auto_fulfills: true,
        ..terms(1)
    };
    let automatic = shop.make(automatic).unwrap();
    shop.redeem("ana", automatic.id).unwrap();
    assert_eq!(shop.company.stage.aggregate.census.open_redemptions, 1);
    shop.settle("mo", one.id, Settlement::Cancel).unwrap();
    assert_eq!(shop.company.stage.aggregate.census.open_redemptions, 0);
    shop.end_session();
    assert_eq!(shop.company.stage.aggregate.changes.expiry, None);
}

#[test]
fn an_expiry_gives_the_place_back_and_not_the_time_as_a_cancelling_does() {
    let mut shop = Shop::open();
    let limits = Limits {
        per_session: Some(1),
        viewer_cooldown_ms: Some(2 * HOUR_MS),
        ..Limits::default()
    };
    let reward = shop.make(hourly(limited(limits))).unwrap();
    shop.end_session();
    shop.redeem("ana", reward.id).unwrap();
    let refused = shop.redeem("ben", reward.id).unwrap_err();
    assert_eq!(refused, RedeemRefusal::SessionLimit);
    shop.pass(HOUR_MS);
    shop.expire_due();

    let refused = shop.redeem("ana", reward.id).unwrap_err();
    assert!(
        matches!(refused, RedeemRefusal::Cooldown { .. }),
        "{refused}"
    );
    shop.redeem("ben", reward.id).unwrap();
}

#[test]
fn what_was_redeemed_keeps_the_time_that_it_was_redeemed_with() {
    let mut shop = Shop::open();
    let reward = shop.make(hourly(terms(30))).unwrap();
    let one = shop.redeem("ana", reward.id).unwrap();
    let change = TermsChange {
        expires_after_ms: Some(EXPIRES_AFTER_MS_MIN),
        ..TermsChange::default()
    };
    let target = RewardTarget {
        id: reward.id,
        version: reward.version,
    };
    let stage = &mut shop.company.stage;
    let changed =
        stage
            .aggregate
            .update_reward(&actor("olga"), target, &change, &mut stage.ids, stage.now);
    changed.unwrap();
    shop.end_session();
    shop.pass(HOUR_MS - 1);
    shop.expire_due();
    assert!(shop.redemption(one.id).is_open());
}

#[test]
fn no_time_to_expire_is_too_short_or_for_ever() {
    let mut shop = Shop::open();
    for expires_after_ms in [0, -1, EXPIRES_AFTER_MS_MIN - 1, i64::MAX] {
        let refused = shop.make(Terms {
            expires_after_ms,
            ..terms(1)
        });
        assert!(refused.unwrap_err().to_string().contains("expiresAfterMs"));
    }
}
