//! Draws a scene into a shadow root.
//!
//! Every element is made once and kept; a frame writes only what changed since the one before.
//! Only `transform` and `opacity` move, so no frame costs a layout. What people typed goes in as
//! text, never as markup.

use alloc::string::{String, ToString};
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{CssStyleSheet, HtmlElement, ShadowRoot, ShadowRootInit, ShadowRootMode};

use crate::render::alert::AlertWidget;
use crate::render::attendance::AttendanceWidget;
use crate::render::lineup::LineupWidget;
use crate::render::part::Part;
use crate::render::theme::Theme;
use crate::render::train::TrainWidget;
use crate::scene::{Act, View, Widgets};

mod alert;
mod attendance;
mod lineup;
mod part;
mod theme;
mod train;

const MARKUP: &str = include_str!("render/overlay.html");
const STYLE: &str = include_str!("render/overlay.css");

/// The drawn overlay of one element.
pub(crate) struct Stage {
    host: HtmlElement,
    frame: Part,
    train: TrainWidget,
    alert: AlertWidget,
    lineup: LineupWidget,
    attendance: AttendanceWidget,
    appeared: [bool; 4],
    theme: Theme,
    width: i32,
}

impl Stage {
    /// Builds the overlay in `host`, or takes over what an earlier one built there.
    pub(crate) fn new(host: HtmlElement, widgets: Widgets) -> Self {
        let root = host.shadow_root().unwrap_or_else(|| build(&host));
        let mut frame = Part::find(&root, ".stage");
        frame.set_class("only-people", widgets.has_only_people());

        let mut stage = Self {
            train: TrainWidget::new(&root),
            alert: AlertWidget::new(&root),
            lineup: LineupWidget::new(&root),
            attendance: AttendanceWidget::new(&root),
            appeared: [false; 4],
            theme: Theme::default(),
            width: host.client_width(),
            host,
            frame,
        };
        stage.restyle();
        stage
    }

    /// Reads the theme and the room there is. Call when either may have changed.
    pub(crate) fn restyle(&mut self) {
        self.theme = Theme::read(&self.host, &mut self.frame);
        self.train.fit(self.theme.cars, &mut self.frame);
    }

    /// Lays out anew if the element has another size.
    pub(crate) fn measure(&mut self) {
        let width = self.host.client_width();
        if self.width != width {
            self.width = width;
            self.restyle();
        }
    }

    /// Draws what changed since the last time.
    pub(crate) fn draw(&mut self, view: &View<'_>) {
        let appeared = [
            view.train.is_some(),
            view.alert.is_some(),
            view.lineup.is_some(),
            view.attendance.is_some(),
        ];
        if appeared != self.appeared {
            self.appeared = appeared;
            self.restyle();
        }

        self.train.draw(view.train.as_ref(), &self.theme);
        self.alert.draw(view.alert.as_ref(), &self.theme);
        self.lineup.draw(view.lineup.as_ref(), &self.theme);
        self.attendance.draw(view.attendance.as_ref(), &self.theme);
        self.report(view);
    }

    /// Says in attributes what is on stage, for tests and for style sheets.
    fn report(&mut self, view: &View<'_>) {
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
        let figure = |value: Option<i64>| value.map_or_else(String::new, |value| value.to_string());

        self.frame.set_attribute("data-train-phase", phase);
        self.frame.set_attribute(
            "data-train-level",
            &figure(train.map(|t| i64::from(t.level))),
        );
        self.frame
            .set_attribute("data-train-progress", &figure(train.map(|t| t.progress)));
        self.frame
            .set_attribute("data-train-total", &figure(train.map(|t| t.total)));
        self.frame
            .set_attribute("data-last-seq", &view.last_seq.to_string());
    }
}

fn build(host: &HtmlElement) -> ShadowRoot {
    let root = host
        .attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open))
        .expect_throw("an element of our own may have a shadow root");
    let sheet = CssStyleSheet::new().expect_throw("style sheets can be constructed");
    sheet
        .replace_sync(STYLE)
        .expect_throw("our style sheet imports nothing");
    // An adopted sheet passes a content security policy that forbids inline styles.
    let sheets = js_sys::Array::of1(&sheet);
    js_sys::Reflect::set(&root, &"adoptedStyleSheets".into(), &sheets)
        .expect_throw("shadow roots adopt style sheets");
    root.set_inner_html(MARKUP);

    root
}

fn query<T: JsCast>(root: &ShadowRoot, selector: &str) -> T {
    root.query_selector(selector)
        .ok()
        .flatten()
        .and_then(|element| element.dyn_into().ok())
        .expect("the markup has every part")
}
