//! Rooms, sessions, reports and the log: one row a case, the last column what is expected.

use crate::shop::actor;
use crate::stage::{Stage, at, donation, draft, tenant};
use parlor_domain::access::{AccessRefusal, Principal};
use parlor_domain::contribution::{
    Contribution, ContributionKind, RawReport, Report, Status, Viewer,
};
use parlor_domain::event::AHEAD_MS_MAX;
use parlor_domain::id::{ERASED_ID_STARTS, RoomId, TenantId, ViewerId};
use parlor_domain::room::{Occupancy, Room, RoomChange, RoomState, UpdateRoomRefusal};
use parlor_domain::room_aggregate::{
    ContributionRef, EndSessionRefusal, RecordContributionRefusal, Reported, StartSessionRefusal,
};
use uuid::Uuid;

#[test]
fn a_malformed_report_names_its_field() {
    let with = |change: fn(&mut RawReport)| {
        let mut raw = RawReport {
            idempotency_key: "k".to_owned(),
            ..donation("ana", 10)
        };
        change(&mut raw);
        Report::parse(raw).err().map(|invalid| invalid.field)
    };
    let cases: [(fn(&mut RawReport), Option<&str>); 14] = [
        (|_| (), None),
        (
            |raw| raw.idempotency_key = String::new(),
            Some("idempotencyKey"),
        ),
        (
            |raw| raw.idempotency_key = "k".repeat(201),
            Some("idempotencyKey"),
        ),
        (|raw| raw.provider = String::new(), Some("provider")),
        (|raw| raw.amount = Some(0), Some("amount")),
        (|raw| raw.amount = Some(-5), Some("amount")),
        (|raw| raw.amount = Some(i64::MAX), Some("amount")),
        (|raw| raw.amount = None, Some("amount")),
        (|raw| raw.currency = None, Some("currency")),
        (
            |raw| raw.currency = Some("EURO".to_owned()),
            Some("currency"),
        ),
        (|raw| raw.tier = Some(1), Some("tier")),
        (|raw| raw.quantity = Some(2), Some("quantity")),
        (
            |raw| raw.kind = Some(ContributionKind::Membership),
            Some("tier"),
        ),
        (
            |raw| {
                raw.kind = Some(ContributionKind::GiftedMemberships);
                raw.tier = Some(4);
            },
            Some("tier"),
        ),
    ];

    for (index, (change, expected)) in cases.into_iter().enumerate() {
        assert_eq!(with(change), expected, "case {index}");
    }
}

#[test]
fn a_room_goes_forward_and_never_back() {
    use RoomState::{Archived, Draft, Open};
    let out_of_order = |from, to| Some(UpdateRoomRefusal::StateOutOfOrder { from, to });
    let cases = [
        (Draft, Draft, false, None),
        (Draft, Open, false, None),
        (Draft, Archived, false, None),
        (Open, Draft, false, out_of_order("open", "draft")),
        (Open, Archived, false, None),
        (Open, Archived, true, Some(UpdateRoomRefusal::SessionLive)),
        (Archived, Open, false, out_of_order("archived", "open")),
        (Archived, Archived, false, None),
    ];

    for (from, to, is_live, expected) in cases {
        let mut room = Stage::open(draft()).aggregate.room;
        room.state = from;
        let change = RoomChange {
            version: 1,
            state: Some(to),
            ..RoomChange::default()
        };
        let present = Occupancy {
            is_live,
            on_stage: 0,
        };
        assert_eq!(
            room.changed(change, present, at(0)).err(),
            expected,
            "{from:?} → {to:?}"
        );
    }
}

#[test]
fn a_change_against_an_older_version_is_refused() {
    let mut stage = Stage::open(draft());
    let change = |title: &str| RoomChange {
        version: 1,
        title: Some(title.to_owned()),
        ..RoomChange::default()
    };
    stage
        .aggregate
        .update_room(&actor("staff"), change("one"), &mut stage.ids, stage.now)
        .unwrap();
    let head = stage.aggregate.head;

    let refusal =
        stage
            .aggregate
            .update_room(&actor("staff"), change("two"), &mut stage.ids, stage.now);

    assert_eq!(
        refusal.err(),
        Some(UpdateRoomRefusal::StaleVersion {
            current: 2,
            given: 1
        })
    );
    assert_eq!(stage.aggregate.head, head, "a refusal leaves no trace");
    assert_eq!(stage.aggregate.room.title, "one");
}

