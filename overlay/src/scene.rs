//! What is on stage: a pure model, moved by time and by what happened, drawn by `render`.
//!
//! Time comes in as `dt`. Everything that moves is kept as the instant it began, so the picture is
//! a function of the scene's time: a dropped frame or a seek lands in the same state.

use parlor_sdk_core::{EventKind, HypeTrain, RoomEvent, ServerTime};

use crate::alert_queue::{AlertQueue, AlertView};
use crate::scene::hype_train::TrainScene;
pub(crate) use crate::scene::hype_train::{
    Act, CELEBRATION_MS, COVERED_AT_MS, CelebrationView, TrainView, UNCOVERED_AT_MS,
};

mod captions;
mod cars;
mod hype_train;

/// Which widgets an overlay draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Widgets {
    /// The hype train.
    pub(crate) train: bool,
    /// Alerts of contributions.
    pub(crate) alerts: bool,
}

/// Everything on stage.
#[derive(Debug)]
pub(crate) struct Scene {
    widgets: Widgets,
    now_ms: i64,
    happening_at: Option<ServerTime>,
    train: TrainScene,
    alerts: AlertQueue,
    last_seq: i64,
}

/// What to draw.
#[derive(Debug, PartialEq)]
pub(crate) struct View<'a> {
    /// The hype train, if it is on stage.
    pub(crate) train: Option<TrainView<'a>>,
    /// The alert, if one is on stage.
    pub(crate) alert: Option<AlertView<'a>>,
    /// The position in the log of the last event that was shown.
    pub(crate) last_seq: i64,
}

impl Widgets {
    /// Reads an attribute such as `train alerts`. Nothing named means all.
    pub(crate) fn parse(names: &str) -> Self {
        let has = |widget| names.split([' ', ',']).any(|name| name == widget);
        let widgets = Self {
            train: has("train"),
            alerts: has("alerts"),
        };

        if widgets.train || widgets.alerts {
            widgets
        } else {
            Self {
                train: true,
                alerts: true,
            }
        }
    }
}

impl Scene {
    /// An empty stage.
    pub(crate) fn new(widgets: Widgets) -> Self {
        Self {
            widgets,
            now_ms: 0,
            happening_at: None,
            train: TrainScene::default(),
            alerts: AlertQueue::default(),
            last_seq: 0,
        }
    }

    /// Moves on by `dt_ms`. The picture now shows what happened at `happening_at`, if that is
    /// known; the time left of a train is counted from there.
    pub(crate) fn advance(&mut self, dt_ms: i64, happening_at: Option<ServerTime>) {
        self.now_ms += dt_ms.max(0);
        self.happening_at = happening_at;
        self.alerts.advance(self.now_ms);
        self.train.advance(self.now_ms);
    }

    /// Takes in an event that has its moment now, or had it `late_by_ms` ago.
    pub(crate) fn show(&mut self, event: &RoomEvent, late_by_ms: i64) {
        self.last_seq = self.last_seq.max(event.seq);
        let began_at = self.now_ms - late_by_ms.max(0);
        match &event.kind {
            EventKind::ContributionReceived(alert) if self.widgets.alerts => {
                self.alerts.push(alert, began_at);
            }
            EventKind::HypeTrain(change, train) if self.widgets.train => {
                self.train
                    .change(*change, train, event.occurred_at, began_at);
            }
            EventKind::ContributionReceived(_)
            | EventKind::HypeTrain(..)
            | EventKind::RoomUpdated(_)
            | EventKind::Session(..)
            | EventKind::Participant(..) => {}
        }
    }

    /// Takes in the whole state after a start, a seek or a loss, without anything having happened.
    pub(crate) fn replace(&mut self, train: Option<&HypeTrain>, happening_at: Option<ServerTime>) {
        self.happening_at = happening_at;
        self.alerts.clear();
        if self.widgets.train {
            self.train.jump(train, happening_at, self.now_ms);
        }
    }

    /// Returns what to draw.
    pub(crate) fn view(&self) -> View<'_> {
        View {
            train: self.train.view(self.happening_at, self.now_ms),
            alert: self.alerts.view(self.now_ms),
            last_seq: self.last_seq,
        }
    }
}
