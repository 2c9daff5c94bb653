//! Deliveries of webhooks: kept before they are acknowledged, and settled once they have had their effect.
//!
//! | phase | statements |
//! |---|---|
//! | receipt | the delivery, unless its message is there; then its due work; one commit |
//! | effect | commands of the lanes, each known again by its own key |
//! | settlement | the outcome, without the body where there is nothing left to do; then the due work; one commit |
//!
//! A crash between two of them has the effect done again, which changes nothing.

use parlor_domain::contribution::Contribution;
use parlor_domain::id::{RoomId, TenantId, WebhookDeliveryId, WebhookSourceId};
use parlor_domain::time::ServerTime;
use parlor_webhooks::Adapter;
use uuid::Uuid;

use super::{DueKind, DueWork, FINISH, INSERT, due_row};
use crate::contribution_row;
use crate::sql::{Row, Statement};
use crate::webhook_sources::{WebhookSource, read_adapter};
use crate::{Store, StoreError};

/// A message that was verified.
#[derive(Debug, Clone, Copy)]
pub struct NewDelivery<'a> {
    pub id: WebhookDeliveryId,
    pub source: &'a WebhookSource,
    pub message_id: &'a str,
    pub received_at: ServerTime,
    pub digest: [u8; 32],
    pub body: &'a [u8],
}

/// A message whose effect is outstanding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDelivery {
    pub adapter: Adapter,
    /// Where money goes of which the service says no room.
    pub room_id: Option<RoomId>,
    pub received_at: ServerTime,
    pub body: Vec<u8>,
}

/// A message that could not have its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedDelivery {
    pub id: WebhookDeliveryId,
    pub source_id: WebhookSourceId,
    pub adapter: Adapter,
    pub message_id: String,
    pub received_at: ServerTime,
    pub reason: String,
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// Its effect is outstanding.
    Waiting,
    /// It has had its effect.
    Done,
    /// It was no concern of Parlor's.
    Ignored,
    /// It could not have its effect, and is kept for somebody to look at.
    Failed,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub state: DeliveryState,
    pub reason: Option<String>,
}

impl DeliveryState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }
}

impl Store {
    /// Keeps a message and has its effect come. Returns whether it is new: one that is there changes nothing.
    pub async fn keep_delivery(&self, new: NewDelivery<'_>) -> Result<bool, StoreError> {
        let (source, none) = (new.source, 0_i64);
        let mut transaction = self.engine.begin().await?;
        let insert = "INSERT INTO webhook_deliveries (id, source_id, tenant_id, adapter, room_id,
                message_id, received_at, digest, body, state, attempts)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            ON CONFLICT (source_id, message_id) DO NOTHING";
        let insert = Statement::new(insert)
            .bind(new.id)
            .bind(source.id)
            .bind(source.tenant_id)
            .bind(source.adapter.as_str())
            .bind(source.room_id)
            .bind(new.message_id)
            .bind(new.received_at)
            .bind(&new.digest)
            .bind(new.body.to_vec())
            .bind(DeliveryState::Waiting.as_str())
            .bind(none);
        if transaction.execute(insert).await? == 0 {
            transaction.roll_back().await?;
            return Ok(false);
        }
        let due = due_row(
            DueKind::WebhookDelivery,
            RoomId(new.id.0),
            source.tenant_id,
            new.received_at,
        );
        transaction.insert(INSERT, vec![due], "").await?;
        transaction.commit().await.map_err(StoreError::of_commit)?;

