//! Minutes that are credited: whom they count for, what they bring, and what the books prove of them.

use std::collections::BTreeMap;

use parlor_domain::id::SessionId;
use parlor_domain::participant::Capability;
use parlor_domain::points::{Digest, MemberNumber, Proof, Unsound};
use parlor_domain::room_aggregate::{
    Credited, EarningRefusal, Override, RoomAggregate, WatchProof, WatchedMinute,
};
use parlor_domain::watching::{
    EarningChange, EarningPage, Minute, NumberSet, SlotOutcome, StampCard, WATCHERS_MAX,
    WatchCredit,
};

use crate::company::{Company, Do, STAFF};
use crate::shop::{Shop, actor};

/// A live room whose audience watches, in whole minutes.
pub(crate) struct Cinema {
    pub(crate) shop: Shop,
}

/// The first thousand members may watch.
const PAGES: u32 = 16;

pub(crate) fn set(numbers: impl IntoIterator<Item = u32>) -> NumberSet {
    NumberSet::new(numbers.into_iter().map(MemberNumber).collect()).unwrap()
}

impl Cinema {
    /// A room that is live since the beginning of a minute, by `change` of what is usual.
    pub(crate) fn open(change: EarningChange) -> Self {
        let mut shop = Shop::open();
        for page in 0..PAGES {
            shop.company.stage.aggregate.known.books.ask_page(page);
        }
        shop.company.stage.aggregate.census.numbered = 64 * i64::from(PAGES);
        let mut cinema = Self { shop };
        cinema.room().update(change);
        let into = cinema.shop.company.stage.now.unix_millis() % 60_000;
        cinema.shop.pass(60_000 - into);
        cinema.shop.next_session();
        cinema
    }

    pub(crate) fn room(&mut self) -> Room<'_> {
        Room(&mut self.shop.company)
    }

    pub(crate) fn aggregate(&self) -> &RoomAggregate {
        &self.shop.company.stage.aggregate
    }

    pub(crate) fn minute(&self) -> Minute {
        Minute::of(self.shop.company.stage.now)
    }

    pub(crate) fn session(&self) -> SessionId {
        self.aggregate().earning.newest().unwrap().id
    }

    /// Credits the present minute of the present session to `numbers`.
    fn watch(&mut self, numbers: impl IntoIterator<Item = u32>) -> Credited {
        let (minute, session) = (self.minute(), self.session());
        self.credit(session, minute, set(numbers))
    }

    pub(crate) fn credit(
        &mut self,
        session_id: SessionId,
        minute: Minute,
        members: NumberSet,
    ) -> Credited {
        let watched = WatchedMinute {
            session_id,
            minute,
            members,
            proof: WatchProof::Staff(actor(STAFF).viewer_id),
        };
        let stage = &mut self.shop.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        let credited = stage.aggregate.credit_watching(&watched, ids, now);
        credited.unwrap()
    }

    /// Lets members watch for so many minutes, and returns what each credit brought one of them.
    fn watch_on(&mut self, minutes: u32, member: u32) -> Vec<i64> {
        let mut brought = Vec::new();
        for _ in 0..minutes {
            let legs = self.watch([member]).legs;
            brought.push(legs.first().map_or(0, |leg| leg.points));
            self.shop.pass(60_000);
        }
        brought
    }

    pub(crate) fn earned(&self, member: u32) -> i64 {
        let page = self.aggregate().known.books.page(member / 64);
        page.map_or(0, |page| page.earning(MemberNumber(member)).earned)
    }

    /// What the books prove, with these credits in place of what was written.
    fn verify(&self, credits: &[(WatchCredit, Digest)]) -> Result<(), Unsound> {
        let aggregate = self.aggregate();
        let mut proof = Proof::new(aggregate.room.id);
        let mut credits = credits.iter().peekable();
        let noted = BTreeMap::new();
        for (transfer, link) in &aggregate.changes.transfers {
            while let Some((credit, link)) =
                credits.next_if(|(credit, _)| credit.seq < transfer.seq)
            {
                proof.add_credit(credit, *link, &noted)?;
            }
            proof.add(transfer, *link, &noted)?;
        }
        for (credit, link) in credits {
            proof.add_credit(credit, *link, &noted)?;
        }
        for redemption in aggregate.changes.redemptions.values() {
            proof.add_purchase(redemption.purchase())?;
        }
        for number in &aggregate.changes.pages {
            proof.add_page(*number, aggregate.known.books.page(*number).unwrap())?;
        }
        proof.check_sessions(&aggregate.earning)?;
        let accounts = aggregate.changes.balances.iter();
        proof.compare(
            aggregate.known.books.ledger(),
            accounts.map(|(member, given)| (*member, *given)),
        )
    }

    pub(crate) fn check_books(&self) -> Result<(), Unsound> {
        self.verify(&self.aggregate().changes.credits)
    }
}

