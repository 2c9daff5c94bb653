//! What the host tells of the network, and how often that may replace the socket.
//!
//! After a change the socket is presumed dead, for to find that out by silence takes half a minute.
//! A network that flaps must not have the client hammer the server, so replacements keep a distance
//! that grows for as long as they go on; a socket that is heard of meanwhile has proved alive.

use crate::time::Instant;

/// The distance of two replacements at first. Phones report one change of network two or three
/// times within this.
const SPACING_FIRST_MS: i64 = 1_000;

/// And at last: as often as a server that is away is tried.
const SPACING_LONGEST_MS: i64 = 15_000;

/// A network without changes for this long has come to rest.
const CALM_MS: i64 = 30_000;

/// The network as the host tells it.
#[derive(Debug)]
pub(crate) struct Path {
    online: bool,
    /// When the last change was followed, or will be.
    followed_at: Instant,
    spacing_ms: i64,
    /// When the socket is to be replaced unless it is heard of.
    replace_at: Option<Instant>,
}

impl Path {
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            online: true,
            followed_at: now.plus_millis(-CALM_MS),
            spacing_ms: SPACING_FIRST_MS,
            replace_at: None,
        }
    }

    pub(crate) const fn is_online(&self) -> bool {
        self.online
    }

    pub(crate) const fn set_online(&mut self, online: bool) {
        self.online = online;
        self.replace_at = None;
    }

    /// Returns when the change that came at `now` is followed: at once, or at its distance to the
    /// last one. Changes in between are followed together.
    pub(crate) fn follow(&mut self, now: Instant) -> Instant {
        if self.followed_at <= now {
            let next = self.followed_at.plus_millis(self.spacing_ms);
            self.spacing_ms = if now.millis_since(self.followed_at) < CALM_MS {
                (self.spacing_ms * 2).min(SPACING_LONGEST_MS)
            } else {
                SPACING_FIRST_MS
            };
            self.followed_at = next.max(now);
        }

        self.followed_at
    }

    /// Has the socket replaced at `at`, unless it is heard of before.
    pub(crate) const fn doubt_until(&mut self, at: Instant) {
        self.replace_at = Some(at);
    }

    /// Notes that the socket has been heard of, or is gone.
    pub(crate) const fn settle(&mut self) {
        self.replace_at = None;
    }

    pub(crate) const fn replace_at(&self) -> Option<Instant> {
        self.replace_at
    }
}

#[cfg(test)]
mod tests {
    use super::Path;
    use crate::time::Instant;

    fn follow(path: &mut Path, at_ms: i64) -> i64 {
        path.follow(Instant::from_millis(at_ms)).as_millis()
    }

    #[test]
    fn changes_are_followed_at_a_growing_distance() {
        let mut path = Path::new(Instant::from_millis(0));
        let mut followed: Vec<i64> = (0..600)
            .map(|tenth| follow(&mut path, tenth * 100))
            .collect();
        followed.dedup();

        assert_eq!(
            followed,
            [0, 1_000, 3_000, 7_000, 15_000, 30_000, 45_000, 60_000]
        );
    }

    #[test]
    fn after_half_a_minute_of_calm_a_change_is_followed_at_once_again() {
        let mut path = Path::new(Instant::from_millis(0));
        for at_ms in [0, 500, 1_200] {
            follow(&mut path, at_ms);
        }

        assert_eq!(follow(&mut path, 33_000), 33_000);
        assert_eq!(follow(&mut path, 33_100), 34_000);
    }
}
