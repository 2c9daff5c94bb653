//! What was answered under an idempotency key, and is answered again.

use super::{Answer, AnswerKey, Answered, Fingerprint, Operation, RoomAggregate};
use crate::contribution::Contribution;
use crate::dispute::Dispute;
use crate::event::Event;
use crate::points::{ClawedBack, Transfer};
use crate::reward::{Redemption, Reward};

impl RoomAggregate {
    /// What `key` was answered first, if it was, or the key itself if that was to something else. `made` takes
    /// out what the key's operation makes.
    pub(super) fn first_answer<T>(
        &self,
        key: &AnswerKey,
        fingerprint: Fingerprint,
        made: fn(Answered) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let Some(answer) = self.known.answers.get(key) else {
            return Ok(None);
        };
        if answer.fingerprint != fingerprint {
            return Err(key.key.clone());
        }

        let made = made(answer.answered.clone());
        Ok(Some(made.unwrap_or_else(|| {
            unreachable!("{key:?} was answered as another operation")
        })))
    }

    /// Keeps what a key was answered first, with what it made.
    pub(super) fn answer(&mut self, key: AnswerKey, fingerprint: Fingerprint, answered: Answered) {
        let answer = Answer {
            fingerprint,
            answered,
        };
        self.known.answers.put(key.clone(), answer.clone());
        self.changes.answers.insert(key, answer);
    }
}

/// Declares what takes each thing that was made out of an answer.
macro_rules! made {
    ($($take:ident: $made:ident),* $(,)?) => {
        impl Answered {
            $(pub(super) fn $take(self) -> Option<$made> {
                let Self::$made(made) = self else {
                    return None;
                };

                Some(*made)
            })*
        }
    };
}

made! {
    contribution: Contribution,
    transfer: Transfer,
    clawed_back: ClawedBack,
    redemption: Redemption,
    reward: Reward,
    dispute: Dispute,
    event: Event,
}

impl Operation {
    pub const ALL: [Self; 11] = [
        Self::RecordContribution,
        Self::AdjustPoints,
        Self::ClawBackPoints,
        Self::RedeemReward,
        Self::RefundRedemption,
        Self::OpenDispute,
        Self::HoldDispute,
        Self::ResolveDispute,
        Self::WithdrawDispute,
        Self::CreateReward,
        Self::Tell,
    ];

    /// The operation's name in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RecordContribution => "record_contribution",
            Self::AdjustPoints => "adjust_points",
            Self::ClawBackPoints => "claw_back_points",
            Self::RedeemReward => "redeem_reward",
            Self::RefundRedemption => "refund_redemption",
            Self::OpenDispute => "open_dispute",
            Self::HoldDispute => "hold_dispute",
            Self::ResolveDispute => "resolve_dispute",
            Self::WithdrawDispute => "withdraw_dispute",
            Self::CreateReward => "create_reward",
            Self::Tell => "tell",
        }
    }
}
