//! The servers of one run, each with its clock and its proxy, and what can be done to them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use parlor_test_database::{Database, Engine};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout};

use crate::access::{TENANT, operator_token, token};
use crate::books;
use crate::caller::Caller;
use crate::database::Truth;
use crate::deadlines::{DeadlineWatch, Weather};
use crate::follower::time_of;
use crate::http;
use crate::nodes::Nodes;
use crate::process::{Clock, Process, ProcessSettings};
use crate::proxy::{CommitFault, Counts, Proxy, Traffic};
use crate::schedule::Fault;
use crate::shop::Shop;

/// Rooms of one run: two that are busy, and one that is left alone but for a last word now and then.
const ROOMS: usize = 3;
/// How long a fault may take to happen: the longest is a lease that has to run out.
const HAPPENS_WITHIN: Duration = Duration::from_secs(20);
/// How long after a fault every node must say that it is ready again: the time to recover, and one
/// look of whatever it is that looks.
const READY_WITHIN: Duration = Duration::from_secs(7);
/// How long a busy machine may take to open a shop. It only bounds failures.
const OPEN_WITHIN: Duration = Duration::from_mins(1);
/// How often to ask again for what only asking tells.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// What lies between reading one clock and another on the same machine.
const READING_MS: i64 = 20;

/// The servers, their database and their rooms.
pub struct World {
    pub nodes: Nodes,
    /// The rooms where something goes on.
    pub shops: Vec<Arc<Shop>>,
    /// The room that is left alone.
    pub left_room: String,
    database: Database,
    members: Vec<Member>,
    truth: Truth,
}

struct Member {
    process: Option<Process>,
    clock: Clock,
    /// Before PostgreSQL. SQLite has none.
    proxy: Option<Proxy>,
    /// What the proxy had done before the present fault.
    counted: Counts,
    settings: ProcessSettings,
}

impl World {
    /// Starts `nodes` servers on a database that is empty, and makes the rooms.
    pub async fn start(database: &Database, program: &Path, nodes: usize) -> Result<Self> {
        let mut members = Vec::new();
        for node in 0..nodes {
            members.push(Member::new(database, program, node).await?);
        }
        let listed = Nodes::default();
        for (node, member) in members.iter_mut().enumerate() {
            listed.set(node, Some(member.start().await?));
        }
        let mut world = Self {
            nodes: listed,
            shops: Vec::new(),
            left_room: String::new(),
            database: database.clone(),
            members,
            // Last, for SQLite's file is made by the first server.
            truth: Truth::connect(database).await,
        };
        let mut rooms = world.make_rooms().await?;
        world.left_room = rooms.pop().context("there are rooms")?;
        let mut caller = Caller::new(&world.nodes, &Arc::default(), 0);
        for room in rooms {
            let opened = timeout(OPEN_WITHIN, Shop::open(&mut caller, &room)).await;
            let shop = opened.context("the servers do not answer")??;
            world.shops.push(Arc::new(shop));
        }

        Ok(world)
    }

    /// A connection of its own to the database, past every proxy.
    pub async fn truth(&self) -> Truth {
        Truth::connect(&self.database).await
    }

    /// Has the real program verify all books, which have to hold `heads`.
    pub fn verify(&self, heads: &BTreeSet<String>) -> Result<()> {
        let program = &self.members[0].settings.program;

        books::verify(program, &self.database.url, heads)
    }

    /// Every room, by its global id.
    pub fn rooms(&self) -> impl Iterator<Item = &str> {
        let busy = self.shops.iter().map(|shop| &*shop.room);

        busy.chain([&*self.left_room])
    }

