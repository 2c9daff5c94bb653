//! `parlor heads`: where books stand, printed to be kept elsewhere and to be found again.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use parlor_test_database::{Database, on_both_engines};

use crate::staff::Shop;
use crate::{Folder, parlor, refusal, said};

on_both_engines! { heads_that_were_kept_are_found_again_or_missed }

async fn heads_that_were_kept_are_found_again_or_missed(database: Database) {
    let shop = Shop::open(&database);
    let folder = &shop.folder.0;
    let command = |name: &str| {
        let mut command = parlor(folder);
        command.args([name, "--database", &database.url]);
        command
    };
    let keep = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let verify = |file: &str| {
        let mut verify = command("verify");
        verify.args(["--expect-heads", file]);
        verify
    };

    let first = said(&mut command("heads"));
    assert!(first.starts_with(&format!("{}:1:", shop.room)), "{first}");
    shop.grant("again", 5);
    shop.watch();
    let second = said(&mut command("heads"));
    assert!(second.starts_with(&format!("{}:3:", shop.room)), "{second}");
    // Heads of many days are found in one chain, and are what `verify` itself prints.
    keep("kept.txt", &format!("{first}\n{second}"));
    let sound = said(&mut verify("kept.txt"));
    assert!(sound.contains(second.trim()), "{sound}");
    keep("verified.txt", &sound);
    assert_eq!(said(&mut verify("verified.txt")), sound);
    assert_eq!(metric(&shop.address, "parlor_book_entries_total"), "3");

    let (place, digit) = second.trim().split_at(second.trim().len() - 1);
    let other = if digit == "0" { "1" } else { "0" };
    keep("other.txt", &format!("{first}{place}{other}\n"));
    let told = unsound(&mut verify("other.txt"));
    assert!(told.contains("was noted elsewhere"), "{told}");

    for (name, text, told) in [
        ("empty.txt", "", "empty.txt is empty"),
        (
            "odd.txt",
            &format!("{first}nonsense\n"),
            "odd.txt, line 2: a head is",
        ),
    ] {
        keep(name, text);
        let line = refusal(&mut verify(name));
        assert!(line.contains(told), "{line}");
    }
    let line = refusal(&mut verify("nowhere.txt"));
    assert!(line.contains("cannot read nowhere.txt"), "{line}");

    // Books that somebody took away are missed by whoever has their head.
    for table in [
        "transfers",
        "balances",
        "ledgers",
        "watch_credits",
        "earnings",
    ] {
        database.run(&format!("DELETE FROM {table}")).await;
    }
    assert_eq!(said(&mut command("heads")), "");
    assert_eq!(said(&mut command("verify")), "no room has books\n");
    let told = unsound(&mut verify("kept.txt"));
    assert!(
        told.contains("it has no books, and a head of them was noted"),
        "{told}"
    );
}

/// What is said of books that are not sound.
fn unsound(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stdout).unwrap()
}

/// What a server's metrics say of one.
fn metric(address: &str, name: &str) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let said = answer.lines().find_map(|line| line.strip_prefix(name));

    said.unwrap_or_else(|| panic!("{answer}")).trim().to_owned()
}

#[test]
fn a_database_that_is_not_there_has_no_heads_and_is_not_made() {
    let folder = Folder::make();
    let heads = ["heads", "--database", "sqlite://typo.db"];
    let line = refusal(parlor(&folder.0).args(heads));
    assert!(
        line.contains("typo.db") || line.contains("unable to open"),
        "{line}"
    );
    assert!(folder.is_empty(), "a typing error makes no database");
}
