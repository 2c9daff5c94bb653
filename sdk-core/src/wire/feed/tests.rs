use super::{EPOCH_BYTES_MAX, EVENT_TEXT_BYTES_MAX, NAME_BYTES_MAX};
use crate::event::{
    ContributionAlert, ContributionKind, EventKind, EventTiming, HypeTrain, HypeTrainChange,
    HypeTrainPhase, RoomEvent, RoomProfile, RoomState, SessionChange,
};
use crate::participant::{ParticipantChange, ParticipantProfile, ParticipantRole, StageRole};
use crate::time::ServerTime;
use crate::wire::payload::RECENT_CONTRIBUTORS_MAX;
use crate::wire::{Feed, Frame, decode};
use proptest::prelude::*;

const TRAIN: &str = r#"{"__typename":"HypeTrainLeveledUp","seq":"9007199254740993",
    "occurredAt":"1970-01-01T00:00:01.000Z","displayAt":"1970-01-01T00:00:09.000Z",
    "timing":"PICTURE","part":"train","train":{
    "id":"t","phase":"RUNNING","level":3,"progress":"5","goal":"1500","total":"2505",
    "kickoffEventsNeeded":0,"kickoffViewersNeeded":0,"startedAt":"1970-01-01T00:00:00.000Z",
    "expiresAt":"1970-01-01T00:05:00.000Z","endedAt":null,"cooldownEndsAt":null,
    "lastReward":"A \"hat\"","nextReward":null,"contributorCount":2,
    "topContributor":{"name":null,"hype":"2000","lastHype":"1"},
    "recentContributors":[{"name":"<Ada>","hype":"505","lastHype":"5"}],"isRecord":true}}"#;

const ALERT: &str = r#"{"__typename":"ContributionReceived","seq":"7",
    "occurredAt":"1970-01-01T00:00:01.000Z","displayAt":"1970-01-01T00:00:09.000Z",
    "timing":"PICTURE","part":null,
    "contribution":{"id":"c","kind":"GIFTED_MEMBERSHIPS","name":null,"amount":null,
    "currency":null,"tier":2,"quantity":5,"message":"\u0000","hype":"2500"}}"#;

const PERSON: &str = r#"{"__typename":"ParticipantStageChanged","seq":"8",
    "occurredAt":"1970-01-01T00:00:01.000Z","displayAt":"1970-01-01T00:00:09.000Z",
    "timing":"LIVE","part":"participant:p",
    "participant":{"id":"p","name":"<Ada>","role":"MODERATOR","stageRole":"REQUESTED",
    "requestedSeq":"9007199254740993","isListed":true,"isOnline":false,"version":4,
    "joinedAt":"1970-01-01T00:00:00.500Z"}}"#;

const ROOM: &str = r#"{"__typename":"RoomUpdated","seq":"9",
    "occurredAt":"1970-01-01T00:00:01.000Z","displayAt":"1970-01-01T00:00:09.000Z",
    "timing":"LIVE","part":"room","room":{"id":"r","slug":"r","title":"R","state":"OPEN",
    "ingestOffsetMs":300,"version":7}}"#;

fn unknown(type_name: &str) -> EventKind {
    EventKind::Unknown {
        type_name: type_name.to_owned(),
    }
}

fn frame(events: &str) -> String {
    let feed = format!(
        r#"{{"epoch":"e","afterSeq":"1","throughSeq":"2","recovered":true,
        "snapshot":null,"events":[{events}]}}"#
    );

    format!(r#"{{"id":"1","type":"next","payload":{{"data":{{"liveRoom":{feed}}}}}}}"#)
}

