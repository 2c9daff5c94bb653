//! What the books prove of minutes that were credited.

use std::collections::BTreeMap;

use parlor_domain::id::SessionId;
use parlor_domain::points::{Digest, MemberNumber, Proof, Unsound};
use parlor_domain::watching::{EarningChange, EarningPage, Minute, SlotOutcome, WatchCredit};

use crate::cinema::{Cinema, outcomes, usual};
use SlotOutcome::{Counted, NotAMember};

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
