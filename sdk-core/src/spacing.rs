//! How often something from outside may replace the socket: at once the first time, then at a
//! distance that grows for as long as it goes on.

use crate::time::Instant;

/// The distance of two replacements at first. Phones report one change of network two or three
/// times within this.
const FIRST_MS: i64 = 1_000;

/// And at last: as often as a server that is away is tried.
const LONGEST_MS: i64 = 15_000;

/// After this long without any it starts over.
const CALM_MS: i64 = 30_000;

/// When the last replacement was granted, or will be.
#[derive(Debug)]
pub(crate) struct Spacing {
    granted_at: Instant,
    distance_ms: i64,
}

impl Spacing {
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            granted_at: now.plus_millis(-CALM_MS),
            distance_ms: FIRST_MS,
        }
    }

    /// Returns when the replacement asked for at `now` may begin: at once, or at its distance to the
    /// last one. Those asked for in between are granted together.
    pub(crate) fn grant(&mut self, now: Instant) -> Instant {
        if self.granted_at <= now {
            let next = self.granted_at.plus_millis(self.distance_ms);
            self.distance_ms = if now.millis_since(self.granted_at) < CALM_MS {
                (self.distance_ms * 2).min(LONGEST_MS)
            } else {
                FIRST_MS
            };
            self.granted_at = next.max(now);
        }

        self.granted_at
    }
}

#[cfg(test)]
mod tests {
    use super::Spacing;
    use crate::time::Instant;

    fn grant(spacing: &mut Spacing, at_ms: i64) -> i64 {
        spacing.grant(Instant::from_millis(at_ms)).as_millis()
    }

    #[test]
    fn replacements_are_granted_at_a_growing_distance() {
        let mut spacing = Spacing::new(Instant::from_millis(0));
        let mut granted: Vec<i64> = (0..600)
            .map(|tenth| grant(&mut spacing, tenth * 100))
            .collect();
        granted.dedup();

        assert_eq!(
            granted,
            [0, 1_000, 3_000, 7_000, 15_000, 30_000, 45_000, 60_000]
        );
    }

    #[test]
    fn after_half_a_minute_of_calm_one_is_granted_at_once_again() {
        let mut spacing = Spacing::new(Instant::from_millis(0));
        for at_ms in [0, 500, 1_200] {
            grant(&mut spacing, at_ms);
        }

        assert_eq!(grant(&mut spacing, 33_000), 33_000);
        assert_eq!(grant(&mut spacing, 33_100), 34_000);
    }
}
