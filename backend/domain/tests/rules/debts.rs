//! Points that staff takes back: what is there at once, and the rest as a debt that whatever comes pays first.

use std::collections::BTreeMap;

use parlor_domain::audit::AuditAction;
use parlor_domain::points::{
    Account, ClawedBack, DEBT_POINTS_MAX, Given, Ledger, MemberNumber, Proof, TRANSFER_POINTS_MAX,
    Transfer, TransferKind, Unsound, genesis,
};
use parlor_domain::reward::{RedemptionStatus, Terms};
use parlor_domain::room_aggregate::{
    ActRefusal, AdjustPointsRefusal, Clawback, RedeemRefusal, Settlement, TargetRefusal,
};
use parlor_domain::watching::{EarningChange, StampCard};
use proptest::prelude::*;

use crate::cinema::{Cinema, usual};
use crate::company::{Do, STAFF};
use crate::draws::{WINDOW_MS, drawn};
use crate::shop::{Shop, actor, terms};

impl Shop {
    pub(crate) fn claw_back(&mut self, who: &str, points: i64) -> ClawedBack {
        self.claw_back_as(STAFF, who, points).unwrap()
    }

    pub(crate) fn claw_back_as(
        &mut self,
        by: &str,
        who: &str,
        points: i64,
    ) -> Result<ClawedBack, AdjustPointsRefusal> {
        let seq = self.company.stage.aggregate.known.books.ledger().seq;
        let key = format!("clawback {by} {seq}");
        let reason = "it was a bot".to_owned();
        let clawback = Clawback::new(key, self.person(who).id, points, reason).unwrap();
        self.claw_back_under(by, &clawback, 0)
    }

    fn claw_back_under(
        &mut self,
        by: &str,
        clawback: &Clawback,
        print: u8,
    ) -> Result<ClawedBack, AdjustPointsRefusal> {
        let who = actor(by);
        let stage = &mut self.company.stage;
        let known = &mut stage.aggregate.known;
        let key = parlor_domain::room_aggregate::AnswerKey::of_clawback(&who, clawback);
        known.answers.ask(key);
        known.people.ask_viewer(who.viewer_id.clone());
        known.people.ask(clawback.participant_id());
        let (ids, now) = (&mut stage.ids, stage.now);
        let aggregate = &mut stage.aggregate;
        aggregate.claw_back_points(&who, clawback, [print; 32], ids, now)
    }

    fn debt(&self, name: &str) -> i64 {
        let books = &self.company.stage.aggregate.known.books;
        books.balance(self.person(name).number).debt
    }

    /// What somebody has, what of it is held, and what they owe.
    pub(crate) fn stands(&self, name: &str) -> (i64, i64, i64) {
        let (points, held) = self.balance(name);
        (points, held, self.debt(name))
    }

    pub(crate) fn ledger(&self) -> Ledger {
        *self.company.stage.aggregate.known.books.ledger()
    }

    /// What the newest lines of statements are, the oldest first.
    fn newest(&self, count: usize) -> Vec<(TransferKind, i64, i64, i64)> {
        let transfers = &self.company.stage.aggregate.changes.transfers;
        let newest = transfers[transfers.len() - count..].iter();
        let line = |transfer: &Transfer| {
            let entry = transfer.entry;
            let (points, debt) = (entry.change_of_member(), entry.change_of_debt());
            (transfer.kind, points, debt, transfer.balance_after())
        };
        newest.map(|(transfer, _)| line(transfer)).collect()
    }
}

use TransferKind::{Charged, ClawedBack as Taken, DebtIncurred, DebtPaid, Granted, Refunded};

