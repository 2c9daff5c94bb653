//! Rewards and redemptions as clients read them.

mod draw;
mod input;
mod mutation;
mod query;
mod refusal;
mod standing;

use async_graphql::{Enum, ID, SimpleObject};
use parlor_domain::reward;

use crate::global_id::IdKind;
use crate::page::PageInfo;
use crate::scalar::{Int64, Time, int};
use draw::Draw;

pub(super) use draw::DrawQuery;
pub(super) use mutation::RewardMutation;
pub(super) use query::RewardQuery;
pub(crate) use standing::RewardStanding;

/// What a room sells for points.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in the API"
)]
#[derive(SimpleObject, Clone)]
pub(crate) struct Reward {
    pub(super) id: ID,
    /// Counts changes of the reward; give it back to whatever changes it.
    version: i32,
    title: String,
    /// What a viewer reads before redeeming.
    prompt: Option<String>,
    /// In points.
    cost: Int64,
    input: RewardAsk,
    /// `#rrggbb`.
    color: Option<String>,
    /// One character, such as an emoji.
    icon: Option<String>,
    /// Whether viewers see it at all.
    is_enabled: bool,
    /// Whether they see that it cannot be redeemed just now.
    is_paused: bool,
    /// Whether it is fulfilled as it is redeemed, and never in the queue.
    auto_fulfills: bool,
    /// Whether it can be redeemed while no session is live.
    redeemable_offline: bool,
    /// The tier of a paid membership that it takes at least, 1 for any; null if it is for everybody.
    membership_tier_min: Option<i32>,
    limits: RewardLimits,
    refund_restores: RefundRestores,
    /// How long after the session that it was made in a redemption expires which nobody has seen to; one that was
    /// made while none was live, how long after that.
    expires_after_ms: Int64,
    availability: RewardAvailability,
    /// Whether everyone in the room is told when somebody redeems it (`RewardRedeemed`).
    is_announced: bool,
    /// Whether they are told what was said with it as well, which nobody has looked at by then.
    shows_input: bool,
    /// How it is drawn among those who enter; null if it goes to whoever redeems it.
    draw: Option<RewardDraw>,
    /// The draw that takes entries; null if none does, and unless read by `rewards`.
    pub(super) open_draw: Option<Draw>,
    /// What was drawn last; null if nothing was, and unless read by `rewards`.
    pub(super) last_draw: Option<Draw>,
    /// When it was last redeemed, by anybody: its cooldown counts from there. Null also where a refund has given it back.
    last_redeemed_at: Option<Time>,
    created_at: Time,
    updated_at: Time,
    /// How it stands to the caller; null unless read by `rewards`, and for whoever is nobody in particular.
    pub(super) standing: Option<RewardStanding>,
}

/// What a reward asks of whoever redeems it.
#[derive(SimpleObject, Clone)]
pub(crate) struct RewardAsk {
    kind: RewardAskKind,
    /// Of a text: the regular expression that the whole of it has to fit.
    pattern: Option<String>,
    /// Of a number: the least.
    min: Option<Int64>,
    /// Of a number: the most.
    max: Option<Int64>,
    /// Of a choice: what there is to choose from.
    choices: Option<Vec<String>>,
}

#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RewardAskKind {
    /// Nothing.
    None,
    /// A text of up to 500 bytes.
    Text,
    /// A whole number.
    Number,
    /// One of `choices`.
    Choice,
}

/// How often a reward can be redeemed. What is null does not limit.
#[derive(SimpleObject, Clone)]
pub(crate) struct RewardLimits {
    /// Between two redemptions by anybody, in milliseconds.
    cooldown_ms: Option<Int64>,
    /// Between two redemptions by one viewer, in milliseconds.
    viewer_cooldown_ms: Option<Int64>,
    per_session: Option<Int64>,
    per_viewer_and_session: Option<Int64>,
}

/// How a reward is drawn: whoever redeems it while entries are taken enters, and lots decide.
#[derive(SimpleObject, Clone)]
pub(crate) struct RewardDraw {
    /// For how long entries are taken from the first one on, in milliseconds.
    window_ms: Int64,
    /// How many win at most.
    winners: i32,
}

