//! What providers report of a room, one message or many, in their order and each answered for itself.

use async_graphql::{Context, ID};
use parlor_domain::contribution::Amendment;
use parlor_domain::id::RoomId;
use parlor_domain::room_aggregate::RoomAggregate;
use parlor_writer::{Command, Enqueued};

use crate::refusal::{Refusal, Stop};
use crate::submit::enqueue;

/// A message that is on its way to be recorded, with what did not fit in it.
pub(crate) struct Reported<C: Command> {
    room_id: ID,
    amendments: Vec<Amendment>,
    enqueued: Result<Enqueued<C>, Stop>,
}

impl<C> Reported<C>
where
    C: Command<On = RoomAggregate, Refusal: Into<Refusal>>,
{
    /// Sends on what `read` makes of a message about the room that the client calls `room_id`.
    pub(crate) fn begin(
        context: &Context<'_>,
        room_id: ID,
        read: impl FnOnce(RoomId) -> Result<(C, Vec<Amendment>), Stop>,
    ) -> Self {
        let mut amendments = Vec::new();
        let enqueued = enqueue(context, &room_id, |room_id| {
            let (command, amended) = read(room_id)?;
            amendments = amended;
            Ok(command)
        });

        Self {
            room_id,
            amendments,
            enqueued,
        }
    }

    /// What became of it, with what did not fit, which a retry is told as well.
    pub(crate) async fn answer(self) -> Result<(C::Answer, Vec<Amendment>), Stop> {
        let recorded = self.enqueued?.answer().await;
        let recorded = recorded.map_err(|not_done| Stop::of_writer(not_done, &self.room_id))?;

        Ok((recorded, self.amendments))
    }
}
