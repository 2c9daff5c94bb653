//! The room's hype train as contributions couple on and time runs out.

use std::collections::{BTreeMap, BTreeSet};

use super::{ContributionRef, Known, Lookups, Reported, RoomAggregate};
use crate::contribution::Contribution;
use crate::event::EventBody;
use crate::hype_train::{Contributor, KickoffEntry, Phase, Program, Train, TrainRow};
use crate::id::{HypeTrainId, IdSource, ViewerId};
use crate::time::ServerTime;

/// What people have given to trains, as far as a batch asked. Of a train that starts in the batch
/// there is nothing to ask for.
#[derive(Debug, Clone, Default)]
pub struct Contributors {
    given: Lookups<(HypeTrainId, ViewerId), Contributor>,
    started: BTreeSet<HypeTrainId>,
}

impl Contributors {
    /// Notes that what the person gave to the train is looked up.
    pub fn ask(&mut self, train_id: HypeTrainId, viewer_id: ViewerId) {
        self.given.ask((train_id, viewer_id));
    }

    /// Notes what somebody has given.
    pub fn put(&mut self, key: (HypeTrainId, ViewerId), contributor: Contributor) {
        self.given.put(key, contributor);
    }

    fn start(&mut self, train_id: HypeTrainId) {
        self.started.insert(train_id);
    }

    fn has(&self, key: &(HypeTrainId, ViewerId)) -> bool {
        self.given.has_asked(key) && self.given.get(key).is_some()
    }

    fn get(&self, key: &(HypeTrainId, ViewerId)) -> Option<&Contributor> {
        if self.started.contains(&key.0) && !self.given.has_asked(key) {
            return None;
        }

        self.given.get(key)
    }

    /// What was found of those who gave to the train.
    pub fn of_train(&self, train_id: HypeTrainId) -> impl Iterator<Item = &Contributor> {
        let given = self.given.found();
        given
            .filter(move |((id, _), _)| *id == train_id)
            .map(|(_, contributor)| contributor)
    }
}

impl RoomAggregate {
    /// When the train's time is over, if nothing else happens.
    pub fn train_deadline(&self) -> Option<ServerTime> {
        self.train.as_ref()?.deadline()
    }

    /// Ends a train whose time is over at `deadline`, as of when it was, and lets kickoff contributions lapse. What
    /// arrives after a train's end belongs to the next one.
    pub(super) fn pass_train_deadline(
        &mut self,
        deadline: ServerTime,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) {
        let train = self.train.as_mut().expect("a train has a deadline");
        match train.shown.phase {
            Phase::Ended => (),
            Phase::Approaching => {
                train.lapse_kickoff(deadline);
                self.tell_approach(ids, now);
            }
            Phase::Running => {
                train.end();
                let (shown, row) = (train.shown.clone(), train.row());
                self.changes.trains.insert(shown.id, row);
                self.append_train(EventBody::HypeTrainEnded(shown), ids, now);
            }
        }
    }

    /// Has an approaching train go by the room's new program: only a train that runs keeps its own.
    pub(super) fn follow_program(&mut self, ids: &mut impl IdSource, now: ServerTime) {
        let (at, program) = (self.stamp(now), &self.room.program);
        if let Some(train) = &mut self.train
            && train.shown.phase == Phase::Approaching
            && train.program != *program
        {
            train.approach_by(program.clone(), at);
            self.tell_approach(ids, now);
        }
    }

    /// Tells how far the kickoff is, or that nothing is left of it.
    fn tell_approach(&mut self, ids: &mut impl IdSource, now: ServerTime) {
        let shown = self.train.as_ref().map(|train| train.shown.clone());
        let shown = shown.expect("a train approaches");
        let body = if shown.phase == Phase::Approaching {
            EventBody::HypeTrainApproached(shown)
        } else {
            EventBody::HypeTrainEnded(shown)
        };
        self.append_train(body, ids, now);
    }

    /// Tells of the train anew, as of `now`: those who wait for their picture would wait for what was
    /// stamped ahead.
    pub(super) fn recover_train(&mut self, ids: &mut impl IdSource, now: ServerTime) {
        let Some(train) = self.train.as_mut() else {
            return;
        };
        train.recover_from_wrong_clock(now);
        let corrected = EventBody::HypeTrainCorrected(train.shown.clone());
        self.append_train(corrected, ids, now);
    }

    /// The rules that a contribution reported now is weighed by.
    pub(super) fn program_in_force(&self) -> &Program {
        match &self.train {
            Some(train) if train.shown.phase != Phase::Ended => &train.program,
            Some(_) | None => &self.room.program,
        }
    }

