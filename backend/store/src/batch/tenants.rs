//! The tenants of a batch: taking their locks, what is read of each, and what is written.

use std::collections::BTreeMap;

use parlor_domain::id::TenantId;
use parlor_domain::tenant::KeySet;
use parlor_domain::tenant_aggregate::TenantAggregate;

use super::readable::Readable;
use super::{TenantNeeds, WhenLocked};
use crate::engine::Transaction;
use crate::set::Dialect;
use crate::sql::{row, to_json};
use crate::tenants::{
    COLUMNS, by_tenant, insert_origins, put_origins, read_keys, read_origins, read_rest,
    select_keys, select_origins, select_rates,
};

/// Tenants under their locks.
pub(super) type Tenants = Readable<TenantId, TenantAggregate>;

/// Locks the tenants, all by one statement.
pub(super) async fn lock(
    transaction: &mut Transaction,
    named: &BTreeMap<TenantId, TenantNeeds>,
    when_locked: WhenLocked,
) -> Result<Tenants, sqlx::Error> {
    let columns = COLUMNS;
    // SQLite has one lock, which a write takes first of all.
    let text = match transaction.dialect() {
        Dialect::Postgres => format!(
            "SELECT {columns} FROM wanted CROSS JOIN tenants WHERE tenants.id = wanted.id {}",
            when_locked.in_order_of_ids("tenants")
        ),
        Dialect::Sqlite => format!(
            "UPDATE tenants SET version = version WHERE id IN (SELECT id FROM wanted)
             RETURNING {columns}"
        ),
    };

    let mut tenants = Tenants::default();
    let keys = named.keys().map(|id| row![*id]).collect();
    for mut row in transaction.look_up("wanted (id)", keys, &text).await? {
        let id = TenantId(row.take()?);
        tenants.put(id, "tenant", read_rest(id, row).map(TenantAggregate::new))?;
    }

    Ok(tenants)
}

/// Loads the tenants' own origins and rates, and the keys that were asked for.
pub(super) async fn load(
    transaction: &mut Transaction,
    tenants: &mut Tenants,
    named: &BTreeMap<TenantId, TenantNeeds>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = tenants.keys().collect();
    let mut origins = by_tenant(select_origins(transaction, &ids).await?)?;
    for id in ids {
        let origins = origins.remove(&id).unwrap_or_default();
        tenants.read_into(id, "origins", |aggregate| {
            put_origins(&mut aggregate.tenant, read_origins(origins)?);
            Ok(())
        })?;
    }

    let ids: Vec<_> = tenants.keys().collect();
    for mut row in select_rates(transaction, &ids).await? {
        let id = TenantId(row.take()?);
        tenants.read_into(id, "currency rates", |aggregate| {
            aggregate.rates = Some(row.take_json()?);
            Ok(())
        })?;
    }

    let ids: Vec<_> = tenants.keys().filter(|id| named[id].keys).collect();
    let mut keys = by_tenant(select_keys(transaction, &ids).await?)?;
    for id in ids {
        let keys = keys.remove(&id).unwrap_or_default();
        tenants.read_into(id, "keys", |aggregate| {
            aggregate.keys = Some(read_keys(keys)?);
            Ok(())
        })?;
    }

    Ok(())
}

/// Writes what has become of the tenants.
pub(super) async fn write(
    transaction: &mut Transaction,
    tenants: &Tenants,
) -> Result<(), sqlx::Error> {
    settings(transaction, tenants).await?;
    origins(transaction, tenants).await?;
    keys(transaction, tenants).await?;
    rates(transaction, tenants).await
}

async fn settings(transaction: &mut Transaction, tenants: &Tenants) -> Result<(), sqlx::Error> {
    let rows = changed(tenants, |aggregate| aggregate.changes.settings)
        .map(|TenantAggregate { tenant, .. }| {
            row![
                tenant.id,
                tenant.name.as_str(),
                tenant.version,
                tenant.allowed_origins.is_some(),
                to_json(&tenant.defaults),
                to_json(&tenant.limits),
                tenant.updated_at,
            ]
        })
        .collect();
    let update = "UPDATE tenants SET name = v.name, version = v.version,
             has_own_origins = v.has_own_origins, defaults = v.defaults, limits = v.limits,
             updated_at = v.updated_at
         FROM v WHERE tenants.id = v.id";
    let table = "v (id, name, version, has_own_origins, defaults, limits, updated_at)";
    transaction.update(table, rows, update).await?;

    Ok(())
}

async fn origins(transaction: &mut Transaction, tenants: &Tenants) -> Result<(), sqlx::Error> {
    let changed = || changed(tenants, |aggregate| aggregate.changes.origins);
    let ids = changed().map(|aggregate| row![aggregate.tenant.id]);
    let delete = "DELETE FROM tenant_origins WHERE tenant_id IN (SELECT id FROM v)";
    transaction.update("v (id)", ids.collect(), delete).await?;

    insert_origins(transaction, changed().map(|aggregate| &aggregate.tenant)).await
}

async fn keys(transaction: &mut Transaction, tenants: &Tenants) -> Result<(), sqlx::Error> {
    let changed = || changed(tenants, |aggregate| aggregate.changes.keys);
    let ids = changed().map(|aggregate| row![aggregate.tenant.id]);
    let delete = "DELETE FROM tenant_keys WHERE tenant_id IN (SELECT id FROM v)";
    transaction.update("v (id)", ids.collect(), delete).await?;

    let rows = changed().flat_map(|aggregate| {
        let keys = aggregate.keys.iter().flat_map(KeySet::keys);
        (0_i64..).zip(keys).map(|(position, key)| {
            row![
                aggregate.tenant.id,
                key.kid.as_str(),
                position,
                key.algorithm.as_str(),
                key.public_key.clone(),
                key.added_at,
                key.retires_at,
            ]
        })
    });
    let insert = "INSERT INTO tenant_keys
        (tenant_id, kid, position, algorithm, public_key, added_at, retires_at) ";
    transaction.insert(insert, rows.collect(), "").await?;

    Ok(())
}

async fn rates(transaction: &mut Transaction, tenants: &Tenants) -> Result<(), sqlx::Error> {
    let rows = changed(tenants, |aggregate| aggregate.changes.rates)
        .filter_map(|TenantAggregate { tenant, rates, .. }| {
            let rates = rates.as_ref()?;
            Some(row![tenant.id, to_json(rates)])
        })
        .collect();
    let insert = "INSERT INTO tenant_rates (tenant_id, rates) ";
    let or_replace = " ON CONFLICT (tenant_id) DO UPDATE SET rates = excluded.rates";
    transaction.insert(insert, rows, or_replace).await?;

    Ok(())
}

fn changed(
    tenants: &Tenants,
    is_changed: impl Fn(&TenantAggregate) -> bool,
) -> impl Iterator<Item = &TenantAggregate> {
    tenants.all().filter(move |one| is_changed(one))
}
