//! What travels from the hub to a `liveRoom` subscription.
//!
//! The resolver knows nothing of rooms and cursors: it takes the messages it is handed and gives
//! them their GraphQL shape, so that one execution can serve a whole group of subscribers.

use std::sync::{Arc, Mutex, PoisonError};

use parlor_domain::event::Event;
use parlor_domain::id::Epoch;
use tokio::sync::mpsc;

/// One message of `liveRoom`: the events with `after_seq < seq <= through_seq`.
#[derive(Debug, Clone)]
pub struct FeedMessage {
    pub epoch: Epoch,
    pub after_seq: i64,
    pub through_seq: i64,
    /// Whether nothing is missing between the subscriber's position and this message.
    pub recovered: bool,
    /// Replaces all state, as of `after_seq`.
    pub snapshot: Option<Vec<Arc<Event>>>,
    pub events: Vec<Arc<Event>>,
}

/// Where one execution of `liveRoom` takes its messages from. Put into the request's data by the
/// socket's executor, and taken out once.
#[derive(Debug)]
pub struct FeedSource(Mutex<Option<mpsc::Receiver<FeedMessage>>>);

impl FeedSource {
    /// Hands `messages` to the execution that will take them.
    pub fn new(messages: mpsc::Receiver<FeedMessage>) -> Self {
        Self(Mutex::new(Some(messages)))
    }

    /// Takes the messages; `None` when they were taken before.
    pub fn take(&self) -> Option<mpsc::Receiver<FeedMessage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
