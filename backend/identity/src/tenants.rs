//! What an operator does with tenants, for the API and the command line alike.

use parlor_domain::id::TenantId;
use parlor_domain::invalid::Invalid;
use parlor_domain::tenant::{
    AddKeyRefusal, RetireKeyRefusal, Tenant, TenantChange, TenantDraft, TenantKey,
    UpdateTenantRefusal,
};
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

/// Why a tenant was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeTenantError<R> {
    #[error("there is no such tenant")]
    NotFound,
    #[error(transparent)]
    Refused(R),
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

/// Changes a tenant's settings.
pub async fn update(
    store: &Store,
    id: TenantId,
    change: TenantChange,
    now: ServerTime,
) -> Result<Tenant, ChangeTenantError<UpdateTenantRefusal>> {
    let locked = store.lock_tenant(id).await?;
    let locked = locked.ok_or(ChangeTenantError::NotFound)?;
    match locked.tenant.changed(change, now) {
        Ok(changed) => {
            locked.save(&changed).await?;
            Ok(changed)
        }
        Err(refusal) => {
            locked.let_go().await?;
            Err(ChangeTenantError::Refused(refusal))
        }
    }
}

/// Adds a key to a tenant's.
pub async fn add_key(
    store: &Store,
    id: TenantId,
    key: TenantKey,
    now: ServerTime,
) -> Result<TenantKey, ChangeTenantError<AddKeyRefusal>> {
    let locked = store.lock_tenant(id).await?;
    let locked = locked.ok_or(ChangeTenantError::NotFound)?;
    let mut keys = locked.keys.clone();
    match keys.add(key, now) {
        Ok(added) => {
            locked.save_keys(&keys).await?;
            Ok(added)
        }
        Err(refusal) => {
            locked.let_go().await?;
            Err(ChangeTenantError::Refused(refusal))
        }
    }
}

/// Has a tenant's key refused from `at` on.
pub async fn retire_key(
    store: &Store,
    id: TenantId,
    kid: &str,
    at: ServerTime,
    now: ServerTime,
) -> Result<TenantKey, ChangeTenantError<RetireKeyRefusal>> {
    let locked = store.lock_tenant(id).await?;
    let locked = locked.ok_or(ChangeTenantError::NotFound)?;
    let mut keys = locked.keys.clone();
    match keys.retire(kid, at, now) {
        Ok(retired) => {
            locked.save_keys(&keys).await?;
            Ok(retired)
        }
        Err(refusal) => {
            locked.let_go().await?;
            Err(ChangeTenantError::Refused(refusal))
        }
    }
}
