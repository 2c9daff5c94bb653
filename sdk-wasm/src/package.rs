//! What JavaScript sees of the client.

mod alerts;

use alloc::rc::Rc;
use alloc::string::String;

use js_sys::Function;
use parlor_sdk_core::{AlertLimits, Config, Delivery, Playhead, PlayheadQuality};
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use crate::client::{Client, ClientCell};
use crate::convert;
use crate::notice::Notice;
use crate::page::can_read;
use crate::watched::Watched;
use alerts::{AlertQueues, RoomAlerts};

/// A live subscription to one room, for applications that draw their own.
#[wasm_bindgen]
pub struct RoomClient {
    client: ClientCell,
    alerts: Rc<AlertQueues>,
    watched: Watched,
}

#[wasm_bindgen]
impl RoomClient {
    /// Connects. `url` is the server's socket (`wss://…/graphql/ws`), `placement` one of `source`,
    /// `player` and `companion`, `startAtMs` what [`Self::position_ms`] said, to go on there. `onNotice` is called with `{ type, … }`: `event` with `event`,
    /// `state` when the whole state was replaced, `presence` with `onlineCount`, `connection` with
    /// `connection`, `token-expiring` with `expiresAt`, `wallet` when that is another.
    #[wasm_bindgen(constructor)]
    pub fn new(
        url: String,
        room: String,
        token: Option<String>,
        placement: &str,
        start_at_ms: Option<f64>,
        on_notice: Function,
    ) -> Result<Self, JsError> {
        let placement = convert::placement(placement)
            .ok_or_else(|| JsError::new(&["unknown placement ", placement].concat()))?;
        let config = Config {
            url,
            token,
            room_id: room,
            placement,
            start_at: start_at_ms.map(convert::media_time),
        };
        let client = ClientCell::default();
        let alerts = Rc::new(AlertQueues::default());
        let taking = alerts.clone();
        let following = Client::connect(config, can_read, move |notice| {
            if let Notice::Delivery(delivery) = &notice {
                taking.take(delivery);
            }
            if let Some(notice) = describe(&notice) {
                // What the application throws is its own; the client goes on.
                let _ = on_notice.call1(&JsValue::NULL, &notice);
            }
        });
        let _ = client.set(following);

        Ok(Self {
            watched: Watched::of(&client),
            client,
            alerts,
        })
    }

    /// Returns an empty queue of alerts that moves with this client's picture. `priority` is called with the event
    /// of each and says how much it matters; those that matter more go first.
    pub fn alerts(
        &self,
        waiting_max: u32,
        age_max_ms: Option<f64>,
        priority: Option<Function>,
    ) -> RoomAlerts {
        let limits = AlertLimits {
            waiting_max: waiting_max as usize,
            age_max_ms: age_max_ms.map(convert::millis),
        };

        self.alerts.open(&self.client, limits, priority)
    }

    /// Returns the room as the viewer should see it now, as `room.js` reads it.
    pub fn room(&self) -> JsValue {
        self.client().read_room(convert::room)
    }

    /// Says whether what the viewer has in the room is followed as well: then the notice `wallet` comes whenever it is
    /// another.
    #[wasm_bindgen(js_name = followWallet)]
    pub fn follow_wallet(&self, is_wanted: bool) {
        self.client().follow_wallet(is_wanted);
    }

    /// Returns what the viewer has in the room as JSON, if that is followed and known.
    pub fn wallet(&self) -> Option<String> {
        self.client().wallet()
    }

    /// Reports where the player's picture is: its program date-time in milliseconds since 1970. `seeks`
    /// counts how often the viewer has sought; a step of the dates is no seek. `atMs` is when the picture was
    /// there, by `performance.now()`, unless that is now; `isFrame`, whether it is a frame's.
    #[wasm_bindgen(js_name = setPlayhead)]
    pub fn set_playhead(
        &self,
        position_ms: f64,
        playing: bool,
        rate: f64,
        seeks: u32,
        at_ms: Option<f64>,
        is_frame: bool,
    ) {
        let quality = PlayheadQuality::of(is_frame);
        let true_at = at_ms.and_then(|at_ms| self.client().instant_of(at_ms));
        let playhead = Playhead::read(position_ms, playing, rate, seeks);
        let playhead = playhead.map(|playhead| playhead.stamped(true_at, quality));
        match playhead {
            Some(playhead) => self.client().report_playhead(Some(playhead)),
            None => self.client().refuse_playhead(),
        }
        self.watched.note(playhead);
    }

