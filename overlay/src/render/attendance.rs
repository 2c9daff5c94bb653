//! How many are here: a count with a few faces, and quiet lines above it.

use alloc::vec::Vec;
use web_sys::ShadowRoot;

use crate::render::part::{Part, units};
use crate::render::theme::Theme;
use crate::scene::{AttendanceView, FACES_MAX, LINES_MAX};
use crate::words;

/// From one line to the next, in design units, as in `overlay.css`.
const STEP: f32 = 54.0;

/// The elements of the count and its lines.
pub(crate) struct AttendanceWidget {
    root: Part,
    plate: Part,
    count: Part,
    faces: Vec<Part>,
    lines: Vec<Line>,
}

struct Line {
    root: Part,
    who: Part,
    what: Part,
}

impl AttendanceWidget {
    pub(crate) fn new(root: &ShadowRoot) -> Self {
        let find = |selector| Part::find(root, selector);
        let lines = Part::repeat(root, ".visit", LINES_MAX);

        Self {
            root: find(".attendance"),
            plate: find(".attendance .here"),
            count: find(".attendance .here b"),
            faces: Part::repeat(root, ".here .face", FACES_MAX),
            lines: lines.into_iter().map(Line::of).collect(),
        }
    }

    pub(crate) fn draw(&mut self, view: Option<&AttendanceView<'_>>, theme: &Theme) {
        self.root.set_hidden(view.is_none());
        let Some(view) = view else {
            return;
        };

        self.plate.set_opacity(view.present);
        self.count.set_text(&words::grouped(view.count));
        for (at, face) in self.faces.iter_mut().enumerate() {
            let initial = view.faces.get(at);
            face.set_hidden(initial.is_none());
            face.set_text(initial.copied().unwrap_or_default());
        }

        let mut used = [false; LINES_MAX];
        for line in &view.lines {
            used[line.berth] = true;
            let drawn = &mut self.lines[line.berth];
            drawn.root.set_hidden(false);
            drawn.root.set_opacity(line.entered * (1.0 - line.left));
            drawn.who.set_text(line.who);
            drawn.what.set_text(line.what);
            let up = -theme.place(line.row) * STEP;
            drawn
                .root
                .set_transform(&["translateY(calc(", &units(up), "))"].concat());
        }
        for (line, _) in self.lines.iter_mut().zip(used).filter(|(_, used)| !used) {
            line.root.set_hidden(true);
        }
    }
}

impl Line {
    fn of(root: Part) -> Self {
        Self {
            who: root.child("b"),
            what: root.child("span"),
            root,
        }
    }
}
