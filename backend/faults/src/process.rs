//! The real server, in a process of its own that is killed and stopped.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::access::SECRET;

/// For tests only: names the file with this process's clock, as milliseconds ahead of the machine's.
const CLOCK_OFFSET_FILE: &str = "PARLOR_TEST_CLOCK_OFFSET_FILE";
/// How long a server may take until it answers. It takes under a second, on a busy machine some.
const START_MAX: Duration = Duration::from_secs(30);
/// Lines of its log that are kept, for when something is wrong.
const LOG_LINES_MAX: usize = 60;

/// Which server, and for which database.
#[derive(Debug, Clone)]
pub struct ProcessSettings {
    /// The `parlor` binary.
    pub program: PathBuf,
    pub database: String,
}

/// A running server. Dropped, it is killed.
pub struct Process {
    child: Child,
    /// Where it listens: an address and a port.
    pub address: String,
    clock: Clock,
    log: Arc<Mutex<Vec<String>>>,
}

/// The clock of one process, which a fault sets. It outlives the process: a machine whose clock is
/// wrong still has it after a restart.
#[derive(Debug, Clone)]
pub struct Clock {
    file: Arc<ClockFile>,
}

#[derive(Debug)]
struct ClockFile(PathBuf);

impl Clock {
    /// A clock that shows the machine's time, kept in `folder` under a name of its own.
    pub fn new(folder: &Path, node: usize) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("parlor-clock-{}-{number}-{node}", std::process::id());
        let file = folder.join(name);
        let clock = Self {
            file: Arc::new(ClockFile(file)),
        };
        clock.set_ahead_by(0)?;

        Ok(clock)
    }

    /// Steps the clock. Whoever reads it meanwhile sees the one time or the other.
    pub fn set_ahead_by(&self, millis: i64) -> Result<()> {
        let next = self.file.0.with_extension("next");
        std::fs::write(&next, millis.to_string())?;

        Ok(std::fs::rename(&next, &self.file.0)?)
    }
}

impl Drop for ClockFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Process {
    /// Starts a server that goes by `clock`, and returns once it listens.
    pub async fn start(settings: &ProcessSettings, clock: &Clock) -> Result<Self> {
        // It is to end with us, also when we are killed.
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(&settings.program)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("PARLOR_DATABASE", &settings.database)
            .env("PARLOR_JWT_SECRET", SECRET)
            .env("RUST_LOG", "info")
            .env(CLOCK_OFFSET_FILE, &clock.file.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", settings.program.display()))?;
        let stdout = child.stdout.take().context("the output is piped")?;
        let log = keep_log(child.stderr.take().context("the log is piped")?);
        let mut process = Self {
            child,
            address: String::new(),
            clock: clock.clone(),
            log,
        };

        // Reading blocks, so a thread does it; a server that ends closes its output.
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_| line)
        });
        let line = tokio::time::timeout(START_MAX, line).await;
        let line = line.context("the server did not start in time")???;
        let address = line.trim().strip_prefix("listening on http://");
        ensure!(
            address.is_some(),
            "the server did not start: {}",
            process.log()
        );
        address.unwrap_or_default().clone_into(&mut process.address);

        Ok(process)
    }

    /// The clock it goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Ends it without warning, as a power cut would.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        let status = self.child.wait()?;
        ensure!(!status.success(), "the server ended by itself: {status}");

        Ok(())
    }

    /// Stops it where it is, as a machine that hangs would.
    pub fn stop(&self) -> Result<()> {
        self.signal("STOP")
    }

    /// Lets it go on.
    pub fn go_on(&self) -> Result<()> {
        self.signal("CONT")
    }

    /// Whether it runs, as the system says: not when it was stopped, and not when it ended.
    pub fn is_running(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        // The state follows the program's name, which is in parentheses.
        let state = stat.ok().and_then(|stat| {
            let (_, after) = stat.rsplit_once(") ")?;
            after.chars().next()
        });

        state.is_some_and(|state| !matches!(state, 'T' | 't' | 'Z' | 'X'))
    }

    /// The end of its log.
    pub fn log(&self) -> String {
        let lines = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        lines.join("\n")
    }

    fn signal(&self, name: &str) -> Result<()> {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status()?;
        ensure!(status.success(), "SIG{name} did not reach the server");

        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep_log(stderr: impl Read + Send + 'static) -> Arc<Mutex<Vec<String>>> {
    let log = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&log);
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() == LOG_LINES_MAX {
                kept.remove(0);
            }
            kept.push(line);
        }
    });

    log
}
