//! What a room keeps about its sessions so that minutes of them can be credited, also late.

use serde::{Deserialize, Serialize};

use super::{EarningProgramme, LATE_MAX_MS, Minute, SlotOutcome};
use crate::id::SessionId;
use crate::session::Session;
use crate::time::ServerTime;

/// The sessions that minutes may still be credited of: the present one and the one before.
const SESSIONS_KEPT: usize = 2;

/// What a room's viewers earn by, and the sessions that minutes are credited of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarningState {
    pub programme: EarningProgramme,
    /// The newest first.
    pub sessions: Vec<EarningSession>,
    /// When a clock was last put right that had stamped the room ahead.
    pub put_right: Option<Minute>,
    /// Whether the newest was taken up from the room, and is to be kept once a minute of it is credited.
    #[serde(skip)]
    pub(crate) is_taken_up: bool,
}

/// What viewers of a room earn by now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EarningTerms {
    /// The number of the newest session; 0 before the first.
    pub session: i64,
    /// What it started with, and before the first what that would.
    pub programme: EarningProgramme,
}

/// A session, as far as it matters to whoever watches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarningSession {
    pub id: SessionId,
    /// Its number among the room's sessions, in their order.
    pub number: i64,
    /// The programme as the session started, so that nobody's rate changes in the middle of a show.
    pub programme: EarningProgramme,
    pub started_at: ServerTime,
    pub interrupted_at: Option<ServerTime>,
    pub ended_at: Option<ServerTime>,
    /// How far behind the session its audience was told to be: they watch its end so much later.
    pub delay_ms: i64,
    /// Minutes throughout which the stream was away, from one up to another, as long as they might be credited.
    pub away: Vec<(Minute, Minute)>,
}

impl EarningState {
    /// The state as it was kept. A session that began before there was one is taken up as it is.
    #[must_use]
    pub fn with_session(mut self, session: Option<&Session>) -> Self {
        if let Some(session) = session
            && self.newest().is_none_or(|newest| newest.id != session.id)
        {
            self.follow(session, session.started_at);
            self.is_taken_up = true;
        }

        self
    }

    /// The room's present session, or its last.
    pub fn newest(&self) -> Option<&EarningSession> {
        self.sessions.first()
    }

    /// What viewers earn by now.
    pub fn terms(&self) -> EarningTerms {
        let newest = self.newest();

        EarningTerms {
            session: newest.map_or(0, |newest| newest.number),
            programme: newest
                .map_or(&self.programme, |newest| &newest.programme)
                .clone(),
        }
    }

    /// Takes in that a session started or changed.
    pub(crate) fn follow(&mut self, session: &Session, at: ServerTime) {
        if let Some(newest) = self.sessions.first_mut()
            && newest.id == session.id
        {
            return newest.follow(session, at);
        }
        let started = EarningSession {
            id: session.id,
            number: self.newest().map_or(0, |newest| newest.number) + 1,
            programme: self.programme.clone(),
            started_at: session.started_at,
            interrupted_at: session.interrupted_at,
            ended_at: session.ended_at,
            delay_ms: session.delay_ms,
            away: Vec::new(),
        };
        self.sessions.insert(0, started);
        self.sessions.truncate(SESSIONS_KEPT);
    }

    /// Goes on from `now`, for a clock that was put right since has stamped sessions ahead: what has happened has
    /// happened by now.
    pub(crate) fn recover(&mut self, now: ServerTime) {
        self.put_right = Some(Minute::of(now));
        for session in &mut self.sessions {
            session.recover(now);
        }
    }

    /// The session that a minute is to be credited of, or why it is not: the named one, and if none is, the newest
    /// that has it and that it may be credited of.
    pub(crate) fn creditable(
        &self,
        id: Option<SessionId>,
        minute: Minute,
        at: ServerTime,
    ) -> Result<&EarningSession, SlotOutcome> {
        if minute.starts_at() > at {
            return Err(SlotOutcome::InTheFuture);
        }
        if !minute.is_creditable(at) {
            return Err(SlotOutcome::TooLate);
        }
        let is_meant =
            |session: &&EarningSession| id.is_none_or(|id| session.id == id) && session.has(minute);
        let mut meant = self.sessions.iter().filter(is_meant);
        let newest = meant.next().ok_or(SlotOutcome::OtherSession)?;

        newest.pays(minute).or_else(|outcome| {
            let before = meant.find_map(|session| session.pays(minute).ok());
            before.ok_or(outcome)
        })
    }
}

impl EarningSession {
    fn follow(&mut self, session: &Session, at: ServerTime) {
        if let Some(since) = self.interrupted_at
            && session.interrupted_at.is_none()
            && session.is_live()
        {
            let gap = (Minute::from(since), Minute::of(at));
            let too_late = Minute::of(at.plus_millis(-LATE_MAX_MS));
            self.away.retain(|(_, until)| *until >= too_late);
            if gap.0 < gap.1 {
                self.away.push(gap);
            }
        }
        self.interrupted_at = session.interrupted_at;
        self.ended_at = session.ended_at;
        self.delay_ms = session.delay_ms;
    }

    fn recover(&mut self, now: ServerTime) {
        self.started_at = self.started_at.min(now);
        self.interrupted_at = self.interrupted_at.map(|at| at.min(now));
        self.ended_at = self.ended_at.map(|at| at.min(now));
        self.away.retain(|(_, until)| *until <= Minute::of(now));
    }

    /// Whether some of the minute lies in the session, or in what its audience sees of it after it ended.
    fn has(&self, minute: Minute) -> bool {
        let has_begun = minute.ends_at() > self.started_at;
        let seen_until = self.ended_at.map(|ended| ended.plus_millis(self.delay_ms));
        has_begun && seen_until.is_none_or(|until| minute.starts_at() < until)
    }

    /// The session, if a minute that it has is to be credited of it.
    fn pays(&self, minute: Minute) -> Result<&Self, SlotOutcome> {
        if self.was_away(minute) {
            return Err(SlotOutcome::Interrupted);
        }
        if !self.programme.is_enabled {
            return Err(SlotOutcome::ProgrammeOff);
        }

        Ok(self)
    }

    /// Whether the stream was away throughout the minute, as far as the room knows.
    fn was_away(&self, minute: Minute) -> bool {
        let is_away = self
            .interrupted_at
            .is_some_and(|since| minute.starts_at() >= since);
        let was = |(from, until): &(Minute, Minute)| (*from..*until).contains(&minute);

        is_away || self.away.iter().any(was)
    }
}
