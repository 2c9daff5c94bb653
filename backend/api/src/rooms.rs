//! Rooms as clients read them.

mod input;
mod mutation;
mod query;
mod refusal;

use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use parlor_domain::{hype_train, room, session, watching};
use parlor_store::RoomView;

use super::app;
use super::fault::Fault;
use super::global_id::IdKind;
use super::hype_trains::HypeTrain;
use super::page::PageInfo;
use super::room_feed::RoomState;
use super::scalar::{Currency, Int64, Time, int};
use super::sessions::Session;
use super::watching::EarningProgramme;

pub(super) use mutation::RoomMutation;
pub(super) use query::RoomQuery;

/// Who may join a room by themselves. Staff lets anybody in.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "room::Admission")]
pub(crate) enum Admission {
    Everyone,
    /// Those who have been in the room.
    Known,
}

/// As how many viewers of a kickoff anonymous gifts count: those of whom no id is known, named or not.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "hype_train::AnonymousGifts")]
pub(crate) enum AnonymousGifts {
    /// As one, however many they are.
    Together,
    Nobody,
    /// As one each.
    Each,
}

#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Room {
    pub(super) id: ID,
    slug: String,
    title: String,
    /// The stream this room belongs to, if any, by the platform's own id.
    stream_id: Option<String>,
    state: RoomState,
    /// Counts changes of the room; give it back to `updateRoom`.
    version: i32,
    /// The delay that a session takes when it is started without one, in milliseconds.
    delay_ms: i32,
    /// How much later an instant appears on the stream's own timeline than it happened, in
    /// milliseconds.
    ingest_offset_ms: i32,
    /// Whether anyone may read the room without a token.
    anonymous_read: bool,
    admission: Admission,
    /// How many people the stage has places for.
    stage_size: i32,
    /// For how long the stream may be away within one session, in milliseconds.
    interruption_grace_ms: i32,
    /// What contributions are worth, and so hype, is counted in its minor units.
    reference_currency: Currency,
    hype_train_program: HypeTrainProgram,
    created_at: Time,
    updated_at: Time,
    #[graphql(skip)]
    source: room::Room,
    /// What goes on in the room, when it was read together with it.
    #[graphql(skip)]
    present: Option<Present>,
}

#[derive(Clone, Default)]
struct Present {
    session: Option<session::Session>,
    train: Option<hype_train::HypeTrain>,
    programme: watching::EarningProgramme,
    terms: watching::EarningTerms,
    participants: i64,
    online: i64,
}

#[ComplexObject]
impl Room {
    /// The live session, if the room has one. It may be interrupted.
    async fn session(&self, context: &Context<'_>) -> Result<Option<Session>> {
        let present = self.present(context).await?;

        Ok(present
            .session
            .filter(session::Session::is_live)
            .as_ref()
            .map(Session::from))
    }

    /// How many people are in the room, whether they are shown by name or not.
    async fn participant_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(int(self.present(context).await?.participants))
    }

    /// How many of the participants follow the room now, by whatever number of devices each.
    async fn online_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(int(self.present(context).await?.online))
    }

    /// What watching earns, from the next session on; a live session keeps what it started with.
    async fn earning_programme(&self, context: &Context<'_>) -> Result<EarningProgramme> {
        Ok(self.present(context).await?.programme.into())
    }

    /// What watching earns in the present session, and in what is late of the last: what `earningProgramme` was as it
    /// started. Null before the first session.
    async fn session_earning_programme(
        &self,
        context: &Context<'_>,
    ) -> Result<Option<EarningProgramme>> {
        let terms = &self.present(context).await?.terms;
        let programme = (terms.session > 0).then(|| terms.programme.clone());

        Ok(programme.map(Into::into))
    }

    /// The present hype train: approaching, running, or the last one that ended.
    async fn hype_train(&self, context: &Context<'_>) -> Result<Option<HypeTrain>> {
        Ok(self
            .present(context)
            .await?
            .train
            .as_ref()
            .map(HypeTrain::from))
    }
}

impl Room {
    async fn present(&self, context: &Context<'_>) -> Result<Present> {
        if let Some(present) = &self.present {
            return Ok(present.clone());
        }
        let view = app(context)
            .store
            .room(self.source.id)
            .await
            .map_err(Fault::from)?;

        Ok(view.map(Present::from).unwrap_or_default())
    }
}

