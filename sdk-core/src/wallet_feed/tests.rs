//! What a message is to what is known, and what a refusal is.

use super::{ANSWER_TIMEOUT_MS, FIRST_ID, WalletFeed};
use crate::time::Instant;
use crate::wallet::Wallet;
use crate::wire::{Refusal, ViewerMessage};

fn message(epoch: &str, version: i64, points: &str) -> ViewerMessage {
    ViewerMessage {
        epoch: epoch.to_owned(),
        version,
        wallet: (!points.is_empty()).then(|| Wallet::new("p".to_owned(), points)),
    }
}

fn at(ms: i64) -> Instant {
    Instant::from_millis(ms)
}

fn running() -> WalletFeed {
    let mut feed = WalletFeed::new(7);
    assert!(feed.want(true));
    assert_eq!(feed.begin(at(0)), Some(FIRST_ID + 1));

    feed
}

fn points(feed: &WalletFeed) -> Option<&str> {
    feed.wallet().map(Wallet::as_json)
}

#[test]
fn a_lower_version_is_older_within_an_epoch_and_another_epoch_is_always_newer() {
    let mut feed = running();
    for (epoch, version, told, is_news, shown) in [
        ("a", 5, "50", true, "50"),
        ("a", 4, "40", false, "50"),
        ("a", 5, "50 and a minute", true, "50 and a minute"),
        ("a", 5, "50 and a minute", false, "50 and a minute"),
        ("a", 9, "50 and a minute", false, "50 and a minute"),
        ("a", 8, "80", false, "50 and a minute"),
        ("b", 1, "10", true, "10"),
        ("a", 9, "90", true, "90"),
    ] {
        let taken = feed.take_in(message(epoch, version, told), at(1));
        assert_eq!(taken, is_news, "{epoch} {version}");
        assert_eq!(points(&feed), Some(shown), "{epoch} {version}");
    }
}

#[test]
fn that_somebody_has_not_joined_is_known_as_well() {
    let mut feed = running();
    assert!(feed.take_in(message("a", 1, ""), at(1)), "it is known now");
    assert!(!feed.take_in(message("a", 2, ""), at(2)));
    assert!(
        feed.take_in(message("a", 3, "0"), at(3)),
        "they have joined"
    );
}

#[test]
fn nothing_is_begun_before_it_is_wanted_and_nothing_twice() {
    let mut feed = WalletFeed::new(7);
    assert_eq!(feed.begin(at(0)), None);
    assert_eq!((feed.running(), feed.poll_timeout()), (None, None));
    assert!(feed.want(true) && !feed.want(true));
    let id = feed.begin(at(0));
    assert!(id.is_some_and(|id| feed.is(id)));
    assert_eq!(feed.begin(at(0)), None);
}

#[test]
fn who_is_refused_is_not_asked_again_on_the_same_socket() {
    for reason in [Refusal::SignIn, Refusal::NotFound, Refusal::Invalid] {
        let mut feed = running();
        feed.handle_refusal(reason, at(1));
        assert_eq!(feed.begin(at(3_600_000)), None, "{reason:?}");
        assert_eq!(feed.poll_timeout(), None);
        feed.end();
        assert!(feed.begin(at(3_600_000)).is_some(), "another socket");
    }
}

#[test]
fn what_may_pass_is_tried_again_ever_later_and_soon_again_once_it_was_good() {
    let mut feed = running();
    let mut now = 0;
    for _ in 0..40 {
        feed.handle_refusal(Refusal::Passing, at(now));
        let retry_at = feed.poll_timeout().unwrap().as_millis();
        assert_eq!(feed.begin(at(retry_at - 1)), None);
        assert!((now..=now + 15_000).contains(&retry_at));
        now = retry_at;
        assert!(feed.begin(at(now)).is_some());
    }
    assert!(now > 60_000, "{now} ms for 40 tries");

    feed.take_in(message("a", 1, "10"), at(now));
    now += 1_000;
    feed.handle_refusal(Refusal::Passing, at(now));
    assert!(feed.poll_timeout().unwrap() <= at(now + 250));
}

#[test]
fn a_first_message_is_waited_for_and_later_ones_come_when_they_come() {
    let mut feed = running();
    assert_eq!(feed.poll_timeout(), Some(at(ANSWER_TIMEOUT_MS)));
    assert!(!feed.is_late(at(ANSWER_TIMEOUT_MS - 1)) && feed.is_late(at(ANSWER_TIMEOUT_MS)));
    feed.take_in(message("a", 1, "10"), at(1));
    assert!(!feed.is_late(at(ANSWER_TIMEOUT_MS)));
    assert_eq!(feed.poll_timeout(), None);
}
