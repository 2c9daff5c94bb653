//! Replays recorded sessions in virtual time and writes down what the client does.
//!
//! Every platform runs it on the same recordings, and must come to the same plan, byte for byte: that
//! is how they are known to show the same events at the same moments. It is for tests alone: nothing
//! that ships has it, so each platform's tests load it beside what they test.

mod recording;
mod rehearsal;
#[cfg(target_arch = "wasm32")]
mod web;

use rehearsal::Rehearsal;

/// Why a recording cannot be rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(not(target_arch = "wasm32"), derive(uniffi::Error), uniffi(flat_error))]
pub enum RehearsalError {
    /// It is not a recording.
    #[error("the recording is malformed")]
    Malformed,
    /// Its steps are not in order of time.
    #[error("step {step} lies before the one before it")]
    OutOfOrder {
        /// The step that lies before the one before it; the first is 0.
        step: usize,
    },
    /// The client asks to be woken up again and again without getting anywhere.
    #[error("the client spins at {at_ms} ms")]
    Spinning {
        /// Where it is stuck, in milliseconds.
        at_ms: i64,
    },
}

/// Replays `recording` and returns its display plan: a line for each output, with its instant.
#[cfg_attr(not(target_arch = "wasm32"), uniffi::export)]
pub fn rehearse(recording: &str) -> Result<String, RehearsalError> {
    let recording = recording::decode(recording).ok_or(RehearsalError::Malformed)?;

    Rehearsal::new(&recording).run(recording)
}

#[cfg(not(target_arch = "wasm32"))]
uniffi::setup_scaffolding!();
