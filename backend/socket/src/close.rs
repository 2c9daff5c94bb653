//! Why a socket is closed, in the codes of the protocol.

use std::borrow::Cow;

/// The longest reason that fits a close frame, in bytes (RFC 6455, section 5.5).
const REASON_BYTES_MAX: usize = 123;

/// The last thing said on a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Close {
    pub(crate) code: u16,
    pub(crate) reason: Cow<'static, str>,
}

impl Close {
    /// The server goes away, or lost track of a log: come back.
    pub(crate) const RESTART: u16 = 1012;
    /// Too much for the server or for this peer: come back.
    pub(crate) const OVERLOAD: u16 = 1013;
    pub(crate) const BAD_MESSAGE: u16 = 4400;
    pub(crate) const UNAUTHORIZED: u16 = 4401;
    pub(crate) const FORBIDDEN: u16 = 4403;
    pub(crate) const SUBPROTOCOL: u16 = 4406;
    pub(crate) const INIT_TIMEOUT: u16 = 4408;
    pub(crate) const DUPLICATE_ID: u16 = 4409;
    pub(crate) const SECOND_INIT: u16 = 4429;

    /// Closes with `code`; a reason that does not fit a close frame is cut.
    pub(crate) fn new(code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        let mut reason = reason.into();
        if reason.len() > REASON_BYTES_MAX {
            let end = reason.floor_char_boundary(REASON_BYTES_MAX);
            reason.to_mut().truncate(end);
        }

        Self { code, reason }
    }

    pub(crate) fn bad_message(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Self::BAD_MESSAGE, reason)
    }

    pub(crate) fn forbidden(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Self::FORBIDDEN, reason)
    }

    pub(crate) fn restart(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Self::RESTART, reason)
    }

    pub(crate) fn overload(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Self::OVERLOAD, reason)
    }

    /// The database did not answer for longer than anybody waits for it.
    pub(crate) fn database_away() -> Self {
        Self::overload("the database is away, come back")
    }

    /// A subscription did not start before its deadline.
    pub(crate) fn start_late() -> Self {
        Self::overload("a subscription took too long to start, come back")
    }

    pub(crate) fn duplicate_id(id: &str) -> Self {
        const ROOM: usize = REASON_BYTES_MAX - "Subscriber for  already exists".len();
        let id = &id[..id.floor_char_boundary(ROOM)];

        Self::new(
            Self::DUPLICATE_ID,
            format!("Subscriber for {id} already exists"),
        )
    }

    pub(crate) fn subprotocol() -> Self {
        Self::new(Self::SUBPROTOCOL, "Subprotocol not acceptable")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_to_what_a_close_frame_holds() {
        let close = Close::bad_message("é".repeat(100));

        assert_eq!(close.reason, "é".repeat(61));
        assert_eq!(
            Close::duplicate_id(&"x".repeat(500)).reason.len(),
            REASON_BYTES_MAX
        );
    }
}
