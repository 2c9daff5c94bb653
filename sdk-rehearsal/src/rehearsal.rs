//! The client driven from deadline to deadline, and each of its outputs as a line of text.

use std::fmt::Write;

use parlor_sdk_core::{
    Client, ConnectionState, Delivery, Input, Instant, Output, Room, RoomEvent, ShownEvent,
};
use parlor_sdk_events::people::{Stage, participants};
use parlor_sdk_events::{
    EventKind, HypeTrain, HypeTrainPhase, ParticipantProfile, ParticipantRole, StageRole, room,
};

use crate::RehearsalError;
use crate::recording::{Recording, Report};

/// Wake-ups between two steps. A minute of pings and events needs a few hundred; a broken client
/// spins rather than fails.
const WAKEUPS_MAX: u32 = 100_000;

/// A client in the middle of a recording.
pub(crate) struct Rehearsal {
    client: Client,
    now: Instant,
    plan: String,
}

impl Rehearsal {
    pub(crate) fn new(recording: &Recording) -> Self {
        let now = Instant::from_millis(0);

        Self {
            client: Client::new(
                recording.config.clone(),
                room::can_read,
                recording.seed,
                now,
            ),
            now,
            plan: String::new(),
        }
    }

    pub(crate) fn run(mut self, recording: Recording) -> Result<String, RehearsalError> {
        self.plan.push_str(&recording.name);
        self.plan.push('\n');
        self.write_outputs();

        for (index, step) in recording.steps.into_iter().enumerate() {
            if step.at < self.now {
                return Err(RehearsalError::OutOfOrder { step: index });
            }
            self.wait_until(step.at)?;
            self.report(&step.report);
        }
        self.wait_until(recording.until)?;
        self.write_end();

        Ok(self.plan)
    }

    fn wait_until(&mut self, end: Instant) -> Result<(), RehearsalError> {
        let mut wakeups = 0;
        while let Some(deadline) = self.client.poll_timeout()
            && deadline <= end
        {
            self.now = self.now.max(deadline);
            self.client.handle_input(Input::Timeout, self.now);
            self.write_outputs();

            wakeups += 1;
            if wakeups > WAKEUPS_MAX {
                return Err(RehearsalError::Spinning {
                    at_ms: self.now.as_millis(),
                });
            }
        }
        self.now = self.now.max(end);

        Ok(())
    }

    fn report(&mut self, report: &Report) {
        let input = match report {
            Report::Opened(_) => Input::Opened,
            Report::Frame(text) => Input::Received(text),
            Report::Closed(code) => Input::Closed { code: *code },
            Report::Playhead(playhead) => Input::Playhead(*playhead),
            Report::NoPlayhead(_) => Input::NoPlayhead,
            Report::Token(token) => Input::TokenRenewed(token.clone()),
            Report::Disconnect(_) => Input::Disconnect,
        };
        self.client.handle_input(input, self.now);
        self.write_outputs();
    }

    fn write_outputs(&mut self) {
        while let Some(output) = self.client.poll_output() {
            let line = match output {
                Output::Connect { url, protocol } => format!("connect {url} {protocol}"),
                Output::Send(text) => format!("send {}", without_document(&text)),
                Output::CloseSocket { code } => format!("close {code}"),
                Output::ConnectionChanged(state) => format!("connection {}", connection(state)),
                // It is followed in no recording.
                Output::WalletChanged => continue,
                Output::TokenExpiring { expires_at } => {
                    format!("token expires {}", expires_at.unix_millis())
                }
                Output::Deliver(delivery) => match *delivery {
                    Delivery::Event(shown) => format!("show {}", event(&shown)),
                    Delivery::StateReplaced(room) => format!("replace {}", state(&room)),
                    Delivery::PresenceChanged { online_count } => format!("online {online_count}"),
                },
            };
            self.write_line(&line);
        }
    }

    fn write_end(&mut self) {
        let stats = self.client.stats();
        let line = format!(
            "end {} shown={} skipped={} duplicates={} gaps={} disconnects={} bad_frames={} \
             malformed_events={}",
            state(self.client.room()),
            stats.shown,
            stats.skipped,
            stats.duplicates,
            stats.gaps,
            stats.disconnects,
            stats.bad_frames,
            stats.malformed_events,
        );
        self.write_line(&line);
    }

    fn write_line(&mut self, line: &str) {
        writeln!(self.plan, "{:>7} {line}", self.now.as_millis()).expect("a string takes any text");
    }
}

