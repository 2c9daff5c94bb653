use super::{Contract, Holds, Shape, common_words};

const SCHEMA: &str = r#"
    interface RoomEvent { seq: Int64! part: String }
    "It rains."
    type Rained implements RoomEvent { seq: Int64! part: String rain: Rain! at: Int! }
    type Snowed implements RoomEvent { seq: Int64! part: String snow: Rain! rain: Wind! drops: [Rain!]! }
    type Rain { "In millimetres." depth: Int! from: Cloud wind: [Wind!]! }
    enum Cloud { CUMULUS "Thin." CIRRUS }
    type Wind { speed: Int64! }
"#;

fn read(feed: &str) -> Result<Contract, String> {
    Contract::read(SCHEMA, feed).map_err(|error| format!("{error:#}"))
}

const SNOW: &str = "... on Snowed { snow { depth wind { speed } } }";

fn feed(rain: &str, snow: &str) -> String {
    format!("fragment FeedEvent on RoomEvent {{ __typename seq part {rain} {snow} }}")
}

#[test]
fn what_the_feed_asks_for_is_typed_by_the_schema() {
    let document = "fragment FeedEvent on RoomEvent {
            __typename seq part
            ... on Rained { rain { ...Falling } }
            ... on Snowed { snow { ...Falling } }
        }
        fragment Falling on Rain { depth from wind { speed } }";
    let contract = read(document).unwrap();

    let names: Vec<&str> = contract
        .kinds
        .iter()
        .map(|kind| kind.name.as_str())
        .collect();
    assert_eq!(names, ["Rained", "Snowed"]);
    assert_eq!(contract.kinds[0].about.as_deref(), Some("It rains."));
    assert_eq!(contract.stamps.len(), 2);
    assert_eq!(contract.stamps[1].shape, Shape::Optional);
    assert_eq!(contract.kinds[1].subject.name, "snow");
    assert_eq!(contract.kinds[1].record, "Rain");
    let rain = &contract.records["Rain"].fields;
    assert_eq!(rain[0].holds, Holds::Small);
    assert_eq!(rain[0].about.as_deref(), Some("In millimetres."));
    assert_eq!(rain[1].holds, Holds::Enumeration("Cloud".to_owned()));
    assert_eq!(rain[2].shape, Shape::List);
    assert_eq!(contract.records["Wind"].fields[0].holds, Holds::Whole);
    assert_eq!(contract.enumerations["Cloud"].values[1].name, "CIRRUS");
    let about = contract.enumerations["Cloud"].values[1].about.as_deref();
    assert_eq!(about, Some("Thin."));
}

#[test]
fn what_cannot_be_typed_is_refused_by_name() {
    let rain = "... on Rained { rain { depth wind { speed } } }";
    assert!(read(&feed(rain, SNOW)).is_ok());

    for (rain, snow, said) in [
        (rain, "", "the feed asks for nothing of Snowed"),
        (rain, "... on Hailed { hail }", "the schema has no Hailed"),
        (
            rain,
            "... on Snowed { hail }",
            "the schema has no Snowed.hail",
        ),
        (
            rain,
            "... on Snowed { snow { depth } }",
            "other fields of Rain than elsewhere",
        ),
        (
            rain,
            "... on Snowed { drops { depth wind { speed } } }",
            "Snowed is not about one thing",
        ),
        (
            "... on Rained { at }",
            SNOW,
            "Rained is not about one thing",
        ),
        (
            rain,
            "... on Snowed { rain { speed } }",
            "`rain` is one thing in Rained",
        ),
        (
            "... on Rained { rain { deep: depth } }",
            SNOW,
            "under another name",
        ),
        ("... on Rained { ...Missing }", SNOW, "no fragment Missing"),
    ] {
        let error = read(&feed(rain, snow)).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn kinds_about_one_thing_share_the_words_that_their_names_begin_with() {
    for (left, right, common) in [
        ("SessionStarted", "SessionEnded", "Session"),
        ("HypeTrainStarted", "HypeTrainStopped", "HypeTrain"),
        ("HypeTrain", "HypeTrainEnded", "HypeTrain"),
        ("Rained", "Raining", ""),
        ("RainFell", "RainFalling", "Rain"),
        ("Snowed", "Rained", ""),
    ] {
        assert_eq!(common_words(left, right), common, "{left} {right}");
    }
}
