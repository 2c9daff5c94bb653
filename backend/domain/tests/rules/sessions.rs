//! Sessions: one live at most, and streams that go away and come back.

use parlor_domain::event::{Part, Timing};
use parlor_domain::hype_train::Phase;
use parlor_domain::room::{RoomChange, RoomState, UpdateRoomRefusal};
use parlor_domain::room_aggregate::{
    EndSessionRefusal, InterruptSessionRefusal, ResumeSessionRefusal, StartSessionRefusal,
};
use parlor_domain::session::{INTERRUPTION_GRACE_MS_DEFAULT, Session};
use parlor_domain::time::ServerTime;
use proptest::prelude::*;

use crate::shop::actor;
use crate::stage::{Stage, draft};

const GRACE_MS: i64 = INTERRUPTION_GRACE_MS_DEFAULT;

impl Stage {
    fn start(&mut self) -> Result<Session, StartSessionRefusal> {
        self.pass(0);
        self.aggregate.start_session(None, &mut self.ids, self.now)
    }

    fn end(&mut self) -> Result<Session, EndSessionRefusal> {
        self.pass(0);
        self.aggregate.end_session(&mut self.ids, self.now)
    }

    fn interrupt(&mut self) -> Result<Session, InterruptSessionRefusal> {
        self.pass(0);
        self.aggregate.interrupt_session(&mut self.ids, self.now)
    }

    fn resume(&mut self) -> Result<Session, ResumeSessionRefusal> {
        self.pass(0);
        self.aggregate.resume_session(&mut self.ids, self.now)
    }

    fn last_session(&self) -> &Session {
        self.aggregate.session.as_ref().unwrap()
    }
}

#[test]
fn a_stream_that_comes_back_within_the_grace_is_the_same_session() {
    for (away_ms, is_same) in [
        (0, true),
        (1, true),
        (GRACE_MS - 1, true),
        (GRACE_MS, false),
    ] {
        let mut stage = Stage::live();
        let session = stage.last_session().clone();
        stage.pass(5_000);
        let interrupted = stage.interrupt().unwrap();
        assert_eq!(interrupted.interrupted_at, Some(stage.now));
        assert!(interrupted.is_live());

        stage.now = stage.now.plus_millis(away_ms);
        if is_same {
            assert_eq!(stage.resume(), Ok(session), "{away_ms}");
        } else {
            assert_eq!(stage.resume(), Err(ResumeSessionRefusal::NotLive));
            let ended_at = interrupted.interrupted_at;
            let expected = Session {
                interrupted_at: None,
                ended_at,
                ..interrupted
            };
            assert_eq!(stage.last_session(), &expected);
        }
    }
}

#[test]
fn what_the_room_is_told_is_live_and_of_its_session() {
    let mut stage = Stage::live();
    let seq = stage.aggregate.head.seq;
    stage.interrupt().unwrap();
    stage.pass(1_000);
    stage.resume().unwrap();
    stage.interrupt().unwrap();
    stage.pass(GRACE_MS);

    assert_eq!(
        stage.kinds_since(seq),
        [
            "SessionInterrupted",
            "SessionResumed",
            "SessionInterrupted",
            "SessionEnded"
        ]
    );
    for event in stage.events().iter().filter(|event| event.seq > seq) {
        assert_eq!(event.body.part(), Some(Part::Session));
        assert_eq!(event.body.timing(), Timing::Live);
    }
    let last = stage.events().last().cloned().unwrap();
    assert_eq!(last.occurred_at, stage.now, "stamps never run backwards");
    assert_eq!(last.display_at, stage.now.plus_millis(2_000));
}

#[test]
fn every_command_belongs_to_the_time_after_the_session_that_did_not_come_back() {
    let mut stage = Stage::live();
    let first = stage.interrupt().unwrap();
    assert_eq!(stage.start(), Err(StartSessionRefusal::Interrupted));
    assert_eq!(
        stage.interrupt(),
        Err(InterruptSessionRefusal::AlreadyInterrupted)
    );

    stage.now = stage.now.plus_millis(GRACE_MS);
    let next = stage.start().unwrap();
    assert_ne!(next.id, first.id);
    assert_eq!(
        stage.aggregate.changes.session[&first.id].ended_at,
        first.interrupted_at
    );
    assert_eq!(stage.resume(), Err(ResumeSessionRefusal::NotInterrupted));
    assert_eq!(stage.start(), Err(StartSessionRefusal::AlreadyLive));

    stage.end().unwrap();
    assert_eq!(stage.interrupt(), Err(InterruptSessionRefusal::NotLive));
    assert_eq!(stage.resume(), Err(ResumeSessionRefusal::NotLive));
    assert_eq!(stage.end(), Err(EndSessionRefusal::NotLive));
}

#[test]
fn ended_by_hand_an_interrupted_session_ended_when_its_stream_went_away() {
    let mut stage = Stage::live();
    let interrupted_at = stage.interrupt().unwrap().interrupted_at;
    stage.pass(60_000);

    let ended = stage.end().unwrap();

    assert_eq!(
        (ended.ended_at, ended.interrupted_at),
        (interrupted_at, None)
    );
    assert_eq!(stage.aggregate.deadline(), None);
}

