//! What a seed decides: the engine, how many nodes, and the steps.

use std::fmt;
use std::time::Duration;

use fastrand::Rng;
use parlor_test_database::Engine;

/// Faults of one run. Each step waits for things to happen, so that more would not fit CI's time.
const STEPS: usize = 3;
/// Of so many seeds one runs on SQLite, where fewer things can go wrong.
const SQLITE_EVERY: u64 = 5;
/// How long traffic is held up at most: past the time after which an audience asks elsewhere.
const HELD_MS_MAX: u64 = 3_500;

/// By how much clocks differ that are set by each other, in milliseconds.
const STEPPED_MS: std::ops::RangeInclusive<i64> = 200..=1_500;
/// By how much a clock is wrong that nobody sets: a wrong time zone.
const HOUR_MS: i64 = 3_600_000;

/// One run, as its seed decides it.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub seed: u64,
    pub engine: Engine,
    pub nodes: usize,
    pub steps: Vec<Step>,
}

/// A fault, and the seed of what the audience does meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub fault: Fault,
    pub audience_seed: u64,
}

/// What goes wrong. Nodes are numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The node's next commits happen, and their answers do not come.
    CommitAnswersLost { node: usize, times: u32 },
    /// The node's next commit happens, and its connection says nothing more.
    CommitAnswerSilent { node: usize },
    /// The node's next commits do not reach the database.
    CommitsPrevented { node: usize, times: u32 },
    /// Every request to the database takes longer.
    Delayed { node: usize, delay: Duration },
    /// Nothing passes for a time, and then all of it.
    Held { node: usize, lasts: Duration },
    /// The node's database is not there for a time: whatever is sent to it is gone.
    Swallowed { node: usize, lasts: Duration },
    /// The node's database refuses connections for a time.
    Refused { node: usize, lasts: Duration },
    /// The node's connections to the database are cut.
    Cut { node: usize },
    /// Every node's connections to the database are cut at once.
    AllCut,
    /// The node is killed, and started again at the end of the step.
    Killed { node: usize },
    /// Every node is killed at once, and started again.
    AllKilled,
    /// The node is stopped for longer than its lease, and goes on as if nothing had happened.
    Stopped { node: usize },
    /// The node is stopped for a moment.
    Paused { node: usize, lasts: Duration },
    /// The node's clock is stepped by a little, as where clocks are set by each other, and back at the
    /// end of the step.
    ClockStepped { node: usize, ahead_by_ms: i64 },
    /// The node's clock is far from right until the end of the step.
    ClockWrong { node: usize, ahead_by_ms: i64 },
}

/// A kind of fault, with how often it is drawn.
struct Kind {
    name: &'static str,
    weight: u32,
    draw: fn(&mut Rng, usize) -> Fault,
    /// What SQLite has as well: it needs no proxy, and no second node.
    on_sqlite: bool,
}

