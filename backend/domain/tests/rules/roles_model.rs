//! Random people do random things, and a naive model of the rules says what comes of each.

mod effects;
mod model;

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::event::{Event, EventBody, Part};
use parlor_domain::participant::{Capability, Membership, Role};
use parlor_domain::room::Admission;
use parlor_domain::room_aggregate::Override;
use proptest::prelude::*;

use crate::company::{Company, Do, STAFF};
use model::{Model, Person, rank};

const NAMES: [&str; 6] = ["ana", "ben", "cem", "dov", "eva", STAFF];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

fn capability() -> impl Strategy<Value = Capability> {
    prop::sample::select(&Capability::ALL[..])
}

fn what() -> impl Strategy<Value = Do> {
    let role = prop::sample::select(&Role::ALL[..]);
    let kind = prop::sample::select(vec![
        Override::Grant,
        Override::Grant,
        Override::Deny,
        Override::ClearGrant,
        Override::ClearDenial,
    ]);
    let millis = prop::option::of(prop::sample::select(vec![0_i64, 1, 1_000, 5_000]));
    let text = prop::sample::select(vec!["", "x", "ana"]);

    let what = prop_oneof![
        6 => Just(Do::Join),
        1 => Just(Do::Leave),
        4 => (0..2_u8).prop_map(Do::Connect),
        2 => (0..2_u8).prop_map(Do::Disconnect),
        1 => (name(), text).prop_map(|(name, text)| Do::Rename(name, text)),
        1 => name().prop_map(Do::Remove),
        1 => name().prop_map(Do::Readmit),
        4 => (name(), role).prop_map(|(name, role)| Do::Assign(name, role)),
        5 => (name(), kind, capability(), millis)
            .prop_map(|(name, kind, capability, millis)| Do::Change(name, kind, capability, millis)),
        4 => Just(Do::Request),
        1 => Just(Do::Withdraw),
        4 => name().prop_map(Do::Invite),
        1 => name().prop_map(Do::Decline),
        6 => Just(Do::JoinStage),
        1 => Just(Do::LeaveStage),
        1 => name().prop_map(Do::MoveToAudience),
        4 => (name(), prop::option::of(name())).prop_map(|(name, from)| Do::HandOver(name, from)),
        1 => (0_u32..5).prop_map(Do::SetStageSize),
        1 => prop::sample::select(&Admission::ALL[..]).prop_map(Do::SetAdmission),
    ];
    // About every second run comes to its end with the room.
    prop_oneof![200 => what, 1 => Just(Do::Archive)]
}

#[derive(Debug, Clone)]
struct Step {
    name: &'static str,
    what: Do,
    /// Whether it was made against the version before.
    is_stale: bool,
    passed_ms: i64,
}

fn step() -> impl Strategy<Value = Step> {
    let passed_ms = prop_oneof![3 => Just(0_i64), 1 => 1_i64..3_000];
    (name(), what(), prop::bool::weighted(0.05), passed_ms).prop_map(
        |(name, what, is_stale, passed_ms)| Step {
            name,
            what,
            is_stale,
            passed_ms,
        },
    )
}

/// Most of the rules only show once there are ranks.
fn opening() -> Vec<Step> {
    let joins = NAMES[..4].iter().map(|name| (*name, Do::Join));
    let roles = [
        (STAFF, Do::Assign("ana", Role::Owner)),
        ("ana", Do::Assign("ben", Role::Moderator)),
        (
            "ana",
            Do::Change("ben", Override::Grant, Capability::RoleAssign, None),
        ),
        (
            "ana",
            Do::Change("ben", Override::Grant, Capability::CapabilityGrant, None),
        ),
        (
            "ana",
            Do::Change("ben", Override::Grant, Capability::StageHost, Some(5_000)),
        ),
    ];

    joins
        .chain(roles)
        .map(|(name, what)| Step {
            name,
            what,
            is_stale: false,
            passed_ms: 0,
        })
        .collect()
}

/// Everything that a command leaves behind.
fn trace(company: &Company) -> impl PartialEq + std::fmt::Debug + use<> {
    let aggregate = &company.stage.aggregate;
    let changes = &aggregate.changes;

    (
        aggregate.head,
        aggregate.room.version,
        changes.audit.len(),
        changes.participants.clone(),
    )
}

/// Whether the command says which version it was made against.
fn is_versioned(what: &Do) -> bool {
    !matches!(
        what,
        Do::Join
            | Do::Leave
            | Do::Connect(_)
            | Do::Disconnect(_)
            | Do::SetStageSize(_)
            | Do::SetAdmission(_)
            | Do::Archive
    )
}

