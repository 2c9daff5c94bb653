//! The writer: every change of a room or a tenant goes through here, grouped into few transactions.
//!
//! A lane takes what is waiting, has what it is about locked and loaded in sets, decides each command in
//! memory, commits once, publishes, and only then answers. So a command's cost is shared by
//! whatever waits with it, and nothing is shown or acknowledged that is not durable.

#![warn(clippy::print_stderr)]

mod aggregate;
mod command;
mod disputes;
mod due_work;
mod erasures;
mod fingerprint;
mod lane;
mod memberships;
mod people;
mod points;
mod presence;
mod queue;
mod rewards;
mod rooms;
mod sessions;
mod telling;
mod tenants;
mod watching;

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::Duration;

use parlor_domain::id::TenantId;
use parlor_domain::time::ServerTime;
use parlor_store::{Committed, Store};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

pub use aggregate::{Aggregate, Kind, Subject};
pub use command::{Command, NotDone};
pub use disputes::{HoldDispute, OpenDispute, ResolveDispute, WithdrawDispute};
pub use memberships::RecordMembership;
pub use people::{Act, Authorized, AuthorizedRefusal, Join, Leave};
pub use points::{AdjustPoints, ClawBackPoints};
pub use presence::ChangePresence;
pub use rewards::{
    ChangeReward, CreateReward, Redeem, RefundRedemption, RewardChange, SetMetadata, Settle,
    SettleEach,
};
pub use rooms::{DeleteRoom, EndExpired, RecordContribution, UpdateRoom};
pub use sessions::ChangeSession;
pub use telling::Tell;
pub use tenants::{
    AddTenantKey, ChangeTenantError, RetireTenantKey, SetCurrencyRates, UpdateTenant, change_tenant,
};
pub use watching::{CreditWatching, UpdateEarningProgramme};

use parlor_node::clock::{Clock, ClockTrust, Distrust};
use parlor_node::health::{Breaker, Health};
use parlor_node::ids::Ids;

use command::Waiting;
use due_work::{Clearing, Delivering, DueWorker, Erasing, Expiry, Hint, RoomEnds, Trimming, Work};
use lane::Lane;
use queue::{NoPlace, Queue};

/// How long a caller waits for an answer, in all: less than a request may take, so that it is told of.
const ANSWER_MAX: Duration = Duration::from_secs(9);

/// Takes in what was committed, in the order of each room's log.
pub trait Publish: Send + Sync + 'static {
    fn publish(&self, committed: Committed);
}

/// What keeps the writer from harm, and is told of it. Clones share what they know.
#[derive(Debug, Clone, Default)]
pub struct Guards {
    pub health: Health,
    pub trust: ClockTrust,
    pub breaker: Breaker,
}

/// What a writer is made of.
pub struct Setup {
    pub store: Store,
    pub publisher: Arc<dyn Publish>,
    pub clock: Clock,
    pub ids: Ids,
    /// Commands in one transaction at most, or one that weighs more.
    pub batch_max: usize,
    pub guards: Guards,
}

/// Changes rooms and tenants, each by one command after another. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    lanes: Arc<[Arc<Queue>]>,
    tasks: Arc<tokio::sync::Mutex<JoinSet<()>>>,
    stopping: watch::Sender<bool>,
    clock: Clock,
    guards: Guards,
}

/// A command that is waiting to be done.
pub struct Enqueued<C: Command>(oneshot::Receiver<Result<C::Answer, NotDone<C::Refusal>>>);

impl<C: Command> Enqueued<C> {
    /// Returns once the command is durable and published, or was not done.
    pub async fn answer(self) -> Result<C::Answer, NotDone<C::Refusal>> {
        match tokio::time::timeout(ANSWER_MAX, self.0).await {
            Ok(Ok(outcome)) => outcome,
            // It may be under way.
            Ok(Err(_)) | Err(_) => Err(NotDone::OutcomeUnknown),
        }
    }
}

