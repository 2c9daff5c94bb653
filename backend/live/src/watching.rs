//! What viewers' devices say of having watched, gathered and credited in sets.
//!
//! Each device tells for itself, and several times a minute; the books want a minute of a room at once. So what is
//! told is kept here until the minute is over and everyone has had time to report it, and then credited together. What
//! is told twice, by one device or by several, is one set of seconds. What is lost with its node is told again, for a
//! device forgets a minute when it has heard what became of it. Nodes do not tell each other: a minute whose seconds
//! were reported to two of them counts if they come to enough at one.

mod claims;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parlor_domain::id::{RoomId, TenantId, ViewerId};
use parlor_domain::room_aggregate::{CreditRefusal, WatchProof, WatchedMinute};
use parlor_domain::watching::{
    LATE_MAX_MS, Minute, NumberSet, PlayedSpan, SlotOutcome, check_membership,
};
use parlor_node::clock::Clock;
use parlor_node::health::{Health, Pulse};
use parlor_store::{Store, StoreError};
use parlor_writer::{CreditWatching, NotDone, Writer};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use claims::{Claims, Due};
pub use claims::{Standing, TooMany};

/// How long the places of minutes are kept: twice as long as a minute can be credited, for clocks that differ.
const PLACES_KEPT_MS: i64 = 2 * LATE_MAX_MS;
/// How often what is past is forgotten, here and in the database.
const FORGET_EVERY_MS: i64 = 60_000;
/// How many sets are credited at once: the minute of every room is over at the same time, and the database has other
/// things to do.
const CREDITS_AT_ONCE: usize = 8;

/// A room that devices report of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportedRoom {
    pub tenant_id: TenantId,
    pub room_id: RoomId,
}

/// What devices have reported to this node.
pub struct Watching {
    claims: Mutex<Claims>,
    changed: Notify,
    credited: Notify,
    turns: Semaphore,
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
            credited: Notify::new(),
            turns: Semaphore::new(CREDITS_AT_ONCE),
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

    /// Takes in when the picture of a device of `viewer_id` was played, and says how it stands with each minute of that
    /// which is not past crediting.
    pub fn report(
        &self,
        room: ReportedRoom,
        viewer_id: &ViewerId,
        played: &[PlayedSpan],
    ) -> Result<BTreeMap<Minute, Standing>, TooMany> {
        let now = self.clock.now();
        let (standing, is_more) = self.claims().report(room, viewer_id, played, now)?;
        if is_more {
            self.changed.notify_one();
        }

        Ok(standing)
    }

    /// How it stands with a viewer's minute, if anything is known of it here.
    pub fn standing(
        &self,
        room: ReportedRoom,
        viewer_id: &ViewerId,
        minute: Minute,
    ) -> Option<Standing> {
        self.claims().standing(room, viewer_id, minute)
    }

    /// Credits whatever is proved, also of minutes that others may still report, and waits for what is being credited:
    /// the node goes away. What cannot be credited now is told again, elsewhere.
    pub async fn finish(self: &Arc<Self>) {
        let due = self.claims().take_all();
        let mut crediting = JoinSet::new();
        for one in due {
            let part = Arc::clone(self);
            crediting.spawn(async move { part.credit(one).await });
        }
        while crediting.join_next().await.is_some() {}
        loop {
            let credited = self.credited.notified();
            if !self.claims().is_crediting() {
                return;
            }
            credited.await;
        }
    }

    async fn credit_on(self: Arc<Self>, pulse: Arc<Pulse>) {
        let mut crediting = JoinSet::new();
        let mut forget_at = self.clock.now();
        // Whoever credited before has panicked, and nobody will say what became of it.
        self.claims().lose_sets(self.clock.now());
        loop {
            pulse.beat();
            let now = self.clock.now();
            let due = self.claims().take_due(now);
            for one in due {
                let part = Arc::clone(&self);
                crediting.spawn(async move { part.credit(one).await });
            }
            // A clock that was ahead has put it off.
            if forget_at <= now || forget_at > now.plus_millis(FORGET_EVERY_MS) {
                forget_at = now.plus_millis(FORGET_EVERY_MS);
                self.claims().forget(now);
                let part = Arc::clone(&self);
                crediting.spawn(async move { part.forget_places().await });
            }
            let next = self.claims().poll_timeout();
            let next = next.map_or(forget_at, |next| next.min(forget_at));

            pulse.rest();
            tokio::select! {
                Some(credited) = crediting.join_next() => {
                    if let Err(error) = credited {
                        tracing::error!(%error, "crediting a set broke off");
                        self.claims().lose_sets(self.clock.now());
                    }
                }
                () = self.changed.notified() => {}
                () = self.clock.sleep_until(next) => {}
            }
        }
    }

    async fn credit(&self, due: Due) {
        let turn = self.turns.acquire().await;
        let credited = self.try_credit(&due).await;
        drop(turn);
        let now = self.clock.now();
        match credited {
            Ok(outcomes) => self.claims().handle_credited(&due, &outcomes, now),
            Err(error) => {
                tracing::warn!(%error, room_id = %due.room.room_id, "a minute is not credited yet");
                self.claims().handle_failed(&due, now);
            }
        }
        self.credited.notify_waiters();
    }

    /// Credits a minute to those who proved it, and says what became of each.
    async fn try_credit(&self, due: &Due) -> Result<Outcomes, NotCredited> {
        let ReportedRoom { tenant_id, room_id } = due.room;
        let watchers = self
            .store
            .watchers(tenant_id, room_id, &due.viewers)
            .await?;
        let mut outcomes = all(due, SlotOutcome::NotAMember);
        let mut members = BTreeMap::new();
        for one in watchers {
            match check_membership(one.membership, one.joined_at, one.left_at, due.minute) {
                Ok(()) => drop(members.insert(one.number, one.viewer_id)),
                Err(outcome) => drop(outcomes.insert(one.viewer_id, (outcome, 0))),
            }
        }
        if members.is_empty() {
            return Ok(outcomes);
        }
        let numbers = NumberSet::new(members.keys().copied().collect());
        let command = CreditWatching(WatchedMinute {
            // Which one it was is found by the minute: a device may not have heard that another has begun.
            session_id: None,
            minute: due.minute,
            members: numbers.expect("no more are taken than a command credits"),
            proof: WatchProof::Devices(members.clone()),
        });
        let credited = match self.writer.submit(tenant_id, room_id, command).await {
            Ok(credited) => credited,
            // The room is gone, or archived: no session is there to be watched.
            Err(NotDone::NotFound(_) | NotDone::Refused(CreditRefusal::Act(_))) => {
                return Ok(all(due, SlotOutcome::OtherSession));
            }
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

    /// Forgets the places of minutes that are past crediting, by a clock that may say so.
    async fn forget_places(&self) {
        let Ok(now) = self.writer.stamp() else {
            return;
        };
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

fn all(due: &Due, outcome: SlotOutcome) -> Outcomes {
    let viewers = due.viewers.iter();

    viewers
        .map(|viewer_id| (viewer_id.clone(), (outcome, 0)))
        .collect()
}

/// Why a minute is to be credited again.
#[derive(Debug, thiserror::Error)]
enum NotCredited {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Writer(String),
}

impl From<NotDone<CreditRefusal>> for NotCredited {
    fn from(not_done: NotDone<CreditRefusal>) -> Self {
        if let NotDone::Refused(refusal) = not_done {
            return Self::Writer(refusal.to_string());
        }

        Self::Writer(not_done.to_string())
    }
}
