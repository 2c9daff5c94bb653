//! What currencies are worth, and what contributions are weighed by it, in the database.

use parlor_domain::contribution::{Contribution, Money, NotCounted, RawReport, Report, Status};
use parlor_domain::currency::Currency;
use parlor_domain::id::{ContributionId, RoomId, TenantId};
use parlor_domain::rates::{RateTable, RatesDraft, SetRatesRefusal};
use parlor_store::{Absent, Needs, Store};

use crate::harness::{Database, Engine, on_both_engines};
use crate::scene::{SeededIds, at, decide, fingerprint, live_room, needs, record, report, tenant};
use crate::shop::actor;

on_both_engines! {
    rates_are_read_as_they_were_set_and_are_one_tenants,
    of_two_that_set_rates_against_one_version_one_is_refused,
    contributions_are_weighed_by_their_own_tenants_rates,
    what_was_weighed_is_kept_whatever_becomes_of_the_rates,
    a_contribution_from_before_keeps_its_hype,
    rates_that_cannot_be_read_harm_no_other_tenant,
    a_room_keeps_what_it_counts_in,
}

async fn set(store: &Store, id: TenantId, version: i32, rates: &[(&str, &str)]) -> RateTable {
    let mut needs = Needs::default();
    needs.tenant(id);
    let mut batch = store.begin(needs).await.unwrap();
    let draft = RatesDraft::parse(version, "EUR", rates.iter().copied()).unwrap();
    let table = batch.tenant(id).unwrap().set_rates(draft, at(5)).unwrap();
    batch.commit().await.unwrap();
    table
}

fn dollars(key: &str, amount: i64, status: Status) -> Report {
    let euros = report(key, "gift", "ana", amount, status);
    let raw = RawReport {
        idempotency_key: key.to_owned(),
        provider: euros.provider,
        contribution_ref: Some(euros.contribution_ref),
        kind: Some(euros.gift.kind),
        status: Some(status),
        amount: Some(amount),
        currency: Some("USD".to_owned()),
        viewer_id: Some("ana".to_owned()),
        ..RawReport::default()
    };
    Report::parse(raw).unwrap()
}

/// Has one report recorded.
async fn given(
    store: &Store,
    (tenant_id, room_id): (TenantId, RoomId),
    one: Report,
    ids: &mut SeededIds,
) -> Contribution {
    let recorded = record(store, tenant_id, room_id, &[one], ids, at(10)).await;
    recorded.unwrap().0.remove(0).unwrap()
}

fn euros(amount: i64) -> Money {
    let currency = Currency::parse("EUR").unwrap();
    Money { amount, currency }
}

async fn rates_are_read_as_they_were_set_and_are_one_tenants(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let (id, other) = (
        tenant(&store, &mut ids).await,
        tenant(&store, &mut ids).await,
    );
    assert_eq!(store.currency_rates(id).await.unwrap(), None);

    let first = set(&store, id, 0, &[("USD", "1.0843"), ("JPY", "171.25")]).await;
    assert_eq!(store.currency_rates(id).await.unwrap(), Some(first));
    let second = set(&store, id, 1, &[("USD", "0.0000000001")]).await;
    assert_eq!((second.version, second.rates.len()), (2, 1));
    assert_eq!(store.currency_rates(id).await.unwrap(), Some(second));
    assert_eq!(store.currency_rates(other).await.unwrap(), None);
}

async fn of_two_that_set_rates_against_one_version_one_is_refused(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let id = tenant(&store, &mut ids).await;
    let attempt = |rate: &'static str| {
        let store = store.clone();
        async move {
            let mut needs = Needs::default();
            needs.tenant(id);
            let mut batch = store.begin(needs).await.unwrap();
            let draft = RatesDraft::parse(0, "EUR", [("USD", rate)].into_iter()).unwrap();
            let answer = batch.tenant(id).unwrap().set_rates(draft, at(5));
            batch.commit().await.unwrap();
            answer
        }
    };

    let (first, second) = tokio::join!(attempt("1.1"), attempt("1.2"));
    let stale = SetRatesRefusal::StaleVersion {
        current: 1,
        given: 0,
    };
    let (set, refused) = if first.is_ok() {
        (first, second)
    } else {
        (second, first)
    };
    assert_eq!(refused, Err(stale));
    assert_eq!(store.currency_rates(id).await.unwrap(), set.ok());
}

