//! Time that goes on with the picture.

use crate::time::ServerTime;

/// How far back the picture's time may go and count as unsteady: a player that reports a little less than
/// was expected. What goes back further has been sent there.
const UNSTEADY_MAX_MS: i64 = 2_000;

/// A scene's own time: it stands while the picture stands, and never runs backwards.
#[derive(Debug, Clone, Copy, Default)]
pub struct SceneTime {
    now_ms: i64,
    picture_at: Option<ServerTime>,
}

impl SceneTime {
    /// Goes on to where the picture is, as [`Client::picture_time`](crate::Client::picture_time) says, and
    /// returns the scene's time in milliseconds. It stands for as long as that is not known.
    pub fn follow(&mut self, picture_time: Option<ServerTime>) -> i64 {
        let Some(picture_at) = picture_time else {
            return self.now_ms;
        };
        let before = *self.picture_at.get_or_insert(picture_at);
        let way_ms = picture_at.millis_since(before);
        let is_unsteady = (-UNSTEADY_MAX_MS..0).contains(&way_ms);
        if !is_unsteady {
            self.picture_at = Some(picture_at);
        }
        self.now_ms = self.now_ms.saturating_add(way_ms.max(0));

        self.now_ms
    }
}

#[cfg(test)]
mod tests {
    use super::SceneTime;
    use crate::time::ServerTime;

    #[test]
    fn a_scene_stands_with_the_picture_and_goes_on_from_wherever_that_is_sent() {
        let mut scene = SceneTime::default();
        for (picture_ms, scene_ms) in [
            (None, 0),
            (Some(50_000), 0),
            (Some(51_000), 1_000),
            // Paused, and unsteady.
            (Some(51_000), 1_000),
            (Some(50_900), 1_000),
            (Some(51_100), 1_100),
            (None, 1_100),
            // Sent back.
            (Some(20_000), 1_100),
            (Some(20_500), 1_600),
        ] {
            let picture_time = picture_ms.map(ServerTime::from_unix_millis);
            assert_eq!(scene.follow(picture_time), scene_ms, "{picture_ms:?}");
        }
    }
}
