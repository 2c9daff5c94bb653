//! What the caller has in a room, as it changes.
//!
//! Whoever follows shares what this node knows of them with their other devices, and is told the newest, however much
//! came between.

use std::sync::Arc;

use async_graphql::{Context, ID, SimpleObject, Subscription};
use futures_util::stream::{self, Stream, StreamExt};
use parlor_domain::event::LogHead;
use parlor_domain::id::{Epoch, RoomId};
use parlor_domain::{wallet, watching};
use parlor_identity::Caller;
use parlor_live::hub::{FollowedWallet, Position, ToldWallet, WatchedRoom};
use parlor_node::patience::{FOLLOW_PATIENCE, START_PATIENCE};
use parlor_writer::NotDone;

use crate::App;
use crate::access::readable_room;
use crate::caller;
use crate::fault::Fault;
use crate::global_id::{self, IdKind};
use crate::rewards::Redemption;
use crate::scalar::{Int64, Time, int};
use crate::watching::SlotOutcome;

/// One message of `liveViewer`: all of it, as it is now.
#[derive(SimpleObject)]
pub(crate) struct ViewerFeed {
    /// Of the room's log. What is of another epoch replaces what is known, whatever its version.
    epoch: ID,
    /// How often anybody's wallet in the room has changed. What has a lower one, in the same epoch, is older; what has
    /// the same one is as new, and may tell more.
    version: Int64,
    /// Null until the caller joins the room.
    wallet: Option<Wallet>,
}

/// What a member of a room has. Nobody else is told.
#[derive(SimpleObject)]
pub(crate) struct Wallet {
    /// Whose it is.
    participant_id: ID,
    /// All points that they have, what is held included.
    balance: Int64,
    /// What is reserved, and cannot be spent twice.
    held: Int64,
    /// What can be spent: `balance` without `held`.
    available: Int64,
    /// What they owe. Whatever comes to them pays it first, so that nothing is `available` meanwhile.
    debt: Int64,
    /// Their newest 20 redemptions, and of those before at most 50 that are not seen to; the newest first.
    redemptions: Vec<Redemption>,
    /// The minute of theirs that was decided last, by whatever device, as far as this server knows.
    last_minute: Option<WatchedMinute>,
    /// How far they are on the way to what watching brings next. Null where it brings nothing, for the programme is off.
    watching: Option<WatchingProgress>,
}

/// How far a viewer is on the way to what watching brings, by the programme of the present session or the last.
#[derive(SimpleObject)]
pub(crate) struct WatchingProgress {
    /// Minutes on the way to the next points.
    slots: i32,
    /// How many minutes bring them.
    slots_wanted: i32,
    /// Whether a minute of theirs ever counted here: with the first they had its bonus, where there was one.
    has_watched: bool,
    /// Null of a programme without one.
    stamp_card: Option<StampCardProgress>,
}

/// How full a viewer's stamp card is.
#[derive(SimpleObject)]
pub(crate) struct StampCardProgress {
    stamps: i32,
    /// How many make it full.
    stamps_wanted: i32,
    /// Among how many sessions, up to the newest.
    sessions: i32,
}

/// What became of a minute.
#[derive(SimpleObject)]
pub(crate) struct WatchedMinute {
    /// When it began.
    minute: Time,
    /// Of one that is not proved, what was wrong with it so far; more of it may still have it count.
    outcome: SlotOutcome,
    /// What it brought; null where this server has not seen that.
    points: Option<Int64>,
}

#[derive(Default)]
pub(crate) struct WalletSubscription;

#[Subscription]
impl WalletSubscription {
    /// What the caller has in a room: at first as it is, and whole again whenever it has changed. Of several changes
    /// that come at once, or to a reader that is slow, the last is told. Whoever comes back is told anew, and drops what
    /// is older than what they know.
    async fn live_viewer(
        &self,
        context: &Context<'_>,
        room_id: ID,
    ) -> Result<impl Stream<Item = Result<ViewerFeed, Fault>>, Fault> {
        let mut follower = Follower::start(context, &room_id).await?;
        let first = tokio::time::timeout(START_PATIENCE, follower.next()).await;
        let first = first.map_err(|_| Fault::of_not_done::<()>(&NotDone::Unavailable))??;

        let rest = stream::unfold(Some(follower), |follower| async {
            let mut follower = follower?;
            match follower.next().await {
                Ok(message) => Some((Ok(message), Some(follower))),
                Err(fault) => Some((Err(fault), None)),
            }
        });
        Ok(stream::iter([Ok(first)]).chain(rest))
    }
}

