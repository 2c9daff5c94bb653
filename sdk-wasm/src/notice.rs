//! What a client tells its owner.

use alloc::boxed::Box;

use parlor_sdk_core::{ConnectionState, Delivery, ServerTime};

/// Something that a client tells its owner.
#[derive(Debug)]
pub enum Notice {
    /// A timer or the socket has something, and what it brings is worked out next: the moment to
    /// report where the player is. Without frames nobody else asks it, and the picture of a hidden
    /// page may have been stopped.
    Waking,
    /// Something to show now.
    Delivery(Box<Delivery>),
    /// The connection got into another state.
    ConnectionChanged(ConnectionState),
    /// The connection will be closed at this time unless `renew_token` is called.
    TokenExpiring {
        /// When the token expires.
        expires_at: ServerTime,
    },
    /// [`Client::wallet`](crate::Client::wallet) is another now.
    WalletChanged,
}
