//! What a host decides before it starts a client.

use crate::time::MediaTime;
use alloc::string::String;

/// What a client connects to, and for which place it times what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The server's socket, such as `wss://parlor.example/graphql/ws`.
    pub url: String,
    /// A JWT or an overlay token; `None` to read as anyone may.
    pub token: Option<String>,
    /// The room's global id.
    pub room_id: String,
    /// Where what is shown will be seen.
    pub placement: Placement,
    /// Starts from the picture at this place instead of at the head. A player's playhead, once
    /// known, goes before it.
    pub start_at: Option<MediaTime>,
}

/// Where an overlay sits, which decides when its events are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Composited into the picture before it is encoded, as in OBS. The stream adds its delay by
    /// itself, so everything is due as soon as it has happened.
    Source,
    /// On a viewer's own player. Due when the playhead gets there.
    Player,
    /// Beside the stream, without a player. Due after the stream's delay.
    Companion,
}
