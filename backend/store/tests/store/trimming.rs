//! Logs are kept by age and by size, and what is gone is never passed over in silence.

use parlor_domain::event::{Event, Timing};
use parlor_domain::id::{Epoch, RoomId, TenantId};
use parlor_domain::time::ServerTime;
use parlor_store::{
    DueKind, DueWork, KEYFRAME_EVERY, LogKeep, LogPosition, Resume, Settings, Store,
};

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, donation, events_after, lease, live_room, record, tenant};

on_both_engines! {
    what_is_older_than_it_is_kept_for_goes,
    what_is_more_than_is_kept_goes_however_young,
    whoever_stands_before_the_first_kept_position_is_told,
    the_picture_is_known_from_the_first_kept_position_on,
    a_trimming_that_was_broken_off_is_gone_on_with,
    a_keyframe_that_comes_meanwhile_is_not_forgotten,
    a_keyframe_of_before_that_holds_every_part_is_read,
}

/// Donations in a batch, each of which is two events with the train's.
const BATCH: i64 = KEYFRAME_EVERY;
const BATCHES: i64 = 40;
/// Between two batches.
const STEP_MS: i64 = 1_000;
const FAR: i64 = i64::MAX / 4;

/// A room of many batches, with a keyframe behind each.
struct Scene {
    database: Database,
    store: Store,
    ids: SeededIds,
    tenant_id: TenantId,
    room_id: RoomId,
    epoch: Epoch,
    /// Its whole log.
    log: Vec<Event>,
    batches: i64,
}

