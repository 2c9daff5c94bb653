//! When an event is due, and on which clock: the only place where the two meet.
//!
//! A `Due` is made once, where an event enters the timeline, from the placement. It holds either a
//! server time or a place in the stream, and each is compared with its own kind alone, so that the
//! stream's delay cannot be added twice.

use crate::config::Placement;
use crate::event::RoomEvent;
use crate::time::{MediaTime, ServerTime};

/// When an event is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Server(ServerTime),
    Media(MediaTime),
}

/// How far the clocks have got.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reached {
    pub(crate) server: Option<ServerTime>,
    pub(crate) media: Option<MediaTime>,
}

/// What makes a due out of an event's stamps. When it changes, everything is dated anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Schedule {
    pub(crate) placement: Placement,
    /// A player that cannot tell where it is counts as a companion.
    pub(crate) playhead_missing: bool,
    pub(crate) ingest_offset_ms: i64,
}

impl Due {
    /// Returns how long ago it was reached in milliseconds, or `None` if it has not been.
    pub(crate) fn late_by_ms(self, reached: Reached) -> Option<i64> {
        let late_by_ms = match self {
            Self::Server(due) => reached.server?.millis_since(due),
            Self::Media(due) => reached.media?.millis_since(due),
        };

        (late_by_ms >= 0).then_some(late_by_ms)
    }

    pub(crate) const fn moved_by(self, millis: i64) -> Self {
        match self {
            Self::Server(due) => Self::Server(due.plus_millis(millis)),
            Self::Media(due) => Self::Media(due.plus_millis(millis)),
        }
    }

    /// Returns whether it comes before `other`, which is on the same clock: all of a timeline are.
    pub(crate) fn is_before(self, other: Self) -> bool {
        match (self, other) {
            (Self::Server(due), Self::Server(other)) => due < other,
            (Self::Media(due), Self::Media(other)) => due < other,
            (Self::Server(_), Self::Media(_)) | (Self::Media(_), Self::Server(_)) => false,
        }
    }

    /// Returns the earlier of the two, if there is another.
    pub(crate) fn or_earlier(self, other: Option<Self>) -> Self {
        other.filter(|other| other.is_before(self)).unwrap_or(self)
    }
}

impl Schedule {
    pub(crate) const fn due(&self, event: &RoomEvent) -> Due {
        self.due_of(event.occurred_at, event.display_at)
    }

    /// Returns when an event is due that has these stamps.
    pub(crate) const fn due_of(&self, occurred_at: ServerTime, display_at: ServerTime) -> Due {
        match self.placement {
            Placement::Source => Due::Server(occurred_at),
            Placement::Player if !self.playhead_missing => {
                Due::Media(occurred_at.on_stream(self.ingest_offset_ms))
            }
            Placement::Player | Placement::Companion => Due::Server(display_at),
        }
    }

    /// Returns whether events are due on the stream's own timeline.
    pub(crate) const fn follows_playhead(&self) -> bool {
        matches!(self.placement, Placement::Player) && !self.playhead_missing
    }
}

#[cfg(test)]
mod tests {
    use super::{Due, Reached, Schedule};
    use crate::config::Placement;
    use crate::event::{EventTiming, Payload, RoomEvent};
    use crate::time::{MediaTime, ServerTime};

    const OCCURRED_AT: ServerTime = ServerTime::from_unix_millis(100_000);
    const DISPLAY_AT: ServerTime = ServerTime::from_unix_millis(108_000);

    #[test]
    fn the_placement_decides_the_clock() {
        let on_stream = MediaTime::from_unix_millis(100_300);
        for (placement, playhead_missing, due) in [
            (Placement::Source, false, Due::Server(OCCURRED_AT)),
            (Placement::Player, false, Due::Media(on_stream)),
            (Placement::Player, true, Due::Server(DISPLAY_AT)),
            (Placement::Companion, false, Due::Server(DISPLAY_AT)),
        ] {
            let schedule = Schedule {
                placement,
                playhead_missing,
                ingest_offset_ms: 300,
            };
            assert_eq!(schedule.due(&event()), due, "{placement:?}");
        }
    }

    #[test]
    fn a_due_is_reached_by_its_own_clock_alone() {
        let reached = Reached {
            server: Some(ServerTime::from_unix_millis(5)),
            media: Some(MediaTime::from_unix_millis(10)),
        };

        assert_eq!(
            Due::Server(ServerTime::from_unix_millis(6)).late_by_ms(reached),
            None
        );
        assert_eq!(
            Due::Media(MediaTime::from_unix_millis(6)).late_by_ms(reached),
            Some(4)
        );
        assert_eq!(
            Due::Server(ServerTime::from_unix_millis(5)).late_by_ms(reached),
            Some(0)
        );
        assert_eq!(
            Due::Media(MediaTime::from_unix_millis(6)).late_by_ms(Reached::default()),
            None
        );
    }

    fn event() -> RoomEvent {
        RoomEvent {
            seq: 1,
            occurred_at: OCCURRED_AT,
            display_at: DISPLAY_AT,
            timing: EventTiming::Picture,
            part: None,
            empties_part: false,
            type_name: "ContributionReceived".to_owned(),
            payload: Payload::new(Payload::NOTHING),
            is_readable: true,
        }
    }
}
