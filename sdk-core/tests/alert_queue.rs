//! Alerts come one at a time, become one when there are too many, and are all accounted for.

#![expect(
    clippy::unwrap_used,
    reason = "what is on stage is what these tests are about"
)]

use parlor_sdk_core::{ALERT_LEAVE_MS, AlertInput, AlertKind, AlertLimits, AlertQueue, Gift};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::{prop_assert, prop_assert_eq};
use std::collections::BTreeSet;

const STAY_MIN_MS: i64 = 4_000;
const STAY_MAX_MS: i64 = 7_000;
const GAP_MS: i64 = 160;
/// The longest that one alert can take, with the empty stage behind it.
const TURN_MAX_MS: i64 = STAY_MAX_MS + ALERT_LEAVE_MS + GAP_MS;
/// When the second alert of those that came at 0 comes on.
const SECOND_AT: i64 = STAY_MIN_MS + ALERT_LEAVE_MS + GAP_MS;

#[test]
fn one_alert_is_shown_at_a_time_and_the_next_waits() {
    let mut queue = queue();
    push(&mut queue, donation("Ada", 100), 0, 0);
    queue.advance(10);
    push(&mut queue, donation("Ben", 200), 0, 0);

    assert_eq!(who(&mut queue, STAY_MIN_MS), "Ada");
    assert_eq!(who(&mut queue, STAY_MIN_MS + ALERT_LEAVE_MS), "");
    assert_eq!(who(&mut queue, SECOND_AT), "Ben");
    assert_eq!(who(&mut queue, 60_000), "");
}

#[test]
fn a_long_message_stays_longer_and_never_beyond_the_longest() {
    let mut queue = queue();
    let long = AlertInput::gift(donation("Ada", 100), Some(&"a".repeat(500)));
    queue.push("Ada".to_owned(), long, 0, 0);

    assert_eq!(who(&mut queue, STAY_MAX_MS - 1), "Ada");
    assert_eq!(who(&mut queue, STAY_MAX_MS + ALERT_LEAVE_MS), "");
}

#[test]
fn more_than_anyone_would_sit_through_become_one_with_true_figures() {
    let mut queue = queue();
    for number in 0..300 {
        push(
            &mut queue,
            donation(&format!("viewer {}", number % 7), 250),
            0,
            0,
        );
    }
    assert_eq!(queue.backlog(), 299);

    queue.advance(SECOND_AT);
    let burst = queue.on_stage().unwrap().alert;
    assert_eq!((burst.count(), burst.single()), (299, None));
    assert_eq!(burst.hype(), 299 * 250);
    assert_eq!(burst.money(), Some((299 * 250, "EUR")));
    assert_eq!(burst.people().count(), 7);
    assert_eq!(queue.backlog(), 0);
}

#[test]
fn a_burst_has_a_sum_of_money_only_in_one_currency() {
    for (odd_at, odd) in [(0, None), (3, None), (0, Some("USD")), (5, Some("USD"))] {
        let mut queue = queue();
        push(&mut queue, donation("Ada", 100), 0, 0);
        for number in 0..6 {
            let currency = if number == odd_at { odd } else { Some("EUR") };
            let gift = Gift {
                currency: currency.map(String::from),
                ..donation("Ben", 100)
            };
            push(&mut queue, gift, 0, 0);
        }

        queue.advance(SECOND_AT);
        let burst = queue.on_stage().unwrap().alert;
        assert_eq!((burst.money(), burst.hype()), (None, 600), "{odd_at}");
    }
}

#[test]
fn what_matters_more_goes_first_and_the_least_become_one() {
    let mut queue = queue();
    for (name, priority) in [
        ("first", 0),
        ("low 1", 0),
        ("high 1", 2),
        ("low 2", 0),
        ("middle", 1),
        ("high 2", 2),
        ("low 3", 0),
    ] {
        push(&mut queue, donation(name, 100), priority, 0);
    }

    let order = ["first", "high 1", "high 2", "middle", "3 together"];
    assert_eq!(turns(&mut queue), order);
}

#[test]
fn one_that_would_be_a_burst_by_itself_is_shown_as_what_it_is() {
    let mut queue = queue();
    push(&mut queue, donation("first", 100), 0, 0);
    push(&mut queue, donation("low", 100), 0, 0);
    for _ in 0..4 {
        push(&mut queue, donation("high", 100), 1, 0);
    }

    let order = ["first", "high", "high", "high", "high", "low"];
    assert_eq!(turns(&mut queue), order);
}

