//! One payload on its way to many sockets.
//!
//! The frame is made once, in a buffer with room before it. For each socket its own opening is
//! written in front of what all share, and the header in front of that, so that a delivery is one
//! contiguous write with nothing allocated, and the payload is copied by nobody but the kernel.

use std::sync::Arc;

use super::frame::{END, Frame, HEADER_BYTES_MAX, NEXT, text_header};
use super::sent::count_sent;

/// The longest opening that is written in place. Ids of clients are a counter or a UUID; a longer
/// one takes the way through the queue.
const OPENING_BYTES_MAX: usize = 128;
const HEADROOM: usize = HEADER_BYTES_MAX + OPENING_BYTES_MAX;

/// A payload, and the frame around it for whichever socket had it last.
pub(crate) struct Broadcast {
    payload: Arc<str>,
    /// Room, then what all sockets share.
    bytes: Vec<u8>,
    /// Where the frame of `opening` begins.
    start: usize,
    opening: Option<Arc<str>>,
    sent_messages: u64,
    sent_bytes: u64,
}

impl Broadcast {
    pub(crate) fn new(payload: Arc<str>) -> Self {
        let mut bytes = vec![0; HEADROOM];
        bytes.reserve_exact(NEXT.len() + payload.len() + END.len());
        for part in [NEXT, &payload, END] {
            bytes.extend_from_slice(part.as_bytes());
        }

        Self {
            payload,
            bytes,
            start: HEADROOM,
            opening: None,
            sent_messages: 0,
            sent_bytes: 0,
        }
    }

    /// The whole frame for the operation of `opening`; `None` if it has to take the long way.
    pub(crate) fn frame(&mut self, opening: &Arc<str>) -> Option<&[u8]> {
        let is_ready = self.opening.as_ref().is_some_and(|last| last == opening);
        if !is_ready {
            let text_start = HEADROOM.checked_sub(opening.len())?;
            let header = text_header(self.bytes.len() - text_start);
            let start = text_start.checked_sub(header.bytes().len())?;
            self.bytes[start..text_start].copy_from_slice(header.bytes());
            self.bytes[text_start..HEADROOM].copy_from_slice(opening.as_bytes());
            self.start = start;
            self.opening = Some(Arc::clone(opening));
        }

        Some(&self.bytes[self.start..])
    }

    /// The same, to be kept.
    pub(crate) fn queued(&self, opening: &Arc<str>) -> Frame {
        Frame::Next {
            opening: Arc::clone(opening),
            payload: Arc::clone(&self.payload),
        }
    }

    /// Counts a frame that was written whole.
    pub(crate) fn count_sent(&mut self, bytes: usize) {
        self.sent_messages += 1;
        self.sent_bytes += bytes as u64;
    }

    /// Adds what was counted to the metrics.
    pub(crate) fn report(&mut self) {
        count_sent(
            std::mem::take(&mut self.sent_messages),
            std::mem::take(&mut self.sent_bytes),
        );
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::time::ServerTime;

    use super::super::frame::opening;
    use super::*;

    #[test]
    fn each_socket_gets_the_frame_that_its_queue_would_hold() {
        for length in [1, 80, 100, 500, 65_400, 65_500, 70_000] {
            let mut broadcast = Broadcast::new("x".repeat(length).into());
            for id in [
                "1",
                "1",
                "a\"b",
                "7",
                "5b0c4b0e-5d0a-4b5e-9f61-7f3b0f0a9c11",
                "1",
            ] {
                let opening: Arc<str> = opening(id).into();
                let mut expected = Vec::new();
                let now = ServerTime::from_unix_millis(0);
                broadcast
                    .queued(&opening)
                    .write_to(&mut expected, 0, usize::MAX, now);

                assert_eq!(
                    broadcast.frame(&opening),
                    Some(&expected[..]),
                    "{id} {length}"
                );
            }
        }
    }

    #[test]
    fn a_long_id_takes_the_way_through_the_queue() {
        let mut broadcast = Broadcast::new("{}".into());
        let of_length = |length: usize| Arc::<str>::from("x".repeat(length));

        assert!(broadcast.frame(&of_length(OPENING_BYTES_MAX)).is_some());
        assert!(broadcast.frame(&of_length(HEADROOM)).is_none());
        assert!(broadcast.frame(&of_length(HEADROOM + 1)).is_none());
    }
}
