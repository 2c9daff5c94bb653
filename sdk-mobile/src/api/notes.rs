//! What was asked to be redeemed and is not answered, kept where the application's end does not lose it.
//!
//! One file, written whole under another name and renamed, while a lock keeps every other process and thread out: each
//! sees what the one before has noted, so that two who ask for the same ask by the same key.

use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// For how long what was not answered is asked again. Who comes back later has seen in their wallet what became of
/// it, and does not expect to pay for what they gave up.
const KEPT_MS: i64 = 10 * 60_000;

/// How many are noted at once. Each is answered within seconds where there is a network; who taps faster than that for ten
/// minutes without one means nothing by it.
const NOTES_MAX: usize = 64;

const FILE: &str = "redemptions.json";
const FILE_WRITTEN: &str = "redemptions.json.new";
const FILE_LOCKED: &str = "redemptions.lock";

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
    #[error("{NOTES_MAX} redemptions are not answered yet")]
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
            if notes.len() >= NOTES_MAX {
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
                notes.retain(|note| is_young(note, now));
                Ok(act(&mut notes))
            }
            Self::Folder(folder) => {
                fs::create_dir_all(folder)?;
                let lock = private(&folder.join(FILE_LOCKED))?;
                // Let go of with the file.
                lock.lock()?;
                let before = read(folder)?;
                let mut notes = before.clone();
                notes.retain(|note| is_young(note, now));
                let result = act(&mut notes);
                if notes != before {
                    write(folder, &notes)?;
                }
                Ok(result)
            }
        }
    }
}

/// Whether it is asked again. What is far ahead is of a clock that was wrong, and would never be old.
fn is_young(note: &Note, now: i64) -> bool {
    note.at_unix_millis.abs_diff(now) < KEPT_MS.unsigned_abs()
}

/// What is no notes of ours is nothing that was asked for.
fn read(folder: &Path) -> io::Result<Vec<Note>> {
    match fs::read(folder.join(FILE)) {
        Ok(text) => Ok(serde_json::from_slice(&text).unwrap_or_default()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Done when it is on the disk: whatever is asked for after this is known to the next process.
fn write(folder: &Path, notes: &[Note]) -> io::Result<()> {
    let written = folder.join(FILE_WRITTEN);
    let mut file = private(&written)?;
    file.set_len(0)?;
    file.write_all(&serde_json::to_vec(notes)?)?;
    file.sync_all()?;
    fs::rename(written, folder.join(FILE))?;

    sync_folder(folder)
}

/// Opens a file that is nobody else's to read: it has what viewers typed.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);

    options.open(path)
}

/// A rename is on the disk once its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
