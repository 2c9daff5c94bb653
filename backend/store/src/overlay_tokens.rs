//! Read-only tokens of one room, of which only a hash is kept.

use parlor_domain::id::{OverlayTokenId, RoomId, TenantId};
use parlor_domain::time::ServerTime;

use crate::sql::{Row, Statement};
use crate::{Store, StoreError};

/// What is known of an overlay token, except its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverlayTokenRow {
    pub id: OverlayTokenId,
    pub tenant_id: TenantId,
    pub room_id: RoomId,
    pub label: String,
    pub created_at: ServerTime,
    pub revoked_at: Option<ServerTime>,
}

const COLUMNS: &str = "id, tenant_id, room_id, label, created_at, revoked_at";

impl Store {
    /// Adds a token. Returns `false`, and adds nothing, if the tenant has no such room.
    pub async fn insert_overlay_token(
        &self,
        token: &OverlayTokenRow,
        secret_hash: [u8; 32],
    ) -> Result<bool, StoreError> {
        let statement = Statement::new(
            "INSERT INTO overlay_tokens
                 (id, tenant_id, room_id, label, created_at, revoked_at, secret_hash)
             SELECT $1, tenant_id, id, $4, $5, $6, $7 FROM rooms
             WHERE tenant_id = $2 AND id = $3 RETURNING id",
        )
        .bind(token.id)
        .bind(token.tenant_id)
        .bind(token.room_id)
        .bind(token.label.as_str())
        .bind(token.created_at)
        .bind(token.revoked_at)
        .bind(&secret_hash);

        Ok(!self.engine.write(statement).await?.is_empty())
    }

    /// Revokes a token as of `now`; one that was revoked before keeps the time it was. `None` if
    /// the tenant has no such token.
    pub async fn revoke_overlay_token(
        &self,
        tenant_id: TenantId,
        id: OverlayTokenId,
        now: ServerTime,
    ) -> Result<Option<OverlayTokenRow>, StoreError> {
        let statement = Statement::new(format!(
            "UPDATE overlay_tokens SET revoked_at = COALESCE(revoked_at, $3)
             WHERE id = $1 AND tenant_id = $2 RETURNING {COLUMNS}"
        ))
        .bind(id)
        .bind(tenant_id)
        .bind(now);

        one(self.engine.write(statement).await?)
    }

    /// The token whose secret has this hash, also when it is revoked.
    pub async fn overlay_token_by_hash(
        &self,
        secret_hash: &[u8; 32],
    ) -> Result<Option<OverlayTokenRow>, StoreError> {
        let statement = Statement::new(format!(
            "SELECT {COLUMNS} FROM overlay_tokens WHERE secret_hash = $1"
        ))
        .bind(secret_hash);

        one(self.engine.fetch(statement).await?)
    }

    /// The tenant's token of that id.
    pub async fn overlay_token(
        &self,
        tenant_id: TenantId,
        id: OverlayTokenId,
    ) -> Result<Option<OverlayTokenRow>, StoreError> {
        let statement = Statement::new(format!(
            "SELECT {COLUMNS} FROM overlay_tokens WHERE id = $1 AND tenant_id = $2"
        ))
        .bind(id)
        .bind(tenant_id);

        one(self.engine.fetch(statement).await?)
    }
}

fn one(rows: Vec<Row>) -> Result<Option<OverlayTokenRow>, StoreError> {
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(None);
    };

    Ok(Some(OverlayTokenRow {
        id: OverlayTokenId(row.take()?),
        tenant_id: TenantId(row.take()?),
        room_id: RoomId(row.take()?),
        label: row.take()?,
        created_at: row.take_time()?,
        revoked_at: row.take_optional_time()?,
    }))
}
