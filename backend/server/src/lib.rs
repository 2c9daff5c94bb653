//! The server: GraphQL over HTTP and WebSocket, the writer that groups commits, and the hub that
//! fans out what was committed.

// What a running server has to say goes through `tracing`, which cannot hold up who says it.
#![warn(clippy::print_stderr)]

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod deadline;
pub mod feed;
pub mod graphql;
pub mod health;
pub mod http;
pub mod hub;
pub mod identity;
pub mod ids;
pub mod origins;
mod patience;
pub mod presence;
pub mod server;
pub mod service;
pub mod simulate;
pub mod socket;
pub mod tenants;
pub mod writer;
