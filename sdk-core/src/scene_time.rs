//! Time that goes on with the picture.

use crate::time::{Instant, ServerTime};

/// How far back the picture's time may go and count as unsteady: a player that reports a little less than
/// was expected. What goes back further has been sent there.
const UNSTEADY_MAX_MS: i64 = 2_000;

/// How far the picture's time may run ahead of what has passed and count as unsteady: a player that has
/// fallen behind, or a correction of the clock.
const AHEAD_MAX_MS: i64 = 1_000;

/// The fastest that browsers play.
const RATE_MAX: i64 = 16;

/// A scene's own time: it stands while the picture stands, and never runs backwards. Where the picture is
/// sent elsewhere, ahead or back, no time passes.
#[derive(Debug, Clone, Copy, Default)]
pub struct SceneTime {
    now_ms: i64,
    last: Option<Last>,
}

/// When the scene was last brought up to where the picture was.
#[derive(Debug, Clone, Copy)]
struct Last {
    picture_at: ServerTime,
    at: Instant,
}

impl SceneTime {
    /// Goes on to where the picture is at `now`, as [`Client::picture_time`](crate::Client::picture_time)
    /// says, and returns the scene's time in milliseconds. It stands for as long as that is not known, and
    /// where the picture has run ahead faster than any player plays.
    pub fn follow(&mut self, picture_time: Option<ServerTime>, now: Instant) -> i64 {
        let Some(picture_at) = picture_time else {
            return self.now_ms;
        };
        let last = self.last.unwrap_or(Last {
            picture_at,
            at: now,
        });
        let way_ms = picture_at.millis_since(last.picture_at);
        let way_max_ms = now
            .millis_since(last.at)
            .saturating_mul(RATE_MAX)
            .saturating_add(AHEAD_MAX_MS);
        if (0..=way_max_ms).contains(&way_ms) {
            self.now_ms = self.now_ms.saturating_add(way_ms);
        }
        let is_unsteady = (-UNSTEADY_MAX_MS..0).contains(&way_ms);
        self.last = Some(Last {
            picture_at: if is_unsteady {
                last.picture_at
            } else {
                picture_at
            },
            at: now,
        });

        self.now_ms
    }

    /// Notes that the picture has been sent to where it is now: the scene goes on from there.
    pub fn jump(&mut self) {
        self.last = None;
    }

    /// Returns the scene's time in milliseconds, as of when it was last brought up to the picture.
    pub const fn now_ms(&self) -> i64 {
        self.now_ms
    }
}

#[cfg(test)]
mod tests {
    use super::SceneTime;
    use crate::time::{Instant, ServerTime};

    #[test]
    fn a_scene_stands_with_the_picture_and_goes_on_from_wherever_that_is_sent() {
        let mut scene = SceneTime::default();
        for (now_ms, picture_ms, scene_ms) in [
            (0, None, 0),
            (1_000, Some(50_000), 0),
            (2_000, Some(51_000), 1_000),
            // Paused, and unsteady.
            (3_000, Some(51_000), 1_000),
            (3_100, Some(50_900), 1_000),
            (3_200, Some(51_100), 1_100),
            (4_000, None, 1_100),
            // Sent back.
            (5_000, Some(20_000), 1_100),
            (5_500, Some(20_500), 1_600),
            // Sent ahead, and played as fast as can be.
            (5_516, Some(620_500), 1_600),
            (6_016, Some(621_000), 2_100),
            (7_016, Some(637_000), 18_100),
            // Not looked at for a minute.
            (67_016, Some(697_000), 78_100),
            // A little ahead of the clock, as after a correction.
            (67_032, Some(697_900), 79_000),
        ] {
            let picture_time = picture_ms.map(ServerTime::from_unix_millis);
            let now = Instant::from_millis(now_ms);
            assert_eq!(scene.follow(picture_time, now), scene_ms, "{now_ms}");
        }
    }

    #[test]
    fn no_time_passes_in_a_jump_however_long_nobody_looked() {
        let mut scene = SceneTime::default();
        let at = |scene: &mut SceneTime, now_ms, picture_ms| {
            let picture_time = Some(ServerTime::from_unix_millis(picture_ms));
            scene.follow(picture_time, Instant::from_millis(now_ms))
        };
        assert_eq!(at(&mut scene, 0, 50_000), 0);
        assert_eq!(at(&mut scene, 1_000, 51_000), 1_000);

        scene.jump();
        assert_eq!(scene.now_ms(), 1_000);
        assert_eq!(at(&mut scene, 61_000, 651_000), 1_000);
        assert_eq!(at(&mut scene, 62_000, 652_000), 2_000);
    }
}
