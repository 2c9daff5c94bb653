//! Cases about points: opened by members and by staff, held for, resolved and withdrawn.

mod closing;
mod holding;
mod opening;

use std::collections::{BTreeMap, BTreeSet};

use super::{ActRefusal, Actor, Lookups, RoomAggregate, TargetRefusal};
use crate::dispute::{BookLine, DISPUTES_DAY_MS, Dispute, Subject};
use crate::id::{DisputeId, ParticipantId, RedemptionId};
use crate::participant::{Capability, Participant};
use crate::points::MemberNumber;
use crate::time::ServerTime;

pub use closing::{DisputeOutcome, DisputeResolution, DisputeWithdrawal};
pub use holding::DisputeHold;
pub use opening::DisputeOpening;

/// The cases that a batch asked for, and the lines that they are to be about, kept current by the commands decided so
/// far.
#[derive(Debug, Clone, Default)]
pub struct Disputes {
    by_id: Lookups<DisputeId, Dispute>,
    /// Of whom all open cases are known, and when the newest were opened.
    members: BTreeSet<MemberNumber>,
    /// When cases about a member were opened: their own, or staff's.
    openings: BTreeMap<(MemberNumber, bool), Vec<ServerTime>>,
    /// About what all cases are known.
    subjects: BTreeSet<Subject>,
    lines: Lookups<i64, BookLine>,
}

/// Why nothing was done about a case, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisputeRefusal {
    #[error("the idempotency key `{0}` was used for other content")]
    KeyReused(String),
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error(transparent)]
    Target(#[from] TargetRefusal),
    #[error("there is no such dispute")]
    NotFound(DisputeId),
    #[error("the participant has no such redemption")]
    RedemptionNotFound(RedemptionId),
    #[error("the participant's statement has no line at {0}")]
    LineNotFound(i64),
    #[error("nobody decides on a dispute about themselves but the tenant's staff")]
    OnOneself,
    #[error("the participant's role protects them from the caller")]
    Outranked,
    #[error("nothing was moved by it that could be disputed")]
    NothingMoved,
    #[error("it is disputed, or was")]
    AlreadyDisputed(DisputeId),
    #[error("{0} disputes are open, which are as many as can be")]
    TooManyOpen(usize),
    #[error("{most} disputes were opened within a day, which are as many as can be")]
    TooManyToday { most: usize, again_at: ServerTime },
    #[error("the dispute was resolved or withdrawn before")]
    AlreadyClosed,
    #[error("staff holds points for the dispute, and so alone ends it")]
    HeldByStaff,
    #[error("the redemption was not paid for; cancel it instead, if it is open")]
    NotFulfilled,
    #[error("{left} points can be given back, not {asked}")]
    TooMuch { left: i64, asked: i64 },
    #[error("the room's totals hold no more points")]
    TotalsFull,
    #[error("the participant may owe {left} points more, not {asked}")]
    DebtLimit { left: i64, asked: i64 },
}

impl Disputes {
    /// Notes that the case of that id is looked up.
    pub fn ask(&mut self, id: DisputeId) {
        self.by_id.ask(id);
    }

    /// Notes that all open cases about a member are looked up, and when the newest were opened: as many as a day can
    /// have.
    pub fn ask_member(&mut self, member: MemberNumber) {
        self.members.insert(member);
    }

    /// Notes that all cases about something are looked up.
    pub fn ask_subject(&mut self, subject: Subject) {
        self.subjects.insert(subject);
    }

    /// Notes that what stands at a position of the books is looked up.
    pub fn ask_line(&mut self, seq: i64) {
        self.lines.ask(seq);
    }

    /// Takes in a case as it was found, or has become. Returns what was known of it.
    pub fn put(&mut self, dispute: Dispute) -> Option<Dispute> {
        self.by_id.put(dispute.id, dispute)
    }

    /// Takes in when a case about a member was opened, and whether by staff.
    pub fn put_opening(&mut self, member: MemberNumber, by_staff: bool, opened_at: ServerTime) {
        let openings = self.openings.entry((member, by_staff)).or_default();
        openings.push(opened_at);
    }

    /// Takes in what stands at a position of the books.
    pub fn put_line(&mut self, seq: i64, line: BookLine) {
        self.lines.put(seq, line);
    }

    /// The cases that are known.
    pub fn found(&self) -> impl Iterator<Item = &Dispute> {
        self.by_id.found().map(|(_, dispute)| dispute)
    }

