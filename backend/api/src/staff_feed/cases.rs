//! The cases about points of a room, as they are opened and seen to.

use async_graphql::SimpleObject;
use parlor_domain::dispute;
use parlor_node::patience::Patience;
use parlor_store::DisputesView;

use super::Source;
use super::place::Place;
use crate::disputes::{Dispute, Shown};
use crate::fault::Fault;
use crate::scalar::Int64;

/// Open disputes that a newcomer is told: more than anybody sees to at a time. More are in `disputesConnection`.
const SNAPSHOT_DISPUTES: i64 = 100;

/// Disputes of one message: with the longest reasons and resolutions, some 300 KiB of JSON.
const MESSAGE_DISPUTES_MAX: u32 = 100;

/// What is new of a room's disputes.
#[derive(SimpleObject)]
pub(crate) struct DisputesFeed {
    /// This message covers the changes with `afterSeq < seq <= throughSeq`: what was opened, held for, resolved,
    /// dismissed or withdrawn.
    after_seq: Int64,
    through_seq: Int64,
    /// Whether nothing is missing between the subscriber's position in the disputes and this message.
    recovered: bool,
    /// How many are open in all.
    open_count: Int64,
    /// When present, replaces what was known: what is open, at most 100 of it, the oldest first.
    snapshot: Option<Vec<Dispute>>,
    /// What has changed since, each once and as it is now, in the order of their last changes. What is not `OPEN` is
    /// over.
    disputes: Vec<Dispute>,
}

impl DisputesFeed {
    /// What whoever has not asked for it is not shown.
    pub(super) fn nothing() -> Self {
        Self {
            after_seq: 0.into(),
            through_seq: 0.into(),
            recovered: true,
            open_count: 0.into(),
            snapshot: None,
            disputes: Vec::new(),
        }
    }

    pub(super) fn tells_anything(&self) -> bool {
        !self.disputes.is_empty() || self.snapshot.is_some()
    }
}

/// What is new behind `place`, and goes there.
pub(super) async fn read(
    source: &Source,
    place: &mut Place,
    patience: &Patience,
) -> Result<DisputesFeed, Fault> {
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
) -> Result<DisputesFeed, Fault> {
    let (store, room_id) = (&source.app.store, source.room.id());
    let limit = i64::from(MESSAGE_DISPUTES_MAX);
    let read = move || store.disputes_changed(source.tenant_id, room_id, after, limit);
    let DisputesView {
        disputes,
        last_seq,
        end_seq,
        open_count,
    } = patience.read("a room's disputes", read).await?;

    let is_behind = disputes.len() == MESSAGE_DISPUTES_MAX as usize;
    // Changes that another has followed since stand nowhere: with nothing left to read, all of them were told.
    let through = last_seq.filter(|_| is_behind).unwrap_or(end_seq);
    *place = Place::At {
        seq: through,
        is_behind,
    };

    Ok(DisputesFeed {
        after_seq: after.into(),
        through_seq: through.into(),
        recovered: true,
        open_count: open_count.into(),
        snapshot: None,
        disputes: told(source, disputes),
    })
}

/// What is open.
async fn anew(
    source: &Source,
    place: &mut Place,
    patience: &Patience,
) -> Result<DisputesFeed, Fault> {
    let (store, room_id) = (&source.app.store, source.room.id());
    let read = move || store.open_disputes(source.tenant_id, room_id, SNAPSHOT_DISPUTES);
    let DisputesView {
        disputes,
        end_seq,
        open_count,
        ..
    } = patience.read("a room's disputes", read).await?;
    *place = Place::At {
        seq: end_seq,
        is_behind: false,
    };

    Ok(DisputesFeed {
        after_seq: end_seq.into(),
        through_seq: end_seq.into(),
        recovered: false,
        open_count: open_count.into(),
        snapshot: Some(told(source, disputes)),
        disputes: Vec::new(),
    })
}

/// As staff is shown them: whoever follows them has `POINTS_READ`.
fn told(source: &Source, disputes: Vec<dispute::Dispute>) -> Vec<Dispute> {
    let shown = |dispute| Shown {
        room_id: source.room.id(),
        dispute,
        sees_actors: true,
    };

    disputes.into_iter().map(|one| shown(one).into()).collect()
}
