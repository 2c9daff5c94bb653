//! What a room sells, and what becomes of what is bought. Amounts are points.

use crate::api::refusal::CommandError;
use crate::record::Redemption;
use serde::Deserialize;

/// What a room sells for points.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of the schema"
)]
pub struct Reward {
    /// Global id.
    pub id: String,
    /// Title as typed by its owner: text, never markup.
    pub title: String,
    /// What a viewer reads before redeeming.
    pub prompt: Option<String>,
    /// What it costs.
    pub cost: i64,
    /// `#rrggbb`.
    pub color: Option<String>,
    /// One character, such as an emoji.
    pub icon: Option<String>,
    /// Whether viewers see it at all. Staff is told of the others as well.
    pub is_enabled: bool,
    /// Whether they see that it cannot be redeemed just now.
    pub is_paused: bool,
    /// Whether it is fulfilled as it is redeemed, and never in the queue.
    pub auto_fulfills: bool,
    /// Whether it can be redeemed while no session is live.
    pub redeemable_offline: bool,
    /// The tier of a paid membership that it takes at least, 1 for any. Nothing if it is for everybody.
    pub membership_tier_min: Option<i64>,
    /// Whether everyone in the room is told when somebody redeems it.
    pub is_announced: bool,
    /// Whether they are told what was said with it as well.
    pub shows_input: bool,
    /// What it asks of whoever redeems it.
    pub input: RewardAsk,
    /// What has to be so for it to be redeemed.
    pub availability: RewardAvailability,
    /// How it is drawn among those who enter. Nothing if it goes to whoever redeems it.
    pub draw: Option<RewardDraw>,
    /// The draw that takes entries: what is redeemed now is `Entered` until lots decide.
    pub open_draw: Option<OpenDraw>,
    /// How it stands to the caller. Nothing for whoever is nobody in particular.
    pub standing: Option<RewardStanding>,
}

/// How a reward is drawn among those who redeem it within a while.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RewardDraw {
    /// For how long entries are taken from the first one on.
    pub window_millis: i64,
    /// How many of them win at most.
    pub winners: i64,
}

/// A draw that takes entries.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OpenDraw {
    /// Global id.
    pub id: String,
    /// When lots decide. No entry is taken from then on.
    pub closes_at_unix_millis: i64,
    /// How many entries it has.
    pub entry_count: i64,
}

/// What a reward asks of whoever redeems it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RewardAsk {
    /// Of what kind it is.
    pub kind: RewardAskKind,
    /// Of a text: the regular expression that the whole of it has to fit.
    pub pattern: Option<String>,
    /// Of a number: the least.
    pub min: Option<i64>,
    /// Of a number: the most.
    pub max: Option<i64>,
    /// Of a choice: what there is to choose from. Else empty.
    pub choices: Vec<String>,
}

/// Of what kind it is that a reward asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, uniffi::Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RewardAskKind {
    /// It asks for nothing. Not called as in the schema: in Swift that would be an optional's name.
    #[serde(rename = "NONE")]
    Nothing,
    /// A text of up to 500 bytes.
    Text,
    /// A whole number.
    Number,
    /// One of its `choices`.
    Choice,
    /// Something that this version has never heard of.
    #[serde(other)]
    Unknown,
}

/// What has to be so for a reward to be redeemed. What is not there asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RewardAvailability {
    /// The room's title holds this, whether in capitals or not.
    pub title_contains: Option<String>,
    /// A hype train runs, at this level at least.
    pub train_level_min: Option<i64>,
    /// So many participants are online at least.
    pub online_min: Option<i64>,
}

/// Whether the caller may redeem a reward now.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RewardStanding {
    /// Whether they may.
    pub can_redeem: bool,
    /// How often they may yet in this session. Nothing if nothing limits that.
    pub places_left: Option<i64>,
    /// Until when it cools down for them. Nothing if it does not.
    pub cooldown_ends_at_unix_millis: Option<i64>,
    /// Why they may not.
    pub refusal: Option<StandingRefusal>,
}

/// Why a reward cannot be redeemed now.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct StandingRefusal {
    /// The rule's name, such as `INSUFFICIENT_POINTS`.
    pub code: String,
    /// The server's words.
    pub reason: String,
    /// Of `NOT_AVAILABLE`: the first rule of the reward's `availability` that is not met.
    pub rule: Option<AvailabilityRule>,
}

/// A rule of a reward's availability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, uniffi::Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AvailabilityRule {
    /// What the room's title has to hold.
    TitleContains,
    /// The level that a hype train has to be at.
    TrainLevelMin,
    /// How many have to be online.
    OnlineMin,
    /// Something that this version has never heard of.
    #[serde(other)]
    Unknown,
}

/// A reward to be redeemed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewRedemption {
    /// The room, by global id.
    pub room_id: String,
    /// The reward, by global id.
    pub reward_id: String,
    /// What the viewer was shown that it costs: if it costs something else by now, nothing is redeemed.
    #[uniffi(default = None)]
    pub cost: Option<i64>,
    /// What the reward asks for.
    #[uniffi(default = None)]
    pub input: Option<String>,
    /// Up to 200 bytes, by which to tell two apart that are meant as two. One of its own unless given, or that of the
    /// same reward with the same input while that is not answered.
    #[uniffi(default = None)]
    pub idempotency_key: Option<String>,
}

/// What came of a redemption that had been asked for and not answered.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SettledRedemption {
    /// What it was asked by.
    pub idempotency_key: String,
    /// The reward, by global id.
    pub reward_id: String,
    /// What was said with it.
    pub input: Option<String>,
    /// Whether the server has answered. What it has not answered stays noted, and can be settled later.
    pub is_answered: bool,
    /// The redemption, if it was redeemed.
    pub redemption: Option<Redemption>,
    /// Why it was not; or why it is not known whether it was.
    pub error: Option<CommandError>,
}
