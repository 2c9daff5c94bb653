//! The token: whether the server has seen it, how long it holds, and when to connect with another.

use crate::exchange::TokenRequest;
use crate::spacing::Spacing;
use crate::time::{Instant, ServerTime};
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
            expires_at: None,
            renewable_at: now,
            retries: Spacing::new(now),
        }
    }

    pub(crate) const fn is_used(&self) -> bool {
        self.is_used
    }

    /// Takes in a token that the server has not seen.
    pub(crate) fn replace(&mut self, text: String) {
        self.text = Some(text);
        self.is_used = false;
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

    /// Forgets the warning, for the socket that it was about is gone.
    pub(crate) const fn forget_warning(&mut self) {
        self.expires_at = None;
    }

    /// Returns when to replace the socket, for it is about to be closed and there is a token that
    /// the server has not seen.
    pub(crate) fn renew_at(&self) -> Option<Instant> {
        (self.expires_at.is_some() && !self.is_used).then_some(self.renewable_at)
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
