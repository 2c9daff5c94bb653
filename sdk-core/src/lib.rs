//! The client of Parlor as a machine without sockets, clocks or threads.
//!
//! A host opens the socket, reads its monotonic clock and reports where its player is; [`Client`]
//! says what to send, when to wake up, and what to show. Every platform drives this one machine, so
//! that all of them show the same events at the same moments.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

mod alert;
mod alert_queue;
mod backoff;
mod client;
mod clock_sync;
mod config;
mod connection;
mod crowd;
mod due;
mod event;
mod exchange;
mod host_clock;
mod parts;
mod pass;
mod playhead;
mod room;
mod scene_time;
mod spacing;
mod subscription;
mod time;
mod timeline;
mod wallet;
mod wallet_feed;
mod watching;
mod wire;

pub use alert::{Alert, AlertInput, AlertKind, Gift};
pub use alert_queue::{ALERT_LEAVE_MS, AlertLimits, AlertOnStage, AlertQueue, AlertStats};
pub use client::Client;
pub use config::{Config, Placement};
pub use crowd::Crowd;
pub use event::{CanRead, EventTiming, Payload, RoomEvent, Session, Settings};
pub use exchange::{
    ConnectionState, Delivery, Failure, Input, Output, ShownEvent, Stats, TokenRequest,
};
pub use host_clock::HostClock;
pub use playhead::{Playhead, PlayheadQuality, SyncSource};
pub use room::Room;
pub use scene_time::SceneTime;
pub use time::{Instant, MediaTime, ServerTime};
pub use wallet::Wallet;
pub use watching::{WATCH_REPORT_EVERY_MS, WatchReport, WatchReports, WatchedSpan};
pub use wire::{Content, TYPED_FIELDS, is_same_viewer};
