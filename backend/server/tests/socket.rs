//! The socket against its protocol, and `liveRoom` against its contract, on a real server in this
//! process.

#![expect(clippy::unwrap_used, reason = "whatever is not there fails the test")]

#[path = "socket/client.rs"]
mod client;
#[path = "socket/closing.rs"]
mod closing;
#[path = "corpus/mod.rs"]
mod corpus;
#[path = "socket/deadlines.rs"]
mod deadlines;
#[path = "socket/documents.rs"]
mod documents;
#[path = "socket/economy.rs"]
mod economy;
#[path = "socket/erased.rs"]
mod erased;
#[path = "socket/failed_reads.rs"]
mod failed_reads;
#[path = "socket/gone_back.rs"]
mod gone_back;
#[path = "api/keys.rs"]
#[expect(dead_code, reason = "the API's tests use more of it")]
mod keys;
#[path = "socket/leases.rs"]
mod leases;
#[path = "socket/live_disputes.rs"]
mod live_disputes;
#[path = "socket/live_queue.rs"]
mod live_queue;
#[path = "socket/live_room.rs"]
mod live_room;
#[path = "socket/live_staff.rs"]
mod live_staff;
#[path = "socket/live_viewer.rs"]
mod live_viewer;
#[path = "socket/memory.rs"]
mod memory;
#[path = "socket/online_count.rs"]
mod online_count;
#[path = "socket/presence.rs"]
mod presence;
#[path = "socket/presence_at_scale.rs"]
mod presence_at_scale;
#[path = "socket/protocol.rs"]
mod protocol;
#[path = "socket/recordings.rs"]
mod recordings;
#[path = "socket/redemptions.rs"]
mod redemptions;
#[path = "socket/same_bytes.rs"]
mod same_bytes;
#[path = "socket/server.rs"]
mod server;
#[path = "socket/sharing.rs"]
mod sharing;
#[path = "socket/staff_feed.rs"]
mod staff_feed;
#[path = "socket/tenants.rs"]
mod tenants;
#[path = "socket/trimmed.rs"]
mod trimmed;
#[path = "socket/windows.rs"]
mod windows;
