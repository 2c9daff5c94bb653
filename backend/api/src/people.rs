//! The people of a room as clients read them.

mod input;
mod mutation;
mod query;
mod reader;
mod refusal;

use async_graphql::{Enum, ID, SimpleObject};
use parlor_domain::participant::capability;
use parlor_domain::room_aggregate::Actor;
use parlor_domain::time::ServerTime;
use parlor_domain::{participant, stage};
use parlor_store::StageView;

use super::global_id::IdKind;
use super::page::PageInfo;
use super::scalar::{Int64, Time, int};

pub(super) use mutation::PeopleMutation;
pub(super) use query::PeopleQuery;
pub(super) use reader::{Reader, read_participant};

/// Authority over a room. What it allows is in `capabilities`, never to be inferred from here.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "participant::Role")]
pub(crate) enum ParticipantRole {
    /// No more than anyone's.
    Member,
    /// Keeps order.
    Moderator,
    /// Rules the room.
    Owner,
}

/// Whether a person is in the room.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "participant::Membership")]
pub(crate) enum Membership {
    Joined,
    Left,
    /// Put out, and not let in again before they are readmitted.
    Removed,
}

/// One thing that somebody may do in a room.
#[expect(clippy::enum_variant_names, reason = "the names are the API's")]
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "capability::Capability")]
pub(crate) enum Capability {
    /// Ask for the stage, and take it when invited.
    StageSpeak,
    /// Invite to the stage, turn requests down, and take it without an invitation.
    StageInvite,
    /// Move others from the stage to the audience.
    StageModerate,
    /// Say who is the host.
    StageHost,
    /// Rename others.
    ParticipantRename,
    /// Put others out of the room, and let them in again.
    ParticipantRemove,
    /// Read who changed roles and capabilities, and why.
    AuditRead,
    /// Change the room's settings.
    RoomUpdate,
    /// Start and end sessions.
    SessionManage,
    /// Give roles and take them away.
    RoleAssign,
    /// Grant and deny capabilities.
    CapabilityGrant,
    /// Read everyone's points, and the room's books.
    PointsRead,
    /// Grant, charge and take back points, and decide on disputes.
    PointsAdjust,
    /// Make rewards, change and delete them.
    RewardManage,
    /// See to what was redeemed.
    RedemptionManage,
    /// Say what watching earns.
    EarningManage,
    /// Tell everyone in the room something.
    RoomTell,
}

/// A participant's place. Whoever is on the stage while no session is live is backstage.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StageRole {
    /// Watches.
    Audience,
    /// Has asked for the stage.
    Requested,
    /// May take the stage.
    Invited,
    /// Is on the stage.
    Speaker,
    /// Is on the stage, and leads.
    Host,
}

/// What everyone who may read a room sees of a participant.
#[derive(SimpleObject)]
pub(crate) struct ParticipantProfile {
    id: ID,
    /// As typed: text, never markup.
    name: String,
    /// Authority, for a badge. What it allows is asked of `roomAccess`, never to be inferred from here.
    role: ParticipantRole,
    stage_role: StageRole,
    /// Of those who have asked for the stage: the place in the queue, lowest first.
    requested_seq: Option<Int64>,
    /// Whether the room goes on showing them by name. If not, the part of this event is empty after
    /// it: they left, or went back among an audience that is told by count.
    is_listed: bool,
    /// Whether they follow the room now, by any of their devices.
    is_online: bool,
    /// Counts changes of the participant; give it back to whatever changes them.
    version: i32,
    /// When they last joined.
    joined_at: Time,
}

/// A person in a room.
#[derive(SimpleObject)]
pub(crate) struct Participant {
    pub(super) id: ID,
    name: String,
    role: ParticipantRole,
    membership: Membership,
    stage_role: StageRole,
    /// Of those who have asked for the stage: the place in the queue, lowest first.
    requested_seq: Option<Int64>,
    /// Whether the room's log shows them by name.
    is_listed: bool,
    /// Whether they are in the room and follow it now, by any of their devices.
    is_online: bool,
    /// Counts changes of the participant; give it back to whatever changes them.
    version: i32,
    /// When they last joined.
    joined_at: Time,
    left_at: Option<Time>,
    /// What only they themselves and those see who may change it; null for everyone else.
    private: Option<ParticipantPrivate>,
}

/// What not everyone sees of a participant.
#[derive(SimpleObject)]
pub(crate) struct ParticipantPrivate {
    /// The person, by the tenant's own id.
    viewer_id: String,
    /// All that they may do now.
    capabilities: Vec<Capability>,
    grants: Vec<CapabilityTerms>,
    denials: Vec<CapabilityTerms>,
}

/// A grant or a denial of a capability, beside the role.
#[derive(SimpleObject)]
pub(crate) struct CapabilityTerms {
    capability: Capability,
    /// When it ends by itself.
    expires_at: Option<Time>,
    reason: Option<String>,
    /// Who made it.
    by_viewer_id: String,
}

/// A participant, and as whose eyes they are seen.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(super) participant: participant::Participant,
    pub(super) sees_private: bool,
    pub(super) now: ServerTime,
}

impl Seen {
    /// As `actor` sees `participant`, who sees what is private if `is_trusted`.
    pub(super) fn by(
        actor: Option<&Actor>,
        is_trusted: bool,
        participant: participant::Participant,
        now: ServerTime,
    ) -> Self {
        let is_own = actor.is_some_and(|actor| actor.viewer_id == participant.viewer_id);
        let is_staff = actor.is_some_and(|actor| actor.is_staff);

        Self {
            participant,
            sees_private: is_own || is_staff || is_trusted,
            now,
        }
    }
}

