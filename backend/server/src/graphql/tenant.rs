//! Tenants as their operator reads and changes them.

use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Result, SimpleObject,
};
use parlor_domain::invalid::Invalid;
use parlor_domain::tenant::{
    self, LimitsChange, Origin, RoomDefaultsChange, TenantChange, TenantDraft,
};
use parlor_domain::time::ServerTime;

use super::app;
use super::fault::Fault;
use super::global_id::IdKind;
use super::query::PageInfo;
use super::scalar::{Time, int};
use crate::identity::public_key;

/// A customer who owns rooms. For the operator's eyes.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Tenant {
    pub(super) id: ID,
    /// The UUID that the tenant's tokens carry as `tenant_id`.
    uuid: String,
    name: String,
    /// Counts changes of the settings; give it back to `updateTenant`.
    version: i32,
    /// Whose pages may use the tenant's rooms; null leaves it to the server's own setting.
    allowed_origins: Option<Vec<String>>,
    /// What a new room has where its maker does not say.
    room_defaults: RoomDefaults,
    limits: TenantLimits,
    created_at: Time,
    updated_at: Time,
    #[graphql(skip)]
    source: tenant::Tenant,
}

#[derive(SimpleObject, Clone)]
struct RoomDefaults {
    delay_ms: i32,
    ingest_offset_ms: i32,
    anonymous_read: bool,
    stage_size: i32,
    interruption_grace_ms: i32,
}

#[derive(SimpleObject, Clone)]
struct TenantLimits {
    /// Rooms in any state.
    rooms: i32,
    /// Overlay tokens of one room that are not revoked.
    overlay_tokens_per_room: i32,
    /// Sockets open at once on one node.
    sockets_per_node: i32,
}

/// How a key signs.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenant::KeyAlgorithm")]
pub(crate) enum KeyAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    #[graphql(name = "ES256")]
    Es256,
    /// `EdDSA` with Ed25519; a token's header calls it that.
    #[graphql(name = "EDDSA")]
    EdDsa,
}

#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenant::KeyStanding")]
pub(crate) enum KeyStanding {
    InUse,
    /// In use until `retiresAt`.
    Retiring,
    Retired,
}

/// A public key that the tenant signs its tokens with.
#[derive(SimpleObject)]
pub(crate) struct TenantKey {
    /// What a token's header calls it; unique within the tenant.
    kid: String,
    algorithm: KeyAlgorithm,
    /// The key as a JWK, in JSON.
    jwk: String,
    standing: KeyStanding,
    added_at: Time,
    /// From when on it is refused, if that was decided.
    retires_at: Option<Time>,
}

#[derive(SimpleObject)]
pub(crate) struct TenantEdge {
    pub(super) cursor: String,
    pub(super) node: Tenant,
}

#[derive(SimpleObject)]
pub(crate) struct TenantsConnection {
    pub(super) edges: Vec<TenantEdge>,
    pub(super) nodes: Vec<Tenant>,
    pub(super) page_info: PageInfo,
    pub(super) total_count: i32,
}

#[ComplexObject]
impl Tenant {
    /// The keys that the tenant signs with, and those retired last, in the order they were added.
    async fn keys(&self, context: &Context<'_>) -> Result<Vec<TenantKey>> {
        let app = app(context);
        let keys = app.store.tenant_keys(self.source.id).await;
        let keys = keys.map_err(Fault::from)?;

        let now = app.clock.now();
        Ok(keys
            .keys()
            .iter()
            .map(|key| TenantKey::new(key, now))
            .collect())
    }
}

impl From<tenant::Tenant> for Tenant {
    fn from(tenant: tenant::Tenant) -> Self {
        let origins = tenant.allowed_origins.as_ref();

        Self {
            id: IdKind::Tenant.id(tenant.id.0),
            uuid: tenant.id.to_string(),
            name: tenant.name.clone(),
            version: tenant.version,
            allowed_origins: origins
                .map(|origins| origins.iter().map(ToString::to_string).collect()),
            room_defaults: RoomDefaults {
                delay_ms: int(tenant.defaults.delay_ms),
                ingest_offset_ms: int(tenant.defaults.ingest_offset_ms),
                anonymous_read: tenant.defaults.anonymous_read,
                stage_size: int(tenant.defaults.stage_size),
                interruption_grace_ms: int(tenant.defaults.interruption_grace_ms),
            },
            limits: TenantLimits {
                rooms: int(tenant.limits.rooms),
                overlay_tokens_per_room: int(tenant.limits.overlay_tokens_per_room),
                sockets_per_node: int(tenant.limits.sockets_per_node),
            },
            created_at: tenant.created_at.into(),
            updated_at: tenant.updated_at.into(),
            source: tenant,
        }
    }
}

impl TenantKey {
    /// The key as it stands at `now`.
    pub(super) fn new(key: &tenant::TenantKey, now: ServerTime) -> Self {
        Self {
            kid: key.kid.clone(),
            algorithm: key.algorithm.into(),
            jwk: public_key::to_jwk(key),
            standing: key.standing(now).into(),
            added_at: key.added_at.into(),
            retires_at: key.retires_at.map(Time),
        }
    }
}

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
