//! Deleting a room, which is for rooms that nothing hangs on.

use super::RoomAggregate;
use crate::room::Room;

/// Why a room was not deleted, in the order the reasons are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeleteRoomRefusal {
    #[error("the room is at version {current}, not {given}")]
    StaleVersion { current: i32, given: i32 },
    #[error("a room with a live session cannot be deleted")]
    SessionLive,
    #[error(
        "contributions or memberships were recorded in the room, and they are kept; archive it instead"
    )]
    HasContributions,
    #[error("points were moved in the room, and its books are kept; archive it instead")]
    HasBooks,
}

impl RoomAggregate {
    /// Deletes the room, whose contributions and books the batch has to know of. Nothing can be decided on it
    /// afterwards.
    pub fn delete_room(&mut self, version: i32) -> Result<Room, DeleteRoomRefusal> {
        if version != self.room.version {
            let (current, given) = (self.room.version, version);
            return Err(DeleteRoomRefusal::StaleVersion { current, given });
        }
        if self.live_session().is_some() {
            return Err(DeleteRoomRefusal::SessionLive);
        }
        let has_contributions = self.known.has_contributions;
        let has_contributions =
            has_contributions.expect("a batch that deletes looks for contributions");
        let changes = &self.changes;
        let are_new = !changes.contributions.is_empty() || !changes.memberships.is_empty();
        if has_contributions || are_new {
            return Err(DeleteRoomRefusal::HasContributions);
        }
        if self.known.books.ledger().seq > 0 {
            return Err(DeleteRoomRefusal::HasBooks);
        }

        self.changes.deleted = true;
        Ok(self.room.clone())
    }

    /// Whether the batch has deleted the room.
    pub fn is_deleted(&self) -> bool {
        self.changes.deleted
    }
}
