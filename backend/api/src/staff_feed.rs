//! What staff follows of a room: its audit trail, the queue of what was redeemed, and the disputes. Each is a log of
//! its own.
//!
//! Few follow them and little happens in them, so each follower reads for themselves, woken by the same
//! news that wake the room's own feed. Whether they may is asked anew before anything is told.

mod cases;
mod news;
mod place;
mod queue;
mod trail;

use std::sync::Arc;

use async_graphql::{Context, ID, SimpleObject, Subscription};
use futures_util::stream::{self, Stream, StreamExt};
use parlor_domain::id::{Epoch, RoomId, TenantId};
use parlor_domain::participant::Capability;
use parlor_identity::Caller;
use parlor_live::hub::{Position, WatchedRoom};
use parlor_node::patience::{FOLLOW_PATIENCE, Patience, START_PATIENCE};
use parlor_store::StaffHead;
use tokio::sync::watch;

use crate::App;
use crate::fault::Fault;
use crate::feed::{FeedRefusal, FeedStart};
use crate::log_position::{LogPosition, start};
use crate::people::Reader;
use crate::{caller, global_id};
use cases::{Cases, DisputesFeed};
use news::News;
use place::Place;
use queue::{Queue, QueueFeed};
use trail::TrailFeed;

/// One message of `liveStaff`.
#[derive(SimpleObject)]
pub(crate) struct StaffFeed {
    epoch: ID,
    #[graphql(flatten)]
    trail: TrailFeed,
    /// What is new of the redemptions, which is for whoever has `REDEMPTION_MANAGE`.
    queue: QueueFeed,
    /// What is new of the disputes, which is for whoever has `POINTS_READ`.
    disputes: DisputesFeed,
}

#[derive(Default)]
pub(crate) struct StaffSubscription;

#[Subscription]
impl StaffSubscription {
    /// What a room's staff follows, as it grows: the audit trail, which needs `AUDIT_READ`; if `queue` is asked for,
    /// the redemptions, which need `REDEMPTION_MANAGE`; and if `disputes` is, those, which need `POINTS_READ`. Whoever
    /// asks for `queue` or `disputes` and nothing of the trail needs no right to that. Each is a log of its own, of the
    /// room's epoch: `after` resumes the trail, `queueAfter` the queue, and `disputesAfter` the disputes; without it
    /// each starts with what a newcomer wants to see. Ends when the caller may no longer read what they asked for.
    async fn live_staff(
        &self,
        context: &Context<'_>,
        room_id: ID,
        after: Option<LogPosition>,
        queue_after: Option<LogPosition>,
        disputes_after: Option<LogPosition>,
    ) -> Result<impl Stream<Item = Result<StaffFeed, Fault>>, Fault> {
        let starts = Starts {
            trail: start(after, None, None)?,
            queue: start(queue_after, None, None)?,
            disputes: start(disputes_after, None, None)?,
        };
        let room_id = global_id::parse_room_id(&room_id).ok_or(FeedRefusal::NotFound)?;

        follow(context, room_id, Wanted::of(context), starts).await
    }
}

/// What of the feed is asked for.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    trail: bool,
    queue: bool,
    disputes: bool,
}

impl Wanted {
    fn of(context: &Context<'_>) -> Self {
        let asked = context.look_ahead();
        let queue = asked.field("queue").exists();
        let disputes = asked.field("disputes").exists();
        let trail = trail::FIELDS.iter().any(|name| asked.field(name).exists());

        Self {
            trail: trail || !(queue || disputes),
            queue,
            disputes,
        }
    }
}

/// Where the caller wants to go on.
struct Starts {
    trail: FeedStart,
    queue: FeedStart,
    disputes: FeedStart,
}

/// Somebody who follows what a room's staff sees.
struct Follower {
    caller: Caller,
    wanted: Wanted,
    source: Source,
    news: watch::Receiver<StaffHead>,
    epoch: Epoch,
    trail: Place,
    queue: Place,
    disputes: Place,
}

/// Where it is read.
struct Source {
    app: Arc<App>,
    tenant_id: TenantId,
    room: Arc<WatchedRoom>,
}

/// How a room's logs of staff's stood when it was looked whether somebody may read them.
struct Found {
    epoch: Epoch,
    ends: StaffHead,
}

impl Found {
    fn of(reader: &Reader) -> Self {
        let (head, census) = (reader.view.head, &reader.view.census);

        Self {
            epoch: head.epoch,
            ends: StaffHead {
                audited: census.audited,
                queue: census.queue_changes,
                disputes: census.dispute_changes,
            },
        }
    }
}

