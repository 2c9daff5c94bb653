//! A whole client, driven by a script: what the server says, what the player reports, what the
//! network does, and how time passes.

use crate::viewer::Viewer;
use arbitrary::{Arbitrary, Result, Unstructured};
use parlor_sdk_core::{Input, MediaTime, Placement, Playhead, PlayheadQuality};
use std::fmt::Write;

/// Midnight of 16 January 2026, when the host's clock reads 0.
const START_MS: i64 = 1_768_521_600_000;

const DAY_MS: i64 = 86_400_000;

/// How far a script gets on the host's clock: ten years. Beyond that lies arithmetic, not viewing.
const HOST_CLOCK_MAX_MS: i64 = 3_650 * DAY_MS;

/// Events in a message that is to fill the client up; four of them do.
const FLOOD: i64 = 2_600;

/// Floods in one script, for each takes milliseconds.
const FLOODS_MAX: u32 = 6;

const CLOSE_CODES: [u16; 10] = [1000, 1006, 1012, 1013, 4400, 4401, 4403, 4409, 4429, 4499];

const REFUSALS: [&str; 6] = [
    "NOT_FOUND",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "INTERNAL",
    "VALIDATION",
    "",
];

const OFFSETS_MS: [i64; 6] = [0, 300, 5_000, -5_000, i64::MAX, i64::MIN];

const RATES: [u32; 6] = [10_000, 5_000, 20_000, 0, 1, u32::MAX];

pub(crate) fn run(bytes: &[u8]) {
    play(&mut Unstructured::new(bytes)).expect("a script that has ended goes on with zeros");
}

fn play(script: &mut Unstructured<'_>) -> Result<()> {
    let mut session = Session::begin(script)?;
    while !script.is_empty() {
        session.step(script)?;
    }
    session.viewer.check_size();

    Ok(())
}

struct Session {
    viewer: Viewer,
    /// Where the log stands, as far as the client was told.
    head: i64,
    floods: u32,
}

impl Session {
    fn begin(script: &mut Unstructured<'_>) -> Result<Self> {
        let start = script.arbitrary::<u8>()?;
        let placement = match start % 3 {
            0 => Placement::Player,
            1 => Placement::Source,
            _ => Placement::Companion,
        };
        let start_at = (start >= 128).then_some(MediaTime::from_unix_millis(START_MS));

        Ok(Self {
            viewer: Viewer::new(placement, start_at),
            head: 0,
            floods: 0,
        })
    }

    /// Does one thing.
    fn step(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        let action = script.arbitrary::<u8>()?;
        match action % 20 {
            _ if action >= 240 => self.answer(script)?,
            0 if action >= 220 => self.window(script)?,
            0 => self.feed(script, "")?,
            1 => self.viewer.run_for(number::<u16>(script)?),
            2 => self.playhead(script)?,
            3 => self.viewer.join(),
            4 => self.pong(script)?,
            5 => self.viewer.input(Input::Closed {
                code: *script.choose(&CLOSE_CODES)?,
            }),
            6 => {
                let text = text(script)?;
                self.viewer.receive(&text);
            }
            7 => self.sleep(script)?,
            8 => self.viewer.input(Input::NoPlayhead),
            9 => self.ping(script)?,
            10 => self.refuse(script)?,
            11 if action >= 128 => self.viewer.input(Input::FollowWallet(action >= 170)),
            11 => self.viewer.input(Input::TokenRenewed("another".to_owned())),
            12 => self.complete(),
            13 => self.viewer.input(Input::Opened),
            14 => self.viewer.receive("{\"type\":\"connection_ack\"}"),
            15 => self.viewer.input(Input::Disconnect),
            16 => self.viewer.input(Input::Pause),
            17 => self.viewer.input(Input::Resume),
            18 => {
                let online = script.arbitrary()?;
                self.viewer.input(Input::NetworkChanged { online });
            }
            _ => self.viewer.input(Input::Reconnect),
        }

        Ok(())
    }

    /// The host is gone for a while, and takes notice of nothing.
    fn sleep(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        let span_ms = number::<u32>(script)? * *script.choose(&[1, 60, 3_600])?;
        let now = (self.viewer.now + span_ms).min(HOST_CLOCK_MAX_MS);
        self.viewer.now = now.max(self.viewer.now);
        self.viewer.input(Input::Timeout);

        Ok(())
    }

    fn playhead(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        let flags = script.arbitrary::<u8>()?;
        if flags & 8 != 0 {
            self.viewer.input(Input::PlayheadLost);
            return Ok(());
        }
        let position = if flags & 2 == 0 {
            START_MS + self.viewer.now + number::<i16>(script)? * 10
        } else {
            script.arbitrary::<i64>()?
        };
        let rate = if flags & 4 == 0 {
            *script.choose(&RATES)?
        } else {
            script.arbitrary::<u32>()?
        };

        self.viewer.input(Input::Playhead(Playhead {
            position: MediaTime::from_unix_millis(position),
            true_at: None,
            quality: PlayheadQuality::Clock,
            playing: flags & 1 == 0,
            rate,
            seeks: u32::from(flags >> 4),
        }));
        Ok(())
    }

