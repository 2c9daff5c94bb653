//! What tells one event from another: a mark of fixed length inside its text.
//!
//! It is found by its first byte, which nothing else in the bench's events contains, so no listener
//! has to parse the message around it, whatever the server's protocol.

use std::time::Duration;

/// Begins and ends a mark.
const EDGE: u8 = b'@';
/// `@phase.lane.number.nanoseconds@`
const LENGTH: usize = 1 + 1 + 1 + 2 + 1 + 9 + 1 + 19 + 1;
/// Publishers side by side. A server that commits in groups needs several requests under way.
pub(crate) const LANES_MAX: usize = 16;

/// Which event it is, and when it was handed to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Events of one phase are all delivered before the next begins.
    pub(crate) phase: u8,
    /// Which publisher sent it: there is an order within a lane, and none across lanes.
    pub(crate) lane: usize,
    /// 1, 2, 3, … within a phase and lane.
    pub(crate) number: u32,
    pub(crate) sent_at: Duration,
}

/// Something began like a mark and was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event's mark is damaged")]
pub(crate) struct DamagedMark;

impl Mark {
    pub(crate) fn write(self) -> String {
        format!(
            "@{:01}.{:02}.{:09}.{:019}@",
            self.phase,
            self.lane,
            self.number,
            self.sent_at.as_nanos()
        )
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (phase, rest) = digits(bytes.get(1..)?, 1, b'.')?;
        let (lane, rest) = digits(rest, 2, b'.')?;
        let (number, rest) = digits(rest, 9, b'.')?;
        let (nanos, _) = digits(rest, 19, EDGE)?;

        Some(Self {
            phase: u8::try_from(phase).ok()?,
            lane: usize::try_from(lane)
                .ok()
                .filter(|lane| *lane < LANES_MAX)?,
            number: u32::try_from(number).ok()?,
            sent_at: Duration::from_nanos(nanos),
        })
    }
}

/// Every mark in `text`, in order.
pub(crate) fn marks(text: &[u8]) -> impl Iterator<Item = Result<Mark, DamagedMark>> {
    let mut rest = text;

    std::iter::from_fn(move || {
        let start = memchr::memchr(EDGE, rest)?;
        let mark = Mark::parse(&rest[start..]).ok_or(DamagedMark);
        rest = rest.get(start + LENGTH..).unwrap_or_default();
        Some(mark)
    })
}

/// Reads `count` decimal digits and the byte after them.
fn digits(text: &[u8], count: usize, end: u8) -> Option<(u64, &[u8])> {
    let (number, rest) = text.split_at_checked(count)?;
    let number = number.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        Some(number * 10 + u64::from(digit))
    })?;

    (rest.first() == Some(&end)).then(|| (number, &rest[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: u32) -> Mark {
        Mark {
            phase: 2,
            lane: 11,
            number,
            sent_at: Duration::from_nanos(12_345_678_901_234),
        }
    }

    #[test]
    fn every_mark_of_a_message_is_found() {
        let (first, second) = (mark(1).write(), mark(2).write());
        assert_eq!(first.len(), LENGTH);
        let text = format!(r#"{{"events":[{{"message":"a {first}{second} b"}}]}}"#);

        let found: Vec<_> = marks(text.as_bytes()).collect();

        assert_eq!(found, [Ok(mark(1)), Ok(mark(2))]);
        assert_eq!(marks(b"no marks here").count(), 0);
    }

    #[test]
    fn a_damaged_mark_does_not_pass() {
        let good = mark(7).write();
        for bad in [
            good[..LENGTH - 1].to_owned(),
            good.replace(".11.", ".16."),
            good.replace("000000007", "00000000x"),
            good.replace("@2", "@:"),
        ] {
            let found: Vec<_> = marks(bad.as_bytes()).collect();
            assert_eq!(found[0], Err(DamagedMark), "{bad}");
        }
    }
}
