//! Alerts one at a time, for an application that draws them: the core's queue, at the pace of a client's
//! picture.

use crate::client::Client;
use crate::machine::Machine;
use crate::record::{ContributionAlert, Delivery, EventKind, RoomEvent};
use parlor_sdk_core as core;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// People whom a burst names. Nobody draws more beside how many more there are, and they cross the language
/// border with every look.
const NAMED_MAX: usize = 8;

/// What a queue of alerts does with more than can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct AlertLimits {
    /// Contributions that wait one by one: of more, those of the least priority become one. As many redemptions
    /// wait, and of more those become one. Anything else waits by itself.
    #[uniffi(default = 4)]
    pub waiting_max: u32,
    /// How long after its moment an alert may come on stage. One that is older when its turn comes is
    /// counted instead. Time for which the picture or the queue stands is none.
    #[uniffi(default = 60000)]
    pub age_max_ms: i64,
}

/// What is shown at once.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Alert {
    /// One contribution.
    Single {
        /// What was given.
        contribution: ContributionAlert,
    },
    /// Another event that is shown once, such as an announcement or a redemption.
    Notice {
        /// What happened.
        event: EventKind,
    },
    /// Contributions, or redemptions, that came too close together to be shown one by one: never some of both.
    Burst {
        /// How many.
        count: i64,
        /// What they add to a hype train.
        hype: i64,
        /// How many people gave or redeemed them, as far as they can be told apart.
        people_count: i64,
        /// Whether they are more than that.
        has_more_people: bool,
        /// The first 8 who gave a name, as typed: text, never markup.
        names: Vec<String>,
        /// Their sum, if all are in one currency.
        money: Option<AlertMoney>,
        /// What they cost together, of redemptions. Nothing of contributions.
        points: Option<i64>,
    },
}

/// A sum of money.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AlertMoney {
    /// In minor units of `currency`.
    pub amount: i64,
    /// An ISO 4217 code.
    pub currency: String,
}

/// The alert on stage.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AlertOnStage {
    /// What it says.
    pub alert: Alert,
    /// Counts alerts; another number is another alert.
    pub number: u32,
    /// How long it has been on stage, in time of the picture.
    pub age_ms: i64,
    /// How long it stays, by how much there is to read. Then it leaves, within `leave_ms`.
    pub stay_ms: i64,
    /// How long it takes to leave.
    pub leave_ms: i64,
    /// How long after its moment it came on stage; after that of the newest, for a burst.
    pub late_by_ms: i64,
}

/// What has become of the alerts that a queue took in. With its backlog, they add up to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct AlertStats {
    /// Came on stage, alone or in a burst.
    pub shown: u64,
    /// Were too old when their turn came, or the oldest of a thousand that are neither.
    pub expired: u64,
    /// Waited when the state was replaced, as by a seek.
    pub cleared: u64,
}

/// Alerts that wait, and the one on stage. Hand it each delivery that you pull, and look at it when you draw.
///
/// It moves with the picture of the client that it is of: while that stands, an alert stays where it is.
#[derive(uniffi::Object)]
pub struct AlertQueue {
    machine: Arc<Machine>,
    stage: Mutex<Stage>,
}

struct Stage {
    queue: core::AlertQueue<EventKind>,
    scene: core::SceneTime,
}

#[uniffi::export]
impl Client {
    /// Returns an empty queue of alerts that moves with this client's picture.
    pub fn alerts(&self, limits: AlertLimits) -> Arc<AlertQueue> {
        Arc::new(AlertQueue {
            machine: self.machine().clone(),
            stage: Mutex::new(Stage {
                queue: core::AlertQueue::new(limits.into()),
                scene: core::SceneTime::default(),
            }),
        })
    }
}

#[uniffi::export]
impl AlertQueue {
    /// Takes in what a delivery says of alerts, if it says anything. Those of greater `priority` go before
    /// others that wait; of the same priority redemptions come last.
    #[uniffi::method(default(priority = 0))]
    pub fn take(&self, delivery: Delivery, priority: i32) {
        match delivery {
            Delivery::Event { event, late_by_ms } => {
                if let Some(input) = alert_input(&event) {
                    let (mut stage, _) = self.stage_now();
                    stage.queue.push(event.kind, input, priority, late_by_ms);
                }
            }
            Delivery::StateReplaced { .. } => {
                let mut stage = self.stage();
                stage.scene.jump();
                stage.queue.clear();
            }
            Delivery::PresenceChanged { .. } => {}
        }
    }

    /// Returns the alert on stage now, if one is.
    pub fn on_stage(&self) -> Option<AlertOnStage> {
        let (stage, _) = self.stage_now();

        stage.queue.on_stage().map(Into::into)
    }

