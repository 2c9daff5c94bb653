//! Draws a scene into a shadow root.
//!
//! Every element is made once and kept; a frame writes only what changed since the one before.
//! Only `transform` and `opacity` move, so no frame costs a layout. What people typed goes in as
//! text, never as markup.

use alloc::string::String;
use wasm_bindgen::JsValue;

use crate::render::alert::AlertWidget;
use crate::render::part::STAGE;
use crate::render::pen::Pen;
use crate::render::theme::Theme;
use crate::render::train::TrainWidget;
use crate::scene::{Act, View, Widgets};
use crate::words;

mod alert;
mod attendance;
mod lineup;
mod part;
mod pen;
mod theme;
mod train;

/// The drawn overlay of one element.
pub(crate) struct Stage {
    pen: Pen,
    train: TrainWidget,
    alert: AlertWidget,
    theme: Theme,
    /// Whether widgets that are not ours are drawn, which want the theme as well.
    has_own: bool,
}

impl Stage {
    /// Builds the overlay in `host`, or takes over what an earlier one built there.
    pub(crate) fn new(host: &JsValue, widgets: Widgets) -> Self {
        let pen = Pen::new(host);
        pen.toggle(STAGE, "only-people", widgets.has_only_people());

        Self {
            pen,
            train: TrainWidget::default(),
            alert: AlertWidget::default(),
            theme: Theme::default(),
            has_own: widgets.own,
        }
    }

    /// Goes on in the document that has adopted the host.
    pub(crate) fn enter(&self) {
        self.pen.enter();
    }

    /// Draws what changed since the last time.
    pub(crate) fn draw(&mut self, view: &View<'_>) {
        let is_empty = !self.has_own
            && view.train.is_none()
            && view.alert.is_none()
            && view.lineup.is_none()
            && view.attendance.is_none();
        let seen = if is_empty { None } else { self.pen.look() };
        if let Some(theme) = seen.and_then(|seen| Theme::of(&seen, &self.pen)) {
            self.theme = theme;
            self.pen.toggle(STAGE, "compact", self.theme.compact);
            self.train.fit(&self.pen, &self.theme);
        }

        let (pen, theme) = (&self.pen, &self.theme);
        self.train.draw(pen, view.train.as_ref(), theme);
        self.alert.draw(pen, view.alert.as_ref(), theme);
        lineup::draw(pen, view.lineup.as_ref(), theme);
        attendance::draw(pen, view.attendance.as_ref(), theme);
        self.report(view);
    }

    /// Says in attributes what is on stage, for tests and for style sheets.
    fn report(&self, view: &View<'_>) {
        let (phase, train) = match &view.train {
            None => ("absent", None),
            Some(view) => (
                match view.act {
                    Act::Absent => "absent",
                    Act::Approaching => "approaching",
                    Act::Running => "running",
                    Act::Ended => "ended",
                },
                Some(view.train),
            ),
        };
        let figure = |value: Option<i64>| value.map_or_else(String::new, words::digits);

        let level = train.map(|train| i64::from(train.level));
        for (name, value) in [
            ("data-train-level", figure(level)),
            ("data-train-progress", figure(train.map(|it| it.progress))),
            ("data-train-total", figure(train.map(|it| it.total))),
            ("data-last-seq", words::digits(view.last_seq)),
        ] {
            self.pen.attribute(STAGE, name, &value);
        }
        self.pen.attribute(STAGE, "data-train-phase", phase);
    }
}
