//! What the rules of sessions refuse.

use parlor_domain::room_aggregate::{
    EndSessionRefusal, InterruptSessionRefusal, ResumeSessionRefusal, StartSessionRefusal,
};

use super::Session;
use crate::refusal::{Refusal, results};

results! {
    StartSessionResult {
        Session, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    InterruptSessionResult {
        Session, NotFound NotFoundError, Auth AuthError, Conflict ConflictError; never Validation
    }
    ResumeSessionResult {
        Session, NotFound NotFoundError, Auth AuthError, Conflict ConflictError; never Validation
    }
    EndSessionResult {
        Session, NotFound NotFoundError, Auth AuthError, Conflict ConflictError; never Validation
    }
}

impl From<StartSessionRefusal> for Refusal {
    fn from(refusal: StartSessionRefusal) -> Self {
        let code = match refusal {
            StartSessionRefusal::RoomNotOpen(_) => "ROOM_NOT_OPEN",
            StartSessionRefusal::Interrupted => "SESSION_INTERRUPTED",
            StartSessionRefusal::AlreadyLive => "ALREADY_LIVE",
            StartSessionRefusal::Invalid(invalid) => return invalid.into(),
        };

        Self::conflict(code, refusal)
    }
}

impl From<InterruptSessionRefusal> for Refusal {
    fn from(refusal: InterruptSessionRefusal) -> Self {
        let code = match refusal {
            InterruptSessionRefusal::NotLive => "NOT_LIVE",
            InterruptSessionRefusal::AlreadyInterrupted => "SESSION_INTERRUPTED",
        };

        Self::conflict(code, refusal)
    }
}

impl From<ResumeSessionRefusal> for Refusal {
    fn from(refusal: ResumeSessionRefusal) -> Self {
        let code = match refusal {
            ResumeSessionRefusal::NotLive => "NOT_LIVE",
            ResumeSessionRefusal::NotInterrupted => "NOT_INTERRUPTED",
        };

        Self::conflict(code, refusal)
    }
}

impl From<EndSessionRefusal> for Refusal {
    fn from(refusal: EndSessionRefusal) -> Self {
        match refusal {
            EndSessionRefusal::NotLive => Self::conflict("NOT_LIVE", refusal),
        }
    }
}
