//! Who moved points by hand, and what they said.

use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use sha2::Sha256;
use uuid::Uuid;

use super::Digest;
use crate::id::ViewerId;

/// Who moved points, and why. The only thing of a transfer that can name a person, and so the only one that
/// is erased with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorship {
    pub actor_id: ViewerId,
    /// Whether they acted as the tenant's staff, whatever their role in the room.
    pub actor_is_staff: bool,
    pub reason: String,
    /// Keeps the digest from telling what was erased to whoever guesses it.
    pub salt: Uuid,
}

impl Authorship {
    /// What a transfer's place in the chain depends on, and which stays when the words are gone.
    pub fn digest(&self) -> Digest {
        let mut hasher = Sha256::new();
        hasher.update(self.salt);
        hasher.update([u8::from(self.actor_is_staff)]);
        for text in [self.actor_id.as_str(), &self.reason] {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text);
        }

        Digest(hasher.finalize().into())
    }
}
