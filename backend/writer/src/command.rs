//! What the writer can be asked to do to a room, and how a job carries it to its answer.

use parlor_domain::contribution::{Contribution, Report, Status};
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::room::{Room, RoomChange, RoomState, UpdateRoomRefusal, check_slug};
use parlor_domain::room_aggregate::{
    ContributionRef, DeleteRoomRefusal, EndSessionRefusal, Fingerprint, InterruptSessionRefusal,
    MessageKey, RecordContributionRefusal, ResumeSessionRefusal, RoomAggregate,
    StartSessionRefusal,
};
use parlor_domain::session::Session;
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::{NoRoom, RoomNeeds};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

/// A change of one room, decided in memory under the room's lock.
///
/// It may be decided more than once, each time from a freshly loaded room, when a batch has to be
/// tried again.
pub trait Command: Send + 'static {
    type Answer: Send;
    type Refusal: Send;

    /// Whether doing it again after it was done changes nothing and gives the same answer.
    const REPEATABLE: bool;

    /// Names the rows that the decision depends on.
    fn add_needs(&self, _needs: &mut RoomNeeds) {}

    /// Decides on `room`, which holds everything that the batch changed so far.
    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Self::Answer, Self::Refusal>;
}

/// Why a command was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDone<R> {
    #[error("there is no such room")]
    RoomNotFound,
    #[error("the command was refused")]
    Refused(R),
    /// What is stored of the room was damaged, or is of another version of the program.
    #[error("the room's stored data cannot be read; whoever runs the server has to look at it")]
    RoomUnreadable,
    #[error("too many commands are waiting; try again in a moment")]
    Overloaded,
    #[error("the database is away; try again in a moment")]
    Unavailable,
    /// Another server may do it.
    #[error("this server's clock is wrong, so that it changes nothing; try again in a moment")]
    ClockUntrusted,
    #[error("the server is going away; try again in a moment")]
    Stopping,
    /// The change may or may not have been made.
    #[error("the database did not say whether it made the change; look before trying again")]
    OutcomeUnknown,
    #[error("the database failed")]
    Fault,
}

pub struct UpdateRoom(pub RoomChange);

/// Deletes the room, if it is at that version.
pub struct DeleteRoom {
    pub version: i32,
}

pub struct StartSession {
    pub delay_ms: Option<i64>,
}

pub struct EndSession;

/// Notes that the stream went away.
pub struct InterruptSession;

/// Notes that the stream is back.
pub struct ResumeSession;

pub struct RecordContribution {
    report: Report,
    fingerprint: Fingerprint,
}

/// Ends what had run out of time in the room at `due_at`, also if this node's clock is not there yet.
pub struct EndExpired {
    pub due_at: ServerTime,
}

impl RecordContribution {
    /// A report to `room_id`, whose content is told from others' by its digest.
    pub fn new(room_id: RoomId, report: Report) -> Self {
        let mut digest = Sha256::new();
        digest.update(room_id.0);
        digest.update(serde_json::to_vec(&report).expect("a report has only JSON's own shapes"));

        Self {
            report,
            fingerprint: digest.finalize().into(),
        }
    }
}

impl Command for UpdateRoom {
    type Answer = Room;
    type Refusal = UpdateRoomRefusal;
    const REPEATABLE: bool = false;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.stage |= self.0.state == Some(RoomState::Archived);
        // What is no slug is refused before anybody looks whether it is taken.
        let slug = self.0.slug.iter().filter(|slug| check_slug(slug).is_ok());
        needs.slugs.extend(slug.cloned());
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Room, UpdateRoomRefusal> {
        room.update_room(self.0.clone(), ids, now)
    }
}

impl Command for DeleteRoom {
    type Answer = Room;
    type Refusal = DeleteRoomRefusal;
    const REPEATABLE: bool = false;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.contributions.any = true;
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        _ids: &mut Ids,
        _now: ServerTime,
    ) -> Result<Room, DeleteRoomRefusal> {
        room.delete_room(self.version)
    }
}

impl Command for StartSession {
    type Answer = Session;
    type Refusal = StartSessionRefusal;
    const REPEATABLE: bool = false;

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Session, StartSessionRefusal> {
        room.start_session(self.delay_ms, ids, now)
    }
}

impl Command for EndSession {
    type Answer = Session;
    type Refusal = EndSessionRefusal;
    const REPEATABLE: bool = false;

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Session, EndSessionRefusal> {
        room.end_session(ids, now)
    }
}

