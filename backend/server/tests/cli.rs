//! The program as people and process managers meet it: its errors, and how it comes and goes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "cli/disk.rs"]
mod disk;
#[path = "cli/disputes.rs"]
mod disputes;
#[path = "cli/heads.rs"]
mod heads;
#[path = "cli/killed.rs"]
mod killed;
#[path = "cli/persons.rs"]
mod persons;
#[path = "cli/rates.rs"]
mod rates;
#[path = "cli/staff.rs"]
mod staff;
#[path = "cli/tenant.rs"]
mod tenant;
#[path = "cli/verify.rs"]
mod verify;
#[path = "cli/webhooks.rs"]
mod webhooks;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use parlor_test_database::{Database, on_both_engines};
use serde_json::Value;

const SECRET: &str = "a secret that is long enough for tests";

/// A folder of the test's own, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "parlor-cli-test-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    /// Builds what a process is to have preloaded.
    fn build_library(&self, name: &str, text: &str) -> PathBuf {
        let source = self.0.join(name).with_extension("c");
        let library = source.with_extension("so");
        std::fs::write(&source, text).unwrap();
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&library, &source])
            .status();
        assert!(
            built.unwrap().success(),
            "the linker of Rust programs is a C compiler"
        );

        library
    }

    fn is_empty(&self) -> bool {
        std::fs::read_dir(&self.0).unwrap().next().is_none()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn parlor(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command.current_dir(folder).env("PARLOR_JWT_SECRET", SECRET);
    command
}

/// What the program says when it cannot start: one line, and a code that scripts can see.
fn refusal(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert_eq!(String::from_utf8(stdout).unwrap(), "");
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{stderr}");

    lines[0]
        .strip_prefix("error: ")
        .unwrap_or_else(|| panic!("{stderr}"))
        .to_owned()
}

#[test]
fn what_keeps_the_server_from_starting_is_said_in_one_line() {
    let folder = Folder::make();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    std::fs::write(folder.0.join("typo.toml"), "lisen = '127.0.0.1:0'").unwrap();
    let slash = "allowed-origin = ['https://example.com/']";
    std::fs::write(folder.0.join("slash.toml"), slash).unwrap();
    std::fs::write(folder.0.join("text.db"), "this is no database").unwrap();

    for (arguments, said) in [
        (vec!["--listen", &taken], "cannot listen on 127.0.0.1:"),
        (vec!["--listen", "nonsense"], "cannot listen on nonsense"),
        (
            vec!["--database", "mysql://x"],
            "`mysql://x` must start with",
        ),
        (vec!["--database", "sqlite://"], "names no file"),
        (vec!["--database", "sqlite::memory:"], "names no file"),
        (
            vec!["--database", "sqlite://no/such/folder/x.db"],
            "`sqlite://no/such/folder/x.db`",
        ),
        (
            vec!["--database", "sqlite://text.db"],
            "file is not a database",
        ),
        (vec!["--jwt-secret", "too short"], "at least 32 bytes"),
        (
            vec!["--allowed-origin", "example.com"],
            "`--allowed-origin` must be an origin such as `https://www.example.com`",
        ),
        (
            vec!["--config", "slash.toml"],
            "not \"https://example.com/\"",
        ),
        (
            vec!["--public-url", "live.example.com"],
            "--public-url must be an address such as `https://live.example.com`, and is `live.example.com`",
        ),
        (
            vec!["--public-url", "https://live.example.com/#room"],
            "and is `https://live.example.com/#room`",
        ),
        (vec!["--config", "nothing.toml"], "nothing.toml"),
        (vec!["--config", "typo.toml"], "unknown field `lisen`"),
    ] {
        let mut command = parlor(&folder.0);
        command.arg("serve");
        if !arguments.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let line = refusal(command.args(&arguments));
        assert!(line.contains(said), "{arguments:?}: {line}");
        assert!(
            !line.contains("too short"),
            "a secret is not repeated: {line}"
        );
    }
    // A port that is taken is found before the database is touched.
    assert!(!folder.0.join("parlor.db").exists());
}

#[test]
fn a_demo_that_cannot_start_leaves_nothing_behind() {
    let folder = Folder::make();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();

    let line = refusal(parlor(&folder.0).args(["demo", "--dir", ".", "--listen", &taken]));
    assert!(line.contains("cannot listen"), "{line}");
    assert!(folder.is_empty());

    let line = refusal(parlor(&folder.0).args(["demo", "--dir", "missing"]));
    assert!(line.contains("cannot make a folder in missing"), "{line}");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = Folder::make();
    // Not even root writes into a file as if it were a folder.
    std::fs::write(folder.0.join("locked"), "").unwrap();

    let line = refusal(parlor(&folder.0).args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database",
        "sqlite://locked/parlor.db",
    ]));
    assert!(line.contains("locked/parlor.db"), "{line}");
    let line = refusal(parlor(&folder.0).args(["demo", "--dir", "locked"]));
    assert!(line.contains("cannot make a folder in locked"), "{line}");
}

