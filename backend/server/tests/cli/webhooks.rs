//! `parlor webhooks`: the ways in for payment services kept from the command line, over the API of a running server.

use parlor_test_database::{Database, on_both_engines};
use serde_json::json;

use crate::staff::Shop;

on_both_engines! {
    a_way_in_is_made_changed_and_taken_away,
    what_is_no_way_in_is_refused_in_words,
}

const LIST: [&str; 2] = ["webhooks", "list"];

async fn a_way_in_is_made_changed_and_taken_away(database: Database) {
    let shop = Shop::open(&database);
    assert_eq!(shop.json(&LIST), [] as [serde_json::Value; 0]);
    let made = shop.said(&["webhooks", "create", "parlor", "the shop", "--room", "show"]);
    let word = |line: usize| {
        made.lines()
            .nth(line)
            .unwrap()
            .split_whitespace()
            .nth(1)
            .unwrap()
    };
    let (id, url, secret) = (word(0), word(1), word(2));
    assert!(url.contains("/webhooks/contributions/"), "{made}");
    assert!(secret.starts_with("whsec_"), "{made}");
    assert!(made.ends_with("(shown this once)\n"), "{made}");

    let listed = shop.said(&LIST);
    let line: Vec<_> = listed.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(line, [id, "PARLOR", "enabled", "the", "shop", url]);
    assert!(!listed.contains(secret), "{listed}");
    let update = |more: &[&str]| shop.said(&[&["webhooks", "update", id], more].concat());
    let said = update(&["--name", "orders", "--room", "", "--disable"]);
    assert_eq!(said, format!("source {id} is changed\n"));
    let source = shop.json(&LIST).remove(0);
    assert_eq!(
        [&source["name"], &source["roomId"], &source["isDisabled"]],
        [&json!("orders"), &json!(null), &json!(true)]
    );
    update(&["--enable"]);
    assert_eq!(shop.json(&LIST)[0]["isDisabled"], false);

    let rotated = shop.json(&["webhooks", "rotate", id, "--overlap-seconds", "60"]);
    assert_ne!(rotated[0]["secret"], secret);
    assert!(
        rotated[0]["source"]["previousSecretRetiresAt"].is_string(),
        "{rotated:?}"
    );
    let failed = shop.said(&["webhooks", "failed"]);
    assert_eq!(failed.lines().count(), 1, "{failed}");
    let said = shop.said(&["webhooks", "delete", id]);
    assert_eq!(said, format!("source {id} is deleted\n"));
    assert_eq!(shop.said(&LIST).lines().count(), 1);
}

async fn what_is_no_way_in_is_refused_in_words(database: Database) {
    let shop = Shop::open(&database);
    let stripe = "whsec_stripe0123456789abcdef\n";
    std::fs::write(shop.folder.0.join("secret"), stripe).unwrap();
    let made = shop.said(&[
        "webhooks",
        "create",
        "stripe",
        "shop",
        "--secret-file",
        "secret",
    ]);
    assert!(!made.contains("whsec_"), "who gave it has it: {made}");
    for (arguments, said) in [
        (&["create", "stripe", "x"][..], "secret"),
        (
            &["create", "kofi", "x", "--secret-file", "secret"],
            "roomId",
        ),
        (
            &["create", "parlor", "x", "--room", "nowhere"],
            "there is no room \"nowhere\"",
        ),
        (&["create", "parlor", ""], "name"),
        (&["update", "nonsense", "--disable"], "NOT_FOUND"),
        (&["update", "nonsense"], "nothing is to change"),
        (&["rotate", "nonsense"], "NOT_FOUND"),
        (&["delete", "nonsense"], "NOT_FOUND"),
        (&["redeliver", "nonsense"], "NOT_FOUND"),
    ] {
        let (_, told) = shop.refused(&[&["webhooks"], arguments].concat());
        assert!(told.contains(said), "{arguments:?}: {told}");
    }
    assert_eq!(shop.json(&LIST).len(), 1);
}
