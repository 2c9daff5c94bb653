//! The frames of PostgreSQL's wire protocol, as far as a commit can be told from anything else.

use tokio::io::{AsyncRead, AsyncReadExt};

/// The largest frame that is taken. A batch's widest statement is far below; what is larger is no
/// frame but a stream read from the wrong place.
const FRAME_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What a client asks before its startup message: whether to encrypt, by TLS or by GSSAPI.
const ENCRYPTION_REQUESTS: [u32; 2] = [80_877_103, 80_877_104];

/// One message after the startup, as it was on the wire.
pub(super) struct Frame(Vec<u8>);

impl Frame {
    /// Reads the next frame. `None` at the end of the stream.
    pub(super) async fn read(
        stream: &mut (impl AsyncRead + Unpin),
    ) -> std::io::Result<Option<Self>> {
        let mut header = [0; 5];
        if let Err(error) = stream.read_exact(&mut header).await {
            let is_end = error.kind() == std::io::ErrorKind::UnexpectedEof;
            return if is_end { Ok(None) } else { Err(error) };
        }
        let length = body_length([header[1], header[2], header[3], header[4]])?;
        let mut bytes = header.to_vec();
        bytes.resize(header.len() + length, 0);
        stream.read_exact(&mut bytes[header.len()..]).await?;

        Ok(Some(Self(bytes)))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether a client asks to commit, by a simple query or by one that is prepared.
    pub(super) fn asks_to_commit(&self) -> bool {
        let text = match self.0[0] {
            b'Q' => Some(self.body()),
            // The statement's name comes first.
            b'P' => self.body().split(|byte| *byte == 0).nth(1),
            _ => None,
        };

        text.is_some_and(|text| text.len() >= 6 && text[..6].eq_ignore_ascii_case(b"COMMIT"))
    }

    /// Whether the database says that it has committed: with ROLLBACK it would say that it has not.
    pub(super) fn says_committed(&self) -> bool {
        self.0[0] == b'C' && self.body() == b"COMMIT\0"
    }

    /// Whether a client waits for an answer after this frame: a simple query, or Sync.
    pub(super) fn ends_a_request(&self) -> bool {
        matches!(self.0[0], b'Q' | b'S')
    }

    fn body(&self) -> &[u8] {
        &self.0[5..]
    }
}

/// Reads a client's first message, which has no type. Offers of encryption are its own answer.
pub(super) async fn read_startup(
    stream: &mut (impl AsyncRead + Unpin),
) -> std::io::Result<Startup> {
    let mut header = [0; 8];
    stream.read_exact(&mut header).await?;
    let length = body_length([header[0], header[1], header[2], header[3]])?;
    let code = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    if ENCRYPTION_REQUESTS.contains(&code) {
        return Ok(Startup::EncryptionRequest);
    }
    let mut bytes = header.to_vec();
    bytes.resize((length + 4).max(header.len()), 0);
    stream.read_exact(&mut bytes[header.len()..]).await?;

    Ok(Startup::Message(bytes))
}

/// What a client begins with.
pub(super) enum Startup {
    EncryptionRequest,
    Message(Vec<u8>),
}

/// The length of what follows, of a length that counts itself.
fn body_length(bytes: [u8; 4]) -> std::io::Result<usize> {
    let length = usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX);

    length
        .checked_sub(4)
        .filter(|length| *length <= FRAME_BYTES_MAX)
        .ok_or_else(|| std::io::Error::other(format!("no frame is {length} bytes long")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, body: &[u8]) -> Frame {
        let length = u32::try_from(body.len() + 4).unwrap();
        let mut bytes = vec![kind];
        bytes.extend(length.to_be_bytes());
        bytes.extend(body);

        Frame(bytes)
    }

    #[test]
    fn a_commit_is_told_from_everything_else_on_both_ways() {
        for (frame, asks, says) in [
            (frame(b'Q', b"COMMIT\0"), true, false),
            (frame(b'P', b"\0commit\0\0\0"), true, false),
            (frame(b'P', b"commit\0SELECT 1\0\0\0"), false, false),
            (frame(b'Q', b"BEGIN\0"), false, false),
            (frame(b'C', b"COMMIT\0"), false, true),
            (frame(b'C', b"ROLLBACK\0"), false, false),
            (frame(b'D', b"COMMIT\0"), false, false),
        ] {
            assert_eq!(frame.asks_to_commit(), asks, "{:?}", frame.bytes());
            assert_eq!(frame.says_committed(), says, "{:?}", frame.bytes());
        }
    }

    #[tokio::test]
    async fn frames_are_read_one_after_another_and_nonsense_is_refused() {
        let mut stream: &[u8] = b"Q\0\0\0\x08abcdZ\0\0\0\x05I";
        for expected in [&b"Q\0\0\0\x08abcd"[..], b"Z\0\0\0\x05I"] {
            let frame = Frame::read(&mut stream).await.unwrap().unwrap();
            assert_eq!(frame.bytes(), expected);
        }
        assert!(Frame::read(&mut stream).await.unwrap().is_none());

        for mut nonsense in [&b"Q\0\0\0\x01"[..], b"Q\xff\xff\xff\xff", b"Q\0\0\0\x08ab"] {
            assert!(Frame::read(&mut nonsense).await.is_err(), "{nonsense:?}");
        }
    }
}
