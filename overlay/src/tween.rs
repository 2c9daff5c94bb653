//! Values that ease from one figure to another, as a function of the scene's time alone.
//!
//! A tween keeps where it started and when, never where it is: asking it twice for one instant
//! gives one answer, however many frames were dropped in between.

/// The growth of a bar or a figure.
pub(crate) const GROW_MS: i64 = 400;
/// Something comes on stage.
pub(crate) const ENTER_MS: i64 = 240;
/// Something leaves the stage.
pub(crate) const LEAVE_MS: i64 = 180;

/// A number on its way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tween {
    from: f32,
    to: f32,
    started_at: i64,
}

impl Tween {
    /// A number at rest.
    pub(crate) const fn at(value: f32) -> Self {
        Self {
            from: value,
            to: value,
            started_at: 0,
        }
    }

    /// Heads for `to`, from wherever it is at `now_ms`.
    pub(crate) fn head_for(&mut self, to: f32, now_ms: i64) {
        if (self.to - to).abs() > f32::EPSILON {
            *self = Self {
                from: self.value(now_ms),
                to,
                started_at: now_ms,
            };
        }
    }

    /// Heads for what is `way` beyond its goal, from wherever it is at `now_ms`.
    pub(crate) fn shift(&mut self, way: f32, now_ms: i64) {
        self.head_for(self.to + way, now_ms);
    }

    /// Arrives at once.
    pub(crate) const fn settle(&mut self) {
        *self = Self::at(self.to);
    }

    /// Heads for `to` from `from`, setting off at `starts_at_ms`.
    pub(crate) const fn between(from: f32, to: f32, starts_at_ms: i64) -> Self {
        Self {
            from,
            to,
            started_at: starts_at_ms,
        }
    }

    /// Returns the number at `now_ms`.
    pub(crate) fn value(&self, now_ms: i64) -> f32 {
        self.from + (self.to - self.from) * eased(now_ms - self.started_at, GROW_MS)
    }
}

/// A whole number on its way, exact at both ends however large it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    from: i64,
    to: i64,
    started_at: i64,
}

impl Count {
    /// A count at rest.
    pub(crate) const fn at(value: i64) -> Self {
        Self {
            from: value,
            to: value,
            started_at: 0,
        }
    }

    /// Heads for `to` from `from`, setting off at `starts_at_ms`.
    pub(crate) const fn between(from: i64, to: i64, starts_at_ms: i64) -> Self {
        Self {
            from,
            to,
            started_at: starts_at_ms,
        }
    }

    /// Heads for `to`, from wherever it is at `now_ms`.
    pub(crate) fn head_for(&mut self, to: i64, now_ms: i64) {
        if self.to != to {
            *self = Self {
                from: self.value(now_ms),
                to,
                started_at: now_ms,
            };
        }
    }

    /// Returns the count at `now_ms`.
    pub(crate) fn value(&self, now_ms: i64) -> i64 {
        let part = eased(now_ms - self.started_at, GROW_MS);
        if part >= 1.0 {
            return self.to;
        }
        let way = self.to.saturating_sub(self.from) as f64;

        self.from.saturating_add((way * f64::from(part)) as i64)
    }
}

/// Returns how far a movement is, from 0 to 1, that began `age_ms` ago and takes `length_ms`:
/// quick at first, then settling.
pub(crate) fn eased(age_ms: i64, length_ms: i64) -> f32 {
    let rest = 1.0 - linear(age_ms, length_ms);

    1.0 - rest * rest * rest
}

/// Returns how much of `length_ms` has passed after `age_ms`, from 0 to 1.
pub(crate) fn linear(age_ms: i64, length_ms: i64) -> f32 {
    (age_ms.clamp(0, length_ms) as f32) / (length_ms as f32)
}

#[cfg(test)]
mod tests {
    use super::{Count, GROW_MS, Tween};

    #[test]
    fn a_count_starts_and_ends_on_the_exact_figure() {
        let mut count = Count::at(0);
        count.head_for(i64::MAX, 100);

        assert_eq!(count.value(100), 0);
        assert_eq!(count.value(100 + GROW_MS), i64::MAX);
    }

    #[test]
    fn a_new_goal_is_headed_for_from_where_the_figure_is() {
        let mut tween = Tween::at(0.0);
        tween.head_for(1.0, 0);
        let halfway = tween.value(200);
        tween.head_for(0.5, 200);

        assert!((tween.value(200) - halfway).abs() < 0.001);
        assert!((tween.value(600) - 0.5).abs() < 0.001);
    }
}
