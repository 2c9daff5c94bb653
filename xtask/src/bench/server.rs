//! A server under measurement, from its start to its end.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::stopwatch::Stopwatch;

/// How long a server may take to start. Each takes well under a second.
const START_MAX: Duration = Duration::from_secs(30);

/// A running server. Dropping it stops it.
pub(super) struct Server {
    process: Child,
    pub(super) address: SocketAddr,
    _folder: Folder,
}

impl Server {
    /// Starts `command`, which works in `folder`, and waits until it can be reached where `find`
    /// says, from a line of its output.
    pub(super) fn start(
        command: &Command,
        folder: Folder,
        find: impl Fn(&str) -> Option<SocketAddr> + Send + 'static,
    ) -> Result<Self> {
        process::check_interrupted()?;
        // Both replace themselves: the process we start becomes the server, its output is one
        // stream, and it ends with us, however we end.
        let mut process = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "sh", "-c", "exec \"$@\" 2>&1", "sh"])
            .arg(command.get_program())
            .args(command.get_args())
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start setpriv")?;
        let output = process.stdout.take().context("the output is piped")?;

        let started = process::await_line(output, START_MAX, find)
            .and_then(|address| reach(address).map(|()| address));
        match started {
            Ok(address) => Ok(Self {
                process,
                address,
                _folder: folder,
            }),
            Err(error) => {
                stop(&mut process);
                let program = command.get_program().display();
                Err(error.context(format!("cannot start {program}")))
            }
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        stop(&mut self.process);
    }
}

fn stop(process: &mut Child) {
    process::signal(process.id(), "TERM");
    let _ = process.wait();
}

/// Waits until the port is open: some servers tell of it a moment too early.
fn reach(address: SocketAddr) -> Result<()> {
    let stopwatch = Stopwatch::start();
    while let Err(error) = TcpStream::connect(address) {
        if stopwatch.elapsed() > START_MAX {
            bail!("{address} cannot be reached: {error}");
        }
        std::thread::yield_now();
    }

    Ok(())
}

/// The address in the line that Parlor and the peers of ours print.
pub(super) fn announced(line: &str) -> Option<SocketAddr> {
    line.strip_prefix("listening on http://")?.parse().ok()
}

/// A server's files. Dropping it removes them.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("parlor-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;

        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_where_it_says_and_stops_when_dropped() {
        let port = process::free_port().unwrap();
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        let address = listener.local_addr().unwrap();
        let mut command = Command::new("sh");
        command.args([
            "-c",
            &format!("echo listening on http://{address} >&2; exec tail -f /dev/null"),
        ]);

        let folder = Folder::new("server-test").unwrap();
        let path = folder.path().to_owned();
        let server = Server::start(&command, folder, announced).unwrap();
        assert_eq!(server.address, address);
        let pid = server.pid();
        drop(server);

        assert!(!Path::new(&format!("/proc/{pid}")).exists());
        assert!(!path.exists());
    }

    #[test]
    fn a_server_that_fails_gives_its_last_words() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo no more ports >&2; exit 1"]);

        let folder = Folder::new("server-failure-test").unwrap();
        let error = Server::start(&command, folder, announced)
            .map(|_| ())
            .unwrap_err();

        assert_eq!(
            format!("{error:#}"),
            "cannot start sh: it stopped: no more ports"
        );
    }
}
