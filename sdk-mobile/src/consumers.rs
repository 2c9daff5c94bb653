//! What comes out of a client, for as many as want it. Each of these is one consumer's, and has all of it.
//!
//! Waiting and taking are two calls. A task of another language may be cancelled after a call has been answered
//! and before the answer is handed to it, and what a wait had taken would be lost then. Where cancelling ends no
//! call, `leave` does.

use crate::handout::{ConsumerId, Handout};
use crate::machine::Machine;
use crate::record::{ConnectionState, Delivery, Room};
use crate::seen::Seen;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// One consumer's deliveries.
///
/// Pull without long breaks: the client stops reading once 64 are waiting for the slowest of its consumers.
/// Dropping it is leaving. While it rests, from a wait that was cancelled to the next, it holds nobody up: beside
/// other consumers it begins anew with the room as it is if more than 64 came meanwhile.
#[derive(uniffi::Object)]
pub struct Deliveries {
    handout: Arc<Handout>,
    machine: Arc<Machine>,
    id: ConsumerId,
    end: End,
}

/// Where a client's connection stands, for one who follows that.
#[derive(uniffi::Object)]
pub struct ConnectionStates {
    seen: Seen<ConnectionState>,
    left: watch::Sender<bool>,
}

/// The room as the viewer should see it, for one who looks at it or follows it.
#[derive(uniffi::Object)]
pub struct Rooms {
    machine: Arc<Machine>,
    handout: Arc<Handout>,
    changes: RoomChanges,
    /// The change that was taken last.
    taken: Mutex<Option<u64>>,
    is_following: AtomicBool,
    end: End,
}

/// How the room that is shown changes.
#[derive(Clone)]
pub(crate) struct RoomChanges {
    /// How often it has changed; raised before what changes it can be consumed.
    pub(crate) count: Arc<AtomicU64>,
    pub(crate) news: watch::Receiver<()>,
    /// How many follow it.
    pub(crate) followers: Arc<AtomicUsize>,
}

/// What ends a consumer's wait: the consumer's own wish, or the client's end.
struct End {
    left: watch::Sender<bool>,
    stop: watch::Receiver<bool>,
}

impl Deliveries {
    pub(crate) fn new(
        handout: Arc<Handout>,
        machine: Arc<Machine>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let id = handout.join(&machine);

        Self {
            handout,
            machine,
            id,
            end: End::new(stop),
        }
    }

    /// Waits for the next delivery. Returns nothing once the client has ended. Takes nothing if it is dropped.
    pub async fn next(&self) -> Option<Delivery> {
        while self.wait().await {
            if let Some(delivery) = self.take() {
                return Some(delivery);
            }
        }

        None
    }
}

#[uniffi::export]
impl Deliveries {
    /// Waits until there is a delivery. Returns false once the client has been stopped, or the server has
    /// refused it for good; [`Client::connection_state`](crate::Client::connection_state) says which.
    pub async fn wait(&self) -> bool {
        tokio::select! {
            biased;
            () = self.end.reached() => false,
            is_there = self.handout.wait(self.id, &self.machine) => is_there,
        }
    }

    /// Returns the delivery that was waited for, and leaves it where it is.
    pub fn peek(&self) -> Option<Delivery> {
        if self.end.is_reached() {
            return None;
        }

        self.handout.peek(self.id)
    }

    /// Goes on behind the delivery that [`Self::peek`] returns.
    pub fn advance(&self) {
        self.handout.take(self.id);
    }

    /// Takes the delivery that was waited for.
    pub fn take(&self) -> Option<Delivery> {
        if self.end.is_reached() {
            return None;
        }

        self.handout.take(self.id).map(Arc::unwrap_or_clone)
    }

    /// Ends every wait, and wants no more. What the last consumer has not taken is kept for the next.
    pub fn leave(&self) {
        self.end.left.send_replace(true);
        self.handout.leave(self.id);
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.handout.leave(self.id);
    }
}

