//! What is of one viewer: the messages of `liveViewer`, and who a token says that they are.

use super::feed::EPOCH_BYTES_MAX;
use super::tree::Tree;
use crate::wallet::Wallet;
use alloc::string::String;

/// The longest wallet, in bytes as it comes. It has at most 70 redemptions, each with a text of up to 500 bytes and a
/// title, which is some 1,500 bytes with all that stands around them.
const WALLET_BYTES_MAX: usize = 200_000;

/// The claims that say who somebody is. Whatever else a token says, as when it ends, is not about that.
const IDENTITY: [&str; 4] = ["sub", "user_id", "tenant_id", "role"];

/// One message of what the viewer has.
#[derive(Debug)]
pub(crate) struct ViewerMessage {
    pub(crate) epoch: String,
    pub(crate) version: i64,
    pub(crate) wallet: Option<Wallet>,
}

/// Reads a message from its place in `text`, or returns `None` if it is not one.
pub(super) fn message(mut message: Tree, text: &str) -> Option<ViewerMessage> {
    Some(ViewerMessage {
        epoch: message
            .text("epoch")
            .filter(|epoch| epoch.len() <= EPOCH_BYTES_MAX)?,
        version: message.decimal("version")?,
        // Taken for nothing, it would be somebody who has not joined.
        wallet: if message.has("wallet") {
            Some(wallet(message.take("wallet"), text)?)
        } else {
            None
        },
    })
}

fn wallet(mut wallet: Tree, text: &str) -> Option<Wallet> {
    let json = wallet
        .written(text)
        .filter(|json| json.len() <= WALLET_BYTES_MAX)?;

    Some(Wallet::new(wallet.text("participantId")?, json))
}

/// Returns whether both tokens say that they are of one and the same viewer. Of what is no JWT, or names nobody, that
/// is not known, unless they are one token.
pub fn is_same_viewer(known: Option<&str>, other: &str) -> bool {
    let Some(known) = known else {
        return false;
    };
    if known == other {
        return true;
    }
    let (Some(mut known), Some(mut other)) = (claims(known), claims(other)) else {
        return false;
    };

    let mut is_somebody = false;
    for name in IDENTITY {
        let said = known.text(name);
        if said != other.text(name) {
            return false;
        }
        is_somebody |= said.is_some() && (name == "sub" || name == "user_id");
    }

    is_somebody
}

/// Reads what a JWT claims: its second part, in the base64 of URLs. Bytes beyond ASCII are each taken for a letter of
/// their own, which is enough to compare them.
fn claims(token: &str) -> Option<Tree> {
    let mut text = String::new();
    let (mut bits, mut bit_count, mut dots) = (0_u32, 0, 0);
    for letter in token.bytes() {
        let six = match letter {
            b'.' => {
                dots += 1;
                continue;
            }
            _ if dots != 1 => continue,
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(six);
        bit_count += 6;
        if bit_count >= 8 {
            bit_count -= 8;
            text.push(char::from(((bits >> bit_count) & 0xff) as u8));
        }
    }

    Tree::read(&text)
}

#[cfg(test)]
mod tests {
    use super::is_same_viewer;
    use crate::wire::{self, Frame};

    /// `{"tenant_id":"t","role":"viewer","sub":"ada","exp":…}`, of two ends.
    const ADA: [&str; 2] = [
        "h.eyJ0ZW5hbnRfaWQiOiJ0Iiwicm9sZSI6InZpZXdlciIsInN1YiI6ImFkYSIsImV4cCI6MX0.s",
        "h.eyJ0ZW5hbnRfaWQiOiJ0Iiwicm9sZSI6InZpZXdlciIsInN1YiI6ImFkYSIsImV4cCI6Mn0.s",
    ];
    /// The same of `ben`, and of somebody without a name.
    const BEN: &str = "h.eyJ0ZW5hbnRfaWQiOiJ0Iiwicm9sZSI6InZpZXdlciIsInN1YiI6ImJlbiIsImV4cCI6MX0.s";
    const NOBODY: &str = "h.eyJ0ZW5hbnRfaWQiOiJ0Iiwicm9sZSI6InZpZXdlciJ9.s";

    #[test]
    fn two_tokens_are_of_one_viewer_if_both_name_them() {
        assert!(is_same_viewer(Some(ADA[0]), ADA[1]));
        assert!(is_same_viewer(Some("opaque"), "opaque"));
        for (known, other) in [
            (Some(ADA[0]), BEN),
            (Some(NOBODY), ADA[0]),
            (Some("a.e30.c"), "b.e30.c"),
            (Some(ADA[0]), "opaque"),
            (Some("a.!.c"), "b.!.c"),
            (None, ADA[0]),
        ] {
            assert!(!is_same_viewer(known, other), "{known:?} and {other}");
        }
        assert!(!is_same_viewer(
            Some("h.eyJyb2xlIjoidmlld2VyIn0.x"),
            "h.eyJyb2xlIjoidmlld2VyIn0.y"
        ));
    }

    #[test]
    fn a_wallet_is_handed_on_as_it_came() {
        let wallet = r#"{"participantId":"p","balance":"7", "held":"0"}"#;
        let frame = |wallet: &str| {
            wire::decode(&format!(
                r#"{{"type":"next","id":"3","payload":{{"data":{{"liveViewer":{{"epoch":"e","version":"5","wallet":{wallet}}}}}}}}}"#
            ))
        };
        let Some(Frame::Viewer { id: 3, message }) = frame(wallet) else {
            panic!("it is a message");
        };
        let read = message.wallet.unwrap();
        assert_eq!((read.participant_id(), read.as_json()), ("p", wallet));
        assert!(
            matches!(frame("null"), Some(Frame::Viewer { message, .. }) if message.wallet.is_none())
        );
        let long = format!(
            r#"{{"participantId":"p","x":"{}"}}"#,
            "x".repeat(super::WALLET_BYTES_MAX)
        );
        for bad in ["7", "{}", r#"{"participantId":null}"#, &long] {
            assert!(frame(bad).is_none());
        }
    }
}
