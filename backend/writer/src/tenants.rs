//! Commands on a tenant and its keys, and how a program that runs once has them done.

use parlor_domain::id::TenantId;
use parlor_domain::rates::{RateTable, RatesDraft, SetRatesRefusal};
use parlor_domain::tenant::{
    AddKeyRefusal, RetireKeyRefusal, Tenant, TenantChange, TenantKey, UpdateTenantRefusal,
};
use parlor_domain::tenant_aggregate::TenantAggregate;
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::{Absent, Needs, Store, StoreError, TenantNeeds};

use super::Command;
use super::aggregate::Aggregate;

/// Changes the tenant's settings.
pub struct UpdateTenant(pub TenantChange);

/// Sets what currencies are worth.
pub struct SetCurrencyRates(pub RatesDraft);

/// Adds a key to the tenant's.
pub struct AddTenantKey(pub TenantKey);

/// Has one of the tenant's keys refused.
pub struct RetireTenantKey {
    pub kid: String,
    /// From when on; from now on, if it is not said.
    pub at: Option<ServerTime>,
}

impl Command for UpdateTenant {
    type On = TenantAggregate;
    type Answer = Tenant;
    type Refusal = UpdateTenantRefusal;
    const REPEATABLE: bool = false;

    fn decide(
        &self,
        tenant: &mut TenantAggregate,
        _ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Tenant, UpdateTenantRefusal> {
        tenant.update(self.0.clone(), now)
    }
}

impl Command for SetCurrencyRates {
    type On = TenantAggregate;
    type Answer = RateTable;
    type Refusal = SetRatesRefusal;
    const REPEATABLE: bool = false;

    fn decide(
        &self,
        tenant: &mut TenantAggregate,
        _ids: &mut Ids,
        now: ServerTime,
    ) -> Result<RateTable, SetRatesRefusal> {
        tenant.set_rates(self.0.clone(), now)
    }
}

impl Command for AddTenantKey {
    type On = TenantAggregate;
    type Answer = TenantKey;
    type Refusal = AddKeyRefusal;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut TenantNeeds) {
        needs.keys = true;
    }

    fn decide(
        &self,
        tenant: &mut TenantAggregate,
        _ids: &mut Ids,
        now: ServerTime,
    ) -> Result<TenantKey, AddKeyRefusal> {
        tenant.add_key(self.0.clone(), now)
    }
}

impl Command for RetireTenantKey {
    type On = TenantAggregate;
    type Answer = TenantKey;
    type Refusal = RetireKeyRefusal;
    const REPEATABLE: bool = false;

    fn add_needs(&self, needs: &mut TenantNeeds) {
        needs.keys = true;
    }

    fn decide(
        &self,
        tenant: &mut TenantAggregate,
        _ids: &mut Ids,
        now: ServerTime,
    ) -> Result<TenantKey, RetireKeyRefusal> {
        tenant.retire_key(&self.kid, self.at, now)
    }
}

/// Why a tenant was not changed by [`change_tenant`].
#[derive(Debug, thiserror::Error)]
pub enum ChangeTenantError<R> {
    #[error("there is no such tenant")]
    NotFound,
    #[error("what is stored of the tenant cannot be read: it is damaged, or of another version")]
    Unreadable,
    #[error(transparent)]
    Refused(R),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Has `command` done to a tenant by a program that has no [`Writer`](super::Writer). Servers that are
/// running find it out from the database.
pub async fn change_tenant<C: Command<On = TenantAggregate>>(
    store: &Store,
    id: TenantId,
    command: C,
    ids: &mut Ids,
    now: ServerTime,
) -> Result<C::Answer, ChangeTenantError<C::Refusal>> {
    let mut needs = Needs::default();
    command.add_needs(TenantAggregate::needs(&mut needs, id, ()));
    let mut batch = store.begin(needs).await?;
    let decided = match batch.tenant(id) {
        Ok(tenant) => command
            .decide(tenant, ids, now)
            .map_err(ChangeTenantError::Refused),
        Err(Absent::NotFound) => Err(ChangeTenantError::NotFound),
        Err(Absent::Unreadable) => Err(ChangeTenantError::Unreadable),
    };
    match decided {
        Ok(answer) => {
            batch.commit().await?;
            Ok(answer)
        }
        Err(error) => {
            batch.roll_back().await?;
            Err(error)
        }
    }
}
