//! The token that an application has given last, where everything that needs it can read it.

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

/// Whoever reads a log must not be able to sign in.
impl fmt::Debug for SharedToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SharedToken")
    }
}
