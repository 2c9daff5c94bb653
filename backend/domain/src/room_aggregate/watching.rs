//! Minutes that were watched, credited to many members at once, and what they earn by.

use std::collections::BTreeMap;
use std::mem;

use super::{ActRefusal, Actor, RoomAggregate};
use crate::audit::AuditAction;
use crate::id::{IdSource, SessionId, TransferId, ViewerId};
use crate::invalid::Invalid;
use crate::participant::Capability;
use crate::points::{Authorship, MemberNumber};
use crate::room::RoomState;
use crate::time::ServerTime;
use crate::watching::{
    EarningChange, EarningProgramme, EarningSession, Leg, Minute, NumberSet, Slot, SlotOutcome,
    ViewerMinute, WatchCredit, by_page,
};

/// Who watched a session in a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedMinute {
    /// Where it is said; else it is the one that the minute lies in.
    pub session_id: Option<SessionId>,
    pub minute: Minute,
    pub members: NumberSet,
    pub proof: WatchProof,
}

/// Who says that members watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchProof {
    /// Staff of the tenant, as a person or as its server.
    Staff(ViewerId),
    /// The members' own devices, whom nobody vouches for. Who the members are is what keeps them from more rooms
    /// at once than they may watch.
    Devices(BTreeMap<MemberNumber, ViewerId>),
}

/// What became of each member's slot, in the order of their numbers, and what those that counted brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credited {
    pub outcomes: Vec<(MemberNumber, SlotOutcome)>,
    pub legs: Vec<Leg>,
}

/// Why a minute was credited to nobody for a reason that is not its own, in the order the reasons are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreditRefusal {
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error("the room's totals hold no more points")]
    TotalsFull,
}

