//! Commands that move points.

use parlor_domain::id::{ParticipantId, RoomId};
use parlor_domain::points::{ClawedBack, Transfer};
use parlor_domain::room_aggregate::{
    Actor, AdjustPointsRefusal, Adjustment, AnswerKey, Clawback, Fingerprint, RoomAggregate,
};
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::RoomNeeds;

use super::Command;
use super::fingerprint::fingerprint;

/// Grants or charges points by hand.
pub struct AdjustPoints {
    actor: Actor,
    adjustment: Adjustment,
    fingerprint: Fingerprint,
}

/// What is asked for where somebody moves another's points by hand.
fn add_needs_of(actor: &Actor, id: ParticipantId, key: AnswerKey, needs: &mut RoomNeeds) {
    needs.people.actors.push(actor.viewer_id.clone());
    needs.people.participants.push(id);
    needs.points.ledger = true;
    needs.points.members.push(id);
    needs.answers.push(key);
}

impl AdjustPoints {
    /// An adjustment by `actor` in `room_id`.
    pub fn new(room_id: RoomId, actor: Actor, adjustment: Adjustment) -> Self {
        Self {
            actor,
            fingerprint: fingerprint(room_id, &adjustment),
            adjustment,
        }
    }
}

impl Command for AdjustPoints {
    type On = RoomAggregate;
    type Answer = Transfer;
    type Refusal = AdjustPointsRefusal;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        let key = AnswerKey::of_adjustment(&self.actor, &self.adjustment);
        add_needs_of(&self.actor, self.adjustment.participant_id(), key, needs);
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Transfer, AdjustPointsRefusal> {
        room.adjust_points(&self.actor, &self.adjustment, self.fingerprint, ids, now)
    }
}

/// Takes points back by hand.
pub struct ClawBackPoints {
    actor: Actor,
    clawback: Clawback,
    fingerprint: Fingerprint,
}

impl ClawBackPoints {
    /// A clawback by `actor` in `room_id`.
    pub fn new(room_id: RoomId, actor: Actor, clawback: Clawback) -> Self {
        Self {
            actor,
            fingerprint: fingerprint(room_id, &clawback),
            clawback,
        }
    }
}

impl Command for ClawBackPoints {
    type On = RoomAggregate;
    type Answer = ClawedBack;
    type Refusal = AdjustPointsRefusal;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        let key = AnswerKey::of_clawback(&self.actor, &self.clawback);
        add_needs_of(&self.actor, self.clawback.participant_id(), key, needs);
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<ClawedBack, AdjustPointsRefusal> {
        room.claw_back_points(&self.actor, &self.clawback, self.fingerprint, ids, now)
    }
}
