//! Has what services told of by webhook take effect.

use futures_util::future::join_all;
use metrics::counter;
use parlor_domain::contribution::{RawReport, RawTime, Report, Status};
use parlor_domain::id::{RoomId, TenantId};
use parlor_store::{DeliveryState, DueKind, DueWork, KeptDelivery, Lease, Settled, Store};
use parlor_webhooks::{Reversal, Told, Untold, room_of};

use super::{NotWorked, Step, Work};
use crate::{NotDone, RecordContribution, Writer};

/// How long a payment that went back is waited for, if it was not told of: services send messages in any order, a failed
/// one again within the hour.
const REVERSAL_WAIT_MS: i64 = 60 * 60 * 1_000;

/// Records, through the lanes, what the store has kept.
pub(crate) struct Delivering {
    pub(crate) writer: Writer,
    pub(crate) store: Store,
}

/// Why a message that was told has no effect.
enum NoEffect {
    /// It may have it later.
    NotYet(NotWorked),
    /// It will not, as things are.
    Failed(String),
}

impl Work for Delivering {
    const KIND: DueKind = DueKind::WebhookDelivery;
    /// As many as a few batches of the lanes take at once.
    const AT_ONCE: usize = 16;

    async fn step(&self, due: &mut DueWork, lease: Lease) -> Result<Step, NotWorked> {
        let Some(kept) = self.store.kept_delivery(due).await? else {
            return Ok(Step::Moot);
        };
        let settled = |state, reason: Option<String>| Settled { state, reason };
        let settled = match parlor_webhooks::read(kept.adapter, &kept.body) {
            Ok(told) => match self.have_effect(due.tenant_id, &kept, told, lease).await {
                Ok(()) => settled(DeliveryState::Done, None),
                Err(NoEffect::Failed(why)) => settled(DeliveryState::Failed, Some(why)),
                Err(NoEffect::NotYet(why)) => return Err(why),
            },
            Err(untold) => {
                let state = match untold {
                    Untold::Ignored(_) => DeliveryState::Ignored,
                    Untold::Unreadable(_) => DeliveryState::Failed,
                };
                settled(state, Some(untold.to_string()))
            }
        };
        self.store.settle_delivery(due, &settled, lease.now).await?;

        let outcome = match settled.state {
            DeliveryState::Waiting | DeliveryState::Done => "done",
            DeliveryState::Ignored => "ignored",
            DeliveryState::Failed => "failed",
        };
        let adapter = kept.adapter.as_str();
        counter!("parlor_webhook_effects_total", "adapter" => adapter, "outcome" => outcome)
            .increment(1);
        Ok(Step::Done)
    }
}

impl Delivering {
    /// Records all that was told, and says of the first that could not be.
    async fn have_effect(
        &self,
        tenant_id: TenantId,
        kept: &KeptDelivery,
        told: Vec<Told>,
        lease: Lease,
    ) -> Result<(), NoEffect> {
        let recorded = told.into_iter().map(|told| async move {
            match told {
                Told::Gift(gift) => {
                    let room_id = match &gift.room {
                        Some(room) => room_of(room).ok_or_else(|| failed(NO_ROOM))?,
                        None => kept.room_id.ok_or_else(|| failed(ROOM_UNSAID))?,
                    };
                    self.record(tenant_id, room_id, gift.report).await
                }
                Told::Reversal(reversal) => {
                    let waited_ms = lease.now.unix_millis() - kept.received_at.unix_millis();
                    self.reverse(tenant_id, reversal, waited_ms).await
                }
            }
        });

        // Each is recorded, whatever becomes of the others; and what may still be recorded is waited for before the message
        // is given up for what cannot be.
        let (mut failed, mut not_yet) = (Ok(()), Ok(()));
        for recorded in join_all(recorded).await {
            match recorded {
                Ok(()) => {}
                Err(why @ NoEffect::Failed(_)) => failed = failed.and(Err(why)),
                Err(why @ NoEffect::NotYet(_)) => not_yet = not_yet.and(Err(why)),
            }
        }

        not_yet.and(failed)
    }

    async fn record(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        raw: RawReport,
    ) -> Result<(), NoEffect> {
        let report = Report::parse(raw).map_err(|invalid| NoEffect::Failed(invalid.to_string()))?;
        let record = RecordContribution::new(room_id, report);

        match self.writer.submit(tenant_id, room_id, record).await {
            Ok(_) => Ok(()),
            Err(NotDone::NotFound(_)) => Err(failed(NO_ROOM)),
            Err(NotDone::Refused(refusal)) => Err(NoEffect::Failed(refusal.to_string())),
            Err(NotDone::Stopping) => Err(NoEffect::NotYet(NotWorked::Stopping)),
            Err(
                not_done @ (NotDone::Unavailable
                | NotDone::ClockUntrusted
                | NotDone::Overloaded
                | NotDone::OutcomeUnknown),
            ) => Err(NoEffect::NotYet(NotWorked::NotNow(not_done.to_string()))),
            Err(not_done @ (NotDone::Unreadable(_) | NotDone::Fault)) => {
                Err(NoEffect::NotYet(NotWorked::Failed(not_done.to_string())))
            }
        }
    }

    /// Takes a payment back as it was told of, which a message of its return does not say.
    async fn reverse(
        &self,
        tenant_id: TenantId,
        reversal: Reversal,
        waited_ms: i64,
    ) -> Result<(), NoEffect> {
        let known = self
            .store
            .contribution_of(tenant_id, reversal.provider, &reversal.contribution_ref)
            .await
            .map_err(|error| NoEffect::NotYet(error.into()))?;
        let Some((room_id, contribution)) = known else {
            return Err(if waited_ms < REVERSAL_WAIT_MS {
                NoEffect::NotYet(NotWorked::Failed(PAYMENT_UNKNOWN.to_owned()))
            } else {
                failed(PAYMENT_UNKNOWN)
            });
        };
        let gift = contribution.gift;
        let money = gift.money.as_ref();
        let raw = RawReport {
            idempotency_key: reversal.idempotency_key,
            provider: reversal.provider.to_owned(),
            contribution_ref: Some(reversal.contribution_ref),
            kind: Some(gift.kind),
            status: Some(Status::Reversed),
            amount: money.map(|money| money.amount),
            currency: money.map(|money| money.currency.as_str().to_owned()),
            tier: gift.tier.map(i64::from),
            quantity: Some(gift.quantity),
            occurred_at: reversal.occurred_at.map(RawTime::At),
            ..RawReport::default()
        };

        self.record(tenant_id, room_id, raw).await
    }
}

const NO_ROOM: &str = "there is no such room";
const ROOM_UNSAID: &str = "it says no room, and the source has none";
const PAYMENT_UNKNOWN: &str = "the payment that went back was not told of";

fn failed(why: &str) -> NoEffect {
    NoEffect::Failed(why.to_owned())
}
