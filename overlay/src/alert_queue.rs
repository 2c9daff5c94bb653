//! Alerts, one at a time.
//!
//! What is on stage is a card and the instant it came on: the queue moves by the scene's time, so
//! a dropped frame changes nothing. When more wait than anyone would sit through, they become one.

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use parlor_sdk_core::{ContributionAlert, ContributionKind};

use crate::crowd::Crowd;
use crate::tween::{ENTER_MS, LEAVE_MS, eased, linear};
use crate::words;

/// How long the shortest alert stays.
const STAY_MIN_MS: i64 = 4_000;
/// How long the longest stays.
const STAY_MAX_MS: i64 = 7_000;
/// What one letter adds: a brisk reader takes in 25 a second.
const LETTER_MS: i64 = 40;
/// The empty stage between two alerts, so that the next one is seen to arrive.
const PAUSE_MS: i64 = 160;
/// Alerts that wait one by one. Four more at the longest stay are half a minute: past that, what
/// is shown would have nothing to do with the picture.
const WAITING_MAX: usize = 4;
/// People that a burst names: what fits beside how many more there are.
const NAMED_MAX: usize = 2;

/// What an alert says: who, what, how much, and what they wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    /// Who gave, as typed: text, never markup.
    pub(crate) who: String,
    /// What they did.
    pub(crate) what: String,
    /// How much it was.
    pub(crate) amount: String,
    /// What they wrote, as typed: text, never markup.
    pub(crate) message: Option<String>,
}

/// The alert on stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AlertView<'a> {
    /// What it says.
    pub(crate) card: &'a Card,
    /// Counts alerts; another number is another alert.
    pub(crate) number: u32,
    /// How far it has come on stage, from 0 to 1.
    pub(crate) entered: f32,
    /// How far it has left it, from 0 to 1.
    pub(crate) left: f32,
}

/// Alerts that wait, and the one on stage.
#[derive(Debug, Default)]
pub(crate) struct AlertQueue {
    showing: Option<Showing>,
    waiting: VecDeque<ContributionAlert>,
    burst: Option<Burst>,
    shown_count: u32,
    free_at: i64,
    been_through: i64,
}

#[derive(Debug)]
struct Showing {
    card: Card,
    came_at: i64,
    stay_ms: i64,
}

/// Contributions that came too close together to be shown one by one.
#[derive(Debug, Default)]
struct Burst {
    count: i64,
    hype: i64,
    people: Crowd,
    money: i64,
    currency: Option<String>,
    mixed: bool,
}

impl AlertQueue {
    /// Takes in an alert whose moment was at `began_at`. One that lies before what the queue has
    /// been through, as after an outage, begins where the queue is; after [`Self::clear`] all are
    /// replayed at their own moments, so that a seek lands in the middle of them.
    pub(crate) fn push(&mut self, alert: &ContributionAlert, began_at: i64) {
        let now_ms = began_at.max(self.been_through);
        self.advance(now_ms);
        if self.showing.is_none() && self.is_empty() {
            self.show(card(alert), now_ms.max(self.free_at));
            return;
        }
        if let Some(burst) = &mut self.burst {
            burst.add(alert);
            return;
        }

        self.waiting.push_back(alert.clone());
        if self.waiting.len() > WAITING_MAX {
            let burst = self.burst.get_or_insert_default();
            for alert in self.waiting.drain(..) {
                burst.add(&alert);
            }
        }
    }

    /// Moves on to `now_ms`: what has had its time leaves, what waits follows.
    pub(crate) fn advance(&mut self, now_ms: i64) {
        self.been_through = now_ms;
        while let Some(showing) = &self.showing {
            let over_at = showing.came_at + showing.stay_ms + LEAVE_MS;
            if now_ms < over_at {
                return;
            }
            self.showing = None;
            self.free_at = over_at + PAUSE_MS;
            let next = match self.waiting.pop_front() {
                Some(alert) => Some(card(&alert)),
                None => self.burst.take().map(|burst| burst.card()),
            };
            if let Some(card) = next {
                self.show(card, self.free_at);
            }
        }
    }

