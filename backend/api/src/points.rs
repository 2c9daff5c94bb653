//! Points as clients read them, and as staff moves them by hand.

mod csv;
mod download;
mod economy;
mod mutation;
mod query;
mod statement;

use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject};
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::points::{self, Balance, ClawedBack, MemberNumber, StatementLine, Transfer};
use parlor_domain::time::ServerTime;
use parlor_domain::watching::WatchedLine;

use crate::app;
use crate::fault::Fault;
use crate::global_id::IdKind;
use crate::page::{ConnectionInput, PageInfo};
use crate::scalar::{Int64, Time, int};

pub use download::{NEXT_HEADER, download_statement};
pub(super) use mutation::PointsMutation;
pub(super) use query::PointsQuery;

/// Why points moved.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Staff took back what the member could spend of what they should not have, with a `reason`.
    ClawedBack,
    /// The rest of what staff took back, which the member could not spend: it is owed from then on. With the same
    /// `reason`.
    DebtIncurred,
    /// What the member owes was paid, or a part of it, with what had just come.
    DebtPaid,
    /// Staff gave back, by a dispute, what another line had taken, with a `reason`: it corrects that at `correctsSeq`.
    Returned,
    /// A minute of a session was watched: `sessionId` and `minute`.
    Watched,
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
    /// What they owe. Whatever comes to them pays it first, so that nothing is `available` meanwhile.
    debt: Int64,
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
    /// The balance after it, and before the lines that follow: of somebody who owes, the next pays with what came.
    balance_after: Int64,
    /// By how many points what the member owes changed: above zero for what is owed since, below for what was paid.
    debt_points: Int64,
    /// What whoever moved them said; null where nobody said anything, as of what was watched or paid of a debt, or when
    /// it was erased.
    reason: Option<String>,
    /// Who moved them, by the tenant's own id; null for readers without `POINTS_READ`.
    actor_id: Option<String>,
    /// Of what was redeemed.
    redemption_id: Option<ID>,
    /// The position of the transfer that it corrects.
    corrects_seq: Option<Int64>,
    /// The dispute that moved the points.
    dispute_id: Option<ID>,
    /// Of what was watched.
    session_id: Option<ID>,
    /// When the minute began that was watched.
    minute: Option<Time>,
    /// What the member's paid membership multiplied of it, in basis points: 15,000 is one and a half times. Null where
    /// nothing was multiplied.
    multiplier_bp: Option<i32>,
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

/// Points that were taken back, and what became of them.
#[derive(SimpleObject)]
pub(crate) struct PointsClawback {
    /// How many were to be taken back: `taken` and `owed`.
    points: Int64,
    /// What the member could spend of it.
    taken: Int64,
    /// What they could not, and owe since.
    owed: Int64,
    /// The lines of the member's statement, one or two.
    transfers: Vec<PointsTransfer>,
}

/// A line, and whether its reader is told who acted.
#[derive(Debug, Clone)]
struct Line {
    line: StatementLine,
    sees_actors: bool,
}

#[ComplexObject]
impl PointsAccount {
    /// Every change of the balance or the debt, newest first. It is read in this direction: by `first` and `after`.
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
        let store = &app(context).store;
        let page = page.unwrap_or_default();
        let request = statement::request((room_id, member), &page)?;
        let found = store.statement_page(tenant_id, room_id, member, request);
        let found = found.await?;
        let found = found.ok_or_else(|| statement::not_of_statement(&page))?;

        Ok(statement::connection((room_id, member), found, sees_actors))
    }
}

impl PointsAccount {
    fn new(participant_id: ID, balance: Balance, whose: Whose) -> Self {
        Self {
            participant_id,
            balance: balance.points.into(),
            held: balance.held.into(),
            available: balance.available().into(),
            debt: balance.debt.into(),
            whose,
        }
    }
}

impl From<ClawedBack> for PointsClawback {
    fn from(clawed_back: ClawedBack) -> Self {
        let points = |of: &Option<Transfer>| of.as_ref().map_or(0, |one| one.entry.points);
        let (taken, owed) = (points(&clawed_back.taken), points(&clawed_back.owed));
        let transfers = clawed_back.transfers().cloned().map(|transfer| Line {
            line: StatementLine::Transfer(Box::new(transfer)),
            sees_actors: true,
        });

        Self {
            points: (taken + owed).into(),
            taken: taken.into(),
            owed: owed.into(),
            transfers: transfers.map(PointsTransfer::from).collect(),
        }
    }
}

impl From<Line> for PointsTransfer {
    fn from(line: Line) -> Self {
        let (points, balance_after) = (line.line.points(), line.line.balance_after());
        let debt_points = line.line.debt_points();
        let shown = match line.line {
            StatementLine::Transfer(transfer) => Self::of_transfer(*transfer, line.sees_actors),
            StatementLine::Watched { line, .. } => Self::of_watching(&line),
        };

        Self {
            points: points.into(),
            balance_after: balance_after.into(),
            debt_points: debt_points.into(),
            ..shown
        }
    }
}

impl PointsTransfer {
    /// What is told of a line, beside the points.
    fn new(id: uuid::Uuid, seq: i64, at: ServerTime, kind: TransferKind) -> Self {
        Self {
            id: IdKind::PointsTransfer.id(id),
            seq: seq.into(),
            at: at.into(),
            kind,
            points: 0.into(),
            balance_after: 0.into(),
            debt_points: 0.into(),
            reason: None,
            actor_id: None,
            redemption_id: None,
            corrects_seq: None,
            dispute_id: None,
            session_id: None,
            minute: None,
            multiplier_bp: None,
        }
    }

    fn of_transfer(transfer: Transfer, sees_actors: bool) -> Self {
        let (reason, actor_id) = match transfer.authorship {
            Some(by) => (Some(by.reason), Some(by.actor_id)),
            None => (None, None),
        };
        let actor_id = actor_id.filter(|_| sees_actors);

        Self {
            reason,
            actor_id: actor_id.map(|id| id.as_str().to_owned()),
            redemption_id: transfer.about.map(|id| IdKind::Redemption.id(id)),
            corrects_seq: transfer.corrects.map(Int64),
            dispute_id: transfer.dispute_id.map(|id| IdKind::Dispute.id(id.0)),
            ..Self::new(
                transfer.id.0,
                transfer.seq,
                transfer.at,
                transfer.kind.into(),
            )
        }
    }

    fn of_watching(line: &WatchedLine) -> Self {
        Self {
            session_id: Some(IdKind::Session.id(line.session_id.0)),
            minute: Some(line.minute.starts_at().into()),
            multiplier_bp: line.multiplier_bp.map(int),
            ..Self::new(line.id, line.seq, line.at, TransferKind::Watched)
        }
    }
}

impl From<points::TransferKind> for TransferKind {
    fn from(kind: points::TransferKind) -> Self {
        match kind {
            points::TransferKind::Granted => Self::Granted,
            points::TransferKind::Charged => Self::Charged,
            points::TransferKind::Redeemed => Self::Redeemed,
            points::TransferKind::Refunded => Self::Refunded,
            points::TransferKind::ClawedBack => Self::ClawedBack,
            points::TransferKind::DebtIncurred => Self::DebtIncurred,
            points::TransferKind::DebtPaid => Self::DebtPaid,
            points::TransferKind::Returned => Self::Returned,
        }
    }
}