#[test]
fn what_is_too_old_when_its_turn_comes_is_counted_instead() {
    let mut queue = AlertQueue::new(AlertLimits {
        age_max_ms: Some(5_000),
        ..AlertLimits::default()
    });
    push(&mut queue, donation("Ada", 100), 0, 0);
    push(&mut queue, donation("in time", 100), 0, 0);
    push(&mut queue, donation("too old", 100), 0, 0);
    queue.advance(4_000);
    push(&mut queue, donation("young", 100), 0, 0);

    assert_eq!(turns(&mut queue), ["Ada", "in time", "young"]);
    assert_eq!(queue.stats().expired, 1);
}

#[test]
fn a_paused_queue_shows_out_what_is_on_stage_and_lets_nothing_grow_old() {
    let mut queue = AlertQueue::new(AlertLimits {
        age_max_ms: Some(10_000),
        ..AlertLimits::default()
    });
    push(&mut queue, donation("Ada", 100), 0, 0);
    push(&mut queue, donation("Ben", 100), 0, 0);
    queue.advance(1_000);
    queue.pause();
    assert_eq!(who(&mut queue, STAY_MIN_MS - 1), "Ada");
    assert_eq!(who(&mut queue, 100_000), "");
    push(&mut queue, donation("Cleo", 100), 0, 0);
    assert_eq!(who(&mut queue, 200_000), "");
    assert_eq!(queue.backlog(), 2);
    assert_eq!(queue.next_change_at(), None);

    queue.resume();
    assert_eq!(who(&mut queue, 200_000), "Ben");
    assert_eq!(queue.on_stage().unwrap().late_by_ms, 200_000);
    assert_eq!(who(&mut queue, 200_000 + SECOND_AT), "Cleo");
    assert_eq!(queue.stats().expired, 0);
}

#[test]
fn between_two_alerts_the_next_is_not_decided_yet() {
    let in_the_gap = STAY_MIN_MS + ALERT_LEAVE_MS + GAP_MS / 2;
    let between = || {
        let mut queue = queue();
        push(&mut queue, donation("Ada", 100), 0, 0);
        push(&mut queue, donation("Ben", 100), 0, 0);
        assert_eq!(who(&mut queue, in_the_gap), "");
        assert_eq!(
            (queue.backlog(), queue.next_change_at()),
            (1, Some(SECOND_AT))
        );
        queue
    };

    let mut paused = between();
    paused.pause();
    assert_eq!(who(&mut paused, 60_000), "");
    assert_eq!(paused.backlog(), 1);
    paused.resume();
    assert_eq!(who(&mut paused, 60_000), "Ben");

    let mut cleared = between();
    cleared.clear();
    assert_eq!((cleared.stats().shown, cleared.stats().cleared), (1, 1));

    let mut overtaken = between();
    push(&mut overtaken, donation("Cleo", 100), 1, 0);
    assert_eq!(who(&mut overtaken, SECOND_AT), "Cleo");
}

#[test]
fn one_that_is_skipped_leaves_at_once_and_the_next_follows() {
    let mut queue = queue();
    assert!(!queue.skip());
    push(&mut queue, donation("Ada", 100), 0, 0);
    push(&mut queue, donation("Ben", 100), 0, 0);
    queue.advance(1_000);
    assert!(queue.skip());

    let over_at = 1_000 + ALERT_LEAVE_MS;
    assert_eq!(who(&mut queue, over_at - 1), "Ada");
    assert_eq!(who(&mut queue, over_at), "");
    assert!(!queue.skip(), "nothing is on the empty stage between two");
    assert_eq!(who(&mut queue, over_at + GAP_MS), "Ben");
    assert_eq!(
        who(&mut queue, over_at + GAP_MS + STAY_MIN_MS),
        "Ben",
        "it has its whole time"
    );
}

