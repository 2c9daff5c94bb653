//! The token: whether the server has seen it, how long it holds, and when to connect with another.

use crate::exchange::TokenRequest;
use crate::spacing::Spacing;
use crate::time::{Instant, ServerTime};
use crate::wire;
use alloc::string::String;

/// The distance of two renewals, half of the grace that the server gives an expired token: tokens
/// may live shorter than the server's warning takes, and must not make a client reconnect all the
/// time.
const RENEWAL_SPACING_MS: i64 = 5_000;

/// What the client shows the server.
#[derive(Debug)]
pub(crate) struct Token {
    text: Option<String>,
    /// Whether the server has been told the present token.
    is_used: bool,
    /// Whether the present socket may speak for another viewer than the token does.
    is_of_another: bool,
    /// Whether that matters: something on the socket is of the viewer alone.
    is_personal: bool,
    /// When the server will close the present socket.
    expires_at: Option<ServerTime>,
    /// When the socket may next be replaced because of its token.
    renewable_at: Instant,
    /// How often a token may be tried because the one before was refused. Whoever gives tokens may
    /// have none that is any better.
    retries: Spacing,
}

impl Token {
    pub(crate) const fn new(text: Option<String>, now: Instant) -> Self {
        Self {
            text,
            is_used: false,
            is_of_another: false,
            is_personal: false,
            expires_at: None,
            renewable_at: now,
            retries: Spacing::new(now),
        }
    }

    pub(crate) const fn is_used(&self) -> bool {
        self.is_used
    }

    /// Takes in a token that the server has not seen. Returns whether it may be another viewer's than the one before.
    pub(crate) fn replace(&mut self, text: String) -> bool {
        let is_another = !wire::is_same_viewer(self.text.as_deref(), &text);
        self.is_of_another |= is_another;
        self.text = Some(text);
        self.is_used = false;

        is_another
    }

    /// Returns whether the present socket may speak for another viewer than the token does.
    pub(crate) const fn is_of_another(&self) -> bool {
        self.is_of_another
    }

    /// Says whether something on the socket is of the viewer alone.
    pub(crate) const fn set_personal(&mut self, is_personal: bool) {
        self.is_personal = is_personal;
    }

    /// Returns when to try the present token, given at `now` because another was refused.
    pub(crate) fn retry_at(&mut self, now: Instant) -> Instant {
        self.retries.grant(now)
    }

    /// Returns what to introduce the client with, on a new socket.
    pub(crate) fn present(&mut self) -> Option<&str> {
        self.is_used = true;
        self.expires_at = None;

        self.text.as_deref()
    }

    /// Notes that the server will close the socket at `expires_at`. Returns whether another token
    /// has to be asked for, and was not yet.
    pub(crate) fn handle_warning(&mut self, expires_at: ServerTime) -> bool {
        let is_news = self.is_used && self.expires_at != Some(expires_at);
        self.expires_at = Some(expires_at);

        is_news
    }

    /// Notes that another socket takes the place of the present one, which was warned of or was another viewer's.
    pub(crate) const fn begin_anew(&mut self) {
        self.expires_at = None;
        self.is_of_another = false;
    }

    /// Returns when to replace the socket, for it is about to be closed and there is a token that
    /// the server has not seen, or it is another viewer's.
    pub(crate) fn renew_at(&self) -> Option<Instant> {
        let is_ending = self.expires_at.is_some() && !self.is_used;

        // What comes on it is of no use then, for it may be another viewer's.
        let is_wrong = self.is_personal && self.is_of_another;

        (is_ending || is_wrong).then_some(self.renewable_at)
    }

    /// Returns when to replace a socket that is not open yet and was meant for another viewer, whatever is to be on
    /// it: others of the page may share it, who are still whom it was meant for.
    pub(crate) fn redirect_at(&self) -> Option<Instant> {
        self.is_of_another.then_some(self.renewable_at)
    }

    /// Notes that the socket is replaced at `now`.
    pub(crate) const fn handle_renewal(&mut self, now: Instant) {
        self.renewable_at = now.plus_millis(RENEWAL_SPACING_MS);
    }

    /// Returns the wish for another token, if the present one is about to expire.
    pub(crate) fn request(&self) -> Option<TokenRequest> {
        let expires_at = self.expires_at.filter(|_| self.is_used)?;

        Some(TokenRequest::Expiring { expires_at })
    }
}
