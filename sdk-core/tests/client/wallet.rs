//! What the viewer has in the room, on the room's own connection.

use crate::sim::Sim;
use parlor_sdk_core::{ConnectionState, Input, Placement};

/// Of ada, which end at different times, and one of ben.
const ADA: [&str; 2] = [
    "h.eyJyb2xlIjoidmlld2VyIiwic3ViIjoiYWRhIiwiZXhwIjoxfQ.s",
    "h.eyJyb2xlIjoidmlld2VyIiwic3ViIjoiYWRhIiwiZXhwIjoyfQ.s",
];
const BEN: &str = "h.eyJyb2xlIjoidmlld2VyIiwic3ViIjoiYmVuIiwiZXhwIjoxfQ.s";

/// A room whose wallet is followed, by ada.
fn following() -> Sim {
    let mut sim = Sim::new(Placement::Companion);
    sim.input(Input::TokenRenewed(ADA[0].to_owned()));
    sim.input(Input::FollowWallet(true));
    sim.run_for(6_000);

    sim
}

fn set_points(sim: &mut Sim, points: i64) {
    sim.server.version += 1;
    sim.server.points = Some(points);
    sim.tell_viewer();
    sim.run_for(1_000);
}

fn wallet(sim: &Sim) -> Option<serde_json::Value> {
    let wallet = sim.client.wallet()?;

    Some(serde_json::from_str(wallet.as_json()).unwrap())
}

/// Whose wallet it is, and what is in it.
fn shown(sim: &Sim) -> Option<(String, i64)> {
    let wallet = wallet(sim)?;
    let whose = wallet["participantId"].as_str().unwrap().to_owned();

    Some((whose, wallet["balance"].as_i64().unwrap()))
}

fn asked(sim: &Sim) -> usize {
    let all = sim.sent_of("subscribe");

    all.iter()
        .filter(|(_, message)| {
            message["payload"]["query"]
                .as_str()
                .unwrap()
                .starts_with("subscription LiveViewer")
        })
        .count()
}

#[test]
fn a_wallet_is_followed_only_once_it_is_asked_for_and_on_the_same_socket() {
    let mut sim = Sim::new(Placement::Companion);
    sim.run_for(60_000);
    assert_eq!((asked(&sim), wallet(&sim)), (0, None));

    sim.input(Input::FollowWallet(true));
    sim.run_for(1_000);
    set_points(&mut sim, 25);
    assert_eq!(shown(&sim), Some(("a token".to_owned(), 25)));
    assert_eq!((asked(&sim), sim.connects.len()), (1, 1));
    assert_eq!(sim.wallets.len(), 2);

    sim.input(Input::FollowWallet(false));
    sim.run_for(1_000);
    assert_eq!(wallet(&sim), None);
    assert!(!sim.follows_viewer());
    assert_eq!(sim.wallets.last().unwrap().1, None, "and that is said");
    sim.run_for(600_000);
    assert_eq!(asked(&sim), 1);
}

#[test]
fn after_a_cut_what_was_known_stays_until_it_is_told_anew() {
    let mut sim = following();
    set_points(&mut sim, 25);
    sim.server_is_up = false;
    sim.cut(1006);
    sim.run_for(60_000);
    assert_eq!(shown(&sim), Some((ADA[0].to_owned(), 25)));

    sim.server.points = Some(30);
    sim.server.version += 1;
    sim.server_is_up = true;
    sim.run_for(20_000);
    assert_eq!(shown(&sim), Some((ADA[0].to_owned(), 30)));
    assert_eq!(sim.state(), ConnectionState::Live);
}

#[test]
fn a_database_that_was_restored_tells_a_lower_version_of_another_epoch() {
    let mut sim = following();
    set_points(&mut sim, 25);
    sim.server.version = 0;
    sim.server.points = Some(1);
    sim.tell_viewer();
    sim.run_for(1_000);
    assert_eq!(shown(&sim).unwrap().1, 25, "it is older");

    sim.server.epoch = "epoch-2".to_owned();
    sim.cut(1012);
    sim.run_for(20_000);
    assert_eq!(shown(&sim).unwrap().1, 1);
}

#[test]
fn another_viewers_wallet_is_never_shown() {
    let mut sim = following();
    set_points(&mut sim, 25);
    // On its way to ada while ben signs in.
    sim.server.points = Some(26);
    sim.server.version += 1;
    sim.tell_viewer();
    sim.input(Input::TokenRenewed(BEN.to_owned()));
    let signed_in_at = sim.now;
    assert_eq!(wallet(&sim), None, "at once");

    sim.run_for(20_000);
    assert_eq!(shown(&sim), Some((BEN.to_owned(), 26)));
    let since = sim.wallets.iter().filter(|(at, _)| *at >= signed_in_at);
    for (at, wallet) in since {
        let is_adas = wallet
            .as_ref()
            .is_some_and(|wallet| wallet.contains(ADA[0]));
        assert!(!is_adas, "{at}: {wallet:?}");
    }
    assert_eq!(sim.client.stats().disconnects, 0);
}

