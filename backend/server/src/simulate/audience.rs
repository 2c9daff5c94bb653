//! Who gives what, and when: a script in acts, filled in by a seeded sequence.

use std::time::Duration;

use serde_json::{Value, json};

/// What the show is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A gift now and then.
    Quiet,
    /// Enough people at once to start a train.
    Kickoff,
    /// Steady gifts, level after level.
    Running,
    /// Everyone at once.
    Frenzy,
    /// Nobody gives until the train has ended and its cooldown is over.
    Calm,
}

/// A contribution of the script.
#[derive(Debug, Clone, PartialEq)]
pub struct Gift {
    /// How long after the one before.
    pub after: Duration,
    pub key: String,
    pub kind: Kind,
    pub viewer: Option<(String, &'static str)>,
    pub message: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Donation { amount: i64, currency: &'static str },
    Membership { tier: u8 },
    GiftedMemberships { tier: u8, quantity: i64 },
}

/// An endless script.
pub struct Audience {
    rng: fastrand::Rng,
    /// Tells the keys of one run from another's.
    run: u64,
    act: usize,
    left_in_act: u32,
    count: u64,
}

/// The acts, how many gifts each has, and how far apart they are, in milliseconds. One round takes
/// about a minute and a half.
const ACTS: [(Act, u32, u64); 5] = [
    (Act::Quiet, 2, 3_000),
    (Act::Kickoff, 3, 900),
    (Act::Running, 16, 1_300),
    (Act::Frenzy, 26, 330),
    (Act::Calm, 1, 38_000),
];

/// Names in many scripts, short and long, with marks that stack, from both directions.
const NAMES: [&str; 32] = [
    "Mira",
    "jonas_k",
    "Łukasz",
    "Zoë",
    "さくら",
    "다은",
    "小雨",
    "Ольга",
    "Ηλέκτρα",
    "مريم",
    "יעל",
    "प्रिया",
    "กานต์",
    "Nguyễn Ân",
    "Þórdís",
    "Ayşe",
    "Chukwuemeka",
    "Māra",
    "ქეთი",
    "Անի",
    "ፍቅርተ",
    "தமிழ்",
    "🦊 Fennec",
    "✨luz✨",
    "👩‍🚀 Ada",
    "D'Artagnan",
    "<b>bold</b>",
    "Robert'); --",
    "x",
    "QuiteALongNameThatSomebodyReallyChose",
    "M̷a̸r̶v̵i̴n̶",
    "ᚱᚢᚾᛖ",
];

const MESSAGES: [&str; 16] = [
    "love the stream!",
    "🚂🚂🚂",
    "greetings from Lisbon",
    "どうぞ続けて！",
    "أحسنت، استمر",
    "first time here, hello",
    "one more song please",
    "Всё отлично!",
    "כל הכבוד",
    "let's gooo",
    "this is for the tea fund 🍵",
    "화이팅!",
    "Ich war dabei",
    "¡vamos!",
    "🎂 happy birthday 🎂",
    "that last boss fight was unreal, I could not sit still for the whole ten minutes",
];

impl Audience {
    /// The script that `seed` decides.
    pub fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let run = rng.u64(..);

        Self {
            rng,
            run,
            act: 0,
            left_in_act: ACTS[0].1,
            count: 0,
        }
    }

    /// What the show is at.
    pub fn act(&self) -> Act {
        ACTS[self.act].0
    }

    /// The next gift.
    pub fn next_gift(&mut self) -> Gift {
        if self.left_in_act == 0 {
            self.act = (self.act + 1) % ACTS.len();
            self.left_in_act = ACTS[self.act].1;
        }
        self.left_in_act -= 1;
        self.count += 1;
        let (act, _, apart_ms) = ACTS[self.act];

        Gift {
            after: Duration::from_millis(self.rng.u64(apart_ms * 7 / 10..=apart_ms * 13 / 10)),
            key: format!("simulated-{:016x}-{}", self.run, self.count),
            kind: self.kind(act),
            viewer: self.viewer(act),
            message: (self.rng.u8(..10) < 4).then(|| MESSAGES[self.rng.usize(..MESSAGES.len())]),
        }
    }

    fn viewer(&mut self, act: Act) -> Option<(String, &'static str)> {
        // A kickoff needs people that can be told apart.
        if act != Act::Kickoff && self.rng.u8(..10) == 0 {
            return None;
        }
        let index = self.rng.usize(..NAMES.len());

        Some((format!("simulated-viewer-{index}"), NAMES[index]))
    }

    fn kind(&mut self, act: Act) -> Kind {
        let generous = match act {
            Act::Quiet | Act::Calm => 1,
            Act::Kickoff | Act::Running => 2,
            Act::Frenzy => 4,
        };
        match self.rng.u8(..10) {
            0..6 => self.donation(generous),
            6..8 => Kind::Membership {
                tier: self.rng.u8(1..=3),
            },
            _ => Kind::GiftedMemberships {
                tier: 1,
                quantity: self.rng.i64(1..=generous * 2),
            },
        }
    }

    fn donation(&mut self, generous: i64) -> Kind {
        let (currency, unit) =
            [("EUR", 100), ("USD", 100), ("JPY", 150), ("GBP", 50)][self.rng.usize(..4)];
        let amount = self.rng.i64(1..=3 * generous) * unit + self.rng.i64(0..2) * unit / 2;

        Kind::Donation { amount, currency }
    }
}

impl Gift {
    /// The mutation's input, for the room of that global id.
    pub fn input(&self, room: &str) -> Value {
        let mut input = json!({
            "roomId": room,
            "idempotencyKey": self.key,
            "provider": "simulated",
            "message": self.message,
        });
        if let Some((id, name)) = &self.viewer {
            input["viewerId"] = json!(id);
            input["viewerName"] = json!(name);
        }
        match self.kind {
            Kind::Donation { amount, currency } => {
                input["kind"] = json!("DONATION");
                input["amount"] = json!(amount.to_string());
                input["currency"] = json!(currency);
            }
            Kind::Membership { tier } => {
                input["kind"] = json!("MEMBERSHIP");
                input["tier"] = json!(tier);
            }
            Kind::GiftedMemberships { tier, quantity } => {
                input["kind"] = json!("GIFTED_MEMBERSHIPS");
                input["tier"] = json!(tier);
                input["quantity"] = json!(quantity);
            }
        }

        input
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn one_seed_is_one_script_and_no_key_comes_twice() {
        let script = |seed| {
            let mut audience = Audience::new(seed);
            (0..500).map(|_| audience.next_gift()).collect::<Vec<_>>()
        };

        assert_eq!(script(1), script(1));
        assert_ne!(script(1), script(2));
        let keys: BTreeSet<_> = script(1).into_iter().map(|gift| gift.key).collect();
        assert_eq!(keys.len(), 500);
    }

    #[test]
    fn a_train_can_start_within_twenty_seconds() {
        for seed in 0..100 {
            let mut audience = Audience::new(seed);
            let mut at = Duration::ZERO;
            for _ in 0..5 {
                at += audience.next_gift().after;
            }
            assert_eq!(audience.act(), Act::Kickoff);
            assert!(at < Duration::from_secs(15), "{at:?}");
        }
    }
}
