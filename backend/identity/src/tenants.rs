//! Making a tenant, for the API and the command line alike.

use parlor_domain::id::TenantId;
use parlor_domain::invalid::Invalid;
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_domain::time::ServerTime;
use parlor_store::{Store, StoreError};

/// Why a tenant was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateTenantError {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("there is a tenant {0} already")]
    Exists(TenantId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a tenant. One that is there already, just as it would be made, is the answer to the same
/// call made before.
pub async fn create(
    store: &Store,
    draft: TenantDraft,
    id: TenantId,
    now: ServerTime,
) -> Result<Tenant, CreateTenantError> {
    let tenant = Tenant::create(draft, id, now)?;
    if store.create_tenant(&tenant).await? {
        return Ok(tenant);
    }

    let present = store.tenant(id).await?;
    present
        .filter(|present| {
            let (created_at, updated_at) = (present.created_at, present.updated_at);
            let again = Tenant {
                created_at,
                updated_at,
                ..tenant
            };
            *present == again
        })
        .ok_or(CreateTenantError::Exists(id))
}
