//! What clients say of a room.

use async_graphql::{ID, InputObject, MaybeUndefined};
use parlor_domain::currency;
use parlor_domain::hype_train::{Level, Program, Weights};
use parlor_domain::invalid::Invalid;
use parlor_domain::room::{self, RoomChange, RoomDraft};
use parlor_domain::tenant::RoomDefaults;

use super::{Admission, AnonymousGifts};
use crate::room_feed::RoomState;
use crate::scalar::{Currency, Int64};
use crate::setting::setting;

#[derive(InputObject)]
pub(crate) struct HypeTrainProgramInput {
    kickoff_events: i32,
    kickoff_viewers: i32,
    /// As how many viewers of the kickoff its anonymous gifts count.
    #[graphql(default_with = "Some(AnonymousGifts::Together)")]
    kickoff_anonymous: Option<AnonymousGifts>,
    kickoff_window_ms: i32,
    levels: Vec<HypeTrainLevelInput>,
    seconds_per_level: i32,
    cooldown_ms: i32,
    /// What contributions weigh; as in a new room, where it is left out. Where a train runs, they weigh what they did
    /// when it started.
    weights: Option<HypeTrainWeightsInput>,
}

/// What contributions weigh, in hype. What weighs 0 moves no train.
#[derive(InputObject)]
pub(crate) struct HypeTrainWeightsInput {
    /// For each minor unit of the room's reference currency, in hundredths of a percent: 10,000 is one. Up to 1,000,000.
    #[graphql(default = 10_000)]
    donation_basis_points: Option<i32>,
    /// For one membership of tier 1, 2 and 3, each up to 1,000,000.
    #[graphql(default_with = "Some(vec![500, 1_000, 2_500])")]
    membership: Option<Vec<i32>>,
    /// For one that is gifted, of tier 1, 2 and 3, each up to 1,000,000.
    #[graphql(default_with = "Some(vec![500, 1_000, 2_500])")]
    gifted_membership: Option<Vec<i32>>,
}

#[derive(InputObject)]
pub(crate) struct HypeTrainLevelInput {
    goal: Int64,
    reward: Option<String>,
}

#[derive(InputObject)]
pub(crate) struct CreateRoomInput {
    slug: String,
    title: String,
    stream_id: Option<String>,
    /// Defaults to `DRAFT`; `ARCHIVED` is refused.
    #[graphql(default_with = "Some(RoomState::Draft)")]
    state: Option<RoomState>,
    /// Defaults to the tenant's, as do the next four.
    delay_ms: Option<i32>,
    ingest_offset_ms: Option<i32>,
    anonymous_read: Option<bool>,
    /// How many people the stage has places for: 1 to 50.
    stage_size: Option<i32>,
    /// For how long the stream may be away within one session: up to an hour.
    interruption_grace_ms: Option<i32>,
    /// `EVERYONE` unless said otherwise.
    admission: Option<Admission>,
    /// What contributions are worth, and so hype, is counted in its minor units: any that ISO 4217 lists with one. `EUR`
    /// unless said otherwise.
    reference_currency: Option<Currency>,
    hype_train_program: Option<HypeTrainProgramInput>,
}

/// What to change. What is left out stays as it is; a setting that is `null` gets the value that a new
/// room has.
#[derive(InputObject)]
pub(crate) struct UpdateRoomInput {
    /// The version this change was made against.
    version: i32,
    slug: Option<String>,
    title: Option<String>,
    /// `null` takes the stream away.
    stream_id: MaybeUndefined<String>,
    /// `ARCHIVED` takes everyone off the stage, and is for ever.
    state: Option<RoomState>,
    delay_ms: MaybeUndefined<i32>,
    ingest_offset_ms: MaybeUndefined<i32>,
    anonymous_read: MaybeUndefined<bool>,
    admission: MaybeUndefined<Admission>,
    /// Not fewer than are on the stage.
    stage_size: MaybeUndefined<i32>,
    interruption_grace_ms: MaybeUndefined<i32>,
    /// Holds for what is first reported from then on.
    reference_currency: MaybeUndefined<Currency>,
    hype_train_program: MaybeUndefined<HypeTrainProgramInput>,
}

#[derive(InputObject)]
pub(crate) struct DeleteRoomInput {
    pub(super) room_id: ID,
    /// The version of the room that is meant.
    pub(super) version: i32,
}

impl TryFrom<CreateRoomInput> for RoomDraft {
    type Error = Invalid;