#[test]
fn a_malformed_room_names_its_field() {
    let cases: [(fn(&mut parlor_domain::room::RoomDraft), Option<&str>); 8] = [
        (|_| (), None),
        (|draft| draft.slug = "Upper".to_owned(), Some("slug")),
        (|draft| draft.slug = "-edge".to_owned(), Some("slug")),
        (|draft| draft.title = String::new(), Some("title")),
        (|draft| draft.delay_ms = Some(-1), Some("delayMs")),
        (
            |draft| draft.ingest_offset_ms = Some(86_400_001),
            Some("ingestOffsetMs"),
        ),
        (|draft| draft.state = RoomState::Archived, Some("state")),
        (
            |draft| draft.program.as_mut().unwrap().levels.clear(),
            Some("levels"),
        ),
    ];

    for (index, (change, expected)) in cases.into_iter().enumerate() {
        let mut draft = draft();
        change(&mut draft);
        let tenant = tenant(TenantId(Uuid::from_u128(2)));
        let refusal = Room::create(draft, &tenant, RoomId(Uuid::from_u128(1)), at(0)).err();
        assert_eq!(
            refusal.map(|invalid| invalid.field),
            expected,
            "case {index}"
        );
    }
}

#[test]
fn at_most_one_session_is_live() {
    let mut stage = Stage::live();
    let again = stage
        .aggregate
        .start_session(None, &mut stage.ids, stage.now);
    assert_eq!(again.err(), Some(StartSessionRefusal::AlreadyLive));

    stage
        .aggregate
        .end_session(&mut stage.ids, stage.now)
        .unwrap();
    let ended = stage.aggregate.end_session(&mut stage.ids, stage.now);
    assert_eq!(ended.err(), Some(EndSessionRefusal::NotLive));
}

#[test]
fn an_event_carries_the_delay_of_its_session_and_never_occurs_before_another() {
    let mut stage = Stage::live();
    stage.donate("ana", 10);
    let last = stage.events().last().cloned().unwrap();
    assert_eq!(last.display_at, last.occurred_at.plus_millis(2_000));
    let occurred_at = last.occurred_at;

    // Another node's clock is behind, and the next session has no delay.
    stage.now = stage.now.plus_millis(-60_000);
    stage
        .aggregate
        .end_session(&mut stage.ids, stage.now)
        .unwrap();
    stage
        .aggregate
        .start_session(Some(0), &mut stage.ids, stage.now)
        .unwrap();
    stage.donate("ana", 10);

    let last = stage.events().last().cloned().unwrap();
    assert_eq!(
        (last.occurred_at, last.display_at),
        (occurred_at, occurred_at),
        "a delay that was put right holds back nothing"
    );
}

#[test]
fn a_room_stamped_ahead_goes_on_from_now_in_a_new_epoch() {
    const HOUR_MS: i64 = 3_600_000;

    let mut stage = Stage::live();
    let right = stage.now;
    stage.now = right.plus_millis(HOUR_MS);
    stage.donate("ana", 10);
    stage
        .aggregate
        .interrupt_session(&mut stage.ids, stage.now)
        .unwrap();
    let ahead = stage.aggregate.head;

    // As far as two clocks may be apart, nothing happens.
    for near in [
        ahead.occurred_at,
        ahead.occurred_at.plus_millis(-AHEAD_MS_MAX),
    ] {
        stage
            .aggregate
            .recover_from_wrong_clock(&mut stage.ids, near);
        assert_eq!(stage.aggregate.head, ahead);
    }

    stage.begin_batch();
    stage
        .aggregate
        .recover_from_wrong_clock(&mut stage.ids, right);
    let head = stage.aggregate.head;
    assert_ne!(head.epoch, ahead.epoch);
    assert_eq!(head.occurred_at, right);
    let session = stage.aggregate.session.clone().unwrap();
    assert_eq!(session.interrupted_at, Some(right));
    // What has a time in it is told anew, in positions that follow.
    let told = stage.events().into_iter();
    let told: Vec<_> = told.filter(|event| event.seq > ahead.seq).collect();
    assert!(!told.is_empty());
    assert!(told.iter().all(|event| event.occurred_at == right));
    if let Some(train) = &stage.aggregate.train {
        let longest_ms = train
            .program
            .kickoff_window_ms
            .max(train.program.seconds_per_level * 1_000);
        assert!(train.shown.expires_at <= right.plus_millis(longest_ms));
        assert!(train.shown.started_at <= right);
    }
    assert!(stage.aggregate.deadline().unwrap() < right.plus_millis(HOUR_MS));
}

