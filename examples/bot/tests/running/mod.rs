//! A real server on a port and a database of its own, and the bot beside it. Both end with the test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// How long a test waits for a line before it fails.
const PATIENCE: Duration = Duration::from_mins(1);

const JWT_SECRET: &str = "a secret that is long enough for tests";

pub(crate) struct Server {
    folder: Folder,
    process: Child,
    address: String,
    /// A token of the tenant's staff.
    pub(crate) token: String,
}

pub(crate) struct Bot {
    process: Child,
    lines: Receiver<String>,
}

struct Folder(PathBuf);

impl Server {
    pub(crate) fn start(test: &str) -> Self {
        let folder = Folder::new(test);
        let token = command(&folder)
            .args(["token", "--create-tenant", test])
            .args(["--role", "staff", "--subject", "tester"])
            .output()
            .unwrap();
        assert!(
            token.status.success(),
            "{}",
            String::from_utf8_lossy(&token.stderr)
        );
        let (process, address) = serve(&folder, "127.0.0.1:0");

        Self {
            folder,
            process,
            address,
            token: String::from_utf8(token.stdout).unwrap().trim().to_owned(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends the server as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again, on the same port and the same database.
    pub(crate) fn restart(&mut self) {
        (self.process, _) = serve(&self.folder, &self.address);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Bot {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_parlor-bot"))
            .args(arguments)
            .env_remove("PARLOR_TOKEN")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = lines_of(process.stdout.take().unwrap());

        Self { process, lines }
    }

    /// Waits for the next line, and reads it as JSON.
    pub(crate) fn next(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE);

        serde_json::from_str(&line.expect("the bot says something")).unwrap()
    }

    /// Reads lines until the bot ends by itself.
    pub(crate) fn rest(&self) -> Vec<Value> {
        let mut rest = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => rest.push(serde_json::from_str(&line).unwrap()),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return rest,
                Err(error) => panic!("the bot goes on and on: {error}"),
            }
        }
    }

    /// Waits for its end. Returns how it ended and what it said on standard error.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        let mut stderr = self.process.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();

        (self.process.wait().unwrap(), said)
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("parlor-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();

        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn serve(folder: &Folder, listen: &str) -> (Child, String) {
    let mut process = command(folder)
        .args(["serve", "--listen", listen])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = lines_of(process.stdout.take().unwrap());
    let line = said.recv_timeout(PATIENCE).expect("the server starts");
    let address = line.strip_prefix("listening on http://");

    (process, address.expect("it says where").to_owned())
}

fn command(folder: &Folder) -> Command {
    let mut command = Command::new(server_program());
    command
        .current_dir(&folder.0)
        .env("PARLOR_JWT_SECRET", JWT_SECRET)
        .env(
            "PARLOR_DATABASE",
            format!("sqlite://{}", folder.0.join("parlor.db").display()),
        );

    command
}

fn server_program() -> PathBuf {
    let path = std::env::var_os("PARLOR_BIN").map_or_else(
        || Path::new(env!("CARGO_BIN_EXE_parlor-bot")).with_file_name("parlor"),
        PathBuf::from,
    );
    assert!(
        path.exists(),
        "there is no server at {}: run `cargo build -p parlor-server`, or set PARLOR_BIN",
        path.display()
    );

    path
}

fn lines_of(output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });

    lines
}
