//! What a provider says about a membership, checked.

use super::{Gift, Period, Status};
use crate::contribution::{Amendment, AmendmentKind, KEY_BYTES_MAX, NAME_MAX, TIER_MAX, fit};
use crate::id::ViewerId;
use crate::invalid::{Invalid, check_range, check_text};
use crate::time::ServerTime;

/// The longest period: ten years. What is sold for life is told of again before they are over; a year too many in a
/// date is a slip.
pub const PERIOD_MS_MAX: i64 = 3_660 * 24 * 3_600_000;
/// The most months that a provider may count: a hundred years.
pub const MONTHS_MAX: i64 = 1_200;

/// One message of a provider about a membership, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMembershipReport {
    pub idempotency_key: String,
    pub provider: String,
    pub membership_ref: String,
    pub viewer_id: String,
    pub status: Status,
    pub tier: i64,
    pub period_starts_at: ServerTime,
    pub period_ends_at: ServerTime,
    pub months: Option<i64>,
    pub is_gift: bool,
    pub giver_id: Option<String>,
    pub giver_name: Option<String>,
    pub occurred_at: ServerTime,
}

/// One message of a provider about a membership, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipReport {
    pub provider: String,
    pub membership_ref: String,
    pub viewer_id: ViewerId,
    pub gift: Option<Gift>,
    pub period: Period,
    /// What did not fit.
    pub amendments: Vec<Amendment>,
}

impl MembershipReport {
    /// Checks what came, field by field in the order of the API. What says whose membership it is, of which tier and
    /// when, is refused when it is wrong; who gave it is left out where it cannot be kept.
    pub fn parse(raw: RawMembershipReport) -> Result<Self, Invalid> {
        check_text("idempotencyKey", &raw.idempotency_key, 1, KEY_BYTES_MAX)?;
        check_text("provider", &raw.provider, 1, KEY_BYTES_MAX)?;
        check_text("membershipRef", &raw.membership_ref, 1, KEY_BYTES_MAX)?;
        let viewer_id = ViewerId::parse_given(&raw.viewer_id)?;
        check_range("tier", raw.tier, 1, TIER_MAX)?;
        check_time("periodStartsAt", raw.period_starts_at)?;
        check_time("periodEndsAt", raw.period_ends_at)?;
        let length_ms = raw.period_ends_at.unix_millis() - raw.period_starts_at.unix_millis();
        if !(1..=PERIOD_MS_MAX).contains(&length_ms) {
            let constraint = "behind `periodStartsAt`, by ten years at most";
            return Err(Invalid::new(
                "periodEndsAt",
                constraint,
                format!("{length_ms} ms behind it"),
            ));
        }
        if let Some(months) = raw.months {
            check_range("months", months, 0, MONTHS_MAX)?;
        }
        check_time("occurredAt", raw.occurred_at)?;

        let mut amendments = Vec::new();
        let giver_id = raw.giver_id.as_deref().map(ViewerId::parse_given);
        if matches!(giver_id, Some(Err(_))) {
            amendments.push(Amendment::new("giverId", AmendmentKind::LeftOut));
        }
        let giver_name = raw.giver_name.as_ref();
        let is_gift = raw.is_gift || giver_id.is_some() || giver_name.is_some();
        let giver_name = raw
            .giver_name
            .and_then(|name| fit("giverName", name, NAME_MAX, &mut amendments));

        Ok(Self {
            provider: raw.provider,
            membership_ref: raw.membership_ref,
            viewer_id,
            gift: is_gift.then(|| Gift {
                giver_id: giver_id.and_then(Result::ok),
                giver_name,
                occurred_at: raw.occurred_at,
            }),
            period: Period {
                starts_at: raw.period_starts_at,
                ends_at: raw.period_ends_at,
                status: raw.status,
                tier: u8::try_from(raw.tier).expect("a checked tier is small"),
                months: raw.months,
                occurred_at: raw.occurred_at,
                message_id: raw.idempotency_key,
            },
            amendments,
        })
    }
}

fn check_time(field: &'static str, at: ServerTime) -> Result<(), Invalid> {
    let kept = 0..=ServerTime::MAX.unix_millis();
    if kept.contains(&at.unix_millis()) {
        return Ok(());
    }

    Err(Invalid::new(
        field,
        "a time from 1970 to 9999",
        at.unix_millis(),
    ))
}
