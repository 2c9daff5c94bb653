//! What was told of the periods of a membership, and when it holds by that.

use serde::{Deserialize, Serialize};

use crate::time::ServerTime;

/// How long a membership goes on of which nobody has said that it ended, behind a period that was paid and at the start
/// of one that is not paid yet: providers try a card again for days, and their messages are late.
pub const GRACE_MS: i64 = 3 * 24 * 3_600_000;
/// The most periods that are kept of a membership, the newest: more than three years of months. What is told of older
/// ones changes nothing that anybody asks for.
pub const PERIODS_MAX: usize = 40;

/// What a provider says of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is paid, and there is to be a next one.
    Active,
    /// It has begun and is not paid yet.
    PastDue,
    /// It is paid, and there is no next one.
    Canceled,
    /// It is over since that was said, or since its end.
    Expired,
    /// It counts as never paid.
    Refunded,
}

/// The latest word about a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    pub starts_at: ServerTime,
    pub ends_at: ServerTime,
    pub status: Status,
    /// 1 to 3.
    pub tier: u8,
    /// For how many months the provider says that there was a membership.
    pub months: Option<i64>,
    /// When the provider says that this happened.
    pub occurred_at: ServerTime,
    /// The provider's id of the message, which decides between two of one instant.
    pub message_id: String,
}

/// The periods of a membership of which something was told, in the order of their starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Periods(Vec<Period>);

/// A time in which somebody is a member of that tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub tier: u8,
    pub from: ServerTime,
    /// The first instant at which it is over.
    pub until: ServerTime,
}

impl Periods {
    /// Takes in what is told of a period, unless something later was.
    pub(crate) fn tell(&mut self, told: Period) {
        let place = self
            .0
            .binary_search_by_key(&told.starts_at, |period| period.starts_at);
        match place {
            Ok(place) => {
                let known = &mut self.0[place];
                if told.order() > known.order() {
                    *known = told;
                }
            }
            Err(place) => self.0.insert(place, told),
        }
        let too_many = self.0.len().saturating_sub(PERIODS_MAX);
        self.0.drain(..too_many);
    }

    /// In the order of their starts.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Period> {
        self.0.iter()
    }

    /// For how many months there was a membership: as many as the provider says, and as many periods as were paid and
    /// have begun by `at`.
    pub fn months(&self, at: ServerTime) -> i64 {
        let begun = || self.0.iter().filter(|period| period.starts_at <= at);
        let is_paid = |period: &&Period| match period.status {
            Status::Active | Status::Canceled | Status::Expired => true,
            Status::PastDue | Status::Refunded => false,
        };
        let paid = i64::try_from(begun().filter(is_paid).count()).expect("few are kept");
        let told = begun().filter_map(|period| period.months).max();

        told.unwrap_or(0).max(paid)
    }

    /// When it holds, and of which tier.
    pub(super) fn spans(&self) -> Vec<Span> {
        let nexts = self.0.iter().skip(1).map(|next| Some(next.starts_at));
        let nexts = nexts.chain([None]);
        let spans = self.0.iter().zip(nexts).map(|(period, next)| Span {
            tier: period.tier,
            from: period.starts_at,
            until: period.until(next),
        });

        spans.filter(|span| span.from < span.until).collect()
    }
}

impl Period {
    /// Of two words about a period the one counts that is greater by this. Of one instant and one message, which no
    /// provider should send two of, it is always the same one.
    fn order(&self) -> impl Ord {
        let said = (self.status, self.tier, self.ends_at, self.months);

        (self.occurred_at, &self.message_id, said)
    }

    /// The first instant at which it gives no membership any more, where the next one that was told of begins at `next`.
    fn until(&self, next: Option<ServerTime>) -> ServerTime {
        match self.status {
            Status::Active => {
                let late = self.ends_at.plus_millis(GRACE_MS);
                // What was told of the next one says how it went on.
                next.map_or(late, |next| late.min(next.max(self.ends_at)))
            }
            Status::PastDue => self.ends_at.min(self.starts_at.plus_millis(GRACE_MS)),
            Status::Canceled => self.ends_at,
            Status::Expired => self.ends_at.min(self.occurred_at),
            Status::Refunded => self.starts_at,
        }
    }
}

