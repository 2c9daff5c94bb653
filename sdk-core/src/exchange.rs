//! What a host and a client say to each other.

use crate::event::RoomEvent;
use crate::playhead::Playhead;
use crate::room::Room;
use crate::time::{Instant, ServerTime};
use alloc::boxed::Box;
use alloc::string::String;

/// Something that happened on the host's side.
///
/// After [`Output::CloseSocket`], and after [`Input::Closed`], that socket is gone: report nothing
/// more of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input<'a> {
    /// The socket asked for by [`Output::Connect`] is open.
    Opened,
    /// A text message came in.
    Received(&'a str),
    /// The socket closed, or could not be opened (then with code 1006).
    Closed {
        /// The close code of the WebSocket protocol.
        code: u16,
    },
    /// The player reported where it is. Wanted on play, pause, stall, seek and rate change, and
    /// about every second.
    Playhead(Playhead),
    /// The player does not say where it is, for now. A picture that was known stands until a report comes.
    PlayheadLost,
    /// The player says what [`Playhead::read`] does not take, or throws. As [`Self::PlayheadLost`], and
    /// counted among what cannot be.
    PlayheadUnreadable,
    /// There is a player, and it cannot tell where on the stream's timeline it is.
    NoPlayhead,
    /// The host has a new token. Ends a wait for one. If the server is about to close the socket
    /// because of the old one, the client connects anew before that.
    TokenRenewed(String),
    /// Whether what the viewer has is followed as well, as [`Client::wallet`](crate::Client::wallet) has it. It is not,
    /// until this is said.
    FollowWallet(bool),
    /// The application goes to the background. The socket is closed, nothing is tried and nothing
    /// delivered; position and state are kept.
    Pause,
    /// The application is back. The client connects at once and goes on where it stopped. Report
    /// the playhead as well: the last one counts as standing still.
    Resume,
    /// The network has changed. Without one, nothing is tried; with one, the present socket is
    /// presumed dead and replaced at once, or after a growing distance if changes keep coming.
    NetworkChanged {
        /// Whether there is a network now.
        online: bool,
    },
    /// Connect anew at once, whatever is being waited for. Does nothing while paused.
    Reconnect,
    /// The instant given by [`Client::poll_timeout`](crate::Client::poll_timeout) has come.
    Timeout,
    /// The host wants no more. Final.
    Disconnect,
}

/// Something for the host to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Open a socket, dropping any earlier one.
    Connect {
        /// Where to.
        url: String,
        /// The subprotocol to ask for.
        protocol: &'static str,
    },
    /// Send a text message.
    Send(String),
    /// Close the socket with this code, which browsers accept.
    CloseSocket {
        /// The close code of the WebSocket protocol.
        code: u16,
    },
    /// Show something to the viewer.
    Deliver(Box<Delivery>),
    /// The connection got into another state.
    ConnectionChanged(ConnectionState),
    /// The server will close the connection at this time unless the client gets
    /// [`Input::TokenRenewed`] before. Not said if it has another token already.
    TokenExpiring {
        /// When the token expires.
        expires_at: ServerTime,
    },
    /// [`Client::wallet`](crate::Client::wallet) is another now.
    WalletChanged,
}

/// Something to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// An event has its moment. Picture events come in order of `seq`; so do live ones.
    Event(ShownEvent),
    /// The whole state is now this, without anything having happened: after the first snapshot, a
    /// seek, or a loss. Draw it as it is; what was being shown is void.
    StateReplaced(Room),
    /// So many of the room's people follow it now. At most once a second; not said beside a
    /// [`Self::StateReplaced`], which has it.
    PresenceChanged {
        /// As [`Room::online_count`].
        online_count: i32,
    },
}

/// An event that has its moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownEvent {
    /// What happened.
    pub event: RoomEvent,
    /// How long ago its moment was, by the clock that it is due on, in milliseconds. 0 for live
    /// events. Large after an outage, or for an alert that a seek landed in the middle of.
    pub late_by_ms: i64,
}

/// Where the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// A socket is being opened, or the room is being joined.
    Connecting,
    /// The room's events come in.
    Live,
    /// The connection was lost, or could not be made.
    Waiting {
        /// When the next try begins.
        retry_at: Instant,
    },
    /// The host says that there is no network. Ends with [`Input::NetworkChanged`], or
    /// [`Input::Reconnect`].
    WaitingForNetwork,
    /// The host has paused it. Ends with [`Input::Resume`].
    Paused,
    /// The server does not let the client in.
    Failed(Failure),
    /// The host has ended it.
    Disconnected,
}

/// Why the host is to give another token, by [`Input::TokenRenewed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRequest {
    /// The server will close the connection over the present one.
    Expiring {
        /// When the token expires.
        expires_at: ServerTime,
    },
    /// The server has refused the present one, or wants one.
    Refused,
}

/// Why a client does not try again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The token is missing, malformed, expired or not for this room.
    SignInRequired,
    /// There is no such room, or it is not the token's to see.
    RoomNotFound,
    /// The server and the client do not understand each other.
    Protocol {
        /// The close code of the WebSocket protocol; 1000 if the server refused the operation.
        code: u16,
    },
}

impl Failure {
    /// Returns whether this client can go on once the host has done its part.
    pub const fn is_retryable(self) -> bool {
        self.requires_sign_in()
    }

    /// Returns whether the host's part is to give a token by [`Input::TokenRenewed`].
    pub const fn requires_sign_in(self) -> bool {
        matches!(self, Self::SignInRequired)
    }
}

/// What a client has counted since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections lost or not made, other than by the host's wish.
    pub disconnects: u32,
    /// Frames dropped because they could not be read.
    pub bad_frames: u32,
    /// Events passed over because they do not even say when they happened, and as what. Those of
    /// unknown kinds are shown.
    pub malformed_events: u32,
    /// Events dropped because they had come before.
    pub duplicates: u32,
    /// Messages that did not follow on the one before, and made the client subscribe again.
    pub gaps: u32,
    /// Events shown.
    pub shown: u32,
    /// Moments passed over because a seek jumped across them.
    pub skipped: u32,
    /// Picture events held now, shown and yet to be shown.
    pub held: u32,
    /// Times that more of the log was asked for, because the picture came near the end of what is held.
    pub asked: u32,
    /// Reports of a playhead that cannot be: nothing is shown by them.
    pub playheads_refused: u32,
    /// Times that somebody whom the room shows by name, or another part of its state, was left out,
    /// because there are more of them than a client holds.
    pub crowded_out: u32,
}
