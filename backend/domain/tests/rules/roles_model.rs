//! Random people do random things, and a naive model of the rules says what comes of each.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::event::{Event, EventBody, Part};
use parlor_domain::participant::{Capability, Membership, Participant, Role};
use parlor_domain::room_aggregate::Override;
use proptest::prelude::*;

use crate::company::{Company, Do, STAFF};

const NAMES: [&str; 6] = ["ana", "ben", "cem", "dov", "eva", STAFF];

/// A person as the model sees them. Everything is a plain value, found anew for each question.
#[derive(Debug, Clone, Default, PartialEq)]
struct Person {
    is_in: bool,
    is_out_for_good: bool,
    rank: u8,
    place: &'static str,
    name: String,
    grants: BTreeMap<Capability, Option<i64>>,
    denials: BTreeMap<Capability, Option<i64>>,
    changes: i32,
}

#[derive(Debug, Clone, Default)]
struct Model {
    people: BTreeMap<&'static str, Person>,
    /// Whoever asked first stands first.
    queue: Vec<&'static str>,
    stage_size: usize,
    now: i64,
}

/// What each rank adds to the one below.
const ADDED: [&[Capability]; 3] = [
    &[Capability::StageSpeak],
    &[
        Capability::StageInvite,
        Capability::StageModerate,
        Capability::ParticipantRename,
        Capability::ParticipantRemove,
        Capability::AuditRead,
    ],
    &[
        Capability::StageHost,
        Capability::RoomUpdate,
        Capability::SessionManage,
        Capability::RoleAssign,
        Capability::CapabilityGrant,
    ],
];

const FOR_EVER: i64 = i64::MAX;

fn of_rank(rank: u8) -> Vec<Capability> {
    ADDED[..=usize::from(rank)].concat()
}

fn rank(role: Role) -> u8 {
    match role {
        Role::Member => 0,
        Role::Moderator => 1,
        Role::Owner => 2,
    }
}

impl Model {
    /// Until when somebody may do something; 0 if they may not.
    fn until(&self, name: &str, capability: Capability) -> i64 {
        if name == STAFF {
            return FOR_EVER;
        }
        self.own_until(name, capability)
    }

    /// The same, of what they have in the room themselves.
    fn own_until(&self, name: &str, capability: Capability) -> i64 {
        let Some(person) = self.people.get(name).filter(|person| person.is_in) else {
            return 0;
        };
        let end = |terms: Option<&Option<i64>>| {
            terms.map_or(0, |expires_at| expires_at.unwrap_or(FOR_EVER))
        };
        if end(person.denials.get(&capability)) > self.now {
            0
        } else if of_rank(person.rank).contains(&capability) {
            FOR_EVER
        } else {
            let granted = end(person.grants.get(&capability));
            if granted > self.now { granted } else { 0 }
        }
    }

    fn may(&self, name: &str, capability: Capability) -> bool {
        self.until(name, capability) > 0
    }

    fn is_in(&self, name: &str) -> bool {
        self.people.get(name).is_some_and(|person| person.is_in)
    }

    fn is_out_for_good(&self, name: &str) -> bool {
        let person = self.people.get(name);
        person.is_some_and(|person| person.is_out_for_good)
    }

