//! A tenant and its keys as commands of a batch decide on them, and what the batch changed.

use crate::rates::{RateTable, RatesDraft, SetRatesRefusal};
use crate::tenant::{
    AddKeyRefusal, KeySet, RetireKeyRefusal, Tenant, TenantChange, TenantKey, UpdateTenantRefusal,
};
use crate::time::ServerTime;

/// A tenant under its lock.
#[derive(Debug, Clone)]
pub struct TenantAggregate {
    pub tenant: Tenant,
    /// Those that it signs its tokens with, if somebody asked for them.
    pub keys: Option<KeySet>,
    /// What currencies are worth, if the tenant has said so.
    pub rates: Option<RateTable>,
    pub changes: TenantChanges,
}

/// What of a tenant is to be written.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says of one table whether its rows are written"
)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenantChanges {
    /// Whether the tenant's own row changed.
    pub settings: bool,
    pub origins: bool,
    pub keys: bool,
    pub rates: bool,
}

impl TenantChanges {
    /// Whether there is nothing to write.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl TenantAggregate {
    /// A tenant as it is stored.
    pub fn new(tenant: Tenant) -> Self {
        Self {
            tenant,
            keys: None,
            rates: None,
            changes: TenantChanges::default(),
        }
    }

    /// Changes the tenant's settings.
    pub fn update(
        &mut self,
        change: TenantChange,
        now: ServerTime,
    ) -> Result<Tenant, UpdateTenantRefusal> {
        let changed = self.tenant.changed(change, now)?;
        self.changes.settings = true;
        self.changes.origins |= changed.allowed_origins != self.tenant.allowed_origins;
        self.tenant = changed;

        Ok(self.tenant.clone())
    }

    /// Adds a key to the tenant's. The same key again changes nothing.
    pub fn add_key(&mut self, key: TenantKey, now: ServerTime) -> Result<TenantKey, AddKeyRefusal> {
        let added = self.asked_keys().add(key, now)?;
        self.changes.keys = true;

        Ok(added)
    }

    /// Has the key called `kid` refused from `at` on, or from now on.
    pub fn retire_key(
        &mut self,
        kid: &str,
        at: Option<ServerTime>,
        now: ServerTime,
    ) -> Result<TenantKey, RetireKeyRefusal> {
        let retired = self.asked_keys().retire(kid, at.unwrap_or(now), now)?;
        self.changes.keys = true;

        Ok(retired)
    }

    /// Sets what currencies are worth, in the place of what was said before.
    pub fn set_rates(
        &mut self,
        draft: RatesDraft,
        now: ServerTime,
    ) -> Result<RateTable, SetRatesRefusal> {
        let table = RateTable::set(self.rates.as_ref(), draft, now)?;
        self.changes.rates = true;
        self.rates = Some(table.clone());

        Ok(table)
    }

    fn asked_keys(&mut self) -> &mut KeySet {
        self.keys
            .as_mut()
            .expect("whoever changes keys asks for them")
    }
}
