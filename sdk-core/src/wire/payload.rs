//! What events are about, as it comes: each kind with its payload.
//!
//! A value that this client does not know is an unknown one of its kind. What lacks something, or has it in
//! another form, is none.

use super::stamp;
use super::tree::Tree;
use crate::event::{
    ContributionAlert, ContributionKind, EventKind, HypeTrain, HypeTrainChange,
    HypeTrainContributor, HypeTrainPhase, RoomProfile, RoomState, Session, SessionChange,
};
use crate::participant::{ParticipantChange, ParticipantProfile, ParticipantRole, StageRole};
use crate::time::ServerTime;
use alloc::vec::Vec;

/// How many contributors a train names. A client holds thousands of trains.
pub(super) const RECENT_CONTRIBUTORS_MAX: usize = 8;

/// Reads what an event of `type_name` is about.
pub(super) fn kind(type_name: &str, mut event: Tree) -> Option<EventKind> {
    Some(if let Some(change) = train_change(type_name) {
        EventKind::HypeTrain(change, train(event.take("train"))?)
    } else if let Some(change) = participant_change(type_name) {
        EventKind::Participant(change, participant(event.take("participant"))?)
    } else if let Some(change) = session_change(type_name) {
        EventKind::Session(change, session(event.take("session"))?)
    } else {
        match type_name {
            "RoomUpdated" => EventKind::RoomUpdated(room(event.take("room"))?),
            "ContributionReceived" => {
                EventKind::ContributionReceived(contribution(event.take("contribution"))?)
            }
            _ => return None,
        }
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
            _ => RoomState::Unknown,
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
            _ => ParticipantRole::Unknown,
        },
        stage_role: match participant.text("stageRole")?.as_str() {
            "AUDIENCE" => StageRole::Audience,
            "REQUESTED" => StageRole::Requested,
            "INVITED" => StageRole::Invited,
            "SPEAKER" => StageRole::Speaker,
            "HOST" => StageRole::Host,
            _ => StageRole::Unknown,
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
            _ => ContributionKind::Unknown,
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
            _ => HypeTrainPhase::Unknown,
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

pub(super) fn time(tree: &mut Tree, name: &str) -> Option<ServerTime> {
    let text = tree.text(name)?;

    stamp::read(&text).map(ServerTime::from_unix_millis)
}
