//! The end of a case: resolved by staff, with a transfer or in words, or taken back by whoever opened it.

use std::borrow::Cow;

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use super::super::debts::OwingRefusal;
use super::super::points::Movement;
use super::super::{ActRefusal, Actor, AnswerKey, Answered, Fingerprint, Operation, RoomAggregate};
use super::DisputeRefusal;
use crate::audit::AuditAction;
use crate::contribution::KEY_BYTES_MAX;
use crate::dispute::{DISPUTE_WORDS_BYTES_MAX, Dispute, DisputeStatus, Subject};
use crate::id::{DisputeId, IdSource, RedemptionId};
use crate::invalid::{Invalid, check_text, check_words};
use crate::participant::capability::REASON_BYTES_MAX;
use crate::points::{Authorship, Entry, TransferKind, check_points};
use crate::reward::Redemption;
use crate::room::RoomState;
use crate::time::ServerTime;

/// What stands where words were cut.
const CUT: &str = "…";

/// What a case comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum DisputeOutcome {
    /// Nothing is wrong.
    Dismiss,
    /// It is settled, and no points move.
    Settle,
    /// So many points are given back to the member.
    GiveBack(i64),
    /// So many points are taken back from the member: first what the case holds, then what else they can spend, and
    /// what is not there as a debt.
    ClawBack(i64),
}

/// How a case is to be resolved, as far as the words and the number go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisputeResolution {
    idempotency_key: String,
    dispute_id: DisputeId,
    outcome: DisputeOutcome,
    resolution: String,
}

/// A case to be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisputeWithdrawal {
    idempotency_key: String,
    dispute_id: DisputeId,
}

/// What resolving a case has moved.
#[derive(Debug, Clone, Copy, Default)]
struct Moved {
    returned: i64,
    clawed_back: i64,
    /// The position of the first transfer.
    seq: Option<i64>,
}

impl DisputeResolution {
    /// Takes what was asked, or says what is wrong with it. `resolution` is what the member reads.
    pub fn new(
        idempotency_key: String,
        dispute_id: DisputeId,
        outcome: DisputeOutcome,
        resolution: String,
    ) -> Result<Self, Invalid> {
        check_text("idempotencyKey", &idempotency_key, 1, KEY_BYTES_MAX)?;
        match outcome {
            DisputeOutcome::GiveBack(points) | DisputeOutcome::ClawBack(points) => {
                check_points(points)?;
            }
            DisputeOutcome::Dismiss | DisputeOutcome::Settle => (),
        }
        check_words("resolution", &resolution, 1, DISPUTE_WORDS_BYTES_MAX)?;

        Ok(Self {
            idempotency_key,
            dispute_id,
            outcome,
            resolution,
        })
    }

    /// The case.
    pub fn dispute_id(&self) -> DisputeId {
        self.dispute_id
    }
}

impl DisputeWithdrawal {
    /// Takes what was asked, or says what is wrong with it.
    pub fn new(idempotency_key: String, dispute_id: DisputeId) -> Result<Self, Invalid> {
        check_text("idempotencyKey", &idempotency_key, 1, KEY_BYTES_MAX)?;

        Ok(Self {
            idempotency_key,
            dispute_id,
        })
    }

    /// The case.
    pub fn dispute_id(&self) -> DisputeId {
        self.dispute_id
    }
}

impl AnswerKey {
    /// The key of a resolution by `actor`.
    pub fn of_resolution(actor: &Actor, resolution: &DisputeResolution) -> Self {
        Self {
            actor: actor.viewer_id.as_str().to_owned(),
            operation: Operation::ResolveDispute,
            key: resolution.idempotency_key.clone(),
        }
    }

    /// The key of a withdrawal by `actor`.
    pub fn of_withdrawal(actor: &Actor, withdrawal: &DisputeWithdrawal) -> Self {
        Self {
            actor: actor.viewer_id.as_str().to_owned(),
            operation: Operation::WithdrawDispute,
            key: withdrawal.idempotency_key.clone(),
        }
    }
}

