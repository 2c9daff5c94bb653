//! The writer, without a server around it: what it does by itself, and what becomes of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "writer/disputes.rs"]
mod disputes;
#[path = "writer/draws.rs"]
mod draws;
#[path = "writer/ends.rs"]
mod ends;
#[path = "writer/guards.rs"]
mod guards;
#[path = "writer/hostile.rs"]
mod hostile;
#[path = "writer/members_only.rs"]
mod members_only;
#[path = "writer/scene.rs"]
mod scene;
#[path = "writer/tenants.rs"]
mod tenants;
