//! Minutes that were watched, and what they earn by.

use parlor_domain::room_aggregate::{
    Actor, CreditRefusal, Credited, EarningRefusal, RoomAggregate, WatchProof, WatchedMinute,
};
use parlor_domain::time::ServerTime;
use parlor_domain::watching::{EarningChange, EarningProgramme, ViewerMinute};
use parlor_node::ids::Ids;
use parlor_store::RoomNeeds;

use super::Command;

/// How many members of a set are as much work as another command: a set of a thousand takes as long as thirty
/// contributions, about.
const MEMBERS_A_COMMAND: usize = 32;

/// Credits a minute of a room to those who watched it.
pub struct CreditWatching(pub WatchedMinute);

/// Changes what watching earns in a room.
pub struct UpdateEarningProgramme {
    pub actor: Actor,
    pub expected_version: i32,
    pub change: EarningChange,
}

impl Command for CreditWatching {
    type On = RoomAggregate;
    type Answer = Credited;
    type Refusal = CreditRefusal;
    /// Whoever is told that a slot counted before knows as well that it counts.
    const REPEATABLE: bool = true;

    fn weight(&self) -> usize {
        1 + self.0.members.as_slice().len() / MEMBERS_A_COMMAND
    }

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.points.ledger = true;
        let pages = self.0.members.by_page().map(|(number, _)| number);
        needs.points.pages.extend(pages);
        if let WatchProof::Devices(viewers) = &self.0.proof {
            let places = viewers.values().map(|viewer_id| ViewerMinute {
                minute: self.0.minute,
                viewer_id: viewer_id.clone(),
            });
            needs.points.places.extend(places);
        }
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Credited, CreditRefusal> {
        room.credit_watching(&self.0, ids, now)
    }
}

impl Command for UpdateEarningProgramme {
    type On = RoomAggregate;
    type Answer = EarningProgramme;
    type Refusal = EarningRefusal;
    const REPEATABLE: bool = false;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.actors.push(self.actor.viewer_id.clone());
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<EarningProgramme, EarningRefusal> {
        room.update_earning_programme(&self.actor, self.expected_version, &self.change, ids, now)
    }
}
