//! What the whole room sees of a redemption.

use serde::{Deserialize, Serialize};

use super::{Redemption, Terms};
use crate::id::{ParticipantId, RedemptionId, RewardId};
use crate::participant::Participant;

/// A redemption as everyone in the room is told of it, once. What the viewer has, and what the tenant or staff
/// keep about it, is nobody else's business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedemptionAlert {
    pub id: RedemptionId,
    pub reward_id: RewardId,
    pub participant_id: ParticipantId,
    /// What whoever redeemed it was called then.
    pub name: String,
    pub title: String,
    pub cost: i64,
    /// `#rrggbb`.
    pub color: Option<String>,
    /// One character, such as an emoji.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// What they said, if the reward shows that.
    pub input: Option<String>,
}

impl RedemptionAlert {
    /// What is told of `redemption`, if a reward on these `terms` is announced.
    pub(crate) fn of(
        redemption: &Redemption,
        terms: &Terms,
        participant: &Participant,
    ) -> Option<Self> {
        let input = redemption.input.clone();

        terms.is_announced.then(|| Self {
            id: redemption.id,
            reward_id: redemption.reward_id,
            participant_id: redemption.participant_id,
            name: participant.name.clone(),
            title: redemption.title.clone(),
            cost: redemption.cost,
            color: terms.color.clone(),
            icon: terms.icon.clone(),
            input: input.filter(|_| terms.shows_input),
        })
    }
}
