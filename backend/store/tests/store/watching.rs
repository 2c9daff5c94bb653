//! Watching on disk: minutes that are credited are read again, line by line, and whatever is changed there is found.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::id::{SessionId, ViewerId};
use parlor_domain::participant::Membership;
use parlor_domain::points::{MemberNumber, StatementLine};
use parlor_domain::room_aggregate::AdjustmentKind::{Charge, Grant};
use parlor_domain::room_aggregate::{Credited, WatchProof, WatchedMinute};
use parlor_domain::time::ServerTime;
use parlor_domain::watching::{EarningChange, Minute, NumberSet, SlotOutcome, StampCard, page_of};
use parlor_store::{RoomNeeds, StatementCursor, StatementRequest};

use crate::harness::{Database, on_both_engines};
use crate::points::{Scene, staff};
use crate::scene::at;

on_both_engines! {
    minutes_are_credited_read_and_proven,
    a_statement_has_transfers_and_watching_in_one_order,
    a_statement_is_read_on_wherever_it_was_left,
    a_cursor_of_no_line_is_told,
    what_brings_nothing_new_writes_nothing,
    what_a_room_earns_by_is_kept,
    a_session_of_before_is_what_viewers_earn_by,
    whatever_is_changed_of_watching_is_named,
    random_histories_come_to_what_a_naive_model_says,
    viewers_are_found_by_their_ids,
}

/// The first minute that lies in the session throughout.
pub(crate) fn first_minute() -> Minute {
    Minute(Minute::of(at(1)).0 + 1)
}

pub(crate) fn minute(number: i64) -> Minute {
    Minute(first_minute().0 + number)
}

pub(crate) fn end_of(minute: Minute) -> ServerTime {
    minute.ends_at()
}

pub(crate) fn set(numbers: impl IntoIterator<Item = u32>) -> NumberSet {
    NumberSet::new(numbers.into_iter().map(MemberNumber).collect()).unwrap()
}

pub(crate) async fn session(scene: &Scene) -> SessionId {
    let view = scene.store.room(scene.room_id).await.unwrap().unwrap();
    view.session.unwrap().id
}

/// Credits minutes in one batch, as they have ended.
pub(crate) async fn credit(scene: &mut Scene, sets: &[(Minute, NumberSet)]) -> Vec<Credited> {
    let session_id = session(scene).await;
    let mut needs = RoomNeeds::new(scene.tenant_id, scene.room_id);
    needs.people.actors.push(staff().viewer_id);
    needs.points.ledger = true;
    for (_, set) in sets {
        let pages = set.as_slice().iter().copied().map(page_of);
        needs.points.pages.extend(pages);
    }
    let mut batch = scene.store.begin(&[needs]).await.unwrap();
    let room = batch.room(scene.tenant_id, scene.room_id).unwrap();
    // As if so many had joined.
    room.census.numbered = 1_000;
    let mut credited = Vec::new();
    for (minute, members) in sets {
        let watched = WatchedMinute {
            session_id: Some(session_id),
            minute: *minute,
            members: members.clone(),
            proof: WatchProof::Staff(staff().viewer_id),
        };
        let (ids, now) = (&mut scene.ids, end_of(*minute));
        credited.push(room.credit_watching(&watched, ids, now).unwrap());
    }
    batch.commit().await.unwrap();
    credited
}

/// Has the person at that place watch so many minutes.
pub(crate) async fn watch(scene: &mut Scene, from: i64, minutes: i64, members: &NumberSet) {
    for number in from..from + minutes {
        credit(scene, &[(minute(number), members.clone())]).await;
    }
}

/// A session that began before it was kept what viewers earn by is taken up wherever that is read.
async fn a_session_of_before_is_what_viewers_earn_by(database: Database) {
    let scene = Scene::set(&database, &["ana"]).await;
    database.run("DELETE FROM room_earnings").await;

    let room = scene.store.room(scene.room_id).await.unwrap().unwrap();
    let wallets = scene.store.wallets(scene.tenant_id, scene.room_id, &[]);
    let wallets = wallets.await.unwrap().unwrap();
    assert_eq!((room.terms.session, wallets.terms.session), (1, 1));
}

