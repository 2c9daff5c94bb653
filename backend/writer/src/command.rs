//! What a command is, and how a job carries it to its answer.

use parlor_domain::id::TenantId;
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::{Absent, Batch, Needs};
use tokio::sync::oneshot;

use super::aggregate::{Aggregate, Kind, Subject};

/// A change of one thing, decided in memory under its lock.
///
/// It may be decided more than once, each time on what is freshly loaded, when a batch has to be
/// tried again.
pub trait Command: Send + 'static {
    type On: Aggregate;
    type Answer: Send;
    type Refusal: Send;

    /// Whether doing it again after it was done changes nothing and gives the same answer.
    const REPEATABLE: bool;

    /// As how many commands it counts where a batch is bounded.
    fn weight(&self) -> usize {
        1
    }

    /// Names the rows that the decision depends on.
    fn add_needs(&self, _needs: &mut <Self::On as Aggregate>::Needs) {}

    /// Decides on `on`, which holds everything that the batch changed so far.
    fn decide(
        &self,
        on: &mut Self::On,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Self::Answer, Self::Refusal>;
}

/// Why a command was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDone<R> {
    /// What it was to be done to is not there.
    #[error("there is no such {0}")]
    NotFound(Kind),
    #[error("the command was refused")]
    Refused(R),
    /// What is stored of it was damaged, or is of another version of the program.
    #[error("the {0}'s stored data cannot be read; whoever runs the server has to look at it")]
    Unreadable(Kind),
    #[error("too many commands are waiting; try again in a moment")]
    Overloaded,
    #[error("the database is away, or cannot be written; try again in a moment")]
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

/// A command on its way through a lane, with whoever waits for it.
pub(super) trait Job: Send {
    fn tenant_id(&self) -> TenantId;
    fn subject(&self) -> Subject;
    fn is_repeatable(&self) -> bool;
    fn weight(&self) -> usize;
    /// Whether somebody still waits for the answer. Nothing is begun for those who have gone.
    fn is_wanted(&self) -> bool;
    fn add_needs(&self, needs: &mut Needs);
    /// Decides, and keeps the answer until the batch is committed.
    fn decide(&mut self, batch: &mut Batch, ids: &mut Ids, now: ServerTime);
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
    pub(super) id: <C::On as Aggregate>::Id,
    pub(super) command: C,
    pub(super) decided: Option<Outcome<C>>,
    pub(super) reply: oneshot::Sender<Outcome<C>>,
}

impl<C: Command> Job for Waiting<C> {
    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    fn subject(&self) -> Subject {
        C::On::subject(self.tenant_id, self.id)
    }

    fn is_repeatable(&self) -> bool {
        C::REPEATABLE
    }

    fn weight(&self) -> usize {
        self.command.weight()
    }

    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn add_needs(&self, needs: &mut Needs) {
        let needs = C::On::needs(needs, self.tenant_id, self.id);
        self.command.add_needs(needs);
    }

    fn decide(&mut self, batch: &mut Batch, ids: &mut Ids, now: ServerTime) {
        let kind = self.subject().kind();
        self.decided = Some(match C::On::find(batch, self.tenant_id, self.id) {
            Err(Absent::Unreadable) => Err(NotDone::Unreadable(kind)),
            Err(Absent::NotFound) => Err(NotDone::NotFound(kind)),
            Ok(on) => {
                on.settle(ids, now);
                let decided = self.command.decide(on, ids, now);
                decided.map_err(NotDone::Refused)
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
