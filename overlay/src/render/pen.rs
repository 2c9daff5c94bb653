//! What draws: the elements of the markup, by names of ours.
//!
//! `pen.js` finds an element when it is first written to, and writes only what changed: it does so in fewer
//! bytes than would call a browser's functions one by one from here. It throws nothing.

use alloc::string::String;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::render::part::{self, Part};

const MARKUP: &str = include_str!("overlay.html");
const STYLE: &str = include_str!("overlay.css");
/// The elements on which wishes for a colour stand.
const WISHES: &str = ".wish";

#[wasm_bindgen(raw_module = "./pen.js")]
extern "C" {
    #[wasm_bindgen(js_name = Pen)]
    type JsPen;

    #[wasm_bindgen(constructor, js_class = "Pen")]
    fn new(host: &JsValue, markup: &str, style: &str, selectors: &str, wishes: &str) -> JsPen;
    #[wasm_bindgen(method)]
    fn enter(this: &JsPen);
    #[wasm_bindgen(method)]
    fn look(this: &JsPen) -> Option<String>;
    #[wasm_bindgen(method)]
    fn text(this: &JsPen, part: u32, text: &str);
    #[wasm_bindgen(method)]
    fn hide(this: &JsPen, part: u32, is_hidden: bool);
    #[wasm_bindgen(method)]
    fn toggle(this: &JsPen, part: u32, class: &str, is_on: bool);
    #[wasm_bindgen(method)]
    fn attribute(this: &JsPen, part: u32, name: &str, value: &str);
    #[wasm_bindgen(method)]
    fn style(this: &JsPen, part: u32, name: &str, value: &str);
    #[wasm_bindgen(method)]
    fn opacity(this: &JsPen, part: u32, opacity: f32);
    #[wasm_bindgen(method)]
    fn whole(this: &JsPen, part: u32, name: &str, value: f32, unit: &str);
    #[wasm_bindgen(method)]
    fn shift(this: &JsPen, part: u32, x: f32, y: f32);
    #[wasm_bindgen(method)]
    fn drive(this: &JsPen, part: u32, way: f32, offset: f32, gone: f32);
    #[wasm_bindgen(method)]
    fn fill(this: &JsPen, part: u32, share: f32);
    #[wasm_bindgen(method)]
    fn grow(this: &JsPen, part: u32, by: f32);
}

/// Writes to the parts of one overlay, whatever is not there yet.
pub(crate) struct Pen(JsPen);

impl Pen {
    /// Builds the overlay in `host`, or takes over what an earlier one built there.
    pub(crate) fn new(host: &JsValue) -> Self {
        Self(JsPen::new(host, MARKUP, STYLE, part::SELECTORS, WISHES))
    }

    /// Goes on in the document that has adopted the host.
    pub(crate) fn enter(&self) {
        self.0.enter();
    }

    /// Returns what decides about the looks, a line each, if anything of it is another now: the width of the host
    /// in pixels, whether the viewer or the page asks for no motion, the size of the type, and the colours.
    pub(crate) fn look(&self) -> Option<String> {
        self.0.look()
    }

    pub(crate) fn text(&self, part: Part, text: &str) {
        self.0.text(part.number(), text);
    }

    pub(crate) fn hide(&self, part: Part, is_hidden: bool) {
        self.0.hide(part.number(), is_hidden);
    }

    pub(crate) fn toggle(&self, part: Part, class: &str, is_on: bool) {
        self.0.toggle(part.number(), class, is_on);
    }

    pub(crate) fn attribute(&self, part: Part, name: &str, value: &str) {
        self.0.attribute(part.number(), name, value);
    }

    pub(crate) fn style(&self, part: Part, name: &str, value: &str) {
        self.0.style(part.number(), name, value);
    }

    /// Takes an opacity from 0 to 1.
    pub(crate) fn opacity(&self, part: Part, opacity: f32) {
        self.0.opacity(part.number(), opacity);
    }

    /// Sets a property to the whole part of `value`, with its unit.
    pub(crate) fn whole(&self, part: Part, name: &str, value: f32, unit: &str) {
        self.0.whole(part.number(), name, value, unit);
    }

    /// Moves it off its place by so many design units: pixels at 1920×1080.
    pub(crate) fn shift(&self, part: Part, x: f32, y: f32) {
        self.0.shift(part.number(), x, y);
    }

    /// Moves it along by a share of its own width, so many design units, and a share of the stage's width.
    pub(crate) fn drive(&self, part: Part, way: f32, offset: f32, gone: f32) {
        self.0.drive(part.number(), way, offset, gone);
    }

    /// Leaves as much of its width as `share` says, from 0 to 1.
    pub(crate) fn fill(&self, part: Part, share: f32) {
        self.0.fill(part.number(), share);
    }

    /// Draws it larger by a share of itself.
    pub(crate) fn grow(&self, part: Part, by: f32) {
        self.0.grow(part.number(), by);
    }
}
