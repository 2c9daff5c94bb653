//! How many cases are opened within a day, as the store counts them.

use parlor_domain::dispute::{Dispute, OWN_DISPUTES_DAILY_MAX, STAFF_DISPUTES_DAILY_MAX, Subject};
use parlor_domain::id::ParticipantId;
use parlor_domain::room_aggregate::{
    Adjustment, AdjustmentKind, AnswerKey, DisputeOpening, DisputeRefusal, DisputeWithdrawal,
};
use parlor_domain::time::ServerTime;
use parlor_store::{Opening, RoomNeeds};

use crate::harness::{Database, on_both_engines};
use crate::scene::at;
use crate::shop::{Shop, actor};

on_both_engines! {
    within_a_day_so_many_are_opened_and_no_more,
    whoever_opens_many_in_one_batch_is_counted_once,
    whoever_opens_one_reads_none_that_is_over,
    what_was_opened_before_is_counted,
}

impl Shop {
    async fn ana(&self) -> ParticipantId {
        let viewer_id = actor("ana").viewer_id;
        let found = self
            .store
            .participant_of_viewer(self.tenant_id, self.room_id, &viewer_id);
        found.await.unwrap().unwrap().id
    }

    /// Gives Ana points, a line each.
    async fn lines(&mut self, count: usize) -> Vec<Subject> {
        let ana = self.ana().await;
        let grants: Vec<_> = (0..count)
            .map(|number| {
                let (key, why) = (format!("line {number}"), "a line".to_owned());
                Adjustment::new(key, ana, AdjustmentKind::Grant, 1, why).unwrap()
            })
            .collect();
        let needs = |needs: &mut RoomNeeds| {
            needs.people.participants.push(ana);
            needs.people.actors.push(actor("staff").viewer_id);
            needs.points.ledger = true;
            needs.points.members.push(ana);
            let keys = grants.iter();
            let keys = keys.map(|one| AnswerKey::of_adjustment(&actor("staff"), one));
            needs.answers.extend(keys);
        };
        self.write(needs, |room, ids| {
            let grants = grants.iter();
            let seqs = grants.map(|one| {
                let moved = room.adjust_points(&actor("staff"), one, [0; 32], ids, at(4));
                Subject::Line(moved.unwrap().seq)
            });
            seqs.collect()
        })
        .await
    }

    /// Opens cases about lines of Ana's in one batch, and withdraws each in another unless it is to stay.
    async fn open_as(
        &mut self,
        name: &str,
        subjects: &[Subject],
        stays: bool,
    ) -> Vec<Result<Dispute, DisputeRefusal>> {
        let (who, ana) = (actor(name), self.ana().await);
        let of = who.is_staff.then_some(ana);
        let openings: Vec<_> = subjects
            .iter()
            .map(|subject| {
                let key = format!("open {subject:?}");
                DisputeOpening::new(key, of, *subject, "never done".to_owned()).unwrap()
            })
            .collect();
        let needs = |needs: &mut RoomNeeds| {
            needs.people.actors.push(who.viewer_id.clone());
            needs.people.participants.extend(of);
            needs.points.ledger = true;
            for (opening, subject) in openings.iter().zip(subjects) {
                needs.disputes.openings.push(Opening {
                    viewer_id: who.viewer_id.clone(),
                    participant_id: of,
                    subject: *subject,
                });
                needs.answers.push(AnswerKey::of_opening(&who, opening));
            }
        };
        let opened: Vec<_> = self
            .write(needs, |room, ids| {
                let openings = openings.iter();
                let openings = openings.zip(subjects);
                openings
                    .map(|(one, subject)| {
                        let at = opened_at(name, *subject);
                        room.open_dispute(&who, one, [7; 32], ids, at)
                    })
                    .collect()
            })
            .await;
        for case in opened.iter().flatten().filter(|_| !stays) {
            let key = format!("withdraw {}", case.id);
            let withdrawal = DisputeWithdrawal::new(key, case.id).unwrap();
            let needs = |needs: &mut RoomNeeds| {
                needs.people.actors.push(who.viewer_id.clone());
                needs.points.ledger = true;
                needs.disputes.disputes.push(case.id);
                let key = AnswerKey::of_withdrawal(&who, &withdrawal);
                needs.answers.push(key);
            };
            self.write(needs, |room, ids| {
                room.withdraw_dispute(&who, &withdrawal, [7; 32], ids, case.opened_at)
                    .unwrap()
            })
            .await;
        }

        opened
    }

