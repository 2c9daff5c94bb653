//! What clients send about rewards.

use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject};
use parlor_domain::reward;
use parlor_domain::reward::{
    Availability, DrawRules, EXPIRES_AFTER_MS_DEFAULT, Limits, Restores, Terms, TermsChange,
};

use crate::scalar::Int64;
use crate::setting::setting;

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in the API"
)]
#[derive(InputObject)]
pub(crate) struct CreateRewardInput {
    /// Chosen by the caller, up to 200 bytes. The same key with the same content gets the first answer again, so
    /// that a request may be repeated; with other content it is refused.
    pub(super) idempotency_key: String,
    pub(super) room_id: ID,
    /// Up to 100 bytes.
    title: String,
    /// What a viewer reads before redeeming, up to 300 bytes.
    prompt: Option<String>,
    /// In points: 1 to 1,000,000,000.
    cost: Int64,
    /// What is asked of whoever redeems it; nothing unless given.
    input: Option<RewardAskInput>,
    /// `#rrggbb`.
    color: Option<String>,
    /// One character as people see it, such as an emoji, up to 64 bytes.
    icon: Option<String>,
    #[graphql(default = true)]
    is_enabled: bool,
    #[graphql(default = false)]
    is_paused: bool,
    #[graphql(default = false)]
    auto_fulfills: bool,
    #[graphql(default = false)]
    redeemable_offline: bool,
    /// The tier of a paid membership that it takes at least, 1 to 3: 1 is any. It is for everybody unless given.
    membership_tier_min: Option<i32>,
    limits: Option<RewardLimitsInput>,
    /// The places and not the cooldown, unless given.
    refund_restores: Option<RefundRestoresInput>,
    /// A minute to 30 days; a day unless given.
    expires_after_ms: Option<Int64>,
    availability: Option<RewardAvailabilityInput>,
    /// Whether everyone in the room is told when somebody redeems it.
    #[graphql(default = true)]
    is_announced: bool,
    /// Whether they are told what was said with it as well, which nobody has looked at by then.
    #[graphql(default = false)]
    shows_input: bool,
    /// Whether lots decide among those who redeem it within a while, and how; if not given, it goes to whoever redeems
    /// it.
    draw: Option<RewardDrawInput>,
}

/// What of a reward is to change. What is left out stays; `prompt`, `color`, `icon`, `membershipTierMin` and
/// `draw` go when they are null.
#[derive(InputObject)]
pub(crate) struct UpdateRewardInput {
    pub(super) room_id: ID,
    pub(super) reward_id: ID,
    /// The reward's version that this change was made against.
    pub(super) version: i32,
    title: Option<String>,
    prompt: MaybeUndefined<String>,
    cost: Option<Int64>,
    input: Option<RewardAskInput>,
    color: MaybeUndefined<String>,
    icon: MaybeUndefined<String>,
    is_enabled: Option<bool>,
    is_paused: Option<bool>,
    auto_fulfills: Option<bool>,
    redeemable_offline: Option<bool>,
    membership_tier_min: MaybeUndefined<i32>,
    /// All of them: a limit that is left out is none.
    limits: Option<RewardLimitsInput>,
    refund_restores: Option<RefundRestoresInput>,
    /// For what is redeemed from now on.
    expires_after_ms: Option<Int64>,
    /// All of it: a rule that is left out is none.
    availability: Option<RewardAvailabilityInput>,
    is_announced: Option<bool>,
    shows_input: Option<bool>,
    /// For draws that are opened from now on.
    draw: MaybeUndefined<RewardDrawInput>,
}

#[derive(InputObject)]
pub(crate) struct DeleteRewardInput {
    pub(super) room_id: ID,
    pub(super) reward_id: ID,
    /// The reward's version that this change was made against.
    pub(super) version: i32,
}

