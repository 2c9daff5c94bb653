//! Who stands in a room's books.

use serde::{Deserialize, Serialize};

/// A member's place in a room's books: small and dense, given when they first join, and kept for ever. It
/// stands for the person in everything that is kept for ever, so that a person can be erased.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MemberNumber(pub u32);
