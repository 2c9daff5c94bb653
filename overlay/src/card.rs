//! What an alert says, in words: a line in [`Card::of`] for each kind of event that is drawn as one.

use alloc::string::String;
use alloc::vec::Vec;

use parlor_sdk_core::{Alert, RoomEvent};
use parlor_sdk_events::{Announcement, ContributionAlert, ContributionKind, RedemptionAlert};

use crate::crowd;
use crate::ink::Color;
use crate::words;

/// People that a burst names: what fits beside how many more there are.
const NAMED_MAX: usize = 2;

/// Who, what, how much, and what they wrote.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Card {
    /// Who gave, as typed: text, never markup.
    pub(crate) who: String,
    /// What they did.
    pub(crate) what: String,
    /// How much it was; empty of what is no gift.
    pub(crate) amount: String,
    /// What they wrote, as typed: text, never markup.
    pub(crate) message: Option<String>,
    /// How a redemption is told from a gift.
    pub(crate) reward: Option<RewardLook>,
}

/// How a redemption is drawn: what was redeemed comes first, as loud as the giver of a gift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RewardLook {
    /// The reward's own colour, if it has one.
    pub(crate) color: Option<Color>,
}

impl Card {
    /// What is drawn of `event`, if it is drawn as an alert. Not by `EventKind`, whose reader knows all kinds
    /// and would be loaded for those that are drawn.
    pub(crate) fn of(event: &RoomEvent) -> Option<Self> {
        let gift = ContributionAlert::of(event).map(|alert| contribution(&alert));

        gift.or_else(|| Announcement::of(event).map(announced))
            .or_else(|| RedemptionAlert::of(event).map(redeemed))
    }

    /// What is drawn of one that is on stage.
    pub(crate) fn on_stage(alert: &Alert<Self>) -> Self {
        let single = alert.single().cloned();

        single.unwrap_or_else(|| together(alert))
    }
}

fn announced(announcement: Announcement) -> Card {
    Card {
        who: String::from("Announcement"),
        what: String::new(),
        amount: String::new(),
        message: Some(announcement.text),
        reward: None,
    }
}

fn redeemed(alert: RedemptionAlert) -> Card {
    Card {
        what: ["redeemed by ", &words::named(Some(&alert.name))].concat(),
        who: match alert.icon {
            Some(icon) => [&icon, " ", &alert.title].concat(),
            None => alert.title,
        },
        amount: points(alert.cost),
        message: alert.input,
        reward: Some(RewardLook {
            color: alert.color.as_deref().and_then(Color::hex),
        }),
    }
}

fn points(points: i64) -> String {
    words::counted(points, "point", "points")
}

fn together(burst: &Alert<Card>) -> Card {
    let people = burst.people();
    let count = i64::try_from(burst.count()).unwrap_or(i64::MAX);
    let points = burst.points().map(points);
    let who = match points {
        Some(_) => words::counted(count, "reward redeemed", "rewards redeemed"),
        None => [&words::plus(count), " from ", &crowd::people(people)].concat(),
    };
    let named = people.names().iter().take(NAMED_MAX);
    let named: Vec<String> = named.map(|name| words::named(Some(name))).collect();
    let mut what = named.join(", ");
    if let (Some(others), false) = (crowd::others(people, named.len()), named.is_empty()) {
        what = [&what, " and ", &others, " more"].concat();
    }
    let reward = points.is_some().then_some(RewardLook { color: None });
    let amount = points.unwrap_or_else(|| match burst.money() {
        Some((money, currency)) => words::money(money, currency),
        None => words::plus(burst.hype()),
    });

    Card {
        who,
        what,
        amount,
        message: None,
        reward,
    }
}