/// What has to be so for a reward to be redeemed. What is null asks for nothing.
#[derive(SimpleObject, Clone)]
pub(crate) struct RewardAvailability {
    /// The room's title holds this, whether in capitals or not.
    title_contains: Option<String>,
    /// A hype train runs, at this level at least.
    train_level_min: Option<i32>,
    /// So many participants are online at least.
    online_min: Option<Int64>,
}

/// What a whole refund gives back beside the points.
#[derive(SimpleObject, Clone)]
pub(crate) struct RefundRestores {
    /// The place that the redemption took in the limits of its session.
    places: bool,
    /// The time since: a cooldown that the redemption began is over.
    cooldown: bool,
}

/// What became of a redemption.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "reward::RedemptionStatus")]
pub(crate) enum RedemptionStatus {
    /// The points are held, and staff has not seen to it yet.
    Unfulfilled,
    /// The points are spent.
    Fulfilled,
    /// The points are free again.
    Canceled,
    /// Nobody saw to it in time, and the points are free again.
    Expired,
    /// It is in a draw, and the points are held until then.
    Entered,
    /// Others were drawn, and the points are free again.
    NotDrawn,
}

/// A purchase of a reward, with what the reward was called and cost then. Whoever redeemed it reads it, and
/// whoever holds `REDEMPTION_MANAGE`.
#[derive(SimpleObject, Clone)]
pub(crate) struct Redemption {
    id: ID,
    reward_id: ID,
    /// Who redeemed it.
    participant_id: ID,
    title: String,
    /// In points.
    cost: Int64,
    /// What they said: text, never markup.
    input: Option<String>,
    status: RedemptionStatus,
    redeemed_at: Time,
    /// When it was fulfilled or canceled, or expired, or was not drawn.
    settled_at: Option<Time>,
    /// Who did that, by the tenant's own id; null if it was nobody, and for readers without
    /// `REDEMPTION_MANAGE`.
    settled_by: Option<String>,
    /// How many of the points were given back since it was fulfilled.
    refunded: Int64,
    /// When it expires, or would have, if nobody sees to it; null while the session is live that it was made in.
    expires_at: Option<Time>,
    /// What the tenant's own server notes about it; null for readers without `REDEMPTION_MANAGE`.
    metadata: Option<String>,
    /// The draw that it is or was an entry of; null of one that was canceled before.
    draw_id: Option<ID>,
    /// When it was drawn.
    drawn_at: Option<Time>,
}

/// What the whole room sees of a redemption, as it was made.
#[derive(SimpleObject)]
pub(crate) struct RedemptionAlert {
    id: ID,
    reward_id: ID,
    /// Who redeemed it.
    participant_id: ID,
    /// What they are called, as typed: text, never markup.
    name: String,
    /// What the reward was called, as typed: text, never markup.
    title: String,
    /// In points.
    cost: Int64,
    /// The reward's, `#rrggbb`.
    color: Option<String>,
    /// The reward's: one character, such as an emoji.
    icon: Option<String>,
    /// What they said, as typed: text, never markup; null unless the reward has `showsInput`.
    input: Option<String>,
}

#[derive(SimpleObject)]
pub(crate) struct RedemptionEdge {
    cursor: String,
    node: Redemption,
}

#[derive(SimpleObject)]
pub(crate) struct RedemptionsConnection {
    edges: Vec<RedemptionEdge>,
    nodes: Vec<Redemption>,
    page_info: PageInfo,
    total_count: i32,
}

impl From<reward::Reward> for Reward {
    fn from(reward: reward::Reward) -> Self {
        let reward::Reward {
            id,
            version,
            terms,
            created_at,
            updated_at,
            deleted_at: _,
            uses,
        } = reward;

        Self {
            id: IdKind::Reward.id(id.0),
            version,
            title: terms.title,
            prompt: terms.prompt,
            cost: terms.cost.into(),
            input: terms.input.into(),
            color: terms.color,
            icon: terms.icon,
            is_enabled: terms.is_enabled,
            is_paused: terms.is_paused,
            auto_fulfills: terms.auto_fulfills,
            redeemable_offline: terms.redeemable_offline,
            membership_tier_min: terms.membership_tier_min.map(i32::from),
            limits: terms.limits.into(),
            refund_restores: terms.refund_restores.into(),
            expires_after_ms: terms.expires_after_ms.into(),
            availability: terms.availability.into(),
            is_announced: terms.is_announced,
            shows_input: terms.shows_input,
            draw: terms.draw.map(RewardDraw::from),
            open_draw: None,
            last_draw: None,
            last_redeemed_at: uses.last_at.map(Time),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            standing: None,
        }
    }
}

