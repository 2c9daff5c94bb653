//! The feed of a room's audit trail, for whoever may read it.
//!
//! Few follow it and little happens in it, so each follower reads for themselves, woken by the same
//! news that wake the room's own feed. Whether they may is asked anew before anything is told.

use std::sync::Arc;

use async_graphql::{Context, ID, SimpleObject, Subscription};
use futures_util::stream::{self, Stream, StreamExt};
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::participant::Capability;
use parlor_identity::Caller;
use parlor_live::hub::{Position, WatchedRoom};
use parlor_node::patience::{FOLLOW_PATIENCE, Patience, START_PATIENCE};
use parlor_store::RESUME_EVENTS_MAX;
use tokio::sync::watch;

use super::AuditEntry;
use crate::App;
use crate::fault::Fault;
use crate::feed::{FeedRefusal, FeedStart};
use crate::log_position::{LogPosition, start};
use crate::people::Reader;
use crate::scalar::Int64;
use crate::{caller, global_id};

/// Entries that a newcomer is told: what a moderator looks over when their shift begins. More are in
/// `auditConnection`.
const SNAPSHOT_ENTRIES: i64 = 50;

/// Entries of one message: with the longest reasons, some 150 KiB of JSON.
const MESSAGE_ENTRIES_MAX: i64 = 256;

/// One message of `liveStaff`.
#[derive(SimpleObject)]
pub(crate) struct StaffFeed {
    epoch: ID,
    /// This message covers the entries with `afterSeq < seq <= throughSeq`.
    after_seq: Int64,
    through_seq: Int64,
    /// Whether nothing is missing between the subscriber's position and this message.
    recovered: bool,
    /// When present, replaces what was known: the newest entries as of `afterSeq`, at most 50, oldest
    /// first.
    snapshot: Option<Vec<AuditEntry>>,
    entries: Vec<AuditEntry>,
}

#[derive(Default)]
pub(crate) struct AuditSubscription;

#[Subscription]
impl AuditSubscription {
    /// A room's audit trail as it grows, which is a log of its own, of the room's epoch. `after`
    /// resumes; without it the feed starts with the newest entries. Needs `AUDIT_READ`, and ends when
    /// that ends.
    async fn live_staff(
        &self,
        context: &Context<'_>,
        room_id: ID,
        after: Option<LogPosition>,
    ) -> Result<impl Stream<Item = Result<StaffFeed, Fault>>, Fault> {
        let start = start(after, None, None)?;
        let room_id = global_id::parse_room_id(&room_id).ok_or(FeedRefusal::NotFound)?;

        follow(context, room_id, start).await
    }
}

/// Somebody who follows a room's audit trail.
struct Follower {
    app: Arc<App>,
    caller: Caller,
    tenant_id: TenantId,
    room: Arc<WatchedRoom>,
    news: watch::Receiver<i64>,
    position: Position,
    /// Whether there is more to read already.
    is_behind: bool,
}

/// Opens the feed, or says why the caller may not read it.
async fn follow(
    context: &Context<'_>,
    room_id: RoomId,
    start: FeedStart,
) -> Result<impl Stream<Item = Result<StaffFeed, Fault>> + use<>, Fault> {
    let app = Arc::clone(context.data_unchecked::<Arc<App>>());
    let caller = caller(context).clone();
    // Watched before it is read, so that nothing can fall between the two.
    let room = app.hub.watch(room_id);
    let news = room.audited();
    let patience = app.hub.reads().within(START_PATIENCE);
    let (app_ref, caller_ref) = (&app, &caller);
    let admitted = move || admitted(app_ref, caller_ref, room_id);
    let reader = patience.read("an audit trail", admitted).await?;

    let head = reader.view.head;
    room.note(Position {
        epoch: head.epoch,
        seq: head.seq,
    });
    let end = Position {
        epoch: head.epoch,
        seq: reader.view.census.audited,
    };
    let mut follower = Follower {
        app,
        caller,
        tenant_id: reader.view.room.tenant_id,
        room,
        news,
        position: end,
        is_behind: false,
    };
    let first = match resumed(start, end) {
        Some(seq) => {
            follower.position.seq = seq;
            follower.entries(&patience).await?
        }
        None => follower.anew(end, &patience).await?,
    };

    let rest = stream::unfold(Some(follower), |follower| async {
        let mut follower = follower?;
        match follower.next().await {
            Ok(message) => Some((Ok(message), Some(follower))),
            Err(fault) => Some((Err(fault), None)),
        }
    });
    Ok(stream::iter([Ok(first)]).chain(rest))
}

