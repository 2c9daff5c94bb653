//! Carries commits to the rooms that are being watched here.
//!
//! The writer publishes; whoever follows a room reads from its recent log at a pace of their own.
//! A publication that does not join what is known, or that never came, is made good from the
//! store's log: commits of other nodes and lost messages look the same from here. A room that
//! nobody watches costs nothing.

mod recent_log;
mod wallets;
mod watched_room;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use parlor_domain::id::{Epoch, RoomId};
use parlor_node::clock::Clock;
use parlor_node::health::{Health, Pulse};
use parlor_node::ids::{Ids, Randomness};
use parlor_node::patience::Reads;
use parlor_store::{Committed, RoomHead, Store, StoreError};
use parlor_writer::Publish;
use tokio::time::MissedTickBehavior;

pub use wallets::{FollowedWallet, ToldWallet, WalletHead};
pub use watched_room::{Following, Position, WatchedRoom};

/// How often the heads of all watched rooms are compared with what is known. A lost publication
/// delays its room by this much; the check is one query.
pub const HEADS_CHECK: Duration = Duration::from_secs(1);

/// The rooms being watched on this node.
pub struct Hub {
    store: Store,
    reads: Arc<Reads>,
    wallet_reads: AtomicU64,
    ids: Ids,
    rooms: Mutex<HashMap<RoomId, Weak<WatchedRoom>>>,
}

impl Hub {
    /// Starts a hub, which compares what it knows with the store every `heads_check` for as long as
    /// it lives. To be called within a runtime.
    pub fn start(store: Store, heads_check: Duration, health: &Health) -> Arc<Self> {
        let hub = Arc::new(Self {
            store,
            reads: Reads::new(Randomness::System),
            wallet_reads: AtomicU64::new(0),
            ids: Ids::new(Clock::System, Randomness::System),
            rooms: Mutex::default(),
        });
        let watched = Arc::downgrade(&hub);
        health.spawn("the check of heads", move |pulse| {
            check_heads(Weak::clone(&watched), heads_check, pulse)
        });

        hub
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn reads(&self) -> &Arc<Reads> {
        &self.reads
    }

    /// How many reads for those who follow rooms have failed so far.
    pub fn failed_reads(&self) -> u64 {
        self.reads.failed()
    }

    /// How many reads of wallets were begun so far.
    pub fn wallet_reads(&self) -> u64 {
        self.wallet_reads.load(Ordering::Relaxed)
    }

    fn count_wallet_read(&self) {
        self.wallet_reads.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("parlor_wallet_reads_total").increment(1);
    }

    /// Takes part in watching a room, until the last one to do so drops it.
    pub fn watch(self: &Arc<Self>, id: RoomId) -> Arc<WatchedRoom> {
        let mut rooms = self.rooms();
        if let Some(room) = rooms.get(&id).and_then(Weak::upgrade) {
            return room;
        }

        let room = Arc::new(WatchedRoom::new(id, Arc::downgrade(self)));
        rooms.insert(id, Arc::downgrade(&room));
        metrics::gauge!("parlor_rooms_watched").increment(1);
        room
    }

    /// Drops the entry of a room that nobody holds any more.
    fn forget(&self, id: RoomId) {
        let mut rooms = self.rooms();
        if rooms.get(&id).is_some_and(|room| room.strong_count() == 0) {
            rooms.remove(&id);
        }
        metrics::gauge!("parlor_rooms_watched").decrement(1);
    }

    fn watched(&self, id: RoomId) -> Option<Arc<WatchedRoom>> {
        self.rooms().get(&id).and_then(Weak::upgrade)
    }

    fn all_watched(&self) -> Vec<Arc<WatchedRoom>> {
        self.rooms().values().filter_map(Weak::upgrade).collect()
    }

    /// Compares what is known with the store. A store that cannot be read is asked again next time.
    async fn compare_heads(&self) {
        // What is known is noted before the store is read, which has to have all of it.
        let rooms: Vec<_> = self.all_watched();
        let rooms: Vec<_> = rooms
            .iter()
            .map(|room| (room, room.known(), room.known_wallets()))
            .collect();
        if rooms.is_empty() {
            return;
        }

        let ids: Vec<_> = rooms.iter().map(|(room, ..)| room.id()).collect();
        match self.store.heads(&ids).await {
            Ok(heads) => {
                for (room, known, wallets) in rooms {
                    match heads.get(&room.id()) {
                        Some(head) if is_behind(head, known) || lacks(head, wallets) => {
                            self.renew(room.id(), head.log.epoch).await;
                        }
                        Some(head) => room.compare(*head),
                        // It was there when somebody began to follow it.
                        None => room.end(),
                    }
                }
            }
            Err(error) => {
                self.reads.count_failed("heads");
                tracing::warn!(%error, "the heads of watched rooms could not be read");
            }
        }
    }

    /// Gives the room's log another epoch in place of `epoch`: it lacks what was told of it. Whoever
    /// follows it hears of it here at once, and elsewhere by the next check of heads.
    async fn renew(&self, id: RoomId, epoch: Epoch) {
        metrics::counter!("parlor_logs_gone_back_total").increment(1);
        match self.renewed(id, epoch).await {
            Ok(head) => {
                tracing::error!(room_id = %id, "a log went back and has another epoch now");
                if let (Some(room), Some(head)) = (self.watched(id), head) {
                    room.compare(head);
                }
            }
            Err(error) => {
                tracing::error!(%error, room_id = %id, "a log that went back is not renewed yet");
            }
        }
    }

    async fn renewed(&self, id: RoomId, epoch: Epoch) -> Result<Option<RoomHead>, StoreError> {
        let new = Epoch::next(&mut self.ids.clone());
        // Another node may have been first.
        self.store.renew_epoch(id, epoch, new).await?;
        let heads = self.store.heads(&[id]).await?;

        Ok(heads.get(&id).copied())
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomId, Weak<WatchedRoom>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Publish for Hub {
    fn publish(&self, committed: Committed) {
        if let Some(room) = self.watched(committed.room_id) {
            room.take(committed);
        }
    }
}

/// Whether the store's log lacks something of the same log that is known.
fn is_behind(head: &RoomHead, known: Option<Position>) -> bool {
    known.is_some_and(|known| known.epoch == head.log.epoch && known.seq > head.log.seq)
}

/// Whether the store lacks changes of people's wallets that are known.
fn lacks(head: &RoomHead, known: Option<WalletHead>) -> bool {
    let is_lacking =
        |known: WalletHead| known.epoch == head.log.epoch && known.version > head.log.wallets;
    known.is_some_and(is_lacking)
}

async fn check_heads(hub: Weak<Hub>, every: Duration, pulse: Arc<Pulse>) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pulse.rest();
        ticks.tick().await;
        let Some(hub) = hub.upgrade() else { return };
        pulse.beat();
        hub.compare_heads().await;
    }
}
