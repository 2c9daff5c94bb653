//! Debts on disk: kept, paid by whatever comes in later batches, and proven.

use std::collections::BTreeMap;

use parlor_domain::points::{ClawedBack, MemberNumber, StatementLine};
use parlor_domain::room_aggregate::AdjustmentKind::{Charge, Grant};
use parlor_domain::room_aggregate::{AnswerKey, Clawback};
use parlor_store::{RoomNeeds, StatementRequest};

use crate::harness::{Database, on_both_engines};
use crate::points::{Scene, staff};
use crate::scene::at;
use crate::watching::{credit, minute, set, watch};

on_both_engines! {
    a_debt_is_kept_and_paid_in_later_batches,
    of_those_who_watch_the_debtors_pay,
    what_is_changed_of_a_debt_is_named,
    the_first_answer_to_a_clawback_is_given_again,
}

impl Scene {
    async fn claw_back(&mut self, key: &str, person: usize, points: i64) -> ClawedBack {
        let (participant_id, _) = self.people[person];
        let clawback = Clawback::new(key.to_owned(), participant_id, points, "a bot".to_owned());
        let clawback = clawback.unwrap();
        let mut needs = RoomNeeds::new(self.tenant_id, self.room_id);
        needs.people.actors.push(staff().viewer_id);
        needs.people.participants.push(participant_id);
        needs.points.ledger = true;
        needs.points.members.push(participant_id);
        needs
            .answers
            .push(AnswerKey::of_clawback(&staff(), &clawback));
        let mut batch = self.store.begin(&[needs]).await.unwrap();
        let room = batch.room(self.tenant_id, self.room_id).unwrap();
        let moved = room.claw_back_points(&staff(), &clawback, [1; 32], &mut self.ids, at(5));
        batch.commit().await.unwrap();

        moved.unwrap()
    }

    /// What the person at that place has, and owes.
    async fn stands(&self, person: usize) -> (i64, i64) {
        let balance = self.balance(person).await;
        (balance.points, balance.debt)
    }

    async fn owed(&self) -> i64 {
        let ledger = self.store.ledger(self.tenant_id, self.room_id).await;
        ledger.unwrap().owed
    }

    async fn said(&self) -> String {
        let unsound = self.unsound(&BTreeMap::new()).await;
        unsound.map_or_else(|| "sound".to_owned(), |unsound| unsound.to_string())
    }
}

async fn a_debt_is_kept_and_paid_in_later_batches(database: Database) {
    let mut scene = Scene::set(&database, &["ana", "ben"]).await;
    scene.adjust(0, Grant, 100).await;
    scene.adjust(1, Grant, 5).await;
    scene.claw_back("k", 0, 130).await;
    assert_eq!(scene.stands(0).await, (0, 30));
    assert_eq!(scene.owed().await, 30);
    scene.store.close().await;

    scene.store = database.open().await;
    scene.adjust(0, Grant, 10).await;
    assert_eq!(scene.stands(0).await, (0, 20));
    scene.adjust(0, Grant, 25).await;
    assert_eq!(scene.stands(0).await, (5, 0));
    scene.adjust(0, Charge, 5).await;
    assert_eq!(scene.owed().await, 0);
    assert_eq!(scene.said().await, "sound");

    let (_, ana) = scene.people[0];
    let request = StatementRequest {
        limit: 9,
        ..StatementRequest::default()
    };
    let page = scene
        .store
        .statement_page(scene.tenant_id, scene.room_id, ana, request);
    let lines = page.await.unwrap().unwrap();
    assert_eq!(lines.total_count, 8);
    let told = |line: &StatementLine| (line.points(), line.debt_points(), line.balance_after());
    let told: Vec<_> = lines.items.iter().map(|(line, _)| told(line)).collect();
    assert_eq!(
        told,
        [
            (-5, 0, 0),
            (-20, -20, 5),
            (25, 0, 25),
            (-10, -10, 0),
            (10, 0, 10),
            (0, 30, 0),
            (-100, 0, 0),
            (100, 0, 100)
        ]
    );
}

/// Two pages of members watch, of whom one on each owes something, and one who does not watch.
async fn of_those_who_watch_the_debtors_pay(database: Database) {
    let mut scene = Scene::set(&database, &["ana", "ben", "zoe"]).await;
    for person in [0, 2] {
        scene.claw_back(&format!("k{person}"), person, 15).await;
    }
    watch(&mut scene, 0, 5, &set([0, 1, 70])).await;
    assert_eq!(scene.stands(0).await, (0, 5));
    assert_eq!(scene.stands(1).await, (10, 0));
    assert_eq!(scene.stands(2).await, (0, 15));
    assert_eq!(scene.owed().await, 20);

    watch(&mut scene, 5, 5, &set([0, 1, 2, 70])).await;
    assert_eq!(scene.stands(0).await, (5, 0));
    assert_eq!(scene.stands(2).await, (0, 5));
    // Two minutes in one batch, of which the first pays for all that is owed.
    watch(&mut scene, 10, 4, &set([2])).await;
    credit(
        &mut scene,
        &[(minute(14), set([0, 2])), (minute(15), set([0, 2, 70]))],
    )
    .await;
    assert_eq!(scene.stands(2).await, (5, 0));
    assert_eq!(scene.owed().await, 0);
    let balance = scene
        .store
        .balance(scene.tenant_id, scene.room_id, MemberNumber(70));
    assert_eq!(balance.await.unwrap().lines, 2);
    assert_eq!(scene.said().await, "sound");
}

async fn what_is_changed_of_a_debt_is_named(database: Database) {
    let mut scene = Scene::set(&database, &["ana"]).await;
    scene.adjust(0, Grant, 100).await;
    scene.claw_back("k", 0, 130).await;
    for (change, undo, named) in [
        (
            "UPDATE balances SET debt = 29 WHERE number = 0",
            "UPDATE balances SET debt = 30 WHERE number = 0",
            "member 0 is kept to owe 29 points, and the transfers make it 30",
        ),
        (
            "UPDATE ledgers SET owed = 0",
            "UPDATE ledgers SET owed = 30",
            "the sum of what is owed is kept as 0, and the transfers make it 30",
        ),
        (
            "UPDATE transfers SET debit = -4 WHERE seq = 3",
            "UPDATE transfers SET debit = -3 WHERE seq = 3",
            "transfer 3 is not what it was",
        ),
        (
            "UPDATE transfers SET debit = -4294967299 WHERE seq = 3",
            "UPDATE transfers SET debit = -3 WHERE seq = 3",
            "-4294967299 is no account",
        ),
    ] {
        database.run(change).await;
        let found = scene.said().await;
        assert!(found.contains(named), "{change}: {found}");
        database.run(undo).await;
        assert_eq!(scene.said().await, "sound", "{undo}");
    }
}

async fn the_first_answer_to_a_clawback_is_given_again(database: Database) {
    let mut scene = Scene::set(&database, &["ana"]).await;
    scene.adjust(0, Grant, 1).await;
    let first = scene.claw_back("k", 0, 3).await;
    assert!(first.taken.is_some() && first.owed.is_some());
    scene.store.close().await;

    scene.store = database.open().await;
    assert_eq!(scene.claw_back("k", 0, 3).await, first);
    assert_eq!(scene.stands(0).await, (0, 2));
}
