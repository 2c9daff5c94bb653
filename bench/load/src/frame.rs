//! WebSocket frames (RFC 6455), as far as a listener needs them: servers' frames are found in what
//! was read without copying them, and its own are short.

/// Set in the second byte of every client's frame.
const MASKED: u8 = 0x80;
/// In place of a length: two bytes with it follow.
const LONG: u8 = 0x7e;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    Text,
    Close,
    Ping,
    Pong,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) opcode: Opcode,
    pub(crate) payload: &'a [u8],
}

/// Something that none of the servers is supposed to send: a continued, masked or binary frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame began with {0:#04x} {1:#04x}")]
pub(crate) struct UnexpectedFrame(u8, u8);

/// Takes the first frame off `bytes`, or returns `None` if it is not whole yet.
pub(crate) fn take<'a>(bytes: &mut &'a [u8]) -> Result<Option<Frame<'a>>, UnexpectedFrame> {
    let [first, second, rest @ ..] = *bytes else {
        return Ok(None);
    };
    let opcode = match first {
        0x81 => Opcode::Text,
        0x88 => Opcode::Close,
        0x89 => Opcode::Ping,
        0x8a => Opcode::Pong,
        _ => return Err(UnexpectedFrame(*first, *second)),
    };
    let sized = match second {
        length @ 0..126 => Some((usize::from(*length), rest)),
        &LONG => rest
            .split_first_chunk()
            .map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest)),
        0x7f => rest.split_first_chunk().map(|(length, rest)| {
            let length = u64::from_be_bytes(*length);
            (usize::try_from(length).unwrap_or(usize::MAX), rest)
        }),
        _ => return Err(UnexpectedFrame(*first, *second)),
    };
    let Some((payload, rest)) = sized.and_then(|(length, rest)| rest.split_at_checked(length))
    else {
        return Ok(None);
    };

    *bytes = rest;
    Ok(Some(Frame { opcode, payload }))
}

/// A client's frame. Its mask is zero, which leaves the payload as it is: masks protect proxies
/// from pages, and there is neither here.
pub(crate) fn write(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let first = match opcode {
        Opcode::Text => 0x81,
        Opcode::Close => 0x88,
        Opcode::Ping => 0x89,
        Opcode::Pong => 0x8a,
    };
    let mut frame = vec![first];
    if let Ok(length @ 0..126) = u8::try_from(payload.len()) {
        frame.push(MASKED | length);
    } else {
        let length = u16::try_from(payload.len()).expect("a listener sends short messages");
        frame.push(MASKED | LONG);
        frame.extend(length.to_be_bytes());
    }
    frame.extend([0; 4]);
    frame.extend(payload);

    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame as servers write it.
    fn served(length: usize) -> Vec<u8> {
        let mut frame = vec![0x81];
        match length {
            0..126 => frame.push(u8::try_from(length).unwrap()),
            126..=0xffff => {
                frame.push(126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.resize(frame.len() + length, b'x');
        frame
    }

    #[test]
    fn frames_of_every_length_are_taken_whole_and_one_by_one() {
        for length in [0, 125, 126, 340, 0xffff, 0x1_0000] {
            let bytes = [served(length), served(3)].concat();
            let mut rest = &bytes[..];

            assert_eq!(take(&mut rest).unwrap().unwrap().payload.len(), length);
            assert_eq!(take(&mut rest).unwrap().unwrap().payload, b"xxx");
            assert_eq!(take(&mut rest), Ok(None));
        }
    }

    #[test]
    fn a_part_of_a_frame_stays_where_it_is() {
        let bytes = served(400);
        for end in 0..bytes.len() {
            let mut rest = &bytes[..end];
            assert_eq!(take(&mut rest), Ok(None));
            assert_eq!(rest.len(), end);
        }
    }

    #[test]
    fn frames_that_no_server_should_send_are_refused() {
        for frame in [[0x01, 0x00], [0x82, 0x00], [0xc1, 0x00], [0x81, 0x80]] {
            assert!(take(&mut &frame[..]).is_err(), "{frame:?}");
        }
    }

    #[test]
    fn a_clients_frame_says_that_it_is_masked() {
        assert_eq!(write(Opcode::Pong, b"ab"), b"\x8a\x82\0\0\0\0ab");
        assert_eq!(write(Opcode::Text, &[0; 126])[..4], [0x81, 0xfe, 0, 126]);
    }
}
