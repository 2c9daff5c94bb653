//! Writes deliveries to standard output, each as one line.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, Result};
use parlor::Delivery;

use crate::json;
use crate::phrase::{Tone, phrase};

pub(crate) struct Terminal {
    style: Style,
}

enum Style {
    Json,
    Plain,
    Coloured,
}

impl Terminal {
    pub(crate) fn new(json: bool) -> Self {
        let colour_wanted = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let style = match (json, colour_wanted) {
            (true, _) => Style::Json,
            (false, true) => Style::Coloured,
            (false, false) => Style::Plain,
        };

        Self { style }
    }

    pub(crate) fn print(&self, delivery: &Delivery) -> Result<()> {
        let line = match self.style {
            Style::Json => json::object(delivery).to_string(),
            Style::Plain => phrase(delivery).text,
            Style::Coloured => {
                let phrase = phrase(delivery);
                format!("\u{1b}[{}m{}\u{1b}[0m", colour(phrase.tone), phrase.text)
            }
        };

        writeln!(io::stdout(), "{line}").context("cannot write to standard output")
    }
}

fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Quiet => "2",
        Tone::Gift => "33",
        Tone::Train => "36",
        Tone::Triumph => "1;35",
    }
}
