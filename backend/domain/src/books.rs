//! What a room's books are made of: members by their numbers, digests, and who says so.
//!
//! Whatever writes into them has it in common: points that move one by one, and minutes that were watched.

mod authorship;
mod digest;
mod member;

pub use authorship::Authorship;
pub use digest::{Digest, NotADigest};
pub use member::MemberNumber;

/// The most points that one transfer moves: a slip of the finger by a few digits is refused, and a million
/// of them fit what a balance can hold.
pub const TRANSFER_POINTS_MAX: i64 = 1_000_000_000;

/// The most points that a member owes: a thousand of the largest transfers, beyond which nobody pays anything back,
/// and so far below what totals hold that nine million members may owe as much.
pub const DEBT_POINTS_MAX: i64 = 1_000 * TRANSFER_POINTS_MAX;