    /// Counts a settled contribution in the present train, or towards the next.
    pub(super) fn couple(
        &mut self,
        contribution: &Contribution,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) {
        match self.train.as_ref().map(|train| train.shown.phase) {
            Some(Phase::Running) => self.board(contribution, ids, now),
            Some(Phase::Approaching) => self.approach(contribution, ids, now),
            Some(Phase::Ended) | None => {
                let at = self.stamp(now);
                let cooldown_ends_at = self
                    .train
                    .as_ref()
                    .and_then(|train| train.shown.cooldown_ends_at);
                if self.live_session().is_none() || cooldown_ends_at.is_some_and(|end| at < end) {
                    return;
                }
                let id = HypeTrainId::next(ids);
                self.train = Some(Train::approaching(id, self.room.program.clone(), at));
                self.approach(contribution, ids, now);
            }
        }
    }

    /// Takes a reversed contribution back out of the train it counted in. Levels and rewards stay.
    pub(super) fn uncouple(
        &mut self,
        contribution: &Contribution,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) {
        let at = self.stamp(now);
        if let Some(train) = &mut self.train
            && train.take_out_of_kickoff(contribution, at)
        {
            let shown = train.shown.clone();
            let body = match shown.phase {
                Phase::Ended => EventBody::HypeTrainEnded(shown),
                Phase::Approaching | Phase::Running => EventBody::HypeTrainCorrected(shown),
            };
            return self.append_train(body, ids, now);
        }

        let Some(train_id) = contribution.train_id else {
            return;
        };
        let giver = self.lower_contributor(train_id, contribution);
        match &mut self.train {
            Some(train) if train.shown.id == train_id => {
                let leaders = self.known.leaders(train_id);
                train.lower(contribution, giver.as_ref(), &leaders);
                let (shown, row) = (train.shown.clone(), train.row());
                self.changes.trains.insert(train_id, row);
                self.append_train(EventBody::HypeTrainCorrected(shown), ids, now);
            }
            Some(_) | None => self.lower_past_train(train_id, contribution, ids, now),
        }
    }

    fn approach(&mut self, contribution: &Contribution, ids: &mut impl IdSource, now: ServerTime) {
        let at = self.stamp(now);
        let train = self.train.as_mut().expect("a train approaches");
        train.approach_with(KickoffEntry::new(contribution, at), at);

        if !train.is_kicked_off() {
            return self.tell_approach(ids, now);
        }

        let entries = train.start(at);
        let train_id = train.shown.id;
        self.known.contributors.start(train_id);
        self.note_boarding(train_id, &entries);
        for entry in &entries {
            self.count_contributor(train_id, entry);
        }
        let started = self.train.as_ref().expect("a train starts").shown.clone();
        // Its bar is full at most; what overflows shows in the level-up that follows.
        self.append_train(EventBody::HypeTrainStarted(started), ids, now);
        let train = self.train.as_mut().expect("a train starts");
        if train.climb(at) {
            let leveled_up = EventBody::HypeTrainLeveledUp(train.shown.clone());
            self.append_train(leveled_up, ids, now);
        }
        let row = self.train.as_ref().expect("a train starts").row();
        self.changes.trains.insert(train_id, row);
    }

    fn board(&mut self, contribution: &Contribution, ids: &mut impl IdSource, now: ServerTime) {
        let at = self.stamp(now);
        let train = self.train.as_mut().expect("a train runs");
        let (train_id, entry) = (train.shown.id, KickoffEntry::new(contribution, at));
        train.shown.total = train.shown.total.saturating_add(entry.hype);
        let leveled_up = train.climb(at);

        self.note_boarding(train_id, std::slice::from_ref(&entry));
        self.count_contributor(train_id, &entry);
        let shown = self.train.as_ref().expect("a train runs").shown.clone();
        let body = if leveled_up {
            EventBody::HypeTrainLeveledUp(shown)
        } else {
            EventBody::HypeTrainProgressed(shown)
        };
        self.append_train(body, ids, now);
    }

    /// Remembers which train contributions count in, also those of earlier batches.
    fn note_boarding(&mut self, train_id: HypeTrainId, entries: &[KickoffEntry]) {
        for entry in entries {
            let id = entry.contribution_id;
            self.changes.boarded.insert(id, train_id);
            if let Some(changed) = self.changes.contributions.get_mut(&id) {
                changed.train_id = Some(train_id);
                let reference = ContributionRef::of(changed);
                let changed = Reported::Here(Box::new(changed.clone()));
                self.known.contributions.put(reference, changed);
                continue;
            }
            for known in self.known.contributions.found_mut() {
                if let Reported::Here(known) = known
                    && known.id == id
                {
                    known.train_id = Some(train_id);
                }
            }
        }
    }

