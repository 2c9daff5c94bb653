//! Ways in for services that tell of payments.

use parlor_domain::id::{RoomId, TenantId, WebhookSourceId};
use parlor_domain::time::ServerTime;
use parlor_webhooks::{Adapter, LiveSecret, Secret};
use uuid::Uuid;

use crate::sql::{Row, Statement, corrupt, first_number};
use crate::{Store, StoreError};

/// The most sources of a tenant: several services for each of many brands, and a list that is read whole.
pub const SOURCES_MAX: i64 = 50;

/// A way in for a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSource {
    pub id: WebhookSourceId,
    pub tenant_id: TenantId,
    /// What the tenant's staff calls it.
    pub name: String,
    pub adapter: Adapter,
    /// Where money goes of which the service says no room.
    pub room_id: Option<RoomId>,
    pub is_disabled: bool,
    pub created_at: ServerTime,
    /// The one in force, and then the one before it, if that is one still.
    pub secrets: Vec<LiveSecret>,
}

/// What of a source is to change: what is not given stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceChange {
    pub name: Option<String>,
    pub room_id: Option<Option<RoomId>>,
    pub is_disabled: Option<bool>,
}

const COLUMNS: &str = "id, tenant_id, name, adapter, room_id, is_disabled, created_at, secret,
    retiring_secret, retires_at";

impl Store {
    /// Adds a source with its first secret, unless the tenant has as many as it may. Returns whether it was added.
    pub async fn insert_webhook_source(
        &self,
        source: &WebhookSource,
        secret: &Secret,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.engine.begin().await?;
        // Whoever else adds one waits for this.
        let lock = Statement::new("UPDATE tenants SET version = version WHERE id = $1");
        transaction.execute(lock.bind(source.tenant_id)).await?;
        let count = Statement::new("SELECT COUNT(*) FROM webhook_sources WHERE tenant_id = $1");
        let count = transaction.fetch(count.bind(source.tenant_id)).await?;
        if first_number(count)? >= SOURCES_MAX {
            transaction.roll_back().await?;
            return Ok(false);
        }
        let insert =
            "INSERT INTO webhook_sources (id, tenant_id, name, adapter, room_id, is_disabled,
                created_at, secret)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let insert = Statement::new(insert)
            .bind(source.id)
            .bind(source.tenant_id)
            .bind(source.name.as_str())
            .bind(source.adapter.as_str())
            .bind(source.room_id)
            .bind(source.is_disabled)
            .bind(source.created_at)
            .bind(secret.reveal());
        transaction.execute(insert).await?;
        transaction.commit().await.map_err(StoreError::of_commit)?;

        Ok(true)
    }

    /// Changes the tenant's source, if it has it.
    pub async fn update_webhook_source(
        &self,
        tenant_id: TenantId,
        id: WebhookSourceId,
        change: &SourceChange,
    ) -> Result<Option<WebhookSource>, StoreError> {
        let update = Statement::new(format!(
            "UPDATE webhook_sources SET name = CASE WHEN $3 THEN $4 ELSE name END,
                 room_id = CASE WHEN $5 THEN $6 ELSE room_id END,
                 is_disabled = CASE WHEN $7 THEN $8 ELSE is_disabled END
             WHERE id = $1 AND tenant_id = $2 RETURNING {COLUMNS}"
        ));
        let update = update
            .bind(id)
            .bind(tenant_id)
            .bind(change.name.is_some())
            .bind(change.name.clone())
            .bind(change.room_id.is_some())
            .bind(change.room_id.flatten())
            .bind(change.is_disabled.is_some())
            .bind(change.is_disabled.unwrap_or_default());

        one(self.engine.write(update).await?)
    }

    /// Puts a secret in force, and has the one before it retire at `retires_at`. The one before that is none any more.
    pub async fn rotate_webhook_secret(
        &self,
        tenant_id: TenantId,
        id: WebhookSourceId,
        secret: &Secret,
        retires_at: ServerTime,
    ) -> Result<Option<WebhookSource>, StoreError> {
        let rotate = Statement::new(format!(
            "UPDATE webhook_sources SET retiring_secret = secret, retires_at = $4, secret = $3
             WHERE id = $1 AND tenant_id = $2 RETURNING {COLUMNS}"
        ));
        let rotate = rotate.bind(id).bind(tenant_id).bind(secret.reveal());

        one(self.engine.write(rotate.bind(retires_at)).await?)
    }

    /// Returns whether the tenant had such a source.
    pub async fn delete_webhook_source(
        &self,
        tenant_id: TenantId,
        id: WebhookSourceId,
    ) -> Result<bool, StoreError> {
        let delete = "DELETE FROM webhook_sources WHERE id = $1 AND tenant_id = $2 RETURNING id";
        let delete = Statement::new(delete).bind(id).bind(tenant_id);

        Ok(!self.engine.write(delete).await?.is_empty())
    }

    /// The source of that id, whosever it is.
    pub async fn webhook_source(
        &self,
        id: WebhookSourceId,
    ) -> Result<Option<WebhookSource>, StoreError> {
        let select = format!("SELECT {COLUMNS} FROM webhook_sources WHERE id = $1");

        one(self.engine.fetch(Statement::new(select).bind(id)).await?)
    }

    /// The tenant's sources, in the order in which they were made.
    pub async fn webhook_sources(
        &self,
        tenant_id: TenantId,
    ) -> Result<Vec<WebhookSource>, StoreError> {
        let select = format!(
            "SELECT {COLUMNS} FROM webhook_sources WHERE tenant_id = $1 ORDER BY created_at, id"
        );
        let rows = self.engine.fetch(Statement::new(select).bind(tenant_id));
        let sources: Result<_, _> = rows.await?.into_iter().map(read).collect();

        Ok(sources?)
    }
}

fn one(rows: Vec<Row>) -> Result<Option<WebhookSource>, StoreError> {
    Ok(rows.into_iter().next().map(read).transpose()?)
}

fn read(mut row: Row) -> Result<WebhookSource, sqlx::Error> {
    let mut source = WebhookSource {
        id: WebhookSourceId(row.take()?),
        tenant_id: TenantId(row.take()?),
        name: row.take()?,
        adapter: read_adapter(&row.take::<String>()?)?,
        room_id: row.take::<Option<Uuid>>()?.map(RoomId),
        is_disabled: row.take()?,
        created_at: row.take_time()?,
        secrets: Vec::new(),
    };
    let (secret, retiring): (String, Option<String>) = (row.take()?, row.take()?);
    let retires_at = row.take_optional_time()?;
    source.secrets.push(LiveSecret {
        secret: Secret::from_kept(secret),
        retires_at: None,
    });
    // A retiring secret without an end would be one for ever.
    if let (Some(secret), Some(_)) = (retiring, retires_at) {
        let secret = Secret::from_kept(secret);
        source.secrets.push(LiveSecret { secret, retires_at });
    }

    Ok(source)
}

pub(crate) fn read_adapter(name: &str) -> Result<Adapter, sqlx::Error> {
    Adapter::parse(name).ok_or_else(|| corrupt(format!("{name:?} is no adapter")))
}
