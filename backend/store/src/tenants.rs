//! Tenants and their key sets. A tenant's row is the lock of both.

use std::collections::BTreeMap;

use parlor_domain::id::TenantId;
use parlor_domain::tenant::{KeyAlgorithm, KeySet, Limits, Origin, Tenant, TenantKey};

use crate::engine::Transaction;
use crate::page::{Order, Page, PageRequest};
use crate::sql::{Row, Statement, corrupt, first_number, row, to_json};
use crate::{Store, StoreError};

const COLUMNS: &str = "tenants.id, tenants.name, tenants.version, tenants.has_own_origins,
    tenants.defaults, tenants.limits, tenants.created_at, tenants.updated_at";

/// A tenant and its keys under the tenant's lock, to be changed or let go.
pub struct LockedTenant {
    transaction: Transaction,
    pub tenant: Tenant,
    pub keys: KeySet,
}

impl Store {
    /// Adds a tenant. Returns `false`, and changes nothing, if there is one of that id.
    pub async fn create_tenant(&self, tenant: &Tenant) -> Result<bool, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let statement = Statement::new(
            "INSERT INTO tenants
                 (id, name, version, has_own_origins, defaults, limits, created_at, updated_at) ",
        )
        .push_rows(vec![row![
            tenant.id,
            tenant.name.as_str(),
            tenant.version,
            tenant.allowed_origins.is_some(),
            to_json(&tenant.defaults),
            to_json(&tenant.limits),
            tenant.created_at,
            tenant.updated_at,
        ]])
        .push(" ON CONFLICT (id) DO NOTHING RETURNING id");
        if transaction.fetch(statement).await?.is_empty() {
            transaction.roll_back().await?;
            return Ok(false);
        }

        insert_origins(&mut transaction, tenant).await?;
        transaction.commit().await.map_err(StoreError::of_commit)?;
        Ok(true)
    }

    /// The tenant of that id.
    pub async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        Ok(self.tenant_with_keys(id).await?.map(|(tenant, _)| tenant))
    }

    /// The tenant of that id and its keys, from one state of the database.
    pub async fn tenant_with_keys(
        &self,
        id: TenantId,
    ) -> Result<Option<(Tenant, KeySet)>, StoreError> {
        let mut transaction = self.engine.begin_read().await?;
        let text = format!("SELECT {COLUMNS} FROM tenants WHERE id = $1");
        let rows = transaction.fetch(Statement::new(text).bind(id)).await?;
        let found = read_whole(&mut transaction, rows).await?;
        transaction.roll_back().await?;

        Ok(found)
    }

    /// A part of the list of tenants, in the order they were made.
    pub async fn tenants_page(&self, page: PageRequest) -> Result<Page<Tenant>, StoreError> {
        let mut transaction = self.engine.begin_read().await?;
        let counted = transaction.fetch(Statement::new("SELECT COUNT(*) FROM tenants"));
        let total_count = first_number(counted.await?)?;
        let statement = Statement::new(format!("SELECT {COLUMNS} FROM tenants WHERE TRUE"));
        let statement = page.limit(
            statement,
            Order::OldestFirst,
            "tenants.created_at",
            "tenants.id",
        );
        let rows = transaction.fetch(statement).await?;
        let mut found = page.page(rows, total_count, read)?;
        let ids: Vec<_> = found.items.iter().map(|tenant| tenant.id).collect();
        let mut origins = read_origins(&mut transaction, &ids).await?;
        transaction.roll_back().await?;

        for tenant in &mut found.items {
            take_origins(tenant, &mut origins);
        }
        Ok(found)
    }

    /// The keys of a tenant, none if there is no such tenant.
    pub async fn tenant_keys(&self, id: TenantId) -> Result<KeySet, StoreError> {
        let rows = self.engine.fetch(select_keys(id)).await?;

        Ok(read_keys(rows)?)
    }

    /// The keys of each of these tenants; those that have none are left out.
    pub async fn keys_of_tenants(
        &self,
        ids: &[TenantId],
    ) -> Result<BTreeMap<TenantId, KeySet>, StoreError> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let statement =
            Statement::new(format!("SELECT tenant_keys.tenant_id, {KEY_COLUMNS} FROM "))
                .push_value(ids)
                .push(
                    " AS wanted CROSS JOIN tenant_keys WHERE tenant_keys.tenant_id = wanted.key
                 ORDER BY tenant_keys.position",
                );

        let mut keys: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for mut row in self.engine.fetch(statement).await? {
            let tenant_id = TenantId(row.take()?);
            keys.entry(tenant_id).or_default().push(read_key(row)?);
        }
        let sets = keys.into_iter().map(|(id, keys)| (id, KeySet::of(keys)));
        Ok(sets.collect())
    }

    /// Whether any tenant allows pages of `origin`.
    pub async fn some_tenant_allows(&self, origin: &str) -> Result<bool, StoreError> {
        let text = "SELECT 1 FROM tenant_origins WHERE origin IN ($1, '*') LIMIT 1";
        let rows = self.engine.fetch(Statement::new(text).bind(origin)).await?;

        Ok(!rows.is_empty())
    }

    /// Locks a tenant to change it; `None` if there is none of that id.
    pub async fn lock_tenant(&self, id: TenantId) -> Result<Option<LockedTenant>, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let text =
            format!("UPDATE tenants SET version = version WHERE id = $1 RETURNING {COLUMNS}");
        let rows = transaction.fetch(Statement::new(text).bind(id)).await?;
        let Some((tenant, keys)) = read_whole(&mut transaction, rows).await? else {
            transaction.roll_back().await?;
            return Ok(None);
        };

        Ok(Some(LockedTenant {
            transaction,
            tenant,
            keys,
        }))
    }
}

