//! Deliveries in words.
//!
//! What people typed goes to a terminal here, so its control characters go no further: a name must
//! not be able to move the cursor.

use parlor::{
    ContributionAlert, ContributionKind, Delivery, EventKind, HypeTrain, HypeTrainChange,
    HypeTrainPhase, ParticipantChange, ParticipantProfile, ParticipantRole, Room, RoomEvent,
    RoomState, SessionChange, StageRole,
};

/// Later than this, a line says so.
const LATE_MS: i64 = 1_000;

/// A line, and how it is meant.
pub(crate) struct Phrase {
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Quiet,
    Gift,
    Train,
    Triumph,
}

pub(crate) fn phrase(delivery: &Delivery) -> Phrase {
    match delivery {
        Delivery::StateReplaced { room } => Phrase {
            text: format!("now       {}", describe_room(room)),
            tone: Tone::Quiet,
        },
        Delivery::PresenceChanged { online_count } => Phrase {
            text: format!("now       {} online", people(*online_count)),
            tone: Tone::Quiet,
        },
        Delivery::Event { event, late_by_ms } => {
            let (what, tone) = describe_event(event);
            let late = if *late_by_ms >= LATE_MS {
                format!(" ({} s late)", late_by_ms / 1_000)
            } else {
                String::new()
            };
            Phrase {
                text: format!("{}  {what}{late}", clock(event.occurred_at_unix_millis)),
                tone,
            }
        }
    }
}

#[allow(
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants,
    reason = "a kind that is new is told by its name"
)]
fn describe_event(event: &RoomEvent) -> (String, Tone) {
    match &event.kind {
        EventKind::RoomUpdated { room } => (
            format!(
                "the room is now “{}”, {}",
                plain(&room.title),
                openness(room.state)
            ),
            Tone::Quiet,
        ),
        EventKind::SessionChanged { change, session } => {
            let text = match change {
                SessionChange::Started => {
                    format!("the stream is live, {} s behind", session.delay_ms / 1_000)
                }
                SessionChange::Interrupted => "the stream is away".to_owned(),
                SessionChange::Resumed => "the stream is back".to_owned(),
                SessionChange::Ended => "the stream has ended".to_owned(),
            };
            (text, Tone::Quiet)
        }
        EventKind::ParticipantChanged {
            change,
            participant,
        } => (describe_person(*change, participant), Tone::Quiet),
        EventKind::ContributionReceived { contribution } => {
            (describe_contribution(contribution), Tone::Gift)
        }
        EventKind::HypeTrainChanged { change, train } => describe_change(*change, train),
        _ => (
            format!("something new happens: {}", plain(&event.type_name)),
            Tone::Quiet,
        ),
    }
}

fn describe_person(change: ParticipantChange, participant: &ParticipantProfile) -> String {
    let what = match change {
        ParticipantChange::Joined => "comes in",
        ParticipantChange::Left => "leaves",
        ParticipantChange::Removed => "is put out of the room",
        ParticipantChange::Updated => "has another name now",
        ParticipantChange::RoleChanged => match participant.role {
            ParticipantRole::Member => "is a member now",
            ParticipantRole::Moderator => "is a moderator now",
            ParticipantRole::Owner => "is an owner now",
            ParticipantRole::Unknown => "has another role now",
        },
        ParticipantChange::StageChanged => match participant.stage_role {
            StageRole::Audience => "is in the audience now",
            StageRole::Requested => "asks for the stage",
            StageRole::Invited => "is invited to the stage",
            StageRole::Speaker => "is on the stage",
            StageRole::Host => "is the host",
            StageRole::Unknown => "is somewhere new",
        },
        ParticipantChange::PresenceChanged if participant.is_online => "is here",
        ParticipantChange::PresenceChanged => "is away",
    };

    format!("{} {what}", plain(&participant.name))
}

fn describe_change(change: HypeTrainChange, train: &HypeTrain) -> (String, Tone) {
    let HypeTrain {
        level,
        progress,
        goal,
        total,
        ..
    } = train;

    match change {
        HypeTrainChange::Approached => (
            format!(
                "a hype train is coming: {} more to go, from at least {}",
                train.kickoff_events_needed,
                people(train.kickoff_viewers_needed.max(1))
            ),
            Tone::Train,
        ),
        HypeTrainChange::Started => (
            format!("the hype train sets off: level {level}, {progress} of {goal}"),
            Tone::Triumph,
        ),
        HypeTrainChange::Progressed => (
            format!("hype train level {level}: {progress} of {goal}"),
            Tone::Train,
        ),
        HypeTrainChange::LeveledUp => {
            let reward = train
                .last_reward
                .as_deref()
                .map(|reward| format!(", which brings {}", plain(reward)))
                .unwrap_or_default();
            (
                format!("the hype train reaches level {level}{reward}: {progress} of {goal}"),
                Tone::Triumph,
            )
        }
        HypeTrainChange::Corrected => (
            format!("the hype train is corrected: level {level}, {progress} of {goal}"),
            Tone::Train,
        ),
        HypeTrainChange::Ended if *level == 0 => {
            ("the hype train did not come".to_owned(), Tone::Quiet)
        }
        HypeTrainChange::Ended => {
            let record = if train.is_record { ", a record" } else { "" };
            (
                format!(
                    "the hype train has ended at level {level} with {total} hype by {}{record}",
                    people(train.contributor_count)
                ),
                Tone::Triumph,
            )
        }
    }
}

