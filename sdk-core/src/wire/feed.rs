//! The messages of `liveRoom`, as they come.
//!
//! What is new on the server must not cut off old clients: a value that this client does not know is
//! an unknown one of its kind, and an event that it cannot read is of an unknown kind, with its timing
//! and its part all the same. Left out is only what tells not even those.

use super::Feed;
use super::payload::{kind, time};
use super::tree::Tree;
use crate::event::{EventKind, EventTiming, RoomEvent};
use alloc::string::String;
use alloc::vec::Vec;

/// The longest epoch, in bytes; those of this server have 36. It is sent back as it came.
const EPOCH_BYTES_MAX: usize = 200;

/// How long an event's texts may be together, in bytes. A message has at most 1,000, and a train's
/// names 2,000. A client holds thousands of events: a limit on each is what bounds its memory.
const EVENT_TEXT_BYTES_MAX: usize = 8_000;

/// The longest name of a kind or a part, in bytes; those of this server have at most 50. Of an event
/// that cannot be read nothing else is held.
const NAME_BYTES_MAX: usize = 200;

/// Reads a message, or returns `None` if it is not one.
pub(crate) fn feed(mut feed: Tree) -> Option<Feed> {
    let mut malformed_events = 0;

    Some(Feed {
        epoch: feed
            .text("epoch")
            .filter(|epoch| epoch.len() <= EPOCH_BYTES_MAX)?,
        after_seq: feed.decimal("afterSeq")?,
        through_seq: feed.decimal("throughSeq")?,
        recovered: feed.truth("recovered")?,
        snapshot: feed
            .list("snapshot")
            .map(|snapshot| events(snapshot, &mut malformed_events)),
        events: events(feed.list("events")?, &mut malformed_events),
        live_through_seq: feed.decimal("liveThroughSeq"),
        // Taken for nothing, it would have events passed over.
        left_out_from: if feed.has("leftOutFrom") {
            Some(time(&mut feed, "leftOutFrom")?)
        } else {
            None
        },
        online_count: feed.take("presence").small("onlineCount"),
        malformed_events,
    })
}

fn events(trees: Vec<Tree>, malformed_events: &mut u32) -> Vec<RoomEvent> {
    let mut events = Vec::with_capacity(trees.len());
    for tree in trees {
        match event(tree) {
            Some(event) => events.push(event),
            None => *malformed_events += 1,
        }
    }

    events
}

fn event(mut event: Tree) -> Option<RoomEvent> {
    let is_too_long = event.text_bytes() > EVENT_TEXT_BYTES_MAX;
    let type_name = name(event.text("__typename")?)?;

    Some(RoomEvent {
        seq: event.decimal("seq")?,
        occurred_at: time(&mut event, "occurredAt")?,
        display_at: time(&mut event, "displayAt")?,
        timing: match event.text("timing")?.as_str() {
            "LIVE" => EventTiming::Live,
            // Of what is timed in a way not heard of yet, late is better than early.
            _ => EventTiming::Picture,
        },
        part: if event.has("part") {
            Some(name(event.text("part")?)?)
        } else {
            None
        },
        kind: match kind(&type_name, event) {
            Some(kind) if !is_too_long => kind,
            Some(_) | None => EventKind::Unknown { type_name },
        },
    })
}

fn name(name: String) -> Option<String> {
    (name.len() <= NAME_BYTES_MAX).then_some(name)
}

#[cfg(test)]
mod tests;
