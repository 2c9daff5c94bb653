//! Notes in a folder: one file, and a lock beside it.

use super::{Note, is_young};
use serde::Deserialize;
use serde_json::Value;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub(super) const FILE: &str = "redemptions.json";
pub(super) const FILE_WRITTEN: &str = "redemptions.json.new";
const FILE_LOCKED: &str = "redemptions.lock";

/// Keeps threads apart also on a disk that knows of no locks. Few wait for it, and none for long.
static OF_PROCESS: Mutex<()> = Mutex::new(());

/// What there is in the file.
#[derive(Clone, PartialEq)]
struct Content {
    notes: Vec<Note>,
    /// What a version wrote whose notes are other than ours. It is that one's to ask for.
    others: Vec<Value>,
}

/// Whether anything was ever noted there.
pub(super) fn is_used(folder: &Path) -> bool {
    folder.join(FILE).exists() || folder.join(FILE_WRITTEN).exists()
}

/// Has `act` change what is noted, as one step, and what is old go.
pub(super) fn change<T>(
    folder: &Path,
    now: i64,
    act: impl FnOnce(&mut Vec<Note>) -> T,
) -> io::Result<T> {
    fs::create_dir_all(folder)?;
    let _threads = OF_PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
    // Let go of with the file.
    let processes = private(&folder.join(FILE_LOCKED))?;
    lock(&processes)?;
    // Of a process that ended while it wrote. It has what viewers typed, and nobody reads it.
    let _ = fs::remove_file(folder.join(FILE_WRITTEN));

    let before = read(folder)?;
    let mut content = before.clone();
    content
        .notes
        .retain(|note| is_young(note.at_unix_millis, now));
    content.others.retain(|other| {
        let at = other.get("at_unix_millis").and_then(Value::as_i64);
        at.is_none_or(|at| is_young(at, now))
    });
    let result = act(&mut content.notes);
    if content != before {
        write(folder, &content)?;
    }

    Ok(result)
}

/// Keeps other processes out. Where a system or a disk has no locks, threads alone are kept apart: an application is
/// one process nearly always, and one that could redeem nothing would be worse.
fn lock(file: &File) -> io::Result<()> {
    match wait_for_lock(file) {
        Err(error) if is_without_locks(&error) => Ok(()),
        result => result,
    }
}

/// Not the standard library's, which refuses it on Android.
#[cfg(unix)]
fn wait_for_lock(file: &File) -> io::Result<()> {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::retry_on_intr;

    Ok(retry_on_intr(|| {
        flock(file, FlockOperation::LockExclusive)
    })?)
}

#[cfg(unix)]
fn is_without_locks(error: &io::Error) -> bool {
    use rustix::io::Errno;

    let none = [Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOLCK];
    Errno::from_io_error(error).is_some_and(|errno| none.contains(&errno))
}

#[cfg(not(unix))]
fn wait_for_lock(file: &File) -> io::Result<()> {
    file.lock()
}

#[cfg(not(unix))]
fn is_without_locks(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
}

/// A file that is no notes at all is nothing that was asked for.
fn read(folder: &Path) -> io::Result<Content> {
    let values: Vec<Value> = match fs::read(folder.join(FILE)) {
        Ok(text) => serde_json::from_slice(&text).unwrap_or_default(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let (mut notes, mut others) = (Vec::new(), Vec::new());
    for value in values {
        match Note::deserialize(&value) {
            Ok(note) => notes.push(note),
            Err(_) => others.push(value),
        }
    }

    Ok(Content { notes, others })
}

/// Done when it is on the disk: whatever is asked for after this is known to the next process.
fn write(folder: &Path, content: &Content) -> io::Result<()> {
    let notes = content.notes.iter().map(serde_json::to_value);
    let values: Vec<Value> = notes
        .chain(content.others.iter().cloned().map(Ok))
        .collect::<Result<_, _>>()?;
    let written = folder.join(FILE_WRITTEN);
    let mut file = private(&written)?;
    file.set_len(0)?;
    file.write_all(&serde_json::to_vec(&values)?)?;
    file.sync_all()?;
    fs::rename(written, folder.join(FILE))?;
    // It is noted by now, for every process there is. On a disk that cannot do this, only a loss of power could undo it.
    let _ = sync_folder(folder);

    Ok(())
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
