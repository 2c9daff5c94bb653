//! Core values as JavaScript objects. Times are milliseconds since 1970; money and hype are numbers,
//! exact up to 2⁵³. What events are about goes as the text that it came as: `events.js` reads it.

use alloc::vec::Vec;

use js_sys::{Array, Float64Array};
#[cfg(feature = "package")]
use js_sys::{Object, Reflect};
#[cfg(feature = "package")]
use parlor_sdk_core::{
    ALERT_LEAVE_MS, Alert, AlertOnStage, AlertQueue, MediaTime, PlayheadQuality, Stats,
};
use parlor_sdk_core::{
    ConnectionState, EventTiming, Failure, Placement, Room, RoomEvent, ServerTime, ShownEvent,
    SyncSource, WatchReport, WatchedSpan,
};
#[cfg(feature = "package")]
use wasm_bindgen::UnwrapThrowExt;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen(raw_module = "./values.js")]
extern "C" {
    #[wasm_bindgen(js_name = makeEvent)]
    fn make_event(
        type_name: &str,
        json: &str,
        seq: f64,
        occurred_at: f64,
        display_at: f64,
        is_live: bool,
        part: Option<&str>,
        late_by_ms: Option<f64>,
    ) -> JsValue;
    #[wasm_bindgen(js_name = makeRoom)]
    fn make_room(parts: &Array, unknown_parts: &Array, online_count: Option<i32>) -> JsValue;
    #[wasm_bindgen(js_name = makeConnection)]
    fn make_connection(state: &str, reason: Option<&str>) -> JsValue;
}

/// `{ type, json, seq, occurredAt, displayAt, timing, part, lateByMs }`, with the whole event in `json`.
pub fn event(shown: &ShownEvent) -> JsValue {
    stamped(&shown.event, Some(shown.late_by_ms))
}

/// The same without `lateByMs`.
fn logged(event: &RoomEvent) -> JsValue {
    stamped(event, None)
}

fn stamped(event: &RoomEvent, late_by_ms: Option<i64>) -> JsValue {
    make_event(
        &event.type_name,
        event.payload.as_json(),
        number(event.seq),
        number(event.occurred_at.unix_millis()),
        number(event.display_at.unix_millis()),
        event.timing == EventTiming::Live,
        event.part.as_deref(),
        late_by_ms.map(number),
    )
}

/// `{ state }`, one of `connecting`, `live`, `waiting`, `waiting-for-network`, `paused`, `failed` and
/// `disconnected`; `reason` beside `failed`, one of `sign-in-required`, `room-not-found` and
/// `protocol`.
pub fn connection(state: ConnectionState) -> JsValue {
    let (name, reason) = match state {
        ConnectionState::Connecting => ("connecting", None),
        ConnectionState::Live => ("live", None),
        ConnectionState::Waiting { .. } => ("waiting", None),
        ConnectionState::WaitingForNetwork => ("waiting-for-network", None),
        ConnectionState::Paused => ("paused", None),
        ConnectionState::Failed(Failure::SignInRequired) => ("failed", Some("sign-in-required")),
        ConnectionState::Failed(Failure::RoomNotFound) => ("failed", Some("room-not-found")),
        ConnectionState::Failed(Failure::Protocol { .. }) => ("failed", Some("protocol")),
        ConnectionState::Disconnected => ("disconnected", None),
    };

    make_connection(name, reason)
}

/// `{ parts, unknownParts, onlineCount }`: the last event of each part that can be read, and the last one of each
/// part whose last one cannot.
pub fn room(room: &Room) -> JsValue {
    let parts: Array = room.parts().map(logged).collect();
    let unknown_parts: Array = room.unknown_parts().map(logged).collect();

    make_room(&parts, &unknown_parts, room.online_count())
}

/// `{ disconnects, badFrames, malformedEvents, … }`: counts since the start.
#[cfg(feature = "package")]
pub(crate) fn stats(stats: &Stats, clock_readings_refused: u32) -> JsValue {
    Fields::default()
        .number("disconnects", stats.disconnects.into())
        .number("badFrames", stats.bad_frames.into())
        .number("malformedEvents", stats.malformed_events.into())
        .number("duplicates", stats.duplicates.into())
        .number("gaps", stats.gaps.into())
        .number("shown", stats.shown.into())
        .number("skipped", stats.skipped.into())
        .number("held", stats.held.into())
        .number("asked", stats.asked.into())
        .number("playheadsRefused", stats.playheads_refused.into())
        .number("clockReadingsRefused", clock_readings_refused.into())
        .number("crowdedOut", stats.crowded_out.into())
        .done()
}

/// `{ event, burst, number, ageMs, stayMs, leaveMs, lateByMs }`, with one of the first two.
#[cfg(feature = "package")]
fn on_stage(on_stage: &AlertOnStage<'_, RoomEvent>) -> JsValue {
    let single = on_stage.alert.single().map(logged);
    let burst = single.is_none().then(|| burst(on_stage.alert));

    Fields::default()
        .optional("event", single)
        .optional("burst", burst)
        .number("number", on_stage.number.into())
        .number("ageMs", on_stage.age_ms)
        .number("stayMs", on_stage.stay_ms)
        .number("leaveMs", ALERT_LEAVE_MS)
        .number("lateByMs", on_stage.late_by_ms)
        .done()
}

