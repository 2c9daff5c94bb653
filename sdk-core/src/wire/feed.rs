//! The messages of `liveRoom`, as they come.
//!
//! One flat struct holds every kind of event; `__typename` says which of its fields to look at.
//! Events of unknown kinds, and those with values that this client does not know, are left out one
//! by one: what is new on the server must not cut off old clients.

use super::{Feed, stamp};
use crate::event::{
    ContributionAlert, ContributionKind, EventKind, HypeTrain, HypeTrainChange,
    HypeTrainContributor, HypeTrainPhase, RoomEvent, RoomProfile, RoomState, Session,
};
use crate::time::ServerTime;
use miniserde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct WireFeed {
    epoch: String,
    #[serde(rename = "afterSeq")]
    after_seq: String,
    #[serde(rename = "throughSeq")]
    through_seq: String,
    recovered: bool,
    snapshot: Option<Vec<WireEvent>>,
    events: Vec<WireEvent>,
}

#[derive(Deserialize)]
struct WireEvent {
    #[serde(rename = "__typename")]
    type_name: String,
    seq: String,
    #[serde(rename = "occurredAt")]
    occurred_at: String,
    #[serde(rename = "displayAt")]
    display_at: String,
    room: Option<WireRoom>,
    session: Option<WireSession>,
    contribution: Option<WireContribution>,
    train: Option<WireTrain>,
}

#[derive(Deserialize)]
struct WireRoom {
    id: String,
    slug: String,
    title: String,
    state: String,
    #[serde(rename = "ingestOffsetMs")]
    ingest_offset_ms: i64,
    version: i32,
}

#[derive(Deserialize)]
struct WireSession {
    id: String,
    #[serde(rename = "startedAt")]
    started_at: String,
    #[serde(rename = "endedAt")]
    ended_at: Option<String>,
    #[serde(rename = "delayMs")]
    delay_ms: i64,
}

#[derive(Deserialize)]
struct WireContribution {
    id: String,
    kind: String,
    name: Option<String>,
    amount: Option<String>,
    currency: Option<String>,
    tier: Option<i32>,
    quantity: i32,
    message: Option<String>,
    hype: String,
}

#[derive(Deserialize)]
struct WireTrain {
    id: String,
    phase: String,
    level: i32,
    progress: String,
    goal: String,
    total: String,
    #[serde(rename = "kickoffEventsNeeded")]
    kickoff_events_needed: i32,
    #[serde(rename = "kickoffViewersNeeded")]
    kickoff_viewers_needed: i32,
    #[serde(rename = "startedAt")]
    started_at: String,
    #[serde(rename = "expiresAt")]
    expires_at: String,
    #[serde(rename = "endedAt")]
    ended_at: Option<String>,
    #[serde(rename = "cooldownEndsAt")]
    cooldown_ends_at: Option<String>,
    #[serde(rename = "lastReward")]
    last_reward: Option<String>,
    #[serde(rename = "nextReward")]
    next_reward: Option<String>,
    #[serde(rename = "contributorCount")]
    contributor_count: i32,
    #[serde(rename = "topContributor")]
    top_contributor: Option<WireContributor>,
    #[serde(rename = "recentContributors")]
    recent_contributors: Vec<WireContributor>,
    #[serde(rename = "isRecord")]
    is_record: bool,
}

#[derive(Deserialize)]
struct WireContributor {
    name: Option<String>,
    hype: String,
    #[serde(rename = "lastHype")]
    last_hype: String,
}

impl WireFeed {
    pub(crate) fn read(self) -> Option<Feed> {
        let mut unknown_events = 0;

        Some(Feed {
            epoch: self.epoch,
            after_seq: self.after_seq.parse().ok()?,
            through_seq: self.through_seq.parse().ok()?,
            recovered: self.recovered,
            snapshot: self
                .snapshot
                .map(|snapshot| read_events(snapshot, &mut unknown_events)),
            events: read_events(self.events, &mut unknown_events),
            unknown_events,
        })
    }
}

fn read_events(events: Vec<WireEvent>, unknown_events: &mut u32) -> Vec<RoomEvent> {
    let mut read = Vec::with_capacity(events.len());
    for event in events {
        match event.read() {
            Some(event) => read.push(event),
            None => *unknown_events += 1,
        }
    }

    read
}

