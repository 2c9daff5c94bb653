//! Draws a scene into a shadow root.
//!
//! Every element is made once and kept; a frame writes only what changed since the one before.
//! Only `transform` and `opacity` move, so no frame costs a layout. What people typed goes in as
//! text, never as markup.

use alloc::string::{String, ToString};
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{CssStyleSheet, HtmlElement, ShadowRoot, ShadowRootInit, ShadowRootMode, Window};

use crate::render::alert::AlertWidget;
use crate::render::attendance::AttendanceWidget;
use crate::render::lineup::LineupWidget;
use crate::render::part::Part;
use crate::render::theme::{Theme, Wishes};
use crate::render::train::TrainWidget;
use crate::scene::{Act, View, Widgets};

mod alert;
mod attendance;
mod lineup;
mod markup;
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
    theme: Theme,
    wishes: Wishes,
    /// Whether widgets that are not ours are drawn, which want the theme as well.
    has_own: bool,
}

impl Stage {
    /// Builds the overlay in `host`, which `window` shows, or takes over what an earlier one built
    /// there.
    pub(crate) fn new(host: HtmlElement, window: &Window, widgets: Widgets) -> Self {
        let root = host.shadow_root().unwrap_or_else(|| build(&host));
        dress(&root, window);
        let mut frame = Part::find(&root, ".stage");
        frame.set_class("only-people", widgets.has_only_people());

        Self {
            train: TrainWidget::new(&root),
            alert: AlertWidget::new(&root),
            lineup: LineupWidget::new(&root),
            attendance: AttendanceWidget::new(&root),
            theme: Theme::default(),
            wishes: Wishes::find(window, &root, &frame),
            host,
            frame,
            has_own: widgets.own,
        }
    }

    /// Goes on in `window`, whose document has adopted the host.
    pub(crate) fn move_to(&mut self, window: &Window) {
        let root = self.host.shadow_root().expect("built with the stage");
        dress(&root, window);
        self.wishes = Wishes::find(window, &root, &self.frame);
    }

    /// Draws what changed since the last time.
    pub(crate) fn draw(&mut self, view: &View<'_>) {
        let is_empty = !self.has_own
            && view.train.is_none()
            && view.alert.is_none()
            && view.lineup.is_none()
            && view.attendance.is_none();
        if !is_empty && self.wishes.look(&self.host) {
            self.restyle();
        }

        self.train.draw(view.train.as_ref(), &self.theme);
        self.alert.draw(view.alert.as_ref(), &self.theme);
        self.lineup.draw(view.lineup.as_ref(), &self.theme);
        self.attendance.draw(view.attendance.as_ref(), &self.theme);
        self.report(view);
    }

    fn restyle(&mut self) {
        if let Some(theme) = Theme::of(&self.wishes, &mut self.frame) {
            self.theme = theme;
            self.frame.set_class("compact", self.theme.compact);
            self.train.fit(&self.theme, &mut self.frame);
        }
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
    let document = host.owner_document().expect("elements have a document");
    markup::append(&document, &root, MARKUP);

    root
}

/// Gives `root` the style sheet. An adopted sheet passes a content security policy that forbids
/// inline styles; it holds for documents of the window that it was made in, and no other.
fn dress(root: &ShadowRoot, window: &Window) {
    let constructor: js_sys::Function = js_sys::Reflect::get(window, &"CSSStyleSheet".into())
        .expect_throw("windows have style sheets")
        .unchecked_into();
    let sheet: CssStyleSheet = js_sys::Reflect::construct(&constructor, &js_sys::Array::new())
        .expect_throw("style sheets can be constructed")
        .unchecked_into();
    sheet
        .replace_sync(STYLE)
        .expect_throw("our style sheet imports nothing");
    js_sys::Reflect::set(
        root,
        &"adoptedStyleSheets".into(),
        &js_sys::Array::of1(&sheet),
    )
    .expect_throw("shadow roots adopt style sheets");
}

/// Unchecked, for a document that has adopted the element makes it by constructors of its own.
fn query<T: JsCast>(root: &ShadowRoot, selector: &str) -> T {
    let found = root.query_selector(selector).ok().flatten();

    found.expect("the markup has every part").unchecked_into()
}
