//! A room followed from a page.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::OnceCell;

use parlor_sdk_core::{
    CanRead, Config, Input, Instant, MediaTime, Playhead, PlayheadQuality, Room, ServerTime, Stats,
    SyncSource,
};

use crate::driver::Driver;
use crate::notice::Notice;

/// Where a client will be, once it is connected.
pub type ClientCell = Rc<OnceCell<Client>>;

/// A live subscription to one room. Dropping it disconnects.
pub struct Client {
    driver: Rc<Driver>,
}

impl Client {
    /// Connects, and calls `on_notice` from then on, never before this has returned. The callback
    /// may call the client.
    pub fn connect(
        config: Config,
        can_read: CanRead,
        on_notice: impl Fn(Notice) + 'static,
    ) -> Self {
        Self {
            driver: Driver::start(config, can_read, Box::new(on_notice)),
        }
    }

    /// Reports where the player's picture is. Call with every frame, or on play, pause, seek and
    /// about every second. `None` is a player that does not say, for now.
    pub fn report_playhead(&self, playhead: Option<Playhead>) {
        self.driver
            .handle(playhead.map_or(Input::PlayheadLost, Input::Playhead));
    }

    /// Reports that the player said where it is, and what it said cannot be read.
    pub fn refuse_playhead(&self) {
        self.driver.handle(Input::PlayheadUnreadable);
    }

    /// Returns the instant at which the page's clock says `reading_ms`, as `performance.now()` does, if it
    /// can have said so: what [`Playhead::stamped`] takes.
    pub fn instant_of(&self, reading_ms: f64) -> Option<Instant> {
        self.driver.instant_of(reading_ms)
    }

    /// Returns what the last reading of the playhead was of, if picture events are timed by one.
    pub fn playhead_quality(&self) -> Option<PlayheadQuality> {
        self.driver
            .with_core(parlor_sdk_core::Client::playhead_quality)
    }

    /// Returns what picture events are timed by.
    pub fn sync_source(&self) -> SyncSource {
        self.driver.with_core(parlor_sdk_core::Client::sync_source)
    }

    /// Reports that there is a player, and that it cannot tell where it is.
    pub fn report_no_playhead(&self) {
        self.driver.handle(Input::NoPlayhead);
    }

    /// Hands over a new token.
    pub fn renew_token(&self, token: &str) {
        self.driver.handle(Input::TokenRenewed(String::from(token)));
    }

    /// Delivers what has become due. Timers do so as well, later by a few milliseconds; call this
    /// with every animation frame where it matters.
    pub fn catch_up(&self) {
        self.driver.catch_up();
    }

    /// Returns when that happened which the viewer's picture now shows.
    pub fn picture_time(&self) -> Option<ServerTime> {
        self.driver.with_core(parlor_sdk_core::Client::picture_time)
    }

    /// Returns where the viewer's picture is on the stream's own timeline: what
    /// [`Config::start_at`] takes.
    pub fn position(&self) -> Option<MediaTime> {
        let happened_at = self.picture_time()?;
        let offset_ms = self.read_room(|room| room.settings().map(|it| it.ingest_offset_ms))?;
        let position_ms = happened_at.unix_millis().saturating_add(offset_ms);

        Some(MediaTime::from_unix_millis(position_ms))
    }

    /// Returns how far the client's idea of the server's clock may be off, in milliseconds.
    pub fn clock_error_ms(&self) -> Option<i64> {
        self.driver
            .with_core(parlor_sdk_core::Client::clock_error_ms)
    }

    /// Returns what has been counted since the start.
    pub fn stats(&self) -> Stats {
        self.driver.with_core(|core, _| core.stats())
    }

    /// Returns how often the page's clock said what cannot be, since the start.
    pub fn clock_readings_refused(&self) -> u32 {
        self.driver.clock_readings_refused()
    }

    /// Reads what the core says. `read` must not call the client.
    pub(crate) fn with_core<T>(
        &self,
        read: impl FnOnce(&parlor_sdk_core::Client, Instant) -> T,
    ) -> T {
        self.driver.with_core(read)
    }

    /// Reads the room as the viewer should see it now. `read` must not call the client.
    pub fn read_room<T>(&self, read: impl FnOnce(&Room) -> T) -> T {
        self.driver.with_core(|core, _| read(core.room()))
    }

    /// Says whether what the viewer has in the room is followed as well.
    pub fn follow_wallet(&self, is_wanted: bool) {
        self.driver.handle(Input::FollowWallet(is_wanted));
    }

    /// Returns what the viewer has in the room, as the text of the object that the server tells it by, once that is
    /// followed and known: nothing of whoever has not joined.
    pub fn wallet(&self) -> Option<String> {
        self.driver
            .with_core(|core, _| Some(String::from(core.wallet()?.as_json())))
    }

    /// Connects anew at once, whatever is being waited for.
    pub fn reconnect(&self) {
        self.driver.handle(Input::Reconnect);
    }

    /// Lets go of the connection until [`Self::resume`]. Nothing is delivered meanwhile.
    pub fn pause(&self) {
        self.driver.handle(Input::Pause);
    }

    /// Connects again, and goes on where it stopped.
    pub fn resume(&self) {
        self.driver.handle(Input::Resume);
    }

    /// Returns what the page's monotonic clock reads.
    pub fn now(&self) -> Instant {
        self.driver.with_core(|_, now| now)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.driver.stop();
    }
}
