//! A train as it is kept: how it approaches, climbs, is lowered and ends.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::program::KICKOFF_KEPT_MAX;
use super::{AnonymousGifts, Contributor, HypeTrain, Phase, Program};
use crate::contribution::Contribution;
use crate::id::{ContributionId, HypeTrainId, ViewerId};
use crate::time::ServerTime;

/// A train as it is kept: what is shown, and what it was started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Train {
    pub shown: HypeTrain,
    /// The room's while the train approaches, and pinned when it starts.
    pub program: Program,
    /// While approaching: what counts towards kickoff, oldest first.
    pub kickoff: Vec<KickoffEntry>,
    /// How often what somebody has given changed, which tells who had theirs first.
    #[serde(default)]
    pub turns: i64,
    /// Since which of these the top contributor has as much as they have.
    #[serde(default)]
    pub top_turn: i64,
    /// The anonymous gifts among the recent contributors, newest first, for two of them may look alike. Of a train that
    /// was kept without them the oldest are missing.
    #[serde(default)]
    pub recent_gifts: Vec<ContributionId>,
}

/// A contribution that counts towards a kickoff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KickoffEntry {
    pub contribution_id: ContributionId,
    pub viewer_id: Option<ViewerId>,
    pub name: Option<String>,
    pub hype: i64,
    pub at: ServerTime,
}

/// A line of a room's train history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainRow {
    pub level: u32,
    /// What is left of what was given, which is what records go by.
    pub total: i64,
    pub started_at: ServerTime,
    pub ended_at: Option<ServerTime>,
}

impl Train {
    pub(crate) fn approaching(id: HypeTrainId, program: Program, at: ServerTime) -> Self {
        let shown = HypeTrain {
            id,
            phase: Phase::Approaching,
            level: 0,
            progress: 0,
            goal: program.level(1).goal,
            total: 0,
            kickoff_events_needed: program.kickoff_events,
            kickoff_viewers_needed: program.kickoff_viewers,
            started_at: at,
            expires_at: at.plus_millis(program.kickoff_window_ms),
            ended_at: None,
            cooldown_ends_at: None,
            last_reward: None,
            next_reward: program.level(1).reward.clone(),
            contributor_count: 0,
            top_contributor: None,
            recent_contributors: Vec::new(),
            is_record: false,
        };

        Self {
            shown,
            program,
            kickoff: Vec::new(),
            turns: 0,
            top_turn: 0,
            recent_gifts: Vec::new(),
        }
    }

    /// The first instant at which time alone changes the train: one accepted at `expires_at` counts.
    pub(crate) fn deadline(&self) -> Option<ServerTime> {
        let last = match self.shown.phase {
            Phase::Ended => return None,
            Phase::Running => self.shown.expires_at,
            Phase::Approaching => self
                .kickoff
                .first()?
                .at
                .plus_millis(self.program.kickoff_window_ms),
        };

        Some(last.plus_millis(1))
    }

    /// Puts right what a clock that was ahead has stamped: nothing has happened after `now`, and nothing
    /// lasts longer than it may from now on.
    pub(crate) fn recover_from_wrong_clock(&mut self, now: ServerTime) {
        let (shown, program) = (&mut self.shown, &self.program);
        shown.started_at = shown.started_at.min(now);
        match shown.phase {
            Phase::Approaching => {
                for entry in &mut self.kickoff {
                    entry.at = entry.at.min(now);
                }
                self.count_kickoff(now);
            }
            Phase::Running => {
                let latest = now.plus_millis(program.seconds_per_level * 1_000);
                shown.expires_at = shown.expires_at.min(latest);
            }
            Phase::Ended => {
                let latest = now.plus_millis(program.cooldown_ms);
                shown.ended_at = shown.ended_at.map(|at| at.min(now));
                shown.cooldown_ends_at = shown.cooldown_ends_at.map(|at| at.min(latest));
            }
        }
    }