#[test]
fn the_server_says_when_it_listens_and_leaves_when_asked() {
    let folder = Folder::make();
    for signal in ["-TERM", "-INT"] {
        let mut server = Running::start(parlor(&folder.0).args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log-format",
            "json",
        ]));
        let line = server.read_line();
        assert!(line.starts_with("listening on http://127.0.0.1:"), "{line}");

        server.signal(signal);
        let (code, rest, log) = server.wait();
        assert_eq!((code, rest.as_str()), (Some(0), ""));
        assert!(
            log.lines()
                .all(|line| line.starts_with('{') && line.ends_with('}')),
            "{log}"
        );
    }
}

const DEMO: [&str; 5] = ["demo", "--dir", ".", "--listen", "127.0.0.1:0"];

/// As many wait as are left for whoever tries the demo out. It says so every ten seconds, after some lines of addresses.
#[test]
fn a_demos_audience_redeems_until_enough_waits() {
    let folder = Folder::make();
    let mut demo = Running::start(parlor(&folder.0).args(DEMO).args(["--rate", "100"]));
    let is_enough = |line: String| line.contains(", 6 redemptions to see to, ");
    assert!((0..20).any(|_| is_enough(demo.read_line())));

    demo.signal("-INT");
    assert_eq!(demo.wait().0, Some(0));
}

#[test]
fn a_demo_shows_where_to_look_and_leaves_nothing_behind() {
    let folder = Folder::make();
    let mut demo = Running::start(parlor(&folder.0).args(DEMO));
    let mut shown = String::new();
    while !shown.contains("Ctrl-C") {
        shown.push_str(&demo.read_line());
    }
    for address in [
        "/player/#room=",
        "/overlay/#room=",
        "&token=pot_",
        "/redemptions/#room=",
        "/stage/#room=",
        "/graphql",
    ] {
        assert!(shown.contains(address), "{shown}");
    }
    assert!(!folder.is_empty());

    demo.signal("-INT");
    assert_eq!(demo.wait().0, Some(0));
    assert!(folder.is_empty());
}

#[test]
fn a_role_that_means_nothing_is_said_and_taken() {
    let folder = Folder::make();
    for (role, said) in [
        ("staf", true),
        ("bot", false),
        ("viewer", false),
        ("owner", false),
    ] {
        let made = parlor(&folder.0)
            .args(["token", "--tenant", "0199fe37-6d2c-7c4e-9a51-2f1e5b7c0d1a"])
            .args(["--subject", "me", "--role", role])
            .output()
            .unwrap();
        assert!(made.status.success());
        let note = String::from_utf8(made.stderr).unwrap();
        assert_eq!(note.contains(&format!("`{role}` watches")), said, "{note}");
        let token = String::from_utf8(made.stdout).unwrap();
        assert_eq!(token.lines().count(), 1, "{token}");
    }
}

