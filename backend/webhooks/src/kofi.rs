//! Ko-fi's webhooks: a form with one field, whose JSON has a token in it.
//!
//! Source: Ko-fi's page "Webhooks" in a creator's settings. There is no signature and no time, so that the token alone
//! says whose it is, and the id of the message that it came before.

use hmac::{Hmac, Mac};
use parlor_domain::contribution::{ContributionKind, RawReport, Status};
use parlor_domain::currency::Currency;
use serde_json::Value;
use sha2::Sha256;

use crate::decimal::minor_units;
use crate::field::{rfc_3339, text};
use crate::signature::message_id;
use crate::{Secret, Told, ToldGift, Untold, Unverified};

const PROVIDER: &str = "kofi";
/// Ko-fi's tiers have names and no order, so that each counts as the lowest.
const TIER: i64 = 1;

pub(crate) fn verify(secrets: &[&Secret], body: &[u8]) -> Result<String, Unverified> {
    let data = data(body).ok_or(Unverified::NoSignature)?;
    let event: Value = serde_json::from_str(&data).map_err(|_| Unverified::NoSignature)?;
    let token = event["verification_token"]
        .as_str()
        .ok_or(Unverified::NoSignature)?;
    if !secrets.iter().any(|secret| is_same(secret.reveal(), token)) {
        return Err(Unverified::Mismatch);
    }

    message_id(data.as_bytes(), "message_id")
}

/// Compares in a time that depends on neither: their digests are compared.
fn is_same(known: &str, given: &str) -> bool {
    let digest = |text: &str| {
        let mac = Hmac::<Sha256>::new_from_slice(b"kofi").expect("a key has any length");
        mac.chain_update(text)
    };
    let known = digest(known).finalize().into_bytes();

    digest(given).verify(&known).is_ok()
}

pub(crate) fn read(body: &[u8]) -> Result<Told, Untold> {
    let unreadable = |what: &str| Untold::Unreadable(what.to_owned());
    let data = data(body).ok_or_else(|| unreadable("there is no field `data`"))?;
    let event: Value = serde_json::from_str(&data).map_err(|_| unreadable("`data` is not JSON"))?;
    let kind = match event["type"].as_str() {
        Some("Donation" | "Shop Order" | "Commission") => ContributionKind::Donation,
        Some("Subscription") => ContributionKind::Membership,
        Some(_) | None => return Err(Untold::Ignored("its type is no payment that is known")),
    };
    let code = text(&event, "currency").ok_or_else(|| unreadable("`currency` is missing"))?;
    let currency = Currency::parse(&code).map_err(|error| Untold::Unreadable(error.to_string()))?;
    let amount = text(&event, "amount").and_then(|amount| minor_units(&amount, &currency));
    let amount = amount.ok_or_else(|| unreadable("`amount` is no amount of its currency"))?;
    let message_id = text(&event, "message_id");
    let message_id = message_id.ok_or_else(|| unreadable("`message_id` is missing"))?;
    // What is not said to be public is not shown.
    let is_public = event["is_public"].as_bool() == Some(true);
    let shown = |field| is_public.then(|| text(&event, field)).flatten();
    let is_membership = kind == ContributionKind::Membership;
    let report = RawReport {
        idempotency_key: message_id,
        provider: PROVIDER.to_owned(),
        contribution_ref: text(&event, "kofi_transaction_id"),
        kind: Some(kind),
        status: Some(Status::Settled),
        amount: Some(amount),
        currency: Some(code),
        tier: is_membership.then_some(TIER),
        quantity: None,
        viewer_id: None,
        viewer_name: shown("from_name"),
        message: shown("message"),
        occurred_at: rfc_3339(&event, "timestamp"),
    };

    Ok(Told::Gift(Box::new(ToldGift { room: None, report })))
}

/// The form's field. Where there are several the first one counts, for verifying and for reading alike.
fn data(body: &[u8]) -> Option<String> {
    let mut fields = form_urlencoded::parse(body);
    fields.find_map(|(name, value)| (name == "data").then(|| value.into_owned()))
}

#[cfg(test)]
mod tests;
