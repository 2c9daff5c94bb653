//! `parlor persons`: a person erased from the command line, with the books as they were.

use parlor_test_database::{Database, on_both_engines};

use crate::staff::Shop;
use crate::{parlor, said};

on_both_engines! { a_person_is_counted_then_erased_and_the_books_stay_sound }

async fn a_person_is_counted_then_erased_and_the_books_stay_sound(database: Database) {
    let shop = Shop::open(&database);
    let heads = || said(parlor(&shop.folder.0).args(["heads", "--database", &database.url]));
    shop.grant("again", 5);
    let before = heads();

    let dry_run = ["persons", "erase", "ana", "--dry-run"];
    let told = shop.said(&dry_run);
    let counted: Vec<_> = told.lines().map(str::trim_start).collect();
    assert!(counted[0].starts_with("1 rooms"), "{told}");
    assert!(
        counted.iter().any(|line| line.starts_with("2 transfers")),
        "{told}"
    );
    assert!(told.ends_with("Nothing was changed.\n"), "{told}");
    assert_eq!(shop.said(&dry_run), told);
    assert_eq!(shop.json(&dry_run)[0]["transferCount"], "2");

    let erase = ["persons", "erase", "ana", "--key", "k"];
    let erased = shop.said(&erase);
    let id = erased.split(' ').nth(1).unwrap();
    assert!(erased.contains("is finished: 1 of 1 rooms, "), "{erased}");
    assert_eq!(shop.said(&["persons", "show", id]), erased);
    assert_eq!(shop.json(&["persons", "show", id])[0]["status"], "FINISHED");

    assert_eq!(heads(), before);
    std::fs::write(shop.folder.0.join("heads"), &before).unwrap();
    let verify = [
        "verify",
        "--database",
        &database.url,
        "--expect-heads",
        "heads",
    ];
    let sound = said(parlor(&shop.folder.0).args(verify));
    assert!(sound.starts_with("sound"), "{sound}");

    for (arguments, said) in [
        (&erase[..], "(KEY_SPENT)"),
        (&erase[..3], "(NOT_FOUND)"),
        (&dry_run[..], "nothing is kept of a person of that id"),
        (&["persons", "show", "x"], "there is no erasure \"x\""),
    ] {
        let (lines, error) = shop.refused(arguments);
        assert!(
            lines.is_empty() && error.contains(said),
            "{arguments:?}: {error}"
        );
    }
}
