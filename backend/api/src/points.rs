//! Points as clients read them, and as staff moves them by hand.

mod mutation;
mod query;

use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject};
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::points::{self, Balance, MemberNumber};

use crate::app;
use crate::fault::Fault;
use crate::global_id::IdKind;
use crate::page::{self, ConnectionInput, PageInfo, connection};
use crate::scalar::{Int64, Time};

pub(super) use mutation::PointsMutation;
pub(super) use query::PointsQuery;

/// Why points moved.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "points::TransferKind")]
pub(crate) enum TransferKind {
    /// Staff gave them, with a `reason`.
    Granted,
    /// Staff took them, with a `reason`.
    Charged,
    /// A reward that was redeemed was fulfilled: `redemptionId`.
    Redeemed,
    /// Staff gave back what `redemptionId` had cost, or a part of it, with a `reason`: it corrects the transfer at
    /// `correctsSeq`.
    Refunded,
}

/// What a member of a room has, in whole points. Only they themselves and whoever holds `POINTS_READ`
/// read it.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct PointsAccount {
    /// Whose it is.
    participant_id: ID,
    /// All that they have, what is held included.
    balance: Int64,
    /// What is reserved, and cannot be spent twice.
    held: Int64,
    /// What can be spent: `balance` without `held`.
    available: Int64,
    #[graphql(skip)]
    whose: Whose,
}

/// Whose lines are read, and by whom.
#[derive(Debug, Clone, Copy)]
struct Whose {
    tenant_id: TenantId,
    room_id: RoomId,
    member: MemberNumber,
    /// Whether the reader is told who acted.
    sees_actors: bool,
}

/// A line of a member's statement: a movement of points, which nothing changes afterwards.
#[derive(SimpleObject, Clone)]
pub(crate) struct PointsTransfer {
    id: ID,
    /// The position in the room's books: 1, 2, 3, … without a gap, over all members.
    seq: Int64,
    at: Time,
    kind: TransferKind,
    /// By how many points the balance changed: above zero for what came, below for what went.
    points: Int64,
    /// The balance after it.
    balance_after: Int64,
    /// What whoever moved them said; null when it was erased.
    reason: Option<String>,
    /// Who moved them, by the tenant's own id; null for readers without `POINTS_READ`.
    actor_id: Option<String>,
    /// Of what was redeemed.
    redemption_id: Option<ID>,
    /// The position of the transfer that it corrects.
    corrects_seq: Option<Int64>,
}

#[derive(SimpleObject)]
pub(crate) struct StatementEdge {
    cursor: String,
    node: PointsTransfer,
}

#[derive(SimpleObject)]
pub(crate) struct StatementConnection {
    edges: Vec<StatementEdge>,
    nodes: Vec<PointsTransfer>,
    page_info: PageInfo,
    total_count: i32,
}

/// How a room's books stand, in whole points.
#[derive(SimpleObject)]
pub(crate) struct Economy {
    /// All that was ever issued.
    minted: Int64,
    /// All that was spent or taken back, without what was given back of it.
    burned: Int64,
    /// What all members together have: `minted` without `burned`.
    outstanding: Int64,
    /// How many transfers were made, and so the position of the last.
    transfer_count: Int64,
    /// The chain's head: a SHA-256 digest that covers all transfers, in hexadecimal. Kept elsewhere and given
    /// to `parlor verify`, it shows that none of them was changed since.
    digest: String,
}

/// A transfer, and whether its reader is told who acted.
#[derive(Debug, Clone)]
struct Line {
    transfer: points::Transfer,
    sees_actors: bool,
}

#[ComplexObject]
impl PointsAccount {
    /// Every change of the balance, newest first.
    async fn statement_connection(
        &self,
        context: &Context<'_>,
        page: Option<ConnectionInput>,
    ) -> Result<StatementConnection, Fault> {
        let Whose {
            tenant_id,
            room_id,
            member,
            sees_actors,
        } = self.whose;
        let asked = page::request("statement", &(room_id, member), page)?;
        let store = &app(context).store;
        let found = store.statement_page(tenant_id, room_id, member, asked.part);
        let found = found.await?.map(|transfer| Line {
            transfer,
            sees_actors,
        });

        let place = |line: &Line| (line.transfer.seq, line.transfer.id.0);
        Ok(connection!(
            StatementConnection { StatementEdge },
            asked,
            found,
            place
        ))
    }
}

impl PointsAccount {
    fn new(participant_id: ID, balance: Balance, whose: Whose) -> Self {
        Self {
            participant_id,
            balance: balance.points.into(),
            held: balance.held.into(),
            available: balance.available().into(),
            whose,
        }
    }
}

impl From<Line> for PointsTransfer {
    fn from(line: Line) -> Self {
        let Line {
            transfer,
            sees_actors,
        } = line;
        let entry = transfer.entry;
        let (reason, actor_id) = match transfer.authorship {
            Some(by) => (Some(by.reason), Some(by.actor_id)),
            None => (None, None),
        };
        let actor_id = actor_id.filter(|_| sees_actors);

        Self {
            id: IdKind::PointsTransfer.id(transfer.id.0),
            seq: transfer.seq.into(),
            at: transfer.at.into(),
            kind: transfer.kind.into(),
            points: entry.change_of_member().into(),
            balance_after: transfer.balance_after.into(),
            redemption_id: transfer.about.map(|id| IdKind::Redemption.id(id)),
            corrects_seq: transfer.corrects.map(Int64),
            reason,
            actor_id: actor_id.map(|id| id.as_str().to_owned()),
        }
    }
}

impl From<points::Ledger> for Economy {
    fn from(ledger: points::Ledger) -> Self {
        Self {
            minted: ledger.minted.into(),
            burned: ledger.burned.into(),
            outstanding: ledger.outstanding().into(),
            transfer_count: ledger.seq.into(),
            digest: ledger.digest.to_string(),
        }
    }
}
