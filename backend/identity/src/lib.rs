//! Finds out who stands behind a request: a signed token, an overlay's token, or nobody.
//!
//! A signed token is either the server's own (HS256, by the secret that it shares with whoever runs
//! it) or a tenant's (by one of the tenant's public keys). Which one is decided by the algorithm in
//! its header, and each key takes one algorithm, so that neither can stand in for the other.

#![warn(clippy::print_stderr)]

mod claims;
mod directory;
pub mod origins;
pub mod public_key;
pub mod tenants;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, crypto, decode_header, encode};
use parlor_domain::access::Principal;
use parlor_domain::id::TenantId;
use parlor_domain::tenant::KeyAlgorithm;
use parlor_domain::time::ServerTime;
use parlor_node::clock::Clock;
use parlor_node::ids::Randomness;
use parlor_store::{Store, StoreError};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use claims::{KnownClaims, RawClaims, tenant_in};

pub use claims::Claims;
pub use directory::{Directory, KnownTenant, STALE_AFTER_MS};

/// How an overlay's token begins, so that people and secret scanners know one when they see it.
pub const OVERLAY_TOKEN_PREFIX: &str = "pot_";
/// The role of whoever runs the server, in a token of no tenant.
pub const OPERATOR_ROLE: &str = "operator";
/// How far the clock of whoever signs tokens may be ahead of this server's: many tokens begin in the
/// second in which they are signed and used.
pub const NOT_BEFORE_LEEWAY_MS: i64 = 60_000;
/// How the claim is named where it is missing.
const TENANT_ID: &str = "`tenant_id` (a UUID), which only an operator's goes without";
/// Roles that act for the tenant. Every other role is a viewer's.
pub const STAFF_ROLES: [&str; 4] = ["owner", "admin", "staff", "service"];
/// Roles of programs, which take part as their other roles let them, and never earn by watching.
pub const MACHINE_ROLES: [&str; 2] = ["bot", "service"];

/// Checks tokens, and signs them.
#[derive(Clone)]
pub struct Identity {
    decoding: DecodingKey,
    encoding: EncodingKey,
    store: Store,
    clock: Clock,
    directory: Arc<Directory>,
}

/// Who asks, and until when their token says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub principal: Principal,
    /// `None` for overlay tokens, which hold until revoked, and for anonymous callers.
    pub expires_at: Option<ServerTime>,
    /// The tenant's key that vouches for them, if one does.
    pub key: Option<KeyName>,
    /// Where the web page is from that asks for them, if it is not one of this server's own.
    pub origin: Option<Arc<str>>,
}

/// A key among all tenants'.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyName {
    pub tenant_id: TenantId,
    pub kid: String,
}

/// Why a token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("the token is not a bearer token, a JWT or an overlay token")]
    Malformed,
    #[error("the token is not signed by this server's secret or a key of its tenant")]
    Unsigned,
    #[error("the token's `kid` names no key of its tenant")]
    KeyUnknown,
    #[error("the key that signed the token was retired")]
    KeyRetired,
    #[error("the token has expired")]
    Expired,
    #[error("the token does not hold yet: its `nbf` lies ahead")]
    NotYetValid,
    /// Which it is, in words.
    #[error("the token must carry {0}")]
    ClaimMissing(&'static str),
    /// The claim is named and not repeated, for it may be anybody's.
    #[error("the token's `{claim}` must be {expected}")]
    ClaimInvalid {
        claim: &'static str,
        expected: String,
    },
    #[error("the overlay token is unknown")]
    OverlayTokenUnknown,
    #[error("the overlay token was revoked")]
    OverlayTokenRevoked,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IdentityError {
    /// The error's name in the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "TOKEN_MALFORMED",
            Self::Unsigned => "TOKEN_UNSIGNED",
            Self::KeyUnknown => "TOKEN_KEY_UNKNOWN",
            Self::KeyRetired => "TOKEN_KEY_RETIRED",
            Self::Expired => "TOKEN_EXPIRED",
            Self::NotYetValid => "TOKEN_NOT_YET_VALID",
            Self::ClaimMissing(_) => "TOKEN_CLAIMS_MISSING",
            Self::ClaimInvalid { .. } => "TOKEN_CLAIM_INVALID",
            Self::OverlayTokenUnknown => "TOKEN_UNKNOWN",
            Self::OverlayTokenRevoked => "TOKEN_REVOKED",
            Self::Store(_) => "INTERNAL",
        }
    }
}

