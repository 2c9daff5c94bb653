//! When the members of a group are told how many are online: when it is not what they know, and not
//! too often.

use std::time::{Duration, Instant};

use parlor_domain::room_aggregate::OnlineCount;
use tokio::sync::watch;

/// What members know, and when they may be told again.
#[derive(Debug)]
pub(super) struct PresencePace {
    every: Duration,
    /// What all members were told last; `None` if not all were told the same.
    told: Option<i64>,
    rests_until: Option<Instant>,
}

impl PresencePace {
    /// A pace of one message `every`, for a group without members.
    pub(super) fn new(every: Duration) -> Self {
        Self {
            every,
            told: None,
            rests_until: None,
        }
    }

    /// Adds a member that was told `count`, the `is_first` of all or not.
    pub(super) fn add_told(&mut self, count: i64, is_first: bool) {
        self.told = Some(count).filter(|count| is_first || self.told == Some(*count));
    }

    /// From when on the members may be told that there are `count`; `None` if they know.
    fn due_at(&self, count: i64, now: Instant) -> Option<Instant> {
        (self.told != Some(count)).then(|| self.rests_until.unwrap_or(now))
    }

    /// Whether to tell the members now that there are `count`, and if so notes that they were told,
    /// which `is_for_all` of them or not.
    pub(super) fn tell(&mut self, count: i64, is_for_all: bool, now: Instant) -> bool {
        let is_due = self.due_at(count, now).is_some_and(|at| at <= now);
        if is_due {
            self.told = is_for_all.then_some(count);
            self.rests_until = Some(now + self.every);
        }

        is_due
    }
}

/// Returns when [`PresencePace::tell`] has something to tell.
pub(super) async fn due(pace: Option<&PresencePace>, online: &mut watch::Receiver<OnlineCount>) {
    let Some(pace) = pace else {
        return std::future::pending().await;
    };
    loop {
        let count = online.borrow_and_update().count;
        let due_at = pace.due_at(count, now());
        if due_at.is_some_and(|at| at <= now()) {
            return;
        }

        tokio::select! {
            changed = online.changed() => changed.expect("the group holds the room"),
            () = sleep_until(due_at) => {}
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_knows_is_not_told_and_whoever_does_not_waits_their_turn() {
        let start = now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut pace = PresencePace::new(Duration::from_secs(1));
        pace.add_told(3, true);

        assert!(!pace.tell(3, true, at(0)));
        assert!(pace.tell(4, true, at(0)));
        assert!(!pace.tell(5, true, at(999)));
        assert!(!pace.tell(4, true, at(2_000)), "it is what they know");
        assert!(pace.tell(5, true, at(2_000)));

        pace.add_told(4, false);
        assert!(pace.tell(5, true, at(3_000)), "one of them was told less");
        assert!(pace.tell(6, false, at(4_000)));
        assert!(pace.tell(6, true, at(5_000)), "not all heard it");
        assert!(!pace.tell(6, true, at(6_000)));
    }

    #[tokio::test]
    async fn what_came_too_soon_is_due_when_the_rest_is_over() {
        let every = Duration::from_millis(20);
        let mut pace = PresencePace::new(every);
        let told_at = now();
        assert!(pace.tell(1, true, told_at));
        let online = watch::Sender::new(OnlineCount {
            count: 2,
            changes: 2,
        });

        let mut news = online.subscribe();
        let wait = due(Some(&pace), &mut news);
        tokio::time::timeout(Duration::from_secs(20), wait)
            .await
            .expect("nothing else has to happen");
        assert!(now() >= told_at + every);
    }
}
