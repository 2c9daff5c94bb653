//! Disputes on disk: kept with what they hold, found with what they are about, and proven.

use parlor_domain::dispute::{Dispute, DisputeStatus, Subject};
use parlor_domain::room_aggregate::{
    AnswerKey, DisputeHold, DisputeOpening, DisputeOutcome, DisputeRefusal, DisputeResolution,
    Settlement,
};
use parlor_store::{DisputesFilter, Opening, PageRequest, RoomNeeds};

use crate::harness::{Database, on_both_engines};
use crate::scene::at;
use crate::shop::{Shop, actor, terms};

on_both_engines! {
    a_case_is_kept_held_for_and_resolved,
    cases_are_listed_by_what_became_of_them_and_whom_they_are_about,
    whatever_is_changed_of_a_case_is_named,
}

impl Shop {
    async fn dispute(
        &mut self,
        key: &str,
        name: &str,
        subject: Subject,
    ) -> Result<Dispute, DisputeRefusal> {
        let who = actor(name);
        let opening = DisputeOpening::new(key.to_owned(), None, subject, "never done".to_owned());
        let opening = opening.unwrap();
        let needs = |needs: &mut RoomNeeds| {
            needs.people.actors.push(who.viewer_id.clone());
            needs.points.ledger = true;
            needs.disputes.openings.push(Opening {
                viewer_id: who.viewer_id.clone(),
                participant_id: None,
                subject,
            });
            needs.answers.push(AnswerKey::of_opening(&who, &opening));
        };
        self.write(needs, |room, ids| {
            room.open_dispute(&who, &opening, [7; 32], ids, at(40))
        })
        .await
    }

    async fn hold(&mut self, key: &str, dispute: &Dispute, points: i64) -> Dispute {
        let hold = DisputeHold::new(key.to_owned(), dispute.id, points).unwrap();
        let needs = |needs: &mut RoomNeeds| {
            needs.people.actors.push(actor("staff").viewer_id);
            needs.points.ledger = true;
            needs.disputes.disputes.push(dispute.id);
            needs
                .answers
                .push(AnswerKey::of_dispute_hold(&actor("staff"), &hold));
        };
        let done = self.write(needs, |room, ids| {
            room.hold_dispute(&actor("staff"), &hold, [7; 32], ids, at(41))
        });
        done.await.unwrap()
    }

    async fn resolve(
        &mut self,
        dispute: &Dispute,
        outcome: DisputeOutcome,
    ) -> Result<Dispute, DisputeRefusal> {
        let key = format!("resolve {}", dispute.id);
        let resolution = DisputeResolution::new(key, dispute.id, outcome, "so be it".to_owned());
        let resolution = resolution.unwrap();
        let needs = |needs: &mut RoomNeeds| {
            needs.people.actors.push(actor("staff").viewer_id);
            needs.points.ledger = true;
            needs.disputes.disputes.push(dispute.id);
            needs
                .answers
                .push(AnswerKey::of_resolution(&actor("staff"), &resolution));
        };
        self.write(needs, |room, ids| {
            room.resolve_dispute(&actor("staff"), &resolution, [7; 32], ids, at(42))
        })
        .await
    }

    async fn cases(&self, filter: DisputesFilter) -> Vec<Dispute> {
        let page = PageRequest {
            limit: 50,
            ..PageRequest::default()
        };
        let found = self
            .store
            .disputes_page(self.tenant_id, self.room_id, filter, page);
        let found = found.await.unwrap();
        assert_eq!(found.total_count, i64::try_from(found.items.len()).unwrap());
        found.items
    }
}

