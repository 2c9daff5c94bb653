//! What events are about is read from what a server sends, and what cannot be read is unknown.

#![expect(
    clippy::unwrap_used,
    reason = "a feed that cannot be read says nothing"
)]

use parlor_sdk_core::{
    AlertInput, Client, Config, Gift, Input, Instant, Placement, Room, RoomEvent, ServerTime,
};
use parlor_sdk_events::people::participants;
use parlor_sdk_events::{
    ContributionAlert, ContributionKind, EventKind, HypeTrain, HypeTrainChange, HypeTrainPhase,
    ParticipantChange, ParticipantProfile, ParticipantRole, RoomState, SessionChange, StageRole,
    room,
};

const TRAIN: &str = r#""part":"train","__typename":"HypeTrainLeveledUp","train":{
    "id":"t","phase":"RUNNING","level":3,"progress":"5","goal":"1500","total":"2505",
    "kickoffEventsNeeded":0,"kickoffViewersNeeded":0,"startedAt":"1970-01-01T00:00:00.000Z",
    "expiresAt":"1970-01-01T00:05:00.000Z","endedAt":null,"cooldownEndsAt":null,
    "lastReward":"A \"hat\"","nextReward":null,"contributorCount":2,
    "topContributor":{"name":null,"hype":"2000","lastHype":"1"},
    "recentContributors":[{"name":"<Ada>","hype":"505","lastHype":"5"}],"isRecord":true}"#;

const ALERT: &str = r#""part":null,"__typename":"ContributionReceived",
    "contribution":{"id":"c","kind":"GIFTED_MEMBERSHIPS","name":null,"amount":null,
    "currency":null,"tier":2,"quantity":5,"message":"\u0000","hype":"2500"}"#;

const PERSON: &str = r#""part":"participant:p","__typename":"ParticipantStageChanged",
    "participant":{"id":"p","name":"<Ada>","role":"MODERATOR","stageRole":"REQUESTED",
    "requestedSeq":"9007199254740993","isListed":true,"isOnline":false,"version":4,
    "joinedAt":"1970-01-01T00:00:00.500Z"}"#;

const ROOM: &str = r#""part":"room","__typename":"RoomUpdated",
    "room":{"id":"r","slug":"r","title":"R","state":"OPEN","ingestOffsetMs":300,"version":7}"#;

const SESSION: &str = r#""part":"session","__typename":"SessionInterrupted",
    "session":{"id":"s","startedAt":"1970-01-01T00:00:00.000Z",
    "interruptedAt":"1970-01-01T00:00:01.000Z","endedAt":null,"delayMs":8000}"#;

/// A client that these events have happened to, all of them live.
fn follow(events: &[String]) -> Client {
    let config = Config {
        url: "ws://127.0.0.1/".to_owned(),
        token: None,
        room_id: "room".to_owned(),
        placement: Placement::Source,
        start_at: None,
    };
    let now = Instant::from_millis(0);
    let mut client = Client::new(config, room::can_read, 1, now);
    let listed: Vec<String> = (1..)
        .zip(events)
        .map(|(seq, event)| {
            format!(
                r#"{{"seq":"{seq}","occurredAt":"1970-01-01T00:00:01.000Z",
                "displayAt":"1970-01-01T00:00:09.000Z","timing":"LIVE",{event}}}"#
            )
        })
        .collect();
    let head = events.len();
    let feed = format!(
        r#"{{"id":"1","type":"next","payload":{{"data":{{"liveRoom":{{"epoch":"e","afterSeq":"0",
        "throughSeq":"{head}","recovered":false,"snapshot":[],"events":[{}]}}}}}}}}"#,
        listed.join(",")
    );
    for input in [
        Input::Opened,
        Input::Received(r#"{"type":"connection_ack"}"#),
        Input::Received(&feed),
    ] {
        client.handle_input(input, now);
    }

    client
}

/// The last event of the room that these have happened to.
fn event(text: &str) -> RoomEvent {
    let client = follow(&[text.to_owned()]);

    let here = client.room();

    here.parts()
        .chain(here.unknown_parts())
        .last()
        .unwrap()
        .clone()
}

/// A moment is no part of the room, so it is given one.
fn moment(text: &str) -> RoomEvent {
    event(&text.replace("\"part\":null", "\"part\":\"moment\""))
}

