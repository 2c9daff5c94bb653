//! Signatures over a timestamp and the body as it came, by Standard Webhooks and by Stripe.
//!
//! Sources: the specification at standardwebhooks.com, and Stripe's documentation on verifying signatures by hand.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use parlor_domain::time::ServerTime;
use serde_json::Value;
use sha2::Sha256;

use crate::{Request, Secret};

/// How far a signature's time may lie from now: what both schemes name, so that a request which was listened to is of no
/// use for long, and a clock that is a little off harms nobody.
pub const TOLERANCE_MS: i64 = 5 * 60 * 1_000;
/// The longest id of a message: what an idempotency key of a contribution may have.
pub const MESSAGE_ID_BYTES_MAX: usize = 200;
/// Signatures of one request that are tried: a service sends one for each of its live secrets, of which there are few.
const SIGNATURES_MAX: usize = 10;

/// The headers that signatures are in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headers<'a> {
    pub webhook_id: Option<&'a str>,
    pub webhook_timestamp: Option<&'a str>,
    pub webhook_signature: Option<&'a str>,
    pub stripe_signature: Option<&'a str>,
}

/// Why a request is not known to be from who it says, in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    #[error("there is no signature")]
    NoSignature,
    #[error("the signature's id or time cannot be read")]
    Malformed,
    #[error("there is no signature of version v1")]
    UnknownVersion,
    #[error("the signature is of no live secret of this source, or of another body")]
    Mismatch,
    #[error("the request was signed more than 5 minutes ago")]
    TooOld,
    #[error("the request was signed more than 5 minutes ahead of this server's clock")]
    TooNew,
    /// It is signed, and says not which message it is.
    #[error("the body does not say which message it is")]
    NoMessageId,
}

impl Unverified {
    /// Its stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoSignature => "SIGNATURE_MISSING",
            Self::Malformed => "SIGNATURE_MALFORMED",
            Self::UnknownVersion => "SIGNATURE_VERSION_UNKNOWN",
            Self::Mismatch => "SIGNATURE_MISMATCH",
            Self::TooOld => "SIGNATURE_TOO_OLD",
            Self::TooNew => "SIGNATURE_FROM_THE_FUTURE",
            Self::NoMessageId => "MESSAGE_ID_MISSING",
        }
    }
}

/// Checks the signature of Parlor's own requests, by Standard Webhooks.
pub(crate) fn verify_parlor(
    secrets: &[&Secret],
    request: Request<'_>,
) -> Result<String, Unverified> {
    let headers = request.headers;
    let (Some(id), Some(signed_at), Some(signatures)) = (
        headers.webhook_id,
        headers.webhook_timestamp,
        headers.webhook_signature,
    ) else {
        return Err(Unverified::NoSignature);
    };
    if !is_message_id(id) {
        return Err(Unverified::Malformed);
    }
    let at = parse_seconds(signed_at)?;
    let of_version_1: Vec<_> = signatures
        .split(' ')
        .take(SIGNATURES_MAX)
        .filter_map(|signature| signature.strip_prefix("v1,"))
        .filter_map(|encoded| STANDARD.decode(encoded).ok())
        .collect();
    let keys = secrets.iter().filter_map(|secret| secret.standard_key());
    let parts: [&[u8]; 5] = [
        id.as_bytes(),
        b".",
        signed_at.as_bytes(),
        b".",
        request.body,
    ];

    check(keys, &of_version_1, &parts)?;
    check_time(at, request.received_at)?;
    Ok(id.to_owned())
}

/// Checks the signature of Stripe's requests, whose id is in the event.
pub(crate) fn verify_stripe(
    secrets: &[&Secret],
    request: Request<'_>,
) -> Result<String, Unverified> {
    let header = request.headers.stripe_signature;
    let header = header.ok_or(Unverified::NoSignature)?;
    let fields = || {
        header
            .split(',')
            .filter_map(|field| field.trim().split_once('='))
    };
    let signed_at = fields().find_map(|(name, value)| (name == "t").then_some(value));
    let signed_at = signed_at.ok_or(Unverified::Malformed)?;
    let at = parse_seconds(signed_at)?;
    let of_version_1: Vec<_> = fields()
        .filter(|(name, _)| *name == "v1")
        .take(SIGNATURES_MAX)
        .filter_map(|(_, digits)| parse_hex(digits))
        .collect();
    let keys = secrets
        .iter()
        .map(|secret| secret.reveal().as_bytes().to_vec());

    check(
        keys,
        &of_version_1,
        &[signed_at.as_bytes(), b".", request.body],
    )?;
    check_time(at, request.received_at)?;
    message_id(request.body, "id")
}

/// The id that an event names itself by.
pub(crate) fn message_id(body: &[u8], field: &str) -> Result<String, Unverified> {
    let event: Value = serde_json::from_slice(body).map_err(|_| Unverified::NoMessageId)?;
    match event[field].as_str() {
        Some(id) if is_message_id(id) => Ok(id.to_owned()),
        Some(_) | None => Err(Unverified::NoMessageId),
    }
}

fn is_message_id(id: &str) -> bool {
    (1..=MESSAGE_ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
}

/// Checks that one of the signatures is over `parts`, by one of the keys. Each comparison takes as long as any other.
fn check(
    keys: impl Iterator<Item = Vec<u8>>,
    signatures: &[Vec<u8>],
    parts: &[&[u8]],
) -> Result<(), Unverified> {
    if signatures.is_empty() {
        return Err(Unverified::UnknownVersion);
    }
    for key in keys {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key has any length");
        for part in parts {
            mac.update(part);
        }
        let is_signature = |signature: &Vec<u8>| mac.clone().verify_slice(signature).is_ok();
        if signatures.iter().any(is_signature) {
            return Ok(());
        }
    }

    Err(Unverified::Mismatch)
}

/// A time that was signed is judged once it is known who has.
fn check_time(signed_at: ServerTime, now: ServerTime) -> Result<(), Unverified> {
    let ago_ms = now.unix_millis() - signed_at.unix_millis();
    if ago_ms > TOLERANCE_MS {
        return Err(Unverified::TooOld);
    }
    // The time is in whole seconds.
    if ago_ms < -TOLERANCE_MS {
        return Err(Unverified::TooNew);
    }

    Ok(())
}

/// A time in whole seconds since 1970, in decimal digits alone.
fn parse_seconds(digits: &str) -> Result<ServerTime, Unverified> {
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let seconds: Option<i64> = is_number.then(|| digits.parse().ok()).flatten();
    let millis = seconds.and_then(|seconds| seconds.checked_mul(1_000));
    let known = millis.filter(|millis| *millis <= ServerTime::MAX.unix_millis());

    known
        .map(ServerTime::from_unix_millis)
        .ok_or(Unverified::Malformed)
}

fn parse_hex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    let nibble = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|n| u8::try_from(n).ok())
    };
    if !digits.len().is_multiple_of(2) {
        return None;
    }

    let pairs = digits.chunks_exact(2);
    pairs
        .map(|pair| Some((nibble(pair[0])? << 4) | nibble(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests;
