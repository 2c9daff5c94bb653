//! The train, as tables of cases and against a naive model.

use crate::shop::actor;
use crate::stage::{Stage, donation, draft};
use parlor_domain::contribution::{RawReport, Status};
use parlor_domain::event::EventBody;
use parlor_domain::hype_train::{AnonymousGifts, Phase};
use parlor_domain::room_aggregate::Known;
use proptest::prelude::*;

/// A running train at level 1 with 30 of 100: ana gave 20, ben 10.
fn running() -> Stage {
    let mut stage = Stage::live();
    stage.donate("ana", 10);
    stage.donate("ben", 10);
    stage.donate("ana", 10);
    assert_eq!(stage.train().phase, Phase::Running);
    stage
}

#[test]
fn a_kickoff_needs_its_contributions_viewers_and_window() {
    // (what is given: viewer and milliseconds before it; the phase then; still needed)
    let cases: &[(&[(&str, i64)], Phase, (u32, u32))] = &[
        (&[("ana", 0)], Phase::Approaching, (2, 1)),
        (&[("ana", 0), ("ben", 0)], Phase::Approaching, (1, 0)),
        (
            &[("ana", 0), ("ana", 0), ("ana", 0)],
            Phase::Approaching,
            (0, 1),
        ),
        (
            &[("ana", 0), ("ana", 0), ("ana", 0), ("ben", 0)],
            Phase::Running,
            (0, 0),
        ),
        (
            &[("ana", 0), ("ben", 0), ("ana", 60_000)],
            Phase::Running,
            (0, 0),
        ),
        (
            &[("ana", 0), ("ben", 0), ("ana", 60_001)],
            Phase::Approaching,
            (2, 1),
        ),
        (
            &[("ana", 0), ("ben", 50_000), ("ana", 10_001)],
            Phase::Approaching,
            (1, 0),
        ),
    ];

    for (given, phase, needed) in cases {
        let mut stage = Stage::live();
        for (viewer, wait_ms) in *given {
            stage.pass(*wait_ms);
            stage.donate(viewer, 10);
        }
        let train = stage.train();
        let found = (train.kickoff_events_needed, train.kickoff_viewers_needed);
        assert_eq!((train.phase, found), (*phase, *needed), "{given:?}");
    }
}

#[test]
fn contributions_of_the_kickoff_count() {
    let stage = running();

    assert_eq!(
        (
            stage.train().level,
            stage.train().progress,
            stage.train().total
        ),
        (1, 30, 30)
    );
    assert_eq!(stage.train().contributor_count, 2);
    assert_eq!(stage.train().top_contributor.as_ref().unwrap().hype, 20);
}

#[test]
fn overflow_is_carried_through_as_many_levels_as_it_fills() {
    // The last level there is begins at 100 + 2,147,483,645 * 200 = 429,496,729,100.
    // (given to a train at 30 of 100; level, progress, goal then)
    let cases = [
        (69, (1, 99, 100)),
        (70, (2, 0, 200)),
        (71, (2, 1, 200)),
        (270, (3, 0, 200)),
        (10_071, (52, 1, 200)),
        (429_496_729_069, (2_147_483_646, 199, 200)),
        (429_496_729_070, (2_147_483_647, 0, 200)),
        (429_496_729_269, (2_147_483_647, 199, 200)),
        (429_496_729_270, (2_147_483_647, 200, 200)),
        (1_000_000_000_000, (2_147_483_647, 200, 200)),
    ];

    for (amount, expected) in cases {
        let mut stage = running();
        stage.donate("cem", amount);
        let train = stage.train();
        assert_eq!((train.level, train.progress, train.goal), expected);
        assert_eq!(train.total, 30 + amount);
    }
}

#[test]
fn a_level_up_names_the_reward_and_gives_new_time() {
    let mut stage = running();
    let before = stage.train().expires_at;

    stage.pass(10_000);
    let seq = stage.aggregate.head.seq;
    stage.donate("cem", 70);

    assert_eq!(
        stage.kinds_since(seq),
        ["ContributionReceived", "HypeTrainLeveledUp"]
    );
    assert_eq!(stage.train().last_reward.as_deref(), Some("emote"));
    assert_eq!(stage.train().next_reward.as_deref(), Some("badge"));
    assert_eq!(stage.train().expires_at, before.plus_millis(10_000));
}

