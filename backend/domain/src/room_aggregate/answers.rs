//! What was answered under an idempotency key, and is answered again.

use super::{Answer, AnswerKey, Answered, Fingerprint, Operation, RoomAggregate};

impl RoomAggregate {
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

impl Answer {
    /// What is answered again, if the same is asked.
    pub(super) fn to(&self, fingerprint: Fingerprint) -> Option<Answered> {
        (self.fingerprint == fingerprint).then(|| self.answered.clone())
    }
}

impl AnswerKey {
    /// Says that what is kept was made by another operation than the key's, which cannot be.
    pub(super) fn is_answered_otherwise(&self) -> ! {
        unreachable!("{self:?} was answered as another operation")
    }
}

impl Operation {
    pub const ALL: [Self; 3] = [
        Self::RecordContribution,
        Self::AdjustPoints,
        Self::RedeemReward,
    ];

    /// The operation's name in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RecordContribution => "record_contribution",
            Self::AdjustPoints => "adjust_points",
            Self::RedeemReward => "redeem_reward",
        }
    }
}
