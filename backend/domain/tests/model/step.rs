//! What is done in a history, as the model reads it.

use parlor_domain::participant::{Capability, Role};
use parlor_domain::reward::{
    Availability, DrawRules, Limits, Restores, RewardInput, Terms, TermsChange,
};
use parlor_domain::watching::{EarningChange, Multipliers, StampCard};
use serde::Serialize;

/// People are told apart by their names, and what they make by its position among its like.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Step {
    /// Time goes by.
    Pass {
        millis: i64,
    },
    Member {
        who: &'static str,
        change: Coming,
        /// What a newcomer is made.
        role: Role,
        grants: Vec<&'static str>,
    },
    Session {
        change: Going,
        delay_ms: i64,
    },
    Archive {},
    /// Something else is so in the room from now on.
    Facts {
        change: Happening,
    },
    /// The viewer's devices have proved a minute in another room.
    Elsewhere {
        who: &'static str,
        minute: i64,
        room: u8,
    },
    Adjust {
        by: &'static str,
        key: String,
        kind: Way,
        to: &'static str,
        points: i64,
        reason: &'static str,
    },
    ClawBack {
        by: &'static str,
        key: String,
        to: &'static str,
        points: i64,
        reason: &'static str,
    },
    Programme {
        by: &'static str,
        version: i32,
        terms: ProgrammeChange,
    },
    /// A provider says something of a period of a membership.
    Membership {
        who: &'static str,
        reference: u64,
        message: u64,
        status: &'static str,
        tier: i64,
        starts_at: i64,
        ends_at: i64,
        occurred_at: i64,
    },
    Credit {
        proof: Says,
        session: usize,
        minute: i64,
        viewers: Vec<&'static str>,
    },
    Create {
        by: &'static str,
        key: String,
        terms: Terms,
    },
    Update {
        by: &'static str,
        reward: usize,
        version: i32,
        change: RewardChange,
    },
    Delete {
        by: &'static str,
        reward: usize,
        version: i32,
    },
    Redeem {
        by: &'static str,
        key: String,
        reward: usize,
        cost: Option<i64>,
        input: Option<&'static str>,
    },
    Settle {
        by: &'static str,
        redemption: usize,
        fulfill: bool,
    },
    Refund {
        by: &'static str,
        key: String,
        redemption: usize,
        points: Option<i64>,
        reason: &'static str,
    },
    Dispute {
        by: &'static str,
        key: String,
        /// Whose it is, unless it is the caller's.
        who: Option<&'static str>,
        about: About,
        reason: &'static str,
    },
    HoldDispute {
        by: &'static str,
        key: String,
        dispute: usize,
        points: i64,
    },
    Resolve {
        by: &'static str,
        key: String,
        dispute: usize,
        outcome: Outcome,
        words: &'static str,
    },
    Withdraw {
        by: &'static str,
        key: String,
        dispute: usize,
    },
    /// A node sees to what has expired.
    Sweep {},
    /// What a viewer is told of a reward beforehand.
    Standing {
        who: &'static str,
        reward: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Coming {
    Join,
    Leave,
    Remove,
    Readmit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Going {
    Start,
    End,
    Interrupt,
    Resume,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Happening {
    Title(&'static str),
    Online(&'static str),
    Offline(&'static str),
    /// A train at that level, for so long.
    Train(u32, i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Way {
    Grant,
    Charge,
}

/// Who says that somebody watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Says {
    Staff,
    Devices,
}

/// What is disputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum About {
    Redemption(usize),
    /// The line at that position of the books.
    Line(i64),
}

/// What a case comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Outcome {
    Dismiss {},
    Settle {},
    GiveBack(i64),
    ClawBack(i64),
}

/// What of a programme changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct ProgrammeChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_observed_only: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) points: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slots: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_watch_bonus: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(clippy::option_option, reason = "it stays, or goes, or is another")]
    pub(crate) stamp_card: Option<Option<StampCard>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) multipliers: Option<Multipliers>,
}

/// What of a reward changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct RewardChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cost: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<RewardInput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_paused: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) auto_fulfills: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redeemable_offline: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(clippy::option_option, reason = "it stays, or goes, or is another")]
    pub(crate) membership_tier_min: Option<Option<u8>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limits: Option<Limits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refund_restores: Option<Restores>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_after_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) availability: Option<Availability>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(clippy::option_option, reason = "it stays, or goes, or is another")]
    pub(crate) draw: Option<Option<DrawRules>>,
}

impl From<&ProgrammeChange> for EarningChange {
    fn from(change: &ProgrammeChange) -> Self {
        Self {
            is_enabled: change.is_enabled,
            is_observed_only: change.is_observed_only,
            points: change.points,
            slots: change.slots,
            first_watch_bonus: change.first_watch_bonus,
            stamp_card: change.stamp_card,
            multipliers: change.multipliers,
        }
    }
}

impl From<RewardChange> for TermsChange {
    fn from(change: RewardChange) -> Self {
        Self {
            cost: change.cost,
            input: change.input,
            is_enabled: change.is_enabled,
            is_paused: change.is_paused,
            auto_fulfills: change.auto_fulfills,
            redeemable_offline: change.redeemable_offline,
            membership_tier_min: change.membership_tier_min,
            limits: change.limits,
            refund_restores: change.refund_restores,
            expires_after_ms: change.expires_after_ms,
            availability: change.availability,
            draw: change.draw,
            ..Self::default()
        }
    }
}

/// The capability of that name in the API.
pub(crate) fn capability(name: &str) -> Capability {
    let mut all = Capability::ALL.into_iter();
    all.find(|one| one.as_str() == name)
        .expect("the name is one of the API's")
}

impl Step {
    /// What it is asked under, if it is asked once.
    pub(crate) fn key(&self) -> Option<String> {
        self.clone().key_mut().cloned()
    }

    /// The same, to be changed.
    pub(crate) fn key_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Adjust { key, .. }
            | Self::ClawBack { key, .. }
            | Self::Create { key, .. }
            | Self::Redeem { key, .. }
            | Self::Refund { key, .. }
            | Self::Dispute { key, .. }
            | Self::HoldDispute { key, .. }
            | Self::Resolve { key, .. }
            | Self::Withdraw { key, .. } => Some(key),
            Self::Pass { .. }
            | Self::Member { .. }
            | Self::Session { .. }
            | Self::Archive {}
            | Self::Facts { .. }
            | Self::Elsewhere { .. }
            | Self::Programme { .. }
            | Self::Membership { .. }
            | Self::Credit { .. }
            | Self::Update { .. }
            | Self::Delete { .. }
            | Self::Settle { .. }
            | Self::Sweep {}
            | Self::Standing { .. } => None,
        }
    }
}
