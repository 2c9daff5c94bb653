//! The messages of `liveRoom`, as they come.
//!
//! Events of unknown kinds, and those with values that this client does not know, are left out one
//! by one: what is new on the server must not cut off old clients.

use super::tree::Tree;
use super::{Feed, stamp};
use crate::event::{
    ContributionAlert, ContributionKind, EventKind, HypeTrain, HypeTrainChange,
    HypeTrainContributor, HypeTrainPhase, RoomEvent, RoomProfile, RoomState, Session,
    SessionChange,
};
use crate::participant::{ParticipantChange, ParticipantProfile, ParticipantRole, StageRole};
use crate::time::ServerTime;
use alloc::vec::Vec;

/// The longest epoch, in bytes; those of this server have 36. It is sent back as it came.
const EPOCH_BYTES_MAX: usize = 200;

/// How long an event's texts may be together, in bytes. A message has at most 1,000, and a train's
/// names 2,000. A client holds thousands of events: a limit on each is what bounds its memory.
const EVENT_TEXT_BYTES_MAX: usize = 8_000;

/// How many contributors a train names. A client holds thousands of trains.
const RECENT_CONTRIBUTORS_MAX: usize = 8;

/// Reads a message, or returns `None` if it is not one.
pub(crate) fn feed(mut feed: Tree) -> Option<Feed> {
    let mut unknown_events = 0;

    Some(Feed {
        epoch: feed
            .text("epoch")
            .filter(|epoch| epoch.len() <= EPOCH_BYTES_MAX)?,
        after_seq: feed.decimal("afterSeq")?,
        through_seq: feed.decimal("throughSeq")?,
        recovered: feed.truth("recovered")?,
        snapshot: feed
            .list("snapshot")
            .map(|snapshot| events(snapshot, &mut unknown_events)),
        events: events(feed.list("events")?, &mut unknown_events),
        online_count: feed.take("presence").small("onlineCount"),
        unknown_events,
    })
}

fn events(trees: Vec<Tree>, unknown_events: &mut u32) -> Vec<RoomEvent> {
    let mut events = Vec::with_capacity(trees.len());
    for tree in trees {
        match event(tree) {
            Some(event) => events.push(event),
            None => *unknown_events += 1,
        }
    }

    events
}

fn event(mut event: Tree) -> Option<RoomEvent> {
    if event.text_bytes() > EVENT_TEXT_BYTES_MAX {
        return None;
    }
    let kind = event.text("__typename")?;
    let kind = if let Some(change) = train_change(&kind) {
        EventKind::HypeTrain(change, train(event.take("train"))?)
    } else if let Some(change) = participant_change(&kind) {
        EventKind::Participant(change, participant(event.take("participant"))?)
    } else if let Some(change) = session_change(&kind) {
        EventKind::Session(change, session(event.take("session"))?)
    } else {
        match kind.as_str() {
            "RoomUpdated" => EventKind::RoomUpdated(room(event.take("room"))?),
            "ContributionReceived" => {
                EventKind::ContributionReceived(contribution(event.take("contribution"))?)
            }
            _ => return None,
        }
    };

    Some(RoomEvent {
        seq: event.decimal("seq")?,
        occurred_at: time(&mut event, "occurredAt")?,
        display_at: time(&mut event, "displayAt")?,
        kind,
    })
}

fn train_change(kind: &str) -> Option<HypeTrainChange> {
    Some(match kind {
        "HypeTrainApproached" => HypeTrainChange::Approached,
        "HypeTrainStarted" => HypeTrainChange::Started,
        "HypeTrainProgressed" => HypeTrainChange::Progressed,
        "HypeTrainLeveledUp" => HypeTrainChange::LeveledUp,
        "HypeTrainCorrected" => HypeTrainChange::Corrected,
        "HypeTrainEnded" => HypeTrainChange::Ended,
        _ => return None,
    })
}

fn participant_change(kind: &str) -> Option<ParticipantChange> {
    Some(match kind {
        "ParticipantJoined" => ParticipantChange::Joined,
        "ParticipantLeft" => ParticipantChange::Left,
        "ParticipantRemoved" => ParticipantChange::Removed,
        "ParticipantUpdated" => ParticipantChange::Updated,
        "ParticipantRoleChanged" => ParticipantChange::RoleChanged,
        "ParticipantStageChanged" => ParticipantChange::StageChanged,
        "ParticipantPresenceChanged" => ParticipantChange::PresenceChanged,
        _ => return None,
    })
}

fn session_change(kind: &str) -> Option<SessionChange> {
    Some(match kind {
        "SessionStarted" => SessionChange::Started,
        "SessionInterrupted" => SessionChange::Interrupted,
        "SessionResumed" => SessionChange::Resumed,
        "SessionEnded" => SessionChange::Ended,
        _ => return None,
    })
}