    /// The lines that are known.
    pub fn lines(&self) -> impl Iterator<Item = &BookLine> {
        self.lines.found().map(|(_, line)| line)
    }

    /// The case of that id. Panics if the batch did not ask.
    pub fn get(&self, id: DisputeId) -> Option<&Dispute> {
        self.by_id.get(&id)
    }

    /// What stands there. Panics if the batch did not ask.
    pub fn line(&self, seq: i64) -> Option<&BookLine> {
        self.lines.get(&seq)
    }

    /// The member's open cases: their own, or those that staff opened. Panics if the batch did not ask.
    fn open_of(&self, member: MemberNumber, by_staff: bool) -> usize {
        assert!(
            self.members.contains(&member),
            "the cases about {member:?} were decided on and never looked up"
        );
        let own = |one: &&Dispute| one.member == member && one.by_staff == by_staff;
        // Staff decides how long a case lasts that it holds something for, which is no place of the member's.
        let takes_place = |one: &&Dispute| one.is_open() && (by_staff || one.held == 0);

        self.found().filter(own).filter(takes_place).count()
    }

    /// When the member may open another one if they have opened so many within a day, or staff about them, that there
    /// can be no more. Panics if the batch did not ask.
    fn barred_until(
        &self,
        member: MemberNumber,
        by_staff: bool,
        most: usize,
        now: ServerTime,
    ) -> Option<ServerTime> {
        assert!(
            self.members.contains(&member),
            "the cases about {member:?} were decided on and never looked up"
        );
        let openings = self.openings.get(&(member, by_staff)).into_iter().flatten();
        let ends = openings.map(|opened_at| opened_at.plus_millis(DISPUTES_DAY_MS));
        let mut ends: Vec<_> = ends.filter(|end| *end > now).collect();
        // The first of the newest so many is the one whose day has to be over.
        ends.sort_unstable_by(|one, other| other.cmp(one));

        ends.get(most - 1).copied()
    }

    /// The cases about `subject`, whatever became of them. Panics if the batch did not ask.
    fn about(&self, subject: Subject) -> impl Iterator<Item = &Dispute> {
        assert!(
            self.subjects.contains(&subject),
            "the cases about {subject:?} were decided on and never looked up"
        );

        self.found().filter(move |one| one.subject == subject)
    }
}

impl RoomAggregate {
    /// The participant, if `actor` may decide on cases about them. What has happened in a room is also settled when it
    /// is archived.
    fn check_deciding(
        &self,
        actor: &Actor,
        id: ParticipantId,
        now: ServerTime,
    ) -> Result<Participant, DisputeRefusal> {
        self.authorize(actor, Capability::PointsAdjust, now)?;
        let participant = self.known.people.get(id);
        let participant = participant.ok_or(TargetRefusal::NotFound(id))?;
        if !actor.is_staff && actor.is(participant) {
            return Err(DisputeRefusal::OnOneself);
        }
        if !self.outranks(actor, participant) {
            return Err(DisputeRefusal::Outranked);
        }

        Ok(participant.clone())
    }

    /// The open case of that id, if `actor` may decide on it. Whoever may not is told so before they learn of it.
    fn check_case(
        &self,
        actor: &Actor,
        id: DisputeId,
        now: ServerTime,
    ) -> Result<Dispute, DisputeRefusal> {
        self.authorize(actor, Capability::PointsAdjust, now)?;
        let dispute = self.known.disputes.get(id).cloned();
        let dispute = dispute.ok_or(DisputeRefusal::NotFound(id))?;
        self.check_deciding(actor, dispute.participant_id, now)?;
        if !dispute.is_open() {
            return Err(DisputeRefusal::AlreadyClosed);
        }

        Ok(dispute)
    }

    /// Keeps what has become of a case, as the newest change of the room's cases.
    fn put_dispute(&mut self, dispute: Dispute) -> Dispute {
        let before = self.known.disputes.put(dispute.clone());
        let was_open = before.is_some_and(|before| before.is_open());
        self.census.open_disputes += i64::from(dispute.is_open()) - i64::from(was_open);
        self.census.dispute_changes += 1;
        self.changes.census = true;
        let change = (self.census.dispute_changes, dispute.clone());
        self.changes.disputes.insert(dispute.id, change);

        dispute
    }
}