impl Caller {
    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Self::new(Principal::Anonymous)
    }

    /// `principal`, for as long as they like.
    pub fn new(principal: Principal) -> Self {
        Self {
            principal,
            expires_at: None,
            key: None,
            origin: None,
        }
    }
}

impl Identity {
    /// Accepts tokens signed with `secret`.
    pub fn new(secret: &str, store: Store, clock: Clock) -> Self {
        Self {
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            directory: Arc::new(Directory::new(store.clone(), clock.clone())),
            store,
            clock,
        }
    }

    /// The tenants, as far as this node knows them.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// Finds out who sends `authorization`: the value of that header, or of that field of
    /// `connection_init`. Absent or empty means anonymous.
    pub async fn authenticate(&self, authorization: Option<&str>) -> Result<Caller, IdentityError> {
        let Some(authorization) = authorization.map(str::trim).filter(|text| !text.is_empty())
        else {
            return Ok(Caller::anonymous());
        };

        let token = bearer(authorization).ok_or(IdentityError::Malformed)?;
        self.authenticate_token(token).await
    }

    /// Finds out who holds `token`.
    pub async fn authenticate_token(&self, token: &str) -> Result<Caller, IdentityError> {
        if token.starts_with(OVERLAY_TOKEN_PREFIX) {
            self.overlay(token).await
        } else {
            self.person(token).await
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
        Ok(Caller::new(principal))
    }

    async fn person(&self, token: &str) -> Result<Caller, IdentityError> {
        let algorithm = named_algorithm(token)?;
        let (claims, key) = if algorithm == Algorithm::HS256 {
            (verify(token, algorithm, &self.decoding)?, None)
        } else {
            let (claims, key) = self.verify_by_tenant_key(token, algorithm).await?;
            (claims, Some(key))
        };
        let claims = KnownClaims::read(&claims)?;
        let expires_at = claims.ends_at.ok_or(IdentityError::ClaimMissing("`exp`"))?;
        let now = self.clock.now();
        if expires_at <= now {
            return Err(IdentityError::Expired);
        }
        let begins_at = claims.begins_at;
        if begins_at.is_some_and(|at| at > now.plus_millis(NOT_BEFORE_LEEWAY_MS)) {
            return Err(IdentityError::NotYetValid);
        }

        let principal = principal_of(claims)?;
        Ok(Caller {
            expires_at: Some(expires_at),
            key,
            ..Caller::new(principal)
        })
    }

    /// Checks a token by the key that it names, among those of the tenant that it names. So a key
    /// speaks for its own tenant, whatever a token says.
    async fn verify_by_tenant_key(
        &self,
        token: &str,
        algorithm: Algorithm,
    ) -> Result<(RawClaims, KeyName), IdentityError> {
        if !KeyAlgorithm::ALL.map(algorithm_of).contains(&algorithm) {
            return Err(IdentityError::Unsigned);
        }
        let header = decode_header(token).map_err(|_| IdentityError::Malformed)?;
        let (parts, _) = token.rsplit_once('.').ok_or(IdentityError::Malformed)?;
        // Nothing of it is believed before it is verified.
        let tenant_id = tenant_in(&claims_in(parts)?)?.map(TenantId);
        let tenant_id = tenant_id.ok_or(IdentityError::ClaimMissing(TENANT_ID))?;
        let kid = header.kid.ok_or(IdentityError::KeyUnknown)?;
        let tenant = self.directory.tenant(tenant_id).await?;
        let known = tenant.as_ref().and_then(|tenant| tenant.key(&kid));
        let known = known.ok_or(IdentityError::KeyUnknown)?;
        if algorithm_of(known.key.algorithm) != algorithm {
            return Err(IdentityError::Unsigned);
        }

        let claims = verify(token, algorithm, &known.decoding)?;
        // Last, so that only who has the key learns what became of it.
        if !known.key.is_accepted(self.clock.now()) {
            return Err(IdentityError::KeyRetired);
        }
        Ok((claims, KeyName { tenant_id, kid }))
    }

    /// Which of `names` are of keys whose tokens are still accepted, from one statement.
    pub async fn accepted_keys(&self, names: &[KeyName]) -> Result<HashSet<KeyName>, StoreError> {
        let mut tenant_ids: Vec<_> = names.iter().map(|name| name.tenant_id).collect();
        tenant_ids.sort_unstable();
        tenant_ids.dedup();
        let keys = self.store.keys_of_tenants(&tenant_ids).await?;

        let now = self.clock.now();
        let is_accepted = |name: &&KeyName| {
            keys.get(&name.tenant_id).is_some_and(|set| {
                let mut keys = set.keys().iter();
                keys.any(|key| key.kid == name.kid && key.is_accepted(now))
            })
        };
        Ok(names.iter().filter(is_accepted).cloned().collect())
    }

    /// Which of these overlay tokens are in use, from one statement.
    pub async fn overlay_tokens_in_use(
        &self,
        secret_hashes: Vec<[u8; 32]>,
    ) -> Result<BTreeSet<[u8; 32]>, StoreError> {
        self.store.overlay_tokens_in_use(secret_hashes).await
    }
}

/// Signs `claims`, which are an object, with `secret`, without a server.
pub fn sign_with(secret: &str, claims: &impl Serialize) -> String {
    sign(&EncodingKey::from_secret(secret.as_bytes()), claims)
}

/// Draws the secret of a new overlay token.
pub fn draw_overlay_secret(randomness: &Randomness) -> String {
    let bytes = randomness.bytes::<32>();

    format!("{OVERLAY_TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The token in `authorization`: the value of that header, or of that field of `connection_init`.
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;

    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What the server keeps of an overlay token. The secret is random and long, so a plain digest
/// gives nothing away.
pub fn overlay_secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn sign(key: &EncodingKey, claims: &impl Serialize) -> String {
    encode(&Header::new(Algorithm::HS256), claims, key).expect("claims are plain JSON")
}

/// Who a checked token says its holder is. One of a tenant's keys always names its tenant, and so
/// makes no operator.
fn principal_of(claims: KnownClaims) -> Result<Principal, IdentityError> {
    let missing = IdentityError::ClaimMissing;
    let user_id = claims.user_id.ok_or(missing("`sub` or `user_id`"))?;
    let roles = claims.roles;
    let has_one_of = |names: &[&str]| roles.iter().any(|role| names.contains(&role.as_str()));
    let Some(tenant_id) = claims.tenant_id.map(TenantId) else {
        let operator = has_one_of(&[OPERATOR_ROLE]).then_some(Principal::Operator { user_id });
        return operator.ok_or(missing(TENANT_ID));
    };

    let is_machine = has_one_of(&MACHINE_ROLES);
    Ok(if has_one_of(&STAFF_ROLES) {
        Principal::Staff {
            tenant_id,
            user_id,
            is_machine,
        }
    } else {
        Principal::Viewer {
            tenant_id,
            user_id,
            is_machine,
        }
    })
}

/// Reads the claims of a token, if `key` signed it by `algorithm` and no other. They are checked by the caller: the times
/// by this server's own clock, and of audiences `tenant_id` says enough, for nobody but this server gives it out.
fn verify(
    token: &str,
    algorithm: Algorithm,
    key: &DecodingKey,
) -> Result<RawClaims, IdentityError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(IdentityError::Malformed)?;
    let is_signed = crypto::verify(signature, signed.as_bytes(), key, algorithm);
    if !is_signed.map_err(|_| IdentityError::Malformed)? {
        return Err(IdentityError::Unsigned);
    }

    claims_in(signed)
}

/// What the first two parts of a token say.
fn claims_in(parts: &str) -> Result<RawClaims, IdentityError> {
    let (_, payload) = parts.split_once('.').ok_or(IdentityError::Malformed)?;
    let payload = URL_SAFE_NO_PAD.decode(payload);
    let payload = payload.map_err(|_| IdentityError::Malformed)?;

    serde_json::from_slice(&payload).map_err(|_| IdentityError::Malformed)
}

/// The algorithm that a token's header names.
fn named_algorithm(token: &str) -> Result<Algorithm, IdentityError> {
    if let Ok(header) = decode_header(token) {
        // What a token says must be understood cannot be passed over (RFC 7515, section 4.1.11).
        return if header.crit.is_some() {
            Err(IdentityError::Malformed)
        } else {
            Ok(header.alg)
        };
    }

    // The crate does not know `none`, and calls a token of that algorithm malformed.
    let header = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).ok();
    let header = header.and_then(|header| serde_json::from_slice::<Value>(&header).ok());
    match header {
        Some(header) if header["alg"].is_string() => Err(IdentityError::Unsigned),
        _ => Err(IdentityError::Malformed),
    }
}

fn algorithm_of(algorithm: KeyAlgorithm) -> Algorithm {
    match algorithm {
        KeyAlgorithm::Es256 => Algorithm::ES256,
        KeyAlgorithm::EdDsa => Algorithm::EdDSA,
    }
}
