//! Parlor's client for browsers: the core, driven by a WebSocket and the page's clock.
//!
//! [`Client`] is what Rust code in a page uses, such as the overlay. With the feature `package`,
//! `RoomClient` and `rehearse` are exported to JavaScript.

#![warn(missing_docs)]

mod client;
pub mod convert;
mod driver;
mod listener;
mod network;
#[cfg(feature = "package")]
pub mod package;

pub use client::{Client, Notice};
pub use listener::Listener;
