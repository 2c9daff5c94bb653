//! Recorded sessions, as they lie in files.

use super::stamp;
use super::tree::Tree;
use crate::config::{Config, Placement};
use crate::playhead::{Playhead, PlayheadQuality};
use crate::time::{Instant, MediaTime};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

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

/// Reads a recording, or returns `None` if it is malformed.
pub(crate) fn decode(text: &str) -> Option<Recording> {
    let mut recording = Tree::read(text)?;
    let mut steps = Vec::new();
    for mut step in recording.list("steps")? {
        steps.push(Step {
            at: Instant::from_millis(step.integer("at")?),
            report: report(&mut step)?,
        });
    }

    Some(Recording {
        name: recording.text("name")?,
        config: Config {
            url: "ws://rehearsal/graphql/ws".to_owned(),
            token: recording.text("token"),
            room_id: "Um9vbToxMjM=".to_owned(),
            placement: match recording.text("placement")?.as_str() {
                "source" => Placement::Source,
                "player" => Placement::Player,
                "companion" => Placement::Companion,
                _ => return None,
            },
            start_at: if recording.has("startAt") {
                Some(position(&mut recording, "startAt")?)
            } else {
                None
            },
        },
        seed: recording.integer("seed")?.cast_unsigned(),
        steps,
        until: Instant::from_millis(recording.integer("until")?),
    })
}

fn report(step: &mut Tree) -> Option<Report> {
    if let Some(text) = step.text("frame") {
        return Some(Report::Frame(text));
    }
    if let Some(code) = step.integer("closed") {
        return Some(Report::Closed(code.try_into().ok()?));
    }
    if let Some(token) = step.text("token") {
        return Some(Report::Token(token));
    }
    if step.has("playhead") {
        let mut playhead = step.take("playhead");
        return Some(Report::Playhead(Playhead {
            true_at: None,
            quality: PlayheadQuality::Clock,
            position: position(&mut playhead, "position")?,
            playing: playhead.truth("playing")?,
            rate: playhead.integer("rate")?.try_into().ok()?,
            seeks: playhead.integer("seeks").unwrap_or(0).try_into().ok()?,
        }));
    }

    for (name, report) in [
        ("opened", Report::Opened),
        ("noPlayhead", Report::NoPlayhead),
        ("disconnect", Report::Disconnect),
    ] {
        if step.truth(name) == Some(true) {
            return Some(report);
        }
    }

    None
}

fn position(tree: &mut Tree, name: &str) -> Option<MediaTime> {
    let text = tree.text(name)?;

    stamp::read(&text).map(MediaTime::from_unix_millis)
}
