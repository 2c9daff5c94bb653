//! Reading a stretch of a room's log.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use parlor_domain::event::Event;
use parlor_store::{LogPosition as Position, RoomView};

use super::RoomFeed;
use crate::access::readable;
use crate::app;
use crate::fault::Fault;
use crate::feed::FeedMessage;
use crate::log_position::LogPosition;
use crate::scalar::Time;

/// Events of one answer: in a busy room half a minute's, of some 40 KB in the SDKs' words.
const PAGE_EVENTS: usize = 100;

#[derive(Default)]
pub(crate) struct RoomEventsQuery;

#[Object]
impl RoomEventsQuery {
    /// What follows a position in a room's log: the first 100 events, and of those the ones that the
    /// picture reaches by `until`, a media time. For whoever follows the room from a place in its picture, with
    /// `liveRoom(at:, until:)`, and comes near the end of what that has brought.
    async fn room_events(
        &self,
        context: &Context<'_>,
        room_id: ID,
        after: LogPosition,
        until: Option<Time>,
    ) -> Result<RoomFeed, Fault> {
        let (epoch, seq) = after.read()?;
        let view = readable(context, &room_id).await?;
        let RoomView { room, .. } = view.ok_or_else(Fault::no_room)?;
        // One more than fit, for when it happened tells how far what fits is all there is.
        let limit = i64::try_from(PAGE_EVENTS + 1).expect("a small number");
        let position = Position { epoch, seq };
        let read = app(context)
            .store
            .events_after(room.id, position, limit)
            .await?;

        let until = until.map(|until| until.0.plus_millis(-room.ingest_offset_ms));
        let recovered = read.events();
        let is_wanted = |event: &Event| until.is_none_or(|until| event.occurred_at <= until);
        let mut message = FeedMessage {
            epoch,
            after_seq: seq,
            through_seq: seq,
            recovered: recovered.is_some(),
            snapshot: None,
            events: Vec::new(),
            live_through_seq: None,
            left_out_from: None,
            presence: None,
        };
        for event in recovered.unwrap_or_default() {
            if message.events.len() == PAGE_EVENTS || !is_wanted(&event) {
                message.left_out_from = Some(event.occurred_at);
                break;
            }
            message.through_seq = event.seq;
            message.events.push(Arc::new(event));
        }

        Ok(RoomFeed(message))
    }
}
