//! One lane of the writer: batch after batch, each in one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use metrics::{counter, histogram};
use parlor_domain::id::{RoomId, TenantId};
use parlor_store::{Batch, RoomNeeds, Store, StoreError};
use tokio::sync::mpsc;

use super::Publish;
use super::command::{Failure, Job};
use super::due_work::Hint;
use crate::clock::{Clock, Stopwatch};
use crate::ids::Ids;

/// Commands in one transaction. More would not make a command cheaper, and would keep the rooms
/// locked longer.
const BATCH_MAX: usize = 256;
/// How often a batch that lost a race or its connection is tried. Losing five in a row means that
/// something is wrong.
const ATTEMPTS_MAX: usize = 5;

pub(super) struct Lane {
    pub(super) store: Store,
    pub(super) publisher: Arc<dyn Publish>,
    /// Told when something in a room will run out of time.
    pub(super) ends: Arc<Hint>,
    /// Told when a room has left something behind.
    pub(super) deleted: Arc<Hint>,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
}

type Jobs = Vec<Box<dyn Job>>;

impl Lane {
    /// Works until every sender is gone and the queue is empty.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Box<dyn Job>>) {
        let mut waiting = Jobs::new();
        while queue.recv_many(&mut waiting, BATCH_MAX).await > 0 {
            self.write(std::mem::take(&mut waiting)).await;
        }
    }

    async fn write(&mut self, mut jobs: Jobs) {
        let size = jobs.len();
        let stopwatch = Stopwatch::start();
        let result = self.try_batch(&mut jobs).await;
        histogram!("parlor_writer_batch_seconds").record(stopwatch.seconds());

        match result {
            Ok(()) => {
                #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
                histogram!("parlor_writer_batch_commands").record(size as f64);
                counter!("parlor_writer_commands_total").increment(size as u64);
                for job in jobs {
                    job.acknowledge();
                }
            }
            Err(error) => {
                tracing::warn!(%error, commands = size, "a batch failed; trying its commands alone");
                let outcome_unknown = matches!(error, StoreError::OutcomeUnknown(_));
                for job in jobs {
                    if outcome_unknown && !job.is_repeatable() {
                        job.fail(Failure::OutcomeUnknown);
                    } else {
                        self.write_alone(job).await;
                    }
                }
            }
        }
    }

    async fn write_alone(&mut self, job: Box<dyn Job>) {
        let mut jobs = vec![job];
        let result = self.try_batch(&mut jobs).await;
        let job = jobs.pop().expect("a batch keeps its jobs");

        match result {
            Ok(()) => job.acknowledge(),
            Err(StoreError::OutcomeUnknown(_)) => job.fail(Failure::OutcomeUnknown),
            Err(error) => {
                tracing::error!(%error, room = %job.room_id(), "a command failed");
                counter!("parlor_writer_faults_total").increment(1);
                job.fail(Failure::Fault);
            }
        }
    }

    async fn try_batch(&mut self, jobs: &mut Jobs) -> Result<(), StoreError> {
        let needs = needs_of(jobs);
        let mut attempt = 1;
        loop {
            match self.try_once(jobs, &needs).await {
                Err(error) if attempt < ATTEMPTS_MAX && may_be_tried_again(&error, jobs) => {
                    tracing::debug!(%error, attempt, "a batch is tried again");
                    counter!("parlor_writer_retries_total").increment(1);
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn try_once(&mut self, jobs: &mut Jobs, needs: &[RoomNeeds]) -> Result<(), StoreError> {
        let mut batch = self.store.begin(needs).await?;
        let now = self.clock.now();
        loop {
            for job in jobs.iter_mut() {
                let room = batch.room(job.tenant_id(), job.room_id());
                job.decide(room, &mut self.ids, now);
            }
            if batch.claim().await? {
                break;
            }
            counter!("parlor_writer_claims_lost_total").increment(1);
        }
        report_unreadable(&batch);

        for committed in batch.commit().await? {
            if let Some(deadline) = committed.deadline {
                self.ends.expect(deadline);
            }
            if committed.is_deleted {
                self.deleted.expect(now);
            }
            counter!("parlor_events_committed_total").increment(committed.events.len() as u64);
            self.publisher.publish(committed);
        }
        Ok(())
    }
}

/// Whether the same batch may be tried again. When nobody knows whether it was written, only
/// commands that find their own traces may.
fn may_be_tried_again(error: &StoreError, jobs: &Jobs) -> bool {
    error.is_retryable()
        || matches!(error, StoreError::OutcomeUnknown(_))
            && jobs.iter().all(|job| job.is_repeatable())
}

/// Says which rooms cannot be read, for nobody else can put them right.
fn report_unreadable(batch: &Batch) {
    for (room_id, unreadable) in batch.unreadable() {
        let (what, error) = (unreadable.what, unreadable.error.as_str());
        tracing::error!(%room_id, what, error, "a room's stored data cannot be read");
        let labels = [("room", room_id.to_string()), ("what", what.to_owned())];
        counter!("parlor_rooms_unreadable_total", &labels).increment(1);
    }
}

fn needs_of(jobs: &Jobs) -> Vec<RoomNeeds> {
    let mut needs: BTreeMap<(RoomId, TenantId), RoomNeeds> = BTreeMap::new();
    for job in jobs {
        let needs = needs
            .entry((job.room_id(), job.tenant_id()))
            .or_insert_with(|| RoomNeeds::new(job.tenant_id(), job.room_id()));
        job.add_needs(needs);
    }

    needs.into_values().collect()
}