impl Writer {
    /// Starts the lanes, and what works off what is due, also what became due while nothing was
    /// running.
    pub async fn start(setup: Setup) -> Self {
        let Setup {
            store,
            publisher,
            clock,
            ids,
            batch_max,
            guards,
        } = setup;
        let (ends, deleted) = (Arc::new(Hint::default()), Arc::new(Hint::default()));
        let erasing_ids = ids.clone();
        let lane = Lane {
            store: store.clone(),
            publisher,
            ends: Arc::clone(&ends),
            deleted: Arc::clone(&deleted),
            clock: clock.clone(),
            ids,
            batch_max,
            guards: guards.clone(),
        };
        let count = store.lanes().max(1);
        let writer = Self {
            lanes: (0..count).map(|_| Arc::default()).collect(),
            tasks: Arc::default(),
            stopping: watch::Sender::new(false),
            clock: clock.clone(),
            guards,
        };
        let room_ends = RoomEnds {
            writer: writer.clone(),
        };
        let room_ends = DueWorker::new(room_ends, &store, &clock, &ends);
        let clearing = Clearing {
            store: store.clone(),
        };
        let clearing = DueWorker::new(clearing, &store, &clock, &deleted);
        let trimming = Trimming {
            store: store.clone(),
        };
        // Nobody waits for it, so nobody tells when it is due.
        let trimming = DueWorker::new(trimming, &store, &clock, &Arc::default());

        let expiry = Expiry {
            writer: writer.clone(),
            store: store.clone(),
        };
        // It is due a minute ahead at the soonest, and asked for each second.
        let expiry = DueWorker::new(expiry, &store, &clock, &Arc::default());

        let erasing = Erasing {
            writer: writer.clone(),
            store: store.clone(),
            ids: erasing_ids,
        };
        // It goes on for seconds at least, so that a second more before it begins is none.
        let erasing = DueWorker::new(erasing, &store, &clock, &Arc::default());

        let delivering = Delivering {
            writer: writer.clone(),
            store: store.clone(),
        };
        // Whoever pays does not see the room wait for a second.
        let delivering = DueWorker::new(delivering, &store, &clock, &Arc::default());

        let mut tasks = writer.tasks.lock().await;
        for (index, queue) in writer.lanes.iter().enumerate() {
            tasks.spawn(writer.supervise_lane(index, lane.clone(), Arc::clone(queue)));
        }
        tasks.spawn(writer.supervise_worker("the ending of what runs out of time", room_ends));
        tasks.spawn(writer.supervise_worker("the clearing of deleted rooms", clearing));
        tasks.spawn(writer.supervise_worker("the trimming of logs", trimming));
        tasks.spawn(writer.supervise_worker("the expiry of redemptions", expiry));
        tasks.spawn(writer.supervise_worker("the erasing of people", erasing));
        tasks.spawn(writer.supervise_worker("the effect of webhooks", delivering));
        drop(tasks);

        writer
    }

    /// Has `command` done to a room of `tenant_id`, or to whatever else the command is for, and returns
    /// once it is durable and published.
    pub async fn submit<C: Command>(
        &self,
        tenant_id: TenantId,
        id: <C::On as Aggregate>::Id,
        command: C,
    ) -> Result<C::Answer, NotDone<C::Refusal>> {
        self.enqueue(tenant_id, id, command)?.answer().await
    }

    /// Puts `command` behind all that was enqueued before on the same room or tenant. Whoever drops what comes back may
    /// have it done or not.
    pub fn enqueue<C: Command>(
        &self,
        tenant_id: TenantId,
        id: <C::On as Aggregate>::Id,
        command: C,
    ) -> Result<Enqueued<C>, NotDone<C::Refusal>> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Waiting {
            tenant_id,
            id,
            command,
            decided: None,
            reply,
        });
        if self.guards.breaker.is_open() {
            return Err(NotDone::Unavailable);
        }
        if self.stamp().is_err() {
            return Err(NotDone::ClockUntrusted);
        }
        self.lane(C::On::subject(tenant_id, id))
            .push(job)
            .map_err(|no_place| match no_place {
                NoPlace::Full => NotDone::Overloaded,
                NoPlace::Closed => NotDone::Stopping,
            })?;

        Ok(Enqueued(answer))
    }

    /// The time to stamp what is written with, if this node's clock may.
    pub fn stamp(&self) -> Result<ServerTime, Distrust> {
        let now = self.clock.now();
        self.guards.trust.distrust(now).map_or(Ok(now), Err)
    }

    /// Whether this node can change anything now.
    fn may_write(&self) -> bool {
        !self.guards.breaker.is_open() && self.stamp().is_ok()
    }

    /// Takes no more commands, and returns when those waiting are done.
    pub async fn stop(&self) {
        for lane in self.lanes.iter() {
            lane.close();
        }
        self.stopping.send_replace(true);
        let mut tasks = self.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
    }

    /// Returns once [`Self::stop`] was called.
    async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        stopping
            .wait_for(|stopping| *stopping)
            .await
            .expect("this writer holds the sender");
    }

    /// The lane of everything that is done to `subject`, which is so done in turn.
    fn lane(&self, subject: Subject) -> &Queue {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(subject);
        let count = u64::try_from(self.lanes.len()).expect("lanes are few");
        let index = usize::try_from(hash % count).expect("it is less than the lanes");

        &self.lanes[index]
    }

    fn supervise_lane(
        &self,
        index: usize,
        lane: Lane,
        queue: Arc<Queue>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (health, name) = (self.guards.health.clone(), format!("writer lane {index}"));
        health.supervise(name, lane::STUCK_AFTER, move |pulse| {
            lane.clone().run(Arc::clone(&queue), pulse)
        })
    }

    fn supervise_worker<W: Work>(
        &self,
        name: &'static str,
        worker: DueWorker<W>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (health, writer) = (self.guards.health.clone(), self.clone());
        health.supervise(name, due_work::STUCK_AFTER, move |pulse| {
            worker.clone().run(writer.clone(), pulse)
        })
    }
}
