//! Tenants as their operator reads and changes them.

mod input;
mod operations;
mod refusal;

use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use parlor_domain::tenant;
use parlor_domain::time::ServerTime;
use parlor_identity::public_key;

use super::app;
use super::fault::Fault;
use super::global_id::IdKind;
use super::page::PageInfo;
use super::scalar::{Time, int};

pub(super) use operations::{TenantMutation, TenantQuery, read_tenant};

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
