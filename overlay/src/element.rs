//! What `<parlor-overlay>` holds while it is in a document: a client, a scene, and its drawing.

use alloc::rc::Rc;
use alloc::string::String;
use core::cell::{Cell, OnceCell, RefCell};

use parlor_sdk_core::{Config, Delivery, Placement};
use parlor_sdk_wasm::{Client, Notice, convert};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use web_sys::{CustomEvent, CustomEventInit, HtmlElement};

use crate::frame_loop::FrameLoop;
use crate::render::Stage;
use crate::scene::{Scene, Widgets};

/// Half a frame at 60 Hz: an event is shown with the frame nearest to its moment rather than with
/// the first one after it.
const LEAD_MS: f64 = 8.0;
/// How often the element's size is looked at, in frames.
const MEASURE_EVERY: u32 = 30;

#[wasm_bindgen]
extern "C" {
    /// An object that a page gives to `attachPlayer`.
    pub type Player;
    /// What its `playhead()` returns.
    pub type PlayerPosition;

    #[wasm_bindgen(method, catch)]
    fn playhead(this: &Player) -> Result<Option<PlayerPosition>, JsValue>;
    #[wasm_bindgen(method, getter, js_name = positionMs)]
    fn position_ms(this: &PlayerPosition) -> f64;
    #[wasm_bindgen(method, getter)]
    fn playing(this: &PlayerPosition) -> bool;
    #[wasm_bindgen(method, getter)]
    fn rate(this: &PlayerPosition) -> Option<f64>;
}

/// A running overlay. Freeing it disconnects and stops.
#[wasm_bindgen]
pub struct Overlay {
    running: Rc<Running>,
    _frames: FrameLoop,
}

struct Running {
    host: HtmlElement,
    client: OnceCell<Client>,
    scene: RefCell<Scene>,
    stage: RefCell<Stage>,
    player: RefCell<Option<Player>>,
    had_playhead: Cell<bool>,
    scene_at_ms: Cell<i64>,
    frames: Cell<u32>,
}

#[wasm_bindgen]
impl Overlay {
    /// Connects, and draws into `host`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        host: HtmlElement,
        url: String,
        room: String,
        token: Option<String>,
        placement: &str,
        widgets: &str,
    ) -> Self {
        let placement = convert::placement(placement).unwrap_or(Placement::Player);
        let config = Config {
            url,
            token,
            room_id: room,
            placement,
            start_at: None,
        };
        let widgets = Widgets::parse(widgets);
        let running = Rc::new(Running {
            stage: RefCell::new(Stage::new(host.clone(), widgets)),
            host,
            client: OnceCell::new(),
            scene: RefCell::new(Scene::new(widgets)),
            player: RefCell::new(None),
            had_playhead: Cell::new(false),
            scene_at_ms: Cell::new(0),
            frames: Cell::new(0),
        });

        let noticed = Rc::downgrade(&running);
        let client = Client::connect(config, move |notice| {
            if let Some(running) = noticed.upgrade() {
                running.notice(&notice);
            }
        });
        running.scene_at_ms.set(client.now_ms());
        assert!(running.client.set(client).is_ok(), "connected once");

        let drawn = Rc::downgrade(&running);
        let frames = FrameLoop::start(move || {
            if let Some(running) = drawn.upgrade() {
                running.frame();
            }
        });

        Self {
            running,
            _frames: frames,
        }
    }

    /// Takes the player whose picture the overlay lies on, or `undefined` for none.
    #[wasm_bindgen(js_name = attachPlayer)]
    pub fn attach_player(&self, player: Option<Player>) {
        *self.running.player.borrow_mut() = player;
    }

    /// Hands over a new token.
    #[wasm_bindgen(js_name = setToken)]
    pub fn set_token(&self, token: &str) {
        self.running.client().renew_token(token);
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        let empty = Scene::new(Widgets::parse(""));
        self.running.stage.borrow_mut().draw(&empty.view());
    }
}

impl Running {
    fn client(&self) -> &Client {
        self.client
            .get()
            .expect("connected before anything happens")
    }

    fn frame(&self) {
        self.report_playhead();
        self.client().catch_up();
        self.advance();

        let mut stage = self.stage.borrow_mut();
        let frames = self.frames.get().wrapping_add(1);
        self.frames.set(frames);
        if frames.is_multiple_of(MEASURE_EVERY) {
            stage.measure();
        }
        stage.draw(&self.scene.borrow().view());
    }

    fn report_playhead(&self) {
        let player = self.player.borrow();
        let Some(player) = &*player else {
            return;
        };
        // A player that throws is one that does not know.
        match player.playhead().ok().flatten() {
            Some(position) => {
                let rate = position.rate().unwrap_or(1.0);
                let lead_ms = if position.playing() {
                    LEAD_MS * rate
                } else {
                    0.0
                };
                self.had_playhead.set(true);
                self.client().report_playhead(convert::playhead(
                    position.position_ms() + lead_ms,
                    position.playing(),
                    rate,
                ));
            }
            None if self.had_playhead.replace(false) => self.client().report_no_playhead(),
            // It is still loading; the client waits a while by itself.
            None => {}
        }
    }

    /// Brings the scene up to now.
    fn advance(&self) {
        let now_ms = self.client().now_ms();
        let dt_ms = now_ms - self.scene_at_ms.replace(now_ms);

        self.scene
            .borrow_mut()
            .advance(dt_ms, self.client().picture_time());
    }

    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::Delivery(delivery) => {
                self.advance();
                match &**delivery {
                    Delivery::Event(shown) => {
                        let mut scene = self.scene.borrow_mut();
                        scene.show(&shown.event, shown.late_by_ms);
                        if shown.event.kind.is_live() {
                            self.client().read_room(|room| scene.regroup(room));
                        }
                        drop(scene);
                        self.dispatch("parlor-event", &convert::event(shown));
                    }
                    Delivery::PresenceChanged { online_count } => {
                        self.scene.borrow_mut().count_people(*online_count);
                    }
                    Delivery::StateReplaced(room) => {
                        let picture_time = self.client().picture_time();
                        self.scene.borrow_mut().replace(room, picture_time);
                    }
                }
            }
            Notice::ConnectionChanged(state) => {
                self.dispatch("parlor-connection", &convert::connection(*state));
            }
            Notice::TokenExpiring { expires_at } => {
                self.dispatch("parlor-token-expiring", &convert::time(*expires_at));
            }
        }
    }

    fn dispatch(&self, kind: &str, detail: &JsValue) {
        let init = CustomEventInit::new();
        init.set_detail(detail);
        if let Ok(event) = CustomEvent::new_with_event_init_dict(kind, &init) {
            let _ = self.host.dispatch_event(&event);
        }
    }
}
