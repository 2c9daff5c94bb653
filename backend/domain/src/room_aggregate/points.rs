//! Points that staff grants and charges, and the one way in which points move.

use std::collections::BTreeSet;

use serde::Serialize;
use uuid::Uuid;

use super::{ActRefusal, Actor, AnswerKey, Answered, Fingerprint, Lookups, Operation};
use super::{RoomAggregate, TargetRefusal};
use crate::audit::AuditAction;
use crate::contribution::KEY_BYTES_MAX;
use crate::id::{DisputeId, IdSource, ParticipantId, TransferId};
use crate::invalid::{Invalid, check_text, check_words};
use crate::participant::capability::REASON_BYTES_MAX;
use crate::participant::{Capability, Participant};
use crate::points::{
    Account, Authorship, Balance, Digest, Entry, Given, Ledger, MemberNumber, Transfer,
    TransferKind, check_points,
};
use crate::time::ServerTime;
use crate::watching::{EarningPage, page_of};

/// The room's books, as far as a batch asked for them, kept current by the commands decided so far.
#[derive(Debug, Clone, Default)]
pub struct Books {
    ledger: Option<Ledger>,
    given: Lookups<MemberNumber, Given>,
    /// Who owes something, of those of whom it is known what transfers have given them.
    debtors: BTreeSet<MemberNumber>,
    pages: Lookups<u32, EarningPage>,
    /// Who joined in this batch: nobody could look up what has their number, and nothing has.
    newcomers: BTreeSet<MemberNumber>,
}

/// Points that are to be moved, and why.
pub(super) struct Movement {
    pub(super) entry: Entry,
    pub(super) kind: TransferKind,
    pub(super) about: Option<Uuid>,
    /// The position of the transfer that it corrects.
    pub(super) corrects: Option<i64>,
    /// The case that it resolves.
    pub(super) dispute_id: Option<DisputeId>,
    pub(super) authorship: Option<Authorship>,
}

/// Whether points are given or taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum AdjustmentKind {
    Grant,
    Charge,
}

/// Points to be given or taken by hand, as far as the words and the number go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adjustment {
    idempotency_key: String,
    participant_id: ParticipantId,
    kind: AdjustmentKind,
    points: i64,
    reason: String,
}

/// Why points were not granted or charged, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdjustPointsRefusal {
    #[error("the idempotency key `{0}` was used for other content")]
    KeyReused(String),
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error(transparent)]
    Target(#[from] TargetRefusal),
    #[error("nobody adjusts their own points but the tenant's staff")]
    OnOneself,
    #[error("the participant's role protects them from the caller")]
    Outranked,
    #[error("the participant has {available} points to spend, not {asked}")]
    InsufficientPoints { available: i64, asked: i64 },
    #[error("the room's totals hold no more points")]
    TotalsFull,
    #[error("the participant may owe {left} points more, not {asked}")]
    DebtLimit { left: i64, asked: i64 },
}

impl Books {
    /// Takes in the room's books as they were found.
    pub fn put_ledger(&mut self, ledger: Ledger) {
        self.ledger = Some(ledger);
    }

    /// Notes that what a member has is looked up. It is nothing until it is found.
    pub fn ask(&mut self, member: MemberNumber) {
        self.given.ask(member);
        self.ask_page(page_of(member));
    }

    /// Notes that what the members of a page have earned is looked up.
    pub fn ask_page(&mut self, page: u32) {
        self.pages.ask(page);
    }

    /// Notes that a member has just come to be. Others on their page may have been there before, so that it is only
    /// known of them that they have earned nothing.
    pub(super) fn welcome(&mut self, member: MemberNumber) {
        self.given.ask(member);
        self.newcomers.insert(member);
    }

    /// The pages that somebody asked for.
    pub fn asked_pages(&self) -> impl Iterator<Item = u32> {
        self.pages.asked().copied()
    }

    /// Takes in what transfers have given a member.
    pub fn put(&mut self, member: MemberNumber, given: Given) {
        self.given.put(member, given);
        if given.debt > 0 {
            self.debtors.insert(member);
        } else {
            self.debtors.remove(&member);
        }
    }

    /// Whether a member owes something. All debtors of a page that was asked for are known.
    pub(super) fn owes(&self, member: MemberNumber) -> bool {
        self.debtors.contains(&member)
    }

    /// Takes in what the members of a page have earned.
    pub fn put_page(&mut self, number: u32, page: EarningPage) {
        self.pages.put(number, page);
    }

