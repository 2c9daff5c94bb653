//! The wall clock of one process, which a test sets.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use parlor_node::clock::TEST_OFFSET_FILE;

use crate::program::Program;

/// How far one process's clock is from the machine's.
pub(crate) struct WallClock {
    file: PathBuf,
}

impl WallClock {
    pub(crate) fn ahead_by(millis: i64) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "parlor-clock-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let clock = Self {
            file: std::env::temp_dir().join(name),
        };
        clock.set_ahead_by(millis);

        clock
    }

    /// Steps the clock. Whoever reads it meanwhile sees the one time or the other.
    pub(crate) fn set_ahead_by(&self, millis: i64) {
        let next = self.file.with_extension("next");
        std::fs::write(&next, millis.to_string()).unwrap();
        std::fs::rename(&next, &self.file).unwrap();
    }

    /// Starts a server that goes by this clock.
    pub(crate) fn start(&self, database: &str) -> Program {
        Program::start_with(database, &[(TEST_OFFSET_FILE, self.file.as_os_str())])
    }
}

impl Drop for WallClock {
    fn drop(&mut self) {
        std::fs::remove_file(&self.file).unwrap();
    }
}