/// The room's company, to have its sessions and its programme changed.
pub(crate) struct Room<'a>(&'a mut Company);

impl Room<'_> {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a change is written out where it is made"
    )]
    pub(crate) fn update(&mut self, change: EarningChange) {
        let version = self.0.stage.aggregate.earning.programme.version;
        self.try_update("olga", version, &change).unwrap();
    }

    fn try_update(
        &mut self,
        name: &str,
        version: i32,
        change: &EarningChange,
    ) -> Result<i32, EarningRefusal> {
        let stage = &mut self.0.stage;
        let changed =
            stage
                .aggregate
                .update_earning_programme(&actor(name), version, change, stage.now);
        changed.map(|programme| programme.version)
    }

    pub(crate) fn interrupt(&mut self) {
        let stage = &mut self.0.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        stage.aggregate.interrupt_session(ids, now).unwrap();
    }

    pub(crate) fn resume(&mut self) {
        let stage = &mut self.0.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        stage.aggregate.resume_session(ids, now).unwrap();
    }
}

pub(crate) fn usual() -> EarningChange {
    EarningChange::default()
}

fn outcomes(credited: &Credited) -> Vec<SlotOutcome> {
    let outcomes = credited.outcomes.iter();
    outcomes.map(|(_, outcome)| *outcome).collect()
}

use SlotOutcome::{
    AlreadyCounted, Counted, InTheFuture, Interrupted, NotAMember, OtherSession, ProgrammeOff,
    TooLate,
};

#[test]
fn five_minutes_bring_ten_points() {
    let mut cinema = Cinema::open(usual());
    assert_eq!(cinema.watch_on(11, 2), [0, 0, 0, 0, 10, 0, 0, 0, 0, 10, 0]);
    assert_eq!(cinema.shop.balance("ana"), (120, 0));
    assert_eq!(cinema.earned(3), 0);
    cinema.check_books().unwrap();
}

#[test]
fn progress_goes_on_in_the_next_session() {
    let mut cinema = Cinema::open(usual());
    assert_eq!(cinema.watch_on(4, 2), [0; 4]);
    cinema.shop.next_session();
    assert_eq!(cinema.watch_on(1, 2), [10]);
}

#[test]
fn a_minute_counts_once_and_what_brings_nothing_new_writes_nothing() {
    let mut cinema = Cinema::open(usual());
    assert_eq!(outcomes(&cinema.watch([2, 3])), [Counted, Counted]);
    let (ledger, credits) = (
        *cinema.aggregate().known.books.ledger(),
        cinema.aggregate().changes.credits.len(),
    );
    assert_eq!(outcomes(&cinema.watch([2, 3])), [AlreadyCounted; 2]);
    assert_eq!(cinema.aggregate().changes.credits.len(), credits);
    assert_eq!(*cinema.aggregate().known.books.ledger(), ledger);

    let overlapping = cinema.watch([1, 2, 3, 70]);
    assert_eq!(
        outcomes(&overlapping),
        [Counted, AlreadyCounted, AlreadyCounted, Counted]
    );
    cinema.check_books().unwrap();
}