async fn update(scene: &mut Scene, change: EarningChange) {
    let mut needs = RoomNeeds::new(scene.tenant_id, scene.room_id);
    needs.people.actors.push(staff().viewer_id);
    let mut batch = scene.store.begin(&[needs]).await.unwrap();
    let room = batch.room(scene.tenant_id, scene.room_id).unwrap();
    let version = room.earning.programme.version;
    room.update_earning_programme(&staff(), version, &change, &mut scene.ids, at(2))
        .unwrap();
    room.end_session(&mut scene.ids, at(3)).unwrap();
    room.start_session(None, &mut scene.ids, at(3)).unwrap();
    batch.commit().await.unwrap();
}

async fn said(scene: &Scene) -> String {
    let unsound = scene.unsound(&BTreeMap::new()).await;
    unsound.map_or_else(|| "sound".to_owned(), |unsound| unsound.to_string())
}

async fn minutes_are_credited_read_and_proven(database: Database) {
    let mut scene = Scene::set(&database, &["ana", "ben"]).await;
    watch(&mut scene, 0, 5, &set([0, 1, 99])).await;
    watch(&mut scene, 5, 4, &set([0])).await;
    scene.adjust(0, Charge, 4).await;
    assert_eq!(scene.balance(0).await.points, 6);
    assert_eq!(
        (scene.balance(0).await.lines, scene.balance(1).await.lines),
        (2, 1)
    );
    let ledger = scene.store.ledger(scene.tenant_id, scene.room_id).await;
    let ledger = ledger.unwrap();
    assert_eq!((ledger.seq, ledger.minted, ledger.burned), (10, 30, 4));
    assert_eq!(said(&scene).await, "sound");

    scene.store.close().await;
    scene.store = database.open().await;
    assert_eq!(
        credit(&mut scene, &[(minute(8), set([0, 1]))]).await[0].counted(),
        [MemberNumber(1)]
    );
    watch(&mut scene, 9, 1, &set([0])).await;
    assert_eq!(scene.balance(0).await.points, 16);
    let noted = BTreeMap::from([(10, ledger.digest)]);
    assert_eq!(scene.unsound(&noted).await, None);
}

async fn lines(scene: &Scene, request: StatementRequest) -> Vec<(StatementLine, StatementCursor)> {
    let (_, ana) = scene.people[0];
    let page = scene
        .store
        .statement_page(scene.tenant_id, scene.room_id, ana, request);
    page.await.unwrap().unwrap().items
}

fn all() -> StatementRequest {
    StatementRequest {
        limit: 100,
        ..StatementRequest::default()
    }
}

/// Ana is given 3 before she watches, loses 2 between her lines, and 5 after them.
async fn storied(database: &Database) -> Scene {
    let mut scene = Scene::set(database, &["ana", "ben"]).await;
    scene.adjust(0, Grant, 3).await;
    watch(&mut scene, 0, 5, &set([0, 1])).await;
    scene.adjust(0, Charge, 2).await;
    scene.adjust(1, Grant, 100).await;
    watch(&mut scene, 5, 10, &set([0])).await;
    scene.adjust(0, Charge, 5).await;
    scene
}

async fn a_statement_has_transfers_and_watching_in_one_order(database: Database) {
    let scene = storied(&database).await;
    let told: Vec<_> = lines(&scene, all())
        .await
        .into_iter()
        .map(|(line, _)| (line.seq(), line.points(), line.balance_after()))
        .collect();

    assert_eq!(
        told,
        [
            (19, -5, 26),
            (18, 10, 31),
            (13, 10, 21),
            (7, -2, 11),
            (6, 10, 13),
            (1, 3, 3)
        ]
    );
    let watched = &lines(&scene, all()).await[2].0;
    let StatementLine::Watched { line, .. } = watched else {
        panic!("{watched:?}");
    };
    assert_eq!(line.minute, minute(9));
    assert_eq!(line.session_id, session(&scene).await);
}

async fn a_statement_is_read_on_wherever_it_was_left(database: Database) {
    let scene = storied(&database).await;
    let whole = lines(&scene, all()).await;
    for limit in 1..7 {
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let request = StatementRequest {
                limit,
                after,
                before: None,
            };
            let (_, ana) = scene.people[0];
            let page = scene
                .store
                .statement_page(scene.tenant_id, scene.room_id, ana, request);
            let page = page.await.unwrap().unwrap();
            assert_eq!(page.total_count, 6);
            assert_eq!(page.has_previous, after.is_some());
            after = page.items.last().map(|(_, cursor)| *cursor);
            read.extend(page.items);
            if !page.has_next {
                break;
            }
        }
        assert_eq!(read, whole, "{limit} at a time");
    }
    let (after, before) = (Some(whole[0].1), Some(whole[4].1));
    let between = lines(
        &scene,
        StatementRequest {
            after,
            before,
            ..all()
        },
    )
    .await;
    assert_eq!(between, whole[1..4]);
}

