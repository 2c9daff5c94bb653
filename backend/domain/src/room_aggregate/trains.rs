//! The room's hype train as contributions couple on and time runs out.

use std::collections::BTreeSet;

use super::{ContributionRef, Known, Lookups, Reported, RoomAggregate};
use crate::contribution::Contribution;
use crate::event::EventBody;
use crate::hype_train::{Contributor, KickoffEntry, Phase, Program, Train};
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

    /// Ends a train whose time is over, as of when it was, and lets kickoff contributions lapse. What
    /// arrives after a train's end belongs to the next one.
    pub(super) fn end_expired_train(&mut self, ids: &mut impl IdSource, now: ServerTime) {
        let at = self.stamp(now);
        let Some(train) = self.train.as_mut() else {
            return;
        };
        if train.deadline().is_none_or(|deadline| at < deadline) {
            return;
        }

        match train.shown.phase {
            Phase::Ended => (),
            Phase::Approaching => {
                let body = if train.lapse_kickoff(at) {
                    EventBody::HypeTrainApproached(train.shown.clone())
                } else {
                    EventBody::HypeTrainEnded(train.shown.clone())
                };
                self.append_train(body, ids, now);
            }
            Phase::Running => {
                train.end();
                let (shown, row) = (train.shown.clone(), train.row());
                self.record = self.record.max(Some(row.record));
                self.changes.trains.insert(shown.id, row);
                self.append_train(EventBody::HypeTrainEnded(shown), ids, now);
            }
        }
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
        if let Some(train) = &mut self.train
            && train.shown.phase == Phase::Approaching
            && train
                .kickoff
                .iter()
                .any(|entry| entry.contribution_id == contribution.id)
        {
            train
                .kickoff
                .retain(|entry| entry.contribution_id != contribution.id);
            train.count_kickoff();
            let corrected = EventBody::HypeTrainCorrected(train.shown.clone());
            self.append_train(corrected, ids, now);
            return;
        }

        let Some(train_id) = contribution.train_id else {
            return;
        };
        let giver = self.lower_contributor(train_id, contribution);
        match &mut self.train {
            Some(train) if train.shown.id == train_id => {
                let leaders = self
                    .known
                    .leaders(train_id, &ContributionRef::of(contribution));
                train.lower(contribution, giver.as_ref(), &leaders);
                let (shown, row) = (train.shown.clone(), train.row());
                self.changes.trains.insert(train_id, row);
                self.append_train(EventBody::HypeTrainCorrected(shown), ids, now);
            }
            Some(_) | None => self.lower_past_train(train_id, contribution),
        }
        self.correct_record(train_id, contribution);
    }

    fn approach(&mut self, contribution: &Contribution, ids: &mut impl IdSource, now: ServerTime) {
        let at = self.stamp(now);
        let train = self.train.as_mut().expect("a train approaches");
        train.kickoff.push(KickoffEntry::new(contribution, at));
        train.count_kickoff();

        if !train.is_kicked_off() {
            let approached = EventBody::HypeTrainApproached(train.shown.clone());
            self.append_train(approached, ids, now);
            return;
        }

        let entries = train.start(at);
        let train_id = train.shown.id;
        self.known.contributors.start(train_id);
        self.note_boarding(train_id, &entries);
        for entry in &entries {
            self.count_contributor(train_id, entry);
        }
        let started = self.train.as_ref().expect("a train starts").shown.clone();
        let overflow = started.total >= started.goal;
        self.append_train(
            EventBody::HypeTrainStarted(started.with_full_bar()),
            ids,
            now,
        );
        if overflow {
            let train = self.train.as_mut().expect("a train starts");
            train.level_up(at);
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
        train.shown.total += entry.hype;
        train.shown.progress += entry.hype;
        let leveled_up = train.level_up(at);

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
            train.shown.put_recent(entry.contributor());
            return;
        };

        let key = (train_id, viewer_id.clone());
        let contributor = match self.known.contributors.get(&key) {
            Some(known) => Contributor {
                viewer_id: known.viewer_id.clone(),
                name: entry.name.clone().or_else(|| known.name.clone()),
                hype: known.hype + entry.hype,
                last_hype: entry.hype,
            },
            None => entry.contributor(),
        };
        if contributor.hype == entry.hype {
            train.shown.contributor_count += 1;
        }
        // Whoever is overtaken leads again if this is reversed within the batch.
        if let Some(top) = &train.shown.top_contributor
            && let Some(viewer_id) = &top.viewer_id
        {
            let key = (train_id, viewer_id.clone());
            if !self.known.contributors.has(&key) {
                self.known.contributors.put(key, top.clone());
            }
        }
        train.shown.put_recent(contributor.clone());
        train.shown.put_top(&contributor);
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
        self.known
            .contributors
            .put(key.clone(), contributor.clone());
        self.changes.contributors.insert(key, contributor.clone());

        Some(contributor)
    }

    fn lower_past_train(&mut self, train_id: HypeTrainId, contribution: &Contribution) {
        let facts = self.known.reversals.get(&ContributionRef::of(contribution));
        let changed = self.changes.trains.get(&train_id).copied();
        let Some(mut row) = changed.or_else(|| facts.and_then(|facts| facts.own)) else {
            return;
        };

        row.record.total = (row.record.total - contribution.hype).max(0);
        self.changes.trains.insert(train_id, row);
    }

    /// The record may have been the lowered train's, and another's may be better now.
    fn correct_record(&mut self, train_id: HypeTrainId, contribution: &Contribution) {
        let reference = ContributionRef::of(contribution);
        let Some(facts) = self.known.reversals.get(&reference) else {
            return;
        };
        let own = self.changes.trains.get(&train_id);
        let own = own
            .filter(|row| row.ended_at.is_some())
            .map(|row| row.record);
        self.record = facts.other_record.max(own);
    }

    fn append_train(&mut self, mut body: EventBody, ids: &mut impl IdSource, now: ServerTime) {
        let record = self.record;
        if let Some(shown) = body.train_mut() {
            shown.is_record |= record.is_some_and(|record| shown.record() > record);
        }
        if let (Some(train), Some(shown)) = (&mut self.train, body.train_mut()) {
            train.shown.is_record = shown.is_record;
        }
        self.changes.train = true;
        self.append(body, ids, now);
    }
}

impl Known {
    /// Everyone who may lead `train_id` now: who led before the batch, and whom the batch changed.
    fn leaders(&self, train_id: HypeTrainId, reversed: &ContributionRef) -> Vec<Contributor> {
        let changed = self.contributors.of_train(train_id);
        let facts = self.reversals.get(reversed);
        let loaded = facts.into_iter().flat_map(|facts| &facts.leaders);
        let unchanged = loaded.filter(|leader| {
            let viewer_id = leader.viewer_id.clone();
            viewer_id.is_none_or(|id| !self.contributors.has(&(train_id, id)))
        });

        changed.chain(unchanged).cloned().collect()
    }
}
