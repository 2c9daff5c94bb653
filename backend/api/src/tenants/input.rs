//! What an operator says of a tenant.

use async_graphql::{ID, InputObject, MaybeUndefined};
use parlor_domain::invalid::Invalid;
use parlor_domain::tenant::{LimitsChange, Origin, RoomDefaultsChange, TenantChange, TenantDraft};

use crate::scalar::Time;

#[derive(InputObject)]
pub(crate) struct CreateTenantInput {
    /// The UUID that the tenant's tokens will carry; a new one unless given. With one, the call can
    /// be made again when its answer was lost.
    pub(super) uuid: Option<String>,
    name: String,
    allowed_origins: Option<Vec<String>>,
    room_defaults: Option<RoomDefaultsInput>,
    limits: Option<TenantLimitsInput>,
}

#[derive(InputObject)]
pub(crate) struct UpdateTenantInput {
    /// The version this change was made against.
    version: i32,
    name: Option<String>,
    /// The whole list; `null` goes back to the server's own setting.
    allowed_origins: MaybeUndefined<Vec<String>>,
    room_defaults: Option<RoomDefaultsInput>,
    limits: Option<TenantLimitsInput>,
}

/// What is left out stays as it is.
#[derive(InputObject, Default)]
pub(crate) struct RoomDefaultsInput {
    delay_ms: Option<i32>,
    ingest_offset_ms: Option<i32>,
    anonymous_read: Option<bool>,
    stage_size: Option<i32>,
    interruption_grace_ms: Option<i32>,
}

/// What is left out stays as it is. Zero is a limit too.
#[derive(InputObject, Default)]
pub(crate) struct TenantLimitsInput {
    rooms: Option<i32>,
    overlay_tokens_per_room: Option<i32>,
    sockets_per_node: Option<i32>,
}

#[derive(InputObject)]
pub(crate) struct AddTenantKeyInput {
    pub(super) tenant_id: ID,
    /// Defaults to the JWK's own, else to the key's thumbprint (RFC 7638).
    pub(super) kid: Option<String>,
    /// The public key as a JWK, in JSON. Give this or `pem`.
    pub(super) jwk: Option<String>,
    /// The public key as a PEM file.
    pub(super) pem: Option<String>,
}

#[derive(InputObject)]
pub(crate) struct RetireTenantKeyInput {
    pub(super) tenant_id: ID,
    pub(super) kid: String,
    /// Defaults to now; a time that has passed is refused. An end that has not come yet can be moved.
    pub(super) at: Option<Time>,
}

impl TryFrom<CreateTenantInput> for TenantDraft {
    type Error = Invalid;

    fn try_from(input: CreateTenantInput) -> Result<Self, Invalid> {
        Ok(Self {
            name: input.name,
            allowed_origins: input.allowed_origins.as_deref().map(origins).transpose()?,
            defaults: input.room_defaults.unwrap_or_default().try_into()?,
            limits: input.limits.unwrap_or_default().try_into()?,
        })
    }
}

impl TryFrom<UpdateTenantInput> for TenantChange {
    type Error = Invalid;

    fn try_from(input: UpdateTenantInput) -> Result<Self, Invalid> {
        let allowed_origins = match input.allowed_origins {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(list) => Some(Some(origins(&list)?)),
        };

        Ok(Self {
            version: input.version,
            name: input.name,
            allowed_origins,
            defaults: input.room_defaults.unwrap_or_default().try_into()?,
            limits: input.limits.unwrap_or_default().try_into()?,
        })
    }
}

impl TryFrom<RoomDefaultsInput> for RoomDefaultsChange {
    type Error = Invalid;

    fn try_from(input: RoomDefaultsInput) -> Result<Self, Invalid> {
        Ok(Self {
            delay_ms: input.delay_ms.map(Into::into),
            ingest_offset_ms: input.ingest_offset_ms.map(Into::into),
            anonymous_read: input.anonymous_read,
            stage_size: count("roomDefaults.stageSize", input.stage_size)?,
            interruption_grace_ms: input.interruption_grace_ms.map(Into::into),
        })
    }
}

impl TryFrom<TenantLimitsInput> for LimitsChange {
    type Error = Invalid;

    fn try_from(input: TenantLimitsInput) -> Result<Self, Invalid> {
        let tokens = input.overlay_tokens_per_room;

        Ok(Self {
            rooms: count("limits.rooms", input.rooms)?,
            overlay_tokens_per_room: count("limits.overlayTokensPerRoom", tokens)?,
            sockets_per_node: count("limits.socketsPerNode", input.sockets_per_node)?,
        })
    }
}

fn origins(list: &[String]) -> Result<Vec<Origin>, Invalid> {
    list.iter().map(|origin| Origin::parse(origin)).collect()
}

fn count(field: &'static str, number: Option<i32>) -> Result<Option<u32>, Invalid> {
    let read =
        |number| u32::try_from(number).map_err(|_| Invalid::new(field, "no less than 0", number));

    number.map(read).transpose()
}
