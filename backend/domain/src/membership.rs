//! Paid memberships, as providers tell of them.
//!
//! A provider tells of a membership period by period, in any order and more than once. What is kept is the latest word
//! about each period, by when the provider says that it happened, so that the membership is what it was told to be,
//! whatever the order in which that came.

mod periods;
mod report;

use crate::id::{MembershipId, ViewerId};
use crate::time::ServerTime;

pub use periods::{GRACE_MS, PERIODS_MAX, Period, Periods, Span, Status};
pub use report::{MONTHS_MAX, MembershipReport, PERIOD_MS_MAX, RawMembershipReport};

/// A paid membership of a room, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidMembership {
    pub id: MembershipId,
    pub provider: String,
    pub membership_ref: String,
    /// Whose it is. Of somebody who was erased it is nobody's any more.
    pub viewer_id: ViewerId,
    pub gift: Option<Gift>,
    pub periods: Periods,
    pub recorded_at: ServerTime,
}

/// That somebody else pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gift {
    /// Who does, unless they keep that to themselves.
    pub giver_id: Option<ViewerId>,
    pub giver_name: Option<String>,
    /// When the provider says that this was so.
    pub occurred_at: ServerTime,
}

/// What a membership is at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub tier: u8,
    /// Until when it is that or more, if nothing more is told.
    pub until: ServerTime,
}

impl PaidMembership {
    /// Takes in what is told of it next.
    pub(crate) fn tell(&mut self, report: MembershipReport) {
        self.periods.tell(report.period);
        self.gift = match (self.gift.take(), report.gift) {
            (Some(known), Some(told)) => Some(if told.is_later_than(&known) {
                told
            } else {
                known
            }),
            (known, told) => known.or(told),
        };
    }

    /// When it is of which tier. Somebody who was erased has none.
    pub fn spans(&self) -> Vec<Span> {
        if self.viewer_id.is_erased() {
            return Vec::new();
        }

        self.periods.spans()
    }
}

impl Gift {
    /// Whether it says more of who gives, or says so later. Of a giver who was erased nothing comes again.
    fn is_later_than(&self, known: &Self) -> bool {
        if known.giver_id.as_ref().is_some_and(ViewerId::is_erased) {
            return false;
        }

        self.order() > known.order()
    }

    fn order(&self) -> impl Ord {
        let names_somebody = self.giver_id.is_some() || self.giver_name.is_some();

        (
            names_somebody,
            self.occurred_at,
            &self.giver_id,
            &self.giver_name,
        )
    }
}

impl Standing {
    /// What `spans`, of one membership or of all that somebody has, come to at `at`: the highest tier, for as long as
    /// one after the other gives it, or a higher one.
    pub fn at(at: ServerTime, spans: &[Span]) -> Option<Self> {
        let tier = tier_at(at, spans)?;
        let mut until = at;
        loop {
            let giving = spans
                .iter()
                .filter(|span| span.tier >= tier && span.has(until));
            let Some(later) = giving.map(|span| span.until).max() else {
                return Some(Self { tier, until });
            };
            until = later;
        }
    }
}

/// The highest tier that one of `spans` gives at `at`.
pub fn tier_at<'a>(at: ServerTime, spans: impl IntoIterator<Item = &'a Span>) -> Option<u8> {
    let present = spans.into_iter().filter(|span| span.has(at));

    present.map(|span| span.tier).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> ServerTime {
        ServerTime::from_unix_millis(millis)
    }

    #[test]
    fn somebody_is_of_a_tier_as_long_as_one_after_the_other_gives_it_or_more() {
        let span = |tier, from, until| Span {
            tier,
            from: at(from),
            until: at(until),
        };
        let standing = |spans: &[Span], now| {
            let standing = Standing::at(at(now), spans)?;
            Some((standing.tier, standing.until.unix_millis()))
        };
        let spans = [
            span(1, 0, 90),
            span(2, 10, 20),
            span(3, 20, 30),
            span(2, 30, 40),
            span(2, 41, 50),
        ];
        for (now, expected) in [
            (-1, None),
            (0, Some((1, 90))),
            (10, Some((2, 40))),
            (19, Some((2, 40))),
            (20, Some((3, 30))),
            (40, Some((1, 90))),
            (41, Some((2, 50))),
            (90, None),
        ] {
            assert_eq!(standing(&spans, now), expected, "{now}");
        }
    }
}
