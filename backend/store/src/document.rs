//! Documents: what is kept as JSON, whole, with the version of its form.
//!
//! A document is written as `{"v":1,"doc":…}`. What was written before there were versions has none, and
//! counts as version 0. A version that this program does not know was written by a newer one: it is told
//! apart from what is broken, for the remedy is another, and nothing of it is read.

use serde::Serialize;
use serde::de::DeserializeOwned;

use parlor_domain::audit::AuditAction;
use parlor_domain::contribution::Contribution;
use parlor_domain::dispute::Dispute;
use parlor_domain::event::EventBody;
use parlor_domain::hype_train::{Program, Train};
use parlor_domain::id::RedemptionId;
use parlor_domain::membership::Periods;
use parlor_domain::participant::Overrides;
use parlor_domain::points::{ClawedBack, Transfer};
use parlor_domain::rates::RateTable;
use parlor_domain::reward::{Redemption, Reward, Terms};
use parlor_domain::tenant::{Limits, RoomDefaults};
use parlor_domain::watching::EarningState;

use crate::kept_event::KeptEvent;

/// What is kept as one document.
///
/// To change a form so that what was written before no longer reads: raise [`Self::VERSION`], have
/// [`Self::read`] take the older versions too, and add a file to `fixtures/documents`.
pub(crate) trait Document: Serialize + DeserializeOwned {
    /// What a reader of an error knows it by.
    const WHAT: &'static str;
    /// The version that is written.
    const VERSION: u32 = 1;
    /// The first that was: 0 for what was kept before there were versions.
    #[cfg(test)]
    const OLDEST: u32 = 0;

    /// Reads a document of any version up to [`Self::VERSION`].
    fn read(_version: u32, json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }
}

/// Declares documents: `documents! { Train => "train" }`, with the version since which there are any, unless
/// it is 0, and the version that is written, unless it is 1.
macro_rules! documents {
    ($($of:ty => $what:literal $(since $oldest:literal)? $(at $version:literal)?),* $(,)?) => {
        $(impl Document for $of {
            const WHAT: &'static str = $what;
            $(const VERSION: u32 = $version;)?
            $(#[cfg(test)] const OLDEST: u32 = $oldest;)?
        })*

        /// Checks each kind against its golden files.
        #[cfg(test)]
        fn check_golden_documents() {
            $(tests::check::<$of>();)*
        }
    };
}

documents! {
    AuditAction => "audit action",
    EarningState => "earning state" since 1 at 3,
    Periods => "membership's periods" since 1,
    Contribution => "answer" at 2,
    EventBody => "event",
    Vec<KeptEvent> => "keyframe",
    KeptEvent => "told event" since 1,
    Limits => "tenant's limits",
    Overrides => "participant's overrides",
    Program => "program" at 3,
    RateTable => "currency rates" since 1,
    RoomDefaults => "tenant's room defaults",
    Train => "train" at 4,
    Redemption => "redemption" since 1 at 3,
    Reward => "reward" since 1 at 3,
    Terms => "reward's terms" since 1 at 5,
    Vec<RedemptionId> => "draw's winners" since 1,
    Transfer => "transfer" since 1,
    ClawedBack => "clawback" since 1,
    Dispute => "dispute" since 1,
}

/// Why a stored document was not read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableDocument {
    /// Nothing is wrong with it, and a newer version of the program reads it.
    #[error(
        "the {what} was written by a newer parlor: it has version {found}, and this parlor reads up to \
         {known}; run the newer one"
    )]
    Newer {
        what: &'static str,
        found: u32,
        known: u32,
    },
    /// Nothing is wrong with it: it tells of something that came later, such as a kind of event.
    #[error(
        "the {what} was written by a newer parlor: {source}, which this parlor does not know; run the newer one"
    )]
    NewerWord {
        what: &'static str,
        source: serde_json::Error,
    },
    #[error("the {what} (version {version}) is broken: {source}")]
    Broken {
        what: &'static str,
        version: u32,
        source: serde_json::Error,
    },
}

pub(crate) const VERSION_STARTS: &str = "{\"v\":";
pub(crate) const DOCUMENT_STARTS: &str = ",\"doc\":";

pub(crate) fn to_json<T: Document>(value: &T) -> String {
    let mut text = format!("{VERSION_STARTS}{}{DOCUMENT_STARTS}", T::VERSION).into_bytes();
    serde_json::to_writer(&mut text, value)
        .expect("what the domain keeps has text keys, and so is JSON");
    text.push(b'}');

    String::from_utf8(text).expect("JSON is UTF-8")
}