    async fn open_each(&mut self, name: &str, subjects: &[Subject]) {
        for subject in subjects {
            let opened = self.open_as(name, &[*subject], false).await;
            assert!(opened[0].is_ok(), "{opened:?}");
        }
    }
}

/// Each at an instant of its own, and staff behind whoever it is about.
fn opened_at(name: &str, subject: Subject) -> ServerTime {
    let Subject::Line(seq) = subject else {
        panic!("{subject:?} is no line");
    };

    at(if name == "staff" { 10_000 } else { 40 } + seq)
}

/// Refused as long as the first of `opened` is not a day ago.
fn is_too_many_since(
    refused: &[Result<Dispute, DisputeRefusal>],
    name: &str,
    opened: &[Subject],
) -> bool {
    let free_at = opened_at(name, opened[0]).plus_millis(24 * 3_600_000);
    let of = opened.len();

    is_too_many(refused, of)
        && matches!(refused, [Err(DisputeRefusal::TooManyToday { again_at, .. })] if *again_at == free_at)
}

fn is_too_many(opened: &[Result<Dispute, DisputeRefusal>], of: usize) -> bool {
    matches!(opened, [Err(DisputeRefusal::TooManyToday { most, .. })] if *most == of)
}

async fn within_a_day_so_many_are_opened_and_no_more(database: Database) {
    let mut shop = Shop::open(&database).await;
    let (own, of_staff) = (OWN_DISPUTES_DAILY_MAX, STAFF_DISPUTES_DAILY_MAX);
    let lines = shop.lines(of_staff + 1).await;
    shop.open_each("ana", &lines[..own]).await;
    shop.open_each("staff", &lines[..of_staff]).await;
    let last = &lines[of_staff..];

    let refused = shop.open_as("ana", last, false).await;
    let first = &lines[..own];
    assert!(is_too_many_since(&refused, "ana", first), "{refused:?}");
    let refused = shop.open_as("staff", last, false).await;
    let first = &lines[..of_staff];
    assert!(is_too_many_since(&refused, "staff", first), "{refused:?}");
}

async fn whoever_opens_many_in_one_batch_is_counted_once(database: Database) {
    let mut shop = Shop::open(&database).await;
    let most = OWN_DISPUTES_DAILY_MAX;
    let lines = shop.lines(most + 1).await;
    let (first, then) = lines.split_at(most - 3);
    shop.open_each("ana", first).await;

    let opened = shop.open_as("ana", then, true).await;
    assert!(opened[..3].iter().all(Result::is_ok), "{opened:?}");
    assert!(is_too_many(&opened[3..], most), "{opened:?}");
}

async fn whoever_opens_one_reads_none_that_is_over(database: Database) {
    let mut shop = Shop::open(&database).await;
    let lines = shop.lines(4).await;
    shop.open_each("ana", &lines[..3]).await;
    database
        .run("UPDATE disputes SET dispute = 'nonsense'")
        .await;

    let opened = shop.open_as("ana", &lines[3..], true).await;
    assert!(opened[0].is_ok(), "{opened:?}");
}

/// As migrations leave them that find cases there.
async fn what_was_opened_before_is_counted(database: Database) {
    let mut shop = Shop::open(&database).await;
    let lines = shop.lines(OWN_DISPUTES_DAILY_MAX + 1).await;
    let (own, last) = lines.split_at(OWN_DISPUTES_DAILY_MAX);
    shop.open_each("ana", own).await;
    shop.open_as("staff", &own[..3], true).await;
    let open = async |shop: &Shop| {
        let open = shop.store.open_disputes(shop.tenant_id, shop.room_id, 9);
        open.await.unwrap().open_count
    };
    assert_eq!(open(&shop).await, 3);
    for forget in [
        "UPDATE disputes SET by_staff = FALSE",
        "UPDATE room_censuses SET open_disputes = 0",
    ] {
        database.run(forget).await;
    }
    assert!(
        shop.unsound()
            .await
            .contains("is another than it is found by")
    );
    for migration in [
        include_str!("../../migrations/0032_positions_of_disputes.sql"),
        include_str!("../../migrations/0033_disputes_by_staff.sql"),
    ] {
        let statements = migration.split_inclusive(";\n");
        for statement in statements.filter(|one| one.contains("UPDATE ")) {
            database.run(statement).await;
        }
    }

    assert_eq!(open(&shop).await, 3);
    shop.check_books().await;
    let refused = shop.open_as("ana", last, true).await;
    assert!(is_too_many(&refused, OWN_DISPUTES_DAILY_MAX), "{refused:?}");
}
