//! Following a room's log.

use async_graphql::{Context, ID, Subscription};
use futures_util::StreamExt;
use futures_util::stream::Stream;

use super::RoomFeed;
use crate::fault::Fault;
use crate::feed::{FeedRefusal, FeedRequest, FeedSource};
use crate::global_id;
use crate::log_position::{LogPosition, start};
use crate::scalar::Time;

#[derive(Default)]
pub(crate) struct RoomSubscription;

#[Subscription]
impl RoomSubscription {
    /// A room's log. `after` resumes; `at` starts from the picture at a media time; with neither it
    /// starts at the head. Giving both is an error. With `at`, `until` is a later media time: of what was
    /// in the log when it was asked, what lies beyond is left out, and `roomEvents` has it.
    async fn live_room(
        &self,
        context: &Context<'_>,
        room_id: ID,
        after: Option<LogPosition>,
        at: Option<Time>,
        until: Option<Time>,
    ) -> Result<impl Stream<Item = RoomFeed>, Fault> {
        let start = start(after, at, until)?;
        let room_id = global_id::parse_room_id(&room_id).ok_or(FeedRefusal::NotFound)?;
        let source = context.data_opt::<FeedSource>().ok_or_else(|| {
            Fault::Validation("subscriptions are served at /graphql/ws".to_owned())
        })?;

        let messages = source.open(FeedRequest { room_id, start }).await?;
        Ok(messages.map(RoomFeed))
    }
}