impl WireEvent {
    fn read(self) -> Option<RoomEvent> {
        let change = match self.type_name.as_str() {
            "HypeTrainApproached" => Some(HypeTrainChange::Approached),
            "HypeTrainStarted" => Some(HypeTrainChange::Started),
            "HypeTrainProgressed" => Some(HypeTrainChange::Progressed),
            "HypeTrainLeveledUp" => Some(HypeTrainChange::LeveledUp),
            "HypeTrainCorrected" => Some(HypeTrainChange::Corrected),
            "HypeTrainEnded" => Some(HypeTrainChange::Ended),
            _ => None,
        };
        let kind = match (change, self.type_name.as_str()) {
            (Some(change), _) => EventKind::HypeTrain(change, self.train?.read()?),
            (None, "RoomUpdated") => EventKind::RoomUpdated(self.room?.read()?),
            (None, "SessionStarted") => EventKind::SessionStarted(self.session?.read()?),
            (None, "SessionEnded") => EventKind::SessionEnded(self.session?.read()?),
            (None, "ContributionReceived") => {
                EventKind::ContributionReceived(self.contribution?.read()?)
            }
            (None, _) => return None,
        };

        Some(RoomEvent {
            seq: self.seq.parse().ok()?,
            occurred_at: time(&self.occurred_at)?,
            display_at: time(&self.display_at)?,
            kind,
        })
    }
}

impl WireRoom {
    fn read(self) -> Option<RoomProfile> {
        Some(RoomProfile {
            id: self.id,
            slug: self.slug,
            title: self.title,
            state: match self.state.as_str() {
                "DRAFT" => RoomState::Draft,
                "OPEN" => RoomState::Open,
                "ARCHIVED" => RoomState::Archived,
                _ => return None,
            },
            ingest_offset_ms: self.ingest_offset_ms,
            version: self.version,
        })
    }
}

impl WireSession {
    fn read(self) -> Option<Session> {
        Some(Session {
            id: self.id,
            started_at: time(&self.started_at)?,
            ended_at: match self.ended_at {
                Some(text) => Some(time(&text)?),
                None => None,
            },
            delay_ms: self.delay_ms,
        })
    }
}

impl WireContribution {
    fn read(self) -> Option<ContributionAlert> {
        Some(ContributionAlert {
            id: self.id,
            kind: match self.kind.as_str() {
                "DONATION" => ContributionKind::Donation,
                "MEMBERSHIP" => ContributionKind::Membership,
                "GIFTED_MEMBERSHIPS" => ContributionKind::GiftedMemberships,
                _ => return None,
            },
            name: self.name,
            amount: match self.amount {
                Some(amount) => Some(amount.parse().ok()?),
                None => None,
            },
            currency: self.currency,
            tier: self.tier,
            quantity: self.quantity,
            message: self.message,
            hype: self.hype.parse().ok()?,
        })
    }
}

impl WireTrain {
    fn read(self) -> Option<HypeTrain> {
        let mut recent_contributors = Vec::with_capacity(self.recent_contributors.len());
        for contributor in self.recent_contributors {
            recent_contributors.push(contributor.read()?);
        }

        Some(HypeTrain {
            id: self.id,
            phase: match self.phase.as_str() {
                "APPROACHING" => HypeTrainPhase::Approaching,
                "RUNNING" => HypeTrainPhase::Running,
                "ENDED" => HypeTrainPhase::Ended,
                _ => return None,
            },
            level: self.level,
            progress: self.progress.parse().ok()?,
            goal: self.goal.parse().ok()?,
            total: self.total.parse().ok()?,
            kickoff_events_needed: self.kickoff_events_needed,
            kickoff_viewers_needed: self.kickoff_viewers_needed,
            started_at: time(&self.started_at)?,
            expires_at: time(&self.expires_at)?,
            ended_at: match self.ended_at {
                Some(text) => Some(time(&text)?),
                None => None,
            },
            cooldown_ends_at: match self.cooldown_ends_at {
                Some(text) => Some(time(&text)?),
                None => None,
            },
            last_reward: self.last_reward,
            next_reward: self.next_reward,
            contributor_count: self.contributor_count,
            top_contributor: match self.top_contributor {
                Some(contributor) => Some(contributor.read()?),
                None => None,
            },
            recent_contributors,
            is_record: self.is_record,
        })
    }
}

impl WireContributor {
    fn read(self) -> Option<HypeTrainContributor> {
        Some(HypeTrainContributor {
            name: self.name,
            hype: self.hype.parse().ok()?,
            last_hype: self.last_hype.parse().ok()?,
        })
    }
}

fn time(text: &str) -> Option<ServerTime> {
    stamp::read(text).map(ServerTime::from_unix_millis)
}

#[cfg(test)]
mod tests {
    use crate::event::{ContributionKind, EventKind, HypeTrainChange, HypeTrainPhase};
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
            let mut text: Vec<char> = frame(&format!("{TRAIN},{ALERT}")).chars().collect();
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, with.chars());
            decode(&text.into_iter().collect::<String>());
        }
    }
}
