//! What is shown at once.

use crate::crowd::Crowd;
use crate::event::RoomEvent;
use crate::wire::{Content, letters};
use alloc::string::String;

/// The kind of event that is a gift.
const GIFT_KIND: &str = "ContributionReceived";
/// The kind of event that is a redemption.
const REDEMPTION_KIND: &str = "RewardRedeemed";

/// Letters of what stands where a name is missing.
const NO_NAME_LETTERS: usize = 9;

/// What a queue has to know of what it shows: how long it takes to read, and what it adds to a burst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertInput {
    letters: usize,
    kind: AlertKind,
    /// What was given, or what a redemption cost. A notice gives nothing.
    gift: Option<Gift>,
}

/// What an alert is to a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertKind {
    /// Something that was given. Those that come too close together are shown as one.
    Gift,
    /// A reward that somebody redeemed. Those that come too close together are shown as one as well, apart from
    /// gifts; and of what has the same priority they come last, for they cost a viewer nothing but time.
    Redemption,
    /// Something else, such as an announcement. It is always shown by itself.
    Notice,
}

/// What somebody gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gift {
    /// Who gave it, as typed: text, never markup. `None` if anonymous.
    pub name: Option<String>,
    /// In minor units of `currency`.
    pub amount: Option<i64>,
    /// An ISO 4217 code.
    pub currency: Option<String>,
    /// What it adds to a hype train.
    pub hype: i64,
}

impl AlertInput {
    /// Reads what `event` is to a queue: a moment that the host can read. `None` for anything else, such as what
    /// tells of a gift afterwards.
    pub fn of(event: &RoomEvent) -> Option<Self> {
        if !event.is_readable {
            return None;
        }
        if event.type_name == REDEMPTION_KIND {
            let mut redeemed = event.about("redemption")?;
            let (name, cost) = (redeemed.text("name")?, redeemed.whole("cost")?);
            return Some(Self::redemption(name, cost, event.letters()));
        }
        if event.type_name != GIFT_KIND {
            let is_moment = event.part.is_none();
            return is_moment.then(|| Self::notice(event.letters()));
        }
        let mut given = event.about("contribution")?;
        let message = given.optional("message", Content::text)?;
        let gift = Gift {
            name: given.optional("name", Content::text)?,
            amount: given.optional("amount", Content::whole)?,
            currency: given.optional("currency", Content::text)?,
            hype: given.whole("hype")?,
        };

        Some(Self::gift(gift, message.as_deref()))
    }

    /// Something that was given, with what the giver wrote.
    pub fn gift(gift: Gift, message: Option<&str>) -> Self {
        let name = gift.name.as_deref().map_or("", str::trim);
        let name = match letters(name) {
            0 => NO_NAME_LETTERS,
            letters => letters,
        };

        Self {
            letters: name + message.map_or(0, letters),
            kind: AlertKind::Gift,
            gift: Some(gift),
        }
    }

    /// What whoever is called `name` redeemed for `cost` points, with so many letters to read in all.
    pub const fn redemption(name: String, cost: i64, letters: usize) -> Self {
        Self {
            letters,
            kind: AlertKind::Redemption,
            gift: Some(Gift {
                name: Some(name),
                amount: Some(cost),
                currency: None,
                hype: 0,
            }),
        }
    }

    /// Something else of so many letters, such as an announcement. It is always shown by itself.
    pub const fn notice(letters: usize) -> Self {
        Self {
            letters,
            kind: AlertKind::Notice,
            gift: None,
        }
    }

    /// Returns what it is to a queue.
    pub const fn kind(&self) -> AlertKind {
        self.kind
    }
}

/// What a queue took in, or a burst: gifts, or redemptions, that came too close together to be shown one by one.
/// The figures of a burst are true. A notice gives nothing, and has nobody who gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert<T> {
    first: T,
    input: AlertInput,
    count: u64,
    hype: i64,
    people: Crowd,
    money: i64,
    is_of_one_currency: bool,
    /// Whether others may still join it.
    is_gathering: bool,
}

impl<T> Alert<T> {
    pub(crate) fn of(first: T, input: AlertInput) -> Self {
        let mut alert = Self {
            first,
            input,
            count: 1,
            hype: 0,
            people: Crowd::default(),
            money: 0,
            is_of_one_currency: true,
            is_gathering: false,
        };
        if let Some(gift) = alert.input.gift.clone() {
            alert.add(&gift);
        }

        alert
    }

    /// Takes in one of its kind that waited alone.
    pub(crate) fn join(&mut self, other: &Self) {
        if let Some(gift) = &other.input.gift {
            self.count += 1;
            self.add(gift);
        }
    }

    fn add(&mut self, gift: &Gift) {
        self.hype = self.hype.saturating_add(gift.hype);
        self.people.add(gift.name.as_deref());
        self.money = self.money.saturating_add(gift.amount.unwrap_or(0));
        self.is_of_one_currency &= gift.currency.as_deref() == self.currency();
    }

    /// Has others join it from now on.
    pub(crate) const fn gather(&mut self) {
        self.is_gathering = true;
    }

    /// Returns what all of it is.
    pub const fn kind(&self) -> AlertKind {
        self.input.kind
    }

    pub(crate) const fn is_burst(&self) -> bool {
        self.is_gathering
    }

    /// Returns how many letters are to be read. Of a burst two names and three figures are read, whoever they
    /// are.
    pub(crate) const fn letters(&self) -> usize {
        if self.count == 1 {
            self.input.letters
        } else {
            0
        }
    }

    /// Returns what was taken in, if it is one alone.
    pub fn single(&self) -> Option<&T> {
        (self.count == 1).then_some(&self.first)
    }

    /// Returns how many were taken in.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Returns what they add to a hype train.
    pub const fn hype(&self) -> i64 {
        self.hype
    }

    /// Returns who gave or redeemed them.
    pub const fn people(&self) -> &Crowd {
        &self.people
    }

    /// Returns what they cost together in points: `None` of what is no redemption.
    pub fn points(&self) -> Option<i64> {
        (self.kind() == AlertKind::Redemption).then_some(self.money)
    }

    /// Returns their sum in minor units, and its currency: `None` if there is no one currency to all.
    pub fn money(&self) -> Option<(i64, &str)> {
        let currency = self.currency()?;

        self.is_of_one_currency.then_some((self.money, currency))
    }

    /// The first one's.
    fn currency(&self) -> Option<&str> {
        self.input.gift.as_ref()?.currency.as_deref()
    }
}