#[test]
fn what_is_there_is_taken_and_the_rest_is_owed() {
    // Of 100 points, so many of which are held; the last are what everybody has together, and owes.
    for (held, points, taken, owed) in [
        (0, 30, 30, 0),
        (0, 100, 100, 0),
        (0, 101, 100, 1),
        (60, 40, 40, 0),
        (60, 41, 40, 1),
        (100, 7, 0, 7),
        (100, TRANSFER_POINTS_MAX, 0, TRANSFER_POINTS_MAX),
    ] {
        let mut shop = Shop::open();
        if held > 0 {
            let reward = shop.make(terms(held)).unwrap();
            shop.redeem("ana", reward.id).unwrap();
        }
        let clawed_back = shop.claw_back("ana", points);

        let moved = |one: &Option<Transfer>| one.as_ref().map_or(0, |one| one.entry.points);
        assert_eq!(
            (moved(&clawed_back.taken), moved(&clawed_back.owed)),
            (taken, owed)
        );
        assert_eq!(shop.stands("ana"), (100 - taken, held, owed));
        let ledger = shop.ledger();
        assert_eq!(
            (ledger.minted, ledger.burned, ledger.owed),
            (400, points, owed)
        );
        assert_eq!(ledger.outstanding(), 400 - taken);
        for transfer in clawed_back.transfers() {
            let by = transfer.authorship.as_ref().unwrap();
            assert_eq!(
                (by.actor_id.as_str(), by.reason.as_str()),
                (STAFF, "it was a bot")
            );
        }
        let audited = shop.company.stage.aggregate.changes.audit.last().unwrap();
        let seq = clawed_back.seq();
        assert_eq!(
            audited.action,
            AuditAction::PointsClawedBack { points, seq }
        );
        assert_eq!(audited.participant_id, Some(shop.person("ana").id));
        shop.check_books();
    }
}

#[test]
fn what_is_granted_pays_first_and_what_is_left_can_be_spent() {
    let mut shop = Shop::open();
    shop.claw_back("ana", 150);
    assert_eq!(
        shop.newest(2),
        [(Taken, -100, 0, 0), (DebtIncurred, 0, 50, 0)]
    );

    shop.grant("ana", 20);
    assert_eq!(
        shop.newest(2),
        [(Granted, 20, 0, 20), (DebtPaid, -20, -20, 0)]
    );
    assert_eq!(shop.stands("ana"), (0, 0, 30));
    let reward = shop.make(terms(1)).unwrap();
    let refused = shop.redeem("ana", reward.id).unwrap_err();
    assert_eq!(
        refused,
        RedeemRefusal::InsufficientPoints {
            available: 0,
            cost: 1
        }
    );

    shop.grant("ana", 35);
    assert_eq!(
        shop.newest(2),
        [(Granted, 35, 0, 35), (DebtPaid, -30, -30, 5)]
    );
    shop.grant("ana", 36);
    assert_eq!(shop.newest(1), [(Granted, 36, 0, 41)], "nothing is owed");
    assert_eq!(shop.ledger().owed, 0);
    shop.check_books();
}

#[test]
fn what_is_refunded_pays_and_what_was_held_is_spent_on_what_it_was_held_for() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(60)).unwrap();
    let redemption = shop.redeem("ana", reward.id).unwrap();
    shop.claw_back("ana", 90);
    assert_eq!(shop.stands("ana"), (60, 60, 50));

    shop.settle("mo", redemption.id, Settlement::Fulfill)
        .unwrap();
    assert_eq!(shop.stands("ana"), (0, 0, 50), "it is no free point");
    shop.refund("mo", redemption.id, Some(20)).unwrap();
    assert_eq!(
        shop.newest(2),
        [(Refunded, 20, 0, 20), (DebtPaid, -20, -20, 0)]
    );
    shop.refund("mo", redemption.id, None).unwrap();
    assert_eq!(shop.stands("ana"), (10, 0, 0));
    shop.check_books();
}

