//! Putting a person out who is being erased.

use super::RoomAggregate;
use super::authority::Actor;
use crate::audit::AuditAction;
use crate::erasure::ERASED_NAME;
use crate::event::EventBody;
use crate::id::{IdSource, ParticipantId};
use crate::participant::{Membership, Overrides, Participant, Role};
use crate::stage::StageRole;
use crate::time::ServerTime;

impl Participant {
    /// Whether nothing of the person is left in what the room knows them by, beside their id.
    pub fn is_erased(&self) -> bool {
        self.membership == Membership::Removed && self.name == ERASED_NAME
    }
}

impl RoomAggregate {
    /// Puts a participant out of the room, whatever state it is in, with their role, what was granted and denied to
    /// them, and their name. The last owner goes like everybody: nobody is kept for the sake of a room, which the
    /// tenant's staff can give another owner.
    pub fn erase_participant(
        &mut self,
        actor: &Actor,
        id: ParticipantId,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) {
        let known = self.known.people.get(id).cloned();
        let Some(participant) = known.filter(|known| !known.is_erased()) else {
            return;
        };

        self.take_out_all_of(participant.number, actor, ids, now);
        let participant = Participant {
            name: ERASED_NAME.to_owned(),
            membership: Membership::Removed,
            role: Role::Member,
            stage_role: StageRole::Audience,
            overrides: Overrides::default(),
            left_at: Some(participant.left_at.unwrap_or(self.stamp(now))),
            ..participant
        };
        self.audit(actor, id, AuditAction::PersonErased, ids, now);
        self.put_participant(participant, EventBody::ParticipantRemoved, ids, now);
    }
}
