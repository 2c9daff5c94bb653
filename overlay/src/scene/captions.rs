//! What a hype train says, in words.

use alloc::string::String;
use parlor_sdk_events::HypeTrain;

use crate::scene::act::Act;
use crate::words;

/// Returns how many contributions or people are still missing for kickoff.
pub(crate) fn to_go(train: &HypeTrain) -> i32 {
    train
        .kickoff_events_needed
        .max(train.kickoff_viewers_needed)
}

/// Returns the two lines of the sign ahead of a train that works on `level`.
pub(crate) fn sign(act: Act, train: &HypeTrain, level: i32, missing: i64) -> (String, String) {
    let reward = train.next_reward.as_deref().unwrap_or_default();
    match act {
        Act::Absent | Act::Approaching => (String::from("Level 1"), String::from(reward)),
        Act::Running => {
            let next = ["Level ", &words::digits(i64::from(level) + 1)].concat();
            let next = if reward.is_empty() {
                next
            } else {
                [&next, " · ", reward].concat()
            };
            ([&words::grouped(missing), " to go"].concat(), next)
        }
        Act::Ended => (words::grouped(train.total), String::from("hype in all")),
    }
}

/// Returns the two lines that a train says in words, while it gathers and once it is over.
pub(crate) fn spoken(act: Act, train: &HypeTrain) -> (String, String) {
    match act {
        Act::Absent | Act::Running => (String::new(), String::new()),
        Act::Approaching => {
            let newest = train.recent_contributors.first().map(|newest| {
                let name = words::named(newest.name.as_deref());
                [&name, " ", &words::plus(newest.last_hype)].concat()
            });
            (
                ["Hype train! ", &kickoff_words(train)].concat(),
                newest.unwrap_or_default(),
            )
        }
        Act::Ended => {
            let people = words::people(i64::from(train.contributor_count));
            let driver = train
                .top_contributor
                .as_ref()
                .map(|top| [", driven by ", &words::named(top.name.as_deref())].concat());
            let level = words::digits(i64::from(train.level));
            (
                ["Hype train reached level ", &level].concat(),
                [people, driver.unwrap_or_default()].concat(),
            )
        }
    }
}

fn kickoff_words(train: &HypeTrain) -> String {
    if train.kickoff_events_needed >= train.kickoff_viewers_needed {
        return [
            &words::grouped(i64::from(train.kickoff_events_needed)),
            " to go",
        ]
        .concat();
    }
    let people = i64::from(train.kickoff_viewers_needed);

    [
        &words::counted(people, "more person", "more people"),
        " to go",
    ]
    .concat()
}
