//! What comes of what the rules allow.

use parlor_domain::participant::Capability;
use parlor_domain::room::Admission;
use parlor_domain::room_aggregate::Override;

use super::model::{Model, Person, rank};
use crate::company::Do;

impl Model {
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
    pub(super) fn apply(&mut self, name: &'static str, what: &Do) {
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
            Do::Connect(node) => {
                self.connected.entry(name).or_default().insert(*node);
            }
            Do::Disconnect(node) => {
                self.connected.entry(name).or_default().remove(node);
            }
            Do::SetStageSize(size) => self.stage_size = usize::try_from(*size).unwrap(),
            Do::SetAdmission(admission) => {
                self.lets_in_everyone = *admission == Admission::Everyone;
            }
            Do::Archive => {
                self.is_archived = true;
                let names: Vec<_> = self.people.keys().copied().collect();
                for name in names {
                    self.put(name, "audience");
                }
            }
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
