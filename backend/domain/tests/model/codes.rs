//! What refusals are called in the API.

use parlor_domain::dispute::DisputeStatus;
use parlor_domain::reward::{RedemptionStatus, UnmetRule};
use parlor_domain::room_aggregate::{
    ActRefusal, AdjustPointsRefusal, CreditRefusal, DisputeRefusal, EarningRefusal, RedeemRefusal,
    RefundRefusal, RewardRefusal, SettleRefusal, TargetRefusal,
};
use parlor_domain::watching::SlotOutcome;

pub(crate) const VALIDATION: &str = "VALIDATION";

/// A refusal that has a code.
pub(crate) trait Coded {
    fn code(&self) -> &'static str;
}

impl Coded for ActRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::RoomHidden => "NOT_FOUND",
            Self::RoomArchived => "ROOM_ARCHIVED",
            Self::NotJoined => "NOT_JOINED",
            Self::CapabilityMissing(_) => "CAPABILITY_MISSING",
        }
    }
}

impl Coded for AdjustPointsRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::KeyReused(_) => "KEY_REUSED",
            Self::Act(refusal) => refusal.code(),
            Self::Target(TargetRefusal::NotFound(_)) => "NOT_FOUND",
            Self::Target(TargetRefusal::StaleVersion { .. }) => "STALE_VERSION",
            Self::OnOneself => "ON_ONESELF",
            Self::Outranked => "OUTRANKED",
            Self::InsufficientPoints { .. } => "INSUFFICIENT_POINTS",
            Self::TotalsFull => "TOTALS_FULL",
            Self::DebtLimit { .. } => "DEBT_LIMIT",
        }
    }
}

impl Coded for EarningRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Act(refusal) => refusal.code(),
            Self::StaleVersion { .. } => "STALE_VERSION",
            Self::Invalid(_) => VALIDATION,
        }
    }
}

impl Coded for CreditRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Act(refusal) => refusal.code(),
            Self::TotalsFull => "TOTALS_FULL",
        }
    }
}

impl Coded for RewardRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::KeyReused(_) => "KEY_REUSED",
            Self::Act(refusal) => refusal.code(),
            Self::NotFound(_) => "NOT_FOUND",
            Self::StaleVersion { .. } => "STALE_VERSION",
            Self::Invalid(_) => VALIDATION,
            Self::TooMany => "TOO_MANY_REWARDS",
            Self::TooManyEnabled => "TOO_MANY_ENABLED_REWARDS",
        }
    }
}

impl Coded for RedeemRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::KeyReused(_) => "KEY_REUSED",
            Self::Act(refusal) => refusal.code(),
            Self::NotFound(_) => "NOT_FOUND",
            Self::Paused => "REWARD_PAUSED",
            Self::NotLive => "NOT_LIVE",
            Self::NotAvailable(UnmetRule::TitleContains(_)) => "NOT_AVAILABLE:TITLE_CONTAINS",
            Self::NotAvailable(UnmetRule::TrainLevelMin { .. }) => "NOT_AVAILABLE:TRAIN_LEVEL_MIN",
            Self::NotAvailable(UnmetRule::OnlineMin { .. }) => "NOT_AVAILABLE:ONLINE_MIN",
            Self::MembersOnly { .. } => "MEMBERS_ONLY",
            Self::CostChanged { .. } => "COST_CHANGED",
            Self::Input(_) => VALIDATION,
            Self::AlreadyEntered => "ALREADY_ENTERED",
            Self::DrawFull(_) => "DRAW_FULL",
            Self::SessionLimit => "SESSION_LIMIT",
            Self::ViewerLimit => "VIEWER_LIMIT",
            Self::Cooldown { .. } => "COOLDOWN",
            Self::InsufficientPoints { .. } => "INSUFFICIENT_POINTS",
        }
    }
}