    /// Drops what fell out of the kickoff window.
    pub(crate) fn lapse_kickoff(&mut self, at: ServerTime) {
        let window_ms = self.program.kickoff_window_ms;
        self.kickoff
            .retain(|entry| at <= entry.at.plus_millis(window_ms));
        self.count_kickoff(at);
    }

    /// Goes on approaching by another program. That alone does not start the train: the next contribution may.
    pub(crate) fn approach_by(&mut self, program: Program, at: ServerTime) {
        let first = program.level(1);
        self.shown.goal = first.goal;
        self.shown.next_reward.clone_from(&first.reward);
        self.program = program;
        self.lapse_kickoff(at);
    }

    /// Brings what is shown up to date with the kickoff's contributions; without any, it is over.
    pub(crate) fn count_kickoff(&mut self, at: ServerTime) {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let viewers = self.kickoff_viewers();
        let shown = &mut self.shown;
        shown.total = self.kickoff.iter().map(|entry| entry.hype).sum();
        shown.progress = shown.total.min(shown.goal);
        shown.kickoff_events_needed = self
            .program
            .kickoff_events
            .saturating_sub(count(self.kickoff.len()));
        shown.kickoff_viewers_needed = self.program.kickoff_viewers.saturating_sub(count(viewers));
        if let Some(last) = self.kickoff.last() {
            shown.expires_at = last.at.plus_millis(self.program.kickoff_window_ms);
        } else {
            shown.phase = Phase::Ended;
            // Taken back before its time was over, it has ended when it was.
            shown.ended_at = Some(shown.expires_at.min(at));
        }
    }

    /// From how many viewers the kickoff's contributions are.
    fn kickoff_viewers(&self) -> usize {
        let known: BTreeSet<_> = self
            .kickoff
            .iter()
            .filter_map(|entry| entry.viewer_id.as_ref())
            .collect();
        let anonymous = self.kickoff.iter();
        let anonymous = anonymous.filter(|entry| entry.viewer_id.is_none()).count();

        known.len()
            + match self.program.kickoff_anonymous {
                AnonymousGifts::Together => anonymous.min(1),
                AnonymousGifts::Nobody => 0,
                AnonymousGifts::Each => anonymous,
            }
    }

    /// Counts a contribution towards the kickoff.
    pub(crate) fn approach_with(&mut self, entry: KickoffEntry, at: ServerTime) {
        if self.kickoff.len() == KICKOFF_KEPT_MAX {
            self.kickoff.remove(0);
        }
        self.kickoff.push(entry);
        self.count_kickoff(at);
    }

    /// Takes a contribution that was reversed out of the kickoff. Returns whether it was part of it.
    pub(crate) fn take_out_of_kickoff(&mut self, reversed: &Contribution, at: ServerTime) -> bool {
        let count = self.kickoff.len();
        self.kickoff
            .retain(|entry| entry.contribution_id != reversed.id);
        let was_part = self.kickoff.len() < count;
        if was_part {
            self.count_kickoff(at);
        }

        was_part
    }

    /// Whether the train has more than the best of the room's others, of what was not taken back. A room's first train
    /// has nothing to beat, and one that approaches is no train yet.
    pub(crate) fn is_record(&self, best: Option<i64>) -> bool {
        self.shown.level > 0 && best.is_some_and(|best| self.shown.total > best)
    }

    /// Lets `contributor` lead if they gave more than whoever leads; of equals, who had as much first.
    pub(crate) fn put_top(&mut self, contributor: &Contributor) {
        let leads = self.shown.top_contributor.as_ref().is_none_or(|top| {
            (contributor.hype, -contributor.turn) > (top.hype, -self.top_turn)
                || contributor.viewer_id == top.viewer_id
        });
        if leads {
            self.top_turn = contributor.turn;
            self.shown.top_contributor = Some(contributor.shown());
        }
    }

    /// Whoever leads, with since when.
    pub(crate) fn top(&self) -> Option<Contributor> {
        let top = self.shown.top_contributor.clone()?;

        Some(Contributor {
            turn: self.top_turn,
            ..top
        })
    }

