//! What a contribution is worth, and what it weighs: decided once, when it is first reported.

use crate::contribution::{ContributionKind, Gift, Money, NotCounted};
use crate::currency::Currency;
use crate::hype_train::Weights;
use crate::rates::{RateTable, worth};

/// What a contribution comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// Its money, in minor units of the room's reference currency, as far as that can be said.
    pub worth: Option<Money>,
    /// What it adds to a train.
    pub hype: i64,
    pub not_counted: Option<NotCounted>,
}

impl Weighed {
    /// Weighs `gift` by `weights` in a room that counts in `reference`, with the tenant's `rates`.
    pub fn of(
        gift: &Gift,
        weights: &Weights,
        reference: &Currency,
        rates: Option<&RateTable>,
    ) -> Self {
        let worth = gift
            .money
            .as_ref()
            .map(|money| worth(money, reference, rates));
        let weighed = match gift.kind {
            ContributionKind::Donation => match &worth {
                Some(Err(why)) => Err(*why),
                Some(Ok(worth)) => weights.donation(worth.amount),
                None => weights.donation(0),
            },
            ContributionKind::Membership | ContributionKind::GiftedMemberships => {
                weights.memberships(gift)
            }
        };

        Self {
            worth: worth.and_then(Result::ok),
            hype: weighed.unwrap_or(0),
            not_counted: weighed.err(),
        }
    }
}