async fn a_cursor_of_no_line_is_told(database: Database) {
    let scene = storied(&database).await;
    let (_, ana) = scene.people[0];
    // A credit that there is none of, one of others alone, and one that is not before the line.
    for (seq, credit_seq) in [(19, 1), (19, 99), (19, 14), (13, 18), (6, 6)] {
        let after = Some(StatementCursor { seq, credit_seq });
        let request = StatementRequest { after, ..all() };
        let page = scene
            .store
            .statement_page(scene.tenant_id, scene.room_id, ana, request);
        assert_eq!(page.await.unwrap(), None, "{seq} {credit_seq}");
    }
}

async fn what_brings_nothing_new_writes_nothing(database: Database) {
    let mut scene = Scene::set(&database, &["ana"]).await;
    watch(&mut scene, 0, 7, &set([0, 70])).await;
    let rows = async || {
        let credits = database.number("SELECT COUNT(*) FROM watch_credits").await;
        (
            credits,
            scene
                .store
                .ledger(scene.tenant_id, scene.room_id)
                .await
                .unwrap(),
        )
    };
    let before = rows().await;
    for number in 0..7 {
        let again = credit(
            &mut scene,
            &[(minute(number), set([0])), (minute(number), set([70, 0]))],
        )
        .await;
        assert!(again.iter().all(|credited| credited.counted().is_empty()));
    }
    let credits = database.number("SELECT COUNT(*) FROM watch_credits").await;
    let ledger = scene.store.ledger(scene.tenant_id, scene.room_id).await;
    assert_eq!((credits, ledger.unwrap()), before);
    assert_eq!(database.number("SELECT COUNT(*) FROM earnings").await, 2);
}

async fn what_a_room_earns_by_is_kept(database: Database) {
    let mut scene = Scene::set(&database, &["ana"]).await;
    let card = StampCard {
        points: 300,
        stamps: 1,
        sessions: 2,
        slots: 2,
    };
    let change = EarningChange {
        first_watch_bonus: Some(50),
        stamp_card: Some(Some(card)),
        ..EarningChange::default()
    };
    update(&mut scene, change).await;
    scene.store.close().await;
    scene.store = database.open().await;

    let view = scene.store.room(scene.room_id).await.unwrap().unwrap();
    assert_eq!(
        (view.programme.version, view.programme.stamp_card),
        (2, Some(card))
    );
    watch(&mut scene, 0, 2, &set([0])).await;
    assert_eq!(scene.balance(0).await.points, 350);
    assert_eq!(said(&scene).await, "sound");
}

