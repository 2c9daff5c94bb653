//! Paid memberships that providers tell of.

use parlor_domain::membership::{MembershipReport, PaidMembership};
use parlor_domain::room_aggregate::{MembershipRef, RecordMembershipRefusal, RoomAggregate};
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::RoomNeeds;

use super::Command;

/// Takes in what a provider says of a paid membership.
pub struct RecordMembership(pub MembershipReport);

impl Command for RecordMembership {
    type On = RoomAggregate;
    type Answer = PaidMembership;
    type Refusal = RecordMembershipRefusal;
    /// What was said counts once.
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.memberships.push(MembershipRef::of_report(&self.0));
        needs.people.actors.push(self.0.viewer_id.clone());
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<PaidMembership, RecordMembershipRefusal> {
        room.record_membership(self.0.clone(), ids, now)
    }
}