fn contribution(alert: &ContributionAlert) -> Card {
    let tier = alert.tier.unwrap_or(1);
    let tier = ["tier ", &words::digits(i64::from(tier))].concat();
    let money = match (alert.amount, &alert.currency) {
        (Some(amount), Some(currency)) => Some(words::money(amount, currency)),
        (Some(_), None) | (None, _) => None,
    };
    let (what, amount) = match alert.kind {
        ContributionKind::Donation => (
            String::from("donated"),
            money.unwrap_or_else(|| words::plus(alert.hype)),
        ),
        ContributionKind::Membership => (String::from("became a member"), tier),
        ContributionKind::GiftedMemberships => {
            let quantity = i64::from(alert.quantity);
            let memberships = words::counted(quantity, "membership", "memberships");
            (["gifted ", &memberships].concat(), tier)
        }
        ContributionKind::Unknown => (
            String::from("chipped in"),
            money.unwrap_or_else(|| words::plus(alert.hype)),
        ),
    };

    Card {
        who: String::from(words::shown_name(alert.name.as_deref())),
        what,
        amount,
        message: alert
            .message
            .clone()
            .filter(|message| !message.trim().is_empty()),
        reward: None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Card, contribution, redeemed};
    use crate::ink::Color;
    use parlor_sdk_core::{AlertInput, AlertLimits, AlertQueue, Gift};
    use parlor_sdk_events::{ContributionAlert, ContributionKind, RedemptionAlert};

    #[test]
    fn a_burst_says_how_many_they_are_and_names_two() {
        let names = ["Ben", "Cleo", "Dan", "Eve", "Finn"];
        let burst = burst((0..12).map(|number| donation(names[number % 5], 250)));

        assert_eq!(burst.who, "+12 from 5 people");
        assert_eq!(burst.what, "Ben, Cleo and 3 more");
        assert_eq!(burst.amount, "€30");
    }

    #[test]
    fn a_burst_of_more_people_than_are_told_apart_says_so() {
        let burst = burst((0..299).map(|number| donation(&format!("viewer {number}"), 100)));

        assert_eq!(burst.who, "+299 from 200+ people");
        assert_eq!(burst.what, "viewer 0, viewer 1 and 198+ more");
    }

    #[test]
    fn a_name_within_a_burst_does_not_turn_what_stands_around_it() {
        let names = ["\u{202e}live", "מריה", "Ben", "Cleo", "Dan"];
        let burst = burst(names.into_iter().map(|name| donation(name, 100)));

        let what = "\u{2068}live\u{2069}, \u{2068}מריה\u{2069} and 3 more";
        assert_eq!(burst.what, what);
    }

    #[test]
    fn a_burst_of_mixed_currencies_counts_hype() {
        let burst = burst((0..6).map(|number| ContributionAlert {
            currency: Some(String::from(if number == 3 { "USD" } else { "EUR" })),
            ..donation("Ben", 100)
        }));

        assert_eq!(burst.amount, "+600");
        assert_eq!(burst.who, "+6 from 1 person");
    }

    #[test]
    fn a_gift_of_a_kind_that_is_new_is_an_alert_all_the_same() {
        for (amount, currency, expected) in [(Some(300), Some("EUR"), "€3"), (None, None, "+300")]
        {
            let card = next_card([ContributionAlert {
                kind: ContributionKind::Unknown,
                amount,
                currency: currency.map(String::from),
                ..donation("Ada", 300)
            }]);

            assert_eq!(
                (card.who.as_str(), card.what.as_str()),
                ("Ada", "chipped in")
            );
            assert_eq!(card.amount, expected);
        }
    }

    #[test]
    fn a_redemption_says_what_was_redeemed_by_whom_and_for_how_much() {
        let card = redeemed(RedemptionAlert {
            input: Some(String::from("Ode to Joy")),
            ..redemption("מריה", 12_500)
        });

        assert_eq!(card.who, "Play a song");
        assert_eq!(card.what, "redeemed by \u{2068}מריה\u{2069}");
        assert_eq!(card.amount, "12,500 points");
        assert_eq!(card.message.as_deref(), Some("Ode to Joy"));
        let color = card.reward.and_then(|look| look.color);
        assert_eq!(color, Some(Color::opaque(51.0, 102.0, 255.0)));
        assert_eq!(redeemed(redemption("Ada", 1)).amount, "1 point");
        let with_icon = RedemptionAlert {
            icon: Some(String::from("🎵")),
            ..redemption("Ada", 1)
        };
        assert_eq!(redeemed(with_icon).who, "🎵 Play a song");
    }

    #[test]
    fn many_redemptions_say_how_many_they_are_and_what_they_cost_together() {
        let mut queue = AlertQueue::new(AlertLimits::default());
        for name in ["Ada", "Ben", "Cleo", "Ben", "Dan", "Eve", "Finn"] {
            let alert = redemption(name, 500);
            let input = AlertInput::redemption(alert.name.clone(), alert.cost, 20);
            queue.push(redeemed(alert), input, 0, 0);
        }
        let card = last_card(&mut queue);

        assert_eq!(card.who, "6 rewards redeemed");
        assert_eq!(card.what, "Ben, Cleo and 3 more");
        assert_eq!(card.amount, "3,000 points");
        assert!(card.reward.is_some());
    }

    fn redemption(name: &str, cost: i64) -> RedemptionAlert {
        RedemptionAlert {
            id: String::from("id"),
            reward_id: String::from("reward"),
            participant_id: String::from("participant"),
            name: String::from(name),
            title: String::from("Play a song"),
            cost,
            color: Some(String::from("#3366ff")),
            icon: None,
            input: None,
        }
    }

    /// What waits behind one on stage, when its turn comes.
    fn burst(alerts: impl IntoIterator<Item = ContributionAlert>) -> Card {
        next_card([donation("Ada", 100)].into_iter().chain(alerts))
    }

    /// The last alert that comes of these.
    fn next_card(alerts: impl IntoIterator<Item = ContributionAlert>) -> Card {
        let mut queue = AlertQueue::new(AlertLimits::default());
        for alert in alerts {
            let gift = Gift {
                name: alert.name.clone(),
                amount: alert.amount,
                currency: alert.currency.clone(),
                hype: alert.hype,
            };
            let input = AlertInput::gift(gift, alert.message.as_deref());
            queue.push(contribution(&alert), input, 0, 0);
        }
        last_card(&mut queue)
    }

    fn last_card(queue: &mut AlertQueue<Card>) -> Card {
        while queue.backlog() > 0 || queue.on_stage().is_none() {
            let next = queue.next_change_at().expect("somebody waits");
            queue.advance(next);
        }

        Card::on_stage(queue.on_stage().expect("it is on stage").alert)
    }

    fn donation(name: &str, amount: i64) -> ContributionAlert {
        ContributionAlert {
            id: String::from("id"),
            kind: ContributionKind::Donation,
            name: Some(String::from(name)),
            amount: Some(amount),
            currency: Some(String::from("EUR")),
            tier: None,
            quantity: 1,
            message: None,
            hype: amount,
        }
    }
}
