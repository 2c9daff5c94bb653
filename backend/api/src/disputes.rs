//! Cases about points as clients read them, and as members and staff act on them.

mod mutation;
mod query;
mod refusal;

use async_graphql::{Enum, ID, SimpleObject};
use parlor_domain::dispute;
use parlor_domain::id::RoomId;

use crate::global_id::{self, IdKind};
use crate::page::PageInfo;
use crate::scalar::{Int64, Time};

pub(super) use mutation::DisputeMutation;
pub(super) use query::DisputeQuery;

/// What became of a dispute.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "dispute::DisputeStatus")]
pub(crate) enum DisputeStatus {
    Open,
    /// Staff has done something about it, if only in words.
    Resolved,
    /// Staff found nothing wrong.
    Dismissed,
    /// Whoever opened it took it back.
    Withdrawn,
}

/// A case about a redemption, or about a line of a member's statement. The member reads it, and whoever holds
/// `POINTS_READ`.
#[derive(SimpleObject, Clone)]
pub(crate) struct Dispute {
    id: ID,
    room_id: ID,
    /// Whose points it is about.
    participant_id: ID,
    /// What it is about, unless that is a line.
    redemption_id: Option<ID>,
    /// The position of the line that it is about, unless that is a redemption.
    transfer_seq: Option<Int64>,
    /// In the words of who opened it: text, never markup.
    reason: String,
    /// Whether it was opened by authority, and not by the member.
    is_by_staff: bool,
    /// Who opened it, by the tenant's own id; null for readers without `POINTS_READ` if that was not they.
    opened_by: Option<String>,
    opened_at: Time,
    status: DisputeStatus,
    /// How many of the member's points it holds; none once it is over.
    held: Int64,
    closed_at: Option<Time>,
    /// Who ended it, by the tenant's own id; null for readers without `POINTS_READ`.
    closed_by: Option<String>,
    /// In the words of who resolved it: text, never markup.
    resolution: Option<String>,
    /// How many points were given back by it.
    returned: Int64,
    /// How many were taken back by it, what became a debt included.
    clawed_back: Int64,
}

#[derive(SimpleObject)]
pub(crate) struct DisputeEdge {
    cursor: String,
    node: Dispute,
}

#[derive(SimpleObject)]
pub(crate) struct DisputesConnection {
    edges: Vec<DisputeEdge>,
    nodes: Vec<Dispute>,
    page_info: PageInfo,
    total_count: i32,
}

/// A dispute, and whether its reader is told who acted.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) room_id: RoomId,
    pub(crate) dispute: dispute::Dispute,
    pub(crate) sees_actors: bool,
}

impl From<Shown> for Dispute {
    fn from(shown: Shown) -> Self {
        let Shown {
            room_id,
            dispute,
            sees_actors,
        } = shown;
        let (redemption_id, transfer_seq) = match dispute.subject {
            dispute::Subject::Redemption(id) => (Some(IdKind::Redemption.id(id.0)), None),
            dispute::Subject::Line(seq) => (None, Some(Int64(seq))),
        };
        let sees_opener = sees_actors || !dispute.by_staff;
        let opened_by = dispute.opened_by.as_str().to_owned();
        let closed_by = dispute.closed_by.filter(|_| sees_actors);

        Self {
            id: IdKind::Dispute.id(dispute.id.0),
            room_id: ID(global_id::room_id(room_id)),
            participant_id: IdKind::Participant.id(dispute.participant_id.0),
            redemption_id,
            transfer_seq,
            reason: dispute.reason,
            is_by_staff: dispute.by_staff,
            opened_by: sees_opener.then_some(opened_by),
            opened_at: dispute.opened_at.into(),
            status: dispute.status.into(),
            held: dispute.held.into(),
            closed_at: dispute.closed_at.map(Time),
            closed_by: closed_by.map(|by| by.as_str().to_owned()),
            resolution: dispute.resolution,
            returned: dispute.returned.into(),
            clawed_back: dispute.clawed_back.into(),
        }
    }
}