pub(crate) fn from_json<T: Document>(text: &str) -> Result<T, sqlx::Error> {
    read(text).map_err(|error| sqlx::Error::Decode(error.into()))
}

fn read<T: Document>(text: &str) -> Result<T, UnreadableDocument> {
    let (what, known) = (T::WHAT, T::VERSION);
    let (version, json) = split(text);
    if version > known {
        let found = version;
        return Err(UnreadableDocument::Newer { what, found, known });
    }

    T::read(version, json).map_err(|source| {
        if is_of_a_later_word(&source) {
            return UnreadableDocument::NewerWord { what, source };
        }

        UnreadableDocument::Broken {
            what,
            version,
            source,
        }
    })
}

/// Whether a document was not read for a name that this program has none for. serde says so in words alone.
fn is_of_a_later_word(error: &serde_json::Error) -> bool {
    error.is_data() && error.to_string().starts_with("unknown variant")
}

/// The version of a document, and its JSON.
fn split(text: &str) -> (u32, &str) {
    let versioned = || {
        let rest = text.strip_prefix(VERSION_STARTS)?;
        let (version, rest) = rest.split_once(DOCUMENT_STARTS)?;
        Some((version.parse().ok()?, rest.strip_suffix('}')?))
    };

    versioned().unwrap_or((0, text))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// Each kind has a file for each version, whose lines are documents. All of them are read, and what
    /// is read is written as the newest file has it: a field that came or went unnoticed would differ.
    pub(super) fn check<T: Document>() {
        let newest = golden::<T>(T::VERSION);
        assert!(!newest.is_empty());
        for version in T::OLDEST..=T::VERSION {
            let documents = golden::<T>(version);
            let expected = match (T::WHAT, version) {
                ("event", 0) => EVENTS_OF_VERSION_0,
                ("earning state", 1 | 2) => EARNING_STATES_WITHOUT_MULTIPLIERS,
                _ => newest.len(),
            };
            assert_eq!(
                documents.len(),
                expected,
                "{}",
                file::<T>(version).display()
            );
            for (document, newest) in documents.iter().zip(&newest) {
                assert_eq!(split(document).0, version, "{document}");
                let value: T = from_json(document).unwrap();
                assert_eq!(&to_json(&value), newest);
            }
        }
    }

    /// Kinds of events that came since have no older form.
    const EVENTS_OF_VERSION_0: usize = 24;
    /// What memberships multiply has none either.
    const EARNING_STATES_WITHOUT_MULTIPLIERS: usize = 2;

    fn golden<T: Document>(version: u32) -> Vec<String> {
        let file = file::<T>(version);
        let text = std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));

        text.lines().map(str::to_owned).collect()
    }

    fn file<T: Document>(version: u32) -> PathBuf {
        let what = T::WHAT.replace("'s", "").replace(' ', "-");
        let name = format!("{what}.{version}.jsonl");

        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures/documents")
            .join(name)
    }

    #[test]
    fn documents_of_every_version_are_read_and_written_anew() {
        check_golden_documents();
    }

    #[test]
    fn every_kind_of_event_has_a_golden_document() {
        let known: Vec<_> = golden::<EventBody>(1);
        for kind in EventBody::KINDS {
            let has = known
                .iter()
                .any(|one| one.contains(&format!("\"kind\":\"{kind}\"")));
            assert!(has, "`{kind}` has no golden document");
        }
    }

    #[test]
    fn a_document_from_the_future_is_told_apart_from_a_broken_one() {
        let told = |text: &str| from_json::<Limits>(text).unwrap_err().to_string();

        let newer = told("{\"v\":2,\"doc\":{\"rooms\":[1,2]}}");
        for said in [
            "tenant's limits",
            "newer parlor",
            "version 2",
            "up to 1",
            "run the newer one",
        ] {
            assert!(newer.contains(said), "{newer}");
        }
        let later = r#"{"v":1,"doc":{"kind":"PollOpened","payload":{"id":1}}}"#;
        let later = from_json::<EventBody>(later).unwrap_err().to_string();
        for said in ["event", "newer parlor", "`PollOpened`", "run the newer one"] {
            assert!(later.contains(said), "{later}");
        }
        for broken in [
            "",
            "nonsense",
            "{\"v\":1,\"doc\":nonsense}",
            "{\"v\":1,\"doc\":{}",
        ] {
            let told = told(broken);
            assert!(told.contains("broken") && !told.contains("newer"), "{told}");
        }
    }
}
