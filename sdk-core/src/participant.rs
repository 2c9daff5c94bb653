//! The people whom a room shows by name, and the stage that follows from them.

use crate::time::ServerTime;
use alloc::string::String;
use alloc::vec::Vec;

/// Participants held at once. A server names at most some 350: 200 who wait for the stage, 50 on
/// it, 100 of a small room or with a role. This bounds memory whatever a server says.
pub(crate) const PARTICIPANTS_MAX: usize = 1_000;

/// What everyone who may read a room sees of a participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantProfile {
    /// Global id.
    pub id: String,
    /// As typed: text, never markup.
    pub name: String,
    /// Authority, for a badge. What it allows is the server's to say, never to be inferred.
    pub role: ParticipantRole,
    /// Their place.
    pub stage_role: StageRole,
    /// Of those who have asked for the stage: the place in the queue, lowest first.
    pub requested_seq: Option<i64>,
    /// Whether the room goes on showing them by name. If not, they are no longer among
    /// [`Room::participants`](crate::Room::participants).
    pub is_listed: bool,
    /// Whether they follow the room now, by any of their devices.
    pub is_online: bool,
    /// Counts changes of the participant; give it back to whatever changes them.
    pub version: i32,
    /// When they last joined.
    pub joined_at: ServerTime,
}

/// How a participant changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParticipantChange {
    /// They came into the room.
    Joined,
    /// They went.
    Left,
    /// They were put out of the room.
    Removed,
    /// They have another name.
    Updated,
    /// They have another role.
    RoleChanged,
    /// They have another place.
    StageChanged,
    /// They came online, or went offline.
    PresenceChanged,
}

/// Authority over a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParticipantRole {
    /// No more than anyone's.
    Member,
    /// Keeps order.
    Moderator,
    /// Rules the room.
    Owner,
    /// A role that this build has never heard of. Show no badge.
    Unknown,
}

/// A participant's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageRole {
    /// Watches.
    Audience,
    /// Has asked for the stage.
    Requested,
    /// May take the stage.
    Invited,
    /// Is on the stage.
    Speaker,
    /// Is on the stage, and leads.
    Host,
    /// A place that this build has never heard of.
    Unknown,
}

/// Who speaks, and who waits to. Each list is in the order in which people joined the room, but for
/// the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage<'a> {
    /// Whether a session is live. If not, who is on the stage is backstage.
    pub is_live: bool,
    /// Who leads, if anybody.
    pub host: Option<&'a ParticipantProfile>,
    /// Who else is on the stage.
    pub speakers: Vec<&'a ParticipantProfile>,
    /// Who may take the stage.
    pub invited: Vec<&'a ParticipantProfile>,
    /// Who has asked for the stage, in the order in which the server saw it.
    pub queue: Vec<&'a ParticipantProfile>,
}

/// The parts of a room's state that are people, in the order in which they joined.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Participants {
    listed: Vec<Listed>,
    /// The position of the last event that emptied a part: what is older says nothing new of anyone
    /// who is not here.
    emptied_through: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    profile: ParticipantProfile,
    seq: i64,
}

/// What an event did to the people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It came before, or is older than what is known.
    Old,
    /// It is taken in.
    News,
    /// It is news, and there was no place for whom it names.
    NoPlace,
}

impl ParticipantChange {
    /// Returns the name of the event in the schema, such as `ParticipantJoined`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Joined => "ParticipantJoined",
            Self::Left => "ParticipantLeft",
            Self::Removed => "ParticipantRemoved",
            Self::Updated => "ParticipantUpdated",
            Self::RoleChanged => "ParticipantRoleChanged",
            Self::StageChanged => "ParticipantStageChanged",
            Self::PresenceChanged => "ParticipantPresenceChanged",
        }
    }
}

