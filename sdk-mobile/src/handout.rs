//! What is delivered, on its way to whoever consumes it: each consumer gets all of it.
//!
//! One log, in which each consumer has a place. What all have passed is forgotten; who is too far behind holds
//! up the driver, and with it everybody. While nobody consumes, the place of the last who did is kept for the
//! next, so that a screen that is built anew misses nothing.
//!
//! A consumer whose wait was cancelled may never come back, and its host may let go of it much later: until it
//! waits again it rests, and holds nobody up.

use crate::machine::Machine;
use crate::record::Delivery;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Deliveries that wait for one consumer before the driver stands still. Enough for a burst, and little enough
/// to drop when the application stops.
pub(crate) const WAITING_MAX: u64 = 64;

/// The consumers' end.
#[derive(Debug)]
pub(crate) struct Handout {
    log: Mutex<Log>,
    came: watch::Receiver<()>,
    /// A consumer has moved on, or come, or gone.
    moved: watch::Sender<()>,
}

/// The driver's end. What was handed in can still be consumed once it is gone.
pub(crate) struct Intake {
    handout: Arc<Handout>,
    came: watch::Sender<()>,
    moved: watch::Receiver<()>,
}

/// Names a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConsumerId(u64);

#[derive(Debug)]
struct Log {
    entries: VecDeque<Arc<Delivery>>,
    /// How many were handed in before the first of the entries.
    forgotten: u64,
    consumers: Vec<Consumer>,
    named: u64,
    /// Where the last one left, for the next while there is none.
    kept: Option<Place>,
}

#[derive(Debug)]
struct Consumer {
    id: ConsumerId,
    place: Place,
    is_resting: bool,
}

/// How far a consumer is.
#[derive(Debug)]
struct Place {
    /// What it begins with, if it came when the room's state had been told already.
    first: Option<Arc<Delivery>>,
    /// How many were handed in before its next.
    next: u64,
}

/// A wait of a consumer, which rests if this is dropped before it is over.
struct Waiting<'a> {
    handout: &'a Handout,
    id: ConsumerId,
    is_over: bool,
}

impl Handout {
    pub(crate) fn new() -> (Arc<Self>, Intake) {
        let (came_sender, came) = watch::channel(());
        let (moved, moved_receiver) = watch::channel(());
        let log = Mutex::new(Log {
            entries: VecDeque::new(),
            forgotten: 0,
            consumers: Vec::new(),
            named: 0,
            kept: Some(Place {
                first: None,
                next: 0,
            }),
        });
        let handout = Arc::new(Self { log, came, moved });
        let intake = Intake {
            handout: handout.clone(),
            came: came_sender,
            moved: moved_receiver,
        };

        (handout, intake)
    }

    /// Takes in a consumer: where the last one left, or else with the room as it is now.
    pub(crate) fn join(&self, machine: &Machine) -> ConsumerId {
        let mut log = self.log();
        let id = ConsumerId(log.named);
        log.named += 1;
        drop(log);
        self.wake(id, machine);

        id
    }

    /// Lets a consumer go. Does nothing for one that has gone.
    pub(crate) fn leave(&self, id: ConsumerId) {
        let mut log = self.log();
        let Some(index) = log.index(id) else {
            return;
        };
        let was_alone = log.is_alone(id);
        let consumer = log.consumers.swap_remove(index);
        if was_alone {
            log.kept = Some(consumer.place);
        }
        log.forget();
        drop(log);
        self.wake_driver();
    }

    /// Returns what comes next for a consumer, if it is there. It stays so until the consumer moves on.
    pub(crate) fn peek(&self, id: ConsumerId) -> Option<Delivery> {
        self.log().next(id).map(|next| Delivery::clone(next))
    }

    /// Moves a consumer on behind what comes next for it, and returns that.
    pub(crate) fn take(&self, id: ConsumerId) -> Option<Arc<Delivery>> {
        let mut log = self.log();
        let next = log.next(id)?.clone();
        let index = log.index(id)?;
        let place = &mut log.consumers[index].place;
        if place.first.take().is_none() {
            place.next += 1;
        }
        log.forget();
        drop(log);
        self.wake_driver();

        Some(next)
    }

    /// Waits until there is something for a consumer. Returns false once nothing can come any more. Whoever is
    /// cancelled rests until the next wait.
    pub(crate) async fn wait(&self, id: ConsumerId, machine: &Machine) -> bool {
        let mut waiting = Waiting {
            handout: self,
            id,
            is_over: false,
        };
        self.wake(id, machine);
        let mut came = self.came.clone();
        let mut is_there = self.log().next(id).is_some();
        while !is_there {
            let may_come = came.changed().await.is_ok();
            is_there = self.log().next(id).is_some();
            if !may_come {
                break;
            }
        }
        waiting.is_over = true;

        is_there
    }