#[test]
fn another_viewer_is_never_shown_a_wallet_whenever_they_sign_in() {
    for after_ms in 0..80 {
        let mut sim = Sim::new(Placement::Companion);
        sim.input(Input::TokenRenewed(ADA[0].to_owned()));
        sim.input(Input::FollowWallet(true));
        sim.run_for(after_ms);
        sim.input(Input::TokenRenewed(BEN.to_owned()));
        let sent = sim.wallets.len();
        assert_eq!(wallet(&sim), None);
        sim.run_for(20_000);
        assert_eq!(
            shown(&sim),
            Some((BEN.to_owned(), 10)),
            "after {after_ms} ms"
        );
        let wallets = sim.wallets[sent..].iter().filter_map(|(_, it)| it.as_ref());
        assert!(wallets.into_iter().all(|wallet| wallet.contains(BEN)));
    }
}

#[test]
fn a_socket_that_is_not_open_yet_is_not_introduced_as_another_than_it_was_meant_for() {
    let mut sim = Sim::new(Placement::Companion);
    sim.input(Input::TokenRenewed(ADA[0].to_owned()));
    sim.run_for(6_000);
    sim.input(Input::NetworkChanged { online: false });
    sim.input(Input::NetworkChanged { online: true });
    let connects = sim.connects.len();
    sim.input(Input::TokenRenewed(ADA[1].to_owned()));
    sim.run_for(0);
    assert_eq!(sim.connects.len(), connects, "it is the same viewer");

    sim.input(Input::TokenRenewed(BEN.to_owned()));
    sim.run_for(0);
    assert_eq!(sim.connects.len(), connects + 1);
    sim.run_for(6_000);
    assert_eq!(sim.connects.len(), connects + 1);
    let said = sim.sent_of("connection_init");
    assert!(said.last().unwrap().1.to_string().contains(BEN));
    assert_eq!(said.len(), 2, "nobody was introduced on the one before");
}

#[test]
fn another_token_of_the_same_viewer_changes_nothing_that_is_seen() {
    let mut sim = following();
    let (told, connects) = (sim.wallets.len(), sim.connects.len());
    sim.input(Input::TokenRenewed(ADA[1].to_owned()));
    sim.run_for(60_000);
    assert_eq!(shown(&sim).unwrap().1, 10);
    assert_eq!((sim.wallets.len(), sim.connects.len()), (told, connects));
}

#[test]
fn who_is_nobody_in_particular_is_refused_and_keeps_the_room() {
    for code in ["UNAUTHENTICATED", "FORBIDDEN"] {
        let mut sim = Sim::new(Placement::Companion);
        sim.server.refuses_viewer = Some(code);
        sim.input(Input::FollowWallet(true));
        sim.run_for(600_000);
        assert_eq!((asked(&sim), wallet(&sim)), (1, None), "{code}");
        assert_eq!(sim.state(), ConnectionState::Live);

        sim.server.refuses_viewer = None;
        sim.input(Input::TokenRenewed(ADA[0].to_owned()));
        sim.run_for(10_000);
        assert_eq!(shown(&sim), Some((ADA[0].to_owned(), 10)), "{code}");
    }
}

#[test]
fn trouble_with_the_wallet_alone_is_tried_again_and_keeps_the_socket() {
    for code in [None, Some("OVERLOADED"), Some("NEVER_HEARD_OF")] {
        let mut sim = following();
        sim.end_viewer(code);
        sim.server.refuses_viewer = Some("OVERLOADED");
        sim.run_for(60_000);
        assert!(
            (5..40).contains(&asked(&sim)),
            "{} in a minute",
            asked(&sim)
        );
        assert_eq!(shown(&sim).unwrap().1, 10, "what was known stays");
        sim.server.refuses_viewer = None;
        sim.run_for(20_000);
        set_points(&mut sim, 11);
        assert_eq!(shown(&sim).unwrap().1, 11);
        assert_eq!(sim.client.stats().disconnects, 0);
    }
}

#[test]
fn nothing_is_told_in_the_background() {
    let mut sim = following();
    sim.input(Input::Pause);
    sim.server.points = Some(30);
    sim.server.version += 1;
    sim.run_for(60_000);
    assert_eq!(shown(&sim).unwrap().1, 10);
    sim.input(Input::Resume);
    sim.run_for(1_000);
    assert_eq!(shown(&sim).unwrap().1, 30);
}
