//! What events are about, read from what came when somebody asks.
//!
//! Nothing here knows what kinds there are. Who draws a kind, or hands it on, takes what they know of it by
//! name; what lacks something, or has it in another form, is read as nothing.

use super::stamp;
use super::tree::Tree;
use crate::event::{RoomEvent, Session, Settings, Steering};
use crate::time::ServerTime;
use alloc::string::String;
use alloc::vec::Vec;

/// What the schema calls what somebody typed.
pub const TYPED_FIELDS: [&str; 5] = ["name", "title", "text", "message", "input"];

/// A part of what came, from which readers take what they know by name.
#[derive(Debug)]
pub struct Content(Tree);

impl RoomEvent {
    /// Returns the object called `subject` in what came, if there is one: what the event is about.
    pub fn about(&self, subject: &str) -> Option<Content> {
        Content(Tree::read(self.payload.as_json())?).record(subject)
    }

    /// Returns how many letters people read of it, whatever it is about: those of the fields that the schema has
    /// for what somebody typed.
    pub(crate) fn letters(&self) -> usize {
        let Some(Tree::Record(fields, _)) = Tree::read(self.payload.as_json()) else {
            return 0;
        };
        let mut count = 0;
        for (_, mut about) in fields {
            for typed in TYPED_FIELDS {
                let text = about.text(typed).unwrap_or_default();
                count += letters(&text);
            }
        }

        count
    }

    /// Reads what it says of the timeline itself. Something else on the same part says nothing of it.
    pub(crate) fn steering(&self) -> Option<Steering> {
        let subject = self.part.as_deref()?;

        Some(match subject {
            "room" => Steering::Settings(Settings {
                ingest_offset_ms: self.about(subject)?.integer("ingestOffsetMs")?,
            }),
            "session" => Steering::Session(Session {
                delay_ms: self.about(subject)?.integer("delayMs")?,
            }),
            _ => return None,
        })
    }
}

impl Content {
    /// Takes the text called `name`.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.0.text(name)
    }

    /// Takes whether `name` is so.
    pub fn truth(&mut self, name: &str) -> Option<bool> {
        self.0.truth(name)
    }

    /// Takes a whole number of at most 32 bits: the schema's `Int`.
    pub fn small(&mut self, name: &str) -> Option<i32> {
        self.0.small(name)
    }

    /// Takes a whole number that is carried as text: the schema's `Int64`.
    pub fn whole(&mut self, name: &str) -> Option<i64> {
        self.0.decimal(name)
    }

    /// Takes a stamp: the schema's `Time`.
    pub fn time(&mut self, name: &str) -> Option<ServerTime> {
        time(&mut self.0, name)
    }

    /// Takes an object.
    pub fn record(&mut self, name: &str) -> Option<Self> {
        let record = self.0.take(name);

        matches!(record, Tree::Record(..)).then_some(Self(record))
    }

    /// Takes a list of what `read` makes of each; `None` if it makes nothing of one of them.
    pub fn list<T>(&mut self, name: &str, read: impl Fn(Self) -> Option<T>) -> Option<Vec<T>> {
        let mut list = Vec::new();
        for item in self.0.list(name)? {
            list.push(read(Self(item))?);
        }

        Some(list)
    }

    /// Takes what may be absent. The outer `None` is what is there and is not what it should be.
    pub fn optional<T>(
        &mut self,
        name: &str,
        take: impl Fn(&mut Self, &str) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.0.has(name) {
            take(self, name).map(Some)
        } else {
            Some(None)
        }
    }

    fn integer(&mut self, name: &str) -> Option<i64> {
        self.0.integer(name)
    }
}

/// Counts what is no continuation of a character: the standard library's way is made for long texts, and larger.
pub(crate) fn letters(text: &str) -> usize {
    text.bytes().filter(|byte| byte & 0xc0 != 0x80).count()
}

pub(super) fn time(tree: &mut Tree, name: &str) -> Option<ServerTime> {
    let text = tree.text(name)?;

    stamp::read(&text).map(ServerTime::from_unix_millis)
}
