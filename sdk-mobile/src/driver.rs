//! Brings the core a socket, a clock and the application's wishes, and carries out what it says.
//!
//! What the core wants shown is handed out to all who consume it. While one of them is too far behind the
//! driver stands still: it reads no more, so the server drops it as too slow, and once the application pulls
//! again the core finds its deadlines passed, comes back, and goes on from the position that it had
//! reached. Late, then, and whole. Only the application's own comings and goings are heard even
//! then: one that goes to the background has often stopped pulling.

use crate::api::read_wallet;
use crate::handout::Intake;
use crate::machine::Machine;
use crate::record::{ConnectionState, TokenRequest};
use crate::socket::{Socket, SocketEvent};
use crate::wallets::WalletNews;
use crate::wishes::{Inbox, Lifecycle, NewToken, PlayheadReport};
use parlor_sdk_core::{self as core, Input, Output};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::watch;
use tokio::time::sleep_until;

/// What the driver tells the application by.
pub(crate) struct News {
    pub(crate) deliveries: Intake,
    /// The room that is shown has changed.
    pub(crate) room: watch::Sender<()>,
    /// How often it has.
    pub(crate) room_count: Arc<AtomicU64>,
    /// How many follow it.
    pub(crate) room_followers: Arc<AtomicUsize>,
    pub(crate) wallet: WalletNews,
    pub(crate) state: watch::Sender<ConnectionState>,
    pub(crate) token_request: watch::Sender<Option<TokenRequest>>,
}

pub(crate) struct Driver {
    machine: Arc<Machine>,
    inbox: Inbox,
    news: News,
    /// What the core knows of the application.
    lifecycle: Lifecycle,
    /// The how many-th viewer the core has the token of.
    viewer: u64,
    /// What the application has been asked for.
    requested: Option<core::TokenRequest>,
    /// What the core has to say, and is not yet carried out.
    outputs: VecDeque<Output>,
    socket: Option<Socket>,
    /// What happened to the last socket.
    close_reason: String,
}

/// What woke the driver up.
enum Event {
    Socket(SocketEvent),
    Lifecycle(Lifecycle),
    Playhead(PlayheadReport),
    Token(NewToken),
    WalletFollowed(bool),
    /// The application has taken something, or wants no more of it.
    Pulled,
    Stop,
    Deadline,
}

impl Driver {
    pub(crate) fn new(machine: Arc<Machine>, inbox: Inbox, news: News) -> Self {
        Self {
            machine,
            inbox,
            news,
            lifecycle: Lifecycle::START,
            viewer: 0,
            requested: None,
            outputs: VecDeque::new(),
            socket: None,
            close_reason: String::new(),
        }
    }

    pub(crate) async fn run(mut self) {
        self.hear_out(&mut self.machine.clone().core());
        self.tell();
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

    /// Takes all that the core has to say, and hands out what is delivered. The core is held meanwhile, so that
    /// whoever looks at it finds the room as it is after all that was handed out.
    fn hear_out(&mut self, core: &mut core::Client) {
        while let Some(output) = core.poll_output() {
            match output {
                Output::Deliver(delivery) => {
                    if changes_room(&delivery) {
                        self.news.room_count.fetch_add(1, Ordering::SeqCst);
                    }
                    self.news.deliveries.push((*delivery).into());
                }
                output @ (Output::Connect { .. }
                | Output::Send(_)
                | Output::CloseSocket { .. }
                | Output::ConnectionChanged(_)
                | Output::WalletChanged
                | Output::TokenExpiring { .. }) => self.outputs.push_back(output),
            }
        }
    }

    /// Tells whoever waits of what was handed out. They may be woken on this very thread and look at the core at
    /// once, so it is not held.
    fn tell(&self) {
        self.news.deliveries.tell();
        self.news.room.send_replace(());
    }

    /// Does what the core has said.
    fn carry_out(&mut self) {
        while let Some(output) = self.outputs.pop_front() {
            match output {
                Output::Connect { url, protocol } => {
                    self.socket = Some(Socket::open(url, protocol));
                }
                Output::Send(text) => self.send(text),
                Output::CloseSocket { code } => {
                    if let Some(socket) = self.socket.take() {
                        socket.close(code);
                    }
                }
                Output::Deliver(_) => unreachable!("it is handed out where it is heard"),
                Output::ConnectionChanged(state) => self.announce(state),
                Output::WalletChanged => self.tell_wallet(),
                Output::TokenExpiring { expires_at } => {
                    self.news.state.send_replace(ConnectionState::Live {
                        token_expires_at_unix_millis: Some(expires_at.unix_millis()),
                    });
                }
            }
        }
    }

    fn tell_wallet(&self) {
        let wallet = self.machine.core().wallet().cloned();
        let read = wallet.and_then(|wallet| read_wallet(wallet.as_json()));
        self.news.wallet.tell(self.viewer, read);
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
    /// for good, and nothing that is held has its moment still to come. What was handed out can be consumed
    /// later.
    fn is_over(&self) -> bool {
        let core = self.machine.core();

        match core.connection_state() {
            core::ConnectionState::Disconnected => true,
            core::ConnectionState::Failed(failure) => {
                !failure.is_retryable()
                    && !self.lifecycle.is_paused
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
        // Whoever follows the room or the wallet alone consumes nothing, and is not to be held up by that.
        let is_followed = self.news.room_followers.load(Ordering::SeqCst) > 0
            || *self.inbox.wallet_followers.borrow() > 0;
        if self.news.deliveries.is_full() && is_followed {
            self.news.deliveries.give_up_kept();
        }
        let deadline = self.machine.deadline();
        let Inbox {
            playhead,
            token,
            wallet_followers,
            lifecycle,
            stop,
        } = &mut self.inbox;
        let is_held_up = self.news.deliveries.is_full();

        tokio::select! {
            biased;
            () = stopped(stop) => Event::Stop,
            () = changed(lifecycle) => Event::Lifecycle(*lifecycle.borrow_and_update()),
            () = changed(wallet_followers) => {
                Event::WalletFollowed(*wallet_followers.borrow_and_update() > 0)
            }
            () = self.news.deliveries.moved(), if is_held_up => Event::Pulled,
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
            Event::Token(NewToken { token, viewer }) => {
                self.viewer = viewer;
                self.input(Input::TokenRenewed(token));
                // Of tokens that were given at once the core has heard of the last alone. If that is of the viewer whom
                // it knows, nothing has changed for the core, while all that was told is forgotten.
                self.tell_wallet();
            }
            Event::WalletFollowed(is_followed) => self.input(Input::FollowWallet(is_followed)),
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

    fn input(&mut self, input: Input<'_>) {
        let machine = self.machine.clone();
        let now = machine.now();
        let mut core = machine.core();
        core.handle_input(input, now);
        self.hear_out(&mut core);
        drop(core);
        self.tell();
    }
}

/// Returns whether the room that is shown is another one after this.
fn changes_room(delivery: &core::Delivery) -> bool {
    match delivery {
        core::Delivery::Event(shown) => shown.event.part.is_some(),
        core::Delivery::StateReplaced(_) | core::Delivery::PresenceChanged { .. } => true,
    }
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
