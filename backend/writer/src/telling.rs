//! The command by which somebody tells everyone in a room something.

use parlor_domain::event::Event;
use parlor_domain::id::RoomId;
use parlor_domain::room_aggregate::{
    Actor, AnswerKey, Fingerprint, RoomAggregate, TellRefusal, Telling,
};
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::RoomNeeds;

use super::Command;
use super::fingerprint::fingerprint;

/// Tells everyone in a room something.
pub struct Tell {
    actor: Actor,
    telling: Telling,
    fingerprint: Fingerprint,
}

impl Tell {
    /// What `actor` tells in `room_id`.
    pub fn new(room_id: RoomId, actor: Actor, telling: Telling) -> Self {
        Self {
            actor,
            fingerprint: fingerprint(room_id, &telling),
            telling,
        }
    }
}

impl Command for Tell {
    type On = RoomAggregate;
    type Answer = Event;
    type Refusal = TellRefusal;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.actors.push(self.actor.viewer_id.clone());
        let key = AnswerKey::of_telling(&self.actor, &self.telling);
        needs.answers.push(key);
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Event, TellRefusal> {
        room.tell(&self.actor, &self.telling, self.fingerprint, ids, now)
    }
}