impl LockedTenant {
    /// Writes what the tenant has become, and lets it go.
    pub async fn save(mut self, tenant: &Tenant) -> Result<(), StoreError> {
        let statement = Statement::new(
            "UPDATE tenants SET name = $2, version = $3, has_own_origins = $4, defaults = $5,
                 limits = $6, updated_at = $7
             WHERE id = $1",
        )
        .bind(tenant.id)
        .bind(tenant.name.as_str())
        .bind(tenant.version)
        .bind(tenant.allowed_origins.is_some())
        .bind(to_json(&tenant.defaults))
        .bind(to_json(&tenant.limits))
        .bind(tenant.updated_at);
        self.transaction.execute(statement).await?;
        if tenant.allowed_origins != self.tenant.allowed_origins {
            let delete = Statement::new("DELETE FROM tenant_origins WHERE tenant_id = $1");
            self.transaction.execute(delete.bind(tenant.id)).await?;
            insert_origins(&mut self.transaction, tenant).await?;
        }

        self.commit().await
    }

    /// Writes what the key set has become, and lets the tenant go.
    pub async fn save_keys(mut self, keys: &KeySet) -> Result<(), StoreError> {
        let id = self.tenant.id;
        let delete = Statement::new("DELETE FROM tenant_keys WHERE tenant_id = $1").bind(id);
        self.transaction.execute(delete).await?;
        let rows = (0_i64..).zip(keys.keys()).map(|(position, key)| {
            row![
                id,
                key.kid.as_str(),
                position,
                key.algorithm.as_str(),
                key.public_key.clone(),
                key.added_at,
                key.retires_at,
            ]
        });
        let insert = "INSERT INTO tenant_keys
            (tenant_id, kid, position, algorithm, public_key, added_at, retires_at) ";
        self.transaction.insert(insert, rows.collect(), "").await?;

        self.commit().await
    }

    /// Lets the tenant go as it is.
    pub async fn let_go(self) -> Result<(), StoreError> {
        Ok(self.transaction.roll_back().await?)
    }

    async fn commit(self) -> Result<(), StoreError> {
        self.transaction
            .commit()
            .await
            .map_err(StoreError::of_commit)
    }
}

/// Locks a tenant while something that its limits bound is made, and returns them.
pub(crate) async fn lock_limits(
    transaction: &mut Transaction,
    id: TenantId,
) -> Result<Option<Limits>, sqlx::Error> {
    let text = "UPDATE tenants SET version = version WHERE id = $1 RETURNING limits";
    let rows = transaction.fetch(Statement::new(text).bind(id)).await?;

    rows.into_iter()
        .next()
        .map(|mut row| row.take_json())
        .transpose()
}

