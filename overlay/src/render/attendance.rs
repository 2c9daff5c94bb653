//! How many are here: a count with a few faces, and quiet lines above it.

use crate::render::part::{ATTENDANCE, COUNT, FACE, HERE, VISIT, VISIT_WHAT, VISIT_WHO};
use crate::render::pen::Pen;
use crate::render::theme::Theme;
use crate::scene::{AttendanceView, FACES_MAX, LINES_MAX};
use crate::words;

/// From one line to the next, in design units, as in `overlay.css`.
const STEP: f32 = 54.0;

pub(crate) fn draw(pen: &Pen, view: Option<&AttendanceView<'_>>, theme: &Theme) {
    pen.hide(ATTENDANCE, view.is_none());
    let Some(view) = view else {
        return;
    };

    pen.opacity(HERE, view.present);
    pen.text(COUNT, &words::grouped(view.count));
    for at in 0..FACES_MAX {
        let initial = view.faces.get(at);
        pen.hide(FACE.nth(at), initial.is_none());
        pen.text(FACE.nth(at), initial.copied().unwrap_or_default());
    }

    for at in 0..LINES_MAX {
        let line = view.lines.iter().find(|line| line.berth == at);
        pen.hide(VISIT.nth(at), line.is_none());
        if let Some(line) = line {
            pen.opacity(VISIT.nth(at), line.entered * (1.0 - line.left));
            pen.text(VISIT_WHO.nth(at), line.who);
            pen.text(VISIT_WHAT.nth(at), line.what);
            pen.shift(VISIT.nth(at), 0.0, -theme.place(line.row) * STEP);
        }
    }
}
