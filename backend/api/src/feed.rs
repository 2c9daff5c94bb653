//! What a `liveRoom` execution yields, and where the messages come from.
//!
//! The resolver knows the types of the API; the socket knows who asks, and whether an execution is
//! one subscriber's catch-up or a group's shared stream. They meet here: the request data carries a
//! [`FeedSource`], which the resolver opens with what the caller asked for, and whose messages it
//! gives their GraphQL shape.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use parlor_domain::event::Event;
use parlor_domain::id::{Epoch, RoomId};
use parlor_domain::time::ServerTime;
use tokio::sync::mpsc;

/// One message of `liveRoom`: the events with `after_seq < seq <= through_seq`.
#[derive(Debug, Clone)]
pub struct FeedMessage {
    pub epoch: Epoch,
    pub after_seq: i64,
    pub through_seq: i64,
    /// Whether nothing is missing between the subscriber's position and this message.
    pub recovered: bool,
    /// When present, replaces all state: the last event of every part as of `after_seq`. At a media time,
    /// live parts are as they are now.
    pub snapshot: Option<Vec<Arc<Event>>>,
    pub events: Vec<Arc<Event>>,
    /// With a snapshot, what its live parts are as of.
    pub live_through_seq: Option<i64>,
    /// When the first event happened that is left out behind the last of `events`.
    pub left_out_from: Option<ServerTime>,
    /// Who is online, when it is told.
    pub presence: Option<FeedPresence>,
}

/// How many are online, told beside the log to whoever asks for it.
#[derive(Debug, Clone)]
pub struct FeedPresence {
    online_count: i64,
    was_asked_for: Arc<AtomicBool>,
}

/// What a caller of `liveRoom` asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedRequest {
    pub room_id: RoomId,
    pub start: FeedStart,
}

/// Where in a room's log a subscription starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedStart {
    /// The present, with all state.
    Head,
    /// The events since a position that the caller has seen.
    After { epoch: Epoch, seq: i64 },
    /// The picture at a media time, and what followed up to another, or else everything.
    At {
        at: ServerTime,
        until: Option<ServerTime>,
    },
}

/// Why a feed was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedRefusal {
    /// There is no such room, or it is not the caller's to read.
    #[error("there is no such room")]
    NotFound,
    /// The operation asks for more than one feed.
    #[error("a subscription has one root field")]
    SecondRootField,
    /// The page that asks is from where the room's tenant does not allow it.
    #[error("pages of this origin may not read the room")]
    OriginForbidden,
    /// The tenant has no socket left; this one is closed.
    #[error("the room's tenant has as many sockets open as it may")]
    NoSocketLeft,
    /// A fault, logged where it happened.
    #[error("the room could not be read")]
    Internal,
}

/// The messages of one execution of `liveRoom`. It can be opened once.
pub struct FeedSource(Mutex<Option<Opening>>);

type Opening = Box<dyn FnOnce(FeedRequest) -> BoxFuture<'static, Opened> + Send>;
/// The messages of an opened feed, or why there are none.
pub type Opened = Result<BoxStream<'static, FeedMessage>, FeedRefusal>;

impl FeedPresence {
    pub fn new(online_count: i64) -> Self {
        Self {
            online_count,
            was_asked_for: Arc::default(),
        }
    }

    /// The number, for the document that asks.
    pub fn ask(&self) -> i64 {
        self.was_asked_for.store(true, Ordering::Relaxed);
        self.online_count
    }

    /// The number, for those who keep the subscription going.
    pub fn online_count(&self) -> i64 {
        self.online_count
    }

    /// Whether the document that was executed asks for it at all.
    pub fn was_asked_for(&self) -> bool {
        self.was_asked_for.load(Ordering::Relaxed)
    }
}

impl FeedRefusal {
    /// The refusal's code in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::SecondRootField => "VALIDATION",
            Self::OriginForbidden => "FORBIDDEN",
            Self::NoSocketLeft => "OVERLOADED",
            Self::Internal => "INTERNAL",
        }
    }
}

impl FeedSource {
    /// A source of ready `messages`, wherever the resolver asks to start.
    pub fn of_messages(messages: mpsc::Receiver<FeedMessage>) -> Self {
        Self::opened_by(|_| Box::pin(std::future::ready(Ok(stream_of(messages)))))
    }

    /// A source that runs `opening` once the resolver has read the arguments.
    pub fn opened_by(
        opening: impl FnOnce(FeedRequest) -> BoxFuture<'static, Opened> + Send + 'static,
    ) -> Self {
        Self(Mutex::new(Some(Box::new(opening))))
    }

    /// Opens the feed that `request` asks for.
    pub async fn open(&self, request: FeedRequest) -> Opened {
        let opening = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();

        match opening {
            Some(opening) => opening(request).await,
            None => Err(FeedRefusal::SecondRootField),
        }
    }
}

/// The messages that `messages` will receive.
pub fn stream_of(messages: mpsc::Receiver<FeedMessage>) -> BoxStream<'static, FeedMessage> {
    stream::unfold(messages, async |mut messages| {
        let message = messages.recv().await?;
        Some((message, messages))
    })
    .boxed()
}