fn room(mut room: Tree) -> Option<RoomProfile> {
    Some(RoomProfile {
        id: room.text("id")?,
        slug: room.text("slug")?,
        title: room.text("title")?,
        state: match room.text("state")?.as_str() {
            "DRAFT" => RoomState::Draft,
            "OPEN" => RoomState::Open,
            "ARCHIVED" => RoomState::Archived,
            _ => return None,
        },
        ingest_offset_ms: room.integer("ingestOffsetMs")?,
        version: room.small("version")?,
    })
}

fn session(mut session: Tree) -> Option<Session> {
    Some(Session {
        id: session.text("id")?,
        started_at: time(&mut session, "startedAt")?,
        interrupted_at: optional_time(&mut session, "interruptedAt")?,
        ended_at: optional_time(&mut session, "endedAt")?,
        delay_ms: session.integer("delayMs")?,
    })
}

fn participant(mut participant: Tree) -> Option<ParticipantProfile> {
    Some(ParticipantProfile {
        id: participant.text("id")?,
        name: participant.text("name")?,
        role: match participant.text("role")?.as_str() {
            "MEMBER" => ParticipantRole::Member,
            "MODERATOR" => ParticipantRole::Moderator,
            "OWNER" => ParticipantRole::Owner,
            _ => return None,
        },
        stage_role: match participant.text("stageRole")?.as_str() {
            "AUDIENCE" => StageRole::Audience,
            "REQUESTED" => StageRole::Requested,
            "INVITED" => StageRole::Invited,
            "SPEAKER" => StageRole::Speaker,
            "HOST" => StageRole::Host,
            _ => return None,
        },
        requested_seq: if participant.has("requestedSeq") {
            Some(participant.decimal("requestedSeq")?)
        } else {
            None
        },
        is_listed: participant.truth("isListed")?,
        is_online: participant.truth("isOnline")?,
        version: participant.small("version")?,
        joined_at: time(&mut participant, "joinedAt")?,
    })
}

fn contribution(mut contribution: Tree) -> Option<ContributionAlert> {
    Some(ContributionAlert {
        id: contribution.text("id")?,
        kind: match contribution.text("kind")?.as_str() {
            "DONATION" => ContributionKind::Donation,
            "MEMBERSHIP" => ContributionKind::Membership,
            "GIFTED_MEMBERSHIPS" => ContributionKind::GiftedMemberships,
            _ => return None,
        },
        name: contribution.text("name"),
        amount: if contribution.has("amount") {
            Some(contribution.decimal("amount")?)
        } else {
            None
        },
        currency: contribution.text("currency"),
        tier: contribution.small("tier"),
        quantity: contribution.small("quantity")?,
        message: contribution.text("message"),
        hype: contribution.decimal("hype")?,
    })
}

fn train(mut train: Tree) -> Option<HypeTrain> {
    let mut recent_contributors = Vec::new();
    let recent = train.list("recentContributors")?;
    for recent in recent.into_iter().take(RECENT_CONTRIBUTORS_MAX) {
        recent_contributors.push(contributor(recent)?);
    }

    Some(HypeTrain {
        id: train.text("id")?,
        phase: match train.text("phase")?.as_str() {
            "APPROACHING" => HypeTrainPhase::Approaching,
            "RUNNING" => HypeTrainPhase::Running,
            "ENDED" => HypeTrainPhase::Ended,
            _ => return None,
        },
        level: train.small("level")?,
        progress: train.decimal("progress")?,
        goal: train.decimal("goal")?,
        total: train.decimal("total")?,
        kickoff_events_needed: train.small("kickoffEventsNeeded")?,
        kickoff_viewers_needed: train.small("kickoffViewersNeeded")?,
        started_at: time(&mut train, "startedAt")?,
        expires_at: time(&mut train, "expiresAt")?,
        ended_at: optional_time(&mut train, "endedAt")?,
        cooldown_ends_at: optional_time(&mut train, "cooldownEndsAt")?,
        last_reward: train.text("lastReward"),
        next_reward: train.text("nextReward"),
        contributor_count: train.small("contributorCount")?,
        top_contributor: if train.has("topContributor") {
            Some(contributor(train.take("topContributor"))?)
        } else {
            None
        },
        recent_contributors,
        is_record: train.truth("isRecord")?,
    })
}

fn contributor(mut contributor: Tree) -> Option<HypeTrainContributor> {
    Some(HypeTrainContributor {
        name: contributor.text("name"),
        hype: contributor.decimal("hype")?,
        last_hype: contributor.decimal("lastHype")?,
    })
}

/// Reads a time that may be absent. The outer `None` is one that is none.
#[expect(
    clippy::option_option,
    reason = "absent and unreadable are two things, and both are to be told"
)]
fn optional_time(tree: &mut Tree, name: &str) -> Option<Option<ServerTime>> {
    if tree.has(name) {
        time(tree, name).map(Some)
    } else {
        Some(None)
    }
}

