//! What is reported of each minute, by viewer: gathered, being credited, or done.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parlor_domain::id::ViewerId;
use parlor_domain::time::ServerTime;
use parlor_domain::watching::{Minute, PlayedSeconds, SlotOutcome, WATCHERS_MAX};

use super::{Outcomes, Watched};

/// How long after its end a minute is gathered: until the next report of everyone who watched it, and a little. What
/// comes later is credited by itself.
const GATHER_MS: i64 = 35_000;
/// How long it is known what became of a minute: some reports long, for devices that were not told. Whoever
/// reports it later is told that it counted already.
const KNOWN_MS: i64 = 5 * 60_000;
/// How long to wait after a set could not be credited.
const RETRY_MS: i64 = 5_000;
/// The most minutes of viewers that a node keeps: those of a quarter of a million who watch, in a hundred and
/// some bytes each.
const CLAIMS_MAX: usize = 1_000_000;

/// The reports that this node knows.
#[derive(Debug, Default)]
pub(super) struct Claims {
    minutes: BTreeMap<(Minute, Watched), Gathered>,
    count: usize,
}

/// A minute of a session.
#[derive(Debug, Default)]
struct Gathered {
    viewers: HashMap<ViewerId, Claim>,
    /// Who has proved it and is not credited.
    proved: BTreeSet<ViewerId>,
    /// Until when not to try again.
    resting_until: Option<ServerTime>,
    /// When it was last credited.
    credited_at: Option<ServerTime>,
}

#[derive(Debug, Clone, Copy)]
struct Claim {
    seconds: PlayedSeconds,
    outcome: Option<(SlotOutcome, i64)>,
    is_being_credited: bool,
}

/// How it stands with a viewer's minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// In which of its seconds the viewer's devices played, as far as they reported it here.
    pub seconds: PlayedSeconds,
    /// What became of it and what that brought, once it is decided.
    pub outcome: Option<(SlotOutcome, i64)>,
}

/// This node has as many reports to keep as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many reports are waiting; try again in a moment")]
pub struct TooMany;

/// A set to credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) watched: Watched,
    pub(super) minute: Minute,
    pub(super) viewers: Vec<ViewerId>,
}

impl Claims {
    pub(super) fn report(
        &mut self,
        watched: Watched,
        viewer_id: &ViewerId,
        played: &BTreeMap<Minute, PlayedSeconds>,
    ) -> Result<BTreeMap<Minute, Standing>, TooMany> {
        if self.count + played.len() > CLAIMS_MAX {
            return Err(TooMany);
        }

        let mut standing = BTreeMap::new();
        for (minute, seconds) in played {
            let gathered = self.minutes.entry((*minute, watched)).or_default();
            let claim = gathered
                .viewers
                .entry(viewer_id.clone())
                .or_insert_with(|| {
                    self.count += 1;
                    Claim {
                        seconds: PlayedSeconds::default(),
                        outcome: None,
                        is_being_credited: false,
                    }
                });
            claim.seconds = claim.seconds.union(*seconds);
            if claim.outcome.is_none() && !claim.is_being_credited && claim.seconds.prove_slot() {
                gathered.proved.insert(viewer_id.clone());
            }
            let (seconds, outcome) = (claim.seconds, claim.outcome);
            standing.insert(*minute, Standing { seconds, outcome });
        }

        Ok(standing)
    }

    /// Takes out what is to be credited by now, and forgets what is past.
    pub(super) fn take_due(&mut self, now: ServerTime) -> Vec<Due> {
        self.forget(now);
        let due = |key: &Minute, of: &Gathered| of.due_at(*key).is_some_and(|at| at <= now);

        self.take(due)
    }

    /// Takes out whatever is proved.
    pub(super) fn take_all(&mut self) -> Vec<Due> {
        self.take(|_, _| true)
    }

