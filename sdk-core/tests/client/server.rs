//! A server as the client sees it: a log, and answers to its messages.

use serde_json::{Value, json};

/// Unix milliseconds of the server when the host's clock reads 0: 2026-01-02T03:04:00.000Z.
pub(crate) const SERVER_START_MS: i64 = 1_767_323_040_000;

/// How long the room has been there at the start: longer than anybody is behind.
const AGE_MS: i64 = 10_800_000;

/// Hype that fills a level.
const GOAL: i64 = 1_000;

/// Events that one message holds at most, as the first of an answer does.
const PAGE_EVENTS: usize = 16;

/// Events that an answer to a query for more holds at most.
const MORE_EVENTS: usize = 100;

pub(crate) struct Server {
    pub(crate) epoch: String,
    pub(crate) log: Vec<Logged>,
    /// Events up to and with this one are no longer in the log.
    pub(crate) trimmed_through: i64,
    /// What follows this or an earlier one cannot be asked for any more either.
    pub(crate) forgotten_through: i64,
    pub(crate) delay_ms: i64,
    pub(crate) ingest_offset_ms: i64,
    /// Answers operations with this error code.
    pub(crate) refuses: Option<&'static str>,
    /// Answers operations that follow a wallet with this error code.
    pub(crate) refuses_viewer: Option<&'static str>,
    /// What is in anybody's wallet; none of somebody who has not joined.
    pub(crate) points: Option<i64>,
    /// How often wallets have changed.
    pub(crate) version: i64,
    /// How many people are online.
    pub(crate) online: i32,
    total: i64,
}

/// A kind of event that no client of today has ever heard of.
pub(crate) const NOVELTY: &str = "PollOpened";

/// What is in an event that no client can read, though it knows its kind.
pub(crate) const SPOILT: &str = "\"spoilt\":true";

/// Timing and part of something new.
pub(crate) type Novelty = (&'static str, Option<&'static str>);

/// How much of what lies before the head a subscriber wants.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    /// What happened later is left out.
    until: i64,
    /// The head when it was asked for.
    head: i64,
}

#[derive(Clone)]
pub(crate) struct Logged {
    pub(crate) seq: i64,
    pub(crate) occurred_at: i64,
    pub(crate) timing: &'static str,
    pub(crate) part: Option<String>,
    pub(crate) event: Value,
}

impl Logged {
    pub(crate) fn is_picture(&self) -> bool {
        self.timing == "PICTURE"
    }

    pub(crate) fn total(&self) -> Option<i64> {
        self.event["train"]["total"].as_str()?.parse().ok()
    }
}

impl Server {
    pub(crate) fn new(delay_ms: i64, ingest_offset_ms: i64) -> Self {
        let mut server = Self {
            epoch: "epoch-1".to_owned(),
            log: Vec::new(),
            trimmed_through: 0,
            forgotten_through: 0,
            delay_ms,
            ingest_offset_ms,
            refuses: None,
            refuses_viewer: None,
            points: Some(10),
            version: 1,
            online: 0,
            total: 0,
        };
        server.update_room(ingest_offset_ms, SERVER_START_MS - AGE_MS);
        server.start_session(SERVER_START_MS - 60_000);

        server
    }

    /// Has the room be there for `age_ms` only.
    pub(crate) fn opened_ago(mut self, age_ms: i64) -> Self {
        self.log[0].occurred_at = SERVER_START_MS - age_ms;
        for field in ["occurredAt", "displayAt"] {
            self.log[0].event[field] = json!(stamp(SERVER_START_MS - age_ms));
        }

        self
    }

    pub(crate) fn head(&self) -> i64 {
        self.log.last().map_or(0, |logged| logged.seq)
    }

    pub(crate) fn update_room(&mut self, ingest_offset_ms: i64, now: i64) {
        self.ingest_offset_ms = ingest_offset_ms;
        let room = json!({
            "id": "room", "slug": "room", "title": "A room", "state": "OPEN",
            "ingestOffsetMs": ingest_offset_ms, "version": self.head() + 1,
        });
        self.append("RoomUpdated", Some("room"), "room", &room, now);
    }

    pub(crate) fn start_session(&mut self, now: i64) {
        let session = json!({
            "id": "session", "startedAt": stamp(now), "endedAt": null, "delayMs": self.delay_ms,
        });
        self.append("SessionStarted", Some("session"), "session", &session, now);
    }

    /// A contribution, and what it does to the train: two events.
    pub(crate) fn contribute(&mut self, hype: i64, now: i64) {
        self.alert(hype, now);
        self.move_train(hype, now);
    }

    pub(crate) fn alert(&mut self, hype: i64, now: i64) {
        let contribution = json!({
            "id": "c", "kind": "DONATION", "name": "Ada <b>", "amount": hype.to_string(),
            "currency": "EUR", "tier": null, "quantity": 1, "message": null,
            "hype": hype.to_string(),
        });
        self.append(
            "ContributionReceived",
            None,
            "contribution",
            &contribution,
            now,
        );
    }

