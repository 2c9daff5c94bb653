//! Events of a room's log, and the messages they travel in.

mod query;
mod subscription;

use std::sync::Arc;

use async_graphql::{Enum, ID, Interface, Object, SimpleObject};
use parlor_domain::event::{self, Event, EventBody, Timing};
use parlor_domain::room;
use parlor_domain::room_aggregate::TellRefusal;

use super::contributions::ContributionAlert;
use super::global_id::{self, IdKind};
use super::hype_trains::HypeTrain;
use super::people::ParticipantProfile;
use super::rewards::RedemptionAlert;
use super::scalar::{Int64, Time, int};
use super::sessions::Session;
use crate::feed::FeedMessage;
use crate::refusal::Refusal;

pub(super) use query::RoomEventsQuery;
pub(super) use subscription::RoomSubscription;

/// Where an event sits when a client reads it: at once, or when the viewer's picture gets there.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Timing")]
pub(crate) enum EventTiming {
    /// It applies on arrival.
    Live,
    /// It waits for the viewer's picture.
    Picture,
}

/// Declares events: the interface, and an object for each kind.
macro_rules! events {
    ($($(#[$doc:meta])* $name:ident { $field:ident: $payload:ty }),* $(,)?) => {
        /// A fact in a room's log.
        #[derive(Interface)]
        #[graphql(
            field(name = "id", ty = "ID"),
            field(name = "seq", ty = "Int64"),
            field(name = "occurred_at", ty = "Time"),
            field(
                name = "display_at",
                ty = "Time",
                desc = "`occurredAt` plus the session's stream delay at that time."
            ),
            field(name = "timing", ty = "EventTiming"),
            field(
                name = "part",
                ty = "Option<String>",
                desc = "The part of the room's state that this event carries whole; null for a moment."
            )
        )]
        pub(crate) enum RoomEvent {
            $($name($name),)*
        }

        $(
            $(#[$doc])*
            pub(crate) struct $name(Arc<Event>);

            $(#[$doc])*
            #[Object]
            impl $name {
                async fn id(&self) -> ID {
                    IdKind::Event.id(self.0.id.0)
                }

                async fn seq(&self) -> Int64 {
                    self.0.seq.into()
                }

                async fn occurred_at(&self) -> Time {
                    self.0.occurred_at.into()
                }

                /// `occurredAt` plus the session's stream delay at that time.
                async fn display_at(&self) -> Time {
                    self.0.display_at.into()
                }

                async fn timing(&self) -> EventTiming {
                    self.0.body.timing().into()
                }

                /// The part of the room's state that this event carries whole; null for a moment.
                async fn part(&self) -> Option<String> {
                    self.0.body.part().map(|part| part.key().into_owned())
                }

                async fn $field(&self) -> $payload {
                    let EventBody::$name(payload) = &self.0.body else {
                        unreachable!("an event is wrapped by its kind");
                    };

                    <$payload>::from(payload)
                }
            }

            impl From<Event> for $name {
                fn from(event: Event) -> Self {
                    Self(Arc::new(event))
                }
            }
        )*

        impl From<&Arc<Event>> for RoomEvent {
            fn from(event: &Arc<Event>) -> Self {
                match &event.body {
                    $(EventBody::$name(_) => Self::$name($name(Arc::clone(event))),)*
                }
            }
        }
    };
}

events! {
    /// The room's profile changed; this is the new one.
    RoomUpdated { room: RoomProfile },
    /// A live run of the room's stream began.
    SessionStarted { session: Session },
    /// The stream went away. It may come back within the room's `interruptionGraceMs`.
    SessionInterrupted { session: Session },
    /// The stream is back, in the same session.
    SessionResumed { session: Session },
    /// One that was interrupted and did not come back ended when it was interrupted.
    SessionEnded { session: Session },
    /// Somebody gave something: a moment, shown once.
    ContributionReceived { contribution: ContributionAlert },
    /// A contribution counted towards kickoff.
    HypeTrainApproached { train: HypeTrain },
    /// The train set off.
    HypeTrainStarted { train: HypeTrain },
    /// Hype was added within a level.
    HypeTrainProgressed { train: HypeTrain },
    /// A level was completed.
    HypeTrainLeveledUp { train: HypeTrain },
    /// A reversal lowered the train's total.
    HypeTrainCorrected { train: HypeTrain },
    /// The train ran out of time, or its kickoff lapsed (`level` is 0 then).
    HypeTrainEnded { train: HypeTrain },
    /// Of a room's audience, only a small room tells by name who comes and goes.
    ParticipantJoined { participant: ParticipantProfile },
    /// They went.
    ParticipantLeft { participant: ParticipantProfile },
    /// They were put out of the room.
    ParticipantRemoved { participant: ParticipantProfile },
    /// The name changed, or what the participant may do.
    ParticipantUpdated { participant: ParticipantProfile },
    /// They have another role.
    ParticipantRoleChanged { participant: ParticipantProfile },
    /// They have another place.
    ParticipantStageChanged { participant: ParticipantProfile },
    /// Somebody whom the room shows by name came online or went offline. That is no change of
    /// theirs: `version` stays.
    ParticipantPresenceChanged { participant: ParticipantProfile },
    /// Somebody who may told everyone something: a moment, shown once.
    AnnouncementMade { announcement: Announcement },
    /// Somebody redeemed a reward that is announced: a moment, shown once. What becomes of the redemption is not told.
    RewardRedeemed { redemption: RedemptionAlert },
}

/// Whether a room is open.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "room::RoomState")]
pub(crate) enum RoomState {
    /// Not yet open.
    Draft,
    Open,
    /// Closed for good.
    Archived,
}

/// What everyone who may read a room sees of it.
#[derive(SimpleObject)]
pub(crate) struct RoomProfile {
    id: ID,
    /// Name within its tenant, as in addresses.
    slug: String,
    /// As typed by its owner: text, never markup.
    title: String,
    state: RoomState,
    /// How much later an instant appears on the stream's own timeline than it happened.
    ingest_offset_ms: i32,
    /// Counts changes of the room.
    version: i32,
}

/// What somebody tells everyone in a room.
#[derive(SimpleObject)]
pub(crate) struct Announcement {
    /// As typed: text, never markup.
    text: String,
}

/// Who is online in a room.
#[derive(SimpleObject)]
pub(crate) struct RoomPresence {
    /// How many participants follow the room, by whatever number of devices each.
    online_count: i32,
}

/// One message of `liveRoom`, or one answer of `roomEvents`.
pub(crate) struct RoomFeed(pub(crate) FeedMessage);

#[Object]
impl RoomFeed {
    async fn epoch(&self) -> ID {
        global_id::epoch(self.0.epoch)
    }

    /// This message covers the events with `afterSeq < seq <= throughSeq`.
    async fn after_seq(&self) -> Int64 {
        self.0.after_seq.into()
    }

    async fn through_seq(&self) -> Int64 {
        self.0.through_seq.into()
    }

    /// On the first message after `after`: whether every event since is here. True on all later
    /// messages. False from `roomEvents` if the log is another, or does not reach back to `after`.
    async fn recovered(&self) -> bool {
        self.0.recovered
    }

    /// When present, replaces all state: the last event of every part as of `afterSeq`. A part that
    /// is absent is empty. After `at`, live parts are as they are now, and may be newer.
    async fn snapshot(&self) -> Option<Vec<RoomEvent>> {
        self.0
            .snapshot
            .as_ref()
            .map(|events| events.iter().map(RoomEvent::from).collect())
    }

    async fn events(&self) -> Vec<RoomEvent> {
        self.0.events.iter().map(RoomEvent::from).collect()
    }

    /// With a snapshot: the position that its live parts are as of. A live event up to there is told by
    /// them already.
    async fn live_through_seq(&self) -> Option<Int64> {
        self.0.live_through_seq.map(Int64::from)
    }

    /// When the first event happened of those that are left out, which are all between the last of
    /// `events` and `throughSeq`; `roomEvents` has them. Null if none is. An answer of `roomEvents` ends
    /// at `throughSeq`, and this is when the first event behind it happened.
    async fn left_out_from(&self) -> Option<Time> {
        self.0.left_out_from.map(Time::from)
    }

    /// Who is online: on the first message, and when it has changed, at most once a second, on one
    /// with events or on one of its own. Null otherwise. It is no part of the log.
    async fn presence(&self) -> Option<RoomPresence> {
        self.0.presence.as_ref().map(|presence| RoomPresence {
            online_count: int(presence.ask()),
        })
    }
}

impl From<TellRefusal> for Refusal {
    fn from(refusal: TellRefusal) -> Self {
        match refusal {
            TellRefusal::KeyReused(_) => Self::conflict("KEY_REUSED", refusal),
            TellRefusal::Act(refusal) => refusal.into(),
        }
    }
}

impl From<&event::Announcement> for Announcement {
    fn from(announcement: &event::Announcement) -> Self {
        Self {
            text: announcement.text.clone(),
        }
    }
}

impl From<&room::RoomProfile> for RoomProfile {
    fn from(profile: &room::RoomProfile) -> Self {
        Self {
            id: IdKind::Room.id(profile.id.0),
            slug: profile.slug.clone(),
            title: profile.title.clone(),
            state: profile.state.into(),
            ingest_offset_ms: int(profile.ingest_offset_ms),
            version: profile.version,
        }
    }
}
