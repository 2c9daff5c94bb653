//! How much a socket may ask for, and how long it may take.

use std::time::Duration;

/// Limits of one socket.
#[derive(Debug, Clone)]
pub struct SocketSettings {
    /// How long a client may wait before it says who it is. A phone on a bad network needs seconds
    /// for one round trip.
    pub init_timeout: Duration,
    /// How long a client may be silent before it is pinged. Well below the minute after which
    /// common proxies cut an idle connection.
    pub ping_after: Duration,
    /// How long a client may be silent before it is given up: two pings unanswered, and time for
    /// the last answer.
    pub silence_max: Duration,
    /// How long before its token expires a client is warned: time to ask its host for another.
    pub token_warning: Duration,
    /// How long a socket outlives its token, for clocks that differ.
    pub token_grace: Duration,
    /// How often the overlay tokens and tenants' keys in use are looked up, to notice that one holds
    /// no more.
    pub token_check: Duration,
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
            ping_after: Duration::from_secs(20),
            silence_max: Duration::from_secs(45),
            token_warning: Duration::from_mins(1),
            token_grace: Duration::from_secs(10),
            token_check: Duration::from_secs(3),
            close_timeout: Duration::from_secs(5),
            message_bytes_max: 64 * 1024,
            operations_max: 32,
            outbound_messages_max: 256,
            outbound_bytes_max: 1024 * 1024,
            presence_every: Duration::from_secs(1),
        }
    }
}
