//! What a token says, as issuers write it: times with decimals, numbers as ids, roles that are null, one or many.

use std::fmt;

use parlor_domain::time::ServerTime;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::IdentityError;

/// What is said in a token that is signed here.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Claims {
    pub tenant_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// When the token ends, in seconds since 1970.
    pub exp: Option<i64>,
    /// When it begins, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
}

/// What a token says, as it came: a claim that is null is none.
pub(crate) type RawClaims = Map<String, Value>;

/// What a token says that matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownClaims {
    pub(crate) tenant_id: Option<Uuid>,
    /// Those of `role` and of `roles`.
    pub(crate) roles: Vec<String>,
    /// `user_id`, or else `sub`.
    pub(crate) user_id: Option<String>,
    pub(crate) ends_at: Option<ServerTime>,
    pub(crate) begins_at: Option<ServerTime>,
}

impl KnownClaims {
    /// Reads what is known, or names the first claim that cannot be read.
    pub(crate) fn read(raw: &RawClaims) -> Result<Self, IdentityError> {
        let mut roles = Vec::new();
        for claim in ["role", "roles"] {
            roles.extend(roles_in(raw, claim)?);
        }
        let user_id = id_in(raw, "user_id")?;
        let sub = id_in(raw, "sub")?;

        Ok(Self {
            tenant_id: tenant_in(raw)?,
            roles,
            user_id: user_id.or(sub),
            ends_at: time_in(raw, "exp")?,
            begins_at: time_in(raw, "nbf")?,
        })
    }
}

/// The tenant that the token says it is of.
pub(crate) fn tenant_in(raw: &RawClaims) -> Result<Option<Uuid>, IdentityError> {
    let Some(value) = given(raw, "tenant_id") else {
        return Ok(None);
    };
    let id = value.as_str().and_then(|text| text.parse().ok());

    id.map(Some).ok_or_else(|| wrong("tenant_id", "a UUID"))
}

/// An id of a person; a number is what it reads in decimal, which no other number does.
fn id_in(raw: &RawClaims, claim: &'static str) -> Result<Option<String>, IdentityError> {
    let Some(value) = given(raw, claim) else {
        return Ok(None);
    };
    let id = if let Value::String(text) = value {
        Some(text.clone())
    } else {
        (value.is_i64() || value.is_u64()).then(|| value.to_string())
    };
    let id = id.ok_or_else(|| wrong(claim, "a text or a whole number of 64 bits"))?;

    Ok(Some(id).filter(|id| !id.is_empty()))
}

fn roles_in(raw: &RawClaims, claim: &'static str) -> Result<Vec<String>, IdentityError> {
    let Some(value) = given(raw, claim) else {
        return Ok(Vec::new());
    };
    let role = |value: &Value| value.as_str().map(str::to_owned);
    let roles = if let Value::Array(values) = value {
        values.iter().map(role).collect()
    } else {
        role(value).map(|role| vec![role])
    };

    roles.ok_or_else(|| wrong(claim, "a text or a list of texts"))
}

/// A `NumericDate` (RFC 7519, section 2): seconds since 1970, whole or not. What is finer than a millisecond is left
/// out, and what lies beyond all time is its end.
fn time_in(raw: &RawClaims, claim: &'static str) -> Result<Option<ServerTime>, IdentityError> {
    let Some(value) = given(raw, claim) else {
        return Ok(None);
    };
    let millis = match (value.as_i64(), value.as_f64()) {
        (Some(seconds), _) => seconds.saturating_mul(1_000),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast stops at the ends, which are beyond all time"
        )]
        (None, Some(seconds)) => (seconds * 1_000.0).floor() as i64,
        (None, None) => return Err(wrong(claim, "a number of seconds since 1970")),
    };

    Ok(Some(ServerTime::from_unix_millis(millis)))
}

