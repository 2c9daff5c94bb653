//! Tenants: what is set, what is refused, and how keys come and go.

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::room::Room;
use parlor_domain::tenant::{
    AddKeyRefusal, KEYS_IN_USE_MAX, KEYS_KEPT_MAX, KeyAlgorithm, KeySet, KeyStanding, Limits,
    LimitsChange, Origin, RetireKeyRefusal, RoomDefaultsChange, Tenant, TenantChange, TenantDraft,
    TenantKey, UpdateTenantRefusal,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::stage::{at, draft, tenant};

const ID: TenantId = TenantId(Uuid::from_u128(7));

fn key(kid: &str, algorithm: KeyAlgorithm) -> TenantKey {
    let length = match algorithm {
        KeyAlgorithm::Es256 => 65,
        KeyAlgorithm::EdDsa => 32,
    };

    TenantKey {
        kid: kid.to_owned(),
        algorithm,
        public_key: vec![kid.len().try_into().unwrap(); length],
        added_at: at(0),
        retires_at: None,
    }
}

fn origins(list: &[&str]) -> Vec<Origin> {
    list.iter()
        .map(|origin| Origin::parse(origin).unwrap())
        .collect()
}

#[test]
fn a_malformed_tenant_names_its_field() {
    let cases: [(fn(&mut TenantDraft), Option<&str>); 15] = [
        (|_| (), None),
        (|draft| draft.name = String::new(), Some("name")),
        (|draft| draft.name = "n".repeat(201), Some("name")),
        (|draft| draft.name = "two\nlines".to_owned(), Some("name")),
        (
            |draft| {
                let site = |n| Origin::parse(&format!("https://{n}.example")).unwrap();
                draft.allowed_origins = Some((0..101).map(site).collect());
            },
            Some("allowedOrigins"),
        ),
        (
            |draft| draft.defaults.delay_ms = Some(-1),
            Some("roomDefaults.delayMs"),
        ),
        (
            |draft| draft.defaults.ingest_offset_ms = Some(86_400_001),
            Some("roomDefaults.ingestOffsetMs"),
        ),
        (
            |draft| draft.defaults.ingest_offset_ms = Some(-86_400_001),
            Some("roomDefaults.ingestOffsetMs"),
        ),
        (
            |draft| draft.defaults.stage_size = Some(0),
            Some("roomDefaults.stageSize"),
        ),
        (
            |draft| draft.defaults.stage_size = Some(51),
            Some("roomDefaults.stageSize"),
        ),
        (
            |draft| draft.defaults.interruption_grace_ms = Some(-1),
            Some("roomDefaults.interruptionGraceMs"),
        ),
        (
            |draft| draft.limits.rooms = Some(1_000_001),
            Some("limits.rooms"),
        ),
        (
            |draft| draft.limits.overlay_tokens_per_room = Some(10_001),
            Some("limits.overlayTokensPerRoom"),
        ),
        (
            |draft| draft.limits.sockets_per_node = Some(10_000_001),
            Some("limits.socketsPerNode"),
        ),
        (|draft| draft.limits.rooms = Some(0), None),
    ];

    for (index, (change, expected)) in cases.into_iter().enumerate() {
        let mut draft = TenantDraft {
            name: "Acme".to_owned(),
            ..TenantDraft::default()
        };
        change(&mut draft);
        let refusal = Tenant::create(draft, ID, at(0)).err();
        assert_eq!(
            refusal.map(|invalid| invalid.field),
            expected,
            "case {index}"
        );
    }
}

#[test]
fn what_reaches_a_limit_does_not_exceed_it() {
    let site = |n| Origin::parse(&format!("https://{n}.example")).unwrap();
    let draft = TenantDraft {
        name: "n".repeat(200),
        // One that is named twice counts once.
        allowed_origins: Some((0..100).chain([7]).map(site).collect()),
        defaults: RoomDefaultsChange {
            delay_ms: Some(86_400_000),
            ingest_offset_ms: Some(-86_400_000),
            stage_size: Some(50),
            interruption_grace_ms: Some(3_600_000),
            ..RoomDefaultsChange::default()
        },
        limits: LimitsChange {
            rooms: Some(1_000_000),
            overlay_tokens_per_room: Some(10_000),
            sockets_per_node: Some(10_000_000),
        },
    };

    let tenant = Tenant::create(draft, ID, at(0)).unwrap();
    assert_eq!(
        tenant.allowed_origins.map(|origins| origins.len()),
        Some(100)
    );
}

#[test]
fn a_change_leaves_what_it_does_not_name_and_loses_no_other() {
    let before = tenant(ID);
    let change = TenantChange {
        version: 1,
        allowed_origins: Some(Some(origins(&["https://b.example", "https://a.example"]))),
        limits: LimitsChange {
            rooms: Some(3),
            ..LimitsChange::default()
        },
        ..TenantChange::default()
    };

    let after = before.changed(change.clone(), at(5)).unwrap();
    let expected = Tenant {
        version: 2,
        allowed_origins: Some(origins(&["https://a.example", "https://b.example"])),
        limits: Limits {
            rooms: 3,
            ..Limits::default()
        },
        updated_at: at(5),
        ..before
    };
    assert_eq!(after, expected);

    let stale = UpdateTenantRefusal::StaleVersion {
        current: 2,
        given: 1,
    };
    assert_eq!(after.changed(change, at(6)), Err(stale));
    let renamed = TenantChange {
        version: 2,
        name: Some("Renamed".to_owned()),
        ..TenantChange::default()
    };
    assert_eq!(after.changed(renamed, at(6)).unwrap().name, "Renamed");
    let nameless = TenantChange {
        version: 2,
        name: Some(String::new()),
        ..TenantChange::default()
    };
    match after.changed(nameless, at(6)) {
        Err(UpdateTenantRefusal::Invalid(invalid)) => assert_eq!(invalid.field, "name"),
        other => panic!("{other:?}"),
    }
    let back = TenantChange {
        version: 2,
        allowed_origins: Some(None),
        ..TenantChange::default()
    };
    assert_eq!(after.changed(back, at(6)).unwrap().allowed_origins, None);
}

#[test]
fn a_room_takes_its_tenants_defaults_where_its_maker_is_silent() {
    let draft_of_tenant = TenantDraft {
        name: "Acme".to_owned(),
        defaults: RoomDefaultsChange {
            delay_ms: Some(8_000),
            ingest_offset_ms: Some(-250),
            anonymous_read: Some(true),
            stage_size: Some(4),
            interruption_grace_ms: Some(0),
        },
        ..TenantDraft::default()
    };
    let tenant = Tenant::create(draft_of_tenant, ID, at(0)).unwrap();
    let make = |draft| Room::create(draft, &tenant, RoomId(Uuid::from_u128(1)), at(0)).unwrap();

    let mut silent = draft();
    silent.delay_ms = None;
    let room = make(silent);
    assert_eq!(room.tenant_id, ID);
    assert_eq!((room.delay_ms, room.ingest_offset_ms), (8_000, -250));
    assert!(room.anonymous_read);
    assert_eq!((room.stage_size, room.interruption_grace_ms), (4, 0));

    let mut outspoken = draft();
    outspoken.anonymous_read = Some(false);
    outspoken.stage_size = Some(6);
    let room = make(outspoken);
    assert_eq!(room.delay_ms, 2_000);
    assert!(!room.anonymous_read);
    assert_eq!(room.stage_size, 6);
}

#[test]
fn two_keys_hold_while_they_change_over() {
    let mut keys = KeySet::default();
    keys.add(key("old", KeyAlgorithm::Es256), at(0)).unwrap();
    keys.add(key("new", KeyAlgorithm::EdDsa), at(10)).unwrap();

    keys.retire("old", at(100), at(20)).unwrap();
    let standing = |keys: &KeySet, kid, now| keys.get(kid).unwrap().standing(at(now));
    assert_eq!(standing(&keys, "old", 99), KeyStanding::Retiring);
    assert_eq!(standing(&keys, "old", 100), KeyStanding::Retired);
    assert_eq!(standing(&keys, "new", 100), KeyStanding::InUse);

    let into_the_past = keys.retire("old", at(49), at(50));
    assert!(
        matches!(&into_the_past, Err(RetireKeyRefusal::Invalid(invalid)) if invalid.field == "at"),
        "{into_the_past:?}"
    );
    assert_eq!(keys.get("old").unwrap().retires_at, Some(at(100)));

    keys.retire("old", at(50), at(50)).unwrap();
    assert_eq!(
        keys.get("old").unwrap().retires_at,
        Some(at(50)),
        "an end can be brought forward"
    );
    assert_eq!(
        keys.retire("old", at(500), at(50)),
        Err(RetireKeyRefusal::AlreadyRetired)
    );
    assert_eq!(
        keys.retire("none", at(500), at(50)),
        Err(RetireKeyRefusal::NotFound("none".to_owned()))
    );
}

#[test]
fn adding_a_key_again_is_harmless_and_taking_its_name_is_refused() {
    let mut keys = KeySet::default();
    let first = keys.add(key("k", KeyAlgorithm::Es256), at(0)).unwrap();
    let again = TenantKey {
        added_at: at(9),
        ..first.clone()
    };
    assert_eq!(keys.add(again, at(9)), Ok(first.clone()));
    assert_eq!(keys.keys().len(), 1);

    let mut other = first.clone();
    other.public_key[1] ^= 1;
    let taken = AddKeyRefusal::KidTaken("k".to_owned());
    assert_eq!(keys.add(other, at(9)), Err(taken.clone()));
    let same_name = key("k", KeyAlgorithm::EdDsa);
    assert_eq!(keys.add(same_name, at(9)), Err(taken.clone()));

    keys.retire("k", at(10), at(10)).unwrap();
    assert_eq!(
        keys.add(first, at(11)),
        Err(taken),
        "what was retired does not come back"
    );
}

#[test]
fn a_malformed_key_names_its_field() {
    let mut short = key("k", KeyAlgorithm::EdDsa);
    short.public_key.pop();
    let cases = [
        (key("", KeyAlgorithm::Es256), "kid"),
        (key(&"k".repeat(129), KeyAlgorithm::Es256), "kid"),
        (key("a\tb", KeyAlgorithm::Es256), "kid"),
        (short, "publicKey"),
    ];

    for (key, field) in cases {
        match KeySet::default().add(key, at(0)) {
            Err(AddKeyRefusal::Invalid(invalid)) => assert_eq!(invalid.field, field),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn keys_in_use_are_few_and_those_that_ended_are_forgotten_in_time() {
    let mut keys = KeySet::default();
    for n in 0..KEYS_IN_USE_MAX {
        keys.add(key(&format!("k{n}"), KeyAlgorithm::EdDsa), at(0))
            .unwrap();
    }
    let one_more = key("more", KeyAlgorithm::EdDsa);
    assert_eq!(
        keys.add(one_more.clone(), at(0)),
        Err(AddKeyRefusal::TooManyKeys)
    );
    keys.retire("k3", at(9), at(0)).unwrap();
    assert_eq!(
        keys.add(one_more.clone(), at(8)),
        Err(AddKeyRefusal::TooManyKeys),
        "a key counts until its end"
    );
    keys.add(one_more, at(9)).unwrap();

    for n in 0..100 {
        let (kid, now) = (format!("next {n}"), at(10 + n));
        keys.retire(&format!("next {}", n - 1), now, now).ok();
        keys.retire("more", now, now).ok();
        keys.add(key(&kid, KeyAlgorithm::EdDsa), now).unwrap();
    }
    assert_eq!(keys.keys().len(), KEYS_KEPT_MAX);
    assert!(keys.get("k3").is_none(), "the first to end goes first");
    assert!(keys.get("k0").is_some(), "no key in use is forgotten");
}

#[test]
fn of_the_keys_that_ended_the_first_to_end_is_forgotten() {
    let mut keys = KeySet::default();
    let mut add = |kid: &str, ends: i64| {
        keys.add(key(kid, KeyAlgorithm::EdDsa), at(0)).unwrap();
        keys.retire(kid, at(ends), at(0)).unwrap();
        keys.clone()
    };
    // Each ends at once, but for the first one.
    add("first", 1);
    for n in 2..=KEYS_KEPT_MAX {
        add(&format!("k{n}"), 0);
    }

    let mut keys = add("last", 0);
    assert!(keys.get("first").is_some() && keys.get("k2").is_none());
    keys.add(key("next", KeyAlgorithm::EdDsa), at(2)).unwrap();
    assert!(keys.get("first").is_some() && keys.get("k3").is_none());
}

proptest! {
    /// Whatever is done to a set, a key that has ended never speaks again, and few speak at once.
    #[test]
    fn a_key_that_ended_stays_ended(
        steps in prop::collection::vec((any::<bool>(), 0..12_u8, 0..30_i64), 1..200),
    ) {
        let mut keys = KeySet::default();
        let mut ended = std::collections::BTreeSet::new();
        for (now, (adds, kid, span)) in steps.into_iter().enumerate() {
            let now = i64::try_from(now).unwrap();
            let kid = format!("k{kid}");
            if adds {
                // Refused or not: the invariants below hold either way.
                drop(keys.add(key(&kid, KeyAlgorithm::EdDsa), at(now)));
            } else {
                drop(keys.retire(&kid, at(now + span), at(now)));
            }

            let accepted: Vec<_> = keys
                .keys()
                .iter()
                .filter(|key| key.is_accepted(at(now)))
                .map(|key| key.kid.clone())
                .collect();
            prop_assert!(accepted.len() <= KEYS_IN_USE_MAX);
            prop_assert!(accepted.iter().all(|kid| !ended.contains(kid)));
            let gone = keys.keys().iter().filter(|key| !key.is_accepted(at(now)));
            ended.extend(gone.map(|key| key.kid.clone()));
        }
    }
}
