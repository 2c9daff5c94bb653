//! What requests are signed with.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parlor_domain::invalid::{Invalid, check_text};
use parlor_domain::time::ServerTime;

use crate::Adapter;

/// As many bytes as SHA-256 has, so that a secret is not guessed sooner than a signature.
pub const SECRET_BYTES: usize = 32;
/// What a signing secret begins with, by Standard Webhooks and at Stripe.
const PREFIX: &str = "whsec_";
/// The shortest secret of another service: a verification token of Ko-fi is a UUID of 36 bytes, and one of half of that
/// is still not guessed.
const GIVEN_BYTES_MIN: usize = 16;
/// The longest: several times what services give out.
const GIVEN_BYTES_MAX: usize = 200;

/// A signing secret. It prints as nothing, so that no log or error tells it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// A secret, and until when it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSecret {
    pub secret: Secret,
    /// When it ends, once another one has taken its place.
    pub retires_at: Option<ServerTime>,
}

impl Secret {
    /// A secret of Parlor's own, of bytes that nobody can guess.
    pub fn generate(random: [u8; SECRET_BYTES]) -> Self {
        Self(format!("{PREFIX}{}", STANDARD.encode(random)))
    }

    /// A secret that another service has given out.
    pub fn parse_given(adapter: Adapter, text: &str) -> Result<Self, Invalid> {
        let found = || format!("{} bytes", text.len());
        if text.bytes().any(|byte| !byte.is_ascii_graphic()) {
            let constraint = "printable ASCII without blanks";
            return Err(Invalid::new("secret", constraint, found()));
        }
        check_text("secret", text, GIVEN_BYTES_MIN, GIVEN_BYTES_MAX)?;
        if adapter == Adapter::Stripe && !text.starts_with(PREFIX) {
            let constraint = "a signing secret of Stripe, which begins with `whsec_`";
            return Err(Invalid::new("secret", constraint, found()));
        }

        Ok(Self(text.to_owned()))
    }

    /// A secret as it was kept.
    pub fn from_kept(text: String) -> Self {
        Self(text)
    }

    /// The secret itself: to keep, and to show once to whoever made it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The key of a signature of Standard Webhooks, which the secret is the base64 of.
    pub(crate) fn standard_key(&self) -> Option<Vec<u8>> {
        let encoded = self.0.strip_prefix(PREFIX).unwrap_or(&self.0);
        STANDARD.decode(encoded).ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl LiveSecret {
    /// Whether what is signed with it is taken at `now`.
    pub fn is_live(&self, now: ServerTime) -> bool {
        self.retires_at.is_none_or(|retires_at| now < retires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_nothing_of_itself() {
        let secret = Secret::generate([7; SECRET_BYTES]);
        let live = LiveSecret {
            secret: secret.clone(),
            retires_at: None,
        };
        let printed = format!("{secret:?} {live:?}");
        assert!(!printed.contains("BwcH"), "{printed}");
        assert!(secret.reveal().contains("BwcH"));
    }

    #[test]
    fn a_given_secret_that_cannot_be_one_is_refused_without_being_told() {
        for (adapter, text) in [
            (Adapter::Stripe, "sk_test_0123456789abcdef"),
            (Adapter::Kofi, "short"),
            (Adapter::Kofi, "0123456789abcdef 0123456789"),
        ] {
            let refused = Secret::parse_given(adapter, text).unwrap_err();
            assert_eq!(refused.field, "secret");
            assert!(!refused.to_string().contains(text), "{refused}");
        }
        Secret::parse_given(Adapter::Stripe, "whsec_0123456789abcdef").expect("it is one");
    }
}