/// Nobody hides points from a clawback in what they have redeemed.
#[test]
fn whatever_is_let_go_of_pays() {
    let ways: [(&str, Terms, &dyn Fn(&mut Shop)); 5] = [
        ("canceled", terms(60), &|shop| {
            let id = shop.company.stage.aggregate.changes.redemptions.keys();
            let id = *id.last().unwrap();
            shop.settle("mo", id, Settlement::Cancel).unwrap();
        }),
        ("expired", terms(60), &|shop| {
            shop.end_session();
            shop.pass(parlor_domain::reward::EXPIRES_AFTER_MS_DEFAULT);
            shop.expire_due();
        }),
        ("taken out of a draw", drawn(1, terms(60)), &|shop| {
            let id = shop.company.stage.aggregate.changes.redemptions.keys();
            let id = *id.last().unwrap();
            shop.settle("mo", id, Settlement::Cancel).unwrap();
        }),
        ("put out of the room", drawn(1, terms(60)), &|shop| {
            shop.put_out("ana");
        }),
        ("not drawn", drawn(1, terms(60)), &|shop| {
            shop.wait(WINDOW_MS);
            let redemptions = shop.company.stage.aggregate.changes.redemptions.values();
            let is_lost = |status| status == RedemptionStatus::NotDrawn;
            let mut all = redemptions.map(|one| one.status);
            assert!(all.any(is_lost));
        }),
    ];
    for (way, terms, let_go) in ways {
        let mut shop = Shop::open();
        let is_drawn = terms.draw.is_some();
        let reward = shop.make(terms).unwrap();
        let names: &[&'static str] = if way == "not drawn" {
            &["ana", "ben"]
        } else {
            &["ana"]
        };
        for name in names {
            shop.redeem(name, reward.id).unwrap();
            shop.claw_back(name, 110);
            assert_eq!(shop.stands(name), (60, 60, 70), "{way} {is_drawn}");
        }

        let_go(&mut shop);
        let stand: Vec<_> = names.iter().map(|name| shop.stands(name)).collect();
        assert!(stand.contains(&(0, 0, 10)), "{way}: {stand:?}");
        assert_eq!(shop.newest(1), [(DebtPaid, -60, -60, 0)], "{way}");
        shop.check_books();
    }
}

#[test]
fn what_a_minute_brings_pays_for_those_alone_who_owe() {
    let card = StampCard {
        points: 300,
        stamps: 2,
        sessions: 2,
        slots: 1,
    };
    let mut cinema = Cinema::open(EarningChange {
        points: Some(10),
        slots: Some(1),
        first_watch_bonus: Some(50),
        stamp_card: Some(Some(card)),
        ..usual()
    });
    let (ana, ben) = (
        cinema.shop.person("ana").number,
        cinema.shop.person("ben").number,
    );
    cinema.shop.claw_back("ana", 200);
    assert_eq!(cinema.shop.stands("ana"), (0, 0, 100));

    let before = cinema.aggregate().changes.transfers.len();
    let credited = cinema.watch([ana.0, ben.0]);
    assert_eq!(credited.legs.len(), 2);
    let seq = cinema.shop.ledger().seq;
    assert_eq!(cinema.shop.newest(1), [(DebtPaid, -60, -60, 0)]);
    let paid = &cinema.aggregate().changes.transfers[before..];
    assert_eq!(paid.len(), 1, "one who owes, one transfer");
    assert_eq!((paid[0].0.seq, paid[0].0.entry.member()), (seq, Some(ana)));
    assert_eq!(cinema.aggregate().changes.credits[0].0.seq, seq - 1);
    assert_eq!(cinema.shop.stands("ana"), (0, 0, 40));
    assert_eq!(cinema.shop.stands("ben"), (160, 0, 0));

    cinema.shop.next_session();
    cinema.shop.pass(120_000);
    cinema.watch([ana.0, ben.0]);
    assert_eq!(
        cinema.shop.stands("ana"),
        (270, 0, 0),
        "the card was filled"
    );
    cinema.check_books().unwrap();
}

