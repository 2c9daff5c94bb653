//! What the rules of rewards refuse.

use parlor_domain::room_aggregate::{
    MetadataRefusal, RedeemRefusal, RefundRefusal, RewardRefusal, SettleRefusal,
};

use crate::global_id::IdKind;
use crate::refusal::Refusal;

impl From<RewardRefusal> for Refusal {
    fn from(refusal: RewardRefusal) -> Self {
        match refusal {
            RewardRefusal::KeyReused(_) => Self::conflict("KEY_REUSED", refusal),
            RewardRefusal::Act(refusal) => refusal.into(),
            RewardRefusal::NotFound(id) => Self::not_found("Reward", &IdKind::Reward.id(id.0)),
            RewardRefusal::StaleVersion { .. } => Self::conflict("STALE_VERSION", refusal),
            RewardRefusal::Invalid(invalid) => invalid.into(),
            RewardRefusal::TooMany => Self::conflict("TOO_MANY_REWARDS", refusal),
            RewardRefusal::TooManyEnabled => Self::conflict("TOO_MANY_ENABLED_REWARDS", refusal),
        }
    }
}

impl From<RedeemRefusal> for Refusal {
    fn from(refusal: RedeemRefusal) -> Self {
        let code = match refusal {
            RedeemRefusal::Act(refusal) => return refusal.into(),
            RedeemRefusal::NotFound(id) => {
                return Self::not_found("Reward", &IdKind::Reward.id(id.0));
            }
            RedeemRefusal::Input(invalid) => return invalid.into(),
            RedeemRefusal::KeyReused(_) => "KEY_REUSED",
            RedeemRefusal::Paused => "REWARD_PAUSED",
            RedeemRefusal::NotLive => "NOT_LIVE",
            RedeemRefusal::NotAvailable(_) => "NOT_AVAILABLE",
            RedeemRefusal::MembersOnly { .. } => "MEMBERS_ONLY",
            RedeemRefusal::CostChanged { .. } => "COST_CHANGED",
            RedeemRefusal::AlreadyEntered => "ALREADY_ENTERED",
            RedeemRefusal::DrawFull(_) => "DRAW_FULL",
            RedeemRefusal::SessionLimit => "SESSION_LIMIT",
            RedeemRefusal::ViewerLimit => "VIEWER_LIMIT",
            RedeemRefusal::Cooldown { .. } => "COOLDOWN",
            RedeemRefusal::InsufficientPoints { .. } => "INSUFFICIENT_POINTS",
        };

        Self::conflict(code, refusal)
    }
}

impl From<SettleRefusal> for Refusal {
    fn from(refusal: SettleRefusal) -> Self {
        let code = match refusal {
            SettleRefusal::Act(refusal) => return refusal.into(),
            SettleRefusal::NotFound(id) => {
                return Self::not_found("Redemption", &IdKind::Redemption.id(id.0));
            }
            SettleRefusal::OnOneself => return Self::auth("ON_ONESELF", refusal),
            SettleRefusal::AlreadyFulfilled => "ALREADY_FULFILLED",
            SettleRefusal::AlreadyCanceled => "ALREADY_CANCELED",
            SettleRefusal::AlreadyExpired => "ALREADY_EXPIRED",
            SettleRefusal::NotDrawn => "NOT_DRAWN",
            SettleRefusal::InDraw => "IN_DRAW",
        };

        Self::conflict(code, refusal)
    }
}

impl From<RefundRefusal> for Refusal {
    fn from(refusal: RefundRefusal) -> Self {
        let code = match refusal {
            RefundRefusal::Act(refusal) => return refusal.into(),
            RefundRefusal::NotFound(id) => {
                return Self::not_found("Redemption", &IdKind::Redemption.id(id.0));
            }
            RefundRefusal::OnOneself => return Self::auth("ON_ONESELF", refusal),
            RefundRefusal::KeyReused(_) => "KEY_REUSED",
            RefundRefusal::NotFulfilled => "NOT_FULFILLED",
            RefundRefusal::AlreadyRefunded => "ALREADY_REFUNDED",
            RefundRefusal::TooMuch { .. } => "REFUND_TOO_MUCH",
        };

        Self::conflict(code, refusal)
    }
}

impl From<MetadataRefusal> for Refusal {
    fn from(refusal: MetadataRefusal) -> Self {
        match refusal {
            MetadataRefusal::NotFound(id) => {
                Self::not_found("Redemption", &IdKind::Redemption.id(id.0))
            }
        }
    }
}