/// The caller as a reader of the room, if they may read its audit trail.
async fn admitted(app: &App, caller: &Caller, room_id: RoomId) -> Result<Reader, Fault> {
    let reader = Reader::of_room(app, caller, room_id).await?;
    let reader = reader.ok_or_else(Fault::no_room)?;
    reader.require(Capability::AuditRead)?;

    Ok(reader)
}

/// The position to go on from in a trail that has reached `end`, unless it has to be told anew.
fn resumed(start: FeedStart, end: Position) -> Option<i64> {
    let reach = end.seq - RESUME_EVENTS_MAX..=end.seq;

    match start {
        FeedStart::After { epoch, seq } if epoch == end.epoch && reach.contains(&seq) => Some(seq),
        FeedStart::After { .. } | FeedStart::Head | FeedStart::At { .. } => None,
    }
}

impl Follower {
    /// Waits for what comes next.
    async fn next(&mut self) -> Result<StaffFeed, Fault> {
        loop {
            if !self.is_behind {
                tokio::select! {
                    biased;
                    () = self.room.gone() => return Err(Fault::no_room()),
                    news = self.news.changed() => news.expect("the room is held here"),
                }
            }
            let patience = self.app.hub.reads().within(FOLLOW_PATIENCE);
            let (app, caller, room_id) = (&*self.app, &self.caller, self.room.id());
            let admitted = move || admitted(app, caller, room_id);
            let reader = patience.read("an audit trail", admitted).await?;
            let end = Position {
                epoch: reader.view.head.epoch,
                seq: reader.view.census.audited,
            };
            // Positions of one epoch never go back.
            if end.epoch != self.position.epoch {
                return self.anew(end, &patience).await;
            }
            let message = self.entries(&patience).await?;
            if !message.entries.is_empty() {
                return Ok(message);
            }
        }
    }

    /// What is new since the position, and goes there.
    async fn entries(&mut self, patience: &Patience) -> Result<StaffFeed, Fault> {
        let after = self.position;
        let (tenant_id, room_id, store) = (self.tenant_id, self.room.id(), &self.app.store);
        let read = move || store.audit_after(tenant_id, room_id, after.seq, MESSAGE_ENTRIES_MAX);
        let entries = patience.read("an audit trail", read).await?;
        self.position.seq = entries.last().map_or(after.seq, |entry| entry.seq);
        self.is_behind = self.position.seq - after.seq == MESSAGE_ENTRIES_MAX;

        Ok(StaffFeed {
            epoch: global_id::epoch(after.epoch),
            after_seq: after.seq.into(),
            through_seq: self.position.seq.into(),
            recovered: true,
            snapshot: None,
            entries: entries.into_iter().map(Into::into).collect(),
        })
    }

    /// The newest entries up to `end`, and goes there.
    async fn anew(&mut self, end: Position, patience: &Patience) -> Result<StaffFeed, Fault> {
        let after_seq = end.seq - SNAPSHOT_ENTRIES;
        let (tenant_id, room_id, store) = (self.tenant_id, self.room.id(), &self.app.store);
        let read = move || store.audit_after(tenant_id, room_id, after_seq, SNAPSHOT_ENTRIES);
        let newest = patience.read("an audit trail", read).await?;
        self.position = end;

        Ok(StaffFeed {
            epoch: global_id::epoch(end.epoch),
            after_seq: end.seq.into(),
            through_seq: end.seq.into(),
            recovered: false,
            snapshot: Some(newest.into_iter().map(Into::into).collect()),
            entries: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::id::Epoch;
    use parlor_domain::time::ServerTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_trail_is_resumed_within_its_epoch_and_reach() {
        let [epoch, other] = [1, 2].map(|n| Epoch(Uuid::from_u128(n)));
        let seq = 7 + RESUME_EVENTS_MAX;
        let end = Position { epoch, seq };
        let after = |epoch, seq| FeedStart::After { epoch, seq };
        let at = ServerTime::from_unix_millis(0);

        for (start, expected) in [
            (after(epoch, 6), None),
            (after(epoch, 7), Some(7)),
            (after(epoch, seq), Some(seq)),
            (after(epoch, seq + 1), None),
            (after(other, seq), None),
            (FeedStart::Head, None),
            (FeedStart::At { at, until: None }, None),
        ] {
            assert_eq!(resumed(start, end), expected, "{start:?}");
        }
    }
}
