//! Refusals as data: the types that every subject answers with. What a subject's rules refuse, and
//! by which code, stands with the subject.

use std::convert::Infallible;
use std::fmt::Display;

use async_graphql::{ID, Interface, SimpleObject};
use parlor_domain::access::AccessRefusal;
use parlor_domain::invalid::Invalid;
use parlor_writer::{Kind, NotDone};

use super::fault::Fault;

/// An expected refusal.
#[expect(clippy::duplicated_attributes, reason = "each field names its type")]
#[expect(
    clippy::enum_variant_names,
    reason = "the variants are the API's own types"
)]
#[derive(Interface)]
#[graphql(
    field(name = "message", ty = "&String"),
    field(name = "code", ty = "&String")
)]
pub(crate) enum Error {
    ValidationError(ValidationError),
    NotFoundError(NotFoundError),
    AuthError(AuthError),
    ConflictError(ConflictError),
}

#[derive(SimpleObject)]
pub(crate) struct ValidationError {
    pub(super) message: String,
    pub(super) code: String,
    /// The input field at fault, such as `amount`.
    field: Option<String>,
    /// The limit or rule it breaks, such as `1 to 100 bytes`.
    constraint: Option<String>,
}

#[derive(SimpleObject)]
pub(crate) struct NotFoundError {
    pub(super) message: String,
    pub(super) code: String,
    resource_type: String,
    resource_id: ID,
}

#[derive(SimpleObject)]
pub(crate) struct AuthError {
    pub(super) message: String,
    pub(super) code: String,
}

/// The request is well formed, and the present state forbids it (stale version, slug taken, key
/// reused, archived room).
#[derive(SimpleObject)]
pub(crate) struct ConflictError {
    pub(super) message: String,
    pub(super) code: String,
}

/// Why a mutation did nothing.
pub(crate) enum Refusal {
    Validation(ValidationError),
    NotFound(NotFoundError),
    Auth(AuthError),
    Conflict(ConflictError),
    /// The room is not for the caller to know of, which is told as if it were not there.
    RoomHidden,
}

/// How a mutation ends without its object: refused, which is data, or failed.
pub(crate) enum Stop {
    Refused(Refusal),
    Failed(Fault),
}

impl Refusal {
    /// There is no such thing, as far as this caller may know.
    pub(crate) fn not_found(resource_type: &str, id: &ID) -> Self {
        Self::NotFound(NotFoundError {
            message: format!("there is no such {resource_type}"),
            code: "NOT_FOUND".to_owned(),
            resource_type: resource_type.to_owned(),
            resource_id: id.clone(),
        })
    }

    /// The caller may not do this.
    pub(super) fn auth(code: &str, message: impl Display) -> Self {
        Self::Auth(AuthError {
            message: message.to_string(),
            code: code.to_owned(),
        })
    }

    /// The present state forbids it.
    pub(super) fn conflict(code: &str, message: impl Display) -> Self {
        Self::Conflict(ConflictError {
            message: message.to_string(),
            code: code.to_owned(),
        })
    }

    /// Its code and its message.
    pub(crate) fn told(&self) -> (&str, &str) {
        match self {
            Self::Validation(error) => (&error.code, &error.message),
            Self::NotFound(error) => (&error.code, &error.message),
            Self::Auth(error) => (&error.code, &error.message),
            Self::Conflict(error) => (&error.code, &error.message),
            Self::RoomHidden => ("NOT_FOUND", "there is no such room"),
        }
    }
}

/// What refuses nothing.
impl From<Infallible> for Refusal {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self::Validation(ValidationError {
            message: invalid.to_string(),
            code: "VALIDATION".to_owned(),
            field: Some(invalid.field.to_owned()),
            constraint: Some(invalid.constraint),
        })
    }
}

impl From<AccessRefusal> for Refusal {
    fn from(refusal: AccessRefusal) -> Self {
        let code = match refusal {
            AccessRefusal::Unauthenticated => "UNAUTHENTICATED",
            AccessRefusal::OverlayTokenReadsOnly => "OVERLAY_TOKEN_READS_ONLY",
            AccessRefusal::StaffOnly => "STAFF_ONLY",
            AccessRefusal::OperatorOnly => "OPERATOR_ONLY",
            AccessRefusal::OperatorHasNoTenant => "OPERATOR_HAS_NO_TENANT",
            AccessRefusal::NeverEarns => "NEVER_EARNS",
            AccessRefusal::UserIdUnusable => "USER_ID_UNUSABLE",
        };

        Self::Auth(AuthError {
            message: refusal.to_string(),
            code: code.to_owned(),
        })
    }
}

impl<R: Into<Refusal>> From<R> for Stop {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl Stop {
    /// What was refused about the room that the client calls `id`.
    pub(crate) fn of_refusal(refusal: impl Into<Refusal>, id: &ID) -> Self {
        let refusal = refusal.into();
        if let Refusal::RoomHidden = refusal {
            return Refusal::not_found("Room", id).into();
        }

        Self::Refused(refusal)
    }

    /// What the writer answered about what the client calls `id`.
    pub(crate) fn of_writer<R: Into<Refusal>>(not_done: NotDone<R>, id: &ID) -> Self {
        match not_done {
            NotDone::NotFound(Kind::Room) => Refusal::not_found("Room", id).into(),
            NotDone::NotFound(Kind::Tenant) => Refusal::not_found("Tenant", id).into(),
            NotDone::Refused(refusal) => Self::of_refusal(refusal, id),
            NotDone::Unreadable(_)
            | NotDone::Overloaded
            | NotDone::Unavailable
            | NotDone::ClockUntrusted
            | NotDone::Stopping
            | NotDone::OutcomeUnknown
            | NotDone::Fault => Self::Failed(Fault::of_not_done(&not_done)),
        }
    }
}

/// The unions that mutations answer with: the object, or one of the refusals that can occur.
macro_rules! results {
    ($($name:ident { $object:ident, $($refusal:ident $error:ident),* $(; never $($never:ident),*)? })*) => {$(
        #[derive(async_graphql::Union)]
        pub(crate) enum $name {
            $object(Box<$object>),
            $($error($crate::refusal::$error),)*
        }

        impl $name {
            /// The union's member for how a mutation ended.
            pub(crate) fn of<T: Into<$object>>(
                result: Result<T, $crate::refusal::Stop>,
            ) -> Result<Self, $crate::fault::Fault> {
                use $crate::refusal::{Refusal, Stop};

                match result {
                    Ok(object) => Ok(Self::$object(Box::new(object.into()))),
                    $(Err(Stop::Refused(Refusal::$refusal(error))) => Ok(Self::$error(error)),)*
                    $($(Err(Stop::Refused(Refusal::$never(error))) => {
                        unreachable!("{} is no answer here: {}", stringify!($name), error.message)
                    })*)?
                    Err(Stop::Refused(Refusal::RoomHidden)) => {
                        unreachable!("the writer's answer names the room")
                    }
                    Err(Stop::Failed(fault)) => Err(fault),
                }
            }
        }
    )*};
}
pub(super) use results;