    /// Has the driver look again at who holds it up.
    pub(crate) fn wake_driver(&self) {
        self.moved.send_replace(());
    }

    /// Ends a consumer's rest. One whose place was given up, or that has none yet, goes on where the last one
    /// left, or else with the room as it is now.
    fn wake(&self, id: ConsumerId, machine: &Machine) {
        let mut log = self.log();
        if let Some(index) = log.index(id) {
            log.consumers[index].is_resting = false;
            return;
        }
        drop(log);

        // Held meanwhile, so that the room is as it is after all that has been handed in, and before what comes.
        let core = machine.core();
        let mut log = self.log();
        let place = log.take_kept().unwrap_or_else(|| Place {
            first: (log.end() > 0).then(|| {
                Arc::new(Delivery::StateReplaced {
                    room: core.room().into(),
                })
            }),
            next: log.end(),
        });
        log.consumers.push(Consumer {
            id,
            place,
            is_resting: false,
        });
    }

    fn rest(&self, id: ConsumerId) {
        let mut log = self.log();
        if let Some(index) = log.index(id) {
            log.consumers[index].is_resting = true;
        }
        log.forget();
        drop(log);
        self.wake_driver();
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.handout.rest(self.id);
        }
    }
}

impl Intake {
    /// Hands something in for everybody, who is to be told of it by [`Self::tell`].
    pub(crate) fn push(&self, delivery: Delivery) {
        let mut log = self.handout.log();
        log.entries.push_back(Arc::new(delivery));
        log.forget();
    }

    /// Tells who waits that something was handed in. Whoever waits may be woken on this very thread, so no lock
    /// is to be held.
    pub(crate) fn tell(&self) {
        self.came.send_replace(());
    }

    /// Returns whether somebody has so much to consume that nothing more is to be handed in.
    pub(crate) fn is_full(&self) -> bool {
        self.handout.log().entries.len() as u64 > WAITING_MAX
    }

    /// Gives up what is kept for the next consumer, while there is none. The next begins with the room as it is
    /// then.
    pub(crate) fn give_up_kept(&self) {
        let mut log = self.handout.log();
        log.kept = None;
        log.consumers.retain(|consumer| !consumer.is_resting);
        log.forget();
    }

    /// Waits until a consumer has moved on, or come, or gone.
    pub(crate) async fn moved(&mut self) {
        // The handout, which is held here, has the other end.
        let _ = self.moved.changed().await;
    }
}

impl Log {
    /// How many were handed in so far.
    fn end(&self) -> u64 {
        self.forgotten + self.entries.len() as u64
    }

    fn index(&self, id: ConsumerId) -> Option<usize> {
        self.consumers.iter().position(|consumer| consumer.id == id)
    }

    fn next(&self, id: ConsumerId) -> Option<&Arc<Delivery>> {
        let place = &self.consumers[self.index(id)?].place;
        let index = usize::try_from(place.next - self.forgotten).ok()?;

        place.first.as_ref().or_else(|| self.entries.get(index))
    }

    fn is_alone(&self, id: ConsumerId) -> bool {
        let mut others = self.consumers.iter().filter(|other| other.id != id);

        others.all(|other| other.is_resting)
    }

    /// Returns the place for the next consumer, if there is none: where the last one left, or rests.
    fn take_kept(&mut self) -> Option<Place> {
        if self.consumers.iter().any(|consumer| !consumer.is_resting) {
            return None;
        }
        if let Some(kept) = self.kept.take() {
            return Some(kept);
        }

        self.consumers.pop().map(|consumer| consumer.place)
    }

    /// Drops what nobody will ask for. Beside others, who rests and is too far behind has given up its place.
    fn forget(&mut self) {
        let end = self.end();
        if self.consumers.iter().any(|consumer| !consumer.is_resting) {
            self.kept = None;
            self.consumers
                .retain(|one| !one.is_resting || end - one.place.next <= WAITING_MAX);
        }
        let places = self.consumers.iter().map(|consumer| &consumer.place);
        let needed = places.chain(&self.kept).map(|place| place.next).min();
        while self.forgotten < needed.unwrap_or(end) {
            self.entries.pop_front();
            self.forgotten += 1;
        }
    }
}