    fn pong(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        let flags = script.arbitrary::<u8>()?;
        let sent_at = if flags & 1 == 0 {
            self.viewer.pings.last().copied().unwrap_or_default()
        } else {
            script.arbitrary::<i64>()?
        };
        let server_time = if flags & 2 == 0 {
            let there_ms = (self.viewer.now - sent_at) / 2;
            START_MS + sent_at + there_ms + number::<i16>(script)?
        } else {
            script.arbitrary::<i64>()?
        };

        self.viewer.receive(&format!(
            "{{\"type\":\"pong\",\"payload\":{{\"clientSentAt\":{sent_at},\
             \"serverReceivedAt\":{server_time},\"serverSentAt\":{server_time}}}}}"
        ));
        Ok(())
    }

    fn ping(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        let payload = match script.arbitrary::<u8>()? % 3 {
            0 => "{}".to_owned(),
            1 => format!("{{\"serverSentAt\":{}}}", START_MS + self.viewer.now),
            _ => format!("{{\"tokenExpiresAt\":{}}}", script.arbitrary::<i64>()?),
        };

        self.viewer
            .receive(&format!("{{\"type\":\"ping\",\"payload\":{payload}}}"));
        Ok(())
    }

    fn refuse(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        let code = *script.choose(&REFUSALS)?;
        let id = self.viewer.subscription.0;

        self.viewer.receive(&format!(
            "{{\"type\":\"error\",\"id\":\"{id}\",\"payload\":[{{\"message\":\"no\",\
             \"extensions\":{{\"code\":\"{code}\"}}}}]}}"
        ));
        Ok(())
    }

    fn complete(&mut self) {
        let id = self.viewer.subscription.0;
        self.viewer
            .receive(&format!("{{\"type\":\"complete\",\"id\":\"{id}\"}}"));
    }

    /// One message of the log. With all bytes 0 it carries on as it should.
    fn feed(&mut self, script: &mut Unstructured<'_>, rest: &str) -> Result<()> {
        let flags = script.arbitrary::<u8>()?;
        let count = script.arbitrary::<u8>()?;
        let after_seq = if flags & 1 == 0 {
            self.head.saturating_add(number::<i8>(script)?)
        } else {
            script.arbitrary::<i64>()?
        };
        let snapshot = if flags & 2 == 0 {
            "null".to_owned()
        } else {
            let count = number::<u8>(script)? % 6;
            events(script, count, after_seq.saturating_sub(count))?
        };
        let is_flood = count == 255 && self.floods < FLOODS_MAX;
        let (events, count) = if is_flood {
            self.floods += 1;
            (flood(script, after_seq)?, FLOOD)
        } else {
            let count = i64::from(count % 6);
            (events(script, count, after_seq)?, count)
        };

        let through_seq = after_seq
            .saturating_add(count)
            .saturating_add(if flags & 4 == 0 {
                0
            } else {
                number::<i8>(script)?
            });
        let presence = if flags & 128 == 0 {
            "null".to_owned()
        } else {
            format!("{{\"onlineCount\":{count}}}")
        };
        let epoch = if flags & 8 == 0 { "e" } else { "f\\u0000\\\"" };
        let recovered = flags & 16 == 0;
        let id = self.viewer.subscription.0 ^ u32::from(flags >> 5 & 1);
        if flags & 64 == 0 {
            self.head = through_seq;
        }
        self.viewer.receive(&format!(
            "{{\"type\":\"next\",\"id\":\"{id}\",\"payload\":{{\"data\":{{\"liveRoom\":{{\
             \"epoch\":\"{epoch}\",\"afterSeq\":\"{after_seq}\",\"throughSeq\":\"{through_seq}\",\
             \"recovered\":{recovered},\"snapshot\":{snapshot},\"events\":{events},\
             \"presence\":{presence}{rest}}}}}}}}}"
        ));
        Ok(())
    }

    /// One that leaves something out, or says what its live parts are as of.
    fn window(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        let flags = script.arbitrary::<u8>()?;
        let mut rest = left_out(script, flags & 1 != 0)?;
        if flags & 2 != 0 {
            let live_through = self.head.saturating_add(number::<i8>(script)?);
            write!(rest, ",\"liveThroughSeq\":\"{live_through}\"").expect("a string takes text");
        }

        self.feed(script, &rest)
    }

