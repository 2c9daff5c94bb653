//! `parlor tenant`: tenants kept from the command line, and a server that knows them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use parlor_domain::id::TenantId;
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_node::clock::Clock;
use parlor_store::{Settings, Store};
use serde_json::Value;
use uuid::Uuid;

use crate::{Folder, Running, parlor, query, refusal, said};

const UUID: &str = "0199fe37-0000-7000-8000-00000000ac3e";
/// RFC 8037, appendix A.2, and the same key as `openssl pkey -pubout` writes it.
const JWK: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"rfc",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
    -----END PUBLIC KEY-----\n";

fn tenant(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = parlor(folder);
    command.arg("tenant").args(arguments);
    command.args(["--database", "sqlite://x.db"]);
    command
}

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&said(command.arg("--json"))).unwrap()
}

#[test]
fn a_tenant_is_made_listed_changed_and_shown() {
    let folder = Folder::make();
    let id = said(&mut tenant(&folder.0, &["create", "Acme & Söhne"]));
    let id = id.trim();
    assert_eq!(id.len(), 36, "{id}");
    let arguments = [
        "create",
        "Second",
        "--uuid",
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
        "--room-stage-size",
        "3",
        "--room-interruption-grace-ms",
        "5000",
        "--max-rooms",
        "7",
        "--max-overlay-tokens-per-room",
        "8",
        "--max-sockets-per-node",
        "9",
    ];
    let made = json(&mut tenant(&folder.0, &arguments));
    assert_eq!(made["uuid"], UUID, "it is called what the API calls it");
    assert_eq!(made["id"], Value::Null);
    assert_eq!(
        made["allowedOrigins"],
        serde_json::json!(["https://a.example", "https://b.example"])
    );
    assert_eq!(
        made["roomDefaults"],
        serde_json::json!({
            "delayMs": 8_000, "ingestOffsetMs": -250, "anonymousRead": true, "stageSize": 3,
            "interruptionGraceMs": 5_000,
        })
    );
    assert_eq!(
        made["limits"],
        serde_json::json!({ "rooms": 7, "overlayTokensPerRoom": 8, "socketsPerNode": 9 })
    );

    let table = said(&mut tenant(&folder.0, &["list"]));
    let rows: Vec<_> = table.lines().collect();
    assert_eq!(rows.len(), 3, "{table}");
    assert!(rows[0].starts_with("UUID  "), "{table}");
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
    said(&mut tenant(&folder.0, &["create", "Acme", "--uuid", UUID]));

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

    let key = std::fs::File::open(folder.0.join("key.jwk")).unwrap();
    let arguments = ["add-key", UUID, "-", "--kid", "piped"];
    let added = said(tenant(&folder.0, &arguments).stdin(key));
    assert!(added.starts_with("piped  EdDSA  in use\n"), "{added}");
}

#[test]
fn every_tenant_is_listed_however_many_there_are() {
    let folder = Folder::make();
    let first = said(&mut tenant(&folder.0, &["create", "First"]));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = format!("sqlite://{}", folder.0.join("x.db").display());
    runtime.block_on(async {
        let store = Store::connect(&Settings::new(&url)).await.unwrap();
        for n in 0..1_000 {
            let draft = TenantDraft::named(format!("tenant {n}"));
            let (id, now) = (TenantId(Uuid::from_u128(n)), Clock::System.now());
            let made = Tenant::create(draft, id, now).unwrap();
            assert!(store.create_tenant(&made).await.unwrap());
        }
        store.close().await;
    });

    // Three pages of what is read at once.
    let listed = json(&mut tenant(&folder.0, &["list"]));
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 1_001);
    assert_eq!(listed[0]["uuid"], first.trim());
    let names = listed.iter().map(|one| one["name"].as_str());
    let names: BTreeSet<_> = names.collect();
    assert_eq!(names.len(), 1_001);
}

#[test]
fn what_is_wrong_with_a_tenant_is_said_in_one_line() {
    let folder = Folder::make();
    let private = JWK.replace("\"kid\"", "\"d\":\"c2VjcmV0\",\"kid\"");
    std::fs::write(folder.0.join("private.jwk"), private).unwrap();
    std::fs::write(folder.0.join("key.jwk"), JWK).unwrap();
    std::fs::write(folder.0.join("empty.pem"), "\n").unwrap();
    std::fs::write(folder.0.join("other.jwk"), JWK.replace("11qYAY", "12qYAY")).unwrap();
    said(&mut tenant(&folder.0, &["create", "Acme", "--uuid", UUID]));
    said(&mut tenant(&folder.0, &["add-key", UUID, "key.jwk"]));
    let unknown = "0199fe37-0000-7000-8000-000000000000";

    for (arguments, expected) in [
        (
            vec!["create", "Other", "--uuid", UUID],
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
        (vec!["add-key", UUID, "empty.pem"], "empty.pem is empty"),
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
    said(&mut tenant(&folder.0, &["create", "Acme", "--uuid", UUID]));

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
