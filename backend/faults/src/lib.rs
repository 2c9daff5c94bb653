//! Real servers under scripted faults.
//!
//! Two or three processes of the real program work on one PostgreSQL, each behind a [`proxy`] of its
//! own, or one works on SQLite. A seed decides a [`schedule`]: what an [`audience`] does, and which
//! fault happens meanwhile. After every step each [`follower`]'s events are those of the database's
//! log, what was acknowledged is in the database once, no deadline is overdue, and the fault is shown
//! to have happened. At every snapshot the books of each room are even, and in the end `parlor verify` says so.

pub mod access;
pub mod accounts;
pub mod audience;
pub mod books;
pub mod books_watch;
pub mod caller;
pub mod cases;
pub mod check;
pub mod court;
pub mod database;
pub mod deadlines;
pub mod follower;
pub mod http;
pub mod ledger;
pub mod nodes;
pub mod process;
pub mod proxy;
pub mod run;
pub mod schedule;
pub mod shop;
pub mod shown;
pub mod till;
pub mod world;
