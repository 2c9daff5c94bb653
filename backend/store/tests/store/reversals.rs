//! A reversal is decided with what the records held before it.

use parlor_domain::contribution::{Report, Status};
use parlor_domain::hype_train::HypeTrain;
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::room_aggregate::Reported;
use parlor_domain::time::ServerTime;
use parlor_store::Store;

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, donation, live_room, needs, record, report, tenant};

on_both_engines! {
    the_next_in_line_leads_when_the_leader_is_reversed,
    a_viewer_adds_to_what_they_gave_in_earlier_batches,
    a_gift_that_settles_by_a_message_without_its_viewer_is_theirs,
    a_reversal_in_a_past_train_corrects_the_record,
    a_reversal_is_told_how_far_its_train_and_the_best_other_got,
    what_a_train_has_to_beat_is_what_is_left_of_the_others,
    somebody_leads_whoever_is_reversed_in_the_batch_of_their_gift,
}

async fn the_next_in_line_leads_when_the_leader_is_reversed(database: Database) {
    let mut scene = Scene::new(database).await;
    scene
        .give(
            at(10),
            [("k1", "ann", 300), ("k2", "bob", 200), ("k3", "cleo", 250)],
        )
        .await;
    assert_eq!(top(&scene.train().await), ("ann".to_owned(), 300));

    scene.reverse(at(20), "k1", "ann", 300).await;
    let train = scene.train().await;
    assert_eq!(top(&train), ("cleo".to_owned(), 250));
    assert_eq!((train.total, train.contributor_count), (450, 2));

    // Both leaders at once: whoever is left leads.
    scene.give(at(30), [("k4", "dora", 10)]).await;
    let both = [
        report("r-k3", "k3", "cleo", 250, Status::Reversed),
        report("r-k2", "k2", "bob", 200, Status::Reversed),
    ];
    scene.send(at(40), &both).await;
    let train = scene.train().await;
    assert_eq!(top(&train), ("dora".to_owned(), 10));
    assert_eq!((train.total, train.contributor_count), (10, 1));
}

async fn a_viewer_adds_to_what_they_gave_in_earlier_batches(database: Database) {
    let mut scene = Scene::new(database).await;
    scene
        .give(at(10), [("k1", "ann", 100), ("k2", "bob", 150)])
        .await;
    scene.give(at(20), [("k3", "ann", 100)]).await;
    scene.give(at(30), [("k4", "ann", 50)]).await;

    let train = scene.train().await;
    assert_eq!(top(&train), ("ann".to_owned(), 250));
    assert_eq!((train.total, train.contributor_count), (400, 2));

    scene.reverse(at(40), "k3", "ann", 100).await;
    let train = scene.train().await;
    assert_eq!(
        train.contributor_count, 2,
        "ann is still aboard with two gifts"
    );
    let ann = train
        .recent_contributors
        .iter()
        .find(|one| one.last_hype == 50)
        .unwrap();
    assert_eq!(ann.hype, 150);
}

async fn a_gift_that_settles_by_a_message_without_its_viewer_is_theirs(database: Database) {
    let mut scene = Scene::new(database).await;
    scene
        .give(at(10), [("k1", "ann", 100), ("k2", "bob", 150)])
        .await;
    let pending = report("p-k3", "k3", "ann", 100, Status::Pending);
    scene.send(at(20), &[pending]).await;

    let settled = Report {
        viewer: None,
        ..report("s-k3", "k3", "ann", 100, Status::Settled)
    };
    scene.send(at(30), &[settled]).await;

    let train = scene.train().await;
    assert_eq!(top(&train), ("ann".to_owned(), 200));
    assert_eq!((train.total, train.contributor_count), (350, 2));
}

async fn a_reversal_in_a_past_train_corrects_the_record(database: Database) {
    let mut scene = Scene::new(database).await;
    scene
        .give(at(10), [("a1", "ann", 100), ("a2", "bob", 500)])
        .await;
    scene.end_train().await;
    scene
        .give(at(1_000_000), [("b1", "ann", 200), ("b2", "bob", 200)])
        .await;
    scene.end_train().await;
    assert_eq!(scene.record_total().await, Some(600));

    scene.reverse(at(2_000_000), "a2", "bob", 500).await;
    assert_eq!(
        scene.record_total().await,
        Some(400),
        "the second train is the best now"
    );

    scene.reverse(at(2_000_010), "b2", "bob", 200).await;
    assert_eq!(scene.record_total().await, Some(200));
}