    /// What the members of a page have earned, if any have. Panics if the batch did not ask.
    pub fn page(&self, number: u32) -> Option<&EarningPage> {
        self.pages.get(&number)
    }

    /// The same, to be changed.
    pub(super) fn page_mut(&mut self, number: u32) -> &mut EarningPage {
        if self.pages.get(&number).is_none() {
            self.pages.put(number, EarningPage::default());
        }

        self.pages
            .get_mut(&number)
            .expect("a page that was not there is empty")
    }

    /// Takes out what the members of a page have earned.
    pub(super) fn take_page(&mut self, number: u32) -> Option<EarningPage> {
        self.pages.take(&number)
    }

    /// The head, to be moved on. Panics if the batch did not ask.
    pub(super) fn ledger_mut(&mut self) -> &mut Ledger {
        let asked = self.ledger.as_mut();
        asked.expect("the books were decided on and never looked up")
    }

    /// Where the books stand. Panics if the batch did not ask.
    pub fn ledger(&self) -> &Ledger {
        let asked = self.ledger.as_ref();
        asked.expect("the books were decided on and never looked up")
    }

    /// What a member has. Panics if the batch did not ask.
    pub fn balance(&self, member: MemberNumber) -> Balance {
        let number = page_of(member);
        let is_blank = self.newcomers.contains(&member) && !self.pages.has_asked(&number);
        let page = if is_blank { None } else { self.page(number) };
        let earning = page.map(|page| page.earning(member));
        self.given(member).and(&earning.unwrap_or_default())
    }

    fn given(&self, member: MemberNumber) -> Given {
        self.given.get(&member).copied().unwrap_or_default()
    }
}

impl AnswerKey {
    /// The key of an adjustment by `actor`.
    pub fn of_adjustment(actor: &Actor, adjustment: &Adjustment) -> Self {
        Self {
            actor: actor.viewer_id.as_str().to_owned(),
            operation: Operation::AdjustPoints,
            key: adjustment.idempotency_key.clone(),
        }
    }
}

impl AdjustmentKind {
    fn of_transfer(self) -> TransferKind {
        match self {
            Self::Grant => TransferKind::Granted,
            Self::Charge => TransferKind::Charged,
        }
    }
}

impl Adjustment {
    /// Takes what was asked, or says what is wrong with it. Whoever has the same `idempotency_key` and
    /// content gets the first answer again; `reason` is what the member reads in their statement.
    pub fn new(
        idempotency_key: String,
        participant_id: ParticipantId,
        kind: AdjustmentKind,
        points: i64,
        reason: String,
    ) -> Result<Self, Invalid> {
        check_text("idempotencyKey", &idempotency_key, 1, KEY_BYTES_MAX)?;
        check_points(points)?;
        check_words("reason", &reason, 1, REASON_BYTES_MAX)?;

        Ok(Self {
            idempotency_key,
            participant_id,
            kind,
            points,
            reason,
        })
    }

    /// Whose points they are.
    pub fn participant_id(&self) -> ParticipantId {
        self.participant_id
    }

    fn entry(&self, member: MemberNumber) -> Entry {
        match self.kind {
            AdjustmentKind::Grant => Entry::grant(member, self.points),
            AdjustmentKind::Charge => Entry::charge(member, self.points),
        }
    }

    fn audit(&self, seq: i64) -> AuditAction {
        let points = self.points;
        match self.kind {
            AdjustmentKind::Grant => AuditAction::PointsGranted { points, seq },
            AdjustmentKind::Charge => AuditAction::PointsCharged { points, seq },
        }
    }
}

