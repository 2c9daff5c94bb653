//! What a viewer has in a room, as an application sees it.

use alloc::borrow::ToOwned;
use alloc::string::String;

/// What a viewer has in a room: the object `Wallet` of the schema, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallet {
    participant_id: String,
    json: String,
}

impl Wallet {
    pub(crate) fn new(participant_id: String, json: &str) -> Self {
        Self {
            participant_id,
            json: json.to_owned(),
        }
    }

    /// Returns whose it is.
    pub fn participant_id(&self) -> &str {
        &self.participant_id
    }

    /// Returns the text of the object.
    pub fn as_json(&self) -> &str {
        &self.json
    }
}
