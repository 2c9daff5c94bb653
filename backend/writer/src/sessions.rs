//! Commands on a room's session.

use parlor_domain::room_aggregate::{
    EndSessionRefusal, InterruptSessionRefusal, ResumeSessionRefusal, RoomAggregate,
    StartSessionRefusal,
};
use parlor_domain::session::Session;
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;

use super::Command;

/// A change of the room's session, for which the room alone is needed.
pub struct ChangeSession<R> {
    decide: Decide<R>,
}

type Decide<R> = Box<dyn Fn(&mut RoomAggregate, &mut Ids, ServerTime) -> Result<Session, R> + Send>;

impl ChangeSession<StartSessionRefusal> {
    /// Starts one, shown so much later than it happens, if the room's own delay is not to hold.
    pub fn start(delay_ms: Option<i64>) -> Self {
        Self::new(move |room, ids, now| room.start_session(delay_ms, ids, now))
    }
}

impl ChangeSession<InterruptSessionRefusal> {
    /// Notes that the stream went away.
    pub fn interrupt() -> Self {
        Self::new(RoomAggregate::interrupt_session)
    }
}

impl ChangeSession<ResumeSessionRefusal> {
    /// Notes that the stream is back.
    pub fn resume() -> Self {
        Self::new(RoomAggregate::resume_session)
    }
}

impl ChangeSession<EndSessionRefusal> {
    pub fn end() -> Self {
        Self::new(RoomAggregate::end_session)
    }
}

impl<R> ChangeSession<R> {
    fn new(
        decide: impl Fn(&mut RoomAggregate, &mut Ids, ServerTime) -> Result<Session, R> + Send + 'static,
    ) -> Self {
        Self {
            decide: Box::new(decide),
        }
    }
}

impl<R: Send + 'static> Command for ChangeSession<R> {
    type On = RoomAggregate;
    type Answer = Session;
    type Refusal = R;
    const REPEATABLE: bool = false;

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Session, R> {
        (self.decide)(room, ids, now)
    }
}
