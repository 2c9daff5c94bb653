//! Does for the core what it cannot do itself: sockets, timers, and the only look at a clock.
//!
//! Whatever happens goes in by [`Driver::handle`], which then does everything the core asks for. No
//! borrow is held while the owner is called, so that it may call back.

use alloc::boxed::Box;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use core::cell::{Cell, RefCell};

use parlor_sdk_core::{CanRead, Client, Config, HostClock, Input, Instant, Output};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

use crate::notice::Notice;
use crate::page::{self, Network, Socket, Tell};

/// The close code for a socket that could not be opened.
const ABNORMAL_CLOSURE: u16 = 1006;

pub(crate) struct Driver {
    clock: Cell<HostClock>,
    core: RefCell<Client>,
    /// What the core introduces itself with, on the next socket.
    token: RefCell<Option<String>>,
    socket: RefCell<Option<Socket>>,
    on_notice: Box<dyn Fn(Notice)>,
    /// Whether the owner has ended it, perhaps from within a notice: what the core still asks for
    /// then is not done.
    is_stopped: Cell<bool>,
    /// The timer that is set, and when it is due.
    armed: Cell<Option<(i32, Instant)>>,
    /// Takes in whatever happens on the page.
    tell: Tell,
    network: Network,
}

impl Driver {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "any number will do for a seed"
    )]
    pub(crate) fn start(
        config: Config,
        can_read: CanRead,
        on_notice: Box<dyn Fn(Notice)>,
    ) -> Rc<Self> {
        let seed = (js_sys::Math::random() * f64::from(u32::MAX)) as u64;
        let clock = Cell::new(HostClock::default());
        let now = read_clock(&clock);

        let driver = Rc::new_cyclic(|driver: &Weak<Self>| {
            let driver = driver.clone();
            let tell: Tell = Closure::new(move |kind, value| {
                if let Some(driver) = driver.upgrade() {
                    driver.hear(kind, &value);
                }
            });
            Self {
                network: Network::follow(&config.url, &tell),
                token: RefCell::new(config.token.clone()),
                clock,
                core: RefCell::new(Client::new(config, can_read, seed, now)),
                socket: RefCell::new(None),
                on_notice,
                is_stopped: Cell::new(false),
                armed: Cell::new(None),
                tell,
            }
        });
        // Not now: the owner does not have the client yet.
        driver.arm(now);
        driver
    }

    /// Takes in what happened on the page.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "close codes are of sixteen bits"
    )]
    fn hear(self: &Rc<Self>, kind: u32, value: &JsValue) {
        match kind {
            page::ONLINE => self.handle(Input::NetworkChanged { online: true }),
            page::OPENED => self.wake(Input::Opened),
            page::RECEIVED => {
                let text = value.as_string().unwrap_or_default();
                self.wake(Input::Received(&text));
            }
            page::CLOSED => {
                let code = value.as_f64().map_or(ABNORMAL_CLOSURE, |code| code as u16);
                self.wake(Input::Closed { code });
            }
            page::TIMEOUT => {
                self.armed.set(None);
                self.wake(Input::Timeout);
            }
            // Sockets may be opened by another copy of the scripts, which knows of more.
            _ => {}
        }
    }

    pub(crate) fn handle(self: &Rc<Self>, input: Input<'_>) {
        if self.is_stopped.get() {
            return;
        }
        if let Input::TokenRenewed(token) = &input {
            *self.token.borrow_mut() = Some(token.clone());
        }
        let now = self.now();
        self.core.borrow_mut().handle_input(input, now);

        loop {
            let output = self.core.borrow_mut().poll_output();
            let Some(output) = output else {
                break;
            };
            self.act(output);
            if self.is_stopped.get() {
                return;
            }
        }

        let deadline = self.core.borrow().poll_timeout();
        if let Some(deadline) = deadline {
            self.arm(deadline);
        }
    }

    /// Takes in what comes by itself.
    fn wake(self: &Rc<Self>, input: Input<'_>) {
        (self.on_notice)(Notice::Waking);
        self.handle(input);
    }

    pub(crate) fn catch_up(self: &Rc<Self>) {
        let deadline = self.core.borrow().poll_timeout();
        if deadline.is_some_and(|deadline| deadline <= self.now()) {
            self.handle(Input::Timeout);
        }
    }

    pub(crate) fn with_core<T>(&self, read: impl FnOnce(&Client, Instant) -> T) -> T {
        read(&self.core.borrow(), self.now())
    }

    pub(crate) fn instant_of(&self, reading_ms: f64) -> Option<Instant> {
        self.clock.get().instant_of(reading_ms)
    }

    /// Returns how often the page's clock said what cannot be.
    pub(crate) fn clock_readings_refused(&self) -> u32 {
        self.clock.get().refused()
    }

    fn now(&self) -> Instant {
        read_clock(&self.clock)
    }

    pub(crate) fn stop(&self) {
        self.is_stopped.set(true);
        self.disarm();
        self.network.leave();
        if let Some(socket) = self.socket.borrow_mut().take() {
            // Without a code: the socket is good for others.
            socket.close(None);
        }
    }

    fn act(self: &Rc<Self>, output: Output) {
        match output {
            Output::Connect { url, protocol } => self.connect(&url, protocol),
            Output::Send(text) => {
                if let Some(socket) = &*self.socket.borrow() {
                    socket.send(&text);
                }
            }
            Output::CloseSocket { code } => {
                if let Some(socket) = self.socket.borrow_mut().take() {
                    socket.close(Some(code));
                }
            }
            Output::Deliver(delivery) => (self.on_notice)(Notice::Delivery(delivery)),
            Output::ConnectionChanged(state) => (self.on_notice)(Notice::ConnectionChanged(state)),
            Output::WalletChanged => (self.on_notice)(Notice::WalletChanged),
            Output::TokenExpiring { expires_at } => {
                (self.on_notice)(Notice::TokenExpiring { expires_at });
            }
        }
    }

    fn connect(self: &Rc<Self>, url: &str, protocol: &str) {
        let earlier = self.socket.borrow_mut().take();
        if let Some(earlier) = earlier {
            earlier.close(Some(1000));
        }

        let token = self.token.borrow().clone();
        let Some(socket) = page::open_socket(url, protocol, token, &self.tell) else {
            // The address is no address, or the page's policy forbids it.
            return self.handle(Input::Closed {
                code: ABNORMAL_CLOSURE,
            });
        };
        *self.socket.borrow_mut() = Some(socket);
    }

    /// Has the core woken at `deadline`. A timer that is due earlier is left alone: with a player
    /// that reports with every frame the deadline moves a little each time.
    fn arm(&self, deadline: Instant) {
        if self.armed.get().is_some_and(|(_, at)| at <= deadline) {
            return;
        }
        self.disarm();

        let wait_ms = deadline.millis_since(self.now());
        let wait_ms = i32::try_from(wait_ms.max(0)).unwrap_or(i32::MAX);
        let id = page::set_timeout(&self.tell, wait_ms, page::TIMEOUT);
        self.armed.set(Some((id, deadline)));
    }

    fn disarm(&self) {
        if let Some((id, _)) = self.armed.take() {
            page::clear_timeout(id);
        }
    }
}

fn read_clock(clock: &Cell<HostClock>) -> Instant {
    let mut read = clock.get();
    let now = read.now(page::read_clock);
    clock.set(read);

    now
}
