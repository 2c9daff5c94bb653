//! An audience that goes on through faults, as right clients do: what has no answer is sent again,
//! elsewhere, until it is known what became of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::access::{token, uuid_of};
use crate::http;
use crate::ledger::Ledger;
use crate::nodes::Nodes;

/// Senders at once, so that a fault finds some at every stage.
const SENDERS: u64 = 4;
/// People who come and go.
const VIEWERS: u32 = 6;
/// How long a sender waits between two acts. Rooms are then as busy as a small show's, and a debug
/// build keeps up.
const PACE: Duration = Duration::from_millis(15);
/// How long a director waits between two acts: about as long as a train and a session's grace last,
/// so that some of them run out.
const DIRECTION_PACE: Duration = Duration::from_millis(350);
/// How long to wait before what has no answer is sent again.
const BACKOFF: Duration = Duration::from_millis(50);
/// How long after a fault is over everything must have an answer: five seconds to recover, and what
/// was asked of a node that did not answer then.
const RECOVERED_WITHIN: Duration = Duration::from_secs(10);

const CONTRIBUTE: &str = "mutation ($input: RecordContributionInput!) {
    recordContribution(input: $input) {
        ... on Contribution { id } ... on Error { message code } } }";
const JOIN: &str = "mutation ($input: JoinRoomInput!) {
    joinRoom(input: $input) { ... on Participant { id } ... on Error { message code } } }";
const LEAVE: &str = "mutation ($input: LeaveRoomInput!) {
    leaveRoom(input: $input) { ... on Participant { id } ... on Error { message code } } }";

/// An audience at work.
pub struct Audience {
    senders: JoinSet<Result<()>>,
    stopping: Arc<AtomicBool>,
    acknowledged: watch::Receiver<u64>,
}

/// One of the audience, or the director of a room.
struct Sender {
    nodes: Nodes,
    rooms: Arc<Vec<String>>,
    ledger: Arc<Mutex<Ledger>>,
    stopping: Arc<AtomicBool>,
    acknowledged: watch::Sender<u64>,
    rng: Rng,
    /// What its keys begin with.
    name: String,
    acts: u64,
    /// The node to ask next.
    turn: usize,
}

impl Audience {
    /// Lets an audience loose on `rooms`, with keys that begin with `name`.
    pub fn start(
        nodes: &Nodes,
        rooms: &Arc<Vec<String>>,
        ledger: &Arc<Mutex<Ledger>>,
        seed: u64,
        name: &str,
    ) -> Self {
        let stopping = Arc::new(AtomicBool::new(false));
        let (sender, acknowledged) = watch::channel(0);
        let mut senders = JoinSet::new();
        let make = |number: u64, name: String| Sender {
            nodes: nodes.clone(),
            rooms: Arc::clone(rooms),
            ledger: Arc::clone(ledger),
            stopping: Arc::clone(&stopping),
            acknowledged: sender.clone(),
            rng: Rng::with_seed(seed.wrapping_add(number)),
            name,
            acts: 0,
            turn: usize::try_from(number).unwrap_or_default(),
        };
        for number in 0..SENDERS {
            senders.spawn(make(number, format!("{name}-{number}")).send_on());
        }
        for (number, room) in (SENDERS..).zip(rooms.iter()) {
            senders.spawn(make(number, format!("{name}-{number}")).direct_on(room.clone()));
        }

        Self {
            senders,
            stopping,
            acknowledged,
        }
    }

    /// Waits until `count` more acts were acknowledged. The caller bounds it.
    pub async fn until_acknowledged(&self, count: u64) {
        let mut acknowledged = self.acknowledged.clone();
        let until = *acknowledged.borrow() + count;
        // An audience that has ended says why when it is asked to finish.
        let _ = acknowledged.wait_for(|count| *count >= until).await;
    }

    /// Has everyone finish what they began.
    pub async fn finish(mut self) -> Result<()> {
        self.stopping.store(true, Ordering::Release);
        let finishing = async {
            while let Some(finished) = self.senders.join_next().await {
                finished??;
            }
            Ok(())
        };

        timeout(RECOVERED_WITHIN, finishing)
            .await
            .with_context(|| {
                format!("something has no answer {RECOVERED_WITHIN:?} after the fault was over")
            })?
    }
}

/// What is said last in a room that is then left alone. Nobody comes back to a room like that, so that
/// only a timer can end what was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastWord {
    Start,
    /// Soon this is for good.
    Interrupt,
    /// Begins a train that never starts.
    Contribute,
}

impl LastWord {
    pub const ALL: [Self; 3] = [Self::Start, Self::Interrupt, Self::Contribute];

    /// Says it once, to one node. What has no answer stays unknown, as with a client that gave up.
    /// Returns whether there was an answer.
    pub async fn say(self, address: &str, room: &str, key: &str, ledger: &Mutex<Ledger>) -> bool {
        let staff = token("service", "last");
        let (document, input) = match self {
            Self::Start => (direction("startSession"), json!({ "roomId": room })),
            Self::Interrupt => (direction("interruptSession"), json!({ "roomId": room })),
            Self::Contribute => {
                lock(ledger).sent.insert(key.to_owned());
                let input = json!({
                    "roomId": room, "idempotencyKey": key, "provider": "faults",
                    "kind": "DONATION", "amount": "5", "currency": "EUR",
                    "viewerId": "viewer-0", "message": key,
                });
                (CONTRIBUTE.to_owned(), input)
            }
        };
        let answer = http::execute(address, &staff, &document, &json!({ "input": input })).await;
        if let Ok(answer) = &answer
            && let Some(id) = answer["recordContribution"]["id"]
                .as_str()
                .and_then(uuid_of)
        {
            // A key that is said once has no other id.
            let _ = lock(ledger).acknowledge(room, key, &id);
        }

        answer.is_ok()
    }
}