#[test]
fn a_train_is_read_whole() {
    let EventKind::HypeTrain(HypeTrainChange::LeveledUp, train) = EventKind::of(&event(TRAIN))
    else {
        panic!("it is a train's");
    };

    assert_eq!(train.phase, HypeTrainPhase::Running);
    assert_eq!((train.progress, train.goal, train.total), (5, 1_500, 2_505));
    assert_eq!(train.last_reward.as_deref(), Some("A \"hat\""));
    assert_eq!(train.expires_at, ServerTime::from_unix_millis(300_000));
    assert_eq!(train.ended_at, None);
    assert_eq!(train.top_contributor.unwrap().name, None);
    assert_eq!(train.recent_contributors[0].name.as_deref(), Some("<Ada>"));
    assert!(train.is_record);
}

#[test]
fn a_contribution_without_money_or_name_is_read() {
    let alert = ContributionAlert::of(&moment(ALERT)).unwrap();

    assert_eq!(alert.kind, ContributionKind::GiftedMemberships);
    assert_eq!(
        (alert.tier, alert.quantity, alert.hype),
        (Some(2), 5, 2_500)
    );
    assert_eq!((alert.amount, alert.name.as_deref()), (None, None));
    assert_eq!(alert.message.as_deref(), Some("\0"));
}

#[test]
fn a_participant_is_read_whole() {
    let EventKind::Participant(change, person) = EventKind::of(&event(PERSON)) else {
        panic!("it is a participant's");
    };

    assert_eq!(change, ParticipantChange::StageChanged);
    assert_eq!((person.id.as_str(), person.name.as_str()), ("p", "<Ada>"));
    assert_eq!(person.role, ParticipantRole::Moderator);
    assert_eq!(person.stage_role, StageRole::Requested);
    assert_eq!(person.requested_seq, Some(9_007_199_254_740_993));
    assert!(person.is_listed);
    assert!(!person.is_online);
    assert_eq!(person.joined_at, ServerTime::from_unix_millis(500));
}

#[test]
fn a_session_says_since_when_its_stream_is_away() {
    let EventKind::Session(change, session) = EventKind::of(&event(SESSION)) else {
        panic!("it is a session's");
    };
    let at = Some(ServerTime::from_unix_millis(1_000));

    assert_eq!(change, SessionChange::Interrupted);
    assert_eq!((session.interrupted_at, session.ended_at), (at, None));
}

#[test]
fn a_value_that_is_not_known_is_an_unknown_one_and_the_rest_is_read() {
    let train = HypeTrain::of(&event(&TRAIN.replace("RUNNING", "FLYING"))).unwrap();
    assert_eq!((train.phase, train.level), (HypeTrainPhase::Unknown, 3));

    let alert = moment(&ALERT.replace("GIFTED_MEMBERSHIPS", "SUPER_WAVE"));
    let alert = ContributionAlert::of(&alert).unwrap();
    assert_eq!((alert.kind, alert.hype), (ContributionKind::Unknown, 2_500));

    let person = event(&PERSON.replace("REQUESTED", "FLYING"));
    let person = ParticipantProfile::of(&person).unwrap();
    let expected = (StageRole::Unknown, ParticipantRole::Moderator);
    assert_eq!((person.stage_role, person.role), expected);

    let EventKind::RoomUpdated(profile) = EventKind::of(&event(&ROOM.replace("OPEN", "HAUNTED")))
    else {
        panic!("it is the room's");
    };
    assert_eq!((profile.state, profile.version), (RoomState::Unknown, 7));
}

#[test]
fn what_lacks_something_or_has_it_in_another_form_is_unknown() {
    for (event_text, from, to) in [
        (TRAIN, "HypeTrainLeveledUp", "HypeTrainDerailed"),
        (TRAIN, "2505", "many"),
        (TRAIN, "00:05:00.000Z", "soon"),
        (TRAIN, "\"train\":", "\"wagon\":"),
        (TRAIN, "\"RUNNING\"", "null"),
        (TRAIN, "\"endedAt\":null", "\"endedAt\":\"soon\""),
        (TRAIN, "\"name\":null", "\"name\":7"),
        (TRAIN, "[{", "[7,{"),
        (PERSON, "9007199254740993", "first"),
        (PERSON, "\"version\":4", "\"version\":null"),
        (PERSON, "\"isOnline\":false,", ""),
        (ALERT, "\"quantity\":5", "\"quantity\":0.5"),
        (ALERT, "\"amount\":null", "\"amount\":2.5"),
        (ALERT, "\"amount\":null", "\"amount\":18446744073709551616"),
    ] {
        let whole = EventKind::of(&moment(event_text));
        assert_ne!(whole, EventKind::Unknown, "{event_text}");
        let read = EventKind::of(&moment(&event_text.replace(from, to)));
        assert_eq!(read, EventKind::Unknown, "{to}");
    }
}

