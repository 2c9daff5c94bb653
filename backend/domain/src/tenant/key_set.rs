//! The public keys that a tenant signs its tokens with, and their rotation.
//!
//! A key is added before it is used and retired after its last token, so two hold at once while
//! they change over. One that ended stays in the set for a while, to be told from one that never
//! was.

use crate::invalid::{Invalid, check_text};
use crate::time::ServerTime;

/// How many keys a tenant may sign with at once: two while they change over, for each of a few
/// services that sign.
pub const KEYS_IN_USE_MAX: usize = 8;
/// How many keys a set remembers. Beyond it the one that ended first is forgotten.
pub const KEYS_KEPT_MAX: usize = 32;
/// The longest name of a key, in bytes: a SHA-256 thumbprint in hexadecimal, twice.
const KID_BYTES_MAX: usize = 128;

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// `EdDSA` with Ed25519.
    EdDsa,
}

/// A public key. There is no private one in Parlor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantKey {
    /// What a token's header calls it; unique within the tenant.
    pub kid: String,
    pub algorithm: KeyAlgorithm,
    /// For ES256 the point, uncompressed, in 65 bytes (SEC 1); for `EdDSA` the 32 bytes of RFC 8032.
    pub public_key: Vec<u8>,
    pub added_at: ServerTime,
    /// From when on it is refused, if that was decided.
    pub retires_at: Option<ServerTime>,
}

/// How a key stands at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStanding {
    InUse,
    /// In use until its end, which is set.
    Retiring,
    Retired,
}

/// All keys of a tenant, in the order they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<TenantKey>,
}

/// Why a key was not added, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddKeyRefusal {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("the tenant has another key called {0:?}")]
    KidTaken(String),
    #[error("the tenant has {KEYS_IN_USE_MAX} keys in use, and may have no more")]
    TooManyKeys,
}

/// Why a key was not retired, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetireKeyRefusal {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("the tenant has no key called {0:?}")]
    NotFound(String),
    #[error("the key has been retired already, which cannot be taken back")]
    AlreadyRetired,
}

impl KeyAlgorithm {
    pub const ALL: [Self; 2] = [Self::Es256, Self::EdDsa];

    /// The algorithm's name in a token's header, and in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// How many bytes a public key has.
    fn public_key_bytes(self) -> usize {
        match self {
            Self::Es256 => 65,
            Self::EdDsa => 32,
        }
    }
}

impl TenantKey {
    /// How the key stands at `now`.
    pub fn standing(&self, now: ServerTime) -> KeyStanding {
        match self.retires_at {
            None => KeyStanding::InUse,
            Some(at) if now < at => KeyStanding::Retiring,
            Some(_) => KeyStanding::Retired,
        }
    }

    /// Whether tokens of the key are accepted at `now`.
    pub fn is_accepted(&self, now: ServerTime) -> bool {
        self.standing(now) != KeyStanding::Retired
    }

    fn check(&self) -> Result<(), Invalid> {
        check_text("kid", &self.kid, 1, KID_BYTES_MAX)?;
        let (expected, found) = (self.algorithm.public_key_bytes(), self.public_key.len());
        if found != expected {
            let constraint = format!("{expected} bytes for {}", self.algorithm.as_str());
            return Err(Invalid::new(
                "publicKey",
                constraint,
                format!("{found} bytes"),
            ));
        }

        Ok(())
    }
}

impl KeySet {
    /// The set of `keys`, in the order they were added.
    pub fn of(keys: Vec<TenantKey>) -> Self {
        Self { keys }
    }

    /// Every key, in the order they were added.
    pub fn keys(&self) -> &[TenantKey] {
        &self.keys
    }

    /// The key called `kid`, also when it has ended.
    pub fn get(&self, kid: &str) -> Option<&TenantKey> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// Adds `key`. The same key again changes nothing, so that a call whose answer was lost can be
    /// made again.
    pub fn add(&mut self, key: TenantKey, now: ServerTime) -> Result<TenantKey, AddKeyRefusal> {
        key.check()?;
        if let Some(present) = self.get(&key.kid) {
            let again = TenantKey {
                added_at: present.added_at,
                retires_at: present.retires_at,
                ..key
            };
            return if again == *present && present.is_accepted(now) {
                Ok(again)
            } else {
                Err(AddKeyRefusal::KidTaken(again.kid))
            };
        }
        let in_use = self.keys.iter().filter(|key| key.is_accepted(now)).count();
        if in_use >= KEYS_IN_USE_MAX {
            return Err(AddKeyRefusal::TooManyKeys);
        }

        self.keys.push(key.clone());
        if self.keys.len() > KEYS_KEPT_MAX {
            self.forget_oldest(now);
        }
        Ok(key)
    }

    /// Has the key called `kid` refused from `at` on. An end that has not come yet can be moved. A
    /// time that has passed is refused: a slip in a date would cut off everyone whom the key lets in,
    /// and that cannot be taken back.
    pub fn retire(
        &mut self,
        kid: &str,
        at: ServerTime,
        now: ServerTime,
    ) -> Result<TenantKey, RetireKeyRefusal> {
        if at < now {
            let constraint = "now or later, and is left out to retire the key at once";
            return Err(Invalid::new("at", constraint, "a past time").into());
        }
        let key = self.keys.iter_mut().find(|key| key.kid == kid);
        let key = key.ok_or_else(|| RetireKeyRefusal::NotFound(kid.to_owned()))?;
        if !key.is_accepted(now) {
            return Err(RetireKeyRefusal::AlreadyRetired);
        }

        key.retires_at = Some(at);
        Ok(key.clone())
    }

    fn forget_oldest(&mut self, now: ServerTime) {
        let ended = self.keys.iter().enumerate();
        let ended = ended.filter(|(_, key)| !key.is_accepted(now));
        let (index, _) = ended
            .min_by_key(|(_, key)| key.retires_at)
            .expect("fewer keys are in use than are kept");
        self.keys.remove(index);
    }
}
