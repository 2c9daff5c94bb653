//! Books on disk: what was moved is read again, page by page, and whatever is changed there is found.

use std::collections::BTreeMap;

use parlor_domain::id::{ParticipantId, RoomId, TenantId, ViewerId};
use parlor_domain::points::{Balance, Digest, MemberNumber, StatementLine, Transfer, Unsound};
use parlor_domain::room_aggregate::{Actor, Adjustment, AdjustmentKind, AnswerKey};
use parlor_store::{RoomNeeds, StatementRequest, Store};

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, live_room, tenant};

on_both_engines! {
    points_are_moved_read_and_proven,
    a_statement_is_read_page_by_page_from_the_newest,
    the_first_answer_is_given_again_after_a_restart,
    whatever_is_changed_on_disk_is_named,
    whatever_is_changed_in_the_totals_is_named,
    totals_of_before_are_made_up_for,
    erasing_who_and_why_leaves_the_books_sound,
    a_room_with_books_is_not_deleted,
    other_tenants_and_rooms_see_nothing,
    where_books_stand_is_read_in_pages_over_all_rooms,
}

pub(crate) struct Scene {
    pub(crate) store: Store,
    pub(crate) ids: SeededIds,
    pub(crate) tenant_id: TenantId,
    pub(crate) room_id: RoomId,
    pub(crate) people: Vec<(ParticipantId, MemberNumber)>,
}

pub(crate) fn staff() -> Actor {
    Actor {
        viewer_id: ViewerId::parse("staff").unwrap(),
        is_staff: true,
    }
}