const KINDS: [Kind; 15] = [
    Kind {
        name: "commit-answers-lost",
        weight: 4,
        draw: |rng, node| Fault::CommitAnswersLost {
            node,
            times: rng.u32(1..=3),
        },
        on_sqlite: false,
    },
    Kind {
        name: "commit-answer-silent",
        weight: 2,
        draw: |_, node| Fault::CommitAnswerSilent { node },
        on_sqlite: false,
    },
    Kind {
        name: "commits-prevented",
        weight: 3,
        draw: |rng, node| Fault::CommitsPrevented {
            node,
            times: rng.u32(1..=3),
        },
        on_sqlite: false,
    },
    Kind {
        name: "delayed",
        weight: 1,
        draw: |rng, node| Fault::Delayed {
            node,
            delay: Duration::from_millis(rng.u64(5..=40)),
        },
        on_sqlite: false,
    },
    Kind {
        name: "held",
        weight: 2,
        draw: |rng, node| Fault::Held {
            node,
            lasts: draw_span(rng),
        },
        on_sqlite: false,
    },
    Kind {
        name: "swallowed",
        weight: 2,
        draw: |rng, node| Fault::Swallowed {
            node,
            lasts: draw_span(rng),
        },
        on_sqlite: false,
    },
    Kind {
        name: "refused",
        weight: 2,
        draw: |rng, node| Fault::Refused {
            node,
            lasts: draw_span(rng),
        },
        on_sqlite: false,
    },
    Kind {
        name: "cut",
        weight: 2,
        draw: |_, node| Fault::Cut { node },
        on_sqlite: false,
    },
    Kind {
        name: "all-cut",
        weight: 2,
        draw: |_, _| Fault::AllCut,
        on_sqlite: false,
    },
    Kind {
        name: "killed",
        weight: 3,
        draw: |_, node| Fault::Killed { node },
        on_sqlite: true,
    },
    Kind {
        name: "all-killed",
        weight: 1,
        draw: |_, _| Fault::AllKilled,
        on_sqlite: false,
    },
    Kind {
        name: "stopped",
        weight: 1,
        draw: |_, node| Fault::Stopped { node },
        on_sqlite: false,
    },
    Kind {
        name: "paused",
        weight: 2,
        draw: |rng, node| Fault::Paused {
            node,
            lasts: draw_span(rng),
        },
        on_sqlite: true,
    },
    Kind {
        name: "clock-stepped",
        weight: 3,
        draw: |rng, node| Fault::ClockStepped {
            node,
            ahead_by_ms: draw_sign(rng) * rng.i64(STEPPED_MS),
        },
        on_sqlite: true,
    },
    Kind {
        name: "clock-wrong",
        weight: 2,
        draw: |rng, node| Fault::ClockWrong {
            node,
            ahead_by_ms: draw_sign(rng) * HOUR_MS,
        },
        on_sqlite: true,
    },
];

impl Schedule {
    /// What `seed` decides, of the kinds of faults that are not left out.
    pub fn of(seed: u64, left_out: &[&str]) -> Self {
        let mut rng = Rng::with_seed(seed);
        let is_sqlite = seed.is_multiple_of(SQLITE_EVERY);
        let engine = if is_sqlite {
            Engine::Sqlite
        } else {
            Engine::Postgres
        };
        let nodes = if is_sqlite { 1 } else { rng.usize(2..=3) };
        let kinds: Vec<&Kind> = KINDS
            .iter()
            .filter(|kind| !left_out.contains(&kind.name))
            .filter(|kind| kind.on_sqlite || !is_sqlite)
            .collect();
        let steps = (0..STEPS)
            .map(|_| Step {
                fault: draw(&mut rng, &kinds, nodes),
                audience_seed: rng.u64(..),
            })
            .collect();

        Self {
            seed,
            engine,
            nodes,
            steps,
        }
    }

    /// How many servers it kills.
    pub fn kills(&self) -> usize {
        let kills = self.steps.iter().map(|step| match step.fault.kind() {
            "killed" => 1,
            "all-killed" => self.nodes,
            _ => 0,
        });

        kills.sum()
    }
}

/// Whether there is a kind of fault of that name.
pub fn is_kind(name: &str) -> bool {
    KINDS.iter().any(|kind| kind.name == name)
}

/// The names of all kinds of faults.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

fn draw(rng: &mut Rng, kinds: &[&Kind], nodes: usize) -> Fault {
    let total: u32 = kinds.iter().map(|kind| kind.weight).sum();
    let node = rng.usize(0..nodes);
    let mut left = rng.u32(0..total);
    for kind in kinds {
        if left < kind.weight {
            return (kind.draw)(rng, node);
        }
        left -= kind.weight;
    }
    unreachable!("the weights come to their sum");
}

fn draw_span(rng: &mut Rng) -> Duration {
    Duration::from_millis(rng.u64(500..=HELD_MS_MAX))
}

fn draw_sign(rng: &mut Rng) -> i64 {
    if rng.bool() { 1 } else { -1 }
}