fn read(events: &str) -> Feed {
    match decode(&frame(events)) {
        Some(Frame::Next { feed, .. }) => feed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_train_comes_whole() {
    let feed = read(TRAIN);
    let event = &feed.events[0];
    assert_eq!(event.seq, 9_007_199_254_740_993);
    assert_eq!(event.display_at, ServerTime::from_unix_millis(9_000));
    let EventKind::HypeTrain(HypeTrainChange::LeveledUp, train) = &event.kind else {
        panic!("{event:?}");
    };

    assert_eq!(train.phase, HypeTrainPhase::Running);
    assert_eq!((train.progress, train.goal, train.total), (5, 1_500, 2_505));
    assert_eq!(train.last_reward.as_deref(), Some("A \"hat\""));
    assert_eq!(train.ended_at, None);
    assert_eq!(train.top_contributor.as_ref().unwrap().name, None);
    assert_eq!(train.recent_contributors[0].name.as_deref(), Some("<Ada>"));
    assert!(train.is_record);
}

#[test]
fn of_an_event_with_longer_texts_than_any_server_sends_only_the_name_is_held() {
    let with_message = |length: usize| {
        let feed = read(&ALERT.replace("\\u0000", &"x".repeat(length)));
        feed.events[0].kind.clone()
    };
    let room = EVENT_TEXT_BYTES_MAX - ALERT.len();

    assert!(matches!(
        with_message(room),
        EventKind::ContributionReceived(_)
    ));
    assert_eq!(
        with_message(EVENT_TEXT_BYTES_MAX),
        unknown("ContributionReceived")
    );
}

#[test]
fn names_of_kinds_and_parts_are_bounded() {
    for (from, length, is_read) in [
        ("HypeTrainLeveledUp", NAME_BYTES_MAX, true),
        ("HypeTrainLeveledUp", NAME_BYTES_MAX + 1, false),
        ("train", NAME_BYTES_MAX, true),
        ("train", NAME_BYTES_MAX + 1, false),
    ] {
        let name = format!("\"{}\"", "x".repeat(length));
        let feed = read(&TRAIN.replacen(&format!("\"{from}\""), &name, 1));
        assert_eq!(feed.events.len(), usize::from(is_read), "{from} {length}");
    }
}

#[test]
fn what_is_left_out_is_told_or_the_message_is_none() {
    for (from, expected) in [
        ("null", Some(None)),
        ("\"1970-01-01T00:00:09.000Z\"", Some(Some(9_000))),
        ("\"someday\"", None),
        ("9000", None),
    ] {
        let text = frame("").replace("\"events\"", &format!("\"leftOutFrom\":{from},\"events\""));
        for field in ["liveRoom", "roomEvents"] {
            let left_out = match decode(&text.replace("liveRoom", field)) {
                Some(Frame::Next { feed, .. }) => Some(feed.left_out_from),
                _ => None,
            };
            let expected = expected.map(|at| at.map(ServerTime::from_unix_millis));
            assert_eq!(left_out, expected, "{from}");
        }
    }
}

#[test]
fn an_epoch_that_could_not_be_sent_back_is_no_epoch() {
    let with_epoch = |length: usize| {
        frame("").replace(
            "\"epoch\":\"e\"",
            &format!("\"epoch\":\"{}\"", "e".repeat(length)),
        )
    };

    assert!(decode(&with_epoch(EPOCH_BYTES_MAX)).is_some());
    assert!(decode(&with_epoch(EPOCH_BYTES_MAX + 1)).is_none());
}

#[test]
fn a_train_names_few_contributors_however_many_come() {
    let one = r#"{"name":"<Ada>","hype":"505","lastHype":"5"}"#;
    let many = [one; RECENT_CONTRIBUTORS_MAX + 1].join(",");
    let feed = read(&TRAIN.replace(one, &many));
    let train = feed.events[0].kind.train().unwrap();

    assert_eq!(train.recent_contributors.len(), RECENT_CONTRIBUTORS_MAX);
}

#[test]
fn a_contribution_without_money_or_name_is_read() {
    let feed = read(ALERT);
    let EventKind::ContributionReceived(alert) = &feed.events[0].kind else {
        panic!("{feed:?}");
    };

    assert_eq!(alert.kind, ContributionKind::GiftedMemberships);
    assert_eq!(
        (alert.tier, alert.quantity, alert.hype),
        (Some(2), 5, 2_500)
    );
    assert_eq!((alert.amount, alert.name.as_deref()), (None, None));
    assert_eq!(alert.message.as_deref(), Some("\0"));
}

#[test]
fn a_session_says_since_when_its_stream_is_away() {
    let session = |change: SessionChange, interrupted_at: &str, ended_at: &str| {
        let kind = change.name();
        let feed = read(&format!(
            r#"{{"__typename":"{kind}","seq":"8","occurredAt":"1970-01-01T00:00:01.000Z",
            "displayAt":"1970-01-01T00:00:09.000Z","timing":"LIVE","part":"session",
            "session":{{"id":"s",
            "startedAt":"1970-01-01T00:00:00.000Z","interruptedAt":{interrupted_at},
            "endedAt":{ended_at},"delayMs":8000}}}}"#
        ));
        match feed.events.into_iter().next().map(|event| event.kind) {
            Some(EventKind::Session(read, session)) if read == change => Some(session),
            _ => None,
        }
    };
    let (none, second) = ("null", "\"1970-01-01T00:00:01.000Z\"");
    let at = Some(ServerTime::from_unix_millis(1_000));

    for (change, interrupted_at, ended_at, expected) in [
        (SessionChange::Started, none, none, (None, None)),
        (SessionChange::Interrupted, second, none, (at, None)),
        (SessionChange::Resumed, none, none, (None, None)),
        (SessionChange::Ended, second, second, (at, at)),
    ] {
        let session = session(change, interrupted_at, ended_at).unwrap();
        assert_eq!((session.interrupted_at, session.ended_at), expected);
    }
    assert_eq!(session(SessionChange::Started, "\"soon\"", none), None);
}

