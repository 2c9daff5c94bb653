//! A report of who watched a minute: viewers as the tenant calls them, as the room's books know them, and back.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::id::ViewerId;
use parlor_domain::invalid::{Invalid, check_range};
use parlor_domain::points::MemberNumber;
use parlor_domain::room_aggregate::Credited;
use parlor_domain::watching::{Minute, NumberSet, SlotOutcome, WATCHERS_MAX, check_membership};
use parlor_store::Watcher;

use super::{WatchCredit, WatchedViewer};
use crate::scalar::int;

/// Takes viewers in, or says what is wrong with them.
pub(super) fn parse(viewer_ids: &[String]) -> Result<Vec<ViewerId>, Invalid> {
    let count = i64::try_from(viewer_ids.len()).unwrap_or(i64::MAX);
    let most = i64::try_from(WATCHERS_MAX).expect("it is small");
    check_range("viewerIds", count, 1, most)?;
    let parse = |id: &String| {
        ViewerId::parse_given(id).map_err(|invalid| Invalid {
            field: "viewerIds",
            ..invalid
        })
    };

    viewer_ids.iter().map(parse).collect()
}

/// Who of a report is known to the room.
pub(super) struct Audience {
    minute: Minute,
    /// Whom the minute may be credited to, and why it may not be to others.
    known: BTreeMap<ViewerId, Result<MemberNumber, SlotOutcome>>,
}

impl Audience {
    pub(super) fn new(minute: Minute, watchers: Vec<Watcher>) -> Self {
        let may_watch =
            |one: &Watcher| check_membership(one.membership, one.joined_at, one.left_at, minute);
        let known = watchers.into_iter().map(|one| {
            let number = may_watch(&one).map(|()| one.number);
            (one.viewer_id, number)
        });

        Self {
            minute,
            known: known.collect(),
        }
    }

    pub(super) fn members(&self) -> Result<NumberSet, Invalid> {
        let members: BTreeSet<_> = self.known.values().filter_map(|one| one.ok()).collect();
        NumberSet::new(members.into_iter().collect())
    }

    /// What `credited` says of each of `viewers`.
    pub(super) fn told(&self, viewers: Vec<ViewerId>, credited: &Credited) -> WatchCredit {
        let outcomes: BTreeMap<_, _> = credited.outcomes.iter().copied().collect();
        let points: BTreeMap<_, _> = credited
            .legs
            .iter()
            .map(|leg| (leg.member, leg.points))
            .collect();
        let told = |viewer_id: ViewerId| {
            let known = self.known.get(&viewer_id).copied();
            let known = known.unwrap_or(Err(SlotOutcome::NotAMember));
            let (outcome, points) = match known {
                Ok(number) => (outcomes[&number], points.get(&number).copied().unwrap_or(0)),
                Err(outcome) => (outcome, 0),
            };

            WatchedViewer {
                viewer_id: viewer_id.as_str().to_owned(),
                outcome: outcome.into(),
                points: points.into(),
            }
        };

        WatchCredit {
            minute: self.minute.starts_at().into(),
            counted_count: int(credited.counted().len()),
            points: points.values().sum::<i64>().into(),
            viewers: viewers.into_iter().map(told).collect(),
        }
    }
}