impl Fault {
    /// The node that it happens to; `None` if to all.
    pub fn node(&self) -> Option<usize> {
        match *self {
            Self::CommitAnswersLost { node, .. }
            | Self::CommitAnswerSilent { node }
            | Self::CommitsPrevented { node, .. }
            | Self::Delayed { node, .. }
            | Self::Held { node, .. }
            | Self::Swallowed { node, .. }
            | Self::Refused { node, .. }
            | Self::Cut { node }
            | Self::Killed { node }
            | Self::Stopped { node }
            | Self::Paused { node, .. }
            | Self::ClockStepped { node, .. }
            | Self::ClockWrong { node, .. } => Some(node),
            Self::AllCut | Self::AllKilled => None,
        }
    }

    /// Whether it goes on until it is put right, so that what runs out of time meanwhile has to be
    /// ended all the same. The others are over when they have happened, or after a time.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::CommitAnswersLost { .. }
            | Self::CommitAnswerSilent { .. }
            | Self::CommitsPrevented { .. }
            | Self::Delayed { .. }
            | Self::Killed { .. }
            | Self::Stopped { .. }
            | Self::ClockStepped { .. }
            | Self::ClockWrong { .. } => true,
            Self::Held { .. }
            | Self::Swallowed { .. }
            | Self::Refused { .. }
            | Self::Cut { .. }
            | Self::AllCut
            | Self::AllKilled
            | Self::Paused { .. } => false,
        }
    }

    /// How long it lasts, if a time is given.
    pub fn lasts(&self) -> Option<Duration> {
        match *self {
            Self::Held { lasts, .. }
            | Self::Swallowed { lasts, .. }
            | Self::Refused { lasts, .. }
            | Self::Paused { lasts, .. } => Some(lasts),
            Self::CommitAnswersLost { .. }
            | Self::CommitAnswerSilent { .. }
            | Self::CommitsPrevented { .. }
            | Self::Delayed { .. }
            | Self::Killed { .. }
            | Self::Stopped { .. }
            | Self::ClockStepped { .. }
            | Self::ClockWrong { .. }
            | Self::Cut { .. }
            | Self::AllCut
            | Self::AllKilled => None,
        }
    }

    /// The name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CommitAnswersLost { .. } => "commit-answers-lost",
            Self::CommitAnswerSilent { .. } => "commit-answer-silent",
            Self::CommitsPrevented { .. } => "commits-prevented",
            Self::Delayed { .. } => "delayed",
            Self::Held { .. } => "held",
            Self::Swallowed { .. } => "swallowed",
            Self::Refused { .. } => "refused",
            Self::Cut { .. } => "cut",
            Self::AllCut => "all-cut",
            Self::Killed { .. } => "killed",
            Self::AllKilled => "all-killed",
            Self::Stopped { .. } => "stopped",
            Self::Paused { .. } => "paused",
            Self::ClockStepped { .. } => "clock-stepped",
            Self::ClockWrong { .. } => "clock-wrong",
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seed, nodes) = (self.seed, self.nodes);
        write!(formatter, "seed {seed}: {:?}, nodes: {nodes}", self.engine)?;
        for (number, step) in self.steps.iter().enumerate() {
            write!(formatter, "\n  step {number}: {:?}", step.fault)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_decides_the_same_each_time_and_seeds_differ() {
        let shown = |seed| Schedule::of(seed, &[]).to_string();
        assert_eq!(shown(7), shown(7));
        assert_ne!(shown(7), shown(8));
    }

    #[test]
    fn fifty_seeds_have_every_kind_and_none_that_is_left_out() {
        let drawn = |left_out: &[&str]| -> BTreeSet<&str> {
            let schedules = (1..=50).map(|seed| Schedule::of(seed, left_out));
            let steps = schedules.flat_map(|schedule| schedule.steps);
            steps.map(|step| step.fault.kind()).collect()
        };
        assert_eq!(drawn(&[]), kinds().collect());
        assert!(!drawn(&["killed"]).contains("killed"));
    }
}
