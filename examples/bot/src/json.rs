//! Deliveries as JSON, for programs. Times are Unix milliseconds.

use parlor::{
    ContributionAlert, ContributionKind, Delivery, EventKind, EventTiming, HypeTrain,
    HypeTrainContributor, HypeTrainPhase, ParticipantProfile, ParticipantRole, RoomProfile,
    RoomState, Session, StageRole,
};
use serde_json::{Value, json};

pub(crate) fn object(delivery: &Delivery) -> Value {
    match delivery {
        Delivery::StateReplaced { room } => json!({
            "type": "state",
            "room": room.profile.as_ref().map(profile),
            "session": room.session.as_ref().map(session),
            "participants": room.participants.iter().map(participant).collect::<Vec<_>>(),
            "onlineCount": room.online_count,
            "train": room.train.as_ref().map(train),
        }),
        Delivery::PresenceChanged { online_count } => json!({
            "type": "presence",
            "onlineCount": online_count,
        }),
        Delivery::Event { event, late_by_ms } => {
            let (part, carried) = carried(&event.kind);
            json!({
                "type": "event",
                "seq": event.seq,
                "kind": event.type_name,
                "occurredAt": event.occurred_at_unix_millis,
                "displayAt": event.display_at_unix_millis,
                "timing": match event.timing {
                    EventTiming::Live => "LIVE",
                    EventTiming::Picture => "PICTURE",
                },
                "part": event.part,
                "lateByMs": late_by_ms,
                part: carried,
            })
        }
    }
}

#[allow(
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants,
    reason = "a kind that is new is told by its name"
)]
fn carried(kind: &EventKind) -> (&'static str, Value) {
    match kind {
        EventKind::RoomUpdated { room } => ("room", profile(room)),
        EventKind::SessionChanged { session: live, .. } => ("session", session(live)),
        EventKind::ParticipantChanged {
            participant: one, ..
        } => ("participant", participant(one)),
        EventKind::ContributionReceived { contribution } => {
            ("contribution", self::contribution(contribution))
        }
        EventKind::HypeTrainChanged { train: changed, .. } => ("train", train(changed)),
        _ => ("unknown", Value::Bool(true)),
    }
}

fn profile(profile: &RoomProfile) -> Value {
    json!({
        "id": profile.id,
        "slug": profile.slug,
        "title": profile.title,
        "state": match profile.state {
            RoomState::Draft => "DRAFT",
            RoomState::Open => "OPEN",
            RoomState::Archived => "ARCHIVED",
            RoomState::Unknown => "UNKNOWN",
        },
        "ingestOffsetMs": profile.ingest_offset_ms,
        "version": profile.version,
    })
}

fn session(session: &Session) -> Value {
    json!({
        "id": session.id,
        "startedAt": session.started_at_unix_millis,
        "interruptedAt": session.interrupted_at_unix_millis,
        "endedAt": session.ended_at_unix_millis,
        "delayMs": session.delay_ms,
    })
}

fn participant(participant: &ParticipantProfile) -> Value {
    json!({
        "id": participant.id,
        "name": participant.name,
        "role": match participant.role {
            ParticipantRole::Member => "MEMBER",
            ParticipantRole::Moderator => "MODERATOR",
            ParticipantRole::Owner => "OWNER",
            ParticipantRole::Unknown => "UNKNOWN",
        },
        "stageRole": match participant.stage_role {
            StageRole::Audience => "AUDIENCE",
            StageRole::Requested => "REQUESTED",
            StageRole::Invited => "INVITED",
            StageRole::Speaker => "SPEAKER",
            StageRole::Host => "HOST",
            StageRole::Unknown => "UNKNOWN",
        },
        "requestedSeq": participant.requested_seq,
        "isListed": participant.is_listed,
        "isOnline": participant.is_online,
        "version": participant.version,
        "joinedAt": participant.joined_at_unix_millis,
    })
}

fn contribution(contribution: &ContributionAlert) -> Value {
    json!({
        "id": contribution.id,
        "kind": match contribution.kind {
            ContributionKind::Donation => "DONATION",
            ContributionKind::Membership => "MEMBERSHIP",
            ContributionKind::GiftedMemberships => "GIFTED_MEMBERSHIPS",
            ContributionKind::Unknown => "UNKNOWN",
        },
        "name": contribution.name,
        "amount": contribution.amount,
        "currency": contribution.currency,
        "tier": contribution.tier,
        "quantity": contribution.quantity,
        "message": contribution.message,
        "hype": contribution.hype,
    })
}

fn train(train: &HypeTrain) -> Value {
    json!({
        "id": train.id,
        "phase": match train.phase {
            HypeTrainPhase::Approaching => "APPROACHING",
            HypeTrainPhase::Running => "RUNNING",
            HypeTrainPhase::Ended => "ENDED",
            HypeTrainPhase::Unknown => "UNKNOWN",
        },
        "level": train.level,
        "progress": train.progress,
        "goal": train.goal,
        "total": train.total,
        "kickoffEventsNeeded": train.kickoff_events_needed,
        "kickoffViewersNeeded": train.kickoff_viewers_needed,
        "startedAt": train.started_at_unix_millis,
        "expiresAt": train.expires_at_unix_millis,
        "endedAt": train.ended_at_unix_millis,
        "cooldownEndsAt": train.cooldown_ends_at_unix_millis,
        "lastReward": train.last_reward,
        "nextReward": train.next_reward,
        "contributorCount": train.contributor_count,
        "topContributor": train.top_contributor.as_ref().map(contributor),
        "recentContributors": train.recent_contributors.iter().map(contributor).collect::<Vec<_>>(),
        "isRecord": train.is_record,
    })
}

fn contributor(contributor: &HypeTrainContributor) -> Value {
    json!({
        "name": contributor.name,
        "hype": contributor.hype,
        "lastHype": contributor.last_hype,
    })
}
