//! What the host tells of the network, and how often that may replace the socket.
//!
//! After a change the socket is presumed dead, for to find that out by silence takes half a minute.
//! A network that flaps must not have the client hammer the server, so replacements keep a distance;
//! a socket that is heard of meanwhile has proved alive.

use crate::spacing::Spacing;
use crate::time::Instant;

/// The network as the host tells it.
#[derive(Debug)]
pub(crate) struct Path {
    online: bool,
    spacing: Spacing,
    /// When the socket is to be replaced unless it is heard of.
    replace_at: Option<Instant>,
}

impl Path {
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            online: true,
            spacing: Spacing::new(now),
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

    /// Returns when the change that came at `now` is followed.
    pub(crate) fn follow(&mut self, now: Instant) -> Instant {
        self.spacing.grant(now)
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
