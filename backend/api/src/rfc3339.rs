//! The form in which the API writes times, and those in which it takes them.

use parlor_domain::time::ServerTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const NANOS_PER_MILLI: i128 = 1_000_000;

/// Why a text is not taken as a time, in the order the reasons are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("not a time as in RFC 3339, such as `2026-01-02T03:04:05Z`")]
    Malformed,
    #[error("outside of the years 1970 to 9999")]
    OutOfRange,
}

/// Writes `time` in the API's form. Years beyond 9999 are written as its last instant.
pub fn format_time(time: ServerTime) -> String {
    let millis = time.unix_millis().clamp(0, ServerTime::MAX.unix_millis());
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * NANOS_PER_MILLI)
        .expect("the calendar has the years 1970 to 9999");
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second, milli) = at.to_hms_milli();

    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Reads a time as in RFC 3339, at any offset: however it is written, it is one instant. It is kept in
/// whole milliseconds, which are those that have begun: providers say microseconds and more, and what
/// they report is not refused for it.
pub fn parse_time(text: &str) -> Result<ServerTime, TimeError> {
    let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimeError::Malformed)?;
    let millis = at.unix_timestamp_nanos().div_euclid(NANOS_PER_MILLI);

    i64::try_from(millis)
        .ok()
        .filter(|millis| (0..=ServerTime::MAX.unix_millis()).contains(millis))
        .map(ServerTime::from_unix_millis)
        .ok_or(TimeError::OutOfRange)
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
            ("2026-12-01 00:00:00.120000Z", "2026-12-01T00:00:00.120Z"),
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
            "2026-02-30T03:04:05.678Z",
            "2027-02-29T03:04:05.678Z",
            "2026-13-01T03:04:05.678Z",
            "2026-00-01T03:04:05.678Z",
            "2026-01-00T03:04:05.678Z",
            "2026-01-02T24:00:00.000Z",
            "2026-01-02T03:60:05.678Z",
            "2026-12-31T23:58:60Z",
            "+026-01-02T03:04:05.678Z",
            "２026-1-02T03:04:05.67Z",
        ] {
            assert_eq!(parse_time(text), Err(TimeError::Malformed), "{text}");
        }
    }

    #[test]
    fn what_is_finer_than_a_millisecond_is_the_one_that_has_begun() {
        for (text, written) in [
            ("2026-01-02T03:04:05.6789Z", "2026-01-02T03:04:05.678Z"),
            ("2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678Z"),
            (
                "2026-01-02T03:04:05.678999999+00:00",
                "2026-01-02T03:04:05.678Z",
            ),
            ("9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59.999Z"),
            // A leap second, which the clock of 1970 does not count.
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(parse_time(text).map(format_time), Ok(written.to_owned()));
        }
    }

    #[test]
    fn what_cannot_be_kept_is_refused_by_its_reason() {
        for text in [
            "0000-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999Z",
            "1969-12-31T23:59:59.9999Z",
            "1970-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert_eq!(parse_time(text), Err(TimeError::OutOfRange), "{text}");
        }
    }
}
