//! Minutes that members' own devices prove: in how many rooms they count, and what the books say of it.

use std::collections::BTreeMap;

use parlor_domain::id::{RoomId, ViewerId};
use parlor_domain::points::MemberNumber;
use parlor_domain::room_aggregate::{Credited, WatchProof, WatchedMinute};
use parlor_domain::watching::SlotOutcome::{
    AlreadyCounted, Counted, NotObserved, OtherRooms, OtherSession, ProgrammeOff,
};
use parlor_domain::watching::{EarningChange, Minute, Places, ViewerMinute};
use uuid::Uuid;

use crate::cinema::{Cinema, outcomes, set, usual};

fn viewer(number: u32) -> ViewerId {
    ViewerId::parse(&format!("viewer{number}")).unwrap()
}

fn other_room(number: u128) -> RoomId {
    RoomId(Uuid::from_u128(u128::MAX - number))
}

/// A room in which every minute brings points.
fn cinema() -> Cinema {
    Cinema::open(EarningChange {
        slots: Some(1),
        ..usual()
    })
}

impl Cinema {
    fn viewer_minute(&self, number: u32) -> ViewerMinute {
        ViewerMinute {
            minute: self.minute(),
            viewer_id: viewer(number),
        }
    }

    /// Has the present minute of a viewer count in these rooms.
    fn takes_places(&mut self, number: u32, rooms: &[(usize, u128)]) {
        let of = self.viewer_minute(number);
        let mut places = Places::default();
        for (place, room) in rooms {
            places.take(*place, other_room(*room)).unwrap();
        }
        let known = &mut self.shop.company.stage.aggregate.known.places;
        known.put(of, places);
    }

    /// Credits the present minute to whom their devices prove it.
    fn report(&mut self, numbers: impl IntoIterator<Item = u32>) -> Credited {
        let numbers: Vec<_> = numbers.into_iter().collect();
        self.report_of(self.minute(), &numbers)
    }

    /// The same of another minute.
    fn report_of(&mut self, minute: Minute, numbers: &[u32]) -> Credited {
        for viewer_id in numbers.iter().map(|number| viewer(*number)) {
            let places = &mut self.shop.company.stage.aggregate.known.places;
            places.ask(ViewerMinute { minute, viewer_id });
        }
        let viewers = numbers.iter();
        let viewers = viewers.map(|number| (MemberNumber(*number), viewer(*number)));
        let watched = WatchedMinute {
            session_id: None,
            minute,
            members: set(numbers.iter().copied()),
            proof: WatchProof::Devices(viewers.collect::<BTreeMap<_, _>>()),
        };
        let stage = &mut self.shop.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        stage.aggregate.credit_watching(&watched, ids, now).unwrap()
    }

    /// The places that were taken here, by whose minute.
    fn taken(&self) -> Vec<(&str, usize)> {
        let taken = self.aggregate().changes.places.iter();
        taken
            .map(|(of, place)| (of.viewer_id.as_str(), *place))
            .collect()
    }
}

#[test]
fn a_minute_counts_where_a_place_is_free() {
    let mut cinema = cinema();
    cinema.takes_places(1, &[(0, 1)]);
    cinema.takes_places(2, &[(1, 1)]);
    cinema.takes_places(3, &[(0, 1), (1, 2)]);
    let credited = cinema.report([0, 1, 2, 3]);
    assert_eq!(outcomes(&credited), [Counted, Counted, Counted, OtherRooms]);
    assert_eq!(
        cinema.taken(),
        [("viewer0", 0), ("viewer1", 1), ("viewer2", 0)]
    );
    assert_eq!((cinema.earned(2), cinema.earned(3)), (10, 0));

    // Told again it counts no more, and takes no other place.
    let credited = cinema.report([0, 3]);
    assert_eq!(outcomes(&credited), [AlreadyCounted, OtherRooms]);
    assert_eq!(cinema.taken().len(), 3);
    cinema.check_books().unwrap();
}