#[test]
fn a_contribution_at_the_last_instant_counts_and_one_after_it_does_not() {
    for (wait_ms, total) in [(29_999, 40), (30_000, 40), (30_001, 30)] {
        let mut stage = running();
        let id = stage.train().id;
        stage.pass(wait_ms);
        stage.donate("cem", 10);

        let ended = stage.events().iter().rev().find_map(|event| {
            let EventBody::HypeTrainEnded(train) = &event.body else {
                return None;
            };
            Some(train.clone())
        });
        match ended {
            None => assert_eq!((stage.train().id, stage.train().total), (id, total)),
            Some(ended) => {
                assert_eq!((ended.id, ended.total), (id, total));
                assert_eq!(ended.ended_at, Some(ended.expires_at), "as of its own end");
                assert_ne!(
                    stage.train().id,
                    id,
                    "the late one approaches the next train"
                );
            }
        }
        assert_eq!(stage.train().id == id, wait_ms <= 30_000);
    }
}

#[test]
fn a_cooldown_keeps_the_next_train_away() {
    let mut cooling = draft();
    cooling.program.as_mut().unwrap().cooldown_ms = 5_000;
    let mut stage = Stage::open(cooling);
    stage
        .aggregate
        .start_session(None, &mut stage.ids, stage.now)
        .unwrap();
    for viewer in ["ana", "ben", "ana"] {
        stage.donate(viewer, 10);
    }
    let first = stage.train().id;

    stage.pass(34_999);
    stage.donate("ana", 10);
    assert_eq!(stage.train().id, first);
    stage.pass(1);
    stage.donate("ana", 10);
    assert_ne!(stage.train().id, first);
}

#[test]
fn no_train_approaches_a_room_that_is_not_live() {
    let mut stage = Stage::open(draft());
    stage.donate("ana", 10);

    assert!(stage.aggregate.train.is_none());
}

#[test]
fn a_running_train_keeps_the_program_it_started_with() {
    let mut stage = running();
    let mut program = crate::stage::short_program();
    program.levels[0].goal = 1_000;
    let version = stage.aggregate.room.version;
    let change = parlor_domain::room::RoomChange {
        version,
        program: Some(program),
        ..Default::default()
    };
    stage
        .aggregate
        .update_room(&actor("staff"), change, &mut stage.ids, stage.now)
        .unwrap();

    stage.donate("cem", 70);

    assert_eq!(stage.train().level, 2);
    assert_eq!(stage.aggregate.room.program.version, 2);
}

#[test]
fn a_reversal_lowers_the_total_floors_progress_and_keeps_the_level() {
    let mut stage = running();
    let large = stage.donate("cem", 75);
    assert_eq!((stage.train().level, stage.train().progress), (2, 5));

    stage.follow_up(&large, donation("cem", 75), Status::Reversed);

    let train = stage.train();
    assert_eq!((train.level, train.progress, train.total), (2, 0, 30));
    assert_eq!(train.contributor_count, 2);
    assert!(
        train
            .recent_contributors
            .iter()
            .all(|one| one.name.as_deref() != Some("CEM"))
    );
}

#[test]
fn a_reversed_gift_of_a_name_without_an_id_is_not_shown_any_more() {
    let mut stage = running();
    let of_name = |amount| RawReport {
        viewer_id: None,
        viewer_name: Some("Somebody".to_owned()),
        ..donation("nobody", amount)
    };
    let first = stage.report(of_name(5)).unwrap();
    stage.report(of_name(7)).unwrap();
    let shown = |stage: &Stage| -> Vec<_> {
        let recent = stage.train().recent_contributors.iter();
        let of_name = recent.filter(|one| one.name.as_deref() == Some("Somebody"));
        of_name.map(|one| one.last_hype).collect()
    };
    assert_eq!(shown(&stage), [7, 5]);

    stage.follow_up(&first, of_name(5), Status::Reversed);

    assert_eq!(shown(&stage), [7]);
}

#[test]
fn of_gifts_that_look_alike_the_reversed_one_is_not_shown_any_more() {
    let nameless = |amount| RawReport {
        viewer_id: None,
        viewer_name: None,
        ..donation("nobody", amount)
    };
    // (how many others give after the first of two that look alike; what is shown once one of the two is reversed)
    let cases = [
        (1, [vec![7, 5], vec![5, 7]]),
        // The first is one of eight no longer.
        (7, [vec![7, 7, 7, 7, 7, 7, 7], vec![5, 7, 7, 7, 7, 7, 7, 7]]),
    ];

    for (others, [without_second, without_first]) in cases {
        for (is_first, expected) in [(false, without_second), (true, without_first)] {
            let mut stage = running();
            let first = stage.report(nameless(5)).unwrap();
            for _ in 0..others {
                stage.report(nameless(7)).unwrap();
            }
            let second = stage.report(nameless(5)).unwrap();
            let reversed = if is_first { first } else { second };
            stage.follow_up(&reversed, nameless(5), Status::Reversed);

            let recent = stage.train().recent_contributors.iter();
            let shown: Vec<_> = recent
                .filter(|one| one.viewer_id.is_none())
                .map(|one| one.last_hype)
                .collect();
            assert_eq!(shown, expected, "after {others} others");
            let known = stage.aggregate.train.as_ref().unwrap().recent_gifts.len();
            assert_eq!(known, shown.len());
        }
    }
}

