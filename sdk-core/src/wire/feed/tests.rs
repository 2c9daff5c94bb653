use super::{EPOCH_BYTES_MAX, EVENT_BYTES_MAX, NAME_BYTES_MAX};
use crate::event::EventTiming;
use crate::time::ServerTime;
use crate::wire::{Content, Feed, Frame, decode};
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
fn an_event_comes_with_its_stamps_and_whole() {
    let feed = read(&format!("{TRAIN} , {PERSON}"));
    let event = &feed.events[0];
    assert_eq!(event.seq, 9_007_199_254_740_993);
    assert_eq!(event.display_at, ServerTime::from_unix_millis(9_000));
    assert_eq!(event.type_name, "HypeTrainLeveledUp");
    assert_eq!(event.payload.as_json(), TRAIN);
    assert_eq!(feed.events[1].payload.as_json(), PERSON);
}

#[test]
fn what_an_event_is_about_is_taken_by_name_and_form() {
    let event = read(TRAIN).events.remove(0);
    assert!(event.about("wagon").is_none());
    assert!(event.about("seq").is_none(), "it is no object");
    let mut train = event.about("train").unwrap();

    assert_eq!(train.text("phase").as_deref(), Some("RUNNING"));
    assert_eq!(train.text("phase"), None, "it is taken");
    assert_eq!(
        (train.small("level"), train.small("total")),
        (Some(3), None)
    );
    assert_eq!(
        (train.whole("goal"), train.whole("id")),
        (Some(1_500), None)
    );
    let at = Some(ServerTime::from_unix_millis(300_000));
    assert_eq!(train.time("expiresAt"), at);
    assert_eq!(train.optional("endedAt", Content::time), Some(None));
    assert_eq!(train.optional("lastReward", Content::time), None);
    assert_eq!(train.truth("isRecord"), Some(true));
    let mut top = train.record("topContributor").unwrap();
    assert_eq!(top.optional("name", Content::text), Some(None));
    let names = train.list("recentContributors", |mut one| one.text("name"));
    assert_eq!(names, Some(vec!["<Ada>".to_owned()]));
}

#[test]
fn who_is_no_longer_listed_leaves_an_empty_part() {
    for (from, to, empties_part) in [
        ("", "", false),
        ("\"isListed\":true", "\"isListed\":false", true),
        ("\"isListed\":true", "\"isListed\":null", false),
        ("\"isListed\":true,", "", false),
    ] {
        let event = read(&PERSON.replace(from, to)).events.remove(0);
        assert_eq!(event.empties_part, empties_part, "{to}");
    }
    let new = PERSON.replace("participant\"", "seat\"");
    let event = read(&new.replace("true", "false")).events.remove(0);
    assert!(event.empties_part, "whatever it is about");
}
#[test]
fn of_a_longer_event_than_any_server_sends_only_the_name_is_held() {
    let with_message = |length: usize| {
        let feed = read(&ALERT.replace("\\u0000", &"x".repeat(length)));
        feed.events.into_iter().next().unwrap()
    };
    let room = EVENT_BYTES_MAX - ALERT.len() + "\\u0000".len();

    let longest = with_message(room);
    assert_eq!(longest.payload.as_json().len(), EVENT_BYTES_MAX);
    assert!(longest.about("contribution").is_some());
    let longer = with_message(room + 1);
    assert_eq!(longer.payload.as_json(), "{}");
    assert_eq!(longer.type_name, "ContributionReceived");
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
fn an_event_is_timed_as_the_server_says_and_late_if_that_is_not_known() {
    for (from, to, timing) in [
        ("", "", EventTiming::Picture),
        ("PICTURE", "LIVE", EventTiming::Live),
        ("PICTURE", "TOMORROW", EventTiming::Newer),
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