    /// What a query for more is answered. With all bytes 0 it is what was asked for.
    fn answer(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        let flags = script.arbitrary::<u8>()?;
        let (id, variables) = &self.viewer.query;
        let asked = variables["after"]["seq"].as_str();
        let after_seq = asked.and_then(|seq| seq.parse().ok()).unwrap_or(0_i64);
        let after_seq = after_seq.saturating_add(number::<i8>(script)? * i64::from(flags & 1));
        let count = i64::from(script.arbitrary::<u8>()? % 20);
        let events = events(script, count, after_seq)?;
        let through_seq = after_seq
            .saturating_add(count)
            .saturating_add(number::<i8>(script)? * i64::from(flags >> 1 & 1));
        let recovered = flags & 16 == 0;
        let left_out = left_out(script, flags & 4 != 0)?;
        let message = format!(
            "{{\"type\":\"next\",\"id\":\"{id}\",\"payload\":{{\"data\":{{\"roomEvents\":{{\
             \"epoch\":\"e\",\"afterSeq\":\"{after_seq}\",\"throughSeq\":\"{through_seq}\",\
             \"recovered\":{recovered},\"events\":{events}{left_out}}}}}}}}}"
        );

        self.viewer.receive(&message);
        Ok(())
    }
}

/// That something was left out, and from when, or nothing.
fn left_out(script: &mut Unstructured<'_>, is_something: bool) -> Result<String> {
    if !is_something {
        return Ok(String::new());
    }
    let from = stamp(number::<i16>(script)? * 50);

    Ok(format!(",\"leftOutFrom\":\"{from}\""))
}

/// A list of `count` events after `after_seq`.
fn events(script: &mut Unstructured<'_>, count: i64, after_seq: i64) -> Result<String> {
    let mut list = "[".to_owned();
    let mut seq = after_seq;
    for index in 0..count {
        seq = seq.saturating_add(1).saturating_add(number::<i8>(script)?);
        if index > 0 {
            list.push(',');
        }
        event(&mut list, &Shape::read(script)?, seq);
    }
    list.push(']');

    Ok(list)
}

/// Very many events of one shape.
fn flood(script: &mut Unstructured<'_>, after_seq: i64) -> Result<String> {
    let shape = Shape::read(script)?;
    let step = if script.arbitrary::<u8>()? % 4 == 3 {
        -1
    } else {
        1
    };
    let mut list = "[".to_owned();
    for index in 0..FLOOD {
        if index > 0 {
            list.push(',');
        }
        event(
            &mut list,
            &shape,
            after_seq.saturating_add(1 + index * step),
        );
    }
    list.push(']');

    Ok(list)
}

/// All of an event but its position.
struct Shape {
    kind: u8,
    occurred_at: String,
    display_at: String,
    value: i64,
}

impl Shape {
    fn read(script: &mut Unstructured<'_>) -> Result<Self> {
        let kind = script.arbitrary::<u8>()?;
        let (occurred_at, display_at) = if kind < 128 {
            let happened_ms = number::<i16>(script)? * 50;
            let delay_ms = number::<u8>(script)? * 100;
            (stamp(happened_ms), stamp(happened_ms + delay_ms))
        } else {
            (free_stamp(script)?, free_stamp(script)?)
        };

        Ok(Self {
            kind,
            occurred_at,
            display_at,
            value: number::<i8>(script)?,
        })
    }
}

fn free_stamp(script: &mut Unstructured<'_>) -> Result<String> {
    Ok(match script.arbitrary::<u8>()? % 4 {
        0 => "0000-01-01T00:00:00.000Z".to_owned(),
        1 => "9999-12-31T23:59:59.999Z".to_owned(),
        2 => stamp(number::<u32>(script)? - (1 << 31)),
        _ => text(script)?
            .replace(['"', '\\'], "")
            .replace(char::is_control, ""),
    })
}

/// Writes a time of January 2026, given from its middle.
fn stamp(from_start_ms: i64) -> String {
    let in_month_ms = (15 * DAY_MS + from_start_ms).clamp(0, 31 * DAY_MS - 1);

    format!(
        "2026-01-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        in_month_ms / DAY_MS + 1,
        in_month_ms / 3_600_000 % 24,
        in_month_ms / 60_000 % 60,
        in_month_ms / 1_000 % 60,
        in_month_ms % 1_000
    )
}

fn event(list: &mut String, shape: &Shape, seq: i64) {
    let (occurred_at, display_at) = (&shape.occurred_at, &shape.display_at);
    let (kind, content) = content(shape.kind % 8, shape.value);
    let (timing, part) = place(kind, shape.value, seq);

    write!(
        list,
        "{{\"__typename\":\"{kind}\",\"seq\":\"{seq}\",\"occurredAt\":\"{occurred_at}\",\
         \"displayAt\":\"{display_at}\",\"timing\":\"{timing}\",\"part\":{part},{content}}}"
    )
    .expect("a string takes any text");
}