#[test]
fn a_participant_comes_whole() {
    let feed = read(PERSON);
    let EventKind::Participant(ParticipantChange::StageChanged, person) = &feed.events[0].kind
    else {
        panic!("{feed:?}");
    };

    assert_eq!((person.id.as_str(), person.name.as_str()), ("p", "<Ada>"));
    assert_eq!(person.role, ParticipantRole::Moderator);
    assert_eq!(person.stage_role, StageRole::Requested);
    assert_eq!(person.requested_seq, Some(9_007_199_254_740_993));
    assert!(person.is_listed);
    assert!(!person.is_online);
    assert_eq!(person.version, 4);
    assert_eq!(person.joined_at, ServerTime::from_unix_millis(500));
}

#[test]
fn every_change_of_a_participant_is_known_by_its_name() {
    for change in [
        ParticipantChange::Joined,
        ParticipantChange::Left,
        ParticipantChange::Removed,
        ParticipantChange::Updated,
        ParticipantChange::RoleChanged,
        ParticipantChange::StageChanged,
        ParticipantChange::PresenceChanged,
    ] {
        let feed = read(&PERSON.replace("ParticipantStageChanged", change.name()));
        let EventKind::Participant(read, _) = feed.events[0].kind else {
            panic!("{feed:?}");
        };
        assert_eq!(read, change);
    }
}

#[test]
fn a_value_that_is_not_known_is_an_unknown_one_and_the_rest_is_read() {
    let kind = |event: &str, from: &str, to: &str| {
        let feed = read(&event.replace(from, to));
        assert_eq!(feed.malformed_events, 0);
        feed.events[0].kind.clone()
    };

    assert!(matches!(
        kind(TRAIN, "RUNNING", "FLYING"),
        EventKind::HypeTrain(
            HypeTrainChange::LeveledUp,
            HypeTrain {
                phase: HypeTrainPhase::Unknown,
                level: 3,
                total: 2_505,
                ..
            }
        )
    ));
    assert!(matches!(
        kind(ALERT, "GIFTED_MEMBERSHIPS", "SUPER_WAVE"),
        EventKind::ContributionReceived(ContributionAlert {
            kind: ContributionKind::Unknown,
            quantity: 5,
            hype: 2_500,
            ..
        })
    ));
    assert!(matches!(
        kind(PERSON, "REQUESTED", "FLYING"),
        EventKind::Participant(
            ParticipantChange::StageChanged,
            ParticipantProfile {
                stage_role: StageRole::Unknown,
                role: ParticipantRole::Moderator,
                ..
            }
        )
    ));
    assert!(matches!(
        kind(PERSON, "MODERATOR", "JESTER"),
        EventKind::Participant(
            _,
            ParticipantProfile {
                role: ParticipantRole::Unknown,
                stage_role: StageRole::Requested,
                ..
            }
        )
    ));
    assert!(matches!(
        kind(ROOM, "OPEN", "HAUNTED"),
        EventKind::RoomUpdated(RoomProfile {
            state: RoomState::Unknown,
            version: 7,
            ..
        })
    ));
}