async fn contributions_are_weighed_by_their_own_tenants_rates(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let mut rooms = Vec::new();
    for rates in [&[("USD", "1.25")][..], &[("USD", "2")], &[("JPY", "160")]] {
        let tenant_id = tenant(&store, &mut ids).await;
        set(&store, tenant_id, 0, rates).await;
        rooms.push((
            tenant_id,
            live_room(&store, "room", tenant_id, &mut ids).await,
        ));
    }
    let (rich, _) = rooms[0];
    rooms.push((rich, live_room(&store, "second", rich, &mut ids).await));

    // All in one batch, of which each tenant has its own table.
    let one = [dollars("k", 100, Status::Settled)];
    let wanted: Vec<_> = rooms
        .iter()
        .enumerate()
        .map(|(n, (tenant_id, room_id))| {
            let reports = if n == 3 { &[][..] } else { &one };
            needs(*tenant_id, *room_id, reports)
        })
        .collect();
    let mut batch = store.begin(&wanted).await.unwrap();
    let weighed: Vec<_> = rooms[..3]
        .iter()
        .map(|(tenant_id, room_id)| {
            let mut answers = decide(&mut batch, *tenant_id, *room_id, &one, &mut ids, at(9));
            let one = answers.remove(0).unwrap();
            (one.worth, one.hype, one.not_counted)
        })
        .collect();
    batch.commit().await.unwrap();

    assert_eq!(
        weighed,
        [
            (Some(euros(80)), 80, None),
            (Some(euros(50)), 50, None),
            (None, 0, Some(NotCounted::NoRate)),
        ]
    );
}

async fn what_was_weighed_is_kept_whatever_becomes_of_the_rates(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room = (
        tenant_id,
        live_room(&store, "room", tenant_id, &mut ids).await,
    );
    set(&store, tenant_id, 0, &[("USD", "1.25")]).await;
    let first = given(&store, room, dollars("a", 100, Status::Pending), &mut ids).await;
    assert_eq!((&first.worth, first.hype), (&Some(euros(80)), 80));

    set(&store, tenant_id, 1, &[("JPY", "160")]).await;
    let settled = given(&store, room, dollars("b", 100, Status::Settled), &mut ids).await;
    let kept = store
        .contribution(tenant_id, first.id)
        .await
        .unwrap()
        .unwrap();
    for one in [&settled, &kept] {
        assert_eq!(
            (&one.worth, one.hype, one.not_counted),
            (&Some(euros(80)), 80, None)
        );
    }
    // The first answer is told again as it was.
    let again = given(&store, room, dollars("a", 100, Status::Pending), &mut ids).await;
    assert_eq!(again, first);
    let total = store
        .room(room.1)
        .await
        .unwrap()
        .unwrap()
        .train
        .unwrap()
        .total;
    assert_eq!(total, 80);

    let unrated = RawReport {
        idempotency_key: "c".to_owned(),
        provider: "stripe".to_owned(),
        kind: Some(first.gift.kind),
        amount: Some(7),
        currency: Some("usd".to_owned()),
        ..RawReport::default()
    };
    let unrated = Report::parse(unrated).unwrap();
    let nothing = given(&store, room, unrated, &mut ids).await;
    assert_eq!(nothing.not_counted, Some(NotCounted::NoRate));
    let kept = store.contribution(tenant_id, nothing.id).await.unwrap();
    assert_eq!(kept, Some(nothing));
}