#[test]
fn a_repeated_message_gets_the_first_answer_and_a_reused_key_is_refused() {
    let mut stage = Stage::live();
    let raw = RawReport {
        idempotency_key: "once".to_owned(),
        ..donation("ana", 10)
    };
    let first = stage.report(raw.clone()).unwrap();
    let seq = stage.aggregate.head.seq;

    assert_eq!(stage.report(raw.clone()), Ok(first));
    let reused = stage.report(RawReport {
        amount: Some(11),
        ..raw
    });
    assert_eq!(
        reused,
        Err(RecordContributionRefusal::KeyReused("once".to_owned()))
    );
    assert_eq!(stage.aggregate.head.seq, seq);
}

#[test]
fn a_second_report_of_other_money_is_refused() {
    let mut stage = Stage::live();
    let first = stage.donate("ana", 10);
    let contribution_ref = Some(first.contribution_ref.clone());

    let other = stage.report(RawReport {
        contribution_ref,
        ..donation("ana", 11)
    });

    let differs = RecordContributionRefusal::ContributionDiffers(first.contribution_ref);
    assert_eq!(other, Err(differs));
}

/// The id and the name of whoever gave.
type Who = (Option<&'static str>, Option<&'static str>);

#[test]
fn a_message_that_does_not_say_who_gave_is_about_the_same_gift() {
    let said = |viewer: Option<&str>, name: Option<&str>, status| RawReport {
        idempotency_key: format!("{viewer:?} {name:?} {status:?}"),
        contribution_ref: Some("one".to_owned()),
        viewer_id: viewer.map(str::to_owned),
        viewer_name: name.map(str::to_owned),
        status: Some(status),
        ..donation("ana", 10)
    };
    // (who is said to have given, first and later; who has)
    let cases: [(Who, Who, Who); 6] = [
        (
            (Some("ana"), Some("Ana")),
            (None, None),
            (Some("ana"), Some("Ana")),
        ),
        (
            (None, None),
            (Some("ana"), Some("Ana")),
            (Some("ana"), Some("Ana")),
        ),
        (
            (None, Some("Somebody")),
            (Some("ana"), None),
            (Some("ana"), Some("Somebody")),
        ),
        (
            (None, Some("Somebody")),
            (Some("ana"), Some("Ana")),
            (Some("ana"), Some("Ana")),
        ),
        (
            (Some("ana"), None),
            (None, Some("Ana")),
            (Some("ana"), Some("Ana")),
        ),
        (
            (Some("ana"), Some("Ana")),
            (Some("ana"), Some("Anna")),
            (Some("ana"), Some("Ana")),
        ),
    ];
    for (first, later, who) in cases {
        for between in [Status::Pending, Status::Settled] {
            let mut stage = Stage::live();
            stage
                .report(said(first.0, first.1, Status::Pending))
                .unwrap();
            stage.report(said(later.0, later.1, between)).unwrap();
            let last = said(None, None, Status::Settled);
            let last = RawReport {
                idempotency_key: "last".to_owned(),
                ..last
            };
            let last = stage.report(last).unwrap();
            let id = last.viewer_id().map(ViewerId::as_str);
            assert_eq!((id, last.name()), who, "{first:?}, {later:?}");
            let told = stage.kinds_since(0);
            let told = told.iter().filter(|kind| **kind == "ContributionReceived");
            assert_eq!(told.count(), 1);
        }
    }

    // What has settled stays as it was told, and somebody else's is another gift.
    let mut stage = Stage::live();
    stage.report(said(None, None, Status::Settled)).unwrap();
    let later = stage.report(said(Some("ana"), Some("Ana"), Status::Settled));
    assert_eq!(later.unwrap().viewer, None);
    let mut stage = Stage::live();
    stage
        .report(said(Some("ana"), None, Status::Pending))
        .unwrap();
    let other = stage.report(said(Some("ben"), None, Status::Settled));
    let differs = RecordContributionRefusal::ContributionDiffers("one".to_owned());
    assert_eq!(other, Err(differs));
}

