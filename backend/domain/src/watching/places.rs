//! In how many rooms one person's devices may prove one and the same minute.

use crate::id::{RoomId, ViewerId};

use super::Minute;

/// The most rooms: two beside each other is how people watch; more of them is how points are farmed.
pub const WATCHED_ROOMS_MAX: usize = 2;

/// A viewer's minute, across the rooms of their tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ViewerMinute {
    pub minute: Minute,
    pub viewer_id: ViewerId,
}

/// The rooms that a viewer's minute counted in, by what devices reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Places([Option<RoomId>; WATCHED_ROOMS_MAX]);

impl Places {
    /// Whether the minute counted in that room.
    pub fn have(&self, room_id: RoomId) -> bool {
        self.0.contains(&Some(room_id))
    }

    /// A place that no room has, by its number.
    pub fn free(&self) -> Option<usize> {
        self.0.iter().position(Option::is_none)
    }

    /// Notes which room has a place. A place that there is not is told.
    pub fn take(&mut self, place: usize, room_id: RoomId) -> Result<(), usize> {
        let taken = self.0.get_mut(place).ok_or(place)?;
        *taken = Some(room_id);

        Ok(())
    }

    /// The rooms that have places, with the places' numbers.
    pub fn taken(&self) -> impl Iterator<Item = (usize, RoomId)> {
        let places = self.0.iter().enumerate();
        places.filter_map(|(place, room_id)| Some((place, (*room_id)?)))
    }
}
