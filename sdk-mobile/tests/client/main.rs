//! The client, against a server that does what each test says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod app;
mod consumers;
mod following;
#[cfg(target_os = "linux")]
mod leaks;
mod lifecycle;
mod people;
mod points;
mod server;
mod tls;
mod unknown;
mod wallet;
mod watching;
