//! What is on stage: a pure model, moved by time and by what happened, drawn by `render`.
//!
//! Everything that moves is kept as the instant it began, so what is drawn is a function of time: a dropped
//! frame or a seek lands in the same state. What belongs to the picture moves by the scene's time, which
//! stands while the picture stands; people come and go by the page's.

use parlor_sdk_core::{
    AlertInput, AlertKind, AlertLimits, AlertQueue, Instant, Room, RoomEvent, SceneTime, ServerTime,
};
use parlor_sdk_events::{HypeTrain, HypeTrainChange, ParticipantChange, ParticipantProfile, room};

use crate::card::Card;
pub(crate) use crate::scene::act::Act;
pub(crate) use crate::scene::alert::AlertView;
use crate::scene::attendance::Attendance;
pub(crate) use crate::scene::attendance::{AttendanceView, FACES_MAX, LINES_MAX};
use crate::scene::hype_train::TrainScene;
pub(crate) use crate::scene::hype_train::{
    CELEBRATION_MS, COVERED_AT_MS, CelebrationView, TrainView, UNCOVERED_AT_MS,
};

use crate::scene::lineup::Lineup;
pub(crate) use crate::scene::lineup::{BERTHS, LineupView};
use crate::scene::people::{is_here, visit, visitor, visitors, with_cast};

mod act;
mod alert;
mod attendance;
mod captions;
mod cars;
mod hype_train;
mod initial;
mod lineup;
mod people;

/// Which widgets an overlay draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Widgets {
    /// The hype train.
    pub(crate) train: bool,
    /// Alerts: of contributions, and of what is told to all.
    pub(crate) alerts: bool,
    /// Who is on the room's stage.
    pub(crate) stage: bool,
    /// How many wait for the stage, below those who are on it.
    pub(crate) queue: bool,
    /// How many people are here, and who comes and goes.
    pub(crate) presence: bool,
    /// Whether a streamer's own are beside them, by their addresses.
    pub(crate) own: bool,
}

/// Of every gift, none of which goes before another, and of redemptions, which the queue puts behind them.
const GIFT_PRIORITY: i32 = 0;
/// Of anything else, such as an announcement: it is told to all, and goes before gifts that wait.
const NOTICE_PRIORITY: i32 = 1;

/// Everything on stage.
#[derive(Debug)]
pub(crate) struct Scene {
    widgets: Widgets,
    time: SceneTime,
    now: Instant,
    happening_at: Option<ServerTime>,
    train: TrainScene,
    alerts: AlertQueue<Card>,
    lineup: Lineup,
    attendance: Attendance,
    last_seq: i64,
}

/// What to draw.
#[derive(Debug, PartialEq)]
pub(crate) struct View<'a> {
    /// The hype train, if it is on stage.
    pub(crate) train: Option<TrainView<'a>>,
    /// The alert, if one is on stage.
    pub(crate) alert: Option<AlertView<'a>>,
    /// Who is on the room's stage, if anybody is.
    pub(crate) lineup: Option<LineupView<'a>>,
    /// Who is here, if anybody is.
    pub(crate) attendance: Option<AttendanceView<'a>>,
    /// The position in the log of the last event that was shown.
    pub(crate) last_seq: i64,
}

impl Widgets {
    /// Reads an attribute such as `train alerts`. Nothing named means those two; people are shown
    /// only to whom they were asked for.
    pub(crate) fn parse(names: &str) -> Self {
        let has = |widget| names.split([' ', ',']).any(|name| name == widget);
        let queue = has("queue");
        let widgets = Self {
            train: has("train"),
            alerts: has("alerts"),
            stage: has("stage") || queue,
            queue,
            presence: has("presence"),
            own: names.contains('/') || has("points"),
        };

        if widgets.train || widgets.alerts || widgets.has_people() || widgets.own {
            widgets
        } else {
            Self {
                train: true,
                alerts: true,
                ..widgets
            }
        }
    }

    /// Whether any of them is about the people of the room.
    pub(crate) const fn has_people(self) -> bool {
        self.stage || self.presence
    }

    /// Whether none but those about people is drawn, which leaves the corners to be filled.
    pub(crate) const fn has_only_people(self) -> bool {
        self.has_people() && !self.train && !self.alerts && !self.own
    }
}

impl Scene {
    /// An empty stage.
    pub(crate) fn new(widgets: Widgets, now: Instant) -> Self {
        Self {
            widgets,
            time: SceneTime::default(),
            now,
            happening_at: None,
            train: TrainScene::default(),
            alerts: AlertQueue::new(AlertLimits::default()),
            lineup: Lineup::new(widgets.queue),
            attendance: Attendance::default(),
            last_seq: 0,
        }
    }

    /// Moves on to `now`. The picture then shows what happened at `happening_at`, if that is known; the
    /// time left of a train is counted from there.
    pub(crate) fn advance(&mut self, now: Instant, happening_at: Option<ServerTime>) {
        self.now = now;
        self.happening_at = happening_at;
        let time_ms = self.time.follow(happening_at, now);
        self.alerts.advance(time_ms);
        self.train.advance(time_ms);
        self.lineup.advance(now.as_millis());
        self.attendance.advance(now.as_millis());
    }

    /// Returns the scene's time in milliseconds.
    pub(crate) const fn time_ms(&self) -> i64 {
        self.time.now_ms()
    }

