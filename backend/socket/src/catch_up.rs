//! Opens a room's feed for one subscriber: whether they may, and from where.

use std::sync::Arc;

use parlor_api::feed::{FeedMessage, FeedPresence, FeedRefusal, FeedRequest, FeedStart};
use parlor_domain::access::Principal;
use parlor_domain::event::{Event, EventBody};
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::time::ServerTime;
use parlor_live::hub::{Hub, Position, WatchedRoom};
use parlor_node::patience::ReadError;
use parlor_store::{LogPosition, Picture, Resume, RoomView, Snapshot, Store, StoreError};

/// Events of a subscriber's first page, before it is known how long one is in their words. An event in
/// the SDKs' is up to 2 KB.
pub(crate) const FIRST_PAGE_EVENTS: usize = 16;

/// A feed's first message, and where to go on from.
pub(crate) struct CaughtUp {
    pub(crate) room: Arc<WatchedRoom>,
    /// Whose room it is.
    pub(crate) tenant_id: TenantId,
    pub(crate) message: FeedMessage,
    /// How much of what follows the subscriber wants, if that is not all.
    pub(crate) window: Option<Window>,
}

/// How much of a log a subscriber wants of what was in it when they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// What happened later is left out.
    until: ServerTime,
    /// The last event of which that holds: what comes after is news, and wanted.
    head_seq: i64,
}

impl Window {
    /// Leaves out of `message`, which joins what was sent before, what lies beyond, and has it lead up
    /// to where the log ended. Returns the window for the next message, if anything is still to be left out.
    pub(crate) fn cut(self, message: &mut FeedMessage) -> Option<Self> {
        let is_beyond =
            |event: &Arc<Event>| event.seq <= self.head_seq && event.occurred_at > self.until;
        if let Some(first) = message.events.iter().position(is_beyond) {
            message.left_out_from = Some(message.events[first].occurred_at);
            message.through_seq = self.head_seq;
            message.events.truncate(first);
        }

        (message.through_seq < self.head_seq).then_some(self)
    }
}

/// Why a feed is not open.
#[derive(Debug)]
pub(crate) enum NotOpen {
    Refused(FeedRefusal),
    Unread(StoreError),
}

impl CaughtUp {
    /// The position that the first message leads up to.
    pub(crate) fn position(&self) -> Position {
        Position {
            epoch: self.message.epoch,
            seq: self.message.through_seq,
        }
    }
}

/// Reads where the feed starts. An unknown room and one that `principal` may not read are refused
/// alike.
pub(crate) async fn open(
    hub: &Arc<Hub>,
    principal: &Principal,
    request: FeedRequest,
) -> Result<CaughtUp, NotOpen> {
    let store = hub.store();
    let view = readable(store, principal, request.room_id).await?;
    // Watched before it is read, so that nothing can fall between the two.
    let room = hub.watch(request.room_id);
    let (mut message, window) = first_message(store, &view, request.start).await?;
    message.presence = Some(FeedPresence::new(view.census.online.count));

    // The log was read after the room, which may have become somebody else's to read meanwhile. A window is cut
    // up to where the log ended then, over events that nobody looks at again.
    let read_up_to = message.live_through_seq.unwrap_or(message.through_seq);
    if read_up_to.max(message.through_seq) > view.head.seq {
        readable(store, principal, request.room_id).await?;
    }
    let caught_up = CaughtUp {
        room,
        tenant_id: view.room.tenant_id,
        message,
        window,
    };
    caught_up.room.note(head_of(&view, &caught_up.message));
    caught_up.room.note_online(view.census.online);

    Ok(caught_up)
}

/// Where the log ends, as far as it is known after both were read. A first page may end before it.
fn head_of(view: &RoomView, message: &FeedMessage) -> Position {
    let epoch = message.epoch;
    let known = (view.head.epoch == epoch).then_some(view.head.seq);

    Position {
        epoch,
        seq: known.map_or(message.through_seq, |seq| seq.max(message.through_seq)),
    }
}

