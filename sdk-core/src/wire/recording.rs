//! Recorded sessions, as they lie in files.

use super::stamp;
use crate::config::{Config, Placement};
use crate::playhead::Playhead;
use crate::time::{Instant, MediaTime};
use miniserde::{Deserialize, json};

/// What a host reported in a session, in order.
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) config: Config,
    pub(crate) seed: u64,
    pub(crate) steps: Vec<Step>,
    pub(crate) until: Instant,
}

/// One report, and when it was made.
pub(crate) struct Step {
    pub(crate) at: Instant,
    pub(crate) report: Report,
}

pub(crate) enum Report {
    Opened,
    Frame(String),
    Closed(u16),
    Playhead(Playhead),
    NoPlayhead,
    Token(String),
    Disconnect,
}

#[derive(Deserialize)]
struct WireRecording {
    name: String,
    placement: String,
    seed: u64,
    token: Option<String>,
    #[serde(rename = "startAt")]
    start_at: Option<String>,
    steps: Vec<WireStep>,
    until: i64,
}

#[derive(Deserialize)]
struct WireStep {
    at: i64,
    opened: Option<bool>,
    frame: Option<String>,
    closed: Option<u16>,
    playhead: Option<WirePlayhead>,
    #[serde(rename = "noPlayhead")]
    no_playhead: Option<bool>,
    token: Option<String>,
    disconnect: Option<bool>,
}

#[derive(Deserialize)]
struct WirePlayhead {
    position: String,
    playing: bool,
    rate: u32,
}

/// Reads a recording, or returns `None` if it is malformed.
pub(crate) fn decode(text: &str) -> Option<Recording> {
    let recording: WireRecording = json::from_str(text).ok()?;
    let mut steps = Vec::with_capacity(recording.steps.len());
    for step in recording.steps {
        steps.push(Step {
            at: Instant::from_millis(step.at),
            report: step.read()?,
        });
    }

    Some(Recording {
        name: recording.name,
        config: Config {
            url: "ws://rehearsal/graphql/ws".to_owned(),
            token: recording.token,
            room_id: "Um9vbToxMjM=".to_owned(),
            placement: match recording.placement.as_str() {
                "source" => Placement::Source,
                "player" => Placement::Player,
                "companion" => Placement::Companion,
                _ => return None,
            },
            start_at: match recording.start_at {
                Some(text) => Some(position(&text)?),
                None => None,
            },
        },
        seed: recording.seed,
        steps,
        until: Instant::from_millis(recording.until),
    })
}

impl WireStep {
    fn read(self) -> Option<Report> {
        if let Some(text) = self.frame {
            return Some(Report::Frame(text));
        }
        if let Some(playhead) = self.playhead {
            return Some(Report::Playhead(Playhead {
                position: position(&playhead.position)?,
                playing: playhead.playing,
                rate: playhead.rate,
            }));
        }
        if let Some(code) = self.closed {
            return Some(Report::Closed(code));
        }
        if let Some(token) = self.token {
            return Some(Report::Token(token));
        }

        match (self.opened, self.no_playhead, self.disconnect) {
            (Some(true), None, None) => Some(Report::Opened),
            (None, Some(true), None) => Some(Report::NoPlayhead),
            (None, None, Some(true)) => Some(Report::Disconnect),
            _ => None,
        }
    }
}

fn position(text: &str) -> Option<MediaTime> {
    stamp::read(text).map(MediaTime::from_unix_millis)
}
