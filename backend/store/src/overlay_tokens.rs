//! Read-only tokens of one room, of which only a hash is kept.

use std::collections::BTreeSet;

use parlor_domain::id::{OverlayTokenId, RoomId, TenantId};
use parlor_domain::time::ServerTime;

use crate::engine::Transaction;
use crate::sql::{Row, Statement, corrupt};
use crate::{Store, StoreError, tenants};

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

/// Whether a token was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertOverlayToken {
    Inserted,
    /// The tenant has no such room; nothing was written.
    RoomUnknown,
    /// The room has as many tokens in use as it may; nothing was written.
    TooMany {
        limit: u32,
    },
}

const COLUMNS: &str = "id, tenant_id, room_id, label, created_at, revoked_at";

impl Store {
    /// Adds a token.
    pub async fn insert_overlay_token(
        &self,
        token: &OverlayTokenRow,
        secret_hash: [u8; 32],
    ) -> Result<InsertOverlayToken, StoreError> {
        let mut transaction = self.engine.begin().await?;
        if let Some(refusal) = refuse(&mut transaction, token).await? {
            transaction.roll_back().await?;
            return Ok(refusal);
        }

        let statement = Statement::new(
            "INSERT INTO overlay_tokens
                 (id, tenant_id, room_id, label, created_at, revoked_at, secret_hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(token.id)
        .bind(token.tenant_id)
        .bind(token.room_id)
        .bind(token.label.as_str())
        .bind(token.created_at)
        .bind(token.revoked_at)
        .bind(&secret_hash);
        transaction.execute(statement).await?;
        transaction.commit().await.map_err(StoreError::of_commit)?;

        Ok(InsertOverlayToken::Inserted)
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

    /// Which of these hashes are of a token that is in use.
    pub async fn overlay_tokens_in_use(
        &self,
        secret_hashes: Vec<[u8; 32]>,
    ) -> Result<BTreeSet<[u8; 32]>, StoreError> {
        if secret_hashes.is_empty() {
            return Ok(BTreeSet::new());
        }
        let statement = Statement::new("SELECT overlay_tokens.secret_hash FROM ")
            .push_value(secret_hashes)
            .push(
                " AS wanted CROSS JOIN overlay_tokens
                 WHERE overlay_tokens.secret_hash = wanted.key
                     AND overlay_tokens.revoked_at IS NULL",
            );

        let mut in_use = BTreeSet::new();
        for mut row in self.engine.fetch(statement).await? {
            let hash: Vec<u8> = row.take()?;
            let hash = hash
                .try_into()
                .map_err(|_| corrupt("a token's hash has another length".to_owned()))?;
            in_use.insert(hash);
        }
        Ok(in_use)
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

/// Why `token` cannot be added. The tenant stays locked, so that two tokens that are made at once
/// are counted one after the other.
async fn refuse(
    transaction: &mut Transaction,
    token: &OverlayTokenRow,
) -> Result<Option<InsertOverlayToken>, sqlx::Error> {
    let Some(limits) = tenants::lock_limits(transaction, token.tenant_id).await? else {
        return Ok(Some(InsertOverlayToken::RoomUnknown));
    };
    let statement = Statement::new(
        "SELECT (SELECT COUNT(*) FROM overlay_tokens
                 WHERE overlay_tokens.room_id = rooms.id AND overlay_tokens.revoked_at IS NULL)
         FROM rooms WHERE rooms.id = $1 AND rooms.tenant_id = $2",
    )
    .bind(token.room_id)
    .bind(token.tenant_id);
    let Some(mut row) = transaction.fetch(statement).await?.into_iter().next() else {
        return Ok(Some(InsertOverlayToken::RoomUnknown));
    };

    let limit = limits.overlay_tokens_per_room;
    let in_use: i64 = row.take()?;
    Ok((in_use >= i64::from(limit)).then_some(InsertOverlayToken::TooMany { limit }))
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