impl RoomAggregate {
    /// Gives a participant points, or takes some. Whoever was ever in the room has an account there, also
    /// if they left or were put out.
    pub fn adjust_points(
        &mut self,
        actor: &Actor,
        adjustment: &Adjustment,
        fingerprint: Fingerprint,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Transfer, AdjustPointsRefusal> {
        let key = AnswerKey::of_adjustment(actor, adjustment);
        let first = self.first_answer(&key, fingerprint, Answered::transfer);
        if let Some(first) = first.map_err(AdjustPointsRefusal::KeyReused)? {
            return Ok(first);
        }
        let participant = self.check_adjustment(actor, adjustment, now)?;

        let authorship = actor.signs(&adjustment.reason, ids);
        let movement = Movement {
            entry: adjustment.entry(participant.number),
            kind: adjustment.kind.of_transfer(),
            about: None,
            corrects: None,
            dispute_id: None,
            authorship: Some(authorship),
        };
        let transfer = self.transfer(movement, ids, now);
        let action = adjustment.audit(transfer.seq);
        self.audit(actor, participant.id, action, ids, now);
        let answered = Answered::Transfer(Box::new(transfer.clone()));
        self.answer(key, fingerprint, answered);

        Ok(transfer)
    }

    fn check_adjustment(
        &self,
        actor: &Actor,
        adjustment: &Adjustment,
        now: ServerTime,
    ) -> Result<Participant, AdjustPointsRefusal> {
        let participant = self.check_adjusting(actor, adjustment.participant_id, now)?;
        let entry = adjustment.entry(participant.number);
        let available = self.known.books.balance(participant.number).available();
        if let Account::Member(_) = entry.debit
            && available < entry.points
        {
            return Err(AdjustPointsRefusal::InsufficientPoints {
                available,
                asked: entry.points,
            });
        }
        if !self.known.books.ledger().has_room_for(entry) {
            return Err(AdjustPointsRefusal::TotalsFull);
        }

        Ok(participant)
    }

    /// The participant of that id, if `actor` may move their points by hand.
    pub(super) fn check_adjusting(
        &self,
        actor: &Actor,
        id: ParticipantId,
        now: ServerTime,
    ) -> Result<Participant, AdjustPointsRefusal> {
        self.require(actor, Capability::PointsAdjust, now)?;
        let participant = self.known.people.get(id);
        let participant = participant.ok_or(TargetRefusal::NotFound(id))?;
        if !actor.is_staff && actor.is(participant) {
            return Err(AdjustPointsRefusal::OnOneself);
        }
        if !self.outranks(actor, participant) {
            return Err(AdjustPointsRefusal::Outranked);
        }

        Ok(participant.clone())
    }

    /// Reserves `points` of a member.
    pub(super) fn hold_points(&mut self, member: MemberNumber, points: i64) {
        self.change_held(member, points);
    }

    /// Lets go of `points` of a member, which first pay what they owe.
    pub(super) fn release_points(
        &mut self,
        member: MemberNumber,
        points: i64,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) {
        self.change_held(member, -points);
        self.pay_debt(member, ids, now);
    }

    /// Moves points that were held for it, and so pay nothing else.
    pub(super) fn transfer_held(
        &mut self,
        movement: Movement,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Transfer {
        let entry = movement.entry;
        let member = entry.member().expect("a member's points are held");
        self.change_held(member, -entry.points);

        self.transfer(movement, ids, now)
    }

    pub(super) fn change_held(&mut self, member: MemberNumber, points: i64) {
        let books = &mut self.known.books;
        let mut given = books.given(member);
        given.held += points;
        assert!(
            (0..=books.balance(member).points).contains(&given.held),
            "what is held is there, and is let go of once"
        );
        books.put(member, given);
        books.ledger_mut().held += points;
        self.changes.balances.insert(member, given);
        self.changes.holds = true;
    }

    /// Moves points. The rules have seen to it that they are there, and that the totals hold them. What comes to a
    /// member first pays what they owe.
    pub(super) fn transfer(
        &mut self,
        movement: Movement,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Transfer {
        let Movement {
            entry,
            kind,
            about,
            corrects,
            dispute_id,
            authorship,
        } = movement;
        let at = self.stamp(now);
        let books = &mut self.known.books;
        let member = entry
            .member()
            .expect("points go to a member or come from one");
        let mut given = books.given(member);
        let earned_before = books.balance(member).points - given.points;
        given.points += entry.change_of(Account::Member(member));
        given.debt += entry.change_of_debt();
        given.lines += 1;
        assert!(
            given.points + earned_before >= given.held,
            "what is held stays, and nobody has less than nothing"
        );
        assert!(given.debt >= 0, "nobody pays more than they owe");
        let ledger = books.ledger_mut();
        let transfer = Transfer {
            id: TransferId::next(ids),
            seq: ledger.seq + 1,
            entry,
            kind,
            at,
            about,
            corrects,
            dispute_id,
            given_after: given.points,
            earned_before,
            authorship_digest: authorship.as_ref().map_or(Digest::NONE, Authorship::digest),
            authorship,
        };

        let link = ledger.append(&transfer);
        books.put(member, given);
        self.changes.balances.insert(member, given);
        self.changes.turnovers.add_transfer(&transfer);
        self.changes.transfers.push((transfer.clone(), link));
        if entry.credit == Account::Member(member) {
            self.pay_debt(member, ids, now);
        }

        transfer
    }
}
