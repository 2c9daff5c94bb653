//! Donations and memberships that providers report.
//!
//! A provider sends several messages about one contribution, in any order and more than once, so
//! each message is applied to what is known: money counts once it has settled, and a reversal is
//! final.

use serde::{Deserialize, Serialize};

use crate::id::{ContributionId, HypeTrainId, ViewerId};
use crate::invalid::{Invalid, check_range, check_text};
use crate::time::ServerTime;

/// The provider under which staff enter contributions by hand.
pub const STAFF_PROVIDER: &str = "staff";
/// The longest provider name, reference and idempotency key, in bytes: above every known provider's.
pub const KEY_BYTES_MAX: usize = 200;
/// The longest viewer name, in bytes: 50 characters of any script.
pub const NAME_BYTES_MAX: usize = 200;
/// The longest message, in bytes. An alert is read in seconds; more could not be shown.
pub const MESSAGE_BYTES_MAX: usize = 1_000;
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
    /// What it adds to a hype train, by the program in force when it was first reported.
    pub hype: i64,
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

/// An ISO 4217 code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Currency(String);

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
    pub id: ViewerId,
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

/// One message of a provider about a contribution, as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawReport {
    pub idempotency_key: String,
    pub provider: String,
    pub contribution_ref: Option<String>,
    pub kind: Option<ContributionKind>,
    pub status: Option<Status>,
    pub amount: Option<i64>,
    pub currency: Option<String>,
    pub tier: Option<i64>,
    pub quantity: Option<i64>,
    pub viewer_id: Option<String>,
    pub viewer_name: Option<String>,
    pub message: Option<String>,
    pub occurred_at: Option<ServerTime>,
}

/// One message of a provider about a contribution, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The provider's id of this message.
    pub idempotency_key: String,
    pub provider: String,
    pub contribution_ref: String,
    pub gift: Gift,
    pub viewer: Option<Viewer>,
    pub message: Option<String>,
    pub status: Status,
    pub occurred_at: Option<ServerTime>,
}

impl Currency {
    /// Takes a code of three capital letters.
    pub fn parse(code: &str) -> Result<Self, Invalid> {
        if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) {
            return Ok(Self(code.to_owned()));
        }

        Err(Invalid::new(
            "currency",
            "an ISO 4217 code such as `EUR`",
            format!("{code:?}"),
        ))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
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

    /// The name to show, if there is one.
    pub fn name(&self) -> Option<&str> {
        self.viewer.as_ref()?.name.as_deref()
    }
}

impl Report {
    /// Checks what came, field by field in the order of the API.
    pub fn parse(raw: RawReport) -> Result<Self, Invalid> {
        check_text("idempotencyKey", &raw.idempotency_key, 1, KEY_BYTES_MAX)?;
        check_text("provider", &raw.provider, 1, KEY_BYTES_MAX)?;
        let contribution_ref = raw
            .contribution_ref
            .unwrap_or_else(|| raw.idempotency_key.clone());
        check_text("contributionRef", &contribution_ref, 1, KEY_BYTES_MAX)?;
        let kind = raw
            .kind
            .ok_or_else(|| Invalid::new("kind", "given", "nothing"))?;
        let money = parse_money(kind, raw.amount, raw.currency.as_deref())?;
        let tier = parse_tier(kind, raw.tier)?;
        let quantity = parse_quantity(kind, raw.quantity.unwrap_or(1))?;
        let viewer = parse_viewer(raw.viewer_id.as_deref(), raw.viewer_name)?;
        if let Some(message) = &raw.message {
            check_text("message", message, 0, MESSAGE_BYTES_MAX)?;
        }
        if let Some(at) = raw.occurred_at {
            check_range(
                "occurredAt",
                at.unix_millis(),
                0,
                ServerTime::MAX.unix_millis(),
            )?;
        }

        Ok(Self {
            idempotency_key: raw.idempotency_key,
            provider: raw.provider,
            contribution_ref,
            gift: Gift {
                kind,
                money,
                tier,
                quantity,
            },
            viewer,
            message: raw.message.filter(|message| !message.trim().is_empty()),
            status: raw.status.unwrap_or(Status::Settled),
            occurred_at: raw.occurred_at,
        })
    }
}

fn parse_money(
    kind: ContributionKind,
    amount: Option<i64>,
    currency: Option<&str>,
) -> Result<Option<Money>, Invalid> {
    let (amount, currency) = match (amount, currency) {
        (Some(amount), Some(currency)) => (amount, currency),
        (None, None) if kind != ContributionKind::Donation => return Ok(None),
        (None, _) => return Err(Invalid::new("amount", "given with `currency`", "nothing")),
        (_, None) => return Err(Invalid::new("currency", "given with `amount`", "nothing")),
    };
    check_range("amount", amount, 1, AMOUNT_MAX)?;

    Ok(Some(Money {
        amount,
        currency: Currency::parse(currency)?,
    }))
}

fn parse_tier(kind: ContributionKind, tier: Option<i64>) -> Result<Option<u8>, Invalid> {
    match (kind, tier) {
        (ContributionKind::Donation, None) => Ok(None),
        (ContributionKind::Donation, Some(tier)) => {
            Err(Invalid::new("tier", "left out for a donation", tier))
        }
        (ContributionKind::Membership | ContributionKind::GiftedMemberships, tier) => {
            let tier = tier.ok_or_else(|| Invalid::new("tier", "given", "nothing"))?;
            check_range("tier", tier, 1, TIER_MAX)?;
            Ok(u8::try_from(tier).ok())
        }
    }
}

fn parse_quantity(kind: ContributionKind, quantity: i64) -> Result<i64, Invalid> {
    let max = match kind {
        ContributionKind::GiftedMemberships => QUANTITY_MAX,
        ContributionKind::Donation | ContributionKind::Membership => 1,
    };
    check_range("quantity", quantity, 1, max)?;

    Ok(quantity)
}

fn parse_viewer(id: Option<&str>, name: Option<String>) -> Result<Option<Viewer>, Invalid> {
    if let Some(name) = &name {
        check_text("viewerName", name, 1, NAME_BYTES_MAX)?;
    }

    match (id, name) {
        (Some(id), name) => Ok(Some(Viewer {
            id: ViewerId::parse(id)?,
            name,
        })),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Invalid::new(
            "viewerId",
            "given with `viewerName`",
            "nothing",
        )),
    }
}
