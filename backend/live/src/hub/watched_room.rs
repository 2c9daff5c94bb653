//! A room that somebody on this node follows.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use parlor_domain::event::Event;
use parlor_domain::id::{Epoch, RoomId};
use parlor_domain::room_aggregate::OnlineCount;
use parlor_store::{Committed, LogPosition, RoomHead, StaffHead, Store, StoreError};
use tokio::sync::watch;

use super::Hub;
use super::recent_log::{Added, RecentLog};
use super::wallets::FollowedWallets;

/// Events read from the store at once to fill a gap.
const FILL_EVENTS: usize = 256;

/// Where a log ends, as far as is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub epoch: Epoch,
    pub seq: i64,
}

/// What a follower finds behind its position.
#[derive(Debug)]
pub enum Following {
    /// The next events, without a gap; none if the follower is at the head.
    Events(Vec<Arc<Event>>),
    /// The log is another, or does not reach back any more: the follower has to start anew.
    Lost,
    /// The room was deleted.
    Gone,
}

/// A room's recent log, and the news of it.
pub struct WatchedRoom {
    id: RoomId,
    pub(super) hub: Weak<Hub>,
    log: Mutex<Option<RecentLog>>,
    position: watch::Sender<Option<Position>>,
    online: watch::Sender<OnlineCount>,
    staff: watch::Sender<StaffHead>,
    gone: watch::Sender<bool>,
    pub(super) wallets: Mutex<FollowedWallets>,
    filling: AtomicBool,
    /// How far the log is known to reach.
    wanted_seq: AtomicI64,
}

impl WatchedRoom {
    pub(super) fn new(id: RoomId, hub: Weak<Hub>) -> Self {
        Self {
            id,
            hub,
            log: Mutex::default(),
            position: watch::Sender::new(None),
            online: watch::Sender::new(OnlineCount::default()),
            staff: watch::Sender::new(StaffHead::default()),
            gone: watch::Sender::new(false),
            wallets: Mutex::default(),
            filling: AtomicBool::new(false),
            wanted_seq: AtomicI64::new(0),
        }
    }

    pub fn id(&self) -> RoomId {
        self.id
    }

    /// News of where the log ends.
    pub fn positions(&self) -> watch::Receiver<Option<Position>> {
        self.position.subscribe()
    }

    /// Says that the log was read up to `position`, which makes it the place to go on from if
    /// nothing else is known.
    pub fn note(&self, position: Position) {
        self.change(|log| {
            if log.as_ref().is_none_or(|log| log.epoch != position.epoch) {
                *log = Some(RecentLog::new(position.epoch, position.seq));
            }
        });
    }

    /// How many events are known to follow `position` in its log.
    pub fn behind_by(&self, position: Position) -> i64 {
        let known = self.known().filter(|known| known.epoch == position.epoch);
        known.map_or(0, |known| known.seq - position.seq)
    }

    /// News of how many are online.
    pub fn online(&self) -> watch::Receiver<OnlineCount> {
        self.online.subscribe()
    }

    /// News of where what staff follows ends.
    pub fn staff(&self) -> watch::Receiver<StaffHead> {
        self.staff.subscribe()
    }

    /// Says where what staff follows was found to end. What was known is kept where it is further.
    fn note_staff(&self, found: StaffHead) {
        self.staff.send_if_modified(|known| {
            let newest = StaffHead {
                audited: found.audited.max(known.audited),
                queue: found.queue.max(known.queue),
                disputes: found.disputes.max(known.disputes),
            };
            let is_news = newest != *known;
            *known = newest;
            is_news
        });
    }

    /// Returns once the room was deleted.
    pub async fn gone(&self) {
        let mut gone = self.gone.subscribe();
        gone.wait_for(|gone| *gone)
            .await
            .expect("this room holds the sender");
    }

    /// Says that the room was deleted, which is for ever.
    pub(super) fn end(&self) {
        self.gone.send_replace(true);
    }

    /// Says how many were found to be online. What was known is kept if it is newer.
    pub fn note_online(&self, found: OnlineCount) {
        self.online.send_if_modified(|known| {
            let is_news = found.changes > known.changes;
            if is_news {
                *known = found;
            }
            is_news
        });
    }

    /// The events behind `position`, at most `limit`, from memory or else from the store.
    pub async fn following(
        &self,
        position: Position,
        limit: usize,
        store: &Store,
    ) -> Result<Following, StoreError> {
        if *self.gone.borrow() {
            return Ok(Following::Gone);
        }
        let held = match &*self.log() {
            Some(log) if log.epoch != position.epoch => return Ok(Following::Lost),
            Some(log) => log.after(position.seq, limit),
            None => None,
        };
        if let Some(events) = held {
            return Ok(Following::Events(events));
        }

        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = store.events_after(self.id, log_position(position), limit);
        let follows = |events: &Vec<Event>| {
            let first = events.first();
            first.is_some_and(|event| event.seq == position.seq + 1)
        };
        Ok(match read.await?.events().filter(follows) {
            Some(events) => Following::Events(events.into_iter().map(Arc::new).collect()),
            // What is not held and not kept is gone.
            None => Following::Lost,
        })
    }