impl Scene {
    /// A room that `names` have joined.
    pub(crate) async fn set(database: &Database, names: &[&str]) -> Self {
        let (store, mut ids) = (database.open().await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
        let mut scene = Self {
            store,
            ids,
            tenant_id,
            room_id,
            people: Vec::new(),
        };
        for name in names {
            scene.join(name).await;
        }
        scene
    }

    async fn join(&mut self, name: &str) {
        let viewer_id = ViewerId::parse(name).unwrap();
        let mut needs = RoomNeeds::new(self.tenant_id, self.room_id);
        needs.people.actors.push(viewer_id.clone());
        let mut batch = self.store.begin(&[needs]).await.unwrap();
        let room = batch.room(self.tenant_id, self.room_id).unwrap();
        let joined = room.join(&staff(), &viewer_id, name, &mut self.ids, at(2));
        let joined = joined.unwrap();
        batch.commit().await.unwrap();
        self.people.push((joined.id, joined.number));
    }

    /// Moves points of the person at that place, in a batch of its own.
    pub(crate) async fn adjust(
        &mut self,
        person: usize,
        kind: AdjustmentKind,
        points: i64,
    ) -> Transfer {
        let key = format!("key {}", self.ids_used());
        self.adjust_under(&key, person, kind, points).await
    }

    fn ids_used(&mut self) -> uuid::Uuid {
        parlor_domain::id::IdSource::next_id(&mut self.ids)
    }

    async fn adjust_under(
        &mut self,
        key: &str,
        person: usize,
        kind: AdjustmentKind,
        points: i64,
    ) -> Transfer {
        let (participant_id, _) = self.people[person];
        let reason = format!("because of {points}");
        let adjustment = Adjustment::new(key.to_owned(), participant_id, kind, points, reason);
        let adjustment = adjustment.unwrap();
        let mut needs = RoomNeeds::new(self.tenant_id, self.room_id);
        needs.people.actors.push(staff().viewer_id);
        needs.people.participants.push(participant_id);
        needs.points.ledger = true;
        needs.points.members.push(participant_id);
        needs
            .answers
            .push(AnswerKey::of_adjustment(&staff(), &adjustment));
        let mut batch = self.store.begin(&[needs]).await.unwrap();
        let room = batch.room(self.tenant_id, self.room_id).unwrap();
        let moved = room.adjust_points(&staff(), &adjustment, [1; 32], &mut self.ids, at(5));
        batch.commit().await.unwrap();

        moved.unwrap()
    }

    pub(crate) async fn balance(&self, person: usize) -> Balance {
        let (_, member) = self.people[person];
        let balance = self.store.balance(self.tenant_id, self.room_id, member);
        balance.await.unwrap()
    }

    pub(crate) async fn unsound(&self, noted: &BTreeMap<i64, Digest>) -> Option<Unsound> {
        let verified = self.store.verify_books(self.tenant_id, self.room_id, noted);
        verified.await.unwrap().err()
    }

    async fn what_is_unsound(&self) -> String {
        let unsound = self.unsound(&BTreeMap::new()).await;
        unsound.map_or_else(|| "sound".to_owned(), |unsound| unsound.to_string())
    }

    /// Checks that what `change` does is `named`, and that `undo` undoes it.
    async fn is_named(&self, database: &Database, change: &str, undo: &str, named: &str) {
        database.run(change).await;
        let found = self.what_is_unsound().await;
        assert!(found.contains(named), "{change}: {found}");
        database.run(undo).await;
        assert_eq!(self.what_is_unsound().await, "sound", "{undo}");
    }
}

use AdjustmentKind::{Charge, Grant};

async fn points_are_moved_read_and_proven(database: Database) {
    let mut scene = Scene::set(&database, &["ana", "ben"]).await;
    assert_eq!(scene.balance(0).await, Balance::default());
    scene.adjust(0, Grant, 100).await;
    scene.adjust(1, Grant, 7).await;
    scene.adjust(0, Charge, 30).await;

    let (ana, ben) = (scene.balance(0).await, scene.balance(1).await);
    assert_eq!((ana.points, ana.lines, ana.held), (70, 2, 0));
    assert_eq!((ben.points, ben.lines), (7, 1));
    let ledger = scene.store.ledger(scene.tenant_id, scene.room_id).await;
    let ledger = ledger.unwrap();
    assert_eq!((ledger.seq, ledger.minted, ledger.burned), (3, 107, 30));
    assert_eq!(scene.unsound(&BTreeMap::new()).await, None);
    let first = scene.store.next_room_with_books(None).await.unwrap();
    assert_eq!(first, Some((scene.room_id, scene.tenant_id)));
    let rest = scene
        .store
        .next_room_with_books(first.map(|(id, _)| id))
        .await;
    assert_eq!(rest.unwrap(), None);

    // A head that was noted is found again, and one that was not is told.
    let noted = BTreeMap::from([(3, ledger.digest)]);
    scene.adjust(1, Charge, 7).await;
    assert_eq!(scene.unsound(&noted).await, None);
    let other = BTreeMap::from([(3, Digest([9; 32]))]);
    assert!(matches!(
        scene.unsound(&other).await,
        Some(Unsound::OtherHead { seq: 3, .. })
    ));
    let missing = BTreeMap::from([(5, ledger.digest)]);
    assert!(matches!(
        scene.unsound(&missing).await,
        Some(Unsound::EndMissing {
            expected: 5,
            found: 4
        })
    ));
}

async fn a_statement_is_read_page_by_page_from_the_newest(database: Database) {
    let mut scene = Scene::set(&database, &["ana", "ben"]).await;
    let mut moved = Vec::new();
    for points in 1..=5 {
        moved.push(scene.adjust(0, Grant, points).await);
        scene.adjust(1, Grant, 1_000).await;
    }
    moved.reverse();
    let moved: Vec<_> = moved
        .into_iter()
        .map(Box::new)
        .map(StatementLine::Transfer)
        .collect();

    let (_, ana) = scene.people[0];
    let mut read = Vec::new();
    let mut after = None;
    loop {
        let page = StatementRequest {
            limit: 2,
            after,
            before: None,
        };
        let page = scene
            .store
            .statement_page(scene.tenant_id, scene.room_id, ana, page)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(page.total_count, 5);
        after = page.items.last().map(|(_, cursor)| *cursor);
        read.extend(page.items.into_iter().map(|(line, _)| line));
        if !page.has_next {
            break;
        }
    }

    assert_eq!(read, moved);
}

async fn the_first_answer_is_given_again_after_a_restart(database: Database) {
    let mut scene = Scene::set(&database, &["ana"]).await;
    let first = scene.adjust_under("k", 0, Grant, 5).await;
    scene.store.close().await;

    scene.store = database.open().await;
    let again = scene.adjust_under("k", 0, Grant, 5).await;

    assert_eq!(again, first);
    assert_eq!(scene.balance(0).await.points, 5);
}

async fn whatever_is_changed_on_disk_is_named(database: Database) {
    let mut scene = Scene::set(&database, &["ana", "ben"]).await;
    for (person, kind, points) in [
        (0, Grant, 100),
        (1, Grant, 50),
        (0, Charge, 30),
        (1, Charge, 50),
    ] {
        scene.adjust(person, kind, points).await;
    }
    assert_eq!(scene.what_is_unsound().await, "sound");

    // Each is undone before the next.
    for (change, undo, named) in [
        (
            "UPDATE transfers SET points = 51 WHERE seq = 2",
            "UPDATE transfers SET points = 50 WHERE seq = 2",
            "transfer 2 is not what it was",
        ),
        (
            "UPDATE transfers SET reason = 'a gift' WHERE seq = 3",
            "UPDATE transfers SET reason = 'because of 30' WHERE seq = 3",
            "what transfer 3 says of who moved",
        ),
        (
            "UPDATE transfers SET balance_after = 71 WHERE seq = 3",
            "UPDATE transfers SET balance_after = 70 WHERE seq = 3",
            "transfer 3 says that it leaves 71 points, and leaves 70",
        ),
        (
            "UPDATE transfers SET seq = 9 WHERE seq = 2",
            "UPDATE transfers SET seq = 2 WHERE seq = 9",
            "transfer 3 stands where 2 belongs",
        ),
        (
            "UPDATE balances SET points = 71 WHERE number = 0",
            "UPDATE balances SET points = 70 WHERE number = 0",
            "member 0 is kept to have 71 points, and the transfers give them 70",
        ),
        (
            "UPDATE balances SET held = 71 WHERE number = 0",
            "UPDATE balances SET held = 0 WHERE number = 0",
            "of member 0 71 points are kept as held, and what is not settled holds 0",
        ),
        (
            "UPDATE transfers SET number = 1 WHERE seq = 3",
            "UPDATE transfers SET number = 0 WHERE seq = 3",
            "the statement of member 1 has transfer 3, which is not theirs",
        ),
        (
            "UPDATE transfers SET kind = 99 WHERE seq = 3",
            "UPDATE transfers SET kind = 2 WHERE seq = 3",
            "the transfer behind 2 cannot be read",
        ),
        (
            "UPDATE ledgers SET minted = 151",
            "UPDATE ledgers SET minted = 150",
            "the sum of what was minted is kept as 151",
        ),
        (
            "UPDATE ledgers SET seq = 5",
            "UPDATE ledgers SET seq = 4",
            "the last transfer is 4, and 5 were made",
        ),
    ] {
        scene.is_named(&database, change, undo, named).await;
    }
    // A head that was taken out leaves its transfers behind.
    database.run("DELETE FROM ledgers").await;
    let left = scene.store.next_room_with_books(None).await.unwrap();
    assert_eq!(left, Some((scene.room_id, scene.tenant_id)));
    let found = scene.what_is_unsound().await;
    assert!(
        found.contains("the last transfer is 4, and 0 were made"),
        "{found}"
    );
}

async fn whatever_is_changed_in_the_totals_is_named(database: Database) {
    let mut scene = Scene::set(&database, &["ana", "ben"]).await;
    for (person, kind, points) in [
        (0, Grant, 100),
        (1, Grant, 50),
        (0, Charge, 30),
        (1, Charge, 50),
    ] {
        scene.adjust(person, kind, points).await;
    }
    for (change, undo, named) in [
        (
            "UPDATE ledgers SET held = 1",
            "UPDATE ledgers SET held = 0",
            "the sum of what is held is kept as 1, and the transfers make it 0",
        ),
        (
            "UPDATE turnovers SET points = 79 WHERE mover = 2",
            "UPDATE turnovers SET points = 80 WHERE mover = 2",
            "`Charged` moved 80 points in 2 transfers; kept are 79 in 2",
        ),
        (
            "UPDATE turnovers SET count = 3 WHERE mover = 1",
            "UPDATE turnovers SET count = 2 WHERE mover = 1",
            "`Granted` moved 150 points in 2 transfers; kept are 150 in 3",
        ),
        (
            "UPDATE turnovers SET quarter = quarter + 1 WHERE mover = 1",
            "UPDATE turnovers SET quarter = quarter - 1 WHERE mover = 1",
            "`Granted` moved 150 points in 2 transfers; kept are 0 in 0",
        ),
        (
            "UPDATE turnovers SET mover = 4 WHERE mover = 2",
            "UPDATE turnovers SET mover = 2 WHERE mover = 4",
            "`Charged` moved 80 points in 2 transfers; kept are 0 in 0",
        ),
    ] {
        scene.is_named(&database, change, undo, named).await;
    }
}

async fn totals_of_before_are_made_up_for(database: Database) {
    let mut scene = Scene::set(&database, &["ana", "ben"]).await;
    scene.adjust(0, Grant, 100).await;
    scene.adjust(1, Grant, 50).await;
    scene.adjust(0, Charge, 30).await;
    database.run("DELETE FROM turnovers").await;
    assert!(scene.unsound(&BTreeMap::new()).await.is_some());

    let migration = include_str!("../../migrations/0035_turnovers.sql");
    let statements = migration.split_inclusive(";\n");
    for statement in statements.filter(|one| one.contains("INSERT INTO") || one.contains("UPDATE"))
    {
        database.run(statement).await;
    }
    assert_eq!(scene.unsound(&BTreeMap::new()).await, None);
}

async fn erasing_who_and_why_leaves_the_books_sound(database: Database) {
    let mut scene = Scene::set(&database, &["ana"]).await;
    scene.adjust(0, Grant, 100).await;

    let erase = "UPDATE transfers SET actor_id = NULL, reason = NULL, salt = NULL";
    database.run(erase).await;
    assert_eq!(scene.unsound(&BTreeMap::new()).await, None);
}

async fn a_room_with_books_is_not_deleted(database: Database) {
    let mut scene = Scene::set(&database, &["ana"]).await;
    scene.adjust(0, Grant, 1).await;
    let mut needs = RoomNeeds::new(scene.tenant_id, scene.room_id);
    needs.contributions.any = true;
    needs.points.ledger = true;
    let mut batch = scene.store.begin(&[needs]).await.unwrap();
    let room = batch.room(scene.tenant_id, scene.room_id).unwrap();
    room.end_session(&mut scene.ids, at(9)).unwrap();

    let refused = room.delete_room(room.room.version).unwrap_err();
    assert!(
        refused.to_string().contains("its books are kept"),
        "{refused}"
    );
}

async fn other_tenants_and_rooms_see_nothing(database: Database) {
    let mut scene = Scene::set(&database, &["ana"]).await;
    scene.adjust(0, Grant, 1).await;
    let stranger = tenant(&scene.store, &mut scene.ids).await;
    let other = live_room(&scene.store, "other", scene.tenant_id, &mut scene.ids).await;
    let (_, ana) = scene.people[0];

    for (tenant_id, room_id) in [(stranger, scene.room_id), (scene.tenant_id, other)] {
        let store = &scene.store;
        let balance = store.balance(tenant_id, room_id, ana).await.unwrap();
        assert_eq!(balance, Balance::default());
        let page = StatementRequest {
            limit: 9,
            ..StatementRequest::default()
        };
        let lines = store.statement_page(tenant_id, room_id, ana, page).await;
        assert_eq!(lines.unwrap().unwrap().items, []);
        assert_eq!(store.ledger(tenant_id, room_id).await.unwrap().seq, 0);
    }
}

async fn where_books_stand_is_read_in_pages_over_all_rooms(database: Database) {
    let mut scene = Scene::set(&database, &["ana"]).await;
    assert_eq!(scene.store.ledgers(None, 2).await.unwrap(), []);
    // Three rooms with books, each with more entries than the one before, and one without.
    let mut rooms = Vec::new();
    for number in 1..=3 {
        for _ in 0..number {
            scene.adjust(0, Grant, 1).await;
        }
        rooms.push(scene.room_id);
        let slug = format!("room-{number}");
        scene.room_id = live_room(&scene.store, &slug, scene.tenant_id, &mut scene.ids).await;
        scene.people.clear();
        scene.join("ana").await;
    }
    rooms.sort();

    let first = scene.store.ledgers(None, 2).await.unwrap();
    let second = scene.store.ledgers(Some(rooms[1]), 2).await.unwrap();
    let found: Vec<_> = first.into_iter().chain(second).collect();
    assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), rooms);
    for (room_id, ledger) in found {
        let own = scene.store.ledger(scene.tenant_id, room_id).await.unwrap();
        assert_eq!(ledger, own);
    }
    assert_eq!(scene.store.ledgers(Some(rooms[2]), 2).await.unwrap(), []);
}
