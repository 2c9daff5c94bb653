//! A disk that cannot be written: what the server says, what it refuses, and how it goes on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use parlor_node::clock::Stopwatch;
use serde_json::Value;
use sqlx::{Connection, SqliteConnection};

use super::{Folder, Running, SECRET, parlor, query, refusal, said};

/// How long a test waits for what the server does by itself. It only bounds failures.
const PATIENCE_S: f64 = 20.0;
const SERVE: [&str; 5] = [
    "serve",
    "--listen",
    "127.0.0.1:0",
    "--database",
    "sqlite://x.db",
];

/// A disk that a test has fail.
struct Disk {
    folder: Folder,
    library: PathBuf,
}

impl Disk {
    fn make() -> Self {
        let folder = Folder::make();
        let library = folder.build_library("disk", include_str!("disk.c"));

        Self { folder, library }
    }

    /// The program, on this disk.
    fn parlor(&self) -> Command {
        self.on_this_disk(parlor(&self.folder.0))
    }

    fn parlor_by(&self, shell: &str) -> Command {
        let mut command = Command::new(shell);
        command
            .current_dir(&self.folder.0)
            .env("PARLOR_JWT_SECRET", SECRET);
        self.on_this_disk(command)
    }

    fn on_this_disk(&self, mut command: Command) -> Command {
        command
            .env("LD_PRELOAD", &self.library)
            .env("PARLOR_TEST_DISK", &self.folder.0);
        command
    }

    fn becomes(&self, state: &str) {
        std::fs::write(self.folder.0.join(state), "").unwrap();
    }

    fn is_no_longer(&self, state: &str) {
        std::fs::remove_file(self.folder.0.join(state)).unwrap();
    }

    fn staff_token(&self) -> String {
        let arguments = [
            "token",
            "--create-tenant",
            "Acme",
            "--database",
            "sqlite://x.db",
        ];
        let made = said(
            self.parlor()
                .args(arguments)
                .args(["--role", "staff", "--subject", "me"]),
        );
        made.trim().to_owned()
    }
}

/// A server, and staff's way to it.
struct Api {
    server: Running,
    address: String,
    token: String,
}

impl Api {
    fn start(disk: &Disk) -> Self {
        Self::start_by(disk, disk.parlor().args(SERVE))
    }

    fn start_by(disk: &Disk, command: &mut Command) -> Self {
        let token = disk.staff_token();
        let mut server = Running::start(command);
        let line = server.read_line();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .unwrap()
            .to_owned();

        Self {
            server,
            address,
            token,
        }
    }

    fn ask(&self, document: &str) -> Value {
        query(&self.address, &self.token, document)
    }

    fn open_room(&self) -> String {
        let room = r#"mutation { createRoom(input: { slug: "s", title: "s", state: OPEN }) { ... on Room { id } } }"#;
        let room = self.ask(room)["data"]["createRoom"]["id"].clone();
        room.as_str().unwrap().to_owned()
    }

