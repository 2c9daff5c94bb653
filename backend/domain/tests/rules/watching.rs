//! Minutes that are credited: whom they count for, and what they bring.

use parlor_domain::id::SessionId;
use parlor_domain::participant::Capability;
use parlor_domain::points::MemberNumber;
use parlor_domain::room_aggregate::{EarningRefusal, Override, WatchProof, WatchedMinute};
use parlor_domain::watching::{
    EarningChange, Minute, NumberSet, SlotOutcome, StampCard, WATCHERS_MAX,
};

use crate::cinema::{Cinema, outcomes, set, usual};
use crate::company::{Do, STAFF};
use crate::shop::actor;
use SlotOutcome::{
    AlreadyCounted, Counted, InTheFuture, Interrupted, OtherSession, ProgrammeOff, TooLate,
};

#[test]
fn five_minutes_bring_ten_points() {
    let mut cinema = Cinema::open(usual());
    assert_eq!(cinema.watch_on(11, 2), [0, 0, 0, 0, 10, 0, 0, 0, 0, 10, 0]);
    assert_eq!(cinema.shop.balance("ana"), (120, 0));
    assert_eq!(cinema.earned(3), 0);
    cinema.check_books().unwrap();
}

#[test]
fn progress_goes_on_in_the_next_session() {
    let mut cinema = Cinema::open(usual());
    assert_eq!(cinema.watch_on(4, 2), [0; 4]);
    cinema.shop.next_session();
    assert_eq!(cinema.watch_on(1, 2), [10]);
}

#[test]
fn a_minute_counts_once_and_what_brings_nothing_new_writes_nothing() {
    let mut cinema = Cinema::open(usual());
    assert_eq!(outcomes(&cinema.watch([2, 3])), [Counted, Counted]);
    let (ledger, credits) = (
        *cinema.aggregate().known.books.ledger(),
        cinema.aggregate().changes.credits.len(),
    );
    assert_eq!(outcomes(&cinema.watch([2, 3])), [AlreadyCounted; 2]);
    assert_eq!(cinema.aggregate().changes.credits.len(), credits);
    assert_eq!(*cinema.aggregate().known.books.ledger(), ledger);

    let overlapping = cinema.watch([1, 2, 3, 70]);
    assert_eq!(
        outcomes(&overlapping),
        [Counted, AlreadyCounted, AlreadyCounted, Counted]
    );
    cinema.check_books().unwrap();
}

#[test]
fn why_a_minute_does_not_count() {
    let mut cinema = Cinema::open(usual());
    let (start, session) = (cinema.minute(), cinema.session());
    cinema.shop.pass(20 * 60_000);
    let mut credit = |session, minute: i64| {
        let minute = Minute(start.0 + minute);
        outcomes(&cinema.credit(session, minute, set([2])))[0]
    };

    assert_eq!(credit(session, 21), InTheFuture);
    assert_eq!(credit(session, 20), Counted);
    assert_eq!(credit(session, 3), TooLate);
    // It ended fifteen minutes ago to the millisecond.
    assert_eq!(credit(session, 4), Counted);
    assert_eq!(credit(SessionId(uuid::Uuid::nil()), 20), OtherSession);
}

#[test]
fn a_minute_counts_within_its_session() {
    let mut cinema = Cinema::open(usual());
    let (start, first) = (cinema.minute(), cinema.session());
    let credit = |cinema: &mut Cinema, session, minute: i64, member| {
        let minute = Minute(start.0 + minute);
        outcomes(&cinema.credit(session, minute, set([member])))[0]
    };
    assert_eq!(credit(&mut cinema, first, -1, 2), OtherSession);
    cinema.shop.pass(150_000);
    cinema.shop.next_session();
    let second = cinema.session();
    cinema.shop.pass(150_000);

    // The first ended in the middle of its third minute, in which the second began.
    assert_eq!(credit(&mut cinema, first, 2, 2), Counted);
    assert_eq!(credit(&mut cinema, second, 2, 3), Counted);
    assert_eq!(credit(&mut cinema, first, 3, 2), OtherSession);
    assert_eq!(credit(&mut cinema, second, 1, 3), OtherSession);
    // Nobody watches twice in a minute, whatever the session.
    assert_eq!(credit(&mut cinema, second, 2, 2), AlreadyCounted);
    cinema.shop.next_session();
    assert_eq!(credit(&mut cinema, first, 1, 2), OtherSession);
    assert_eq!(credit(&mut cinema, second, 3, 2), Counted);
    cinema.check_books().unwrap();
}

