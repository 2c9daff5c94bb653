//! Keeps one socket to the server: opens it, introduces itself, keeps it alive, and decides what a
//! close means.
//!
//! It knows the protocol and nothing of rooms; what it says once it has got through is the
//! subscription's business.

use crate::backoff::Backoff;
use crate::exchange::{ConnectionState, Failure, Output, TokenRequest};
use crate::time::{Instant, ServerTime};
use crate::wire::{self, PingPayload};
use alloc::collections::VecDeque;
use alloc::string::String;
use path::Path;
use token::Token;

mod lifecycle;
mod path;
mod token;

/// How long a socket may take to open. Longer than a slow phone needs for DNS, TCP and TLS.
const OPEN_TIMEOUT_MS: i64 = 15_000;

/// How long the server may take to let the client in.
const ACK_TIMEOUT_MS: i64 = 10_000;

/// How long the first answer to a subscription may take; a long log takes a while.
const ANSWER_TIMEOUT_MS: i64 = 30_000;

/// Without any frame for this long, three pings were left unanswered: the socket is dead.
const SILENCE_MAX_MS: i64 = 30_000;

/// How long the room's events have to come in for a connection to have proved good: a server that lets a
/// client in and sends it away again does so within less, and is not to be hammered.
const PROVEN_AFTER_MS: i64 = 1_000;

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
    token: Token,
    path: Path,
    is_paused: bool,
    phase: Phase,
    /// Whether the socket takes the place of a good one, so that nothing is amiss yet.
    is_renewing: bool,
    backoff: Backoff,
    /// Since when the room's events come in on this socket.
    live_since: Option<Instant>,
    pings_in_burst: u32,
    ping_at: Instant,
    heard_at: Instant,
    answer_by: Option<Instant>,
    disconnects: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Opening {
        deadline: Instant,
    },
    Joining {
        deadline: Instant,
    },
    Joined {
        live: bool,
    },
    Waiting {
        retry_at: Instant,
    },
    /// Nothing is tried, for the host has paused the client or says that there is no network.
    Idle,
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
            token: Token::new(token, now),
            path: Path::new(now),
            is_paused: false,
            phase: Phase::Idle,
            is_renewing: false,
            backoff: Backoff::new(seed),
            live_since: None,
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
            Phase::Joined { live: true } => ConnectionState::Live,
            Phase::Opening { .. } | Phase::Joining { .. } | Phase::Joined { live: false } => {
                if self.is_renewing {
                    ConnectionState::Live
                } else {
                    ConnectionState::Connecting
                }
            }
            Phase::Waiting { retry_at } => ConnectionState::Waiting { retry_at },
            Phase::Idle if self.is_paused => ConnectionState::Paused,
            Phase::Idle => ConnectionState::WaitingForNetwork,
            Phase::Failed(failure) => ConnectionState::Failed(failure),
            Phase::Disconnected => ConnectionState::Disconnected,
        }
    }

    pub(crate) fn disconnects(&self) -> u32 {
        self.disconnects
    }

    /// Returns why the host is to give another token, if it is.
    pub(crate) fn token_request(&self) -> Option<TokenRequest> {
        if self.phase == Phase::Failed(Failure::SignInRequired) {
            return self.token.is_used().then_some(TokenRequest::Refused);
        }

        self.token.request().filter(|_| self.has_socket())
    }

    pub(crate) fn handle_opened(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        if !matches!(self.phase, Phase::Opening { .. }) {
            return;
        }
        self.phase = Phase::Joining {
            deadline: now.plus_millis(ACK_TIMEOUT_MS),
        };
        self.hear(now);
        let token = self.token.present();
        out.push_back(Output::Send(wire::connection_init(token)));

        self.pings_in_burst = BURST_PINGS;
        self.ping(out, now);
    }

    pub(crate) fn handle_closed(&mut self, code: u16, out: &mut VecDeque<Output>, now: Instant) {
        if !self.has_socket() {
            return;
        }
        self.leave(now);

        match code {
            4403 if self.token.is_used() => self.fail(Failure::SignInRequired, out),
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
        self.hear(now);

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
            let expires_at = ServerTime::from_unix_millis(expires_at);
            if self.token.handle_warning(expires_at) {
                out.push_back(Output::TokenExpiring { expires_at });
            }
        }
    }

    /// Returns whether what is said on the socket is said to whom the token is of.
    pub(crate) fn is_of_the_viewer(&self) -> bool {
        self.is_joined() && !self.token.is_of_another()
    }

    /// Says whether something on the socket is of the viewer alone, so that it must not be another's.
    pub(crate) const fn set_personal(&mut self, is_personal: bool) {
        self.token.set_personal(is_personal);
    }

    /// Takes in another token, and returns whether it may be another viewer's.
    pub(crate) fn handle_token(
        &mut self,
        token: String,
        out: &mut VecDeque<Output>,
        now: Instant,
    ) -> bool {
        let is_another = self.token.replace(token);

        if self.phase == Phase::Failed(Failure::SignInRequired) {
            let retry_at = self.token.retry_at(now);
            self.open_at(retry_at, out, now);
        }

        is_another
    }

    pub(crate) fn handle_timeout(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        match self.phase {
            Phase::Opening { deadline } if deadline <= now => self.give_up(out, now),
            // Others of the page may have opened it, and introduced themselves with the token of before.
            Phase::Opening { .. } if self.token.redirect_at().is_some_and(|at| at <= now) => {
                self.renew(out, now);
            }
            Phase::Waiting { retry_at } if retry_at <= now => self.open(out, now),
            Phase::Opening { .. } | Phase::Joining { .. } | Phase::Joined { .. }
                if self.path.replace_at().is_some_and(|at| at <= now) =>
            {
                self.replace(out, now);
            }
            Phase::Joining { .. } | Phase::Joined { .. } => {
                if self.patience_ends_at().is_some_and(|at| at <= now) {
                    self.give_up(out, now);
                } else if self.token.renew_at().is_some_and(|at| at <= now) {
                    self.renew(out, now);
                } else if self.ping_at <= now {
                    self.ping(out, now);
                }
            }
            Phase::Opening { .. }
            | Phase::Waiting { .. }
            | Phase::Idle
            | Phase::Failed(_)
            | Phase::Disconnected => {}
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let steps = match self.phase {
            Phase::Opening { deadline } => [
                Some(deadline),
                self.path.replace_at(),
                self.token.redirect_at(),
                None,
            ],
            Phase::Joining { .. } | Phase::Joined { .. } => [
                Some(self.ping_at),
                self.patience_ends_at(),
                self.path.replace_at(),
                self.token.renew_at(),
            ],
            Phase::Waiting { retry_at } => [Some(retry_at), None, None, None],
            Phase::Idle | Phase::Failed(_) | Phase::Disconnected => return None,
        };

        steps.into_iter().flatten().min()
    }

    /// Notes that an operation was sent at `now` and wants an answer.
    pub(crate) fn expect_answer(&mut self, now: Instant) {
        self.answer_by = Some(now.plus_millis(ANSWER_TIMEOUT_MS));
    }

    /// Notes that the room's events come in.
    pub(crate) fn handle_answer(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        self.answer_by = None;
        if self.phase == (Phase::Joined { live: false }) {
            self.phase = Phase::Joined { live: true };
            self.is_renewing = false;
            self.live_since = Some(now);
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
        self.enter(Phase::Disconnected, out);
    }

    fn open(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        self.is_renewing = false;
        self.begin_to_open(now);
        out.push_back(Output::ConnectionChanged(self.state()));
        out.push_back(self.connect());
    }

    /// Replaces a good socket by one with another token. To the host it stays live.
    fn renew(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        self.is_renewing = self.state() == ConnectionState::Live;
        self.token.handle_renewal(now);
        self.begin_to_open(now);
        out.push_back(Output::CloseSocket { code: CLOSE_NORMAL });
        out.push_back(self.connect());
    }

    fn begin_to_open(&mut self, now: Instant) {
        self.leave(now);
        self.phase = Phase::Opening {
            deadline: now.plus_millis(OPEN_TIMEOUT_MS),
        };
        self.token.begin_anew();
        self.path.settle();
        self.answer_by = None;
    }

    fn connect(&self) -> Output {
        Output::Connect {
            url: self.url.clone(),
            protocol: wire::PROTOCOL,
        }
    }

    fn wait(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        self.disconnects = self.disconnects.saturating_add(1);
        self.leave(now);
        let retry_at = now.plus_millis(self.backoff.next_wait_ms());
        self.enter(self.try_at(retry_at), out);
    }

    /// Lets go of a socket, which may have proved good by now.
    fn leave(&mut self, now: Instant) {
        let live_since = self.live_since.take();
        if live_since.is_some_and(|since| now.millis_since(since) >= PROVEN_AFTER_MS) {
            self.backoff.reset();
        }
    }

    fn enter(&mut self, phase: Phase, out: &mut VecDeque<Output>) {
        self.phase = phase;
        out.push_back(Output::ConnectionChanged(self.state()));
    }

    fn fail(&mut self, failure: Failure, out: &mut VecDeque<Output>) {
        self.disconnects = self.disconnects.saturating_add(1);
        self.enter(Phase::Failed(failure), out);
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
            | Phase::Idle
            | Phase::Failed(_)
            | Phase::Disconnected => return None,
        };
        let silence_ends_at = self.heard_at.plus_millis(SILENCE_MAX_MS);

        Some(step_by.map_or(silence_ends_at, |step_by| step_by.min(silence_ends_at)))
    }

    fn hear(&mut self, now: Instant) {
        self.heard_at = now;
        self.path.settle();
    }

    fn has_socket(&self) -> bool {
        matches!(
            self.phase,
            Phase::Opening { .. } | Phase::Joining { .. } | Phase::Joined { .. }
        )
    }
}
