//! What is delivered, on its way to whoever consumes it: each consumer gets all of it.
//!
//! One log, in which each consumer has a place. What all have passed is forgotten; who is too far behind holds
//! up the driver, and with it everybody. While nobody consumes, the place of the last who did is kept for the
//! next, so that a screen that is built anew misses nothing.

use crate::machine::Machine;
use crate::record::Delivery;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Deliveries that wait for one consumer before the driver stands still. Enough for a burst, and little enough
/// to drop when the application stops.
pub(crate) const WAITING_MAX: usize = 64;

/// The consumers' end.
#[derive(Debug)]
pub(crate) struct Handout {
    log: Mutex<Log>,
    came: watch::Receiver<()>,
    /// A consumer has moved on, or gone.
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
    consumers: Vec<(ConsumerId, Place)>,
    named: u64,
    /// Where the next consumer goes on, while there is none.
    kept: Option<Place>,
}

/// How far a consumer is.
#[derive(Debug)]
struct Place {
    /// What it begins with, if it came when the room's state had been told already.
    first: Option<Arc<Delivery>>,
    /// How many were handed in before its next.
    next: u64,
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
        // Held meanwhile, so that the room is as it is after all that has been handed in, and before what comes.
        let core = machine.core();
        let mut log = self.log();
        let place = log.kept.take().unwrap_or_else(|| Place {
            first: (log.end() > 0).then(|| {
                Arc::new(Delivery::StateReplaced {
                    room: core.room().into(),
                })
            }),
            next: log.end(),
        });
        let id = ConsumerId(log.named);
        log.named += 1;
        log.consumers.push((id, place));

        id
    }

    /// Lets a consumer go. Does nothing for one that has gone.
    pub(crate) fn leave(&self, id: ConsumerId) {
        let mut log = self.log();
        let Some(index) = log.consumers.iter().position(|(other, _)| *other == id) else {
            return;
        };
        let (_, place) = log.consumers.swap_remove(index);
        if log.consumers.is_empty() {
            log.kept = Some(place);
        }
        log.forget();
        drop(log);
        self.moved.send_replace(());
    }

    /// Returns what comes next for a consumer, if it is there. It stays so until the consumer moves on.
    pub(crate) fn peek(&self, id: ConsumerId) -> Option<Delivery> {
        self.log().next(id).map(|next| Delivery::clone(next))
    }

    /// Moves a consumer on behind what comes next for it.
    pub(crate) fn advance(&self, id: ConsumerId) {
        let mut log = self.log();
        if log.next(id).is_none() {
            return;
        }
        if let Some(place) = log.place_mut(id)
            && place.first.take().is_none()
        {
            place.next += 1;
        }
        log.forget();
        drop(log);
        self.moved.send_replace(());
    }

    /// Waits until there is something for a consumer. Returns false once nothing can come any more. Safe to
    /// cancel.
    pub(crate) async fn wait(&self, id: ConsumerId) -> bool {
        let mut came = self.came.clone();
        while self.log().next(id).is_none() {
            if came.changed().await.is_err() {
                return self.log().next(id).is_some();
            }
        }

        true
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intake {
    /// Hands something in for everybody.
    pub(crate) fn push(&self, delivery: Delivery) {
        let mut log = self.handout.log();
        log.entries.push_back(Arc::new(delivery));
        log.forget();
        drop(log);
        self.came.send_replace(());
    }

    /// Returns whether somebody has so much to consume that nothing more is to be handed in.
    pub(crate) fn is_full(&self) -> bool {
        self.handout.log().entries.len() > WAITING_MAX
    }

    /// Gives up what is kept for the next consumer, while there is none. The next begins with the room as it is
    /// then.
    pub(crate) fn give_up_kept(&self) {
        let mut log = self.handout.log();
        log.kept = None;
        log.forget();
    }

    /// Waits until a consumer has moved on, or gone.
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

    fn next(&self, id: ConsumerId) -> Option<&Arc<Delivery>> {
        let (_, place) = self.consumers.iter().find(|(other, _)| *other == id)?;
        let index = usize::try_from(place.next - self.forgotten).ok()?;

        place.first.as_ref().or_else(|| self.entries.get(index))
    }

    fn place_mut(&mut self, id: ConsumerId) -> Option<&mut Place> {
        let consumers = &mut self.consumers;

        consumers
            .iter_mut()
            .find_map(|(other, place)| (*other == id).then_some(place))
    }

    /// Drops what nobody will ask for.
    fn forget(&mut self) {
        let places = self.consumers.iter().map(|(_, place)| place);
        let needed = places.chain(&self.kept).map(|place| place.next).min();
        let needed = needed.unwrap_or_else(|| self.end());
        while self.forgotten < needed {
            self.entries.pop_front();
            self.forgotten += 1;
        }
    }
}
