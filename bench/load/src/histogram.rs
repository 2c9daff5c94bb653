//! Latencies in microseconds, recorded in each process of an audience and merged by its head.

use hdrhistogram::Histogram;

/// Longer ones count as this long.
const LATENCY_US_MAX: u64 = 60_000_000;
/// Three digits are exact.
const DIGITS: u8 = 3;

#[derive(Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        let histogram = Histogram::new_with_max(LATENCY_US_MAX, DIGITS);
        Self(histogram.expect("the range and the digits are possible"))
    }
}

impl Latencies {
    pub(crate) fn record(&mut self, latency_us: u64) {
        self.0.saturating_record(latency_us);
    }

    /// What was recorded, as one line: `microseconds:count` pairs.
    pub(crate) fn to_line(&self) -> String {
        let pairs = self.0.iter_recorded().map(|bucket| {
            let count = bucket.count_since_last_iteration();
            format!("{}:{count}", bucket.value_iterated_to())
        });

        pairs.collect::<Vec<_>>().join(" ")
    }

    /// Adds what another process recorded. Returns `None` if `line` is no such line.
    pub(crate) fn add_line(&mut self, line: &str) -> Option<()> {
        for pair in line.split_whitespace() {
            let (latency_us, count) = pair.split_once(':')?;
            self.0
                .saturating_record_n(latency_us.parse().ok()?, count.parse().ok()?);
        }

        Some(())
    }

    /// The latency that `percent` of all do not exceed.
    pub(crate) fn percentile_ms(&self, percent: f64) -> f64 {
        millis(self.0.value_at_percentile(percent))
    }

    pub(crate) fn max_ms(&self) -> f64 {
        millis(self.0.max())
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds below a minute")]
fn millis(us: u64) -> f64 {
    us as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_lines_equals_recording_in_one_place() {
        let (mut left, mut right, mut both) = (
            Latencies::default(),
            Latencies::default(),
            Latencies::default(),
        );
        for n in 0..1_000 {
            let half = if n % 2 == 0 { &mut left } else { &mut right };
            half.record(n * 100);
            both.record(n * 100);
        }

        let mut merged = Latencies::default();
        merged.add_line(&left.to_line()).unwrap();
        merged.add_line(&right.to_line()).unwrap();

        assert_eq!(merged.to_line(), both.to_line());
        assert!((merged.percentile_ms(50.0) - 49.9).abs() < 0.1);
        assert!((merged.max_ms() - 99.9).abs() < 0.1);
        assert_eq!(merged.add_line("12"), None);
    }
}
