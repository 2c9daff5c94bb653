//! What is to be measured on which server, and what was.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Stands for an event's mark in a request that publishes it.
pub(crate) const MARK: &str = "@@";

#[derive(Debug, Deserialize)]
pub(crate) struct Plan {
    /// The server's process. Those it started count with it.
    pub(crate) server: u32,
    pub(crate) address: SocketAddr,
    pub(crate) subscribe: Subscribe,
    pub(crate) publish: Publish,
    pub(crate) sockets: usize,
    /// Processes that the sockets are spread over.
    pub(crate) processes: usize,
    pub(crate) phases: Vec<Phase>,
}

/// How a socket comes to receive the room's events.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Subscribe {
    pub(crate) path: String,
    pub(crate) subprotocol: Option<String>,
    pub(crate) steps: Vec<Step>,
    /// The server's own signs of life, and what they are answered with.
    pub(crate) keepalive: Option<Keepalive>,
}

/// A message to send, and what the message that is waited for contains.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) send: String,
    /// Without it nothing is waited for.
    pub(crate) until: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Keepalive {
    /// What such a message contains, and no other one but events.
    pub(crate) ping: String,
    pub(crate) pong: String,
}

/// How an event is handed to the server.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Publish {
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
    /// The request's body, with [`MARK`] where the mark goes.
    pub(crate) body: String,
    /// What the answer contains if the event was taken.
    pub(crate) taken: String,
}

/// Publishing for a while.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Phase {
    pub(crate) name: String,
    /// Events a second; without it, as many as the server takes.
    pub(crate) per_s: Option<u32>,
    pub(crate) lanes: usize,
    pub(crate) warm_up_ms: u64,
    pub(crate) measured_ms: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) memory: Memory,
    pub(crate) phases: BTreeMap<String, PhaseMeasured>,
}

/// The server's resident memory, shared pages divided among those who share them.
#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    pub(crate) alone_kb: u64,
    /// Every socket is subscribed, and no event was published yet.
    pub(crate) idle_kb: u64,
    /// After the last phase.
    pub(crate) after_kb: u64,
    pub(crate) kb_per_idle_subscriber: f64,
    pub(crate) kb_per_subscriber_after: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct PhaseMeasured {
    pub(crate) events: u64,
    pub(crate) deliveries: u64,
    /// From the first event's publication to the last delivery.
    pub(crate) seconds: f64,
    pub(crate) deliveries_per_s: f64,
    pub(crate) cpu_us_per_delivery: f64,
    pub(crate) server_cores: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}
