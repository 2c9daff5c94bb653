//! Refusals as data: one place where each "no" of the rules gets its type and code.

mod people;
mod tenants;

use std::fmt::Display;

use async_graphql::{ID, Interface, SimpleObject, Union};
use parlor_domain::access::AccessRefusal;
use parlor_domain::invalid::Invalid;
use parlor_domain::room::UpdateRoomRefusal;
use parlor_domain::room_aggregate::{
    DeleteRoomRefusal, EndSessionRefusal, InterruptSessionRefusal, RecordContributionRefusal,
    ResumeSessionRefusal, StartSessionRefusal,
};

use super::fault::Fault;
use super::object::{Contribution, CreatedOverlayToken, DeletedRoom, OverlayToken, Room, Session};
use super::people::Participant;
use super::tenant::{Tenant, TenantKey};
use crate::writer::NotDone;

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
    message: String,
    code: String,
    /// The input field at fault, such as `amount`.
    field: Option<String>,
    /// The limit or rule it breaks, such as `1 to 100 bytes`.
    constraint: Option<String>,
}

#[derive(SimpleObject)]
pub(crate) struct NotFoundError {
    message: String,
    code: String,
    resource_type: String,
    resource_id: ID,
}

#[derive(SimpleObject)]
pub(crate) struct AuthError {
    message: String,
    code: String,
}

/// The request is well formed, and the present state forbids it (stale version, slug taken, key
/// reused, archived room).
#[derive(SimpleObject)]
pub(crate) struct ConflictError {
    message: String,
    code: String,
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

    /// Another room of the tenant has the slug.
    pub(crate) fn slug_taken() -> Self {
        Self::conflict("SLUG_TAKEN", "another room of the tenant has this slug")
    }

    /// The tenant has used up its rooms.
    pub(crate) fn too_many_rooms(limit: u32) -> Self {
        let message = format!("the tenant has {limit} rooms, and may have no more");
        Self::conflict("TOO_MANY_ROOMS", message)
    }

    /// The room has used up its overlay tokens.
    pub(crate) fn too_many_overlay_tokens(limit: u32) -> Self {
        let message = format!("the room has {limit} overlay tokens in use; revoke one first");
        Self::conflict("TOO_MANY_OVERLAY_TOKENS", message)
    }

    /// A tenant has that id.
    pub(crate) fn tenant_exists(message: impl Display) -> Self {
        Self::conflict("TENANT_EXISTS", message)
    }

    /// The token's tenant is not known here.
    pub(crate) fn unknown_tenant() -> Self {
        let message = "the token's tenant does not exist on this server".to_owned();
        Self::Auth(AuthError {
            message,
            code: "UNKNOWN_TENANT".to_owned(),
        })
    }

    fn auth(code: &str, message: impl Display) -> Self {
        Self::Auth(AuthError {
            message: message.to_string(),
            code: code.to_owned(),
        })
    }

    fn conflict(code: &str, message: impl Display) -> Self {
        Self::Conflict(ConflictError {
            message: message.to_string(),
            code: code.to_owned(),
        })
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
            AccessRefusal::UserIdUnusable => "USER_ID_UNUSABLE",
        };

        Self::Auth(AuthError {
            message: refusal.to_string(),
            code: code.to_owned(),
        })
    }
}

impl From<UpdateRoomRefusal> for Refusal {
    fn from(refusal: UpdateRoomRefusal) -> Self {
        let code = match refusal {
            UpdateRoomRefusal::StaleVersion { .. } => "STALE_VERSION",
            UpdateRoomRefusal::StateOutOfOrder { .. } => "STATE_OUT_OF_ORDER",
            UpdateRoomRefusal::SessionLive => "SESSION_LIVE",
            UpdateRoomRefusal::StageOccupied { .. } => "STAGE_OCCUPIED",
            UpdateRoomRefusal::Invalid(invalid) => return invalid.into(),
        };

        Self::conflict(code, refusal)
    }
}

