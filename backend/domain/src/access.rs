//! Who asks, and what they may do.

use crate::id::{RoomId, TenantId};
use crate::room::Room;

/// Who stands behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Nobody in particular.
    Anonymous,
    /// A person of the audience.
    Viewer {
        tenant_id: TenantId,
        user_id: String,
    },
    /// Somebody who works for the tenant.
    Staff {
        tenant_id: TenantId,
        user_id: String,
    },
    /// An overlay: reads one room, and nothing else.
    Overlay {
        tenant_id: TenantId,
        room_id: RoomId,
    },
}

/// Why a caller was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefusal {
    #[error("this needs a token")]
    Unauthenticated,
    #[error("an overlay token only reads its room")]
    OverlayTokenReadsOnly,
    #[error("this needs a staff role")]
    StaffOnly,
}

impl Principal {
    /// The tenant the caller belongs to, if any.
    pub fn tenant_id(&self) -> Option<TenantId> {
        match self {
            Self::Anonymous => None,
            Self::Viewer { tenant_id, .. }
            | Self::Staff { tenant_id, .. }
            | Self::Overlay { tenant_id, .. } => Some(*tenant_id),
        }
    }

    /// The tenant that a staff command acts for.
    pub fn staff_tenant(&self) -> Result<TenantId, AccessRefusal> {
        match self {
            Self::Anonymous => Err(AccessRefusal::Unauthenticated),
            Self::Overlay { .. } => Err(AccessRefusal::OverlayTokenReadsOnly),
            Self::Viewer { .. } => Err(AccessRefusal::StaffOnly),
            Self::Staff { tenant_id, .. } => Ok(*tenant_id),
        }
    }

    /// Whether the caller may read `room`. To everyone else it does not exist.
    pub fn may_read(&self, room: &Room) -> bool {
        match self {
            Self::Staff { tenant_id, .. } => *tenant_id == room.tenant_id,
            Self::Viewer { tenant_id, .. } => {
                *tenant_id == room.tenant_id && room.is_visible_to_viewers()
            }
            Self::Overlay { tenant_id, room_id } => {
                *tenant_id == room.tenant_id && *room_id == room.id
            }
            Self::Anonymous => room.anonymous_read && room.is_visible_to_viewers(),
        }
    }
}
