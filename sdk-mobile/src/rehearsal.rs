//! Replays a recorded session through the core, so that a test in any language can see that it
//! comes to the same display plan as all others.

/// Why a recording cannot be rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum RehearsalError {
    /// It is not a recording, its steps are not in order, or the client does not come to rest.
    #[error("{reason}")]
    Unplayable {
        /// What is wrong with it.
        reason: String,
    },
}

/// Replays `recording` in virtual time. Returns its display plan: a line for each thing that the
/// client does, with its instant.
#[uniffi::export]
pub fn rehearse(recording: &str) -> Result<String, RehearsalError> {
    parlor_sdk_core::rehearse(recording).map_err(|error| RehearsalError::Unplayable {
        reason: error.to_string(),
    })
}
