//! The store through its public API, every test on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod batches;
mod claims;
mod debts;
mod deletions;
mod dispute_batches;
mod dispute_bounds;
mod disputes;
mod draws;
mod due_work;
mod erasing;
mod expiry;
mod faults;
mod harness;
mod logs;
mod overlay_tokens;
mod people;
mod points;
mod presence;
mod rates;
mod refunds;
mod reversals;
mod rewards;
mod rooms;
mod scene;
mod sessions;
mod shop;
mod snapshots;
mod tenants;
mod trimming;
mod unreadable;
mod watch_places;
mod watching;
