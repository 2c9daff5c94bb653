//! One run: what a seed decides, done, and checked after every step.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use parlor_test_database::Database;
use tokio::time::{Instant, sleep_until, timeout};

use crate::access::token;
use crate::audience::{Audience, LastWord};
use crate::books;
use crate::books_watch::BooksWatch;
use crate::check::check;
use crate::database::Truth;
use crate::deadlines::{DeadlineWatch, LATE_AFTER_A_DEATH_MS_MAX, Weather};
use crate::follower::Follower;
use crate::ledger::Ledger;
use crate::schedule::{Fault, Schedule, Step};
use crate::shown::{self, Shown};
use crate::world::World;

/// How long a busy machine may take before anything is wrong. It only bounds failures.
const PATIENCE: Duration = Duration::from_mins(1);
/// Acts that are done before a fault, while it lasts, and after it.
const ACTS: u64 = 12;
/// How long so many acts may take: the longest that others wait for a dead node.
const ACTS_WITHIN: Duration = Duration::from_millis(LATE_AFTER_A_DEATH_MS_MAX.unsigned_abs());
/// How long until nothing is left that runs out of time, once nobody does anything more. The watch
/// over deadlines is stricter; this bounds a fault of its own.
const QUIET_WITHIN: Duration = Duration::from_secs(30);
/// What is waited for at the end of a step: an interruption, and a train that has not started. The end
/// of one that runs comes in a later step.
const SOON_MS: i64 = 1_100;
/// How often to ask whether anything is left.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Contributions that were acknowledged.
    pub acknowledged: usize,
    /// Calls that were made again because their outcome was unknown.
    pub repeated: u64,
    /// Connections of followers, first ones included.
    pub connections: u32,
    /// What ran out of time and was ended.
    pub ended: u64,
    /// By how much the latest of these was late.
    pub latest_ms: i64,
    /// Grants and charges that were acknowledged.
    pub moved: usize,
    /// Minutes of members that count.
    pub counted: usize,
    /// Redemptions that were acknowledged.
    pub redeemed: usize,
    /// How often two saw to the same redemption at once, both were answered, and one won.
    pub duels: u64,
    /// Cases that were acknowledged to be over.
    pub ended_cases: usize,
    /// How often two ended the same case at once, both were answered, and one had.
    pub case_duels: u64,
    /// Snapshots of the books, all of them even.
    pub snapshots: u64,
    /// How often everything happened that the load is to have happen.
    pub shown: Shown,
}

struct Run {
    world: World,
    truth: Truth,
    watch: DeadlineWatch,
    books: BooksWatch,
    /// Where each room's books stood after each step.
    heads: BTreeSet<String>,
    followers: Vec<Follower>,
    ledger: Arc<Mutex<Ledger>>,
}

/// Runs a schedule on an empty database with `program`. An error says what is wrong, and has the end
/// of the servers' logs.
pub async fn run(schedule: &Schedule, database: &Database, program: &Path) -> Result<Report> {
    let world = World::start(database, program, schedule.nodes).await?;
    let mut truth = world.truth().await;
    let now_ms = truth.now_ms().await?;
    let mut run = Run {
        watch: DeadlineWatch::start(world.truth().await, now_ms),
        books: BooksWatch::start(world.truth().await),
        heads: BTreeSet::new(),
        followers: follow(&world, schedule.nodes),
        ledger: Arc::default(),
        truth,
        world,
    };

    for (number, step) in schedule.steps.iter().enumerate() {
        let done = run.step(number, *step).await;
        let done = done.with_context(|| format!("step {number}, {:?}", step.fault));
        if let Err(error) = done {
            return Err(error.context(run.world.evidence().await));
        }
    }
    let verified = run.world.verify(&run.heads);
    if let Err(error) = verified {
        return Err(error.context(run.world.evidence().await));
    }
    let shown = shown::count(&mut run.truth).await?;
    run.report(shown)
}

/// Everyone who follows: in each room one at each node, of whom one is a person who counts as online.
fn follow(world: &World, nodes: usize) -> Vec<Follower> {
    let places = world.rooms().flat_map(|room| {
        (0..nodes).map(move |node| {
            let token = (node == 0).then(|| token("viewer", "follower"));
            Follower::start(&world.nodes, room, node, token)
        })
    });

    places.collect()
}

impl Run {
    /// An audience goes on through a fault and beyond it, then everything is left alone until it has
    /// ended, and is checked. While a fault lasts that leaves a node to act, the same is asked of that.
    async fn step(&mut self, number: usize, step: Step) -> Result<()> {
        let fault = step.fault;
        let audience = self.let_loose(step.audience_seed, &format!("step{number}-act"));
        let begun = timeout(PATIENCE, audience.until_acknowledged(ACTS)).await;
        begun.context("nothing was done before the fault")?;
        // What a node that is about to die was told last.
        self.say_last(fault, &format!("step{number}-before"), false)
            .await?;
        self.world.inject(fault, &self.watch).await?;
        self.world.witness(fault).await?;
        if let Some(lasts) = fault.lasts() {
            sleep_until(Instant::now() + lasts).await;
        }
        if fault.is_lasting() && self.world.is_served_despite(fault) {
            acts(&audience, "during the fault").await?;
            audience.finish().await.context("during the fault")?;
            self.say_last(fault, &format!("step{number}-during"), true)
                .await?;
            self.until_quiet().await.context("during the fault")?;
            self.heal(fault).await?;
        } else {
            self.heal(fault).await?;
            acts(&audience, "after the fault").await?;
            audience.finish().await.context("after the fault")?;
        }

        self.world.until_ready().await?;
        self.say_last(fault, &format!("step{number}-after"), false)
            .await?;
        self.until_quiet().await?;
        self.check().await
    }