    pub(crate) fn move_train(&mut self, hype: i64, now: i64) {
        let levels_before = self.total / GOAL;
        self.total += hype;
        let kind = if self.total / GOAL > levels_before {
            "HypeTrainLeveledUp"
        } else {
            "HypeTrainProgressed"
        };
        let train = json!({
            "id": "train", "phase": "RUNNING", "level": self.total / GOAL + 1,
            "progress": (self.total % GOAL).to_string(), "goal": GOAL.to_string(),
            "total": self.total.to_string(), "kickoffEventsNeeded": 0, "kickoffViewersNeeded": 0,
            "startedAt": stamp(SERVER_START_MS), "expiresAt": stamp(now + 300_000),
            "endedAt": null, "cooldownEndsAt": null, "lastReward": null, "nextReward": "A hat",
            "contributorCount": 1,
            "topContributor": {"name": "Ada", "hype": "1", "lastHype": "1"},
            "recentContributors": [{"name": null, "hype": "1", "lastHype": "1"}],
            "isRecord": false,
        });
        self.append(kind, Some("train"), "train", &train, now);
    }

    /// Somebody comes, goes or takes another place; `name` is an id too.
    pub(crate) fn move_person(&mut self, name: &str, place: &str, is_listed: bool, now: i64) {
        let part = format!("participant:{name}");
        let before = self
            .log
            .iter()
            .rfind(|logged| logged.part.as_ref() == Some(&part))
            .map(|logged| &logged.event["participant"])
            .filter(|before| before["isListed"] == true);
        let kind = match (before, is_listed) {
            (None, true) => "ParticipantJoined",
            (Some(_), true) => "ParticipantStageChanged",
            (_, false) => "ParticipantLeft",
        };
        let joined_at = before.map_or(json!(stamp(now)), |before| before["joinedAt"].clone());
        let seq = self.head() + 1;
        let requested_seq = (place == "REQUESTED").then(|| seq.to_string());
        let participant = json!({
            "id": name, "name": name, "role": "MEMBER", "stageRole": place,
            "requestedSeq": requested_seq, "isListed": is_listed, "isOnline": is_listed,
            "version": seq,
            "joinedAt": joined_at,
        });
        self.append(kind, Some(&part), "participant", &participant, now);
    }

    /// Something that no client of today has ever heard of.
    pub(crate) fn something_new(&mut self, (timing, part): Novelty, now: i64) {
        let content = json!({"id": "n"});
        self.append_timed(NOVELTY, timing, part, "poll", &content, now);
    }

    /// Has the last event be one that no client can read.
    pub(crate) fn spoil_last(&mut self) {
        if let Some(last) = self.log.last_mut() {
            last.event["spoilt"] = json!(true);
        }
    }

    /// Answers a subscription: its first message.
    pub(crate) fn first_message(&self, id: &str, variables: &Value) -> Value {
        let head = self.head();
        if let Some(after) = variables.get("after") {
            let seq: i64 = after["seq"].as_str().unwrap().parse().unwrap();
            if after["epoch"] == *self.epoch && (self.trimmed_through..=head).contains(&seq) {
                return self.message(id, seq, true, None);
            }
        }
        let Some(at) = variables.get("at") else {
            return self.message(id, head, false, Some(&self.snapshot(|_| true)));
        };

        let at = unix_millis(at.as_str().unwrap());
        let in_picture = |logged: &Logged| logged.occurred_at + self.ingest_offset_ms <= at;
        // Live parts are as they are now, wherever the picture is.
        let is_state = |logged: &Logged| !logged.is_picture() || in_picture(logged);
        let after = self
            .log
            .iter()
            .take_while(|logged| in_picture(logged))
            .last()
            .map_or(0, |logged| logged.seq);
        let snapshot = self.snapshot(is_state);
        self.page(id, after, false, Some(&snapshot), self.window(variables))
    }

    /// What a subscriber asks for that does not want all up to the head.
    pub(crate) fn window(&self, variables: &Value) -> Option<Window> {
        Some(Window {
            until: unix_millis(variables.get("until")?.as_str()?) - self.ingest_offset_ms,
            head: self.head(),
        })
    }

    /// Answers a query for more of the log.
    pub(crate) fn more(&self, id: &str, variables: &Value) -> Value {
        let after = &variables["after"];
        let seq: i64 = after["seq"].as_str().unwrap().parse().unwrap();
        let is_kept = after["epoch"] == *self.epoch && self.forgotten_through <= seq;
        let until = self
            .window(variables)
            .map_or(i64::MAX, |window| window.until);
        let rest = || self.log.iter().filter(|logged| logged.seq > seq);
        let events: Vec<&Logged> = rest()
            .take_while(|logged| is_kept && logged.occurred_at <= until)
            .take(MORE_EVENTS)
            .collect();
        let through = events.last().map_or(seq, |last| last.seq);
        let next = rest().find(|logged| is_kept && logged.seq > through);
        let events: Vec<&Value> = events.iter().map(|logged| &logged.event).collect();

        json!({"type": "next", "id": id, "payload": {"data": {"roomEvents": {
            "epoch": self.epoch, "afterSeq": seq.to_string(),
            "throughSeq": through.to_string(), "recovered": is_kept, "events": events,
            "leftOutFrom": next.map(|next| stamp(next.occurred_at)),
        }}}})
    }

