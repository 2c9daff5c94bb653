//! What a queue of alerts has to know of what it shows.

use parlor_sdk_core::{AlertInput, Gift};

use crate::event::ContributionAlert;

impl From<&ContributionAlert> for AlertInput {
    fn from(alert: &ContributionAlert) -> Self {
        let gift = Gift {
            name: alert.name.clone(),
            amount: alert.amount,
            currency: alert.currency.clone(),
            hype: alert.hype,
        };

        Self::gift(gift, alert.message.as_deref())
    }
}