    /// Reports that the player cannot tell where it is.
    #[wasm_bindgen(js_name = setNoPlayhead)]
    pub fn set_no_playhead(&self) {
        self.client().report_no_playhead();
        self.watched.note(None);
    }

    /// Returns what is watched by this client's playheads, from the first on.
    pub fn watched(&self) -> Watched {
        self.watched.clone()
    }

    /// Returns what picture events are timed by.
    #[wasm_bindgen(js_name = syncSource)]
    pub fn sync_source(&self) -> String {
        String::from(convert::sync_source(self.client().sync_source()))
    }

    /// Returns `frame` or `clock`: what the last reading of the playhead was of.
    #[wasm_bindgen(js_name = playheadQuality)]
    pub fn playhead_quality(&self) -> Option<String> {
        let quality = self.client().playhead_quality()?;

        Some(String::from(convert::playhead_quality(quality)))
    }

    /// Hands over a new token.
    #[wasm_bindgen(js_name = setToken)]
    pub fn set_token(&self, token: &str) {
        self.client().renew_token(token);
    }

    /// Lets go of the connection until `resume`. Nothing is delivered meanwhile.
    pub fn pause(&self) {
        self.client().pause();
    }

    /// Connects again, and goes on where it stopped.
    pub fn resume(&self) {
        self.client().resume();
    }

    /// Returns when that happened which the viewer's picture now shows, in milliseconds since 1970.
    #[wasm_bindgen(js_name = pictureTimeMs)]
    pub fn picture_time_ms(&self) -> Option<f64> {
        self.client()
            .picture_time()
            .map(|at| convert::number(at.unix_millis()))
    }

    /// Returns where the viewer's picture is on the stream's own timeline, in milliseconds since 1970.
    #[wasm_bindgen(js_name = positionMs)]
    pub fn position_ms(&self) -> Option<f64> {
        self.client()
            .position()
            .map(|at| convert::number(at.unix_millis()))
    }

    /// Returns how far the server's clock may be from where the client believes it, in milliseconds.
    #[wasm_bindgen(js_name = clockErrorMs)]
    pub fn clock_error_ms(&self) -> Option<f64> {
        self.client().clock_error_ms().map(convert::number)
    }

    /// Returns what has been counted since the start.
    pub fn stats(&self) -> JsValue {
        convert::stats(
            &self.client().stats(),
            self.client().clock_readings_refused(),
        )
    }

    /// Connects anew at once, whatever is being waited for.
    pub fn reconnect(&self) {
        self.client().reconnect();
    }
}

impl RoomClient {
    fn client(&self) -> &Client {
        self.client.get().expect("connected when it was made")
    }
}

fn describe(notice: &Notice) -> Option<JsValue> {
    Some(match notice {
        // An application reports by itself where its player is.
        Notice::Waking => return None,
        Notice::Delivery(delivery) => match &**delivery {
            Delivery::Event(shown) => convert::tagged("event", "event", &convert::event(shown)),
            Delivery::PresenceChanged { online_count } => {
                convert::tagged("presence", "onlineCount", &(*online_count).into())
            }
            Delivery::StateReplaced(_) => convert::tagged("state", "replaced", &JsValue::TRUE),
        },
        Notice::ConnectionChanged(state) => {
            convert::tagged("connection", "connection", &convert::connection(*state))
        }
        Notice::WalletChanged => convert::tagged("wallet", "changed", &JsValue::TRUE),
        Notice::TokenExpiring { expires_at } => {
            let expires_at = convert::time(*expires_at);
            convert::tagged("token-expiring", "expiresAt", &expires_at)
        }
    })
}
