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
    /// Until when it is that, if nothing more is told.
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
        let order = |of: &Self| {
            let names_somebody = of.giver_id.is_some() || of.giver_name.is_some();
            let said = (of.giver_id.clone(), of.giver_name.clone());
            (names_somebody, of.occurred_at, said)
        };

        order(self) > order(known)
    }
}

impl Standing {
    /// What `spans`, of one membership or of all that somebody has, come to at `at`: the highest tier, for as long as
    /// something gives it.
    pub fn at(at: ServerTime, spans: impl IntoIterator<Item = Span>) -> Option<Self> {
        let present = spans.into_iter().filter(|span| span.has(at));
        let highest = present.max_by_key(|span| (span.tier, span.until))?;

        Some(Self {
            tier: highest.tier,
            until: highest.until,
        })
    }
}
