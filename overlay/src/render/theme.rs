//! The theme a page gives by custom properties, made readable, and the room there is.
//!
//! A page may change what it wishes at any time and by any way: on the element, in a style sheet, by
//! a property of its own that ours refers to, by a colour scheme. No event tells of that. So each
//! colour stands as a real property of an element that is never seen, where the browser resolves it
//! (`overlay.css` says what it falls back to), and what came of it is compared with every frame.

use alloc::string::String;
use alloc::vec::Vec;
use wasm_bindgen::UnwrapThrowExt;
use web_sys::{CssStyleDeclaration, HtmlElement, MediaQueryList, ShadowRoot, Window};

use crate::ink::{self, Color};
use crate::render::part::Part;

/// The elements on which wishes for a colour stand.
const COLORS: [&str; 5] = [
    ".wish.surface",
    ".wish.accent",
    ".wish.accent-2",
    ".wish.text",
    ".wish.muted",
];

/// What the host decides about the looks.
#[derive(Default)]
pub(crate) struct Theme {
    /// Whether nothing may move, and changes only fade.
    pub(crate) still: bool,
    /// How wide the stage is, in design units.
    pub(crate) width: f32,
    /// Whether it is as small as a phone's player, where what is not needed is left out.
    pub(crate) compact: bool,
}

/// Narrower than this the sign and a car leave the train hardly any way to drive.
const COMPACT_BELOW: f32 = 1_050.0;

/// Where the browser says what the page wishes, and what it said last.
pub(crate) struct Wishes {
    /// The element's width in pixels.
    width: i32,
    asks_for_less: bool,
    /// The size of the type, the motion, and each of [`COLORS`].
    values: Vec<String>,
    places: Vec<(CssStyleDeclaration, &'static str)>,
    less_motion: Option<MediaQueryList>,
}

impl Theme {
    /// Returns where something is that is on its way to a whole place: there, if nothing may move.
    pub(crate) fn place(&self, place: f32) -> f32 {
        if self.still {
            ((place + 0.5) as i32) as f32
        } else {
            place
        }
    }

    /// Makes the theme that is wished for, and sets its colours on `stage`. Returns `None` where the
    /// browser resolves nothing, as in a document that is not shown.
    pub(crate) fn of(wishes: &Wishes, stage: &mut Part) -> Option<Self> {
        let [font_size, motion, colors @ ..] = wishes.values.as_slice() else {
            return None;
        };
        let mut colors = colors.iter().map(|color| Color::parse(color));
        let surface = colors.next()??;
        let (accent, on_accent) = ink::field(colors.next()??);
        let (urgent, on_urgent) = ink::field(colors.next()??);
        let text = ink::ink_on(surface, colors.next()??);
        let muted = ink::ink_on(surface, colors.next()??);

        for (name, color) in [
            ("--ink-surface", surface),
            ("--ink-text", text),
            ("--ink-muted", muted),
            ("--ink-amount", ink::ink_on(surface, accent)),
            ("--ink-urgent", urgent),
            ("--ink-on-urgent", on_urgent),
            ("--ink-accent", accent),
            ("--ink-on-accent", on_accent),
        ] {
            stage.set_style(name, &color.css());
        }

        // The stage's font is 24 units, which makes it the measure of a unit in pixels.
        let width_units = f32::from(wishes.width as i16) * 0.92 * 24.0 / ink::number(font_size);

        Some(Self {
            still: wishes.asks_for_less || motion.trim() == "none",
            width: width_units,
            compact: width_units < COMPACT_BELOW,
        })
    }
}

impl Wishes {
    /// Finds where to look in `root`, which is in a document of `window`.
    pub(crate) fn find(window: &Window, root: &ShadowRoot, stage: &Part) -> Self {
        let computed = |element: &HtmlElement| {
            let style = window.get_computed_style(element).ok().flatten();
            style.expect_throw("elements have a computed style")
        };
        let on_stage = computed(stage.element());
        let mut places = Vec::from([
            (on_stage.clone(), "font-size"),
            (on_stage, "--parlor-motion"),
        ]);
        for selector in COLORS {
            let element: HtmlElement = super::query(root, selector);
            places.push((computed(&element), "border-top-color"));
        }

        Self {
            width: 0,
            asks_for_less: false,
            values: Vec::new(),
            places,
            less_motion: window
                .match_media("(prefers-reduced-motion: reduce)")
                .ok()
                .flatten(),
        }
    }

    /// Looks again, and returns whether anything of `host` is another now.
    pub(crate) fn look(&mut self, host: &HtmlElement) -> bool {
        let width = host.client_width();
        let asks_for_less = self
            .less_motion
            .as_ref()
            .is_some_and(MediaQueryList::matches);
        let values: Vec<String> = self
            .places
            .iter()
            .map(|(style, name)| style.get_property_value(name).unwrap_or_default())
            .collect();
        if (width, asks_for_less) == (self.width, self.asks_for_less) && values == self.values {
            return false;
        }
        self.width = width;
        self.asks_for_less = asks_for_less;
        self.values = values;

        true
    }
}
