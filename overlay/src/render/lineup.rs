//! The stage: a column of seats that stands on its last one, the host's on top.

use alloc::string::String;
use alloc::vec::Vec;
use web_sys::ShadowRoot;

use crate::render::part::{Part, units};
use crate::render::theme::Theme;
use crate::scene::{BERTHS, LineupView};

/// From one seat to the next, in design units, as in `overlay.css`.
const STEP: f32 = 70.0;
/// How far off a seat is when it comes in.
const COMES_FROM: f32 = -40.0;

/// The elements of the stage.
pub(crate) struct LineupWidget {
    root: Part,
    head: Part,
    heading: Part,
    aside: Part,
    seats: Vec<Seat>,
}

struct Seat {
    root: Part,
    face: Part,
    name: Part,
    host: Part,
}

impl LineupWidget {
    pub(crate) fn new(root: &ShadowRoot) -> Self {
        let find = |selector| Part::find(root, selector);
        let seats = Part::repeat(root, ".seat", BERTHS);

        Self {
            root: find(".lineup"),
            head: find(".lineup .head"),
            heading: find(".lineup .head b"),
            aside: find(".lineup .head span"),
            seats: seats.into_iter().map(Seat::of).collect(),
        }
    }

    pub(crate) fn draw(&mut self, view: Option<&LineupView<'_>>, theme: &Theme) {
        self.root.set_hidden(view.is_none());
        let Some(view) = view else {
            return;
        };

        let rows = theme.place(view.rows);
        self.head.set_opacity(view.present);
        self.head.set_transform(&down(-rows * STEP));
        self.heading.set_text(view.heading);
        self.aside.set_text(view.aside);

        let mut used = [false; BERTHS];
        for seat in &view.seats {
            used[seat.berth] = true;
            let drawn = &mut self.seats[seat.berth];
            drawn.root.set_hidden(false);
            drawn.root.set_opacity(seat.entered * (1.0 - seat.left));
            drawn.root.set_class("away", seat.online < 0.5);
            drawn.root.set_class("hosts", seat.is_host);
            drawn.face.set_text(seat.initial);
            drawn.face.set_opacity(0.45 + 0.55 * seat.online);
            drawn.name.set_text(seat.name);
            drawn.host.set_hidden(!seat.is_host);

            let coming = if theme.still { 0.0 } else { 1.0 - seat.entered };
            let slide = ["translateX(calc(", &units(COMES_FROM * coming), "))"].concat();
            // The last of the column stands on the floor.
            let y = down((theme.place(seat.row) + 1.0 - rows) * STEP);
            drawn.root.set_transform(&[y.as_str(), &slide].concat());
        }
        for (seat, _) in self.seats.iter_mut().zip(used).filter(|(_, used)| !used) {
            seat.root.set_hidden(true);
        }
    }
}

impl Seat {
    fn of(root: Part) -> Self {
        Self {
            face: root.child(".face"),
            name: root.child(".holder"),
            host: root.child(".host"),
            root,
        }
    }
}

fn down(length: f32) -> String {
    ["translateY(calc(", &units(length), "))"].concat()
}
