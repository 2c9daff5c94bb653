use parlor_sdk_core::ServerTime;
use parlor_sdk_events::{HypeTrain, HypeTrainChange, HypeTrainContributor, HypeTrainPhase};

use super::{
    Act, CELEBRATION_MS, COVERED_AT_MS, DEPART_MS, PULL_MS, SUMMARY_MS, TrainScene, UNCOVERED_AT_MS,
};
use crate::tween::{GROW_MS, LEAVE_MS};

#[test]
fn a_train_that_gathers_says_how_many_are_to_go() {
    let mut stage = TrainScene::default();
    let mut train = running(1, 0, 0);
    train.phase = HypeTrainPhase::Approaching;
    train.kickoff_events_needed = 3;
    stage.change(HypeTrainChange::Approached, &train, at(0), 0);

    let view = stage.view(Some(at(0)), PULL_MS).expect("it is on stage");
    assert_eq!(view.act, Act::Approaching);
    assert_eq!(view.words.0, "Hype train! 3 to go");
    assert_eq!(view.words.1, "Ada +500");
    assert_eq!(view.figure, 3);
}

#[test]
fn people_that_are_missing_are_asked_for_as_people() {
    let mut stage = TrainScene::default();
    let mut train = running(1, 0, 0);
    train.phase = HypeTrainPhase::Approaching;
    train.kickoff_viewers_needed = 1;
    stage.change(HypeTrainChange::Approached, &train, at(0), 0);

    let view = stage.view(Some(at(0)), 0).expect("it is on stage");
    assert_eq!(view.words.0, "Hype train! 1 more person to go");
}

#[test]
fn a_kickoff_that_lapses_leaves_without_a_word() {
    let mut stage = TrainScene::default();
    let mut train = running(1, 0, 0);
    train.phase = HypeTrainPhase::Approaching;
    stage.change(HypeTrainChange::Approached, &train, at(0), 0);
    train.phase = HypeTrainPhase::Ended;
    train.level = 0;
    stage.change(HypeTrainChange::Ended, &train, at(5_000), 5_000);

    let leaving = stage
        .view(Some(at(0)), 5_000 + LEAVE_MS / 2)
        .expect("it is still leaving");
    assert_eq!(leaving.act, Act::Approaching);
    assert!(leaving.present < 1.0);
    assert_eq!(stage.view(Some(at(0)), 5_000 + LEAVE_MS), None);
}

#[test]
fn a_train_in_a_phase_that_is_new_is_off_the_stage_until_it_is_in_a_known_one() {
    let mut stage = started();
    let mut train = running(1, 500, 500);
    train.phase = HypeTrainPhase::Unknown;
    stage.change(HypeTrainChange::Progressed, &train, at(5_000), 5_000);
    assert_eq!(stage.view(Some(at(5_000)), 5_000 + LEAVE_MS), None);

    stage.jump(Some(&train), Some(at(6_000)), 6_000);
    assert_eq!(stage.view(Some(at(6_000)), 6_000), None);

    train.phase = HypeTrainPhase::Running;
    stage.change(HypeTrainChange::Progressed, &train, at(9_000), 9_000);
    assert!(stage.view(Some(at(9_000)), 9_000 + PULL_MS).is_some());
}

#[test]
fn progress_grows_to_the_exact_figure() {
    let mut stage = started();
    stage.change(
        HypeTrainChange::Progressed,
        &running(1, 500, 500),
        at(9_000),
        9_000,
    );

    let growing = stage.view(Some(at(0)), 9_100).expect("it runs").progress;
    let grown = stage.view(Some(at(0)), 9_000 + GROW_MS).expect("it runs");
    assert!(growing > 0.0 && growing < 0.5, "{growing}");
    assert!((grown.progress - 0.5).abs() < 0.001);
    assert_eq!(grown.sign.0, "500 to go");
}

