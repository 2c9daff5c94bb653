//! Commands on cases about points.

use parlor_domain::dispute::Dispute;
use parlor_domain::id::{DisputeId, RoomId};
use parlor_domain::room_aggregate::{
    Actor, AnswerKey, DisputeHold, DisputeOpening, DisputeRefusal, DisputeResolution,
    DisputeWithdrawal, Fingerprint, RoomAggregate,
};
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::{Opening, RoomNeeds};

use super::Command;
use super::fingerprint::fingerprint;

/// Opens a case.
pub struct OpenDispute {
    actor: Actor,
    opening: DisputeOpening,
    fingerprint: Fingerprint,
}

impl OpenDispute {
    /// An opening by `actor` in `room_id`.
    pub fn new(room_id: RoomId, actor: Actor, opening: DisputeOpening) -> Self {
        Self {
            actor,
            fingerprint: fingerprint(room_id, &opening),
            opening,
        }
    }
}

impl Command for OpenDispute {
    type On = RoomAggregate;
    type Answer = Dispute;
    type Refusal = DisputeRefusal;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        let (actor, opening) = (&self.actor, &self.opening);
        needs.people.actors.push(actor.viewer_id.clone());
        needs.people.participants.extend(opening.participant_id());
        // What it is about may expire.
        needs.points.ledger = true;
        needs.disputes.openings.push(Opening {
            viewer_id: actor.viewer_id.clone(),
            participant_id: opening.participant_id(),
            subject: opening.subject(),
        });
        needs.answers.push(AnswerKey::of_opening(actor, opening));
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Dispute, DisputeRefusal> {
        room.open_dispute(&self.actor, &self.opening, self.fingerprint, ids, now)
    }
}

/// What is asked for on a case that there is.
fn add_needs_of(actor: &Actor, id: DisputeId, key: AnswerKey, needs: &mut RoomNeeds) {
    needs.people.actors.push(actor.viewer_id.clone());
    needs.points.ledger = true;
    needs.disputes.disputes.push(id);
    needs.answers.push(key);
}

/// Declares commands on a case: what each is asked with, its key and the rule that decides it.
macro_rules! on_dispute {
    ($($(#[$doc:meta])* $name:ident($asked:ident), $key:ident, $decide:ident;)*) => {$(
        $(#[$doc])*
        pub struct $name {
            actor: Actor,
            asked: $asked,
            fingerprint: Fingerprint,
        }

        impl $name {
            /// The same by `actor` in `room_id`.
            pub fn new(room_id: RoomId, actor: Actor, asked: $asked) -> Self {
                Self {
                    actor,
                    fingerprint: fingerprint(room_id, &asked),
                    asked,
                }
            }
        }

        impl Command for $name {
            type On = RoomAggregate;
            type Answer = Dispute;
            type Refusal = DisputeRefusal;
            const REPEATABLE: bool = true;

            fn add_needs(&self, needs: &mut RoomNeeds) {
                let key = AnswerKey::$key(&self.actor, &self.asked);
                add_needs_of(&self.actor, self.asked.dispute_id(), key, needs);
            }

            fn decide(
                &self,
                room: &mut RoomAggregate,
                ids: &mut Ids,
                now: ServerTime,
            ) -> Result<Dispute, DisputeRefusal> {
                room.$decide(&self.actor, &self.asked, self.fingerprint, ids, now)
            }
        }
    )*};
}

on_dispute! {
    /// Has a case hold points.
    HoldDispute(DisputeHold), of_dispute_hold, hold_dispute;
    /// Resolves a case.
    ResolveDispute(DisputeResolution), of_resolution, resolve_dispute;
    /// Takes a case back.
    WithdrawDispute(DisputeWithdrawal), of_withdrawal, withdraw_dispute;
}