    fn take(&mut self, is_due: impl Fn(&Minute, &Gathered) -> bool) -> Vec<Due> {
        let mut taken = Vec::new();
        for ((minute, watched), of) in &mut self.minutes {
            while !of.proved.is_empty() && is_due(minute, of) {
                let viewers: Vec<_> = of.proved.iter().take(WATCHERS_MAX).cloned().collect();
                for viewer_id in &viewers {
                    of.proved.remove(viewer_id);
                    if let Some(claim) = of.viewers.get_mut(viewer_id) {
                        claim.is_being_credited = true;
                    }
                }
                taken.push(Due {
                    watched: *watched,
                    minute: *minute,
                    viewers,
                });
            }
        }

        taken
    }

    /// When there is something to take, if nothing more is reported.
    pub(super) fn poll_timeout(&self) -> Option<ServerTime> {
        let minutes = self.minutes.iter();
        minutes
            .filter_map(|((minute, _), of)| of.due_at(*minute))
            .min()
    }

    /// Notes what became of a set.
    pub(super) fn handle_credited(&mut self, due: &Due, outcomes: &Outcomes, now: ServerTime) {
        for (claim, viewer_id) in self.being_credited(due) {
            claim.outcome = outcomes.get(viewer_id).copied();
        }
        if let Some(of) = self.minutes.get_mut(&(due.minute, due.watched)) {
            of.credited_at = Some(now);
        }
    }

    /// Has a set tried again, a little later.
    pub(super) fn handle_failed(&mut self, due: &Due, now: ServerTime) {
        let proved: Vec<_> = self.being_credited(due).map(|(_, id)| id.clone()).collect();
        if let Some(of) = self.minutes.get_mut(&(due.minute, due.watched)) {
            of.proved.extend(proved);
            of.resting_until = Some(now.plus_millis(RETRY_MS));
        }
    }

    /// Has every set tried again of which nobody will say what became.
    pub(super) fn lose_sets(&mut self) {
        for of in self.minutes.values_mut() {
            for (viewer_id, claim) in &mut of.viewers {
                if std::mem::take(&mut claim.is_being_credited) {
                    of.proved.insert(viewer_id.clone());
                }
            }
        }
    }

    /// The claims of a set, which from here on are being credited no more.
    fn being_credited<'a>(
        &'a mut self,
        due: &'a Due,
    ) -> impl Iterator<Item = (&'a mut Claim, &'a ViewerId)> {
        let of = self.minutes.get_mut(&(due.minute, due.watched));
        let viewers: BTreeSet<&ViewerId> = due.viewers.iter().collect();
        let claims = of.into_iter().flat_map(|of| of.viewers.iter_mut());

        claims.filter_map(move |(viewer_id, claim)| {
            let is_of_set = viewers.contains(viewer_id) && claim.is_being_credited;
            claim.is_being_credited &= !is_of_set;
            is_of_set.then_some((claim, viewer_id))
        })
    }

    /// Forgets minutes whose viewers had time to hear what became of them, and those that are past crediting.
    fn forget(&mut self, now: ServerTime) {
        let count = &mut self.count;
        self.minutes.retain(|(minute, _), of| {
            let is_waited_for = of.viewers.values().any(|claim| claim.is_being_credited);
            let is_open = of.viewers.values().any(|claim| claim.outcome.is_none());
            let is_known = of
                .credited_at
                .is_some_and(|at| now <= at.plus_millis(KNOWN_MS));
            let is_kept = is_waited_for || is_known || is_open && !minute.is_too_late(now);
            if !is_kept {
                *count -= of.viewers.len();
            }
            is_kept
        });
    }
}

impl Gathered {
    /// When it is to be credited to those who have proved it, if any has.
    fn due_at(&self, minute: Minute) -> Option<ServerTime> {
        if self.proved.is_empty() {
            return None;
        }
        let gathered_at = if self.proved.len() < WATCHERS_MAX {
            minute.ends_at().plus_millis(GATHER_MS)
        } else {
            minute.starts_at()
        };

        Some(
            self.resting_until
                .map_or(gathered_at, |at| at.max(gathered_at)),
        )
    }
}
