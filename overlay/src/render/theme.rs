//! The theme a page gives by custom properties, made readable, and the room there is.
//!
//! A page may change what it wishes at any time and by any way: on the element, in a style sheet, by
//! a property of its own that ours refers to, by a colour scheme. No event tells of that. So each
//! colour stands as a real property of an element that is never seen, where the browser resolves it
//! (`overlay.css` says what it falls back to), and what came of it is compared with every frame.

use crate::ink::{self, Color};
use crate::render::part::STAGE;
use crate::render::pen::Pen;

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

impl Theme {
    /// Returns where something is that is on its way to a whole place: there, if nothing may move.
    pub(crate) fn place(&self, place: f32) -> f32 {
        if self.still {
            ((place + 0.5) as i32) as f32
        } else {
            place
        }
    }

    /// Makes the theme of what [`Pen::look`] saw, and sets its colours on the stage. Returns `None` where the
    /// browser resolves nothing, as in a document that is not shown.
    pub(crate) fn of(seen: &str, pen: &Pen) -> Option<Self> {
        let mut seen = seen.split('\n');
        let width = ink::number(seen.next()?);
        let still = seen.next()? == "true";
        let font_size = seen.next()?;
        let mut color = || Color::parse(seen.next()?);
        let surface = color()?;
        let (accent, on_accent) = ink::field(color()?);
        let (urgent, on_urgent) = ink::field(color()?);
        let text = ink::ink_on(surface, color()?);
        let muted = ink::ink_on(surface, color()?);

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
            pen.style(STAGE, name, &color.css());
        }

        // The stage's font is 24 units, which makes it the measure of a unit in pixels.
        let width_units = width * 0.92 * 24.0 / ink::number(font_size);

        Some(Self {
            still,
            width: width_units,
            compact: width_units < COMPACT_BELOW,
        })
    }
}
