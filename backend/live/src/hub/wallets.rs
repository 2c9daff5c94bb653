//! What people have in a room, for those of them who follow it on this node.
//!
//! Whoever begins to follow is read from the store, with all who begin at once, and kept current by what the writer
//! publishes. What was not heard of here, because another node wrote it or a publication was lost, is found by the
//! check of heads, and all who are followed are then read anew, as one set. While nothing changes nothing is read.

mod followed;

use std::sync::{Arc, MutexGuard, PoisonError};

use parlor_domain::event::LogHead;
use parlor_domain::id::{Epoch, RoomId, TenantId, ViewerId};
use parlor_domain::wallet::{WalletChanges, WatchedMinute};
use parlor_node::patience::FOLLOW_PATIENCE;
use tokio::sync::watch;

use super::{Hub, WatchedRoom};
pub(super) use followed::FollowedWallets;
pub use followed::{ToldWallet, WalletHead};

use followed::Asked;

/// Somebody's place among those who follow what they have in a room, given up when it is dropped.
pub struct FollowedWallet {
    room: Arc<WatchedRoom>,
    viewer_id: ViewerId,
    news: watch::Receiver<Option<ToldWallet>>,
}

impl FollowedWallet {
    /// What they have: at first as soon as it is known, then whenever it has changed, and only the newest.
    pub async fn next(&mut self) -> ToldWallet {
        loop {
            let changed = self.news.changed().await;
            changed.expect("the room keeps whom somebody follows");
            if let Some(told) = &*self.news.borrow_and_update() {
                return told.clone();
            }
        }
    }
}

impl Drop for FollowedWallet {
    fn drop(&mut self) {
        self.room.wallets().leave(&self.viewer_id);
    }
}

impl Hub {
    /// Says what somebody's device was told of a minute, to whoever else follows for them.
    pub fn note_minute(&self, room_id: RoomId, viewer_id: &ViewerId, said: WatchedMinute) {
        if let Some(room) = self.watched(room_id) {
            room.wallets().note_minute(viewer_id, said);
        }
    }
}

impl WatchedRoom {
    /// Follows what somebody of the room's tenant has in it.
    pub fn follow_wallet(
        self: &Arc<Self>,
        tenant_id: TenantId,
        viewer_id: ViewerId,
    ) -> FollowedWallet {
        let news = self.wallets().follow(tenant_id, &viewer_id);
        self.read_wallets();

        FollowedWallet {
            room: Arc::clone(self),
            viewer_id,
            news,
        }
    }

    /// Takes in what a batch of the log of `epoch` changed.
    pub(super) fn take_wallets(self: &Arc<Self>, epoch: Epoch, changes: WalletChanges) {
        self.wallets().handle_committed(epoch, changes);
        self.read_wallets();
    }

    /// Compares what is known of people's wallets with what the store says, and has read what is to be.
    pub(super) fn compare_wallets(self: &Arc<Self>, found: &LogHead) {
        self.wallets().note_head(WalletHead {
            epoch: found.epoch,
            version: found.wallets,
        });
        self.read_wallets();
    }

    /// What is known of people's wallets, if somebody follows theirs.
    pub(super) fn known_wallets(&self) -> Option<WalletHead> {
        self.wallets().known()
    }

    /// Begins to read the wallets that are to be read, unless somebody is at it.
    fn read_wallets(self: &Arc<Self>) {
        let asked = self.wallets().begin_read();
        if let Some(asked) = asked {
            let room = Arc::clone(self);
            tokio::spawn(async move { room.read_wallets_from(asked).await });
        }
    }

    async fn read_wallets_from(self: Arc<Self>, first: Asked) {
        let mut next = Some(first);
        while let Some(asked) = next {
            let Some(hub) = self.hub.upgrade() else {
                return;
            };
            let (store, room_id) = (hub.store(), self.id());
            let patience = hub.reads().within(FOLLOW_PATIENCE);
            metrics::counter!("parlor_wallet_reads_total").increment(1);
            let asked = &asked;
            let read = move || store.wallets(asked.tenant_id, room_id, &asked.viewers);
            match patience.read("wallets", read).await {
                Ok(Some(view)) => self.wallets().handle_read(view),
                Ok(None) => {
                    self.wallets().give_up_read();
                    return self.end();
                }
                Err(error) => {
                    tracing::warn!(%error, %room_id, "wallets could not be read");
                    // The next check of heads has it tried again.
                    return self.wallets().give_up_read();
                }
            }
            next = self.wallets().begin_read();
        }
    }

    fn wallets(&self) -> MutexGuard<'_, FollowedWallets> {
        self.wallets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
