//! Draws: who enters, what is held meanwhile, who wins, and what becomes of the others.

use parlor_domain::event::EventBody;
use parlor_domain::id::RedemptionId;
use parlor_domain::reward::{
    Draw, DrawRules, ENTRIES_MAX, Entry, EntryLimit, Limits, ROOM_ENTRIES_MAX, Redemption,
    RedemptionStatus, Reward, Seed, Terms, TermsChange, WrongDraw,
};
use parlor_domain::room_aggregate::{
    Order, RedeemRefusal, RefundRefusal, RewardTarget, SettleRefusal, Settlement,
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::company::{Do, STAFF};
use crate::shop::{Shop, actor, terms};

pub(crate) const WINDOW_MS: i64 = 60_000;

/// Drawn among those who enter within a minute.
pub(crate) fn drawn(winners: i64, more: Terms) -> Terms {
    let rules = DrawRules {
        window_ms: WINDOW_MS,
        winners,
    };

    Terms {
        draw: Some(rules),
        ..more
    }
}

fn change(shop: &mut Shop, reward: &Reward, change: &TermsChange) -> Reward {
    let stage = &mut shop.company.stage;
    let known = stage.aggregate.known.rewards.get(&reward.id).unwrap();
    let target = RewardTarget {
        id: reward.id,
        version: known.version,
    };
    stage
        .aggregate
        .update_reward(&actor(STAFF), target, change, &mut stage.ids, stage.now)
        .unwrap()
}

fn told(shop: &Shop) -> Vec<RedemptionId> {
    let events = shop.company.stage.aggregate.changes.events.iter();
    let told = events.filter_map(|event| {
        let EventBody::RewardRedeemed(alert) = &event.body else {
            return None;
        };
        Some(alert.id)
    });
    told.collect()
}

fn only_draw(shop: &Shop) -> Draw {
    let draws = shop.draws();
    assert_eq!(draws.len(), 1);
    draws[0].clone()
}

/// The entries in the order of their tickets.
fn by_ticket(draw: &Draw, entries: &[&Redemption]) -> Vec<RedemptionId> {
    draw.winners_of(entries.iter().map(|one| one.id), 100)
}

#[test]
fn entries_are_held_and_then_one_wins_and_the_others_have_their_points_again() {
    let mut shop = Shop::open();
    let reward = shop.make(drawn(1, terms(30))).unwrap();
    let opened_at = shop.company.stage.now;
    let ana = shop.redeem("ana", reward.id).unwrap();
    shop.pass(WINDOW_MS - 1);
    let ben = shop.redeem("ben", reward.id).unwrap();
    let draw = only_draw(&shop);
    assert_eq!(
        (draw.opened_at, draw.closes_at, draw.entries),
        (opened_at, opened_at.plus_millis(WINDOW_MS), 2)
    );
    assert_eq!(draw.outcome, None);
    for (name, one) in [("ana", &ana), ("ben", &ben)] {
        assert_eq!(one.status, RedemptionStatus::Entered);
        assert_eq!(one.draw_id, Some(draw.id));
        assert_eq!(shop.balance(name), (100, 30));
    }
    assert_eq!(told(&shop), []);
    assert_eq!(
        shop.company.stage.aggregate.deadline(),
        Some(draw.closes_at)
    );
    shop.check_books();

    // Nobody looks before some later command does.
    shop.wait(5 * WINDOW_MS);
    let opened = draw;
    let draw = only_draw(&shop);
    assert_eq!(draw.seed, opened.seed, "it is chosen before anybody enters");
    let outcome = draw.outcome.clone().unwrap();
    assert_eq!(outcome.drawn_at, opened_at.plus_millis(WINDOW_MS));
    assert_eq!(outcome.winners, by_ticket(&draw, &[&ana, &ben])[..1]);
    let won = shop.redemption(outcome.winners[0]).clone();
    let lost = if won.id == ana.id { ben.id } else { ana.id };
    let lost = shop.redemption(lost).clone();
    assert_eq!(won.status, RedemptionStatus::Unfulfilled);
    assert_eq!(won.drawn_at, Some(outcome.drawn_at));
    assert_eq!(lost.status, RedemptionStatus::NotDrawn);
    assert_eq!(lost.settled_at, Some(outcome.drawn_at));
    let held = |shop: &Shop, one: &Redemption| {
        let name = if one.id == ana.id { "ana" } else { "ben" };
        shop.balance(name).1
    };
    assert_eq!((held(&shop, &won), held(&shop, &lost)), (30, 0));
    assert_eq!(told(&shop), [won.id]);
    let aggregate = &shop.company.stage.aggregate;
    assert_eq!(aggregate.deadline(), None);
    // Each was entered and drawn, and is told to staff once for either.
    assert_eq!(aggregate.census.queue_changes, 2 * 2);
    shop.check_books();

    shop.wait(WINDOW_MS);
    assert_eq!(only_draw(&shop), draw, "it is drawn once");
    shop.settle("mo", won.id, Settlement::Fulfill).unwrap();
    shop.check_books();
}

#[test]
fn a_viewer_enters_once_and_the_next_draw_is_another() {
    let mut shop = Shop::open();
    let reward = shop.make(drawn(1, terms(10))).unwrap();
    shop.redeem("ana", reward.id).unwrap();
    let again = shop.redeem("ana", reward.id).unwrap_err();
    assert_eq!(again, RedeemRefusal::AlreadyEntered);
    shop.restart();
    let again = shop.redeem("ana", reward.id).unwrap_err();
    assert_eq!(again, RedeemRefusal::AlreadyEntered);
    assert_eq!(shop.balance("ana"), (100, 10));

    shop.wait(WINDOW_MS);
    shop.redeem("ana", reward.id).unwrap();
    let draws = shop.draws();
    assert_eq!(draws.len(), 2);
    assert_ne!(draws[0].seed, draws[1].seed);
}

#[test]
fn a_draw_has_so_many_entries_and_no_more() {
    let mut shop = Shop::open();
    let reward = shop.make(drawn(1, terms(10))).unwrap();
    shop.redeem("ana", reward.id).unwrap();
    let draws = &mut shop.company.stage.aggregate.draws;
    draws.get_mut(&reward.id).unwrap().entries = ENTRIES_MAX - 1;
    shop.redeem("ben", reward.id).unwrap();
    let refused = shop.redeem("mo", reward.id).unwrap_err();
    assert_eq!(refused, RedeemRefusal::DrawFull(EntryLimit::OfDraw));
    assert_eq!(shop.balance("mo"), (100, 0));
}

/// Whatever is due together is decided together.
#[test]
fn the_open_draws_of_a_room_have_so_many_entries_together_and_no_more() {
    let mut shop = Shop::open();
    let rewards = [(); 3].map(|()| shop.make(drawn(1, terms(10))).unwrap().id);
    let sold = shop.make(terms(10)).unwrap();
    shop.redeem("ana", rewards[0]).unwrap();
    shop.redeem("ana", rewards[1]).unwrap();
    let draws = &mut shop.company.stage.aggregate.draws;
    draws.get_mut(&rewards[0]).unwrap().entries = ENTRIES_MAX;
    draws.get_mut(&rewards[1]).unwrap().entries = ROOM_ENTRIES_MAX - ENTRIES_MAX - 1;
    shop.redeem("ben", rewards[1]).unwrap();
    let full = RedeemRefusal::DrawFull(EntryLimit::OfRoom);
    // Not even the first of another.
    assert_eq!(shop.redeem("mo", rewards[2]), Err(full));
    let draws = &mut shop.company.stage.aggregate.draws;
    draws.get_mut(&rewards[1]).unwrap().entries = 0;
    draws.get_mut(&rewards[0]).unwrap().entries = ROOM_ENTRIES_MAX;
    let of_draw = shop.redeem("ben", rewards[0]).unwrap_err();
    assert_eq!(of_draw, RedeemRefusal::DrawFull(EntryLimit::OfDraw));
    shop.redeem("mo", sold.id).unwrap();
    assert_eq!(shop.balance("mo"), (100, 10));

    shop.wait(WINDOW_MS);
    shop.redeem("mo", rewards[2]).unwrap();
}

/// Anyone can draw again, and so nobody is left out who is among the entries.
#[test]
fn whoever_is_put_out_of_the_room_is_no_part_of_its_draws() {
    for restarts in [false, true] {
        let mut shop = Shop::open();
        let first = shop.make(drawn(5, terms(30))).unwrap();
        let second = shop.make(drawn(5, terms(10))).unwrap();
        let sold = shop.make(terms(1)).unwrap();
        let out = [first.id, second.id].map(|id| shop.redeem("ana", id).unwrap());
        let kept = shop.redeem("ana", sold.id).unwrap();
        let ben = shop.redeem("ben", first.id).unwrap();
        assert_eq!(shop.balance("ana"), (100, 41));
        if restarts {
            shop.restart();
        }
        shop.put_out("ana");
        assert_eq!(shop.balance("ana"), (100, 1), "but for what is no entry");
        for one in &out {
            let one = shop.redemption(one.id);
            assert_eq!(one.status, RedemptionStatus::Canceled);
            assert_eq!((one.draw_id, one.drawn_at), (None, None));
            let by = one.settled_by.as_ref().unwrap().as_str();
            assert_eq!((by, one.settled_at.is_some()), (STAFF, true));
        }
        shop.check_books();
        let entries = |shop: &Shop, reward: &Reward| {
            let draws = shop.draws();
            let of = draws.iter().find(|draw| draw.reward_id == reward.id);
            of.unwrap().entries
        };
        assert_eq!((entries(&shop, &first), entries(&shop, &second)), (1, 0));

        // Who leaves by themselves stays in it.
        shop.company.act("ben", Do::Leave).unwrap();
        shop.wait(WINDOW_MS);
        assert_eq!(told(&shop), [ben.id]);
        assert!(shop.redemption(kept.id).is_open());
        shop.check_books();
        // Who comes back later enters like anybody.
        shop.company.act(STAFF, Do::Readmit("ana")).unwrap();
        shop.company.act("ana", Do::Join).unwrap();
        shop.redeem("ana", first.id).unwrap();
        shop.check_books();
    }
}

#[test]
fn whoever_is_put_out_after_the_draw_keeps_what_they_have_won() {
    let mut shop = Shop::open();
    let reward = shop.make(drawn(1, terms(30))).unwrap();
    let ana = shop.redeem("ana", reward.id).unwrap();
    shop.wait(WINDOW_MS);
    shop.put_out("ana");
    assert!(shop.redemption(ana.id).is_open());
    assert_eq!(shop.balance("ana"), (100, 30));
    shop.check_books();
}

#[test]
fn staff_takes_an_entry_out_before_the_draw_and_it_is_no_part_of_it() {
    let mut shop = Shop::open();
    let reward = shop.make(drawn(5, terms(30))).unwrap();
    let ana = shop.redeem("ana", reward.id).unwrap();
    let ben = shop.redeem("ben", reward.id).unwrap();
    let early = shop.settle("mo", ana.id, Settlement::Fulfill).unwrap_err();
    assert_eq!(early, SettleRefusal::InDraw);
    assert_eq!(
        shop.refund("olga", ana.id, None).unwrap_err(),
        RefundRefusal::NotFulfilled
    );
    let canceled = shop.settle("mo", ana.id, Settlement::Cancel).unwrap();
    assert_eq!(
        (canceled.status, canceled.draw_id),
        (RedemptionStatus::Canceled, None)
    );
    assert_eq!(shop.balance("ana"), (100, 0));
    assert_eq!(only_draw(&shop).entries, 1);
    let again = shop.redeem("ana", reward.id).unwrap();
    shop.settle("mo", again.id, Settlement::Cancel).unwrap();

    shop.wait(WINDOW_MS);
    let outcome = only_draw(&shop).outcome.unwrap();
    assert_eq!(outcome.winners, [ben.id]);
    assert_eq!(shop.redemption(ana.id), &canceled);
    shop.check_books();

    let over = shop.settle("mo", ana.id, Settlement::Cancel).unwrap_err();
    assert_eq!(over, SettleRefusal::AlreadyCanceled);
}

#[test]
fn who_was_not_drawn_has_nothing_to_settle() {
    let mut shop = Shop::open();
    let reward = shop.make(drawn(1, terms(30))).unwrap();
    let entries = ["ana", "ben"].map(|name| shop.redeem(name, reward.id).unwrap().id);
    shop.wait(WINDOW_MS);
    let winners = only_draw(&shop).outcome.unwrap().winners;
    let lost = entries
        .into_iter()
        .find(|id| !winners.contains(id))
        .unwrap();
    for settlement in [Settlement::Fulfill, Settlement::Cancel] {
        let told = shop.settle("mo", lost, settlement).unwrap_err();
        assert_eq!(told, SettleRefusal::NotDrawn);
    }
}

#[test]
fn places_are_taken_by_those_who_win_and_no_more_win_than_are_left() {
    let mut shop = Shop::open();
    let limits = Limits {
        per_session: Some(3),
        per_viewer_and_session: Some(1),
        ..Limits::default()
    };
    let reward = shop.make(drawn(2, Terms { limits, ..terms(1) })).unwrap();
    for name in ["ana", "ben", "mo", "olga"] {
        shop.redeem(name, reward.id).unwrap();
    }
    shop.wait(WINDOW_MS);
    let first = shop.draws()[0].outcome.clone().unwrap();
    assert_eq!((first.places, first.winners.len()), (2, 2));

    let mut entered = 0;
    for name in ["ana", "ben", "mo", "olga"] {
        let number = shop.person(name).number;
        let has_won = first
            .winners
            .iter()
            .any(|id| shop.redemption(*id).member == number);
        let refusal = shop.redeem(name, reward.id).err();
        assert_eq!(refusal, has_won.then_some(RedeemRefusal::ViewerLimit));
        entered += i64::from(!has_won);
    }
    assert_eq!(entered, 2);
    shop.wait(WINDOW_MS);
    let second = shop.draws()[1].outcome.clone().unwrap();
    assert_eq!((second.places, second.winners.len()), (1, 1));
    let lost = shop.redeem("ana", reward.id).unwrap_err();
    assert_eq!(lost, RedeemRefusal::SessionLimit);

    // A place that comes back is one to enter for.
    shop.settle(STAFF, first.winners[0], Settlement::Cancel)
        .unwrap();
    let number = shop.redemption(first.winners[0]).member;
    let back = ["ana", "ben", "mo", "olga"];
    let back = back
        .into_iter()
        .find(|name| shop.person(name).number == number);
    shop.redeem(back.unwrap(), reward.id).unwrap();
    shop.check_books();
}

/// Where a draw was opened its winners are counted, and so is whether somebody may enter it.
#[test]
fn whoever_enters_after_the_session_has_ended_needs_a_place_in_it() {
    let mut shop = Shop::open();
    let limits = Limits {
        per_viewer_and_session: Some(1),
        ..Limits::default()
    };
    let reward = shop.make(drawn(5, Terms { limits, ..terms(1) })).unwrap();
    shop.redeem("ana", reward.id).unwrap();
    shop.wait(WINDOW_MS);
    shop.redeem("ben", reward.id).unwrap();
    shop.next_session();
    assert_eq!(
        shop.redeem("ana", reward.id).unwrap_err(),
        RedeemRefusal::ViewerLimit
    );
    shop.redeem("mo", reward.id).unwrap();
    shop.wait(WINDOW_MS);
    // The next draw is the new session's.
    for name in ["ana", "ben", "mo"] {
        shop.redeem(name, reward.id).unwrap();
    }
}

#[test]
fn a_cooldown_counts_from_the_draw() {
    let mut shop = Shop::open();
    let limits = Limits {
        cooldown_ms: Some(1_000),
        ..Limits::default()
    };
    let reward = shop.make(drawn(1, Terms { limits, ..terms(1) })).unwrap();
    shop.redeem("ana", reward.id).unwrap();
    shop.redeem("ben", reward.id).unwrap();
    shop.wait(WINDOW_MS + 400);
    let until = only_draw(&shop).closes_at.plus_millis(1_000);
    assert_eq!(
        shop.redeem("mo", reward.id).unwrap_err(),
        RedeemRefusal::Cooldown { until }
    );
    shop.wait(600);
    shop.redeem("mo", reward.id).unwrap();
}

#[test]
fn what_fulfills_itself_is_paid_for_by_who_wins_and_by_nobody_else() {
    let mut shop = Shop::open();
    let made = Terms {
        auto_fulfills: true,
        is_announced: false,
        ..terms(30)
    };
    let reward = shop.make(drawn(1, made)).unwrap();
    shop.redeem("ana", reward.id).unwrap();
    shop.redeem("ben", reward.id).unwrap();
    shop.wait(WINDOW_MS);
    let draw = only_draw(&shop);
    let won = shop.redemption(draw.outcome.unwrap().winners[0]);
    assert_eq!(won.status, RedemptionStatus::Fulfilled);
    assert_eq!(won.settled_at, Some(draw.closes_at));
    let mut balances = [shop.balance("ana"), shop.balance("ben")];
    balances.sort_unstable();
    assert_eq!(balances, [(70, 0), (100, 0)]);
    assert_eq!(told(&shop), []);
    shop.check_books();
}

/// The terms are those of the first entry, until it is drawn.
#[test]
fn a_draw_is_held_as_it_was_opened_whatever_becomes_of_the_reward() {
    let changes = [
        TermsChange {
            cost: Some(99),
            title: Some("Other".to_owned()),
            draw: Some(None),
            auto_fulfills: Some(true),
            is_announced: Some(false),
            ..TermsChange::default()
        },
        TermsChange {
            is_paused: Some(true),
            ..TermsChange::default()
        },
        TermsChange {
            is_enabled: Some(false),
            ..TermsChange::default()
        },
    ];
    for meanwhile in changes {
        let mut shop = Shop::open();
        let reward = shop.make(drawn(5, terms(30))).unwrap();
        let ana = shop.redeem("ana", reward.id).unwrap();
        let by_then = change(&mut shop, &reward, &meanwhile);
        let entering = |cost| Order::new(format!("{cost}"), reward.id, Some(cost), None).unwrap();
        let ben = if by_then.terms.is_paused {
            assert_eq!(shop.redeem("ben", reward.id), Err(RedeemRefusal::Paused));
            None
        } else if !by_then.is_enabled() {
            let refused = shop.redeem("ben", reward.id);
            assert_eq!(refused, Err(RedeemRefusal::NotFound(reward.id)));
            None
        } else {
            let refused = shop.order("ben", &entering(99)).unwrap_err();
            assert_eq!(
                refused,
                RedeemRefusal::CostChanged {
                    cost: 30,
                    given: 99
                }
            );
            Some(shop.order("ben", &entering(30)).unwrap())
        };
        shop.wait(WINDOW_MS);
        for one in [Some(ana), ben].into_iter().flatten() {
            let won = shop.redemption(one.id);
            assert_eq!(won.status, RedemptionStatus::Unfulfilled);
            assert_eq!((won.cost, won.title.as_str()), (30, "Hydrate"));
            assert!(told(&shop).contains(&one.id));
        }
        shop.check_books();
    }
}

#[test]
fn a_draw_is_held_in_a_deleted_reward_and_an_archived_room() {
    let mut shop = Shop::open();
    let reward = shop.make(drawn(1, terms(30))).unwrap();
    let ana = shop.redeem("ana", reward.id).unwrap();
    let target = RewardTarget {
        id: reward.id,
        version: reward.version,
    };
    let stage = &mut shop.company.stage;
    let deleted = stage
        .aggregate
        .delete_reward(&actor(STAFF), target, &mut stage.ids, stage.now);
    deleted.unwrap();
    shop.end_session();
    shop.company.act(STAFF, Do::Archive).unwrap();
    shop.wait(WINDOW_MS);
    assert_eq!(
        shop.redemption(ana.id).status,
        RedemptionStatus::Unfulfilled
    );
    shop.check_books();
}

#[test]
fn what_was_won_after_its_session_has_ended_stays_open_as_long_as_the_reward_says_from_the_draw_on()
{
    let mut shop = Shop::open();
    let made = Terms {
        expires_after_ms: 60_000,
        ..terms(30)
    };
    let reward = shop.make(drawn(1, made)).unwrap();
    let ana = shop.redeem("ana", reward.id).unwrap();
    shop.pass(1_000);
    shop.end_session();
    shop.pass(1_000);
    shop.next_session_only();
    shop.wait(WINDOW_MS);
    let drawn_at = only_draw(&shop).closes_at;
    let won = shop.redemption(ana.id).clone();
    assert_eq!(won.expires_at(), Some(drawn_at.plus_millis(60_000)));
    assert_eq!(won.session_id, only_draw(&shop).session_id);
    shop.expire_due();
    assert!(shop.redemption(ana.id).is_open());
    shop.pass(60_000);
    shop.expire_due();
    assert_eq!(shop.redemption(ana.id).status, RedemptionStatus::Expired);
    shop.check_books();
}

#[test]
fn a_draw_that_a_wrong_clock_opened_lasts_no_longer_than_its_window_from_then_on() {
    let mut shop = Shop::open();
    let reward = shop.make(drawn(1, terms(1))).unwrap();
    shop.pass(86_400_000);
    let ana = shop.redeem("ana", reward.id).unwrap();
    // What was entered moves the room's time by an event of its own.
    shop.company.act("ana", Do::Leave).unwrap();
    shop.pass(-86_400_000);
    let stage = &mut shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    stage.aggregate.recover_from_wrong_clock(ids, now);
    let draw = only_draw(&shop);
    assert_eq!(draw.closes_at, now.plus_millis(WINDOW_MS));
    shop.wait(WINDOW_MS);
    assert_eq!(
        shop.redemption(ana.id).status,
        RedemptionStatus::Unfulfilled
    );
}

/// Three who have entered a draw of one winner, which is over.
fn over() -> (Draw, Vec<Entry>) {
    let mut shop = Shop::open();
    let reward = shop.make(drawn(1, terms(1))).unwrap();
    for name in ["ana", "ben", "mo"] {
        shop.redeem(name, reward.id).unwrap();
    }
    let open = only_draw(&shop);
    assert_eq!(open.check(&shop.entries(&open)), Ok(()));
    shop.wait(WINDOW_MS);
    let (draw, entries) = (only_draw(&shop), shop.entries(&open));
    assert_eq!(draw.check(&entries), Ok(()));
    (draw, entries)
}

#[test]
fn what_is_not_as_it_was_drawn_is_named() {
    let (draw, entries) = over();
    let other = |change: &dyn Fn(&mut Draw)| {
        let mut other = draw.clone();
        change(&mut other);
        other.check(&entries).unwrap_err()
    };
    let few = other(&|draw| draw.entries = 2);
    assert_eq!(few, WrongDraw::OtherEntries { kept: 2, found: 3 });
    for places in [-1, 0, 2] {
        let wrong = other(&|draw| draw.outcome.as_mut().unwrap().places = places);
        assert_eq!(wrong, WrongDraw::OtherPlaces { places, most: 1 });
    }
    let more = |draw: &mut Draw| {
        draw.terms.draw.as_mut().unwrap().winners = 2;
        draw.terms.limits.per_session = Some(1);
        draw.outcome.as_mut().unwrap().places = 2;
    };
    let (places, most) = (2, 1);
    assert_eq!(other(&more), WrongDraw::OtherPlaces { places, most });
    let none = other(&|draw| draw.outcome.as_mut().unwrap().winners.clear());
    assert_eq!(none, WrongDraw::OtherWinners);
    assert_eq!(other(&|draw| draw.terms.draw = None), WrongDraw::NoRules);
    let later = |at: &mut parlor_domain::time::ServerTime| *at = at.plus_millis(1);
    let long = other(&|draw| later(&mut draw.closes_at));
    assert_eq!(long, WrongDraw::OtherWindow);
    let late = other(&|draw| later(&mut draw.outcome.as_mut().unwrap().drawn_at));
    assert_eq!(late, WrongDraw::OtherTime);
    let undrawn = other(&|draw| draw.outcome = None);
    assert!(matches!(undrawn, WrongDraw::OtherStatus(_)));
    let seed = other(&|draw| draw.seed = Seed([7; 32]));
    assert!(matches!(
        seed,
        WrongDraw::OtherWinners | WrongDraw::OtherStatus(_)
    ));
}

/// Whoever gives the prize to somebody else makes all of it fit, but for the seed.
#[test]
fn a_winner_who_was_swapped_is_found() {
    let (draw, entries) = over();
    let won = draw.outcome.clone().unwrap().winners[0];
    for index in (0..3).filter(|index| entries[*index].id != won) {
        let (mut draw, mut entries) = (draw.clone(), entries.clone());
        let winner = entries.iter().position(|one| one.id == won).unwrap();
        let (status, drawn_at) = (entries[winner].status, entries[winner].drawn_at);
        entries[winner].status = RedemptionStatus::NotDrawn;
        entries[winner].drawn_at = None;
        entries[index].status = status;
        entries[index].drawn_at = drawn_at;
        assert!(matches!(
            draw.check(&entries),
            Err(WrongDraw::OtherStatus(_))
        ));
        draw.outcome.as_mut().unwrap().winners = vec![entries[index].id];
        assert_eq!(draw.check(&entries), Err(WrongDraw::OtherWinners));
    }
}

#[test]
fn an_entry_that_is_not_as_it_was_drawn_is_named() {
    let (draw, entries) = over();
    let won = draw.outcome.clone().unwrap().winners[0];
    for (index, own) in entries.iter().enumerate() {
        let id = own.id;
        let check = |change: &dyn Fn(&mut Entry)| {
            let mut entries = entries.clone();
            change(&mut entries[index]);
            draw.check(&entries)
        };
        let status = if id == won {
            RedemptionStatus::NotDrawn
        } else {
            RedemptionStatus::Fulfilled
        };
        let wrong = Err(WrongDraw::OtherStatus(id));
        assert_eq!(check(&|one| one.status = status), wrong);
        let entered = RedemptionStatus::Entered;
        assert_eq!(check(&|one| one.status = entered), wrong);
        let drawn_at = (id != won).then_some(draw.closes_at);
        assert_eq!(check(&|one| one.drawn_at = drawn_at), wrong);
        let wrong = Err(WrongDraw::OtherReward(id));
        assert_eq!(check(&|one| one.cost += 1), wrong);
        let nil = parlor_domain::id::RewardId(Uuid::nil());
        assert_eq!(check(&|one| one.reward_id = nil), wrong);
        let twice = check(&|one| one.member = entries[(index + 1) % 3].member);
        assert!(matches!(twice, Err(WrongDraw::EnteredTwice(_))));
    }
}

#[test]
fn an_open_draw_has_entries_of_which_nothing_was_decided() {
    let mut shop = Shop::open();
    let reward = shop.make(drawn(1, terms(30))).unwrap();
    let entry = Entry::from(&shop.redeem("ana", reward.id).unwrap());
    let draw = only_draw(&shop);
    assert_eq!(draw.check(&[entry]), Ok(()));
    let wrong = Err(WrongDraw::OtherStatus(entry.id));
    for status in [RedemptionStatus::NotDrawn, RedemptionStatus::Unfulfilled] {
        assert_eq!(draw.check(&[Entry { status, ..entry }]), wrong);
    }
    let drawn_at = Some(draw.closes_at);
    assert_eq!(draw.check(&[Entry { drawn_at, ..entry }]), wrong);
}

#[test]
fn terms_of_a_draw_have_limits() {
    for (window_ms, winners, fits) in [
        (5_000, 1, true),
        (3_600_000, 100, true),
        (4_999, 1, false),
        (3_600_001, 1, false),
        (5_000, 0, false),
        (5_000, 101, false),
    ] {
        let draw = Some(DrawRules { window_ms, winners });
        let made = Shop::open().make(Terms { draw, ..terms(1) });
        assert_eq!(made.is_ok(), fits, "{window_ms} {winners}");
    }
}

/// Anyone can do it again by what the documentation says, without this program.
#[test]
fn the_documentation_draws_the_same_winners() {
    let text = include_str!("../../../../docs/economy.md");
    let section = text.split("\n### Draws\n").nth(1).unwrap();
    let hex = |bytes: &[u8]| {
        let bytes: [u8; 32] = bytes.try_into().unwrap();
        parlor_domain::points::Digest(bytes).to_string()
    };
    let value = |name: &str| {
        let line = section
            .lines()
            .find(|line| line.starts_with(&format!("| {name} |")));
        let cell = line.unwrap().split('|').nth(2).unwrap();
        cell.trim().trim_matches('`').to_owned()
    };
    let seed: Vec<u8> = (0..32).collect();
    assert_eq!(value("seed"), hex(&seed));
    assert_eq!(value("commitment"), hex(&Sha256::digest(&seed)));
    let entries: Vec<_> = section
        .lines()
        .filter_map(|line| {
            let mut cells = line.split('|').map(|cell| cell.trim().trim_matches('`'));
            let id = Uuid::try_parse(cells.nth(1)?).ok()?;
            let (ticket, place) = (cells.next()?.to_owned(), cells.next()?.to_owned());
            Some((id, ticket, place))
        })
        .collect();
    assert_eq!(entries.len(), 4);

    // In plain words: hash, sort, take the first.
    let mut tickets: Vec<_> = entries
        .iter()
        .map(|(id, ..)| {
            let preimage: Vec<u8> = seed.iter().chain(id.as_bytes()).copied().collect();
            (hex(&Sha256::digest(preimage)), *id)
        })
        .collect();
    tickets.sort();
    let mut shop = Shop::open();
    let reward = shop.make(drawn(2, terms(1))).unwrap();
    shop.redeem("ana", reward.id).unwrap();
    let draw = Draw {
        seed: Seed(seed.try_into().unwrap()),
        ..only_draw(&shop)
    };
    let ids = entries.iter().map(|(id, ..)| RedemptionId(*id));
    let winners = draw.winners_of(ids, 2);
    assert_eq!(draw.seed.commitment().to_string(), value("commitment"));
    for (index, (ticket, id)) in tickets.iter().enumerate() {
        let (_, said, place) = entries.iter().find(|(one, ..)| one == id).unwrap();
        assert_eq!(
            (said, draw.seed.ticket(RedemptionId(*id)).to_string()),
            (ticket, ticket.clone())
        );
        let place_here = if index < 2 {
            format!("{}", index + 1)
        } else {
            String::new()
        };
        assert_eq!(place, &place_here);
        assert_eq!(
            winners.get(index),
            (index < 2).then_some(&RedemptionId(*id))
        );
    }
}