/// `{ count, hype, peopleCount, hasMorePeople, names, amount, currency, points }`.
#[cfg(feature = "package")]
fn burst(burst: &Alert<RoomEvent>) -> JsValue {
    let names: Array = burst.people().names().iter().map(JsValue::from).collect();
    let (amount, currency) = burst.money().unzip();

    Fields::default()
        .count("count", burst.count())
        .number("hype", burst.hype())
        .number("peopleCount", burst.people().count())
        .value("hasMorePeople", &burst.people().is_beyond_count().into())
        .value("names", &names)
        .optional_number("amount", amount)
        .optional_text("currency", currency)
        .optional_number("points", burst.points())
        .done()
}

/// `{ onStage, nextChangeInMs, isPaused, backlog, shown, expired, cleared }`.
#[cfg(feature = "package")]
pub(crate) fn alerts(queue: &AlertQueue<RoomEvent>, now_ms: i64) -> JsValue {
    let stats = queue.stats();

    Fields::default()
        .optional("onStage", queue.on_stage().as_ref().map(on_stage))
        .optional_number(
            "nextChangeInMs",
            queue.next_change_at().map(|at| at - now_ms),
        )
        .value("isPaused", &queue.is_paused().into())
        .count("backlog", queue.backlog())
        .count("shown", stats.shown)
        .count("expired", stats.expired)
        .count("cleared", stats.cleared)
        .done()
}

/// `{ type, [field]: value }`.
#[cfg(feature = "package")]
pub(crate) fn tagged(kind: &str, field: &str, value: &JsValue) -> JsValue {
    Fields::default()
        .text("type", kind)
        .value(field, value)
        .done()
}

/// `[sessionId, lease, spans]`: what to tell the server of what was watched. Each span is five numbers: when it began and
/// ended, where the picture was then, all in milliseconds, and the speed in basis points.
pub(crate) fn watch_report(report: &WatchReport) -> Array {
    let lease = report.lease.as_deref().map(JsValue::from_str);
    let spans: Vec<f64> = report.spans.iter().flat_map(watched_span).collect();

    Array::of3(
        &JsValue::from_str(&report.session_id),
        &lease.unwrap_or(JsValue::NULL),
        &Float64Array::from(&spans[..]),
    )
}

fn watched_span(span: &WatchedSpan) -> [f64; 5] {
    [
        number(span.from.unix_millis()),
        number(span.until.unix_millis()),
        number(span.playhead_from.unix_millis()),
        number(span.playhead_until.unix_millis()),
        span.rate.into(),
    ]
}

/// Milliseconds since 1970.
pub fn time(time: ServerTime) -> JsValue {
    number(time.unix_millis()).into()
}

/// A whole number, exact up to 2⁵³.
#[expect(
    clippy::cast_precision_loss,
    reason = "JavaScript's numbers, as documented"
)]
pub(crate) fn number(whole: i64) -> f64 {
    whole as f64
}

/// Reads a number of milliseconds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast saturates, and whole milliseconds are all that is wanted"
)]
pub(crate) fn millis(millis: f64) -> i64 {
    millis as i64
}

/// Reads a place on the stream's own timeline, in milliseconds since 1970.
#[cfg(feature = "package")]
pub(crate) fn media_time(position_ms: f64) -> MediaTime {
    MediaTime::from_unix_millis(millis(position_ms))
}

/// Reads `source`, `player` or `companion`.
pub fn placement(name: &str) -> Option<Placement> {
    match name {
        "source" => Some(Placement::Source),
        "player" => Some(Placement::Player),
        "companion" => Some(Placement::Companion),
        _ => None,
    }
}

/// `playhead`, `delay`, …: what picture events are timed by.
pub const fn sync_source(source: SyncSource) -> &'static str {
    match source {
        SyncSource::Arrival => "arrival",
        SyncSource::Delay => "delay",
        SyncSource::Awaited => "awaited",
        SyncSource::Playhead => "playhead",
        SyncSource::PlayheadLost => "playhead-lost",
        SyncSource::PlayheadRefused => "playhead-refused",
    }
}

/// `frame` or `clock`: what a playhead was read from.
#[cfg(feature = "package")]
pub(crate) const fn playhead_quality(quality: PlayheadQuality) -> &'static str {
    match quality {
        PlayheadQuality::Frame => "frame",
        PlayheadQuality::Clock => "clock",
    }
}

#[cfg(feature = "package")]
#[derive(Default)]
struct Fields(Object);

#[cfg(feature = "package")]
impl Fields {
    fn value(self, name: &str, value: &JsValue) -> Self {
        Reflect::set(&self.0, &name.into(), value).expect_throw("a plain object takes any field");
        self
    }

    fn count(self, name: &str, value: u64) -> Self {
        self.number(name, value.cast_signed())
    }

    fn optional(self, name: &str, value: Option<JsValue>) -> Self {
        self.value(name, &value.unwrap_or(JsValue::NULL))
    }

    fn text(self, name: &str, text: &str) -> Self {
        self.value(name, &text.into())
    }

    fn optional_text(self, name: &str, text: Option<&str>) -> Self {
        self.value(name, &text.map_or(JsValue::NULL, JsValue::from))
    }

    fn number(self, name: &str, whole: i64) -> Self {
        self.value(name, &number(whole).into())
    }

    fn optional_number(self, name: &str, number: Option<i64>) -> Self {
        match number {
            Some(number) => self.number(name, number),
            None => self.value(name, &JsValue::NULL),
        }
    }

    fn done(self) -> JsValue {
        self.0.into()
    }
}
