//! `parlor disputes`: cases seen to from the command line, over the API of a running server.

use parlor_test_database::{Database, on_both_engines};
use serde_json::json;

use crate::staff::Shop;

on_both_engines! {
    a_case_is_listed_shown_held_for_and_resolved,
    a_case_is_opened_and_withdrawn,
}

async fn a_case_is_listed_shown_held_for_and_resolved(database: Database) {
    let shop = Shop::open(&database);
    let dispute = |seq: u32, reason: &str| {
        let room = &shop.room;
        let mutation = format!(
            r#"openDispute(input: {{ idempotencyKey: "d{seq}", roomId: "{room}", transferSeq: "{seq}",
                reason: "{reason}" }}) {{ ... on Dispute {{ id }} }}"#
        );
        shop.made(&shop.ana, &mutation)
    };
    shop.grant("again", 7);
    let (first, second) = (dispute(1, "too much"), dispute(2, "not mine"));

    let listed = shop.json(&["disputes", "list", "show", "--status", "open"]);
    let ids: Vec<_> = listed
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [&first, &second]);
    let rows = shop.said(&["disputes", "list", "show"]);
    let rows: Vec<_> = rows.lines().collect();
    assert!(rows[0].starts_with("ID  ") && rows.len() == 3, "{rows:?}");
    assert!(
        rows[1].contains("  line 1  ") && rows[1].ends_with("  too much"),
        "{rows:?}"
    );
    let shown = shop.said(&["disputes", "show", "show", &first]);
    assert!(
        shown.contains("reason: too much") && shown.contains("held 0"),
        "{shown}"
    );

    let hold = [
        "disputes", "hold", "show", &first, "--points", "500", "--key", "k",
    ];
    let few = "of 500, for the member has no more to hold";
    let said = format!("held {first}: 107 points {few}\n");
    assert_eq!(shop.said(&hold), said);
    assert_eq!(shop.said(&hold), said);
    let resolve = [
        "disputes",
        "resolve",
        "show",
        &first,
        "--resolution",
        "a bot",
        "--key",
        "k",
    ];
    let taken = shop.said(&[&resolve[..], &["--claw-back", "120"]].concat());
    assert_eq!(
        taken,
        format!("resolved {first}: 0 points given back, 120 taken back\n")
    );
    let dismiss = [
        "disputes",
        "resolve",
        "show",
        &second,
        "--resolution",
        "no",
        "--dismiss",
    ];
    assert_eq!(shop.json(&dismiss)[0]["status"], json!("DISMISSED"));
    let (_, refused) = shop.refused(&dismiss);
    assert!(refused.contains("ALREADY_CLOSED"), "{refused}");
    let (_, none) = shop.refused(&["disputes", "show", "show", "nothing"]);
    assert!(none.contains("there is no dispute"), "{none}");
    shop.another_room("elsewhere");
    let (_, none) = shop.refused(&["disputes", "show", "elsewhere", &first]);
    assert!(none.contains("there is no dispute"), "{none}");
    let shown = shop.said(&["disputes", "show", "show", &first]);
    assert!(
        shown.contains("resolution: a bot") && shown.contains("clawed back 120"),
        "{shown}"
    );
    assert_eq!(
        shop.json(&["disputes", "list", "show", "--status", "open"])
            .len(),
        0
    );
}

async fn a_case_is_opened_and_withdrawn(database: Database) {
    let shop = Shop::open(&database);
    let ana = &shop.participant;
    let open = [
        "disputes",
        "open",
        "show",
        "--participant",
        ana,
        "--line",
        "1",
        "--reason",
        "a bot",
        "--key",
        "k",
    ];
    let said = shop.said(&open);
    let (id, of) = said
        .strip_prefix("opened ")
        .and_then(|said| said.split_once(": "))
        .unwrap();
    assert_eq!(of, format!("about line 1 of {ana}\n"));
    assert_eq!(shop.said(&open), said, "by its key it is opened once");
    let shown = &shop.json(&["disputes", "list", "show"])[0];
    assert_eq!(
        [&shown["id"], &shown["isByStaff"], &shown["reason"]],
        [&json!(id), &json!(true), &json!("a bot")]
    );

    let withdraw = ["disputes", "withdraw", "show", id];
    assert_eq!(shop.said(&withdraw), format!("withdrawn {id}\n"));
    let (_, refused) = shop.refused(&withdraw);
    assert!(refused.contains("ALREADY_CLOSED"), "{refused}");
    // Staff that has not joined has nothing of its own.
    let (_, refused) = shop.refused(&[&open[..3], &open[5..9]].concat());
    assert!(refused.contains("NOT_JOINED"), "{refused}");
}
