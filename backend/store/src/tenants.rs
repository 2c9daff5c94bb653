//! The customers who own rooms.

use parlor_domain::id::TenantId;
use parlor_domain::time::ServerTime;

use crate::sql::{Row, Statement};
use crate::{Store, StoreError};

/// A customer who owns rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    pub created_at: ServerTime,
}

impl Store {
    /// Adds a tenant. Returns `false`, and changes nothing, if there is one of that id.
    pub async fn create_tenant(&self, tenant: &Tenant) -> Result<bool, StoreError> {
        let statement = Statement::new(
            "INSERT INTO tenants (id, name, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO NOTHING RETURNING id",
        )
        .bind(tenant.id)
        .bind(tenant.name.as_str())
        .bind(tenant.created_at);

        Ok(!self.engine.write(statement).await?.is_empty())
    }

    /// Every tenant, oldest first.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let statement =
            Statement::new("SELECT id, name, created_at FROM tenants ORDER BY created_at, id");
        let rows = self.engine.fetch(statement).await?;

        Ok(rows.into_iter().map(read).collect::<Result<_, _>>()?)
    }

    /// The tenant of that id.
    pub async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        let statement =
            Statement::new("SELECT id, name, created_at FROM tenants WHERE id = $1").bind(id);
        let rows = self.engine.fetch(statement).await?;

        Ok(rows.into_iter().next().map(read).transpose()?)
    }
}

fn read(mut row: Row) -> Result<Tenant, sqlx::Error> {
    Ok(Tenant {
        id: TenantId(row.take()?),
        name: row.take()?,
        created_at: row.take_time()?,
    })
}