    /// Takes in a publication.
    pub(super) fn take(self: &Arc<Self>, committed: Committed) {
        if committed.is_deleted {
            return self.end();
        }
        let Committed {
            epoch,
            after_seq,
            events,
            online,
            staff,
            wallets,
            ..
        } = committed;
        let through_seq = events.last().map_or(after_seq, |event| event.seq);
        let added = self.change(|log| {
            let log = match log {
                Some(log) if log.epoch == epoch => log,
                other => other.insert(RecentLog::new(epoch, after_seq)),
            };
            log.add(after_seq, events)
        });
        // After the events, so that one message tells of both.
        self.note_online(online);
        self.note_staff(staff);
        if let Some(changes) = wallets {
            self.take_wallets(epoch, changes);
        }

        match added {
            Added::Advanced | Added::Known => (),
            Added::Gap => {
                metrics::counter!("parlor_publication_gaps_total").increment(1);
                self.fill_to(through_seq);
            }
            Added::Diverged => {
                let room = Arc::clone(self);
                tokio::spawn(async move { room.renew(epoch).await });
            }
        }
    }

    /// Has the log of `epoch`, which went back, become another one.
    async fn renew(&self, epoch: Epoch) {
        if let Some(hub) = self.hub.upgrade() {
            hub.renew(self.id, epoch).await;
        }
    }

    /// Compares what is known with what the store says.
    pub(super) fn compare(self: &Arc<Self>, found: RoomHead) {
        self.compare_wallets(&found.log);
        let Some(known) = self.known() else { return };
        let head = Position {
            epoch: found.log.epoch,
            seq: found.log.seq,
        };
        if known.epoch != head.epoch {
            self.note(head);
            // Changes may have been taken back together with the end of the log.
            self.online.send_replace(found.online);
            self.staff.send_replace(found.staff);
            return;
        }

        self.note_online(found.online);
        self.note_staff(found.staff);
        if known.seq < head.seq {
            self.fill_to(head.seq);
        }
    }

    fn fill_to(self: &Arc<Self>, seq: i64) {
        self.wanted_seq.fetch_max(seq, Ordering::AcqRel);
        if !self.filling.swap(true, Ordering::AcqRel) {
            let room = Arc::clone(self);
            tokio::spawn(async move {
                if let Err(error) = room.fill().await {
                    if let Some(hub) = room.hub.upgrade() {
                        hub.reads().count_failed("a gap");
                    }
                    tracing::warn!(%error, room_id = %room.id, "a gap in a log could not be filled");
                }
                // A gap that opened meanwhile, or was not filled, is found by the next check of heads.
                room.filling.store(false, Ordering::Release);
            });
        }
    }

    async fn fill(&self) -> Result<(), StoreError> {
        while let Some(hub) = self.hub.upgrade()
            && let Some(from) = self.known()
            && from.seq < self.wanted_seq.load(Ordering::Acquire)
        {
            let limit = i64::try_from(FILL_EVENTS).unwrap_or(i64::MAX);
            let after_seq = match &*self.log() {
                Some(log) if log.epoch == from.epoch => log.rejoin_seq(),
                Some(_) | None => return Ok(()),
            };
            let after = log_position(Position {
                seq: after_seq,
                ..from
            });
            let read = hub.store().events_after(self.id, after, limit).await?;
            let Some(events) = read.events() else {
                return self.skip_to_head(hub.store()).await;
            };
            let Some(first_seq) = events.first().map(|event| event.seq) else {
                return Ok(());
            };
            let new = events.iter().filter(|event| event.seq > from.seq).count();
            metrics::counter!("parlor_events_filled_total").increment(new as u64);

            match self.add(from.epoch, first_seq - 1, events) {
                Some(Added::Advanced | Added::Gap) => (),
                Some(Added::Diverged) => {
                    self.renew(from.epoch).await;
                    return Ok(());
                }
                Some(Added::Known) | None => return Ok(()),
            }
        }

        Ok(())
    }

    /// Goes on at the log's end, for what lies before it cannot be had: it was trimmed, or the log is
    /// another. Whoever follows from before that starts anew.
    async fn skip_to_head(&self, store: &Store) -> Result<(), StoreError> {
        let Some(head) = store.head(self.id).await? else {
            return Ok(());
        };
        let is_behind = |log: &RecentLog| log.epoch != head.epoch || log.head_seq() < head.seq;
        self.change(|log| {
            if log.as_ref().is_none_or(is_behind) {
                *log = Some(RecentLog::new(head.epoch, head.seq));
            }
        });

        Ok(())
    }

