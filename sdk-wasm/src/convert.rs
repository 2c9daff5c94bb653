//! Core values as JavaScript objects. Times are milliseconds since 1970; money and hype are numbers,
//! exact up to 2⁵³.

use js_sys::{Array, Object, Reflect};
#[cfg(feature = "package")]
use parlor_sdk_core::{
    Alert, AlertOnStage, AlertQueue, MediaTime, PlayheadQuality, Stats, SyncSource,
};
use parlor_sdk_core::{
    ConnectionState, ContributionAlert, ContributionKind, EventKind, EventTiming, Failure,
    HypeTrain, HypeTrainContributor, HypeTrainPhase, ParticipantProfile, ParticipantRole,
    Placement, Room, RoomEvent, RoomProfile, RoomState, ServerTime, Session, ShownEvent, Stage,
    StageRole,
};
use wasm_bindgen::{JsValue, UnwrapThrowExt};

/// `{ type, seq, occurredAt, displayAt, timing, part, lateByMs }`, and what the event is about: one of
/// `room`, `session`, `contribution`, `participant` and `train`, or `typeName` if `type` is `Unknown`.
pub fn event(shown: &ShownEvent) -> JsValue {
    logged(&shown.event)
        .number("lateByMs", shown.late_by_ms)
        .done()
}

fn logged(event: &RoomEvent) -> Fields {
    let kind = if matches!(event.kind, EventKind::Unknown { .. }) {
        "Unknown"
    } else {
        event.kind.name()
    };
    let timing = match event.timing {
        EventTiming::Live => "LIVE",
        EventTiming::Picture => "PICTURE",
    };
    let object = Fields::default()
        .text("type", kind)
        .number("seq", event.seq)
        .time("occurredAt", event.occurred_at)
        .time("displayAt", event.display_at)
        .text("timing", timing)
        .optional_text("part", event.part.as_deref());

    match &event.kind {
        EventKind::ContributionReceived(alert) => {
            object.value("contribution", &contribution(alert))
        }
        EventKind::Participant(_, changed) => object.value("participant", &participant(changed)),
        EventKind::HypeTrain(_, changed) => object.value("train", &train(changed)),
        EventKind::RoomUpdated(changed) => object.value("room", &profile(changed)),
        EventKind::Session(_, changed) => object.value("session", &session(changed)),
        EventKind::Unknown { type_name } => object.text("typeName", type_name),
    }
}

