//! Alerts one at a time, for applications that draw them.

use alloc::rc::{Rc, Weak};
use alloc::vec::Vec;
use core::cell::{OnceCell, RefCell};

use js_sys::Function;
use parlor_sdk_core::{AlertInput, AlertLimits, AlertQueue, Delivery, RoomEvent, SceneTime};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::client::{Client, ClientCell};
use crate::convert;

/// Alerts that wait, and the one on stage. It moves with the picture of the client that it is of.
#[wasm_bindgen]
pub struct RoomAlerts {
    stage: Rc<Stage>,
}

struct Stage {
    client: Weak<OnceCell<Client>>,
    queue: RefCell<AlertQueue<RoomEvent>>,
    scene: RefCell<SceneTime>,
    priority: Option<Function>,
}

/// The queues of a client that somebody still has.
#[derive(Default)]
pub(super) struct AlertQueues(RefCell<Vec<Weak<Stage>>>);

impl AlertQueues {
    /// Makes an empty one that takes in what is delivered from now on.
    pub(super) fn open(
        &self,
        client: &ClientCell,
        limits: AlertLimits,
        priority: Option<Function>,
    ) -> RoomAlerts {
        let stage = Rc::new(Stage {
            client: Rc::downgrade(client),
            queue: RefCell::new(AlertQueue::new(limits)),
            scene: RefCell::default(),
            priority,
        });
        let mut queues = self.0.borrow_mut();
        queues.retain(|queue| queue.strong_count() > 0);
        queues.push(Rc::downgrade(&stage));

        RoomAlerts { stage }
    }

    /// Nothing is borrowed meanwhile: the application's code runs here.
    pub(super) fn take(&self, delivery: &Delivery) {
        let queues: Vec<Rc<Stage>> = self.0.borrow().iter().filter_map(Weak::upgrade).collect();
        for queue in queues {
            queue.take(delivery);
        }
    }
}

#[wasm_bindgen]
impl RoomAlerts {
    /// Returns what there is now: `{ onStage, nextChangeInMs, isPaused, backlog, shown, expired, cleared }`.
    pub fn look(&self) -> JsValue {
        let now_ms = self.stage.follow();

        convert::alerts(&self.stage.queue.borrow(), now_ms)
    }

    /// Lets nothing more on stage until `resume`.
    pub fn pause(&self) {
        self.stage.follow();
        self.stage.queue.borrow_mut().pause();
    }

    /// Goes on with what waits.
    pub fn resume(&self) {
        self.stage.follow();
        self.stage.queue.borrow_mut().resume();
    }

    /// Has the alert on stage leave now. Returns whether there was one.
    pub fn skip(&self) -> bool {
        self.stage.follow();

        self.stage.queue.borrow_mut().skip()
    }
}

impl Stage {
    fn take(&self, delivery: &Delivery) {
        match delivery {
            Delivery::Event(shown) => {
                if let Some(input) = AlertInput::of(&shown.event) {
                    let priority = self.priority.as_ref().map_or(0, |priority| {
                        let said = priority.call1(&JsValue::NULL, &convert::event(shown));
                        // What the application throws, or says that is no number, is as if it said nothing.
                        said.ok().and_then(|said| said.as_f64()).map_or(0, whole)
                    });
                    self.follow();
                    let event = shown.event.clone();
                    let mut queue = self.queue.borrow_mut();
                    queue.push(event, input, priority, shown.late_by_ms);
                }
            }
            Delivery::StateReplaced(_) => {
                self.scene.borrow_mut().jump();
                self.queue.borrow_mut().clear();
            }
            Delivery::PresenceChanged { .. } => {}
        }
    }

    /// Goes on to where the picture is.
    fn follow(&self) -> i64 {
        let client = self.client.upgrade();
        let client = client.as_ref().and_then(|client| client.get());
        let now_ms = {
            let mut scene = self.scene.borrow_mut();
            client.map_or(scene.now_ms(), |it| {
                scene.follow(it.picture_time(), it.now())
            })
        };
        self.queue.borrow_mut().advance(now_ms);

        now_ms
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast saturates, and order is all that is wanted"
)]
fn whole(number: f64) -> i32 {
    number as i32
}