    fn let_loose(&self, seed: u64, name: &str) -> Audience {
        let world = &self.world;

        Audience::start(&world.nodes, &world.shops, &self.ledger, seed, name)
    }

    /// Says the last words in the room that is left alone, to the node that the fault is about, or to
    /// the next that answers. The fault may strike each that leaves something to be ended.
    async fn say_last(&self, fault: Fault, key: &str, is_struck: bool) -> Result<()> {
        let first = fault.node().unwrap_or_default();
        for word in LastWord::ALL {
            if is_struck && word != LastWord::Start {
                self.world.strike_again(fault)?;
            }
            for further in 0..self.world.count() {
                let node = (first + further) % self.world.count();
                let Some(address) = self.world.running_at(node) else {
                    continue;
                };
                let key = format!("{key}-{node}");
                let room = &self.world.left_room;
                if word.say(address, room, &key, &self.ledger).await || is_struck {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn heal(&mut self, fault: Fault) -> Result<()> {
        self.world.heal(fault).await?;
        let since_ms = self.truth.now_ms().await?;
        self.watch.set_weather(Weather::Calm { since_ms });

        Ok(())
    }

    async fn check(&mut self) -> Result<()> {
        // Taken out, for nobody writes to it meanwhile.
        let ledger = std::mem::take(&mut *self.ledger());
        let checked = check(&mut self.truth, &self.followers, &ledger).await;
        let books = self.check_books(&ledger).await;
        *self.ledger() = ledger;

        checked.and(books)
    }

    async fn check_books(&mut self, ledger: &Ledger) -> Result<()> {
        self.books.snapshots()?;
        for (room, accounts) in &ledger.accounts {
            let checked = books::check(&mut self.truth, room, accounts).await;
            checked.with_context(|| format!("in the books of {room}"))?;
            self.heads.extend(books::head(&mut self.truth, room).await?);
        }

        Ok(())
    }

    /// Waits until everything that runs out of time soon has ended, with nobody there to end it.
    async fn until_quiet(&mut self) -> Result<()> {
        let soon_ms = self.truth.now_ms().await? + SOON_MS;
        let waiting = async {
            while self.is_anything_due(soon_ms).await? && self.watch.fault().is_none() {
                sleep_until(Instant::now() + ASK_EVERY).await;
            }
            anyhow::Ok(())
        };
        let waited = timeout(QUIET_WITHIN, waiting).await;
        waited.with_context(|| format!("something has not ended after {QUIET_WITHIN:?}"))??;

        match self.watch.fault() {
            Some(fault) => bail!("{fault}"),
            None => Ok(()),
        }
    }

    async fn is_anything_due(&mut self, by_ms: i64) -> Result<bool> {
        let deadlines = self.truth.deadlines().await?;

        Ok(deadlines.iter().any(|deadline| deadline.at_ms <= by_ms))
    }

    fn report(&self, mut shown: Shown) -> Result<Report> {
        let (ended, latest_ms) = self.watch.report();
        ensure!(ended > 0, "nothing ran out of time, so nothing was shown");
        let seen = self.followers.iter().map(Follower::seen);
        let snapshots = self.books.snapshots()?;
        let ledger = self.ledger();
        let accounts = || ledger.accounts.values();
        let redeemed = accounts().map(|one| one.redeemed.len()).sum();
        let duels = accounts().map(|one| one.duels).sum();
        let case_duels = accounts().map(|one| one.cases.duels).sum();
        shown.extend(shown::AT_ONCE.into_iter().zip([duels, case_duels]));
        ensure!(redeemed > 0, "nothing was redeemed, so nothing was shown");
        ensure!(snapshots > 0, "no books were ever looked at");

        Ok(Report {
            acknowledged: ledger.acknowledged(),
            repeated: ledger.repeated,
            connections: seen.map(|seen| seen.connections).sum(),
            ended,
            latest_ms,
            moved: accounts().map(|one| one.moved.len()).sum(),
            counted: accounts().map(|one| one.counted.len()).sum(),
            redeemed,
            duels,
            ended_cases: accounts().map(|one| one.cases.ended.len()).sum(),
            case_duels,
            snapshots,
            shown,
        })
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn acts(audience: &Audience, when: &str) -> Result<()> {
    let waited = timeout(ACTS_WITHIN, audience.until_acknowledged(ACTS)).await;

    waited.with_context(|| format!("{when}, no {ACTS} acts were done within {ACTS_WITHIN:?}"))
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} acknowledged, {} calls repeated, {} connections, {} ends, the latest by {} ms; points: \
             {} moves, {} minutes, {} redeemed, {} settled by two at once, {} cases over, {} by two at once, \
             {} snapshots",
            self.acknowledged,
            self.repeated,
            self.connections,
            self.ended,
            self.latest_ms,
            self.moved,
            self.counted,
            self.redeemed,
            self.duels,
            self.ended_cases,
            self.case_duels,
            self.snapshots
        )
    }
}