    fn place(&self, name: &str) -> &'static str {
        self.people[name].place
    }

    fn is_open_to(&self, other: &str, name: &str) -> bool {
        let (own, others) = (self.rank(name), self.people[other].rank);
        own >= 2 || own > others || others == 0
    }

    /// Staff stands above everyone.
    fn rank(&self, name: &str) -> u8 {
        if name == STAFF {
            return 3;
        }
        self.people.get(name).map_or(0, |person| person.rank)
    }

    fn on_stage(&self) -> usize {
        let places = self.people.values().map(|person| person.place);
        places
            .filter(|place| ["speaker", "host"].contains(place))
            .count()
    }

    fn host(&self) -> Option<&'static str> {
        self.people
            .iter()
            .find(|(_, person)| person.place == "host")
            .map(|(name, _)| *name)
    }

    fn is_last_owner(&self, name: &str) -> bool {
        let owners = self.people.values().filter(|person| person.rank == 2);
        self.people[name].rank == 2 && owners.count() == 1
    }

    fn is_known(&self, name: &str) -> bool {
        self.people.contains_key(name)
    }

    /// Whether the rules let `name` do it, given that the versions are current.
    #[expect(
        clippy::too_many_lines,
        reason = "a rule for each command, to be read side by side"
    )]
    fn allows(&self, name: &'static str, what: &Do) -> bool {
        let has_seat = self.on_stage() < self.stage_size;
        let may_speak =
            |other| self.is_in(other) && self.own_until(other, Capability::StageSpeak) > 0;
        let is_on_stage = |other| ["speaker", "host"].contains(&self.place(other));

        match what {
            Do::Join => !self.is_out_for_good(name),
            Do::Leave => self.is_known(name) && !self.is_out_for_good(name),
            Do::Rename(other, text) => {
                self.is_known(other)
                    && (*other == name && self.is_in(name)
                        || self.may(name, Capability::ParticipantRename)
                            && self.is_open_to(other, name))
                    && !text.is_empty()
            }
            Do::Remove(other) => {
                self.is_known(other)
                    && self.may(name, Capability::ParticipantRemove)
                    && (name != *other || name == STAFF)
                    && self.is_open_to(other, name)
                    && !self.is_out_for_good(other)
                    && !self.is_last_owner(other)
            }
            Do::Readmit(other) => {
                self.is_known(other)
                    && self.may(name, Capability::ParticipantRemove)
                    && (name != *other || name == STAFF)
                    && self.is_open_to(other, name)
                    && self.is_out_for_good(other)
            }
            Do::Assign(other, role) => {
                let to = rank(*role);
                self.is_known(other)
                    && self.may(name, Capability::RoleAssign)
                    && !self.is_out_for_good(other)
                    && (name == *other || self.is_open_to(other, name))
                    && self.rank(name) >= to
                    && of_rank(to)
                        .into_iter()
                        .filter(|one| !of_rank(self.people[other].rank).contains(one))
                        .all(|one| self.until(name, one) == FOR_EVER)
                    && (to == 2 || !self.is_last_owner(other))
            }
            Do::Change(other, kind, capability, millis) => {
                let until = millis.map_or(FOR_EVER, |millis| self.now + millis);
                let live = |terms: &BTreeMap<Capability, Option<i64>>| {
                    terms
                        .get(capability)
                        .is_some_and(|end| end.unwrap_or(FOR_EVER) > self.now)
                };
                self.is_known(other)
                    && self.may(name, Capability::CapabilityGrant)
                    && !self.is_out_for_good(other)
                    && (name != *other || name == STAFF)
                    && self.is_open_to(other, name)
                    && match kind {
                        Override::Grant => {
                            self.until(name, *capability) >= until && until > self.now
                        }
                        Override::Deny => until > self.now,
                        Override::ClearGrant => live(&self.people[other].grants),
                        Override::ClearDenial => {
                            self.until(name, *capability) == FOR_EVER
                                && live(&self.people[other].denials)
                        }
                    }
            }
            Do::Request => may_speak(name) && self.place(name) == "audience",
            Do::Withdraw => self.is_in(name) && self.place(name) == "requested",
            Do::Invite(other) => {
                self.is_known(other)
                    && self.may(name, Capability::StageInvite)
                    && may_speak(other)
                    && ["audience", "requested"].contains(&self.place(other))
            }
            Do::Decline(other) if *other == name && self.is_in(name) => {
                self.place(name) == "invited"
            }
            Do::Decline(other) => {
                self.is_known(other)
                    && self.may(name, Capability::StageInvite)
                    && ["invited", "requested"].contains(&self.place(other))
            }
            Do::JoinStage => {
                may_speak(name)
                    && !is_on_stage(name)
                    && (self.place(name) == "invited" || self.may(name, Capability::StageInvite))
                    && has_seat
            }
            Do::LeaveStage => self.is_in(name) && is_on_stage(name),
            Do::MoveToAudience(other) => {
                self.is_known(other)
                    && self.may(name, Capability::StageModerate)
                    && (name == *other || self.is_open_to(other, name))
                    && is_on_stage(other)
            }
            Do::HandOver(other, from) => {
                let is_host = self.is_in(name) && self.place(name) == "host";
                self.is_known(other)
                    && (is_host || self.may(name, Capability::StageHost))
                    && may_speak(other)
                    && self.host() == *from
                    && self.place(other) != "host"
                    && (is_on_stage(other) || name == *other && has_seat)
            }
            Do::SetStageSize(size) => {
                let size = usize::try_from(*size).unwrap();
                size >= self.on_stage() && (1..=50).contains(&size)
            }
        }
    }

    fn change(&mut self, name: &'static str, change: impl FnOnce(&mut Person)) {
        let person = self.people.entry(name).or_default();
        let before = person.clone();
        change(person);
        if !person.is_in {
            person.place = "audience";
        }
        if *person != before {
            person.changes += 1;
        }
    }

    /// Has what the rules allow done.
    fn apply(&mut self, name: &'static str, what: &Do) {
        match what {
            Do::Join => {
                if !self.is_in(name) {
                    self.change(name, |person| {
                        person.is_in = true;
                        name.clone_into(&mut person.name);
                        person.place = "audience";
                    });
                }
            }
            Do::Leave => self.change(name, |person| person.is_in = false),
            Do::Rename(other, text) => {
                self.change(other, |person| (*text).clone_into(&mut person.name));
            }
            Do::Remove(other) => self.change(other, |person| {
                person.is_in = false;
                person.is_out_for_good = true;
                person.rank = 0;
                person.grants.clear();
            }),
            Do::Readmit(other) => self.change(other, |person| person.is_out_for_good = false),
            Do::Assign(other, role) => self.change(other, |person| person.rank = rank(*role)),
            Do::Change(other, kind, capability, millis) => {
                let until = millis.map(|millis| self.now + millis);
                let person = self.people.get_mut(other).unwrap();
                match kind {
                    Override::Grant => person.grants.insert(*capability, until),
                    Override::Deny => person.denials.insert(*capability, until),
                    Override::ClearGrant => person.grants.remove(capability),
                    Override::ClearDenial => person.denials.remove(capability),
                };
                // Said again, it is a change all the same.
                person.changes += 1;
                if self.own_until(other, Capability::StageSpeak) == 0 {
                    self.people.get_mut(other).unwrap().place = "audience";
                }
            }
            Do::Request => self.put(name, "requested"),
            Do::Withdraw | Do::LeaveStage => self.put(name, "audience"),
            Do::Invite(other) => self.put(other, "invited"),
            Do::Decline(other) | Do::MoveToAudience(other) => self.put(other, "audience"),
            Do::JoinStage => self.put(name, "speaker"),
            Do::HandOver(other, from) => {
                if let Some(from) = from {
                    self.put(from, "speaker");
                }
                self.put(other, "host");
            }
            Do::SetStageSize(size) => self.stage_size = usize::try_from(*size).unwrap(),
        }

        let people = &self.people;
        self.queue.retain(|one| people[one].place == "requested");
        if let Do::Request = what {
            self.queue.push(name);
        }
    }

    fn put(&mut self, name: &'static str, place: &'static str) {
        self.change(name, |person| person.place = place);
    }
}

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

    prop_oneof![
        6 => Just(Do::Join),
        1 => Just(Do::Leave),
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
    ]
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
    !matches!(what, Do::Join | Do::Leave | Do::SetStageSize(_))
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

    // The log tells a newcomer of those it names, each as they are.
    let listed: Vec<_> = NAMES
        .into_iter()
        .filter_map(|name| company.get(name))
        .collect();
    let listed = listed
        .into_iter()
        .filter(|one| one.is_listed)
        .map(Participant::profile);
    let listed: BTreeMap<_, _> = listed.map(|one| (one.id, one)).collect();
    prop_assert_eq!(shown(company.stage.events()), listed);
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
        let mut model = Model { stage_size: 10, now: company.stage.now.unix_millis(), ..Model::default() };
        let mut had_owner = false;

        let steps = opening().into_iter().chain(steps);
        for Step { name, what, is_stale, passed_ms } in steps {
            company.stage.pass(passed_ms);
            model.now = company.stage.now.unix_millis();
            let is_stale = is_stale && is_versioned(&what);
            let allowed = model.allows_person(name, &what) && !is_stale;
            company.versions_behind = i32::from(is_stale);
            let before = trace(&company);
            let done = company.act(name, what);

            prop_assert_eq!(done.is_ok(), allowed, "{} {:?}: {:?}", name, what, done);
            if done.is_ok() {
                model.apply(name, &what);
            } else {
                prop_assert_eq!(trace(&company), before);
            }
            check(&company, &model)?;
            let has_owner = model.people.values().any(|person| person.rank == 2);
            prop_assert!(has_owner || !had_owner, "the last owner is gone");
            had_owner |= has_owner;
        }
    }
}

impl Model {
    /// [`Self::allows`], also of people who were never here.
    fn allows_person(&self, name: &'static str, what: &Do) -> bool {
        let acts_on_own_place = matches!(
            what,
            Do::Request | Do::Withdraw | Do::JoinStage | Do::LeaveStage
        );
        if acts_on_own_place && !self.is_in(name) {
            return false;
        }

        self.allows(name, what)
    }
}