    pub(crate) fn is_kicked_off(&self) -> bool {
        self.shown.kickoff_events_needed == 0 && self.shown.kickoff_viewers_needed == 0
    }

    /// Starts the train with what its kickoff gathered.
    pub(crate) fn start(&mut self, at: ServerTime) -> Vec<KickoffEntry> {
        self.shown.phase = Phase::Running;
        self.shown.level = 1;
        self.shown.started_at = at;
        self.shown.expires_at = at.plus_millis(self.program.seconds_per_level * 1_000);

        std::mem::take(&mut self.kickoff)
    }

    /// Shows the level that the total has climbed to, which never goes down, and how far it is beyond that level's
    /// beginning. What was taken back has to be given again before the train climbs on, so that giving and taking back
    /// does not climb. Returns whether there is a new level.
    pub(crate) fn climb(&mut self, at: ServerTime) -> bool {
        let level = self.show_progress();
        let shown = &mut self.shown;
        if level <= shown.level {
            return false;
        }

        shown.level = level;
        shown.goal = self.program.level(level).goal;
        let reward = |level| self.program.level(level).reward.clone();
        shown.last_reward = reward(level - 1);
        shown.next_reward = reward(level);
        shown.expires_at = at.plus_millis(self.program.seconds_per_level * 1_000);

        true
    }

    /// Shows the progress that the total comes to, and returns the level.
    fn show_progress(&mut self) -> u32 {
        let (level, progress) = self.program.climbed(self.shown.total);
        self.shown.progress = if level < self.shown.level {
            0
        } else {
            progress
        };

        level
    }

    pub(crate) fn end(&mut self) {
        let shown = &mut self.shown;
        shown.phase = Phase::Ended;
        shown.ended_at = Some(shown.expires_at);
        shown.cooldown_ends_at = Some(shown.expires_at.plus_millis(self.program.cooldown_ms));
    }

    /// Takes back what `lost` gave; `giver` is what is left of whoever gave it, if that is known.
    pub(crate) fn lower(
        &mut self,
        lost: &Contribution,
        giver: Option<&Contributor>,
        leaders: &[Contributor],
    ) {
        self.shown.total = (self.shown.total - lost.hype).max(0);
        self.show_progress();
        let shown = &mut self.shown;
        // An anonymous gift is aboard by itself, so it leaves with its hype.
        if giver.is_none_or(|giver| giver.hype == 0) {
            shown.contributor_count = shown.contributor_count.saturating_sub(1);
        }
        let Some(giver) = giver else {
            return self.forget_gift(lost);
        };

        for recent in &mut shown.recent_contributors {
            if recent.viewer_id == giver.viewer_id {
                recent.hype = giver.hype;
            }
        }
        shown.recent_contributors.retain(|recent| recent.hype > 0);
        let was_top = shown.top_contributor.as_ref().map(|top| &top.viewer_id);
        if was_top == Some(&giver.viewer_id) {
            shown.top_contributor = None;
            for leader in leaders.iter().filter(|leader| leader.hype > 0) {
                self.put_top(leader);
            }
        }
    }

    pub(crate) fn row(&self) -> TrainRow {
        TrainRow {
            level: self.shown.level,
            total: self.shown.total,
            started_at: self.shown.started_at,
            ended_at: self.shown.ended_at,
        }
    }
}

impl KickoffEntry {
    pub(crate) fn new(contribution: &Contribution, at: ServerTime) -> Self {
        Self {
            contribution_id: contribution.id,
            viewer_id: contribution.viewer_id().cloned(),
            name: contribution.name().map(str::to_owned),
            hype: contribution.hype,
            at,
        }
    }

    pub(crate) fn contributor(&self) -> Contributor {
        Contributor {
            viewer_id: self.viewer_id.clone(),
            name: self.name.clone(),
            hype: self.hype,
            last_hype: self.hype,
            turn: 0,
        }
    }
}
