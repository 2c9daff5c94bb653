//! Taking a person out of all that is kept of a tenant.
//!
//! What a room's books, trains and trails are computed from stays, under ids that are nobody's. What is taken out is
//! whatever says who they were: their id, their names, and the words that they wrote or that were written about them.

use crate::contribution::KEY_BYTES_MAX;
use crate::id::{ErasureId, TenantId, ViewerId};
use crate::invalid::{Invalid, check_text};
use crate::time::ServerTime;

/// What an erased person is called where a name has to stand.
pub const ERASED_NAME: &str = "Erased person";
/// What stands in the place of their words where some have to.
pub const ERASED_WORDS: &str = "[erased]";
/// What stands for whoever acted and was erased since, in whichever room.
pub const ERASED_ACTOR: &str = "erased:actor";

/// A person who is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureRequest {
    pub id: ErasureId,
    pub tenant_id: TenantId,
    /// What the request is known by, among the tenant's.
    pub idempotency_key: String,
    pub user_id: ViewerId,
    /// Who of the tenant's staff asks for it.
    pub requested_by: ViewerId,
    pub requested_at: ServerTime,
}

impl ErasureRequest {
    /// Checks what the request is known by, and whom it is about.
    pub fn check(&self) -> Result<(), Invalid> {
        check_text("idempotencyKey", &self.idempotency_key, 1, KEY_BYTES_MAX)?;
        parse_user_id(self.user_id.as_str()).map(|_| ())
    }
}

/// Takes the id of somebody who can be erased, or says what is wrong with it.
pub fn parse_user_id(text: &str) -> Result<ViewerId, Invalid> {
    ViewerId::parse_given(text).map_err(|invalid| Invalid {
        field: "userId",
        ..invalid
    })
}

/// How far an erasure has come. It does not say of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    pub id: ErasureId,
    pub tenant_id: TenantId,
    pub requested_by: ViewerId,
    pub requested_at: ServerTime,
    /// When nothing was left.
    pub finished_at: Option<ServerTime>,
    /// The rooms that they had been in or given in when it was asked for.
    pub rooms: i64,
    pub rooms_done: i64,
    /// The rows that something was taken out of, or that went.
    pub rows_changed: i64,
}

/// Why nobody is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ErasureRefusal {
    #[error("the idempotency key was used for somebody else")]
    KeyReused,
    #[error(
        "the idempotency key was used for the erasure {0}, which is over: whom it was about is not kept, so ask for \
         the erasure itself, or use another key"
    )]
    KeySpent(ErasureId),
    #[error("nothing is kept of a person of that id")]
    NobodyKnown,
}

/// How much is kept of a person, where it is found by their id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Rooms that they have joined.
    pub participants: i64,
    /// Of these, those that have no other owner.
    pub sole_ownerships: i64,
    pub contributions: i64,
    /// Paid memberships that they have, and those that they pay for.
    pub memberships: i64,
    /// Trains that they have given to.
    pub trains: i64,
    pub redemptions: i64,
    /// Disputes about their points.
    pub disputes: i64,
    /// Transfers of points of theirs.
    pub transfers: i64,
    /// What they did by authority, or to another's points.
    pub acts: i64,
    /// Answers that are kept for idempotency keys of theirs.
    pub answers: i64,
    /// Where they are connected, and where they watched within the hour.
    pub whereabouts: i64,
}

impl Holdings {
    /// Whether there is anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