#[test]
fn a_train_that_was_kept_without_its_gifts_tells_them_apart_by_what_is_seen() {
    let nameless = |amount| RawReport {
        viewer_id: None,
        viewer_name: None,
        ..donation("nobody", amount)
    };
    let mut stage = running();
    let old = stage.report(nameless(5)).unwrap();
    stage.report(nameless(6)).unwrap();
    let train = stage.aggregate.train.as_mut().unwrap();
    train.recent_gifts.clear();
    stage.report(nameless(5)).unwrap();

    stage.follow_up(&old, nameless(5), Status::Reversed);

    let recent = stage.train().recent_contributors.iter();
    let nameless = recent.filter(|one| one.viewer_id.is_none());
    let shown: Vec<_> = nameless.map(|one| one.last_hype).collect();
    assert_eq!(shown, [5, 6]);
}

#[test]
fn a_viewer_is_shown_by_the_name_that_they_last_gave() {
    // (the names that somebody gives with; the name that is shown)
    let cases = [
        (vec![Some("CEM")], Some("CEM")),
        (vec![Some("CEM"), Some("CEMIL")], Some("CEMIL")),
        (vec![Some("CEM"), None], Some("CEM")),
        (vec![None], None),
    ];
    for (names, expected) in cases {
        let mut stage = running();
        for name in names {
            let raw = RawReport {
                viewer_name: name.map(str::to_owned),
                ..donation("cem", 60)
            };
            stage.report(raw).unwrap();
        }

        let train = stage.train();
        let top = train.top_contributor.as_ref().unwrap();
        assert_eq!(top.name.as_deref(), expected);
        assert_eq!(train.recent_contributors[0].name.as_deref(), expected);
    }
}

#[test]
fn the_next_best_leads_when_the_leader_is_reversed() {
    let mut stage = running();
    let lead = stage.donate("cem", 50);
    assert_eq!(
        stage
            .train()
            .top_contributor
            .as_ref()
            .unwrap()
            .name
            .as_deref(),
        Some("CEM")
    );

    stage.follow_up(&lead, donation("cem", 50), Status::Reversed);

    assert_eq!(
        stage
            .train()
            .top_contributor
            .as_ref()
            .unwrap()
            .name
            .as_deref(),
        Some("ANA")
    );
}

#[test]
fn whoever_is_overtaken_and_reversed_in_one_batch_gives_the_lead_back() {
    let mut stage = running();
    // A batch begins: nothing of what came before is loaded.
    stage.aggregate.known = Known::default();

    let lead = stage.donate("cem", 50);
    stage.follow_up(&lead, donation("cem", 50), Status::Reversed);

    let top = stage.train().top_contributor.as_ref().unwrap();
    assert_eq!((top.name.as_deref(), top.hype), (Some("ANA"), 20));
}

#[test]
fn a_reversal_during_the_kickoff_takes_its_contribution_out() {
    let mut stage = Stage::live();
    stage.donate("ana", 10);
    let second = stage.donate("ben", 10);
    stage.follow_up(&second, donation("ben", 10), Status::Reversed);

    assert_eq!(stage.train().kickoff_events_needed, 2);
    stage.donate("ben", 10);
    assert_eq!(stage.train().phase, Phase::Approaching);
}

/// Has the present train run out, and the next one start with 30: ana gave 20, ben 10.
fn next_train(stage: &mut Stage) {
    stage.pass(30_001);
    for (viewer, amount) in [("ana", 10), ("ben", 10), ("ana", 10)] {
        stage.donate(viewer, amount);
    }
    assert_eq!(stage.train().phase, Phase::Running);
}