#[test]
fn an_alert_that_a_seek_landed_in_is_shown_for_the_rest_of_its_time() {
    let mut queue = queue();
    push(&mut queue, donation("before", 100), 0, 0);
    queue.advance(20_000);
    queue.clear();
    // Frames are drawn before the moments come in.
    queue.advance(20_020);
    push(&mut queue, donation("Ada", 100), 0, 6_000);
    push(&mut queue, donation("Ben", 100), 0, 3_000);

    assert_eq!(who(&mut queue, 20_020), "Ben");
    let behind_ada = SECOND_AT - 6_000;
    assert_eq!(queue.on_stage().unwrap().age_ms, -behind_ada);
    let over_at = 20_020 + behind_ada + STAY_MIN_MS + ALERT_LEAVE_MS;
    assert_eq!(who(&mut queue, over_at), "");
}

#[test]
fn an_alert_that_came_late_after_an_outage_gets_its_whole_time() {
    let mut queue = queue();
    queue.advance(60_000);
    push(&mut queue, donation("Ada", 100), 0, 40_000);

    assert_eq!(who(&mut queue, 60_000 + STAY_MIN_MS), "Ada");
    assert_eq!(queue.on_stage().unwrap().late_by_ms, 40_000);
}

/// What a host may do.
#[derive(Debug, Clone)]
enum Act {
    Push {
        is_gift: bool,
        priority: i32,
        late_by_ms: i64,
    },
    Wait(i64),
    Pause,
    Resume,
    Skip,
    Clear,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let late = prop_oneof![Just(0), 0..20_000_i64];
    let act = prop_oneof![
        8 => (any::<bool>(), 0..3, late)
            .prop_map(|(is_gift, priority, late_by_ms)| Act::Push { is_gift, priority, late_by_ms }),
        6 => prop_oneof![0..200_i64, 0..20_000_i64].prop_map(Act::Wait),
        1 => Just(Act::Pause),
        1 => Just(Act::Resume),
        1 => Just(Act::Skip),
        1 => Just(Act::Clear),
    ];

    proptest::collection::vec(act, 0..120)
}

#[test]
fn what_is_no_gift_is_shown_by_itself_however_many_gifts_come() {
    let mut queue = queue();
    for number in 0..20 {
        push(&mut queue, donation(&format!("viewer {number}"), 100), 0, 0);
        if number % 5 == 0 {
            tell(&mut queue, &format!("notice {number}"), 0);
        }
    }
    tell(&mut queue, "first of all", 1);

    // Four gifts wait one by one, and all others are one where the first of them stood.
    let expected = [
        "viewer 0",
        "first of all",
        "notice 0",
        "19 together",
        "notice 5",
        "notice 10",
        "notice 15",
    ];
    assert_eq!(turns(&mut queue), expected);
    assert_eq!(queue.stats().shown, 20 + 5);
}

#[test]
fn a_notice_has_no_figures_of_a_gift_and_stays_as_long_as_it_takes_to_read() {
    let mut queue = queue();
    let letters = 20 + 25;
    queue.push("notice".to_owned(), AlertInput::notice(letters), 0, 0);

    let alert = queue.on_stage().unwrap().alert;
    assert_eq!((alert.count(), alert.hype(), alert.money()), (1, 0, None));
    assert_eq!(alert.people().count(), 0);
    assert_eq!(who(&mut queue, STAY_MIN_MS + 999), "notice");
    assert_eq!(who(&mut queue, STAY_MIN_MS + 1_000 + ALERT_LEAVE_MS), "");
}

#[test]
fn of_more_notices_than_anyone_would_read_the_oldest_are_counted() {
    let mut queue = queue();
    for number in 0..1_011 {
        queue.advance(number);
        tell(&mut queue, &format!("notice {number}"), 0);
    }

    assert_eq!((queue.backlog(), queue.stats().expired), (1_000, 10));
    assert_eq!(who(&mut queue, SECOND_AT), "notice 11");
}

#[test]
fn however_many_redemptions_come_a_gift_waits_for_the_one_on_stage_alone() {
    let mut queue = queue();
    let mut next = 0;
    // One every 50 ms, for ten minutes, and a gift in each of them.
    for number in 0..12_000 {
        let now_ms = number * 50;
        redeem(&mut queue, &format!("viewer {}", number % 300), 10, 0, 0);
        if number % 1_200 == 600 {
            push(&mut queue, donation("Ada", 100), 0, 0);
            next = now_ms;
        }
        queue.advance(now_ms);
        if let Some(on_stage) = queue.on_stage()
            && on_stage.alert.kind() == AlertKind::Gift
        {
            assert!(
                on_stage.late_by_ms <= TURN_MAX_MS,
                "{}",
                on_stage.late_by_ms
            );
            assert!(now_ms - next <= 2 * TURN_MAX_MS);
            next = i64::MAX;
        }
        let none_waits = next == i64::MAX || now_ms - next <= TURN_MAX_MS;
        assert!(none_waits || next == 0, "a gift is starved at {now_ms}");
    }

    // Four and one for all others wait, and every one of them is counted.
    let stats = queue.stats();
    assert_eq!(stats.expired, 0);
    assert_eq!(stats.shown + queue.backlog(), 12_000 + 10);
    assert!(turns(&mut queue).len() <= 1 + 4 + 1);
}

