//! Does for the core what it cannot do itself: sockets, timers, and the only look at a clock.
//!
//! Whatever happens goes in by [`Driver::handle`], which then does everything the core asks for. No
//! borrow is held while the owner is called, so that it may call back.

use alloc::boxed::Box;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use core::cell::{Cell, RefCell};

use js_sys::Function;
use parlor_sdk_core::{CanRead, Client, Config, HostClock, Input, Instant, Output};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use web_sys::{CloseEvent, Event, MessageEvent, WebSocket, Window};

use crate::listener::Listener;
use crate::network;
use crate::notice::Notice;

/// The close code for a socket that could not be opened.
const ABNORMAL_CLOSURE: u16 = 1006;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = performance, js_name = now)]
    fn look_at_clock() -> Result<JsValue, JsValue>;
}

pub(crate) struct Driver {
    window: Window,
    clock: Cell<HostClock>,
    core: RefCell<Client>,
    /// Opens sockets: called with the address, the subprotocol and the token. Pages share one among
    /// clients that would say the same.
    open: Function,
    /// What the core introduces itself with, on the next socket.
    token: RefCell<Option<String>>,
    socket: RefCell<Option<Socket>>,
    on_notice: Box<dyn Fn(Notice)>,
    /// Whether the owner has ended it, perhaps from within a notice: what the core still asks for
    /// then is not done.
    is_stopped: Cell<bool>,
    timer: Timer,
    /// None for a server that no network leads to.
    _network: Option<Listener>,
}

struct Socket {
    socket: WebSocket,
    _listeners: [Listener; 3],
}

struct Timer {
    closure: Closure<dyn FnMut()>,
    armed: Cell<Option<(i32, Instant)>>,
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
        open: Function,
        on_notice: Box<dyn Fn(Notice)>,
    ) -> Rc<Self> {
        let window = web_sys::window().expect("a client lives in a window");
        let seed = (js_sys::Math::random() * f64::from(u32::MAX)) as u64;
        let clock = Cell::new(HostClock::default());
        let now = read_clock(&clock);

        let crosses_network = !network::is_loopback(&config.url);
        let driver = Rc::new_cyclic(|driver: &Weak<Self>| {
            let driver = driver.clone();
            let returning = driver.clone();
            let connect = move || {
                if let Some(driver) = returning.upgrade() {
                    driver.handle(Input::NetworkChanged { online: true });
                }
            };
            let network = crosses_network.then(|| network::on_return(&window, connect));
            Self {
                _network: network,
                open,
                token: RefCell::new(config.token.clone()),
                clock,
                core: RefCell::new(Client::new(config, can_read, seed, now)),
                socket: RefCell::new(None),
                on_notice,
                is_stopped: Cell::new(false),
                timer: Timer {
                    closure: Closure::new(move || {
                        if let Some(driver) = driver.upgrade() {
                            driver.timer.armed.set(None);
                            driver.wake(Input::Timeout);
                        }
                    }),
                    armed: Cell::new(None),
                },
                window,
            }
        });
        // Not now: the owner does not have the client yet.
        driver.arm(now);
        driver
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
        if let Some(socket) = self.socket.borrow_mut().take() {
            // Without a code: the socket is good for others.
            let _ = socket.socket.close();
        }
    }

    fn act(self: &Rc<Self>, output: Output) {
        match output {
            Output::Connect { url, protocol } => self.connect(&url, protocol),
            Output::Send(text) => {
                if let Some(socket) = &*self.socket.borrow() {
                    // A socket that is closing says so by its close event.
                    let _ = socket.socket.send_with_str(&text);
                }
            }
            Output::CloseSocket { code } => {
                if let Some(socket) = self.socket.borrow_mut().take() {
                    socket.close(code);
                }
            }
            Output::Deliver(delivery) => (self.on_notice)(Notice::Delivery(delivery)),
            Output::ConnectionChanged(state) => (self.on_notice)(Notice::ConnectionChanged(state)),
            Output::TokenExpiring { expires_at } => {
                (self.on_notice)(Notice::TokenExpiring { expires_at });
            }
        }
    }

    fn connect(self: &Rc<Self>, url: &str, protocol: &str) {
        let earlier = self.socket.borrow_mut().take();
        if let Some(earlier) = earlier {
            earlier.close(1000);
        }

        let token = self.token.borrow().as_deref().map(JsValue::from);
        let socket = self
            .open
            .call3(&JsValue::NULL, &url.into(), &protocol.into(), &token.into());
        let Ok(socket) = socket.map(JsCast::unchecked_into::<WebSocket>) else {
            // The address is no address, or the page's policy forbids it.
            return self.handle(Input::Closed {
                code: ABNORMAL_CLOSURE,
            });
        };
        let listeners = [
            Listener::new(
                &socket,
                "open",
                self.listens(|driver, _: Event| {
                    driver.wake(Input::Opened);
                }),
            ),
            Listener::new(
                &socket,
                "message",
                self.listens(|driver, event: MessageEvent| {
                    if let Some(text) = event.data().as_string() {
                        driver.wake(Input::Received(&text));
                    }
                }),
            ),
            Listener::new(
                &socket,
                "close",
                self.listens(|driver, event: CloseEvent| {
                    driver.wake(Input::Closed { code: event.code() });
                }),
            ),
        ];
        *self.socket.borrow_mut() = Some(Socket {
            socket,
            _listeners: listeners,
        });
    }

    fn listens<E, F>(self: &Rc<Self>, callback: F) -> impl Fn(E) + use<E, F>
    where
        F: Fn(&Rc<Self>, E),
    {
        let driver = Rc::downgrade(self);

        move |event| {
            if let Some(driver) = driver.upgrade() {
                callback(&driver, event);
            }
        }
    }

    /// Has the core woken at `deadline`. A timer that is due earlier is left alone: with a player
    /// that reports with every frame the deadline moves a little each time.
    fn arm(&self, deadline: Instant) {
        if self.timer.armed.get().is_some_and(|(_, at)| at <= deadline) {
            return;
        }
        self.disarm();

        let wait_ms = deadline.millis_since(self.now());
        let wait_ms = i32::try_from(wait_ms.max(0)).unwrap_or(i32::MAX);
        let id = self
            .window
            .set_timeout_with_callback_and_timeout_and_arguments_0(
                self.timer.closure.as_ref().unchecked_ref(),
                wait_ms,
            )
            .expect_throw("a window has timers");
        self.timer.armed.set(Some((id, deadline)));
    }

    fn disarm(&self) {
        if let Some((id, _)) = self.timer.armed.take() {
            self.window.clear_timeout_with_handle(id);
        }
    }
}

impl Socket {
    fn close(&self, code: u16) {
        let _ = self.socket.close_with_code(code);
    }
}

fn read_clock(clock: &Cell<HostClock>) -> Instant {
    let mut read = clock.get();
    let now = read.now(|| {
        let reading = look_at_clock().ok().and_then(|reading| reading.as_f64());
        reading.unwrap_or(f64::NAN)
    });
    clock.set(read);

    now
}
