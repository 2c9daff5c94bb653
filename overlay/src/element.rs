//! What `<parlor-overlay>` holds while it is in a document: a client, a scene, and its drawing.

use alloc::rc::Rc;
use alloc::string::String;
use core::cell::{Cell, OnceCell, RefCell};

use parlor_sdk_core::{Config, Delivery, Instant, Placement, Playhead, SyncSource};
use parlor_sdk_wasm::{Client, ClientCell, Notice, Watched, can_read, convert};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::player::{Place, Player, Seeks};
use crate::render::Stage;
use crate::scene::{Scene, Widgets};

/// Half a frame at 60 Hz: an event is shown with the frame nearest to its moment rather than with
/// the first one after it.
const LEAD_MS: f64 = 8.0;

#[wasm_bindgen]
extern "C" {
    /// The element. Its code, and the page's, runs in each of these, and what they throw is reported there.
    pub type Owner;

    /// Hands over what happened: `event` and an event as `events.js` reads it, `connection` and its state,
    /// `sync` and what the picture is timed by, `token-expiring` and when, `wallet` when that is another.
    #[wasm_bindgen(method)]
    fn tell(this: &Owner, kind: &str, detail: &JsValue);
    /// Says that a frame is drawn: the scene's time in milliseconds, when that happened which the picture shows (in
    /// milliseconds since 1970), and whether [`Overlay::room`] is another than at the last call.
    #[wasm_bindgen(method)]
    fn drawn(this: &Owner, time_ms: f64, picture_time: Option<f64>, is_changed: bool);
}

/// A running overlay. Freeing it disconnects and stops.
#[wasm_bindgen]
pub struct Overlay {
    running: Rc<Running>,
}

struct Running {
    client: ClientCell,
    scene: RefCell<Scene>,
    stage: RefCell<Stage>,
    player: RefCell<Option<Player>>,
    /// Whether the player has said where it is, and not yet that it does not know any more.
    has_playhead: Cell<bool>,
    /// What is watched, once somebody wants to tell of it.
    watched: OnceCell<Watched>,
    seeks: Cell<Seeks>,
    /// What the owner knows the picture to be timed by.
    sync_source: Cell<Option<SyncSource>>,
    owner: Owner,
    /// Whether the room is another than when the last frame was drawn.
    is_changed: Cell<bool>,
    /// Whether the overlay is freed, perhaps by what is being done here just now.
    is_over: Cell<bool>,
}

