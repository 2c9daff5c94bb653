//! What goes wrong with a database, sorted by what a caller can do about it.

use std::io::ErrorKind;

use parlor_domain::id::RoomId;
use sqlx::error::DatabaseError;

use crate::disk::{SQLITE_FULL, Unwritable, sqlite_code};
use crate::standing::READ_ONLY;

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing was written, and the same again may succeed: a deadlock, a busy file, a lost
    /// connection.
    #[error("the database was busy or out of reach: {0}")]
    Retry(sqlx::Error),
    /// The commit's answer was lost: what was asked for is written whole, or not at all.
    #[error("the outcome of a commit is unknown: {0}")]
    OutcomeUnknown(sqlx::Error),
    /// Another transaction took a key that was free when it was looked up. Nothing was written.
    #[error("a key was taken in between")]
    ClaimLost,
    /// What is stored of a room, or of a tenant, is broken or was written by a newer version of the
    /// program.
    #[error("{}{source}", .room_id.map_or_else(String::new, |id| format!("room {id}: ")))]
    Unreadable {
        room_id: Option<RoomId>,
        source: sqlx::Error,
    },
    /// SQLite's file takes nothing. Nothing was written, and the same again succeeds once that is mended.
    #[error("{0}")]
    Unwritable(Unwritable),
    /// Anything else: the same again would fail again.
    #[error("the database refused: {0}")]
    Fault(sqlx::Error),
    #[error("the database could not be brought up to date: {0}")]
    Migration(#[from] NotMigrated),
    /// The address leads nowhere. Its password is left out.
    #[error("the database `{url}` cannot be opened: {source}")]
    Unreachable { url: String, source: sqlx::Error },
    #[error("the database `{url}` cannot be opened: {unwritable}")]
    NotOpened { url: String, unwritable: Unwritable },
    #[error("the database address `{url}` must start with `sqlite://` or `postgres://`")]
    AddressUnknown { url: String },
    #[error("the database address `{url}` names no file, such as `sqlite://parlor.db`")]
    AddressNamesNoFile { url: String },
}

/// Why a database was not brought up to date, and what to do about it. Each migration is written whole or
/// not at all, so nothing is damaged.
#[derive(Debug, thiserror::Error)]
pub enum NotMigrated {
    #[error(
        "a newer parlor has brought it up to date (migration {0} is not known to this one); run the newer \
         one, or restore a backup from before"
    )]
    Newer(i64),
    #[error(
        "its migration {0} is not parlor's, so it belongs to another program or to a parlor that was \
         changed; give this one a database of its own"
    )]
    Foreign(i64),
    #[error(
        "its migration {0} was broken off half-way; restore a backup from before, and migrate again"
    )]
    BrokenOff(i64),
    #[error("{0}")]
    Unwritable(Unwritable),
    #[error("{0}")]
    Failed(sqlx::migrate::MigrateError),
}

impl StoreError {
    /// Whether the same again may succeed, for nothing was written.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Retry(_) | Self::ClaimLost)
    }

    /// Whether what is stored was read and not understood, which no retry changes.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Unreadable { .. })
    }

    /// Sorts an error of reading what belongs to a room, which is named if its data is at fault.
    pub(crate) fn of_room(id: RoomId) -> impl Fn(sqlx::Error) -> Self {
        move |error| {
            if is_unreadable(&error) {
                Self::Unreadable {
                    room_id: Some(id),
                    source: error,
                }
            } else {
                error.into()
            }
        }
    }

    /// Whether the database takes nothing from anybody: a connection was refused or lost, it says that it
    /// goes down or comes up, or its file cannot be written. One that is late, or has no connection left, may
    /// be busy.
    pub fn is_out_of_reach(&self) -> bool {
        if let Self::Unwritable(_) = self {
            return true;
        }
        let Self::Retry(error) = self else {
            return false;
        };
        if let sqlx::Error::Io(error) = error {
            return error.kind() != ErrorKind::TimedOut;
        }

        error.as_database_error().is_some_and(|refusal| {
            let code = refusal.code().unwrap_or_default();
            sqlite_primary_code(refusal).is_none() && code.starts_with("57P")
        })
    }

    /// Whether the database takes no changes because it is a copy of another.
    pub fn is_read_only(&self) -> bool {
        let (Self::Retry(error) | Self::Fault(error)) = self else {
            return false;
        };
        error.as_database_error().is_some_and(|refusal| {
            sqlite_code(refusal).is_none() && refusal.code().as_deref() == Some(READ_ONLY)
        })
    }

    /// Sorts an error of the answer to a COMMIT.
    pub(crate) fn of_commit(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(refusal) if is_clean_refusal(refusal) => error.into(),
            Some(_) | None => Self::OutcomeUnknown(error),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    /// Sorts an error of anything but a COMMIT, before which nothing is written.
    fn from(error: sqlx::Error) -> Self {
        let is_lost = matches!(
            &error,
            sqlx::Error::Io(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::BeginFailed
        );

        // What cannot be opened once the database is open is a file beside it, such as one for sorting.
        let unwritable = Unwritable::of(&error).filter(|one| *one != Unwritable::CannotOpen);
        if let Some(unwritable) = unwritable {
            return Self::Unwritable(unwritable);
        }
        match error.as_database_error() {
            Some(refusal) if is_transient(refusal) => Self::Retry(error),
            None if is_lost => Self::Retry(error),
            None if is_unreadable(&error) => Self::Unreadable {
                room_id: None,
                source: error,
            },
            Some(_) | None => Self::Fault(error),
        }
    }
}

/// Whether what is stored could not be read, which is its room's fault and no other's.
pub(crate) fn is_unreadable(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }
    )
}