    /// Adds what was read of the log of `epoch`. `None` if the log is another by now.
    fn add(&self, epoch: Epoch, after_seq: i64, events: Vec<Event>) -> Option<Added> {
        self.change(|log| {
            let log = log.as_mut().filter(|log| log.epoch == epoch)?;
            let added = log.add(after_seq, events);
            if added == Added::Gap {
                *log = RecentLog::new(epoch, self.wanted_seq.load(Ordering::Acquire));
            }

            Some(added)
        })
    }

    /// Changes the log, and says where it ends: whatever is in it, that is known.
    fn change<T>(&self, change: impl FnOnce(&mut Option<RecentLog>) -> T) -> T {
        let mut log = self.log();
        let result = change(&mut log);
        let end = log.as_ref().map(|log| Position {
            epoch: log.epoch,
            seq: log.head_seq(),
        });
        self.position.send_if_modified(|known| {
            let is_news = *known != end;
            *known = end;
            is_news
        });

        result
    }

    /// Where the log is known to end.
    pub(super) fn known(&self) -> Option<Position> {
        *self.position.borrow()
    }

    fn log(&self) -> MutexGuard<'_, Option<RecentLog>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log_position(Position { epoch, seq }: Position) -> LogPosition {
    LogPosition { epoch, seq }
}

impl Drop for WatchedRoom {
    fn drop(&mut self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.forget(self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::event::LogHead;
    use uuid::Uuid;

    use super::*;

    const FIRST: Epoch = Epoch(Uuid::from_u128(1));
    const OTHER: Epoch = Epoch(Uuid::from_u128(2));

    fn watched() -> Arc<WatchedRoom> {
        let room = WatchedRoom::new(RoomId(Uuid::nil()), Weak::new());
        let (epoch, seq) = (FIRST, 0);
        room.note(Position { epoch, seq });

        Arc::new(room)
    }

    fn found(epoch: Epoch, count: i64, changes: i64, staff: StaffHead) -> RoomHead {
        RoomHead {
            log: LogHead::new(epoch),
            online: OnlineCount { count, changes },
            staff,
        }
    }

    fn staff(audited: i64, queue: i64) -> StaffHead {
        StaffHead {
            audited,
            queue,
            disputes: 0,
        }
    }

    #[test]
    fn what_was_read_before_is_no_news() {
        let room = watched();
        let (mut online, mut told) = (room.online(), room.staff());
        room.compare(found(FIRST, 5, 9, staff(3, 8)));
        assert_eq!(online.borrow_and_update().count, 5);
        assert_eq!(*told.borrow_and_update(), staff(3, 8));

        room.compare(found(FIRST, 4, 8, staff(2, 7)));
        room.compare(found(FIRST, 5, 9, staff(3, 8)));
        assert!(!online.has_changed().unwrap());
        assert!(!told.has_changed().unwrap());
        assert_eq!((online.borrow().count, *told.borrow()), (5, staff(3, 8)));

        // One of them is further and the other is not.
        room.note_staff(staff(4, 6));
        assert_eq!(*told.borrow_and_update(), staff(4, 8));
        room.note_staff(staff(1, 9));
        assert_eq!(*told.borrow_and_update(), staff(4, 9));
        let disputed = |disputes| StaffHead {
            disputes,
            ..staff(4, 9)
        };
        room.note_staff(disputed(2));
        assert_eq!(*told.borrow_and_update(), disputed(2));
        room.note_staff(disputed(1));
        assert!(!told.has_changed().unwrap());
        assert_eq!(*told.borrow(), disputed(2));
    }

    /// Somebody comes online while the first follower still reads the room.
    #[test]
    fn a_room_whose_first_news_has_no_events_is_compared_with_the_store() {
        let room = Arc::new(WatchedRoom::new(RoomId(Uuid::nil()), Weak::new()));
        room.take(Committed {
            room_id: room.id(),
            epoch: FIRST,
            after_seq: 81,
            events: Vec::new(),
            is_deleted: false,
            deadline: None,
            online: OnlineCount::default(),
            staff: StaffHead::default(),
            wallets: None,
        });
        let (epoch, seq) = (FIRST, 81);
        assert_eq!(room.known(), Some(Position { epoch, seq }));

        room.note(Position { epoch, seq });
        room.compare(found(OTHER, 0, 0, staff(0, 0)));
        assert_eq!(room.known().map(|known| known.epoch), Some(OTHER));
    }

    #[test]
    fn with_another_log_everything_is_as_it_was_found() {
        let room = watched();
        let (mut online, mut told) = (room.online(), room.staff());
        room.compare(found(FIRST, 5, 9, staff(3, 8)));

        room.compare(found(OTHER, 4, 8, staff(2, 7)));
        assert_eq!(online.borrow_and_update().count, 4);
        assert_eq!(*told.borrow_and_update(), staff(2, 7));
        assert_eq!(room.known().map(|known| known.epoch), Some(OTHER));

        // The trail may be as long as before and still be another one.
        room.compare(found(FIRST, 4, 8, staff(2, 7)));
        assert!(told.has_changed().unwrap());
    }
}
