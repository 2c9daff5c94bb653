//! What a room's log holds, and how it is numbered and stamped.

use serde::{Deserialize, Serialize};

use crate::contribution::ContributionAlert;
use crate::hype_train::HypeTrain;
use crate::id::{Epoch, EventId, IdSource};
use crate::room::RoomProfile;
use crate::session::Session;
use crate::time::ServerTime;

/// A fact in a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub seq: i64,
    pub occurred_at: ServerTime,
    pub display_at: ServerTime,
    pub body: EventBody,
}

/// What happened. State events carry their part whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload")]
pub enum EventBody {
    RoomUpdated(RoomProfile),
    SessionStarted(Session),
    SessionEnded(Session),
    ContributionReceived(ContributionAlert),
    HypeTrainApproached(HypeTrain),
    HypeTrainStarted(HypeTrain),
    HypeTrainProgressed(HypeTrain),
    HypeTrainLeveledUp(HypeTrain),
    HypeTrainCorrected(HypeTrain),
    HypeTrainEnded(HypeTrain),
}

/// A piece of a room's state that is replaced whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Room,
    Session,
    Train,
}

/// Whether an event applies on arrival or waits for the viewer's picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    Live,
    Picture,
}

impl Part {
    /// The part's key in the log and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Session => "session",
            Self::Train => "train",
        }
    }

    /// Whether the part belongs to the people or to the picture.
    pub fn timing(self) -> Timing {
        match self {
            Self::Room | Self::Session => Timing::Live,
            Self::Train => Timing::Picture,
        }
    }
}

impl EventBody {
    /// The part this event replaces; `None` for a moment, which is shown once.
    pub fn part(&self) -> Option<Part> {
        match self {
            Self::RoomUpdated(_) => Some(Part::Room),
            Self::SessionStarted(_) | Self::SessionEnded(_) => Some(Part::Session),
            Self::ContributionReceived(_) => None,
            Self::HypeTrainApproached(_)
            | Self::HypeTrainStarted(_)
            | Self::HypeTrainProgressed(_)
            | Self::HypeTrainLeveledUp(_)
            | Self::HypeTrainCorrected(_)
            | Self::HypeTrainEnded(_) => Some(Part::Train),
        }
    }

    /// The train that this event carries.
    pub(crate) fn train_mut(&mut self) -> Option<&mut HypeTrain> {
        match self {
            Self::RoomUpdated(_)
            | Self::SessionStarted(_)
            | Self::SessionEnded(_)
            | Self::ContributionReceived(_) => None,
            Self::HypeTrainApproached(train)
            | Self::HypeTrainStarted(train)
            | Self::HypeTrainProgressed(train)
            | Self::HypeTrainLeveledUp(train)
            | Self::HypeTrainCorrected(train)
            | Self::HypeTrainEnded(train) => Some(train),
        }
    }

    /// When a client applies this event. Moments all belong to the show.
    pub fn timing(&self) -> Timing {
        self.part().map_or(Timing::Picture, Part::timing)
    }
}

/// Where a room's log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    pub epoch: Epoch,
    /// The last event's position; 0 when there is none.
    pub seq: i64,
    pub occurred_at: ServerTime,
    pub display_at: ServerTime,
}

impl LogHead {
    /// An empty log.
    pub fn new(epoch: Epoch) -> Self {
        let start = ServerTime::from_unix_millis(0);
        Self {
            epoch,
            seq: 0,
            occurred_at: start,
            display_at: start,
        }
    }

    /// Numbers and stamps the next event. Neither stamp ever runs backwards within a room, whatever
    /// the clock of the node that writes says.
    pub fn append(
        &mut self,
        body: EventBody,
        delay_ms: i64,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Event {
        self.seq += 1;
        self.occurred_at = self.occurred_at.max(now);
        self.display_at = self.display_at.max(self.occurred_at.plus_millis(delay_ms));

        Event {
            id: EventId::next(ids),
            seq: self.seq,
            occurred_at: self.occurred_at,
            display_at: self.display_at,
            body,
        }
    }
}
