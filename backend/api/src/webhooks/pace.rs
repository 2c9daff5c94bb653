//! How fast a source may tell of payments.

use std::collections::HashMap;

use parlor_domain::id::WebhookSourceId;
use parlor_domain::time::ServerTime;

/// Requests of a source at once, on each server: what a service sends after it was away for a while.
pub(super) const BURST_MAX: i64 = 100;
/// How long a request takes to be forgotten: 20 a second, each of which may be a batch of 100 messages.
pub(super) const REFILL_MS: i64 = 50;

/// How much each source has used up, as when it has nothing left of it. Only sources that signed are in it, and of those
/// who told nothing for a while none is.
#[derive(Debug, Default)]
pub(super) struct Pace {
    rested_at: HashMap<WebhookSourceId, i64>,
}

impl Pace {
    /// Takes a request in, or says after how many milliseconds there is room for it.
    pub(super) fn admit(&mut self, source: WebhookSourceId, now: ServerTime) -> Result<(), i64> {
        let now_ms = now.unix_millis();
        self.rested_at.retain(|_, rested_at| *rested_at > now_ms);
        let rested_at = self.rested_at.get(&source).copied().unwrap_or(now_ms);
        let next_at = rested_at + REFILL_MS;
        let over_ms = next_at - now_ms - BURST_MAX * REFILL_MS;
        // A clock that was set back leaves nobody waiting for longer than a burst.
        if over_ms > BURST_MAX * REFILL_MS {
            self.rested_at.insert(source, now_ms + REFILL_MS);
            return Ok(());
        }
        if over_ms > 0 {
            return Err(over_ms);
        }
        self.rested_at.insert(source, next_at);

        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_source_may_burst_and_then_goes_on_at_its_pace() {
        let mut pace = Pace::default();
        let source = |n| WebhookSourceId(Uuid::from_u128(n));
        let at = |ms| ServerTime::from_unix_millis(1_000_000 + ms);
        for _ in 0..BURST_MAX {
            assert_eq!(pace.admit(source(1), at(0)), Ok(()));
        }
        assert_eq!(pace.admit(source(1), at(0)), Err(REFILL_MS));
        assert_eq!(pace.admit(source(2), at(0)), Ok(()));
        assert_eq!(pace.admit(source(1), at(REFILL_MS)), Ok(()));
        assert_eq!(pace.admit(source(1), at(REFILL_MS)), Err(REFILL_MS));
        // Set back by an hour.
        assert_eq!(pace.admit(source(1), at(-3_600_000)), Ok(()));
    }
}