#[test]
fn a_level_up_runs_up_to_the_goal_and_carries_the_overflow_over() {
    let mut stage = started();
    let mut next = running(2, 200, 1_200);
    next.last_reward = Some(String::from("Emote hour"));
    stage.change(HypeTrainChange::LeveledUp, &next, at(9_000), 9_000);
    let mut view = |age_ms| {
        stage.advance(9_000 + age_ms);
        let view = stage.view(Some(at(0)), 9_000 + age_ms).expect("it runs");
        (
            view.figure,
            view.progress,
            view.celebration.map(|party| party.level),
        )
    };

    assert_eq!(view(0), (1, 0.0, Some(2)));
    let (level, progress, _) = view(COVERED_AT_MS - 1);
    assert_eq!(level, 1);
    assert!(progress > 0.99, "{progress}");
    assert_eq!(view(COVERED_AT_MS), (2, 0.0, Some(2)));
    assert_eq!(view(UNCOVERED_AT_MS), (2, 0.0, Some(2)));
    let (_, progress, party) = view(CELEBRATION_MS + GROW_MS);
    assert!((progress - 0.2).abs() < 0.001);
    assert_eq!(party, None);
}

#[test]
fn levels_reached_during_a_celebration_do_not_queue_behind_it() {
    let mut stage = started();
    for number in 0..20 {
        let began_at = 9_000 + i64::from(number) * 50;
        let train = running(2 + number, 0, 1_000 * i64::from(number + 1));
        stage.change(HypeTrainChange::LeveledUp, &train, at(began_at), began_at);
    }

    let view = stage.view(Some(at(0)), 9_950).expect("it runs");
    assert_eq!(view.celebration.map(|party| party.level), Some(21));
    assert!(
        stage
            .view(Some(at(0)), 9_000 + CELEBRATION_MS)
            .expect("it runs")
            .celebration
            .is_none()
    );
}

#[test]
fn contributions_that_come_fast_couple_on_as_one_car() {
    let mut stage = started();
    for number in 0..12_i32 {
        let began_at = 9_000 + i64::from(number) * 50;
        let mut train = running(1, 0, 100 * i64::from(number + 1));
        train.goal = 100_000;
        train.recent_contributors[0].name = Some(format!("viewer {}", number % 5));
        stage.change(HypeTrainChange::Progressed, &train, at(began_at), began_at);
    }
    stage.advance(30_000);

    let view = stage.view(Some(at(0)), 30_000).expect("it runs");
    let cars: Vec<_> = view.cars.iter().map(|car| (car.name, car.amount)).collect();
    assert_eq!(
        cars,
        [
            ("5 people", "+1,100"),
            ("viewer 0", "+100"),
            ("Ada", "+500")
        ]
    );
}

#[test]
fn somebody_who_gives_again_adds_to_their_car() {
    let mut stage = started();
    for (began_at, total) in [(9_000, 200), (12_000, 350)] {
        let train = running(1, total, total);
        stage.change(HypeTrainChange::Progressed, &train, at(began_at), began_at);
    }
    stage.advance(30_000);

    let view = stage.view(Some(at(0)), 30_000).expect("it runs");
    let cars: Vec<_> = view.cars.iter().map(|car| (car.name, car.amount)).collect();
    assert_eq!(cars, [("Ada", "+850")]);
}

#[test]
fn a_seek_lands_without_anything_moving() {
    let mut stage = started();
    stage.change(
        HypeTrainChange::LeveledUp,
        &running(2, 100, 1_100),
        at(9_000),
        9_000,
    );
    stage.jump(Some(&running(1, 300, 300)), Some(at(4_000)), 9_100);

    let view = stage.view(Some(at(4_000)), 9_100).expect("it runs");
    assert_eq!(
        (view.figure, view.celebration, view.coupling),
        (1, None, (1.0, 1.0))
    );
    assert!((view.progress - 0.3).abs() < 0.001);
    assert!((view.pulled - 1.0).abs() < f32::EPSILON);
    assert_eq!(
        stage.view(Some(at(4_000)), 60_000),
        stage.view(Some(at(4_000)), 9_100)
    );
}

