use super::{Contract, Holds, Shape, common_words};

const SCHEMA: &str = r#"
    interface RoomEvent { seq: Int64! part: String }
    "It rains."
    type Rained implements RoomEvent { seq: Int64! part: String rain: Rain! at: Int! }
    type Snowed implements RoomEvent { seq: Int64! part: String snow: Snow! rain: Wind! drops: [Rain!]! }
    type Rain { "In millimetres." depth: Int! from: Cloud wind: [Wind!]! }
    type Snow { depth: Int! wind: [Wind!]! }
   enum Cloud { CUMULUS "Thin." CIRRUS }
    type Wind { speed: Int64! from: Cloud }
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
            ... on Snowed { snow { depth wind { speed } } }
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
    assert_eq!(contract.kinds[1].record, "Snow");
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
            "... on Snowed { snow { depth wind { from } } }",
            "other fields of Wind than elsewhere",
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
fn what_rust_could_not_be_written_for_is_refused_by_name() {
    let fall = "type Fall { depth: Int! }";
    let kind = |name: &str, subject: &str| {
        format!("type {name} implements RoomEvent {{ seq: Int64! {subject}: Fall! }}")
    };
    let asked = |name: &str, subject: &str| format!("... on {name} {{ {subject} }}");
    let (rained, rain) = (kind("Rained", "rain"), asked("Rained", "rain { depth }"));
    for (schema, feed, said) in [
        (
            format!("{rained} {} {fall}", kind("Snowed", "snow")),
            format!("{rain} {}", asked("Snowed", "snow { depth }")),
            "Fall is both a `rain` and a `snow`",
        ),
        (
            format!(
                "{} {} {fall}",
                kind("Rain", "rain"),
                kind("RainEnded", "rain")
            ),
            format!(
                "{} {}",
                asked("Rain", "rain { depth }"),
                asked("RainEnded", "rain { depth }")
            ),
            "Rain has no word of its own",
        ),
        (
            format!("{} {fall}", kind("Rained", "match")),
            asked("Rained", "match { depth }"),
            "Rained.match is a word of Rust's own",
        ),
        (
            format!("{rained} type Fall {{ type: Int! }}"),
            asked("Rained", "rain { type }"),
            "Fall.type is a word of Rust's own",
        ),
        (
            format!("{rained} type Fall {{ depths: [Int!]! }}"),
            asked("Rained", "rain { depths }"),
            "Fall.depths is a list",
        ),
        (
            format!("{rained} type Fall {{ from: [Cloud!]! }} enum Cloud {{ CIRRUS }}"),
            asked("Rained", "rain { from }"),
            "Fall.from is a list",
        ),
        (
            format!("{rained} type Fall {{ from: Cloud }} enum Cloud {{ CIRRUS UNKNOWN }}"),
            asked("Rained", "rain { from }"),
            "Cloud.UNKNOWN is written like what is newer",
        ),
        (
            format!("{rained} type Fall {{ from: Cloud }} enum Cloud {{ LOW_1 LOW1 }}"),
            asked("Rained", "rain { from }"),
            "Cloud.LOW1 is written like LOW_1",
        ),
        (
            format!("{rained} type Fall {{ from: Cloud }} enum Cloud {{ _LOW }}"),
            asked("Rained", "rain { from }"),
            "Cloud._LOW has an underscore",
        ),
    ] {
        let schema = format!("interface RoomEvent {{ seq: Int64! }} {schema}");
        let feed = format!("fragment FeedEvent on RoomEvent {{ __typename seq {feed} }}");
        let error = Contract::read(&schema, &feed).unwrap_err();
        assert!(format!("{error:#}").contains(said), "{error:#}");
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