fn given<'a>(raw: &'a RawClaims, claim: &str) -> Option<&'a Value> {
    raw.get(claim).filter(|value| !value.is_null())
}

fn wrong(claim: &'static str, expected: impl fmt::Display) -> IdentityError {
    IdentityError::ClaimInvalid {
        claim,
        expected: expected.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::time::ServerTime;
    use serde_json::{Value, json};

    use super::KnownClaims;
    use crate::IdentityError;

    fn read(claims: &Value) -> Result<KnownClaims, IdentityError> {
        KnownClaims::read(claims.as_object().unwrap())
    }

    #[test]
    fn times_are_seconds_with_or_without_decimals() {
        for (exp, millis) in [
            (json!(1_700_000_000), 1_700_000_000_000),
            (json!(1_700_000_000.25), 1_700_000_000_250),
            (json!(1_700_000_000.999_9), 1_700_000_000_999),
            (json!(1.7e9), 1_700_000_000_000),
            (json!(-1.5), -1_500),
            (json!(1e300), i64::MAX),
            (json!(u64::MAX), i64::MAX),
            (json!(i64::MIN), i64::MIN),
        ] {
            for claim in ["exp", "nbf"] {
                let claims = read(&json!({ claim: exp })).unwrap();
                let at = if claim == "exp" {
                    claims.ends_at
                } else {
                    claims.begins_at
                };
                assert_eq!(at, Some(ServerTime::from_unix_millis(millis)), "{exp}");
            }
        }
    }

    #[test]
    fn a_person_is_a_text_or_a_whole_number() {
        for (claims, id) in [
            (json!({ "sub": "ana" }), Some("ana")),
            (json!({ "sub": 42 }), Some("42")),
            (
                json!({ "sub": 9_007_199_254_740_993_i64 }),
                Some("9007199254740993"),
            ),
            (json!({ "sub": u64::MAX }), Some("18446744073709551615")),
            (json!({ "sub": "ana", "user_id": null }), Some("ana")),
            (json!({ "sub": "ana", "user_id": "" }), Some("ana")),
            (json!({ "sub": "ana", "user_id": 7 }), Some("7")),
            (json!({ "sub": "" }), None),
            (json!({}), None),
        ] {
            let read = read(&claims).unwrap();
            assert_eq!(read.user_id.as_deref(), id, "{claims}");
        }
    }

    #[test]
    fn roles_are_none_one_or_many() {
        for (claims, roles) in [
            (json!({}), &[][..]),
            (json!({ "role": null, "roles": null }), &[]),
            (json!({ "role": "staff" }), &["staff"]),
            (json!({ "role": ["viewer", "staff"] }), &["viewer", "staff"]),
            (json!({ "roles": "owner" }), &["owner"]),
            (json!({ "role": "a", "roles": ["b"] }), &["a", "b"]),
        ] {
            assert_eq!(read(&claims).unwrap().roles, roles, "{claims}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_and_not_repeated() {
        for (claims, claim) in [
            (json!({ "exp": "1700000000" }), "exp"),
            (json!({ "exp": true }), "exp"),
            (json!({ "nbf": [1] }), "nbf"),
            (json!({ "sub": 1.5 }), "sub"),
            (json!({ "sub": 1e30 }), "sub"),
            (json!({ "user_id": { "id": "hidden" } }), "user_id"),
            (json!({ "sub": false }), "sub"),
            (json!({ "role": 1 }), "role"),
            (json!({ "roles": ["staff", null] }), "roles"),
            (json!({ "tenant_id": "hidden" }), "tenant_id"),
            (json!({ "tenant_id": 1 }), "tenant_id"),
        ] {
            let error = read(&claims).unwrap_err();
            assert_eq!(error.code(), "TOKEN_CLAIM_INVALID", "{claims}");
            let said = error.to_string();
            assert!(said.contains(&format!("`{claim}`")), "{said}");
            assert!(!said.contains("hidden"), "{said}");
        }
    }
}