async fn whatever_is_changed_of_watching_is_named(database: Database) {
    let scene = storied(&database).await;
    let page = "SELECT COUNT(*) FROM earnings WHERE page = 0";
    assert_eq!(database.number(page).await, 1);
    assert_eq!(said(&scene).await, "sound");

    for (change, undo, named) in [
        (
            "UPDATE watch_credits SET points = 21 WHERE seq = 6",
            "UPDATE watch_credits SET points = 20 WHERE seq = 6",
            "transfer 6 is not what it was",
        ),
        (
            "UPDATE watch_credits SET minute = minute + 1 WHERE seq = 3",
            "UPDATE watch_credits SET minute = minute - 1 WHERE seq = 3",
            "transfer 3 is not what it was",
        ),
        (
            "UPDATE watch_credits SET programme = 99999999999 WHERE seq = 3",
            "UPDATE watch_credits SET programme = 1 WHERE seq = 3",
            "the credit behind 2 cannot be read",
        ),
        (
            "UPDATE watch_credits SET seq = 40 WHERE seq = 18",
            "UPDATE watch_credits SET seq = 18 WHERE seq = 40",
            "transfer 19 stands where 18 belongs",
        ),
        (
            "UPDATE earnings SET page = 3",
            "UPDATE earnings SET page = 0",
            "what is kept of what member 192 earned is not what the credits say",
        ),
        (
            "UPDATE ledgers SET minted = minted + 1",
            "UPDATE ledgers SET minted = minted - 1",
            "the sum of what was minted is kept as 144",
        ),
        (
            "UPDATE balances SET points = points + 1 WHERE number = 0",
            "UPDATE balances SET points = points - 1 WHERE number = 0",
            "member 0 is kept to have -3 points, and the transfers give them -4",
        ),
    ] {
        database.run(change).await;
        let found = said(&scene).await;
        assert!(found.contains(named), "{change}: {found}");
        database.run(undo).await;
        assert_eq!(said(&scene).await, "sound", "{undo}");
    }
    database
        .run("UPDATE earnings SET members = (SELECT digest FROM ledgers)")
        .await;
    let found = said(&scene).await;
    assert!(
        found.contains("the page of what was earned behind -1 cannot be read"),
        "{found}"
    );
    database.run("DELETE FROM earnings").await;
    let found = said(&scene).await;
    assert!(
        found.contains("what is kept of what member 0 earned"),
        "{found}"
    );
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

async fn random_histories_come_to_what_a_naive_model_says(database: Database) {
    let mut scene = Scene::set(&database, &["ana", "ben"]).await;
    let mut dice = Dice(7);
    let mut counted: BTreeSet<(u32, i64)> = BTreeSet::new();
    let mut given: BTreeMap<u32, i64> = BTreeMap::new();
    let points_of = |counted: &BTreeSet<(u32, i64)>, member: u32| {
        let slots = counted
            .range((member, i64::MIN)..=(member, i64::MAX))
            .count();
        i64::try_from(slots / 5).unwrap() * 10
    };
    for newest in 0..25 {
        let mut sets = Vec::new();
        for _ in 0..=dice.roll(4) {
            // Some late, some twice, some over and over; never before what has come, or time would run back.
            let numbers: Vec<_> = (0..200_u32).filter(|_| dice.roll(3) == 0).collect();
            sets.push((minute(newest), set(numbers.iter().copied())));
        }
        for ((minute, members), credited) in sets.iter().zip(credit(&mut scene, &sets).await) {
            for (member, (number, outcome)) in members.as_slice().iter().zip(&credited.outcomes) {
                assert_eq!(member, number);
                let is_new = counted.insert((member.0, minute.0));
                let expected = if is_new {
                    SlotOutcome::Counted
                } else {
                    SlotOutcome::AlreadyCounted
                };
                assert_eq!(*outcome, expected);
            }
        }
        let person = usize::try_from(dice.roll(2)).unwrap();
        let number = scene.people[person].1.0;
        let sum = given.get(&number).copied().unwrap_or(0) + points_of(&counted, number);
        let (kind, points) = if sum > 6 { (Charge, 7) } else { (Grant, 3) };
        scene.adjust(person, kind, points).await;
        *given.entry(number).or_default() += if kind == Grant { points } else { -points };
    }

    let mut sum = 0;
    for number in 0..200_u32 {
        let has = scene
            .store
            .balance(scene.tenant_id, scene.room_id, MemberNumber(number));
        let has = has.await.unwrap().points;
        let expected = given.get(&number).copied().unwrap_or(0) + points_of(&counted, number);
        assert_eq!(has, expected, "{number}");
        sum += has;
    }
    let ledger = scene.store.ledger(scene.tenant_id, scene.room_id).await;
    assert_eq!(ledger.unwrap().outstanding(), sum);
    assert_eq!(said(&scene).await, "sound");
}

async fn viewers_are_found_by_their_ids(database: Database) {
    let scene = Scene::set(&database, &["ana", "ben"]).await;
    let ids = ["ben", "zoe", "ana"].map(|name| ViewerId::parse(name).unwrap());
    let found = scene
        .store
        .watchers(scene.tenant_id, scene.room_id, &ids)
        .await;
    let mut found: Vec<_> = found
        .unwrap()
        .into_iter()
        .map(|one| {
            (
                one.viewer_id.as_str().to_owned(),
                one.number.0,
                one.membership,
            )
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));

    let joined = Membership::Joined;
    assert_eq!(
        found,
        [("ana".to_owned(), 0, joined), ("ben".to_owned(), 1, joined)]
    );
    let stranger = scene.store.watchers(
        parlor_domain::id::TenantId(uuid::Uuid::nil()),
        scene.room_id,
        &ids,
    );
    assert_eq!(stranger.await.unwrap(), []);
}