/// What is left of a room that was deleted.
#[derive(SimpleObject)]
pub(crate) struct DeletedRoom {
    id: ID,
    /// Free again.
    slug: String,
}

#[derive(SimpleObject)]
struct HypeTrainProgram {
    version: i32,
    kickoff_events: i32,
    kickoff_viewers: i32,
    /// As how many viewers of the kickoff its anonymous gifts count.
    kickoff_anonymous: AnonymousGifts,
    kickoff_window_ms: i32,
    /// The goal of each level, in hype. The last repeats.
    levels: Vec<HypeTrainLevel>,
    seconds_per_level: i32,
    cooldown_ms: i32,
    weights: HypeTrainWeights,
}

/// What contributions weigh, in hype.
#[derive(SimpleObject)]
struct HypeTrainWeights {
    /// For each minor unit of the room's reference currency, in hundredths of a percent: 10,000 is one.
    donation_basis_points: i32,
    /// For one membership of tier 1, 2 and 3.
    membership: Vec<i32>,
    /// For one that is gifted, of tier 1, 2 and 3.
    gifted_membership: Vec<i32>,
}

#[derive(SimpleObject)]
struct HypeTrainLevel {
    goal: Int64,
    reward: Option<String>,
}

#[derive(SimpleObject)]
pub(crate) struct RoomEdge {
    pub(super) cursor: String,
    pub(super) node: Room,
}

#[derive(SimpleObject)]
pub(crate) struct RoomsConnection {
    pub(super) edges: Vec<RoomEdge>,
    pub(super) nodes: Vec<Room>,
    pub(super) page_info: PageInfo,
    pub(super) total_count: i32,
}

impl From<room::Room> for Room {
    fn from(room: room::Room) -> Self {
        Self {
            id: IdKind::Room.id(room.id.0),
            slug: room.slug.clone(),
            title: room.title.clone(),
            stream_id: room.stream_id.clone(),
            state: room.state.into(),
            version: room.version,
            delay_ms: int(room.delay_ms),
            ingest_offset_ms: int(room.ingest_offset_ms),
            anonymous_read: room.anonymous_read,
            admission: room.admission.into(),
            stage_size: int(room.stage_size),
            interruption_grace_ms: int(room.interruption_grace_ms),
            reference_currency: Currency::from(&room.reference_currency),
            hype_train_program: HypeTrainProgram::from(&room.program),
            created_at: room.created_at.into(),
            updated_at: room.updated_at.into(),
            source: room,
            present: None,
        }
    }
}

impl From<room::Room> for DeletedRoom {
    fn from(room: room::Room) -> Self {
        Self {
            id: IdKind::Room.id(room.id.0),
            slug: room.slug,
        }
    }
}

impl From<RoomView> for Room {
    fn from(view: RoomView) -> Self {
        let room = view.room.clone();
        let present = Some(Present::from(view));

        Self {
            present,
            ..Self::from(room)
        }
    }
}

impl From<RoomView> for Present {
    fn from(view: RoomView) -> Self {
        Self {
            session: view.session,
            train: view.train,
            programme: view.programme,
            terms: view.terms,
            participants: view.census.joined,
            online: view.census.online.count,
        }
    }
}

impl From<&hype_train::Program> for HypeTrainProgram {
    fn from(program: &hype_train::Program) -> Self {
        let levels = program.levels.iter().map(|level| HypeTrainLevel {
            goal: level.goal.into(),
            reward: level.reward.clone(),
        });

        Self {
            version: program.version,
            kickoff_events: int(program.kickoff_events),
            kickoff_viewers: int(program.kickoff_viewers),
            kickoff_anonymous: program.kickoff_anonymous.into(),
            kickoff_window_ms: int(program.kickoff_window_ms),
            levels: levels.collect(),
            seconds_per_level: int(program.seconds_per_level),
            cooldown_ms: int(program.cooldown_ms),
            weights: HypeTrainWeights {
                donation_basis_points: int(program.weights.donation_bp),
                membership: program.weights.membership.map(int).into(),
                gifted_membership: program.weights.gifted_membership.map(int).into(),
            },
        }
    }
}
