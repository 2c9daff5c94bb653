//! Who is connected here, what of it is written, and what to write next.
//!
//! Pure: connections go in, sets of arrivals and departures come out, a room at a time. An arrival
//! is due at once, a departure after the reconnect grace, and whoever comes back in time was never
//! gone.

use std::collections::{BTreeSet, HashMap};

use parlor_domain::id::{NodeId, RoomId, TenantId, ViewerId};
use parlor_domain::room_aggregate::PresenceChange;
use parlor_domain::time::ServerTime;

/// Sets being written at a time, so that after a restart, when everybody comes back at once, other
/// commands find room in the writer's batches.
const WRITING_MAX: usize = 32;
/// People in one set. Each is a handful of rows, so a set is written in some ten milliseconds, and
/// its room is locked no longer.
const SET_MAX: usize = 512;
/// How long until a set that could not be written is tried again.
const RETRY_MS: i64 = 1_000;

/// How long things wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waits {
    pub(super) grace_ms: i64,
    pub(super) flush_ms: i64,
}

/// A set of a room's people to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flush {
    pub(super) tenant_id: TenantId,
    pub(super) room_id: RoomId,
    pub(super) change: PresenceChange,
}

/// What became of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Written,
    /// Nobody knows what of it is written; writing it again does no harm.
    Failed,
    /// There is no such room.
    RoomGone,
}

/// The people connected to this node, by room.
pub(super) struct Registry {
    node_id: NodeId,
    waits: Waits,
    rooms: HashMap<RoomId, Room>,
    /// When each room has something to write.
    timers: BTreeSet<(ServerTime, RoomId)>,
    /// Sets that were taken and are not answered yet.
    writing: usize,
}

struct Room {
    tenant_id: TenantId,
    people: HashMap<ViewerId, Person>,
    /// Those of whom something else is written, or may be.
    due: BTreeSet<(ServerTime, ViewerId)>,
    timer: Option<ServerTime>,
    /// Until when what comes is collected.
    rests_until: Option<ServerTime>,
    /// One set at a time, so that a person's coming and going are written in order.
    is_writing: bool,
}

#[derive(Default)]
struct Person {
    connections: u32,
    written: Written,
    /// Whether they are in the set that is being written.
    is_in_flight: bool,
    due_at: Option<ServerTime>,
}

/// Whether somebody's presence is written, or about to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Written {
    #[default]
    No,
    Yes,
    /// Their set failed, which may have been before or after it was written.
    Unknown,
}

impl Registry {
    pub(super) fn new(node_id: NodeId, waits: Waits) -> Self {
        Self {
            node_id,
            waits,
            rooms: HashMap::new(),
            timers: BTreeSet::new(),
            writing: 0,
        }
    }

    pub(super) fn node_id(&self) -> NodeId {
        self.node_id
    }

    /// Adds a connection of somebody who follows a room.
    pub(super) fn connect(
        &mut self,
        tenant_id: TenantId,
        room_id: RoomId,
        viewer_id: &ViewerId,
        now: ServerTime,
    ) {
        let room = self.rooms.entry(room_id).or_insert_with(|| Room {
            tenant_id,
            people: HashMap::new(),
            due: BTreeSet::new(),
            timer: None,
            rests_until: None,
            is_writing: false,
        });
        room.people
            .entry(viewer_id.clone())
            .or_default()
            .connections += 1;
        room.weigh(viewer_id, now, self.waits.grace_ms);
        self.set_timer(room_id);
    }

    /// Takes one away.
    pub(super) fn disconnect(&mut self, room_id: RoomId, viewer_id: &ViewerId, now: ServerTime) {
        let room = self
            .rooms
            .get_mut(&room_id)
            .expect("a room with a connection");
        known(&mut room.people, viewer_id).connections -= 1;
        room.weigh(viewer_id, now, self.waits.grace_ms);
        self.set_timer(room_id);
    }

    /// When [`Self::take_due`] will have something, if nothing else happens.
    pub(super) fn poll_timeout(&self) -> Option<ServerTime> {
        let (at, _) = self.timers.first().filter(|_| self.writing < WRITING_MAX)?;

        Some(*at)
    }

    /// Takes sets that are to be written by `now`. Each is to be answered by
    /// [`Self::handle_written`], before which its room has no other.
    pub(super) fn take_due(&mut self, now: ServerTime) -> Vec<Flush> {
        let due = self.timers.iter().take_while(|(at, _)| *at <= now);
        let due = due.take(WRITING_MAX - self.writing);
        let due: Vec<_> = due.map(|(_, room_id)| *room_id).collect();
        self.writing += due.len();

        due.into_iter()
            .map(|room_id| {
                let room = self.rooms.get_mut(&room_id).expect("a timer has its room");
                let change = room.take_due(self.node_id, now);
                let taken = change.arrived.len() + change.departed.len();
                // When a whole set was waiting there is no use in waiting for more.
                room.rests_until = (taken < SET_MAX).then(|| now.plus_millis(self.waits.flush_ms));
                room.is_writing = true;
                let tenant_id = room.tenant_id;
                self.set_timer(room_id);
                Flush {
                    tenant_id,
                    room_id,
                    change,
                }
            })
            .collect()
    }