impl Scene {
    async fn open(database: Database, log_keep: LogKeep) -> Self {
        let settings = Settings {
            log_keep,
            ..Settings::new(&database.url)
        };
        let (store, mut ids) = (database.open_with(settings).await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
        let epoch = store.head(room_id).await.unwrap().unwrap().epoch;
        let mut scene = Self {
            database,
            store,
            ids,
            tenant_id,
            room_id,
            epoch,
            log: Vec::new(),
            batches: 0,
        };
        for _ in 0..BATCHES {
            scene.batch().await;
        }
        scene.log = events_after(&scene.store, room_id, epoch, 0, FAR).await;

        scene
    }

    /// The next batch of donations.
    async fn batch(&mut self) {
        let reports: Vec<_> = (0..BATCH)
            .map(|n| donation(&format!("{}-{n}", self.batches), "ann", 1))
            .collect();
        self.batches += 1;
        let now = at(self.batches * STEP_MS);
        let (tenant_id, room_id) = (self.tenant_id, self.room_id);
        let recorded = record(
            &self.store,
            tenant_id,
            room_id,
            &reports,
            &mut self.ids,
            now,
        );
        recorded.await.unwrap();
    }

    /// Takes the work up at `now`, if there is any.
    async fn claim(&self, holder: u128, now: ServerTime) -> Option<DueWork> {
        let claimed = self
            .store
            .claim_due(DueKind::LogTrimming, lease(holder, now), 10);
        let mut claimed = claimed.await.unwrap();
        assert!(claimed.len() <= 1);
        claimed.pop()
    }

    /// Trims as far as there is something to trim at `now`, and returns how many steps it took.
    async fn trim(&self, now: ServerTime) -> usize {
        let work = self.claim(1, now).await.expect("the log is looked at");
        let mut steps = 1;
        while self.store.trim_log(&work, lease(1, now)).await.unwrap() {
            steps += 1;
            assert!(steps < 1_000, "it never ends");
        }
        steps
    }

    async fn first_kept_seq(&self) -> i64 {
        let first = "SELECT MIN(first_kept_seq) FROM rooms";
        self.database.number(first).await
    }

    /// Checks that the log begins behind a keyframe, and that nothing before that is left.
    async fn check_beginning(&self, first_kept_seq: i64) {
        assert_eq!(self.first_kept_seq().await, first_kept_seq);
        let keyframe = "SELECT MIN(seq) FROM keyframes";
        assert_eq!(self.database.number(keyframe).await, first_kept_seq - 1);
        let event = "SELECT MIN(seq) FROM events";
        assert_eq!(self.database.number(event).await, first_kept_seq);
        let kept = events_after(
            &self.store,
            self.room_id,
            self.epoch,
            first_kept_seq - 1,
            FAR,
        );
        let expected = self.log.iter().filter(|event| event.seq >= first_kept_seq);
        assert!(kept.await.iter().eq(expected));
    }

    fn position(&self, seq: i64) -> LogPosition {
        LogPosition {
            epoch: self.epoch,
            seq,
        }
    }

    /// Where the log was when the `batch`th one was written.
    fn seq_at(&self, batch: i64) -> i64 {
        let until = at(batch * STEP_MS);
        let last = self.log.iter().rfind(|event| event.occurred_at <= until);
        last.unwrap().seq
    }
}

fn by_age(steps: i64) -> LogKeep {
    LogKeep {
        age_ms: steps * STEP_MS,
        events: FAR,
    }
}

fn by_size(events: i64) -> LogKeep {
    LogKeep {
        age_ms: FAR,
        events,
    }
}

const HOUR_MS: i64 = 3_600_000;

async fn what_is_older_than_it_is_kept_for_goes(database: Database) {
    let age = HOUR_MS / STEP_MS;
    let scene = Scene::open(database, by_age(age)).await;
    let soon = at(STEP_MS + 10 * 60 * 1_000);
    assert_eq!(scene.claim(1, soon.plus_millis(-1)).await, None);

    // Nothing is old enough, so it is looked at again when something is.
    assert_eq!(scene.trim(soon).await, 1);
    scene_is_whole(&scene).await;
    let next = scene.store.next_due(DueKind::LogTrimming, soon).await;
    assert_eq!(next.unwrap(), Some(at((1 + age) * STEP_MS)));

    let now = at((25 + age) * STEP_MS + 1);
    assert!(scene.trim(now).await > 3, "it goes in steps");
    scene.check_beginning(scene.seq_at(25) + 1).await;
    let next = scene.store.next_due(DueKind::LogTrimming, now).await;
    assert_eq!(next.unwrap(), Some(at((26 + age) * STEP_MS)));

    // The last keyframe stays, and there is nothing to look at until there is another.
    let now = at((BATCHES + age) * STEP_MS);
    scene.trim(now).await;
    assert_eq!(scene.first_kept_seq().await, scene.seq_at(BATCHES) + 1);
    assert_eq!(
        scene.database.number("SELECT COUNT(*) FROM events").await,
        0
    );
    let keyframes = "SELECT COUNT(*) FROM keyframes";
    assert_eq!(scene.database.number(keyframes).await, 1);
    assert_eq!(
        scene
            .database
            .number("SELECT COUNT(*) FROM due_work WHERE kind = 'log_trimming'")
            .await,
        0
    );

    let mut scene = scene;
    scene.batches += 2 * age;
    scene.batch().await;
    let since = scene.position(scene.seq_at(BATCHES));
    let resumed = scene.store.resume(scene.room_id, since, FAR).await.unwrap();
    assert!(resumed.events().unwrap().len() > 1);
}

async fn scene_is_whole(scene: &Scene) {
    assert_eq!(scene.first_kept_seq().await, 1);
    let count = i64::try_from(scene.log.len()).unwrap();
    assert_eq!(
        scene.database.number("SELECT COUNT(*) FROM events").await,
        count
    );
}

async fn what_is_more_than_is_kept_goes_however_young(database: Database) {
    let kept = 5 * KEYFRAME_EVERY;
    let mut scene = Scene::open(database, by_size(kept)).await;
    let now = at(STEP_MS + 10 * 60 * 1_000);

    scene.trim(now).await;

    let head_seq = scene.log.last().unwrap().seq;
    let cut = (1..=BATCHES).map(|batch| scene.seq_at(batch));
    let cut = cut.filter(|seq| *seq <= head_seq - kept).max().unwrap();
    scene.check_beginning(cut + 1).await;
    assert!(head_seq - cut >= kept);

    // What comes then is looked at again, though what is kept is not old for ages.
    scene.batch().await;
    let later = at(scene.batches * STEP_MS + 10 * 60 * 1_000);
    scene.trim(later).await;
    assert!(scene.first_kept_seq().await > cut + 1);
}

async fn whoever_stands_before_the_first_kept_position_is_told(database: Database) {
    let scene = Scene::open(database, by_size(3 * KEYFRAME_EVERY)).await;
    let now = at(HOUR_MS);
    let work = scene.claim(1, now).await.unwrap();

    // From the moment on at which the log begins elsewhere, also while its rows are still there.
    assert!(scene.store.trim_log(&work, lease(1, now)).await.unwrap());
    let first = scene.first_kept_seq().await;
    assert!(first > 1);
    let kept = "SELECT COUNT(*) FROM events WHERE seq = 1";
    assert_eq!(scene.database.number(kept).await, 1);
    check_positions(&scene, first).await;

    while scene.store.trim_log(&work, lease(1, now)).await.unwrap() {}
    check_positions(&scene, scene.first_kept_seq().await).await;
}

/// Asks from the beginning, from before, at and behind the first kept position.
async fn check_positions(scene: &Scene, first: i64) {
    for seq in [0, first - 2] {
        let position = scene.position(seq);
        let resumed = scene.store.resume(scene.room_id, position, FAR).await;
        assert_eq!(resumed.unwrap(), Resume::Unrecoverable, "{seq}");
        let read = scene.store.events_after(scene.room_id, position, 10).await;
        assert_eq!(read.unwrap(), Resume::Unrecoverable, "{seq}");
    }
    for seq in [first - 1, first, first + 1] {
        let position = scene.position(seq);
        let resumed = scene.store.resume(scene.room_id, position, FAR).await;
        let read = scene.store.events_after(scene.room_id, position, FAR).await;
        let expected: Vec<_> = scene.log.iter().filter(|event| event.seq > seq).collect();
        assert!(
            resumed
                .unwrap()
                .events()
                .unwrap()
                .iter()
                .eq(expected.clone())
        );
        assert!(read.unwrap().events().unwrap().iter().eq(expected));
    }
}

async fn the_picture_is_known_from_the_first_kept_position_on(database: Database) {
    let scene = Scene::open(database, by_size(3 * KEYFRAME_EVERY)).await;
    let now = at(HOUR_MS);
    let times = (0..=BATCHES).map(|batch| at(batch * STEP_MS));
    let mut before = Vec::new();
    for time in times {
        let picture = scene.store.picture_at(scene.room_id, time, 3).await;
        before.push((time, picture.unwrap().unwrap()));
    }

    let work = scene.claim(1, now).await.unwrap();
    let mut steps = 0;
    while scene.store.trim_log(&work, lease(1, now)).await.unwrap() {
        steps += 1;
        let first = scene.first_kept_seq().await;
        let at_first = before
            .iter()
            .map(|(_, picture)| picture)
            .find(|picture| picture.snapshot.seq == first - 1);
        for (time, then) in &before {
            let then = if then.snapshot.seq < first {
                at_first.unwrap()
            } else {
                then
            };
            let picture = scene.store.picture_at(scene.room_id, *time, 3).await;
            assert_eq!(&picture.unwrap().unwrap(), then, "{time:?}");
        }
    }
    assert!(steps > 2);
}

async fn a_trimming_that_was_broken_off_is_gone_on_with(database: Database) {
    let scene = Scene::open(database, by_size(3 * KEYFRAME_EVERY)).await;
    let now = at(HOUR_MS);
    let lost = scene.claim(1, now).await.unwrap();
    for _ in 0..2 {
        assert!(scene.store.trim_log(&lost, lease(1, now)).await.unwrap());
    }
    assert_eq!(scene.claim(2, now.plus_millis(4_999)).await, None);

    let later = now.plus_millis(5_000);
    let held = scene.claim(2, later).await.unwrap();
    while scene.store.trim_log(&held, lease(2, later)).await.unwrap() {
        // Whoever comes back too late may say where the log begins, and neither deletes nor finishes.
        while scene.store.trim_log(&lost, lease(1, later)).await.unwrap() {}
    }
    let head_seq = scene.log.last().unwrap().seq;
    let cut = (1..=BATCHES).map(|batch| scene.seq_at(batch));
    let cut = cut
        .filter(|seq| *seq <= head_seq - 3 * KEYFRAME_EVERY)
        .max();
    scene.check_beginning(cut.unwrap() + 1).await;
    let next = scene.store.next_due(DueKind::LogTrimming, later).await;
    assert!(next.unwrap().unwrap() > at(FAR / 2));
}

async fn a_keyframe_that_comes_meanwhile_is_not_forgotten(database: Database) {
    let mut scene = Scene::open(database, by_age(1)).await;
    let now = at(HOUR_MS);
    let work = scene.claim(1, now).await.unwrap();
    while scene.first_kept_seq().await <= scene.seq_at(BATCHES) {
        assert!(scene.store.trim_log(&work, lease(1, now)).await.unwrap());
    }

    // One that is not due by the time at which somebody works on those before.
    scene.batches = HOUR_MS / STEP_MS;
    scene.batch().await;
    while scene.store.trim_log(&work, lease(1, now)).await.unwrap() {}

    assert_eq!(scene.claim(2, now.plus_millis(4_999)).await, None);
    let later = now.plus_millis(5_000);
    scene.trim(later).await;
    let head = scene.store.head(scene.room_id).await.unwrap().unwrap();
    assert_eq!(scene.first_kept_seq().await, head.seq + 1);
}

async fn a_keyframe_of_before_that_holds_every_part_is_read(database: Database) {
    let scene = Scene::open(database, by_age(FAR / STEP_MS)).await;
    let now = scene.store.snapshot(scene.room_id).await.unwrap().unwrap();
    let seq = scene
        .database
        .number("SELECT MAX(seq) FROM keyframes")
        .await;
    // The room and its session, as they were in another room.
    let golden = include_str!("../../fixtures/documents/keyframe.0.jsonl");
    let golden = golden.lines().next().unwrap();
    assert!(golden.contains("RoomUpdated"));
    let put = format!("UPDATE keyframes SET events = '{golden}' WHERE seq = {seq}");
    scene.database.run(&put).await;

    let at = at(BATCHES * STEP_MS);
    let picture = scene.store.picture_at(scene.room_id, at, 3).await;
    let live = now.events.into_iter();
    let live = live.filter(|event| event.body.timing() == Timing::Live);
    assert_eq!(
        picture.unwrap().unwrap().snapshot.events,
        live.collect::<Vec<_>>()
    );
}
