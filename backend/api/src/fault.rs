//! What goes into `errors`: faults, and requests that cannot be carried out at all.

use async_graphql::parser::types::OperationType;
use async_graphql::{Error, ErrorExtensions};
use metrics::counter;
use parlor_domain::access::AccessRefusal;
use parlor_node::patience::ReadError;
use parlor_store::StoreError;
use parlor_writer::{Kind, NotDone};

use crate::deadline::Late;
use crate::feed::FeedRefusal;

/// A failure that is no answer of the API's own types, with its code for machines.
///
/// Not `Display`: that would let it turn into an error of the executor without its code.
#[derive(Debug, Clone)]
pub enum Fault {
    Validation(String),
    NotFound(String),
    Unauthenticated(String),
    Forbidden(String),
    Overloaded(String),
    OutcomeUnknown(String),
    Timeout(String),
    /// What is stored of such a thing cannot be read.
    Unreadable(Kind, String),
    /// The cause was logged, and stays here.
    Internal,
}

impl Fault {
    /// The name that goes into `extensions.code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Validation(_) => "VALIDATION",
            Self::NotFound(_) => "NOT_FOUND",
            Self::Unauthenticated(_) => "UNAUTHENTICATED",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::Overloaded(_) => "OVERLOADED",
            Self::OutcomeUnknown(_) => "OUTCOME_UNKNOWN",
            Self::Timeout(_) => "TIMEOUT",
            Self::Unreadable(Kind::Room, _) => "ROOM_UNREADABLE",
            Self::Unreadable(Kind::Tenant, _) => "TENANT_UNREADABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// What to tell the client.
    pub fn message(&self) -> &str {
        match self {
            Self::Validation(message)
            | Self::NotFound(message)
            | Self::Unauthenticated(message)
            | Self::Forbidden(message)
            | Self::Overloaded(message)
            | Self::OutcomeUnknown(message)
            | Self::Timeout(message)
            | Self::Unreadable(_, message) => message,
            Self::Internal => "something went wrong here; it was logged",
        }
    }

    /// The room is not there, or not for the caller to read.
    pub(crate) fn no_room() -> Self {
        Self::NotFound("there is no such room".to_owned())
    }

    /// What to answer an operation with that was given up.
    pub fn of_late(operation: Option<OperationType>, late: Late) -> Self {
        let is_mutation = operation == Some(OperationType::Mutation);
        counter!("parlor_requests_late_total", "changes" => is_mutation.to_string()).increment(1);
        if is_mutation {
            let message = format!("{late}; look whether the change was made before trying again");
            Self::OutcomeUnknown(message)
        } else {
            Self::Timeout(format!("{late}; try again in a moment"))
        }
    }

    /// What the writer answers beside refusals.
    pub(crate) fn of_not_done<R>(not_done: &NotDone<R>) -> Self {
        match not_done {
            NotDone::Overloaded
            | NotDone::Unavailable
            | NotDone::ClockUntrusted
            | NotDone::Stopping => Self::Overloaded(not_done.to_string()),
            NotDone::OutcomeUnknown => Self::OutcomeUnknown(not_done.to_string()),
            NotDone::Unreadable(kind) => Self::Unreadable(*kind, not_done.to_string()),
            NotDone::Fault | NotDone::NotFound(_) | NotDone::Refused(_) => Self::Internal,
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let shown = &error as &dyn std::error::Error;
        if let StoreError::OutcomeUnknown(_) = error {
            tracing::warn!(error = shown, "nobody knows whether a change was made");
            return Self::of_not_done::<()>(&NotDone::OutcomeUnknown);
        }
        if error.is_retryable() || error.is_out_of_reach() {
            tracing::warn!(error = shown, "the database was busy or out of reach");
            return Self::of_not_done::<()>(&NotDone::Unavailable);
        }
        tracing::error!(error = shown, "the database could not be used");
        if let StoreError::Unreadable {
            room_id: Some(_), ..
        } = error
        {
            return Self::of_not_done::<()>(&NotDone::Unreadable(Kind::Room));
        }
        Self::Internal
    }
}

impl From<FeedRefusal> for Fault {
    fn from(refusal: FeedRefusal) -> Self {
        match refusal {
            FeedRefusal::NotFound => Self::NotFound(refusal.to_string()),
            FeedRefusal::SecondRootField => Self::Validation(refusal.to_string()),
            FeedRefusal::OriginForbidden => Self::Forbidden(refusal.to_string()),
            FeedRefusal::NoSocketLeft => Self::Overloaded(refusal.to_string()),
            FeedRefusal::Internal => Self::Internal,
        }
    }
}

impl From<AccessRefusal> for Fault {
    fn from(refusal: AccessRefusal) -> Self {
        match refusal {
            AccessRefusal::Unauthenticated => Self::Unauthenticated(refusal.to_string()),
            AccessRefusal::OverlayTokenReadsOnly
            | AccessRefusal::StaffOnly
            | AccessRefusal::OperatorOnly
            | AccessRefusal::OperatorHasNoTenant
            | AccessRefusal::NeverEarns
            | AccessRefusal::UserIdUnusable => Self::Forbidden(refusal.to_string()),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::new(fault.message()).extend_with(|_, extensions| {
            extensions.set("code", fault.code());
        })
    }
}

impl ReadError for Fault {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Internal | Self::Overloaded(_))
    }

    fn cause(&self) -> String {
        self.message().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_busy_is_waited_for_and_a_client_is_told_to_try_again() {
        let fault = Fault::from(StoreError::ClaimLost);
        assert_eq!(fault.code(), "OVERLOADED");
        assert!(fault.may_pass());
        assert!(!Fault::no_room().may_pass());
    }
}
