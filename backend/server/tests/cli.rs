//! The program as people and process managers meet it: its errors, and how it comes and goes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

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

#[test]
fn a_demo_shows_where_to_look_and_leaves_nothing_behind() {
    let folder = Folder::make();
    let arguments = ["demo", "--dir", ".", "--listen", "127.0.0.1:0"];
    let mut demo = Running::start(parlor(&folder.0).args(arguments));
    let mut shown = String::new();
    while !shown.contains("Ctrl-C") {
        shown.push_str(&demo.read_line());
    }
    for address in [
        "/player/#room=",
        "/overlay/#room=",
        "&token=pot_",
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

fn tenant(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = parlor(folder);
    command.arg("tenant").args(arguments);
    command.args(["--database", "sqlite://x.db"]);
    command
}

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&said(command.arg("--json"))).unwrap()
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

const UUID: &str = "0199fe37-0000-7000-8000-00000000ac3e";
/// RFC 8037, appendix A.2, and the same key as `openssl pkey -pubout` writes it.
const JWK: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"rfc",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
    -----END PUBLIC KEY-----\n";

#[test]
fn a_tenant_is_made_listed_changed_and_shown() {
    let folder = Folder::make();
    let id = said(&mut tenant(&folder.0, &["create", "Acme & Söhne"]));
    let id = id.trim();
    assert_eq!(id.len(), 36, "{id}");
    let arguments = [
        "create",
        "Second",
        "--id",
        UUID,
        "--allowed-origin",
        "https://a.example",
        "--allowed-origin",
        "https://b.example",
        "--room-delay-ms",
        "8000",
        "--room-ingest-offset-ms",
        "-250",
        "--room-anonymous-read",
        "true",
        "--max-rooms",
        "7",
    ];
    let made = json(&mut tenant(&folder.0, &arguments));
    assert_eq!(
        made["allowedOrigins"],
        serde_json::json!(["https://a.example", "https://b.example"])
    );
    assert_eq!(made["roomDefaults"]["ingestOffsetMs"], -250);
    assert_eq!(made["limits"]["rooms"], 7);

    let table = said(&mut tenant(&folder.0, &["list"]));
    let rows: Vec<_> = table.lines().collect();
    assert_eq!(rows.len(), 3, "{table}");
    assert!(
        rows[1].starts_with(id) && rows[1].ends_with("Acme & Söhne"),
        "{table}"
    );
    assert!(
        rows[2].starts_with(UUID) && rows[2].contains("  2  "),
        "{table}"
    );
    let list = json(&mut tenant(&folder.0, &["list"]));
    assert_eq!(list[1], made);

    let changed = said(&mut tenant(
        &folder.0,
        &["update", UUID, "--name", "Renamed", "--max-rooms", "0"],
    ));
    assert_eq!(changed, format!("tenant {UUID} is at version 2\n"));
    said(&mut tenant(
        &folder.0,
        &["update", UUID, "--allowed-origin", ""],
    ));
    let shown = json(&mut tenant(&folder.0, &["show", UUID]));
    assert_eq!(shown["name"], "Renamed");
    assert_eq!(shown["limits"]["rooms"], 0);
    assert_eq!(shown["allowedOrigins"], serde_json::json!([]));
    assert_eq!(shown["roomDefaults"]["delayMs"], 8_000);
    said(&mut tenant(
        &folder.0,
        &["update", UUID, "--server-origins"],
    ));
    let shown = said(&mut tenant(&folder.0, &["show", UUID]));
    assert!(shown.contains("the server's own setting"), "{shown}");
    assert!(shown.contains("Renamed"), "{shown}");
}

#[test]
fn a_tenants_keys_are_added_and_retired() {
    let folder = Folder::make();
    std::fs::write(folder.0.join("key.jwk"), JWK).unwrap();
    std::fs::write(folder.0.join("key.pem"), PEM).unwrap();
    said(&mut tenant(&folder.0, &["create", "Acme", "--id", UUID]));

    let added = said(&mut tenant(&folder.0, &["add-key", UUID, "key.jwk"]));
    assert!(added.starts_with("rfc  EdDSA  in use\n"), "{added}");
    assert!(added.contains("within 5 s"), "{added}");
    let added = json(&mut tenant(
        &folder.0,
        &["add-key", UUID, "key.pem", "--kid", "pem"],
    ));
    assert_eq!(
        added["jwk"]["x"],
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    );

    let at = "2999-01-02T03:04:05.000Z";
    let retiring = said(&mut tenant(
        &folder.0,
        &["retire-key", UUID, "rfc", "--at", "2999-01-02T03:04:05Z"],
    ));
    assert!(
        retiring.contains(&format!("in use until {at}")),
        "{retiring}"
    );
    let retired = json(&mut tenant(&folder.0, &["retire-key", UUID, "pem"]));
    assert_eq!(retired["isAccepted"], false);
    let shown = json(&mut tenant(&folder.0, &["show", UUID]));
    let kids: Vec<_> = shown["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["kid"])
        .collect();
    assert_eq!(kids, ["rfc", "pem"]);
}

#[test]
fn what_is_wrong_with_a_tenant_is_said_in_one_line() {
    let folder = Folder::make();
    let private = JWK.replace("\"kid\"", "\"d\":\"c2VjcmV0\",\"kid\"");
    std::fs::write(folder.0.join("private.jwk"), private).unwrap();
    std::fs::write(folder.0.join("key.jwk"), JWK).unwrap();
    std::fs::write(folder.0.join("other.jwk"), JWK.replace("11qYAY", "12qYAY")).unwrap();
    said(&mut tenant(&folder.0, &["create", "Acme", "--id", UUID]));
    said(&mut tenant(&folder.0, &["add-key", UUID, "key.jwk"]));
    let unknown = "0199fe37-0000-7000-8000-000000000000";

    for (arguments, expected) in [
        (
            vec!["create", "Other", "--id", UUID],
            "there is a tenant 0199fe37",
        ),
        (vec!["create", ""], "`name` must be"),
        (
            vec!["create", "x", "--allowed-origin", "example.com"],
            "`allowedOrigins` must be an origin",
        ),
        (
            vec!["create", "x", "--room-stage-size", "51"],
            "`roomDefaults.stageSize`",
        ),
        (vec!["show", unknown], "there is no tenant 0199fe37"),
        (
            vec!["update", unknown, "--name", "x"],
            "there is no tenant 0199fe37",
        ),
        (
            vec!["update", UUID, "--name", "x", "--if-version", "7"],
            "at version 1, not 7",
        ),
        (
            vec!["add-key", unknown, "key.jwk"],
            "there is no such tenant",
        ),
        (
            vec!["add-key", UUID, "missing.pem"],
            "cannot read missing.pem",
        ),
        (vec!["add-key", UUID, "private.jwk"], "the public key alone"),
        (vec!["add-key", UUID, "other.jwk", "--kid", "rfc"], "cannot"),
        (vec!["retire-key", UUID, "none"], "no key called \"none\""),
        (
            vec!["retire-key", UUID, "rfc", "--at", "2026-01-02T03:04:05Z"],
            "`at` must be now or later",
        ),
    ] {
        let line = refusal(&mut tenant(&folder.0, &arguments));
        assert!(line.contains(expected), "{arguments:?}: {line}");
        assert!(!line.contains("c2VjcmV0"), "{line}");
    }

    // What cannot be parsed at all is told with the usage, by another code.
    for arguments in [
        vec!["show", "acme"],
        vec!["retire-key", UUID, "rfc", "--at", "tomorrow"],
        vec![
            "update",
            UUID,
            "--server-origins",
            "--allowed-origin",
            "https://a.example",
        ],
    ] {
        let output = tenant(&folder.0, &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_server_knows_its_operator_and_the_tenants_made_beside_it() {
    let folder = Folder::make();
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database",
        "sqlite://x.db",
    ];
    let mut server = Running::start(parlor(&folder.0).args(arguments));
    let line = server.read_line();
    let address = line.trim().strip_prefix("listening on http://").unwrap();
    said(&mut tenant(&folder.0, &["create", "Acme", "--id", UUID]));

    let operator = said(parlor(&folder.0).args(["token", "--operator", "--subject", "ops"]));
    let list = "{ tenantsConnection { nodes { uuid name } } }";
    let seen = query(address, operator.trim(), list);
    let expected = serde_json::json!([{ "uuid": UUID, "name": "Acme" }]);
    assert_eq!(
        seen["data"]["tenantsConnection"]["nodes"], expected,
        "{seen}"
    );

    let staff = [
        "token",
        "--tenant",
        UUID,
        "--role",
        "staff",
        "--subject",
        "me",
    ];
    let staff = said(parlor(&folder.0).args(staff));
    let seen = query(address, staff.trim(), list);
    assert_eq!(
        seen["errors"][0]["extensions"]["code"], "FORBIDDEN",
        "{seen}"
    );
    let rooms = query(address, staff.trim(), "{ roomsConnection { totalCount } }");
    assert_eq!(rooms["data"]["roomsConnection"]["totalCount"], 0, "{rooms}");
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
