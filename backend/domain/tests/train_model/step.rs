//! What is done in a stream, as the model reads it.

use parlor_domain::contribution::{ContributionKind, RawReport, Status};
use parlor_domain::hype_train::{AnonymousGifts, Level, Program};
use parlor_domain::room::RoomState;
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "do", rename_all = "camelCase")]
pub(crate) enum Step {
    /// Somebody looks whether time has done something.
    Pass {},
    Start {},
    Interrupt {},
    Resume {},
    End {},
    Update {
        state: Option<RoomState>,
        program: Option<Terms>,
    },
    Report(Message),
}

/// A room's program.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Terms {
    pub(crate) kickoff_events: u32,
    pub(crate) kickoff_viewers: u32,
    pub(crate) kickoff_anonymous: AnonymousGifts,
    pub(crate) kickoff_window_ms: i64,
    pub(crate) levels: Vec<Level>,
    pub(crate) seconds_per_level: i64,
    pub(crate) cooldown_ms: i64,
}

/// A provider's message.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) provider: &'static str,
    pub(crate) key: String,
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    #[serde(flatten)]
    pub(crate) given: Given,
    pub(crate) viewer_id: Option<String>,
    pub(crate) viewer_name: Option<String>,
    pub(crate) status: Status,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Given {
    Donation { amount: i64 },
    Membership { tier: i64 },
    GiftedMemberships { tier: i64, quantity: i64 },
}

/// A step of a commit, and what the clock shows then.
pub(crate) type Moment = (i64, Step);

impl Terms {
    pub(crate) fn program(&self) -> Program {
        Program {
            kickoff_events: self.kickoff_events,
            kickoff_viewers: self.kickoff_viewers,
            kickoff_anonymous: self.kickoff_anonymous,
            kickoff_window_ms: self.kickoff_window_ms,
            levels: self.levels.clone(),
            seconds_per_level: self.seconds_per_level,
            cooldown_ms: self.cooldown_ms,
            ..Program::default()
        }
    }
}

impl Message {
    pub(crate) fn raw(&self) -> RawReport {
        let raw = RawReport {
            idempotency_key: self.key.clone(),
            provider: self.provider.to_owned(),
            contribution_ref: Some(self.reference.clone()),
            viewer_id: self.viewer_id.clone(),
            viewer_name: self.viewer_name.clone(),
            status: Some(self.status),
            ..RawReport::default()
        };
        match self.given {
            Given::Donation { amount } => RawReport {
                kind: Some(ContributionKind::Donation),
                amount: Some(amount),
                currency: Some("EUR".to_owned()),
                ..raw
            },
            Given::Membership { tier } => RawReport {
                kind: Some(ContributionKind::Membership),
                tier: Some(tier),
                ..raw
            },
            Given::GiftedMemberships { tier, quantity } => RawReport {
                kind: Some(ContributionKind::GiftedMemberships),
                tier: Some(tier),
                quantity: Some(quantity),
                ..raw
            },
        }
    }
}