impl<'a> Stage<'a> {
    pub(crate) fn of(
        participants: impl Iterator<Item = &'a ParticipantProfile>,
        is_live: bool,
    ) -> Self {
        let mut stage = Self {
            is_live,
            host: None,
            speakers: Vec::new(),
            invited: Vec::new(),
            queue: Vec::new(),
        };
        for participant in participants {
            match participant.stage_role {
                StageRole::Audience | StageRole::Unknown => {}
                StageRole::Requested => {
                    let requested_seq = participant.requested_seq;
                    let place = stage
                        .queue
                        .partition_point(|other| other.requested_seq <= requested_seq);
                    stage.queue.insert(place, participant);
                }
                StageRole::Invited => stage.invited.push(participant),
                StageRole::Speaker => stage.speakers.push(participant),
                StageRole::Host => stage.host = Some(participant),
            }
        }

        stage
    }
}

impl Participants {
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &ParticipantProfile> {
        self.listed.iter().map(|listed| &listed.profile)
    }

    /// Takes in what the event at `seq` says of somebody. An older one never replaces a newer.
    pub(crate) fn apply(&mut self, profile: &ParticipantProfile, seq: i64) -> Entry {
        let known = self
            .listed
            .iter()
            .position(|listed| listed.profile.id == profile.id);
        let known_seq = known.map_or(self.emptied_through, |at| self.listed[at].seq);
        if seq <= known_seq {
            return Entry::Old;
        }

        if let Some(at) = known {
            self.listed.remove(at);
        }
        if !profile.is_listed {
            self.emptied_through = self.emptied_through.max(seq);
            return Entry::News;
        }
        if self.listed.len() == PARTICIPANTS_MAX {
            return Entry::NoPlace;
        }
        self.insert(profile, seq);

        Entry::News
    }