    fn count_contributor(&mut self, train_id: HypeTrainId, entry: &KickoffEntry) {
        let train = self.train.as_mut().expect("contributors belong to a train");
        let Some(viewer_id) = &entry.viewer_id else {
            train.shown.contributor_count += 1;
            train.put_recent(&entry.contributor(), entry.contribution_id);
            return;
        };

        train.turns += 1;
        let (turn, key) = (train.turns, (train_id, viewer_id.clone()));
        let contributor = match self.known.contributors.get(&key) {
            Some(known) => Contributor {
                viewer_id: known.viewer_id.clone(),
                name: entry.name.clone().or_else(|| known.name.clone()),
                hype: known.hype.saturating_add(entry.hype),
                last_hype: entry.hype,
                turn,
            },
            None => Contributor {
                turn,
                ..entry.contributor()
            },
        };
        if contributor.hype == entry.hype {
            train.shown.contributor_count += 1;
        }
        // Whoever is overtaken leads again if this is reversed within the batch.
        if let Some(top) = train.top()
            && let Some(viewer_id) = &top.viewer_id
        {
            let key = (train_id, viewer_id.clone());
            if !self.known.contributors.has(&key) {
                self.known.contributors.put(key, top);
            }
        }
        train.put_recent(&contributor, entry.contribution_id);
        train.put_top(&contributor);
        self.known
            .contributors
            .put(key.clone(), contributor.clone());
        self.changes.contributors.insert(key, contributor);
    }

    fn lower_contributor(
        &mut self,
        train_id: HypeTrainId,
        contribution: &Contribution,
    ) -> Option<Contributor> {
        let key = (train_id, contribution.viewer_id()?.clone());
        let mut contributor = self.known.contributors.get(&key)?.clone();
        contributor.hype = (contributor.hype - contribution.hype).max(0);
        if let Some(train) = &mut self.train
            && train.shown.id == train_id
        {
            train.turns += 1;
            contributor.turn = train.turns;
        }
        self.known
            .contributors
            .put(key.clone(), contributor.clone());
        self.changes.contributors.insert(key, contributor.clone());

        Some(contributor)
    }

    /// Lowers a train of before, and with it what the present one has to beat.
    fn lower_past_train(
        &mut self,
        train_id: HypeTrainId,
        contribution: &Contribution,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) {
        let Some(mut row) = self.past_train(train_id) else {
            return;
        };
        row.total = (row.total - contribution.hype).max(0);
        self.changes.trains.insert(train_id, row);

        let best = self.best_of_others();
        if let Some(train) = &self.train
            && train.is_record(best) != train.shown.is_record
        {
            let corrected = EventBody::HypeTrainCorrected(train.shown.clone());
            self.append_train(corrected, ids, now);
        }
    }

    fn past_train(&self, train_id: HypeTrainId) -> Option<TrainRow> {
        let changed = self.changes.trains.get(&train_id);
        changed
            .or_else(|| self.known.history.get(&train_id))
            .copied()
    }

    /// What the best of the room's trains has that have ended, leaving out the present one.
    fn best_of_others(&self) -> Option<i64> {
        let present = self.train.as_ref().map(|train| train.shown.id);
        let mut totals: BTreeMap<_, _> = self.best_trains.iter().copied().collect();
        let known = self.known.history.iter().chain(&self.changes.trains);
        let ended = known.filter(|(_, row)| row.ended_at.is_some());
        totals.extend(ended.map(|(id, row)| (*id, row.total)));
        totals.retain(|id, _| Some(*id) != present);

        totals.into_values().max()
    }

    fn append_train(&mut self, mut body: EventBody, ids: &mut impl IdSource, now: ServerTime) {
        let best = self.best_of_others();
        if let (Some(train), Some(shown)) = (&mut self.train, body.train_mut()) {
            train.shown.is_record = train.is_record(best);
            shown.is_record = train.shown.is_record;
        }
        self.changes.train = true;
        self.append(body, ids, now);
    }
}

impl Known {
    /// Everyone who may lead `train_id` now: who led before the batch, and whom the batch changed.
    fn leaders(&self, train_id: HypeTrainId) -> Vec<Contributor> {
        let changed = self.contributors.of_train(train_id);
        let loaded = self.leaders.get(&train_id).into_iter().flatten();
        let unchanged = loaded.filter(|leader| {
            let viewer_id = leader.viewer_id.clone();
            viewer_id.is_none_or(|id| !self.contributors.has(&(train_id, id)))
        });

        changed.chain(unchanged).cloned().collect()
    }
}