#[test]
fn why_a_minute_does_not_count() {
    let mut cinema = Cinema::open(usual());
    let (start, session) = (cinema.minute(), cinema.session());
    cinema.shop.pass(20 * 60_000);
    let mut credit = |session, minute: i64| {
        let minute = Minute(start.0 + minute);
        outcomes(&cinema.credit(session, minute, set([2])))[0]
    };

    assert_eq!(credit(session, 21), InTheFuture);
    assert_eq!(credit(session, 20), Counted);
    assert_eq!(credit(session, 3), TooLate);
    // It ended fifteen minutes ago to the millisecond.
    assert_eq!(credit(session, 4), Counted);
    assert_eq!(credit(SessionId(uuid::Uuid::nil()), 20), OtherSession);
}

#[test]
fn a_minute_counts_within_its_session() {
    let mut cinema = Cinema::open(usual());
    let (start, first) = (cinema.minute(), cinema.session());
    let credit = |cinema: &mut Cinema, session, minute: i64, member| {
        let minute = Minute(start.0 + minute);
        outcomes(&cinema.credit(session, minute, set([member])))[0]
    };
    assert_eq!(credit(&mut cinema, first, -1, 2), OtherSession);
    cinema.shop.pass(150_000);
    cinema.shop.next_session();
    let second = cinema.session();
    cinema.shop.pass(150_000);

    // The first ended in the middle of its third minute, in which the second began.
    assert_eq!(credit(&mut cinema, first, 2, 2), Counted);
    assert_eq!(credit(&mut cinema, second, 2, 3), Counted);
    assert_eq!(credit(&mut cinema, first, 3, 2), OtherSession);
    assert_eq!(credit(&mut cinema, second, 1, 3), OtherSession);
    // Nobody watches twice in a minute, whatever the session.
    assert_eq!(credit(&mut cinema, second, 2, 2), AlreadyCounted);
    cinema.shop.next_session();
    assert_eq!(credit(&mut cinema, first, 1, 2), OtherSession);
    assert_eq!(credit(&mut cinema, second, 3, 2), Counted);
    cinema.check_books().unwrap();
}

#[test]
fn nothing_counts_while_the_stream_is_away() {
    let mut cinema = Cinema::open(usual());
    let (start, session) = (cinema.minute(), cinema.session());
    let credit = |cinema: &mut Cinema, minute: i64| {
        let minute = Minute(start.0 + minute);
        outcomes(&cinema.credit(session, minute, set([2])))[0]
    };
    cinema.shop.pass(90_000);
    cinema.room().interrupt();
    cinema.shop.pass(60_000);
    assert_eq!(credit(&mut cinema, 1), Counted);
    assert_eq!(credit(&mut cinema, 2), Interrupted);
    cinema.shop.pass(120_000);
    cinema.room().resume();
    cinema.shop.pass(120_000);

    // Away from half past 1 to half past 4, of which 2 and 3 are whole minutes.
    assert_eq!(credit(&mut cinema, 2), Interrupted);
    assert_eq!(credit(&mut cinema, 3), Interrupted);
    assert_eq!(credit(&mut cinema, 4), Counted);
    assert_eq!(credit(&mut cinema, 5), Counted);
    cinema.check_books().unwrap();
}

#[test]
fn the_first_minute_ever_brings_its_bonus_once() {
    let mut cinema = Cinema::open(EarningChange {
        first_watch_bonus: Some(50),
        slots: Some(2),
        ..usual()
    });
    assert_eq!(cinema.watch_on(3, 2), [50, 10, 0]);
    cinema.shop.next_session();
    assert_eq!(cinema.watch_on(2, 2), [10, 0]);
    cinema.check_books().unwrap();
}

#[test]
fn a_full_stamp_card_brings_its_points_and_begins_anew() {
    let card = StampCard {
        points: 300,
        stamps: 2,
        sessions: 3,
        slots: 2,
    };
    let mut cinema = Cinema::open(EarningChange {
        points: Some(0),
        stamp_card: Some(Some(card)),
        ..usual()
    });
    // Whether somebody came for long enough, and what that brought.
    for (minutes, brought) in [
        (2, 0),
        (1, 0),
        (3, 300), // The first and the third of three.
        (2, 0),
        (0, 0),
        (0, 0),
        (2, 0), // The one before is too long ago.
        (2, 300),
    ] {
        let sum: i64 = cinema.watch_on(minutes, 2).into_iter().sum();
        assert_eq!(sum, brought);
        cinema.shop.pass(60_000);
        cinema.shop.next_session();
    }
    cinema.check_books().unwrap();
}