#[test]
fn an_event_that_cannot_be_read_is_of_an_unknown_kind_with_its_timing_and_part() {
    for (event, name, from, to) in [
        (
            TRAIN,
            "HypeTrainDerailed",
            "HypeTrainLeveledUp",
            "HypeTrainDerailed",
        ),
        (TRAIN, "HypeTrainLeveledUp", "2505", "many"),
        (TRAIN, "HypeTrainLeveledUp", "00:05:00.000Z", "soon"),
        (TRAIN, "HypeTrainLeveledUp", "\"train\":", "\"wagon\":"),
        (TRAIN, "HypeTrainLeveledUp", "\"RUNNING\"", "null"),
        (
            PERSON,
            "ParticipantApplauded",
            "ParticipantStageChanged",
            "ParticipantApplauded",
        ),
        (
            PERSON,
            "ParticipantStageChanged",
            "9007199254740993",
            "first",
        ),
        (
            PERSON,
            "ParticipantStageChanged",
            "\"version\":4",
            "\"version\":null",
        ),
        (PERSON, "ParticipantStageChanged", "\"isListed\":true,", ""),
        (PERSON, "ParticipantStageChanged", "\"isOnline\":false,", ""),
        (
            ALERT,
            "ContributionReceived",
            "\"quantity\":5",
            "\"quantity\":0.5",
        ),
    ] {
        let whole = read(event).events.remove(0);
        let feed = read(&format!("{},{ALERT}", event.replace(from, to)));
        let expected = RoomEvent {
            kind: unknown(name),
            ..whole
        };
        assert_eq!(feed.events[0], expected, "{to}");
        assert_eq!((feed.events.len(), feed.malformed_events), (2, 0), "{to}");
    }
}

#[test]
fn an_event_is_timed_as_the_server_says_and_late_if_that_is_not_known() {
    for (from, to, timing) in [
        ("", "", EventTiming::Picture),
        ("PICTURE", "LIVE", EventTiming::Live),
        ("PICTURE", "TOMORROW", EventTiming::Picture),
    ] {
        let event = read(&TRAIN.replace(from, to)).events.remove(0);
        assert_eq!(
            (event.timing, event.part.as_deref()),
            (timing, Some("train"))
        );
    }
    assert_eq!(read(ALERT).events[0].part, None);
    assert_eq!(read(PERSON).events[0].timing, EventTiming::Live);
}

#[test]
fn what_does_not_say_when_it_happened_and_as_what_is_left_out_and_counted() {
    for (from, to) in [
        ("\"__typename\"", "\"type\""),
        ("9007199254740993", "first"),
        ("00:00:01.000Z", "soon"),
        ("00:00:09.000Z", "later"),
        ("\"timing\":\"PICTURE\",", ""),
        ("\"part\":\"train\"", "\"part\":1"),
    ] {
        let feed = read(&format!("{},{ALERT}", TRAIN.replace(from, to)));
        assert_eq!((feed.events.len(), feed.malformed_events), (1, 1), "{to}");
    }
}

proptest! {
    #[test]
    fn no_text_brings_the_decoder_down(text in ".*") {
        decode(&text);
    }

    #[test]
    fn no_damage_to_a_frame_brings_the_decoder_down(
        at in 0..2_000_usize, length in 0..40_usize, with in "[\\PC]{0,5}",
    ) {
        let mut text: Vec<char> = frame(&format!("{TRAIN},{ALERT},{PERSON}")).chars().collect();
        let at = at.min(text.len());
        let end = (at + length).min(text.len());
        text.splice(at..end, with.chars());
        decode(&text.into_iter().collect::<String>());
    }
}