/// What a reward asks of whoever redeems it: one of these.
#[derive(OneofObject)]
pub(crate) enum RewardAskInput {
    /// Nothing: `true`.
    None(bool),
    /// A text of up to 500 bytes.
    Text(RewardTextInput),
    /// A whole number.
    Number(RewardNumberInput),
    /// One of 2 to 25, each up to 100 bytes.
    Choice(Vec<String>),
}

#[derive(InputObject)]
pub(crate) struct RewardTextInput {
    /// A regular expression that the whole text has to fit, up to 200 bytes.
    pattern: Option<String>,
}

#[derive(InputObject)]
pub(crate) struct RewardNumberInput {
    min: Int64,
    max: Int64,
}

/// How often a reward can be redeemed. What is left out does not limit.
#[derive(InputObject)]
pub(crate) struct RewardLimitsInput {
    /// Between two redemptions by anybody, in milliseconds, up to a week.
    cooldown_ms: Option<Int64>,
    /// Between two redemptions by one viewer, in milliseconds, up to a week.
    viewer_cooldown_ms: Option<Int64>,
    per_session: Option<Int64>,
    per_viewer_and_session: Option<Int64>,
}

/// How a reward is drawn.
#[derive(InputObject)]
pub(crate) struct RewardDrawInput {
    /// For how long entries are taken from the first one on, in milliseconds: 5 seconds to an hour.
    window_ms: Int64,
    /// How many win at most: 1 to 100.
    winners: i32,
}

/// What has to be so for a reward to be redeemed. What is left out asks for nothing.
#[derive(InputObject)]
pub(crate) struct RewardAvailabilityInput {
    /// The room's title holds this, whether in capitals or not; up to 100 bytes.
    title_contains: Option<String>,
    /// A hype train runs, at this level at least; 1 to 1,000.
    train_level_min: Option<i32>,
    /// So many participants are online at least; 1 to 10,000,000.
    online_min: Option<Int64>,
}

/// What a whole refund gives back beside the points.
#[derive(InputObject)]
pub(crate) struct RefundRestoresInput {
    places: bool,
    cooldown: bool,
}

#[derive(InputObject)]
pub(crate) struct RedeemRewardInput {
    /// Chosen by the caller, up to 200 bytes. The same key with the same content gets the first answer again, so
    /// that a request may be repeated; with other content it is refused.
    pub(super) idempotency_key: String,
    pub(super) room_id: ID,
    pub(super) reward_id: ID,
    /// What the viewer was shown that it costs. If it costs something else by now, nothing is redeemed.
    pub(super) cost: Option<Int64>,
    /// What the reward asks for. Spaces around it are left out.
    pub(super) input: Option<String>,
}

#[derive(InputObject)]
pub(crate) struct SettleRedemptionInput {
    pub(super) room_id: ID,
    pub(super) redemption_id: ID,
}

/// Redemptions of one room that are seen to together.
#[derive(InputObject)]
pub(crate) struct SettleRedemptionsInput {
    pub(super) room_id: ID,
    /// Up to 100.
    pub(super) redemption_ids: Vec<ID>,
}

#[derive(InputObject)]
pub(crate) struct SetRedemptionMetadataInput {
    pub(super) room_id: ID,
    pub(super) redemption_id: ID,
    /// Up to 2,000 bytes, of whatever form; null for nothing.
    pub(super) metadata: Option<String>,
}

#[derive(InputObject)]
pub(crate) struct RefundRedemptionInput {
    /// Chosen by the caller, up to 200 bytes. The same key with the same content gets the first answer again, so
    /// that a request may be repeated; with other content it is refused.
    pub(super) idempotency_key: String,
    pub(super) room_id: ID,
    pub(super) redemption_id: ID,
    /// All that is left, unless given.
    pub(super) points: Option<Int64>,
    /// What the member reads in their statement, up to 200 bytes.
    pub(super) reason: String,
}

