//! What is shown at once.

use crate::crowd::Crowd;
use crate::event::ContributionAlert;

/// A contribution, or a burst of them: those that came too close together to be shown one by one. The figures
/// of a burst are true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    first: ContributionAlert,
    count: u64,
    hype: i64,
    people: Crowd,
    money: i64,
    is_of_one_currency: bool,
    /// Whether others may still join it.
    is_gathering: bool,
}

impl Alert {
    pub(crate) fn of(first: &ContributionAlert) -> Self {
        let mut alert = Self {
            first: first.clone(),
            count: 0,
            hype: 0,
            people: Crowd::default(),
            money: 0,
            is_of_one_currency: true,
            is_gathering: false,
        };
        alert.add(first);

        alert
    }

    pub(crate) fn add(&mut self, contribution: &ContributionAlert) {
        self.count += 1;
        self.hype = self.hype.saturating_add(contribution.hype);
        self.people.add(contribution.name.as_deref());
        self.money = self.money.saturating_add(contribution.amount.unwrap_or(0));
        self.is_of_one_currency &= contribution.currency == self.first.currency;
    }

    /// Has others join it from now on.
    pub(crate) const fn gather(&mut self) {
        self.is_gathering = true;
    }

    pub(crate) const fn is_burst(&self) -> bool {
        self.is_gathering
    }

    pub(crate) const fn first(&self) -> &ContributionAlert {
        &self.first
    }

    /// Returns the contribution, if it is one alone.
    pub fn single(&self) -> Option<&ContributionAlert> {
        (self.count == 1).then_some(&self.first)
    }

    /// Returns how many contributions it is of.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Returns what they add to a hype train.
    pub const fn hype(&self) -> i64 {
        self.hype
    }

    /// Returns who gave them.
    pub const fn people(&self) -> &Crowd {
        &self.people
    }

    /// Returns their sum in minor units, and its currency: `None` if there is no one currency to all.
    pub fn money(&self) -> Option<(i64, &str)> {
        let currency = self.first.currency.as_deref()?;

        self.is_of_one_currency.then_some((self.money, currency))
    }
}
