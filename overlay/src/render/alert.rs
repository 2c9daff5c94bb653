//! An alert: a ticket that says who and what, with how much on its stub.

use crate::card::Card;
use crate::ink;
use crate::render::part::{ALERT, AMOUNT, MESSAGE, STUB, WHAT, WHO};
use crate::render::pen::Pen;
use crate::render::theme::Theme;
use crate::scene::AlertView;

/// What is drawn of an alert.
#[derive(Default)]
pub(crate) struct AlertWidget {
    /// Whose words stand there.
    number: Option<u32>,
}

impl AlertWidget {
    pub(crate) fn draw(&mut self, pen: &Pen, view: Option<&AlertView<'_>>, theme: &Theme) {
        pen.hide(ALERT, view.is_none());
        let number = view.map(|view| view.number);
        if let Some(view) = view.filter(|_| number != self.number) {
            let card = Card::on_stage(view.alert);
            pen.text(WHO, &card.who);
            pen.text(WHAT, &card.what);
            pen.text(MESSAGE, card.message.as_deref().unwrap_or_default());
            pen.text(AMOUNT, &card.amount);
            pen.hide(STUB, card.amount.is_empty());
            pen.toggle(ALERT, "redeemed", card.reward.is_some());
            // What is empty is the theme's again.
            let color = card.reward.and_then(|look| look.color).map(ink::field);
            let css = color.map(|(field, ink)| (field.css(), ink.css()));
            let (field, ink) = css.unwrap_or_default();
            pen.style(STUB, "--accent", &field);
            pen.style(STUB, "--on-accent", &ink);
        }
        self.number = number;
        let Some(view) = view else {
            return;
        };

        pen.opacity(ALERT, view.entered * (1.0 - view.left));
        if theme.still {
            return;
        }
        let coming = 1.0 - view.entered;
        let rise = -28.0 * coming - 14.0 * view.left;
        pen.shift(ALERT, 0.0, rise);
        pen.shift(STUB, -36.0 * coming, 0.0);
    }
}
