//! The people that a batch acts on, the census of the room, and the one way in which a participant
//! changes.

use super::{Lookups, RoomAggregate};
use crate::event::EventBody;
use crate::id::{IdSource, ParticipantId, ViewerId};
use crate::participant::{Participant, ParticipantProfile, Role, SMALL_ROOM_MAX};
use crate::points::MemberNumber;
use crate::stage::StageRole;
use crate::time::ServerTime;

/// Participants that a batch asked for, kept current by the commands decided so far.
#[derive(Debug, Clone, Default)]
pub struct People {
    by_id: Lookups<ParticipantId, Participant>,
    ids: Lookups<ViewerId, ParticipantId>,
    has_stage: bool,
}

/// How many people of each sort a room has, so that no rule counts rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    pub joined: i64,
    /// Also those who left.
    pub owners: i64,
    /// Owners and moderators, also those who left.
    pub role_holders: i64,
    pub on_stage: i64,
    /// Asking for the stage, or asked to take it.
    pub waiting: i64,
    pub host: Option<ParticipantId>,
    pub online: OnlineCount,
    /// The entries of the audit trail, and so the position of the last.
    pub audited: i64,
    /// Everyone who ever joined, and so the next number to be given.
    pub numbered: i64,
    /// What the room sells, disabled rewards included.
    pub rewards: i64,
    pub enabled_rewards: i64,
    /// The redemptions that nobody has seen to.
    pub open_redemptions: i64,
    /// How often a redemption was made or changed, and so the position of the newest change in staff's queue.
    pub queue_changes: i64,
    /// The draws that take entries, or are due.
    pub open_draws: i64,
    /// The cases that nobody has ended.
    pub open_disputes: i64,
    /// How often a case was opened or changed, and so the position of the newest change of the cases.
    pub dispute_changes: i64,
}

/// How many participants are online, and how often that number has changed, by which the later of
/// two readings is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OnlineCount {
    pub count: i64,
    pub changes: i64,
}

/// The event that a change of a participant makes.
pub(super) type BodyOf = fn(ParticipantProfile) -> EventBody;

impl People {
    /// Notes that the participant of that id is looked up.
    pub fn ask(&mut self, id: ParticipantId) {
        self.by_id.ask(id);
    }

    /// Notes that the participant who is that viewer is looked up.
    pub fn ask_viewer(&mut self, viewer_id: ViewerId) {
        self.ids.ask(viewer_id);
    }

    /// Notes that everyone on the stage, or on the way there, is looked up.
    pub fn ask_stage(&mut self) {
        self.has_stage = true;
    }

    /// The participant of that id. Panics if the batch did not ask.
    pub fn get(&self, id: ParticipantId) -> Option<&Participant> {
        self.by_id.get(&id)
    }

    /// The participant who is that viewer. Panics if the batch did not ask.
    pub fn of_viewer(&self, viewer_id: &ViewerId) -> Option<&Participant> {
        self.get(*self.ids.get(viewer_id)?)
    }

    /// Everyone who is on the stage, or on the way there.
    pub(super) fn beyond_audience(&self) -> Vec<Participant> {
        assert!(self.has_stage, "the stage was cleared and never looked up");
        let found = self.by_id.found().map(|(_, participant)| participant);
        found
            .filter(|participant| participant.stage_role != StageRole::Audience)
            .cloned()
            .collect()
    }

    /// Adds a participant, or takes the place of what was known of them. Returns that.
    pub fn put(&mut self, participant: Participant) -> Option<Participant> {
        self.ids.put(participant.viewer_id.clone(), participant.id);
        self.by_id.put(participant.id, participant)
    }
}

impl Census {
    /// Gives out the next number.
    pub(super) fn next_number(&mut self) -> MemberNumber {
        let number = u32::try_from(self.numbered).expect("a room has fewer members than numbers");
        self.numbered += 1;
        MemberNumber(number)
    }

    fn count(&mut self, participant: &Participant, by: i64) {
        let add = |counter: &mut i64, counts: bool| *counter += if counts { by } else { 0 };
        add(&mut self.joined, participant.is_joined());
        add(&mut self.owners, participant.role == Role::Owner);
        add(&mut self.role_holders, participant.role > Role::Member);
        add(&mut self.on_stage, participant.stage_role.is_on_stage());
        add(&mut self.waiting, participant.stage_role.is_waiting());
        add(&mut self.online.count, participant.is_online);
    }

    fn replace(&mut self, before: Option<&Participant>, after: &Participant) {
        let online = self.online.count;
        if let Some(before) = before {
            self.count(before, -1);
        }
        self.count(after, 1);
        self.online.changes += i64::from(self.online.count != online);

        if after.stage_role == StageRole::Host {
            self.host = Some(after.id);
        } else if self.host == Some(after.id) {
            self.host = None;
        }
    }
}

impl RoomAggregate {
    /// Writes `participant` as they were changed, at a version of their own.
    pub(super) fn put_participant(
        &mut self,
        participant: Participant,
        body_of: BodyOf,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Participant {
        let version = participant.version + 1;
        let participant = Participant {
            version,
            ..participant
        };

        self.show_participant(participant, body_of, ids, now)
    }

    /// Writes `participant` as it is now, and tells the room if it is shown them by name, or was.
    ///
    /// Whether it is goes by the room's size at each change, so a room that has grown tells of its
    /// audience by count without a message for each.
    pub(super) fn show_participant(
        &mut self,
        mut participant: Participant,
        body_of: BodyOf,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Participant {
        let before = self.known.people.of_viewer(&participant.viewer_id);
        let was_listed = before.is_some_and(|before| before.is_listed);
        participant.is_online &= participant.is_joined();
        self.census.replace(before, &participant);
        self.changes.census = true;

        let is_small = self.census.joined <= SMALL_ROOM_MAX;
        participant.is_listed = participant.is_joined() && (is_small || participant.is_prominent());
        if was_listed || participant.is_listed {
            self.append(body_of(participant.profile()), ids, now);
        }

        self.known.people.put(participant.clone());
        self.changes
            .participants
            .insert(participant.id, participant.clone());
        participant
    }
}
