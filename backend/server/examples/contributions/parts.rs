//! What the lanes' time went into, from the process's own metrics.

use serde_json::{Map, Value, json};

const BATCHES: &str = "parlor_writer_batch_seconds_sum ";
const PART: &str = "parlor_writer_part_seconds_sum{part=\"";

/// The share of each part in the time that batches took, warm-up included, and the seconds that all of
/// them took.
pub(super) fn shares(metrics: &str) -> Value {
    let number = |text: &str| text.trim().parse::<f64>().unwrap_or_default();
    let whole: f64 = metrics
        .lines()
        .filter_map(|line| line.strip_prefix(BATCHES))
        .map(number)
        .sum();
    let mut shares = Map::new();
    for line in metrics.lines().filter_map(|line| line.strip_prefix(PART)) {
        if let Some((part, seconds)) = line.split_once("\"}") {
            shares.insert(part.to_owned(), json!(number(seconds) / whole));
        }
    }
    shares.insert("batch_seconds".to_owned(), json!(whole));

    shares.into()
}