async fn insert_origins(transaction: &mut Transaction, tenant: &Tenant) -> Result<(), sqlx::Error> {
    let origins = tenant.allowed_origins.iter().flatten();
    let rows = origins.map(|origin| row![tenant.id, origin.as_str()]);
    let insert = "INSERT INTO tenant_origins (tenant_id, origin) ";

    transaction.insert(insert, rows.collect(), "").await?;

    Ok(())
}

type Origins = BTreeMap<TenantId, Vec<Origin>>;

/// Reads what belongs to the one tenant that `rows` have, if any.
async fn read_whole(
    transaction: &mut Transaction,
    rows: Vec<Row>,
) -> Result<Option<(Tenant, KeySet)>, sqlx::Error> {
    let Some(mut tenant) = rows.into_iter().next().map(read).transpose()? else {
        return Ok(None);
    };
    let mut origins = read_origins(transaction, &[tenant.id]).await?;
    take_origins(&mut tenant, &mut origins);
    let keys = read_keys(transaction.fetch(select_keys(tenant.id)).await?)?;

    Ok(Some((tenant, keys)))
}

async fn read_origins(
    transaction: &mut Transaction,
    ids: &[TenantId],
) -> Result<Origins, sqlx::Error> {
    let mut origins = Origins::new();
    let keys = ids.iter().map(|id| row![*id]).collect();
    let select = "SELECT tenant_origins.tenant_id, tenant_origins.origin FROM wanted
         JOIN tenant_origins ON tenant_origins.tenant_id = wanted.id";
    for mut row in transaction.look_up("wanted (id)", keys, select).await? {
        let tenant_id = TenantId(row.take()?);
        let text: String = row.take()?;
        let origin = Origin::parse(&text).map_err(|error| corrupt(error.to_string()))?;
        origins.entry(tenant_id).or_default().push(origin);
    }

    Ok(origins)
}

/// Puts its own origins, if it has any, into a tenant that was read without.
fn take_origins(tenant: &mut Tenant, origins: &mut Origins) {
    if let Some(own) = &mut tenant.allowed_origins {
        *own = origins.remove(&tenant.id).unwrap_or_default();
        own.sort_unstable();
    }
}

/// Reads a tenant; origins of its own are read separately.
fn read(mut row: Row) -> Result<Tenant, sqlx::Error> {
    Ok(Tenant {
        id: TenantId(row.take()?),
        name: row.take()?,
        version: row.take_narrow()?,
        allowed_origins: row.take::<bool>()?.then(Vec::new),
        defaults: row.take_json()?,
        limits: row.take_json()?,
        created_at: row.take_time()?,
        updated_at: row.take_time()?,
    })
}

fn select_keys(tenant_id: TenantId) -> Statement {
    Statement::new(format!(
        "SELECT {KEY_COLUMNS} FROM tenant_keys WHERE tenant_id = $1 ORDER BY position"
    ))
    .bind(tenant_id)
}

fn read_keys(rows: Vec<Row>) -> Result<KeySet, sqlx::Error> {
    let keys = rows.into_iter().map(read_key);

    Ok(KeySet::of(keys.collect::<Result<_, sqlx::Error>>()?))
}

/// The columns that [`read_key`] reads, of the table `tenant_keys`.
const KEY_COLUMNS: &str = "tenant_keys.kid, tenant_keys.algorithm, tenant_keys.public_key,
    tenant_keys.added_at, tenant_keys.retires_at";

fn read_key(mut row: Row) -> Result<TenantKey, sqlx::Error> {
    Ok(TenantKey {
        kid: row.take()?,
        algorithm: read_algorithm(&row.take::<String>()?)?,
        public_key: row.take()?,
        added_at: row.take_time()?,
        retires_at: row.take_optional_time()?,
    })
}

fn read_algorithm(text: &str) -> Result<KeyAlgorithm, sqlx::Error> {
    KeyAlgorithm::ALL
        .into_iter()
        .find(|algorithm| algorithm.as_str() == text)
        .ok_or_else(|| corrupt(format!("`{text}` is no algorithm of a key")))
}