#[test]
fn a_programme_is_pinned_as_a_session_starts() {
    let mut cinema = Cinema::open(usual());
    let session = cinema.session();
    cinema.watch_on(4, 2);
    cinema.room().update(EarningChange {
        points: Some(1_000),
        ..usual()
    });
    assert_eq!(cinema.watch_on(1, 2), [10]);
    let late = cinema.minute();
    cinema.shop.pass(30_000);
    cinema.shop.next_session();
    assert_eq!(cinema.watch_on(5, 3).pop(), Some(1_000));
    // What is late is credited as its session was to be.
    cinema.credit(session, late, set([2]));
    let last = &cinema.aggregate().changes.credits.last().unwrap().0;
    assert_eq!(last.terms().unwrap().points, 10);

    cinema.room().update(EarningChange {
        is_enabled: Some(false),
        ..usual()
    });
    cinema.shop.pass(60_000);
    cinema.shop.next_session();
    assert_eq!(outcomes(&cinema.watch([2])), [ProgrammeOff]);
    cinema.check_books().unwrap();
}

#[test]
fn who_may_say_what_watching_earns() {
    let mut cinema = Cinema::open(usual());
    let mut update = |name, version, change| {
        let refused = cinema.room().try_update(name, version, &change);
        refused.map_err(|refusal| format!("{refusal:?}"))
    };
    let missing = Err("Act(CapabilityMissing(EarningManage))".to_owned());
    assert_eq!(update("mo", 2, usual()), missing);
    let stale = Err("StaleVersion { current: 2, given: 1 }".to_owned());
    assert_eq!(update("olga", 1, usual()), stale);
    assert_eq!(update("olga", 2, usual()), Ok(3));
    assert_eq!(update(STAFF, 3, usual()), Ok(4));

    let card = StampCard {
        points: 1,
        stamps: 1,
        sessions: 1,
        slots: 1,
    };
    let with = |card| EarningChange {
        stamp_card: Some(Some(card)),
        ..usual()
    };
    for (field, change) in [
        (
            "points",
            EarningChange {
                points: Some(-1),
                ..usual()
            },
        ),
        (
            "points",
            EarningChange {
                points: Some(1_000_001),
                ..usual()
            },
        ),
        (
            "slots",
            EarningChange {
                slots: Some(0),
                ..usual()
            },
        ),
        (
            "slots",
            EarningChange {
                slots: Some(1_441),
                ..usual()
            },
        ),
        (
            "firstWatchBonus",
            EarningChange {
                first_watch_bonus: Some(-1),
                ..usual()
            },
        ),
        ("stampCard.points", with(StampCard { points: 0, ..card })),
        (
            "stampCard.sessions",
            with(StampCard {
                sessions: 33,
                ..card
            }),
        ),
        ("stampCard.stamps", with(StampCard { stamps: 2, ..card })),
        ("stampCard.slots", with(StampCard { slots: 0, ..card })),
    ] {
        let refused = cinema.room().try_update("olga", 4, &change).unwrap_err();
        let EarningRefusal::Invalid(invalid) = refused else {
            panic!("{field}: {refused:?}");
        };
        assert_eq!(invalid.field, field);
    }
}

#[test]
fn a_moderator_who_was_granted_it_says_what_watching_earns() {
    let mut cinema = Cinema::open(usual());
    let granted = Do::Change("mo", Override::Grant, Capability::EarningManage, None);
    cinema.shop.company.act("olga", granted).unwrap();
    assert_eq!(cinema.room().try_update("mo", 2, &usual()), Ok(3));
}

