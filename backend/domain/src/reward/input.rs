//! What a viewer says when they redeem, and whether it fits.

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::invalid::{Invalid, check_range, check_text, check_words};

/// The field that a viewer gives it in.
const FIELD: &str = "input";
/// The longest text that a viewer gives, in bytes: a few sentences, or a link.
pub(crate) const INPUT_BYTES_MAX: usize = 500;
/// The longest pattern, in bytes.
pub(crate) const PATTERN_BYTES_MAX: usize = 200;
/// How much memory a compiled pattern may take: a few repetitions of a class of letters.
const PATTERN_MEMORY_MAX: usize = 256 * 1024;
/// The most choices: a list that is still read.
pub(crate) const CHOICES_MAX: usize = 25;
/// The longest choice, in bytes.
pub(crate) const CHOICE_BYTES_MAX: usize = 100;

/// What a reward asks of whoever redeems it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RewardInput {
    /// Nothing.
    None,
    /// A text, whole as the pattern has it if there is one.
    Text { pattern: Option<String> },
    /// A whole number between the two.
    Number { min: i64, max: i64 },
    /// One of these.
    Choice { choices: Vec<String> },
}

impl RewardInput {
    /// Checks what staff asks for.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Text {
                pattern: Some(pattern),
            } => {
                check_text("input.text.pattern", pattern, 1, PATTERN_BYTES_MAX)?;
                compile(pattern).map(drop).map_err(|error| {
                    let constraint = format!("a regular expression ({})", error.trim());
                    Invalid::new("input.text.pattern", constraint, pattern)
                })
            }
            Self::Number { min, max } if min > max => Err(Invalid::new(
                "input.number.max",
                format!("at least `min`, which is {min}"),
                max,
            )),
            Self::None | Self::Text { pattern: None } | Self::Number { .. } => Ok(()),
            Self::Choice { choices } => check_choices(choices),
        }
    }

    /// What is kept of what a viewer gave, if it fits: a number as it is written shortest, and a text
    /// without the spaces around it.
    pub(crate) fn accept(&self, given: Option<&str>) -> Result<Option<String>, Invalid> {
        let given = given.map(str::trim).filter(|given| !given.is_empty());
        let given = match (self, given) {
            (Self::None, None) => return Ok(None),
            (Self::None, Some(given)) => {
                return Err(unfit("left out, for the reward takes none", given));
            }
            (_, None) => return Err(unfit("something, for the reward asks for it", "nothing")),
            (_, Some(given)) => given,
        };
        check_words(FIELD, given, 1, INPUT_BYTES_MAX)?;

        self.fit(given).map(Some)
    }

    fn fit(&self, given: &str) -> Result<String, Invalid> {
        match self {
            Self::None | Self::Text { pattern: None } => Ok(given.to_owned()),
            Self::Text {
                pattern: Some(pattern),
            } => {
                let fits = compile(pattern).is_ok_and(|pattern| pattern.is_match(given));
                let unfit = || unfit(format!("as `{pattern}` has it"), given);
                fits.then(|| given.to_owned()).ok_or_else(unfit)
            }
            Self::Number { min, max } => {
                let number: Option<i64> = given.parse().ok();
                let number = number.filter(|number| (min..=max).contains(&number));
                let unfit = || unfit(format!("a whole number between {min} and {max}"), given);
                number.map(|number| number.to_string()).ok_or_else(unfit)
            }
            Self::Choice { choices } => {
                let choice = choices.iter().find(|choice| *choice == given);
                let unfit = || unfit(format!("one of: {}", choices.join(", ")), given);
                choice.cloned().ok_or_else(unfit)
            }
        }
    }
}

fn unfit(constraint: impl Into<String>, found: &str) -> Invalid {
    Invalid::new(FIELD, constraint, found)
}

/// A pattern that has to fit the whole of a text. It takes time in proportion to the text, whatever it is.
fn compile(pattern: &str) -> Result<Regex, String> {
    // Compiled by itself first, so that nothing in it closes the group around it.
    let build = |pattern: &str| {
        regex::RegexBuilder::new(pattern)
            .size_limit(PATTERN_MEMORY_MAX)
            .build()
            .map_err(|error| error.to_string())
    };
    build(pattern)?;

    build(&format!("^(?:{pattern})$"))
}

fn check_choices(choices: &[String]) -> Result<(), Invalid> {
    let count = i64::try_from(choices.len()).unwrap_or(i64::MAX);
    let most = i64::try_from(CHOICES_MAX).expect("choices are few");
    check_range("input.choice", count, 2, most)?;
    for (index, choice) in choices.iter().enumerate() {
        check_words("input.choice", choice, 1, CHOICE_BYTES_MAX)?;
        if choice.trim() != choice {
            let constraint = "choices without spaces around them";
            return Err(Invalid::new(
                "input.choice",
                constraint,
                format!("{choice:?}"),
            ));
        }
        if choices[..index].contains(choice) {
            return Err(Invalid::new("input.choice", "choices that differ", choice));
        }
    }

    Ok(())
}