fn check(company: &Company, model: &Model) -> Result<(), TestCaseError> {
    let aggregate = &company.stage.aggregate;
    for name in NAMES {
        let Some(found) = company.get(name) else {
            prop_assert!(!model.is_known(name), "{name} is missing");
            continue;
        };
        let person = &model.people[name];
        prop_assert_eq!(found.is_joined(), person.is_in, "{}", name);
        prop_assert_eq!(
            found.membership == Membership::Removed,
            person.is_out_for_good
        );
        prop_assert_eq!(rank(found.role), person.rank, "{}", name);
        prop_assert_eq!(found.stage_role.as_str(), person.place, "{}", name);
        prop_assert_eq!(&found.name, &person.name);
        prop_assert_eq!(found.version, person.changes, "{}", name);
        prop_assert_eq!(found.is_online, model.is_online(name), "{}", name);
        let may: BTreeSet<_> = found.capabilities(company.stage.now).into_iter().collect();
        let expected = Capability::ALL.into_iter();
        let expected = expected
            .filter(|one| model.own_until(name, *one) > 0)
            .collect();
        prop_assert_eq!(may, expected, "{}", name);
    }

    let census = &aggregate.census;
    let count = |is: fn(&Person) -> bool| {
        let people = model.people.values().filter(|person| is(person));
        i64::try_from(people.count()).unwrap()
    };
    prop_assert_eq!(census.joined, count(|person| person.is_in));
    prop_assert_eq!(census.owners, count(|person| person.rank == 2));
    prop_assert_eq!(census.role_holders, count(|person| person.rank > 0));
    prop_assert_eq!(census.on_stage, i64::try_from(model.on_stage()).unwrap());
    prop_assert!(model.on_stage() <= model.stage_size, "the stage overflows");
    let host = model.host().and_then(|name| company.get(name));
    prop_assert_eq!(census.host, host.map(|host| host.id));
    prop_assert_eq!(queue(company), model.queue.clone());
    let online = NAMES.iter().filter(|name| model.is_online(name));
    let online = i64::try_from(online.count()).unwrap();
    prop_assert_eq!(census.online.count, online);

    // The log tells a newcomer of those it names, each as they are.
    let listed: Vec<_> = NAMES
        .into_iter()
        .filter_map(|name| company.get(name))
        .collect();
    let listed = listed
        .into_iter()
        .filter(|one| one.is_listed)
        .map(|one| one.profile());
    let listed: BTreeMap<_, _> = listed.map(|one| (one.id, one)).collect();
    prop_assert_eq!(shown(&company.stage.events()), listed);
    Ok(())
}

fn queue(company: &Company) -> Vec<&'static str> {
    let mut queue: Vec<_> = NAMES
        .into_iter()
        .filter_map(|name| Some((company.get(name)?.stage_role.requested_seq()?, name)))
        .collect();
    queue.sort_unstable();

    queue.into_iter().map(|(_, name)| name).collect()
}

/// The people whom the events leave in a room's state.
fn shown(
    events: &[Event],
) -> BTreeMap<parlor_domain::id::ParticipantId, parlor_domain::participant::ParticipantProfile> {
    let mut people = BTreeMap::new();
    for event in events {
        let Some(Part::Participant(id)) = event.body.part() else {
            continue;
        };
        if event.body.empties_part() {
            people.remove(&id);
            continue;
        }
        if let EventBody::ParticipantJoined(one)
        | EventBody::ParticipantUpdated(one)
        | EventBody::ParticipantRoleChanged(one)
        | EventBody::ParticipantStageChanged(one)
        | EventBody::ParticipantPresenceChanged(one) = &event.body
        {
            people.insert(id, one.clone());
        }
    }

    people
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Nobody acts beyond their capabilities, the last owner stays, what was made against an older
    /// version changes nothing, the stage never overflows, and a refusal leaves no trace.
    #[test]
    fn the_rules_hold_whoever_does_what(steps in prop::collection::vec(step(), 1..120)) {
        let mut company = Company::new();
        let mut model = Model { stage_size: 10, lets_in_everyone: true, now: company.stage.now.unix_millis(), ..Model::default() };
        let mut had_owner = false;

        let steps = opening().into_iter().chain(steps);
        for Step { name, what, is_stale, passed_ms } in steps {
            company.stage.pass(passed_ms);
            model.now = company.stage.now.unix_millis();
            let is_stale = is_stale && is_versioned(&what);
            let allowed = model.allows_person(name, &what) && !is_stale;
            company.versions_behind = i32::from(is_stale);
            let before = trace(&company);
            let online_before = company.stage.aggregate.census.online;
            let done = company.act(name, what);

            prop_assert_eq!(done.is_ok(), allowed, "{} {:?}: {:?}", name, what, done);
            if done.is_ok() {
                model.apply(name, &what);
            } else {
                prop_assert_eq!(trace(&company), before);
            }
            check(&company, &model)?;
            let online = company.stage.aggregate.census.online;
            prop_assert_eq!(
                online.changes > online_before.changes,
                online.count != online_before.count
            );
            let has_owner = model.people.values().any(|person| person.rank == 2);
            prop_assert!(has_owner || !had_owner, "the last owner is gone");
            had_owner |= has_owner;
        }
    }
}
