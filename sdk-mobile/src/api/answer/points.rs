//! Points: what a viewer has, what there is to redeem, and what came of it.

use super::{conflict, forbidden, invalid, not_found};
use crate::api::operations::{live_viewer, redeem_reward, redemption, rewards};
use crate::api::record::points::{
    OpenDraw, Reward, RewardAsk, RewardAvailability, RewardDraw, RewardStanding, StandingRefusal,
};
use crate::api::refusal::CommandError;
use crate::record::{DecidedMinute, Redemption, StampCardProgress, Wallet, WatchingProgress};

/// Reads a redemption from an operation's own type.
macro_rules! redemptions {
    ($($read:ty,)*) => {$(
        impl From<$read> for Redemption {
            fn from(read: $read) -> Self {
                Self {
                    id: read.id,
                    reward_id: read.reward_id,
                    title: read.title,
                    cost: read.cost.0,
                    input: read.input,
                    status: read.status,
                    redeemed_at_unix_millis: read.redeemed_at.0,
                    settled_at_unix_millis: read.settled_at.map(|at| at.0),
                    refunded: read.refunded.0,
                    expires_at_unix_millis: read.expires_at.map(|at| at.0),
                    drawn_at_unix_millis: read.drawn_at.map(|at| at.0),
                }
            }
        }
    )*};
}

redemptions! {
    live_viewer::LiveViewerLiveViewerWalletRedemptions,
    redemption::RedemptionRedemption,
    redeem_reward::RedeemRewardRedeemRewardOnRedemption,
}

/// Reads a wallet as the core hands it on. One that cannot be read is none.
pub(crate) fn wallet(json: &str) -> Option<Wallet> {
    let wallet: live_viewer::LiveViewerLiveViewerWallet = serde_json::from_str(json).ok()?;

    Some(Wallet {
        participant_id: wallet.participant_id,
        balance: wallet.balance.0,
        held: wallet.held.0,
        available: wallet.available.0,
        debt: wallet.debt.0,
        redemptions: wallet.redemptions.into_iter().map(Into::into).collect(),
        last_minute: wallet.last_minute.map(|minute| DecidedMinute {
            minute_unix_millis: minute.minute.0,
            outcome: minute.outcome,
            points: minute.points.map(|points| points.0),
        }),
        watching: wallet.watching.map(|watching| WatchingProgress {
            slots: watching.slots,
            slots_wanted: watching.slots_wanted,
            has_watched: watching.has_watched,
            stamp_card: watching.stamp_card.map(|card| StampCardProgress {
                stamps: card.stamps,
                stamps_wanted: card.stamps_wanted,
                sessions: card.sessions,
            }),
        }),
    })
}

pub(crate) fn rewards(data: rewards::ResponseData) -> Vec<Reward> {
    let rewards = data.rewards.unwrap_or_default();

    rewards.into_iter().map(Into::into).collect()
}

pub(crate) fn redemption(data: redemption::ResponseData) -> Option<Redemption> {
    data.redemption.map(Into::into)
}

pub(crate) fn redeemed(data: redeem_reward::ResponseData) -> Result<Redemption, CommandError> {
    use redeem_reward::RedeemRewardRedeemReward as Answer;

    match data.redeem_reward {
        Answer::Redemption(redemption) => Ok(redemption.into()),
        Answer::ValidationError(why) => Err(invalid(why.message, why.field, why.constraint)),
        Answer::NotFoundError(why) => Err(not_found(why.message)),
        Answer::AuthError(why) => Err(forbidden(why.message, why.code)),
        Answer::ConflictError(why) => Err(conflict(why.message, why.code)),
    }
}

impl From<rewards::RewardsRewards> for Reward {
    fn from(read: rewards::RewardsRewards) -> Self {
        let (input, availability) = (read.input, read.availability);

        Self {
            id: read.id,
            title: read.title,
            prompt: read.prompt,
            cost: read.cost.0,
            color: read.color,
            icon: read.icon,
            is_enabled: read.is_enabled,
            is_paused: read.is_paused,
            auto_fulfills: read.auto_fulfills,
            redeemable_offline: read.redeemable_offline,
            membership_tier_min: read.membership_tier_min,
            is_announced: read.is_announced,
            shows_input: read.shows_input,
            input: RewardAsk {
                kind: input.kind,
                pattern: input.pattern,
                min: input.min.map(|min| min.0),
                max: input.max.map(|max| max.0),
                choices: input.choices.unwrap_or_default(),
            },
            availability: RewardAvailability {
                title_contains: availability.title_contains,
                train_level_min: availability.train_level_min,
                online_min: availability.online_min.map(|min| min.0),
            },
            draw: read.draw.map(|draw| RewardDraw {
                window_millis: draw.window_ms.0,
                winners: draw.winners,
            }),
            open_draw: read.open_draw.map(|draw| OpenDraw {
                id: draw.id,
                closes_at_unix_millis: draw.closes_at.0,
                entry_count: draw.entry_count,
            }),
            standing: read.standing.map(Into::into),
        }
    }
}

impl From<rewards::RewardsRewardsStanding> for RewardStanding {
    fn from(read: rewards::RewardsRewardsStanding) -> Self {
        Self {
            can_redeem: read.can_redeem,
            places_left: read.places_left.map(|left| left.0),
            cooldown_ends_at_unix_millis: read.cooldown_ends_at.map(|at| at.0),
            refusal: read.refusal.map(|refusal| StandingRefusal {
                code: refusal.code,
                reason: refusal.message,
                rule: refusal.rule,
            }),
        }
    }
}