#[test]
fn redemptions_become_one_apart_from_gifts_with_true_figures() {
    let mut queue = queue();
    push(&mut queue, donation("first", 100), 0, 0);
    for number in 0..30 {
        redeem(&mut queue, &format!("viewer {}", number % 7), 25, 0, 0);
        push(&mut queue, donation(&format!("giver {number}"), 100), 0, 0);
    }
    tell(&mut queue, "notice", 0);

    queue.advance(SECOND_AT);
    let gifts = queue.on_stage().unwrap().alert;
    assert_eq!((gifts.count(), gifts.points()), (30, None));
    assert_eq!(gifts.money(), Some((30 * 100, "EUR")));
    assert_eq!(who(&mut queue, 2 * SECOND_AT), "notice");
    queue.advance(3 * SECOND_AT);
    let redeemed = queue.on_stage().unwrap().alert;
    assert_eq!((redeemed.count(), redeemed.points()), (30, Some(30 * 25)));
    assert_eq!((redeemed.hype(), redeemed.money()), (0, None));
    assert_eq!(redeemed.people().count(), 7);
    assert_eq!(queue.backlog(), 0);
}

#[test]
fn a_redemption_comes_after_what_has_its_priority_unless_an_app_says_otherwise() {
    let mut queue = queue();
    push(&mut queue, donation("first", 100), 0, 0);
    redeem(&mut queue, "redeemed", 25, 0, 0);
    redeem(&mut queue, "redeemed and preferred", 25, 1, 0);
    tell(&mut queue, "notice", 0);
    push(&mut queue, donation("second", 100), 0, 0);

    let order = [
        "first",
        "redeemed and preferred",
        "notice",
        "second",
        "redeemed",
    ];
    assert_eq!(turns(&mut queue), order);
}

proptest! {
    #[test]
    fn every_alert_is_shown_once_or_counted(
        acts in acts(),
        waiting_max in 0..6_usize,
        ages in any::<bool>(),
    ) {
        let limits = AlertLimits { waiting_max, age_max_ms: ages.then_some(9_000) };
        let mut queue = AlertQueue::new(limits);
        let mut seen = Seen::default();
        let (mut now_ms, mut pushed) = (0, 0_u64);
        for act in acts {
            match act {
                Act::Push { is_gift, priority, late_by_ms } => {
                    pushed += 1;
                    let name = format!("viewer {pushed}");
                    if is_gift {
                        push(&mut queue, donation(&name, 100), priority, late_by_ms);
                    } else {
                        redeem(&mut queue, &name, 100, priority, late_by_ms);
                    }
                }
                Act::Wait(span_ms) => {
                    // Every change on the way, as frames would show it.
                    let end = now_ms + span_ms;
                    while let Some(at) = queue.next_change_at().filter(|at| *at <= end) {
                        prop_assert!(at > now_ms, "it gets on");
                        now_ms = at;
                        queue.advance(now_ms);
                        seen.look(&queue);
                    }
                    now_ms = end;
                    queue.advance(now_ms);
                }
                Act::Pause => queue.pause(),
                Act::Resume => queue.resume(),
                Act::Skip => { queue.skip(); }
                Act::Clear => queue.clear(),
            }
            seen.look(&queue);

            let stats = queue.stats();
            let accounted = stats.shown + stats.expired + stats.cleared + queue.backlog();
            prop_assert_eq!(accounted, pushed, "none is lost in silence");
            if let Some(on_stage) = queue.on_stage() {
                prop_assert!(on_stage.age_ms <= TURN_MAX_MS);
            }
        }

        // However much came, it is over after so many turns: no more waits than that.
        queue.resume();
        let bound = i64::try_from(2 * (waiting_max + 1) + 1).unwrap() * TURN_MAX_MS;
        let end = now_ms + bound;
        while let Some(at) = queue.next_change_at() {
            prop_assert!(at <= end, "the backlog is bounded");
            queue.advance(at);
            seen.look(&queue);
        }
        prop_assert_eq!(queue.backlog(), 0);
        prop_assert!(seen.count <= queue.stats().shown);
        prop_assert!(seen.worth == seen.count * 100, "the figures of bursts are true");
    }

    #[test]
    fn however_many_frames_are_dropped_the_same_alert_is_on_stage(
        pushes in proptest::collection::vec((0..30_000_i64, 0..3), 0..40),
        looked_at in 0..40_000_i64,
    ) {
        let mut pushes = pushes;
        pushes.sort_unstable();
        let (mut often, mut once) = (queue(), queue());
        let mut now_ms = 0;
        for (number, (at, priority)) in pushes.into_iter().filter(|(at, _)| *at <= looked_at).enumerate() {
            while now_ms < at {
                often.advance(now_ms);
                now_ms += 16;
            }
            let gift = donation(&format!("viewer {number}"), 100);
            for queue in [&mut often, &mut once] {
                queue.advance(at);
                push(queue, gift.clone(), priority, 0);
            }
        }
        while now_ms < looked_at {
            often.advance(now_ms);
            now_ms += 16;
        }
        often.advance(looked_at);
        once.advance(looked_at);

        prop_assert_eq!(often.on_stage(), once.on_stage());
    }
}

