//! A purchase of a reward.

use serde::{Deserialize, Serialize};

use super::EXPIRES_AFTER_MS_DEFAULT;
use crate::id::{DrawId, ParticipantId, RedemptionId, RewardId, SessionId, ViewerId};
use crate::invalid::{Invalid, check_text};
use crate::points::{MemberNumber, Payment, Purchase};
use crate::time::ServerTime;

/// The longest metadata, in bytes: an id or two of the tenant's and a short note in JSON.
pub const METADATA_BYTES_MAX: usize = 2_000;

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
    /// When it was fulfilled or canceled, or expired, or was not drawn.
    pub settled_at: Option<ServerTime>,
    /// Who did that, unless it was the reward itself or time.
    pub settled_by: Option<ViewerId>,
    /// The position in the books of the transfer that paid for it.
    #[serde(default)]
    pub paid_seq: Option<i64>,
    /// How many of the points were given back since.
    #[serde(default)]
    pub refunded: i64,
    /// Whether it was made while no session was live.
    #[serde(default)]
    pub made_offline: bool,
    /// How long it is kept open, as the reward had it then.
    #[serde(default = "expires_after_ms_default")]
    pub expires_after_ms: i64,
    /// What the tenant's own server notes about it. Nobody here reads anything into it.
    #[serde(default)]
    pub metadata: Option<String>,
    /// The draw that it is or was an entry of. One that was canceled before is none.
    #[serde(default)]
    pub draw_id: Option<DrawId>,
    /// When it won.
    #[serde(default)]
    pub drawn_at: Option<ServerTime>,
    /// When the session ended that it was counted in, which is kept with the session.
    #[serde(skip)]
    pub session_ended_at: Option<ServerTime>,
    /// Which change of the room's redemptions it came with last; zero if that is not known.
    #[serde(skip)]
    pub queue_seq: i64,
}

/// Checks what a tenant's server notes about a redemption.
pub fn check_metadata(metadata: &str) -> Result<(), Invalid> {
    check_text("metadata", metadata, 1, METADATA_BYTES_MAX)
}

fn expires_after_ms_default() -> i64 {
    EXPIRES_AFTER_MS_DEFAULT
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
    /// Nobody saw to it in time, and the points are free again.
    Expired,
    /// The points are held until lots are drawn.
    Entered,
    /// Others won, and the points are free again.
    NotDrawn,
}

impl Redemption {
    /// Whether staff is still to see to it.
    pub fn is_open(&self) -> bool {
        self.status == RedemptionStatus::Unfulfilled
    }

    /// Whether the points are still held.
    pub fn is_held(&self) -> bool {
        self.purchase().payment == Payment::Held
    }

    /// When it expires, or expired, unless somebody sees to it before. Nothing expires while the session is
    /// live that it was made in. One whose stream did not come back ended when it went away, which may be before
    /// something was redeemed in it.
    pub fn expires_at(&self) -> Option<ServerTime> {
        let since = if self.made_offline {
            Some(self.won_at())
        } else {
            self.session_ended_at
                .map(|ended_at| ended_at.max(self.won_at()))
        };

        since.map(|since| since.plus_millis(self.expires_after_ms))
    }

    /// Whether it was fulfilled, and points went for it.
    pub(crate) fn is_paid_for(&self) -> bool {
        self.status == RedemptionStatus::Fulfilled && self.paid_seq.is_some()
    }

    /// How many of the points can be given back yet, if it was paid for.
    pub(crate) fn refundable(&self) -> i64 {
        self.cost - self.refunded
    }

    /// What it is to the room's books.
    pub fn purchase(&self) -> Purchase {
        Purchase {
            id: self.id,
            member: self.member,
            cost: self.cost,
            payment: match self.status {
                RedemptionStatus::Unfulfilled | RedemptionStatus::Entered => Payment::Held,
                RedemptionStatus::Fulfilled => Payment::Made,
                RedemptionStatus::Canceled
                | RedemptionStatus::Expired
                | RedemptionStatus::NotDrawn => Payment::None,
            },
            paid_seq: self.paid_seq,
            refunded: self.refunded,
            draw_id: self.draw_id,
            is_entry: self.is_entry(),
        }
    }

    /// Whether it says that lots decide on it, or have.
    fn is_entry(&self) -> bool {
        match self.status {
            RedemptionStatus::Entered | RedemptionStatus::NotDrawn => true,
            RedemptionStatus::Unfulfilled
            | RedemptionStatus::Fulfilled
            | RedemptionStatus::Canceled
            | RedemptionStatus::Expired => self.drawn_at.is_some(),
        }
    }
}

impl RedemptionStatus {
    pub const ALL: [Self; 6] = [
        Self::Unfulfilled,
        Self::Fulfilled,
        Self::Canceled,
        Self::Expired,
        Self::Entered,
        Self::NotDrawn,
    ];

    /// The state's name in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unfulfilled => "unfulfilled",
            Self::Fulfilled => "fulfilled",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Entered => "entered",
            Self::NotDrawn => "not_drawn",
        }
    }
}
