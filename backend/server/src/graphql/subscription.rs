//! The feeds of a room.

use async_graphql::{Context, ID, Subscription};
use futures_util::StreamExt;
use futures_util::stream::Stream;

use super::event::RoomFeed;
use super::fault::Fault;
use super::global_id;
use super::input::LogPosition;
use super::scalar::Time;
use super::staff::{self, StaffFeed};
use crate::feed::{FeedRefusal, FeedRequest, FeedSource, FeedStart};

pub struct Subscription;

#[Subscription]
impl Subscription {
    /// A room's log. `after` resumes; `at` starts from the picture at a media time; with neither it
    /// starts at the head. Giving both is an error.
    async fn live_room(
        &self,
        context: &Context<'_>,
        room_id: ID,
        after: Option<LogPosition>,
        at: Option<Time>,
    ) -> Result<impl Stream<Item = RoomFeed>, Fault> {
        let start = start(after, at)?;
        let room_id = global_id::parse_room_id(&room_id).ok_or(FeedRefusal::NotFound)?;
        let source = context.data_opt::<FeedSource>().ok_or_else(|| {
            Fault::Validation("subscriptions are served at /graphql/ws".to_owned())
        })?;

        let messages = source.open(FeedRequest { room_id, start }).await?;
        Ok(messages.map(RoomFeed))
    }

    /// A room's audit trail as it grows, which is a log of its own, of the room's epoch. `after`
    /// resumes; without it the feed starts with the newest entries. Needs `AUDIT_READ`, and ends when
    /// that ends.
    async fn live_staff(
        &self,
        context: &Context<'_>,
        room_id: ID,
        after: Option<LogPosition>,
    ) -> Result<impl Stream<Item = Result<StaffFeed, Fault>>, Fault> {
        let start = start(after, None)?;
        let room_id = global_id::parse_room_id(&room_id).ok_or(FeedRefusal::NotFound)?;

        staff::follow(context, room_id, start).await
    }
}

fn start(after: Option<LogPosition>, at: Option<Time>) -> Result<FeedStart, Fault> {
    match (after, at) {
        (None, None) => Ok(FeedStart::Head),
        (None, Some(at)) => Ok(FeedStart::At(at.0)),
        (Some(LogPosition { epoch, seq }), None) => {
            let Some(epoch) = global_id::parse_epoch(&epoch) else {
                let shown: String = epoch.chars().take(40).collect();
                return Err(Fault::Validation(format!(
                    "{shown:?} is not the epoch of a log"
                )));
            };
            if seq.0 < 0 {
                return Err(Fault::Validation(format!(
                    "`seq` starts at 0, and is not {}",
                    seq.0
                )));
            }
            Ok(FeedStart::After { epoch, seq: seq.0 })
        }
        (Some(_), Some(_)) => Err(Fault::Validation(
            "give `after` or `at`, and not both".to_owned(),
        )),
    }
}

impl From<FeedRefusal> for Fault {
    fn from(refusal: FeedRefusal) -> Self {
        match refusal {
            FeedRefusal::NotFound => Self::NotFound(refusal.to_string()),
            FeedRefusal::SecondRootField => Self::Validation(refusal.to_string()),
            FeedRefusal::OriginForbidden => Self::Forbidden(refusal.to_string()),
            FeedRefusal::NoSocketLeft => Self::Overloaded(refusal.to_string()),
            FeedRefusal::Internal => Self::Internal,
        }
    }
}
