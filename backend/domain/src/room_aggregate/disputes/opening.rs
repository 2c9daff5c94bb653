//! Opening a case: about one's own redemption or line, or by authority about another's.

use serde::Serialize;

use super::super::{ActRefusal, Actor, AnswerKey, Answered, Fingerprint, Operation, RoomAggregate};
use super::DisputeRefusal;
use crate::audit::AuditAction;
use crate::contribution::KEY_BYTES_MAX;
use crate::dispute::{
    DISPUTE_WORDS_BYTES_MAX, Dispute, DisputeStatus, OWN_DISPUTES_DAILY_MAX, OWN_DISPUTES_OPEN_MAX,
    STAFF_DISPUTES_DAILY_MAX, STAFF_DISPUTES_OPEN_MAX, Subject,
};
use crate::id::{DisputeId, IdSource, ParticipantId, RedemptionId};
use crate::invalid::{Invalid, check_text, check_words};
use crate::participant::Participant;
use crate::reward::RedemptionStatus;
use crate::room::RoomState;
use crate::time::ServerTime;

/// A case to be opened, as far as the words go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisputeOpening {
    idempotency_key: String,
    /// Whose points it is about: the caller's own unless said.
    participant_id: Option<ParticipantId>,
    subject: Subject,
    reason: String,
}

impl DisputeOpening {
    /// Takes what was asked, or says what is wrong with it.
    pub fn new(
        idempotency_key: String,
        participant_id: Option<ParticipantId>,
        subject: Subject,
        reason: String,
    ) -> Result<Self, Invalid> {
        check_text("idempotencyKey", &idempotency_key, 1, KEY_BYTES_MAX)?;
        check_words("reason", &reason, 1, DISPUTE_WORDS_BYTES_MAX)?;

        Ok(Self {
            idempotency_key,
            participant_id,
            subject,
            reason,
        })
    }

    /// Whose points it is about: the caller's own unless said.
    pub fn participant_id(&self) -> Option<ParticipantId> {
        self.participant_id
    }

    /// What it is about.
    pub fn subject(&self) -> Subject {
        self.subject
    }
}

impl AnswerKey {
    /// The key of an opening by `actor`.
    pub fn of_opening(actor: &Actor, opening: &DisputeOpening) -> Self {
        Self {
            actor: actor.viewer_id.as_str().to_owned(),
            operation: Operation::OpenDispute,
            key: opening.idempotency_key.clone(),
        }
    }
}

