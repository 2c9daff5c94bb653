//! Recorded sessions, as they lie in files.

use parlor_sdk_core::{Config, Instant, MediaTime, Placement, Playhead, PlayheadQuality};
use serde::{Deserialize, Deserializer, de};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What a host reported in a session, in order.
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) config: Config,
    pub(crate) seed: u64,
    pub(crate) steps: Vec<Step>,
    pub(crate) until: Instant,
}

/// One report, and when it was made.
#[derive(Deserialize)]
pub(crate) struct Step {
    #[serde(deserialize_with = "instant")]
    pub(crate) at: Instant,
    #[serde(flatten)]
    pub(crate) report: Report,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Report {
    Opened(Yes),
    Frame(String),
    Closed(u16),
    #[serde(deserialize_with = "playhead")]
    Playhead(Playhead),
    NoPlayhead(Yes),
    Token(String),
    Disconnect(Yes),
}

/// That which happened: `true`.
#[derive(Deserialize)]
#[serde(try_from = "bool")]
pub(crate) struct Yes;

impl TryFrom<bool> for Yes {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        value
            .then_some(Self)
            .ok_or("what did not happen is left out")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    name: String,
    token: Option<String>,
    placement: PlacementName,
    #[serde(default, deserialize_with = "maybe_position")]
    start_at: Option<MediaTime>,
    seed: u64,
    steps: Vec<Step>,
    #[serde(deserialize_with = "instant")]
    until: Instant,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum PlacementName {
    Source,
    Player,
    Companion,
}

#[derive(Deserialize)]
struct WrittenPlayhead {
    #[serde(deserialize_with = "position")]
    position: MediaTime,
    playing: bool,
    rate: u32,
    #[serde(default)]
    seeks: u32,
}

/// Reads a recording, or returns `None` if it is malformed.
pub(crate) fn decode(text: &str) -> Option<Recording> {
    let written: Written = serde_json::from_str(text).ok()?;

    Some(Recording {
        name: written.name,
        config: Config {
            url: "ws://rehearsal/graphql/ws".to_owned(),
            token: written.token,
            room_id: "Um9vbToxMjM=".to_owned(),
            placement: match written.placement {
                PlacementName::Source => Placement::Source,
                PlacementName::Player => Placement::Player,
                PlacementName::Companion => Placement::Companion,
            },
            start_at: written.start_at,
        },
        seed: written.seed,
        steps: written.steps,
        until: written.until,
    })
}

fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Instant, D::Error> {
    i64::deserialize(from).map(Instant::from_millis)
}

fn playhead<'de, D: Deserializer<'de>>(from: D) -> Result<Playhead, D::Error> {
    let written = WrittenPlayhead::deserialize(from)?;

    Ok(Playhead {
        true_at: None,
        quality: PlayheadQuality::Clock,
        position: written.position,
        playing: written.playing,
        rate: written.rate,
        seeks: written.seeks,
    })
}

fn maybe_position<'de, D: Deserializer<'de>>(from: D) -> Result<Option<MediaTime>, D::Error> {
    position(from).map(Some)
}

fn position<'de, D: Deserializer<'de>>(from: D) -> Result<MediaTime, D::Error> {
    let text = String::deserialize(from)?;
    let stamp = OffsetDateTime::parse(&text, &Rfc3339).map_err(de::Error::custom)?;
    let unix_millis = stamp.unix_timestamp() * 1_000 + i64::from(stamp.millisecond());

    Ok(MediaTime::from_unix_millis(unix_millis))
}