fn time(tree: &mut Tree, name: &str) -> Option<ServerTime> {
    let text = tree.text(name)?;

    stamp::read(&text).map(ServerTime::from_unix_millis)
}

#[cfg(test)]
mod tests {
    use crate::event::{
        ContributionKind, EventKind, HypeTrainChange, HypeTrainPhase, SessionChange,
    };
    use crate::participant::{ParticipantChange, ParticipantRole, StageRole};
    use crate::time::ServerTime;
    use crate::wire::{Feed, Frame, decode};
    use proptest::prelude::*;

    const TRAIN: &str = r#"{"__typename":"HypeTrainLeveledUp","seq":"9007199254740993",
        "occurredAt":"1970-01-01T00:00:01.000Z","displayAt":"1970-01-01T00:00:09.000Z","train":{
        "id":"t","phase":"RUNNING","level":3,"progress":"5","goal":"1500","total":"2505",
        "kickoffEventsNeeded":0,"kickoffViewersNeeded":0,"startedAt":"1970-01-01T00:00:00.000Z",
        "expiresAt":"1970-01-01T00:05:00.000Z","endedAt":null,"cooldownEndsAt":null,
        "lastReward":"A \"hat\"","nextReward":null,"contributorCount":2,
        "topContributor":{"name":null,"hype":"2000","lastHype":"1"},
        "recentContributors":[{"name":"<Ada>","hype":"505","lastHype":"5"}],"isRecord":true}}"#;

    const ALERT: &str = r#"{"__typename":"ContributionReceived","seq":"7",
        "occurredAt":"1970-01-01T00:00:01.000Z","displayAt":"1970-01-01T00:00:09.000Z",
        "contribution":{"id":"c","kind":"GIFTED_MEMBERSHIPS","name":null,"amount":null,
        "currency":null,"tier":2,"quantity":5,"message":"\u0000","hype":"2500"}}"#;

    const PERSON: &str = r#"{"__typename":"ParticipantStageChanged","seq":"8",
        "occurredAt":"1970-01-01T00:00:01.000Z","displayAt":"1970-01-01T00:00:09.000Z",
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
    fn an_event_with_longer_texts_than_any_server_sends_is_left_out() {
        let with_message = |length: usize| ALERT.replace("\\u0000", &"x".repeat(length));
        let room = super::EVENT_TEXT_BYTES_MAX - ALERT.len();

        assert_eq!(read(&with_message(room)).events.len(), 1);
        let feed = read(&with_message(super::EVENT_TEXT_BYTES_MAX));
        assert_eq!((feed.events.len(), feed.unknown_events), (0, 1));
    }

    #[test]
    fn an_epoch_that_could_not_be_sent_back_is_no_epoch() {
        let with_epoch = |length: usize| {
            frame("").replace(
                "\"epoch\":\"e\"",
                &format!("\"epoch\":\"{}\"", "e".repeat(length)),
            )
        };

        assert!(decode(&with_epoch(super::EPOCH_BYTES_MAX)).is_some());
        assert!(decode(&with_epoch(super::EPOCH_BYTES_MAX + 1)).is_none());
    }

    #[test]
    fn a_train_names_few_contributors_however_many_come() {
        let one = r#"{"name":"<Ada>","hype":"505","lastHype":"5"}"#;
        let many = [one; super::RECENT_CONTRIBUTORS_MAX + 1].join(",");
        let feed = read(&TRAIN.replace(one, &many));
        let train = feed.events[0].kind.train().unwrap();

        assert_eq!(
            train.recent_contributors.len(),
            super::RECENT_CONTRIBUTORS_MAX
        );
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
                "displayAt":"1970-01-01T00:00:09.000Z","session":{{"id":"s",
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
    fn a_participant_in_an_unknown_place_is_left_out() {
        for (from, to) in [
            ("REQUESTED", "FLYING"),
            ("MODERATOR", "JESTER"),
            ("ParticipantStageChanged", "ParticipantApplauded"),
            ("9007199254740993", "first"),
            ("\"version\":4", "\"version\":null"),
            ("\"isListed\":true,", ""),
            ("\"isOnline\":false,", ""),
        ] {
            let changed = PERSON.replace(from, to);
            let feed = read(&format!("{changed},{ALERT}"));
            assert_eq!((feed.events.len(), feed.unknown_events), (1, 1), "{to}");
        }
    }

    #[test]
    fn what_is_not_known_is_left_out_and_the_rest_stays() {
        for (from, to) in [
            ("HypeTrainLeveledUp", "HypeTrainDerailed"),
            ("RUNNING", "FLYING"),
            ("2505", "many"),
            ("00:05:00.000Z", "soon"),
            ("\"train\"", "\"wagon\""),
        ] {
            let changed = TRAIN.replace(from, to);
            let feed = read(&format!("{changed},{ALERT}"));
            assert_eq!((feed.events.len(), feed.unknown_events), (1, 1), "{to}");
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
}
