//! Brings the core a socket, a clock and the application's wishes, and carries out what it says.
//!
//! What the core wants shown goes into a bounded channel. While that is full the driver stands
//! still: it reads no more, so the server drops it as too slow, and once the application pulls
//! again the core finds its deadlines passed, comes back, and goes on from the position that it had
//! reached. Late, then, and whole. Only the application's own comings and goings are heard even
//! then: one that goes to the background has often stopped pulling.

use crate::record::{ConnectionState, Delivery, TokenRequest};
use crate::socket::{Socket, SocketEvent};
use crate::wishes::{Inbox, Lifecycle, PlayheadReport};
use parlor_sdk_core::{self as core, Input, Instant, Output};
use parlor_sdk_events::room;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;

/// Deliveries that wait for the application. Enough for a burst, and little enough to drop when it
/// stops.
pub(crate) const DELIVERIES_MAX: usize = 64;

/// The core, for the driver to drive and the handle to look at.
pub(crate) struct Machine {
    core: Mutex<core::Client>,
    started_at: std::time::Instant,
}

/// What the driver tells the application by.
pub(crate) struct News {
    pub(crate) deliveries: mpsc::Sender<Delivery>,
    pub(crate) state: watch::Sender<ConnectionState>,
    pub(crate) token_request: watch::Sender<Option<TokenRequest>>,
}

pub(crate) struct Driver {
    machine: Arc<Machine>,
    inbox: Inbox,
    news: News,
    /// What the core knows of the application.
    lifecycle: Lifecycle,
    /// What the application has been asked for.
    requested: Option<core::TokenRequest>,
    /// What the application has no room for. Nothing more is read meanwhile, so it is never more
    /// than the core had to show at once.
    held_up: VecDeque<Delivery>,
    socket: Option<Socket>,
    /// What happened to the last socket.
    close_reason: String,
}

/// What woke the driver up.
enum Event {
    Socket(SocketEvent),
    Lifecycle(Lifecycle),
    Playhead(PlayheadReport),
    Token(String),
    /// The application has taken something.
    Pulled,
    Stop,
    Deadline,
}

