//! What erasing a person does to a room that goes on.

use std::convert::Infallible;

use parlor_domain::id::ParticipantId;
use parlor_domain::room_aggregate::{Actor, RoomAggregate};
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::RoomNeeds;

use super::Command;

/// Puts a participant out who is being erased.
pub(crate) struct EraseParticipant {
    pub(crate) actor: Actor,
    pub(crate) id: ParticipantId,
}

impl Command for EraseParticipant {
    type On = RoomAggregate;
    type Answer = ();
    type Refusal = Infallible;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.participants.push(self.id);
        needs.rewards.entrants.push(self.id);
        needs.points.ledger = true;
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<(), Infallible> {
        room.erase_participant(&self.actor, self.id, ids, now);
        Ok(())
    }
}
