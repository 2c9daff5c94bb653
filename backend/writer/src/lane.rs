//! One lane of the writer: batch after batch, each in one transaction.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use metrics::{counter, histogram};
use parlor_domain::id::RoomId;
use parlor_node::clock::{Clock, Stopwatch};
use parlor_node::health::Pulse;
use parlor_node::ids::Ids;
use parlor_store::{Batch, Begun, Committed, Needs, Store, StoreError, WhenLocked};
use tokio::time::Instant;

use super::aggregate::Subject;
use super::command::{Failure, Job};
use super::due_work::Hint;
use super::queue::Queue;
use super::{Guards, Publish};

/// How often a batch that lost a race or its connection is tried. Losing five in a row means that
/// something is wrong.
const ATTEMPTS_MAX: u32 = 5;
/// How long the first wait before another attempt is, about; each is twice as long as the last.
const BACKOFF_MS: u64 = 20;
/// For how long a batch is tried again, so that whoever waits behind it is told in time.
const RETRY_FOR_MS: i64 = 3_000;
/// How long an attempt may take: well over what it waits for a connection and for a lock, and less than
/// a caller waits. What takes longer stands on a connection that says nothing any more.
const ATTEMPT_MAX: Duration = Duration::from_secs(8);
/// A lane that has been at one batch for longer is stuck: two attempts do not take as long.
pub(super) const STUCK_AFTER: Duration = Duration::from_secs(15);

#[derive(Clone)]
pub(super) struct Lane {
    pub(super) store: Store,
    pub(super) publisher: Arc<dyn Publish>,
    /// Told when something in a room will run out of time.
    pub(super) ends: Arc<Hint>,
    /// Told when a room has left something behind.
    pub(super) deleted: Arc<Hint>,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    /// Commands in one transaction.
    pub(super) batch_max: usize,
    pub(super) guards: Guards,
}

type Jobs = Vec<Box<dyn Job>>;

/// How commands are written.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Together,
    /// After a batch that failed, which has waited for whatever is locked: nothing is waited for again.
    Alone,
}

/// Why a batch was not written.
enum NotWritten {
    Store(StoreError),
    /// Deciding the command at this place panicked, so that what it is about may be half changed.
    CommandPanicked(usize),
    /// Something else did.
    Panicked,
    /// Nobody knows whether it was written.
    TimedOut,
    /// Nothing was written, for the database is away.
    Unavailable,
    ClockUntrusted,
    /// Nothing was written: so much is due in the rooms together that these are for another batch.
    Crowded(BTreeSet<RoomId>),
}

impl From<StoreError> for NotWritten {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Lane {
    /// Works until the queue is closed and empty.
    pub(super) async fn run(mut self, queue: Arc<Queue>, pulse: Arc<Pulse>) {
        loop {
            pulse.rest();
            let Some(jobs) = queue.take(self.batch_max).await else {
                return;
            };
            let mut parts = vec![jobs];
            while let Some(mut jobs) = parts.pop() {
                pulse.beat();
                jobs.retain(|job| job.is_wanted());
                parts.extend(self.write(jobs).await);
            }
        }
    }

    /// Writes a batch, or has it written in parts, the last of them first.
    async fn write(&mut self, mut jobs: Jobs) -> Vec<Jobs> {
        let size = jobs.len();
        let stopwatch = Stopwatch::start();
        let result = self.try_batch(&mut jobs, Turn::Together).await;
        histogram!("parlor_writer_batch_seconds").record(stopwatch.seconds());

        let failure = match result {
            Ok(()) => {
                #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
                histogram!("parlor_writer_batch_commands").record(size as f64);
                counter!("parlor_writer_commands_total").increment(size as u64);
                for job in jobs {
                    job.acknowledge();
                }
                return Vec::new();
            }
            Err(NotWritten::Crowded(rooms)) => {
                let (later, first) = jobs.into_iter().partition(|job| is_in(&**job, &rooms));
                return vec![later, first];
            }
            Err(NotWritten::Unavailable) => Failure::Unavailable,
            Err(NotWritten::ClockUntrusted) => Failure::ClockUntrusted,
            Err(NotWritten::TimedOut) => Failure::OutcomeUnknown,
            Err(NotWritten::Store(error)) => {
                tracing::warn!(%error, commands = size, "a batch failed; trying its commands alone");
                let outcome_unknown = matches!(error, StoreError::OutcomeUnknown(_));
                self.write_each(jobs, outcome_unknown).await;
                return Vec::new();
            }
            // It may have been at the commit.
            Err(NotWritten::Panicked) => {
                self.write_each(jobs, true).await;
                return Vec::new();
            }
            Err(NotWritten::CommandPanicked(_)) => {
                self.write_each(jobs, false).await;
                return Vec::new();
            }
        };
        for job in jobs {
            job.fail(failure);
        }

        Vec::new()
    }