async fn a_reversal_is_told_how_far_its_train_and_the_best_other_got(database: Database) {
    let mut scene = Scene::new(database).await;
    for (index, amount) in [(0, 400), (1, 500), (2, 300)] {
        let (key, other) = (format!("a{index}"), format!("b{index}"));
        let now = at(1_000_000 * index);
        scene
            .give(now, [(&key, "ann", amount), (&other, "bob", 10)])
            .await;
        scene.end_train().await;
    }

    // contribution, its train's total, the best other's
    for (reference, own, other) in [("a0", 410, 510), ("a1", 510, 410), ("a2", 310, 510)] {
        let reversal = report("r", reference, "ann", 1, Status::Reversed);
        let needed = [needs(scene.tenant_id, scene.room_id, &[reversal])];
        let mut batch = scene.store.begin(&needed).await.unwrap();
        let known = &batch.room(scene.tenant_id, scene.room_id).unwrap().known;
        let (_, reported) = known.contributions.found().next().unwrap();
        let Reported::Here(reversed) = reported else {
            panic!("{reported:?}");
        };

        let mut history = known.history.clone();
        let train = history.remove(&reversed.train_id.unwrap()).unwrap();
        assert_eq!(train.total, own, "{reference}");
        let best = history.values().map(|row| row.total).max();
        assert_eq!(best, Some(other), "{reference}");
        let leaders = &known.leaders[&reversed.train_id.unwrap()];
        let leaders: Vec<_> = leaders.iter().map(|one| one.hype).collect();
        assert_eq!(leaders, [own - 10, 10]);
        batch.roll_back().await.unwrap();
    }
}

async fn what_a_train_has_to_beat_is_what_is_left_of_the_others(database: Database) {
    let mut scene = Scene::new(database).await;
    scene
        .give(at(10), [("a1", "ann", 1_000_000), ("a2", "bob", 500)])
        .await;
    scene.end_train().await;
    scene
        .give(at(1_000_000), [("b1", "ann", 200), ("b2", "bob", 200)])
        .await;
    assert!(!scene.train().await.is_record);

    scene.reverse(at(1_000_010), "a1", "ann", 1_000_000).await;
    assert!(!scene.train().await.is_record, "400 against 500");
    scene.give(at(1_000_020), [("b3", "ann", 101)]).await;
    assert!(scene.train().await.is_record, "501 against 500");
    scene.end_train().await;
    assert!(
        scene.train().await.is_record,
        "it is not compared with itself"
    );
}

async fn somebody_leads_whoever_is_reversed_in_the_batch_of_their_gift(database: Database) {
    let mut scene = Scene::new(database).await;
    let gifts = [("k1", "ann", 300), ("k2", "bob", 200)];
    scene.give(at(10), gifts).await;

    // What is boarded and reversed in one batch leaves whoever led before it.
    let reversed =
        |key: &str, of: &str, viewer, amount| report(key, of, viewer, amount, Status::Reversed);
    let batch = [
        donation("k3", "cleo", 900),
        reversed("r1", "k1", "ann", 300),
        reversed("r3", "k3", "cleo", 900),
    ];
    scene.send(at(20), &batch).await;
    assert_eq!(top(&scene.train().await), ("bob".to_owned(), 200));
}

struct Scene {
    store: Store,
    ids: SeededIds,
    tenant_id: TenantId,
    room_id: RoomId,
}

impl Scene {
    async fn new(database: Database) -> Self {
        let (store, mut ids) = (database.open().await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
        Self {
            store,
            ids,
            tenant_id,
            room_id,
        }
    }

    async fn give<const N: usize>(&mut self, now: ServerTime, gifts: [(&str, &str, i64); N]) {
        let reports = gifts.map(|(key, viewer, amount)| donation(key, viewer, amount));
        self.send(now, &reports).await;
    }

    async fn reverse(&mut self, now: ServerTime, reference: &str, viewer: &str, amount: i64) {
        let key = format!("r-{reference}");
        self.send(
            now,
            &[report(&key, reference, viewer, amount, Status::Reversed)],
        )
        .await;
    }

    async fn send(&mut self, now: ServerTime, reports: &[Report]) {
        let Self {
            store,
            ids,
            tenant_id,
            room_id,
        } = self;
        let (answers, _) = record(store, *tenant_id, *room_id, reports, ids, now)
            .await
            .unwrap();
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }

    async fn train(&self) -> HypeTrain {
        self.store
            .room(self.room_id)
            .await
            .unwrap()
            .unwrap()
            .train
            .unwrap()
    }

    async fn end_train(&mut self) {
        let needed = [needs(self.tenant_id, self.room_id, &[])];
        let mut batch = self.store.begin(&needed).await.unwrap();
        let room = batch.room(self.tenant_id, self.room_id).unwrap();
        let deadline = room.train_deadline().unwrap();
        room.end_expired(&mut self.ids, deadline);
        batch.commit().await.unwrap();
    }

    async fn record_total(&self) -> Option<i64> {
        let needed = [needs(self.tenant_id, self.room_id, &[])];
        let mut batch = self.store.begin(&needed).await.unwrap();
        let room = batch.room(self.tenant_id, self.room_id).unwrap();
        let best = room.best_trains.first().map(|(_, total)| *total);
        batch.roll_back().await.unwrap();
        best
    }
}

fn top(train: &HypeTrain) -> (String, i64) {
    let top = train.top_contributor.as_ref().unwrap();
    (
        top.viewer_id.as_ref().unwrap().as_str().to_owned(),
        top.hype,
    )
}
