//! What tells the content of one command from another's under the same idempotency key.

use parlor_domain::id::RoomId;
use parlor_domain::room_aggregate::Fingerprint;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The digest of what is asked of a room.
pub(crate) fn fingerprint(room_id: RoomId, content: &impl Serialize) -> Fingerprint {
    let mut digest = Sha256::new();
    digest.update(room_id.0);
    digest.update(serde_json::to_vec(content).expect("what is asked has only JSON's own shapes"));

    digest.finalize().into()
}
