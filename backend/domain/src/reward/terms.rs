//! What a reward is, and on what terms it is sold.

use serde::{Deserialize, Serialize};

use super::{Availability, DrawRules, Restores, RewardInput};
use crate::books::TRANSFER_POINTS_MAX;
use crate::contribution::TIER_MAX;
use crate::invalid::{Invalid, Length, check_length, check_range, check_words};

/// The longest title, in bytes: a line on a button.
pub(crate) const TITLE_BYTES_MAX: usize = 100;
/// The longest prompt, in bytes: a sentence or two under it.
pub(crate) const PROMPT_BYTES_MAX: usize = 300;
/// One character as people see it, an emoji or a letter, however many code points it is made of: a flag of a
/// region has seven, a family eleven.
pub(crate) const ICON_MAX: Length = Length {
    characters: 1,
    bytes: 64,
};
/// The longest cooldown: a week, beyond which a limit for each session says it better.
pub(crate) const COOLDOWN_MS_MAX: i64 = 604_800_000;
/// The soonest that a redemption which nobody sees to expires: what staff can still answer.
pub const EXPIRES_AFTER_MS_MIN: i64 = 60_000;
/// The latest: 30 days, so that no viewer's points are held for good.
pub(crate) const EXPIRES_AFTER_MS_MAX: i64 = 2_592_000_000;
/// Unless said otherwise: a day, so that whoever streams daily has the next show to catch up in.
pub const EXPIRES_AFTER_MS_DEFAULT: i64 = 86_400_000;
/// The most redemptions that a limit may name.
pub(crate) const LIMIT_MAX: i64 = 1_000_000;

/// Everything about a reward that staff sets.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in the API"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub title: String,
    /// What a viewer reads before redeeming.
    pub prompt: Option<String>,
    /// In points.
    pub cost: i64,
    pub input: RewardInput,
    /// `#rrggbb`.
    pub color: Option<String>,
    /// One character, such as an emoji.
    #[serde(default)]
    pub icon: Option<String>,
    /// Whether viewers see it at all.
    pub is_enabled: bool,
    /// Whether they see that it cannot be redeemed just now.
    pub is_paused: bool,
    /// Whether it is fulfilled as it is redeemed, and never in the queue.
    pub auto_fulfills: bool,
    /// Whether it can be redeemed while no session is live.
    pub redeemable_offline: bool,
    /// The tier of a paid membership that it takes at least; 1 is any.
    #[serde(default)]
    pub membership_tier_min: Option<u8>,
    pub limits: Limits,
    /// What a whole refund gives back beside the points.
    #[serde(default)]
    pub refund_restores: Restores,
    /// How long after the session that it was made in a redemption expires which nobody has seen to.
    #[serde(default = "expires_after_ms_default")]
    pub expires_after_ms: i64,
    #[serde(default)]
    pub availability: Availability,
    /// Whether everyone in the room is told when somebody redeems it.
    #[serde(default = "is_announced_default")]
    pub is_announced: bool,
    /// Whether they are told what was said with it as well, which nobody has looked at by then.
    #[serde(default)]
    pub shows_input: bool,
    /// How it is drawn among those who enter, if it does not go to whoever redeems it.
    #[serde(default)]
    pub draw: Option<DrawRules>,
}

fn expires_after_ms_default() -> i64 {
    EXPIRES_AFTER_MS_DEFAULT
}

/// Whoever redeems something in a show means it to be seen.
fn is_announced_default() -> bool {
    true
}

/// How often a reward can be redeemed. What is not set does not limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Between two redemptions by anybody, in milliseconds.
    pub cooldown_ms: Option<i64>,
    /// Between two redemptions by one viewer, in milliseconds.
    pub viewer_cooldown_ms: Option<i64>,
    pub per_session: Option<i64>,
    pub per_viewer_and_session: Option<i64>,
}

