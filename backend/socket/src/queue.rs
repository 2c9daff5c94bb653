//! What waits to be written to one socket, in order, without the socket.
//!
//! Frames keep sharing their payload while they wait. They are copied together only for the write
//! that takes them, so that a backlog goes out in few writes.

use std::collections::VecDeque;
use std::io;

use parlor_domain::time::ServerTime;

use super::frame::Frame;

/// What one write carries at most: a few dozen live messages, and less than the kernel takes from
/// us at once, so that little is copied twice.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// Frames, of which the first may be partly written.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Entry>,
    /// How much of the first frame is out.
    written: usize,
    /// The sizes of all that waits.
    bytes: usize,
}

struct Entry {
    /// The serial of the operation it belongs to.
    owner: Option<u64>,
    frame: Frame,
}

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueLimits {
    pub(super) messages: usize,
    pub(super) bytes: usize,
}

/// What a write took.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    /// Messages that are out to their last byte.
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether `frame` fits. A single frame may be larger than the limit, or it could never be
    /// sent.
    pub(super) fn has_space(&self, frame: &Frame, limits: QueueLimits) -> bool {
        self.is_empty()
            || (self.len() < limits.messages && self.bytes + frame.size() <= limits.bytes)
    }

    /// Adds a frame at its place: the end, but for what has to do with the way and not the queue.
    pub(super) fn push(&mut self, owner: Option<u64>, frame: Frame) {
        self.bytes += frame.size();
        let entry = Entry { owner, frame };
        if let Frame::Pong { .. } | Frame::Probe = entry.frame {
            self.waiting.insert(usize::from(self.written > 0), entry);
        } else {
            self.waiting.push_back(entry);
        }
    }

    /// Adds the rest of a frame of which `written` bytes are out. Nothing else waits.
    pub(super) fn push_rest(&mut self, owner: Option<u64>, frame: Frame, written: usize) {
        debug_assert!(self.is_empty(), "a frame was written ahead of the queue");
        self.push(owner, frame);
        self.written = written;
    }

    /// Takes out the frames of an operation, but for one that is partly written.
    pub(super) fn remove_owned_by(&mut self, serial: u64) {
        let mut is_under_way = self.written > 0;
        self.waiting
            .retain(|entry| std::mem::take(&mut is_under_way) || entry.owner != Some(serial));
        self.bytes = self.waiting.iter().map(|entry| entry.frame.size()).sum();
    }

    /// Takes out everything, but for a frame that is partly written.
    pub(super) fn clear_unwritten(&mut self) {
        self.waiting.truncate(usize::from(self.written > 0));
        self.bytes = self.waiting.iter().map(|entry| entry.frame.size()).sum();
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Hands to `write` what goes out next, which must be something, and takes out what it took.
    /// `now` is when it is written.
    pub(super) fn write(
        &mut self,
        now: ServerTime,
        write: impl FnOnce(&[u8]) -> io::Result<usize>,
    ) -> io::Result<Sent> {
        let mut chunk = Vec::with_capacity(self.bytes.min(WRITE_BYTES_MAX));
        let mut skip = self.written;
        for entry in &self.waiting {
            let room = WRITE_BYTES_MAX - chunk.len();
            if room == 0 {
                break;
            }
            entry.frame.write_to(&mut chunk, skip, room, now);
            skip = 0;
        }

        match write(&chunk)? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            taken => Ok(self.take_out(taken, now)),
        }
    }

    fn take_out(&mut self, taken: usize, now: ServerTime) -> Sent {
        let mut sent = Sent {
            messages: 0,
            bytes: taken as u64,
        };
        self.written += taken;
        while let Some(entry) = self.waiting.front_mut() {
            let length = entry.frame.length(now);
            if self.written < length {
                if self.written > 0 {
                    self.bytes -= entry.frame.size();
                    entry.frame.settle(now);
                    self.bytes += entry.frame.size();
                }
                return sent;
            }
            self.written -= length;
            self.bytes -= entry.frame.size();
            sent.messages += u64::from(entry.frame.is_message());
            self.waiting.pop_front();
        }

        // An idle socket keeps no room for the backlog it once had.
        self.clear();
        sent
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const NOW: ServerTime = ServerTime::from_unix_millis(5);
    const LATER: ServerTime = ServerTime::from_unix_millis(6);

    fn text(text: &str) -> Frame {
        Frame::Text(Arc::from(text))
    }

    fn pong() -> Frame {
        Frame::Pong {
            client_sent_at: None,
            received_at: NOW,
        }
    }

    /// Writes the next `count` bytes.
    fn take(queue: &mut Queue, count: usize) -> (String, Sent) {
        let mut taken = Vec::new();
        let sent = queue.write(NOW, |chunk| {
            taken.extend_from_slice(&chunk[..count.min(chunk.len())]);
            Ok(taken.len())
        });

        (String::from_utf8_lossy(&taken).into_owned(), sent.unwrap())
    }

    #[test]
    fn what_waits_goes_out_in_one_write_and_in_order() {
        let mut queue = Queue::default();
        queue.push(None, text("one"));
        queue.push(None, text("two"));
        queue.push(None, text("three"));

        let (written, sent) = take(&mut queue, usize::MAX);
        assert_eq!(
            written,
            "\u{fffd}\u{3}one\u{fffd}\u{3}two\u{fffd}\u{5}three"
        );
        let expected = Sent {
            messages: 3,
            bytes: 17,
        };
        assert_eq!(sent, expected);
        assert!(queue.is_empty() && queue.bytes() == 0);
    }

    #[test]
    fn a_backlog_goes_out_in_bounded_writes_wherever_they_end() {
        let texts: Vec<_> = (0..5).map(|n| n.to_string().repeat(40_000)).collect();
        for step in [997, 4_096, usize::MAX] {
            let mut queue = Queue::default();
            for content in &texts {
                queue.push(None, text(content));
            }

            let (mut written, mut messages) = (Vec::new(), 0);
            while !queue.is_empty() {
                let sent = queue.write(NOW, |chunk| {
                    assert!(chunk.len() <= WRITE_BYTES_MAX);
                    written.extend_from_slice(&chunk[..step.min(chunk.len())]);
                    Ok(step.min(chunk.len()))
                });
                messages += sent.unwrap().messages;
            }
            assert_eq!(messages, 5);
            let expected: Vec<u8> = texts
                .iter()
                .flat_map(|text| [b"\x81\x7e\x9c\x40", text.as_bytes()].concat())
                .collect();
            assert!(written == expected, "in writes of {step}");
        }
    }

    #[test]
    fn a_pong_goes_before_what_waits_but_not_into_it() {
        let mut queue = Queue::default();
        queue.push(Some(1), text("one"));
        queue.push(Some(1), text("two"));
        queue.push(None, pong());
        let (written, _) = take(&mut queue, 4);
        assert!(written.ends_with("{\""), "{written}");

        // The pong is under way now, and keeps the stamp that it went out with.
        queue.push(None, pong());
        let mut rest = Vec::new();
        let sent = queue.write(LATER, |chunk| {
            rest.extend_from_slice(chunk);
            Ok(chunk.len())
        });
        assert_eq!(sent.unwrap().messages, 4);
        let rest = String::from_utf8_lossy(&rest);
        let stamps: Vec<_> = rest.match_indices("\"serverSentAt\":").collect();
        let stamp = |n: usize| &rest[stamps[n].0 + 15..][..1];
        assert_eq!((stamp(0), stamp(1)), ("5", "6"));
        assert!(rest.ends_with("two"), "{rest}");
    }

    #[test]
    fn nothing_of_an_ended_operation_is_begun() {
        let mut queue = Queue::default();
        for (owner, name) in [(1, "one"), (1, "two"), (2, "three")] {
            queue.push(Some(owner), text(name));
        }
        take(&mut queue, 3);
        queue.remove_owned_by(1);
        assert_eq!(queue.len(), 2);
        assert!(take(&mut queue, usize::MAX).0.starts_with("ne"));

        queue.push(Some(1), text("four"));
        queue.remove_owned_by(1);
        assert!(queue.is_empty() && queue.bytes() == 0);
    }

    #[test]
    fn a_frame_under_way_is_finished_whatever_happens() {
        let mut queue = Queue::default();
        queue.push_rest(Some(1), text("one"), 3);
        queue.push(Some(1), text("two"));
        queue.clear_unwritten();
        queue.push(None, text("end"));

        assert_eq!(take(&mut queue, usize::MAX).0, "ne\u{fffd}\u{3}end");
    }

    #[test]
    fn a_write_that_takes_nothing_changes_nothing() {
        let mut queue = Queue::default();
        queue.push(None, pong());
        let blocked = queue.write(NOW, |_| Err(io::ErrorKind::WouldBlock.into()));
        assert!(blocked.is_err());

        let mut written = Vec::new();
        queue
            .write(LATER, |chunk| {
                written.extend_from_slice(chunk);
                Ok(chunk.len())
            })
            .unwrap();
        let written = String::from_utf8_lossy(&written).into_owned();
        assert!(written.contains("\"serverSentAt\":6"), "{written}");
    }

    #[test]
    fn the_limits_leave_room_for_one_frame_of_any_size() {
        let limits = QueueLimits {
            messages: 2,
            bytes: 1_000,
        };
        let large = text(&"x".repeat(2_000));
        let mut queue = Queue::default();
        assert!(queue.has_space(&large, limits));

        queue.push(None, text("small"));
        assert!(!queue.has_space(&large, limits));
        assert!(queue.has_space(&text("small"), limits));
        queue.push(None, text("small"));
        assert!(!queue.has_space(&text("small"), limits));
    }
}