fn describe_contribution(contribution: &ContributionAlert) -> String {
    let who = contribution
        .name
        .as_deref()
        .map_or_else(|| "somebody".to_owned(), plain);
    let tier = contribution.tier.unwrap_or(1);
    let what = match contribution.kind {
        ContributionKind::Donation => match (contribution.amount, &contribution.currency) {
            (Some(amount), Some(currency)) => format!("gives {}", money(amount, currency)),
            _ => "gives something".to_owned(),
        },
        ContributionKind::Unknown => "gives something".to_owned(),
        ContributionKind::Membership => format!("becomes a member of tier {tier}"),
        ContributionKind::GiftedMemberships if contribution.quantity == 1 => {
            format!("gives away a membership of tier {tier}")
        }
        ContributionKind::GiftedMemberships => {
            format!(
                "gives away {} memberships of tier {tier}",
                contribution.quantity
            )
        }
    };
    let words = contribution
        .message
        .as_deref()
        .map(|message| format!(": “{}”", plain(message)))
        .unwrap_or_default();

    format!("{who} {what}{words}")
}

fn describe_room(room: &Room) -> String {
    let mut parts = Vec::new();
    if let Some(profile) = &room.profile {
        parts.push(format!(
            "“{}” is {}",
            plain(&profile.title),
            openness(profile.state)
        ));
    }
    match &room.session {
        Some(session) if session.ended_at_unix_millis.is_none() => {
            parts.push(format!(
                "live since {}",
                clock(session.started_at_unix_millis)
            ));
        }
        Some(_) | None => parts.push("not live".to_owned()),
    }
    let on_stage: Vec<String> = (room.stage.host.iter())
        .chain(&room.stage.speakers)
        .map(|one| plain(&one.name))
        .collect();
    if !on_stage.is_empty() {
        parts.push(format!("on the stage: {}", on_stage.join(", ")));
    }
    if let Some(train) = &room.train {
        parts.push(match train.phase {
            HypeTrainPhase::Approaching => "a hype train is coming".to_owned(),
            HypeTrainPhase::Running => format!(
                "hype train level {}: {} of {}",
                train.level, train.progress, train.goal
            ),
            HypeTrainPhase::Unknown => "there is a hype train".to_owned(),
            HypeTrainPhase::Ended => format!("the last hype train had {} hype", train.total),
        });
    }

    parts.join("; ")
}

fn openness(state: RoomState) -> &'static str {
    match state {
        RoomState::Draft => "not open yet",
        RoomState::Open => "open",
        RoomState::Archived => "archived",
        RoomState::Unknown => "in a state that is new",
    }
}

fn people(count: i32) -> String {
    if count == 1 {
        "one person".to_owned()
    } else {
        format!("{count} people")
    }
}

/// Minor units as an amount. The currencies that do not have two decimals are those of ISO 4217.
fn money(amount: i64, currency: &str) -> String {
    let decimals = match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    };
    let unit = 10_u64.pow(decimals);
    let sign = if amount < 0 { "-" } else { "" };
    let (whole, rest) = (amount.unsigned_abs() / unit, amount.unsigned_abs() % unit);
    let width = usize::try_from(decimals).unwrap_or_default();

    if decimals == 0 {
        format!("{sign}{whole} {currency}")
    } else {
        format!("{sign}{whole}.{rest:0width$} {currency}")
    }
}

/// The time of day in UTC.
fn clock(unix_millis: i64) -> String {
    let second = unix_millis.div_euclid(1_000).rem_euclid(86_400);

    format!(
        "{:02}:{:02}:{:02}",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

fn plain(typed: &str) -> String {
    typed
        .chars()
        .map(|char| if char.is_control() { '\u{fffd}' } else { char })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{clock, describe_contribution, money};
    use parlor::{ContributionAlert, ContributionKind};

    #[test]
    fn money_has_its_currencys_decimals() {
        for (amount, currency, text) in [
            (1_234, "EUR", "12.34 EUR"),
            (5, "EUR", "0.05 EUR"),
            (1_234, "JPY", "1234 JPY"),
            (1_234, "KWD", "1.234 KWD"),
            (-50, "USD", "-0.50 USD"),
        ] {
            assert_eq!(money(amount, currency), text);
        }
    }

    /// As the server counts amounts.
    #[test]
    fn every_currency_has_the_decimals_of_iso_4217() {
        for line in include_str!("../../../fixtures/currencies.txt").lines() {
            let (currency, decimals) = line.split_once(' ').unwrap();
            // What has no minor unit has no amounts to show.
            if let Ok(decimals) = decimals.parse() {
                let one = format!("{}.{:0>decimals$}", 0, 1);
                let expected = if decimals == 0 { "1" } else { &one };
                assert_eq!(money(1, currency), format!("{expected} {currency}"));
            }
        }
    }

    #[test]
    fn a_name_cannot_move_the_cursor() {
        let alert = ContributionAlert {
            id: String::new(),
            kind: ContributionKind::Membership,
            name: Some("\u{1b}[2JEve\n".to_owned()),
            amount: None,
            currency: None,
            tier: Some(2),
            quantity: 1,
            message: None,
            hype: 1,
        };

        assert_eq!(
            describe_contribution(&alert),
            "\u{fffd}[2JEve\u{fffd} becomes a member of tier 2"
        );
    }

    #[test]
    fn the_time_of_day_is_in_utc() {
        assert_eq!(clock(1_767_323_045_678), "03:04:05");
        assert_eq!(clock(-1), "23:59:59");
    }
}
