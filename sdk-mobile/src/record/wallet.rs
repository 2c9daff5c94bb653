//! What a viewer has in a room. Amounts are points.

use super::WatchOutcome;
use serde::Deserialize;

/// What a viewer has in a room.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Wallet {
    /// Whose it is, by global id.
    pub participant_id: String,
    /// All points that they have, what is held included.
    pub balance: i64,
    /// What is reserved, and cannot be spent twice.
    pub held: i64,
    /// What can be spent: `balance` without `held`.
    pub available: i64,
    /// What they owe. Whatever comes to them pays it first, so that nothing is `available` meanwhile.
    pub debt: i64,
    /// Their newest 20 redemptions, and of those before at most 50 that hold points; the newest first.
    pub redemptions: Vec<Redemption>,
    /// The minute of theirs that was decided last, by whatever device, as far as the server knows.
    pub last_minute: Option<DecidedMinute>,
    /// How far they are on the way to what watching brings next. Nothing where it brings nothing, for the programme is off.
    pub watching: Option<WatchingProgress>,
}

/// How far a viewer is on the way to what watching brings, by the programme of the present session or the last.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WatchingProgress {
    /// Minutes on the way to the next points.
    pub slots: i64,
    /// How many minutes bring them.
    pub slots_wanted: i64,
    /// Whether a minute of theirs ever counted here: with the first they had its bonus, where there was one.
    pub has_watched: bool,
    /// How full their stamp card is. Nothing of a programme without one.
    pub stamp_card: Option<StampCardProgress>,
}

/// How full a viewer's stamp card is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct StampCardProgress {
    /// How many stamps it has.
    pub stamps: i64,
    /// How many make it full.
    pub stamps_wanted: i64,
    /// Among how many sessions, up to the newest.
    pub sessions: i64,
}

/// What is known of the viewer's wallet.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct WalletNow {
    /// The wallet. Nothing until it is known, and of whoever has not joined the room or is nobody in particular.
    pub wallet: Option<Wallet>,
}

/// A reward that the viewer has redeemed, with what it was called and cost then.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Redemption {
    /// Global id.
    pub id: String,
    /// The reward, by global id.
    pub reward_id: String,
    /// The reward's title: text, never markup.
    pub title: String,
    /// What it cost.
    pub cost: i64,
    /// What they said: text, never markup.
    pub input: Option<String>,
    /// What became of it.
    pub status: RedemptionStatus,
    /// When it was redeemed.
    pub redeemed_at_unix_millis: i64,
    /// When it was fulfilled or canceled, or expired, or was not drawn.
    pub settled_at_unix_millis: Option<i64>,
    /// How many of the points were given back since it was fulfilled.
    pub refunded: i64,
    /// When it expires, or would have, if nobody sees to it. Nothing while the session is live that it was made in.
    pub expires_at_unix_millis: Option<i64>,
    /// When it was drawn, if lots have decided for it.
    pub drawn_at_unix_millis: Option<i64>,
}

/// What became of a redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, uniffi::Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RedemptionStatus {
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
    /// Something that this version has never heard of.
    #[serde(other)]
    Unknown,
}

/// What became of a minute that the viewer has watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct DecidedMinute {
    /// When it began, by the server's clock.
    pub minute_unix_millis: i64,
    /// What became of it; of one that is not proved, what was wrong with it so far.
    pub outcome: WatchOutcome,
    /// What it brought. Nothing where the server has not seen that.
    pub points: Option<i64>,
}
