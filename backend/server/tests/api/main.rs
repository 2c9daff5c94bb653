//! The API from outside: requests over loopback to a server that is real but for its clock and its
//! randomness, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod amendments;
mod authority;
mod bulk_contributions;
mod contributions;
#[path = "../corpus/mod.rs"]
mod corpus;
mod crowd;
mod cursors;
mod deadlines;
mod deletions;
mod devices;
mod disputes;
mod documents;
mod draws;
mod erasure;
mod expiry;
mod failed_webhooks;
mod http;
mod keys;
mod memberships;
mod origins;
mod people;
mod person;
mod points;
mod queue;
mod rates;
mod refunds;
mod reports;
mod rewards;
mod rooms;
mod schema;
mod server;
mod sessions;
mod settings;
mod shop;
mod stage;
mod standing;
mod statement_file;
mod tenant_keys;
mod tenants;
mod texts;
mod trains;
mod watching;
mod webhook_sources;
mod webhooks;
