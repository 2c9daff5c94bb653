//! Works off what is due, on whichever node finds it first.
//!
//! The database alone knows what there is to do. It is asked each second, and sooner when this node
//! has heard of something that is due by then; what a node has heard of may be wrong or lost, and
//! costs nobody more than that second.

mod clearing;
mod delivering;
mod erasing;
mod expiry;
mod hint;
mod room_ends;
mod trimming;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use metrics::counter;
use parlor_domain::id::IdSource;
use parlor_domain::time::ServerTime;
use parlor_store::{DueKind, DueWork, HOLD_MS_MAX, Lease, Store, StoreError};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

pub(super) use clearing::Clearing;
pub(super) use delivering::Delivering;
pub(super) use erasing::Erasing;
pub(super) use expiry::Expiry;
pub(super) use hint::Hint;
pub(super) use room_ends::RoomEnds;
pub(super) use trimming::Trimming;

use parlor_node::clock::Clock;
use parlor_node::health::Pulse;
use parlor_node::ids::{Ids, Randomness};

use super::{NotDone, Writer};

/// How often the database is asked. Half of how late an end may come.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long work is held without a step forward: many times what a step takes, and short enough that
/// what a dead node held is done well within the 15 seconds that are promised.
const LEASE_MS: i64 = 5_000;
/// How long a step may take, after which whoever took it goes by the lease having ended.
const STEP_MAX: Duration = Duration::from_millis(LEASE_MS.unsigned_abs());
/// What has failed once is tried again after this long, and each time after twice as long, up to
/// [`HOLD_MS_MAX`].
const RETRY_MS: i64 = 500;

/// After this long without asking, whatever asks is stuck.
pub(super) const STUCK_AFTER: Duration = Duration::from_secs(15);

/// A kind of work, and how it is done.
pub(super) trait Work: Send + Sync + 'static {
    const KIND: DueKind;
    /// Pieces that are under way at a time on this node.
    const AT_ONCE: usize;

    /// Takes a step. May be called again for what was done already.
    fn step(
        &self,
        due: &mut DueWork,
        lease: Lease,
    ) -> impl Future<Output = Result<Step, NotWorked>> + Send;
}

