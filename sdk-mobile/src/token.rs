//! The token that an application has given last, where everything that needs it can read it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// A token that may be replaced at any time. Clones share it.
#[derive(Clone)]
pub(crate) struct SharedToken(Arc<RwLock<Option<String>>>);

impl SharedToken {
    pub(crate) fn new(token: Option<String>) -> Self {
        Self(Arc::new(RwLock::new(token)))
    }

    pub(crate) fn get(&self) -> Option<String> {
        let token = self.0.read().unwrap_or_else(PoisonError::into_inner);

        token.clone()
    }

    pub(crate) fn set(&self, token: String) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }
}

/// Whom a JWT is of, as the server reads it, if it is one that says so. It is not checked: the server does that.
pub(crate) fn bearer(token: &str) -> Option<String> {
    let payload = token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;

    let claim = |name| claims.get(name).filter(|it| !it.is_null());
    let tenant = claim("tenant_id").map(ToString::to_string);
    let person = claim("user_id").or_else(|| claim("sub"))?;

    Some(format!("{} {person}", tenant.unwrap_or_default()))
}

/// Whoever reads a log must not be able to sign in.
impl fmt::Debug for SharedToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SharedToken")
    }
}
