//! Stripe's events.
//!
//! Source: Stripe's API reference on events, checkout sessions, invoices, charges and disputes. A payment is known by its
//! payment intent, which each of them names, so that what comes back finds what was given.

use parlor_domain::contribution::{ContributionKind, RawReport, RawTime, Status};
use serde_json::Value;

use crate::field::{integer, text, unix_seconds, words};
use crate::{Reversal, Told, ToldGift, Untold};

const PROVIDER: &str = "stripe";

pub(crate) fn read(body: &[u8]) -> Result<Told, Untold> {
    let event: Value = serde_json::from_slice(body)
        .map_err(|_| Untold::Unreadable("the body is not JSON".to_owned()))?;
    let object = &event["data"]["object"];

    match event["type"].as_str().unwrap_or_default() {
        "checkout.session.completed" => match object["payment_status"].as_str() {
            Some("paid") => checkout(&event, Status::Settled),
            Some("unpaid") => checkout(&event, Status::Pending),
            Some(_) | None => Err(Untold::Ignored("nothing was to be paid")),
        },
        "checkout.session.async_payment_succeeded" => checkout(&event, Status::Settled),
        "checkout.session.async_payment_failed" => checkout(&event, Status::Reversed),
        "invoice.paid" => invoice(&event),
        "charge.refunded" => match object["refunded"].as_bool() {
            Some(true) => reversal(&event),
            Some(false) | None => Err(Untold::Ignored(
                "part of it was refunded; it stays as it is",
            )),
        },
        "charge.dispute.created" => Err(Untold::Ignored("a dispute counts once it is closed")),
        "charge.dispute.closed" => match object["status"].as_str() {
            Some("lost") => reversal(&event),
            Some(_) | None => Err(Untold::Ignored("the dispute was not lost")),
        },
        _ => Err(Untold::Ignored("the event is none that is known")),
    }
}

fn checkout(event: &Value, status: Status) -> Result<Told, Untold> {
    let session = &event["data"]["object"];
    if session["mode"].as_str() == Some("subscription") {
        return Err(Untold::Ignored("a subscription's invoice tells of it"));
    }
    let metadata = &session["metadata"];
    let amount = integer(session, "amount_total");
    let reference = id_of(&session["payment_intent"]).or_else(|| text(session, "id"));

    gift(event, metadata, (amount, reference, status))
}

fn invoice(event: &Value) -> Result<Told, Untold> {
    let invoice = &event["data"]["object"];
    // Newer versions of Stripe's API have the payment in a list, and the subscription's metadata one step further in.
    let paid_by = &invoice["payments"]["data"][0]["payment"]["payment_intent"];
    let reference = id_of(&invoice["payment_intent"]).or_else(|| id_of(paid_by));
    let reference = reference.or_else(|| text(invoice, "id"));
    let places = [
        &invoice["parent"]["subscription_details"]["metadata"],
        &invoice["subscription_details"]["metadata"],
        &invoice["metadata"],
    ];
    let named = places
        .into_iter()
        .find(|metadata| text(metadata, "parlor_room").is_some());
    let amount = integer(invoice, "amount_paid");
    if amount == Some(0) {
        return Err(Untold::Ignored("nothing was paid"));
    }

    gift(
        event,
        named.unwrap_or(&Value::Null),
        (amount, reference, Status::Settled),
    )
}

fn gift(
    event: &Value,
    metadata: &Value,
    (amount, reference, status): (Option<i64>, Option<String>, Status),
) -> Result<Told, Untold> {
    let room = text(metadata, "parlor_room");
    let currency = text(&event["data"]["object"], "currency");
    let currency = currency.map(|code| code.to_ascii_uppercase());
    let is_invoice = event["type"].as_str() == Some("invoice.paid");
    let unsaid = if is_invoice {
        ContributionKind::Membership
    } else {
        ContributionKind::Donation
    };
    let kind = match metadata["parlor_kind"].as_str() {
        Some("donation") => ContributionKind::Donation,
        Some("membership") => ContributionKind::Membership,
        Some("gifted_memberships") => ContributionKind::GiftedMemberships,
        Some(_) | None => unsaid,
    };
    // What a membership's tier or number is not said to be is the least, for it was paid.
    let tier = integer(metadata, "parlor_tier").filter(|tier| (1..=3).contains(tier));
    let is_donation = kind == ContributionKind::Donation;
    let is_gifted = kind == ContributionKind::GiftedMemberships;
    let amount = match (amount, currency.as_deref()) {
        (Some(amount), Some(currency)) => Some(by_iso_4217(amount, currency)?),
        (amount, _) => amount,
    };
    let report = RawReport {
        idempotency_key: event_id(event)?,
        provider: PROVIDER.to_owned(),
        contribution_ref: reference,
        kind: Some(kind),
        status: Some(status),
        amount,
        currency,
        tier: (!is_donation).then_some(tier.unwrap_or(1)),
        quantity: is_gifted.then_some(integer(metadata, "parlor_quantity").unwrap_or(1)),
        viewer_id: words(metadata, "parlor_viewer"),
        viewer_name: words(metadata, "parlor_name"),
        message: words(metadata, "parlor_message"),
        occurred_at: unix_seconds(event, "created").map(RawTime::At),
    };

    Ok(Told::Gift(Box::new(ToldGift { room, report })))
}

fn reversal(event: &Value) -> Result<Told, Untold> {
    let object = &event["data"]["object"];
    let reference = id_of(&object["payment_intent"])
        .or_else(|| id_of(&object["invoice"]))
        .ok_or_else(|| Untold::Unreadable("it names no payment".to_owned()))?;

    Ok(Told::Reversal(Reversal {
        idempotency_key: event_id(event)?,
        provider: PROVIDER,
        contribution_ref: reference,
        occurred_at: unix_seconds(event, "created"),
    }))
}

fn event_id(event: &Value) -> Result<String, Untold> {
    text(event, "id").ok_or_else(|| Untold::Unreadable("the event has no id".to_owned()))
}

/// An id, which Stripe sends by itself or within what it names.
fn id_of(value: &Value) -> Option<String> {
    value
        .as_str()
        .map(str::to_owned)
        .or_else(|| text(value, "id"))
}

/// An amount in minor units by ISO 4217. Stripe counts three currencies otherwise: Iceland's króna and Uganda's
/// shilling with two decimals, which they do not have, and Madagascar's ariary without its two.
fn by_iso_4217(amount: i64, currency: &str) -> Result<i64, Untold> {
    match currency {
        "ISK" | "UGX" if amount % 100 == 0 => Ok(amount / 100),
        "ISK" | "UGX" => Err(Untold::Unreadable(format!(
            "{amount} is no amount of {currency}"
        ))),
        "MGA" => Ok(amount.saturating_mul(100)),
        _ => Ok(amount),
    }
}

#[cfg(test)]
mod tests;
