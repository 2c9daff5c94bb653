//! Whether the disk under SQLite's file takes what is written.
//!
//! On a full one whoever changes nothing notices nothing. So a write that failed is remembered, and until
//! one succeeds, as at the start, the database is asked by writing a page.

use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

/// Why SQLite's file cannot be written, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    #[error("the disk that the database is on is full; make space on it")]
    DiskFull,
    #[error(
        "the disk that the database is on fails, or gives parlor no more space ({0}); look after it"
    )]
    DiskFails(String),
    #[error(
        "the database can only be read; let parlor write the file and the folder that it is in"
    )]
    ReadOnly,
    #[error(
        "the file cannot be opened; its folder has to be there, and let parlor write the file and the \
         folder that it is in"
    )]
    CannotOpen,
}

impl Unwritable {
    /// What `error` says of the file, if it is about that.
    pub(crate) fn of(error: &sqlx::Error) -> Option<Self> {
        Self::of_refusal(error.as_database_error()?)
    }

    pub(crate) fn of_refusal(refusal: &dyn DatabaseError) -> Option<Self> {
        let code = sqlite_code(refusal)?;
        match (code, code & 0xff) {
            // The file that readers and the writer share grows as well.
            (_, SQLITE_FULL) | (SQLITE_IOERR_SHMSIZE, _) => Some(Self::DiskFull),
            // A page that cannot be read harms whoever reads it, and nobody else.
            (code, _) if ABOUT_READING.contains(&code) => None,
            (_, SQLITE_IOERR) => Some(Self::DiskFails(refusal.to_string())),
            (_, SQLITE_READONLY) => Some(Self::ReadOnly),
            (_, SQLITE_CANTOPEN) => Some(Self::CannotOpen),
            _ => None,
        }
    }
}

/// Whether the disk is suspected to take nothing, which it is until a page was written.
#[derive(Debug)]
pub(crate) struct Disk(AtomicBool);

impl Default for Disk {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl Disk {
    /// Takes in what a statement failed with.
    pub(crate) fn suspect(&self, error: &sqlx::Error) {
        if Unwritable::of(error).is_some() {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// A page was written.
    pub(crate) fn trust(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    pub(crate) fn is_suspected(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// SQLite's result code; `None` on PostgreSQL.
pub(crate) fn sqlite_code(refusal: &dyn DatabaseError) -> Option<u32> {
    if refusal.try_downcast_ref::<PgDatabaseError>().is_some() {
        return None;
    }

    refusal.code()?.parse().ok()
}

const SQLITE_READONLY: u32 = 8;
const SQLITE_IOERR: u32 = 10;
pub(crate) const SQLITE_FULL: u32 = 13;
const SQLITE_CANTOPEN: u32 = 14;
const SQLITE_IOERR_SHMSIZE: u32 = 4_874;
/// What of `SQLITE_IOERR` ends in `READ`, `SHORT_READ`, `GETTEMPPATH`, `DATA` and `CORRUPTFS`.
const ABOUT_READING: [u32; 5] = [266, 522, 6_410, 8_202, 8_458];
