//! Noting who came to a node and who went from it.

use std::convert::Infallible;

use parlor_domain::room_aggregate::{PresenceChange, RoomAggregate};
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::RoomNeeds;

use super::Command;

/// Notes a set of people who came and went.
pub struct ChangePresence(pub PresenceChange);

impl Command for ChangePresence {
    type On = RoomAggregate;
    type Answer = ();
    type Refusal = Infallible;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        let PresenceChange {
            arrived, departed, ..
        } = &self.0;
        needs
            .people
            .actors
            .extend(arrived.iter().chain(departed).cloned());
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<(), Infallible> {
        room.change_presence(&self.0, ids, now);
        Ok(())
    }
}
