//! Where in a log a feed starts.

use async_graphql::{ID, InputObject};

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

/// What a subscriber means by `after` and `at`.
pub(super) fn start(after: Option<LogPosition>, at: Option<Time>) -> Result<FeedStart, Fault> {
    match (after, at) {
        (None, None) => Ok(FeedStart::Head),
        (None, Some(at)) => Ok(FeedStart::At(at.0)),
        (Some(LogPosition { epoch, seq }), None) => {
            let Some(epoch) = global_id::parse_epoch(&epoch) else {
                let shown: String = epoch.chars().take(40).collect();
                return Err(Fault::Validation(format!(
                    "{shown:?} is not the epoch of a log"
                )));
            };
            if seq.0 < 0 {
                return Err(Fault::Validation(format!(
                    "`seq` starts at 0, and is not {}",
                    seq.0
                )));
            }
            Ok(FeedStart::After { epoch, seq: seq.0 })
        }
        (Some(_), Some(_)) => Err(Fault::Validation(
            "give `after` or `at`, and not both".to_owned(),
        )),
    }
}