impl CreateRewardInput {
    pub(super) fn into_terms(self) -> Terms {
        Terms {
            title: self.title,
            prompt: self.prompt,
            cost: self.cost.0,
            input: self.input.map_or(reward::RewardInput::None, Into::into),
            color: self.color,
            icon: self.icon,
            is_enabled: self.is_enabled,
            is_paused: self.is_paused,
            auto_fulfills: self.auto_fulfills,
            redeemable_offline: self.redeemable_offline,
            membership_tier_min: self.membership_tier_min.map(tier),
            limits: self.limits.map_or_else(Limits::default, Into::into),
            refund_restores: self
                .refund_restores
                .map_or_else(Restores::default, Into::into),
            expires_after_ms: self
                .expires_after_ms
                .map_or(EXPIRES_AFTER_MS_DEFAULT, |given| given.0),
            availability: self
                .availability
                .map_or_else(Availability::default, Into::into),
            is_announced: self.is_announced,
            shows_input: self.shows_input,
            draw: self.draw.map(Into::into),
        }
    }
}

impl UpdateRewardInput {
    pub(super) fn into_change(self) -> TermsChange {
        TermsChange {
            title: self.title,
            prompt: setting(self.prompt, None),
            cost: self.cost.map(|cost| cost.0),
            input: self.input.map(Into::into),
            color: setting(self.color, None),
            icon: setting(self.icon, None),
            is_enabled: self.is_enabled,
            is_paused: self.is_paused,
            auto_fulfills: self.auto_fulfills,
            redeemable_offline: self.redeemable_offline,
            membership_tier_min: setting(self.membership_tier_min, None)
                .map(|given| given.map(tier)),
            limits: self.limits.map(Into::into),
            refund_restores: self.refund_restores.map(Into::into),
            expires_after_ms: self.expires_after_ms.map(|given| given.0),
            availability: self.availability.map(Into::into),
            is_announced: self.is_announced,
            shows_input: self.shows_input,
            draw: match self.draw {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(draw) => Some(Some(draw.into())),
            },
        }
    }
}

/// What is no tier is refused by its name, as zero is.
fn tier(given: i32) -> u8 {
    u8::try_from(given).unwrap_or(0)
}

impl From<RewardDrawInput> for DrawRules {
    fn from(draw: RewardDrawInput) -> Self {
        Self {
            window_ms: draw.window_ms.0,
            winners: draw.winners.into(),
        }
    }
}

impl From<RewardAskInput> for reward::RewardInput {
    fn from(input: RewardAskInput) -> Self {
        match input {
            RewardAskInput::None(_) => Self::None,
            RewardAskInput::Text(RewardTextInput { pattern }) => Self::Text { pattern },
            RewardAskInput::Number(RewardNumberInput { min, max }) => Self::Number {
                min: min.0,
                max: max.0,
            },
            RewardAskInput::Choice(choices) => Self::Choice { choices },
        }
    }
}

impl From<RewardAvailabilityInput> for Availability {
    fn from(availability: RewardAvailabilityInput) -> Self {
        Self {
            title_contains: availability.title_contains,
            // Zero is refused by its name, as whatever lies below it.
            train_level_min: availability
                .train_level_min
                .map(|level| u32::try_from(level).unwrap_or(0)),
            online_min: availability.online_min.map(|online| online.0),
        }
    }
}

impl From<RefundRestoresInput> for Restores {
    fn from(restores: RefundRestoresInput) -> Self {
        Self {
            places: restores.places,
            cooldown: restores.cooldown,
        }
    }
}

impl From<RewardLimitsInput> for Limits {
    fn from(limits: RewardLimitsInput) -> Self {
        let number = |given: Option<Int64>| given.map(|given| given.0);

        Self {
            cooldown_ms: number(limits.cooldown_ms),
            viewer_cooldown_ms: number(limits.viewer_cooldown_ms),
            per_session: number(limits.per_session),
            per_viewer_and_session: number(limits.per_viewer_and_session),
        }
    }
}
