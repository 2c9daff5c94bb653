//! Sets of members.

use super::varint::{Garbled, Reader, put};
use crate::books::MemberNumber;
use crate::invalid::Invalid;

use super::WATCHERS_MAX;

/// Up to [`WATCHERS_MAX`] members, in the order of their numbers and each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NumberSet(Vec<MemberNumber>);

impl NumberSet {
    /// The set of `members`, in whatever order and however often they are named, or that they are too many.
    pub fn new(mut members: Vec<MemberNumber>) -> Result<Self, Invalid> {
        members.sort_unstable();
        members.dedup();
        if members.len() > WATCHERS_MAX {
            let constraint = format!("at most {WATCHERS_MAX} viewers");
            return Err(Invalid::new("viewerIds", constraint, members.len()));
        }

        Ok(Self(members))
    }

    pub fn as_slice(&self) -> &[MemberNumber] {
        &self.0
    }

    /// The members in runs of neighbours, each with how many numbers are left out before it: a full room is a
    /// few bytes, and whoever is alone takes three.
    pub(super) fn encode(members: &[MemberNumber]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2 * members.len());
        let mut next = 0;
        for run in members.chunk_by(|one, other| one.0 + 1 == other.0) {
            put(&mut bytes, u64::from(run[0].0) - next);
            put(&mut bytes, run.len() as u64);
            next = u64::from(run[0].0) + run.len() as u64;
        }

        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Garbled> {
        let mut reader = Reader::new(bytes);
        let mut members = Vec::new();
        let mut next: u64 = 0;
        while !reader.is_at_end() {
            let first = next.checked_add(reader.take()?).ok_or(Garbled)?;
            let length: usize = reader.take()?;
            if length == 0 || members.len() + length > WATCHERS_MAX {
                return Err(Garbled);
            }
            next = first.checked_add(length as u64).ok_or(Garbled)?;
            for number in first..next {
                let number = u32::try_from(number).map_err(|_| Garbled)?;
                members.push(MemberNumber(number));
            }
        }

        Ok(Self(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(numbers: impl IntoIterator<Item = u32>) -> NumberSet {
        NumberSet::new(numbers.into_iter().map(MemberNumber).collect()).unwrap()
    }

    #[test]
    fn a_full_room_takes_a_few_bytes() {
        let full = set(0..1_024);
        assert_eq!(NumberSet::encode(full.as_slice()).len(), 3);
        NumberSet::new((0..1_025).map(MemberNumber).collect()).unwrap_err();
    }

    #[test]
    fn what_is_no_set_is_not_read() {
        // A run of none, a run of too many, a number beyond all, and one that is cut off.
        for bytes in [
            &[0, 0][..],
            &[0, 0x81, 0x08],
            &[0xff, 0xff, 0xff, 0xff, 0x0f, 2],
            &[0],
        ] {
            assert_eq!(NumberSet::decode(bytes), Err(Garbled), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn a_set_is_read_as_it_was_written(numbers in prop::collection::vec(any::<u32>(), 0..200)) {
            let set = set(numbers);
            prop_assert_eq!(NumberSet::decode(&NumberSet::encode(set.as_slice())), Ok(set));
        }
    }
}
