//! What goes on in a room beside its ledger: people, sessions, and what else is so. The rules of it are other
//! documents', so that what became of each is told and not worked out anew.

use parlor_domain::hype_train::{HypeTrain, Phase, Program, Train};
use parlor_domain::id::{HypeTrainId, NodeId, RoomId};
use parlor_domain::room::{RoomChange, RoomState};
use parlor_domain::room_aggregate::{Override, OverrideChange, PresenceChange, Target};
use uuid::Uuid;

use crate::step::{Coming, Going, Happening, Step, capability};
use crate::world::{STAFF, World, actor, viewer};

/// What became of something whose rules are not the ledger's.
fn became<T, E>(result: Result<T, E>) -> &'static str {
    result.map_or("refused", |_| "done")
}

impl World {
    /// Has it happen, and returns what became of it where it could have been refused.
    pub(crate) fn befall(&mut self, step: &Step) -> Option<&'static str> {
        match step {
            Step::Member { who, change, .. } => return Some(self.come(who, *change, step)),
            Step::Session { change, delay_ms } => return Some(self.go(*change, *delay_ms)),
            Step::Archive {} => return Some(self.archive()),
            Step::Pass { millis } => self.now = self.now.plus_millis(*millis),
            Step::Facts { change } => self.happen(*change),
            Step::Elsewhere { who, minute, room } => self.prove_elsewhere(who, *minute, *room),
            Step::Adjust { .. }
            | Step::ClawBack { .. }
            | Step::Programme { .. }
            | Step::Membership { .. }
            | Step::Credit { .. }
            | Step::Create { .. }
            | Step::Update { .. }
            | Step::Delete { .. }
            | Step::Redeem { .. }
            | Step::Settle { .. }
            | Step::Refund { .. }
            | Step::Dispute { .. }
            | Step::HoldDispute { .. }
            | Step::Resolve { .. }
            | Step::Withdraw { .. }
            | Step::Sweep {}
            | Step::Standing { .. } => {}
        }

        None
    }

    fn come(&mut self, who: &'static str, change: Coming, step: &Step) -> &'static str {
        let is_new = self.person(who).is_none();
        let target = |world: &Self| Target {
            id: world.id_of(who),
            version: world.person(who).map_or(1, |one| one.version),
        };
        let at = target(self);
        let (room, ids, now) = (&mut self.room, &mut self.ids, self.now);
        let staff = actor(STAFF);
        let became = match change {
            Coming::Join => became(room.join(&actor(who), &viewer(who), who, ids, now)),
            Coming::Leave => became(room.leave(&actor(who), ids, now)),
            Coming::Remove => became(room.remove(&staff, at, None, ids, now)),
            Coming::Readmit => became(room.readmit(&staff, at, ids, now)),
        };
        if let Step::Member { role, grants, .. } = step
            && is_new
            && became == "done"
        {
            self.number_memberships(who);
            let at = target(self);
            let (room, ids) = (&mut self.room, &mut self.ids);
            room.assign_role(&staff, at, *role, ids, now).unwrap();
            for name in grants {
                let at = target(self);
                let change = OverrideChange {
                    capability: capability(name),
                    kind: Override::Grant,
                    expires_at: None,
                    reason: None,
                };
                let (room, ids) = (&mut self.room, &mut self.ids);
                room.change_override(&staff, at, &change, ids, now).unwrap();
            }
        }

        became
    }

    fn go(&mut self, change: Going, delay_ms: i64) -> &'static str {
        let (room, ids, now) = (&mut self.room, &mut self.ids, self.now);
        match change {
            Going::Start => {
                let started = room.start_session(Some(delay_ms), ids, now);
                if let Ok(session) = &started {
                    self.sessions.push(session.id);
                }
                became(started)
            }
            Going::End => became(room.end_session(ids, now)),
            Going::Interrupt => became(room.interrupt_session(ids, now)),
            Going::Resume => became(room.resume_session(ids, now)),
        }
    }

    fn archive(&mut self) -> &'static str {
        let change = RoomChange {
            version: self.room.room.version,
            state: Some(RoomState::Archived),
            ..RoomChange::default()
        };
        became(
            self.room
                .update_room(&actor("staff"), change, &mut self.ids, self.now),
        )
    }

    fn happen(&mut self, change: Happening) {
        let node_id = NodeId(Uuid::nil());
        let mut presence = PresenceChange {
            node_id,
            arrived: Vec::new(),
            departed: Vec::new(),
        };
        match change {
            Happening::Title(title) => title.clone_into(&mut self.room.room.title),
            Happening::Train(level, millis) => {
                let program = Program::default();
                let shown = HypeTrain {
                    id: HypeTrainId(Uuid::from_u128(u128::from(level))),
                    phase: Phase::Running,
                    level,
                    progress: 0,
                    goal: 100,
                    total: 0,
                    kickoff_events_needed: 0,
                    kickoff_viewers_needed: 0,
                    started_at: self.now,
                    expires_at: self.now.plus_millis(millis),
                    ended_at: None,
                    cooldown_ends_at: None,
                    last_reward: None,
                    next_reward: None,
                    contributor_count: 0,
                    top_contributor: None,
                    recent_contributors: Vec::new(),
                    is_record: false,
                };
                self.room.train = Some(Train {
                    shown,
                    program,
                    kickoff: Vec::new(),
                    turns: 0,
                    top_turn: 0,
                    recent_gifts: Vec::new(),
                });
            }
            Happening::Online(who) => presence.arrived.push(viewer(who)),
            Happening::Offline(who) => presence.departed.push(viewer(who)),
        }
        self.room
            .change_presence(&presence, &mut self.ids, self.now);
    }

    fn prove_elsewhere(&mut self, who: &str, minute: i64, room: u8) {
        let room_id = RoomId(Uuid::from_u128(u128::MAX - u128::from(room)));
        self.take_place(who, minute, room_id);
    }
}