#[test]
fn a_room_is_what_its_parts_say() {
    let person = |id: &str, joined_at: &str| {
        PERSON
            .replace("participant:p", &format!("participant:{id}"))
            .replace("\"id\":\"p\"", &format!("\"id\":\"{id}\""))
            .replace("00:00.500Z", joined_at)
    };
    let unreadable = person("e", "00:09.000Z").replace("\"version\":4", "\"version\":[]");
    let client = follow(&[
        ROOM.to_owned(),
        SESSION.to_owned(),
        person("b", "00:02.000Z"),
        person("a", "00:02.000Z"),
        person("c", "00:01.000Z"),
        person("d", "00:00.000Z").replace("\"isListed\":true", "\"isListed\":false"),
        unreadable,
        TRAIN.to_owned(),
    ]);
    let here: &Room = client.room();

    let people: Vec<String> = participants(here).into_iter().map(|it| it.id).collect();
    assert_eq!(people, ["c", "a", "b"], "in the order in which they joined");
    assert_eq!(room::profile(here).map(|it| it.version), Some(7));
    assert!(room::is_live(here), "its stream is away, and may come back");
    assert_eq!(room::train(here).map(|it| it.total), Some(2_505));
    let unknown: Vec<i64> = here.unknown_parts().map(|it| it.seq).collect();
    assert_eq!(unknown, [7]);
}

/// Each is what is known of a part, and what happens on it that this build cannot read.
#[test]
fn what_cannot_be_read_leaves_what_is_known_of_its_part() {
    let joined = PERSON.replace("ParticipantStageChanged", "ParticipantJoined");
    let muted = r#""part":"participant:p","__typename":"ParticipantMuted","muted":{"id":"p"}"#;
    let broken_role = PERSON
        .replace("ParticipantStageChanged", "ParticipantRoleChanged")
        .replace("\"version\":4", "\"version\":null");
    let started = SESSION
        .replace("SessionInterrupted", "SessionStarted")
        .replace("\"1970-01-01T00:00:01.000Z\"", "null");
    let interrupted = SESSION
        .replace("\"1970-01-01T00:00:01.000Z\"", "\"soon\"")
        .replace("8000", "8");
    let derailed = r#""part":"train","__typename":"HypeTrainDerailed","wagon":{}"#;
    let broken_train = TRAIN.replace("\"2505\"", "2505");
    let renamed = ROOM.replace("\"R\"", "null").replace("300", "3");
    let all = [
        joined,
        started,
        TRAIN.to_owned(),
        ROOM.to_owned(),
        muted.to_owned(),
        broken_role,
        interrupted,
        derailed.to_owned(),
        broken_train,
        renamed,
    ];
    let client = follow(&all);
    let here = client.room();

    let people = participants(here);
    assert_eq!((people.len(), people[0].version), (1, 4));
    let session = room::session(here).unwrap();
    assert_eq!((session.delay_ms, session.interrupted_at), (8_000, None));
    assert!(room::is_live(here));
    assert_eq!(here.session().unwrap().delay_ms, 8_000, "what steers too");
    assert_eq!(here.settings().unwrap().ingest_offset_ms, 300);
    assert_eq!(room::train(here).map(|it| it.total), Some(2_505));
    assert_eq!(room::profile(here).unwrap().title, "R");
    let unknown: Vec<i64> = here.unknown_parts().map(|it| it.seq).collect();
    assert_eq!(unknown, [6, 7, 9, 10]);
}

#[test]
fn what_a_later_kind_is_about_is_not_taken_for_what_it_was() {
    let reversed = ALERT.replace("ContributionReceived", "ContributionReversed");
    let reversed = moment(&reversed);
    assert!(!room::can_read(&reversed));
    assert_eq!(ContributionAlert::of(&reversed), None);
    assert_eq!(AlertInput::of(&reversed), None);

    let given = moment(ALERT);
    let alert = ContributionAlert::of(&given).unwrap();
    let gift = Gift {
        name: alert.name,
        amount: alert.amount,
        currency: alert.currency,
        hype: alert.hype,
    };
    let input = AlertInput::gift(gift, alert.message.as_deref());
    assert_eq!(AlertInput::of(&given), Some(input));
    for (from, to) in [
        ("\"quantity\":5", "\"quantity\":null"),
        ("\"amount\":null", "\"amount\":\"many\""),
        ("\"amount\":null", "\"amount\":2.5"),
        ("\"hype\":\"2500\"", "\"hype\":null"),
    ] {
        let broken = moment(&ALERT.replace(from, to));
        assert_eq!(AlertInput::of(&broken), None, "{to}");
        assert_eq!(ContributionAlert::of(&broken), None, "{to}");
    }
}
