//! Whose memberships multiplied what a minute brought.

use super::varint::{self, Garbled, Reader};
use crate::books::MemberNumber;

/// What a membership multiplies by at most: ten times what others get.
pub const MULTIPLIER_BP_MAX: i64 = 10 * ONE_BP;
/// One whole, in basis points: nothing is multiplied.
pub const ONE_BP: i64 = 10_000;

/// Members, each with what theirs is multiplied by, in basis points; of whoever is not named nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Multiplied(Vec<(MemberNumber, i64)>);

impl Multiplied {
    /// Of members in the order of their numbers, each with a multiplier that is more than one.
    pub(crate) fn new(members: Vec<(MemberNumber, i64)>) -> Self {
        debug_assert!(members.is_sorted_by_key(|(member, _)| *member));

        Self(members)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a member's is multiplied by.
    pub fn of(&self, member: MemberNumber) -> i64 {
        self.of_member(member).unwrap_or(ONE_BP)
    }

    /// The same, if it makes a difference.
    pub fn of_member(&self, member: MemberNumber) -> Option<i64> {
        let place = self.0.binary_search_by_key(&member, |(member, _)| *member);

        place.ok().map(|place| self.0[place].1)
    }

    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        varint::put(bytes, self.0.len() as u64);
        let mut next = 0;
        for (member, multiplier_bp) in &self.0 {
            varint::put(bytes, u64::from(member.0) - next);
            varint::put_count(bytes, *multiplier_bp);
            next = u64::from(member.0) + 1;
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, Garbled> {
        let count: usize = reader.take()?;
        let mut members = Vec::new();
        let mut next: u64 = 0;
        for _ in 0..count {
            let number = next.checked_add(reader.take()?).ok_or(Garbled)?;
            next = number.checked_add(1).ok_or(Garbled)?;
            let member = MemberNumber(u32::try_from(number).map_err(|_| Garbled)?);
            let multiplier_bp = reader.take()?;
            if !(ONE_BP + 1..=MULTIPLIER_BP_MAX).contains(&multiplier_bp) {
                return Err(Garbled);
            }
            members.push((member, multiplier_bp));
        }
        // Written with nobody in it, it would be another form of nothing.
        if members.is_empty() {
            return Err(Garbled);
        }

        Ok(Self(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::watching::{EarningProgramme, StampCard};

    fn multiplied() -> impl Strategy<Value = Multiplied> {
        prop::collection::btree_map(any::<u32>(), ONE_BP + 1..=MULTIPLIER_BP_MAX, 0..40).prop_map(
            |of| {
                Multiplied::new(
                    of.into_iter()
                        .map(|(number, bp)| (MemberNumber(number), bp))
                        .collect(),
                )
            },
        )
    }

    proptest! {
        #[test]
        fn rules_are_read_as_they_were_written(multiplied in multiplied(), has_card in any::<bool>()) {
            let card = StampCard { points: 300, stamps: 2, sessions: 3, slots: 2 };
            let programme = EarningProgramme {
                version: 7,
                stamp_card: has_card.then_some(card),
                ..EarningProgramme::default()
            };
            let bytes = programme.encode(&multiplied);
            prop_assert_eq!(EarningProgramme::decode(7, &bytes), Ok((programme, multiplied)));
        }

        #[test]
        fn bytes_of_any_kind_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            if let Ok((programme, multiplied)) = EarningProgramme::decode(7, &bytes) {
                let again = programme.encode(&multiplied);
                prop_assert_eq!(EarningProgramme::decode(7, &again), Ok((programme, multiplied)));
            }
        }
    }
}