#[test]
fn only_a_better_train_than_the_best_is_a_record() {
    let mut stage = running();
    stage.donate("cem", 1_000);
    assert!(
        !stage.train().is_record,
        "a first train has nothing to beat"
    );
    next_train(&mut stage);
    stage.donate("cem", 1_000);
    assert!(!stage.train().is_record, "1,030 against 1,030");

    let more = stage.donate("dan", 1);
    assert!(stage.train().is_record);
    stage.follow_up(&more, donation("dan", 1), Status::Reversed);
    assert!(!stage.train().is_record, "no more than before it was given");
    stage.donate("dan", 1);
    assert!(stage.train().is_record);
    stage.pass(30_001);
    assert_eq!(stage.train().phase, Phase::Ended);
    assert!(stage.train().is_record, "it is not compared with itself");
    stage.donate("ana", 1);
    assert!(!stage.train().is_record, "one that approaches is none");
}

#[test]
fn a_record_counts_what_was_not_taken_back() {
    let mut stage = running();
    let poison = stage.donate("cem", 1_000_000);
    next_train(&mut stage);
    stage.donate("cem", 200);
    assert!(!stage.train().is_record);
    let seq = stage.aggregate.head.seq;
    stage.follow_up(&poison, donation("cem", 1_000_000), Status::Reversed);

    // Of the first train 30 are left.
    assert!(stage.train().is_record);
    assert_eq!(stage.kinds_since(seq), ["HypeTrainCorrected"]);
    stage.pass(30_001);
    assert!(stage.train().is_record);
}

#[test]
fn giving_and_taking_back_does_not_climb() {
    let mut stage = running();
    for _ in 0..5 {
        let large = stage.donate("cem", 75);
        assert_eq!((stage.train().level, stage.train().progress), (2, 5));
        stage.follow_up(&large, donation("cem", 75), Status::Reversed);
        assert_eq!((stage.train().level, stage.train().progress), (2, 0));
    }
    // What was taken back is given again before the train climbs on, and gives no new time.
    let expires_at = stage.train().expires_at;
    stage.pass(1_000);
    stage.donate("dan", 70);
    assert_eq!((stage.train().level, stage.train().progress), (2, 0));
    assert_eq!(stage.train().expires_at, expires_at);
    stage.donate("dan", 199);
    assert_eq!((stage.train().level, stage.train().progress), (2, 199));
    stage.donate("dan", 1);
    assert_eq!((stage.train().level, stage.train().progress), (3, 0));
}

#[test]
fn of_equals_who_had_as_much_first_leads() {
    let mut stage = running();
    let top = |stage: &Stage| stage.train().top_contributor.clone().unwrap().name.unwrap();
    stage.donate("cem", 20);
    assert_eq!(top(&stage), "ANA", "she had 20 before");
    let more = stage.donate("ben", 50);
    assert_eq!(top(&stage), "BEN");
    // A later batch knows nothing but what is kept.
    stage.follow_up(&more, donation("ben", 50), Status::Reversed);
    assert_eq!(top(&stage), "ANA");

    // Whoever comes down to as much has had it for the shortest time.
    let more = stage.donate("ana", 10);
    stage.follow_up(&more, donation("ana", 10), Status::Reversed);
    assert_eq!(top(&stage), "CEM");
}

#[test]
fn anonymous_gifts_count_for_a_kickoff_as_the_room_says() {
    let anonymous = |amount| RawReport {
        viewer_id: None,
        viewer_name: None,
        ..donation("nobody", amount)
    };
    // (as how many; how many of them and how many of ana; whether that starts a train)
    let cases = [
        (AnonymousGifts::Together, 3, 0, false),
        (AnonymousGifts::Together, 2, 1, true),
        (AnonymousGifts::Nobody, 2, 1, false),
        (AnonymousGifts::Each, 3, 0, true),
    ];
    for (rule, of_nobody, of_ana, starts) in cases {
        let mut draft = draft();
        draft.program.as_mut().unwrap().kickoff_anonymous = rule;
        let mut stage = Stage::open(draft);
        let (ids, now) = (&mut stage.ids, stage.now);
        stage.aggregate.start_session(None, ids, now).unwrap();
        for _ in 0..of_nobody {
            stage.report(anonymous(10)).unwrap();
        }
        for _ in 0..of_ana {
            stage.donate("ana", 10);
        }
        let has_started = stage.train().phase == Phase::Running;
        assert_eq!(has_started, starts, "{rule:?}, {of_nobody} and {of_ana}");
    }
}