#[test]
fn what_somebody_gave_who_was_erased_since_settles_and_is_reversed_and_stays_nobodys() {
    use Status::{Pending, Reversed, Settled};

    let erased = format!("{ERASED_ID_STARTS}1");
    let said = |id: Option<&str>, status| RawReport {
        contribution_ref: Some("one".to_owned()),
        viewer_id: id.map(str::to_owned),
        viewer_name: Some("Ana".to_owned()),
        message: Some("from ana".to_owned()),
        status: Some(status),
        ..donation("ana", 10)
    };
    for (before, then) in [(Pending, Settled), (Pending, Reversed), (Settled, Reversed)] {
        for id in [Some("ana"), Some("ben"), None] {
            let mut stage = Stage::live();
            let first = stage.report(said(Some("ana"), before)).unwrap();
            let viewer = Some(Viewer {
                id: ViewerId::parse(&erased).ok(),
                name: None,
            });
            let nobodys = Contribution {
                viewer: viewer.clone(),
                message: None,
                ..first
            };
            let reference = ContributionRef::of(&nobodys);
            let nobodys = Reported::Here(Box::new(nobodys));
            stage.aggregate.known.contributions.put(reference, nobodys);

            let then = stage.report(said(id, then)).unwrap_or_else(|refusal| {
                panic!("{before:?}, {id:?}: {refusal}");
            });
            assert_eq!((then.viewer, then.message), (viewer, None), "{id:?}");
        }
    }
}

#[test]
fn nobody_comes_by_an_id_that_stands_for_who_was_erased() {
    let erased = format!("{ERASED_ID_STARTS}1");
    let raw = RawReport {
        idempotency_key: "k".to_owned(),
        contribution_ref: Some("one".to_owned()),
        ..donation(&erased, 10)
    };
    let report = Report::parse(raw).unwrap();
    assert_eq!(report.viewer_id(), None);
    assert_eq!(report.amendments.len(), 1, "{:?}", report.amendments);

    let is_machine = false;
    for user_id in [&erased[..], "ana"] {
        let principal = Principal::Viewer {
            tenant_id: TenantId(Uuid::nil()),
            user_id: user_id.to_owned(),
            is_machine,
        };
        let person = principal.person();
        if user_id == "ana" {
            assert!(person.is_ok());
        } else {
            assert_eq!(person, Err(AccessRefusal::UserIdUnusable));
        }
    }
}

#[test]
fn only_settled_money_is_shown_and_a_reversal_is_final() {
    use Status::{Pending, Reversed, Settled};
    // (messages in the order they come; whether an alert is shown; the status then)
    let cases: &[(&[Status], usize, Status)] = &[
        (&[Pending], 0, Pending),
        (&[Pending, Settled], 1, Settled),
        (&[Settled, Pending], 1, Settled),
        (&[Settled, Settled], 1, Settled),
        (&[Reversed, Settled], 0, Reversed),
        (&[Pending, Reversed, Settled], 0, Reversed),
        (&[Settled, Reversed, Settled], 1, Reversed),
    ];

    for (messages, alerts, status) in cases {
        let mut stage = Stage::live();
        for message in *messages {
            let raw = RawReport {
                contribution_ref: Some("one".to_owned()),
                status: Some(*message),
                ..donation("ana", 10)
            };
            stage.report(raw).unwrap();
        }
        let shown = stage
            .kinds_since(0)
            .iter()
            .filter(|kind| **kind == "ContributionReceived")
            .count();
        let stored: Vec<_> = stage
            .aggregate
            .changes
            .contributions
            .values()
            .map(|one| one.status)
            .collect();
        assert_eq!((shown, stored), (*alerts, vec![*status]), "{messages:?}");
    }
}

