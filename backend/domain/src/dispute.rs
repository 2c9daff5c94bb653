//! Cases about points: what somebody says is wrong with a redemption or a line of a statement, and what staff does
//! about it.
//!
//! A case moves nothing by itself. While it is open staff may hold points of the member's, and what resolves it is a
//! transfer that names it, or words alone.

use serde::{Deserialize, Serialize};

use crate::books::MemberNumber;
use crate::id::{DisputeId, ParticipantId, RedemptionId, ViewerId};
use crate::points::{Contest, Transfer};
use crate::time::ServerTime;
use crate::watching::CreditLegs;

/// How many cases of their own a member has open at most: what one person complains of at once, so that staff's list
/// is not flooded by somebody who has thousands of lines.
pub const OWN_DISPUTES_OPEN_MAX: usize = 5;
/// How many cases about one member staff has open at most, beside the member's own. Commands on any of them load them
/// all.
pub const STAFF_DISPUTES_OPEN_MAX: usize = 50;
/// How many cases of their own a member opens within a day at most, however they ended: what is withdrawn at once
/// floods staff's list as well.
pub const OWN_DISPUTES_DAILY_MAX: usize = 20;
/// How many cases about one member staff opens within a day at most. Whoever opens another loads as many.
pub const STAFF_DISPUTES_DAILY_MAX: usize = 100;
/// What a day is: the last 24 hours, so that nobody waits for midnight.
pub const DISPUTES_DAY_MS: i64 = 86_400_000;
/// The longest reason or resolution, in bytes: a paragraph.
pub const DISPUTE_WORDS_BYTES_MAX: usize = 1_000;

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    pub id: DisputeId,
    /// Whose points it is about.
    pub participant_id: ParticipantId,
    pub member: MemberNumber,
    pub subject: Subject,
    /// In the words of who opened it.
    pub reason: String,
    pub opened_by: ViewerId,
    /// Whether it was opened about another, and so by authority.
    pub by_staff: bool,
    pub opened_at: ServerTime,
    pub status: DisputeStatus,
    /// How many of the member's points it holds: none once it is over.
    pub held: i64,
    pub closed_at: Option<ServerTime>,
    pub closed_by: Option<ViewerId>,
    /// In the words of who resolved it.
    pub resolution: Option<String>,
    /// How many points were given back by it.
    pub returned: i64,
    /// How many were taken back by it, what became a debt included.
    pub clawed_back: i64,
}

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Redemption(RedemptionId),
    /// The line of the member's statement at that position of the room's books.
    Line(i64),
}

/// What became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    Open,
    /// Staff has done something about it, if only in words.
    Resolved,
    /// Staff found nothing wrong.
    Dismissed,
    /// Whoever opened it took it back.
    Withdrawn,
}

/// What stands at a position of a room's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookLine {
    Transfer(Box<Transfer>),
    Credit(CreditLegs),
}

impl Dispute {
    pub fn is_open(&self) -> bool {
        self.status == DisputeStatus::Open
    }

    /// What it is to the room's books.
    pub fn contest(&self) -> Contest {
        Contest {
            id: self.id,
            member: self.member,
            is_open: self.is_open(),
            is_resolved: self.status == DisputeStatus::Resolved,
            held: self.held,
            returned: self.returned,
            clawed_back: self.clawed_back,
        }
    }
}

impl DisputeStatus {
    pub const ALL: [Self; 4] = [Self::Open, Self::Resolved, Self::Dismissed, Self::Withdrawn];

    /// The state's name in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
            Self::Dismissed => "dismissed",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl BookLine {
    /// The redemption that it is about. A case about such a line is one about the redemption, so that what it cost
    /// comes back once.
    pub fn redemption_id(&self) -> Option<RedemptionId> {
        match self {
            Self::Transfer(transfer) => transfer.redemption_id(),
            Self::Credit(_) => None,
        }
    }

    /// Whether it is a line of the member's statement.
    pub(crate) fn is_of(&self, member: MemberNumber) -> bool {
        match self {
            Self::Transfer(transfer) => transfer.entry.member() == Some(member),
            Self::Credit(credit) => credit.line_of(member).is_ok_and(|line| line.is_some()),
        }
    }

    /// How many points it took from the member, with what they owe since; below zero for what it gave.
    pub(crate) fn took(&self, member: MemberNumber) -> i64 {
        match self {
            Self::Transfer(transfer) => transfer.entry.took(),
            Self::Credit(credit) => {
                let line = credit.line_of(member).ok().flatten();
                line.map_or(0, |line| -line.leg.points)
            }
        }
    }
}
