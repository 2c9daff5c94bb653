//! The queue of what was redeemed in a room, as it is worked off.

use async_graphql::SimpleObject;
use parlor_domain::reward;
use parlor_store::{StoreError, Worklist};

use super::Source;
use super::news::{Followed, News};
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

/// The room's redemptions.
pub(super) struct Queue;

impl Followed for Queue {
    type Item = reward::Redemption;
    const NAME: &'static str = "a queue of redemptions";
    const MESSAGE_MAX: u32 = MESSAGE_REDEMPTIONS_MAX;

    async fn changed(
        source: &Source,
        after_seq: i64,
    ) -> Result<Worklist<reward::Redemption>, StoreError> {
        let (store, room_id) = (&source.app.store, source.room.id());
        let limit = i64::from(MESSAGE_REDEMPTIONS_MAX);
        let changed = store.redemptions_changed(source.tenant_id, room_id, after_seq, limit);

        changed.await
    }

    async fn open(source: &Source) -> Result<Worklist<reward::Redemption>, StoreError> {
        let (store, room_id) = (&source.app.store, source.room.id());
        let open = store.open_redemptions(source.tenant_id, room_id, SNAPSHOT_REDEMPTIONS);

        open.await
    }
}

impl QueueFeed {
    pub(super) fn tells_anything(&self) -> bool {
        !self.redemptions.is_empty() || self.snapshot.is_some()
    }
}

impl From<News<reward::Redemption>> for QueueFeed {
    fn from(news: News<reward::Redemption>) -> Self {
        let told = |all: Vec<_>| all.into_iter().map(Into::into).collect();

        Self {
            after_seq: news.after_seq.into(),
            through_seq: news.through_seq.into(),
            recovered: news.recovered,
            open_count: news.open_count.into(),
            snapshot: news.snapshot.map(told),
            redemptions: told(news.changed),
        }
    }
}
