//! What a provider says about a contribution, and what is made of it.
//!
//! What decides money is refused when it is wrong. Nothing else is: somebody has paid, so what does not fit in words
//! is amended, and who or when it was is left out where it cannot be read. The report says how.

use serde::Serialize;

use super::amendment::{Amendment, AmendmentKind, fit};
use super::{
    AMOUNT_MAX, ContributionKind, Gift, KEY_BYTES_MAX, MESSAGE_MAX, Money, NAME_MAX, QUANTITY_MAX,
    Status, TIER_MAX, Viewer,
};
use crate::currency::Currency;
use crate::id::ViewerId;
use crate::invalid::{Invalid, check_range, check_text};
use crate::time::ServerTime;

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
    pub occurred_at: Option<RawTime>,
}

/// When a provider says that something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawTime {
    At(ServerTime),
    /// What came is no time.
    Unreadable,
}

/// One message of a provider about a contribution, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// What did not fit. It follows from what came, so a retry is told the same.
    pub amendments: Vec<Amendment>,
    pub said: Said,
}

/// What was said, as it came, in the form of a [`Report`]: the same message again is known by it, whatever another
/// version of the program makes fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    idempotency_key: String,
    provider: String,
    contribution_ref: String,
    gift: Gift,
    viewer: Option<SaidViewer>,
    message: Option<String>,
    status: Status,
    occurred_at: Option<ServerTime>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SaidViewer {
    id: Option<String>,
    name: Option<String>,
}

impl Report {
    /// Checks what came, field by field in the order of the API.
    pub fn parse(raw: RawReport) -> Result<Self, Invalid> {
        let mut amendments = Vec::new();
        check_text("idempotencyKey", &raw.idempotency_key, 1, KEY_BYTES_MAX)?;
        check_text("provider", &raw.provider, 1, KEY_BYTES_MAX)?;
        let contribution_ref = raw
            .contribution_ref
            .unwrap_or_else(|| raw.idempotency_key.clone());
        check_text("contributionRef", &contribution_ref, 1, KEY_BYTES_MAX)?;
        let kind = raw
            .kind
            .ok_or_else(|| Invalid::new("kind", "given", "nothing"))?;
        let money = parse_money(kind, raw.amount, raw.currency.as_deref(), &mut amendments)?;
        let tier = parse_tier(kind, raw.tier)?;
        let quantity = parse_quantity(kind, raw.quantity.unwrap_or(1))?;
        let gift = Gift {
            kind,
            money,
            tier,
            quantity,
        };
        let status = raw.status.unwrap_or(Status::Settled);
        let occurred_at = raw.occurred_at.and_then(RawTime::readable);
        let said = Said {
            idempotency_key: raw.idempotency_key.clone(),
            provider: raw.provider.clone(),
            contribution_ref: contribution_ref.clone(),
            gift: gift.clone(),
            viewer: (raw.viewer_id.is_some() || raw.viewer_name.is_some()).then(|| SaidViewer {
                id: raw.viewer_id.clone(),
                name: raw.viewer_name.clone(),
            }),
            message: raw.message.clone(),
            status,
            occurred_at,
        };

        let left_out = |field| Amendment::new(field, AmendmentKind::LeftOut);
        let id = raw.viewer_id.as_deref().map(ViewerId::parse_given);
        if matches!(id, Some(Err(_))) {
            amendments.push(left_out("viewerId"));
        }
        let id = id.and_then(Result::ok);
        let mut fit_words = |field, words: Option<String>, most| {
            words.and_then(|words| fit(field, words, most, &mut amendments))
        };
        let name = fit_words("viewerName", raw.viewer_name, NAME_MAX);
        let message = fit_words("message", raw.message, MESSAGE_MAX);
        if raw.occurred_at.is_some() && occurred_at.is_none() {
            amendments.push(left_out("occurredAt"));
        }

        Ok(Self {
            idempotency_key: raw.idempotency_key,
            provider: raw.provider,
            contribution_ref,
            gift,
            viewer: (id.is_some() || name.is_some()).then_some(Viewer { id, name }),
            message,
            status,
            occurred_at,
            amendments,
            said,
        })
    }

    /// Who gave, if that is known.
    pub fn viewer_id(&self) -> Option<&ViewerId> {
        self.viewer.as_ref()?.id.as_ref()
    }
}

impl RawTime {
    /// The time, if it is one.
    fn readable(self) -> Option<ServerTime> {
        let Self::At(at) = self else { return None };
        let kept = 0..=ServerTime::MAX.unix_millis();

        kept.contains(&at.unix_millis()).then_some(at)
    }
}

fn parse_money(
    kind: ContributionKind,
    amount: Option<i64>,
    currency: Option<&str>,
    amendments: &mut Vec<Amendment>,
) -> Result<Option<Money>, Invalid> {
    let (amount, currency) = match (amount, currency) {
        (Some(amount), Some(currency)) => (amount, currency),
        (None, None) if kind != ContributionKind::Donation => return Ok(None),
        (None, _) => return Err(Invalid::new("amount", "given with `currency`", "nothing")),
        (_, None) => return Err(Invalid::new("currency", "given with `amount`", "nothing")),
    };
    check_range("amount", amount, 1, AMOUNT_MAX)?;

    let code = Currency::parse(currency)?;
    if code.as_str() != currency {
        amendments.push(Amendment::new("currency", AmendmentKind::Replaced));
    }

    Ok(Some(Money {
        amount,
        currency: code,
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