    /// Makes a fault, and has the watch over deadlines know how much it disturbs.
    pub async fn inject(&mut self, fault: Fault, watch: &DeadlineWatch) -> Result<()> {
        let since_ms = self.truth.now_ms().await?;
        let disturbed = if self.members.len() > 1 {
            Weather::Disturbed { since_ms }
        } else {
            Weather::Down
        };
        for member in &mut self.members {
            member.counted = member.proxy.as_ref().map(Proxy::counts).unwrap_or_default();
        }
        match fault {
            Fault::CommitAnswersLost { node, times } => {
                self.proxy(node)?.arm(CommitFault::CutAfter, times);
            }
            Fault::CommitAnswerSilent { node } => {
                watch.set_weather(disturbed);
                self.proxy(node)?.arm(CommitFault::SilentAfter, 1);
            }
            Fault::CommitsPrevented { node, times } => {
                self.proxy(node)?.arm(CommitFault::CutBefore, times);
            }
            Fault::Delayed { node, delay } => {
                self.proxy(node)?.set_traffic(Traffic::Delay(delay));
            }
            Fault::Held { node, .. } => {
                watch.set_weather(disturbed);
                self.proxy(node)?.set_traffic(Traffic::Hold);
            }
            Fault::Swallowed { node, .. } => {
                watch.set_weather(disturbed);
                self.proxy(node)?.set_traffic(Traffic::Swallow);
            }
            Fault::Refused { node, .. } => {
                watch.set_weather(disturbed);
                self.proxy(node)?.set_traffic(Traffic::Refuse);
            }
            Fault::Cut { node } => self.proxy(node)?.cut(),
            Fault::AllCut => {
                for node in 0..self.members.len() {
                    self.proxy(node)?.cut();
                }
            }
            Fault::Killed { node } => {
                watch.set_weather(disturbed);
                self.kill_node(node)?;
            }
            Fault::AllKilled => {
                watch.set_weather(Weather::Down);
                for node in 0..self.members.len() {
                    self.kill_node(node)?;
                }
            }
            Fault::Stopped { node } | Fault::Paused { node, .. } => {
                watch.set_weather(disturbed);
                self.process(node)?.stop()?;
            }
            Fault::ClockStepped { node, ahead_by_ms } | Fault::ClockWrong { node, ahead_by_ms } => {
                watch.set_weather(disturbed);
                self.process(node)?.clock().set_ahead_by(ahead_by_ms)?;
            }
        }
        Ok(())
    }

    /// Has what strikes commits strike the next once more.
    pub fn strike_again(&self, fault: Fault) -> Result<()> {
        match fault {
            Fault::CommitAnswersLost { node, .. } => {
                self.proxy(node)?.arm(CommitFault::CutAfter, 1);
            }
            Fault::CommitsPrevented { node, .. } => {
                self.proxy(node)?.arm(CommitFault::CutBefore, 1);
            }
            Fault::CommitAnswerSilent { .. }
            | Fault::Delayed { .. }
            | Fault::Held { .. }
            | Fault::Swallowed { .. }
            | Fault::Refused { .. }
            | Fault::Cut { .. }
            | Fault::AllCut
            | Fault::Killed { .. }
            | Fault::AllKilled
            | Fault::Stopped { .. }
            | Fault::Paused { .. }
            | Fault::ClockStepped { .. }
            | Fault::ClockWrong { .. } => {}
        }
        Ok(())
    }

    /// How many nodes there are, whether they run or not.
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// Where a node listens, if it is there and was not stopped.
    pub fn running_at(&self, node: usize) -> Option<&str> {
        let process = self.members[node].process.as_ref()?;

        process.is_running().then_some(&*process.address)
    }

    /// Whether a node is there that runs, and whose clock a fault does not make wrong.
    pub fn is_served_despite(&self, fault: Fault) -> bool {
        let is_right =
            |node| !matches!(fault, Fault::ClockWrong { node: wrong, .. } if wrong == node);

        (0..self.count()).any(|node| is_right(node) && self.running_at(node).is_some())
    }

    /// Returns once a fault has happened for certain, and fails if it does not.
    pub async fn witness(&mut self, fault: Fault) -> Result<()> {
        let happening = self.happen(fault);
        let happened = timeout(HAPPENS_WITHIN, happening).await;

        happened.with_context(|| format!("{fault:?} did not happen"))?
    }

