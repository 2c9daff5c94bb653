//! `parlor rates`: a tenant's rates shown and set from the command line, over the API of a running server.

use parlor_test_database::{Database, on_both_engines};
use serde_json::json;

use crate::staff::Shop;

on_both_engines! {
    rates_are_set_from_a_file_and_shown_as_one,
    a_file_that_is_no_table_sets_nothing,
}

const SHOW: [&str; 2] = ["rates", "show"];

async fn rates_are_set_from_a_file_and_shown_as_one(database: Database) {
    let shop = Shop::open(&database);
    let file = |name: &str, text: &str| std::fs::write(shop.folder.0.join(name), text).unwrap();
    assert_eq!(
        shop.said(&SHOW),
        "# no rates are set: each room counts its reference currency alone\n"
    );
    assert_eq!(shop.json(&SHOW), [json!(null)]);

    file("rates.csv", "currency,rate\nusd,1.0800\nJPY,171.25\n");
    let said = shop.said(&["rates", "set", "rates.csv"]);
    assert_eq!(said, "2 rates are set, at version 1\n");
    let shown = shop.said(&SHOW);
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines[0].starts_with("# version 1, set at 20"), "{shown}");
    assert!(lines[0].ends_with(": what one EUR is worth"), "{shown}");
    assert_eq!(lines[1..], ["JPY 171.25", "USD 1.08"]);

    // What was shown is what is set, and another table takes its place.
    file("again", &shown);
    let again = shop.json(&["rates", "set", "again"]).remove(0);
    assert_eq!(again["version"], 2);
    assert_eq!(again["rates"].as_array().unwrap().len(), 2);
    file("dollars", "EUR 0.92\n");
    let by_dollar = shop.json(&["rates", "set", "dollars", "--base", "usd"]);
    assert_eq!(by_dollar[0]["base"], "USD");
    assert_eq!(
        by_dollar[0]["rates"],
        json!([{ "currency": "EUR", "rate": "0.92" }])
    );
    assert_eq!(shop.json(&SHOW), by_dollar);
}

async fn a_file_that_is_no_table_sets_nothing(database: Database) {
    let shop = Shop::open(&database);
    for (text, more, said) in [
        ("USD 1.1\nJPY\n", &[][..], "line 2 of rates.csv"),
        ("# none\n", &[], "there are no rates in rates.csv"),
        ("USD 0\n", &[], "(VALIDATION)"),
        ("USD -1.1\n", &[], "\"-1.1\""),
        ("USD 1.1\nusd 1.1\n", &[], "\"usd\" twice"),
        ("ZZZ 1.1\n", &[], "ZZZ"),
        ("EUR 1.1\n", &[], "1 for the base"),
        ("USD 1.1\n", &["--base", "EURO"], "\"EURO\""),
        ("USD 1.1\n", &["--if-version", "1"], "(STALE_VERSION)"),
    ] {
        std::fs::write(shop.folder.0.join("rates.csv"), text).unwrap();
        let set = [&["rates", "set", "rates.csv"], more].concat();
        let (lines, error) = shop.refused(&set);
        assert!(lines.is_empty() && error.contains(said), "{text}: {error}");
        assert_eq!(shop.json(&SHOW), [json!(null)], "{text}");
    }
}