    /// Writes each command alone, as long as somebody waits for it: the lane stands still meanwhile, so
    /// that this ends when the callers' patience does.
    async fn write_each(&mut self, jobs: Jobs, outcome_unknown: bool) {
        for job in jobs {
            if outcome_unknown && !job.is_repeatable() {
                job.fail(Failure::OutcomeUnknown);
            } else if job.is_wanted() {
                self.write_alone(job).await;
            }
        }
    }

    async fn write_alone(&mut self, job: Box<dyn Job>) {
        let mut jobs = vec![job];
        let result = self.try_batch(&mut jobs, Turn::Alone).await;
        // One whose decision panicked was answered.
        let Some(job) = jobs.pop() else { return };

        let failure = match result {
            Ok(()) => return job.acknowledge(),
            Err(NotWritten::Unavailable) => Failure::Unavailable,
            Err(NotWritten::ClockUntrusted) => Failure::ClockUntrusted,
            Err(NotWritten::Store(StoreError::OutcomeUnknown(_)) | NotWritten::TimedOut) => {
                Failure::OutcomeUnknown
            }
            Err(NotWritten::Store(error)) if error.is_retryable() => {
                tracing::warn!(%error, subject = %job.subject(), "a command could not be written yet");
                Failure::Unavailable
            }
            Err(NotWritten::Store(error)) => {
                tracing::error!(%error, subject = %job.subject(), "a command failed");
                counter!("parlor_writer_faults_total").increment(1);
                Failure::Fault
            }
            // What is due in one room is never too much.
            Err(NotWritten::Panicked | NotWritten::CommandPanicked(_) | NotWritten::Crowded(_)) => {
                note_panic(&*job);
                Failure::Fault
            }
        };
        job.fail(failure);
    }

    /// Tries the batch until it is written or cannot be. Commands whose decision panics are answered,
    /// and left out.
    async fn try_batch(&mut self, jobs: &mut Jobs, turn: Turn) -> Result<(), NotWritten> {
        let since = Stopwatch::start();
        let mut attempt = 1;
        while !jobs.is_empty() {
            if self.guards.breaker.is_open() {
                return Err(NotWritten::Unavailable);
            }
            let tried = AssertUnwindSafe(self.try_once(jobs, turn)).catch_unwind();
            let error = match tokio::time::timeout(ATTEMPT_MAX, tried).await {
                Ok(Ok(Ok(()))) => return Ok(()),
                Ok(Ok(Err(error))) => error,
                Ok(Err(_)) => NotWritten::Panicked,
                // Whether the database is away is for the watch to say, which asks for nothing else.
                Err(_) => return Err(NotWritten::TimedOut),
            };
            match error {
                NotWritten::CommandPanicked(index) => {
                    let job = jobs.remove(index);
                    note_panic(&*job);
                    job.fail(Failure::Fault);
                }
                NotWritten::Store(error)
                    if may_be_tried_again(&error, jobs)
                        && attempt < ATTEMPTS_MAX
                        && since.millis() < RETRY_FOR_MS =>
                {
                    tracing::debug!(%error, attempt, "a batch is tried again");
                    counter!("parlor_writer_retries_total").increment(1);
                    back_off(attempt).await;
                    attempt += 1;
                }
                NotWritten::Store(error) if error.is_out_of_reach() => {
                    tracing::warn!(%error, "the database cannot be reached");
                    self.guards.breaker.open();
                    return Err(NotWritten::Unavailable);
                }
                error @ (NotWritten::Store(_)
                | NotWritten::Panicked
                | NotWritten::TimedOut
                | NotWritten::Unavailable
                | NotWritten::ClockUntrusted
                | NotWritten::Crowded(_)) => return Err(error),
            }
        }

        Ok(())
    }

