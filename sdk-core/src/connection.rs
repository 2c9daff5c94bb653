//! Keeps one socket to the server: opens it, introduces itself, keeps it alive, and decides what a
//! close means.
//!
//! It knows the protocol and nothing of rooms; what it says once it has got through is the
//! subscription's business.

use crate::backoff::Backoff;
use crate::exchange::{ConnectionState, Failure, Output};
use crate::time::{Instant, ServerTime};
use crate::wire::{self, PingPayload};
use std::collections::VecDeque;

/// How long a socket may take to open. Longer than a slow phone needs for DNS, TCP and TLS.
const OPEN_TIMEOUT_MS: i64 = 15_000;

/// How long the server may take to let the client in.
const ACK_TIMEOUT_MS: i64 = 10_000;

/// How long the first answer to a subscription may take; a long log takes a while.
const ANSWER_TIMEOUT_MS: i64 = 30_000;

/// Without any frame for this long, three pings were left unanswered: the socket is dead.
const SILENCE_MAX_MS: i64 = 30_000;

const PING_INTERVAL_MS: i64 = 10_000;

/// A new connection pings a few times at once, because the clock estimate is only as good as the
/// best round trip so far.
const BURST_PINGS: u32 = 5;
const BURST_INTERVAL_MS: i64 = 200;

/// What graphql-ws clients say to a server that does not answer.
const CLOSE_UNRESPONSIVE: u16 = 4499;
const CLOSE_NORMAL: u16 = 1000;

/// The socket and its state.
#[derive(Debug)]
pub(crate) struct Connection {
    url: String,
    token: Option<String>,
    /// Whether the server has seen the present token.
    token_is_used: bool,
    token_is_expiring: bool,
    phase: Phase,
    backoff: Backoff,
    pings_in_burst: u32,
    ping_at: Instant,
    heard_at: Instant,
    answer_by: Option<Instant>,
    disconnects: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Opening { deadline: Instant },
    Joining { deadline: Instant },
    Joined { live: bool },
    Waiting { retry_at: Instant },
    Failed(Failure),
    Disconnected,
}

impl Connection {
    pub(crate) fn new(
        url: String,
        token: Option<String>,
        seed: u64,
        out: &mut VecDeque<Output>,
        now: Instant,
    ) -> Self {
        let mut connection = Self {
            url,
            token,
            token_is_used: false,
            token_is_expiring: false,
            phase: Phase::Disconnected,
            backoff: Backoff::new(seed),
            pings_in_burst: 0,
            ping_at: now,
            heard_at: now,
            answer_by: None,
            disconnects: 0,
        };
        connection.open(out, now);

        connection
    }

    /// Returns whether operations may be sent.
    pub(crate) fn is_joined(&self) -> bool {
        matches!(self.phase, Phase::Joined { .. })
    }

    pub(crate) fn state(&self) -> ConnectionState {
        match self.phase {
            Phase::Opening { .. } | Phase::Joining { .. } | Phase::Joined { live: false } => {
                ConnectionState::Connecting
            }
            Phase::Joined { live: true } => ConnectionState::Live,
            Phase::Waiting { retry_at } => ConnectionState::Waiting { retry_at },
            Phase::Failed(failure) => ConnectionState::Failed(failure),
            Phase::Disconnected => ConnectionState::Disconnected,
        }
    }

    pub(crate) fn disconnects(&self) -> u32 {
        self.disconnects
    }

    pub(crate) fn handle_opened(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        if !matches!(self.phase, Phase::Opening { .. }) {
            return;
        }
        self.phase = Phase::Joining {
            deadline: now.plus_millis(ACK_TIMEOUT_MS),
        };
        self.heard_at = now;
        self.token_is_used = true;
        out.push_back(Output::Send(wire::connection_init(self.token.as_deref())));

        self.pings_in_burst = BURST_PINGS;
        self.ping(out, now);
    }

    pub(crate) fn handle_closed(&mut self, code: u16, out: &mut VecDeque<Output>, now: Instant) {
        if !self.has_socket() {
            return;
        }

        match code {
            4403 if self.token_is_used => self.fail(Failure::SignInRequired, out),
            4400 | 4401 | 4406 | 4409 | 4429 => self.fail(Failure::Protocol { code }, out),
            1012 | 1013 => {
                self.backoff.spread();
                self.wait(out, now);
            }
            _ => self.wait(out, now),
        }
    }

    /// Returns whether a frame that came in at `now` is to be looked at.
    pub(crate) fn handle_frame(&mut self, now: Instant) -> bool {
        self.heard_at = now;

        matches!(self.phase, Phase::Joining { .. } | Phase::Joined { .. })
    }

    /// Returns whether the server has let the client in just now.
    pub(crate) fn handle_ack(&mut self) -> bool {
        let joining = matches!(self.phase, Phase::Joining { .. });
        if joining {
            self.phase = Phase::Joined { live: false };
        }

        joining
    }

    pub(crate) fn handle_ping(&mut self, payload: &PingPayload, out: &mut VecDeque<Output>) {
        out.push_back(Output::Send(wire::pong(payload)));

        if let Some(expires_at) = payload.token_expires {
            self.token_is_expiring = true;
            out.push_back(Output::TokenExpiring {
                expires_at: ServerTime::from_unix_millis(expires_at),
            });
        }
    }

