//! The timer: ends trains and interrupted sessions when their time is over, also when it ran out
//! while the server was down.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::time::ServerTime;
use tokio::sync::Notify;

use super::{EndExpired, NotDone, Writer};
use crate::clock::Clock;

/// How long to wait before an end that could not be written is tried again.
const RETRY_MS: i64 = 1_000;

/// Rooms in which something ends at a time, so that many ending at once leave room in the writer's queues.
const DUE_MAX: usize = 1_000;

/// When something in a room runs out of time, as of the room's last commit.
pub(super) struct Deadlines {
    times: Mutex<Times>,
    changed: Notify,
}

#[derive(Default)]
struct Times {
    by_room: BTreeMap<RoomId, (ServerTime, TenantId)>,
    by_time: BTreeSet<(ServerTime, RoomId)>,
}

impl Deadlines {
    pub(super) fn new(deadlines: Vec<(RoomId, TenantId, ServerTime)>) -> Self {
        let mut times = Times::default();
        for (room_id, tenant_id, at) in deadlines {
            times.set(room_id, Some((at, tenant_id)));
        }

        Self {
            times: Mutex::new(times),
            changed: Notify::new(),
        }
    }

    /// Notes that something in the room ends at `deadline`, or that nothing does.
    pub(super) fn set(&self, room_id: RoomId, tenant_id: TenantId, deadline: Option<ServerTime>) {
        if self
            .times()
            .set(room_id, deadline.map(|at| (at, tenant_id)))
        {
            self.changed.notify_one();
        }
    }

    /// Ends what runs out of time until the writer stops.
    pub(super) async fn run(self: Arc<Self>, writer: Writer, clock: Clock) {
        loop {
            let next = self.times().first();
            tokio::select! {
                () = writer.stopped() => return,
                () = self.changed.notified() => {}
                () = sleep_until(&clock, next) => self.end_due(&writer, clock.now()).await,
            }
        }
    }

    async fn end_due(&self, writer: &Writer, now: ServerTime) {
        let due = self.times().take_due(now);
        join_all(due.into_iter().map(|(room_id, tenant_id)| async move {
            match writer.submit(tenant_id, room_id, EndExpired).await {
                Ok(()) | Err(NotDone::RoomNotFound | NotDone::Stopping) => {}
                Err(error) => {
                    tracing::warn!(%room_id, %error, "a train's end was not written; trying again");
                    self.set(room_id, tenant_id, Some(now.plus_millis(RETRY_MS)));
                }
            }
        }))
        .await;
    }

    fn times(&self) -> std::sync::MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Times {
    /// Returns whether the room's deadline changed.
    fn set(&mut self, room_id: RoomId, deadline: Option<(ServerTime, TenantId)>) -> bool {
        let before = match deadline {
            Some(deadline) => self.by_room.insert(room_id, deadline),
            None => self.by_room.remove(&room_id),
        };
        if before == deadline {
            return false;
        }
        if let Some((at, _)) = before {
            self.by_time.remove(&(at, room_id));
        }
        if let Some((at, _)) = deadline {
            self.by_time.insert((at, room_id));
        }

        true
    }

    fn first(&self) -> Option<ServerTime> {
        self.by_time.first().map(|(at, _)| *at)
    }

    fn take_due(&mut self, now: ServerTime) -> Vec<(RoomId, TenantId)> {
        let mut due = Vec::new();
        while let Some((at, room_id)) = self.by_time.first().copied()
            && at <= now
            && due.len() < DUE_MAX
        {
            self.by_time.pop_first();
            if let Some((_, tenant_id)) = self.by_room.remove(&room_id) {
                due.push((room_id, tenant_id));
            }
        }

        due
    }
}

async fn sleep_until(clock: &Clock, at: Option<ServerTime>) {
    match at {
        Some(at) => clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}