#[test]
fn what_was_earned_is_spent_like_what_was_given() {
    let mut cinema = Cinema::open(EarningChange {
        points: Some(500),
        slots: Some(1),
        ..usual()
    });
    cinema.watch([2]);
    assert_eq!(cinema.shop.balance("ana"), (600, 0));
    let reward = cinema.shop.make(crate::shop::terms(550)).unwrap();
    let redemption = cinema.shop.redeem("ana", reward.id).unwrap();
    cinema.shop.redeem("ana", reward.id).unwrap_err();
    assert_eq!(cinema.shop.balance("ana"), (600, 550));
    let fulfill = parlor_domain::room_aggregate::Settlement::Fulfill;
    cinema.shop.settle("olga", redemption.id, fulfill).unwrap();

    assert_eq!(cinema.shop.balance("ana"), (50, 0));
    let transfer = cinema.aggregate().changes.transfers.last().unwrap();
    assert_eq!(
        (transfer.0.given_after, transfer.0.balance_after()),
        (-450, 50)
    );
    cinema.check_books().unwrap();
}

#[test]
fn a_set_has_an_end() {
    let most = u32::try_from(WATCHERS_MAX).unwrap();
    let mut cinema = Cinema::open(usual());
    let credited = cinema.watch(0..most);
    assert_eq!(credited.counted().len(), WATCHERS_MAX);
    let members = (0..=most).map(MemberNumber).collect();
    assert_eq!(NumberSet::new(members).unwrap_err().field, "viewerIds");
}

#[test]
fn totals_that_are_full_take_no_credit() {
    let mut cinema = Cinema::open(usual());
    let mut ledger = *cinema.aggregate().known.books.ledger();
    ledger.minted = i64::MAX - 1;
    cinema
        .shop
        .company
        .stage
        .aggregate
        .known
        .books
        .put_ledger(ledger);
    let watched = WatchedMinute {
        session_id: cinema.session(),
        minute: cinema.minute(),
        members: set([2]),
        proof: WatchProof::Staff(actor(STAFF).viewer_id),
    };
    let stage = &mut cinema.shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    let refused = stage.aggregate.credit_watching(&watched, ids, now);
    assert!(format!("{refused:?}").contains("TotalsFull"), "{refused:?}");
}

#[test]
fn whatever_is_changed_in_a_credit_is_named() {
    let mut cinema = Cinema::open(EarningChange {
        slots: Some(1),
        ..usual()
    });
    for members in [0..4, 2..6, 0..70] {
        cinema.watch(members);
        cinema.shop.pass(60_000);
    }
    let sound = cinema.aggregate().changes.credits.clone();
    let first = sound[0].0.seq;
    let [_, before] = [&sound[0], &sound[1]].map(|(_, link)| *link);
    let changed = |change: &dyn Fn(&mut WatchCredit)| {
        let mut credits = sound.clone();
        change(&mut credits[2].0);
        let told = cinema.verify(&credits).unwrap_err();
        // The same, by somebody who chained it anew.
        credits[2].1 = before.followed_by_credit(&credits[2].0);
        (told, cinema.verify(&credits).unwrap_err())
    };

    let broken = Unsound::ChainBroken(first + 2);
    let other_slots = changed(&|credit| {
        // All but member 0.
        credit.slots = vec![1, 69];
    });
    let seq = first + 2;
    let member = MemberNumber(0);
    assert_eq!(
        other_slots,
        (broken.clone(), Unsound::WrongLeg { seq, member })
    );
    let other_legs = changed(&|credit| credit.legs[1] += 1);
    assert_eq!(
        other_legs,
        (broken.clone(), Unsound::WrongLeg { seq, member })
    );
    let other_minute = changed(&|credit| credit.minute = Minute(credit.minute.0 - 1));
    let member = MemberNumber(2);
    assert_eq!(
        other_minute,
        (broken.clone(), Unsound::SlotTwice { seq, member })
    );
    let other_sum = changed(&|credit| credit.points += 1);
    let (said, points) = (701, 700);
    assert_eq!(
        other_sum,
        (broken.clone(), Unsound::WrongSum { seq, said, points })
    );
    let other_session = changed(&|credit| credit.session += 1);
    assert_eq!(other_session, (broken.clone(), Unsound::OtherSession(seq)));
    let too_late = changed(&|credit| credit.at = credit.at.plus_millis(17 * 60_000));
    assert_eq!(too_late, (broken.clone(), Unsound::OutOfTime(seq)));
    let other_words = changed(&|credit| {
        let authorship = credit.authorship.as_mut().unwrap();
        authorship.reason.push('!');
    });
    let words_changed = Unsound::WordsChanged(seq);
    assert_eq!(other_words, (words_changed.clone(), words_changed));
    let another_id = changed(&|credit| credit.session_id = SessionId(uuid::Uuid::nil()));
    assert_eq!(another_id, (broken.clone(), Unsound::OtherSession(seq)));
    let fields: [&dyn Fn(&mut WatchCredit); 7] = [
        &|credit| credit.terms.push(0),
        &|credit| credit.put_right = Some(credit.minute),
        &|credit| (credit.authorship, credit.authorship_digest) = (None, Digest([7; 32])),
        &|credit| credit.id = parlor_domain::id::TransferId(uuid::Uuid::nil()),
        &|credit| credit.at = credit.at.plus_millis(1),
        &|credit| credit.programme += 1,
        &|credit| credit.newest_session += 1,
    ];
    for change in fields {
        assert_eq!(changed(change).0, broken);
    }
    let mut credits = sound.clone();
    credits.remove(1);
    let gap = Unsound::Gap {
        expected: first + 1,
        found: first + 2,
    };
    assert_eq!(cinema.verify(&credits).unwrap_err(), gap);
}

