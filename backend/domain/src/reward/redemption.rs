//! A purchase of a reward.

use serde::{Deserialize, Serialize};

use crate::id::{ParticipantId, RedemptionId, RewardId, SessionId, ViewerId};
use crate::points::{MemberNumber, Payment, Purchase};
use crate::time::ServerTime;

/// A reward that somebody redeemed. What the reward was called and cost then stays, whatever becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemption {
    pub id: RedemptionId,
    pub reward_id: RewardId,
    pub participant_id: ParticipantId,
    pub member: MemberNumber,
    pub title: String,
    pub cost: i64,
    pub input: Option<String>,
    pub status: RedemptionStatus,
    /// The session it was counted in.
    pub session_id: Option<SessionId>,
    pub redeemed_at: ServerTime,
    /// When it was fulfilled or canceled.
    pub settled_at: Option<ServerTime>,
    /// Who did that, unless it was the reward itself.
    pub settled_by: Option<ViewerId>,
}

/// What became of a redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedemptionStatus {
    /// The points are held, and staff has not seen to it yet.
    Unfulfilled,
    /// The points are spent.
    Fulfilled,
    /// The points are free again.
    Canceled,
}

impl Redemption {
    /// What it is to the room's books.
    pub fn purchase(&self) -> Purchase {
        Purchase {
            id: self.id,
            member: self.member,
            cost: self.cost,
            payment: match self.status {
                RedemptionStatus::Unfulfilled => Payment::Held,
                RedemptionStatus::Fulfilled => Payment::Made,
                RedemptionStatus::Canceled => Payment::None,
            },
        }
    }
}

impl RedemptionStatus {
    pub const ALL: [Self; 3] = [Self::Unfulfilled, Self::Fulfilled, Self::Canceled];

    /// The state's name in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unfulfilled => "unfulfilled",
            Self::Fulfilled => "fulfilled",
            Self::Canceled => "canceled",
        }
    }
}
