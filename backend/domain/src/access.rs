//! Who asks, and what they may do.

use crate::id::{RoomId, TenantId, ViewerId};
use crate::room::Room;
use crate::room_aggregate::Actor;

/// Who stands behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Nobody in particular.
    Anonymous,
    /// A person of the audience.
    Viewer {
        tenant_id: TenantId,
        user_id: String,
        /// Whether it is a program, which takes part as a person does and watches nothing.
        is_machine: bool,
    },
    /// Somebody who works for the tenant.
    Staff {
        tenant_id: TenantId,
        user_id: String,
        /// Whether it is a program, which watches nothing.
        is_machine: bool,
    },
    /// Who runs the server: makes tenants and sets what they may, and acts in nobody's room.
    Operator { user_id: String },
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
    #[error("this needs the operator's token")]
    OperatorOnly,
    #[error("an operator's token acts for no tenant")]
    OperatorHasNoTenant,
    #[error("a bot's or a service's token earns nothing by watching")]
    NeverEarns,
    #[error(
        "the token's user id is longer than a viewer id, no plain text, or stands for who was erased"
    )]
    UserIdUnusable,
}

impl Principal {
    /// The tenant the caller belongs to, if any.
    pub fn tenant_id(&self) -> Option<TenantId> {
        match self {
            Self::Anonymous | Self::Operator { .. } => None,
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
            Self::Operator { .. } => Err(AccessRefusal::OperatorHasNoTenant),
            Self::Staff { tenant_id, .. } => Ok(*tenant_id),
        }
    }

    /// Checks that the caller runs the server.
    pub fn require_operator(&self) -> Result<(), AccessRefusal> {
        match self {
            Self::Operator { .. } => Ok(()),
            Self::Anonymous => Err(AccessRefusal::Unauthenticated),
            Self::Viewer { .. } | Self::Staff { .. } | Self::Overlay { .. } => {
                Err(AccessRefusal::OperatorOnly)
            }
        }
    }

    /// The person behind the request, who may act as a participant, and their tenant.
    pub fn person(&self) -> Result<(TenantId, Actor), AccessRefusal> {
        let (tenant_id, user_id, is_staff) = match self {
            Self::Anonymous => return Err(AccessRefusal::Unauthenticated),
            Self::Overlay { .. } => return Err(AccessRefusal::OverlayTokenReadsOnly),
            Self::Operator { .. } => return Err(AccessRefusal::OperatorHasNoTenant),
            Self::Viewer {
                tenant_id, user_id, ..
            } => (*tenant_id, user_id, false),
            Self::Staff {
                tenant_id, user_id, ..
            } => (*tenant_id, user_id, true),
        };
        let viewer_id =
            ViewerId::parse_given(user_id).map_err(|_| AccessRefusal::UserIdUnusable)?;

        Ok((
            tenant_id,
            Actor {
                viewer_id,
                is_staff,
            },
        ))
    }

    /// The same, if it is one who watches for themselves: staff does as anybody, and a program never.
    pub fn audience(&self) -> Result<(TenantId, Actor), AccessRefusal> {
        match self {
            Self::Viewer {
                is_machine: true, ..
            }
            | Self::Staff {
                is_machine: true, ..
            } => Err(AccessRefusal::NeverEarns),
            Self::Anonymous
            | Self::Overlay { .. }
            | Self::Operator { .. }
            | Self::Viewer { .. }
            | Self::Staff { .. } => self.person(),
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
            Self::Anonymous | Self::Operator { .. } => {
                room.anonymous_read && room.is_visible_to_viewers()
            }
        }
    }
}
