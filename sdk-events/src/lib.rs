//! What the events of a room are about, typed: for whoever draws them in Rust, or hands them on to another
//! language. The core knows nothing of it but what steers it, and what its queue of alerts is told.
//!
//! `event` is written from the schema and from what the client subscribes with; the rest is what follows from
//! several events together.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

#[rustfmt::skip]
mod event;
pub mod people;
pub mod room;

pub use event::*;
