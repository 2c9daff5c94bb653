//! What a node stands on: its clock and its ids, its health, and its patience with the database.

// What a running server has to say goes through `tracing`, which cannot hold up who says it.
#![warn(clippy::print_stderr)]

pub mod clock;
pub mod health;
pub mod ids;
pub mod patience;