    fn try_from(input: CreateRoomInput) -> Result<Self, Invalid> {
        Ok(Self {
            slug: input.slug,
            title: input.title,
            stream_id: input.stream_id,
            state: input.state.unwrap_or(RoomState::Draft).into(),
            delay_ms: input.delay_ms.map(Into::into),
            ingest_offset_ms: input.ingest_offset_ms.map(Into::into),
            anonymous_read: input.anonymous_read,
            admission: input.admission.map(Into::into),
            stage_size: input
                .stage_size
                .map(|size| count("stageSize", size))
                .transpose()?,
            interruption_grace_ms: input.interruption_grace_ms.map(Into::into),
            reference_currency: input
                .reference_currency
                .as_ref()
                .map(reference)
                .transpose()?,
            program: input
                .hype_train_program
                .map(Program::try_from)
                .transpose()?,
        })
    }
}

impl UpdateRoomInput {
    /// The change that is meant, in a room of a tenant whose new rooms have `defaults`.
    pub(super) fn read(self, defaults: RoomDefaults) -> Result<RoomChange, Invalid> {
        let input = self;

        Ok(RoomChange {
            version: input.version,
            slug: input.slug,
            title: input.title,
            stream_id: input.stream_id.as_opt_ref().map(Option::<&String>::cloned),
            state: input.state.map(Into::into),
            delay_ms: setting(input.delay_ms, defaults.delay_ms),
            ingest_offset_ms: setting(input.ingest_offset_ms, defaults.ingest_offset_ms),
            anonymous_read: setting(input.anonymous_read, defaults.anonymous_read),
            admission: setting(input.admission, room::Admission::default()),
            stage_size: checked_setting(input.stage_size, defaults.stage_size, |size| {
                count("stageSize", size)
            })?,
            interruption_grace_ms: setting(
                input.interruption_grace_ms,
                defaults.interruption_grace_ms,
            ),
            reference_currency: checked_setting(
                input.reference_currency,
                currency::Currency::euro(),
                |code| reference(&code),
            )?,
            program: checked_setting(
                input.hype_train_program,
                Program::default(),
                Program::try_from,
            )?,
        })
    }
}

impl TryFrom<HypeTrainProgramInput> for Program {
    type Error = Invalid;

    fn try_from(input: HypeTrainProgramInput) -> Result<Self, Invalid> {
        let levels = input.levels.into_iter();

        Ok(Self {
            kickoff_events: count("kickoffEvents", input.kickoff_events)?,
            kickoff_viewers: count("kickoffViewers", input.kickoff_viewers)?,
            kickoff_anonymous: input
                .kickoff_anonymous
                .map_or_else(Default::default, Into::into),
            kickoff_window_ms: input.kickoff_window_ms.into(),
            levels: levels
                .map(|level| Level {
                    goal: level.goal.0,
                    reward: level.reward,
                })
                .collect(),
            seconds_per_level: input.seconds_per_level.into(),
            cooldown_ms: input.cooldown_ms.into(),
            weights: input
                .weights
                .map_or_else(|| Ok(Weights::default()), Weights::try_from)?,
            ..Self::default()
        })
    }
}

impl TryFrom<HypeTrainWeightsInput> for Weights {
    type Error = Invalid;

    fn try_from(input: HypeTrainWeightsInput) -> Result<Self, Invalid> {
        let default = Self::default();
        let of_tiers = |field, given: Option<Vec<i32>>, default| {
            given.map_or(Ok(default), |given| by_tier(field, &given))
        };

        Ok(Self {
            donation_bp: input
                .donation_basis_points
                .map_or(default.donation_bp, Into::into),
            membership: of_tiers("weights.membership", input.membership, default.membership)?,
            gifted_membership: of_tiers(
                "weights.giftedMembership",
                input.gifted_membership,
                default.gifted_membership,
            )?,
        })
    }
}

fn by_tier(field: &'static str, given: &[i32]) -> Result<[i64; 3], Invalid> {
    let given = <[i32; 3]>::try_from(given)
        .map_err(|_| Invalid::new(field, "three numbers, one for each tier", given.len()))?;

    Ok(given.map(i64::from))
}

fn reference(code: &Currency) -> Result<currency::Currency, Invalid> {
    currency::Currency::parse_field("referenceCurrency", &code.0)
}

/// The same, where what was given may be wrong already.
fn checked_setting<T, U>(
    given: MaybeUndefined<U>,
    default: T,
    read: impl FnOnce(U) -> Result<T, Invalid>,
) -> Result<Option<T>, Invalid> {
    let read = match given {
        MaybeUndefined::Undefined => MaybeUndefined::Undefined,
        MaybeUndefined::Null => MaybeUndefined::Null,
        MaybeUndefined::Value(value) => MaybeUndefined::Value(read(value)?),
    };

    Ok(setting(read, default))
}

fn count(field: &'static str, number: i32) -> Result<u32, Invalid> {
    u32::try_from(number).map_err(|_| Invalid::new(field, "at least 1", number))
}