    /// Reports a gift under `key`, and returns its id, or the code and words of the fault.
    fn give(&self, room: &str, key: &str) -> Result<String, (String, String)> {
        let answer = self.ask(&format!(
            r#"mutation {{ recordContribution(input: {{ roomId: "{room}", idempotencyKey: "{key}",
                kind: DONATION, amount: "500", currency: "EUR" }}) {{ ... on Contribution {{ id }} }} }}"#
        ));
        let text = |value: &Value| {
            value
                .as_str()
                .unwrap_or_else(|| panic!("{answer}"))
                .to_owned()
        };
        let error = &answer["errors"][0];
        if error.is_null() {
            return Ok(text(&answer["data"]["recordContribution"]["id"]));
        }

        Err((text(&error["extensions"]["code"]), text(&error["message"])))
    }

    /// What `/readyz` answers.
    fn readiness(&self) -> String {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        let request = format!(
            "GET /readyz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
            self.address
        );
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }

    fn becomes(&self, ready: &str) {
        let since = Stopwatch::start();
        loop {
            let readiness = self.readiness();
            if readiness.contains(ready) {
                return;
            }
            assert!(since.seconds() < PATIENCE_S, "{readiness}");
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_disk_that_is_full_or_fails_is_told_refused_and_gone_on_from() {
    for (state, told) in [
        (
            "full",
            "the disk that the database is on is full; make space on it",
        ),
        ("failing", "the disk that the database is on fails"),
    ] {
        let disk = Disk::make();
        let mut api = Api::start(&disk);
        let room = api.open_room();
        let first = api.give(&room, "before").unwrap();
        assert!(
            api.readiness().starts_with("HTTP/1.1 200"),
            "{}",
            api.readiness()
        );

        disk.becomes(state);
        let refused = api.give(&room, "meanwhile").unwrap_err();
        if state == "full" {
            assert_eq!(refused.0, "OVERLOADED", "{refused:?}");
        } else {
            // Whether a commit that failed was made is for nobody to say.
            assert!(
                ["OVERLOADED", "OUTCOME_UNKNOWN"].contains(&refused.0.as_str()),
                "{refused:?}"
            );
        }
        api.becomes(told);
        assert!(
            api.readiness().starts_with("HTTP/1.1 503"),
            "{}",
            api.readiness()
        );
        let (code, message) = api.give(&room, "meanwhile").unwrap_err();
        assert_eq!(code, "OVERLOADED", "{message}");
        assert!(message.contains("cannot be written"), "{message}");
        let read = api.ask(&format!(r#"{{ room(id: "{room}") {{ slug }} }}"#));
        assert_eq!(read["data"]["room"]["slug"], "s", "who reads is served");

        disk.is_no_longer(state);
        api.becomes("HTTP/1.1 200");
        assert_eq!(
            api.give(&room, "before").unwrap(),
            first,
            "nothing acknowledged is lost"
        );
        let second = api.give(&room, "meanwhile").unwrap();
        assert_eq!(api.give(&room, "meanwhile").unwrap(), second);
        api.server.signal("-TERM");
        let (code, _, log) = api.server.wait();
        assert_eq!(code, Some(0), "{log}");
        let lines = log
            .lines()
            .filter(|line| line.contains("parlor_node::health:") && line.contains(told));
        assert_eq!(lines.count(), 1, "{log}");

        let file = format!("sqlite://{}", disk.folder.0.join("x.db").display());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (whole, contributions): (String, i64) = runtime.block_on(async {
            let mut connection = SqliteConnection::connect(&file).await.unwrap();
            let whole = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection);
            let whole = whole.await.unwrap();
            let count = sqlx::query_scalar("SELECT COUNT(*) FROM contributions");
            (whole, count.fetch_one(&mut connection).await.unwrap())
        });
        assert_eq!((whole.as_str(), contributions), ("ok", 2));
    }
}

/// What cannot be logged is lost, and nothing else.
#[test]
fn a_log_on_the_disk_that_is_full_takes_nothing_down() {
    let disk = Disk::make();
    let program = disk.parlor().get_program().to_owned();
    let mut with_log = disk.parlor_by("sh");
    with_log
        .args(["-c", r#"exec "$0" "$@" 2>> log.txt"#])
        .arg(program)
        .args(SERVE);
    let mut api = Api::start_by(&disk, &mut with_log);
    let room = api.open_room();

    disk.becomes("full");
    api.give(&room, "meanwhile").unwrap_err();
    api.becomes("HTTP/1.1 503");
    disk.is_no_longer("full");
    api.becomes("HTTP/1.1 200");
    api.give(&room, "meanwhile").unwrap();
    api.server.signal("-TERM");
    assert_eq!(api.server.wait().0, Some(0));
    let log = std::fs::read_to_string(disk.folder.0.join("log.txt")).unwrap();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn a_disk_that_cannot_be_written_keeps_the_server_from_starting_in_one_line() {
    for (state, told) in [
        ("full", "is full; make space on it"),
        (
            "read-only",
            "let parlor write the file and the folder that it is in",
        ),
    ] {
        let disk = Disk::make();
        disk.staff_token();
        disk.becomes(state);
        let line = refusal(disk.parlor().args(SERVE));
        assert!(line.contains(told), "{state}: {line}");

        let fresh = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database",
            "sqlite://fresh.db",
        ];
        let line = refusal(disk.parlor().args(fresh));
        assert!(line.contains(told), "{state}, a new file: {line}");

        disk.is_no_longer(state);
        let mut server = Running::start(disk.parlor().args(SERVE));
        assert!(
            server.read_line().starts_with("listening on"),
            "nothing is damaged"
        );
    }
}
