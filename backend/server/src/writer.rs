//! The writer: every change of a room goes through here, grouped into few transactions.
//!
//! A lane takes what is waiting, has its rooms locked and loaded in sets, decides each command in
//! memory, commits once, publishes, and only then answers. So a command's cost is shared by
//! whatever waits with it, and nothing is shown or acknowledged that is not durable.

mod command;
mod due_work;
mod lane;
mod people;
mod presence;

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, Mutex, PoisonError};

use parlor_domain::id::{RoomId, TenantId};
use parlor_store::{Committed, Store};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

pub use command::{
    Command, DeleteRoom, EndExpired, EndSession, InterruptSession, NotDone, RecordContribution,
    ResumeSession, StartSession, UpdateRoom,
};
pub use people::{Act, Authorized, AuthorizedRefusal, Join, Leave};
pub use presence::ChangePresence;

use crate::clock::Clock;
use crate::ids::Ids;
use command::{Job, Waiting};
use due_work::{Clearing, DueWorker, Hint, RoomEnds};
use lane::Lane;

/// Commands waiting in one lane. At the few thousand a second that a lane writes, the last in the
/// queue waits about as long as a caller would before giving up.
const QUEUE_MAX: usize = 8_192;

/// Takes in what was committed, in the order of each room's log.
pub trait Publish: Send + Sync + 'static {
    fn publish(&self, committed: Committed);
}

/// The way into a lane.
type Queue = mpsc::Sender<Box<dyn Job>>;

/// Changes rooms, one after another in each room. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    lanes: Arc<Mutex<Vec<Queue>>>,
    tasks: Arc<tokio::sync::Mutex<JoinSet<()>>>,
    stopping: watch::Sender<bool>,
}

impl Writer {
    /// Starts the lanes, and what works off what is due, also what became due while nothing was
    /// running.
    pub async fn start(
        store: &Store,
        publisher: Arc<dyn Publish>,
        clock: &Clock,
        ids: &Ids,
    ) -> Self {
        let (ends, deleted) = (Arc::new(Hint::default()), Arc::new(Hint::default()));
        let mut tasks = JoinSet::new();
        let lanes = (0..store.lanes().max(1)).map(|_| {
            let (jobs, queue) = mpsc::channel(QUEUE_MAX);
            let lane = Lane {
                store: store.clone(),
                publisher: Arc::clone(&publisher),
                ends: Arc::clone(&ends),
                deleted: Arc::clone(&deleted),
                clock: clock.clone(),
                ids: ids.clone(),
            };
            tasks.spawn(lane.run(queue));
            jobs
        });
        let writer = Self {
            lanes: Arc::new(Mutex::new(lanes.collect())),
            tasks: Arc::new(tokio::sync::Mutex::new(tasks)),
            stopping: watch::Sender::new(false),
        };
        let mut tasks = writer.tasks.lock().await;
        let room_ends = RoomEnds {
            writer: writer.clone(),
        };
        let room_ends = DueWorker::new(room_ends, store, clock, &ends);
        tasks.spawn(room_ends.run(writer.clone()));
        let clearing = Clearing {
            store: store.clone(),
        };
        let clearing = DueWorker::new(clearing, store, clock, &deleted);
        tasks.spawn(clearing.run(writer.clone()));
        drop(tasks);

        writer
    }

    /// Has `command` done to a room of `tenant_id`, and returns once it is durable and published.
    pub async fn submit<C: Command>(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        command: C,
    ) -> Result<C::Answer, NotDone<C::Refusal>> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Waiting {
            tenant_id,
            room_id,
            command,
            decided: None,
            reply,
        });
        let Some(lane) = self.lane(room_id) else {
            return Err(NotDone::Stopping);
        };
        lane.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => NotDone::Overloaded,
            TrySendError::Closed(_) => NotDone::Stopping,
        })?;
        drop(lane);

        answer.await.unwrap_or(Err(NotDone::OutcomeUnknown))
    }

    /// Takes no more commands, and returns when those waiting are done.
    pub async fn stop(&self) {
        self.lanes().clear();
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

    fn lane(&self, room_id: RoomId) -> Option<Queue> {
        let lanes = self.lanes();
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(room_id);
        let index = hash % u64::try_from(lanes.len().max(1)).ok()?;

        lanes.get(usize::try_from(index).ok()?).cloned()
    }

    fn lanes(&self) -> std::sync::MutexGuard<'_, Vec<Queue>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
