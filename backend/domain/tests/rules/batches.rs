//! What a batch of several commands tells: each part once, as it is in the end, and every moment.

use parlor_domain::event::EventBody;
use parlor_domain::participant::Role;
use parlor_domain::stage::StageRole;

use crate::company::{Company, Do, STAFF};
use crate::stage::{Stage, donation};

#[test]
fn a_train_that_moved_often_in_a_batch_is_told_once_and_every_alert_of_it() {
    let mut stage = Stage::live();
    for viewer in ["ana", "ben", "ana"] {
        stage.donate(viewer, 10);
    }
    stage.begin_batch();
    let head = stage.aggregate.head.seq;

    for _ in 0..200 {
        stage.report_on(donation("cem", 1)).unwrap();
    }

    let events = &stage.aggregate.changes.events;
    let told: Vec<_> = events.iter().map(|event| event.seq).collect();
    assert_eq!(told, (head + 1..=head + 201).collect::<Vec<_>>());
    assert_eq!(stage.aggregate.head.seq, head + 201);
    let (last, alerts) = events.split_last().unwrap();
    assert!(
        alerts
            .iter()
            .all(|event| event.body.kind() == "ContributionReceived")
    );
    let EventBody::HypeTrainLeveledUp(train) = &last.body else {
        panic!("{last:?} says that the train went up a level on the way");
    };
    assert_eq!(train, stage.train());
    assert_eq!(train.total, 230);
}

#[test]
fn what_people_wait_for_is_not_lost_in_the_progress_that_follows() {
    // (given to a train at 30 of 100, all in one batch; what is told of it)
    for (given, expected) in [
        (&[1, 1, 1][..], "HypeTrainProgressed"),
        (&[69, 1, 1], "HypeTrainLeveledUp"),
        (&[70, 1, 1], "HypeTrainLeveledUp"),
    ] {
        let mut stage = Stage::live();
        for viewer in ["ana", "ben", "ana"] {
            stage.donate(viewer, 10);
        }
        stage.begin_batch();
        for amount in given {
            stage.report_on(donation("cem", *amount)).unwrap();
        }
        let last = stage.aggregate.changes.events.last().unwrap();
        assert_eq!(last.body.kind(), expected, "{given:?}");
    }

    let mut stage = Stage::live();
    stage.begin_batch();
    for viewer in ["ana", "ben", "ana", "ben"] {
        stage.report_on(donation(viewer, 10)).unwrap();
    }
    let last = stage.aggregate.changes.events.last().unwrap();
    assert_eq!(last.body.kind(), "HypeTrainStarted");
}

#[test]
fn a_place_in_the_queue_stays_the_position_that_was_answered() {
    let mut company = Company::assembled();
    company.stage.begin_batch();
    let head = company.stage.aggregate.head.seq;

    let act = |company: &mut Company, actor, what| company.act_on(actor, what).unwrap();
    act(&mut company, STAFF, Do::Assign("ben", Role::Moderator));
    act(&mut company, "ana", Do::Request);
    act(&mut company, STAFF, Do::Assign("ben", Role::Member));
    act(&mut company, STAFF, Do::Assign("ana", Role::Moderator));
    act(&mut company, STAFF, Do::Assign("ana", Role::Member));

    // Ana's place was given out behind ben's first change, so nothing up to it moves any more.
    let place = company.get("ana").unwrap().stage_role;
    assert_eq!(place, StageRole::Requested { seq: head + 2 });
    let events = &company.stage.aggregate.changes.events;
    let told: Vec<_> = events
        .iter()
        .map(|one| (one.seq - head, one.body.kind()))
        .collect();
    assert_eq!(
        told,
        [
            (1, "ParticipantRoleChanged"),
            (2, "ParticipantStageChanged"),
            (3, "ParticipantRoleChanged"),
            (4, "ParticipantRoleChanged"),
        ]
    );
}
