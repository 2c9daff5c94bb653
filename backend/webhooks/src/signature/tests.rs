use super::*;
use crate::{Adapter, LiveSecret, verify};

/// The example of Standard Webhooks' own libraries.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SIGNED_AT: &str = "1614265330";
const BODY: &str = r#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

const STRIPE_SECRET: &str = "whsec_0123456789abcdef";
const STRIPE_BODY: &str = r#"{"id":"evt_1"}"#;
/// HMAC-SHA256 of `1767225600.{"id":"evt_1"}`, by another implementation.
const STRIPE_V1: &str = "ffc78581be44d2a6839318f4bc2a763bd44c8b0acf595e90f290be114a84a5f0";

fn seconds(digits: &str) -> ServerTime {
    parse_seconds(digits).expect("they are seconds")
}

fn live(secret: &str, retires_at: Option<ServerTime>) -> LiveSecret {
    let secret = Secret::from_kept(secret.to_owned());
    LiveSecret { secret, retires_at }
}

fn headers(signature: &str) -> Headers<'_> {
    Headers {
        webhook_id: Some(ID),
        webhook_timestamp: Some(SIGNED_AT),
        webhook_signature: Some(signature),
        stripe_signature: None,
    }
}

fn parlor(signature: &str, body: &str, late_ms: i64) -> Result<String, Unverified> {
    let request = Request {
        headers: headers(signature),
        body: body.as_bytes(),
        received_at: seconds(SIGNED_AT).plus_millis(late_ms),
    };
    verify(Adapter::Parlor, &[live(SECRET, None)], request)
}

fn stripe(header: &str, late_ms: i64) -> Result<String, Unverified> {
    let request = Request {
        headers: Headers {
            stripe_signature: Some(header),
            ..Headers::default()
        },
        body: STRIPE_BODY.as_bytes(),
        received_at: seconds("1767225600").plus_millis(late_ms),
    };
    verify(Adapter::Stripe, &[live(STRIPE_SECRET, None)], request)
}

#[test]
fn the_example_of_standard_webhooks_is_taken() {
    assert_eq!(parlor(SIGNATURE, BODY, 0), Ok(ID.to_owned()));
    let several = format!("v2,AAAA v1,AAAA {SIGNATURE}");
    assert_eq!(parlor(&several, BODY, 0), Ok(ID.to_owned()));
}

#[test]
fn a_time_is_taken_for_five_minutes_either_way() {
    for (late_ms, outcome) in [
        (TOLERANCE_MS, None),
        (TOLERANCE_MS + 1, Some(Unverified::TooOld)),
        (-TOLERANCE_MS, None),
        (-TOLERANCE_MS - 1, Some(Unverified::TooNew)),
    ] {
        assert_eq!(parlor(SIGNATURE, BODY, late_ms).err(), outcome, "{late_ms}");
        let header = format!("t=1767225600,v1={STRIPE_V1}");
        assert_eq!(stripe(&header, late_ms).err(), outcome, "{late_ms}");
    }
}

#[test]
fn what_was_tampered_with_or_is_of_another_version_is_refused() {
    let tampered = r#"{"test": 2432232315}"#;
    assert_eq!(parlor(SIGNATURE, tampered, 0), Err(Unverified::Mismatch));
    let of_version_2 = SIGNATURE.replace("v1", "v2");
    assert_eq!(
        parlor(&of_version_2, BODY, 0),
        Err(Unverified::UnknownVersion)
    );
    let other_message = Request {
        headers: Headers {
            webhook_id: Some("msg_other"),
            ..headers(SIGNATURE)
        },
        body: BODY.as_bytes(),
        received_at: seconds(SIGNED_AT),
    };
    let verified = verify(Adapter::Parlor, &[live(SECRET, None)], other_message);
    assert_eq!(verified, Err(Unverified::Mismatch));
}

#[test]
fn what_is_missing_or_malformed_is_named() {
    let unsigned = Request {
        headers: Headers::default(),
        body: BODY.as_bytes(),
        received_at: seconds(SIGNED_AT),
    };
    for adapter in Adapter::ALL {
        let verified = verify(adapter, &[live(SECRET, None)], unsigned);
        assert_eq!(verified, Err(Unverified::NoSignature), "{adapter:?}");
    }
    for signed_at in ["", "-5", "+5", "1614265330.0", "99999999999999999999"] {
        let request = Request {
            headers: Headers {
                webhook_timestamp: Some(signed_at),
                ..headers(SIGNATURE)
            },
            ..unsigned
        };
        let verified = verify(Adapter::Parlor, &[live(SECRET, None)], request);
        assert_eq!(verified, Err(Unverified::Malformed), "{signed_at:?}");
    }
}

#[test]
fn a_retired_secret_holds_until_its_end_and_no_longer() {
    let now = seconds(SIGNED_AT);
    let request = Request {
        headers: headers(SIGNATURE),
        body: BODY.as_bytes(),
        received_at: now,
    };
    let current = live("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", None);
    for (retires_at, outcome) in [
        (now.plus_millis(1), Ok(ID.to_owned())),
        (now, Err(Unverified::Mismatch)),
    ] {
        let secrets = [current.clone(), live(SECRET, Some(retires_at))];
        assert_eq!(verify(Adapter::Parlor, &secrets, request), outcome);
    }
}

#[test]
fn one_of_several_signatures_of_stripe_is_enough() {
    for (header, outcome) in [
        (format!("t=1767225600,v1={STRIPE_V1}"), None),
        (format!("t=1767225600,v1=00ff,v1={STRIPE_V1},v0=00"), None),
        (
            format!("t=1767225601,v1={STRIPE_V1}"),
            Some(Unverified::Mismatch),
        ),
        (
            format!("t=1767225600,v0={STRIPE_V1}"),
            Some(Unverified::UnknownVersion),
        ),
        (format!("v1={STRIPE_V1}"), Some(Unverified::Malformed)),
        ("nonsense".to_owned(), Some(Unverified::Malformed)),
    ] {
        assert_eq!(stripe(&header, 0).err(), outcome, "{header}");
    }
}
