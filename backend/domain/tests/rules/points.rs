//! Points that staff grants and charges, and what the books prove.

use std::collections::BTreeMap;

use parlor_domain::id::{TransferId, ViewerId};
use parlor_domain::participant::Capability;
use parlor_domain::points::{
    Account, Balance, Digest, Given, MemberNumber, Proof, TRANSFER_POINTS_MAX, Transfer,
    TransferKind, Unsound,
};
use parlor_domain::room_aggregate::{
    Actor, AdjustPointsRefusal, Adjustment, AdjustmentKind, AnswerKey, Override,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::company::{Company, Do, STAFF};

/// A company whose books are looked up.
struct Bank {
    company: Company,
}

/// What was asked, as far as a test says.
#[derive(Debug, Clone, Copy)]
struct Ask {
    key: u8,
    who: &'static str,
    kind: AdjustmentKind,
    points: i64,
}

fn grant(who: &'static str, points: i64) -> Ask {
    let kind = AdjustmentKind::Grant;
    Ask {
        key: 0,
        who,
        kind,
        points,
    }
}

fn charge(who: &'static str, points: i64) -> Ask {
    let kind = AdjustmentKind::Charge;
    Ask {
        kind,
        ..grant(who, points)
    }
}

impl Bank {
    fn open() -> Self {
        let mut company = Company::assembled();
        let room_id = company.stage.aggregate.room.id;
        let books = &mut company.stage.aggregate.known.books;
        books.put_ledger(parlor_domain::points::Ledger::empty(room_id));
        for number in 0..10 {
            books.ask(MemberNumber(number));
        }
        Self { company }
    }

    /// Has it done under a key of its own.
    fn act(&mut self, actor: &'static str, ask: Ask) -> Result<Transfer, AdjustPointsRefusal> {
        let key = format!("key {}", self.ledger().seq);
        self.act_under(actor, &key, ask)
    }

    fn act_under(
        &mut self,
        actor: &str,
        key: &str,
        ask: Ask,
    ) -> Result<Transfer, AdjustPointsRefusal> {
        let participant = self.company.get(ask.who).unwrap();
        let adjustment = Adjustment::new(
            key.to_owned(),
            participant.id,
            ask.kind,
            ask.points,
            "for the test".to_owned(),
        )
        .unwrap();
        let actor = Actor {
            viewer_id: ViewerId::parse(actor).unwrap(),
            is_staff: actor == STAFF,
        };
        let mut fingerprint = [0; 32];
        fingerprint[0] = participant.number.0.try_into().unwrap();
        fingerprint[1] = u8::from(ask.kind == AdjustmentKind::Charge);
        fingerprint[2..10].copy_from_slice(&ask.points.to_be_bytes());
        let stage = &mut self.company.stage;
        let known = &mut stage.aggregate.known;
        known
            .answers
            .ask(AnswerKey::of_adjustment(&actor, &adjustment));
        known.people.ask_viewer(actor.viewer_id.clone());
        let (ids, now) = (&mut stage.ids, stage.now);

        stage
            .aggregate
            .adjust_points(&actor, &adjustment, fingerprint, ids, now)
    }

    fn ledger(&self) -> parlor_domain::points::Ledger {
        *self.company.stage.aggregate.known.books.ledger()
    }

    fn balance(&self, name: &str) -> Balance {
        let number = self.company.get(name).unwrap().number;
        self.company.stage.aggregate.known.books.balance(number)
    }

    fn rows(&self) -> Vec<(Transfer, Digest)> {
        self.company.stage.aggregate.changes.transfers.clone()
    }

    fn accounts(&self) -> Vec<(MemberNumber, Given)> {
        let changes = &self.company.stage.aggregate.changes;
        changes
            .balances
            .iter()
            .map(|(of, one)| (*of, *one))
            .collect()
    }

    /// What the books prove, with `rows` in place of what was written.
    fn verify(&self, rows: &[(Transfer, Digest)]) -> Result<(), Unsound> {
        let mut proof = Proof::new(self.company.stage.aggregate.room.id);
        for (transfer, link) in rows {
            proof.add(transfer, *link, &BTreeMap::new())?;
        }
        proof.compare(&self.ledger(), self.accounts())
    }
}

#[test]
fn everyone_has_a_small_number_of_their_own_for_ever() {
    let mut company = Company::assembled();
    let numbers = |company: &Company| {
        ["olga", "mo", "ana", "ben"].map(|name| company.get(name).unwrap().number.0)
    };
    assert_eq!(numbers(&company), [0, 1, 2, 3]);

    company.act("ana", Do::Leave).unwrap();
    company.act("cem", Do::Join).unwrap();
    company.act("ana", Do::Join).unwrap();

    assert_eq!(numbers(&company), [0, 1, 2, 3]);
    assert_eq!(company.get("cem").unwrap().number.0, 4);
}

#[test]
fn points_come_from_the_mint_and_go_to_the_sink() {
    let mut bank = Bank::open();
    let granted = bank.act(STAFF, grant("ana", 100)).unwrap();
    let charged = bank.act("olga", charge("ana", 30)).unwrap();

    assert_eq!((granted.seq, charged.seq), (1, 2));
    assert_eq!(
        (granted.balance_after(), charged.balance_after()),
        (100, 70)
    );
    assert_eq!(granted.entry.debit, Account::Mint);
    assert_eq!(charged.entry.credit, Account::Sink);
    assert_eq!(bank.balance("ana").available(), 70);
    let ledger = bank.ledger();
    assert_eq!(
        (ledger.minted, ledger.burned, ledger.outstanding()),
        (100, 30, 70)
    );
    bank.verify(&bank.rows()).unwrap();
}

#[test]
fn who_may_adjust_whose_points() {
    let refusal = |actor, ask| {
        let mut bank = Bank::open();
        bank.act(STAFF, grant("ana", 100)).unwrap();
        let (head, rows) = (bank.ledger(), bank.rows().len());
        let audited = bank.company.stage.aggregate.changes.audit.len();
        let refused = bank.act(actor, ask).unwrap_err();
        assert_eq!((bank.ledger(), bank.rows().len()), (head, rows));
        assert_eq!(bank.company.stage.aggregate.changes.audit.len(), audited);
        format!("{refused:?}")
    };

    assert_eq!(
        refusal("mo", grant("ana", 1)),
        "Act(CapabilityMissing(PointsAdjust))"
    );
    assert_eq!(refusal("olga", grant("olga", 1)), "OnOneself");
    assert_eq!(
        refusal("olga", charge("ana", 101)),
        "InsufficientPoints { available: 100, asked: 101 }"
    );
    assert_eq!(
        refusal(STAFF, charge("ben", 1)),
        "InsufficientPoints { available: 0, asked: 1 }"
    );
}

#[test]
fn a_moderator_who_was_granted_it_adjusts_members_and_no_owner() {
    let mut bank = Bank::open();
    let granted = Do::Change("mo", Override::Grant, Capability::PointsAdjust, None);
    bank.company.act("olga", granted).unwrap();

    bank.act("mo", grant("ana", 5)).unwrap();
    let refused = bank.act("mo", charge("olga", 5)).unwrap_err();
    assert_eq!(refused, AdjustPointsRefusal::Outranked);
}

#[test]
fn the_same_key_moves_points_once() {
    let mut bank = Bank::open();
    let first = bank.act_under(STAFF, "k", grant("ana", 10)).unwrap();
    let again = bank.act_under(STAFF, "k", grant("ana", 10)).unwrap();
    assert_eq!(again, first);
    for other in [grant("ana", 11), grant("ben", 10), charge("ana", 10)] {
        let refused = bank.act_under(STAFF, "k", other).unwrap_err();
        assert_eq!(refused, AdjustPointsRefusal::KeyReused("k".to_owned()));
    }
    // Whoever else chose the same key meant something else.
    bank.act_under("olga", "k", grant("ana", 10)).unwrap();

    assert_eq!(bank.balance("ana").points, 20);
}

#[test]
fn what_is_out_of_bounds_is_refused_by_name() {
    let mut bank = Bank::open();
    let id = bank.company.get("ana").unwrap().id;
    let make = |key: &str, points, reason: &str| {
        Adjustment::new(
            key.to_owned(),
            id,
            AdjustmentKind::Grant,
            points,
            reason.to_owned(),
        )
    };
    for points in [0, -1, i64::MIN, TRANSFER_POINTS_MAX + 1, i64::MAX] {
        assert_eq!(make("k", points, "why").unwrap_err().field, "points");
    }
    for reason in ["", "a\0b", &"x".repeat(201)] {
        assert_eq!(make("k", 1, reason).unwrap_err().field, "reason");
    }
    for key in ["", "a\u{7}", &"x".repeat(256)] {
        assert_eq!(make(key, 1, "why").unwrap_err().field, "idempotencyKey");
    }
    bank.act(STAFF, grant("ana", TRANSFER_POINTS_MAX)).unwrap();

    let mut ledger = bank.ledger();
    ledger.minted = i64::MAX;
    bank.company.stage.aggregate.known.books.put_ledger(ledger);
    let refused = bank.act(STAFF, grant("ana", 1)).unwrap_err();
    assert_eq!(refused, AdjustPointsRefusal::TotalsFull);
    bank.act(STAFF, charge("ana", 1)).unwrap();
}

#[test]
fn whatever_is_changed_in_the_books_is_named() {
    let mut bank = Bank::open();
    for ask in [
        grant("ana", 100),
        grant("ben", 50),
        charge("ana", 30),
        grant("ana", 1),
    ] {
        bank.act(STAFF, ask).unwrap();
    }
    let sound = bank.rows();
    let changed = |change: &dyn Fn(&mut Vec<(Transfer, Digest)>)| {
        let mut rows = sound.clone();
        change(&mut rows);
        bank.verify(&rows).unwrap_err()
    };

    assert_eq!(
        changed(&|rows| rows[1].0.entry.points = 51),
        Unsound::ChainBroken(2)
    );
    assert_eq!(
        changed(&|rows| rows[1].0.entry.credit = Account::Member(MemberNumber(2))),
        Unsound::ChainBroken(2)
    );
    assert_eq!(
        changed(&|rows| rows[2].0.at = rows[2].0.at.plus_millis(1)),
        Unsound::ChainBroken(3)
    );
    assert_eq!(
        changed(&|rows| rows[2].0.kind = TransferKind::Granted),
        Unsound::ChainBroken(3)
    );
    assert_eq!(
        changed(&|rows| rows[0].1.0[0] ^= 1),
        Unsound::ChainBroken(1)
    );
    let fields: [&dyn Fn(&mut Transfer); 5] = [
        &|transfer| transfer.id = TransferId(Uuid::from_u128(1)),
        &|transfer| transfer.about = Some(Uuid::from_u128(1)),
        &|transfer| transfer.corrects = Some(1),
        // Other words, with a digest that fits them.
        &|transfer| {
            let words = transfer.authorship.as_mut().unwrap();
            words.reason = "for me".to_owned();
            transfer.authorship_digest = words.digest();
        },
        &|transfer| transfer.entry.debit = Account::Sink,
    ];
    for change in fields {
        assert_eq!(
            changed(&|rows| change(&mut rows[3].0)),
            Unsound::ChainBroken(4)
        );
    }
    let reason = |rows: &mut Vec<(Transfer, Digest)>| {
        rows[3].0.authorship.as_mut().unwrap().reason = "for me".to_owned();
    };
    assert_eq!(changed(&reason), Unsound::WordsChanged(4));
    let balance = |rows: &mut Vec<(Transfer, Digest)>| rows[2].0.given_after = 71;
    assert!(matches!(
        changed(&balance),
        Unsound::WrongBalance {
            seq: 3,
            said: 71,
            ..
        }
    ));
    assert_eq!(
        changed(&|rows| drop(rows.remove(1))),
        Unsound::Gap {
            expected: 2,
            found: 3
        }
    );
    assert_eq!(
        changed(&|rows| drop(rows.pop())),
        Unsound::EndMissing {
            expected: 4,
            found: 3
        }
    );
    assert_eq!(
        changed(&|rows| rows.swap(0, 1)),
        Unsound::Gap {
            expected: 1,
            found: 2
        }
    );
}

#[test]
fn erasing_who_and_why_leaves_the_books_sound() {
    let mut bank = Bank::open();
    bank.act(STAFF, grant("ana", 100)).unwrap();
    bank.act(STAFF, charge("ana", 10)).unwrap();
    let mut rows = bank.rows();
    for (transfer, _) in &mut rows {
        transfer.authorship = None;
    }

    bank.verify(&rows).unwrap();
}

#[test]
fn balances_that_are_not_what_the_transfers_say_are_named() {
    let mut bank = Bank::open();
    bank.act(STAFF, grant("ana", 100)).unwrap();
    let compare = |accounts: &[(MemberNumber, Given)]| {
        let mut proof = Proof::new(bank.company.stage.aggregate.room.id);
        let rows = bank.rows();
        proof.add(&rows[0].0, rows[0].1, &BTreeMap::new()).unwrap();
        proof.compare(&bank.ledger(), accounts.iter().copied())
    };
    let sound = bank.accounts();
    let (ana, balance) = sound[0];
    compare(&sound).unwrap();

    let more = Given {
        points: 101,
        ..balance
    };
    assert!(matches!(
        compare(&[(ana, more)]),
        Err(Unsound::BalanceDiffers {
            kept: 101,
            proven: 100,
            ..
        })
    ));
    let held = Given {
        held: 101,
        ..balance
    };
    assert!(matches!(
        compare(&[(ana, held)]),
        Err(Unsound::HeldDiffers {
            kept: 101,
            proven: 0,
            ..
        })
    ));
    let lines = Given {
        lines: 2,
        ..balance
    };
    assert!(matches!(
        compare(&[(ana, lines)]),
        Err(Unsound::LinesDiffer { .. })
    ));
    assert!(matches!(compare(&[]), Err(Unsound::BalanceMissing { .. })));
    let stranger = (MemberNumber(9), more);
    assert!(matches!(
        compare(&[sound[0], stranger]),
        Err(Unsound::BalanceDiffers { proven: 0, .. })
    ));
}

fn asks() -> impl Strategy<Value = Ask> {
    let who = prop_oneof![Just("ana"), Just("ben"), Just("mo")];
    let points = prop_oneof![1..200_i64, Just(TRANSFER_POINTS_MAX)];
    let kind = prop_oneof![Just(AdjustmentKind::Grant), Just(AdjustmentKind::Charge)];
    (0..12_u8, who, kind, points).prop_map(|(key, who, kind, points)| Ask {
        key,
        who,
        kind,
        points,
    })
}

proptest! {
    /// Whatever is asked in whatever order, and however often: the accounts sum to zero, nobody has less
    /// than nothing, a key moves points once, and the books prove themselves.
    #[test]
    fn the_books_are_sound_after_any_history(history in prop::collection::vec(asks(), 0..60)) {
        let mut bank = Bank::open();
        let mut first: BTreeMap<u8, Transfer> = BTreeMap::new();
        for ask in history {
            let answer = bank.act_under(STAFF, &format!("key {}", ask.key), ask);
            match (answer, first.get(&ask.key)) {
                (Ok(transfer), Some(first)) => prop_assert_eq!(&transfer, first),
                (Ok(transfer), None) => drop(first.insert(ask.key, transfer)),
                (Err(AdjustPointsRefusal::KeyReused(_)), known) => prop_assert!(known.is_some()),
                (Err(AdjustPointsRefusal::InsufficientPoints { available, .. }), None) => {
                    prop_assert_eq!(available, bank.balance(ask.who).points);
                }
                (Err(other), _) => prop_assert!(false, "{other}"),
            }
        }

        let members: i64 = bank.accounts().iter().map(|(_, one)| one.points).sum();
        let ledger = bank.ledger();
        prop_assert_eq!(members + ledger.burned - ledger.minted, 0);
        prop_assert!(bank.accounts().iter().all(|(_, one)| one.points >= 0));
        prop_assert_eq!(bank.rows().len(), first.len());
        prop_assert_eq!(bank.verify(&bank.rows()), Ok(()));
    }
}
