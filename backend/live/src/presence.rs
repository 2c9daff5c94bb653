//! Who follows rooms through this node, kept in the rooms' presence.
//!
//! A connection registers here, and the registry says what to write of it, in sets. What is written
//! hangs on the node's lease, so that it goes with the node.

mod leases;
mod registry;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parlor_domain::access::Principal;
use parlor_domain::id::{NodeId, RoomId, TenantId, ViewerId};
use parlor_domain::time::ServerTime;
use parlor_node::clock::Clock;
use parlor_node::health::{Health, Pulse};
use parlor_node::ids::Ids;
use parlor_store::{Store, StoreError};
use parlor_writer::{ChangePresence, NotDone, Writer};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use leases::Leases;
use registry::{Flush, Outcome, Registry, Waits};

/// How long presence waits for what.
#[derive(Debug, Clone, Copy)]
pub struct PresenceSettings {
    /// How long somebody who was cut off may take to come back before others hear of it. A phone
    /// that changes its network, or a page that is loaded again, needs two or three seconds.
    pub grace_ms: i64,
    /// How often a room's arrivals and departures are written at most, unless a whole set waits. A
    /// tenth of a second is not noticed, and makes ten commands a second of any number of people.
    pub flush_ms: i64,
    /// How long after its last beat a node is taken for dead. With the seconds in which others
    /// notice and clean up, nobody is shown for longer than 15 s after their node died.
    pub lease_ms: i64,
    /// How often a node beats: two may get lost.
    pub beat_every: Duration,
    /// How often the nodes' leases are looked at.
    pub check_every: Duration,
}

impl Default for PresenceSettings {
    fn default() -> Self {
        Self {
            grace_ms: 5_000,
            flush_ms: 100,
            lease_ms: 10_000,
            beat_every: Duration::from_secs(3),
            check_every: Duration::from_secs(1),
        }
    }
}

/// This node's part in who is online.
pub struct Presence {
    registry: Mutex<Registry>,
    changed: Notify,
    clock: Clock,
    leases: Leases,
    stopping: watch::Sender<bool>,
}

/// Somebody's connection that follows a room, for as long as it is held.
pub struct Connection {
    presence: Arc<Presence>,
    room_id: RoomId,
    viewer_id: ViewerId,
}

impl Presence {
    /// Takes a lease for this node, and begins to write what is registered and to watch other
    /// nodes. To be called within a runtime.
    pub async fn start(
        store: &Store,
        writer: &Writer,
        clock: &Clock,
        ids: &Ids,
        settings: PresenceSettings,
        health: &Health,
    ) -> Result<Arc<Self>, StoreError> {
        let leases = Leases::new(store, writer, clock, ids, settings);
        let node_id = leases.take().await?;
        let waits = Waits {
            grace_ms: settings.grace_ms,
            flush_ms: settings.flush_ms,
        };
        let presence = Arc::new(Self {
            registry: Mutex::new(Registry::new(node_id, waits)),
            changed: Notify::new(),
            clock: clock.clone(),
            leases,
            stopping: watch::Sender::new(false),
        });

        let part = Arc::clone(&presence);
        let writer = writer.clone();
        health.spawn("the writing of presence", move |pulse| {
            Arc::clone(&part).write(writer.clone(), pulse)
        });
        let part = Arc::clone(&presence);
        health.spawn("this node's sign of life", move |pulse| {
            Arc::clone(&part).beat_on(settings.beat_every, pulse)
        });
        let part = Arc::clone(&presence);
        health.spawn("the check of other nodes", move |pulse| {
            Arc::clone(&part).check_on(settings.check_every, pulse)
        });
        Ok(presence)
    }

    /// Registers a connection of `principal` that follows a room of theirs, if they are somebody
    /// who counts: a person of the audience. Staff, overlays and anonymous callers are not.
    pub fn connect(self: &Arc<Self>, principal: &Principal, room_id: RoomId) -> Option<Connection> {
        let (tenant_id, viewer_id) = counted(principal)?;
        self.registry()
            .connect(tenant_id, room_id, &viewer_id, self.clock.now());
        self.changed.notify_one();

        Some(Connection {
            presence: Arc::clone(self),
            room_id,
            viewer_id,
        })
    }

    /// Gives a sign of life. If this node was taken for dead, it goes on as another, and everyone
    /// here is written anew.
    pub async fn beat(&self) -> Result<(), StoreError> {
        let node_id = self.node_id();
        if self.leases.beat(node_id).await? {
            return Ok(());
        }

        tracing::warn!(node = %node_id, "this node was taken for dead");
        let node_id = self.leases.take().await?;
        self.registry().start_anew(node_id, self.clock.now());
        self.changed.notify_one();
        Ok(())
    }