    async fn happen(&mut self, fault: Fault) -> Result<()> {
        match fault {
            Fault::CommitAnswersLost { node, times } => {
                let wanted = u64::from(times);
                self.counted(node, |counts| counts.commit_answers_dropped, wanted)
                    .await
            }
            Fault::CommitAnswerSilent { node } => {
                self.counted(node, |counts| counts.commit_answers_dropped, 1)
                    .await
            }
            Fault::CommitsPrevented { node, times } => {
                let wanted = u64::from(times);
                self.counted(node, |counts| counts.commits_prevented, wanted)
                    .await
            }
            Fault::Delayed { node, .. } => self.counted(node, |counts| counts.delayed, 10).await,
            Fault::Held { node, .. } => self.counted(node, |counts| counts.held, 1).await,
            Fault::Swallowed { node, .. } => self.counted(node, |counts| counts.swallowed, 1).await,
            Fault::Refused { node, .. } => self.counted(node, |counts| counts.refused, 1).await,
            Fault::Cut { node } => self.counted(node, |counts| counts.cut, 1).await,
            Fault::AllCut => {
                for node in 0..self.members.len() {
                    self.counted(node, |counts| counts.cut, 1).await?;
                }
                Ok(())
            }
            // Killing waits for the end of the process.
            Fault::Killed { .. } | Fault::AllKilled => Ok(()),
            Fault::Paused { node, .. } => self.halted(node).await,
            Fault::Stopped { node } => {
                let before = self.truth.ended_leases().await?;
                self.halted(node).await?;
                while self.truth.ended_leases().await? == before {
                    sleep_until(Instant::now() + ASK_EVERY).await;
                }
                Ok(())
            }
            Fault::ClockStepped { node, ahead_by_ms } | Fault::ClockWrong { node, ahead_by_ms } => {
                let address = self.process(node)?.address.clone();
                self.clock_shows(&address, ahead_by_ms).await
            }
        }
    }

    /// Puts right what a fault has left wrong, and waits until every node is ready.
    pub async fn heal(&mut self, fault: Fault) -> Result<()> {
        match fault {
            Fault::CommitAnswersLost { node, .. } | Fault::CommitsPrevented { node, .. } => {
                self.proxy(node)?.disarm();
            }
            Fault::CommitAnswerSilent { node } => {
                self.proxy(node)?.disarm();
                self.proxy(node)?.cut();
            }
            Fault::Delayed { node, .. }
            | Fault::Held { node, .. }
            | Fault::Swallowed { node, .. }
            | Fault::Refused { node, .. } => self.proxy(node)?.set_traffic(Traffic::Pass),
            Fault::Cut { .. } | Fault::AllCut => {}
            Fault::Killed { node } => self.start_node(node).await?,
            Fault::AllKilled => {
                for node in 0..self.members.len() {
                    self.start_node(node).await?;
                }
            }
            Fault::Stopped { node } | Fault::Paused { node, .. } => {
                self.process(node)?.go_on()?;
            }
            Fault::ClockStepped { node, .. } | Fault::ClockWrong { node, .. } => {
                self.process(node)?.clock().set_ahead_by(0)?;
                let address = self.process(node)?.address.clone();
                let shown = timeout(HAPPENS_WITHIN, self.clock_shows(&address, 0)).await;
                shown.context("the clock was not put right")??;
            }
        }
        Ok(())
    }

    /// Waits until every node says that it is ready.
    pub async fn until_ready(&self) -> Result<()> {
        for node in 0..self.members.len() {
            let address = &self.process(node)?.address;
            let waiting = async {
                while !http::is_ready(address).await {
                    sleep_until(Instant::now() + ASK_EVERY).await;
                }
            };
            let waited = timeout(READY_WITHIN, waiting).await;
            waited.with_context(|| format!("node {node} was not ready within {READY_WITHIN:?}"))?;
        }
        Ok(())
    }

    /// How each server is, and the end of its log.
    pub async fn evidence(&self) -> String {
        let mut evidence = Vec::new();
        for (node, member) in self.members.iter().enumerate() {
            let Some(process) = &member.process else {
                evidence.push(format!("── node {node}, not running\n"));
                continue;
            };
            let address = &process.address;
            let readiness = match http::readiness(address).await {
                Ok((_, says)) => says,
                Err(error) => format!("{error:#}"),
            };
            let log = process.log();
            evidence.push(format!(
                "── node {node}, {address}, readiness: {readiness}\n{log}\n"
            ));
        }

        evidence.concat()
    }

    async fn counted(
        &self,
        node: usize,
        count: impl Fn(&Counts) -> u64,
        wanted: u64,
    ) -> Result<()> {
        let member = &self.members[node];
        let proxy = self.proxy(node)?;
        let before = count(&member.counted);
        proxy.until(|counts| count(counts) >= before + wanted).await;

        Ok(())
    }

