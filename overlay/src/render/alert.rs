//! An alert: a ticket that says who and what, with how much on its stub.

use web_sys::ShadowRoot;

use crate::card::Card;
use crate::render::part::{Part, units};
use crate::render::theme::Theme;
use crate::scene::AlertView;

/// The elements of an alert.
pub(crate) struct AlertWidget {
    root: Part,
    who: Part,
    what: Part,
    message: Part,
    stub: Part,
    amount: Part,
    number: Option<u32>,
}

impl AlertWidget {
    pub(crate) fn new(root: &ShadowRoot) -> Self {
        let find = |selector| Part::find(root, selector);

        Self {
            root: find(".alert"),
            who: find(".who"),
            what: find(".what"),
            message: find(".message"),
            stub: find(".stub"),
            amount: find(".stub b"),
            number: None,
        }
    }

    pub(crate) fn draw(&mut self, view: Option<&AlertView<'_>>, theme: &Theme) {
        self.root.set_hidden(view.is_none());
        let number = view.map(|view| view.number);
        if let Some(view) = view.filter(|_| number != self.number) {
            let card = Card::on_stage(view.alert);
            self.who.set_text(&card.who);
            self.what.set_text(&card.what);
            self.message
                .set_text(card.message.as_deref().unwrap_or_default());
            self.amount.set_text(&card.amount);
            self.stub.set_hidden(card.amount.is_empty());
        }
        self.number = number;
        let Some(view) = view else {
            return;
        };

        self.root.set_opacity(view.entered * (1.0 - view.left));
        if theme.still {
            return;
        }
        let coming = 1.0 - view.entered;
        let rise = -28.0 * coming - 14.0 * view.left;
        self.root
            .set_transform(&["translateY(calc(", &units(rise), "))"].concat());
        self.stub
            .set_transform(&["translateX(calc(", &units(-36.0 * coming), "))"].concat());
    }
}