#[test]
fn nothing_counts_while_the_stream_is_away() {
    let mut cinema = Cinema::open(usual());
    let (start, session) = (cinema.minute(), cinema.session());
    let credit = |cinema: &mut Cinema, minute: i64| {
        let minute = Minute(start.0 + minute);
        outcomes(&cinema.credit(session, minute, set([2])))[0]
    };
    cinema.shop.pass(90_000);
    cinema.room().interrupt();
    cinema.shop.pass(60_000);
    assert_eq!(credit(&mut cinema, 1), Counted);
    assert_eq!(credit(&mut cinema, 2), Interrupted);
    cinema.shop.pass(120_000);
    cinema.room().resume();
    cinema.shop.pass(120_000);

    // Away from half past 1 to half past 4, of which 2 and 3 are whole minutes.
    assert_eq!(credit(&mut cinema, 2), Interrupted);
    assert_eq!(credit(&mut cinema, 3), Interrupted);
    assert_eq!(credit(&mut cinema, 4), Counted);
    assert_eq!(credit(&mut cinema, 5), Counted);
    cinema.check_books().unwrap();
}

#[test]
fn the_first_minute_ever_brings_its_bonus_once() {
    let mut cinema = Cinema::open(EarningChange {
        first_watch_bonus: Some(50),
        slots: Some(2),
        ..usual()
    });
    assert_eq!(cinema.watch_on(3, 2), [50, 10, 0]);
    cinema.shop.next_session();
    assert_eq!(cinema.watch_on(2, 2), [10, 0]);
    cinema.check_books().unwrap();
}

#[test]
fn a_full_stamp_card_brings_its_points_and_begins_anew() {
    let card = StampCard {
        points: 300,
        stamps: 2,
        sessions: 3,
        slots: 2,
    };
    let mut cinema = Cinema::open(EarningChange {
        points: Some(0),
        stamp_card: Some(Some(card)),
        ..usual()
    });
    // Whether somebody came for long enough, and what that brought.
    for (minutes, brought) in [
        (2, 0),
        (1, 0),
        (3, 300), // The first and the third of three.
        (2, 0),
        (0, 0),
        (0, 0),
        (2, 0), // The one before is too long ago.
        (2, 300),
    ] {
        let sum: i64 = cinema.watch_on(minutes, 2).into_iter().sum();
        assert_eq!(sum, brought);
        cinema.shop.pass(60_000);
        cinema.shop.next_session();
    }
    cinema.check_books().unwrap();
}

#[test]
fn a_programme_is_pinned_as_a_session_starts() {
    let mut cinema = Cinema::open(usual());
    let session = cinema.session();
    cinema.watch_on(4, 2);
    cinema.room().update(EarningChange {
        points: Some(1_000),
        ..usual()
    });
    assert_eq!(cinema.watch_on(1, 2), [10]);
    let late = cinema.minute();
    cinema.shop.pass(30_000);
    cinema.shop.next_session();
    assert_eq!(cinema.watch_on(5, 3).pop(), Some(1_000));
    // What is late is credited as its session was to be.
    cinema.credit(session, late, set([2]));
    let last = &cinema.aggregate().changes.credits.last().unwrap().0;
    assert_eq!(last.terms().unwrap().0.points, 10);

    cinema.room().update(EarningChange {
        is_enabled: Some(false),
        ..usual()
    });
    cinema.shop.pass(60_000);
    cinema.shop.next_session();
    assert_eq!(outcomes(&cinema.watch([2])), [ProgrammeOff]);
    cinema.check_books().unwrap();
}

