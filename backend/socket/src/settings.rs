//! How much a socket may ask for, and how long it may take.

use std::time::Duration;

use parlor_node::patience::{FOLLOW_PATIENCE, START_PATIENCE};

/// Limits of one socket.
#[derive(Debug, Clone)]
pub struct SocketSettings {
    /// How long a client may wait before it says who it is. A phone on a bad network needs seconds
    /// for one round trip.
    pub init_timeout: Duration,
    /// How long a query, a mutation or the start of a subscription may take, and letting a socket in.
    pub request_timeout: Duration,
    /// How long nothing may be heard of a client before it is probed with a ping of WebSocket's own,
    /// which browsers answer by themselves, also for a page whose timers they hold back. Half of what
    /// the SDKs leave between two pings, so that a client that lives costs one probe in that time.
    pub probe_after: Duration,
    /// How long the answer to a probe may take: a phone's network that stalls, and what the kernel
    /// has taken before the probe. With the wait before it, and the reconnect grace, somebody who
    /// went without a word is counted for less than 20 s.
    pub probe_answer_max: Duration,
    /// How long a client may say nothing before it is sent a `ping` message. Well below the half
    /// minute without a message after which the SDKs take the server for dead: a browser may hold
    /// back their own pings for a minute.
    pub ping_after: Duration,
    /// How long before its token expires a client is warned: time to ask its host for another.
    pub token_warning: Duration,
    /// How long a socket outlives its token, for clocks that differ.
    pub token_grace: Duration,
    /// How often the overlay tokens and tenants' keys in use are looked up, to notice that one holds
    /// no more.
    pub token_check: Duration,
    /// How long a socket waits to be let in while the database does not answer. Within the 10 s that
    /// the SDKs leave for the acknowledgement.
    pub admission_patience: Duration,
    /// How long a subscription waits to start while the database does not answer.
    pub start_patience: Duration,
    /// How long those who follow a room wait for a database that does not answer.
    pub follow_patience: Duration,
    /// How long a closing socket has to take what was sent and answer the close frame.
    pub close_timeout: Duration,
    /// The longest message a client may send. A document with its variables is a few KiB.
    pub message_bytes_max: usize,
    /// Operations under way at once. A page follows a few rooms; a bot a few dozen.
    pub operations_max: usize,
    /// Messages waiting for a slow client: several seconds of a busy room.
    pub outbound_messages_max: usize,
    /// Bytes waiting for a slow client. With 10,000 slow clients at once, 10 GB if nothing were
    /// shared; live messages are.
    pub outbound_bytes_max: usize,
    /// How often a socket is told how many are online at most. People come and go from a large room
    /// at every instant, and nobody reads a number that changes faster.
    pub presence_every: Duration,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            init_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            probe_after: Duration::from_secs(5),
            probe_answer_max: Duration::from_secs(7),
            ping_after: Duration::from_secs(20),
            token_warning: Duration::from_mins(1),
            token_grace: Duration::from_secs(10),
            token_check: Duration::from_secs(3),
            admission_patience: Duration::from_secs(8),
            start_patience: START_PATIENCE,
            follow_patience: FOLLOW_PATIENCE,
            close_timeout: Duration::from_secs(5),
            message_bytes_max: 64 * 1024,
            operations_max: 32,
            outbound_messages_max: 256,
            outbound_bytes_max: 1024 * 1024,
            presence_every: Duration::from_secs(1),
        }
    }
}