#[test]
fn a_place_that_is_the_rooms_own_is_enough() {
    let mut cinema = cinema();
    let own = cinema.aggregate().room.id;
    let of = cinema.viewer_minute(0);
    let mut places = Places::default();
    places.take(0, other_room(1)).unwrap();
    places.take(1, own).unwrap();
    cinema
        .shop
        .company
        .stage
        .aggregate
        .known
        .places
        .put(of, places);
    assert_eq!(outcomes(&cinema.report([0])), [Counted]);
    assert!(cinema.taken().is_empty());
}

#[test]
fn a_room_may_count_only_what_a_server_saw() {
    let mut cinema = Cinema::open(EarningChange {
        slots: Some(1),
        is_observed_only: Some(true),
        ..usual()
    });
    cinema.takes_places(2, &[(0, 1), (1, 2)]);
    assert_eq!(
        outcomes(&cinema.report([0, 1, 2])),
        [NotObserved, NotObserved, NotObserved]
    );
    assert!(cinema.taken().is_empty());
    assert!(cinema.aggregate().changes.credits.is_empty());
    assert_eq!(outcomes(&cinema.watch([1])), [Counted]);
    assert_eq!(
        outcomes(&cinema.report([0, 1])),
        [NotObserved, AlreadyCounted]
    );
    assert_eq!((cinema.earned(0), cinema.earned(1)), (0, 10));

    // A session keeps what it started with.
    cinema.room().update(EarningChange {
        is_observed_only: Some(false),
        ..usual()
    });
    assert_eq!(outcomes(&cinema.report([0])), [NotObserved]);
    cinema.shop.pass(60_000);
    cinema.shop.next_session();
    assert_eq!(outcomes(&cinema.report([0])), [Counted]);
    cinema.check_books().unwrap();
}

#[test]
fn what_a_server_saw_takes_no_place_and_needs_none() {
    let mut cinema = cinema();
    cinema.takes_places(3, &[(0, 1), (1, 2)]);
    let (session, minute) = (cinema.session(), cinema.minute());
    let credited = cinema.credit(session, minute, set([3]));
    assert_eq!(outcomes(&credited), [Counted]);
    assert!(cinema.taken().is_empty());
    assert_eq!(outcomes(&cinema.report([3])), [AlreadyCounted]);
}

/// Nobody vouches for what devices say, and no person is named for it.
#[test]
fn the_books_say_that_devices_said_so() {
    let mut cinema = cinema();
    cinema.report([0, 1]);
    let (credit, _) = &cinema.aggregate().changes.credits[0];
    let authorship = credit.authorship.as_ref().unwrap();
    assert!(!authorship.actor_is_staff);
    assert_eq!(authorship.actor_id.as_str(), "devices");
    cinema.check_books().unwrap();
}

/// What devices know of sessions may be old, so that the minute says which one it was.
#[test]
fn the_session_that_devices_watched_is_the_newest_that_has_the_minute() {
    let mut cinema = cinema();
    let first = cinema.minute();
    let of = |minute: i64| Minute(first.0 + minute);
    cinema.shop.pass(150_000);
    cinema.shop.next_session();
    cinema.shop.pass(150_000);
    let credited = |cinema: &mut Cinema, minute: i64| {
        let credited = cinema.report_of(of(minute), &[0]);
        let credit = cinema.aggregate().changes.credits.last();
        let session = credit.map(|(credit, _)| credit.session);
        (outcomes(&credited)[0], session)
    };
    let newest = cinema.aggregate().earning.newest().unwrap().number;
    assert_eq!(credited(&mut cinema, -1).0, OtherSession);
    assert_eq!(credited(&mut cinema, 1), (Counted, Some(newest - 1)));
    assert_eq!(credited(&mut cinema, 2), (Counted, Some(newest)), "of both");
    assert_eq!(credited(&mut cinema, 3), (Counted, Some(newest)));
    cinema.check_books().unwrap();

    // Of two that have it, one that does not pay keeps nobody from what the other does.
    let off = EarningChange {
        is_enabled: Some(false),
        ..EarningChange::default()
    };
    cinema.room().update(off);
    cinema.shop.pass(30_000);
    cinema.shop.next_session();
    assert_eq!(credited(&mut cinema, 5), (Counted, Some(newest)));
    cinema.shop.pass(60_000);
    assert_eq!(credited(&mut cinema, 6).0, ProgrammeOff);
    cinema.check_books().unwrap();
}