impl ConnectionStates {
    pub(crate) fn new(state: watch::Receiver<ConnectionState>) -> Self {
        Self {
            seen: Seen::new(state),
            left: watch::Sender::new(false),
        }
    }

    /// Waits for another state; the first one comes at once. Returns nothing once the client has ended, and its
    /// last state was told.
    pub async fn next(&self) -> Option<ConnectionState> {
        while self.wait().await {
            if let Some(state) = self.take() {
                return Some(state);
            }
        }

        None
    }
}

#[uniffi::export]
impl ConnectionStates {
    /// Waits until the connection's state is another than the last one taken; the first call returns at once.
    /// Returns false once the client has ended, and its last state has been taken.
    pub async fn wait(&self) -> bool {
        let mut left = self.left.subscribe();

        tokio::select! {
            biased;
            _ = left.wait_for(|left| *left) => false,
            is_another = self.seen.wait_for(|_| true) => is_another,
        }
    }

    /// Takes the state that was waited for. States that were passed through in between are left out.
    pub fn take(&self) -> Option<ConnectionState> {
        self.seen.take()
    }

    /// Ends every wait.
    pub fn leave(&self) {
        self.left.send_replace(true);
    }
}

impl Rooms {
    pub(crate) fn new(
        machine: Arc<Machine>,
        handout: Arc<Handout>,
        changes: RoomChanges,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            machine,
            handout,
            changes,
            taken: Mutex::new(None),
            is_following: AtomicBool::new(false),
            end: End::new(stop),
        }
    }

    fn is_new(&self) -> bool {
        let count = self.changes.count.load(Ordering::SeqCst);

        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) != Some(count)
    }
}

impl Drop for Rooms {
    fn drop(&mut self) {
        self.follow(false);
    }
}

#[uniffi::export]
impl Rooms {
    /// Says whether the room is followed by this. While nobody consumes deliveries, what waits for the next
    /// consumer then holds nothing up: it is given up once it is more than 64.
    pub fn follow(&self, is_following: bool) {
        let followers = &self.changes.followers;
        match (
            self.is_following.swap(is_following, Ordering::SeqCst),
            is_following,
        ) {
            (false, true) => followers.fetch_add(1, Ordering::SeqCst),
            (true, false) => followers.fetch_sub(1, Ordering::SeqCst),
            (false, false) | (true, true) => return,
        };
        self.handout.wake_driver();
    }

    /// Waits until the room is another than the last one taken; the first call returns at once. Returns false
    /// once the client has ended.
    pub async fn wait(&self) -> bool {
        let mut news = self.changes.news.clone();
        let changed = async {
            while !self.is_new() {
                if news.changed().await.is_err() {
                    return self.is_new();
                }
            }
            true
        };

        tokio::select! {
            biased;
            () = self.end.reached() => false,
            is_new = changed => is_new,
        }
    }

    /// Takes the room as it is now, if it is another than the last one taken. It is never behind what the
    /// client's deliveries have told; it may be ahead, by what waits there.
    pub fn take(&self) -> Option<Room> {
        // Before the room, so that one that changes meanwhile is taken again.
        let count = self.changes.count.load(Ordering::SeqCst);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.replace(count) == Some(count) {
            return None;
        }
        drop(taken);

        Some(self.machine.core().room().into())
    }

    /// Ends every wait, and follows no more.
    pub fn leave(&self) {
        self.end.left.send_replace(true);
        self.follow(false);
    }
}

impl End {
    fn new(stop: watch::Receiver<bool>) -> Self {
        Self {
            left: watch::Sender::new(false),
            stop,
        }
    }

    fn is_reached(&self) -> bool {
        *self.left.borrow() || *self.stop.borrow()
    }

    async fn reached(&self) {
        let (mut left, mut stop) = (self.left.subscribe(), self.stop.clone());

        // An error means that the client is gone.
        tokio::select! {
            _ = left.wait_for(|left| *left) => {}
            _ = stop.wait_for(|stopped| *stopped) => {}
        }
    }
}