    async fn try_once(&mut self, jobs: &mut Jobs, turn: Turn) -> Result<(), NotWritten> {
        let needs = needs_of(jobs)?;
        let mut parts = Parts::start();
        let when_locked = match turn {
            Turn::Together => WhenLocked::Wait,
            Turn::Alone => WhenLocked::Refuse,
        };
        let begun = self.store.begin_at(needs, when_locked, || self.clock.now());
        let Begun {
            mut batch,
            now,
            crowded,
        } = begun.await?;
        if self.guards.trust.distrust(now).is_some() {
            batch.roll_back().await?;
            return Err(NotWritten::ClockUntrusted);
        }
        parts.end("load");
        if !crowded.is_empty() {
            batch.roll_back().await?;
            return Err(NotWritten::Crowded(crowded));
        }
        loop {
            for (index, job) in jobs.iter_mut().enumerate() {
                let decide = AssertUnwindSafe(|| job.decide(&mut batch, &mut self.ids, now));
                catch_unwind(decide).map_err(|_| NotWritten::CommandPanicked(index))?;
            }
            if batch.claim().await? {
                break;
            }
            counter!("parlor_writer_claims_lost_total").increment(1);
        }
        report_unreadable(&batch);
        parts.end("decide");
        let written = batch.write().await?;
        parts.end("write");
        let book_entries = written.book_entries();
        let committed = written.commit().await?;
        counter!("parlor_book_entries_total").increment(book_entries as u64);
        parts.end("commit");

        for committed in committed {
            if let Some(deadline) = committed.deadline {
                self.ends.expect(deadline);
            }
            if committed.is_deleted {
                self.deleted.expect(now);
            }
            counter!("parlor_events_committed_total").increment(committed.events.len() as u64);
            self.publish(committed);
        }
        parts.end("publish");
        Ok(())
    }

    /// What is committed is done, whatever becomes of telling it: the check of heads finds what was not
    /// told.
    fn publish(&self, committed: Committed) {
        let room_id = committed.room_id;
        let publish = AssertUnwindSafe(|| self.publisher.publish(committed));
        if catch_unwind(publish).is_err() {
            counter!("parlor_panics_total").increment(1);
            tracing::error!(room = %room_id, "publishing a commit panicked");
        }
    }
}

/// Tells what a batch's time goes into, part by part.
struct Parts(Stopwatch);

impl Parts {
    fn start() -> Self {
        Self(Stopwatch::start())
    }

    fn end(&mut self, part: &'static str) {
        histogram!("parlor_writer_part_seconds", "part" => part).record(self.0.seconds());
        self.0 = Stopwatch::start();
    }
}

fn is_in(job: &dyn Job, rooms: &BTreeSet<RoomId>) -> bool {
    matches!(job.subject(), Subject::Room(id) if rooms.contains(&id))
}

fn note_panic(job: &dyn Job) {
    counter!("parlor_panics_total").increment(1);
    tracing::error!(
        subject = %job.subject(), tenant = %job.tenant_id(),
        "a command panicked, and failed alone"
    );
}

/// Waits before another attempt, so long that those who were in each other's way meet no second time.
async fn back_off(attempt: u32) {
    let span_ms = BACKOFF_MS << attempt;
    let wait_ms = fastrand::u64(span_ms / 2..span_ms);
    tokio::time::sleep_until(Instant::now() + Duration::from_millis(wait_ms)).await;
}

/// Whether the same batch may be tried again. When nobody knows whether it was written, only
/// commands that find their own traces may.
fn may_be_tried_again(error: &StoreError, jobs: &Jobs) -> bool {
    error.is_retryable()
        || matches!(error, StoreError::OutcomeUnknown(_))
            && jobs.iter().all(|job| job.is_repeatable())
}

/// Says what cannot be read, for nobody else can put it right.
fn report_unreadable(batch: &Batch) {
    for (tenant_id, unreadable) in batch.unreadable_tenants() {
        let (what, error) = (unreadable.what, unreadable.error.as_str());
        tracing::error!(%tenant_id, what, error, "a tenant's stored data cannot be read");
        counter!("parlor_tenants_unreadable_total", "what" => what).increment(1);
    }
    for (room_id, unreadable) in batch.unreadable() {
        let (what, error) = (unreadable.what, unreadable.error.as_str());
        tracing::error!(%room_id, what, error, "a room's stored data cannot be read");
        // Which room it is stands in the log: a label for each would be a series for each.
        counter!("parlor_rooms_unreadable_total", "what" => what).increment(1);
    }
}

fn needs_of(jobs: &Jobs) -> Result<Needs, NotWritten> {
    let mut needs = Needs::default();
    for (index, job) in jobs.iter().enumerate() {
        let add = AssertUnwindSafe(|| job.add_needs(&mut needs));
        catch_unwind(add).map_err(|_| NotWritten::CommandPanicked(index))?;
    }

    Ok(needs)
}
