//! The messages of `liveRoom`, as they come.
//!
//! What is new on the server must not cut off old clients: of an event only its stamps, its timing and its
//! part are read, whatever it is about. Left out is only what tells not even those.

use super::Feed;
use super::payload::time;
use super::tree::Tree;
use crate::event::{EventTiming, Payload, RoomEvent};
use alloc::string::String;
use alloc::vec::Vec;

/// The longest epoch, in bytes; those of this server have 36. It is sent back as it came.
pub(super) const EPOCH_BYTES_MAX: usize = 200;

/// The longest event, in bytes as it comes. A message has at most 1,000 characters and a train's names 2,000,
/// which is some 12,000 bytes with all that stands around them. A client holds thousands of events: a limit on
/// each is what bounds its memory.
const EVENT_BYTES_MAX: usize = 16_000;

/// The longest name of a kind or a part, in bytes; those of this server have at most 50. Of an event
/// that is too long nothing else is held.
const NAME_BYTES_MAX: usize = 200;

/// Reads a message from its place in `text`, or returns `None` if it is not one.
pub(crate) fn feed(mut feed: Tree, text: &str) -> Option<Feed> {
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
            .map(|snapshot| events(snapshot, text, &mut malformed_events)),
        events: events(feed.list("events")?, text, &mut malformed_events),
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

fn events(trees: Vec<Tree>, text: &str, malformed_events: &mut u32) -> Vec<RoomEvent> {
    let mut events = Vec::with_capacity(trees.len());
    for tree in trees {
        match event(tree, text) {
            Some(event) => events.push(event),
            None => *malformed_events += 1,
        }
    }

    events
}

fn event(mut event: Tree, text: &str) -> Option<RoomEvent> {
    let payload = event
        .written(text)
        .filter(|payload| payload.len() <= EVENT_BYTES_MAX);

    Some(RoomEvent {
        payload: Payload::new(payload.unwrap_or(Payload::NOTHING)),
        type_name: name(event.text("__typename")?)?,
        seq: event.decimal("seq")?,
        occurred_at: time(&mut event, "occurredAt")?,
        display_at: time(&mut event, "displayAt")?,
        timing: match event.text("timing")?.as_str() {
            "LIVE" => EventTiming::Live,
            "PICTURE" => EventTiming::Picture,
            _ => EventTiming::Newer,
        },
        part: if event.has("part") {
            Some(name(event.text("part")?)?)
        } else {
            None
        },
        empties_part: is_empty_after(event),
        is_readable: false,
    })
}

/// Returns whether the event's part is empty after it. What it is about says so by `isListed: false`, whatever
/// that is.
fn is_empty_after(event: Tree) -> bool {
    let Tree::Record(fields, _) = event else {
        return false;
    };

    fields
        .into_iter()
        .any(|(_, mut about)| about.truth("isListed") == Some(false))
}

fn name(name: String) -> Option<String> {
    (name.len() <= NAME_BYTES_MAX).then_some(name)
}

#[cfg(test)]
mod tests;
