//! Tenants and their key sets: making them, and reading them. A tenant's row is the lock of both.

use std::collections::BTreeMap;

use parlor_domain::id::TenantId;
use parlor_domain::rates::RateTable;
use parlor_domain::tenant::{KeyAlgorithm, KeySet, Limits, Origin, Tenant, TenantKey};

use crate::engine::Transaction;
use crate::page::{Order, Page, PageRequest};
use crate::sql::{Row, Statement, corrupt, first_number, row, to_json};
use crate::{Store, StoreError};

/// The columns that [`read`] reads.
pub(crate) const COLUMNS: &str =
    "tenants.id, tenants.name, tenants.version, tenants.has_own_origins,
    tenants.defaults, tenants.limits, tenants.created_at, tenants.updated_at";

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

        insert_origins(&mut transaction, [tenant].into_iter()).await?;
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
        let mut origins = by_tenant(select_origins(&mut transaction, &ids).await?)?;
        transaction.roll_back().await?;

        for tenant in &mut found.items {
            let own = origins.remove(&tenant.id).unwrap_or_default();
            put_origins(tenant, read_origins(own)?);
        }
        Ok(found)
    }

    /// The keys of a tenant, none if there is no such tenant.
    pub async fn tenant_keys(&self, id: TenantId) -> Result<KeySet, StoreError> {
        let rows = self.engine.fetch(keys_of(&[id])).await?;
        let rows = by_tenant(rows)?.remove(&id).unwrap_or_default();

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
        let rows = by_tenant(self.engine.fetch(keys_of(ids)).await?)?;
        let sets = rows.into_iter();
        let sets = sets.map(|(id, rows)| Ok((id, read_keys(rows)?)));
        sets.collect()
    }

    /// What currencies are worth, as the tenant said last, if it did.
    pub async fn currency_rates(&self, id: TenantId) -> Result<Option<RateTable>, StoreError> {
        let text = "SELECT rates FROM tenant_rates WHERE tenant_id = $1";
        let rows = self.engine.fetch(Statement::new(text).bind(id)).await?;

        let table = rows.into_iter().next().map(|mut row| row.take_json());
        Ok(table.transpose()?)
    }

    /// Whether any tenant allows pages of `origin`.
    pub async fn some_tenant_allows(&self, origin: &str) -> Result<bool, StoreError> {
        let text = "SELECT 1 FROM tenant_origins WHERE origin IN ($1, '*') LIMIT 1";
        let rows = self.engine.fetch(Statement::new(text).bind(origin)).await?;

        Ok(!rows.is_empty())
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

/// Writes the tenants' own origins, where there are none.
pub(crate) async fn insert_origins<'a>(
    transaction: &mut Transaction,
    tenants: impl Iterator<Item = &'a Tenant>,
) -> Result<(), sqlx::Error> {
    let rows = tenants.flat_map(|tenant| {
        let origins = tenant.allowed_origins.iter().flatten();
        origins.map(|origin| row![tenant.id, origin.as_str()])
    });
    let insert = "INSERT INTO tenant_origins (tenant_id, origin) ";
    transaction.insert(insert, rows.collect(), "").await?;

    Ok(())
}

/// Reads what belongs to the one tenant that `rows` have, if any.
async fn read_whole(
    transaction: &mut Transaction,
    rows: Vec<Row>,
) -> Result<Option<(Tenant, KeySet)>, sqlx::Error> {
    let Some(mut tenant) = rows.into_iter().next().map(read).transpose()? else {
        return Ok(None);
    };
    let ids = [tenant.id];
    let mut origins = by_tenant(select_origins(transaction, &ids).await?)?;
    let own = origins.remove(&tenant.id).unwrap_or_default();
    put_origins(&mut tenant, read_origins(own)?);
    let mut keys = by_tenant(select_keys(transaction, &ids).await?)?;
    let keys = keys.remove(&tenant.id).unwrap_or_default();

    Ok(Some((tenant, read_keys(keys)?)))
}

/// The rows of each tenant, in their order; the first column says whose a row is.
pub(crate) fn by_tenant(rows: Vec<Row>) -> Result<BTreeMap<TenantId, Vec<Row>>, sqlx::Error> {
    let mut of_tenants: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for mut row in rows {
        let id = TenantId(row.take()?);
        of_tenants.entry(id).or_default().push(row);
    }

    Ok(of_tenants)
}

/// The own origins of each of these tenants, for [`by_tenant`].
pub(crate) async fn select_origins(
    transaction: &mut Transaction,
    ids: &[TenantId],
) -> Result<Vec<Row>, sqlx::Error> {
    let keys = ids.iter().map(|id| row![*id]).collect();
    let select = "SELECT tenant_origins.tenant_id, tenant_origins.origin FROM wanted
         JOIN tenant_origins ON tenant_origins.tenant_id = wanted.id";

    transaction.look_up("wanted (id)", keys, select).await
}

/// The rates of each of these tenants, for [`by_tenant`].
pub(crate) async fn select_rates(
    transaction: &mut Transaction,
    ids: &[TenantId],
) -> Result<Vec<Row>, sqlx::Error> {
    let keys = ids.iter().map(|id| row![*id]).collect();
    let select = "SELECT tenant_rates.tenant_id, tenant_rates.rates FROM wanted
         JOIN tenant_rates ON tenant_rates.tenant_id = wanted.id";

    transaction.look_up("wanted (id)", keys, select).await
}

pub(crate) fn read_origins(rows: Vec<Row>) -> Result<Vec<Origin>, sqlx::Error> {
    let origins = rows.into_iter().map(|mut row| {
        let text: String = row.take()?;
        Origin::parse(&text).map_err(|error| corrupt(error.to_string()))
    });

    origins.collect()
}

/// Puts its own origins, if it has any, into a tenant that was read without.
pub(crate) fn put_origins(tenant: &mut Tenant, mut origins: Vec<Origin>) {
    if let Some(own) = &mut tenant.allowed_origins {
        origins.sort_unstable();
        *own = origins;
    }
}

/// Reads a tenant; origins of its own are read separately.
fn read(mut row: Row) -> Result<Tenant, sqlx::Error> {
    let id = TenantId(row.take()?);
    read_rest(id, row)
}

/// Reads a tenant whose id was taken from the row.
pub(crate) fn read_rest(id: TenantId, mut row: Row) -> Result<Tenant, sqlx::Error> {
    Ok(Tenant {
        id,
        name: row.take()?,
        version: row.take_narrow()?,
        allowed_origins: row.take::<bool>()?.then(Vec::new),
        defaults: row.take_json()?,
        limits: row.take_json()?,
        created_at: row.take_time()?,
        updated_at: row.take_time()?,
    })
}

/// The keys of each of these tenants, for [`by_tenant`].
pub(crate) async fn select_keys(
    transaction: &mut Transaction,
    ids: &[TenantId],
) -> Result<Vec<Row>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }

    transaction.fetch(keys_of(ids)).await
}

fn keys_of(ids: &[TenantId]) -> Statement {
    Statement::new(format!("SELECT tenant_keys.tenant_id, {KEY_COLUMNS} FROM "))
        .push_value(ids)
        .push(
            " AS wanted CROSS JOIN tenant_keys WHERE tenant_keys.tenant_id = wanted.key
             ORDER BY tenant_keys.position",
        )
}

pub(crate) fn read_keys(rows: Vec<Row>) -> Result<KeySet, sqlx::Error> {
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