/// What has been on stage: nobody twice.
#[derive(Default)]
struct Seen {
    number: u32,
    names: BTreeSet<String>,
    count: u64,
    /// The hype of gifts, and the points of redemptions.
    worth: u64,
}

impl Seen {
    fn look(&mut self, queue: &AlertQueue<String>) {
        let Some(on_stage) = queue.on_stage() else {
            return;
        };
        if on_stage.number == self.number {
            return;
        }
        assert!(
            !queue.is_paused(),
            "nothing comes on while the queue is paused"
        );
        self.number = on_stage.number;
        let alert = on_stage.alert;
        let names = alert.people().names();
        assert_eq!(names.len() as u64, alert.count(), "each came once");
        for name in names {
            assert!(self.names.insert(name.clone()), "{name} is shown again");
        }
        self.count += alert.count();
        let worth = alert.hype() + alert.points().unwrap_or_default();
        self.worth += u64::try_from(worth).unwrap();
    }
}

/// An empty one, of what is told apart by a name.
fn queue() -> AlertQueue<String> {
    AlertQueue::new(AlertLimits::default())
}

/// Who is on stage at `now_ms`.
fn who(queue: &mut AlertQueue<String>, now_ms: i64) -> &str {
    queue.advance(now_ms);
    match queue.on_stage().map(|on_stage| on_stage.alert.single()) {
        Some(Some(name)) => name,
        Some(None) => "together",
        None => "",
    }
}

/// Who comes on stage, one after the other, until nobody does.
fn turns(queue: &mut AlertQueue<String>) -> Vec<String> {
    let mut turns = Vec::new();
    let mut number = 0;
    loop {
        if let Some(on_stage) = queue.on_stage().filter(|it| it.number != number) {
            number = on_stage.number;
            turns.push(match on_stage.alert.single() {
                Some(name) => name.clone(),
                None => format!("{} together", on_stage.alert.count()),
            });
        }
        let Some(at) = queue.next_change_at() else {
            return turns;
        };
        queue.advance(at);
    }
}

fn push(queue: &mut AlertQueue<String>, gift: Gift, priority: i32, late_by_ms: i64) {
    let name = gift.name.clone().unwrap();
    queue.push(name, AlertInput::gift(gift, None), priority, late_by_ms);
}

fn redeem(queue: &mut AlertQueue<String>, name: &str, cost: i64, priority: i32, late_by_ms: i64) {
    let input = AlertInput::redemption(name.to_owned(), cost, name.chars().count());
    queue.push(name.to_owned(), input, priority, late_by_ms);
}

fn tell(queue: &mut AlertQueue<String>, text: &str, priority: i32) {
    let input = AlertInput::notice(text.chars().count());
    queue.push(text.to_owned(), input, priority, 0);
}

fn donation(name: &str, amount: i64) -> Gift {
    Gift {
        name: Some(String::from(name)),
        amount: Some(amount),
        currency: Some(String::from("EUR")),
        hype: amount,
    }
}
