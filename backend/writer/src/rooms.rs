//! Commands on a room itself, and on what is recorded in it.

use std::convert::Infallible;

use parlor_domain::contribution::{Contribution, Report, Status};
use parlor_domain::id::RoomId;
use parlor_domain::room::{Room, RoomChange, RoomState, UpdateRoomRefusal, check_slug};
use parlor_domain::room_aggregate::{
    Actor, AnswerKey, ContributionRef, DeleteRoomRefusal, Fingerprint, RecordContributionRefusal,
    RoomAggregate,
};
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::RoomNeeds;

use super::Command;
use super::fingerprint::fingerprint;

pub struct UpdateRoom {
    /// Staff of the tenant.
    pub actor: Actor,
    pub change: RoomChange,
}

/// Deletes the room, if it is at that version.
pub struct DeleteRoom {
    pub version: i32,
}

pub struct RecordContribution {
    report: Report,
    fingerprint: Fingerprint,
}

/// Ends what had run out of time in the room at `due_at`, also if this node's clock is not there yet.
pub struct EndExpired {
    pub due_at: ServerTime,
}

impl RecordContribution {
    /// A report to `room_id`, whose content is told from others' by its digest.
    pub fn new(room_id: RoomId, report: Report) -> Self {
        Self {
            fingerprint: fingerprint(room_id, &report.said),
            report,
        }
    }
}

impl Command for UpdateRoom {
    type On = RoomAggregate;
    type Answer = Room;
    type Refusal = UpdateRoomRefusal;
    const REPEATABLE: bool = false;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.stage |= self.change.state == Some(RoomState::Archived);
        // What is no slug is refused before anybody looks whether it is taken.
        let slug = self
            .change
            .slug
            .iter()
            .filter(|slug| check_slug(slug).is_ok());
        needs.slugs.extend(slug.cloned());
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Room, UpdateRoomRefusal> {
        room.update_room(&self.actor, self.change.clone(), ids, now)
    }
}

impl Command for DeleteRoom {
    type On = RoomAggregate;
    type Answer = Room;
    type Refusal = DeleteRoomRefusal;
    const REPEATABLE: bool = false;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.contributions.any = true;
        needs.points.ledger = true;
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        _ids: &mut Ids,
        _now: ServerTime,
    ) -> Result<Room, DeleteRoomRefusal> {
        room.delete_room(self.version)
    }
}

impl Command for RecordContribution {
    type On = RoomAggregate;
    type Answer = Contribution;
    type Refusal = RecordContributionRefusal;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        let contribution = ContributionRef::of_report(&self.report);
        needs.answers.push(AnswerKey::of_report(&self.report));
        let needs = &mut needs.contributions;
        if self.report.status == Status::Reversed {
            needs.reversals.push(contribution.clone());
        }
        needs.reported.push(contribution);
        needs.viewers.extend(self.report.viewer_id().cloned());
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Contribution, RecordContributionRefusal> {
        room.record_contribution(self.report.clone(), self.fingerprint, ids, now)
    }
}

impl Command for EndExpired {
    type On = RoomAggregate;
    type Answer = ();
    type Refusal = Infallible;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        let by = &mut needs.rewards.draws_by;
        *by = (*by).max(Some(self.due_at));
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<(), Self::Refusal> {
        room.settle_deadline(ids, now.max(self.due_at));
        Ok(())
    }
}
