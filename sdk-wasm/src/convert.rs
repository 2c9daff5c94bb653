//! Core values as JavaScript objects. Times are milliseconds since 1970; money and hype are numbers,
//! exact up to 2⁵³.

use js_sys::{Array, Object, Reflect};
use parlor_sdk_core::{
    ConnectionState, ContributionAlert, ContributionKind, EventKind, Failure, HypeTrain,
    HypeTrainContributor, HypeTrainPhase, MediaTime, Placement, Playhead, ServerTime, ShownEvent,
};
use wasm_bindgen::{JsValue, UnwrapThrowExt};

/// `{ type, seq, occurredAt, displayAt, lateByMs, contribution?, train? }`.
pub fn event(shown: &ShownEvent) -> JsValue {
    let event = &shown.event;
    let object = Fields::default()
        .text("type", event.kind.name())
        .number("seq", event.seq)
        .time("occurredAt", event.occurred_at)
        .time("displayAt", event.display_at)
        .number("lateByMs", shown.late_by_ms);

    match &event.kind {
        EventKind::ContributionReceived(alert) => {
            object.value("contribution", &contribution(alert))
        }
        EventKind::HypeTrain(_, changed) => object.value("train", &train(changed)),
        EventKind::RoomUpdated(_) | EventKind::Session(..) | EventKind::Participant(..) => object,
    }
    .done()
}

/// `{ kind, name?, amount?, currency?, tier?, quantity, message?, hype }`.
pub fn contribution(alert: &ContributionAlert) -> JsValue {
    let kind = match alert.kind {
        ContributionKind::Donation => "DONATION",
        ContributionKind::Membership => "MEMBERSHIP",
        ContributionKind::GiftedMemberships => "GIFTED_MEMBERSHIPS",
    };

    Fields::default()
        .text("kind", kind)
        .optional_text("name", alert.name.as_deref())
        .optional_number("amount", alert.amount)
        .optional_text("currency", alert.currency.as_deref())
        .optional_number("tier", alert.tier.map(i64::from))
        .number("quantity", i64::from(alert.quantity))
        .optional_text("message", alert.message.as_deref())
        .number("hype", alert.hype)
        .done()
}

/// `{ id, phase, level, progress, goal, total, expiresAt, … }`, as in the GraphQL schema.
pub fn train(train: &HypeTrain) -> JsValue {
    let phase = match train.phase {
        HypeTrainPhase::Approaching => "APPROACHING",
        HypeTrainPhase::Running => "RUNNING",
        HypeTrainPhase::Ended => "ENDED",
    };
    let recent: Array = train.recent_contributors.iter().map(contributor).collect();

    Fields::default()
        .text("id", &train.id)
        .text("phase", phase)
        .number("level", i64::from(train.level))
        .number("progress", train.progress)
        .number("goal", train.goal)
        .number("total", train.total)
        .number(
            "kickoffEventsNeeded",
            i64::from(train.kickoff_events_needed),
        )
        .number(
            "kickoffViewersNeeded",
            i64::from(train.kickoff_viewers_needed),
        )
        .time("startedAt", train.started_at)
        .time("expiresAt", train.expires_at)
        .optional_text("lastReward", train.last_reward.as_deref())
        .optional_text("nextReward", train.next_reward.as_deref())
        .number("contributorCount", i64::from(train.contributor_count))
        .value(
            "topContributor",
            &train
                .top_contributor
                .as_ref()
                .map_or(JsValue::NULL, contributor),
        )
        .value("recentContributors", &recent)
        .value("isRecord", &train.is_record.into())
        .done()
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

    Fields::default()
        .text("state", name)
        .optional_text("reason", reason)
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

/// Milliseconds since 1970.
#[expect(
    clippy::cast_precision_loss,
    reason = "JavaScript's numbers, as documented"
)]
pub fn time(time: ServerTime) -> JsValue {
    (time.unix_millis() as f64).into()
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

/// Reads what a player says: a program date-time in milliseconds since 1970, and a speed, 1 being
/// normal.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast saturates, and whole milliseconds are all that is wanted"
)]
pub fn playhead(position_ms: f64, playing: bool, rate: f64) -> Playhead {
    Playhead {
        position: MediaTime::from_unix_millis(position_ms as i64),
        playing,
        rate: (rate * 10_000.0) as u32,
    }
}

fn contributor(person: &HypeTrainContributor) -> JsValue {
    Fields::default()
        .optional_text("name", person.name.as_deref())
        .number("hype", person.hype)
        .number("lastHype", person.last_hype)
        .done()
}

#[derive(Default)]
struct Fields(Object);

impl Fields {
    fn value(self, name: &str, value: &JsValue) -> Self {
        Reflect::set(&self.0, &name.into(), value).expect_throw("a plain object takes any field");
        self
    }

    fn text(self, name: &str, text: &str) -> Self {
        self.value(name, &text.into())
    }

    fn optional_text(self, name: &str, text: Option<&str>) -> Self {
        self.value(name, &text.map_or(JsValue::NULL, JsValue::from))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "JavaScript's numbers, as documented"
    )]
    fn number(self, name: &str, number: i64) -> Self {
        self.value(name, &(number as f64).into())
    }

    fn optional_number(self, name: &str, number: Option<i64>) -> Self {
        match number {
            Some(number) => self.number(name, number),
            None => self.value(name, &JsValue::NULL),
        }
    }

    fn time(self, name: &str, time: ServerTime) -> Self {
        self.number(name, time.unix_millis())
    }

    fn done(self) -> JsValue {
        self.0.into()
    }
}
