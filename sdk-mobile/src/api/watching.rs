//! Reports of what was watched, as the client sends them by itself.

use super::operations::{ReportWatching, report_watching};
use super::refusal::CommandError;
use super::scalar::Time;
use super::transport::execute;
use crate::record::WatchedMinute;
use crate::server_url::ServerUrl;
use parlor_sdk_core as core;
use report_watching::ReportWatchingReportWatching as Answered;

/// What the server answers to a report.
#[derive(Debug)]
pub(crate) struct WatchAnswer {
    pub(crate) minutes: Vec<WatchedMinute>,
    pub(crate) lease: String,
}

/// Tells what was watched of one session. Keeps no connection.
pub(crate) async fn send_watch_report(
    server: &ServerUrl,
    token: Option<&str>,
    room_id: &str,
    report: core::WatchReport,
) -> Result<WatchAnswer, CommandError> {
    let input = report_watching::ReportWatchingInput {
        room_id: room_id.to_owned(),
        session_id: report.session_id,
        spans: report.spans.iter().map(Into::into).collect(),
        lease: report.lease,
    };
    let variables = report_watching::Variables { input };
    let data = execute::<ReportWatching>(server, token, variables).await?;

    match data.report_watching {
        Answered::WatchReport(report) => Ok(WatchAnswer {
            minutes: report.minutes.into_iter().map(Into::into).collect(),
            lease: report.lease,
        }),
        Answered::ValidationError(why) => Err(CommandError::Invalid {
            reason: why.message,
            // A report that is refused has a field, unlike a request that the server does not know.
            field: Some(why.field.unwrap_or_default()),
            constraint: why.constraint,
        }),
        Answered::NotFoundError(why) => Err(CommandError::NotFound {
            reason: why.message,
        }),
        Answered::AuthError(why) => Err(CommandError::Forbidden {
            reason: why.message,
            code: why.code,
        }),
    }
}

impl From<&core::WatchedSpan> for report_watching::PlayedSpanInput {
    fn from(span: &core::WatchedSpan) -> Self {
        Self {
            from: Time(span.from.unix_millis()),
            until: Time(span.until.unix_millis()),
            playhead_from: seconds(span.playhead_from),
            playhead_until: seconds(span.playhead_until),
            rate: f64::from(span.rate) / 10_000.0,
        }
    }
}

impl From<report_watching::ReportWatchingReportWatchingOnWatchReportMinutes> for WatchedMinute {
    fn from(minute: report_watching::ReportWatchingReportWatchingOnWatchReportMinutes) -> Self {
        Self {
            minute_unix_millis: minute.minute.0,
            played_seconds: i32::try_from(minute.played_seconds).unwrap_or(i32::MAX),
            outcome: minute.outcome,
            points: minute.points.0,
        }
    }
}

/// A place on the player's timeline, as the schema has it.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 have 41 bits"
)]
fn seconds(at: core::MediaTime) -> f64 {
    at.unix_millis() as f64 / 1_000.0
}
