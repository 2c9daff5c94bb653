//! The rows of a room, kept and looked up as the store does: a batch knows what it asked for, and no more.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::contribution::{Contribution, Report, Status};
use parlor_domain::hype_train::{Contributor, Phase, TrainRow};
use parlor_domain::id::{ContributionId, HypeTrainId, ViewerId};
use parlor_domain::room_aggregate::{
    Answer, AnswerKey, Changes, ContributionRef, Known, Reported, RoomAggregate,
};

/// How many of a room's best trains it is loaded with.
const BEST_TRAINS: usize = 2;

#[derive(Default)]
pub(crate) struct Shelf {
    answers: BTreeMap<AnswerKey, Answer>,
    pub(crate) contributions: BTreeMap<ContributionId, Contribution>,
    references: BTreeMap<ContributionRef, ContributionId>,
    contributors: BTreeMap<(HypeTrainId, ViewerId), Contributor>,
    pub(crate) trains: BTreeMap<HypeTrainId, TrainRow>,
    /// The present train's document.
    train: Option<String>,
}

impl Shelf {
    /// Begins a batch, of which `reports` are.
    pub(crate) fn load(&self, room: &mut RoomAggregate, reports: &[Report]) {
        room.changes = Changes::default();
        room.known = Known::default();
        room.train = self
            .train
            .as_deref()
            .map(|text| serde_json::from_str(text).unwrap());
        room.best_trains = self.best(BEST_TRAINS);
        for report in reports {
            let key = AnswerKey::of_report(report);
            room.known.answers.ask(key.clone());
            if let Some(answer) = self.answers.get(&key) {
                room.known.answers.put(key, answer.clone());
            }
            let reference = ContributionRef::of_report(report);
            room.known.contributions.ask(reference.clone());
            if let Some(id) = self.references.get(&reference) {
                let found = Reported::Here(Box::new(self.contributions[id].clone()));
                room.known.contributions.put(reference, found);
            }
        }
        self.load_contributors(room, reports);
        self.load_reversals(room, reports);
    }

    /// What viewers have given to the running train, and what those who are reported on gave to theirs.
    fn load_contributors(&self, room: &mut RoomAggregate, reports: &[Report]) {
        let running = room.train.as_ref().map(|train| &train.shown);
        let running = running.filter(|train| train.phase == Phase::Running);
        let mut keys = Vec::new();
        for viewer in reports.iter().filter_map(Report::viewer_id) {
            keys.extend(running.map(|train| (train.id, viewer.clone())));
        }
        for (_, reported) in room.known.contributions.found() {
            if let Reported::Here(one) = reported
                && let Some(viewer) = one.viewer_id()
                && let Some(train) = one.train_id.or(running.map(|train| train.id))
            {
                keys.push((train, viewer.clone()));
            }
        }
        for key in keys {
            room.known.contributors.ask(key.0, key.1.clone());
            if let Some(found) = self.contributors.get(&key) {
                room.known.contributors.put(key, found.clone());
            }
        }
    }

    /// The leaders of the trains that may lose something, and their lines in the history, with the best of it.
    fn load_reversals(&self, room: &mut RoomAggregate, reports: &[Report]) {
        let reversals: Vec<_> = reports
            .iter()
            .filter(|report| report.status == Status::Reversed)
            .map(ContributionRef::of_report)
            .collect();
        if reversals.is_empty() {
            return;
        }
        let present = room.train.iter().map(|train| train.shown.id);
        let known = reversals.iter().filter_map(|reference| {
            let id = self.references.get(reference)?;
            self.contributions[id].train_id
        });
        let trains: BTreeSet<_> = present.chain(known).collect();

        let best = self.best(trains.len() + 2).into_iter().map(|(id, _)| id);
        for id in best.chain(trains.iter().copied()) {
            if let Some(row) = self.trains.get(&id) {
                room.known.history.insert(id, *row);
            }
        }
        for train in trains {
            let leaders = self.leaders(train, reversals.len() + 1);
            room.known.leaders.insert(train, leaders);
        }
    }

    fn best(&self, count: usize) -> Vec<(HypeTrainId, i64)> {
        let ended = self.trains.iter().filter(|(_, row)| row.ended_at.is_some());
        let mut best: Vec<_> = ended.map(|(id, row)| (*id, row.total)).collect();
        best.sort_by_key(|(_, total)| -total);
        best.truncate(count);

        best
    }

    fn leaders(&self, train: HypeTrainId, count: usize) -> Vec<Contributor> {
        let of_train = self.contributors.iter().filter(|((id, _), _)| *id == train);
        let mut leaders: Vec<_> = of_train.map(|(_, one)| one.clone()).collect();
        leaders.sort_by_key(|one| (-one.hype, one.turn));
        leaders.truncate(count);

        leaders
    }

    /// Keeps what a batch changed.
    pub(crate) fn keep(&mut self, room: &RoomAggregate) {
        let changes = room.changes.clone();
        self.answers.extend(changes.answers);
        for (id, one) in changes.contributions {
            self.references.insert(ContributionRef::of(&one), id);
            self.contributions.insert(id, one);
        }
        for (id, train) in changes.boarded {
            self.contributions.get_mut(&id).unwrap().train_id = Some(train);
        }
        self.contributors.extend(changes.contributors);
        self.trains.extend(changes.trains);
        if changes.train {
            let train = room.train.as_ref();
            self.train = train.map(|train| serde_json::to_string(train).unwrap());
        }
    }
}
