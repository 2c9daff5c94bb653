//! A stamp, of any text: it is read if it is a time of the calendar, and written as it was read.

use crate::viewer::Viewer;
use parlor_sdk_core::{MediaTime, Placement};

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if text.contains(['"', '\\']) || text.contains(char::is_control) {
        return;
    }

    let started_at = read(text);
    assert_eq!(started_at.is_some(), is_stamp(text), "{text}");
    if let Some(unix_millis) = started_at {
        assert_eq!(written(unix_millis), text);
    }
}

/// Reads a stamp by way of a session that began then.
fn read(text: &str) -> Option<i64> {
    let mut viewer = Viewer::new(Placement::Companion, None);
    viewer.join();
    viewer.receive(&format!(
        "{{\"type\":\"next\",\"id\":\"1\",\"payload\":{{\"data\":{{\"liveRoom\":{{\
         \"epoch\":\"e\",\"afterSeq\":\"1\",\"throughSeq\":\"1\",\"recovered\":false,\
         \"snapshot\":[{{\"__typename\":\"SessionStarted\",\"seq\":\"1\",\
         \"occurredAt\":\"2026-01-16T00:00:00.000Z\",\"displayAt\":\"2026-01-16T00:00:00.000Z\",\
         \"timing\":\"LIVE\",\"part\":\"session\",\"session\":{{\"id\":\"s\",\"startedAt\":\"{text}\",\"endedAt\":null,\"delayMs\":0}}}}],\
         \"events\":[]}}}}}}}}"
    ));

    let mut parts = viewer.client.room().parts();
    let mut session = parts.find_map(|event| event.about("session"))?;
    Some(session.time("startedAt")?.unix_millis())
}

/// Writes a stamp by way of a subscription that starts there.
fn written(unix_millis: i64) -> String {
    let start_at = MediaTime::from_unix_millis(unix_millis);
    let mut viewer = Viewer::new(Placement::Companion, Some(start_at));
    viewer.join();

    let at = &viewer.subscription.1["at"];
    at.as_str().expect("it starts in the picture").to_owned()
}

/// The form, by the letter: `2026-01-02T03:04:05.678Z`.
fn is_stamp(text: &str) -> bool {
    let form = "dddd-dd-ddTdd:dd:dd.dddZ";
    let fits = text.chars().count() == form.len()
        && text
            .chars()
            .zip(form.chars())
            .all(|(is, should)| match should {
                'd' => is.is_ascii_digit(),
                mark => is == mark,
            });
    if !fits {
        return false;
    }

    let number = |from: usize, to: usize| text[from..to].parse::<u32>().unwrap_or(u32::MAX);
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };

    (1..=days).contains(&day) && number(11, 13) < 24 && number(14, 16) < 60 && number(17, 19) < 60
}
