//! What a room's log holds, and how it is numbered and stamped.

mod announcement;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::contribution::ContributionAlert;
use crate::hype_train::HypeTrain;
use crate::id::{Epoch, EventId, IdSource, ParticipantId};
use crate::participant::ParticipantProfile;
use crate::reward::RedemptionAlert;
use crate::room::RoomProfile;
use crate::session::Session;
use crate::time::ServerTime;

pub use announcement::Announcement;

/// How far a node's clock may be from the database's, in milliseconds. A node whose clock is further off
/// writes nothing.
pub const CLOCK_DEVIATION_MS_MAX: i64 = 2_000;
/// How far ahead of a clock that is trusted a log may be stamped: two such clocks may be twice
/// [`CLOCK_DEVIATION_MS_MAX`] apart, and a little more, because comparing them takes time.
pub const AHEAD_MS_MAX: i64 = 5_000;

/// A fact in a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub seq: i64,
    pub occurred_at: ServerTime,
    pub display_at: ServerTime,
    pub body: EventBody,
}

/// Declares what can happen: each kind, and what it carries.
macro_rules! events {
    ($($kind:ident($subject:ty)),* $(,)?) => {
        /// What happened. State events carry their part whole.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", content = "payload")]
        pub enum EventBody {
            $($kind($subject),)*
        }

        impl EventBody {
            /// The names of all kinds.
            pub const KINDS: &[&str] = &[$(stringify!($kind)),*];

            /// The kind's name.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($kind),)*
                }
            }

            fn subject(&self) -> &dyn Subject {
                match self {
                    $(Self::$kind(subject) => subject,)*
                }
            }

            fn subject_mut(&mut self) -> &mut dyn Subject {
                match self {
                    $(Self::$kind(subject) => subject,)*
                }
            }
        }
    };
}

events! {
    RoomUpdated(RoomProfile),
    SessionStarted(Session),
    SessionInterrupted(Session),
    SessionResumed(Session),
    SessionEnded(Session),
    ContributionReceived(ContributionAlert),
    HypeTrainApproached(HypeTrain),
    HypeTrainStarted(HypeTrain),
    HypeTrainProgressed(HypeTrain),
    HypeTrainLeveledUp(HypeTrain),
    HypeTrainCorrected(HypeTrain),
    HypeTrainEnded(HypeTrain),
    ParticipantJoined(ParticipantProfile),
    ParticipantLeft(ParticipantProfile),
    ParticipantRemoved(ParticipantProfile),
    ParticipantUpdated(ParticipantProfile),
    ParticipantRoleChanged(ParticipantProfile),
    ParticipantStageChanged(ParticipantProfile),
    ParticipantPresenceChanged(ParticipantProfile),
    AnnouncementMade(Announcement),
    RewardRedeemed(RedemptionAlert),
}

/// What an event is about. Unless it says otherwise its events are moments, each of which is shown once.
pub(crate) trait Subject {
    /// The part of the room's state that it is.
    fn part(&self) -> Option<Part> {
        None
    }

    /// Whether the part is empty after it.
    fn empties_part(&self) -> bool {
        false
    }

    fn train(&self) -> Option<&HypeTrain> {
        None
    }

    fn train_mut(&mut self) -> Option<&mut HypeTrain> {
        None
    }
}

impl Subject for RoomProfile {
    fn part(&self) -> Option<Part> {
        Some(Part::Room)
    }
}

impl Subject for Session {
    fn part(&self) -> Option<Part> {
        Some(Part::Session)
    }
}

impl Subject for ContributionAlert {}

impl Subject for Announcement {}

impl Subject for RedemptionAlert {}

impl Subject for HypeTrain {
    fn part(&self) -> Option<Part> {
        Some(Part::Train)
    }

    fn train(&self) -> Option<&HypeTrain> {
        Some(self)
    }

    fn train_mut(&mut self) -> Option<&mut HypeTrain> {
        Some(self)
    }
}

impl Subject for ParticipantProfile {
    fn part(&self) -> Option<Part> {
        Some(Part::Participant(self.id))
    }