/// Who said so can be erased, and the books stay sound.
#[test]
fn a_credit_without_its_words_is_sound() {
    let mut cinema = Cinema::open(usual());
    cinema.watch([1]);
    let mut credits = cinema.aggregate().changes.credits.clone();
    credits[0].0.authorship = None;
    cinema.verify(&credits).unwrap();
}

#[test]
fn sessions_that_are_not_those_that_were_credited_are_named() {
    let mut cinema = Cinema::open(usual());
    cinema.watch([1]);
    cinema.shop.next_session();
    cinema.watch([2]);
    cinema.check_books().unwrap();
    let sound = cinema.aggregate().earning.clone();
    let mut lost = sound.clone();
    lost.sessions.clear();
    let mut exchanged = sound.clone();
    exchanged.sessions[0].id = exchanged.sessions[1].id;
    for kept in [lost, exchanged] {
        cinema.shop.company.stage.aggregate.earning = kept;
        assert_eq!(cinema.check_books(), Err(Unsound::SessionsDiffer));
    }
}

#[test]
fn a_number_that_nobody_has_is_no_member() {
    let mut cinema = Cinema::open(usual());
    cinema.shop.company.stage.aggregate.census.numbered = 3;
    let credited = cinema.watch([2, 3]);
    assert_eq!(outcomes(&credited), [Counted, NotAMember]);
}

/// What was credited while the clock was ahead is not paid for again, and what comes after it was put right is.
#[test]
fn a_clock_that_is_put_right_keeps_nobody_from_earning() {
    const AHEAD_MS: i64 = 7_200_000;
    let mut cinema = Cinema::open(EarningChange {
        slots: Some(1),
        ..usual()
    });
    cinema.shop.pass(AHEAD_MS);
    cinema.shop.next_session();
    assert_eq!(cinema.watch_on(2, 2), [10, 10]);
    let before = cinema.shop.balance("ana").0;

    let stage = &mut cinema.shop.company.stage;
    stage.now = stage.now.plus_millis(-AHEAD_MS);
    let now = stage.now;
    stage
        .aggregate
        .recover_from_wrong_clock(&mut stage.ids, now);
    let put_right_at = cinema.minute();
    let minutes = [put_right_at.0, put_right_at.0 - 3].map(Minute);
    for minute in minutes {
        let session = cinema.session();
        let again = outcomes(&cinema.credit(session, minute, set([2])));
        assert_ne!(again, [Counted], "{minute:?}");
    }
    cinema.shop.pass(60_000);
    assert_eq!(cinema.watch_on(3, 2), [10, 10, 10]);
    assert_eq!(cinema.shop.balance("ana").0, before + 30);
    cinema.check_books().unwrap();
}

