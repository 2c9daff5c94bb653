//! Whether one socket got every event once and in order.

use crate::mark::{LANES_MAX, Mark};

/// The phase in which sockets join: some servers give no sign that a subscription has begun, so the
/// first event of this phase may have any number.
pub(crate) const JOINING: u8 = 0;

/// How far a socket has come.
#[derive(Debug, Default)]
pub(crate) struct Order {
    phase: u8,
    last: [u32; LANES_MAX],
}

/// What an event was to its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// The first of all: the socket's subscription has begun.
    Joined,
    /// Another one of the phase in which sockets join. It does not count.
    Joining,
    Delivered,
}

/// An event that is lost, repeated or out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "event {got} of lane {lane} in phase {got_phase} came where event {expected} of phase {phase} \
     was next"
)]
pub(crate) struct OutOfOrder {
    lane: usize,
    phase: u8,
    expected: u32,
    got_phase: u8,
    got: u32,
}

impl Order {
    pub(crate) fn accept(&mut self, mark: Mark) -> Result<Accepted, OutOfOrder> {
        if mark.phase > self.phase {
            *self = Self {
                phase: mark.phase,
                ..Self::default()
            };
        }
        let joins = mark.phase == JOINING && self.last[mark.lane] == 0;
        let expected = self.last[mark.lane] + 1;
        if mark.phase < self.phase || (mark.number != expected && !joins) {
            return Err(OutOfOrder {
                lane: mark.lane,
                phase: self.phase,
                expected,
                got_phase: mark.phase,
                got: mark.number,
            });
        }

        self.last[mark.lane] = mark.number;
        Ok(match (mark.phase, joins) {
            (JOINING, true) => Accepted::Joined,
            (JOINING, false) => Accepted::Joining,
            _ => Accepted::Delivered,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn mark(phase: u8, lane: usize, number: u32) -> Mark {
        Mark {
            phase,
            lane,
            number,
            sent_at: Duration::ZERO,
        }
    }

    fn after(marks: &[(u8, usize, u32)]) -> Order {
        let mut order = Order::default();
        for (phase, lane, number) in marks {
            order.accept(mark(*phase, *lane, *number)).unwrap();
        }
        order
    }

    #[test]
    fn a_socket_joins_with_any_event_and_then_needs_each() {
        let mut order = Order::default();

        assert_eq!(order.accept(mark(0, 0, 3)), Ok(Accepted::Joined));
        assert_eq!(order.accept(mark(0, 0, 4)), Ok(Accepted::Joining));
        assert!(order.accept(mark(0, 0, 6)).is_err());
        assert_eq!(order.accept(mark(1, 0, 1)), Ok(Accepted::Delivered));
    }

    #[test]
    fn lanes_have_an_order_each_and_phases_start_anew() {
        let mut order = after(&[(1, 0, 1), (1, 3, 1), (1, 0, 2)]);

        assert_eq!(order.accept(mark(1, 3, 2)), Ok(Accepted::Delivered));
        assert_eq!(order.accept(mark(2, 0, 1)), Ok(Accepted::Delivered));
        assert_eq!(order.accept(mark(2, 3, 1)), Ok(Accepted::Delivered));
    }

    #[test]
    fn a_lost_a_repeated_and_a_late_event_are_noticed() {
        for (phase, number, why) in [
            (2, 3, "lost"),
            (2, 1, "repeated"),
            (1, 2, "of a phase that is over"),
            (3, 2, "the first of a phase is lost"),
        ] {
            let mut order = after(&[(1, 0, 1), (2, 0, 1)]);
            assert!(order.accept(mark(phase, 0, number)).is_err(), "{why}");
        }
    }
}