fn direction(act: &str) -> String {
    let input = format!("{}{}Input", act[..1].to_uppercase(), &act[1..]);

    format!(
        "mutation ($input: {input}!) {{ {act}(input: $input) {{
            ... on Session {{ id }} ... on Error {{ message code }} }} }}"
    )
}

impl Sender {
    async fn send_on(mut self) -> Result<()> {
        while !self.stopping.load(Ordering::Acquire) {
            self.acts += 1;
            let room = self.rooms[self.rng.usize(0..self.rooms.len())].clone();
            match self.rng.u32(0..10) {
                0 => self.change_membership(&room).await?,
                _ => self.contribute(&room).await?,
            }
            self.acknowledged.send_modify(|count| *count += 1);
            sleep_until(Instant::now() + PACE).await;
        }
        Ok(())
    }

    /// Starts, interrupts, resumes and ends a room's sessions. What becomes of each is not waited
    /// for: a session that nobody knows the end of is what a director finds.
    async fn direct_on(mut self, room: String) -> Result<()> {
        while !self.stopping.load(Ordering::Acquire) {
            let act = match self.rng.u32(0..8) {
                0..3 => "startSession",
                3..6 => "interruptSession",
                6 => "resumeSession",
                _ => "endSession",
            };
            self.direct(&room, act).await;
            sleep_until(Instant::now() + DIRECTION_PACE).await;
        }
        Ok(())
    }

    async fn direct(&mut self, room: &str, act: &str) {
        let variables = json!({ "input": { "roomId": room } });
        let Some(address) = self.next_address() else {
            return;
        };
        let director = token("service", "director");
        let answer = http::execute(&address, &director, &direction(act), &variables).await;
        if let Ok(answer) = answer
            && let Some(id) = answer[act]["id"].as_str().and_then(uuid_of)
        {
            let mut ledger = self.ledger();
            ledger
                .sessions
                .entry(room.to_owned())
                .or_default()
                .insert(id);
        }
    }

    async fn contribute(&mut self, room: &str) -> Result<()> {
        let key = format!("{}-{}", self.name, self.acts);
        self.ledger().sent.insert(key.clone());
        let viewer = self.rng.u32(0..VIEWERS);
        let input = json!({
            "roomId": room, "idempotencyKey": key, "provider": "faults", "kind": "DONATION",
            "amount": self.rng.i64(1..100).to_string(), "currency": "EUR",
            "viewerId": format!("viewer-{viewer}"), "message": key,
        });
        let staff = token("service", "provider");
        let answer = self
            .until_answered(&staff, CONTRIBUTE, &json!({ "input": input }))
            .await;
        let Some(id) = answer["recordContribution"]["id"]
            .as_str()
            .and_then(uuid_of)
        else {
            bail!("a contribution was refused: {answer}");
        };

        self.ledger().acknowledge(room, &key, &id)
    }

    /// Each person comes and goes by one sender alone, so that it is known where they are.
    async fn change_membership(&mut self, room: &str) -> Result<()> {
        let number = self.rng.u32(0..VIEWERS);
        let viewer = format!("viewer-{}-{number}", self.turn_of_name());
        let is_joining = self.rng.bool();
        let token = token("viewer", &viewer);
        let (document, input) = if is_joining {
            (JOIN, json!({ "roomId": room, "name": viewer }))
        } else {
            (LEAVE, json!({ "roomId": room }))
        };
        let answer = self
            .until_answered(&token, document, &json!({ "input": input }))
            .await;
        let field = if is_joining { "joinRoom" } else { "leaveRoom" };
        if !is_joining {
            // Who never joined is refused.
            return Ok(());
        }
        if !answer[field]["id"].is_string() {
            bail!("a join was refused: {answer}");
        }
        let mut ledger = self.ledger();
        let people = ledger.people.entry(room.to_owned()).or_default();
        people.insert(viewer);

        Ok(())
    }

    /// Asks one node after another until one answers. The same again is never harmful here.
    async fn until_answered(&mut self, token: &str, document: &str, variables: &Value) -> Value {
        let mut is_repeated = false;
        loop {
            if let Some(address) = self.next_address() {
                if is_repeated {
                    self.ledger().repeated += 1;
                }
                match http::execute(&address, token, document, variables).await {
                    Ok(answer) => return answer,
                    Err(_) => is_repeated = true,
                }
            }
            sleep_until(Instant::now() + BACKOFF).await;
        }
    }

    fn next_address(&mut self) -> Option<String> {
        self.turn += 1;

        self.nodes.address_from(self.turn)
    }

    /// Which of the senders this is, whatever the step.
    fn turn_of_name(&self) -> &str {
        self.name.rsplit('-').next().unwrap_or_default()
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}