/// Whether the engine says that a COMMIT did not happen.
fn is_clean_refusal(refusal: &dyn DatabaseError) -> bool {
    if let Some(code) = sqlite_primary_code(refusal) {
        // What a full disk did not take has no end that makes it a transaction. A disk that fails may have
        // taken it, and failed to say so; so may one that had no space for what comes after, which is
        // another code.
        return matches!(code, SQLITE_BUSY | SQLITE_FULL);
    }

    // Class 23: a constraint that is checked at the end. Class 40: rolled back.
    let code = refusal.code().unwrap_or_default();
    code.starts_with("23")
        || [SERIALIZATION_FAILURE, DEADLOCK_DETECTED, IDLE_TOO_LONG].contains(&code.as_ref())
}

fn is_transient(refusal: &dyn DatabaseError) -> bool {
    if let Some(code) = sqlite_primary_code(refusal) {
        return code == SQLITE_BUSY || code == SQLITE_LOCKED;
    }

    let code = refusal.code().unwrap_or_default();
    code.starts_with("08") || TRANSIENT.contains(&code.as_ref())
}

/// SQLite's result code without the details in its upper bytes; `None` on PostgreSQL.
fn sqlite_primary_code(refusal: &dyn DatabaseError) -> Option<u32> {
    Some(sqlite_code(refusal)? & 0xff)
}

const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK_DETECTED: &str = "40P01";
/// The transaction sat idle for too long and was undone, as when this node was stopped meanwhile.
const IDLE_TOO_LONG: &str = "25P03";
/// What PostgreSQL says when trying again helps: also `lock_not_available`, `too_many_connections`,
/// a server that goes down or comes up, and one that can only be read since a failover.
const TRANSIENT: [&str; 9] = [
    SERIALIZATION_FAILURE,
    DEADLOCK_DETECTED,
    IDLE_TOO_LONG,
    "55P03",
    "53300",
    "57P01",
    "57P02",
    "57P03",
    READ_ONLY,
];

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::error::Error;
    use std::fmt;

    use sqlx::error::ErrorKind;

    use super::*;

    /// What SQLite says, by its result code.
    #[derive(Debug)]
    struct Refusal(u32);

    impl fmt::Display for Refusal {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "code {}", self.0)
        }
    }

    impl Error for Refusal {}

    impl DatabaseError for Refusal {
        fn message(&self) -> &'static str {
            "for the test"
        }
        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.to_string().into())
        }
        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }
        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }
        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }
        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    fn refused(code: u32) -> sqlx::Error {
        sqlx::Error::Database(Box::new(Refusal(code)))
    }

    #[test]
    fn a_page_that_cannot_be_read_is_no_disk_that_takes_nothing() {
        // READ, SHORT_READ, GETTEMPPATH, DATA, CORRUPTFS, and a file for sorting that cannot be opened.
        for code in [266, 522, 6_410, 8_202, 8_458, 14] {
            let error = StoreError::from(refused(code));
            assert!(matches!(error, StoreError::Fault(_)), "{code}: {error:?}");
        }
        // FULL, WRITE, FSYNC, SHMSIZE and READONLY.
        for code in [13, 778, 1_034, 4_874, 8] {
            let error = StoreError::from(refused(code));
            assert!(error.is_out_of_reach(), "{code}: {error:?}");
        }
    }

    #[test]
    fn a_commit_is_refused_for_certain_only_where_its_end_was_not_written() {
        let full = StoreError::of_commit(refused(13));
        assert!(matches!(full, StoreError::Unwritable(Unwritable::DiskFull)));
        for code in [778, 1_034, 4_874] {
            let error = StoreError::of_commit(refused(code));
            let is_unknown = matches!(error, StoreError::OutcomeUnknown(_));
            assert!(is_unknown, "{code}: {error:?}");
        }
    }
}