impl From<DeleteRoomRefusal> for Refusal {
    fn from(refusal: DeleteRoomRefusal) -> Self {
        let code = match refusal {
            DeleteRoomRefusal::StaleVersion { .. } => "STALE_VERSION",
            DeleteRoomRefusal::SessionLive => "SESSION_LIVE",
            DeleteRoomRefusal::HasContributions => "HAS_CONTRIBUTIONS",
        };

        Self::conflict(code, refusal)
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

impl From<EndSessionRefusal> for Refusal {
    fn from(refusal: EndSessionRefusal) -> Self {
        match refusal {
            EndSessionRefusal::NotLive => Self::conflict("NOT_LIVE", refusal),
        }
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

impl From<RecordContributionRefusal> for Refusal {
    fn from(refusal: RecordContributionRefusal) -> Self {
        let code = match refusal {
            RecordContributionRefusal::KeyReused(_) => "KEY_REUSED",
            RecordContributionRefusal::RoomArchived => "ROOM_ARCHIVED",
            RecordContributionRefusal::ContributionDiffers(_) => "CONTRIBUTION_DIFFERS",
        };

        Self::conflict(code, refusal)
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
    /// What the writer answered about the room that the client calls `room_id`.
    pub(crate) fn of_writer<R: Into<Refusal>>(not_done: NotDone<R>, room_id: &ID) -> Self {
        match not_done {
            NotDone::RoomNotFound => Refusal::not_found("Room", room_id).into(),
            NotDone::Refused(refusal) => {
                let refusal = refusal.into();
                if let Refusal::RoomHidden = refusal {
                    return Refusal::not_found("Room", room_id).into();
                }
                Self::Refused(refusal)
            }
            NotDone::SlugTaken => Refusal::slug_taken().into(),
            NotDone::ContributionElsewhere => {
                let message = "the contribution was reported to another room";
                Refusal::conflict("CONTRIBUTION_DIFFERS", message).into()
            }
            NotDone::Overloaded | NotDone::Stopping | NotDone::OutcomeUnknown | NotDone::Fault => {
                Self::Failed(Fault::of_not_done(&not_done))
            }
        }
    }
}

macro_rules! results {
    ($($name:ident { $object:ident, $($refusal:ident $error:ident),* $(; never $($never:ident),*)? })*) => {$(
        #[derive(Union)]
        pub(crate) enum $name {
            $object(Box<$object>),
            $($error($error),)*
        }

        impl $name {
            /// The union's member for how a mutation ended.
            pub(crate) fn of<T: Into<$object>>(result: Result<T, Stop>) -> Result<Self, Fault> {
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

results! {
    CreateRoomResult {
        Room, Validation ValidationError, Auth AuthError, Conflict ConflictError; never NotFound
    }
    UpdateRoomResult {
        Room, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    DeleteRoomResult {
        DeletedRoom, NotFound NotFoundError, Auth AuthError, Conflict ConflictError; never Validation
    }
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
    RecordContributionResult {
        Contribution, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    CreateOverlayTokenResult {
        CreatedOverlayToken, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    RevokeOverlayTokenResult {
        OverlayToken, NotFound NotFoundError, Auth AuthError; never Validation, Conflict
    }
    CreateTenantResult {
        Tenant, Validation ValidationError, Auth AuthError, Conflict ConflictError; never NotFound
    }
    UpdateTenantResult {
        Tenant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    AddTenantKeyResult {
        TenantKey, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    RetireTenantKeyResult {
        TenantKey, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    JoinRoomResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    RenameParticipantResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    RemoveParticipantResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    GrantCapabilityResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    DenyCapabilityResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    LeaveRoomResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    ReadmitParticipantResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    AssignRoleResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    ClearCapabilityGrantResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    ClearCapabilityDenialResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    RequestStageResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    WithdrawStageRequestResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    InviteToStageResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    DeclineStageResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    JoinStageResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    LeaveStageResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    MoveToAudienceResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    HandOverHostResult {
        Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
}
