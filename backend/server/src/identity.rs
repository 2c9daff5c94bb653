//! Finds out who stands behind a request: a signed token, an overlay's token, or nobody.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use parlor_domain::access::Principal;
use parlor_domain::id::TenantId;
use parlor_domain::time::ServerTime;
use parlor_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::clock::Clock;
use crate::ids::Randomness;

/// How an overlay's token begins, so that people and secret scanners know one when they see it.
pub const OVERLAY_TOKEN_PREFIX: &str = "pot_";
/// Roles that act for the tenant. Every other role is a viewer's.
pub const STAFF_ROLES: [&str; 4] = ["owner", "admin", "staff", "service"];

/// Checks tokens, and signs them.
#[derive(Clone)]
pub struct Identity {
    decoding: DecodingKey,
    encoding: EncodingKey,
    store: Store,
    clock: Clock,
}

/// Who asks, and until when their token says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub principal: Principal,
    /// `None` for overlay tokens, which hold until revoked, and for anonymous callers.
    pub expires_at: Option<ServerTime>,
}

/// Why a token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("the token is not a bearer token, a JWT or an overlay token")]
    Malformed,
    #[error("the token is not signed with HS256 by this server's secret")]
    Unsigned,
    #[error("the token has expired")]
    Expired,
    #[error("the token must carry `tenant_id` (a UUID), `exp`, and `sub` or `user_id`")]
    ClaimsMissing,
    #[error("the overlay token is unknown")]
    OverlayTokenUnknown,
    #[error("the overlay token was revoked")]
    OverlayTokenRevoked,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a token says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Claims {
    pub tenant_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// In seconds since 1970.
    pub exp: Option<i64>,
}

impl IdentityError {
    /// The error's name in the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "TOKEN_MALFORMED",
            Self::Unsigned => "TOKEN_UNSIGNED",
            Self::Expired => "TOKEN_EXPIRED",
            Self::ClaimsMissing => "TOKEN_CLAIMS_MISSING",
            Self::OverlayTokenUnknown => "TOKEN_UNKNOWN",
            Self::OverlayTokenRevoked => "TOKEN_REVOKED",
            Self::Store(_) => "INTERNAL",
        }
    }
}

impl Caller {
    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Self {
            principal: Principal::Anonymous,
            expires_at: None,
        }
    }
}

impl Identity {
    /// Accepts tokens signed with `secret`.
    pub fn new(secret: &str, store: Store, clock: Clock) -> Self {
        Self {
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            store,
            clock,
        }
    }

    /// Finds out who sends `authorization`: the value of that header, or of that field of
    /// `connection_init`. Absent or empty means anonymous.
    pub async fn authenticate(&self, authorization: Option<&str>) -> Result<Caller, IdentityError> {
        let Some(authorization) = authorization.map(str::trim).filter(|text| !text.is_empty())
        else {
            return Ok(Caller::anonymous());
        };
        let (scheme, token) = authorization
            .split_once(' ')
            .ok_or(IdentityError::Malformed)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(IdentityError::Malformed);
        }

        self.authenticate_token(token.trim()).await
    }

    /// Finds out who holds `token`.
    pub async fn authenticate_token(&self, token: &str) -> Result<Caller, IdentityError> {
        if token.starts_with(OVERLAY_TOKEN_PREFIX) {
            self.overlay(token).await
        } else {
            self.person(token)
        }
    }

    /// Signs `claims`.
    pub fn sign(&self, claims: &Claims) -> String {
        sign(&self.encoding, claims)
    }

    async fn overlay(&self, token: &str) -> Result<Caller, IdentityError> {
        let hash = overlay_secret_hash(token);
        let row = self.store.overlay_token_by_hash(&hash).await?;
        let row = row.ok_or(IdentityError::OverlayTokenUnknown)?;
        if row.revoked_at.is_some() {
            return Err(IdentityError::OverlayTokenRevoked);
        }

        let principal = Principal::Overlay {
            tenant_id: row.tenant_id,
            room_id: row.room_id,
        };
        Ok(Caller {
            principal,
            expires_at: None,
        })
    }

    fn person(&self, token: &str) -> Result<Caller, IdentityError> {
        let mut validation = Validation::new(Algorithm::HS256);
        // Checked below, by this server's own clock.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims = decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|error| refusal_of(token, error.kind()))?
            .claims;
        let expires_at = claims.exp.ok_or(IdentityError::ClaimsMissing)?;
        let expires_at = ServerTime::from_unix_millis(expires_at.saturating_mul(1_000));
        if expires_at <= self.clock.now() {
            return Err(IdentityError::Expired);
        }

        let principal = principal_of(claims).ok_or(IdentityError::ClaimsMissing)?;
        Ok(Caller {
            principal,
            expires_at: Some(expires_at),
        })
    }
}

/// Signs `claims` with `secret`, without a server.
pub fn sign_with(secret: &str, claims: &Claims) -> String {
    sign(&EncodingKey::from_secret(secret.as_bytes()), claims)
}

/// Draws the secret of a new overlay token.
pub fn draw_overlay_secret(randomness: &Randomness) -> String {
    let bytes = randomness.bytes::<32>();

    format!("{OVERLAY_TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// What the server keeps of an overlay token. The secret is random and long, so a plain digest
/// gives nothing away.
pub fn overlay_secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn sign(key: &EncodingKey, claims: &Claims) -> String {
    encode(&Header::new(Algorithm::HS256), claims, key).expect("claims are plain JSON")
}

fn principal_of(claims: Claims) -> Option<Principal> {
    let tenant_id = TenantId(claims.tenant_id?);
    let user_id = claims.user_id.or(claims.sub).filter(|id| !id.is_empty())?;
    let mut roles = claims.role.iter().chain(&claims.roles);

    Some(if roles.any(|role| STAFF_ROLES.contains(&role.as_str())) {
        Principal::Staff { tenant_id, user_id }
    } else {
        Principal::Viewer { tenant_id, user_id }
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the crate's list of errors is open"
)]
fn refusal_of(token: &str, error: &ErrorKind) -> IdentityError {
    match error {
        // The crate does not know `none`, and calls a token of that algorithm malformed.
        _ if algorithm_of(token).is_some_and(|algorithm| algorithm != "HS256") => {
            IdentityError::Unsigned
        }
        ErrorKind::InvalidSignature
        | ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::MissingAlgorithm => IdentityError::Unsigned,
        ErrorKind::MissingRequiredClaim(_) => IdentityError::ClaimsMissing,
        _ => IdentityError::Malformed,
    }
}

/// The algorithm that a token's header names.
fn algorithm_of(token: &str) -> Option<String> {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    let header: serde_json::Value = serde_json::from_slice(&header).ok()?;

    header.get("alg")?.as_str().map(str::to_owned)
}