    /// Returns in how many milliseconds of the picture an alert next comes on stage or has left it, if
    /// nothing else happens. Nothing while no alert is to come.
    pub fn next_change_in_ms(&self) -> Option<i64> {
        let (stage, now_ms) = self.stage_now();

        Some(stage.queue.next_change_at()? - now_ms)
    }

    /// Returns how many alerts wait, each of a burst counted.
    pub fn backlog(&self) -> u64 {
        let (stage, _) = self.stage_now();

        stage.queue.backlog()
    }

    /// Lets nothing more on stage until [`AlertQueue::resume`]. What is there stays for the rest of its time,
    /// and what waits meanwhile grows no older.
    pub fn pause(&self) {
        self.stage_now().0.queue.pause();
    }

    /// Goes on with what waits.
    pub fn resume(&self) {
        self.stage_now().0.queue.resume();
    }

    /// Returns whether it is paused.
    pub fn is_paused(&self) -> bool {
        self.stage_now().0.queue.is_paused()
    }

    /// Has the alert on stage leave now. Returns whether there was one.
    pub fn skip(&self) -> bool {
        self.stage_now().0.queue.skip()
    }

    /// Returns what has become of the alerts that wait no more.
    pub fn stats(&self) -> AlertStats {
        let core::AlertStats {
            shown,
            expired,
            cleared,
        } = self.stage_now().0.queue.stats();

        AlertStats {
            shown,
            expired,
            cleared,
        }
    }
}

impl AlertQueue {
    /// The stage as the picture now has it, and its time. The core's lock is let go of before.
    fn stage_now(&self) -> (MutexGuard<'_, Stage>, i64) {
        let now = self.machine.now();
        let picture_time = self.machine.core().picture_time(now);
        let mut stage = self.stage();
        let now_ms = stage.scene.follow(picture_time, now);
        stage.queue.advance(now_ms);

        (stage, now_ms)
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<AlertLimits> for core::AlertLimits {
    fn from(limits: AlertLimits) -> Self {
        Self {
            waiting_max: usize::try_from(limits.waiting_max).unwrap_or(usize::MAX),
            age_max_ms: Some(limits.age_max_ms),
        }
    }
}

/// What `event` is to a queue, if it is shown once and this build knows it.
fn alert_input(event: &RoomEvent) -> Option<core::AlertInput> {
    let EventKind::ContributionReceived { contribution } = &event.kind else {
        let is_alert = event.part.is_none() && !matches!(event.kind, EventKind::Unknown { .. });
        let texts = event.kind.texts();
        let typed = texts
            .iter()
            .filter(|(name, _)| core::TYPED_FIELDS.contains(name));
        let letters = typed.map(|(_, text)| text.map_or(0, |text| text.chars().count()));
        let letters = letters.sum();
        if let EventKind::RewardRedeemed { redemption } = &event.kind {
            let name = redemption.name.clone();
            return Some(core::AlertInput::redemption(name, redemption.cost, letters));
        }
        return is_alert.then(|| core::AlertInput::notice(letters));
    };
    let gift = core::Gift {
        name: contribution.name.clone(),
        amount: contribution.amount,
        currency: contribution.currency.clone(),
        hype: contribution.hype,
    };

    let message = contribution.message.as_deref();
    Some(core::AlertInput::gift(gift, message))
}

impl From<core::AlertOnStage<'_, EventKind>> for AlertOnStage {
    fn from(on_stage: core::AlertOnStage<'_, EventKind>) -> Self {
        Self {
            alert: on_stage.alert.into(),
            number: on_stage.number,
            age_ms: on_stage.age_ms,
            stay_ms: on_stage.stay_ms,
            leave_ms: core::ALERT_LEAVE_MS,
            late_by_ms: on_stage.late_by_ms,
        }
    }
}

impl From<&core::Alert<EventKind>> for Alert {
    fn from(alert: &core::Alert<EventKind>) -> Self {
        match alert.single() {
            Some(EventKind::ContributionReceived { contribution }) => Self::Single {
                contribution: contribution.clone(),
            },
            Some(event) => Self::Notice {
                event: event.clone(),
            },
            None => Self::Burst {
                count: i64::try_from(alert.count()).unwrap_or(i64::MAX),
                hype: alert.hype(),
                people_count: alert.people().count(),
                has_more_people: alert.people().is_beyond_count(),
                names: alert
                    .people()
                    .names()
                    .iter()
                    .take(NAMED_MAX)
                    .cloned()
                    .collect(),
                money: alert.money().map(|(amount, currency)| AlertMoney {
                    amount,
                    currency: currency.to_owned(),
                }),
                points: alert.points(),
            },
        }
    }
}
