//! `parlor verify`: books worked through from the command line, beside the server that keeps them.

use std::process::{Command, Output};

use parlor_test_database::{Database, on_both_engines};

use crate::{Folder, Running, parlor, query, refusal, said};

on_both_engines! { books_are_proven_and_what_was_changed_is_named }

const UUID: &str = "0199fe37-0000-7000-8000-00000000b00c";

/// Done one after the other by the tenant's staff; `ROOM` and `ANA` stand for what was made before.
fn made(server: &str, token: &str, mutation: &str) -> String {
    let answer = query(server, token, &format!("mutation {{ {mutation} }}"));
    let id = answer["data"]["made"]["id"].as_str();
    id.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn books_are_proven_and_what_was_changed_is_named(database: Database) {
    let folder = Folder::make();
    let create = ["tenant", "create", "Acme", "--uuid", UUID, "--database"];
    said(parlor(&folder.0).args(create).arg(&database.url));
    let verify = || {
        let mut command = parlor(&folder.0);
        command.args(["verify", "--database", &database.url]);
        command
    };
    assert_eq!(said(&mut verify()), "no room has books\n");

    let serve = ["serve", "--listen", "127.0.0.1:0", "--database"];
    let mut server = Running::start(parlor(&folder.0).args(serve).arg(&database.url));
    let line = server.read_line();
    let address = line.trim().strip_prefix("listening on http://").unwrap();
    let token = [
        "token",
        "--tenant",
        UUID,
        "--role",
        "staff",
        "--subject",
        "me",
    ];
    let token = said(parlor(&folder.0).args(token));
    let token = token.trim();
    let room = made(
        address,
        token,
        r#"made: createRoom(input: { slug: "show", title: "Show", state: OPEN }) { ... on Room { id } }"#,
    );
    let ana = made(
        address,
        token,
        &format!(
            r#"made: joinRoom(input: {{ roomId: "{room}", name: "Ana", viewerId: "ana" }}) {{
                ... on Participant {{ id }} }}"#
        ),
    );
    let mut moved = 0;
    let mut adjust = |mutation: &str, points: u32| {
        moved += 1;
        made(
            address,
            token,
            &format!(
                r#"made: {mutation}(input: {{ idempotencyKey: "k{moved}", roomId: "{room}",
                    participantId: "{ana}", points: "{points}", reason: "why not" }}) {{
                    ... on PointsTransfer {{ id }} }}"#
            ),
        );
    };
    adjust("grantPoints", 100);
    adjust("chargePoints", 40);

    let sound = said(&mut verify());
    let told: Vec<_> = sound.split_whitespace().collect();
    assert_eq!(told[0], "sound", "{sound}");
    assert!(told[1].starts_with(&format!("{room}:2:")), "{sound}");
    assert_eq!(
        told[2..],
        ["minted", "100", "burned", "40", "owed", "0"],
        "{sound}"
    );
    // The head that was printed is what is given back, also when more has come.
    let head = told[1].to_owned();
    adjust("grantPoints", 1);
    said(verify().args(["--expect-head", &head]));
    let other = format!("{}0", &head[..head.len() - 1]);
    let other = if other == head {
        format!("{}1", &head[..head.len() - 1])
    } else {
        other
    };
    let told = unsound(verify().args(["--expect-head", &other]));
    assert!(told.contains("was noted elsewhere"), "{told}");

    database
        .run("UPDATE transfers SET reason = 'a present' WHERE seq = 2")
        .await;
    let told = unsound(&mut verify());
    assert!(
        told.contains(&format!("UNSOUND {room}: what transfer 2 says")),
        "{told}"
    );
}

/// What is said of books that are not sound, and that a script can tell.
fn unsound(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    assert_eq!(status.code(), Some(1));
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(stderr, "error: the books of one room are not sound\n");

    String::from_utf8(stdout).unwrap()
}

#[test]
fn what_cannot_be_verified_is_said_and_nothing_is_made() {
    let folder = Folder::make();
    let verify = ["verify", "--database", "sqlite://typo.db"];
    let line = refusal(parlor(&folder.0).args(verify));
    assert!(
        line.contains("typo.db") || line.contains("unable to open"),
        "{line}"
    );
    assert!(folder.is_empty(), "a typing error makes no database");

    let head = [
        "verify",
        "--database",
        "sqlite://typo.db",
        "--expect-head",
        "nonsense",
    ];
    let output = parlor(&folder.0).args(head).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("<room>:<seq>:<digest>"), "{told}");
}

#[test]
fn no_help_shows_the_password_of_a_database() {
    let folder = Folder::make();
    for command in [
        "serve",
        "migrate",
        "verify",
        "heads",
        "token",
        "tenant list",
    ] {
        let mut parlor = parlor(&folder.0);
        parlor.args(command.split(' ')).arg("--help");
        parlor.env(
            "PARLOR_DATABASE",
            "postgres://parlor:hunter2@db.example.com/parlor",
        );
        let help = said(&mut parlor);
        assert!(help.contains("PARLOR_DATABASE"), "{command}: {help}");
        assert!(!help.contains("hunter2"), "{command}: {help}");
    }
}