    /// Empties the stage, after a jump.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            shown_count: self.shown_count,
            been_through: i64::MIN / 2,
            free_at: i64::MIN / 2,
            ..Self::default()
        };
    }

    /// Returns the alert on stage at `now_ms`.
    pub(crate) fn view(&self, now_ms: i64) -> Option<AlertView<'_>> {
        let showing = self.showing.as_ref()?;
        let age_ms = now_ms - showing.came_at;
        if age_ms < 0 {
            return None;
        }

        Some(AlertView {
            card: &showing.card,
            number: self.shown_count,
            entered: eased(age_ms, ENTER_MS),
            left: linear(age_ms - showing.stay_ms, LEAVE_MS),
        })
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.burst.is_none()
    }

    fn show(&mut self, card: Card, came_at: i64) {
        let stay_ms = stay_ms(&card);
        self.shown_count = self.shown_count.wrapping_add(1);
        self.showing = Some(Showing {
            card,
            came_at,
            stay_ms,
        });
    }
}

impl Burst {
    fn add(&mut self, alert: &ContributionAlert) {
        self.count += 1;
        self.hype = self.hype.saturating_add(alert.hype);
        self.people.add(alert.name.as_deref());
        match (&alert.currency, &self.currency) {
            (Some(new), Some(known)) if new == known => {}
            (Some(new), None) if self.count == 1 => self.currency = Some(new.clone()),
            (Some(_) | None, _) => self.mixed = true,
        }
        self.money = self.money.saturating_add(alert.amount.unwrap_or(0));
    }

    fn card(&self) -> Card {
        let who = [&words::plus(self.count), " from ", &self.people.people()].concat();
        let named = self.people.names().iter().take(NAMED_MAX);
        let named: Vec<String> = named.map(|name| words::named(Some(name))).collect();
        let mut what = named.join(", ");
        if let (Some(others), false) = (self.people.others(named.len()), named.is_empty()) {
            what = [&what, " and ", &others, " more"].concat();
        }
        let amount = match &self.currency {
            Some(currency) if !self.mixed => words::money(self.money, currency),
            Some(_) | None => words::plus(self.hype),
        };

        Card {
            who,
            what,
            amount,
            message: None,
        }
    }
}

fn card(alert: &ContributionAlert) -> Card {
    let tier = alert.tier.unwrap_or(1);
    let tier = ["tier ", &tier.to_string()].concat();
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
    }
}

fn stay_ms(card: &Card) -> i64 {
    let letters = card.who.chars().count() + card.message.as_ref().map_or(0, |m| m.chars().count());

    (STAY_MIN_MS + LETTER_MS * (words::count(letters) - 20)).clamp(STAY_MIN_MS, STAY_MAX_MS)
}

#[cfg(test)]
mod tests {
    use super::{AlertQueue, LEAVE_MS, PAUSE_MS, STAY_MAX_MS, STAY_MIN_MS};
    use parlor_sdk_core::{ContributionAlert, ContributionKind};

    #[test]
    fn one_alert_is_shown_at_a_time_and_the_next_waits() {
        let mut queue = AlertQueue::default();
        queue.push(&donation("Ada", 100), 0);
        queue.push(&donation("Ben", 200), 10);

        assert_eq!(who(&mut queue, STAY_MIN_MS), Some("Ada"));
        let over_at = STAY_MIN_MS + LEAVE_MS;
        assert_eq!(who(&mut queue, over_at), None);
        assert_eq!(who(&mut queue, over_at + PAUSE_MS), Some("Ben"));
        assert_eq!(who(&mut queue, 60_000), None);
    }

    #[test]
    fn a_long_message_stays_longer_and_never_beyond_the_longest() {
        let mut long = donation("Ada", 100);
        long.message = Some("a".repeat(500));
        let mut queue = AlertQueue::default();
        queue.push(&long, 0);

        assert_eq!(who(&mut queue, STAY_MAX_MS - 1), Some("Ada"));
        assert_eq!(who(&mut queue, STAY_MAX_MS + LEAVE_MS), None);
    }

    #[test]
    fn a_burst_becomes_one_alert() {
        let mut queue = AlertQueue::default();
        queue.push(&donation("Ada", 100), 0);
        for number in 0..12 {
            let names = ["Ben", "Cleo", "Dan", "Eve", "Finn"];
            queue.push(&donation(names[number % 5], 250), 50);
        }

        let now_ms = STAY_MIN_MS + LEAVE_MS + PAUSE_MS;
        queue.advance(now_ms);
        let view = queue.view(now_ms).expect("the burst is shown");
        assert_eq!(view.card.who, "+12 from 5 people");
        assert_eq!(view.card.what, "Ben, Cleo and 3 more");
        assert_eq!(view.card.amount, "€30");
    }

