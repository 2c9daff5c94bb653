//! How far somebody has come in one of the logs that staff follows.

use parlor_domain::id::Epoch;
use parlor_store::RESUME_EVENTS_MAX;

use crate::feed::FeedStart;

/// How far somebody has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// They are to be told anew.
    Unknown,
    /// They were told everything up to `seq`.
    At {
        seq: i64,
        /// Whether there is more to read already.
        is_behind: bool,
    },
}

impl Place {
    /// The place to go on from in a log of `epoch` that has reached `end`.
    pub(super) fn resumed(start: FeedStart, epoch: Epoch, end: i64) -> Self {
        let reach = end - RESUME_EVENTS_MAX..=end;

        match start {
            FeedStart::After { epoch: of, seq } if of == epoch && reach.contains(&seq) => {
                Self::At {
                    seq,
                    is_behind: false,
                }
            }
            FeedStart::After { .. } | FeedStart::Head | FeedStart::At { .. } => Self::Unknown,
        }
    }

    pub(super) fn is_behind(self) -> bool {
        matches!(
            self,
            Self::At {
                is_behind: true,
                ..
            }
        )
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::time::ServerTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_log_is_resumed_within_its_epoch_and_reach() {
        let [epoch, other] = [1, 2].map(|n| Epoch(Uuid::from_u128(n)));
        let end = 7 + RESUME_EVENTS_MAX;
        let after = |epoch, seq| FeedStart::After { epoch, seq };
        let at = ServerTime::from_unix_millis(0);

        for (start, expected) in [
            (after(epoch, 6), None),
            (after(epoch, 7), Some(7)),
            (after(epoch, end), Some(end)),
            (after(epoch, end + 1), None),
            (after(other, end), None),
            (FeedStart::Head, None),
            (FeedStart::At { at, until: None }, None),
        ] {
            let expected = expected.map_or(Place::Unknown, |seq| Place::At {
                seq,
                is_behind: false,
            });
            assert_eq!(Place::resumed(start, epoch, end), expected, "{start:?}");
        }
    }
}