/// Opens the feed, or says why the caller may not read it.
async fn follow(
    context: &Context<'_>,
    room_id: RoomId,
    wanted: Wanted,
    starts: Starts,
) -> Result<impl Stream<Item = Result<StaffFeed, Fault>> + use<>, Fault> {
    let app = Arc::clone(context.data_unchecked::<Arc<App>>());
    let caller = caller(context).clone();
    // Watched before it is read, so that nothing can fall between the two.
    let room = app.hub.watch(room_id);
    let news = room.staff();
    let patience = app.hub.reads().within(START_PATIENCE);
    let reader = admitted(&app, &caller, room_id, wanted, &patience).await?;

    let head = reader.view.head;
    room.note(Position {
        epoch: head.epoch,
        seq: head.seq,
    });
    let found = Found::of(&reader);
    let mut follower = Follower {
        caller,
        wanted,
        source: Source {
            app,
            tenant_id: reader.view.room.tenant_id,
            room,
        },
        news,
        epoch: found.epoch,
        trail: Place::resumed(starts.trail, found.epoch, found.ends.audited),
        queue: Place::resumed(starts.queue, found.epoch, found.ends.queue),
        disputes: Place::resumed(starts.disputes, found.epoch, found.ends.disputes),
    };
    let first = follower.message(&found, &patience).await?;

    let rest = stream::unfold(Some(follower), |follower| async {
        let mut follower = follower?;
        match follower.next().await {
            Ok(message) => Some((Ok(message), Some(follower))),
            Err(fault) => Some((Err(fault), None)),
        }
    });
    Ok(stream::iter([Ok(first)]).chain(rest))
}

/// The caller as a reader of the room, if they may read what they want of it.
async fn admitted(
    app: &App,
    caller: &Caller,
    room_id: RoomId,
    wanted: Wanted,
    patience: &Patience,
) -> Result<Reader, Fault> {
    let admitted = move || async move {
        let reader = Reader::of_room(app, caller, room_id).await?;
        let reader = reader.ok_or_else(Fault::no_room)?;
        if wanted.trail {
            reader.require(Capability::AuditRead)?;
        }
        if wanted.queue {
            reader.require(Capability::RedemptionManage)?;
        }
        if wanted.disputes {
            reader.require(Capability::PointsRead)?;
        }
        Ok(reader)
    };

    patience.read("what staff follows", admitted).await
}

impl Follower {
    /// Waits for what comes next.
    async fn next(&mut self) -> Result<StaffFeed, Fault> {
        loop {
            if !self.is_behind() {
                let room = &self.source.room;
                tokio::select! {
                    biased;
                    () = room.gone() => return Err(Fault::no_room()),
                    news = self.news.changed() => news.expect("the room is held here"),
                }
            }
            let Source { app, room, .. } = &self.source;
            let patience = app.hub.reads().within(FOLLOW_PATIENCE);
            let reader = admitted(app, &self.caller, room.id(), self.wanted, &patience);
            let found = Found::of(&reader.await?);
            // Positions of one epoch never go back.
            let is_anew = found.epoch != self.epoch;
            if is_anew {
                self.epoch = found.epoch;
                self.trail = Place::Unknown;
                self.queue = Place::Unknown;
                self.disputes = Place::Unknown;
            }
            let message = self.message(&found, &patience).await?;
            if is_anew || message.tells_anything() {
                return Ok(message);
            }
        }
    }

    fn is_behind(&self) -> bool {
        let Wanted {
            trail,
            queue,
            disputes,
        } = self.wanted;

        trail && self.trail.is_behind()
            || queue && self.queue.is_behind()
            || disputes && self.disputes.is_behind()
    }

    /// What is new of all that is wanted, and goes there.
    async fn message(&mut self, found: &Found, patience: &Patience) -> Result<StaffFeed, Fault> {
        let Wanted {
            trail,
            queue,
            disputes,
        } = self.wanted;
        let trail = if trail {
            trail::read(&self.source, &mut self.trail, found, patience).await?
        } else {
            TrailFeed::nothing()
        };
        let queue = if queue {
            news::read::<Queue>(&self.source, &mut self.queue, patience).await?
        } else {
            News::nothing()
        };
        let disputes = if disputes {
            news::read::<Cases>(&self.source, &mut self.disputes, patience).await?
        } else {
            News::nothing()
        };

        Ok(StaffFeed {
            epoch: global_id::epoch(found.epoch),
            trail,
            queue: queue.into(),
            disputes: DisputesFeed::of(&self.source, disputes),
        })
    }
}

impl StaffFeed {
    fn tells_anything(&self) -> bool {
        self.trail.tells_anything() || self.queue.tells_anything() || self.disputes.tells_anything()
    }
}