    /// A message with the events after `after_seq`, as far as one holds them.
    pub(crate) fn message(
        &self,
        id: &str,
        after_seq: i64,
        recovered: bool,
        snapshot: Option<&[Value]>,
    ) -> Value {
        self.page(id, after_seq, recovered, snapshot, None)
    }

    /// As [`Self::message`], without what lies beyond a window.
    pub(crate) fn page(
        &self,
        id: &str,
        after_seq: i64,
        recovered: bool,
        snapshot: Option<&[Value]>,
        window: Option<Window>,
    ) -> Value {
        let rest = self.log.iter().filter(|logged| logged.seq > after_seq);
        let mut events: Vec<&Logged> = rest.take(PAGE_EVENTS).collect();
        let mut through = events.last().map_or(after_seq, |last| last.seq);
        let mut left_out_from = None;
        if let Some(window) = window {
            let is_beyond =
                |logged: &&Logged| logged.seq <= window.head && logged.occurred_at > window.until;
            if let Some(index) = events.iter().position(is_beyond) {
                left_out_from = Some(stamp(events[index].occurred_at));
                through = window.head;
                events.truncate(index);
            }
        }
        let events: Vec<&Value> = events.iter().map(|logged| &logged.event).collect();
        let live_through = snapshot.map(|_| self.head().to_string());

        json!({"type": "next", "id": id, "payload": {"data": {"liveRoom": {
            "epoch": self.epoch, "afterSeq": after_seq.to_string(),
            "throughSeq": through.to_string(), "recovered": recovered,
            "snapshot": snapshot, "events": events, "presence": null,
            "liveThroughSeq": live_through, "leftOutFrom": left_out_from,
        }}}})
    }

    /// Adds who is online to a message.
    pub(crate) fn with_presence(&self, mut message: Value) -> Value {
        message["payload"]["data"]["liveRoom"]["presence"] = json!({"onlineCount": self.online});

        message
    }

    fn snapshot(&self, within: impl Fn(&Logged) -> bool) -> Vec<Value> {
        let mut parts: Vec<&String> = Vec::new();
        let mut snapshot = Vec::new();
        for logged in self.log.iter().rev().filter(|logged| within(logged)) {
            let Some(part) = &logged.part else { continue };
            if !parts.contains(&part) {
                parts.push(part);
                if logged.event["participant"]["isListed"] != false {
                    snapshot.push(logged.event.clone());
                }
            }
        }

        snapshot
    }

    fn append(&mut self, kind: &str, part: Option<&str>, field: &str, content: &Value, now: i64) {
        let timing = match part {
            None | Some("train") => "PICTURE",
            Some(_) => "LIVE",
        };
        self.append_timed(kind, timing, part, field, content, now);
    }

    fn append_timed(
        &mut self,
        kind: &str,
        timing: &'static str,
        part: Option<&str>,
        field: &str,
        content: &Value,
        now: i64,
    ) {
        let seq = self.head() + 1;
        self.log.push(Logged {
            seq,
            occurred_at: now,
            timing,
            part: part.map(ToOwned::to_owned),
            event: json!({
                "__typename": kind, "seq": seq.to_string(), "occurredAt": stamp(now),
                "displayAt": stamp(now + self.delay_ms), "timing": timing, "part": part,
                field: content,
            }),
        });
    }
}

/// Writes the schema's `Time`. The day is fixed: no test runs past midnight.
pub(crate) fn stamp(unix_millis: i64) -> String {
    let in_day_ms = unix_millis.rem_euclid(86_400_000);
    assert_eq!(unix_millis.div_euclid(86_400_000), 20_455, "{unix_millis}");

    format!(
        "2026-01-02T{:02}:{:02}:{:02}.{:03}Z",
        in_day_ms / 3_600_000,
        in_day_ms / 60_000 % 60,
        in_day_ms / 1_000 % 60,
        in_day_ms % 1_000
    )
}

fn unix_millis(stamp: &str) -> i64 {
    assert_eq!(&stamp[..11], "2026-01-02T", "{stamp}");
    let number = |from: usize, to: usize| stamp[from..to].parse::<i64>().unwrap();

    20_455 * 86_400_000
        + number(11, 13) * 3_600_000
        + number(14, 16) * 60_000
        + number(17, 19) * 1_000
        + number(20, 23)
}
