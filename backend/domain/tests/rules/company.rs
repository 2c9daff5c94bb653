//! People who act on a room: the commands as values, for tables and for random sequences.

use parlor_domain::id::{NodeId, ParticipantId, ViewerId};
use parlor_domain::participant::{Capability, Participant, Role};
use parlor_domain::room::{Admission, RoomChange, RoomState};
use parlor_domain::room_aggregate::{Actor, Override, OverrideChange, PresenceChange, Target};

use crate::stage::{Stage, draft};

/// What somebody does. People are told apart by their names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Do {
    Join,
    Leave,
    /// To one of a few nodes.
    Connect(u8),
    Disconnect(u8),
    Rename(&'static str, &'static str),
    Remove(&'static str),
    Readmit(&'static str),
    Assign(&'static str, Role),
    /// The last is how long a grant or a denial holds, in milliseconds.
    Change(&'static str, Override, Capability, Option<i64>),
    Request,
    Withdraw,
    Invite(&'static str),
    Decline(&'static str),
    JoinStage,
    LeaveStage,
    MoveToAudience(&'static str),
    /// The last is the host that the caller knows of.
    HandOver(&'static str, Option<&'static str>),
    SetStageSize(u32),
    SetAdmission(Admission),
    Archive,
}

/// The tenant's staff, who may join as well.
pub(crate) const STAFF: &str = "staff";

pub(crate) struct Company {
    pub(crate) stage: Stage,
    /// Taken from each version that is given, so that 1 makes every change stale.
    pub(crate) versions_behind: i32,
}

impl Company {
    pub(crate) fn new() -> Self {
        Self {
            stage: Stage::open(draft()),
            versions_behind: 0,
        }
    }

    /// A room with an owner `olga`, a moderator `mo`, and the members `ana` and `ben`.
    pub(crate) fn assembled() -> Self {
        let mut company = Self::new();
        for name in ["olga", "mo", "ana", "ben"] {
            company.act(name, Do::Join).unwrap();
        }
        company.act(STAFF, Do::Assign("olga", Role::Owner)).unwrap();
        company
            .act("olga", Do::Assign("mo", Role::Moderator))
            .unwrap();
        company
    }

    pub(crate) fn get(&self, name: &str) -> Option<Participant> {
        let mut people = self.stage.aggregate.known.people.clone();
        people.ask_viewer(viewer(name));
        people.of_viewer(&viewer(name)).cloned()
    }

    pub(crate) fn place(&self, name: &str) -> &'static str {
        self.get(name).unwrap().stage_role.as_str()
    }

    /// Has `actor` do it. A refusal comes back as it is written in the code.
    pub(crate) fn act(&mut self, actor: &'static str, what: Do) -> Result<(), String> {
        self.stage.begin_batch();
        self.act_on(actor, what)
    }

    /// The same, in the batch that is under way.
    pub(crate) fn act_on(&mut self, actor: &'static str, what: Do) -> Result<(), String> {
        let own = self.target(actor);
        let who = |company: &Self, name| company.target(name);
        let actor = Actor {
            viewer_id: viewer(actor),
            is_staff: actor == STAFF,
        };
        // Worked out before the aggregate is borrowed to be changed.
        let on = match what {
            Do::Rename(name, _)
            | Do::Remove(name)
            | Do::Readmit(name)
            | Do::Assign(name, _)
            | Do::Change(name, ..)
            | Do::Invite(name)
            | Do::Decline(name)
            | Do::MoveToAudience(name)
            | Do::HandOver(name, _) => who(self, name),
            Do::Join
            | Do::Leave
            | Do::Connect(_)
            | Do::Disconnect(_)
            | Do::Request
            | Do::Withdraw
            | Do::JoinStage
            | Do::LeaveStage
            | Do::SetStageSize(_)
            | Do::SetAdmission(_)
            | Do::Archive => own,
        };
        let host = if let Do::HandOver(_, Some(name)) = what {
            Some(self.target(name).id)
        } else {
            None
        };
        let Stage {
            aggregate,
            ids,
            now,
            ..
        } = &mut self.stage;
        let now = *now;
        aggregate.known.people.ask_viewer(actor.viewer_id.clone());
        aggregate.known.people.ask(on.id);
        aggregate.known.people.ask_stage();
        aggregate.known.presences.ask(actor.viewer_id.clone());

        match what {
            Do::Join => {
                let (id, name) = (actor.viewer_id.clone(), actor.viewer_id.as_str().to_owned());
                told(aggregate.join(&actor, &id, &name, ids, now))
            }
            Do::Leave => told(aggregate.leave(&actor, ids, now)),
            Do::Connect(node) => {
                let arrived = vec![actor.viewer_id];
                aggregate.change_presence(&change_of(node, arrived, Vec::new()), ids, now);
                Ok(())
            }
            Do::Disconnect(node) => {
                let departed = vec![actor.viewer_id];
                aggregate.change_presence(&change_of(node, Vec::new(), departed), ids, now);
                Ok(())
            }
            Do::Rename(_, name) => told(aggregate.rename(&actor, on, name, ids, now)),
            Do::Remove(_) => told(aggregate.remove(&actor, on, None, ids, now)),
            Do::Readmit(_) => told(aggregate.readmit(&actor, on, ids, now)),
            Do::Assign(_, role) => told(aggregate.assign_role(&actor, on, role, ids, now)),
            Do::Change(_, kind, capability, millis) => {
                let change = OverrideChange {
                    capability,
                    kind,
                    expires_at: millis.map(|millis| now.plus_millis(millis)),
                    reason: None,
                };
                told(aggregate.change_override(&actor, on, &change, ids, now))
            }
            Do::Request => told(aggregate.request_stage(&actor, on, ids, now)),
            Do::Withdraw => told(aggregate.withdraw_stage_request(&actor, on, ids, now)),
            Do::Invite(_) => told(aggregate.invite_to_stage(&actor, on, ids, now)),
            Do::Decline(_) => told(aggregate.decline_stage(&actor, on, ids, now)),
            Do::JoinStage => told(aggregate.join_stage(&actor, on, ids, now)),
            Do::LeaveStage => told(aggregate.leave_stage(&actor, on, ids, now)),
            Do::MoveToAudience(_) => told(aggregate.move_to_audience(&actor, on, ids, now)),
            Do::HandOver(..) => told(aggregate.hand_over_host(&actor, host, on, ids, now)),
            Do::SetStageSize(_) | Do::SetAdmission(_) | Do::Archive => {
                let change = change_of_room(what, aggregate.room.version);
                told(aggregate.update_room(&actor, change, ids, now))
            }
        }
    }

    /// A person at the version they have, or one that was never here.
    fn target(&self, name: &str) -> Target {
        let nobody = Target {
            id: ParticipantId(uuid::Uuid::max()),
            version: 1,
        };

        self.get(name).map_or(nobody, |found| Target {
            id: found.id,
            version: found.version - self.versions_behind,
        })
    }
}

fn change_of(node: u8, arrived: Vec<ViewerId>, departed: Vec<ViewerId>) -> PresenceChange {
    PresenceChange {
        node_id: NodeId(uuid::Uuid::from_u128(node.into())),
        arrived,
        departed,
    }
}

/// The change of the room that `what` stands for.
fn change_of_room(what: Do, version: i32) -> RoomChange {
    let mut change = RoomChange {
        version,
        ..RoomChange::default()
    };
    if let Do::SetStageSize(size) = what {
        change.stage_size = Some(size);
    }
    if let Do::SetAdmission(admission) = what {
        change.admission = Some(admission);
    }
    if let Do::Archive = what {
        change.state = Some(RoomState::Archived);
    }

    change
}

pub(crate) fn viewer(name: &str) -> ViewerId {
    ViewerId::parse(name).unwrap()
}

fn told<T, E: std::fmt::Debug>(result: Result<T, E>) -> Result<(), String> {
    result.map(drop).map_err(|refusal| format!("{refusal:?}"))
}