#[wasm_bindgen]
impl Overlay {
    /// Connects, and draws into `host`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        host: &JsValue,
        url: String,
        room: String,
        token: Option<String>,
        placement: &str,
        widgets: &str,
        owner: Owner,
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
            stage: RefCell::new(Stage::new(host, widgets)),
            client: ClientCell::default(),
            scene: RefCell::new(Scene::new(widgets, Instant::from_millis(0))),
            player: RefCell::new(None),
            has_playhead: Cell::new(false),
            watched: OnceCell::new(),
            seeks: Cell::new(Seeks::default()),
            sync_source: Cell::new(None),
            owner,
            is_changed: Cell::new(false),
            is_over: Cell::new(false),
        });

        let noticed = Rc::downgrade(&running);
        let client = Client::connect(config, can_read, move |notice| {
            if let Some(running) = noticed.upgrade() {
                running.notice(&notice);
            }
        });
        assert!(running.client.set(client).is_ok(), "connected once");

        Self { running }
    }

    /// Goes on in another document, which has adopted the host.
    #[wasm_bindgen(js_name = moveDocument)]
    pub fn move_document(&self) {
        self.running.stage.borrow().enter();
    }

    /// Draws what is to be seen now. Call with every animation frame.
    pub fn frame(&self) {
        self.running.frame();
    }

    /// Takes the player whose picture the overlay lies on, or `undefined` for none: whoever takes the
    /// player away, also one that has lost its playhead, wants the stream's delay.
    #[wasm_bindgen(js_name = attachPlayer)]
    pub fn attach_player(&self, player: Option<Player>) {
        let is_taken_away = player.is_none() && self.running.player.borrow().is_some();
        *self.running.player.borrow_mut() = player;
        self.running.note_watched(None);
        let seeks = self.running.seeks.get().of_another_player();
        self.running.seeks.set(seeks);
        // What it says is to be told of it, also where it is the same.
        self.running.sync_source.set(None);
        if self.running.client().sync_source() == SyncSource::PlayheadRefused {
            self.running.client().report_playhead(None);
        }
        if is_taken_away {
            self.running.has_playhead.set(false);
            self.running.client().report_no_playhead();
        }
    }

    /// Asks the player, which has told of a change, where its picture is.
    pub fn look(&self) {
        self.running.look();
    }

    /// Hands over a new token.
    #[wasm_bindgen(js_name = setToken)]
    pub fn set_token(&self, token: &str) {
        self.running.client().renew_token(token);
    }

    /// Returns the room as the viewer should see it now, as `room.js` reads it.
    pub fn room(&self) -> JsValue {
        self.running.client().read_room(convert::room)
    }

    /// Says whether what the viewer has in the room is followed as well.
    #[wasm_bindgen(js_name = followWallet)]
    pub fn follow_wallet(&self, is_wanted: bool) {
        self.running.client().follow_wallet(is_wanted);
    }

    /// Returns what the viewer has in the room as JSON, if that is followed and known.
    pub fn wallet(&self) -> Option<String> {
        self.running.client().wallet()
    }

    /// Returns what is watched from now on.
    pub fn watched(&self) -> Watched {
        let running = &self.running;
        let watched = running.watched.get_or_init(|| Watched::of(&running.client));

        watched.clone()
    }

    /// Lets go of the connection, for as long as nobody can come to see the page.
    pub fn pause(&self) {
        self.running.client().pause();
    }

    /// Connects again, and goes on where it stopped.
    pub fn resume(&self) {
        self.running.client().resume();
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        self.running.is_over.set(true);
        let empty = Scene::new(Widgets::parse(""), Instant::from_millis(0));
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
        self.look();
        self.client().catch_up();
        if self.is_over.get() {
            return;
        }
        self.advance();

        let scene = self.scene.borrow();
        self.stage.borrow_mut().draw(&scene.view());
        drop(scene);
        self.tell_frame();
    }

    /// Nothing is borrowed meanwhile: what is called may free the overlay.
    fn tell_frame(&self) {
        let time_ms = self.scene.borrow().time_ms() as f64;
        let picture_time = self.client().picture_time();
        let picture_time = picture_time.map(|at| at.unix_millis() as f64);
        let is_changed = self.is_changed.replace(false);
        self.owner.drawn(time_ms, picture_time, is_changed);
    }

    /// Nothing is borrowed meanwhile: the page's code runs here, and may do anything.
    fn look(&self) {
        self.report_playhead();
        let source = self.client().sync_source();
        if self.sync_source.replace(Some(source)) != Some(source) {
            let name = convert::sync_source(source);
            self.owner.tell("sync", &JsValue::from_str(name));
        }
    }

    fn report_playhead(&self) {
        let player = self.player.borrow().clone();
        let Some(player) = player else {
            return;
        };
        let playhead = match player.ask(LEAD_MS, |at_ms| self.client().instant_of(at_ms)) {
            Place::At(playhead) => {
                self.has_playhead.set(true);
                let seeks = self.seeks.get().and(playhead.seeks);
                self.seeks.set(seeks);
                let playhead = Playhead {
                    seeks: seeks.count(),
                    ..playhead
                };
                self.client().report_playhead(Some(playhead));
                Some(playhead)
            }
            // One that is still loading: the client waits a while by itself.
            Place::Unknown if !self.has_playhead.replace(false) => None,
            Place::Unknown => {
                self.client().report_playhead(None);
                None
            }
            Place::Unreadable => {
                self.has_playhead.set(false);
                self.client().refuse_playhead();
                None
            }
        };
        self.note_watched(playhead);
    }

    fn note_watched(&self, playhead: Option<Playhead>) {
        if let Some(watched) = self.watched.get() {
            watched.note(playhead);
        }
    }

    /// Brings the scene up to now.
    fn advance(&self) {
        let client = self.client();

        self.scene
            .borrow_mut()
            .advance(client.now(), client.picture_time());
    }

    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::Waking => self.look(),
            Notice::Delivery(delivery) => {
                self.is_changed.set(true);
                match &**delivery {
                    Delivery::Event(shown) => {
                        self.advance();
                        let mut scene = self.scene.borrow_mut();
                        scene.show(&shown.event, shown.late_by_ms);
                        if shown.event.is_live() {
                            self.client().read_room(|room| scene.regroup(room));
                        }
                        drop(scene);
                        self.owner.tell("event", &convert::event(shown));
                    }
                    Delivery::PresenceChanged { online_count } => {
                        self.advance();
                        self.scene.borrow_mut().count_people(*online_count);
                    }
                    Delivery::StateReplaced(room) => {
                        let (now, picture_time) =
                            (self.client().now(), self.client().picture_time());
                        self.scene.borrow_mut().replace(room, now, picture_time);
                    }
                }
            }
            Notice::ConnectionChanged(state) => {
                self.owner.tell("connection", &convert::connection(*state));
            }
            Notice::WalletChanged => self.owner.tell("wallet", &JsValue::UNDEFINED),
            Notice::TokenExpiring { expires_at } => {
                self.owner
                    .tell("token-expiring", &convert::time(*expires_at));
            }
        }
    }
}
