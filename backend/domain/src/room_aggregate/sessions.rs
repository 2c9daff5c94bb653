//! The room's sessions: starting and ending them, and streams that go away and may come back.

use super::RoomAggregate;
use crate::event::EventBody;
use crate::id::{IdSource, SessionId};
use crate::invalid::Invalid;
use crate::room::RoomState;
use crate::session::{Session, check_delay};
use crate::time::ServerTime;

/// Why a session was not started, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartSessionRefusal {
    #[error("a session needs an open room, and this one is {0}")]
    RoomNotOpen(&'static str),
    #[error("the room's session is interrupted; resume it, or end it first")]
    Interrupted,
    #[error("the room is live already")]
    AlreadyLive,
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// Why a session was not ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndSessionRefusal {
    #[error("the room is not live")]
    NotLive,
}

/// Why a session was not interrupted, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InterruptSessionRefusal {
    #[error("the room is not live")]
    NotLive,
    #[error("the session is interrupted already")]
    AlreadyInterrupted,
}

/// Why a session was not resumed, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResumeSessionRefusal {
    #[error(
        "the room has no session to resume; one that stays interrupted for the room's grace ends by itself"
    )]
    NotLive,
    #[error("the session is not interrupted")]
    NotInterrupted,
}

impl RoomAggregate {
    /// Starts a session; `delay_ms` defaults to the room's.
    pub fn start_session(
        &mut self,
        delay_ms: Option<i64>,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Session, StartSessionRefusal> {
        if self.room.state != RoomState::Open {
            return Err(StartSessionRefusal::RoomNotOpen(self.room.state.as_str()));
        }
        if let Some(live) = self.live_session() {
            return Err(match live.interrupted_at {
                Some(_) => StartSessionRefusal::Interrupted,
                None => StartSessionRefusal::AlreadyLive,
            });
        }
        let delay_ms = delay_ms.unwrap_or(self.room.delay_ms);
        check_delay("delayMs", delay_ms)?;

        let (id, started_at) = (SessionId::next(ids), self.stamp(now));
        let session = Session {
            id,
            started_at,
            interrupted_at: None,
            ended_at: None,
            delay_ms,
        };
        self.put_session(session.clone(), now);
        self.append(EventBody::SessionStarted(session.clone()), ids, now);

        Ok(session)
    }

    /// Ends the live session; one that is interrupted, as of when its stream went away.
    pub fn end_session(
        &mut self,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Session, EndSessionRefusal> {
        let live = self.live_session().ok_or(EndSessionRefusal::NotLive)?;
        let session = live.ended(self.stamp(now));

        // The event is stamped with the delay of the session that it ends.
        self.append(EventBody::SessionEnded(session.clone()), ids, now);
        self.put_session(session.clone(), now);
        self.expect_expiry_of_session(&session);
        Ok(session)
    }

    /// Notes that the live session's stream went away. Unless it comes back within the room's grace,
    /// the session will have ended now.
    pub fn interrupt_session(
        &mut self,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Session, InterruptSessionRefusal> {
        let live = self
            .live_session()
            .ok_or(InterruptSessionRefusal::NotLive)?;
        if live.interrupted_at.is_some() {
            return Err(InterruptSessionRefusal::AlreadyInterrupted);
        }

        let session = Session {
            interrupted_at: Some(self.stamp(now)),
            ..live.clone()
        };
        self.put_session(session.clone(), now);
        self.append(EventBody::SessionInterrupted(session.clone()), ids, now);
        Ok(session)
    }

    /// Notes that the stream is back: its session goes on.
    pub fn resume_session(
        &mut self,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Session, ResumeSessionRefusal> {
        let live = self.live_session().ok_or(ResumeSessionRefusal::NotLive)?;
        if live.interrupted_at.is_none() {
            return Err(ResumeSessionRefusal::NotInterrupted);
        }

        let session = Session {
            interrupted_at: None,
            ..live.clone()
        };
        self.put_session(session.clone(), now);
        self.append(EventBody::SessionResumed(session.clone()), ids, now);
        Ok(session)
    }

    /// The session whose stream runs now, or is expected back.
    pub fn live_session(&self) -> Option<&Session> {
        self.session.as_ref().filter(|session| session.is_live())
    }

    /// When an interruption will have ended the session, if the stream does not come back.
    pub(super) fn session_deadline(&self) -> Option<ServerTime> {
        let interrupted_at = self.live_session()?.interrupted_at?;
        Some(interrupted_at.plus_millis(self.room.interruption_grace_ms))
    }

    /// Has a session that was interrupted ahead of `now` wait from now on.
    pub(super) fn recover_session(&mut self, ids: &mut impl IdSource, now: ServerTime) {
        let Some(session) = self.live_session() else {
            return;
        };
        if session.interrupted_at.is_some_and(|at| at > now) {
            let session = Session {
                interrupted_at: Some(now),
                ..session.clone()
            };
            self.put_session(session.clone(), now);
            self.append(EventBody::SessionInterrupted(session), ids, now);
        }
    }

    fn put_session(&mut self, session: Session, now: ServerTime) {
        self.earning.follow(&session, self.stamp(now));
        self.changes.earning = true;
        self.changes.session.insert(session.id, session.clone());
        self.session = Some(session);
    }
}