    async fn halted(&self, node: usize) -> Result<()> {
        while self.process(node)?.is_running() {
            sleep_until(Instant::now() + ASK_EVERY).await;
        }
        Ok(())
    }

    /// Waits until a node shows that its clock is ahead of the database's by so much.
    async fn clock_shows(&mut self, address: &str, ahead_by_ms: i64) -> Result<()> {
        loop {
            let before_ms = self.truth.now_ms().await? + ahead_by_ms - READING_MS;
            let shown_ms = time_of(address).await?;
            let after_ms = self.truth.now_ms().await? + ahead_by_ms + READING_MS;
            if (before_ms..=after_ms).contains(&shown_ms) {
                return Ok(());
            }
            sleep_until(Instant::now() + ASK_EVERY).await;
        }
    }

    async fn start_node(&mut self, node: usize) -> Result<()> {
        let address = self.members[node].start().await?;
        self.nodes.set(node, Some(address));

        Ok(())
    }

    fn kill_node(&mut self, node: usize) -> Result<()> {
        self.nodes.set(node, None);
        let process = self.members[node].process.take();

        process.context("the node is there")?.kill()
    }

    async fn make_rooms(&self) -> Result<Vec<String>> {
        let address = &self.process(0)?.address;
        let document = "mutation ($input: CreateTenantInput!) {
            createTenant(input: $input) { ... on Tenant { id } ... on Error { message } } }";
        let input = json!({ "input": { "uuid": TENANT, "name": "A tenant" } });
        let made = http::execute(address, &operator_token(), document, &input).await?;
        ensure!(made["createTenant"]["id"].is_string(), "no tenant: {made}");

        let mut rooms = Vec::new();
        for number in 0..ROOMS {
            let document = "mutation ($input: CreateRoomInput!) {
                createRoom(input: $input) { ... on Room { id } ... on Error { message } } }";
            let input = json!({ "input": room_input(number) });
            let staff = token("service", "staff");
            let made = http::execute(address, &staff, document, &input).await?;
            let id = made["createRoom"]["id"].as_str();
            rooms.push(id.with_context(|| format!("no room: {made}"))?.to_owned());
        }

        Ok(rooms)
    }

    fn process(&self, node: usize) -> Result<&Process> {
        let process = self.members[node].process.as_ref();
        process.context("the node is there")
    }

    fn proxy(&self, node: usize) -> Result<&Proxy> {
        let proxy = self.members[node].proxy.as_ref();
        proxy.context("SQLite has no proxy")
    }
}

impl Member {
    async fn new(database: &Database, program: &Path, node: usize) -> Result<Self> {
        let (proxy, url) = match database.engine {
            Engine::Sqlite => (None, database.url.clone()),
            Engine::Postgres => {
                let (start, rest) = database.url.split_once('@').context("no user")?;
                let (upstream, name) = rest.split_once('/').context("no database")?;
                let proxy = Proxy::start(upstream).await?;
                let url = format!("{start}@{}/{name}", proxy.address);
                (Some(proxy), url)
            }
        };

        Ok(Self {
            process: None,
            clock: Clock::new(&std::env::temp_dir(), node)?,
            proxy,
            counted: Counts::default(),
            settings: ProcessSettings {
                program: program.to_owned(),
                database: url,
            },
        })
    }

    /// Starts the node's server, and returns where it listens.
    async fn start(&mut self) -> Result<String> {
        let process = Process::start(&self.settings, &self.clock).await?;
        let address = process.address.clone();
        self.process = Some(process);

        Ok(address)
    }
}

/// A room in which something runs out of time every second or so. In the first, trains start and run
/// for the shortest time there is; in the others none ever starts, so that each is soon over.
fn room_input(number: usize) -> Value {
    let kickoff_events = if number == 0 { 2 } else { 100 };

    json!({
        "slug": format!("show-{number}"), "title": "Show", "state": "OPEN",
        "anonymousRead": true, "interruptionGraceMs": 700,
        "hypeTrainProgram": {
            "kickoffEvents": kickoff_events, "kickoffViewers": 2, "kickoffWindowMs": 1_000,
            "levels": [{ "goal": "300" }, { "goal": "1000000000" }],
            "secondsPerLevel": 5, "cooldownMs": 0,
        },
    })
}
