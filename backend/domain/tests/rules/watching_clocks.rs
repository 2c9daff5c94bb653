//! Minutes that are credited while clocks differ, or are put right.

use parlor_domain::watching::{EarningChange, Minute, SlotOutcome};

use crate::cinema::{Cinema, outcomes, set, usual};
use SlotOutcome::{AlreadyCounted, Counted, OtherSession};

/// What was credited while the clock was ahead is not paid for again, and what comes after it was put right is.
#[test]
fn a_clock_that_is_put_right_keeps_nobody_from_earning() {
    const AHEAD_MS: i64 = 7_200_000;
    let mut cinema = Cinema::open(EarningChange {
        slots: Some(1),
        ..usual()
    });
    cinema.shop.pass(AHEAD_MS);
    cinema.shop.next_session();
    assert_eq!(cinema.watch_on(2, 2), [10, 10]);
    let before = cinema.shop.balance("ana").0;

    let stage = &mut cinema.shop.company.stage;
    stage.now = stage.now.plus_millis(-AHEAD_MS);
    let now = stage.now;
    stage
        .aggregate
        .recover_from_wrong_clock(&mut stage.ids, now);
    let put_right_at = cinema.minute();
    let minutes = [put_right_at.0, put_right_at.0 - 3].map(Minute);
    for minute in minutes {
        let session = cinema.session();
        let again = outcomes(&cinema.credit(session, minute, set([2])));
        assert_ne!(again, [Counted], "{minute:?}");
    }
    cinema.shop.pass(60_000);
    assert_eq!(cinema.watch_on(3, 2), [10, 10, 10]);
    assert_eq!(cinema.shop.balance("ana").0, before + 30);
    cinema.check_books().unwrap();
}

/// A node whose clock is a little behind credits the minute before: that is no clock to be put right, in a room
/// where one was long ago.
#[test]
fn a_clock_a_little_behind_pays_no_minute_twice() {
    let mut cinema = Cinema::open(EarningChange {
        slots: Some(1),
        ..usual()
    });
    let long_ago = Minute(cinema.minute().0 - 100_000);
    cinema.shop.company.stage.aggregate.earning.put_right = Some(long_ago);
    assert_eq!(cinema.watch_on(4, 2), [10, 10, 10, 10]);
    let (session, before) = (cinema.session(), Minute(cinema.minute().0 - 1));
    assert_eq!(cinema.watch([3]).counted().len(), 1);

    cinema.shop.company.stage.now = cinema.shop.company.stage.now.plus_millis(-300);
    let again = cinema.credit(session, before, set([2]));
    assert_eq!(outcomes(&again), [AlreadyCounted]);
    cinema.check_books().unwrap();
}

/// Nothing but minutes were credited while the clock was ahead.
#[test]
fn a_clock_that_only_credited_ahead_is_put_right_as_well() {
    const AHEAD_MS: i64 = 7_200_000;
    let mut cinema = Cinema::open(EarningChange {
        slots: Some(1),
        ..usual()
    });
    cinema.shop.pass(AHEAD_MS);
    assert_eq!(cinema.watch_on(2, 2), [10, 10]);

    let stage = &mut cinema.shop.company.stage;
    stage.now = stage.now.plus_millis(-AHEAD_MS);
    let now = stage.now;
    stage
        .aggregate
        .recover_from_wrong_clock(&mut stage.ids, now);
    cinema.shop.pass(60_000);
    assert_eq!(cinema.watch_on(2, 2), [10, 10]);
    cinema.check_books().unwrap();
}

/// Whoever sees a stream so late watches its end after it was.
#[test]
fn the_end_is_watched_as_late_as_the_stream_is_seen() {
    let mut cinema = Cinema::open(usual());
    let stage = &mut cinema.shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    stage.aggregate.end_session(ids, now).unwrap();
    stage
        .aggregate
        .start_session(Some(120_000), ids, now)
        .unwrap();
    let session = cinema.session();
    let stage = &mut cinema.shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    stage.aggregate.end_session(ids, now).unwrap();
    cinema.shop.pass(60_000);
    let minute = cinema.minute();
    assert_eq!(
        outcomes(&cinema.credit(session, minute, set([2]))),
        [Counted]
    );
    cinema.shop.pass(120_000);
    let minute = cinema.minute();
    assert_eq!(
        outcomes(&cinema.credit(session, minute, set([2]))),
        [OtherSession]
    );
}