#[test]
fn whoever_may_not_charge_points_takes_none_back() {
    let mut shop = Shop::open();
    let refused = |shop: &mut Shop, by: &str, who: &str| shop.claw_back_as(by, who, 1).unwrap_err();
    assert!(matches!(
        refused(&mut shop, "mo", "ana"),
        AdjustPointsRefusal::Act(ActRefusal::CapabilityMissing(_))
    ));
    assert_eq!(
        refused(&mut shop, "olga", "olga"),
        AdjustPointsRefusal::OnOneself
    );
    let grant = parlor_domain::room_aggregate::Override::Grant;
    let capability = parlor_domain::participant::Capability::PointsAdjust;
    shop.company
        .act("olga", Do::Change("mo", grant, capability, None))
        .unwrap();
    assert_eq!(
        refused(&mut shop, "mo", "olga"),
        AdjustPointsRefusal::Outranked
    );
    shop.claw_back_as("mo", "ana", 1).unwrap();
    let nobody = parlor_domain::id::ParticipantId(uuid::Uuid::max());
    let clawback = Clawback::new("k".to_owned(), nobody, 1, "why".to_owned()).unwrap();
    assert_eq!(
        shop.claw_back_under(STAFF, &clawback, 0).unwrap_err(),
        AdjustPointsRefusal::Target(TargetRefusal::NotFound(nobody))
    );

    shop.end_session();
    shop.company.act(STAFF, Do::Archive).unwrap();
    assert_eq!(
        refused(&mut shop, STAFF, "ana"),
        AdjustPointsRefusal::Act(ActRefusal::RoomArchived)
    );
}

#[test]
fn a_clawback_that_is_asked_for_again_takes_nothing_more() {
    let mut shop = Shop::open();
    let ana = shop.person("ana").id;
    let clawback = Clawback::new("k".to_owned(), ana, 130, "why".to_owned()).unwrap();
    let first = shop.claw_back_under(STAFF, &clawback, 1).unwrap();
    shop.grant("ana", 10);

    assert_eq!(shop.claw_back_under(STAFF, &clawback, 1).unwrap(), first);
    assert_eq!(
        shop.claw_back_under(STAFF, &clawback, 2).unwrap_err(),
        AdjustPointsRefusal::KeyReused("k".to_owned())
    );
    assert_eq!(shop.stands("ana"), (0, 0, 20));
}

#[test]
fn a_debt_has_a_limit_and_so_have_totals() {
    let mut shop = Shop::open();
    shop.claw_back("ana", 100);
    for _ in 0..1_000 {
        shop.claw_back("ana", TRANSFER_POINTS_MAX);
    }
    assert_eq!(shop.debt("ana"), DEBT_POINTS_MAX);
    assert_eq!(
        shop.claw_back_as(STAFF, "ana", 1).unwrap_err(),
        AdjustPointsRefusal::DebtLimit { left: 0, asked: 1 }
    );
    shop.claw_back("ben", 100);
    let ledger = shop.ledger();
    for (left, fits) in [(9, false), (10, true)] {
        let mut full = ledger;
        full.minted = i64::MAX - full.owed - left;
        shop.company.stage.aggregate.known.books.put_ledger(full);
        let taken = shop.claw_back_as(STAFF, "ben", 10);
        let full = Err(AdjustPointsRefusal::TotalsFull);
        assert_eq!(taken.is_ok(), fits, "{left}");
        assert!(fits || taken == full);
    }
    for points in [0, -1, TRANSFER_POINTS_MAX + 1] {
        let ana = shop.person("ana").id;
        let invalid = Clawback::new("k".to_owned(), ana, points, "why".to_owned());
        assert_eq!(invalid.unwrap_err().field, "points");
    }
}

