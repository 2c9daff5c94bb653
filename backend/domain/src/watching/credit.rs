//! A minute of a room in its books: one transfer from the mint, with many legs.

use uuid::Uuid;

use super::multiplied::Multiplied;
use super::varint::{self, Garbled, Reader};
use super::{EarningProgramme, Minute, NumberSet, Slot};
use crate::books::{Authorship, Digest, MemberNumber};
use crate::id::{SessionId, TransferId};
use crate::time::ServerTime;

/// A minute that was credited to members, which nothing changes afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchCredit {
    pub id: TransferId,
    /// The position in the room's books, among its transfers.
    pub seq: i64,
    pub session_id: SessionId,
    /// The session's number among the room's, and the newest one's.
    pub session: i64,
    pub newest_session: i64,
    pub minute: Minute,
    /// When a clock was put right that had been ahead, if one ever was.
    pub put_right: Option<Minute>,
    /// The programme's version, and its rules.
    pub programme: i32,
    pub terms: Vec<u8>,
    /// For whom the slot counted that had not before, and what that brings to whom.
    pub slots: Vec<u8>,
    pub legs: Vec<u8>,
    /// The sum of the legs, which may be nothing.
    pub points: i64,
    pub at: ServerTime,
    /// Who says that it was watched, unless it was erased.
    pub authorship: Option<Authorship>,
    pub authorship_digest: Digest,
}

/// What statements read of a credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditLegs {
    pub id: TransferId,
    pub seq: i64,
    pub session_id: SessionId,
    pub minute: Minute,
    pub at: ServerTime,
    pub terms: Vec<u8>,
    pub legs: Vec<u8>,
}

/// What a credit gives a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    pub member: MemberNumber,
    pub points: i64,
    /// All that the member has earned by watching, with this.
    pub earned_after: i64,
    /// The position of the credit that gave the member points before; 0 for the first. So a statement goes from
    /// line to line, whatever else the room did.
    pub line_before: i64,
}

/// A credit as a line of one member's statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedLine {
    pub id: Uuid,
    pub seq: i64,
    pub session_id: SessionId,
    pub minute: Minute,
    pub at: ServerTime,
    pub leg: Leg,
    /// What the member's membership multiplied it by, in basis points, if it did.
    pub multiplier_bp: Option<i64>,
}

impl WatchCredit {
    pub(crate) fn new(
        id: TransferId,
        session_id: SessionId,
        slot: &Slot<'_>,
        members: &[MemberNumber],
        legs: &[Leg],
        at: ServerTime,
        authorship: Authorship,
    ) -> Self {
        Self {
            id,
            seq: slot.seq,
            session_id,
            session: slot.session,
            newest_session: slot.newest_session,
            minute: slot.minute,
            put_right: slot.put_right,
            programme: slot.programme.version,
            terms: slot.programme.encode(slot.multiplied),
            slots: NumberSet::encode(members),
            legs: encode(legs, slot.seq),
            points: legs.iter().map(|leg| leg.points).sum(),
            at,
            authorship_digest: authorship.digest(),
            authorship: Some(authorship),
        }
    }

    /// The rules that it was made by, and for whom they were multiplied.
    pub fn terms(&self) -> Result<(EarningProgramme, Multiplied), Garbled> {
        EarningProgramme::decode(self.programme, &self.terms)
    }

    /// For whom the slot counted that had not before.
    pub fn slots(&self) -> Result<NumberSet, Garbled> {
        NumberSet::decode(&self.slots)
    }

    /// What it gives to whom, in the order of their numbers.
    pub fn legs(&self) -> Result<Vec<Leg>, Garbled> {
        decode(&self.legs, self.seq)
    }
}

impl CreditLegs {
    /// The line that the credit is in a member's statement, if it gives them something.
    pub fn line_of(&self, member: MemberNumber) -> Result<Option<WatchedLine>, Garbled> {
        let legs = decode(&self.legs, self.seq)?;
        let found = legs.into_iter().find(|leg| leg.member == member);
        // No version: the line does not tell which rules they were.
        let (_, multiplied) = EarningProgramme::decode(0, &self.terms)?;

        Ok(found.map(|leg| WatchedLine {
            // One for each line, for the credit's own is in the statements of a thousand.
            id: Uuid::from_u128(self.id.0.as_u128() ^ u128::from(member.0)),
            seq: self.seq,
            session_id: self.session_id,
            minute: self.minute,
            at: self.at,
            leg,
            multiplier_bp: multiplied.of_member(member),
        }))
    }
}

/// The legs in bytes, with positions as how far before the credit's they are.
fn encode(legs: &[Leg], seq: i64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 * legs.len());
    let mut next = 0;
    for leg in legs {
        varint::put(&mut bytes, u64::from(leg.member.0) - next);
        next = u64::from(leg.member.0) + 1;
        varint::put_count(&mut bytes, leg.points);
        varint::put_count(&mut bytes, leg.earned_after);
        let before = if leg.line_before == 0 {
            0
        } else {
            seq - leg.line_before
        };
        varint::put_count(&mut bytes, before);
    }

    bytes
}

fn decode(bytes: &[u8], seq: i64) -> Result<Vec<Leg>, Garbled> {
    let mut reader = Reader::new(bytes);
    let mut legs = Vec::new();
    let mut next: u64 = 0;
    while !reader.is_at_end() {
        let number = next.checked_add(reader.take()?).ok_or(Garbled)?;
        next = number.checked_add(1).ok_or(Garbled)?;
        let member = MemberNumber(u32::try_from(number).map_err(|_| Garbled)?);
        let (points, earned_after) = (reader.take()?, reader.take()?);
        let line_before = match reader.take::<i64>()? {
            0 => 0,
            // So whoever goes from line to line comes to an end.
            before if before < seq => seq - before,
            _ => return Err(Garbled),
        };
        legs.push(Leg {
            member,
            points,
            earned_after,
            line_before,
        });
    }

    Ok(legs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn legs_are_read_as_they_were_written(
            legs in prop::collection::btree_map(any::<u32>(), (1..i64::MAX, 1..i64::MAX, 0..9_000_i64), 0..50)
        ) {
            let legs: Vec<_> = legs.into_iter().map(|(number, (points, earned_after, line_before))| Leg {
                member: MemberNumber(number), points, earned_after, line_before,
            }).collect();
            prop_assert_eq!(decode(&encode(&legs, 9_000), 9_000), Ok(legs));
        }
    }
}
