//! How a reward stands to whoever reads it.

use async_graphql::{Enum, SimpleObject};
use parlor_domain::membership::tier_at;
use parlor_domain::reward::UnmetRule;
use parlor_domain::room_aggregate::{Offer, RedeemRefusal, Round};
use parlor_domain::time::ServerTime;
use parlor_store::RewardsView;

use super::Reward;
use super::draw::with_draws;
use crate::people::Reader;
use crate::refusal::Refusal;
use crate::scalar::{Int64, Time};

/// Whether the caller may redeem a reward now, evaluated by the server as it would be when they do.
#[derive(SimpleObject, Clone)]
pub(crate) struct RewardStanding {
    /// How often the caller may redeem it yet in this session; null if nothing limits that.
    places_left: Option<Int64>,
    /// Until when it cools down for the caller; null if it does not.
    cooldown_ends_at: Option<Time>,
    can_redeem: bool,
    /// Why not.
    refusal: Option<StandingRefusal>,
}

/// What `redeemReward` would be refused with, whatever the input.
#[derive(SimpleObject, Clone)]
pub(crate) struct StandingRefusal {
    message: String,
    code: String,
    /// Of `NOT_AVAILABLE`: the first rule of the reward's `availability` that is not met.
    rule: Option<AvailabilityRule>,
}

/// A rule of when a reward can be redeemed.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AvailabilityRule {
    TitleContains,
    TrainLevelMin,
    OnlineMin,
}

/// Which terms of a reward are shown while a draw of it takes entries.
#[derive(Debug, Clone, Copy)]
pub(super) enum Terms {
    /// Those that entries are taken on.
    Offered,
    /// Those that it has been changed to.
    Present,
}

/// The rewards of `view`, each with how it stands to `reader` at `now`.
pub(super) fn rewards_of(
    view: RewardsView,
    reader: &Reader,
    terms: Terms,
    now: ServerTime,
) -> Vec<Reward> {
    let RewardsView {
        rewards,
        draws,
        entered,
        uses,
        balance,
        tiers,
    } = view;
    let at = reader.view.head.occurred_at.max(now);
    // What is over is drawn before anything is redeemed.
    let open: Vec<_> = draws.iter().filter(|draw| draw.is_open(at)).collect();
    let tier = tier_at(at, &tiers);
    let entries = open.iter().map(|draw| draw.entries).sum();

    rewards
        .into_iter()
        .map(|reward| {
            let round = open.iter().find(|draw| draw.reward_id == reward.id);
            let round = round.map(|draw| Round {
                draw,
                has_entered: entered.contains(&draw.id),
            });
            let offered = round.map_or_else(|| reward.clone(), |one| one.draw.offered(&reward));
            let offer = Offer {
                reward: &offered,
                round,
                entries,
                own: uses.get(&reward.id).copied().unwrap_or_default(),
                room: &reader.view.room,
                session: reader.view.session.as_ref(),
                train: reader.view.train.as_ref(),
                online: reader.view.census.online.count,
                available: balance.available(),
                tier,
                at,
            };
            let standing = standing(&offer, reader);
            let shown = match terms {
                Terms::Offered => offered,
                Terms::Present => reward,
            };
            Reward {
                standing: Some(standing),
                ..with_draws(shown, &draws)
            }
        })
        .collect()
}

fn standing(offer: &Offer<'_>, reader: &Reader) -> RewardStanding {
    let refusal = offer.check(reader.own()).err();
    let refusal = refusal.map(|refusal| {
        let rule = rule(&refusal);
        let refusal = Refusal::from(refusal);
        let (code, message) = refusal.told();
        StandingRefusal {
            message: message.to_owned(),
            code: code.to_owned(),
            rule,
        }
    });

    RewardStanding {
        places_left: offer.places().map(Int64),
        cooldown_ends_at: offer.cools_until().map(Time),
        can_redeem: refusal.is_none(),
        refusal,
    }
}

fn rule(refusal: &RedeemRefusal) -> Option<AvailabilityRule> {
    let RedeemRefusal::NotAvailable(unmet) = refusal else {
        return None;
    };

    Some(match unmet {
        UnmetRule::TitleContains(_) => AvailabilityRule::TitleContains,
        UnmetRule::TrainLevelMin { .. } => AvailabilityRule::TrainLevelMin,
        UnmetRule::OnlineMin { .. } => AvailabilityRule::OnlineMin,
    })
}