#[derive(SimpleObject)]
pub(crate) struct ParticipantEdge {
    pub(super) cursor: String,
    pub(super) node: Participant,
}

#[derive(SimpleObject)]
pub(crate) struct ParticipantsConnection {
    pub(super) edges: Vec<ParticipantEdge>,
    pub(super) nodes: Vec<Participant>,
    pub(super) page_info: PageInfo,
    pub(super) total_count: i32,
}

/// Who speaks and who waits to. While the session is not live, who is on the stage is backstage.
#[derive(SimpleObject)]
pub(crate) struct Stage {
    size: i32,
    is_live: bool,
    host: Option<ParticipantProfile>,
    speakers: Vec<ParticipantProfile>,
    invited: Vec<ParticipantProfile>,
    /// Who asked for the stage, in the order in which the server saw it.
    queue: Vec<ParticipantProfile>,
}

/// What the caller is in a room, and may do there.
#[derive(SimpleObject)]
pub(crate) struct RoomAccess {
    /// The caller as a participant, if they ever joined.
    pub(super) participant: Option<Participant>,
    /// All that the caller may do now. Staff may do everything.
    pub(super) capabilities: Vec<Capability>,
}

impl Stage {
    pub(super) fn new(view: StageView, size: u32, is_live: bool) -> Self {
        let mut people = view.people;
        people.sort_by_key(|one| (one.stage_role.requested_seq(), one.joined_at, one.id));
        let of = |is: fn(stage::StageRole) -> bool| {
            let found = people.iter().filter(move |one| is(one.stage_role));
            found.map(|one| ParticipantProfile::from(&one.profile()))
        };

        Self {
            size: int(size),
            is_live,
            host: of(|role| role == stage::StageRole::Host).next(),
            speakers: of(|role| role == stage::StageRole::Speaker).collect(),
            invited: of(|role| role == stage::StageRole::Invited).collect(),
            queue: of(|role| role.requested_seq().is_some()).collect(),
        }
    }
}

impl From<Seen> for Participant {
    fn from(seen: Seen) -> Self {
        let Seen {
            participant,
            sees_private,
            now,
        } = seen;
        let private = sees_private.then(|| ParticipantPrivate {
            viewer_id: participant.viewer_id.as_str().to_owned(),
            capabilities: capabilities(participant.capabilities(now)),
            grants: terms(&participant.overrides.grants, now),
            denials: terms(&participant.overrides.denials, now),
        });

        Self {
            id: IdKind::Participant.id(participant.id.0),
            name: participant.name,
            role: participant.role.into(),
            membership: participant.membership.into(),
            stage_role: participant.stage_role.into(),
            requested_seq: participant.stage_role.requested_seq().map(Int64),
            is_listed: participant.is_listed,
            is_online: participant.is_online,
            version: participant.version,
            joined_at: participant.joined_at.into(),
            left_at: participant.left_at.map(Time),
            private,
        }
    }
}

pub(super) fn capabilities(held: Vec<participant::Capability>) -> Vec<Capability> {
    held.into_iter().map(Capability::from).collect()
}

fn terms(
    all: &std::collections::BTreeMap<participant::Capability, participant::Terms>,
    now: ServerTime,
) -> Vec<CapabilityTerms> {
    all.iter()
        .filter(|(_, terms)| terms.is_live(now))
        .map(|(capability, terms)| CapabilityTerms {
            capability: (*capability).into(),
            expires_at: terms.expires_at.map(Time),
            reason: terms.reason.clone(),
            by_viewer_id: terms.by.as_str().to_owned(),
        })
        .collect()
}

impl StageRole {
    /// The place's name in storage.
    pub(super) fn as_stored(self) -> &'static str {
        match self {
            Self::Audience => stage::StageRole::Audience,
            Self::Requested => stage::StageRole::Requested { seq: 0 },
            Self::Invited => stage::StageRole::Invited,
            Self::Speaker => stage::StageRole::Speaker,
            Self::Host => stage::StageRole::Host,
        }
        .as_str()
    }
}

impl From<stage::StageRole> for StageRole {
    fn from(role: stage::StageRole) -> Self {
        match role {
            stage::StageRole::Audience => Self::Audience,
            stage::StageRole::Requested { .. } => Self::Requested,
            stage::StageRole::Invited => Self::Invited,
            stage::StageRole::Speaker => Self::Speaker,
            stage::StageRole::Host => Self::Host,
        }
    }
}

impl From<&participant::ParticipantProfile> for ParticipantProfile {
    fn from(profile: &participant::ParticipantProfile) -> Self {
        Self {
            id: IdKind::Participant.id(profile.id.0),
            name: profile.name.clone(),
            role: profile.role.into(),
            stage_role: profile.stage_role.into(),
            requested_seq: profile.stage_role.requested_seq().map(Int64),
            is_listed: profile.is_listed,
            is_online: profile.is_online,
            version: profile.version,
            joined_at: profile.joined_at.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::resolver_utils::enum_value;

    use super::*;

    #[test]
    fn messages_call_a_capability_what_the_api_does() {
        for held in participant::Capability::ALL {
            let name = enum_value(Capability::from(held)).to_string();
            assert_eq!(held.as_str(), name);
        }
    }
}