async fn a_case_is_kept_held_for_and_resolved(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(terms(30)).await;
    let bought = shop.redeem_one("ana", reward.id).await;
    let paid = shop.settle(&bought, Settlement::Fulfill).await.unwrap();
    let line = Subject::Line(paid.paid_seq.unwrap());
    let case = shop.dispute("k", "ana", line).await.unwrap();
    assert_eq!(case.subject, Subject::Redemption(paid.id));
    shop.store.close().await;

    shop.store = database.open().await;
    assert_eq!(shop.dispute("k", "ana", line).await.unwrap(), case);
    assert_eq!(
        shop.dispute("l", "ana", Subject::Redemption(paid.id)).await,
        Err(DisputeRefusal::AlreadyDisputed(case.id))
    );
    let held = shop.hold("h", &case, 45).await;
    assert_eq!(held.held, 45);
    assert_eq!(shop.balance(0).await, (70, 45));
    shop.check_books().await;
    let again = shop.hold("h", &case, 45).await;
    assert_eq!(again, held);

    shop.refund(&paid, Some(11)).await.unwrap();
    let (left, asked) = (19, 20);
    assert_eq!(
        shop.resolve(&case, DisputeOutcome::GiveBack(20)).await,
        Err(DisputeRefusal::TooMuch { left, asked })
    );
    let done = shop.resolve(&case, DisputeOutcome::GiveBack(19)).await;
    assert_eq!(done.as_ref().map(|one| one.returned), Ok(19));
    assert_eq!(shop.balance(0).await, (100, 0));
    let (room_id, kept) = shop
        .store
        .dispute(shop.tenant_id, case.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((room_id, Ok(kept)), (shop.room_id, done));
    shop.check_books().await;

    // What stands at a position that is another room's, or of nobody, is no line of Ana's.
    for seq in [1, 2, 99] {
        let found = shop
            .dispute(&format!("line {seq}"), "ana", Subject::Line(seq))
            .await;
        assert_eq!(found.is_ok(), seq == 1, "{found:?}");
    }
    let stranger = parlor_domain::id::TenantId(uuid::Uuid::max());
    assert_eq!(shop.store.dispute(stranger, case.id).await.unwrap(), None);
}

async fn cases_are_listed_by_what_became_of_them_and_whom_they_are_about(database: Database) {
    let mut shop = Shop::open(&database).await;
    let own = shop.dispute("k", "ana", Subject::Line(1)).await.unwrap();
    let of_ben = shop.dispute("k", "ben", Subject::Line(2)).await.unwrap();
    let done = shop.resolve(&own, DisputeOutcome::Dismiss).await.unwrap();
    assert_eq!(
        shop.cases(DisputesFilter::default()).await,
        [done.clone(), of_ben.clone()]
    );
    let status = |status| DisputesFilter {
        status: Some(status),
        ..DisputesFilter::default()
    };
    assert_eq!(shop.cases(status(DisputeStatus::Open)).await, [of_ben]);
    assert_eq!(
        shop.cases(status(DisputeStatus::Dismissed)).await,
        std::slice::from_ref(&done)
    );
    assert_eq!(shop.cases(status(DisputeStatus::Withdrawn)).await, []);
    let of_ana = DisputesFilter {
        participant_id: Some(done.participant_id),
        ..DisputesFilter::default()
    };
    assert_eq!(shop.cases(of_ana).await, [done]);
    assert_eq!(
        shop.beside().await.cases(DisputesFilter::default()).await,
        []
    );
}

async fn whatever_is_changed_of_a_case_is_named(database: Database) {
    let mut shop = Shop::open(&database).await;
    let case = shop.dispute("k", "ana", Subject::Line(1)).await.unwrap();
    shop.hold("h", &case, 45).await;
    shop.check_books().await;
    for (change, undo, named) in [
        (
            "UPDATE disputes SET dispute = REPLACE(dispute, '\"held\":45', '\"held\":44')",
            "UPDATE disputes SET dispute = REPLACE(dispute, '\"held\":44', '\"held\":45')",
            "of member 0 45 points are kept as held, and what is not settled holds 44",
        ),
        (
            "UPDATE disputes SET dispute = REPLACE(dispute, '\"returned\":0', '\"returned\":5')",
            "UPDATE disputes SET dispute = REPLACE(dispute, '\"returned\":5', '\"returned\":0')",
            "says that 5 points were given back by it, and 0 were",
        ),
        (
            "UPDATE disputes SET status = 'resolved'",
            "UPDATE disputes SET status = 'open'",
            "is another than it is found by",
        ),
        (
            "UPDATE disputes SET dispute = 'nonsense' || dispute",
            "UPDATE disputes SET dispute = REPLACE(dispute, 'nonsense', '')",
            "the dispute cannot be read",
        ),
        (
            "UPDATE disputes SET seq = NULL",
            "UPDATE disputes SET seq = 1",
            "is another than it is found by",
        ),
        (
            "UPDATE disputes SET seq = 2",
            "UPDATE disputes SET seq = 1",
            "is another than it is found by",
        ),
        (
            "UPDATE disputes SET opened_at = opened_at + 1",
            "UPDATE disputes SET opened_at = opened_at - 1",
            "is another than it is found by",
        ),
        (
            "UPDATE disputes SET by_staff = TRUE",
            "UPDATE disputes SET by_staff = FALSE",
            "is another than it is found by",
        ),
    ] {
        database.run(change).await;
        let none = std::collections::BTreeMap::new();
        let verified = shop
            .store
            .verify_books(shop.tenant_id, shop.room_id, &none)
            .await;
        let found = verified
            .unwrap()
            .err()
            .map_or_else(|| "sound".to_owned(), |unsound| unsound.to_string());
        assert!(found.contains(named), "{change}: {found}");
        database.run(undo).await;
        shop.check_books().await;
    }
    database.run("DELETE FROM disputes").await;
    assert!(shop.unsound().await.contains("what is not settled holds 0"));
}
