//! Three kinds of time, three types, and no way from one to another by accident.
//!
//! Differences are plain signed milliseconds. All arithmetic saturates: a stamp from the wire may
//! be any number, and none of them may bring the client down.

/// A reading of the host's monotonic clock, in milliseconds since a start of the host's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(i64);

/// A time stamped by the server: milliseconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerTime(i64);

/// A place on the stream's own timeline (its program date-time): milliseconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MediaTime(i64);

impl Instant {
    /// Takes a reading of the host's monotonic clock.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns the reading in milliseconds.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the instant `millis` later, or earlier if negative.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Returns the milliseconds from `earlier` to this; negative if `earlier` is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl ServerTime {
    /// Takes milliseconds since 1970 in UTC.
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns milliseconds since 1970 in UTC.
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Returns the time `millis` later, or earlier if negative.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Returns the milliseconds from `earlier` to this; negative if `earlier` is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns where a stream shows what happened at this time, if its timeline runs
    /// `ingest_offset_ms` behind what happens in front of the camera.
    pub const fn on_stream(self, ingest_offset_ms: i64) -> MediaTime {
        MediaTime(self.0.saturating_add(ingest_offset_ms))
    }
}

impl MediaTime {
    /// Takes milliseconds since 1970 in UTC.
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns milliseconds since 1970 in UTC.
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Returns the place `millis` later, or earlier if negative.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Returns the milliseconds from `earlier` to this; negative if `earlier` is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns when what a stream shows here happened: the inverse of [`ServerTime::on_stream`].
    pub const fn happened_at(self, ingest_offset_ms: i64) -> ServerTime {
        ServerTime(self.0.saturating_sub(ingest_offset_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, MediaTime, ServerTime};

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let last = Instant::from_millis(i64::MAX);
        let first = Instant::from_millis(i64::MIN);

        assert_eq!(last.plus_millis(1), last);
        assert_eq!(last.millis_since(first), i64::MAX);
        assert_eq!(first.millis_since(last), i64::MIN);
    }

    #[test]
    fn the_ingest_offset_leads_to_the_stream_and_back() {
        let happened_at = ServerTime::from_unix_millis(1_000);

        assert_eq!(
            happened_at.on_stream(250),
            MediaTime::from_unix_millis(1_250)
        );
        assert_eq!(happened_at.on_stream(250).happened_at(250), happened_at);
    }
}
