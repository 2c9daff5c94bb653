//! The client against a server in virtual time.

#![expect(
    clippy::unwrap_used,
    reason = "a server that is told nonsense by the client under test may as well fail here"
)]

mod connection;
mod delivery;
mod lifecycle;
mod model;
mod novelty;
mod people;
mod playhead;
mod seek;
mod server;
mod sim;
mod steps;
mod wallet;
mod watching;
mod windows;
