//! The rules as somebody would say them: plain values, and every question answered anew.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::participant::{Capability, Role};
use parlor_domain::room_aggregate::Override;

use crate::company::{Do, STAFF};

/// A person as the model sees them. Everything is a plain value, found anew for each question.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Person {
    pub(super) is_in: bool,
    pub(super) is_out_for_good: bool,
    pub(super) rank: u8,
    pub(super) place: &'static str,
    pub(super) name: String,
    pub(super) grants: BTreeMap<Capability, Option<i64>>,
    pub(super) denials: BTreeMap<Capability, Option<i64>>,
    pub(super) changes: i32,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) people: BTreeMap<&'static str, Person>,
    /// Whoever asked first stands first.
    pub(super) queue: Vec<&'static str>,
    pub(super) stage_size: usize,
    pub(super) is_archived: bool,
    pub(super) lets_in_everyone: bool,
    /// The nodes that people are connected to, also of those who never joined.
    pub(super) connected: BTreeMap<&'static str, BTreeSet<u8>>,
    pub(super) now: i64,
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
        Capability::PointsRead,
        Capability::RedemptionManage,
        Capability::RoomTell,
    ],
    &[
        Capability::StageHost,
        Capability::RoomUpdate,
        Capability::SessionManage,
        Capability::RoleAssign,
        Capability::CapabilityGrant,
        Capability::PointsAdjust,
        Capability::RewardManage,
        Capability::EarningManage,
    ],
];

const FOR_EVER: i64 = i64::MAX;

pub(super) fn of_rank(rank: u8) -> Vec<Capability> {
    ADDED[..=usize::from(rank)].concat()
}

pub(super) fn rank(role: Role) -> u8 {
    match role {
        Role::Member => 0,
        Role::Moderator => 1,
        Role::Owner => 2,
    }
}

impl Model {
    /// Until when somebody may do something; 0 if they may not.
    pub(super) fn until(&self, name: &str, capability: Capability) -> i64 {
        if name == STAFF {
            return FOR_EVER;
        }
        self.own_until(name, capability)
    }

    /// The same, of what they have in the room themselves.
    pub(super) fn own_until(&self, name: &str, capability: Capability) -> i64 {
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

    pub(super) fn may(&self, name: &str, capability: Capability) -> bool {
        self.until(name, capability) > 0
    }

    pub(super) fn is_in(&self, name: &str) -> bool {
        self.people.get(name).is_some_and(|person| person.is_in)
    }

    pub(super) fn is_out_for_good(&self, name: &str) -> bool {
        let person = self.people.get(name);
        person.is_some_and(|person| person.is_out_for_good)
    }

    pub(super) fn place(&self, name: &str) -> &'static str {
        self.people[name].place
    }

    pub(super) fn is_open_to(&self, other: &str, name: &str) -> bool {
        let (own, others) = (self.rank(name), self.people[other].rank);
        own >= 2 || own > others || others == 0
    }

    /// Staff stands above everyone.
    pub(super) fn rank(&self, name: &str) -> u8 {
        if name == STAFF {
            return 3;
        }
        self.people.get(name).map_or(0, |person| person.rank)
    }

    pub(super) fn on_stage(&self) -> usize {
        let places = self.people.values().map(|person| person.place);
        places
            .filter(|place| ["speaker", "host"].contains(place))
            .count()
    }

    pub(super) fn host(&self) -> Option<&'static str> {
        self.people
            .iter()
            .find(|(_, person)| person.place == "host")
            .map(|(name, _)| *name)
    }

    pub(super) fn is_last_owner(&self, name: &str) -> bool {
        let owners = self.people.values().filter(|person| person.rank == 2);
        self.people[name].rank == 2 && owners.count() == 1
    }

    pub(super) fn is_online(&self, name: &str) -> bool {
        let nodes = self.connected.get(name);
        self.is_in(name) && nodes.is_some_and(|nodes| !nodes.is_empty())
    }

    pub(super) fn is_known(&self, name: &str) -> bool {
        self.people.contains_key(name)
    }

    /// Whether the rules let `name` do it, given that the versions are current.
    #[expect(
        clippy::too_many_lines,
        reason = "a rule for each command, to be read side by side"
    )]
    pub(super) fn allows(&self, name: &'static str, what: &Do) -> bool {
        let has_seat = self.on_stage() < self.stage_size;
        let may_speak =
            |other| self.is_in(other) && self.own_until(other, Capability::StageSpeak) > 0;
        let is_on_stage = |other| ["speaker", "host"].contains(&self.place(other));

        match what {
            // Whatever somebody may do, they may watch; and settings are not asked for by name here.
            Do::Connect(_) | Do::Disconnect(_) | Do::SetAdmission(_) | Do::Archive => true,
            Do::Join => {
                let may_be_new = self.lets_in_everyone || name == STAFF;
                (self.is_known(name) || may_be_new) && !self.is_out_for_good(name)
            }
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
}

impl Model {
    /// [`Self::allows`], also of people who were never here.
    pub(super) fn allows_person(&self, name: &'static str, what: &Do) -> bool {
        let acts_on_own_place = matches!(
            what,
            Do::Request | Do::Withdraw | Do::JoinStage | Do::LeaveStage
        );
        if acts_on_own_place && !self.is_in(name) {
            return false;
        }

        // A room that is over only lets people go.
        let is_for_ever = matches!(
            what,
            Do::Leave
                | Do::Connect(_)
                | Do::Disconnect(_)
                | Do::SetStageSize(_)
                | Do::SetAdmission(_)
                | Do::Archive
        );
        if self.is_archived && !is_for_ever {
            return false;
        }

        self.allows(name, what)
    }
}