#[test]
fn debts_that_are_not_what_the_transfers_say_are_named() {
    let mut shop = Shop::open();
    shop.claw_back("ana", 150);
    shop.grant("ana", 20);
    let aggregate = &shop.company.stage.aggregate;
    let (sound, ledger) = (aggregate.changes.transfers.clone(), shop.ledger());
    let ana = shop.person("ana").number;
    let verify = |rows: &[(Transfer, _)], ledger: &Ledger, change: &dyn Fn(&mut Given)| {
        let mut proof = Proof::new(aggregate.room.id);
        for (transfer, link) in rows {
            proof.add(transfer, *link, &BTreeMap::new())?;
        }
        let accounts = aggregate.changes.balances.iter().map(|(member, given)| {
            let mut given = *given;
            if *member == ana {
                change(&mut given);
            }
            (*member, given)
        });
        proof.compare(ledger, accounts)
    };
    assert_eq!(verify(&sound, &ledger, &|_| ()), Ok(()));
    assert_eq!(
        verify(&sound, &ledger, &|given| given.debt = 29),
        Err(Unsound::DebtDiffers {
            member: ana,
            kept: 29,
            proven: 30
        })
    );
    let less = Ledger { owed: 29, ..ledger };
    assert!(matches!(
        verify(&sound, &less, &|_| ()),
        Err(Unsound::TotalDiffers {
            what: "sum of what is owed",
            ..
        })
    ));
}

#[test]
fn transfers_that_were_rewritten_and_chained_anew_are_named() {
    let mut shop = Shop::open();
    shop.claw_back("ana", 150);
    shop.grant("ana", 20);
    let (ana, ben) = (shop.person("ana").number, shop.person("ben").number);
    let aggregate = &shop.company.stage.aggregate;
    let rewritten = |seq: usize, change: &dyn Fn(&mut Transfer)| {
        let mut rows = aggregate.changes.transfers.clone();
        change(&mut rows[seq - 1].0);
        let mut proof = Proof::new(aggregate.room.id);
        let mut last = genesis(aggregate.room.id);
        let mut rows = rows.iter();
        rows.find_map(|(transfer, _)| {
            last = last.followed_by(transfer);
            proof.add(transfer, last, &BTreeMap::new()).err()
        })
    };
    let [taken, incurred, paid] = [5, 6, 8];
    assert_eq!(rewritten(taken, &|_| ()), None);
    // Each kind moves points between two accounts, and no others.
    let wrong = Some(Unsound::WrongEntry(6));
    assert_eq!(rewritten(incurred, &|one| one.kind = Granted), wrong);
    let (of_ana, of_ben) = (Account::Debt(ana), Account::Debt(ben));
    for other in [of_ana, of_ben, Account::Member(ben), Account::Mint] {
        let wrong = rewritten(taken, &|one| one.entry.credit = other);
        assert_eq!(wrong, Some(Unsound::WrongEntry(5)), "{other:?}");
    }
    // What came was to be paid with, all of it, and at once.
    let missing = Some(Unsound::PaymentMissing(8));
    let to_ben = rewritten(paid, &|one| one.entry.credit = of_ben);
    assert_eq!(to_ben, Some(Unsound::WrongEntry(8)));
    assert_eq!(rewritten(paid, &|one| one.entry.points = 19), missing);
    let spent = rewritten(paid, &|one| {
        one.kind = Charged;
        one.entry.credit = Account::Sink;
    });
    assert_eq!(spent, missing);
    let less = rewritten(incurred, &|one| one.entry.points = 19);
    assert_eq!(less, missing);
    let most = DEBT_POINTS_MAX + 1;
    let more = rewritten(incurred, &|one| one.entry.points = most);
    let out_of_range = Unsound::DebtOutOfRange { seq: 6, debt: most };
    assert_eq!(more, Some(out_of_range));
}

#[test]
fn books_that_end_before_a_debtor_has_paid_are_named() {
    let mut shop = Shop::open();
    shop.claw_back("ana", 150);
    shop.grant("ana", 20);
    let ana = shop.person("ana").number;
    let aggregate = &shop.company.stage.aggregate;
    let transfers = &aggregate.changes.transfers;
    let mut proof = Proof::new(aggregate.room.id);
    for (transfer, link) in &transfers[..7] {
        proof.add(transfer, *link, &BTreeMap::new()).unwrap();
    }
    let mut before = shop.ledger();
    (before.seq, before.digest, before.owed) = (7, transfers[6].1, 50);
    let accounts = aggregate.changes.balances.iter().map(|(member, given)| {
        let as_it_was = Given {
            points: 20,
            debt: 50,
            lines: given.lines - 1,
            ..*given
        };
        (*member, if *member == ana { as_it_was } else { *given })
    });
    let missing = Err(Unsound::PaymentMissing(8));
    assert_eq!(proof.compare(&before, accounts), missing);
}

