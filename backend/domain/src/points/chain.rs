//! The chain: each transfer's digest covers the one before, so that none can be changed, left out or put in
//! between without all that follow.
//!
//! It protects against whoever does not hold its head: who can write the whole database can write another
//! chain. So heads are to be kept elsewhere, and `parlor verify` compares.

use sha2::Digest as _;
use sha2::Sha256;

use super::Transfer;
use crate::books::Digest;
use crate::id::RoomId;
use crate::watching::WatchCredit;

/// The form of what is hashed of a transfer. Another form needs another number.
const FORM: u8 = 1;
/// The form of what is hashed of a credit.
const CREDIT_FORM: u8 = 2;
/// The form of what is hashed of a transfer that resolves a dispute.
const DISPUTE_FORM: u8 = 3;

/// Where the chain of a room begins.
pub fn genesis(room_id: RoomId) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update("parlor ledger");
    hasher.update([FORM]);
    hasher.update(room_id.0);

    Digest(hasher.finalize().into())
}

impl Digest {
    /// The chain's next link, where that is a transfer.
    ///
    /// Everything has a fixed width, so that no two transfers are written alike: the form, the position, the
    /// id, both accounts, the points, the kind, the time in milliseconds, the position of what it corrects, the
    /// id of what it is about, and the digest of who and why; with numbers as 64 bits, big-endian, and zeros
    /// for what there is none of. One that resolves a dispute has a form of its own, with the dispute's id behind all of
    /// it.
    #[must_use]
    pub fn followed_by(self, transfer: &Transfer) -> Self {
        let numbers = [
            transfer.entry.debit.code(),
            transfer.entry.credit.code(),
            transfer.entry.points,
            transfer.kind.code(),
            transfer.at.unix_millis(),
            transfer.corrects.unwrap_or(0),
        ];
        let mut hasher = Sha256::new();
        let form = transfer.dispute_id.map_or(FORM, |_| DISPUTE_FORM);
        hasher.update(self.0);
        hasher.update([form]);
        hasher.update(transfer.seq.to_be_bytes());
        hasher.update(transfer.id.0);
        for number in numbers {
            hasher.update(number.to_be_bytes());
        }
        hasher.update(transfer.about.unwrap_or_default());
        hasher.update(transfer.authorship_digest.0);
        if let Some(id) = transfer.dispute_id {
            hasher.update(id.0);
        }

        Self(hasher.finalize().into())
    }

    /// The chain's next link, where that is a credit.
    ///
    /// First what has a fixed width: the form, the position, the id, the session's id, its number and the newest
    /// one's, the minute, that in which a clock was put right (0 for none), the programme's version, the points
    /// and the time in milliseconds, with numbers as 64 bits, big-endian, and the digest of who said so. Then the
    /// rules, the slots and the legs, each behind its length.
    #[must_use]
    pub fn followed_by_credit(self, credit: &WatchCredit) -> Self {
        let numbers = [
            credit.session,
            credit.newest_session,
            credit.minute.0,
            credit.put_right.map_or(0, |minute| minute.0),
            i64::from(credit.programme),
            credit.points,
            credit.at.unix_millis(),
        ];
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        hasher.update([CREDIT_FORM]);
        hasher.update(credit.seq.to_be_bytes());
        hasher.update(credit.id.0);
        hasher.update(credit.session_id.0);
        for number in numbers {
            hasher.update(number.to_be_bytes());
        }
        hasher.update(credit.authorship_digest.0);
        for kept in [&credit.terms, &credit.slots, &credit.legs] {
            hasher.update((kept.len() as u64).to_be_bytes());
            hasher.update(kept);
        }

        Self(hasher.finalize().into())
    }
}