/// The room, if `principal` may read it.
pub(crate) async fn readable(
    store: &Store,
    principal: &Principal,
    room_id: RoomId,
) -> Result<RoomView, NotOpen> {
    let view = store.room(room_id).await?;
    let view = view.filter(|view| principal.may_read(&view.room));

    Ok(view.ok_or(FeedRefusal::NotFound)?)
}

/// Whether `events` may change who can read the room.
pub(crate) fn change_access(events: &[Arc<Event>]) -> bool {
    events
        .iter()
        .any(|event| matches!(event.body, EventBody::RoomUpdated(_)))
}

async fn first_message(
    store: &Store,
    view: &RoomView,
    start: FeedStart,
) -> Result<(FeedMessage, Option<Window>), NotOpen> {
    let room_id = view.room.id;
    let message = match start {
        FeedStart::After { epoch, seq } if seq >= 0 => {
            let after = LogPosition { epoch, seq };
            match store.resume(room_id, after, first_page()).await? {
                Resume::Events { head, events } => FeedMessage {
                    epoch,
                    after_seq: seq,
                    through_seq: events.last().map_or(head.seq, |event| event.seq),
                    recovered: true,
                    snapshot: None,
                    events: shared(events),
                    live_through_seq: None,
                    left_out_from: None,
                    presence: None,
                },
                Resume::Unrecoverable => at_head(store, room_id).await?,
            }
        }
        FeedStart::Head | FeedStart::After { .. } => at_head(store, room_id).await?,
        FeedStart::At { at, until } => return at_media_time(store, view, at, until).await,
    };

    Ok((message, None))
}

async fn at_head(store: &Store, room_id: RoomId) -> Result<FeedMessage, NotOpen> {
    let snapshot = store.snapshot(room_id).await?;
    let snapshot = snapshot.ok_or(FeedRefusal::NotFound)?;
    let head_seq = snapshot.seq;

    Ok(starting_from(snapshot, Vec::new(), head_seq))
}

async fn at_media_time(
    store: &Store,
    view: &RoomView,
    at: ServerTime,
    until: Option<ServerTime>,
) -> Result<(FeedMessage, Option<Window>), NotOpen> {
    // An instant shows on the stream's timeline this much later than it happened.
    let happened_at = |at: ServerTime| at.plus_millis(-view.room.ingest_offset_ms);
    let room_id = view.room.id;
    let picture = store
        .picture_at(room_id, happened_at(at), first_page())
        .await?;
    let Picture {
        snapshot,
        since,
        head_seq,
    } = picture.ok_or(FeedRefusal::NotFound)?;
    let mut message = starting_from(snapshot, since, head_seq);
    let window = until.map(|until| Window {
        until: happened_at(until),
        head_seq,
    });
    let window = window.and_then(|window| window.cut(&mut message));

    Ok((message, window))
}

/// The first message from a snapshot, whose live parts are as of `head_seq`.
fn starting_from(snapshot: Snapshot, events: Vec<Event>, head_seq: i64) -> FeedMessage {
    FeedMessage {
        epoch: snapshot.epoch,
        after_seq: snapshot.seq,
        through_seq: events.last().map_or(snapshot.seq, |event| event.seq),
        recovered: false,
        snapshot: Some(shared(snapshot.events)),
        events: shared(events),
        live_through_seq: Some(head_seq),
        left_out_from: None,
        presence: None,
    }
}

/// The same as a length of the log.
pub(crate) fn first_page() -> i64 {
    i64::try_from(FIRST_PAGE_EVENTS).expect("a small number")
}

fn shared(events: Vec<Event>) -> Vec<Arc<Event>> {
    events.into_iter().map(Arc::new).collect()
}

impl ReadError for NotOpen {
    fn may_pass(&self) -> bool {
        match self {
            Self::Refused(_) => false,
            Self::Unread(error) => error.may_pass(),
        }
    }

    fn cause(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.to_string(),
            Self::Unread(error) => error.to_string(),
        }
    }
}

impl From<FeedRefusal> for NotOpen {
    fn from(refusal: FeedRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for NotOpen {
    fn from(error: StoreError) -> Self {
        Self::Unread(error)
    }
}