impl RoomAggregate {
    /// Opens a case: a member about what is theirs, or whoever may adjust points about another's.
    pub fn open_dispute(
        &mut self,
        actor: &Actor,
        opening: &DisputeOpening,
        fingerprint: Fingerprint,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Dispute, DisputeRefusal> {
        let key = AnswerKey::of_opening(actor, opening);
        let first = self.first_answer(&key, fingerprint, Answered::dispute);
        if let Some(first) = first.map_err(DisputeRefusal::KeyReused)? {
            return Ok(first);
        }
        let (participant, by_staff) = self.check_opener(actor, opening, now)?;
        let subject = self.subject_of(opening, &participant)?;
        if let Subject::Redemption(id) = subject {
            // What time has made due comes first, as everywhere.
            self.expire(id, ids, now);
        }
        self.check_opening(subject, &participant, by_staff, now)?;

        let dispute = Dispute {
            id: DisputeId::next(ids),
            participant_id: participant.id,
            member: participant.number,
            subject,
            reason: opening.reason.clone(),
            opened_by: actor.viewer_id.clone(),
            by_staff,
            opened_at: self.stamp(now),
            status: DisputeStatus::Open,
            held: 0,
            closed_at: None,
            closed_by: None,
            resolution: None,
            returned: 0,
            clawed_back: 0,
        };
        if by_staff {
            let dispute_id = dispute.id;
            let action = AuditAction::DisputeOpened { dispute_id };
            self.audit(actor, participant.id, action, ids, now);
        }
        let disputes = &mut self.known.disputes;
        disputes.put_opening(participant.number, by_staff, dispute.opened_at);
        let dispute = self.put_dispute(dispute);
        let answered = Answered::Dispute(Box::new(dispute.clone()));
        self.answer(key, fingerprint, answered);

        Ok(dispute)
    }

    /// About whom it is opened, and whether that is by authority.
    fn check_opener(
        &self,
        actor: &Actor,
        opening: &DisputeOpening,
        now: ServerTime,
    ) -> Result<(Participant, bool), DisputeRefusal> {
        let own = self.known.people.of_viewer(&actor.viewer_id);
        let named = opening.participant_id;
        if let Some(id) = named
            && own.is_none_or(|own| own.id != id)
        {
            return Ok((self.check_deciding(actor, id, now)?, true));
        }
        if self.room.state == RoomState::Draft && !actor.is_staff {
            return Err(ActRefusal::RoomHidden.into());
        }

        Ok((self.joined(actor)?.clone(), false))
    }

    /// What the case is about, if it is the member's: of a line about a redemption, that.
    fn subject_of(
        &self,
        opening: &DisputeOpening,
        participant: &Participant,
    ) -> Result<Subject, DisputeRefusal> {
        let is_theirs = |id: RedemptionId| {
            let found = self.known.redemptions.get(&id);
            found.is_some_and(|one| one.member == participant.number)
        };
        match opening.subject {
            Subject::Redemption(id) if is_theirs(id) => Ok(opening.subject),
            Subject::Redemption(id) => Err(DisputeRefusal::RedemptionNotFound(id)),
            Subject::Line(seq) => {
                let line = self.known.disputes.line(seq);
                let line = line.filter(|line| line.is_of(participant.number));
                let line = line.ok_or(DisputeRefusal::LineNotFound(seq))?;

                Ok(line
                    .redemption_id()
                    .map_or(opening.subject, Subject::Redemption))
            }
        }
    }

    fn check_opening(
        &self,
        subject: Subject,
        participant: &Participant,
        by_staff: bool,
        now: ServerTime,
    ) -> Result<(), DisputeRefusal> {
        let is_moved = match subject {
            Subject::Redemption(id) => {
                let redemption = self.known.redemptions.get(&id);
                redemption.is_some_and(|one| match one.status {
                    RedemptionStatus::Unfulfilled
                    | RedemptionStatus::Entered
                    | RedemptionStatus::Fulfilled => true,
                    RedemptionStatus::Canceled
                    | RedemptionStatus::Expired
                    | RedemptionStatus::NotDrawn => false,
                })
            }
            Subject::Line(seq) => {
                let line = self.known.disputes.line(seq);
                line.is_some_and(|line| line.took(participant.number) != 0)
            }
        };
        if !is_moved {
            return Err(DisputeRefusal::NothingMoved);
        }
        let before = self.known.disputes.about(subject);
        let stands = |one: &&Dispute| match one.status {
            DisputeStatus::Open => true,
            // Nobody keeps a member from being heard by opening a case first and ending it without anything moved.
            DisputeStatus::Resolved | DisputeStatus::Dismissed => {
                by_staff || !one.by_staff || one.returned + one.clawed_back > 0
            }
            // What one side takes back is not taken from the other.
            DisputeStatus::Withdrawn => one.by_staff == by_staff,
        };
        // Whoever is told of one that is over does not look for the one that is open.
        let told = |one: &&Dispute| (one.is_open(), one.opened_at, one.id);
        if let Some(before) = before.filter(stands).max_by_key(told) {
            return Err(DisputeRefusal::AlreadyDisputed(before.id));
        }
        let (most, most_daily) = if by_staff {
            (STAFF_DISPUTES_OPEN_MAX, STAFF_DISPUTES_DAILY_MAX)
        } else {
            (OWN_DISPUTES_OPEN_MAX, OWN_DISPUTES_DAILY_MAX)
        };
        if self.known.disputes.open_of(participant.number, by_staff) >= most {
            return Err(DisputeRefusal::TooManyOpen(most));
        }
        let disputes = &self.known.disputes;
        if let Some(again_at) = disputes.barred_until(participant.number, by_staff, most_daily, now)
        {
            let most = most_daily;
            return Err(DisputeRefusal::TooManyToday { most, again_at });
        }

        Ok(())
    }
}