/// Timing and part of an event. Each of what nobody has heard of is a part of its own, of either timing
/// and of one that nobody has heard of.
fn place(kind: &str, value: i64, seq: i64) -> (&'static str, String) {
    match kind {
        "ContributionReceived" => ("PICTURE", "null".to_owned()),
        "RoomUpdated" => ("LIVE", "\"room\"".to_owned()),
        "SessionStarted" => ("LIVE", "\"session\"".to_owned()),
        "PollOpened" => {
            let timing = ["LIVE", "PICTURE", "LATER"]
                [usize::try_from(value.unsigned_abs() / 16 % 3).unwrap_or(0)];
            (timing, format!("\"poll:{seq}\""))
        }
        _ if kind.starts_with("HypeTrain") => ("PICTURE", "\"train\"".to_owned()),
        _ => (
            "LIVE",
            format!("\"participant:{}\"", value.unsigned_abs() % 8),
        ),
    }
}

fn content(kind: u8, value: i64) -> (&'static str, String) {
    match kind {
        0 | 1 => (
            "ContributionReceived",
            format!(
                "\"contribution\":{{\"id\":\"c\",\"kind\":\"DONATION\",\"name\":\"<b>\",\
                 \"amount\":\"500\",\"currency\":\"EUR\",\"tier\":null,\"quantity\":1,\
                 \"message\":null,\"hype\":\"{value}\"}}"
            ),
        ),
        2..=4 => (
            ["HypeTrainStarted", "HypeTrainProgressed", "HypeTrainEnded"][usize::from(kind) - 2],
            train(value),
        ),
        5 => {
            let offset_ms = OFFSETS_MS[usize::try_from(value.rem_euclid(6)).unwrap_or(0)];
            (
                "RoomUpdated",
                format!(
                    "\"room\":{{\"id\":\"room\",\"slug\":\"s\",\"title\":\"t\",\"state\":\"OPEN\",\
                     \"ingestOffsetMs\":{offset_ms},\"version\":{value}}}"
                ),
            )
        }
        6 => (
            "SessionStarted",
            format!(
                "\"session\":{{\"id\":\"s\",\"startedAt\":\"2026-01-16T00:00:00.000Z\",\
                 \"endedAt\":null,\"delayMs\":{}}}",
                value * 100
            ),
        ),
        _ if value % 16 == 0 => ("PollOpened", "\"poll\":{\"id\":\"p\"}".to_owned()),
        _ => person(value),
    }
}

/// One of eight people, anywhere in the room or gone from it, as the bits of `value` say.
fn person(value: i64) -> (&'static str, String) {
    let bits = value.unsigned_abs();
    let places = ["AUDIENCE", "REQUESTED", "SPEAKER", "HOST"];
    let place = places[usize::try_from(bits >> 3 & 3).unwrap_or(0)];
    let is_listed = bits >> 5 & 3 != 3;
    let kind = if is_listed {
        "ParticipantStageChanged"
    } else {
        "ParticipantLeft"
    };

    (
        kind,
        format!(
            "\"participant\":{{\"id\":\"{}\",\"name\":\"<i>\",\"role\":\"MEMBER\",\
             \"stageRole\":\"{place}\",\"requestedSeq\":\"{value}\",\"isListed\":{is_listed},\
             \"isOnline\":true,\"version\":{value},\"joinedAt\":\"2026-01-16T00:00:0{}.000Z\"}}",
            bits % 8,
            bits % 10,
        ),
    )
}

fn train(value: i64) -> String {
    let contributor = "{\"name\":\"Ada\",\"hype\":\"1\",\"lastHype\":\"1\"}";

    format!(
        "\"train\":{{\"id\":\"t\",\"phase\":\"RUNNING\",\"level\":{value},\"progress\":\"5\",\
         \"goal\":\"1500\",\"total\":\"2505\",\"kickoffEventsNeeded\":0,\
         \"kickoffViewersNeeded\":0,\"startedAt\":\"2026-01-16T00:00:00.000Z\",\
         \"expiresAt\":\"2026-01-16T00:05:00.000Z\",\"endedAt\":null,\"cooldownEndsAt\":null,\
         \"lastReward\":\"A hat\",\"nextReward\":null,\"contributorCount\":1,\
         \"topContributor\":{contributor},\"recentContributors\":[{contributor}],\
         \"isRecord\":true}}"
    )
}

fn number<'a, N: Arbitrary<'a> + Into<i64>>(script: &mut Unstructured<'a>) -> Result<i64> {
    Ok(script.arbitrary::<N>()?.into())
}

/// A text with its length before it; the last one may be cut short.
fn text(script: &mut Unstructured<'_>) -> Result<String> {
    let length = script.arbitrary::<u16>()?;
    let bytes = script.bytes(usize::from(length).min(script.len()))?;

    Ok(String::from_utf8_lossy(bytes).into_owned())
}