    fn insert(&mut self, profile: &ParticipantProfile, seq: i64) {
        let place = self.listed.partition_point(|listed| {
            let other = &listed.profile;
            (other.joined_at, &other.id) < (profile.joined_at, &profile.id)
        });

        self.listed.insert(
            place,
            Listed {
                profile: profile.clone(),
                seq,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Entry, PARTICIPANTS_MAX, ParticipantProfile, ParticipantRole, Participants, Stage,
        StageRole,
    };
    use crate::time::ServerTime;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn person(id: &str, joined_at: i64) -> ParticipantProfile {
        ParticipantProfile {
            id: id.to_owned(),
            name: id.to_owned(),
            role: ParticipantRole::Member,
            stage_role: StageRole::Audience,
            requested_seq: None,
            is_listed: true,
            is_online: true,
            version: 1,
            joined_at: ServerTime::from_unix_millis(joined_at),
        }
    }

    fn gone(id: &str) -> ParticipantProfile {
        ParticipantProfile {
            is_listed: false,
            ..person(id, 0)
        }
    }

    fn ids(participants: &Participants) -> Vec<&str> {
        participants.iter().map(|one| one.id.as_str()).collect()
    }

    #[test]
    fn people_stand_in_the_order_in_which_they_joined() {
        let mut people = Participants::default();
        for (seq, (id, joined_at)) in [("b", 2), ("a", 2), ("c", 1)].into_iter().enumerate() {
            let seq = i64::try_from(seq).unwrap() + 1;
            assert_eq!(people.apply(&person(id, joined_at), seq), Entry::News);
        }
        assert_eq!(ids(&people), ["c", "a", "b"]);

        people.apply(&person("c", 9), 4);
        assert_eq!(ids(&people), ["a", "b", "c"], "c has come back");
    }

    #[test]
    fn whoever_is_no_longer_listed_is_forgotten_and_stays_so() {
        let mut people = Participants::default();
        people.apply(&person("a", 1), 5);

        assert_eq!(people.apply(&gone("a"), 6), Entry::News);
        assert_eq!(people.apply(&person("a", 1), 5), Entry::Old);
        assert_eq!(people.apply(&gone("a"), 6), Entry::Old);
        assert_eq!(ids(&people), [""; 0]);

        assert_eq!(people.apply(&person("a", 7), 7), Entry::News);
        assert_eq!(ids(&people), ["a"]);
    }

    #[test]
    fn more_people_than_a_server_names_are_left_out_and_told() {
        let mut people = Participants::default();
        let mut seq = 0;
        for index in 0..PARTICIPANTS_MAX {
            seq += 1;
            assert_eq!(
                people.apply(&person(&index.to_string(), seq), seq),
                Entry::News
            );
        }

        assert_eq!(people.apply(&person("more", 1), seq + 1), Entry::NoPlace);
        assert_eq!(people.iter().len(), PARTICIPANTS_MAX);
        assert_eq!(
            people.apply(&person("7", 1), seq + 2),
            Entry::News,
            "7 is here"
        );
        people.apply(&gone("7"), seq + 3);
        assert_eq!(people.apply(&person("more", 1), seq + 4), Entry::News);
    }

    #[test]
    fn the_stage_has_everyone_in_their_place_and_the_queue_in_order() {
        let mut people = Participants::default();
        for (seq, (id, stage_role, requested_seq)) in [
            ("host", StageRole::Host, None),
            ("second", StageRole::Requested, Some(40)),
            ("speaker", StageRole::Speaker, None),
            ("first", StageRole::Requested, Some(31)),
            ("invited", StageRole::Invited, None),
            ("listener", StageRole::Audience, None),
            ("another", StageRole::Speaker, None),
            ("third", StageRole::Requested, Some(41)),
        ]
        .into_iter()
        .enumerate()
        {
            let seq = i64::try_from(seq).unwrap() + 1;
            let profile = ParticipantProfile {
                stage_role,
                requested_seq,
                ..person(id, seq)
            };
            people.apply(&profile, seq);
        }

        let stage = Stage::of(people.iter(), true);
        let named = |of: &[&ParticipantProfile]| -> Vec<String> {
            of.iter().map(|one| one.id.clone()).collect()
        };
        assert!(stage.is_live);
        assert_eq!(stage.host.map(|host| host.id.as_str()), Some("host"));
        assert_eq!(named(&stage.speakers), ["speaker", "another"]);
        assert_eq!(named(&stage.invited), ["invited"]);
        assert_eq!(named(&stage.queue), ["first", "second", "third"]);
    }

    proptest! {
        /// The model keeps the newest of each, and the order of joining by sorting.
        #[test]
        fn whatever_comes_again_or_late_the_newest_of_each_stays(
            log in prop::collection::vec((0..6_u8, any::<bool>(), 0..5_i64), 1..60),
            replays in prop::collection::vec((0..60_usize, 1..20_usize), 0..6),
        ) {
            let events: Vec<(ParticipantProfile, i64)> = log
                .iter()
                .zip(1..)
                .map(|((who, is_listed, joined_at), seq)| {
                    let one = person(&who.to_string(), *joined_at);
                    (ParticipantProfile { is_listed: *is_listed, ..one }, seq)
                })
                .collect();
            let mut newest = BTreeMap::new();
            for (profile, seq) in &events {
                newest.insert(profile.id.clone(), (profile, *seq));
            }
            let mut expected: Vec<&ParticipantProfile> = newest
                .values()
                .map(|(profile, _)| *profile)
                .filter(|profile| profile.is_listed)
                .collect();
            expected.sort_by_key(|one| (one.joined_at, one.id.clone()));

            let mut people = Participants::default();
            for (index, (profile, seq)) in events.iter().enumerate() {
                people.apply(profile, *seq);
                for (_, length) in replays.iter().filter(|(at, _)| *at == index) {
                    for (profile, seq) in &events[index.saturating_sub(*length)..=index] {
                        prop_assert_eq!(people.apply(profile, *seq), Entry::Old);
                    }
                }
            }
            prop_assert_eq!(people.iter().collect::<Vec<_>>(), expected);
        }
    }
}