        Ok(true)
    }

    /// The message that work is about, if its effect is outstanding.
    pub async fn kept_delivery(&self, work: &DueWork) -> Result<Option<KeptDelivery>, StoreError> {
        let select = "SELECT adapter, room_id, received_at, body FROM webhook_deliveries
            WHERE id = $1 AND state = 'waiting' AND body IS NOT NULL";
        let select = Statement::new(select).bind(work.subject_id);
        let Some(mut row) = self.engine.fetch(select).await?.into_iter().next() else {
            return Ok(None);
        };

        Ok(Some(KeptDelivery {
            adapter: read_adapter(&row.take::<String>()?)?,
            room_id: row.take::<Option<Uuid>>()?.map(RoomId),
            received_at: row.take_time()?,
            body: row.take()?,
        }))
    }

    /// Notes what became of a message, and that nothing is due of it any more. Of one that failed the body is kept.
    pub async fn settle_delivery(
        &self,
        work: &DueWork,
        settled: &Settled,
        now: ServerTime,
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        let finish = work.bind_to(Statement::new(FINISH));
        if transaction.execute(finish).await? == 0 {
            // Whoever has the work now settles it.
            transaction.roll_back().await?;
            return Ok(());
        }
        let body = match settled.state {
            DeliveryState::Failed => "body",
            DeliveryState::Waiting | DeliveryState::Done | DeliveryState::Ignored => "NULL",
        };
        let settle = Statement::new(format!(
            "UPDATE webhook_deliveries SET state = $2, reason = $3, settled_at = $4,
                 attempts = attempts + $5, body = {body}
             WHERE id = $1"
        ));
        let settle = settle
            .bind(work.subject_id)
            .bind(settled.state.as_str())
            .bind(settled.reason.as_deref())
            .bind(now)
            .bind(work.attempts);
        transaction.execute(settle).await?;
        transaction.commit().await.map_err(StoreError::of_commit)?;

        Ok(())
    }

    /// The tenant's newest messages that could not have their effect.
    pub async fn failed_deliveries(
        &self,
        tenant_id: TenantId,
        limit: i64,
    ) -> Result<Vec<FailedDelivery>, StoreError> {
        let select = "SELECT id, source_id, adapter, message_id, received_at, COALESCE(reason, '')
            FROM webhook_deliveries WHERE tenant_id = $1 AND state = 'failed'
            ORDER BY received_at DESC, id DESC LIMIT $2";
        let select = Statement::new(select).bind(tenant_id).bind(limit);
        let rows = self.engine.fetch(select).await?;
        let read = |mut row: Row| {
            Ok(FailedDelivery {
                id: WebhookDeliveryId(row.take()?),
                source_id: WebhookSourceId(row.take()?),
                adapter: read_adapter(&row.take::<String>()?)?,
                message_id: row.take()?,
                received_at: row.take_time()?,
                reason: row.take()?,
            })
        };
        let failed: Result<_, sqlx::Error> = rows.into_iter().map(read).collect();

        Ok(failed?)
    }

    /// Has a message that failed try again. Returns whether the tenant has such a one.
    pub async fn redeliver(
        &self,
        tenant_id: TenantId,
        id: WebhookDeliveryId,
        now: ServerTime,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let again =
            "UPDATE webhook_deliveries SET state = 'waiting', reason = NULL, settled_at = NULL
            WHERE id = $1 AND tenant_id = $2 AND state = 'failed' AND body IS NOT NULL";
        let again = Statement::new(again).bind(id).bind(tenant_id);
        if transaction.execute(again).await? == 0 {
            transaction.roll_back().await?;
            return Ok(false);
        }
        let due = due_row(DueKind::WebhookDelivery, RoomId(id.0), tenant_id, now);
        transaction.insert(INSERT, vec![due], "").await?;
        transaction.commit().await.map_err(StoreError::of_commit)?;

        Ok(true)
    }

    /// The contribution that a provider calls so, and the room it was given in.
    pub async fn contribution_of(
        &self,
        tenant_id: TenantId,
        provider: &str,
        contribution_ref: &str,
    ) -> Result<Option<(RoomId, Contribution)>, StoreError> {
        let select = Statement::new(format!(
            "SELECT contributions.room_id, {} FROM contributions
             WHERE tenant_id = $1 AND provider = $2 AND contribution_ref = $3",
            contribution_row::columns("contributions")
        ));
        let select = select.bind(tenant_id).bind(provider).bind(contribution_ref);
        let Some(mut row) = self.engine.fetch(select).await?.into_iter().next() else {
            return Ok(None);
        };

        Ok(Some((
            RoomId(row.take()?),
            contribution_row::read(&mut row)?,
        )))
    }
}