#[test]
fn a_tenant_is_made_with_its_first_token_and_migrating_again_is_harmless() {
    let folder = Folder::make();
    let made = parlor(&folder.0)
        .args([
            "token",
            "--create-tenant",
            "Acme",
            "--database",
            "sqlite://x.db",
        ])
        .args(["--subject", "me", "--role", "staff"])
        .output()
        .unwrap();
    assert!(made.status.success());
    assert!(
        String::from_utf8(made.stderr)
            .unwrap()
            .starts_with("tenant ")
    );
    assert_eq!(
        String::from_utf8(made.stdout).unwrap().matches('.').count(),
        2
    );

    for _ in 0..2 {
        let migrated = parlor(&folder.0)
            .args(["migrate", "--database", "sqlite://x.db", "--renew-epochs"])
            .output()
            .unwrap();
        let said = String::from_utf8(migrated.stdout).unwrap();
        assert_eq!(
            said,
            "renewed the epochs of 0 rooms\nthe database is up to date\n"
        );
    }
}

/// What the program says when all is well.
fn said(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));

    String::from_utf8(stdout).unwrap()
}

/// Answers of a server's API to the holder of `token`.
fn query(address: &str, token: &str, query: &str) -> Value {
    let body = serde_json::json!({ "query": query }).to_string();
    let mut connection = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\nauthorization: Bearer {token}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();

    serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
}

/// A process that is killed when dropped.
struct Running {
    process: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());

        Self { process, output }
    }

    fn read_line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(
            self.output.read_line(&mut line).unwrap(),
            0,
            "the process said nothing more"
        );
        line
    }

    fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Its exit code, and what else it wrote to its output and its log.
    fn wait(&mut self) -> (Option<i32>, String, String) {
        let (mut rest, mut log) = (String::new(), String::new());
        self.output.read_to_string(&mut rest).unwrap();
        self.process
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();

        (self.process.wait().unwrap().code(), rest, log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have left by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

on_both_engines! { a_database_that_is_not_this_parlors_is_told_and_left_alone }

async fn a_database_that_is_not_this_parlors_is_told_and_left_alone(database: Database) {
    let folder = Folder::make();
    let told = || {
        let migrate = refusal(parlor(&folder.0).args(["migrate", "--database", &database.url]));
        let serve = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database",
            &database.url,
        ];
        let serve = refusal(parlor(&folder.0).args(serve));
        assert_eq!(migrate, serve);
        migrate
    };

    if let Some(file) = database.url.strip_prefix("sqlite://") {
        // To SQLite an empty file is an empty database.
        std::fs::write(file, "").unwrap();
    }
    database.run("CREATE TABLE notes (text TEXT)").await;
    for _ in 0..2 {
        let line = told();
        assert!(line.contains("belongs to another program"), "{line}");
        assert!(line.contains("a database of its own"), "{line}");
    }
    database.run("DROP TABLE notes").await;

    let migrated = parlor(&folder.0)
        .args(["migrate", "--database", &database.url])
        .output();
    assert!(migrated.unwrap().status.success());
    let newer = "INSERT INTO _sqlx_migrations
        (version, description, installed_on, success, checksum, execution_time)
        SELECT 9999, 'of the future', installed_on, success, checksum, 0
        FROM _sqlx_migrations WHERE version = 1";
    let foreign = "UPDATE _sqlx_migrations SET success = (1 = 1);
        UPDATE _sqlx_migrations SET checksum =
        (SELECT checksum FROM _sqlx_migrations WHERE version = 2) WHERE version = 1";
    for (change, said) in [
        (
            newer,
            "a newer parlor has brought it up to date (migration 9999",
        ),
        (
            "DELETE FROM _sqlx_migrations WHERE version = 9999;
             UPDATE _sqlx_migrations SET success = (1 = 0) WHERE version = 11",
            "migration 11 was broken off half-way; restore a backup",
        ),
        (foreign, "its migration 1 is not parlor's"),
    ] {
        database.run(change).await;
        let line = told();
        assert!(line.contains(said), "{line}");
    }
}