/// Why a programme was not changed, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EarningRefusal {
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error("the earning programme is at version {current}, not {given}")]
    StaleVersion { current: i32, given: i32 },
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl RoomAggregate {
    /// Credits a minute to those of `watched` whom it has not counted for. If there are none, nothing changes, so
    /// that a report may be repeated, cut up and overlap another one.
    pub fn credit_watching(
        &mut self,
        watched: &WatchedMinute,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Credited, CreditRefusal> {
        if self.room.state == RoomState::Archived {
            return Err(ActRefusal::RoomArchived.into());
        }
        let at = self.stamp(now);
        let creditable = self
            .earning
            .creditable(watched.session_id, watched.minute, at);
        let session = match creditable {
            Ok(session) => session.clone(),
            Err(outcome) => return Ok(Credited::all(&watched.members, outcome)),
        };
        let mut credited = Credited {
            outcomes: self.outcomes(watched, session.programme.is_observed_only, at),
            legs: Vec::new(),
        };
        let members = credited.counted();
        let most = i64::try_from(members.len()).expect("a set is small")
            * session.programme.slot_points_max();
        if !self.known.books.ledger().can_add(most) {
            return Err(CreditRefusal::TotalsFull);
        }

        if !members.is_empty() {
            let id = TransferId::next(ids);
            self.take_places(watched, &members);
            let authorship = watched.proof.authorship(ids);
            credited.legs = self.credit(id, &session, watched.minute, &members, at, authorship);
            self.pay_debts_of(&credited.legs, ids, now);
        }
        Ok(credited)
    }

    /// Whom the slot is to be counted for, and why not for the others.
    fn outcomes(
        &self,
        watched: &WatchedMinute,
        is_observed_only: bool,
        at: ServerTime,
    ) -> Vec<(MemberNumber, SlotOutcome)> {
        let is_unobserved = is_observed_only && !watched.proof.is_observed();
        let mut outcomes = Vec::with_capacity(watched.members.as_slice().len());
        for (number, members) in watched.members.by_page() {
            let page = self.known.books.page(number);
            let page = page.map(|page| page.as_of(Minute::of(at), self.earning.put_right));
            outcomes.extend(members.iter().map(|member| {
                let outcome = match &page {
                    _ if i64::from(member.0) >= self.census.numbered => SlotOutcome::NotAMember,
                    Some(page) if !page.remembers(watched.minute) => SlotOutcome::TooLate,
                    Some(page) if page.has_counted(*member, watched.minute) => {
                        SlotOutcome::AlreadyCounted
                    }
                    _ if is_unobserved => SlotOutcome::NotObserved,
                    _ if !self.has_place(watched, *member) => SlotOutcome::OtherRooms,
                    Some(_) | None => SlotOutcome::Counted,
                };
                (*member, outcome)
            }));
        }

        outcomes
    }

    /// Whether the member's minute may count in this room beside those that it counts in.
    fn has_place(&self, watched: &WatchedMinute, member: MemberNumber) -> bool {
        watched.viewer_minute(member).is_none_or(|of| {
            let places = self.known.places.get(&of).copied().unwrap_or_default();
            places.have(self.room.id) || places.free().is_some()
        })
    }

    /// Notes that the minute counts here for `members`, who [have a place](Self::has_place).
    fn take_places(&mut self, watched: &WatchedMinute, members: &[MemberNumber]) {
        for of in members
            .iter()
            .filter_map(|member| watched.viewer_minute(*member))
        {
            let mut places = self.known.places.get(&of).copied().unwrap_or_default();
            if !places.have(self.room.id)
                && let Some(place) = places.free()
            {
                places.take(place, self.room.id).expect("the place is free");
                self.known.places.put(of.clone(), places);
                self.changes.places.insert((of, place));
            }
        }
    }

    /// Counts the slot for `members`, and adds what that brings to the books.
    fn credit(
        &mut self,
        id: TransferId,
        session: &EarningSession,
        minute: Minute,
        members: &[MemberNumber],
        at: ServerTime,
        authorship: Authorship,
    ) -> Vec<Leg> {
        let newest = self.earning.newest().map(|newest| newest.number);
        let multiplied = self.multiplied(&session.programme, minute, members);
        let slot = Slot {
            minute,
            session: session.number,
            newest_session: newest.expect("a session that is credited is known"),
            programme: &session.programme,
            multiplied: &multiplied,
            now: Minute::of(at),
            put_right: self.earning.put_right,
            seq: self.known.books.ledger().seq + 1,
        };
        let mut legs = Vec::new();
        for (number, members) in by_page(members) {
            let page = self.known.books.page_mut(number);
            page.credit(&slot, members, &mut legs);
            self.changes.pages.insert(number);
        }
        // As if it were an event: time runs on with what is credited, whichever node's clock it comes from.
        self.head.occurred_at = at;
        let credit = WatchCredit::new(id, session.id, &slot, members, &legs, at, authorship);
        let link = self.known.books.ledger_mut().append_credit(&credit);
        self.changes.turnovers.add_credit(&credit);
        self.changes.credits.push((credit, link));
        self.changes.earning |= mem::take(&mut self.earning.is_taken_up);

        legs
    }

    /// Changes what watching earns, from the next session on.
    pub fn update_earning_programme(
        &mut self,
        actor: &Actor,
        expected_version: i32,
        change: &EarningChange,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<EarningProgramme, EarningRefusal> {
        self.require(actor, Capability::EarningManage, now)?;
        let programme = &self.earning.programme;
        if programme.version != expected_version {
            let (current, given) = (programme.version, expected_version);
            return Err(EarningRefusal::StaleVersion { current, given });
        }
        let programme = programme.changed(change)?;
        self.earning.programme = programme.clone();
        self.changes.earning = true;
        let action = AuditAction::EarningProgrammeUpdated {
            version: programme.version,
        };
        self.audit(actor, None, action, ids, now);

        Ok(programme)
    }
}

impl WatchedMinute {
    /// The member's minute across rooms, if it matters in how many it counts.
    fn viewer_minute(&self, member: MemberNumber) -> Option<ViewerMinute> {
        let WatchProof::Devices(viewers) = &self.proof else {
            return None;
        };
        let viewer_id = viewers.get(&member).expect("every member is named").clone();

        Some(ViewerMinute {
            minute: self.minute,
            viewer_id,
        })
    }
}

impl WatchProof {
    /// Whether it comes from somebody who saw the viewers, and is none of them.
    fn is_observed(&self) -> bool {
        matches!(self, Self::Staff(_))
    }

    /// What stands in the books of who says so. Of devices it says that they do, and names nobody.
    fn authorship(&self, ids: &mut impl IdSource) -> Authorship {
        let (actor_id, actor_is_staff) = match self {
            Self::Staff(viewer_id) => (viewer_id.clone(), true),
            Self::Devices(_) => (ViewerId::of_devices(), false),
        };

        Authorship {
            actor_id,
            actor_is_staff,
            reason: String::new(),
            salt: ids.next_id(),
        }
    }
}

impl Credited {
    fn all(members: &NumberSet, outcome: SlotOutcome) -> Self {
        let members = members.as_slice().iter();
        Self {
            outcomes: members.map(|member| (*member, outcome)).collect(),
            legs: Vec::new(),
        }
    }

    /// For whom the slot counted.
    pub fn counted(&self) -> Vec<MemberNumber> {
        let counted = self.outcomes.iter();
        let counted = counted.filter(|(_, outcome)| *outcome == SlotOutcome::Counted);

        counted.map(|(member, _)| *member).collect()
    }
}
