//! What a client tells its owner.

use alloc::boxed::Box;

use parlor_sdk_core::{ConnectionState, Delivery, ServerTime};

/// Something that a client tells its owner.
#[derive(Debug)]
pub enum Notice {
    /// Something to show now.
    Delivery(Box<Delivery>),
    /// The connection got into another state.
    ConnectionChanged(ConnectionState),
    /// The connection will be closed at this time unless `renew_token` is called.
    TokenExpiring {
        /// When the token expires.
        expires_at: ServerTime,
    },
}
