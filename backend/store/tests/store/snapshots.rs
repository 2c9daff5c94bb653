//! A room's state at its head, and its picture at any time, equal the log folded by hand.

use std::collections::BTreeMap;

use parlor_domain::event::{Event, Timing};
use parlor_domain::id::RoomId;
use parlor_domain::time::ServerTime;
use parlor_store::{KEYFRAME_EVERY, Store};

use crate::harness::{Database, on_both_engines};
use crate::scene::{
    SeededIds, at, decide, donation, events_after, live_room, needs, record, tenant,
};

on_both_engines! {
    the_picture_at_any_time_is_the_log_folded_up_to_then,
    a_seek_reads_a_keyframe_and_what_follows_it,
    before_its_first_event_a_room_has_no_picture,
}

async fn the_picture_at_any_time_is_the_log_folded_up_to_then(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    // A room that must not be mixed in.
    let other = live_room(&store, "other", tenant_id, &mut ids).await;

    let mut random = Random(42);
    let mut now = 10;
    for round in 0..60 {
        now += random.below(90_000);
        let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
        for index in 0..random.below(7) {
            let amount = 1 + random.below(900);
            here.push(donation(&format!("{round}-{index}"), "ann", amount));
            elsewhere.push(donation(&format!("o{round}-{index}"), "bob", 5));
        }
        let needed = [
            needs(tenant_id, room_id, &here),
            needs(tenant_id, other, &elsewhere),
        ];
        let mut batch = store.begin(&needed).await.unwrap();
        decide(&mut batch, tenant_id, room_id, &here, &mut ids, at(now));
        decide(&mut batch, tenant_id, other, &elsewhere, &mut ids, at(now));
        if random.below(5) == 0 {
            toggle_session(batch.room(tenant_id, room_id).unwrap(), &mut ids, at(now));
        }
        batch.commit().await.unwrap();
    }

    let head = store.head(room_id).await.unwrap().unwrap();
    let log = events_after(&store, room_id, head.epoch, 0, 10_000).await;
    assert!(
        head.seq > 3 * KEYFRAME_EVERY,
        "the log has several keyframes, at {}",
        head.seq
    );
    assert_eq!(
        check(&store, room_id, &log, ServerTime::MAX).await,
        head.seq
    );
    let snapshot = store.snapshot(room_id).await.unwrap().unwrap();
    assert_eq!((snapshot.seq, snapshot.epoch), (head.seq, head.epoch));
    assert_eq!(snapshot.events, fold(&log, head.seq));
    for _ in 0..100 {
        check(&store, room_id, &log, at(random.below(now + 1_000) - 500)).await;
    }
    for event in log.iter().step_by(7) {
        check(&store, room_id, &log, event.occurred_at).await;
        check(&store, room_id, &log, event.occurred_at.plus_millis(-1)).await;
    }
}

async fn a_seek_reads_a_keyframe_and_what_follows_it(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    for index in 0..100 {
        let reports = [donation(&format!("k{index}"), "ann", 1)];
        record(
            &store,
            tenant_id,
            room_id,
            &reports,
            &mut ids,
            at(10 + index),
        )
        .await
        .unwrap();
    }
    let head = store.head(room_id).await.unwrap().unwrap();
    let log = events_after(&store, room_id, head.epoch, 0, 10_000).await;
    let gap = "SELECT MAX(k.seq - COALESCE((SELECT MAX(j.seq) FROM keyframes j
        WHERE j.room_id = k.room_id AND j.seq < k.seq), 0)) FROM keyframes k";
    let gap = database.number(gap).await;
    assert!(
        (KEYFRAME_EVERY..KEYFRAME_EVERY + 3).contains(&gap),
        "{gap} events between keyframes"
    );

    // Nothing before a keyframe is read for what lies behind it: these could not be.
    let first = database.number("SELECT MIN(seq) FROM keyframes").await;
    database
        .run(&format!(
            "UPDATE events SET body = 'unreadable' WHERE seq <= {first}"
        ))
        .await;
    for event in log.iter().filter(|event| event.seq >= first) {
        check(&store, room_id, &log, event.occurred_at).await;
    }

    // Of all parts a keyframe holds the picture's.
    let others = "SELECT COUNT(*) FROM keyframes WHERE events LIKE '%RoomUpdated%'
        OR events LIKE '%Session%' OR events NOT LIKE '%HypeTrain%'";
    assert_eq!(database.number(others).await, 0);
}

async fn before_its_first_event_a_room_has_no_picture(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;

    let before = store
        .picture_at(room_id, at(-1), 10)
        .await
        .unwrap()
        .unwrap();

    let now = store.snapshot(room_id).await.unwrap().unwrap();
    assert_eq!(
        (before.snapshot.seq, before.snapshot.events),
        (0, now.events)
    );
    let seqs: Vec<_> = before.since.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [1, 2]);
    let unknown = store.picture_at(RoomId::next(&mut ids), at(0), 1).await;
    assert_eq!(unknown.unwrap(), None);
}

fn toggle_session(
    room: &mut parlor_domain::room_aggregate::RoomAggregate,
    ids: &mut SeededIds,
    now: ServerTime,
) {
    if room.live_session().is_some() {
        room.end_session(ids, now).unwrap();
    } else {
        room.start_session(Some(1_000), ids, now).unwrap();
    }
}

/// Compares the picture at `at` with the log folded by hand, and returns its position.
async fn check(store: &Store, room_id: RoomId, log: &[Event], at: ServerTime) -> i64 {
    let picture = store.picture_at(room_id, at, 5).await.unwrap().unwrap();
    let seq = log
        .iter()
        .rev()
        .find(|event| event.occurred_at <= at)
        .map_or(0, |event| event.seq);

    assert_eq!(picture.snapshot.seq, seq, "at {at:?}");
    let head_seq = log.last().map(|event| event.seq);
    assert_eq!(Some(picture.head_seq), head_seq, "at {at:?}");
    let of = |timing, events: Vec<Event>| {
        let events = events.into_iter();
        events.filter(move |event| event.body.timing() == timing)
    };
    let then = of(Timing::Picture, fold(log, seq));
    let now = of(Timing::Live, fold(log, i64::MAX));
    let mut expected: Vec<_> = then.chain(now).collect();
    expected.sort_by_key(|event| event.seq);
    assert_eq!(picture.snapshot.events, expected, "at {at:?}");
    let since = log.iter().filter(|event| event.seq > seq).take(5).cloned();
    assert_eq!(picture.since, since.collect::<Vec<_>>(), "at {at:?}");
    seq
}

fn fold(log: &[Event], through_seq: i64) -> Vec<Event> {
    let mut parts = BTreeMap::new();
    for event in log.iter().filter(|event| event.seq <= through_seq) {
        match event.body.part() {
            Some(part) if event.body.empties_part() => drop(parts.remove(&part)),
            Some(part) => drop(parts.insert(part, event.clone())),
            None => (),
        }
    }
    let mut events: Vec<_> = parts.into_values().collect();
    events.sort_by_key(|event| event.seq);
    events
}

/// Numbers that are the same in every run (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }
}
