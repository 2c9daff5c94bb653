//! What happens in a random session.

use crate::server::Novelty;
use proptest::prelude::*;

pub(super) const PEOPLE: [&str; 5] = ["Ada", "Ben", "Cem", "Dee", "Eve"];

/// What no client of today has ever heard of.
pub(super) const NOVELTIES: &[Novelty] = &[
    ("PICTURE", Some("poll")),
    ("PICTURE", Some("goal:1")),
    ("PICTURE", None),
    ("LIVE", Some("mood")),
    ("LIVE", Some("mood:1")),
];
const PLACES: &[&str] = &["AUDIENCE", "REQUESTED", "INVITED", "SPEAKER"];

#[derive(Debug, Clone)]
pub(super) enum Action {
    Contribute(i64),
    Alert(i64),
    MoveTrain(i64),
    UpdateRoom,
    MovePerson {
        who: usize,
        place: &'static str,
        is_listed: bool,
    },
    SetOnline(i32),
    SomethingNew(Novelty),
    /// So many at once that a client does not hold them all, if it is more than a few times.
    Burst(i64),
    Wait(i64),
    Pause,
    Play {
        rate: u32,
    },
    ReportOffBy(i64),
    /// The player does not know where it is, or says what is no place.
    LosePlayhead {
        is_unreadable: bool,
    },
    /// The player says no more.
    FallSilent,
    Seek {
        by_ms: i64,
    },
    Cut {
        code: u16,
    },
    ServerUp(bool),
    Background,
    Foreground,
    Network {
        online: bool,
    },
    Reconnect,
    LoseMessages(bool),
    RepeatMessage,
    ReorderMessages,
    TrimLog,
}

pub(super) fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (1..1_500_i64).prop_map(Action::Contribute),
        2 => (1..1_500_i64).prop_map(Action::Alert),
        2 => (1..1_500_i64).prop_map(Action::MoveTrain),
        1 => Just(Action::UpdateRoom),
        4 => (0..PEOPLE.len(), prop::sample::select(PLACES), prop::bool::weighted(0.8))
            .prop_map(|(who, place, is_listed)| Action::MovePerson { who, place, is_listed }),
        2 => (0..100).prop_map(Action::SetOnline),
        3 => prop::sample::select(NOVELTIES).prop_map(Action::SomethingNew),
        1 => prop_oneof![8 => 2..80_i64, 1 => Just(900)].prop_map(Action::Burst),
        4 => (0..200_i64).prop_map(Action::Wait),
        6 => (200..15_000_i64).prop_map(Action::Wait),
        1 => Just(Action::Pause),
        2 => prop_oneof![Just(5_000), Just(10_000), Just(20_000)]
            .prop_map(|rate| Action::Play { rate }),
        2 => (-950..950_i64).prop_map(Action::ReportOffBy),
        1 => any::<bool>().prop_map(|is_unreadable| Action::LosePlayhead { is_unreadable }),
        1 => Just(Action::FallSilent),
        2 => (-60_000..30_000_i64).prop_map(|by_ms| Action::Seek { by_ms }),
        2 => (-900_000..600_000_i64).prop_map(|by_ms| Action::Seek { by_ms }),
        1 => prop_oneof![Just(1006), Just(1012), Just(1013)]
            .prop_map(|code| Action::Cut { code }),
        1 => any::<bool>().prop_map(Action::ServerUp),
        1 => Just(Action::Background),
        2 => Just(Action::Foreground),
        2 => any::<bool>().prop_map(|online| Action::Network { online }),
        1 => Just(Action::Reconnect),
        1 => any::<bool>().prop_map(Action::LoseMessages),
        1 => Just(Action::RepeatMessage),
        1 => Just(Action::ReorderMessages),
        1 => Just(Action::TrimLog),
    ]
}

/// What happened before the session: how long after the one before, and what.
pub(super) fn history() -> impl Strategy<Value = Vec<(i64, Past)>> {
    let past = prop_oneof![
        3 => (1..1_500_i64).prop_map(Past::Alert),
        3 => (1..1_500_i64).prop_map(Past::MoveTrain),
        2 => prop::sample::select(NOVELTIES).prop_map(Past::SomethingNew),
        1 => (0..PEOPLE.len(), any::<bool>()).prop_map(|(who, is_listed)| Past::MovePerson(who, is_listed)),
    ];

    prop::collection::vec((0..9_000_i64, past), 0..160)
}

#[derive(Debug, Clone)]
pub(super) enum Past {
    Alert(i64),
    MoveTrain(i64),
    SomethingNew(Novelty),
    MovePerson(usize, bool),
}