#[test]
fn the_last_half_minute_is_urgent() {
    let stage = started();
    for (happening_ms, urgent) in [(89_999, false), (90_000, true), (120_000, true)] {
        let view = stage.view(Some(at(happening_ms)), 9_000).expect("it runs");
        assert_eq!(
            view.time_left.map(|left| left.urgent),
            Some(urgent),
            "{happening_ms}"
        );
    }
}

#[test]
fn what_is_left_of_the_time_counts_from_when_the_level_began() {
    let stage = started();
    let part = |happening_ms| {
        let view = stage.view(Some(at(happening_ms)), 9_000).expect("it runs");
        view.time_left.map(|left| (left.part * 100.0) as i32)
    };

    assert_eq!(part(0), Some(100));
    assert_eq!(part(60_000), Some(50));
    assert_eq!(part(500_000), Some(0));
    assert_eq!(stage.view(None, 9_000).expect("it runs").time_left, None);
}

#[test]
fn a_train_that_is_over_says_how_far_it_got_and_leaves() {
    let mut stage = started();
    stage.change(HypeTrainChange::Ended, &ended(), at(9_000), 9_000);

    let view = stage
        .view(Some(at(0)), 9_000 + PULL_MS)
        .expect("the summary stands");
    assert_eq!(view.words.0, "Hype train reached level 3");
    assert_eq!(view.words.1, "14 people, driven by Grace");
    assert!(view.departed < f32::EPSILON);
    let leaves_at = 9_000 + SUMMARY_MS;
    assert!(
        stage
            .view(Some(at(0)), leaves_at + DEPART_MS / 2)
            .expect("leaving")
            .departed
            > 0.4
    );
    stage.advance(leaves_at + DEPART_MS);
    assert_eq!(stage.view(Some(at(0)), leaves_at + DEPART_MS), None);
}

#[test]
fn a_seek_into_a_summary_shows_the_rest_of_it() {
    let mut stage = TrainScene::default();
    stage.jump(Some(&ended()), Some(at(9_000 + 3_000)), 100_000);
    assert!(
        stage
            .view(Some(at(0)), 100_000 + SUMMARY_MS - 3_001)
            .is_some()
    );

    stage.advance(100_000 + SUMMARY_MS + DEPART_MS - 3_000);
    assert_eq!(
        stage.view(Some(at(0)), 100_000 + SUMMARY_MS + DEPART_MS - 3_000),
        None
    );

    stage.jump(Some(&ended()), Some(at(60_000)), 100_000);
    assert_eq!(stage.view(Some(at(60_000)), 100_000), None);
}

/// A train of level 1 that set off long ago, of which nothing moves any more.
fn started() -> TrainScene {
    let mut stage = TrainScene::default();
    stage.change(HypeTrainChange::Started, &running(1, 0, 0), at(0), 0);
    stage
}

fn ended() -> HypeTrain {
    HypeTrain {
        phase: HypeTrainPhase::Ended,
        ended_at: Some(at(9_000)),
        contributor_count: 14,
        ..running(3, 0, 3_000)
    }
}

fn running(level: i32, progress: i64, total: i64) -> HypeTrain {
    HypeTrain {
        id: String::from("train"),
        phase: HypeTrainPhase::Running,
        level,
        progress,
        goal: 1_000,
        total,
        kickoff_events_needed: 0,
        kickoff_viewers_needed: 0,
        started_at: at(0),
        expires_at: at(120_000),
        ended_at: None,
        cooldown_ends_at: None,
        last_reward: None,
        next_reward: None,
        contributor_count: 1,
        top_contributor: Some(person("Grace", 900)),
        recent_contributors: vec![person("Ada", 500)],
        is_record: false,
    }
}

fn person(name: &str, hype: i64) -> HypeTrainContributor {
    HypeTrainContributor {
        name: Some(String::from(name)),
        hype,
        last_hype: hype,
    }
}

fn at(millis: i64) -> ServerTime {
    ServerTime::from_unix_millis(millis)
}
