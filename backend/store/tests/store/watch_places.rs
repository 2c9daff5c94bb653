//! Where viewers watch, by the rooms of a tenant, and the secret that all servers of a database share.

use std::collections::BTreeMap;

use parlor_domain::id::{RoomId, ViewerId};
use parlor_domain::points::MemberNumber;
use parlor_domain::room_aggregate::{WatchProof, WatchedMinute};
use parlor_domain::watching::{Minute, SlotOutcome, ViewerMinute};
use parlor_store::{Batch, RoomNeeds, SECRET_BYTES};

use crate::harness::{Database, Engine, on_both_engines, run};
use crate::points::Scene;
use crate::scene::live_room;

use crate::watching::{end_of, first_minute, minute, set};

on_both_engines! {
    rooms_of_one_batch_see_each_others_places,
    places_are_forgotten_up_to_a_minute,
    a_secret_is_made_once,
}

/// What devices prove of the first minute for ana, in these rooms of one batch.
fn needs_of_devices(scene: &Scene, rooms: &[RoomId]) -> Vec<RoomNeeds> {
    let needs = rooms.iter().map(|room_id| {
        let mut needs = RoomNeeds::new(scene.tenant_id, *room_id);
        needs.points.ledger = true;
        needs.points.pages.insert(0);
        needs.points.places.push(ViewerMinute {
            minute: first_minute(),
            viewer_id: ViewerId::parse("ana").unwrap(),
        });
        needs
    });

    needs.collect()
}

/// Has ana's devices prove the first minute in a room of the batch.
fn prove(batch: &mut Batch, scene: &mut Scene, room_id: RoomId) -> SlotOutcome {
    let room = batch.room(scene.tenant_id, room_id).unwrap();
    room.census.numbered = 1;
    let ana = (MemberNumber(0), ViewerId::parse("ana").unwrap());
    let watched = WatchedMinute {
        session_id: Some(room.session.as_ref().unwrap().id),
        minute: first_minute(),
        members: set([0]),
        proof: WatchProof::Devices(BTreeMap::from([ana])),
    };
    let (ids, now) = (&mut scene.ids, end_of(first_minute()));
    room.credit_watching(&watched, ids, now).unwrap().outcomes[0].1
}

async fn live_rooms(scene: &mut Scene, count: usize) -> Vec<RoomId> {
    let mut rooms = Vec::new();
    for number in 0..count {
        let slug = format!("room-{number}");
        rooms.push(live_room(&scene.store, &slug, scene.tenant_id, &mut scene.ids).await);
    }
    rooms
}

async fn rooms_of_one_batch_see_each_others_places(database: Database) {
    let mut scene = Scene::set(&database, &[]).await;
    let rooms = live_rooms(&mut scene, 4).await;
    let first = scene
        .store
        .begin(&needs_of_devices(&scene, &rooms[..1]))
        .await;
    let mut first = first.unwrap();
    assert_eq!(
        prove(&mut first, &mut scene, rooms[0]),
        SlotOutcome::Counted
    );
    first.commit().await.unwrap();

    let batch = scene
        .store
        .begin(&needs_of_devices(&scene, &rooms[1..]))
        .await;
    let mut batch = batch.unwrap();
    let outcomes: Vec<_> = rooms[1..]
        .iter()
        .map(|room_id| prove(&mut batch, &mut scene, *room_id))
        .collect();
    let full = SlotOutcome::OtherRooms;
    assert_eq!(outcomes, [SlotOutcome::Counted, full, full]);
    assert!(batch.claim().await.unwrap());
    batch.commit().await.unwrap();
}

/// SQLite has one transaction that writes: nothing is taken in between there.
#[test]
fn a_place_that_another_transaction_took_is_seen_by_who_decides_anew_on_postgres() {
    run(Engine::Postgres, places_are_taken_in_between);
}

async fn places_are_taken_in_between(database: Database) {
    let mut scene = Scene::set(&database, &[]).await;
    let rooms = live_rooms(&mut scene, 3).await;
    let mut batches = Vec::new();
    for room_id in &rooms {
        let batch = scene
            .store
            .begin(&needs_of_devices(&scene, &[*room_id]))
            .await;
        batches.push(batch.unwrap());
    }
    let mut outcomes = Vec::new();
    for (mut batch, room_id) in batches.into_iter().zip(rooms) {
        let mut outcome = prove(&mut batch, &mut scene, room_id);
        while !batch.claim().await.unwrap() {
            outcome = prove(&mut batch, &mut scene, room_id);
        }
        outcomes.push(outcome);
        batch.commit().await.unwrap();
    }
    let counted = SlotOutcome::Counted;
    assert_eq!(outcomes, [counted, counted, SlotOutcome::OtherRooms]);
}

async fn places_are_forgotten_up_to_a_minute(database: Database) {
    let mut scene = Scene::set(&database, &[]).await;
    let rooms = live_rooms(&mut scene, 3).await;
    for (room_id, before) in rooms[..2].iter().zip([first_minute(), Minute(0)]) {
        let batch = scene
            .store
            .begin(&needs_of_devices(&scene, &[*room_id]))
            .await;
        let mut batch = batch.unwrap();
        assert_eq!(
            prove(&mut batch, &mut scene, *room_id),
            SlotOutcome::Counted
        );
        batch.commit().await.unwrap();
        scene.store.forget_places(before).await.unwrap();
    }
    let third = needs_of_devices(&scene, &rooms[2..]);
    let mut batch = scene.store.begin(&third).await.unwrap();
    assert_eq!(
        prove(&mut batch, &mut scene, rooms[2]),
        SlotOutcome::OtherRooms
    );
    batch.roll_back().await.unwrap();

    scene.store.forget_places(minute(1)).await.unwrap();
    let mut batch = scene.store.begin(&third).await.unwrap();
    assert_eq!(
        prove(&mut batch, &mut scene, rooms[2]),
        SlotOutcome::Counted
    );
    batch.commit().await.unwrap();
}

async fn a_secret_is_made_once(database: Database) {
    let (store, other) = (database.open().await, database.open().await);
    let first = store.secret("one", [1; SECRET_BYTES]).await.unwrap();
    assert_eq!(first, [1; SECRET_BYTES]);
    assert_eq!(other.secret("one", [2; SECRET_BYTES]).await.unwrap(), first);
    assert_ne!(
        other.secret("another", [2; SECRET_BYTES]).await.unwrap(),
        first
    );
}
