//! Points that staff takes back, whether or not they are still there.
//!
//! What is there to spend is taken; the rest is a debt, which whatever comes to the member pays first. So nobody has
//! less than nothing, and nobody who owes something has anything to spend.

use serde::Serialize;

use super::points::Movement;
use super::{
    Actor, AdjustPointsRefusal, AnswerKey, Answered, Fingerprint, Operation, RoomAggregate,
};
use crate::audit::AuditAction;
use crate::books::DEBT_POINTS_MAX;
use crate::contribution::KEY_BYTES_MAX;
use crate::id::{DisputeId, IdSource, ParticipantId};
use crate::invalid::{Invalid, check_text, check_words};
use crate::participant::Participant;
use crate::participant::capability::REASON_BYTES_MAX;
use crate::points::{
    Authorship, ClawedBack, Entry, MemberNumber, Transfer, TransferKind, check_points,
};
use crate::time::ServerTime;
use crate::watching::Leg;

/// Points to be taken back, as far as the words and the number go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Clawback {
    idempotency_key: String,
    participant_id: ParticipantId,
    points: i64,
    reason: String,
}

/// Why a member may not owe so much more.
pub(super) enum OwingRefusal {
    TotalsFull,
    DebtLimit { left: i64, asked: i64 },
}

impl From<OwingRefusal> for AdjustPointsRefusal {
    fn from(refusal: OwingRefusal) -> Self {
        match refusal {
            OwingRefusal::TotalsFull => Self::TotalsFull,
            OwingRefusal::DebtLimit { left, asked } => Self::DebtLimit { left, asked },
        }
    }
}

impl Clawback {
    /// Takes what was asked, or says what is wrong with it. `reason` is what the member reads in their
    /// statement.
    pub fn new(
        idempotency_key: String,
        participant_id: ParticipantId,
        points: i64,
        reason: String,
    ) -> Result<Self, Invalid> {
        check_text("idempotencyKey", &idempotency_key, 1, KEY_BYTES_MAX)?;
        check_points(points)?;
        check_words("reason", &reason, 1, REASON_BYTES_MAX)?;

        Ok(Self {
            idempotency_key,
            participant_id,
            points,
            reason,
        })
    }

    /// Whose points they are.
    pub fn participant_id(&self) -> ParticipantId {
        self.participant_id
    }
}

impl AnswerKey {
    /// The key of a clawback by `actor`.
    pub fn of_clawback(actor: &Actor, clawback: &Clawback) -> Self {
        Self {
            actor: actor.viewer_id.as_str().to_owned(),
            operation: Operation::ClawBackPoints,
            key: clawback.idempotency_key.clone(),
        }
    }
}

impl RoomAggregate {
    /// Takes points back from a participant: what they can spend, and as a debt what they cannot. Whoever was ever in
    /// the room has an account there, also if they left or were put out.
    pub fn claw_back_points(
        &mut self,
        actor: &Actor,
        clawback: &Clawback,
        fingerprint: Fingerprint,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<ClawedBack, AdjustPointsRefusal> {
        let key = AnswerKey::of_clawback(actor, clawback);
        let first = self.first_answer(&key, fingerprint, Answered::clawed_back);
        if let Some(first) = first.map_err(AdjustPointsRefusal::KeyReused)? {
            return Ok(first);
        }
        let participant = self.check_clawback(actor, clawback, now)?;

        let authorship = actor.signs(&clawback.reason, ids);
        let points = clawback.points;
        let clawed_back = self.claw_back((participant.number, None), points, authorship, ids, now);
        let seq = clawed_back.seq();
        let action = AuditAction::PointsClawedBack { points, seq };
        self.audit(actor, participant.id, action, ids, now);
        let answered = Answered::ClawedBack(Box::new(clawed_back.clone()));
        self.answer(key, fingerprint, answered);

        Ok(clawed_back)
    }

    fn check_clawback(
        &self,
        actor: &Actor,
        clawback: &Clawback,
        now: ServerTime,
    ) -> Result<Participant, AdjustPointsRefusal> {
        let participant = self.check_adjusting(actor, clawback.participant_id, now)?;
        self.check_owing(participant.number, clawback.points)?;

        Ok(participant)
    }

    /// Whether the member may owe what is left of `points` once all that they can spend is taken.
    pub(super) fn check_owing(
        &self,
        member: MemberNumber,
        points: i64,
    ) -> Result<(), OwingRefusal> {
        let balance = self.known.books.balance(member);
        let (left, asked) = (DEBT_POINTS_MAX - balance.debt, points - balance.available());
        if asked > 0 && !self.known.books.ledger().can_add(asked) {
            return Err(OwingRefusal::TotalsFull);
        }
        if asked > left {
            return Err(OwingRefusal::DebtLimit { left, asked });
        }

        Ok(())
    }

    /// The same by a case, which holds `held`: these are taken first, and what is left of them is free.
    pub(super) fn claw_back_held(
        &mut self,
        held: i64,
        of: (MemberNumber, Option<DisputeId>),
        points: i64,
        authorship: Authorship,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> ClawedBack {
        self.change_held(of.0, -held);
        let clawed_back = self.claw_back(of, points, authorship, ids, now);
        self.pay_debt(of.0, ids, now);

        clawed_back
    }

    /// Takes `points` of a member, by a case if there is one: what is there to spend first, and the rest as a debt.
    /// The totals hold them.
    fn claw_back(
        &mut self,
        (member, dispute_id): (MemberNumber, Option<DisputeId>),
        points: i64,
        authorship: Authorship,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> ClawedBack {
        let taken = points.min(self.known.books.balance(member).available());
        let owed = points - taken;
        let again = Authorship {
            salt: ids.next_id(),
            ..authorship.clone()
        };
        let entries = [
            (
                Entry::charge(member, taken),
                TransferKind::ClawedBack,
                authorship,
            ),
            (Entry::owe(member, owed), TransferKind::DebtIncurred, again),
        ];
        let [taken, owed] = entries.map(|(entry, kind, authorship)| {
            let movement = Movement {
                entry,
                kind,
                about: None,
                corrects: None,
                dispute_id,
                authorship: Some(authorship),
            };
            (entry.points > 0).then(|| self.transfer(movement, ids, now))
        });

        ClawedBack { taken, owed }
    }

    /// Pays of what the member owes as much as they can spend.
    pub(super) fn pay_debt(
        &mut self,
        member: MemberNumber,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Option<Transfer> {
        let balance = self.known.books.balance(member);
        let points = balance.debt.min(balance.available());
        if points == 0 {
            return None;
        }

        let movement = Movement {
            entry: Entry::pay(member, points),
            kind: TransferKind::DebtPaid,
            about: None,
            corrects: None,
            dispute_id: None,
            authorship: None,
        };
        Some(self.transfer(movement, ids, now))
    }

    /// The same for everybody to whom a minute brought something.
    pub(super) fn pay_debts_of(&mut self, legs: &[Leg], ids: &mut impl IdSource, now: ServerTime) {
        for leg in legs {
            if self.known.books.owes(leg.member) {
                self.pay_debt(leg.member, ids, now);
            }
        }
    }
}