/// What has become of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It is finished, and no longer held.
    Done,
    /// There is nothing to do it to any more.
    Moot,
    /// There is another step to take.
    More,
}

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotWorked {
    #[error("this node is going away")]
    Stopping,
    /// It could be done, and not here and now.
    #[error("{0}")]
    NotNow(String),
    #[error("{0}")]
    Failed(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Works off one kind of work.
pub(super) struct DueWorker<W> {
    work: Arc<W>,
    store: Store,
    clock: Clock,
    lease_ids: Ids,
    hint: Arc<Hint>,
}

impl<W> Clone for DueWorker<W> {
    fn clone(&self) -> Self {
        Self {
            work: Arc::clone(&self.work),
            store: self.store.clone(),
            clock: self.clock.clone(),
            lease_ids: self.lease_ids.clone(),
            hint: Arc::clone(&self.hint),
        }
    }
}

impl<W: Work> DueWorker<W> {
    pub(super) fn new(work: W, store: &Store, clock: &Clock, hint: &Arc<Hint>) -> Self {
        Self {
            work: Arc::new(work),
            store: store.clone(),
            clock: clock.clone(),
            // Not the source that everything else has its ids of: how often a lease is taken depends
            // on the moment, and what a test repeats by its seed must not.
            lease_ids: Ids::new(clock.clone(), Randomness::System),
            hint: Arc::clone(hint),
        }
    }

    /// Works until the writer stops. What is under way then is done by whoever asks next.
    pub(super) async fn run(mut self, writer: Writer, pulse: Arc<Pulse>) {
        let mut ticks = tokio::time::interval(ASK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut under_way = JoinSet::new();
        loop {
            pulse.beat();
            self.hint.clear();
            // What this node cannot do is left to those that can.
            let there_may_be_more = writer.may_write()
                && self.take_up(&mut under_way).await.unwrap_or_else(|error| {
                    tracing::warn!(%error, kind = ?W::KIND, "what is due could not be asked for");
                    false
                });
            loop {
                tokio::select! {
                    () = writer.stopped() => return,
                    _ = ticks.tick() => break,
                    () = self.hint.comes(&self.clock) => break,
                    Some(_) = under_way.join_next() => {
                        if there_may_be_more && under_way.len() <= W::AT_ONCE / 2 {
                            break;
                        }
                    }
                }
            }
        }
    }

    /// Takes up what is due, as far as there is room for it. Returns whether there may be more.
    async fn take_up(&mut self, under_way: &mut JoinSet<()>) -> Result<bool, StoreError> {
        while under_way.try_join_next().is_some() {}
        let room = W::AT_ONCE - under_way.len();
        if room == 0 {
            return Ok(true);
        }

        let now = shared_time(&self.store, &self.clock).await?;
        let lease = Lease {
            holder: self.lease_ids.next_id(),
            now,
            lease_ms: LEASE_MS,
        };
        let claimed = self.store.claim_due(W::KIND, lease, room).await?;
        let there_may_be_more = claimed.len() == room;
        for due in claimed {
            counter!("parlor_due_work_taken_total").increment(1);
            let (work, store, clock) = (
                Arc::clone(&self.work),
                self.store.clone(),
                self.clock.clone(),
            );
            under_way.spawn(async move { carry_out(&*work, &store, &clock, due, lease).await });
        }
        if !there_may_be_more && let Some(next) = self.store.next_due(W::KIND, now).await? {
            let from_now_ms = next.unix_millis() - now.unix_millis();
            self.hint.expect(self.clock.now().plus_millis(from_now_ms));
        }

        Ok(there_may_be_more)
    }
}

/// Takes step after step until the work is done, or one fails.
async fn carry_out<W: Work>(
    work: &W,
    store: &Store,
    clock: &Clock,
    mut due: DueWork,
    mut lease: Lease,
) {
    let failure = loop {
        match one_step(work, &mut due, lease).await {
            Ok(Step::More) => match shared_time(store, clock).await {
                Ok(now) => lease.now = now,
                Err(error) => break error.into(),
            },
            Ok(Step::Done) => return,
            Ok(Step::Moot) => match store.finish_due(&due).await {
                Ok(()) => return,
                Err(error) => break error.into(),
            },
            Err(failure) => break failure,
        }
    };

    let retry_ms = failure.retry_ms(due.attempts);
    if retry_ms > 0 {
        counter!("parlor_due_work_failures_total").increment(1);
        tracing::warn!(
            error = %failure, kind = ?due.kind, subject = %due.subject_id, tenant = %due.tenant_id,
            attempts = due.attempts, "due work was not done; it is tried again"
        );
    }
    let claim_at = lease.now.plus_millis(retry_ms);
    if let Err(error) = store.put_off_due(&due, claim_at).await {
        tracing::debug!(%error, "due work could not be given back; its lease will run out");
    }
}

async fn one_step<W: Work>(work: &W, due: &mut DueWork, lease: Lease) -> Result<Step, NotWorked> {
    let step = AssertUnwindSafe(work.step(due, lease)).catch_unwind();
    match tokio::time::timeout(STEP_MAX, step).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(NotWorked::Failed("it panicked".to_owned())),
        Err(_) => Err(NotWorked::Failed("it took too long".to_owned())),
    }
}

/// What a lane has not done, of what nothing refuses.
impl From<NotDone<Infallible>> for NotWorked {
    fn from(not_done: NotDone<Infallible>) -> Self {
        match not_done {
            NotDone::Stopping => Self::Stopping,
            NotDone::Unavailable
            | NotDone::ClockUntrusted
            | NotDone::Overloaded
            | NotDone::OutcomeUnknown => Self::NotNow(not_done.to_string()),
            NotDone::NotFound(_) | NotDone::Unreadable(_) | NotDone::Fault => {
                Self::Failed(not_done.to_string())
            }
            NotDone::Refused(never) => match never {},
        }
    }
}

impl NotWorked {
    /// How long it is put off. Work that cannot be done is tried more and more seldom; work that is in
    /// order is late already.
    fn retry_ms(&self, attempts: i64) -> i64 {
        match self {
            Self::Stopping => 0,
            Self::NotNow(_) => RETRY_MS,
            Self::Store(error) if error.is_retryable() => RETRY_MS,
            Self::Failed(_) | Self::Store(_) => {
                let doublings = u32::try_from(attempts.clamp(1, 16) - 1).unwrap_or(0);
                (RETRY_MS << doublings).min(HOLD_MS_MAX)
            }
        }
    }
}

/// The time by which all nodes judge what is due. A clock that a test moves is everybody's.
async fn shared_time(store: &Store, clock: &Clock) -> Result<ServerTime, StoreError> {
    let own = clock.now();
    match clock {
        Clock::System => store.shared_time(own).await,
        Clock::Test(_) => Ok(own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_again_and_again_is_tried_more_and_more_seldom() {
        let failed = NotWorked::Failed("it is broken".to_owned());
        let waits = [1, 2, 3, 7, 8, 1_000].map(|attempts| failed.retry_ms(attempts));
        assert_eq!(waits, [500, 1_000, 2_000, 32_000, 60_000, 60_000]);
    }

    #[test]
    fn what_only_this_node_cannot_do_now_is_not_held_back() {
        let not_now = NotWorked::NotNow("the database is away".to_owned());
        assert_eq!(
            [1, 2, 8].map(|attempts| not_now.retry_ms(attempts)),
            [500; 3]
        );
    }
}
