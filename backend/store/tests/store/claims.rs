//! Keys, references and slugs are one room's only, and whoever comes second is told so as data: the
//! rest of the batch is done, and what was refused uses up nothing.

use parlor_domain::contribution::{Report, Status};
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::room::{RoomChange, UpdateRoomRefusal};
use parlor_domain::room_aggregate::RecordContributionRefusal::{
    self, KeyReused, ReportedElsewhere,
};
use parlor_store::{Batch, InsertRoom, RoomNeeds, Store};
use tokio::task::JoinSet;

use crate::harness::{Database, Engine, on_both_engines, run};
use crate::scene::{
    SeededIds, at, decide, donation, fingerprint, live_room, needs, new_room, record, report,
    tenant,
};
use crate::shop::actor;

on_both_engines! {
    rooms_of_one_batch_that_want_the_same_get_it_once,
    what_another_room_has_is_refused_and_the_rest_is_done,
    a_slug_is_given_to_one_room_of_a_batch,
    a_slug_that_a_batch_lets_go_of_is_free_afterwards,
    batches_that_want_the_same_keys_never_fail_and_each_key_stands_once,
}

struct Scene {
    store: Store,
    ids: SeededIds,
    tenant_id: TenantId,
    one: RoomId,
    other: RoomId,
}

