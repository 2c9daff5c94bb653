//! What tests begin with: tenants, rooms and reports, with seeded ids and a clock of their own.

use parlor_domain::contribution::{Contribution, ContributionKind, RawReport, Report, Status};
use parlor_domain::event::{Event, LogHead};
use parlor_domain::hype_train::{Level, Program};
use parlor_domain::id::{Epoch, IdSource, RoomId, TenantId, ViewerId};
use parlor_domain::room::{Room, RoomDraft, RoomState};
use parlor_domain::room_aggregate::{
    AnswerKey, ContributionRef, Fingerprint, RecordContributionRefusal, RoomAggregate,
};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_domain::time::ServerTime;
use parlor_store::{
    Batch, Committed, ContributionNeeds, DueKind, InsertRoom, Lease, LogPosition, RoomNeeds, Store,
    StoreError,
};
use uuid::Uuid;

/// Ids that count up, in a series of their own.
#[derive(Debug)]
pub(crate) struct SeededIds {
    series: u64,
    count: u64,
}

impl SeededIds {
    pub(crate) fn new(series: u64) -> Self {
        Self { series, count: 0 }
    }
}

impl IdSource for SeededIds {
    fn next_id(&mut self) -> Uuid {
        self.count += 1;
        Uuid::from_u64_pair(self.series, self.count)
    }
}

/// The start of every test's time, and so many milliseconds more.
pub(crate) fn at(millis: i64) -> ServerTime {
    ServerTime::from_unix_millis(1_800_000_000_000 + millis)
}

/// A tenant to own rooms.
pub(crate) async fn tenant(store: &Store, ids: &mut SeededIds) -> TenantId {
    let id = TenantId::next(ids);
    assert!(store.create_tenant(&new_tenant(id)).await.unwrap());
    id
}

pub(crate) fn new_tenant(id: TenantId) -> Tenant {
    Tenant::create(TenantDraft::named(format!("tenant {id}")), id, at(0)).unwrap()
}

/// An open room whose trains need little to start.
pub(crate) fn new_room(slug: &str, tenant_id: TenantId, ids: &mut SeededIds) -> RoomAggregate {
    let level = |goal| Level { goal, reward: None };
    let draft = RoomDraft {
        slug: slug.to_owned(),
        title: format!("The room {slug}"),
        stream_id: Some(format!("stream-{slug}")),
        state: RoomState::Open,
        delay_ms: Some(4_000),
        ingest_offset_ms: Some(250),
        anonymous_read: Some(true),
        admission: None,
        stage_size: None,
        interruption_grace_ms: None,
        reference_currency: None,
        program: Some(Program {
            kickoff_events: 2,
            kickoff_viewers: 1,
            levels: vec![level(1_000), level(2_000)],
            cooldown_ms: 0,
            ..Program::default()
        }),
    };
    let tenant = new_tenant(tenant_id);
    let room = Room::create(draft, &tenant, RoomId::next(ids), at(0)).unwrap();

    RoomAggregate::create(room, LogHead::new(Epoch::next(ids)), ids, at(0))
}

/// An open room with a live session, written.
pub(crate) async fn live_room(
    store: &Store,
    slug: &str,
    tenant_id: TenantId,
    ids: &mut SeededIds,
) -> RoomId {
    let aggregate = new_room(slug, tenant_id, ids);
    let room_id = aggregate.room.id;
    assert_eq!(
        store.insert_room(&aggregate).await.unwrap(),
        InsertRoom::Inserted
    );

    let mut batch = store
        .begin(&[needs(tenant_id, room_id, &[])])
        .await
        .unwrap();
    batch
        .room(tenant_id, room_id)
        .unwrap()
        .start_session(None, ids, at(1))
        .unwrap();
    batch.commit().await.unwrap();
    room_id
}

/// When something runs out of time, in every room where something does.
pub(crate) async fn ends(store: &Store) -> Vec<(RoomId, TenantId, ServerTime)> {
    let lease = lease(1, ServerTime::MAX);
    let work = store.claim_due(DueKind::RoomEnd, lease, 100).await.unwrap();
    for one in &work {
        store.put_off_due(one, one.due_at).await.unwrap();
    }

    work.iter()
        .map(|one| (one.room_id(), one.tenant_id, one.due_at))
        .collect()
}

