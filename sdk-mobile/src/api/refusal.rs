//! Why a call did not do what was wanted: one small enum for questions, one for commands.

use super::transport::Fault;

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum QueryError {
    /// The server could not be reached, or did not answer in time. Worth another try.
    #[error("the server could not be reached: {reason}")]
    Unreachable {
        /// What happened, for a log.
        reason: String,
    },
    /// The token is missing, malformed, expired or not good for this.
    #[error("not allowed: {reason}")]
    Forbidden {
        /// The server's words.
        reason: String,
        /// `UNAUTHENTICATED` if another token may help, else the rule's name.
        code: String,
    },
    /// The server did not answer as it should.
    #[error("the server failed: {reason}")]
    Faulty {
        /// What happened, for a log.
        reason: String,
    },
}

/// Why a command was refused or failed. After `Unreachable` and `Faulty` it may have been carried
/// out all the same; one with an idempotency key is safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum CommandError {
    /// The input breaks a rule.
    #[error("{reason}")]
    Invalid {
        /// The server's words.
        reason: String,
        /// The field at fault, such as `amount`.
        field: Option<String>,
        /// The limit or rule it breaks.
        constraint: Option<String>,
    },
    /// There is no such thing, or it is not the token's to see.
    #[error("{reason}")]
    NotFound {
        /// The server's words.
        reason: String,
    },
    /// The token is missing, malformed or expired, or the caller may not do this.
    #[error("not allowed: {reason}")]
    Forbidden {
        /// The server's words.
        reason: String,
        /// `UNAUTHENTICATED` if another token may help, else the rule's name, such as
        /// `CAPABILITY_MISSING`.
        code: String,
    },
    /// The input is well formed, and the present state forbids it.
    #[error("{reason}")]
    Conflict {
        /// The server's words.
        reason: String,
        /// The rule's name, such as `STAGE_FULL`.
        code: String,
    },
    /// What is to be changed has changed meanwhile. Look at it as it is now, and try again if it is
    /// still wanted.
    #[error("{reason}")]
    Stale {
        /// The server's words.
        reason: String,
    },
    /// The server could not be reached, or did not answer in time.
    #[error("the server could not be reached: {reason}")]
    Unreachable {
        /// What happened, for a log.
        reason: String,
    },
    /// The server did not answer as it should.
    #[error("the server failed: {reason}")]
    Faulty {
        /// What happened, for a log.
        reason: String,
    },
}

impl From<Fault> for QueryError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unreachable(reason) => Self::Unreachable { reason },
            Fault::Forbidden { reason, code } => Self::Forbidden { reason, code },
            Fault::Invalid(reason) | Fault::NotFound(reason) | Fault::Broken(reason) => {
                Self::Faulty { reason }
            }
        }
    }
}

impl From<Fault> for CommandError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unreachable(reason) => Self::Unreachable { reason },
            Fault::Forbidden { reason, code } => Self::Forbidden { reason, code },
            Fault::Invalid(reason) => Self::Invalid {
                reason,
                field: None,
                constraint: None,
            },
            Fault::NotFound(reason) => Self::NotFound { reason },
            Fault::Broken(reason) => Self::Faulty { reason },
        }
    }
}