    /// Of the people, the log keeps only those it shows by name.
    fn empties_part(&self) -> bool {
        !self.is_listed
    }
}

/// A piece of a room's state that is replaced whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Room,
    Session,
    Train,
    Participant(ParticipantId),
}

/// Whether an event applies on arrival or waits for the viewer's picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    Live,
    Picture,
}

impl Part {
    /// The parts that belong to the picture.
    pub const PICTURE: [Self; 1] = [Self::Train];

    /// The part's key in the log and in the API.
    pub fn key(self) -> Cow<'static, str> {
        match self {
            Self::Room => Cow::Borrowed("room"),
            Self::Session => Cow::Borrowed("session"),
            Self::Train => Cow::Borrowed("train"),
            Self::Participant(id) => Cow::Owned(format!("participant:{id}")),
        }
    }

    /// Whether the part belongs to the people or to the picture.
    pub fn timing(self) -> Timing {
        match self {
            Self::Room | Self::Session | Self::Participant(_) => Timing::Live,
            Self::Train => Timing::Picture,
        }
    }
}

impl EventBody {
    /// The part this event replaces; `None` for a moment, which is shown once.
    pub fn part(&self) -> Option<Part> {
        self.subject().part()
    }

    /// Whether the part is empty after this event, so that no snapshot has it.
    pub fn empties_part(&self) -> bool {
        self.subject().empties_part()
    }

    /// The train that this event carries.
    pub(crate) fn train_mut(&mut self) -> Option<&mut HypeTrain> {
        self.subject_mut().train_mut()
    }

    /// Whether this event takes the place of `earlier`, of the same part and batch. The end of one train is not lost in
    /// the approach of the next, and its start not in the level that its kickoff has filled.
    pub(crate) fn supersedes(&self, earlier: &Self) -> bool {
        let id = |body: &Self| body.subject().train().map(|train| train.id);
        let starts_higher = matches!(
            (earlier, self),
            (Self::HypeTrainStarted(_), Self::HypeTrainLeveledUp(_))
        );

        id(self) == id(earlier) && !starts_higher
    }

    /// This event, which [supersedes](Self::supersedes) `earlier`. It is told as what happened to the
    /// train that people wait for: a start, a level-up or an end is not lost in what follows.
    pub(crate) fn following(self, earlier: &Self) -> Self {
        match (self, earlier) {
            (
                Self::HypeTrainProgressed(train) | Self::HypeTrainCorrected(train),
                Self::HypeTrainLeveledUp(_),
            ) => Self::HypeTrainLeveledUp(train),
            (
                Self::HypeTrainProgressed(train) | Self::HypeTrainCorrected(train),
                Self::HypeTrainStarted(_),
            ) => Self::HypeTrainStarted(train),
            (Self::HypeTrainCorrected(train), Self::HypeTrainEnded(_)) => {
                Self::HypeTrainEnded(train)
            }
            (later, _) => later,
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
    /// How many batches have changed what somebody has in the room: the version of everybody's wallet.
    pub wallets: i64,
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
            wallets: 0,
        }
    }

    /// Whether the log was stamped by a clock that must have been put right since.
    pub fn is_ahead_of(&self, now: ServerTime) -> bool {
        self.occurred_at > now.plus_millis(AHEAD_MS_MAX)
    }

    /// Numbers and stamps the next event. `occurred_at` never runs backwards within an epoch, whichever
    /// node's clock it comes from. `display_at` goes by the delay of its moment, and runs back when a
    /// delay is put right: what orders events is `seq` alone.
    pub fn append(
        &mut self,
        body: EventBody,
        delay_ms: i64,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Event {
        self.seq += 1;
        self.occurred_at = self.occurred_at.max(now);
        self.display_at = self.occurred_at.plus_millis(delay_ms);

        Event {
            id: EventId::next(ids),
            seq: self.seq,
            occurred_at: self.occurred_at,
            display_at: self.display_at,
            body,
        }
    }
}
