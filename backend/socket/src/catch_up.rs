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
    let mut message = first_message(store, &view, request.start).await?;
    message.presence = Some(FeedPresence::new(view.census.online.count));

    // The log was read after the room, which may have become somebody else's to read meanwhile.
    if message.through_seq > view.head.seq {
        readable(store, principal, request.room_id).await?;
    }
    let caught_up = CaughtUp {
        room,
        tenant_id: view.room.tenant_id,
        message,
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
) -> Result<FeedMessage, NotOpen> {
    let room_id = view.room.id;
    match start {
        FeedStart::After { epoch, seq } if seq >= 0 => {
            let after = LogPosition { epoch, seq };
            match store.resume(room_id, after, first_page()).await? {
                Resume::Events { head, events } => Ok(FeedMessage {
                    epoch,
                    after_seq: seq,
                    through_seq: events.last().map_or(head.seq, |event| event.seq),
                    recovered: true,
                    snapshot: None,
                    events: shared(events),
                    presence: None,
                }),
                Resume::Unrecoverable => at_head(store, room_id).await,
            }
        }
        FeedStart::Head | FeedStart::After { .. } => at_head(store, room_id).await,
        FeedStart::At(at) => at_media_time(store, view, at).await,
    }
}

async fn at_head(store: &Store, room_id: RoomId) -> Result<FeedMessage, NotOpen> {
    let snapshot = store.snapshot(room_id).await?;
    let snapshot = snapshot.ok_or(FeedRefusal::NotFound)?;

    Ok(starting_from(snapshot, Vec::new()))
}

async fn at_media_time(
    store: &Store,
    view: &RoomView,
    at: ServerTime,
) -> Result<FeedMessage, NotOpen> {
    // An instant shows on the stream's timeline this much later than it happened.
    let happened_at = at.plus_millis(-view.room.ingest_offset_ms);
    let room_id = view.room.id;
    let picture = store.picture_at(room_id, happened_at, first_page()).await?;
    let Picture { snapshot, since } = picture.ok_or(FeedRefusal::NotFound)?;

    Ok(starting_from(snapshot, since))
}

fn starting_from(snapshot: Snapshot, events: Vec<Event>) -> FeedMessage {
    FeedMessage {
        epoch: snapshot.epoch,
        after_seq: snapshot.seq,
        through_seq: events.last().map_or(snapshot.seq, |event| event.seq),
        recovered: false,
        snapshot: Some(shared(snapshot.events)),
        events: shared(events),
        presence: None,
    }
}

fn first_page() -> i64 {
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
