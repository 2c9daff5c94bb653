//! What a reward is like, as the command line says it and the API takes it.

use clap::Args;
use serde_json::{Map, Value, json};

/// What a reward has beside its title and its cost.
#[derive(Debug, Args)]
pub(super) struct TermsArgs {
    /// What a viewer reads before redeeming; the empty text is none
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,

    /// A color such as #ff8800; the empty text is none
    #[arg(long, value_name = "COLOR")]
    color: Option<String>,

    /// Whether it is fulfilled as it is redeemed, and never in the queue
    #[arg(long, value_name = "BOOL")]
    auto_fulfills: Option<bool>,

    /// Whether it can be redeemed while no session is live
    #[arg(long, value_name = "BOOL")]
    redeemable_offline: Option<bool>,

    /// Whether everyone in the room is told when somebody redeems it
    #[arg(long, value_name = "BOOL")]
    is_announced: Option<bool>,

    /// Whether they are told what was said with it as well
    #[arg(long, value_name = "BOOL")]
    shows_input: Option<bool>,

    /// How long after its session a redemption expires that nobody has seen to, in milliseconds
    #[arg(long, value_name = "MS")]
    expires_after_ms: Option<i64>,

    /// Draw lots among those who redeem it within so long, in milliseconds; `none` for no draw
    #[arg(long, value_name = "MS", value_parser = parse_limit, help_heading = "Draw")]
    draw_window_ms: Option<Limit>,

    /// How many win a draw; one unless given
    #[arg(
        long,
        value_name = "COUNT",
        requires = "draw_window_ms",
        help_heading = "Draw"
    )]
    draw_winners: Option<i64>,

    /// Ask nothing of whoever redeems it
    #[arg(long, group = "ask", help_heading = "What it asks for")]
    ask_nothing: bool,

    /// Ask for a text
    #[arg(long, group = "ask", help_heading = "What it asks for")]
    ask_text: bool,

    /// Ask for a text that fits a regular expression as a whole
    #[arg(
        long,
        value_name = "PATTERN",
        group = "ask",
        help_heading = "What it asks for"
    )]
    ask_pattern: Option<String>,

    /// Ask for a whole number, such as 1..6
    #[arg(
        long,
        value_name = "MIN..MAX",
        group = "ask",
        allow_hyphen_values = true,
        value_parser = parse_range,
        help_heading = "What it asks for"
    )]
    ask_number: Option<(i64, i64)>,

    /// Ask for one of several; repeatable, and the whole list
    #[arg(
        long,
        value_name = "CHOICE",
        group = "ask",
        help_heading = "What it asks for"
    )]
    ask_choice: Vec<String>,

    /// Redemptions in one session, by everybody; `none` for any number
    #[arg(long, value_name = "COUNT", value_parser = parse_limit, help_heading = "Limits")]
    per_session: Option<Limit>,

    /// Redemptions in one session, by one viewer; `none` for any number
    #[arg(long, value_name = "COUNT", value_parser = parse_limit, help_heading = "Limits")]
    per_viewer_and_session: Option<Limit>,

    /// Between two redemptions by anybody, in milliseconds, or `none`
    #[arg(long, value_name = "MS", value_parser = parse_limit, help_heading = "Limits")]
    cooldown_ms: Option<Limit>,

    /// Between two redemptions by one viewer, in milliseconds, or `none`
    #[arg(long, value_name = "MS", value_parser = parse_limit, help_heading = "Limits")]
    viewer_cooldown_ms: Option<Limit>,
}

/// How often or how soon, or that it does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    None,
    At(i64),
}

impl TermsArgs {
    /// Puts what was given into `input`. The API takes limits all together: those that were not given are the
    /// `present` ones, if there are any.
    pub(super) fn put(&self, input: &mut Map<String, Value>, present: &Value) {
        let text = |text: &String| match text.as_str() {
            "" => Value::Null,
            text => json!(text),
        };
        for (name, value) in [
            ("prompt", self.prompt.as_ref().map(text)),
            ("color", self.color.as_ref().map(text)),
            ("autoFulfills", self.auto_fulfills.map(Value::Bool)),
            (
                "redeemableOffline",
                self.redeemable_offline.map(Value::Bool),
            ),
            ("isAnnounced", self.is_announced.map(Value::Bool)),
            ("showsInput", self.shows_input.map(Value::Bool)),
            (
                "expiresAfterMs",
                self.expires_after_ms.map(|ms| json!(ms.to_string())),
            ),
            ("input", self.ask()),
            ("limits", self.limits(present)),
            ("draw", self.draw()),
        ] {
            if let Some(value) = value {
                input.insert(name.to_owned(), value);
            }
        }
    }

    /// One wins, unless said.
    fn draw(&self) -> Option<Value> {
        Some(match self.draw_window_ms? {
            Limit::None => Value::Null,
            Limit::At(window_ms) => json!({
                "windowMs": window_ms.to_string(),
                "winners": self.draw_winners.unwrap_or(1),
            }),
        })
    }

    fn ask(&self) -> Option<Value> {
        if self.ask_nothing {
            return Some(json!({ "none": true }));
        }
        if self.ask_text {
            return Some(json!({ "text": {} }));
        }
        if let Some(pattern) = &self.ask_pattern {
            return Some(json!({ "text": { "pattern": pattern } }));
        }
        if let Some((min, max)) = self.ask_number {
            let (min, max) = (min.to_string(), max.to_string());
            return Some(json!({ "number": { "min": min, "max": max } }));
        }

        (!self.ask_choice.is_empty()).then(|| json!({ "choice": self.ask_choice }))
    }

    fn limits(&self, present: &Value) -> Option<Value> {
        let given = [
            ("perSession", self.per_session),
            ("perViewerAndSession", self.per_viewer_and_session),
            ("cooldownMs", self.cooldown_ms),
            ("viewerCooldownMs", self.viewer_cooldown_ms),
        ];
        if given.iter().all(|(_, limit)| limit.is_none()) {
            return None;
        }

        let limits = given.map(|(name, limit)| {
            let value = match limit {
                None => present[name].clone(),
                Some(Limit::None) => Value::Null,
                Some(Limit::At(number)) => json!(number.to_string()),
            };
            (name.to_owned(), value)
        });
        Some(limits.into_iter().collect::<Map<_, _>>().into())
    }
}

fn parse_limit(text: &str) -> Result<Limit, String> {
    if text == "none" {
        return Ok(Limit::None);
    }

    let number = text.parse().map(Limit::At);
    number.map_err(|_| "a limit is a whole number, or `none`".to_owned())
}

fn parse_range(text: &str) -> Result<(i64, i64), String> {
    let read = || {
        let (min, max) = text.split_once("..")?;
        Some((min.parse().ok()?, max.parse().ok()?))
    };

    read().ok_or_else(|| "a range is two whole numbers, such as 1..6".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_limits_are_whole_numbers() {
        assert_eq!(parse_range("-5..5"), Ok((-5, 5)));
        assert_eq!(parse_limit("none"), Ok(Limit::None));
        assert_eq!(parse_limit("3"), Ok(Limit::At(3)));
        for odd in ["", "1", "1..", "..6", "1..x", "1...6"] {
            assert!(parse_range(odd).is_err(), "{odd}");
        }
        for odd in ["", "-", "1.5", "None"] {
            assert!(parse_limit(odd).is_err(), "{odd}");
        }
    }
}
