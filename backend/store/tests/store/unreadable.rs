//! A room of which something stored cannot be read refuses its own commands, and harms no other.

use parlor_domain::id::ViewerId;
use parlor_domain::room_aggregate::RoomAggregate;
use parlor_store::{Absent, KEYFRAME_EVERY};

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, decide, donation, live_room, needs, new_room, record, tenant};

on_both_engines! {
    an_unreadable_room_is_left_out_of_its_batch,
    a_keyframe_that_cannot_be_made_is_left_to_the_next_batch,
}

/// What is damaged, by what, and what the room is then said to be unreadable in.
const DAMAGES: [(&str, &str); 8] = [
    (
        "UPDATE rooms SET program = 'no program' WHERE slug = 'bad'",
        "room",
    ),
    (
        "UPDATE rooms SET state = 'of the future' WHERE slug = 'bad'",
        "room",
    ),
    (
        "UPDATE room_trains SET state = '{}' WHERE room_id = (SELECT id FROM rooms WHERE slug = 'bad')",
        "train",
    ),
    (
        "UPDATE contributions SET status = 'lost' WHERE contribution_ref = 'bad'",
        "contribution",
    ),
    (
        "UPDATE answers SET answer = '[]' WHERE idempotency_key = 'bad'",
        "answer",
    ),
    (
        "UPDATE answers SET fingerprint = CAST('x' AS BYTEA) WHERE idempotency_key = 'bad'",
        "answer",
    ),
    (
        "UPDATE participants SET role = 'emperor' WHERE viewer_id = 'ann'",
        "participant",
    ),
    (
        "UPDATE participants SET overrides = 'none' WHERE viewer_id = 'ann'",
        "participant",
    ),
];

async fn an_unreadable_room_is_left_out_of_its_batch(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let good = live_room(&store, "good", tenant_id, &mut ids).await;

    for (index, (damage, what)) in DAMAGES.into_iter().enumerate() {
        let bad = live_room(&store, "bad", tenant_id, &mut ids).await;
        let given = [donation("bad", "ann", 100)];
        record(&store, tenant_id, bad, &given, &mut ids, at(10))
            .await
            .unwrap();
        let ann = ViewerId::parse("ann").unwrap();
        let mut joining = needs(tenant_id, bad, &[]);
        joining.people.actors = vec![ann.clone()];
        let mut batch = store.begin(std::slice::from_ref(&joining)).await.unwrap();
        let actor = parlor_domain::room_aggregate::Actor {
            viewer_id: ann.clone(),
            is_staff: true,
        };
        let room: &mut RoomAggregate = batch.room(tenant_id, bad).unwrap();
        room.join(&actor, &ann, "Ann", &mut ids, at(11)).unwrap();
        batch.commit().await.unwrap();
        database.run(damage).await;

        let own = [donation(&format!("good-{index}"), "ann", 1)];
        let mut asked = needs(tenant_id, bad, &given);
        asked.people = joining.people.clone();
        let mut batch = store
            .begin(&[asked, needs(tenant_id, good, &own)])
            .await
            .unwrap();
        let found = batch.room(tenant_id, bad).err();
        assert_eq!(found, Some(Absent::Unreadable), "{damage}");
        let told: Vec<_> = batch.unreadable().map(|(id, one)| (id, one.what)).collect();
        assert_eq!(told, [(bad, what)], "{damage}");
        let answers = decide(&mut batch, tenant_id, good, &own, &mut ids, at(20));
        assert!(answers[0].is_ok());
        assert!(batch.claim().await.unwrap());
        assert_eq!(batch.commit().await.unwrap().len(), 1, "{damage}");

        let forget = "DELETE FROM participants; DELETE FROM answers WHERE idempotency_key = 'bad';
            DELETE FROM contributions WHERE contribution_ref = 'bad';
            UPDATE rooms SET slug = CONCAT('gone-', head_seq, '-', created_at) WHERE slug = 'bad'";
        let forget = forget.replace(
            "CONCAT('gone-', head_seq, '-', created_at)",
            &format!("'gone-{index}'"),
        );
        database.run(&forget).await;
    }
}

async fn a_keyframe_that_cannot_be_made_is_left_to_the_next_batch(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    // Without a session no train moves, which would put a torn one right.
    let rooms = ["bad", "good"].map(|slug| new_room(slug, tenant_id, &mut ids));
    for room in &rooms {
        store.insert_room(room).await.unwrap();
    }
    let [bad, good] = rooms.map(|room| room.room.id);
    let torn = "INSERT INTO parts
        (room_id, part, tenant_id, id, seq, occurred_at, display_at, body)
        SELECT room_id, 'train', tenant_id, id, seq, occurred_at, display_at, 'torn'
        FROM parts WHERE room_id = (SELECT id FROM rooms WHERE slug = 'bad')";
    database.run(torn).await;

    let reports = |room: &str| -> Vec<_> {
        (0..KEYFRAME_EVERY)
            .map(|n| donation(&format!("{room}-{n}"), "ann", 1))
            .collect()
    };
    let (of_bad, of_good) = (reports("bad"), reports("good"));
    let asked = [
        needs(tenant_id, bad, &of_bad),
        needs(tenant_id, good, &of_good),
    ];
    let mut batch = store.begin(&asked).await.unwrap();
    decide(&mut batch, tenant_id, bad, &of_bad, &mut ids, at(10));
    decide(&mut batch, tenant_id, good, &of_good, &mut ids, at(10));
    assert_eq!(batch.commit().await.unwrap().len(), 2);

    let kept = "SELECT COUNT(*) FROM keyframes";
    assert_eq!(database.number(kept).await, 1);
    let behind = "SELECT COUNT(*) FROM rooms WHERE slug = 'bad' AND keyframe_seq = 0";
    assert_eq!(database.number(behind).await, 1);
}
