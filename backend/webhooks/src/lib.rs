//! What payment services tell of by webhook: whether it is theirs, and what it says.
//!
//! Both are pure functions of what came and of when it came. [`verify`] reads no more of a body than it needs to find out
//! whose it is, and [`read`] is asked again, from the body that was kept, for as long as its effect is outstanding.

mod adapter;
mod decimal;
mod erase;
mod field;
mod kofi;
mod parlor;
mod room;
mod secret;
mod signature;
mod stripe;

use parlor_domain::contribution::RawReport;
use parlor_domain::time::ServerTime;

pub use adapter::Adapter;
pub use erase::without_person;
pub use parlor::MESSAGES_MAX;
pub use room::room_of;
pub use secret::{LiveSecret, SECRET_BYTES, Secret};
pub use signature::{Headers, MESSAGE_ID_BYTES_MAX, TOLERANCE_MS, Unverified};

/// A request to a source, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub headers: Headers<'a>,
    pub body: &'a [u8],
    pub received_at: ServerTime,
}

/// What a service tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Money that was given, or is on its way.
    Gift(Box<ToldGift>),
    /// Money that went back, of a payment that was told of by itself.
    Reversal(Reversal),
}

/// What a service says of one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldGift {
    /// The room's global id, if the service knows one.
    pub room: Option<String>,
    pub report: RawReport,
}

/// That a payment went back whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversal {
    pub idempotency_key: String,
    pub provider: &'static str,
    pub contribution_ref: String,
    pub occurred_at: Option<ServerTime>,
}

/// Why nothing was made of what a service told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// It is no concern of Parlor's, now or later.
    #[error("{0}")]
    Ignored(&'static str),
    /// It is about money, and what money cannot be said.
    #[error("{0}")]
    Unreadable(String),
}

/// Finds out whether a request is from who has a secret of the source, and which message it is.
pub fn verify(
    adapter: Adapter,
    secrets: &[LiveSecret],
    request: Request<'_>,
) -> Result<String, Unverified> {
    let live = |secret: &&LiveSecret| secret.is_live(request.received_at);
    let secrets: Vec<_> = secrets.iter().filter(live).map(|one| &one.secret).collect();

    match adapter {
        Adapter::Parlor => signature::verify_parlor(&secrets, request),
        Adapter::Stripe => signature::verify_stripe(&secrets, request),
        Adapter::Kofi => kofi::verify(&secrets, request.body),
    }
}

/// Reads what a body says that was verified.
pub fn read(adapter: Adapter, body: &[u8]) -> Result<Vec<Told>, Untold> {
    match adapter {
        Adapter::Parlor => parlor::read(body),
        Adapter::Stripe => stripe::read(body).map(|told| vec![told]),
        Adapter::Kofi => kofi::read(body).map(|told| vec![told]),
    }
}
