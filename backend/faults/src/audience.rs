//! An audience that goes on through faults, as right clients do: what has no answer is sent again,
//! elsewhere, until it is known what became of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::access::{token, uuid_of};
use crate::caller::{Caller, lock};
use crate::http;
use crate::ledger::{Ledger, Show};
use crate::nodes::Nodes;
use crate::shop::Shop;
use crate::till::Till;

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
    caller: Caller,
    rooms: Arc<Vec<String>>,
    stopping: Arc<AtomicBool>,
    acknowledged: watch::Sender<u64>,
    rng: Rng,
    /// What its keys begin with.
    name: String,
    acts: u64,
}

impl Audience {
    /// Lets an audience loose on the rooms of `shops`, with keys that begin with `name`.
    pub fn start(
        nodes: &Nodes,
        shops: &[Arc<Shop>],
        ledger: &Arc<Mutex<Ledger>>,
        seed: u64,
        name: &str,
    ) -> Self {
        let rooms: Vec<_> = shops.iter().map(|shop| shop.room.clone()).collect();
        let rooms = Arc::new(rooms);
        let stopping = Arc::new(AtomicBool::new(false));
        let (sender, acknowledged) = watch::channel(0);
        let mut senders = JoinSet::new();
        let make = |number: u64, name: String| Sender {
            caller: Caller::new(nodes, ledger, usize::try_from(number).unwrap_or_default()),
            rooms: Arc::clone(&rooms),
            stopping: Arc::clone(&stopping),
            acknowledged: sender.clone(),
            rng: Rng::with_seed(seed.wrapping_add(number)),
            name,
            acts: 0,
        };
        for number in 0..SENDERS {
            senders.spawn(make(number, format!("{name}-{number}")).send_on());
        }
        for (number, room) in (SENDERS..).zip(rooms.iter()) {
            senders.spawn(make(number, format!("{name}-{number}")).direct_on(room.clone()));
        }
        for (number, shop) in (0..).zip(shops) {
            let at = |turn: usize, rotation: u32, place: &str| Till {
                caller: Caller::new(nodes, ledger, number + turn),
                others: Caller::new(nodes, ledger, number + 1 - turn),
                shop: Arc::clone(shop),
                rng: Rng::with_seed(
                    seed.rotate_left(rotation)
                        .wrapping_add(u64::try_from(number).unwrap_or_default()),
                ),
                name: format!("{name}-{place}{number}"),
                acts: 0,
            };
            let (till, court) = (at(0, 32, "till"), at(1, 16, "court"));
            let (until, told) = (Arc::clone(&stopping), sender.clone());
            senders.spawn(async move { till.work_on(&until, &told).await });
            let (until, told) = (Arc::clone(&stopping), sender.clone());
            senders.spawn(async move { court.judge_on(&until, &told).await });
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
            ... on Session {{ id startedAt }} ... on Error {{ message code }} }} }}"
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
        let Some(address) = self.caller.next_address() else {
            return;
        };
        let director = token("service", "director");
        let answer = http::execute(&address, &director, &direction(act), &variables).await;
        if let Ok(answer) = answer
            && let Some(id) = answer[act]["id"].as_str().and_then(uuid_of)
        {
            let mut ledger = self.caller.ledger();
            ledger
                .sessions
                .entry(room.to_owned())
                .or_default()
                .insert(id);
            if let Some(show) = Show::of(&answer[act]) {
                ledger.shows.insert(room.to_owned(), show);
            }
        }
    }

    async fn contribute(&mut self, room: &str) -> Result<()> {
        let key = format!("{}-{}", self.name, self.acts);
        self.caller.ledger().sent.insert(key.clone());
        let viewer = self.rng.u32(0..VIEWERS);
        let input = json!({
            "roomId": room, "idempotencyKey": key, "provider": "faults", "kind": "DONATION",
            "amount": self.rng.i64(1..100).to_string(), "currency": "EUR",
            "viewerId": format!("viewer-{viewer}"), "message": key,
        });
        let staff = token("service", "provider");
        let answer = self
            .caller
            .until_answered(&staff, CONTRIBUTE, &json!({ "input": input }))
            .await;
        let Some(id) = answer["recordContribution"]["id"]
            .as_str()
            .and_then(uuid_of)
        else {
            bail!("a contribution was refused: {answer}");
        };

        self.caller.ledger().acknowledge(room, &key, &id)
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
            .caller
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
        let mut ledger = self.caller.ledger();
        let people = ledger.people.entry(room.to_owned()).or_default();
        people.insert(viewer);

        Ok(())
    }

    /// Which of the senders this is, whatever the step.
    fn turn_of_name(&self) -> &str {
        self.name.rsplit('-').next().unwrap_or_default()
    }
}
