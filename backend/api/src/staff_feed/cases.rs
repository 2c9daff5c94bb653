//! The cases about points of a room, as they are opened and seen to.

use async_graphql::SimpleObject;
use parlor_domain::dispute;
use parlor_store::{StoreError, Worklist};

use super::Source;
use super::news::{Followed, News};
use crate::disputes::{Dispute, Shown};
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

/// The room's disputes.
pub(super) struct Cases;

impl Followed for Cases {
    type Item = dispute::Dispute;
    const NAME: &'static str = "a room's disputes";
    const MESSAGE_MAX: u32 = MESSAGE_DISPUTES_MAX;

    async fn changed(
        source: &Source,
        after_seq: i64,
    ) -> Result<Worklist<dispute::Dispute>, StoreError> {
        let (store, room_id) = (&source.app.store, source.room.id());
        let limit = i64::from(MESSAGE_DISPUTES_MAX);
        let changed = store.disputes_changed(source.tenant_id, room_id, after_seq, limit);

        changed.await
    }

    async fn open(source: &Source) -> Result<Worklist<dispute::Dispute>, StoreError> {
        let (store, room_id) = (&source.app.store, source.room.id());
        let open = store.open_disputes(source.tenant_id, room_id, SNAPSHOT_DISPUTES);

        open.await
    }
}

impl DisputesFeed {
    pub(super) fn of(source: &Source, news: News<dispute::Dispute>) -> Self {
        // As staff is shown them: whoever follows them has `POINTS_READ`.
        let shown = |dispute| Shown {
            room_id: source.room.id(),
            dispute,
            sees_actors: true,
        };
        let told = |all: Vec<_>| all.into_iter().map(|one| shown(one).into()).collect();

        Self {
            after_seq: news.after_seq.into(),
            through_seq: news.through_seq.into(),
            recovered: news.recovered,
            open_count: news.open_count.into(),
            snapshot: news.snapshot.map(told),
            disputes: told(news.changed),
        }
    }

    pub(super) fn tells_anything(&self) -> bool {
        !self.disputes.is_empty() || self.snapshot.is_some()
    }
}