/// A node whose clock is a little behind credits the minute before: that is no clock to be put right, in a room
/// where one was long ago.
#[test]
fn a_clock_a_little_behind_pays_no_minute_twice() {
    let mut cinema = Cinema::open(EarningChange {
        slots: Some(1),
        ..usual()
    });
    let long_ago = Minute(cinema.minute().0 - 100_000);
    cinema.shop.company.stage.aggregate.earning.put_right = Some(long_ago);
    assert_eq!(cinema.watch_on(4, 2), [10, 10, 10, 10]);
    let (session, before) = (cinema.session(), Minute(cinema.minute().0 - 1));
    assert_eq!(cinema.watch([3]).counted().len(), 1);

    cinema.shop.company.stage.now = cinema.shop.company.stage.now.plus_millis(-300);
    let again = cinema.credit(session, before, set([2]));
    assert_eq!(outcomes(&again), [AlreadyCounted]);
    cinema.check_books().unwrap();
}

/// Nothing but minutes were credited while the clock was ahead.
#[test]
fn a_clock_that_only_credited_ahead_is_put_right_as_well() {
    const AHEAD_MS: i64 = 7_200_000;
    let mut cinema = Cinema::open(EarningChange {
        slots: Some(1),
        ..usual()
    });
    cinema.shop.pass(AHEAD_MS);
    assert_eq!(cinema.watch_on(2, 2), [10, 10]);

    let stage = &mut cinema.shop.company.stage;
    stage.now = stage.now.plus_millis(-AHEAD_MS);
    let now = stage.now;
    stage
        .aggregate
        .recover_from_wrong_clock(&mut stage.ids, now);
    cinema.shop.pass(60_000);
    assert_eq!(cinema.watch_on(2, 2), [10, 10]);
    cinema.check_books().unwrap();
}

/// Whoever sees a stream so late watches its end after it was.
#[test]
fn the_end_is_watched_as_late_as_the_stream_is_seen() {
    let mut cinema = Cinema::open(usual());
    let stage = &mut cinema.shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    stage.aggregate.end_session(ids, now).unwrap();
    stage
        .aggregate
        .start_session(Some(120_000), ids, now)
        .unwrap();
    let session = cinema.session();
    let stage = &mut cinema.shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    stage.aggregate.end_session(ids, now).unwrap();
    cinema.shop.pass(60_000);
    let minute = cinema.minute();
    assert_eq!(
        outcomes(&cinema.credit(session, minute, set([2]))),
        [Counted]
    );
    cinema.shop.pass(120_000);
    let minute = cinema.minute();
    assert_eq!(
        outcomes(&cinema.credit(session, minute, set([2]))),
        [OtherSession]
    );
}

#[test]
fn pages_that_are_not_what_the_credits_say_are_named() {
    let mut cinema = Cinema::open(usual());
    cinema.watch([1, 70]);
    let sound: BTreeMap<u32, EarningPage> = [0, 1]
        .map(|number| {
            (
                number,
                cinema.aggregate().known.books.page(number).unwrap().clone(),
            )
        })
        .into();
    let verify = |pages: &BTreeMap<u32, EarningPage>| {
        let mut proof = Proof::new(cinema.aggregate().room.id);
        for (transfer, link) in &cinema.aggregate().changes.transfers {
            proof.add(transfer, *link, &BTreeMap::new())?;
        }
        let (credit, link) = &cinema.aggregate().changes.credits[0];
        proof.add_credit(credit, *link, &BTreeMap::new())?;
        for (number, page) in pages {
            proof.add_page(*number, page)?;
        }
        let accounts = cinema.aggregate().changes.balances.clone();
        proof.compare(cinema.aggregate().known.books.ledger(), accounts)
    };
    verify(&sound).unwrap();

    let without = BTreeMap::from([(0, sound[&0].clone())]);
    let differs = |number| Err(Unsound::EarningDiffers(MemberNumber(number)));
    assert_eq!(verify(&without), differs(70));
    let moved = BTreeMap::from([(0, sound[&0].clone()), (2, sound[&1].clone())]);
    assert_eq!(verify(&moved), differs(134));
    let empty = BTreeMap::from([(0, EarningPage::default()), (1, sound[&1].clone())]);
    assert_eq!(verify(&empty), differs(1));
}