impl RoomAggregate {
    /// Resolves a case, also in a room that was archived since, and also if the member has left or was put out. What it
    /// held is taken, or free again.
    pub fn resolve_dispute(
        &mut self,
        actor: &Actor,
        resolution: &DisputeResolution,
        fingerprint: Fingerprint,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Dispute, DisputeRefusal> {
        let key = AnswerKey::of_resolution(actor, resolution);
        let first = self.first_answer(&key, fingerprint, Answered::dispute);
        if let Some(first) = first.map_err(DisputeRefusal::KeyReused)? {
            return Ok(first);
        }
        let dispute = self.check_case(actor, resolution.dispute_id, now)?;
        let status = match resolution.outcome {
            DisputeOutcome::Dismiss => DisputeStatus::Dismissed,
            DisputeOutcome::Settle => DisputeStatus::Resolved,
            DisputeOutcome::GiveBack(points) => {
                self.check_return(&dispute, points)?;
                DisputeStatus::Resolved
            }
            DisputeOutcome::ClawBack(points) => {
                self.check_owing(dispute.member, points - dispute.held)?;
                DisputeStatus::Resolved
            }
        };

        let words = &resolution.resolution;
        let moved = self.carry_out(actor, &dispute, resolution.outcome, words, ids, now);
        let dispute_id = dispute.id;
        let action = match status {
            DisputeStatus::Dismissed => AuditAction::DisputeDismissed { dispute_id },
            DisputeStatus::Open | DisputeStatus::Resolved | DisputeStatus::Withdrawn => {
                AuditAction::DisputeResolved {
                    dispute_id,
                    points: moved.returned + moved.clawed_back,
                    seq: moved.seq,
                }
            }
        };
        self.audit(actor, dispute.participant_id, action, ids, now);
        let dispute = Dispute {
            resolution: Some(words.clone()),
            returned: moved.returned,
            clawed_back: moved.clawed_back,
            ..dispute
        };
        let dispute = self.close(dispute, status, actor, now);
        let answered = Answered::Dispute(Box::new(dispute.clone()));
        self.answer(key, fingerprint, answered);

        Ok(dispute)
    }

    /// Takes a case back, for whoever opened it. While staff holds points for it, a member cannot.
    pub fn withdraw_dispute(
        &mut self,
        actor: &Actor,
        withdrawal: &DisputeWithdrawal,
        fingerprint: Fingerprint,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Dispute, DisputeRefusal> {
        let key = AnswerKey::of_withdrawal(actor, withdrawal);
        let first = self.first_answer(&key, fingerprint, Answered::dispute);
        if let Some(first) = first.map_err(DisputeRefusal::KeyReused)? {
            return Ok(first);
        }
        let dispute = self.check_withdrawal(actor, withdrawal.dispute_id, now)?;

        self.release_points(dispute.member, dispute.held, ids, now);
        if dispute.by_staff {
            let dispute_id = dispute.id;
            let action = AuditAction::DisputeWithdrawn { dispute_id };
            self.audit(actor, dispute.participant_id, action, ids, now);
        }
        let dispute = self.close(dispute, DisputeStatus::Withdrawn, actor, now);
        let answered = Answered::Dispute(Box::new(dispute.clone()));
        self.answer(key, fingerprint, answered);

        Ok(dispute)
    }

    fn check_withdrawal(
        &self,
        actor: &Actor,
        id: DisputeId,
        now: ServerTime,
    ) -> Result<Dispute, DisputeRefusal> {
        if self.room.state == RoomState::Draft && !actor.is_staff {
            return Err(ActRefusal::RoomHidden.into());
        }
        let dispute = self.known.disputes.get(id).cloned();
        let dispute = dispute.filter(|one| one.opened_by == actor.viewer_id);
        let dispute = dispute.ok_or(DisputeRefusal::NotFound(id))?;
        if dispute.by_staff {
            self.check_deciding(actor, dispute.participant_id, now)?;
        }
        if !dispute.is_open() {
            return Err(DisputeRefusal::AlreadyClosed);
        }
        if dispute.held > 0 && !dispute.by_staff {
            return Err(DisputeRefusal::HeldByStaff);
        }

        Ok(dispute)
    }

    /// Whether so many points can be given back: what it took, as far as that has not come back.
    fn check_return(&self, dispute: &Dispute, asked: i64) -> Result<(), DisputeRefusal> {
        let left = match dispute.subject {
            Subject::Redemption(id) => self.paid(id)?.refundable(),
            Subject::Line(seq) => {
                let line = self.known.disputes.line(seq);
                let took = line.map_or(0, |line| line.took(dispute.member));
                took.max(0)
            }
        };
        if asked > left {
            return Err(DisputeRefusal::TooMuch { left, asked });
        }

        Ok(())
    }

    /// The redemption that a case is about, if it was paid for.
    fn paid(&self, id: RedemptionId) -> Result<Redemption, DisputeRefusal> {
        let redemption = self.redemption(id);
        let redemption = redemption.ok_or(DisputeRefusal::RedemptionNotFound(id))?;
        if !redemption.is_paid_for() {
            return Err(DisputeRefusal::NotFulfilled);
        }

        Ok(redemption)
    }

    /// Moves what the outcome says, and lets go of the rest of what is held.
    fn carry_out(
        &mut self,
        actor: &Actor,
        dispute: &Dispute,
        outcome: DisputeOutcome,
        words: &str,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Moved {
        let member = dispute.member;
        match outcome {
            DisputeOutcome::Dismiss | DisputeOutcome::Settle => {
                self.release_points(member, dispute.held, ids, now);
                Moved::default()
            }
            DisputeOutcome::GiveBack(points) => {
                self.release_points(member, dispute.held, ids, now);
                let authorship = actor.signs(&in_brief(words), ids);
                let seq = self.give_back(dispute, points, authorship, ids, now);
                Moved {
                    returned: points,
                    seq: Some(seq),
                    ..Moved::default()
                }
            }
            DisputeOutcome::ClawBack(points) => {
                let authorship = actor.signs(&in_brief(words), ids);
                let case = Some(dispute.id);
                let (held, of) = (dispute.held, (member, case));
                let clawed_back = self.claw_back_held(held, of, points, authorship, ids, now);
                Moved {
                    clawed_back: points,
                    seq: Some(clawed_back.seq()),
                    ..Moved::default()
                }
            }
        }
    }

    /// Gives points back. Returns the transfer's position.
    fn give_back(
        &mut self,
        dispute: &Dispute,
        points: i64,
        authorship: Authorship,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> i64 {
        let case = Some(dispute.id);
        match dispute.subject {
            Subject::Redemption(id) => {
                let redemption = self.redemption(id).expect("it was just checked");
                let (_, seq) = self.pay_back(redemption, points, authorship, case, ids, now);
                seq
            }
            Subject::Line(line) => {
                let movement = Movement {
                    entry: Entry::refund(dispute.member, points),
                    kind: TransferKind::Returned,
                    about: None,
                    corrects: Some(line),
                    dispute_id: case,
                    authorship: Some(authorship),
                };
                self.transfer(movement, ids, now).seq
            }
        }
    }

    fn close(
        &mut self,
        dispute: Dispute,
        status: DisputeStatus,
        actor: &Actor,
        now: ServerTime,
    ) -> Dispute {
        self.put_dispute(Dispute {
            status,
            held: 0,
            closed_at: Some(self.stamp(now)),
            closed_by: Some(actor.viewer_id.clone()),
            ..dispute
        })
    }
}

/// A resolution as the reason of a transfer, which is no longer than any other's. The case has all of it.
fn in_brief(words: &str) -> Cow<'_, str> {
    if words.len() <= REASON_BYTES_MAX {
        return Cow::Borrowed(words);
    }

    // Between what people see as characters, for half of one is another.
    let most = REASON_BYTES_MAX - CUT.len();
    let ends = words.grapheme_indices(true).map(|(at, _)| at);
    let end = ends.take_while(|at| *at <= most).last().unwrap_or_default();
    let end = if end == 0 {
        words.floor_char_boundary(most)
    } else {
        end
    };
    Cow::Owned(format!("{}{CUT}", words[..end].trim_end()))
}

impl From<OwingRefusal> for DisputeRefusal {
    fn from(refusal: OwingRefusal) -> Self {
        match refusal {
            OwingRefusal::TotalsFull => Self::TotalsFull,
            OwingRefusal::DebtLimit { left, asked } => Self::DebtLimit { left, asked },
        }
    }
}