#[test]
fn accounts_have_numbers_of_their_own() {
    let all = [
        Account::Mint,
        Account::Sink,
        Account::Member(MemberNumber(0)),
        Account::Member(MemberNumber(u32::MAX)),
        Account::Debt(MemberNumber(0)),
        Account::Debt(MemberNumber(u32::MAX)),
    ];
    let codes: Vec<_> = all.iter().map(|account| account.code()).collect();
    assert_eq!(
        codes,
        [-1, -2, 0, 4_294_967_295, -3, -4_294_967_298],
        "they are hashed, and never given anew"
    );
    for account in all {
        assert_eq!(Account::of_code(account.code()), Some(account));
    }
    for none in [i64::MIN, -4_294_967_299, 4_294_967_296, i64::MAX] {
        assert_eq!(Account::of_code(none), None, "{none}");
    }
}

proptest! {
    /// Whatever comes and goes: accounts sum to zero, nobody has less than nothing, and nobody who owes something has
    /// anything to spend.
    #[test]
    fn nobody_has_less_than_nothing_or_owes_what_they_could_pay(
        history in prop::collection::vec((0..4_u8, 1..150_i64, 0..2_usize), 0..40)
    ) {
        let mut shop = Shop::open();
        let reward = shop.make(terms(40)).unwrap();
        let mut open = Vec::new();
        for (what, points, who) in history {
            let name = ["ana", "ben"][who];
            match what {
                0 => drop(shop.claw_back(name, points)),
                1 => shop.grant(name, points),
                2 => open.extend(shop.redeem(name, reward.id).ok()),
                _ => {
                    if let Some(one) = open.pop() {
                        let way = if points % 2 == 0 { Settlement::Fulfill } else { Settlement::Cancel };
                        shop.settle("mo", one.id, way).unwrap();
                    }
                }
            }
            for name in ["ana", "ben"] {
                let (points, held, debt) = shop.stands(name);
                prop_assert!(held >= 0 && points >= held && debt >= 0);
                prop_assert!(debt == 0 || points == held, "{debt} of {points}");
            }
        }

        let balances = &shop.company.stage.aggregate.changes.balances;
        let members: i64 = balances.values().map(|given| given.points).sum();
        let debts: i64 = balances.values().map(|given| given.debt).sum();
        let ledger = shop.ledger();
        prop_assert_eq!(members + ledger.burned - ledger.minted - debts, 0);
        prop_assert_eq!(ledger.owed, debts);
        shop.check_books();
    }
}

#[test]
fn whoever_owes_and_has_something_to_spend_is_named() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(60)).unwrap();
    shop.redeem("ana", reward.id).unwrap();
    shop.claw_back("ana", 100);
    assert_eq!(shop.debt("ana"), 60);
    // As if the redemption had been canceled, and what it held had not been paid with.
    let aggregate = &shop.company.stage.aggregate;
    let mut proof = Proof::new(aggregate.room.id);
    for (transfer, link) in &aggregate.changes.transfers {
        proof.add(transfer, *link, &BTreeMap::new()).unwrap();
    }
    let accounts = aggregate.changes.balances.iter();
    let accounts = accounts.map(|(member, given)| (*member, Given { held: 0, ..*given }));
    let (member, debt, available) = (shop.person("ana").number, 60, 60);
    let unpaid = Unsound::DebtUnpaid {
        member,
        debt,
        available,
    };
    assert_eq!(proof.compare(&shop.ledger(), accounts), Err(unpaid));
}