impl From<reward::RewardInput> for RewardAsk {
    fn from(input: reward::RewardInput) -> Self {
        let nothing = Self {
            kind: RewardAskKind::None,
            pattern: None,
            min: None,
            max: None,
            choices: None,
        };
        match input {
            reward::RewardInput::None => nothing,
            reward::RewardInput::Text { pattern } => Self {
                kind: RewardAskKind::Text,
                pattern,
                ..nothing
            },
            reward::RewardInput::Number { min, max } => Self {
                kind: RewardAskKind::Number,
                min: Some(min.into()),
                max: Some(max.into()),
                ..nothing
            },
            reward::RewardInput::Choice { choices } => Self {
                kind: RewardAskKind::Choice,
                choices: Some(choices),
                ..nothing
            },
        }
    }
}

impl From<reward::Limits> for RewardLimits {
    fn from(limits: reward::Limits) -> Self {
        Self {
            cooldown_ms: limits.cooldown_ms.map(Int64),
            viewer_cooldown_ms: limits.viewer_cooldown_ms.map(Int64),
            per_session: limits.per_session.map(Int64),
            per_viewer_and_session: limits.per_viewer_and_session.map(Int64),
        }
    }
}

impl From<reward::Availability> for RewardAvailability {
    fn from(availability: reward::Availability) -> Self {
        Self {
            title_contains: availability.title_contains,
            train_level_min: availability.train_level_min.map(int),
            online_min: availability.online_min.map(Int64),
        }
    }
}

impl From<reward::DrawRules> for RewardDraw {
    fn from(rules: reward::DrawRules) -> Self {
        Self {
            window_ms: rules.window_ms.into(),
            winners: int(rules.winners),
        }
    }
}

impl From<reward::Restores> for RefundRestores {
    fn from(restores: reward::Restores) -> Self {
        Self {
            places: restores.places,
            cooldown: restores.cooldown,
        }
    }
}

impl From<&reward::RedemptionAlert> for RedemptionAlert {
    fn from(alert: &reward::RedemptionAlert) -> Self {
        Self {
            id: IdKind::Redemption.id(alert.id.0),
            reward_id: IdKind::Reward.id(alert.reward_id.0),
            participant_id: IdKind::Participant.id(alert.participant_id.0),
            name: alert.name.clone(),
            title: alert.title.clone(),
            cost: alert.cost.into(),
            color: alert.color.clone(),
            icon: alert.icon.clone(),
            input: alert.input.clone(),
        }
    }
}

/// As whoever redeemed it sees it.
fn own(redemption: reward::Redemption) -> reward::Redemption {
    reward::Redemption {
        settled_by: None,
        metadata: None,
        ..redemption
    }
}

impl From<reward::Redemption> for Redemption {
    fn from(redemption: reward::Redemption) -> Self {
        let expires_at = redemption.expires_at().map(Time);

        Self {
            id: IdKind::Redemption.id(redemption.id.0),
            reward_id: IdKind::Reward.id(redemption.reward_id.0),
            participant_id: IdKind::Participant.id(redemption.participant_id.0),
            title: redemption.title,
            cost: redemption.cost.into(),
            input: redemption.input,
            status: redemption.status.into(),
            redeemed_at: redemption.redeemed_at.into(),
            settled_at: redemption.settled_at.map(Time),
            settled_by: redemption.settled_by.map(|by| by.as_str().to_owned()),
            refunded: redemption.refunded.into(),
            expires_at,
            metadata: redemption.metadata,
            draw_id: redemption.draw_id.map(|id| IdKind::Draw.id(id.0)),
            drawn_at: redemption.drawn_at.map(Time),
        }
    }
}
