//! What was asked to be redeemed and is not answered, kept where the application's end does not lose it.
//!
//! One file, written whole under another name and renamed, while a lock keeps every other process and thread out: each
//! sees what the one before has noted, so that two who ask for the same ask by the same key.

use serde::{Deserialize, Serialize};
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

mod folder;

/// For how long what was not answered is asked again. Who comes back later has seen in their wallet what became of
/// it, and does not expect to pay for what they gave up.
const KEPT_MS: i64 = 10 * 60_000;

/// How many a viewer has noted at once in a room. Each is answered within seconds where there is a network; who taps
/// faster than that for ten minutes without one means nothing by it.
const NOTES_MAX: usize = 64;

/// How many there are of all viewers and rooms, as of a program that is signed in as many: sixteen who each have all that
/// one may have. A note is a kilobyte at the most, so that the file, which is written whole for each, stays at one MB.
const NOTES_TOTAL_MAX: usize = 16 * NOTES_MAX;

/// Of applications that have given no folder, for as long as the process lives.
static OF_PROCESS: Mutex<Vec<Note>> = Mutex::new(Vec::new());

/// Where notes are kept.
#[derive(Debug)]
pub(crate) enum Notes {
    OfProcess,
    Folder(PathBuf),
}

/// Something that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) place: Place,
    pub(crate) key: String,
    pub(crate) reward_id: String,
    pub(crate) cost: Option<i64>,
    pub(crate) input: Option<String>,
    pub(crate) at_unix_millis: i64,
}

/// Who asked, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) server: String,
    pub(crate) room_id: String,
    pub(crate) participant_id: String,
}

/// Why nothing could be noted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoteError {
    #[error("too many redemptions are not answered yet")]
    TooMany,
    #[error("what is to be redeemed cannot be noted: {0}")]
    Storage(#[from] io::Error),
}

impl Notes {
    pub(crate) fn new(folder: Option<String>) -> Self {
        folder.map_or(Self::OfProcess, |folder| Self::Folder(folder.into()))
    }

    /// Notes what is wanted, and returns it; or what is noted already, if that is the same: at the cost of then, for it
    /// may have been paid. What a key was given for by the caller is the same only by that key.
    pub(crate) fn note(&self, wanted: Note, is_named: bool) -> Result<Note, NoteError> {
        self.change(wanted.at_unix_millis, |notes| {
            let is_same = |note: &&Note| {
                note.place == wanted.place
                    && note.reward_id == wanted.reward_id
                    && note.input == wanted.input
                    && (!is_named || note.key == wanted.key)
            };
            if let Some(before) = notes.iter().find(is_same) {
                return Ok(before.clone());
            }
            let of_place = notes.iter().filter(|note| note.place == wanted.place);
            if of_place.count() >= NOTES_MAX || notes.len() >= NOTES_TOTAL_MAX {
                return Err(NoteError::TooMany);
            }
            notes.push(wanted.clone());
            Ok(wanted)
        })?
    }

    /// Returns what is noted of a place, the oldest first.
    pub(crate) fn of(&self, place: &Place, now: i64) -> Result<Vec<Note>, NoteError> {
        self.change(now, |notes| {
            let of_place = notes.iter().filter(|note| note.place == *place);
            Ok(of_place.cloned().collect())
        })?
    }

    /// Whether exactly this is noted, and young enough to be asked for.
    pub(crate) fn has(&self, note: &Note, now: i64) -> Result<bool, NoteError> {
        self.change(now, |notes| notes.contains(note))
    }

    /// Has what is old go, where there is a folder that has any.
    pub(crate) fn sweep(&self, now: i64) -> Result<(), NoteError> {
        match self {
            Self::Folder(folder) if !folder::is_used(folder) => Ok(()),
            Self::Folder(_) | Self::OfProcess => self.change(now, |_| ()),
        }
    }

    pub(crate) fn forget(&self, answered: &Note, now: i64) -> Result<(), NoteError> {
        self.change(now, |notes| {
            notes.retain(|note| note != answered);
        })
    }

    /// Has `act` change what is noted, as one step. What is old goes, whoever's it is.
    fn change<T>(&self, now: i64, act: impl FnOnce(&mut Vec<Note>) -> T) -> Result<T, NoteError> {
        match self {
            Self::OfProcess => {
                let mut notes = OF_PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
                notes.retain(|note| is_young(note.at_unix_millis, now));
                Ok(act(&mut notes))
            }
            Self::Folder(folder) => Ok(folder::change(folder, now, act)?),
        }
    }
}

/// Whether what was asked for then is asked for again. What is far ahead is of a clock that was wrong, and would never
/// be old.
fn is_young(at_unix_millis: i64, now: i64) -> bool {
    at_unix_millis.abs_diff(now) < KEPT_MS.unsigned_abs()
}

#[cfg(test)]
mod tests;
