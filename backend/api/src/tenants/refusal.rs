//! What the rules of tenants refuse.

use async_graphql::ID;
use parlor_domain::tenant::{AddKeyRefusal, RetireKeyRefusal, UpdateTenantRefusal};

use super::{Tenant, TenantKey};
use crate::refusal::{Refusal, results};

results! {
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
}

impl From<UpdateTenantRefusal> for Refusal {
    fn from(refusal: UpdateTenantRefusal) -> Self {
        match refusal {
            UpdateTenantRefusal::StaleVersion { .. } => Self::conflict("STALE_VERSION", refusal),
            UpdateTenantRefusal::Invalid(invalid) => invalid.into(),
        }
    }
}

impl From<AddKeyRefusal> for Refusal {
    fn from(refusal: AddKeyRefusal) -> Self {
        match refusal {
            AddKeyRefusal::Invalid(invalid) => invalid.into(),
            AddKeyRefusal::KidTaken(_) => Self::conflict("KID_TAKEN", refusal),
            AddKeyRefusal::TooManyKeys => Self::conflict("TOO_MANY_KEYS", refusal),
        }
    }
}

impl From<RetireKeyRefusal> for Refusal {
    fn from(refusal: RetireKeyRefusal) -> Self {
        match refusal {
            RetireKeyRefusal::Invalid(invalid) => invalid.into(),
            RetireKeyRefusal::NotFound(kid) => Self::not_found("TenantKey", &ID(kid)),
            RetireKeyRefusal::AlreadyRetired => Self::conflict("KEY_RETIRED", refusal),
        }
    }
}