#[test]
fn the_rooms_present_grace_counts() {
    let mut stage = Stage::live();
    let update = |stage: &mut Stage, grace_ms| {
        let change = RoomChange {
            version: stage.aggregate.room.version,
            interruption_grace_ms: Some(grace_ms),
            ..RoomChange::default()
        };
        stage
            .aggregate
            .update_room(&actor("staff"), change, &mut stage.ids, stage.now)
            .map(|_| ())
    };
    for (grace_ms, expected) in [
        (-1, Some("interruptionGraceMs")),
        (3_600_001, Some("interruptionGraceMs")),
        (0, None),
        (3_600_000, None),
        (30_000, None),
    ] {
        let field = match update(&mut stage, grace_ms) {
            Ok(()) => None,
            Err(UpdateRoomRefusal::Invalid(invalid)) => Some(invalid.field),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(field, expected, "{grace_ms}");
    }

    let interrupted_at = stage.interrupt().unwrap().interrupted_at.unwrap();
    assert_eq!(
        stage.aggregate.deadline(),
        Some(interrupted_at.plus_millis(30_000))
    );
    stage.pass(20_000);
    update(&mut stage, 10_000).unwrap();
    stage.pass(0);
    assert_eq!(stage.last_session().ended_at, Some(interrupted_at));
}

#[test]
fn an_interruption_keeps_the_room_open_and_its_train_running() {
    let mut stage = Stage::live();
    stage.interrupt().unwrap();
    let archived = RoomChange {
        version: 1,
        state: Some(RoomState::Archived),
        ..RoomChange::default()
    };
    let refused = stage
        .aggregate
        .update_room(&actor("staff"), archived, &mut stage.ids, stage.now);
    assert_eq!(refused, Err(UpdateRoomRefusal::SessionLive));

    for viewer in ["ana", "ben", "cleo"] {
        stage.donate(viewer, 500);
    }
    assert_eq!(stage.train().phase, Phase::Running);
    let expires_at = stage.train().expires_at;
    stage.pass(expires_at.unix_millis() - stage.now.unix_millis());
    assert_eq!(
        stage.train().phase,
        Phase::Running,
        "the session's end is not the train's"
    );
    assert_eq!(stage.aggregate.deadline(), stage.aggregate.train_deadline());
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Start,
    Interrupt,
    Resume,
    End,
    Wait(i64),
}

/// What a room knows of its session, told as simply as can be: since when it is live, since when its
/// stream is away.
#[derive(Debug, Default)]
struct Model {
    live: Option<(i64, Option<i64>)>,
    past: Vec<(i64, i64)>,
}

impl Model {
    fn expire(&mut self, now: i64) {
        if let Some((started, Some(away))) = self.live
            && now - away >= GRACE_MS
        {
            self.past.push((started, away));
            self.live = None;
        }
    }

    /// Returns whether the step is allowed.
    fn step(&mut self, step: Step, now: i64) -> bool {
        match (step, self.live) {
            (Step::Start, None) => self.live = Some((now, None)),
            (Step::Interrupt, Some((started, None))) => self.live = Some((started, Some(now))),
            (Step::Resume, Some((started, Some(_)))) => self.live = Some((started, None)),
            (Step::End, Some((started, away))) => {
                self.past.push((started, away.unwrap_or(now)));
                self.live = None;
            }
            _ => return false,
        }
        true
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        Just(Step::Start),
        Just(Step::Interrupt),
        Just(Step::Resume),
        Just(Step::End),
        (0..GRACE_MS * 2).prop_map(Step::Wait),
        Just(Step::Wait(GRACE_MS)),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    #[test]
    fn sessions_do_what_a_naive_model_says(steps in steps()) {
        let (mut stage, mut model) = (Stage::open(draft()), Model::default());
        for step in steps {
            if let Step::Wait(millis) = step {
                // Nothing happens by itself here: what ran out shows at the next command.
                stage.now = stage.now.plus_millis(millis);
                continue;
            }
            let now = stage.now.unix_millis();
            let seq = stage.aggregate.head.seq;
            stage.pass(0);
            model.expire(now);
            let expired = stage.aggregate.head.seq - seq;
            let done = match step {
                Step::Start => stage.start().is_ok(),
                Step::Interrupt => stage.interrupt().is_ok(),
                Step::Resume => stage.resume().is_ok(),
                Step::End => stage.end().is_ok(),
                Step::Wait(_) => unreachable!("handled above"),
            };

            prop_assert_eq!(done, model.step(step, now), "{:?}", step);
            let written = stage.aggregate.head.seq - seq - expired;
            prop_assert_eq!(written, i64::from(done), "a refusal leaves no event");
            let live = stage.aggregate.live_session().map(|session| {
                let away = session.interrupted_at.map(ServerTime::unix_millis);
                (session.started_at.unix_millis(), away)
            });
            prop_assert_eq!(live, model.live);
            let sessions = stage.aggregate.changes.session.values();
            let mut past: Vec<_> = sessions
                .filter_map(|session| Some((session.started_at, session.ended_at?)))
                .map(|(start, end)| (start.unix_millis(), end.unix_millis()))
                .collect();
            past.sort_unstable();
            let mut expected = model.past.clone();
            expected.sort_unstable();
            prop_assert_eq!(past, expected);
        }
    }
}
