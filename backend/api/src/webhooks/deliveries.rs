//! What services told of and could not have its effect, for the tenant's staff to see to.

use async_graphql::{Context, ID, Object, SimpleObject};
use parlor_domain::id::WebhookDeliveryId;
use parlor_store::FailedDelivery;

use super::sources::WebhookAdapter;
use crate::fault::Fault;
use crate::global_id::{self, IdKind};
use crate::refusal::{Refusal, Stop, results};
use crate::scalar::Time;
use crate::submit::stamp;
use crate::{app, caller};

/// The most that are listed: a page that somebody looks through. What is seen to makes room for older ones.
const LISTED_MAX: i64 = 100;

/// A message of a service that could not have its effect, and is kept with its body.
#[derive(SimpleObject)]
pub(crate) struct FailedWebhookDelivery {
    id: ID,
    /// The source that it came by, which may be deleted since.
    source_id: ID,
    adapter: WebhookAdapter,
    /// The service's own id of it.
    message_id: String,
    received_at: Time,
    /// Why it had no effect.
    reason: String,
}

#[derive(SimpleObject)]
pub(crate) struct RedeliveredWebhook {
    id: ID,
}

results! {
    RedeliverWebhookResult {
        RedeliveredWebhook, NotFound NotFoundError, Auth AuthError; never Validation, Conflict
    }
}

#[derive(Default)]
pub(crate) struct DeliveryQuery;

#[Object]
impl DeliveryQuery {
    /// What services told of and could not have its effect, the newest first, of which 100 are listed; for the tenant's
    /// staff.
    async fn failed_webhook_deliveries(
        &self,
        context: &Context<'_>,
    ) -> Result<Vec<FailedWebhookDelivery>, Fault> {
        let tenant_id = caller(context).principal.staff_tenant()?;
        let failed = app(context).store.failed_deliveries(tenant_id, LISTED_MAX);

        Ok(failed.await?.into_iter().map(Into::into).collect())
    }
}

#[derive(Default)]
pub(crate) struct DeliveryMutation;

#[Object]
impl DeliveryMutation {
    /// Has a message that failed try again, as once its room is there. What it told of is recorded once, however often it
    /// tries. For the tenant's staff.
    async fn redeliver_webhook(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<RedeliverWebhookResult, Fault> {
        RedeliverWebhookResult::of(redeliver(context, id).await)
    }
}

async fn redeliver(context: &Context<'_>, id: ID) -> Result<RedeliveredWebhook, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    if let Some((IdKind::WebhookDelivery, uuid)) = global_id::parse(&id) {
        let now = stamp(context)?;
        let store = &app(context).store;
        let again = store.redeliver(tenant_id, WebhookDeliveryId(uuid), now);
        if again.await.map_err(Fault::from)? {
            return Ok(RedeliveredWebhook { id });
        }
    }

    Err(Refusal::not_found("WebhookDelivery", &id).into())
}

impl From<FailedDelivery> for FailedWebhookDelivery {
    fn from(failed: FailedDelivery) -> Self {
        Self {
            id: IdKind::WebhookDelivery.id(failed.id.0),
            source_id: IdKind::WebhookSource.id(failed.source_id.0),
            adapter: failed.adapter.into(),
            message_id: failed.message_id,
            received_at: failed.received_at.into(),
            reason: failed.reason,
        }
    }
}
