//! The form in which the API writes times, and those in which it takes them.

use parlor_domain::time::ServerTime;

/// A day, in milliseconds.
const DAY_MS: i64 = 86_400_000;
/// From the first of March of year 0, where leap days come last in their year, to 1970.
const EPOCH_DAYS: i64 = 719_468;
/// Days in 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;
/// Decimals of a second that a time can have, which is kept in milliseconds.
const DECIMALS_MAX: usize = 3;

/// Why a text is not taken as a time, in the order the reasons are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("not a time as in RFC 3339, such as `2026-01-02T03:04:05Z`")]
    Malformed,
    /// Dropping what is beyond milliseconds would keep another time than was said.
    #[error("more precise than a millisecond, which has at most {DECIMALS_MAX} decimals")]
    TooPrecise,
    #[error("outside of the years 1970 to 9999")]
    OutOfRange,
}

/// Writes `time` in the API's form. Years beyond 9999 are written as its last instant.
pub fn format_time(time: ServerTime) -> String {
    let millis = time.unix_millis().clamp(0, ServerTime::MAX.unix_millis());
    let (days, in_day) = (millis / DAY_MS, millis % DAY_MS);
    let (year, month, day) = date_of_days(days);
    let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (second, milli) = (in_day / 1_000 % 60, in_day % 1_000);

    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Reads a time as in RFC 3339 with at most three decimals, at any offset: however it is written, it
/// is one instant. There are no leap seconds.
pub fn parse_time(text: &str) -> Result<ServerTime, TimeError> {
    let (local_ms, rest) = read_date_time(text.as_bytes()).ok_or(TimeError::Malformed)?;
    let (decimals, zone) = split_decimals(rest).ok_or(TimeError::Malformed)?;
    let offset_ms = read_offset(zone).ok_or(TimeError::Malformed)?;
    if decimals.len() > DECIMALS_MAX {
        return Err(TimeError::TooPrecise);
    }

    let mut milli = 0;
    for place in 0..DECIMALS_MAX {
        milli = milli * 10
            + decimals
                .get(place)
                .map_or(0, |digit| i64::from(digit - b'0'));
    }
    let millis = local_ms + milli - offset_ms;
    if (0..=ServerTime::MAX.unix_millis()).contains(&millis) {
        Ok(ServerTime::from_unix_millis(millis))
    } else {
        Err(TimeError::OutOfRange)
    }
}

/// Reads `2026-01-02T03:04:05` as milliseconds since 1970 there, and gives what follows it.
fn read_date_time(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (
        &[
            y0,
            y1,
            y2,
            y3,
            b'-',
            m0,
            m1,
            b'-',
            d0,
            d1,
            b'T' | b't',
            ref clock @ ..,
        ],
        rest,
    ) = bytes.split_first_chunk::<19>()?
    else {
        return None;
    };
    let &[h0, h1, b':', i0, i1, b':', s0, s1] = clock else {
        return None;
    };
    let (year, month, day) = (
        number(&[y0, y1, y2, y3])?,
        number(&[m0, m1])?,
        number(&[d0, d1])?,
    );
    let (hour, minute, second) = (number(&[h0, h1])?, number(&[i0, i1])?, number(&[s0, s1])?);

    let days = days_of_date(year, month, day);
    // Counting back finds the thirteenth month and the 30th of February.
    let is_date = date_of_days(days) == (year, month, day);
    let is_clock = hour <= 23 && minute <= 59 && second <= 59;
    let in_day = (hour * 60 + minute) * 60_000 + second * 1_000;
    (is_date && is_clock).then_some((days * DAY_MS + in_day, rest))
}

/// Parts the digits behind a decimal point, if there is one, from the offset.
fn split_decimals(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(after_point) = rest.strip_prefix(b".") else {
        return Some((&[], rest));
    };
    let count = after_point.iter().take_while(|byte| byte.is_ascii_digit());

    Some(after_point.split_at(count.count())).filter(|(decimals, _)| !decimals.is_empty())
}

/// Reads `Z` or `+02:00` as how far ahead of UTC it is, in milliseconds.
fn read_offset(zone: &[u8]) -> Option<i64> {
    let (sign, h0, h1, m0, m1) = match *zone {
        [b'Z' | b'z'] => return Some(0),
        [b'+', h0, h1, b':', m0, m1] => (1, h0, h1, m0, m1),
        [b'-', h0, h1, b':', m0, m1] => (-1, h0, h1, m0, m1),
        _ => return None,
    };
    let (hours, minutes) = (number(&[h0, h1])?, number(&[m0, m1])?);

    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60_000)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

/// Days since 1970 as a date, by Howard Hinnant's `civil_from_days`.
fn date_of_days(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH_DAYS;
    let (era, in_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month_from_march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };

    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// A date as days since 1970, by Howard Hinnant's `days_from_civil`.
fn days_of_date(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, in_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let in_year = (153 * month_from_march + 2) / 5 + day - 1;

    era * ERA_DAYS + in_era * 365 + in_era / 4 - in_era / 100 + in_year - EPOCH_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_one_form_and_read_back() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_767_323_045_678, "2026-01-02T03:04:05.678Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            let time = ServerTime::from_unix_millis(millis);
            assert_eq!(format_time(time), text);
            assert_eq!(parse_time(text), Ok(time));
        }
    }

    #[test]
    fn decimals_may_be_left_out_and_offsets_name_the_same_instant() {
        for (text, written) in [
            ("2026-12-01T00:00:00Z", "2026-12-01T00:00:00.000Z"),
            ("2026-12-01T00:00:00.5Z", "2026-12-01T00:00:00.500Z"),
            ("2026-12-01T00:00:00.05Z", "2026-12-01T00:00:00.050Z"),
            ("2026-12-01t00:00:00z", "2026-12-01T00:00:00.000Z"),
            ("2026-12-01T00:00:00+00:00", "2026-12-01T00:00:00.000Z"),
            ("2026-12-01T00:00:00-00:00", "2026-12-01T00:00:00.000Z"),
            ("2026-12-01T00:00:00.678+02:00", "2026-11-30T22:00:00.678Z"),
            ("2026-12-31T23:59:59-05:30", "2027-01-01T05:29:59.000Z"),
            ("1969-12-31T23:00:00-01:00", "1970-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(parse_time(text).map(format_time), Ok(written.to_owned()));
        }
    }

    #[test]
    fn other_forms_and_dates_that_do_not_exist_are_refused() {
        for text in [
            "",
            "2026-01-02",
            "2026-01-02T03:04Z",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05,678Z",
            "2026-01-02T03:04:05.678",
            "2026-01-02T03:04:05.678Z ",
            "2026-01-02T03:04:05+02",
            "2026-01-02T03:04:05+0200",
            "2026-01-02T03:04:05+24:00",
            "2026-01-02T03:04:05+02:60",
            "2026-01-02 03:04:05.678Z",
            "2026-02-30T03:04:05.678Z",
            "2027-02-29T03:04:05.678Z",
            "2026-13-01T03:04:05.678Z",
            "2026-00-01T03:04:05.678Z",
            "2026-01-00T03:04:05.678Z",
            "2026-01-02T24:00:00.000Z",
            "2026-01-02T03:60:05.678Z",
            "2016-12-31T23:59:60Z",
            "+026-01-02T03:04:05.678Z",
            "２026-1-02T03:04:05.67Z",
        ] {
            assert_eq!(parse_time(text), Err(TimeError::Malformed), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_kept_is_refused_by_its_reason() {
        for text in [
            "2026-01-02T03:04:05.6789Z",
            "2026-01-02T03:04:05.678000+00:00",
        ] {
            assert_eq!(parse_time(text), Err(TimeError::TooPrecise), "{text}");
        }
        for text in [
            "0000-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999Z",
            "1970-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert_eq!(parse_time(text), Err(TimeError::OutOfRange), "{text}");
        }
    }
}