    /// Takes in what became of a set.
    pub(super) fn handle_written(&mut self, flush: &Flush, outcome: Outcome, now: ServerTime) {
        let Flush {
            room_id, change, ..
        } = flush;
        let room = self.rooms.get_mut(room_id).expect("a room being written");
        room.is_writing = false;
        self.writing -= 1;
        for viewer_id in change.arrived.iter().chain(&change.departed) {
            known(&mut room.people, viewer_id).is_in_flight = false;
        }
        // What was written of another node is over with it.
        if outcome == Outcome::Failed && change.node_id == self.node_id {
            let retry_at = now.plus_millis(RETRY_MS);
            room.doubt(change.arrived.iter().chain(&change.departed), retry_at);
        }

        room.forget_gone(change.arrived.iter().chain(&change.departed));
        self.set_timer(*room_id);
    }

    /// Takes in that of none of the sets under way it will be heard what became of it.
    pub(super) fn lose_sets(&mut self, now: ServerTime) {
        let retry_at = now.plus_millis(RETRY_MS);
        let written_to = |(id, room): (&RoomId, &Room)| room.is_writing.then_some(*id);
        let room_ids: Vec<_> = self.rooms.iter().filter_map(written_to).collect();
        for room_id in room_ids {
            let room = self.rooms.get_mut(&room_id).expect("it was just listed");
            room.is_writing = false;
            let mut lost = Vec::new();
            for (viewer_id, person) in &mut room.people {
                if std::mem::take(&mut person.is_in_flight) {
                    lost.push(viewer_id.clone());
                }
            }
            room.doubt(&lost, retry_at);
            self.set_timer(room_id);
        }
        self.writing = 0;
    }

    /// Goes on as another node, of which nothing is written yet.
    pub(super) fn start_anew(&mut self, node_id: NodeId, now: ServerTime) {
        self.node_id = node_id;
        let room_ids: Vec<_> = self.rooms.keys().copied().collect();
        for room_id in room_ids {
            let room = self.rooms.get_mut(&room_id).expect("it was just listed");
            let people: Vec<_> = room.people.keys().cloned().collect();
            for viewer_id in people {
                known(&mut room.people, &viewer_id).written = Written::No;
                room.weigh(&viewer_id, now, self.waits.grace_ms);
            }
            self.set_timer(room_id);
        }
    }

    /// Has the room looked at when it has something to write, and forgets it when it is empty, which
    /// it is not while a set is being written: that has people.
    fn set_timer(&mut self, room_id: RoomId) {
        let room = self.rooms.get_mut(&room_id).expect("a room being changed");
        let timer = room.next_flush();
        if timer != room.timer {
            if let Some(at) = std::mem::replace(&mut room.timer, timer) {
                self.timers.remove(&(at, room_id));
            }
            self.timers.extend(timer.map(|at| (at, room_id)));
        }
        if room.people.is_empty() {
            self.rooms.remove(&room_id);
        }
    }
}

impl Room {
    /// Compares what is with what is written of a person, and has the difference written.
    fn weigh(&mut self, viewer_id: &ViewerId, now: ServerTime, grace_ms: i64) {
        let person = known(&mut self.people, viewer_id);
        let due_at = match (person.connections > 0, person.written) {
            (true, Written::No | Written::Unknown) => Some(now),
            (false, Written::Yes | Written::Unknown) => Some(now.plus_millis(grace_ms)),
            (true, Written::Yes) | (false, Written::No) => None,
        };
        self.set_due(viewer_id, due_at);
        self.forget_gone([viewer_id]);
    }

    fn next_flush(&self) -> Option<ServerTime> {
        let (due_at, _) = self.due.first().filter(|_| !self.is_writing)?;

        Some(self.rests_until.map_or(*due_at, |rest| rest.max(*due_at)))
    }

    fn take_due(&mut self, node_id: NodeId, now: ServerTime) -> PresenceChange {
        let (mut arrived, mut departed) = (Vec::new(), Vec::new());
        while arrived.len() + departed.len() < SET_MAX
            && self.due.first().is_some_and(|(at, _)| *at <= now)
            && let Some((_, viewer_id)) = self.due.pop_first()
        {
            let person = known(&mut self.people, &viewer_id);
            person.due_at = None;
            person.is_in_flight = true;
            if person.connections > 0 {
                person.written = Written::Yes;
                arrived.push(viewer_id);
            } else {
                person.written = Written::No;
                departed.push(viewer_id);
            }
        }

        PresenceChange {
            node_id,
            arrived,
            departed,
        }
    }

    /// Has people of whom nobody knows what is written, written again.
    fn doubt<'a>(&mut self, people: impl IntoIterator<Item = &'a ViewerId>, retry_at: ServerTime) {
        for viewer_id in people {
            known(&mut self.people, viewer_id).written = Written::Unknown;
            self.set_due(viewer_id, Some(retry_at));
        }
    }

    fn set_due(&mut self, viewer_id: &ViewerId, due_at: Option<ServerTime>) {
        let person = known(&mut self.people, viewer_id);
        if let Some(at) = std::mem::replace(&mut person.due_at, due_at) {
            self.due.remove(&(at, viewer_id.clone()));
        }
        self.due.extend(due_at.map(|at| (at, viewer_id.clone())));
    }

    /// Forgets those of `people` who are not here and of whom nothing is written or being written.
    fn forget_gone<'a>(&mut self, people: impl IntoIterator<Item = &'a ViewerId>) {
        for viewer_id in people {
            let is_gone = |person: &Person| {
                person.connections == 0 && person.written == Written::No && !person.is_in_flight
            };
            if self.people.get(viewer_id).is_some_and(is_gone) {
                self.people.remove(viewer_id);
            }
        }
    }
}

fn known<'a>(people: &'a mut HashMap<ViewerId, Person>, viewer_id: &ViewerId) -> &'a mut Person {
    people
        .get_mut(viewer_id)
        .expect("people are kept while they are here or written")
}

#[cfg(test)]
mod tests;