impl Span {
    /// Whether `at` lies in it.
    pub fn has(&self, at: ServerTime) -> bool {
        (self.from..self.until).contains(&at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY_MS: i64 = 24 * 3_600_000;

    fn day(number: i64) -> ServerTime {
        ServerTime::from_unix_millis(number * DAY_MS)
    }

    /// A period of thirty days, and what is said of it on which day.
    fn told(start: i64, status: Status, said: i64) -> Period {
        Period {
            starts_at: day(start),
            ends_at: day(start + 30),
            status,
            tier: 1,
            months: None,
            occurred_at: day(said),
            message_id: format!("{start} {status:?} {said}"),
        }
    }

    fn of(told: &[Period]) -> Periods {
        let mut periods = Periods::default();
        for period in told {
            periods.tell(period.clone());
        }
        periods
    }

    /// The days on which it begins and ends.
    fn days(told: &[Period]) -> Vec<(i64, i64)> {
        let day_of = |at: ServerTime| at.unix_millis() / DAY_MS;
        let spans = of(told).spans().into_iter();

        spans
            .map(|span| (day_of(span.from), day_of(span.until)))
            .collect()
    }

    #[test]
    fn a_membership_holds_as_long_as_it_was_told_to() {
        use Status::{Active, Canceled, Expired, PastDue, Refunded};
        for (said, holds) in [
            // Nobody has said how it goes on: three days more.
            (vec![told(0, Active, 0)], vec![(0, 33)]),
            (
                vec![told(0, Active, 0), told(30, Active, 31)],
                vec![(0, 30), (30, 63)],
            ),
            // The next one came two days, and ten days, after the end.
            (
                vec![told(0, Active, 0), told(32, Active, 32)],
                vec![(0, 32), (32, 65)],
            ),
            (
                vec![told(0, Active, 0), told(40, Active, 40)],
                vec![(0, 33), (40, 73)],
            ),
            // The card failed, and in the end there was no money.
            (
                vec![told(0, Active, 0), told(30, PastDue, 30)],
                vec![(0, 30), (30, 33)],
            ),
            (
                vec![
                    told(0, Active, 0),
                    told(30, PastDue, 30),
                    told(30, Expired, 31),
                ],
                vec![(0, 30), (30, 31)],
            ),
            // It is not renewed, and ends where it was paid to.
            (
                vec![told(0, Active, 0), told(0, Canceled, 9)],
                vec![(0, 30)],
            ),
            (vec![told(0, Active, 0), told(0, Expired, 9)], vec![(0, 9)]),
            (vec![told(0, Expired, 99)], vec![(0, 30)]),
            // What was given back was never there, and nothing goes on into it.
            (vec![told(0, Active, 0), told(0, Refunded, 9)], vec![]),
            (
                vec![told(0, Active, 0), told(30, Refunded, 9)],
                vec![(0, 30)],
            ),
            // Whoever changes their mind again has said so later.
            (
                vec![told(0, Canceled, 9), told(0, Active, 10)],
                vec![(0, 33)],
            ),
        ] {
            assert_eq!(days(&said), holds, "{said:#?}");
            let backwards: Vec<_> = said.iter().rev().cloned().collect();
            assert_eq!(days(&backwards), holds, "backwards: {said:#?}");
        }
    }

    #[test]
    fn months_are_as_many_as_were_told_or_paid() {
        let mut periods = of(&[
            told(0, Status::Active, 0),
            told(30, Status::Active, 30),
            told(60, Status::PastDue, 60),
        ]);
        assert_eq!(periods.months(day(29)), 1);
        assert_eq!(periods.months(day(70)), 2);
        periods.tell(Period {
            months: Some(14),
            ..told(60, Status::Active, 61)
        });
        assert_eq!(periods.months(day(59)), 2, "the third has not begun");
        assert_eq!(periods.months(day(70)), 14);
    }

    fn status() -> impl Strategy<Value = Status> {
        use Status::{Active, Canceled, Expired, PastDue, Refunded};
        prop::sample::select(vec![Active, PastDue, Canceled, Expired, Refunded])
    }

    prop_compose! {
        /// Of few starts and instants, so that words are about the same period and of the same moment.
        fn period()(
            start in 0..60_i64, length in 1..40_i64, status in status(), tier in 1..=3_u8,
            said in 0..6_i64, id in 0..4_u8,
        ) -> Period {
            Period {
                starts_at: day(start), ends_at: day(start + length), status, tier,
                months: None, occurred_at: day(said),
                message_id: id.to_string(),
            }
        }
    }

    proptest! {
        #[test]
        fn the_order_and_repetition_of_messages_change_nothing(
            told in prop::collection::vec(period(), 0..90),
            seed in any::<u64>(),
        ) {
            let mut shuffled: Vec<_> = told.iter().chain(&told[told.len() / 2..]).cloned().collect();
            let mut random = seed;
            for place in (1..shuffled.len()).rev() {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let other = usize::try_from(random >> 33).unwrap() % (place + 1);
                shuffled.swap(place, other);
            }

            prop_assert_eq!(of(&told), of(&shuffled));
        }

        #[test]
        fn no_more_is_kept_than_there_is_to_be(told in prop::collection::vec(period(), 0..200)) {
            prop_assert!(of(&told).iter().count() <= PERIODS_MAX);
        }
    }
}