#[test]
fn a_kickoff_has_its_newest_contributions() {
    let mut stage = Stage::live();
    let first = stage.donate("ana", 1_000);
    for _ in 0..200 {
        stage.donate("ana", 1);
    }
    assert_eq!(
        (stage.train().phase, stage.train().total),
        (Phase::Approaching, 200)
    );
    stage.follow_up(&first, donation("ana", 1_000), Status::Reversed);
    assert_eq!(stage.train().total, 200);
}

#[test]
fn a_kickoff_that_is_taken_back_has_ended_then() {
    let mut stage = Stage::live();
    let only = stage.donate("ana", 10);
    stage.pass(5_000);
    let (seq, now) = (stage.aggregate.head.seq, stage.now);
    stage.follow_up(&only, donation("ana", 10), Status::Reversed);

    let train = stage.train();
    assert_eq!(
        (train.phase, train.ended_at, train.cooldown_ends_at),
        (Phase::Ended, Some(now), None)
    );
    assert_eq!(stage.kinds_since(seq), ["HypeTrainEnded"]);
}

#[test]
fn an_end_that_is_noticed_late_has_its_own_time() {
    let mut stage = running();
    let (expires_at, seq) = (stage.train().expires_at, stage.aggregate.head.seq);
    stage.begin_batch();
    stage.now = stage.now.plus_millis(3_600_000);
    stage.report_on(donation("dan", 10)).unwrap();

    assert_eq!(
        stage.kinds_since(seq),
        [
            "HypeTrainEnded",
            "ContributionReceived",
            "HypeTrainApproached"
        ]
    );
    let ended = stage.events().into_iter().find_map(|event| {
        let EventBody::HypeTrainEnded(train) = event.body else {
            return None;
        };
        Some(train)
    });
    assert_eq!(ended.unwrap().ended_at, Some(expires_at));
}

#[test]
fn the_end_of_a_train_is_not_lost_in_the_approach_of_the_next() {
    let mut stage = Stage::live();
    let only = stage.donate("ana", 10);
    let (seq, first) = (stage.aggregate.head.seq, stage.train().id);
    stage.begin_batch();
    let reversal = RawReport {
        contribution_ref: Some(only.contribution_ref),
        status: Some(Status::Reversed),
        ..donation("ana", 10)
    };
    stage.report_on(reversal).unwrap();
    stage.report_on(donation("ben", 10)).unwrap();
    assert_eq!(
        stage.kinds_since(seq),
        [
            "HypeTrainEnded",
            "ContributionReceived",
            "HypeTrainApproached"
        ]
    );
    assert_ne!(stage.train().id, first);
}

#[test]
fn a_kickoff_that_overflows_starts_and_then_climbs() {
    let mut stage = Stage::live();
    stage.donate("ana", 60);
    stage.donate("ben", 60);
    let seq = stage.aggregate.head.seq;
    stage.donate("ana", 30);
    assert_eq!(
        stage.kinds_since(seq),
        [
            "ContributionReceived",
            "HypeTrainStarted",
            "HypeTrainLeveledUp"
        ]
    );
    let started = stage.events().into_iter().rev().nth(1).unwrap();
    let EventBody::HypeTrainStarted(started) = started.body else {
        panic!("{started:?}");
    };
    assert_eq!(
        (started.level, started.progress, started.goal),
        (1, 100, 100)
    );
    assert_eq!((stage.train().level, stage.train().progress), (2, 50));
}

#[test]
fn a_train_that_approaches_goes_by_the_rooms_program_and_one_that_runs_by_its_own() {
    let mut stage = Stage::live();
    stage.donate("ana", 10);
    let mut program = crate::stage::short_program();
    program.kickoff_events = 2;
    program.levels[0].goal = 1_000;
    let change = parlor_domain::room::RoomChange {
        version: stage.aggregate.room.version,
        program: Some(program),
        ..Default::default()
    };
    stage.begin_batch();
    let seq = stage.aggregate.head.seq;
    let (ids, now) = (&mut stage.ids, stage.now);
    stage
        .aggregate
        .update_room(&actor("staff"), change, ids, now)
        .unwrap();
    assert_eq!(
        stage.kinds_since(seq),
        ["RoomUpdated", "HypeTrainApproached"]
    );
    assert_eq!(
        (stage.train().kickoff_events_needed, stage.train().goal),
        (1, 1_000)
    );

    stage.donate("ben", 10);
    assert_eq!(stage.train().phase, Phase::Running);
}

