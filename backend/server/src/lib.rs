//! The server: GraphQL over HTTP and WebSocket, the writer that groups commits, and the hub that
//! fans out what was committed.

pub mod clock;
pub mod feed;
pub mod ids;