/// Somebody who follows what they have in a room.
struct Follower {
    app: Arc<App>,
    caller: Caller,
    room: Arc<WatchedRoom>,
    wallet: FollowedWallet,
    epoch: Epoch,
}

impl Follower {
    async fn start(context: &Context<'_>, id: &ID) -> Result<Self, Fault> {
        let app = Arc::clone(context.data_unchecked::<Arc<App>>());
        let caller = caller(context).clone();
        let (tenant_id, actor) = caller.principal.person()?;
        let room_id = global_id::parse_room_id(id).ok_or_else(Fault::no_room)?;
        // Watched before it is read, so that nothing can fall between the two.
        let room = app.hub.watch(room_id);
        let patience = app.hub.reads().within(START_PATIENCE);
        let (app_ref, caller_ref) = (&app, &caller);
        let admitted = move || admitted(app_ref, caller_ref, room_id);
        let head = patience.read("a room", admitted).await?;

        room.note(Position {
            epoch: head.epoch,
            seq: head.seq,
        });
        Ok(Self {
            wallet: room.follow_wallet(tenant_id, actor.viewer_id, &head),
            app,
            caller,
            room,
            epoch: head.epoch,
        })
    }

    /// Waits for what is new.
    async fn next(&mut self) -> Result<ViewerFeed, Fault> {
        let told = tokio::select! {
            biased;
            () = self.room.gone() => return Err(Fault::no_room()),
            told = self.wallet.next() => told,
        };
        // A room that is to be seen stays so, but the database may be another one.
        if told.head.epoch != self.epoch {
            let patience = self.app.hub.reads().within(FOLLOW_PATIENCE);
            let (app, caller, room_id) = (&self.app, &self.caller, self.room.id());
            let admitted = move || admitted(app, caller, room_id);
            patience.read("a room", admitted).await?;
            self.epoch = told.head.epoch;
        }

        Ok(told.into())
    }
}

/// Where the log of the room ends, if the caller may read it.
async fn admitted(app: &App, caller: &Caller, room_id: RoomId) -> Result<LogHead, Fault> {
    let view = readable_room(app, caller, room_id).await?;
    view.map(|view| view.head).ok_or_else(Fault::no_room)
}

impl From<ToldWallet> for ViewerFeed {
    fn from(told: ToldWallet) -> Self {
        Self {
            epoch: global_id::epoch(told.head.epoch),
            version: told.head.version.into(),
            wallet: told.wallet.map(|wallet| (&*wallet).into()),
        }
    }
}

impl From<&wallet::Wallet> for Wallet {
    fn from(wallet: &wallet::Wallet) -> Self {
        let (points, held) = (wallet.points(), wallet.held());

        Self {
            participant_id: IdKind::Participant.id(wallet.participant_id().0),
            balance: points.into(),
            held: held.into(),
            available: (points - held).into(),
            debt: wallet.debt().into(),
            redemptions: wallet
                .redemptions()
                .iter()
                .cloned()
                .map(Into::into)
                .collect(),
            last_minute: wallet.last_minute().map(Into::into),
            watching: wallet.progress().map(Into::into),
        }
    }
}

impl From<watching::Progress> for WatchingProgress {
    fn from(progress: watching::Progress) -> Self {
        Self {
            slots: int(progress.slots),
            slots_wanted: int(progress.slots_wanted),
            has_watched: progress.has_watched,
            stamp_card: progress.stamp_card.map(|card| StampCardProgress {
                stamps: int(card.stamps),
                stamps_wanted: int(card.stamps_wanted),
                sessions: int(card.sessions),
            }),
        }
    }
}

impl From<wallet::WatchedMinute> for WatchedMinute {
    fn from(of: wallet::WatchedMinute) -> Self {
        Self {
            minute: of.minute.starts_at().into(),
            outcome: of.outcome.into(),
            points: of.points.map(Into::into),
        }
    }
}
