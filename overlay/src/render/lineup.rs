//! The stage: a column of seats that stands on its last one, the host's on top.

use crate::render::part::{ASIDE, HEAD, HEADING, LINEUP, SEAT, SEAT_FACE, SEAT_HOST, SEAT_NAME};
use crate::render::pen::Pen;
use crate::render::theme::Theme;
use crate::scene::{BERTHS, LineupView};

/// From one seat to the next, in design units, as in `overlay.css`.
const STEP: f32 = 70.0;
/// How far off a seat is when it comes in.
const COMES_FROM: f32 = -40.0;

pub(crate) fn draw(pen: &Pen, view: Option<&LineupView<'_>>, theme: &Theme) {
    pen.hide(LINEUP, view.is_none());
    let Some(view) = view else {
        return;
    };

    let rows = theme.place(view.rows);
    pen.opacity(HEAD, view.present);
    pen.shift(HEAD, 0.0, -rows * STEP);
    pen.text(HEADING, view.heading);
    pen.text(ASIDE, view.aside);

    for at in 0..BERTHS {
        let root = SEAT.nth(at);
        let seat = view.seats.iter().find(|seat| seat.berth == at);
        pen.hide(root, seat.is_none());
        let Some(seat) = seat else {
            continue;
        };
        pen.opacity(root, seat.entered * (1.0 - seat.left));
        pen.toggle(root, "away", seat.online < 0.5);
        pen.toggle(root, "hosts", seat.is_host);
        pen.text(SEAT_FACE.nth(at), seat.initial);
        pen.opacity(SEAT_FACE.nth(at), 0.45 + 0.55 * seat.online);
        pen.text(SEAT_NAME.nth(at), seat.name);
        pen.hide(SEAT_HOST.nth(at), !seat.is_host);

        let coming = if theme.still { 0.0 } else { 1.0 - seat.entered };
        // The last of the column stands on the floor.
        let down = (theme.place(seat.row) + 1.0 - rows) * STEP;
        pen.shift(root, COMES_FROM * coming, down);
    }
}