#[derive(Debug, Clone)]
enum Step {
    Donate {
        viewer: u8,
        amount: i64,
    },
    Pend {
        viewer: u8,
        amount: i64,
    },
    FollowUp {
        which: prop::sample::Index,
        status: Status,
    },
    Repeat {
        which: prop::sample::Index,
    },
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let viewer = 0_u8..4;
    prop_oneof![
        6 => (viewer.clone(), 1_i64..150).prop_map(|(viewer, amount)| Step::Donate { viewer, amount }),
        2 => (viewer, 1_i64..150).prop_map(|(viewer, amount)| Step::Pend { viewer, amount }),
        3 => (any::<prop::sample::Index>(), prop_oneof![Just(Status::Settled), Just(Status::Reversed), Just(Status::Pending)])
            .prop_map(|(which, status)| Step::FollowUp { which, status }),
        1 => any::<prop::sample::Index>().prop_map(|which| Step::Repeat { which }),
        3 => (0_i64..40_000).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever comes in whatever order, a train's total is the sum of the settled contributions
    /// that boarded it, its level never falls, the log is gapless, and its stamps never run back.
    #[test]
    fn a_train_equals_the_sum_of_its_contributions(steps in prop::collection::vec(step(), 1..60)) {
        let mut stage = Stage::live();
        let mut sent: Vec<(String, RawReport)> = Vec::new();
        let mut level = (None, 0);

        for step in steps {
            let raw = match step {
                Step::Pass(millis) => { stage.pass(millis); continue; }
                Step::Donate { viewer, amount } => donation(&format!("viewer-{viewer}"), amount),
                Step::Pend { viewer, amount } => RawReport {
                    status: Some(Status::Pending),
                    ..donation(&format!("viewer-{viewer}"), amount)
                },
                Step::FollowUp { which, status } => {
                    let Some((reference, raw)) = sent.get(which.index(sent.len().max(1))) else { continue };
                    let contribution_ref = Some(reference.clone());
                    RawReport { contribution_ref, status: Some(status), idempotency_key: String::new(), ..raw.clone() }
                }
                Step::Repeat { which } => {
                    let Some((_, raw)) = sent.get(which.index(sent.len().max(1))) else { continue };
                    let head = stage.aggregate.head;
                    stage.report(raw.clone()).unwrap();
                    let trace = stage.aggregate.head.seq - head.seq;
                    prop_assert_eq!(trace, 0, "a repeated message changes nothing");
                    continue;
                }
            };
            let key = format!("key-{}", sent.len());
            let raw = RawReport { idempotency_key: key.clone(), ..raw };
            let contribution = stage.report(raw.clone()).unwrap();
            sent.push((contribution.contribution_ref, raw));
            prop_assert_eq!(check(&stage, &mut level), Ok(()));
        }
    }
}

fn check(stage: &Stage, level: &mut (Option<uuid::Uuid>, u32)) -> Result<(), String> {
    let aggregate = &stage.aggregate;
    for (index, pair) in stage.events().windows(2).enumerate() {
        if pair[1].seq != pair[0].seq + 1
            || pair[1].occurred_at < pair[0].occurred_at
            || pair[1].display_at < pair[0].display_at
        {
            return Err(format!("the log breaks after event {index}"));
        }
    }

    let Some(train) = &aggregate.train else {
        return Ok(());
    };
    let shown = &train.shown;
    let of_train = |one: &&parlor_domain::contribution::Contribution| {
        let kicks_off = train
            .kickoff
            .iter()
            .any(|entry| entry.contribution_id == one.id);
        one.status == Status::Settled && (one.train_id == Some(shown.id) || kicks_off)
    };
    let sum: i64 = aggregate
        .changes
        .contributions
        .values()
        .filter(of_train)
        .map(|one| one.hype)
        .sum();
    if shown.total != sum {
        return Err(format!(
            "total {} is not the sum {sum} in {shown:?}",
            shown.total
        ));
    }
    if level.0 == Some(shown.id.0) && shown.level < level.1 {
        return Err(format!("level fell from {} to {}", level.1, shown.level));
    }
    *level = (Some(shown.id.0), shown.level);

    let best = aggregate
        .known
        .contributors
        .of_train(shown.id)
        .filter(|one| one.hype > 0)
        .map(|one| one.hype)
        .max();
    if shown.phase != Phase::Approaching
        && shown.level > 0
        && shown.top_contributor.as_ref().map(|top| top.hype) != best
    {
        return Err(format!("{:?} leads, not {best:?}", shown.top_contributor));
    }
    if shown.phase == Phase::Running && shown.progress >= shown.goal {
        return Err(format!(
            "progress {} beyond the goal {}",
            shown.progress, shown.goal
        ));
    }

    Ok(())
}