impl Coded for SettleRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Act(refusal) => refusal.code(),
            Self::NotFound(_) => "NOT_FOUND",
            Self::OnOneself => "ON_ONESELF",
            Self::AlreadyFulfilled => "ALREADY_FULFILLED",
            Self::AlreadyCanceled => "ALREADY_CANCELED",
            Self::AlreadyExpired => "ALREADY_EXPIRED",
            Self::NotDrawn => "NOT_DRAWN",
            Self::InDraw => "IN_DRAW",
        }
    }
}

impl Coded for RefundRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::KeyReused(_) => "KEY_REUSED",
            Self::Act(refusal) => refusal.code(),
            Self::NotFound(_) => "NOT_FOUND",
            Self::OnOneself => "ON_ONESELF",
            Self::NotFulfilled => "NOT_FULFILLED",
            Self::AlreadyRefunded => "ALREADY_REFUNDED",
            Self::TooMuch { .. } => "REFUND_TOO_MUCH",
        }
    }
}

impl Coded for DisputeRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::KeyReused(_) => "KEY_REUSED",
            Self::Act(refusal) => refusal.code(),
            Self::Target(TargetRefusal::StaleVersion { .. }) => "STALE_VERSION",
            Self::Target(TargetRefusal::NotFound(_))
            | Self::NotFound(_)
            | Self::RedemptionNotFound(_)
            | Self::LineNotFound(_) => "NOT_FOUND",
            Self::OnOneself => "ON_ONESELF",
            Self::Outranked => "OUTRANKED",
            Self::NothingMoved => "NOTHING_MOVED",
            Self::AlreadyDisputed(_) => "ALREADY_DISPUTED",
            Self::TooManyOpen(_) => "TOO_MANY_DISPUTES",
            Self::TooManyToday { .. } => "TOO_MANY_DISPUTES_TODAY",
            Self::AlreadyClosed => "ALREADY_CLOSED",
            Self::HeldByStaff => "HELD_BY_STAFF",
            Self::NotFulfilled => "NOT_FULFILLED",
            Self::TooMuch { .. } => "REFUND_TOO_MUCH",
            Self::TotalsFull => "TOTALS_FULL",
            Self::DebtLimit { .. } => "DEBT_LIMIT",
        }
    }
}

pub(crate) fn dispute_status(status: DisputeStatus) -> &'static str {
    match status {
        DisputeStatus::Open => "OPEN",
        DisputeStatus::Resolved => "RESOLVED",
        DisputeStatus::Dismissed => "DISMISSED",
        DisputeStatus::Withdrawn => "WITHDRAWN",
    }
}

pub(crate) fn status(status: RedemptionStatus) -> &'static str {
    match status {
        RedemptionStatus::Unfulfilled => "UNFULFILLED",
        RedemptionStatus::Fulfilled => "FULFILLED",
        RedemptionStatus::Canceled => "CANCELED",
        RedemptionStatus::Expired => "EXPIRED",
        RedemptionStatus::Entered => "ENTERED",
        RedemptionStatus::NotDrawn => "NOT_DRAWN",
    }
}

pub(crate) fn outcome(outcome: SlotOutcome) -> &'static str {
    match outcome {
        SlotOutcome::Counted => "COUNTED",
        SlotOutcome::AlreadyCounted => "ALREADY_COUNTED",
        SlotOutcome::NotAMember => "NOT_A_MEMBER",
        SlotOutcome::Removed => "REMOVED",
        SlotOutcome::TooLate => "TOO_LATE",
        SlotOutcome::InTheFuture => "IN_THE_FUTURE",
        SlotOutcome::OtherSession => "OTHER_SESSION",
        SlotOutcome::Interrupted => "INTERRUPTED",
        SlotOutcome::ProgrammeOff => "PROGRAMME_OFF",
        SlotOutcome::TooShort => "TOO_SHORT",
        SlotOutcome::StoodStill => "STOOD_STILL",
        SlotOutcome::NoLease => "NO_LEASE",
        SlotOutcome::NotObserved => "NOT_OBSERVED",
        SlotOutcome::OtherRooms => "OTHER_ROOMS",
    }
}
