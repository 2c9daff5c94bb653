//! What viewers' devices say of having watched, gathered and credited in sets.
//!
//! Each device tells for itself, and several times a minute; the books want a minute of a room at once. So what is
//! told is kept here until the minute is over and everyone has had time to report it, and then credited together. What
//! is told twice, by one device or by several, is one set of seconds. A report that is lost with its node is told
//! again, for a device forgets a minute when it has heard what became of it.

mod claims;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parlor_domain::id::{RoomId, SessionId, TenantId, ViewerId};
use parlor_domain::room_aggregate::{WatchProof, WatchedMinute};
use parlor_domain::time::ServerTime;
use parlor_domain::watching::{
    LATE_MAX_MS, Minute, NumberSet, PlayedSeconds, SlotOutcome, check_membership,
};
use parlor_node::clock::Clock;
use parlor_node::health::{Health, Pulse};
use parlor_store::{Store, StoreError};
use parlor_writer::{CreditWatching, NotDone, Writer};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use claims::{Claims, Due};
pub use claims::{Standing, TooMany};

/// How long minutes are remembered whose places nothing can be credited to any more: long enough that a clock which
/// is off by minutes forgets none too early.
const PLACES_KEPT_MS: i64 = 2 * LATE_MAX_MS;
/// How often they are forgotten.
const FORGET_EVERY_MS: i64 = 5 * 60_000;

/// A session that somebody watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watched {
    pub tenant_id: TenantId,
    pub room_id: RoomId,
    pub session_id: SessionId,
}

/// What devices have reported to this node.
pub struct Watching {
    claims: Mutex<Claims>,
    changed: Notify,
    clock: Clock,
    store: Store,
    writer: Writer,
}

impl Watching {
    /// Begins to credit what is reported. To be called within a runtime.
    pub fn start(store: &Store, writer: &Writer, clock: &Clock, health: &Health) -> Arc<Self> {
        let watching = Arc::new(Self {
            claims: Mutex::default(),
            changed: Notify::new(),
            clock: clock.clone(),
            store: store.clone(),
            writer: writer.clone(),
        });
        let part = Arc::clone(&watching);
        health.spawn("the crediting of reports", move |pulse| {
            Arc::clone(&part).credit_on(pulse)
        });

        watching
    }

    /// Takes in in which seconds a device of `viewer_id` has played, and says how it stands with each of these minutes.
    pub fn report(
        &self,
        watched: Watched,
        viewer_id: &ViewerId,
        played: &BTreeMap<Minute, PlayedSeconds>,
    ) -> Result<BTreeMap<Minute, Standing>, TooMany> {
        let standing = self.claims().report(watched, viewer_id, played)?;
        self.changed.notify_one();

        Ok(standing)
    }

    /// Credits whatever is proved, also of minutes that others may still report: the node goes away.
    pub async fn finish(self: &Arc<Self>) {
        let due = self.claims().take_all();
        let mut crediting = JoinSet::new();
        for one in due {
            let part = Arc::clone(self);
            crediting.spawn(async move { part.credit(one).await });
        }
        crediting.join_all().await;
    }

    async fn credit_on(self: Arc<Self>, pulse: Arc<Pulse>) {
        let mut crediting = JoinSet::new();
        let mut forget_at = self.clock.now();
        // Whoever credited before has panicked, and nobody will say what became of it.
        self.claims().lose_sets();
        loop {
            pulse.beat();
            let now = self.clock.now();
            let due = self.claims().take_due(now);
            for one in due {
                let part = Arc::clone(&self);
                crediting.spawn(async move { part.credit(one).await });
            }
            if forget_at <= now {
                forget_at = now.plus_millis(FORGET_EVERY_MS);
                let part = Arc::clone(&self);
                crediting.spawn(async move { part.forget(now).await });
            }
            let next = self.claims().poll_timeout();
            let next = next.map_or(forget_at, |next| next.min(forget_at));

            pulse.rest();
            tokio::select! {
                Some(credited) = crediting.join_next() => {
                    credited.expect("crediting a set does not panic");
                }
                () = self.changed.notified() => {}
                () = self.clock.sleep_until(next) => {}
            }
        }
    }

    async fn credit(&self, due: Due) {
        match self.try_credit(&due).await {
            Ok(outcomes) => {
                let now = self.clock.now();
                self.claims().handle_credited(&due, &outcomes, now);
            }
            Err(error) => {
                tracing::warn!(%error, room_id = %due.watched.room_id, "a minute is not credited yet");
                self.claims().handle_failed(&due, self.clock.now());
            }
        }
    }

    /// Credits a minute to those who proved it, and says what became of each.
    async fn try_credit(&self, due: &Due) -> Result<Outcomes, NotCredited> {
        let Watched {
            tenant_id,
            room_id,
            session_id,
        } = due.watched;
        let watchers = self
            .store
            .watchers(tenant_id, room_id, &due.viewers)
            .await?;
        let mut outcomes: Outcomes = due
            .viewers
            .iter()
            .map(|viewer_id| (viewer_id.clone(), (SlotOutcome::NotAMember, 0)))
            .collect();
        let mut members = BTreeMap::new();
        for one in watchers {
            match check_membership(one.membership, one.joined_at, one.left_at, due.minute) {
                Ok(()) => drop(members.insert(one.number, one.viewer_id)),
                Err(outcome) => drop(outcomes.insert(one.viewer_id, (outcome, 0))),
            }
        }
        let numbers = NumberSet::new(members.keys().copied().collect());
        let command = CreditWatching(WatchedMinute {
            session_id,
            minute: due.minute,
            members: numbers.expect("no more are taken than a command credits"),
            proof: WatchProof::Devices(members.clone()),
        });
        let credited = match self.writer.submit(tenant_id, room_id, command).await {
            Ok(credited) => credited,
            // The room is gone, or archived: there is nothing there to watch.
            Err(NotDone::NotFound(_) | NotDone::Refused(_)) => return Ok(outcomes),
            Err(not_done) => return Err(not_done.into()),
        };
        let points: BTreeMap<_, _> = credited
            .legs
            .iter()
            .map(|leg| (leg.member, leg.points))
            .collect();
        for (number, outcome) in credited.outcomes {
            let points = points.get(&number).copied().unwrap_or(0);
            outcomes.insert(members[&number].clone(), (outcome, points));
        }

        Ok(outcomes)
    }

    async fn forget(&self, now: ServerTime) {
        let before = Minute::of(now.plus_millis(-PLACES_KEPT_MS));
        if let Err(error) = self.store.forget_places(before).await {
            tracing::warn!(%error, "old minutes are not forgotten yet");
        }
    }

    fn claims(&self) -> MutexGuard<'_, Claims> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of each viewer's minute, and what it brought.
type Outcomes = BTreeMap<ViewerId, (SlotOutcome, i64)>;

/// Why a minute is to be credited again.
#[derive(Debug, thiserror::Error)]
enum NotCredited {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Writer(String),
}

impl<R> From<NotDone<R>> for NotCredited {
    fn from(not_done: NotDone<R>) -> Self {
        Self::Writer(not_done.to_string())
    }
}
