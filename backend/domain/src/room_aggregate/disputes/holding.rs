//! Holding points for a case, so that they are not spent meanwhile.

use serde::Serialize;

use super::super::{Actor, AnswerKey, Answered, Fingerprint, Operation, RoomAggregate};
use super::DisputeRefusal;
use crate::audit::AuditAction;
use crate::books::TRANSFER_POINTS_MAX;
use crate::contribution::KEY_BYTES_MAX;
use crate::dispute::Dispute;
use crate::id::{DisputeId, IdSource};
use crate::invalid::{Invalid, check_range, check_text};
use crate::time::ServerTime;

/// How many points are to be held for a case, as far as the number goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisputeHold {
    idempotency_key: String,
    dispute_id: DisputeId,
    points: i64,
}

impl DisputeHold {
    /// Takes what was asked, or says what is wrong with it. None lets go of what is held.
    pub fn new(
        idempotency_key: String,
        dispute_id: DisputeId,
        points: i64,
    ) -> Result<Self, Invalid> {
        check_text("idempotencyKey", &idempotency_key, 1, KEY_BYTES_MAX)?;
        check_range("points", points, 0, TRANSFER_POINTS_MAX)?;

        Ok(Self {
            idempotency_key,
            dispute_id,
            points,
        })
    }

    /// The case that they are held for.
    pub fn dispute_id(&self) -> DisputeId {
        self.dispute_id
    }
}

impl AnswerKey {
    /// The key of a hold by `actor`.
    pub fn of_dispute_hold(actor: &Actor, hold: &DisputeHold) -> Self {
        Self {
            actor: actor.viewer_id.as_str().to_owned(),
            operation: Operation::HoldDispute,
            key: hold.idempotency_key.clone(),
        }
    }
}

impl RoomAggregate {
    /// Has a case hold so many points, whatever it held before, or all that there are to hold if there are fewer. What
    /// it held already is among them, so that the same number is never held as less.
    pub fn hold_dispute(
        &mut self,
        actor: &Actor,
        hold: &DisputeHold,
        fingerprint: Fingerprint,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Dispute, DisputeRefusal> {
        let key = AnswerKey::of_dispute_hold(actor, hold);
        let first = self.first_answer(&key, fingerprint, Answered::dispute);
        if let Some(first) = first.map_err(DisputeRefusal::KeyReused)? {
            return Ok(first);
        }
        let dispute = self.check_case(actor, hold.dispute_id, now)?;

        let member = dispute.member;
        let available = self.known.books.balance(member).available();
        let points = hold.points.min(dispute.held + available);
        if points > dispute.held {
            self.hold_points(member, points - dispute.held);
        } else if points < dispute.held {
            self.release_points(member, dispute.held - points, ids, now);
        }
        let action = AuditAction::DisputeHeld {
            dispute_id: dispute.id,
            points,
        };
        self.audit(actor, dispute.participant_id, action, ids, now);
        let dispute = self.put_dispute(Dispute {
            held: points,
            ..dispute
        });
        let answered = Answered::Dispute(Box::new(dispute.clone()));
        self.answer(key, fingerprint, answered);

        Ok(dispute)
    }
}