impl Command for InterruptSession {
    type Answer = Session;
    type Refusal = InterruptSessionRefusal;
    const REPEATABLE: bool = false;

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Session, InterruptSessionRefusal> {
        room.interrupt_session(ids, now)
    }
}

impl Command for ResumeSession {
    type Answer = Session;
    type Refusal = ResumeSessionRefusal;
    const REPEATABLE: bool = false;

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Session, ResumeSessionRefusal> {
        room.resume_session(ids, now)
    }
}

impl Command for RecordContribution {
    type Answer = Contribution;
    type Refusal = RecordContributionRefusal;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        let contribution = ContributionRef::of_report(&self.report);
        let needs = &mut needs.contributions;
        if self.report.status == Status::Reversed {
            needs.reversals.push(contribution.clone());
        }
        needs.reported.push(contribution);
        needs.viewers.extend(self.report.viewer_id().cloned());
        needs.answers.push(MessageKey {
            provider: self.report.provider.clone(),
            key: self.report.idempotency_key.clone(),
        });
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Contribution, RecordContributionRefusal> {
        room.record_contribution(self.report.clone(), self.fingerprint, ids, now)
    }
}

impl Command for EndExpired {
    type Answer = ();
    type Refusal = std::convert::Infallible;
    const REPEATABLE: bool = true;

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<(), Self::Refusal> {
        room.settle_deadline(ids, now.max(self.due_at));
        Ok(())
    }
}

/// A command on its way through a lane, with whoever waits for it.
pub(super) trait Job: Send {
    fn tenant_id(&self) -> TenantId;
    fn room_id(&self) -> RoomId;
    fn is_repeatable(&self) -> bool;
    /// Whether somebody still waits for the answer. Nothing is begun for those who have gone.
    fn is_wanted(&self) -> bool;
    fn add_needs(&self, needs: &mut RoomNeeds);
    /// Decides, and keeps the answer until the batch is committed.
    fn decide(&mut self, room: Result<&mut RoomAggregate, NoRoom>, ids: &mut Ids, now: ServerTime);
    /// Gives the answer of the last decision, now that it is durable.
    fn acknowledge(self: Box<Self>);
    fn fail(self: Box<Self>, failure: Failure);
}

/// What can go wrong with a job apart from a refusal.
#[derive(Debug, Clone, Copy)]
pub(super) enum Failure {
    Overloaded,
    Unavailable,
    ClockUntrusted,
    OutcomeUnknown,
    Fault,
}

type Outcome<C> = Result<<C as Command>::Answer, NotDone<<C as Command>::Refusal>>;

pub(super) struct Waiting<C: Command> {
    pub(super) tenant_id: TenantId,
    pub(super) room_id: RoomId,
    pub(super) command: C,
    pub(super) decided: Option<Outcome<C>>,
    pub(super) reply: oneshot::Sender<Outcome<C>>,
}

impl<C: Command> Job for Waiting<C> {
    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn room_id(&self) -> RoomId {
        self.room_id
    }

    fn is_repeatable(&self) -> bool {
        C::REPEATABLE
    }

    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn add_needs(&self, needs: &mut RoomNeeds) {
        self.command.add_needs(needs);
    }

    fn decide(&mut self, room: Result<&mut RoomAggregate, NoRoom>, ids: &mut Ids, now: ServerTime) {
        self.decided = Some(match room {
            Err(NoRoom::Unreadable) => Err(NotDone::RoomUnreadable),
            Err(NoRoom::NotFound) => Err(NotDone::RoomNotFound),
            Ok(room) if room.is_deleted() => Err(NotDone::RoomNotFound),
            Ok(room) => {
                room.recover_from_wrong_clock(ids, now);
                room.end_expired(ids, now);
                self.command
                    .decide(room, ids, now)
                    .map_err(NotDone::Refused)
            }
        });
    }

    fn acknowledge(self: Box<Self>) {
        let decided = self
            .decided
            .expect("a job is decided before its batch is committed");
        // Whoever asked may have gone away; the change is made all the same.
        drop(self.reply.send(decided));
    }

    fn fail(self: Box<Self>, failure: Failure) {
        drop(self.reply.send(Err(match failure {
            Failure::Overloaded => NotDone::Overloaded,
            Failure::Unavailable => NotDone::Unavailable,
            Failure::ClockUntrusted => NotDone::ClockUntrusted,
            Failure::OutcomeUnknown => NotDone::OutcomeUnknown,
            Failure::Fault => NotDone::Fault,
        })));
    }
}