    /// Looks at the leases of the other nodes, and clears up after those that died.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.leases.check(self.node_id()).await
    }

    /// Writes no more, and has this node's lease end after the reconnect grace: whoever was here has
    /// that long to come back elsewhere.
    pub async fn leave(&self) {
        self.stopping.send_replace(true);
        if let Err(error) = self.leases.leave(self.node_id()).await {
            tracing::warn!(%error, "this node's lease will end by itself");
        }
    }

    /// Who this node is at present.
    pub fn node_id(&self) -> NodeId {
        self.registry().node_id()
    }

    async fn write(self: Arc<Self>, writer: Writer, pulse: Arc<Pulse>) {
        let mut writing = JoinSet::new();
        // Whoever wrote before has panicked, and its sets have gone with it.
        self.registry().lose_sets(self.clock.now());
        loop {
            pulse.beat();
            let due = self.registry().take_due(self.clock.now());
            for flush in due {
                writing.spawn(write(writer.clone(), flush));
            }
            let next = self.registry().poll_timeout();

            pulse.rest();
            tokio::select! {
                // Whatever else there is to do, a node that leaves writes no more.
                biased;
                () = self.stopped() => return,
                Some(written) = writing.join_next() => {
                    let (flush, outcome) = written.expect("writing a set does not panic");
                    let now = self.clock.now();
                    self.registry().handle_written(&flush, outcome, now);
                }
                () = self.changed.notified() => {}
                () = sleep_until(&self.clock, next) => {}
            }
        }
    }

    async fn beat_on(self: Arc<Self>, every: Duration, pulse: Arc<Pulse>) {
        let mut ticks = leases::ticks(every);
        loop {
            pulse.rest();
            tokio::select! {
                () = self.stopped() => return,
                _ = ticks.tick() => {}
            }
            pulse.beat();
            if let Err(error) = self.beat().await {
                tracing::warn!(%error, "this node could not give a sign of life");
            }
        }
    }

    async fn check_on(self: Arc<Self>, every: Duration, pulse: Arc<Pulse>) {
        let mut ticks = leases::ticks(every);
        loop {
            pulse.rest();
            tokio::select! {
                () = self.stopped() => return,
                _ = ticks.tick() => {}
            }
            pulse.beat();
            if let Err(error) = self.check().await {
                tracing::warn!(%error, "the nodes' leases could not be looked at");
            }
        }
    }

    async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        stopping
            .wait_for(|stopping| *stopping)
            .await
            .expect("this presence holds the sender");
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Self {
            presence,
            room_id,
            viewer_id,
        } = self;
        let now = presence.clock.now();
        presence.registry().disconnect(*room_id, viewer_id, now);
        presence.changed.notify_one();
    }
}

fn counted(principal: &Principal) -> Option<(TenantId, ViewerId)> {
    match principal {
        // An id that is no viewer's cannot be a participant's.
        Principal::Viewer {
            tenant_id, user_id, ..
        } => Some((*tenant_id, ViewerId::parse_given(user_id).ok()?)),
        Principal::Anonymous
        | Principal::Operator { .. }
        | Principal::Staff { .. }
        | Principal::Overlay { .. } => None,
    }
}

async fn write(writer: Writer, flush: Flush) -> (Flush, Outcome) {
    let command = ChangePresence(flush.change.clone());
    let done = writer.submit(flush.tenant_id, flush.room_id, command).await;
    let outcome = match done {
        Ok(()) => Outcome::Written,
        Err(NotDone::NotFound(_)) => Outcome::RoomGone,
        Err(error) => {
            tracing::warn!(%error, room_id = %flush.room_id, "presence could not be written yet");
            Outcome::Failed
        }
    };

    (flush, outcome)
}

async fn sleep_until(clock: &Clock, at: Option<ServerTime>) {
    match at {
        Some(at) => clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::room_aggregate::PresenceChange;
    use parlor_node::ids::Randomness;
    use parlor_store::{Committed, Settings};
    use parlor_test_database::on_both_engines;
    use parlor_writer::{Guards, Publish, Setup};
    use uuid::Uuid;

    use super::*;

    struct Nobody;

    impl Publish for Nobody {
        fn publish(&self, _: Committed) {}
    }

    on_both_engines! { a_set_of_a_room_that_is_gone_is_not_tried_again }

    async fn a_set_of_a_room_that_is_gone_is_not_tried_again(database: String) {
        let ids = Ids::new(Clock::System, Randomness::System);
        let store = Store::connect(&Settings::new(&database)).await.unwrap();
        store.migrate().await.unwrap();
        let writer = Writer::start(Setup {
            store: store.clone(),
            publisher: Arc::new(Nobody),
            clock: Clock::System,
            ids,
            batch_max: 256,
            guards: Guards::default(),
        })
        .await;
        let flush = Flush {
            tenant_id: TenantId(Uuid::nil()),
            room_id: RoomId(Uuid::nil()),
            change: PresenceChange {
                node_id: NodeId(Uuid::nil()),
                arrived: Vec::new(),
                departed: vec![ViewerId::parse("ana").unwrap()],
            },
        };

        let (_, outcome) = write(writer.clone(), flush.clone()).await;
        assert_eq!(outcome, Outcome::RoomGone);
        writer.stop().await;
        let (_, outcome) = write(writer, flush).await;
        assert_eq!(outcome, Outcome::Failed);
        store.close().await;
    }
}
