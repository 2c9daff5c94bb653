//! Where the picture is.

/// Where the picture is, as last reported; on the server's clock for those without a player.
#[derive(Clone, Copy)]
pub(super) struct Picture {
    pub(super) position: i64,
    pub(super) at: i64,
    pub(super) playing: bool,
    pub(super) rate: i64,
    /// It does not run back behind this.
    pub(super) floor: i64,
    /// When it has been silent for so long that nobody believes that it goes on.
    pub(super) silent_at: i64,
}

impl Picture {
    pub(super) fn position(&self, now: i64) -> i64 {
        self.reported(now).max(self.floor)
    }

    /// Where the player would say it is.
    pub(super) fn reported(&self, now: i64) -> i64 {
        let way_ms = (now.min(self.silent_at) - self.at) * self.rate / 10_000;

        self.position + if self.playing { way_ms } else { 0 }
    }
}
