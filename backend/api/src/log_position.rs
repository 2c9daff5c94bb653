//! Where in a log a feed starts.

use async_graphql::{ID, InputObject};
use parlor_domain::id::Epoch;

use super::fault::Fault;
use super::global_id;
use super::scalar::{Int64, Time};
use crate::feed::FeedStart;

/// A position in a room's log.
#[derive(InputObject)]
pub(crate) struct LogPosition {
    epoch: ID,
    seq: Int64,
}

/// What a subscriber means by `after`, `at` and `until`.
pub(super) fn start(
    after: Option<LogPosition>,
    at: Option<Time>,
    until: Option<Time>,
) -> Result<FeedStart, Fault> {
    let invalid = |message: &str| Err(Fault::Validation(message.to_owned()));

    match (after, at, until) {
        (None, None, None) => Ok(FeedStart::Head),
        (None, Some(at), None) => Ok(FeedStart::At {
            at: at.0,
            until: None,
        }),
        (None, Some(at), Some(until)) if at.0 <= until.0 => Ok(FeedStart::At {
            at: at.0,
            until: Some(until.0),
        }),
        (None, Some(_), Some(_)) => invalid("`until` lies before `at`"),
        (Some(after), None, None) => {
            let (epoch, seq) = after.read()?;
            Ok(FeedStart::After { epoch, seq })
        }
        (_, None, Some(_)) => invalid("`until` goes with `at`"),
        (Some(_), Some(_), _) => invalid("give `after` or `at`, and not both"),
    }
}

impl LogPosition {
    /// Its epoch and `seq`, if they can be those of a log.
    pub(super) fn read(&self) -> Result<(Epoch, i64), Fault> {
        let Some(epoch) = global_id::parse_epoch(&self.epoch) else {
            let shown: String = self.epoch.chars().take(40).collect();
            return Err(Fault::Validation(format!(
                "{shown:?} is not the epoch of a log"
            )));
        };
        if self.seq.0 < 0 {
            return Err(Fault::Validation(format!(
                "`seq` starts at 0, and is not {}",
                self.seq.0
            )));
        }

        Ok((epoch, self.seq.0))
    }
}
