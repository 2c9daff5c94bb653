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

    /// One character such as an emoji; the empty text is none
    #[arg(long, value_name = "CHARACTER")]
    icon: Option<String>,

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

    /// Only while the room's title holds this; the empty text is any title
    #[arg(long, value_name = "TEXT", help_heading = "When it can be redeemed")]
    title_contains: Option<String>,

    /// Only while a hype train runs, at this level at least; `none` for at any time
    #[arg(long, value_name = "LEVEL", value_parser = parse_limit, help_heading = "When it can be redeemed")]
    train_level_min: Option<Limit>,

    /// Only while so many participants are online at least; `none` for however few
    #[arg(long, value_name = "COUNT", value_parser = parse_limit, help_heading = "When it can be redeemed")]
    online_min: Option<Limit>,

    /// Only for paying members of this tier at least, 1 for any; `none` for everybody
    #[arg(long, value_name = "TIER", value_parser = parse_limit, help_heading = "When it can be redeemed")]
    membership_tier_min: Option<Limit>,

    /// Whether a refund gives back the places that the redemption took of its limits; true unless given
    #[arg(long, value_name = "BOOL", help_heading = "What a refund restores")]
    refund_restores_places: Option<bool>,

    /// Whether a refund ends the cooldown that the redemption began; false unless given
    #[arg(long, value_name = "BOOL", help_heading = "What a refund restores")]
    refund_restores_cooldown: Option<bool>,
}

/// How often or how soon, or that it does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    None,
    At(i64),
}

impl TermsArgs {
    /// Puts what was given into `input`. The API takes limits, and each other group, all together: what was not given
    /// of one is as the `present` reward has it, if there is one.
    pub(super) fn put(&self, input: &mut Map<String, Value>, present: &Value) {
        let text = |text: &String| match text.as_str() {
            "" => Value::Null,
            text => json!(text),
        };
        for (name, value) in [
            ("prompt", self.prompt.as_ref().map(text)),
            ("color", self.color.as_ref().map(text)),
            ("icon", self.icon.as_ref().map(text)),
            (
                "membershipTierMin",
                self.membership_tier_min.map(|tier| match tier {
                    Limit::None => Value::Null,
                    Limit::At(tier) => json!(tier),
                }),
            ),
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
            ("limits", self.limits(&present["limits"])),
            ("availability", self.availability(&present["availability"])),
            (
                "refundRestores",
                self.refund_restores(&present["refundRestores"]),
            ),
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

        together(
            present,
            given.map(|(name, limit)| (name, limit.map(Limit::text))),
        )
    }

    fn availability(&self, present: &Value) -> Option<Value> {
        let title = self.title_contains.as_ref();
        let level = |limit: Limit| match limit {
            Limit::None => Value::Null,
            Limit::At(level) => json!(level),
        };
        let given = [
            (
                "titleContains",
                title.map(|title| json!(Some(title).filter(|title| !title.is_empty()))),
            ),
            ("trainLevelMin", self.train_level_min.map(level)),
            ("onlineMin", self.online_min.map(Limit::text)),
        ];

        together(present, given)
    }

    fn refund_restores(&self, present: &Value) -> Option<Value> {
        // What the API takes a new reward to restore.
        let usual = json!({ "places": true, "cooldown": false });
        let present = if present.is_null() { &usual } else { present };
        let given = [
            ("places", self.refund_restores_places.map(Value::Bool)),
            ("cooldown", self.refund_restores_cooldown.map(Value::Bool)),
        ];

        together(present, given)
    }
}

impl Limit {
    /// As the API takes numbers that may be large.
    fn text(self) -> Value {
        match self {
            Self::None => Value::Null,
            Self::At(number) => json!(number.to_string()),
        }
    }
}

/// What is given all together, if any of it was: the rest as it is at `present`.
fn together<const N: usize>(present: &Value, given: [(&str, Option<Value>); N]) -> Option<Value> {
    if given.iter().all(|(_, value)| value.is_none()) {
        return None;
    }

    let whole = given.map(|(name, value)| {
        let value = value.unwrap_or_else(|| present[name].clone());
        (name.to_owned(), value)
    });
    Some(whole.into_iter().collect::<Map<_, _>>().into())
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
