//! Donations and memberships that providers report.
//!
//! A provider sends several messages about one contribution, in any order and more than once, so
//! each message is applied to what is known: money counts once it has settled, and a reversal is
//! final.

mod amendment;
mod not_counted;
mod report;

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::id::{ContributionId, HypeTrainId, ViewerId};
use crate::invalid::Length;
use crate::time::ServerTime;

pub(crate) use amendment::fit;
pub use amendment::{Amendment, AmendmentKind};
pub use not_counted::{NotCounted, WORTH_MAX};
pub use report::{RawReport, RawTime, Report};

/// The provider under which staff enter contributions by hand.
pub const STAFF_PROVIDER: &str = "staff";
/// The longest provider name, reference and idempotency key, in bytes: above every known provider's.
pub const KEY_BYTES_MAX: usize = 200;
/// The longest viewer name: twice what known platforms let people be called, and in bytes as many characters of any
/// script as long as few of them are put together of several.
pub const NAME_MAX: Length = Length {
    characters: 100,
    bytes: 400,
};
/// The longest message: what known platforms let people write in a chat. An alert is read in seconds; more could not
/// be shown, and of the most bytes an event is a quarter.
pub const MESSAGE_MAX: Length = Length {
    characters: 500,
    bytes: 4_000,
};
/// The largest amount, in minor units. A slip of the keyboard, not a donation, lies beyond, and
/// weighing it cannot overflow.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000;
/// The most memberships gifted at once. Above every known platform's own limit.
pub const QUANTITY_MAX: i64 = 10_000;
/// The highest membership tier.
pub const TIER_MAX: i64 = 3;

/// A donation or membership, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    pub id: ContributionId,
    pub provider: String,
    pub contribution_ref: String,
    pub gift: Gift,
    pub viewer: Option<Viewer>,
    pub message: Option<String>,
    pub status: Status,
    /// What its money is worth in the room's reference currency, by the rates and in the currency of when it was first
    /// reported.
    #[serde(default)]
    pub worth: Option<Money>,
    /// What it adds to a hype train, by the program in force when it was first reported.
    pub hype: i64,
    /// Why that is nothing.
    #[serde(default)]
    pub not_counted: Option<NotCounted>,
    /// The train it was counted in.
    pub train_id: Option<HypeTrainId>,
    pub occurred_at: ServerTime,
    pub recorded_at: ServerTime,
}

/// What was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    pub kind: ContributionKind,
    pub money: Option<Money>,
    /// 1 to 3, for memberships.
    pub tier: Option<u8>,
    /// How many memberships were gifted; 1 for everything else.
    pub quantity: i64,
}

/// An amount in a currency's minor unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    pub amount: i64,
    pub currency: Currency,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContributionKind {
    Donation,
    Membership,
    GiftedMemberships,
}

/// Only settled contributions count; a reversal is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Pending,
    Settled,
    Reversed,
}

/// Who gave. Anonymous gifts have none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// Whoever gave a name alone has none: a name says whom to thank, never who it was.
    pub id: Option<ViewerId>,
    /// As the viewer is shown; their id is never shown.
    pub name: Option<String>,
}

/// What the whole room sees of a contribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContributionAlert {
    pub id: ContributionId,
    pub gift: Gift,
    pub name: Option<String>,
    pub message: Option<String>,
    pub hype: i64,
}

impl Viewer {
    /// The same, called as `other` is where nothing was said of a name.
    #[must_use]
    pub(crate) fn or_name_of(self, other: Self) -> Self {
        Self {
            name: self.name.or(other.name),
            ..self
        }
    }
}

impl Contribution {
    /// What the whole room sees.
    pub fn alert(&self) -> ContributionAlert {
        ContributionAlert {
            id: self.id,
            gift: self.gift.clone(),
            name: self.name().map(str::to_owned),
            message: self.message.clone(),
            hype: self.hype,
        }
    }

    /// Who gave, if that is known.
    pub fn viewer_id(&self) -> Option<&ViewerId> {
        self.viewer.as_ref()?.id.as_ref()
    }

    /// The name to show, if there is one.
    pub fn name(&self) -> Option<&str> {
        self.viewer.as_ref()?.name.as_deref()
    }
}
