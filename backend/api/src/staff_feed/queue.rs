//! The queue of what was redeemed in a room, as it is worked off.

use async_graphql::SimpleObject;
use parlor_node::patience::Patience;
use parlor_store::QueueView;

use super::Source;
use super::place::Place;
use crate::fault::Fault;
use crate::rewards::Redemption;
use crate::scalar::Int64;

/// Open redemptions that a newcomer is told: more than anybody sees to at a time. More are in
/// `redemptionsConnection`.
const SNAPSHOT_REDEMPTIONS: i64 = 100;

/// Redemptions of one message: with the longest inputs and notes, some 350 KiB of JSON.
const MESSAGE_REDEMPTIONS_MAX: u32 = 100;

/// What is new of a room's redemptions.
#[derive(SimpleObject)]
pub(crate) struct QueueFeed {
    /// This message covers the changes with `afterSeq < seq <= throughSeq`: what was redeemed, fulfilled, canceled,
    /// refunded, noted about, entered, drawn or not, or has expired.
    after_seq: Int64,
    through_seq: Int64,
    /// Whether nothing is missing between the subscriber's position in the queue and this message.
    recovered: bool,
    /// How many are open in all.
    open_count: Int64,
    /// When present, replaces what was known: what is open, at most 100 of it, the oldest first.
    snapshot: Option<Vec<Redemption>>,
    /// What has changed since, each once and as it is now, in the order of their last changes. What is not
    /// `UNFULFILLED` is not in the queue: it has left, or is `ENTERED`, and may come.
    redemptions: Vec<Redemption>,
}

impl QueueFeed {
    /// What whoever has not asked for it is not shown.
    pub(super) fn nothing() -> Self {
        Self {
            after_seq: 0.into(),
            through_seq: 0.into(),
            recovered: true,
            open_count: 0.into(),
            snapshot: None,
            redemptions: Vec::new(),
        }
    }

    pub(super) fn tells_anything(&self) -> bool {
        !self.redemptions.is_empty() || self.snapshot.is_some()
    }
}

/// What is new behind `place`, and goes there.
pub(super) async fn read(
    source: &Source,
    place: &mut Place,
    patience: &Patience,
) -> Result<QueueFeed, Fault> {
    match *place {
        Place::At { seq, .. } => since(source, place, seq, patience).await,
        Place::Unknown => anew(source, place, patience).await,
    }
}

async fn since(
    source: &Source,
    place: &mut Place,
    after: i64,
    patience: &Patience,
) -> Result<QueueFeed, Fault> {
    let (store, room_id) = (&source.app.store, source.room.id());
    let limit = i64::from(MESSAGE_REDEMPTIONS_MAX);
    let read = move || store.redemptions_changed(source.tenant_id, room_id, after, limit);
    let QueueView {
        redemptions,
        end_seq,
        open_count,
    } = patience.read("a queue of redemptions", read).await?;

    let is_behind = redemptions.len() == MESSAGE_REDEMPTIONS_MAX as usize;
    let last = redemptions.last().map(|one| one.queue_seq);
    // Changes that another has followed since stand nowhere: with nothing left to read, all of them were told.
    let through = last.filter(|_| is_behind).unwrap_or(end_seq);
    *place = Place::At {
        seq: through,
        is_behind,
    };

    Ok(QueueFeed {
        after_seq: after.into(),
        through_seq: through.into(),
        recovered: true,
        open_count: open_count.into(),
        snapshot: None,
        redemptions: redemptions.into_iter().map(Into::into).collect(),
    })
}

/// What is open.
async fn anew(source: &Source, place: &mut Place, patience: &Patience) -> Result<QueueFeed, Fault> {
    let (store, room_id) = (&source.app.store, source.room.id());
    let read = move || store.open_redemptions(source.tenant_id, room_id, SNAPSHOT_REDEMPTIONS);
    let QueueView {
        redemptions,
        end_seq,
        open_count,
    } = patience.read("a queue of redemptions", read).await?;
    *place = Place::At {
        seq: end_seq,
        is_behind: false,
    };

    Ok(QueueFeed {
        after_seq: end_seq.into(),
        through_seq: end_seq.into(),
        recovered: false,
        open_count: open_count.into(),
        snapshot: Some(redemptions.into_iter().map(Into::into).collect()),
        redemptions: Vec::new(),
    })
}
