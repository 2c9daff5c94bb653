//! The schema's `Time`: exactly `2026-01-02T03:04:05.678Z`.
//!
//! Days are counted by Howard Hinnant's `days_from_civil` and `civil_from_days`, in which a year
//! begins in March so that the leap day comes last.

use super::writer::Writer;

const DAY_MS: i64 = 86_400_000;

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_DAYS: i64 = 719_468;

/// The last millisecond of year 9999, beyond which the form has no room.
const LAST_MS: i64 = 253_402_300_799_999;

/// Reads a stamp, or returns `None` if it is not exactly of the form.
pub(crate) fn read(text: &str) -> Option<i64> {
    let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
    for (index, mark) in [
        (4, b'-'),
        (7, b'-'),
        (10, b'T'),
        (13, b':'),
        (16, b':'),
        (19, b'.'),
        (23, b'Z'),
    ] {
        if bytes[index] != mark {
            return None;
        }
    }

    let year = number(bytes, 0, 4)?;
    let month = number(bytes, 5, 7).filter(|month| (1..=12).contains(month))?;
    let day = number(bytes, 8, 10)?;
    let hour = number(bytes, 11, 13).filter(|hour| *hour < 24)?;
    let minute = number(bytes, 14, 16).filter(|minute| *minute < 60)?;
    let second = number(bytes, 17, 19).filter(|second| *second < 60)?;
    let milli = number(bytes, 20, 23)?;

    let days = days_from_civil(year, month, day);
    if civil_from_days(days) != (year, month, day) {
        return None;
    }

    Some(days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1_000 + milli)
}

/// Writes a stamp. What the form has no room for becomes the nearest that it has.
pub(crate) fn write(out: &mut Writer, unix_millis: i64) {
    let unix_millis = unix_millis.clamp(days_from_civil(0, 1, 1) * DAY_MS, LAST_MS);
    let (year, month, day) = civil_from_days(unix_millis.div_euclid(DAY_MS));
    let in_day_ms = unix_millis.rem_euclid(DAY_MS);

    for (value, width, mark) in [
        (year, 4, "-"),
        (month, 2, "-"),
        (day, 2, "T"),
        (in_day_ms / 3_600_000, 2, ":"),
        (in_day_ms / 60_000 % 60, 2, ":"),
        (in_day_ms / 1_000 % 60, 2, "."),
        (in_day_ms % 1_000, 3, "Z"),
    ] {
        out.digits(value.unsigned_abs(), width);
        out.raw(mark);
    }
}

fn number(bytes: &[u8; 24], start: usize, end: usize) -> Option<i64> {
    let mut value = 0;
    for byte in &bytes[start..end] {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(byte - b'0');
    }

    Some(value)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    era * 146_097 + day_of_era - EPOCH_DAYS
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH_DAYS;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);

    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::{LAST_MS, Writer, read, write};

    fn written(unix_millis: i64) -> String {
        let mut out = Writer::new("");
        write(&mut out, unix_millis);
        out.finish()
    }

    #[test]
    fn known_stamps_are_read_and_written_alike() {
        for (text, unix_millis) in [
            ("1970-01-01T00:00:00.000Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:00:00.000Z", 951_825_600_000),
            ("2026-01-02T03:04:05.678Z", 1_767_323_045_678),
            ("9999-12-31T23:59:59.999Z", LAST_MS),
        ] {
            assert_eq!(read(text), Some(unix_millis), "{text}");
            assert_eq!(written(unix_millis), text);
        }
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for day in 0..146_097 {
            let unix_millis = day * 86_400_000 + day % 86_400_000;
            assert_eq!(read(&written(unix_millis)), Some(unix_millis));
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.678+",
            "2026-01-02 03:04:05.678Z",
            "2026-13-02T03:04:05.678Z",
            "2025-02-29T03:04:05.678Z",
            "2026-04-31T03:04:05.678Z",
            "2026-01-00T03:04:05.678Z",
            "2026-01-02T24:04:05.678Z",
            "2026-01-02T03:04:60.678Z",
            "+026-01-02T03:04:05.678Z",
            "2026-01-02T03:04:05.67éZ",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_stamp_out_of_range_is_written_as_the_nearest() {
        assert_eq!(written(i64::MAX), "9999-12-31T23:59:59.999Z");
        assert_eq!(written(i64::MIN), "0000-01-01T00:00:00.000Z");
    }
}