/// `{ id, kind, name?, amount?, currency?, tier?, quantity, message?, hype }`.
pub fn contribution(alert: &ContributionAlert) -> JsValue {
    let kind = match alert.kind {
        ContributionKind::Donation => "DONATION",
        ContributionKind::Membership => "MEMBERSHIP",
        ContributionKind::GiftedMemberships => "GIFTED_MEMBERSHIPS",
        ContributionKind::Unknown => "UNKNOWN",
    };

    Fields::default()
        .text("id", &alert.id)
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

/// `{ id, name, role, stageRole, requestedSeq, isListed, isOnline, version, joinedAt }`.
pub fn participant(profile: &ParticipantProfile) -> JsValue {
    let role = match profile.role {
        ParticipantRole::Member => "MEMBER",
        ParticipantRole::Moderator => "MODERATOR",
        ParticipantRole::Owner => "OWNER",
        ParticipantRole::Unknown => "UNKNOWN",
    };
    let stage_role = match profile.stage_role {
        StageRole::Audience => "AUDIENCE",
        StageRole::Requested => "REQUESTED",
        StageRole::Invited => "INVITED",
        StageRole::Speaker => "SPEAKER",
        StageRole::Host => "HOST",
        StageRole::Unknown => "UNKNOWN",
    };

    Fields::default()
        .text("id", &profile.id)
        .text("name", &profile.name)
        .text("role", role)
        .text("stageRole", stage_role)
        .optional_number("requestedSeq", profile.requested_seq)
        .value("isListed", &profile.is_listed.into())
        .value("isOnline", &profile.is_online.into())
        .number("version", i64::from(profile.version))
        .time("joinedAt", profile.joined_at)
        .done()
}

/// `{ id, phase, level, progress, goal, total, expiresAt, … }`, as in the GraphQL schema.
pub fn train(train: &HypeTrain) -> JsValue {
    let phase = match train.phase {
        HypeTrainPhase::Approaching => "APPROACHING",
        HypeTrainPhase::Running => "RUNNING",
        HypeTrainPhase::Ended => "ENDED",
        HypeTrainPhase::Unknown => "UNKNOWN",
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
        .optional_number("endedAt", unix_millis(train.ended_at))
        .optional_number("cooldownEndsAt", unix_millis(train.cooldown_ends_at))
        .optional_text("lastReward", train.last_reward.as_deref())
        .optional_text("nextReward", train.next_reward.as_deref())
        .number("contributorCount", i64::from(train.contributor_count))
        .optional(
            "topContributor",
            train.top_contributor.as_ref().map(contributor),
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

/// `{ profile, session, participants, stage, onlineCount, train, unknownParts }`.
pub fn room(room: &Room) -> JsValue {
    let everyone: Array = room.participants().map(participant).collect();
    let unknown: Array = room
        .unknown_parts()
        .map(|event| logged(event).done())
        .collect();

    Fields::default()
        .optional("profile", room.profile().map(profile))
        .optional("session", room.session().map(session))
        .value("participants", &everyone)
        .value("stage", &stage(&room.stage()))
        .optional_number("onlineCount", room.online_count().map(i64::from))
        .optional("train", room.train().map(train))
        .value("unknownParts", &unknown)
        .done()
}

fn profile(profile: &RoomProfile) -> JsValue {
    let state = match profile.state {
        RoomState::Draft => "DRAFT",
        RoomState::Open => "OPEN",
        RoomState::Archived => "ARCHIVED",
        RoomState::Unknown => "UNKNOWN",
    };

    Fields::default()
        .text("id", &profile.id)
        .text("slug", &profile.slug)
        .text("title", &profile.title)
        .text("state", state)
        .number("ingestOffsetMs", profile.ingest_offset_ms)
        .number("version", i64::from(profile.version))
        .done()
}

fn session(session: &Session) -> JsValue {
    Fields::default()
        .text("id", &session.id)
        .time("startedAt", session.started_at)
        .optional_number("interruptedAt", unix_millis(session.interrupted_at))
        .optional_number("endedAt", unix_millis(session.ended_at))
        .number("delayMs", session.delay_ms)
        .done()
}

fn stage(stage: &Stage<'_>) -> JsValue {
    let list = |people: &[&ParticipantProfile]| -> Array {
        people.iter().map(|profile| participant(profile)).collect()
    };

    Fields::default()
        .value("isLive", &stage.is_live.into())
        .optional("host", stage.host.map(participant))
        .value("speakers", &list(&stage.speakers))
        .value("invited", &list(&stage.invited))
        .value("queue", &list(&stage.queue))
        .done()
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

/// `{ contribution, burst, number, ageMs, stayMs, leaveMs, lateByMs }`, with one of the first two.
#[cfg(feature = "package")]
fn on_stage(on_stage: &AlertOnStage<'_>) -> JsValue {
    let single = on_stage.alert.single().map(contribution);
    let burst = single.is_none().then(|| burst(on_stage.alert));

    Fields::default()
        .optional("contribution", single)
        .optional("burst", burst)
        .number("number", on_stage.number.into())
        .number("ageMs", on_stage.age_ms)
        .number("stayMs", on_stage.stay_ms)
        .number("leaveMs", AlertQueue::LEAVE_MS)
        .number("lateByMs", on_stage.late_by_ms)
        .done()
}

/// `{ count, hype, peopleCount, hasMorePeople, names, amount, currency }`.
#[cfg(feature = "package")]
fn burst(burst: &Alert) -> JsValue {
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
        .done()
}

/// `{ onStage, nextChangeInMs, isPaused, backlog, shown, expired, cleared }`.
#[cfg(feature = "package")]
pub(crate) fn alerts(queue: &AlertQueue, now_ms: i64) -> JsValue {
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
#[cfg(feature = "package")]
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
#[cfg(feature = "package")]
pub(crate) const fn sync_source(source: SyncSource) -> &'static str {
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

fn unix_millis(time: Option<ServerTime>) -> Option<i64> {
    time.map(ServerTime::unix_millis)
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

    #[cfg(feature = "package")]
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

    fn time(self, name: &str, time: ServerTime) -> Self {
        self.number(name, time.unix_millis())
    }

    fn done(self) -> JsValue {
        self.0.into()
    }
}
