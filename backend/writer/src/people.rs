//! Commands of people on a room and on each other.

use parlor_domain::id::{ParticipantId, ViewerId};
use parlor_domain::participant::{Capability, Participant};
use parlor_domain::room_aggregate::{ActRefusal, Actor, JoinRefusal, RoomAggregate, Target};
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::RoomNeeds;

use super::Command;

/// Lets somebody into a room.
pub struct Join {
    pub actor: Actor,
    pub viewer_id: ViewerId,
    pub name: String,
}

/// Lets somebody out.
pub struct Leave {
    pub actor: Actor,
}

/// Anything that one person does to a participant, made against a version of theirs.
pub struct Act<R> {
    actor: Actor,
    target: Target,
    host: Option<ParticipantId>,
    has_entries: bool,
    decide: Decide<R>,
}

type Decide<R> = Box<
    dyn Fn(&mut RoomAggregate, &Actor, Target, &mut Ids, ServerTime) -> Result<Participant, R>
        + Send,
>;

impl<R> Act<R> {
    /// Has `actor` do to `target` what `decide` decides.
    pub fn new(
        actor: Actor,
        target: Target,
        decide: impl Fn(
            &mut RoomAggregate,
            &Actor,
            Target,
            &mut Ids,
            ServerTime,
        ) -> Result<Participant, R>
        + Send
        + 'static,
    ) -> Self {
        Self {
            actor,
            target,
            host: None,
            has_entries: false,
            decide: Box::new(decide),
        }
    }

    /// The same, on the host of the room as well.
    pub fn and_host(self, host: Option<ParticipantId>) -> Self {
        Self { host, ..self }
    }

    /// The same, on what they have entered of the room's draws as well.
    pub fn and_entries(self) -> Self {
        Self {
            has_entries: true,
            ..self
        }
    }
}

impl Command for Join {
    type On = RoomAggregate;
    type Answer = Participant;
    type Refusal = JoinRefusal;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.actors.push(self.viewer_id.clone());
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Participant, JoinRefusal> {
        room.join(&self.actor, &self.viewer_id, &self.name, ids, now)
    }
}

impl Command for Leave {
    type On = RoomAggregate;
    type Answer = Participant;
    type Refusal = ActRefusal;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.actors.push(self.actor.viewer_id.clone());
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Participant, ActRefusal> {
        room.leave(&self.actor, ids, now)
    }
}

impl<R: Send + 'static> Command for Act<R> {
    type On = RoomAggregate;
    type Answer = Participant;
    type Refusal = R;
    const REPEATABLE: bool = false;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.actors.push(self.actor.viewer_id.clone());
        needs.people.participants.push(self.target.id);
        needs.people.participants.extend(self.host);
        if self.has_entries {
            needs.rewards.entrants.push(self.target.id);
            needs.points.ledger = true;
        }
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Participant, R> {
        (self.decide)(room, &self.actor, self.target, ids, now)
    }
}

/// A command on the room itself, for whoever has a capability.
pub struct Authorized<C> {
    pub actor: Actor,
    pub capability: Capability,
    pub command: C,
}

/// Why a command that takes a capability was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizedRefusal<R> {
    Act(ActRefusal),
    Command(R),
}

impl<C: Command<On = RoomAggregate>> Command for Authorized<C> {
    type On = RoomAggregate;
    type Answer = C::Answer;
    type Refusal = AuthorizedRefusal<C::Refusal>;
    const REPEATABLE: bool = C::REPEATABLE;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.actors.push(self.actor.viewer_id.clone());
        self.command.add_needs(needs);
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<C::Answer, Self::Refusal> {
        room.authorize(&self.actor, self.capability, now)
            .map_err(AuthorizedRefusal::Act)?;

        self.command
            .decide(room, ids, now)
            .map_err(AuthorizedRefusal::Command)
    }
}