impl Scene {
    async fn new(database: &Database) -> Self {
        let (store, mut ids) = (database.open().await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let one = live_room(&store, "one", tenant_id, &mut ids).await;
        let other = live_room(&store, "other", tenant_id, &mut ids).await;

        Self {
            store,
            ids,
            tenant_id,
            one,
            other,
        }
    }

    async fn begin(&self, reports: &[(RoomId, &[Report])]) -> Batch {
        let needs: Vec<_> = reports
            .iter()
            .map(|(room_id, reports)| needs(self.tenant_id, *room_id, reports))
            .collect();
        self.store.begin(&needs).await.unwrap()
    }

    fn decide(
        &mut self,
        batch: &mut Batch,
        room_id: RoomId,
        reports: &[Report],
    ) -> Vec<Option<RecordContributionRefusal>> {
        let answers = decide(
            batch,
            self.tenant_id,
            room_id,
            reports,
            &mut self.ids,
            at(10),
        );
        answers.into_iter().map(Result::err).collect()
    }

    /// Has a room given a slug, on whatever batch it is of.
    fn rename(
        &mut self,
        batch: &mut Batch,
        room_id: RoomId,
        slug: &str,
    ) -> Result<(), UpdateRoomRefusal> {
        let room = batch.room(self.tenant_id, room_id).unwrap();
        let change = RoomChange {
            version: room.room.version,
            slug: Some(slug.to_owned()),
            ..RoomChange::default()
        };
        room.update_room(&actor("staff"), change, &mut self.ids, at(10))
            .map(drop)
    }

    fn wanting(&self, room_id: RoomId, slugs: &[&str]) -> RoomNeeds {
        let mut needs = RoomNeeds::new(self.tenant_id, room_id);
        needs.slugs = slugs.iter().map(|slug| (*slug).to_owned()).collect();
        needs
    }

    async fn slug(&self, room_id: RoomId) -> String {
        self.store.room(room_id).await.unwrap().unwrap().room.slug
    }
}

async fn count(database: &Database, table: &str) -> i64 {
    database
        .number(&format!("SELECT COUNT(*) FROM {table}"))
        .await
}

async fn rooms_of_one_batch_that_want_the_same_get_it_once(database: Database) {
    let mut scene = Scene::new(&database).await;
    let (one, other) = (scene.one, scene.other);
    // The same key with another amount, the same reference under another key, and one of its own.
    let first = [
        donation("k1", "ann", 100),
        report("k2", "r", "ann", 5, Status::Settled),
    ];
    let second = [
        donation("k1", "ann", 7),
        report("k3", "r", "ann", 5, Status::Settled),
        donation("k4", "ann", 9),
    ];

    let mut batch = scene.begin(&[(one, &first), (other, &second)]).await;
    assert_eq!(scene.decide(&mut batch, one, &first), [None, None]);
    assert_eq!(
        scene.decide(&mut batch, other, &second),
        [
            Some(KeyReused("k1".to_owned())),
            Some(ReportedElsewhere("r".to_owned())),
            None,
        ]
    );
    assert!(batch.claim().await.unwrap());
    assert_eq!(batch.commit().await.unwrap().len(), 2);

    assert_eq!(count(&database, "contributions").await, 3);
    assert_eq!(
        count(&database, "answers").await,
        3,
        "a refusal uses up no key"
    );
    let again = [donation("k3", "ann", 1)];
    let (answers, _) = record(
        &scene.store,
        scene.tenant_id,
        other,
        &again,
        &mut scene.ids,
        at(20),
    )
    .await
    .unwrap();
    assert!(answers[0].is_ok(), "{answers:?}");
}

async fn what_another_room_has_is_refused_and_the_rest_is_done(database: Database) {
    let mut scene = Scene::new(&database).await;
    let (one, other) = (scene.one, scene.other);
    let first = [report("k1", "r", "ann", 5, Status::Settled)];
    record(
        &scene.store,
        scene.tenant_id,
        one,
        &first,
        &mut scene.ids,
        at(10),
    )
    .await
    .unwrap();

    let second = [
        donation("k1", "ann", 7),
        report("k2", "r", "ann", 5, Status::Reversed),
        donation("k3", "ann", 9),
    ];
    let mut batch = scene.begin(&[(other, &second)]).await;
    assert_eq!(
        scene.decide(&mut batch, other, &second),
        [
            Some(KeyReused("k1".to_owned())),
            Some(ReportedElsewhere("r".to_owned())),
            None,
        ]
    );
    assert_eq!(batch.commit().await.unwrap().len(), 1);
    assert_eq!(count(&database, "contributions").await, 2);
}

async fn a_slug_is_given_to_one_room_of_a_batch(database: Database) {
    let mut scene = Scene::new(&database).await;
    let (one, other) = (scene.one, scene.other);
    let asked = [
        scene.wanting(one, &["new", "other"]),
        scene.wanting(other, &["new", "one"]),
    ];

    let mut batch = scene.store.begin(&asked).await.unwrap();
    // Taken in the database, taken by the batch, and let go of by the batch, which is not there yet.
    let taken = Err(UpdateRoomRefusal::SlugTaken);
    assert_eq!(scene.rename(&mut batch, one, "other"), taken);
    assert_eq!(scene.rename(&mut batch, one, "new"), Ok(()));
    assert_eq!(scene.rename(&mut batch, other, "new"), taken);
    assert_eq!(scene.rename(&mut batch, other, "one"), taken);
    batch.commit().await.unwrap();

    assert_eq!(scene.slug(one).await, "new");
    assert_eq!(scene.slug(other).await, "other");
    assert_eq!(count(&database, "slug_claims").await, 0);
}

async fn a_slug_that_a_batch_lets_go_of_is_free_afterwards(database: Database) {
    let mut scene = Scene::new(&database).await;
    let (one, other) = (scene.one, scene.other);
    for (room_id, slug) in [(one, "new"), (other, "one"), (one, "one"), (one, "other")] {
        let asked = [scene.wanting(room_id, &[slug])];
        let mut batch = scene.store.begin(&asked).await.unwrap();
        let is_free = scene.rename(&mut batch, room_id, slug).is_ok();
        assert_eq!(is_free, (room_id, slug) != (one, "one"), "{slug}");
        batch.commit().await.unwrap();
    }
    assert_eq!(scene.slug(one).await, "other");
}

const TASKS: u64 = 8;
const BATCHES: u64 = 20;

/// Rooms in common and rooms apart, in any order, with keys and references that all of them want, and
/// slugs as well: whoever comes second sees data, and nobody is told to try again.
async fn batches_that_want_the_same_keys_never_fail_and_each_key_stands_once(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let mut rooms = Vec::new();
    for n in 0..TASKS {
        rooms.push(live_room(&store, &format!("room-{n}"), tenant_id, &mut ids).await);
    }

    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = if task % 2 == 0 {
            store.clone()
        } else {
            database.open().await
        };
        let mut own = rooms.clone();
        own.rotate_left(usize::try_from(task).unwrap());
        own.truncate(3);
        tasks.spawn(want_everything(store, tenant_id, own, task));
    }
    let (mut accepted, mut refused) = (0, 0);
    while let Some(done) = tasks.join_next().await {
        let (yes, no) = done.unwrap();
        accepted += yes;
        refused += no;
    }

    assert_eq!(count(&database, "answers").await, accepted);
    assert_eq!(count(&database, "contributions").await, accepted);
    assert_eq!(
        accepted + refused,
        i64::try_from(TASKS * BATCHES * 3 * 4).unwrap()
    );
    // Every key was somebody's in the end.
    assert_eq!(accepted, i64::try_from(BATCHES * 4).unwrap());
    assert_eq!(count(&database, "slug_claims").await, 0);
}

