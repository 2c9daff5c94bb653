//! What the rules of rooms refuse.

use parlor_domain::room::UpdateRoomRefusal;
use parlor_domain::room_aggregate::DeleteRoomRefusal;

use super::{DeletedRoom, Room};
use crate::refusal::{Refusal, results};

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
}

impl From<UpdateRoomRefusal> for Refusal {
    fn from(refusal: UpdateRoomRefusal) -> Self {
        let code = match refusal {
            UpdateRoomRefusal::StaleVersion { .. } => "STALE_VERSION",
            UpdateRoomRefusal::StateOutOfOrder { .. } => "STATE_OUT_OF_ORDER",
            UpdateRoomRefusal::SessionLive => "SESSION_LIVE",
            UpdateRoomRefusal::StageOccupied { .. } => "STAGE_OCCUPIED",
            UpdateRoomRefusal::Invalid(invalid) => return invalid.into(),
            UpdateRoomRefusal::SlugTaken => return slug_taken(),
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
            DeleteRoomRefusal::HasBooks => "HAS_BOOKS",
        };

        Self::conflict(code, refusal)
    }
}

/// Another room of the tenant has the slug.
pub(super) fn slug_taken() -> Refusal {
    Refusal::conflict("SLUG_TAKEN", "another room of the tenant has this slug")
}

/// The tenant has used up its rooms.
pub(super) fn too_many_rooms(limit: u32) -> Refusal {
    let message = format!("the tenant has {limit} rooms, and may have no more");
    Refusal::conflict("TOO_MANY_ROOMS", message)
}

/// The token's tenant is not known here.
pub(super) fn unknown_tenant() -> Refusal {
    let message = "the token's tenant does not exist on this server";
    Refusal::auth("UNKNOWN_TENANT", message)
}
