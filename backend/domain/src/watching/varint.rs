//! Numbers in as few bytes as they need: seven bits a byte, the lowest first, and the highest bit says that
//! more follow.

/// Bytes that were not written by this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are none that were written here")]
pub struct Garbled;

const MORE: u8 = 0x80;

pub(super) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= u64::from(MORE) {
        bytes.push(number.to_le_bytes()[0] | MORE);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Appends a number that is never below zero.
pub(super) fn put_count(bytes: &mut Vec<u8>, number: i64) {
    put(
        bytes,
        u64::try_from(number).expect("what is counted is not below zero"),
    );
}

/// Takes numbers off the front of some bytes.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> Result<u8, Garbled> {
        let (first, rest) = self.0.split_first().ok_or(Garbled)?;
        self.0 = rest;

        Ok(*first)
    }

    /// A number of as many bits as `T` has.
    pub(super) fn take<T: TryFrom<u64>>(&mut self) -> Result<T, Garbled> {
        T::try_from(self.number()?).map_err(|_| Garbled)
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Garbled> {
        let (first, rest) = self.0.split_first_chunk().ok_or(Garbled)?;
        self.0 = rest;

        Ok(*first)
    }

    fn number(&mut self) -> Result<u64, Garbled> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & !MORE);
            if bits > u64::MAX >> shift {
                return Err(Garbled);
            }
            number |= bits << shift;
            if byte & MORE == 0 {
                return Ok(number);
            }
        }

        Err(Garbled)
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, put};

    #[test]
    fn numbers_take_a_byte_for_each_seven_bits() {
        for (number, length) in [
            (0, 1),
            (127, 1),
            (128, 2),
            (16_383, 2),
            (16_384, 3),
            (u64::MAX, 10),
        ] {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            assert_eq!(bytes.len(), length, "{number}");
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.take::<u64>(), Ok(number));
            assert!(reader.is_at_end());
        }
    }

    #[test]
    fn what_is_cut_off_or_too_large_is_no_number() {
        for bytes in [&[][..], &[0x80], &[0xff; 10], &[0xff; 11]] {
            Reader::new(bytes).take::<u64>().unwrap_err();
        }
        Reader::new(&[0x80, 0x02]).take::<u8>().unwrap_err();
    }
}
