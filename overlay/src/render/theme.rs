//! The theme a page gives by custom properties, made readable, and the room there is.

use alloc::string::String;
use web_sys::HtmlElement;

use crate::ink::{self, Color};
use crate::render::part::Part;

/// Reading the plate's colour failed: ours, as the style sheet has it.
const SURFACE: Color = Color {
    red: 12.0,
    green: 19.0,
    blue: 32.0,
    alpha: 0.87,
};
const ACCENT: Color = Color::opaque(255.0, 200.0, 31.0);
const ACCENT_2: Color = Color::opaque(255.0, 90.0, 61.0);
const TEXT: Color = Color::opaque(247.0, 245.0, 238.0);
const MUTED: Color = Color::opaque(195.0, 202.0, 214.0);

/// What the host decides about the looks.
#[derive(Default)]
pub(crate) struct Theme {
    /// Whether nothing may move, and changes only fade.
    pub(crate) still: bool,
    /// How many cars there is room for.
    pub(crate) cars: usize,
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

    /// Reads the tokens of `host`, and sets the colours that follow from them on `stage`.
    pub(crate) fn read(host: &HtmlElement, stage: &mut Part) -> Self {
        let window = web_sys::window().expect("an overlay lives in a window");
        let computed = window.get_computed_style(stage.element()).ok().flatten();
        let computed = computed.expect("elements have a computed style");
        let value = |name: &str| computed.get_property_value(name).unwrap_or_default();
        // Only a real property resolves names, `oklch()` and `var()`, and a mixture always comes out
        // in one notation. A wish that is no colour leaves the fallback standing.
        let mut color = |token: &str, fallback: Color| {
            stage.set_style("outline-color", &mixture(&fallback.css()));
            stage.set_style("outline-color", &mixture(&value(token)));
            Color::parse(&value("outline-color")).unwrap_or(fallback)
        };

        let surface = color("--parlor-surface", SURFACE);
        let (accent, on_accent) = ink::field(color("--parlor-accent", ACCENT));
        let (urgent, on_urgent) = ink::field(color("--parlor-accent-2", ACCENT_2));
        let inks = [
            ("--ink-text", color("--parlor-text", TEXT)),
            ("--ink-muted", color("--parlor-muted", MUTED)),
            ("--ink-amount", accent),
        ];
        for (name, wish) in inks {
            stage.set_style(name, &ink::ink_on(surface, wish).css());
        }
        stage.set_style("--ink-urgent", &urgent.css());
        stage.set_style("--ink-on-urgent", &on_urgent.css());
        stage.set_style("--ink-accent", &accent.css());
        stage.set_style("--ink-on-accent", &on_accent.css());

        let asks_for_less = window
            .match_media("(prefers-reduced-motion: reduce)")
            .ok()
            .flatten()
            .is_some_and(|query| query.matches());

        // The stage's font is 24 units, which makes it the measure of a unit in pixels.
        let font_px = ink::number(&value("font-size"));
        let width_units = f32::from(host.client_width() as i16) * 0.92 * 24.0 / font_px;

        Self {
            still: asks_for_less || value("--parlor-motion").trim() == "none",
            cars: cars_that_fit(width_units),
        }
    }
}

fn mixture(color: &str) -> String {
    ["color-mix(in srgb, ", color, ", ", color, ")"].concat()
}

/// How many cars leave the train room to drive. For the lengths see `overlay.css`.
fn cars_that_fit(width_units: f32) -> usize {
    const SIGN: f32 = 268.0;
    const TENDER_AND_ENGINE: f32 = 524.0;
    const CAR: f32 = 238.0;
    const WAY_MIN: f32 = 250.0;

    let room = ((width_units - SIGN - TENDER_AND_ENGINE - WAY_MIN) / CAR) as i32;
    usize::try_from(room.clamp(1, 3)).unwrap_or(1)
}
