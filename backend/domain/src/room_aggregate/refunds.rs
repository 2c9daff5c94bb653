//! Giving back what a redemption had cost, after it was fulfilled.
//!
//! What was paid stays paid: a refund is a transfer of its own, which names the one that it corrects. All refunds
//! of a redemption together give back what it cost at most.

use serde::Serialize;

use super::points::Movement;
use super::{ActRefusal, Actor, AnswerKey, Answered, Fingerprint, Operation, RoomAggregate};
use crate::audit::AuditAction;
use crate::contribution::KEY_BYTES_MAX;
use crate::id::{DisputeId, IdSource, RedemptionId};
use crate::invalid::{Invalid, check_text, check_words};
use crate::participant::Capability;
use crate::participant::capability::REASON_BYTES_MAX;
use crate::points::{Authorship, Entry, TransferKind, check_points};
use crate::reward::{Redemption, Restores};
use crate::time::ServerTime;

/// Points to be given back, as far as the words and the number go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refund {
    idempotency_key: String,
    redemption_id: RedemptionId,
    /// All that is left, unless said.
    points: Option<i64>,
    reason: String,
}

/// Why nothing was given back, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    #[error("the idempotency key `{0}` was used for other content")]
    KeyReused(String),
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error("there is no such redemption")]
    NotFound(RedemptionId),
    #[error("nobody gives back what they redeemed themselves but the tenant's staff")]
    OnOneself,
    #[error("the redemption was not paid for; cancel it instead, if it is open")]
    NotFulfilled,
    #[error("all that the redemption cost was given back")]
    AlreadyRefunded,
    #[error("{left} points of the redemption can be given back, not {asked}")]
    TooMuch { left: i64, asked: i64 },
}

impl Refund {
    /// Takes what was asked, or says what is wrong with it. `reason` is what the member reads in their
    /// statement.
    pub fn new(
        idempotency_key: String,
        redemption_id: RedemptionId,
        points: Option<i64>,
        reason: String,
    ) -> Result<Self, Invalid> {
        check_text("idempotencyKey", &idempotency_key, 1, KEY_BYTES_MAX)?;
        points.map_or(Ok(()), check_points)?;
        check_words("reason", &reason, 1, REASON_BYTES_MAX)?;

        Ok(Self {
            idempotency_key,
            redemption_id,
            points,
            reason,
        })
    }

    /// What is given back for.
    pub fn redemption_id(&self) -> RedemptionId {
        self.redemption_id
    }
}

impl AnswerKey {
    /// The key of a refund by `actor`.
    pub fn of_refund(actor: &Actor, refund: &Refund) -> Self {
        Self {
            actor: actor.viewer_id.as_str().to_owned(),
            operation: Operation::RefundRedemption,
            key: refund.idempotency_key.clone(),
        }
    }
}

impl RoomAggregate {
    /// Gives back points of a redemption that was fulfilled, also in a room that was archived since.
    pub fn refund_redemption(
        &mut self,
        actor: &Actor,
        refund: &Refund,
        fingerprint: Fingerprint,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Redemption, RefundRefusal> {
        let key = AnswerKey::of_refund(actor, refund);
        let first = self.first_answer(&key, fingerprint, Answered::redemption);
        if let Some(first) = first.map_err(RefundRefusal::KeyReused)? {
            return Ok(first);
        }
        let (redemption, points) = self.check_refund(actor, refund, now)?;

        let authorship = actor.signs(&refund.reason, ids);
        let (redemption, seq) = self.pay_back(redemption, points, authorship, None, ids, now);
        let action = AuditAction::PointsRefunded { points, seq };
        self.audit(actor, redemption.participant_id, action, ids, now);
        let answered = Answered::Redemption(Box::new(redemption.clone()));
        self.answer(key, fingerprint, answered);

        Ok(redemption)
    }

    /// Gives back points of what a redemption cost, by a case if there is one. They are not more than are left. Returns
    /// the transfer's position as well.
    pub(super) fn pay_back(
        &mut self,
        redemption: Redemption,
        points: i64,
        authorship: Authorship,
        dispute_id: Option<DisputeId>,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> (Redemption, i64) {
        let movement = Movement {
            entry: Entry::refund(redemption.member, points),
            kind: TransferKind::Refunded,
            about: Some(redemption.id.0),
            corrects: redemption.paid_seq,
            dispute_id,
            authorship: Some(authorship),
        };
        let seq = self.transfer(movement, ids, now).seq;
        let redemption = self.put_redemption(Redemption {
            refunded: redemption.refunded + points,
            ..redemption
        });
        if redemption.refundable() == 0 {
            self.restore(&redemption);
        }

        (redemption, seq)
    }

    /// The redemption, and how many points of it are to be given back.
    fn check_refund(
        &self,
        actor: &Actor,
        refund: &Refund,
        now: ServerTime,
    ) -> Result<(Redemption, i64), RefundRefusal> {
        self.authorize(actor, Capability::RedemptionManage, now)?;
        let id = refund.redemption_id;
        let redemption = self.redemption(id).ok_or(RefundRefusal::NotFound(id))?;
        if self.is_own(actor, &redemption) {
            return Err(RefundRefusal::OnOneself);
        }
        if !redemption.is_paid_for() {
            return Err(RefundRefusal::NotFulfilled);
        }
        let left = redemption.refundable();
        if left == 0 {
            return Err(RefundRefusal::AlreadyRefunded);
        }
        let asked = refund.points.unwrap_or(left);
        if asked > left {
            return Err(RefundRefusal::TooMuch { left, asked });
        }

        Ok((redemption, asked))
    }

    /// Gives back what the reward, as it is now, gives back with all of the points.
    fn restore(&mut self, redemption: &Redemption) {
        let reward = self.known.rewards.get(&redemption.reward_id);
        let restores = reward.map(|reward| reward.terms.refund_restores);
        let Restores { places, cooldown } = restores.unwrap_or_default();
        if places {
            self.give_place_back(redemption);
        }
        if cooldown {
            let at = redemption.won_at();
            self.count_use(redemption.reward_id, redemption.member, |uses| {
                uses.without_cooldown_of(at)
            });
        }
    }
}