#[test]
fn an_archived_room_refuses_staff_and_records_providers_silently() {
    let mut stage = Stage::open(draft());
    let change = RoomChange {
        version: 1,
        state: Some(RoomState::Archived),
        ..Default::default()
    };
    stage.aggregate.known.people.ask_stage();
    stage
        .aggregate
        .update_room(&actor("staff"), change, &mut stage.ids, stage.now)
        .unwrap();
    let seq = stage.aggregate.head.seq;

    let by_hand = RawReport {
        provider: "staff".to_owned(),
        ..donation("ana", 10)
    };
    assert_eq!(
        stage.report(by_hand),
        Err(RecordContributionRefusal::RoomArchived)
    );
    stage.donate("ana", 10);

    assert_eq!(stage.aggregate.head.seq, seq);
    assert_eq!(stage.aggregate.changes.contributions.len(), 1);
}

#[test]
fn everyone_reads_only_what_is_theirs() {
    let room = Stage::open(draft()).aggregate.room;
    let (tenant_id, other) = (room.tenant_id, TenantId(Uuid::from_u128(999)));
    let user_id = String::new;
    let staff = |tenant_id| Principal::Staff {
        tenant_id,
        user_id: user_id(),
        is_machine: false,
    };
    let viewer = |tenant_id| Principal::Viewer {
        tenant_id,
        user_id: user_id(),
        is_machine: false,
    };
    let overlay = |tenant_id, room_id| Principal::Overlay { tenant_id, room_id };
    let elsewhere = RoomId(Uuid::from_u128(998));

    // (who; reads a draft; reads an open room; reads an open room that anyone may read)
    let cases = [
        (Principal::Anonymous, [false, false, true]),
        (viewer(tenant_id), [false, true, true]),
        (viewer(other), [false, false, false]),
        (staff(tenant_id), [true, true, true]),
        (staff(other), [false, false, false]),
        (overlay(tenant_id, room.id), [true, true, true]),
        (overlay(tenant_id, elsewhere), [false, false, false]),
        (overlay(other, room.id), [false, false, false]),
    ];
    for (principal, expected) in cases {
        let reads = [
            (RoomState::Draft, false),
            (RoomState::Open, false),
            (RoomState::Open, true),
        ]
        .map(|(state, anonymous_read)| {
            principal.may_read(&Room {
                state,
                anonymous_read,
                ..room.clone()
            })
        });
        assert_eq!(reads, expected, "{principal:?}");
    }
    assert_eq!(viewer(other).staff_tenant(), Err(AccessRefusal::StaffOnly));
}

#[test]
fn a_room_is_given_no_slug_that_another_has() {
    let change = |slug: &str| RoomChange {
        version: 1,
        slug: Some(slug.to_owned()),
        ..RoomChange::default()
    };
    // (whose the slug is; what comes of it)
    for (owner, expected) in [
        (None, None),
        (
            Some(RoomId(Uuid::nil())),
            Some(UpdateRoomRefusal::SlugTaken),
        ),
    ] {
        let mut stage = Stage::open(draft());
        let slugs = &mut stage.aggregate.known.slugs;
        slugs.ask("wanted".to_owned());
        if let Some(owner) = owner {
            slugs.put("wanted".to_owned(), owner);
        }

        let changed = stage.aggregate.update_room(
            &actor("staff"),
            change("wanted"),
            &mut stage.ids,
            stage.now,
        );

        assert_eq!(changed.err(), expected);
    }
}

#[test]
fn a_contribution_to_another_room_is_not_reported_here() {
    let mut stage = Stage::live();
    let raw = RawReport {
        contribution_ref: Some("elsewhere".to_owned()),
        ..donation("ana", 10)
    };
    let reference = ContributionRef {
        provider: raw.provider.clone(),
        contribution_ref: "elsewhere".to_owned(),
    };
    let known = &mut stage.aggregate.known;
    known.contributions.put(reference, Reported::Elsewhere);
    let seq = stage.aggregate.head.seq;

    assert_eq!(
        stage.report(raw),
        Err(RecordContributionRefusal::ReportedElsewhere(
            "elsewhere".to_owned()
        ))
    );
    assert_eq!(stage.aggregate.head.seq, seq);
    assert!(stage.aggregate.changes.answers.is_empty());
}