/// What is read on behind a position of the room's log.
pub(crate) async fn events_after(
    store: &Store,
    room_id: RoomId,
    epoch: Epoch,
    seq: i64,
    limit: i64,
) -> Vec<Event> {
    let after = LogPosition { epoch, seq };
    let read = store.events_after(room_id, after, limit).await.unwrap();

    read.events().expect("the log reaches back so far")
}

/// A lease of five seconds.
pub(crate) fn lease(holder: u128, now: ServerTime) -> Lease {
    Lease {
        holder: Uuid::from_u128(holder),
        now,
        lease_ms: 5_000,
    }
}

/// A settled donation of `amount`, reported under a key that is also its reference.
pub(crate) fn donation(key: &str, viewer: &str, amount: i64) -> Report {
    report(key, key, viewer, amount, Status::Settled)
}

pub(crate) fn report(
    key: &str,
    contribution_ref: &str,
    viewer: &str,
    amount: i64,
    status: Status,
) -> Report {
    Report::parse(RawReport {
        idempotency_key: key.to_owned(),
        provider: "stripe".to_owned(),
        contribution_ref: Some(contribution_ref.to_owned()),
        kind: Some(ContributionKind::Donation),
        status: Some(status),
        amount: Some(amount),
        currency: Some("EUR".to_owned()),
        viewer_id: Some(viewer.to_owned()),
        viewer_name: Some(format!("{viewer} <b>&'\"")),
        message: Some("let's go 🚂".to_owned()),
        ..RawReport::default()
    })
    .unwrap()
}

/// What `reports` need of a room.
pub(crate) fn needs(tenant_id: TenantId, room_id: RoomId, reports: &[Report]) -> RoomNeeds {
    let viewer = |one: &Report| one.viewer_id().cloned();
    let reversals = reports.iter().filter(|one| one.status == Status::Reversed);

    RoomNeeds {
        answers: reports.iter().map(AnswerKey::of_report).collect(),
        contributions: ContributionNeeds {
            reported: reports.iter().map(ContributionRef::of_report).collect(),
            reversals: reversals.map(ContributionRef::of_report).collect(),
            viewers: reports.iter().filter_map(viewer).collect::<Vec<ViewerId>>(),
            any: false,
        },
        ..RoomNeeds::new(tenant_id, room_id)
    }
}

/// A digest that differs when the amount does.
pub(crate) fn fingerprint(report: &Report) -> Fingerprint {
    let mut fingerprint = [7; 32];
    let amount = report.gift.money.as_ref().map_or(0, |money| money.amount);
    fingerprint[..8].copy_from_slice(&amount.to_be_bytes());
    fingerprint
}

pub(crate) type Recorded = Result<Contribution, RecordContributionRefusal>;

/// Records `reports` in one batch, and tries again as often as another batch is in the way.
pub(crate) async fn record(
    store: &Store,
    tenant_id: TenantId,
    room_id: RoomId,
    reports: &[Report],
    ids: &mut SeededIds,
    now: ServerTime,
) -> Result<(Vec<Recorded>, Vec<Committed>), StoreError> {
    const ATTEMPTS_MAX: usize = 50;

    let mut attempts = 0;
    loop {
        let begun = store.begin(&[needs(tenant_id, room_id, reports)]).await;
        let result = match begun {
            Ok(mut batch) => {
                let answers = decide(&mut batch, tenant_id, room_id, reports, ids, now);
                batch.commit().await.map(|committed| (answers, committed))
            }
            Err(error) => Err(error),
        };

        attempts += 1;
        match result {
            Err(error) if error.is_retryable() && attempts < ATTEMPTS_MAX => (),
            result => return result,
        }
    }
}

/// Decides `reports` on a room of the batch.
pub(crate) fn decide(
    batch: &mut Batch,
    tenant_id: TenantId,
    room_id: RoomId,
    reports: &[Report],
    ids: &mut SeededIds,
    now: ServerTime,
) -> Vec<Recorded> {
    let room = batch.room(tenant_id, room_id).unwrap();
    let record_one = |one: &Report| {
        room.end_expired(ids, now);
        room.record_contribution(one.clone(), fingerprint(one), ids, now)
    };
    reports.iter().map(record_one).collect()
}
