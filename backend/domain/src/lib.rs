//! The rules of Parlor: what a command may do, and what it changes.
//!
//! Everything here decides in memory. There is no clock, no randomness and no I/O: `now` and the
//! ids to use are parameters, so that a rule can be tested as a table and replayed as a fold.

pub mod access;
pub mod audit;
pub mod books;
pub mod contribution;
pub mod currency;
pub mod dispute;
pub mod erasure;
pub mod event;
pub mod hype_train;
pub mod id;
pub mod invalid;
pub mod membership;
pub mod participant;
pub mod points;
pub mod rates;
pub mod reward;
pub mod room;
pub mod room_aggregate;
pub mod session;
pub mod stage;
pub mod tenant;
pub mod tenant_aggregate;
pub mod time;
pub mod wallet;
pub mod watching;
pub mod weighing;