    #[test]
    fn a_burst_of_more_people_than_are_told_apart_says_so() {
        let mut queue = AlertQueue::default();
        queue.push(&donation("Ada", 100), 0);
        for number in 0..299 {
            queue.push(&donation(&format!("viewer {number}"), 100), 50);
        }

        let now_ms = STAY_MIN_MS + LEAVE_MS + PAUSE_MS;
        queue.advance(now_ms);
        let view = queue.view(now_ms).expect("the burst is shown");
        assert_eq!(view.card.who, "+299 from 200+ people");
        assert_eq!(view.card.what, "viewer 0, viewer 1 and 198+ more");
    }

    #[test]
    fn a_name_within_a_burst_does_not_turn_what_stands_around_it() {
        let mut queue = AlertQueue::default();
        for name in ["Ada", "\u{202e}live", "מריה", "Ben", "Cleo", "Dan"] {
            queue.push(&donation(name, 100), 0);
        }

        let now_ms = STAY_MIN_MS + LEAVE_MS + PAUSE_MS;
        queue.advance(now_ms);
        let view = queue.view(now_ms).expect("the burst is shown");
        let what = "\u{2068}live\u{2069}, \u{2068}מריה\u{2069} and 3 more";
        assert_eq!(view.card.what, what);
    }

    #[test]
    fn a_burst_of_mixed_currencies_counts_hype() {
        let mut queue = AlertQueue::default();
        queue.push(&donation("Ada", 100), 0);
        for number in 0..6 {
            let mut alert = donation("Ben", 100);
            alert.currency = Some(String::from(if number == 3 { "USD" } else { "EUR" }));
            queue.push(&alert, 50);
        }

        queue.advance(STAY_MIN_MS + LEAVE_MS + PAUSE_MS);
        let view = queue
            .view(STAY_MIN_MS + LEAVE_MS + PAUSE_MS)
            .expect("the burst is shown");
        assert_eq!(view.card.amount, "+600");
        assert_eq!(view.card.who, "+6 from 1 person");
    }

    #[test]
    fn however_many_frames_are_dropped_the_same_alert_is_on_stage() {
        let mut every_frame = AlertQueue::default();
        let mut one_frame = AlertQueue::default();
        for queue in [&mut every_frame, &mut one_frame] {
            for name in ["Ada", "Ben", "Cleo"] {
                queue.push(&donation(name, 100), 0);
            }
        }
        for now_ms in (0..9_000).step_by(16) {
            every_frame.advance(now_ms);
        }
        every_frame.advance(9_000);
        one_frame.advance(9_000);

        assert_eq!(every_frame.view(9_000), one_frame.view(9_000));
        assert!(one_frame.view(9_000).is_some());
    }

    #[test]
    fn an_alert_that_a_seek_landed_in_is_shown_for_the_rest_of_its_time() {
        let mut queue = AlertQueue::default();
        queue.advance(0);
        queue.clear();
        queue.push(&donation("Ada", 100), -3_000);

        let view = queue.view(0).expect("it is on stage");
        assert!((view.entered - 1.0).abs() < f32::EPSILON);
        assert_eq!(who(&mut queue, STAY_MIN_MS - 3_000 + LEAVE_MS), None);
    }

    #[test]
    fn an_alert_that_came_late_after_an_outage_gets_its_whole_time() {
        let mut queue = AlertQueue::default();
        queue.advance(60_000);
        queue.push(&donation("Ada", 100), 20_000);

        assert_eq!(who(&mut queue, 60_000 + STAY_MIN_MS), Some("Ada"));
    }

    #[test]
    fn a_gift_of_a_kind_that_is_new_is_an_alert_all_the_same() {
        for (amount, currency, expected) in [(Some(300), Some("EUR"), "€3"), (None, None, "+300")]
        {
            let mut queue = AlertQueue::default();
            let alert = ContributionAlert {
                kind: ContributionKind::Unknown,
                amount,
                currency: currency.map(String::from),
                ..donation("Ada", 300)
            };
            queue.push(&alert, 0);
            queue.advance(0);

            let card = queue.view(0).expect("it is on stage").card;
            assert_eq!(
                (card.who.as_str(), card.what.as_str()),
                ("Ada", "chipped in")
            );
            assert_eq!(card.amount, expected);
        }
    }

    fn who(queue: &mut AlertQueue, now_ms: i64) -> Option<&str> {
        queue.advance(now_ms);
        queue.view(now_ms).map(|view| view.card.who.as_str())
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
