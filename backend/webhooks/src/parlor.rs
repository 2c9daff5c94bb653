//! Parlor's own webhooks: a batch, as `recordContributions` takes it.

use parlor_domain::contribution::{ContributionKind, RawReport, Status};
use serde_json::Value;

use crate::field::{integer, rfc_3339, text, words};
use crate::{Adapter, Told, ToldGift, Untold};

/// The most messages in one request: what `recordContributions` takes.
pub const MESSAGES_MAX: usize = 100;

pub(crate) fn read(body: &[u8]) -> Result<Vec<Told>, Untold> {
    let unreadable = |what: &str| Untold::Unreadable(what.to_owned());
    let batch: Value =
        serde_json::from_slice(body).map_err(|_| unreadable("the body is not JSON"))?;
    let messages = batch["contributions"].as_array();
    let messages = messages.ok_or_else(|| unreadable("`contributions` is missing"))?;
    if !(1..=MESSAGES_MAX).contains(&messages.len()) {
        return Err(unreadable("`contributions` must have 1 to 100 messages"));
    }

    let mut told = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let report = report(message)
            .map_err(|error| Untold::Unreadable(format!("contributions[{index}]: {error}")))?;
        let room = text(message, "roomId");
        told.push(Told::Gift(Box::new(ToldGift { room, report })));
    }
    Ok(told)
}

fn report(message: &Value) -> Result<RawReport, &'static str> {
    let key = text(message, "idempotencyKey").ok_or("`idempotencyKey` is missing")?;
    let kind = match message["kind"].as_str() {
        Some("DONATION") => ContributionKind::Donation,
        Some("MEMBERSHIP") => ContributionKind::Membership,
        Some("GIFTED_MEMBERSHIPS") => ContributionKind::GiftedMemberships,
        Some(_) | None => return Err("`kind` is none that is known"),
    };
    let status = match message["status"].as_str() {
        None if message["status"].is_null() => Status::Settled,
        Some("PENDING") => Status::Pending,
        Some("SETTLED") => Status::Settled,
        Some("REVERSED") => Status::Reversed,
        Some(_) | None => return Err("`status` is none that is known"),
    };
    for field in ["amount", "tier", "quantity"] {
        if !message[field].is_null() && integer(message, field).is_none() {
            return Err("`amount`, `tier` and `quantity` must be whole numbers");
        }
    }

    Ok(RawReport {
        idempotency_key: key,
        provider: text(message, "provider").unwrap_or_else(|| Adapter::Parlor.as_str().to_owned()),
        contribution_ref: text(message, "contributionRef"),
        kind: Some(kind),
        status: Some(status),
        amount: integer(message, "amount"),
        currency: text(message, "currency"),
        tier: integer(message, "tier"),
        quantity: integer(message, "quantity"),
        viewer_id: words(message, "viewerId"),
        viewer_name: words(message, "viewerName"),
        message: words(message, "message"),
        occurred_at: rfc_3339(message, "occurredAt"),
    })
}

#[cfg(test)]
mod tests;
