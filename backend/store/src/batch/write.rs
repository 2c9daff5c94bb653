//! The rooms of a batch as they are written, in sets: one statement a table, or few.

use parlor_domain::room_aggregate::RoomAggregate;

use super::rooms::Locked;
use crate::log::KEYFRAME_EVERY;

/// A room to write, and where its last keyframe will be.
#[derive(Clone, Copy)]
pub(crate) struct Room<'a> {
    pub(super) aggregate: &'a RoomAggregate,
    /// Where the last keyframe is, before the batch.
    pub(super) kept_seq: i64,
    /// Where it will be.
    pub(super) keyframe_seq: i64,
}

impl<'a> Room<'a> {
    /// A room that is not in the database yet.
    pub(crate) fn new(aggregate: &'a RoomAggregate) -> Self {
        Self {
            aggregate,
            kept_seq: 0,
            keyframe_seq: 0,
        }
    }

    pub(super) fn of(locked: &'a Locked) -> Self {
        let head_seq = locked.aggregate.head.seq;
        let is_due = head_seq - locked.keyframe_seq >= KEYFRAME_EVERY;
        let keyframe_seq = if is_due {
            head_seq
        } else {
            locked.keyframe_seq
        };

        Self {
            aggregate: &locked.aggregate,
            kept_seq: locked.keyframe_seq,
            keyframe_seq,
        }
    }

    pub(super) fn writes_keyframe(self) -> bool {
        self.keyframe_seq == self.aggregate.head.seq && !self.aggregate.changes.events.is_empty()
    }
}

/// Everything that `of` names, room by room, each with its room.
pub(super) fn each<'a, T, I>(
    rooms: &[Room<'a>],
    of: impl Fn(&'a RoomAggregate) -> I,
) -> Vec<(&'a RoomAggregate, T)>
where
    I: Iterator<Item = T>,
{
    rooms
        .iter()
        .map(|room| room.aggregate)
        .flat_map(|aggregate| of(aggregate).map(move |item| (aggregate, item)))
        .collect()
}