    pub(crate) fn handle_token(&mut self, token: String, out: &mut VecDeque<Output>, now: Instant) {
        self.token = Some(token);
        self.token_is_used = false;

        if self.phase == Phase::Failed(Failure::SignInRequired) {
            self.open(out, now);
        } else if self.token_is_expiring && self.has_socket() {
            out.push_back(Output::CloseSocket { code: CLOSE_NORMAL });
            self.open(out, now);
        }
    }

    pub(crate) fn handle_timeout(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        match self.phase {
            Phase::Opening { deadline } if deadline <= now => self.give_up(out, now),
            Phase::Waiting { retry_at } if retry_at <= now => self.open(out, now),
            Phase::Joining { .. } | Phase::Joined { .. } => {
                if self.patience_ends_at().is_some_and(|at| at <= now) {
                    self.give_up(out, now);
                } else if self.ping_at <= now {
                    self.ping(out, now);
                }
            }
            Phase::Opening { .. }
            | Phase::Waiting { .. }
            | Phase::Failed(_)
            | Phase::Disconnected => {}
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Opening { deadline } => Some(deadline),
            Phase::Waiting { retry_at } => Some(retry_at),
            Phase::Joining { .. } | Phase::Joined { .. } => {
                let patience_ends_at = self.patience_ends_at()?;
                Some(self.ping_at.min(patience_ends_at))
            }
            Phase::Failed(_) | Phase::Disconnected => None,
        }
    }

    /// Notes that an operation was sent at `now` and wants an answer.
    pub(crate) fn expect_answer(&mut self, now: Instant) {
        self.answer_by = Some(now.plus_millis(ANSWER_TIMEOUT_MS));
    }

    /// Notes that the room's events come in.
    pub(crate) fn handle_answer(&mut self, out: &mut VecDeque<Output>) {
        self.answer_by = None;
        if self.phase == (Phase::Joined { live: false }) {
            self.phase = Phase::Joined { live: true };
            self.backoff.reset();
            out.push_back(Output::ConnectionChanged(self.state()));
        }
    }

    /// Drops a socket that is of no use any more, to try another one later.
    pub(crate) fn give_up(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        out.push_back(Output::CloseSocket {
            code: CLOSE_UNRESPONSIVE,
        });
        self.wait(out, now);
    }

    /// Drops the socket, for the server does not want this client.
    pub(crate) fn refuse(&mut self, failure: Failure, out: &mut VecDeque<Output>) {
        out.push_back(Output::CloseSocket { code: CLOSE_NORMAL });
        self.fail(failure, out);
    }

    pub(crate) fn disconnect(&mut self, out: &mut VecDeque<Output>) {
        if self.phase == Phase::Disconnected {
            return;
        }
        if self.has_socket() {
            out.push_back(Output::CloseSocket { code: CLOSE_NORMAL });
        }
        self.phase = Phase::Disconnected;
        out.push_back(Output::ConnectionChanged(self.state()));
    }

    fn open(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        self.phase = Phase::Opening {
            deadline: now.plus_millis(OPEN_TIMEOUT_MS),
        };
        self.token_is_expiring = false;
        self.answer_by = None;
        out.push_back(Output::ConnectionChanged(self.state()));
        out.push_back(Output::Connect {
            url: self.url.clone(),
            protocol: wire::PROTOCOL,
        });
    }

    fn wait(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        self.disconnects = self.disconnects.saturating_add(1);
        self.phase = Phase::Waiting {
            retry_at: now.plus_millis(self.backoff.next_wait_ms()),
        };
        out.push_back(Output::ConnectionChanged(self.state()));
    }

    fn fail(&mut self, failure: Failure, out: &mut VecDeque<Output>) {
        self.disconnects = self.disconnects.saturating_add(1);
        self.phase = Phase::Failed(failure);
        out.push_back(Output::ConnectionChanged(self.state()));
    }

    fn ping(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        self.pings_in_burst = self.pings_in_burst.saturating_sub(1);
        self.ping_at = now.plus_millis(if self.pings_in_burst > 0 {
            BURST_INTERVAL_MS
        } else {
            PING_INTERVAL_MS
        });
        out.push_back(Output::Send(wire::ping(now)));
    }

    fn patience_ends_at(&self) -> Option<Instant> {
        let step_by = match self.phase {
            Phase::Joining { deadline } => Some(deadline),
            Phase::Joined { .. } => self.answer_by,
            Phase::Opening { .. }
            | Phase::Waiting { .. }
            | Phase::Failed(_)
            | Phase::Disconnected => return None,
        };
        let silence_ends_at = self.heard_at.plus_millis(SILENCE_MAX_MS);

        Some(step_by.map_or(silence_ends_at, |step_by| step_by.min(silence_ends_at)))
    }

    fn has_socket(&self) -> bool {
        matches!(
            self.phase,
            Phase::Opening { .. } | Phase::Joining { .. } | Phase::Joined { .. }
        )
    }
}