impl Terms {
    /// Checks what staff gave.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        check_words("title", &self.title, 1, TITLE_BYTES_MAX)?;
        if let Some(prompt) = &self.prompt {
            check_words("prompt", prompt, 1, PROMPT_BYTES_MAX)?;
        }
        check_range("cost", self.cost, 1, TRANSFER_POINTS_MAX)?;
        if let Some(color) = &self.color {
            check_color(color)?;
        }
        if let Some(icon) = &self.icon {
            check_length("icon", icon, ICON_MAX)?;
        }
        if let Some(tier) = self.membership_tier_min {
            check_range("membershipTierMin", tier.into(), 1, TIER_MAX)?;
        }
        self.input.check()?;
        self.limits.check()?;
        let (least, most) = (EXPIRES_AFTER_MS_MIN, EXPIRES_AFTER_MS_MAX);
        check_range("expiresAfterMs", self.expires_after_ms, least, most)?;
        self.availability.check()?;
        self.draw.map_or(Ok(()), DrawRules::check)
    }
}

impl Limits {
    fn check(&self) -> Result<(), Invalid> {
        for (field, cooldown_ms) in [
            ("limits.cooldownMs", self.cooldown_ms),
            ("limits.viewerCooldownMs", self.viewer_cooldown_ms),
        ] {
            if let Some(cooldown_ms) = cooldown_ms {
                check_range(field, cooldown_ms, 1, COOLDOWN_MS_MAX)?;
            }
        }
        for (field, most) in [
            ("limits.perSession", self.per_session),
            ("limits.perViewerAndSession", self.per_viewer_and_session),
        ] {
            if let Some(most) = most {
                check_range(field, most, 1, LIMIT_MAX)?;
            }
        }

        Ok(())
    }
}

fn check_color(color: &str) -> Result<(), Invalid> {
    let digits = color.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(());
    }

    let constraint = "`#` and six hexadecimal digits, such as `#ff8800`";
    Err(Invalid::new("color", constraint, color))
}

/// What of a reward is to change: what is not given stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TermsChange {
    pub title: Option<String>,
    pub prompt: Option<Option<String>>,
    pub cost: Option<i64>,
    pub input: Option<RewardInput>,
    pub color: Option<Option<String>>,
    pub icon: Option<Option<String>>,
    pub is_enabled: Option<bool>,
    pub is_paused: Option<bool>,
    pub auto_fulfills: Option<bool>,
    pub redeemable_offline: Option<bool>,
    pub membership_tier_min: Option<Option<u8>>,
    pub limits: Option<Limits>,
    pub refund_restores: Option<Restores>,
    pub expires_after_ms: Option<i64>,
    pub availability: Option<Availability>,
    pub is_announced: Option<bool>,
    pub shows_input: Option<bool>,
    pub draw: Option<Option<DrawRules>>,
}

impl Terms {
    /// The terms after `change`.
    pub(crate) fn changed(&self, change: &TermsChange) -> Self {
        let change = change.clone();

        Self {
            title: change.title.unwrap_or_else(|| self.title.clone()),
            prompt: change.prompt.unwrap_or_else(|| self.prompt.clone()),
            cost: change.cost.unwrap_or(self.cost),
            input: change.input.unwrap_or_else(|| self.input.clone()),
            color: change.color.unwrap_or_else(|| self.color.clone()),
            icon: change.icon.unwrap_or_else(|| self.icon.clone()),
            is_enabled: change.is_enabled.unwrap_or(self.is_enabled),
            is_paused: change.is_paused.unwrap_or(self.is_paused),
            auto_fulfills: change.auto_fulfills.unwrap_or(self.auto_fulfills),
            redeemable_offline: change.redeemable_offline.unwrap_or(self.redeemable_offline),
            membership_tier_min: change
                .membership_tier_min
                .unwrap_or(self.membership_tier_min),
            limits: change.limits.unwrap_or(self.limits),
            refund_restores: change.refund_restores.unwrap_or(self.refund_restores),
            expires_after_ms: change.expires_after_ms.unwrap_or(self.expires_after_ms),
            availability: change
                .availability
                .unwrap_or_else(|| self.availability.clone()),
            is_announced: change.is_announced.unwrap_or(self.is_announced),
            shows_input: change.shows_input.unwrap_or(self.shows_input),
            draw: change.draw.unwrap_or(self.draw),
        }
    }
}