async fn a_contribution_from_before_keeps_its_hype(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room = (
        tenant_id,
        live_room(&store, "room", tenant_id, &mut ids).await,
    );
    let first = given(
        &store,
        room,
        report("a", "new", "ana", 70, Status::Settled),
        &mut ids,
    )
    .await;
    let id = ContributionId::next(&mut ids);
    let literal = match database.engine {
        Engine::Sqlite => format!("x'{}'", id.0.simple()),
        Engine::Postgres => format!("'{id}'"),
    };
    // As it was written before there were rates.
    let columns = "tenant_id, room_id, provider, kind, amount, tier, quantity, viewer_id, viewer_name, message,
        train_id, occurred_at, recorded_at";
    let insert = format!(
        "INSERT INTO contributions (id, contribution_ref, status, currency, hype, {columns})
         SELECT {literal}, 'old', 'pending', 'JPY', 70, {columns} FROM contributions"
    );
    database.run(&insert).await;

    let old = store.contribution(tenant_id, id).await.unwrap().unwrap();
    assert_eq!((old.hype, &old.worth, old.not_counted), (70, &None, None));
    let raw = RawReport {
        idempotency_key: "b".to_owned(),
        provider: "stripe".to_owned(),
        contribution_ref: Some("old".to_owned()),
        kind: Some(old.gift.kind),
        status: Some(Status::Settled),
        amount: Some(70),
        currency: Some("JPY".to_owned()),
        viewer_id: Some("ana".to_owned()),
        ..RawReport::default()
    };
    let settled = given(&store, room, Report::parse(raw).unwrap(), &mut ids).await;
    assert_eq!((settled.hype, settled.worth), (70, None));
    let train = store.room(room.1).await.unwrap().unwrap().train.unwrap();
    assert_eq!(train.total, first.hype + 70);
}

async fn rates_that_cannot_be_read_harm_no_other_tenant(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let (broken, sound) = (
        tenant(&store, &mut ids).await,
        tenant(&store, &mut ids).await,
    );
    set(&store, broken, 0, &[("USD", "1.5")]).await;
    let damage = "UPDATE tenant_rates SET rates = '{\"v\":99,\"doc\":{}}'";
    database.run(damage).await;
    set(&store, sound, 0, &[("USD", "2")]).await;

    let read = store.currency_rates(broken).await.unwrap_err();
    assert!(read.is_unreadable(), "{read:?}");
    let mut wanted = Needs::default();
    wanted.tenant(broken);
    let mut batch = store.begin(wanted).await.unwrap();
    assert_eq!(batch.tenant(broken).err(), Some(Absent::Unreadable));
    batch.roll_back().await.unwrap();

    let one = [dollars("k", 100, Status::Settled)];
    let mut rooms = Vec::new();
    for id in [broken, sound] {
        rooms.push((id, live_room(&store, "room", id, &mut ids).await));
    }
    let wanted: Vec<_> = rooms
        .iter()
        .map(|(id, room)| needs(*id, *room, &one))
        .collect();
    let mut batch = store.begin(&wanted).await.unwrap();
    let unreadable = batch.room(rooms[0].0, rooms[0].1).err();
    assert_eq!(unreadable, Some(Absent::Unreadable));
    let room = batch.room(rooms[1].0, rooms[1].1).unwrap();
    let recorded = room.record_contribution(one[0].clone(), fingerprint(&one[0]), &mut ids, at(9));
    assert_eq!(recorded.unwrap().hype, 50);
    batch.commit().await.unwrap();
}

async fn a_room_keeps_what_it_counts_in(database: Database) {
    use parlor_domain::room::RoomChange;

    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    let read = async || store.room(room_id).await.unwrap().unwrap().room;
    assert_eq!(read().await.reference_currency.as_str(), "EUR");

    let mut batch = store
        .begin(&[needs(tenant_id, room_id, &[])])
        .await
        .unwrap();
    let room = batch.room(tenant_id, room_id).unwrap();
    let change = RoomChange {
        version: room.room.version,
        reference_currency: Some(Currency::parse("krw").unwrap()),
        ..RoomChange::default()
    };
    room.update_room(&actor("staff"), change, &mut ids, at(6))
        .unwrap();
    batch.commit().await.unwrap();
    assert_eq!(read().await.reference_currency.as_str(), "KRW");
}