impl Machine {
    pub(crate) fn new(config: core::Config, seed: u64) -> Self {
        Self {
            core: Mutex::new(core::Client::new(
                config,
                room::can_read,
                seed,
                Instant::from_millis(0),
            )),
            started_at: read_clock(),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        let elapsed_ms = read_clock().duration_since(self.started_at).as_millis();

        Instant::from_millis(i64::try_from(elapsed_ms).unwrap_or(i64::MAX))
    }

    /// Never held across a wait.
    pub(crate) fn core(&self) -> MutexGuard<'_, core::Client> {
        // A panic in the core is a bug, and has been reported as one.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The core, unless it is at work.
    pub(crate) fn idle_core(&self) -> Option<MutexGuard<'_, core::Client>> {
        match self.core.try_lock() {
            Ok(core) => Some(core),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn deadline(&self) -> Option<tokio::time::Instant> {
        let at_ms = self.core().poll_timeout()?.as_millis();
        let after = Duration::from_millis(u64::try_from(at_ms).unwrap_or(0));

        self.started_at.checked_add(after).map(Into::into)
    }
}

impl Driver {
    pub(crate) fn new(machine: Arc<Machine>, inbox: Inbox, news: News) -> Self {
        Self {
            machine,
            inbox,
            news,
            lifecycle: Lifecycle::START,
            requested: None,
            held_up: VecDeque::new(),
            socket: None,
            close_reason: String::new(),
        }
    }

    pub(crate) async fn run(mut self) {
        loop {
            self.carry_out();
            self.ask_for_token();
            if self.is_over() {
                return;
            }
            let event = self.next_event().await;
            self.take_in(event);
        }
    }

    /// Does everything that the core has to say.
    fn carry_out(&mut self) {
        loop {
            // A statement of its own: the lock is not to be held while carrying out.
            let output = self.machine.core().poll_output();
            match output {
                None => return,
                Some(Output::Connect { url, protocol }) => {
                    self.socket = Some(Socket::open(url, protocol));
                }
                Some(Output::Send(text)) => self.send(text),
                Some(Output::CloseSocket { code }) => {
                    if let Some(socket) = self.socket.take() {
                        socket.close(code);
                    }
                }
                Some(Output::Deliver(delivery)) => self.held_up.push_back((*delivery).into()),
                Some(Output::ConnectionChanged(state)) => self.announce(state),
                Some(Output::TokenExpiring { expires_at }) => {
                    self.news.state.send_replace(ConnectionState::Live {
                        token_expires_at_unix_millis: Some(expires_at.unix_millis()),
                    });
                }
            }
        }
    }

    fn send(&mut self, text: String) {
        if self
            .socket
            .as_ref()
            .is_some_and(|socket| !socket.send(text))
        {
            self.socket = None;
            self.handle_closed(1006, "the server reads nothing".to_owned());
        }
    }

    /// Tells the application if the core's need of a token has changed.
    fn ask_for_token(&mut self) {
        let request = self.machine.core().token_request();
        if self.requested != request {
            self.requested = request;
            self.news
                .token_request
                .send_replace(request.map(Into::into));
        }
    }

    fn announce(&self, state: core::ConnectionState) {
        self.news.state.send_replace(match state {
            core::ConnectionState::Connecting => ConnectionState::Connecting,
            core::ConnectionState::Live => ConnectionState::Live {
                token_expires_at_unix_millis: None,
            },
            core::ConnectionState::Waiting { retry_at } => ConnectionState::Waiting {
                retry_in_ms: retry_at.millis_since(self.machine.now()).max(0),
                reason: self.close_reason.clone(),
            },
            core::ConnectionState::WaitingForNetwork => ConnectionState::WaitingForNetwork,
            core::ConnectionState::Paused => ConnectionState::Paused,
            core::ConnectionState::Failed(failure) => ConnectionState::Refused {
                failure: failure.into(),
            },
            core::ConnectionState::Disconnected => ConnectionState::Stopped,
        });
    }

    /// Returns whether nothing can come any more: the application has ended it, or the server has,
    /// for good, and nothing that is held has its moment still to come.
    fn is_over(&self) -> bool {
        let core = self.machine.core();

        match core.connection_state() {
            core::ConnectionState::Disconnected => true,
            core::ConnectionState::Failed(failure) => {
                !failure.is_retryable()
                    && !self.lifecycle.is_paused
                    && self.held_up.is_empty()
                    && core.poll_timeout().is_none()
            }
            core::ConnectionState::Connecting
            | core::ConnectionState::Live
            | core::ConnectionState::Waiting { .. }
            | core::ConnectionState::WaitingForNetwork
            | core::ConnectionState::Paused => false,
        }
    }

    async fn next_event(&mut self) -> Event {
        let deadline = self.machine.deadline();
        let Inbox {
            playhead,
            token,
            lifecycle,
            stop,
        } = &mut self.inbox;
        let is_held_up = !self.held_up.is_empty();

        tokio::select! {
            biased;
            () = stopped(stop) => Event::Stop,
            () = changed(lifecycle) => Event::Lifecycle(*lifecycle.borrow_and_update()),
            room = self.news.deliveries.reserve(), if is_held_up => {
                let Ok(room) = room else {
                    return Event::Stop;
                };
                room.send(self.held_up.pop_front().expect("something is held up"));
                Event::Pulled
            }
            () = changed(playhead), if !is_held_up => {
                Event::Playhead(*playhead.borrow_and_update())
            }
            () = changed(token), if !is_held_up => match token.borrow_and_update().clone() {
                Some(token) => Event::Token(token),
                None => Event::Deadline,
            },
            event = next_socket_event(self.socket.as_mut()), if !is_held_up => {
                Event::Socket(event)
            }
            () = passed(deadline), if !is_held_up => Event::Deadline,
        }
    }

    fn take_in(&mut self, event: Event) {
        match event {
            Event::Socket(SocketEvent::Opened) => self.input(Input::Opened),
            Event::Socket(SocketEvent::Received(text)) => self.input(Input::Received(&text)),
            Event::Socket(SocketEvent::Closed { code, reason }) => {
                self.socket = None;
                self.handle_closed(code, reason);
            }
            Event::Lifecycle(lifecycle) => {
                for news in lifecycle.news_since(self.lifecycle) {
                    self.input(news);
                }
                self.lifecycle = lifecycle;
            }
            Event::Playhead(PlayheadReport::At(playhead)) => self.input(Input::Playhead(playhead)),
            Event::Playhead(PlayheadReport::Unreadable) => self.input(Input::PlayheadUnreadable),
            Event::Playhead(PlayheadReport::Lost) => self.input(Input::PlayheadLost),
            Event::Playhead(PlayheadReport::Unknown) => self.input(Input::NoPlayhead),
            Event::Token(token) => self.input(Input::TokenRenewed(token)),
            Event::Stop => self.input(Input::Disconnect),
            Event::Pulled => {}
            Event::Playhead(PlayheadReport::None) | Event::Deadline => self.input(Input::Timeout),
        }
    }

    fn handle_closed(&mut self, code: u16, reason: String) {
        self.close_reason = if reason.is_empty() {
            format!("closed with code {code}")
        } else {
            reason
        };
        self.input(Input::Closed { code });
    }

    fn input(&self, input: Input<'_>) {
        let now = self.machine.now();
        self.machine.core().handle_input(input, now);
    }
}

/// The one place where this library reads a clock.
#[expect(
    clippy::disallowed_methods,
    reason = "a driver is where `now` comes from"
)]
fn read_clock() -> std::time::Instant {
    std::time::Instant::now()
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the handle is gone.
    let _ = stop.wait_for(|stopped| *stopped).await;
}

/// Waits for a new value. Never ends once the handle is gone: `stopped` tells that.
async fn changed<T>(wish: &mut watch::Receiver<T>) {
    if wish.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn next_socket_event(socket: Option<&mut Socket>) -> SocketEvent {
    match socket {
        Some(socket) => socket.next_event().await,
        None => std::future::pending().await,
    }
}

async fn passed(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