#[test]
fn who_may_say_what_watching_earns() {
    let mut cinema = Cinema::open(usual());
    let mut update = |name, version, change| {
        let refused = cinema.room().try_update(name, version, &change);
        refused.map_err(|refusal| format!("{refusal:?}"))
    };
    let missing = Err("Act(CapabilityMissing(EarningManage))".to_owned());
    assert_eq!(update("mo", 2, usual()), missing);
    let stale = Err("StaleVersion { current: 2, given: 1 }".to_owned());
    assert_eq!(update("olga", 1, usual()), stale);
    assert_eq!(update("olga", 2, usual()), Ok(3));
    assert_eq!(update(STAFF, 3, usual()), Ok(4));

    let card = StampCard {
        points: 1,
        stamps: 1,
        sessions: 1,
        slots: 1,
    };
    let with = |card| EarningChange {
        stamp_card: Some(Some(card)),
        ..usual()
    };
    for (field, change) in [
        (
            "points",
            EarningChange {
                points: Some(-1),
                ..usual()
            },
        ),
        (
            "points",
            EarningChange {
                points: Some(1_000_001),
                ..usual()
            },
        ),
        (
            "slots",
            EarningChange {
                slots: Some(0),
                ..usual()
            },
        ),
        (
            "slots",
            EarningChange {
                slots: Some(1_441),
                ..usual()
            },
        ),
        (
            "firstWatchBonus",
            EarningChange {
                first_watch_bonus: Some(-1),
                ..usual()
            },
        ),
        ("stampCard.points", with(StampCard { points: 0, ..card })),
        (
            "stampCard.sessions",
            with(StampCard {
                sessions: 33,
                ..card
            }),
        ),
        ("stampCard.stamps", with(StampCard { stamps: 2, ..card })),
        ("stampCard.slots", with(StampCard { slots: 0, ..card })),
    ] {
        let refused = cinema.room().try_update("olga", 4, &change).unwrap_err();
        let EarningRefusal::Invalid(invalid) = refused else {
            panic!("{field}: {refused:?}");
        };
        assert_eq!(invalid.field, field);
    }
}

#[test]
fn a_moderator_who_was_granted_it_says_what_watching_earns() {
    let mut cinema = Cinema::open(usual());
    let granted = Do::Change("mo", Override::Grant, Capability::EarningManage, None);
    cinema.shop.company.act("olga", granted).unwrap();
    assert_eq!(cinema.room().try_update("mo", 2, &usual()), Ok(3));
}

#[test]
fn what_was_earned_is_spent_like_what_was_given() {
    let mut cinema = Cinema::open(EarningChange {
        points: Some(500),
        slots: Some(1),
        ..usual()
    });
    cinema.watch([2]);
    assert_eq!(cinema.shop.balance("ana"), (600, 0));
    let reward = cinema.shop.make(crate::shop::terms(550)).unwrap();
    let redemption = cinema.shop.redeem("ana", reward.id).unwrap();
    cinema.shop.redeem("ana", reward.id).unwrap_err();
    assert_eq!(cinema.shop.balance("ana"), (600, 550));
    let fulfill = parlor_domain::room_aggregate::Settlement::Fulfill;
    cinema.shop.settle("olga", redemption.id, fulfill).unwrap();

    assert_eq!(cinema.shop.balance("ana"), (50, 0));
    let transfer = cinema.aggregate().changes.transfers.last().unwrap();
    assert_eq!(
        (transfer.0.given_after, transfer.0.balance_after()),
        (-450, 50)
    );
    cinema.check_books().unwrap();
}

#[test]
fn a_set_has_an_end() {
    let most = u32::try_from(WATCHERS_MAX).unwrap();
    let mut cinema = Cinema::open(usual());
    let credited = cinema.watch(0..most);
    assert_eq!(credited.counted().len(), WATCHERS_MAX);
    let members = (0..=most).map(MemberNumber).collect();
    assert_eq!(NumberSet::new(members).unwrap_err().field, "viewerIds");
}

#[test]
fn totals_that_are_full_take_no_credit() {
    let mut cinema = Cinema::open(usual());
    let mut ledger = *cinema.aggregate().known.books.ledger();
    ledger.minted = i64::MAX - 1;
    cinema
        .shop
        .company
        .stage
        .aggregate
        .known
        .books
        .put_ledger(ledger);
    let watched = WatchedMinute {
        session_id: Some(cinema.session()),
        minute: cinema.minute(),
        members: set([2]),
        proof: WatchProof::Staff(actor(STAFF).viewer_id),
    };
    let stage = &mut cinema.shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    let refused = stage.aggregate.credit_watching(&watched, ids, now);
    assert!(format!("{refused:?}").contains("TotalsFull"), "{refused:?}");
}
