//! Why a document is not taken in.

use async_graphql::{Error, ErrorExtensions, Pos, ServerError};

/// What is wrong with a document, and where if it is in one place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(super) struct Refusal {
    pub(super) reason: Reason,
    pub(super) at: Option<Pos>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Reason {
    #[error("{subject} more than {max} {what}")]
    TooMany {
        subject: &'static str,
        what: &'static str,
        max: usize,
    },
    #[error("a string does not end")]
    EndlessString,
    #[error("`{0}` closes nothing")]
    Unopened(char),
    #[error("there is no fragment {0:?}")]
    UnknownFragment(String),
    #[error("the fragment {0:?} leads back to itself")]
    CyclicFragment(String),
    #[error("the fragment {0:?} is used by no operation")]
    UnusedFragment(String),
    #[error("there is no type {0:?}")]
    UnknownType(String),
}

impl Refusal {
    pub(super) fn at(at: Pos, reason: Reason) -> Self {
        let at = Some(at);
        Self { reason, at }
    }
}

/// Refuses a document with more than `max` of `what`.
pub(super) fn at_most(what: &'static str, found: usize, max: usize) -> Result<(), Refusal> {
    refuse_beyond("the document has", what, found, max)
}

/// Refuses variables with more than `max` of `what`.
pub(super) fn variables_at_most(
    what: &'static str,
    found: usize,
    max: usize,
) -> Result<(), Refusal> {
    refuse_beyond("the variables have", what, found, max)
}

fn refuse_beyond(
    subject: &'static str,
    what: &'static str,
    found: usize,
    max: usize,
) -> Result<(), Refusal> {
    if found <= max {
        return Ok(());
    }

    let reason = Reason::TooMany { subject, what, max };
    Err(Refusal { reason, at: None })
}

impl From<Refusal> for ServerError {
    fn from(refusal: Refusal) -> Self {
        let error = Error::new(refusal.to_string())
            .extend_with(|_, extensions| extensions.set("code", "VALIDATION"));
        let mut error = error.into_server_error(Pos::default());
        error.locations = refusal.at.into_iter().collect();

        error
    }
}
