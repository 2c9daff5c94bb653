//! A server's process: its parts put together and taken down, its settings, its routes and its commands.

// What a running server has to say goes through `tracing`, which cannot hold up who says it.
#![warn(clippy::print_stderr)]

pub mod cli;
pub mod config;
pub mod http;
pub mod server;
pub mod service;
pub mod simulate;