async fn want_everything(
    store: Store,
    tenant_id: TenantId,
    rooms: Vec<RoomId>,
    task: u64,
) -> (i64, i64) {
    let mut ids = SeededIds::new(100 + task);
    let (mut accepted, mut refused) = (0, 0);
    for batch_index in 0..BATCHES {
        let mut reports: Vec<_> = (0..4)
            .map(|n| donation(&format!("k{batch_index}-{n}"), "ann", 1))
            .collect();
        // Everybody in an order of their own.
        reports.rotate_left(usize::try_from(task % 4).unwrap());
        let asked: Vec<_> = rooms
            .iter()
            .map(|room_id| {
                let mut needs = needs(tenant_id, *room_id, &reports);
                needs.slugs = vec![format!("slug-{batch_index}"), format!("slug-{task}")];
                needs
            })
            .collect();

        let mut batch = store.begin(&asked).await.unwrap();
        let answers = loop {
            let mut answers = Vec::new();
            for room_id in &rooms {
                let room = batch.room(tenant_id, *room_id).unwrap();
                for report in &reports {
                    // Content of its own, so that nobody gets another's answer.
                    let mut print = fingerprint(report);
                    print[31] = u8::try_from(task).unwrap();
                    print[30] = room_id.0.as_bytes()[15];
                    let recorded =
                        room.record_contribution(report.clone(), print, &mut ids, at(10));
                    answers.push(recorded.is_ok());
                }
                let change = RoomChange {
                    version: room.room.version,
                    slug: Some(format!("slug-{batch_index}")),
                    ..RoomChange::default()
                };
                match room.update_room(&actor("staff"), change, &mut ids, at(10)) {
                    Ok(_) | Err(UpdateRoomRefusal::SlugTaken) => (),
                    Err(refusal) => panic!("{refusal}"),
                }
            }
            if batch.claim().await.unwrap() {
                break answers;
            }
        };
        batch.commit().await.unwrap();
        for is_accepted in answers {
            *(if is_accepted {
                &mut accepted
            } else {
                &mut refused
            }) += 1;
        }
    }

    (accepted, refused)
}

/// Waits until somebody waits for another's lock.
async fn somebody_waits(database: &Database) {
    let blocked = "SELECT COUNT(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut looks = 0;
    while database.number(blocked).await == 0 {
        looks += 1;
        assert!(looks < 10_000, "the second batch waits for the first");
        tokio::task::yield_now().await;
    }
}

#[test]
fn what_is_taken_between_looking_and_claiming_is_decided_again_on_postgres() {
    run(Engine::Postgres, async |database: Database| {
        race(&database, true).await;
    });
}

#[test]
fn what_was_about_to_be_taken_and_was_not_is_free_on_postgres() {
    run(Engine::Postgres, async |database: Database| {
        race(&database, false).await;
    });
}

/// Both have looked, and both found it free.
async fn race(database: &Database, first_commits: bool) {
    let mut scene = Scene::new(database).await;
    let (one, other) = (scene.one, scene.other);
    let first = [donation("k1", "ann", 100)];
    let second = [donation("k1", "ann", 7), donation("k2", "ann", 9)];
    let mut winner = scene.begin(&[(one, &first)]).await;
    let mut loser = scene.begin(&[(other, &second)]).await;
    assert_eq!(scene.decide(&mut winner, one, &first), [None]);
    assert_eq!(scene.decide(&mut loser, other, &second), [None, None]);
    assert!(winner.claim().await.unwrap());

    let claimed = tokio::spawn(async move {
        let is_free = loser.claim().await.unwrap();
        (loser, is_free)
    });
    somebody_waits(database).await;
    if first_commits {
        winner.commit().await.unwrap();
    } else {
        winner.roll_back().await.unwrap();
    }
    let (mut loser, is_free) = claimed.await.unwrap();
    assert_eq!(is_free, !first_commits);

    if first_commits {
        let decided = scene.decide(&mut loser, other, &second);
        assert_eq!(decided, [Some(KeyReused("k1".to_owned())), None]);
        assert!(loser.claim().await.unwrap());
    }
    let committed = loser.commit().await.unwrap();
    let head = scene.store.head(other).await.unwrap().unwrap();
    assert_eq!(committed[0].events.last().unwrap().seq, head.seq);
    assert_eq!(count(database, "answers").await, 2);
    assert_eq!(count(database, "contributions").await, 2);
}

#[test]
fn a_slug_that_somebody_is_about_to_give_is_waited_for_on_postgres() {
    run(Engine::Postgres, async |database: Database| {
        let mut scene = Scene::new(&database).await;
        let (one, other) = (scene.one, scene.other);
        let mut first = scene
            .store
            .begin(&[scene.wanting(one, &["new"])])
            .await
            .unwrap();
        assert_eq!(scene.rename(&mut first, one, "new"), Ok(()));

        let (store, asked) = (scene.store.clone(), scene.wanting(other, &["new"]));
        let second = tokio::spawn(async move { store.begin(&[asked]).await.unwrap() });
        let (store, made) = (
            scene.store.clone(),
            new_room("new", scene.tenant_id, &mut scene.ids),
        );
        somebody_waits(&database).await;
        let inserted = tokio::spawn(async move { store.insert_room(&made).await.unwrap() });
        first.commit().await.unwrap();

        let mut second = second.await.unwrap();
        let renamed = scene.rename(&mut second, other, "new");
        assert_eq!(renamed, Err(UpdateRoomRefusal::SlugTaken));
        second.roll_back().await.unwrap();
        assert_eq!(inserted.await.unwrap(), InsertRoom::SlugTaken);
    });
}
