//! What people have in a room, for those of them who follow it on this node.
//!
//! Whoever begins to follow is read from the store, with all who begin at once, and kept current by what the writer
//! publishes. What was not heard of here, because another node wrote it or a publication was lost, is found by the
//! check of heads, and all who are followed are then read anew, some at a time. While nothing changes nothing is read.

mod followed;

use std::mem;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use parlor_domain::event::LogHead;
use parlor_domain::id::{Epoch, RoomId, TenantId, ViewerId};
use parlor_domain::wallet::{WalletChanges, WatchedMinute};
use parlor_store::WalletsView;
use tokio::sync::watch;

use super::{Hub, WatchedRoom};
pub(super) use followed::FollowedWallets;
pub use followed::{ToldWallet, WalletHead};

use followed::Asked;

/// How many are read at once: a read of so many takes some milliseconds, in which nobody else who begins has to wait for
/// it long, and is a few megabytes even where each has all redemptions that are told.
const READ_VIEWERS: usize = 1_000;
/// How long one read is tried again and again: a little longer than a connection is waited for. Whoever begins meanwhile
/// waits for it, and the check of heads has it begun anew.
const READ_PATIENCE: Duration = Duration::from_secs(4);

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
    /// Follows what somebody of the room's tenant has in it, not as of before the room had come to `seen`.
    pub fn follow_wallet(
        self: &Arc<Self>,
        tenant_id: TenantId,
        viewer_id: ViewerId,
        seen: &LogHead,
    ) -> FollowedWallet {
        let news = self
            .wallets()
            .follow(tenant_id, &viewer_id, WalletHead::of(seen));
        self.read_wallets();

        FollowedWallet {
            room: Arc::clone(self),
            viewer_id,
            news,
        }
    }

    /// Takes in what a batch of the log of `epoch` changed.
    pub(super) fn take_wallets(self: &Arc<Self>, epoch: Epoch, changes: WalletChanges) {
        let is_wanted = self.wallets().handle_committed(epoch, changes);
        if is_wanted {
            self.read_wallets();
        }
    }

    /// Compares what is known of people's wallets with what the store says, and has read what is to be.
    pub(super) fn compare_wallets(self: &Arc<Self>, found: &LogHead) {
        self.wallets().note_head(WalletHead::of(found));
        self.read_wallets();
    }

    /// What is known of people's wallets, if somebody follows theirs.
    pub(super) fn known_wallets(&self) -> Option<WalletHead> {
        self.wallets().known()
    }

    /// Begins to read the wallets that are to be read, unless somebody is at it.
    fn read_wallets(self: &Arc<Self>) {
        let asked = self.wallets().begin_read(READ_VIEWERS);
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
            let patience = hub.reads().within(READ_PATIENCE);
            let under_way = UnderWay(&self);
            hub.count_wallet_read();
            let asked = &asked;
            let read = move || store.wallets(asked.tenant_id, room_id, &asked.viewers);
            match patience.read("wallets", read).await {
                Ok(Some(view)) => under_way.end(view),
                Ok(None) => return self.end(),
                Err(error) => {
                    tracing::warn!(%error, %room_id, "wallets could not be read");
                    return;
                }
            }
            next = self.wallets().begin_read(READ_VIEWERS);
        }
    }

    fn wallets(&self) -> MutexGuard<'_, FollowedWallets> {
        self.wallets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A read that is under way, given up when it is dropped: the next check of heads has it tried again.
struct UnderWay<'a>(&'a WatchedRoom);

impl UnderWay<'_> {
    fn end(self, view: WalletsView) {
        self.0.wallets().handle_read(view);
        // There is none any more, or it is somebody else's.
        mem::forget(self);
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.wallets().give_up_read();
    }
}
