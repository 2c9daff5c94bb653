//! The one place that reads a clock: nanoseconds of `CLOCK_MONOTONIC`, which all processes of a
//! machine share, so that one may stamp an event and another tell how long it took.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Time since the machine was started.
pub(crate) fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC)
        .expect("the system has a monotonic clock")
        .into()
}
