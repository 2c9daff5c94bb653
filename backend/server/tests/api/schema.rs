//! The schema in the repository is the one that is served.

#[test]
fn the_committed_schema_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema.graphql");
    let committed = std::fs::read_to_string(path).unwrap();

    assert!(
        committed == parlor_api::sdl(),
        "schema.graphql is out of date: run `parlor schema > schema.graphql`"
    );
}