    /// Takes in an event that has its moment now, or had it `late_by_ms` ago.
    pub(crate) fn show(&mut self, event: &RoomEvent, late_by_ms: i64) {
        self.last_seq = self.last_seq.max(event.seq);
        let began_at = self.time_ms() - late_by_ms.max(0);
        if self.widgets.alerts
            && let Some(input) = AlertInput::of(event)
            && let Some(card) = Card::of(event)
        {
            let priority = match input.kind() {
                AlertKind::Gift | AlertKind::Redemption => GIFT_PRIORITY,
                AlertKind::Notice => NOTICE_PRIORITY,
            };
            self.alerts.push(card, input, priority, late_by_ms);
        }
        if self.widgets.train
            && let Some(change) = HypeTrainChange::of(&event.type_name)
            && let Some(train) = HypeTrain::of(event)
        {
            self.train
                .change(change, &train, event.occurred_at, began_at);
        }
        if self.widgets.presence
            && let Some(change) = ParticipantChange::of(&event.type_name)
            && let Some(profile) = ParticipantProfile::of(event)
        {
            let visit = visit(change, &profile);
            self.attendance.note(
                &visitor(&profile),
                is_here(&profile),
                visit,
                self.now.as_millis(),
            );
        }
    }

    /// Takes in who is in the room, after somebody changed.
    pub(crate) fn regroup(&mut self, room: &Room) {
        if self.widgets.stage {
            let now_ms = self.now.as_millis();
            with_cast(room, |cast| self.lineup.change(cast, now_ms));
        }
    }

    /// Takes in how many people are here.
    pub(crate) fn count_people(&mut self, online_count: i32) {
        if self.widgets.presence {
            let now_ms = self.now.as_millis();
            self.attendance.count(i64::from(online_count), now_ms);
        }
    }

    /// Takes in the whole state after a start, a seek or a loss, without anything having happened.
    pub(crate) fn replace(&mut self, room: &Room, now: Instant, happening_at: Option<ServerTime>) {
        self.time.jump();
        self.advance(now, happening_at);
        self.alerts.clear();
        if self.widgets.train {
            let train = room::train(room);
            self.train
                .jump(train.as_ref(), happening_at, self.time_ms());
        }
        if self.widgets.stage {
            with_cast(room, |cast| self.lineup.jump(cast));
        }
        if self.widgets.presence {
            let online = room.online_count().unwrap_or_default();
            self.attendance.jump(i64::from(online), visitors(room));
        }
    }

    /// Returns what to draw.
    pub(crate) fn view(&self) -> View<'_> {
        View {
            train: self.train.view(self.happening_at, self.time_ms()),
            alert: AlertView::of(&self.alerts),
            lineup: self.lineup.view(self.now.as_millis()),
            attendance: self.attendance.view(self.now.as_millis()),
            last_seq: self.last_seq,
        }
    }
}

#[cfg(test)]
mod tests {
    use parlor_sdk_core::{AlertInput, Gift, Instant, Room, ServerTime};

    use super::{Scene, Widgets};
    use crate::card::Card;

    /// Takes in a gift that has its moment now.
    fn give(scene: &mut Scene) {
        let gift = Gift {
            name: None,
            amount: None,
            currency: None,
            hype: 5,
        };
        let card = Card {
            who: String::from("Ada"),
            what: String::from("donated"),
            amount: String::from("+5"),
            message: None,
            reward: None,
        };
        let input = AlertInput::gift(gift, None);
        scene.alerts.push(card, input, 0, 0);
    }

    /// Brings a scene to where the page's clock reads `now_ms` and the picture shows `picture_ms`.
    fn advance(scene: &mut Scene, now_ms: i64, picture_ms: i64) {
        let picture_at = ServerTime::from_unix_millis(picture_ms);
        scene.advance(Instant::from_millis(now_ms), Some(picture_at));
    }

    #[test]
    fn an_alert_stands_while_the_picture_stands_and_no_time_passes_in_a_seek() {
        let mut scene = Scene::new(Widgets::parse("alerts"), Instant::from_millis(0));
        advance(&mut scene, 0, 1_000);
        give(&mut scene);
        advance(&mut scene, 1_000, 2_000);
        for now_ms in [10_000, 60_000, 600_000] {
            advance(&mut scene, now_ms, 2_000);
            assert!(scene.view().alert.is_some(), "at {now_ms}");
        }
        advance(&mut scene, 610_000, 12_000);
        assert!(scene.view().alert.is_none());

        // Ten minutes on, after ten minutes in which nobody looked.
        let time_ms = scene.time_ms();
        let picture_at = ServerTime::from_unix_millis(612_000);
        scene.replace(
            &Room::default(),
            Instant::from_millis(1_210_000),
            Some(picture_at),
        );
        assert_eq!(scene.time_ms(), time_ms);
        advance(&mut scene, 1_211_000, 613_000);
        assert_eq!(scene.time_ms(), time_ms + 1_000);
    }

    #[test]
    fn people_are_drawn_only_for_whom_they_were_asked() {
        // The attribute, and whether it draws train, alerts, stage, queue and presence.
        let cases = [
            ("", [true, true, false, false, false]),
            ("confetti", [true, true, false, false, false]),
            ("alerts", [false, true, false, false, false]),
            ("stage", [false, false, true, false, false]),
            ("queue", [false, false, true, true, false]),
            ("presence, train", [true, false, false, false, true]),
            ("https://example.com/mine.js", [false; 5]),
            (
                "stage https://example.com/mine.js",
                [false, false, true, false, false],
            ),
            (
                "train alerts stage presence",
                [true, true, true, false, true],
            ),
        ];
        for (names, drawn) in cases {
            let widgets = Widgets::parse(names);
            let Widgets {
                train,
                alerts,
                stage,
                queue,
                presence,
                own,
            } = widgets;
            assert_eq!(own, names.contains("https:"), "{names:?}");
            assert_eq!([train, alerts, stage, queue, presence], drawn, "{names:?}");
            let has_only_people = !train && !alerts && !own;
            assert_eq!(widgets.has_only_people(), has_only_people, "{names:?}");
        }
    }
}
