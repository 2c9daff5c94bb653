//! Parlor's client for browsers: the core, driven by a WebSocket and the page's clock.
//!
//! [`Client`] is what Rust code in a page uses, such as the overlay. With the feature `package`,
//! `RoomClient` is exported to JavaScript.

#![cfg_attr(not(test), no_std)]
#![warn(missing_docs)]

extern crate alloc;

mod client;
pub mod convert;
mod driver;
mod notice;
#[cfg(feature = "package")]
pub mod package;
mod page;
#[cfg(target_arch = "wasm32")]
mod runtime;
mod watched;

pub use client::{Client, ClientCell};
pub use notice::Notice;
pub use page::can_read;
pub use watched::Watched;