/// Leaves the document out of a subscription: its variables are what differs.
fn without_document(text: &str) -> String {
    let start = "\"query\":\"";
    match (text.find(start), text.find("\",\"variables\"")) {
        (Some(from), Some(to)) => format!("{}…{}", &text[..from + start.len()], &text[to..]),
        _ => text.to_owned(),
    }
}

fn connection(state: ConnectionState) -> String {
    match state {
        ConnectionState::Connecting => "connecting".to_owned(),
        ConnectionState::Live => "live".to_owned(),
        ConnectionState::Waiting { retry_at } => format!("waiting until {}", retry_at.as_millis()),
        ConnectionState::WaitingForNetwork => "waiting for the network".to_owned(),
        ConnectionState::Paused => "paused".to_owned(),
        ConnectionState::Failed(failure) => format!("failed {failure:?}"),
        ConnectionState::Disconnected => "disconnected".to_owned(),
    }
}

#[allow(
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants,
    reason = "a kind that plans say nothing more of is in them as it came"
)]
fn event(shown: &ShownEvent) -> String {
    let seq = shown.event.seq;
    let name = &shown.event.type_name;
    let content = match &EventKind::of(&shown.event) {
        EventKind::RoomUpdated(profile) => format!("version={}", profile.version),
        EventKind::Session(_, session) => {
            let away = session.interrupted_at.map_or("", |_| " away");
            format!("delay={}{away}", session.delay_ms)
        }
        EventKind::Participant(_, person) => participant(person),
        EventKind::ContributionReceived(alert) => format!("hype={}", alert.hype),
        EventKind::HypeTrain(_, here) => train(here),
        _ => unknown(&shown.event),
    };

    format!("{seq} {name} {content} late={}", shown.late_by_ms)
}

fn state(room: &Room) -> String {
    let profile = match room::profile(room) {
        Some(profile) => format!("room={}", profile.version),
        None => "room=none".to_owned(),
    };
    let session = match room::session(room) {
        Some(session) if session.ended_at.is_some() => "session=ended",
        Some(session) if session.interrupted_at.is_some() => "session=interrupted",
        Some(_) => "session=live",
        None => "session=none",
    };
    let train = match room::train(room) {
        Some(here) => train(&here),
        None => "train=none".to_owned(),
    };

    let mut state = format!("{profile} {session} {train}");
    if let Some(online_count) = room.online_count() {
        write!(state, " online={online_count}").expect("a string takes any text");
    }
    let everyone = participants(room);
    if !everyone.is_empty() {
        write!(state, " {}", people(&everyone, room::is_live(room)))
            .expect("a string takes any text");
    }
    for part in room.unknown_parts() {
        write!(state, " {}", unknown(part)).expect("a string takes any text");
    }

    state
}

/// Writes what replaces which part, or that it is a moment.
fn unknown(event: &RoomEvent) -> String {
    let part = event.part.as_deref().unwrap_or("moment");

    format!("{part}={}", event.type_name)
}

/// Writes everyone with their place, and the queue in its order.
fn people(everyone: &[ParticipantProfile], is_live: bool) -> String {
    let stage = Stage::of(everyone.iter(), is_live);
    let everyone: Vec<String> = everyone.iter().map(participant).collect();
    let queue: Vec<&str> = stage
        .queue
        .iter()
        .map(|waiting| waiting.name.as_str())
        .collect();

    format!(
        "people=[{}] queue=[{}]",
        everyone.join(" "),
        queue.join(" ")
    )
}

fn participant(person: &ParticipantProfile) -> String {
    let place = match person.stage_role {
        StageRole::Audience => "audience",
        StageRole::Requested => "requested",
        StageRole::Invited => "invited",
        StageRole::Speaker => "speaker",
        StageRole::Host => "host",
        StageRole::Unknown => "unknown",
    };
    let role = match person.role {
        ParticipantRole::Member => "",
        ParticipantRole::Moderator => "/moderator",
        ParticipantRole::Owner => "/owner",
        ParticipantRole::Unknown => "/unknown",
    };
    let presence = match (person.is_listed, person.is_online) {
        (false, _) => "/gone",
        (true, true) => "/online",
        (true, false) => "",
    };

    format!("{}:{place}{role}{presence}@{}", person.name, person.version)
}

fn train(train: &HypeTrain) -> String {
    let phase = match train.phase {
        HypeTrainPhase::Approaching => "approaching",
        HypeTrainPhase::Running => "running",
        HypeTrainPhase::Ended => "ended",
        HypeTrainPhase::Unknown => "unknown",
    };

    format!(
        "train={phase} level={} progress={}/{} total={}",
        train.level, train.progress, train.goal, train.total
    )
}
