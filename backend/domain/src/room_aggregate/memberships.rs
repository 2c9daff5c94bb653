//! A provider's message about a paid membership, applied to a room.

use std::collections::BTreeMap;

use super::RoomAggregate;
use crate::contribution::STAFF_PROVIDER;
use crate::id::{IdSource, MembershipId, RewardId, ViewerId};
use crate::membership::{MembershipReport, PaidMembership, Periods, Span, tier_at};
use crate::points::MemberNumber;
use crate::room::RoomState;
use crate::time::ServerTime;
use crate::watching::{EarningProgramme, Minute, Multiplied, ONE_BP, by_page, page_of};

/// A membership's id in its provider's scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MembershipRef {
    pub provider: String,
    pub membership_ref: String,
}

/// Where a membership was told of that a message speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToldOf {
    Here(Box<PaidMembership>),
    /// In another room of the tenant, whose it stays.
    Elsewhere,
}

/// The memberships of a page's members, each with when it is of which tier.
pub type Tiers = BTreeMap<MemberNumber, OwnTiers>;

/// The memberships of one viewer, each with when it is of which tier.
pub type OwnTiers = Vec<(MembershipId, Span)>;

/// Why a message was refused, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordMembershipRefusal {
    #[error("an archived room takes no memberships entered by hand")]
    RoomArchived,
    #[error("the membership `{0}` is one of another room")]
    ToldElsewhere(String),
    #[error("the membership `{0}` is somebody else's")]
    MembershipDiffers(String),
}

impl RoomAggregate {
    /// Takes in what `report` says. Said again, it changes nothing, and in another order it comes to the same, so that
    /// no key is kept.
    pub fn record_membership(
        &mut self,
        report: MembershipReport,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<PaidMembership, RecordMembershipRefusal> {
        if self.room.state == RoomState::Archived && report.provider == STAFF_PROVIDER {
            return Err(RecordMembershipRefusal::RoomArchived);
        }
        let reference = MembershipRef::of_report(&report);
        let known = match self.known.memberships.get(&reference) {
            Some(ToldOf::Here(known)) => Some(PaidMembership::clone(known)),
            Some(ToldOf::Elsewhere) => {
                return Err(RecordMembershipRefusal::ToldElsewhere(
                    report.membership_ref,
                ));
            }
            None => None,
        };
        if let Some(known) = &known
            && known.viewer_id != report.viewer_id
            && !known.viewer_id.is_erased()
        {
            return Err(RecordMembershipRefusal::MembershipDiffers(
                report.membership_ref,
            ));
        }

        let mut membership = known.clone().unwrap_or_else(|| PaidMembership {
            id: MembershipId::next(ids),
            provider: report.provider.clone(),
            membership_ref: report.membership_ref.clone(),
            viewer_id: report.viewer_id.clone(),
            gift: None,
            periods: Periods::default(),
            recorded_at: self.stamp(now),
        });
        membership.tell(report);
        if known.as_ref() != Some(&membership) {
            if known.is_none() {
                self.changes.first_told.insert(membership.id);
            }
            self.put_membership(reference, membership.clone());
        }

        Ok(membership)
    }

    fn put_membership(&mut self, reference: MembershipRef, membership: PaidMembership) {
        // Somebody who was erased is nobody whom anybody has looked up.
        let viewer_id = Some(&membership.viewer_id).filter(|id| !id.is_erased());
        let participant = viewer_id.and_then(|id| self.known.people.of_viewer(id));
        let number = participant.map(|participant| participant.number);
        if let Some(number) = number
            && self.known.tiers.has_asked(&page_of(number))
        {
            let mut tiers = self.known.tiers.take(&page_of(number)).unwrap_or_default();
            replace(tiers.entry(number).or_default(), &membership);
            self.known.tiers.put(page_of(number), tiers);
        }
        if let Some(viewer_id) = viewer_id
            && self.known.own_tiers.has_asked(viewer_id)
        {
            let mut own = self.known.own_tiers.take(viewer_id).unwrap_or_default();
            replace(&mut own, &membership);
            self.known.own_tiers.put(viewer_id.clone(), own);
        }
        let told = ToldOf::Here(Box::new(membership.clone()));
        self.known.memberships.put(reference, told);
        let changed = (number, membership);
        self.changes.memberships.insert(changed.1.id, changed);
    }

    /// Whether a reward is for paying members, on its own terms or on those that entries are taken on.
    pub fn asks_for_tier(&self, id: RewardId) -> bool {
        let own = self.known.rewards.get(&id).map(|reward| &reward.terms);
        let offered = self.draws.get(&id).map(|draw| &draw.terms);
        let mut terms = own.into_iter().chain(offered);

        terms.any(|terms| terms.membership_tier_min.is_some())
    }

    /// Of which tier somebody's membership is at `at`, where `tier_min` asks for one.
    pub(super) fn tier_of(
        &self,
        viewer_id: &ViewerId,
        tier_min: Option<u8>,
        at: ServerTime,
    ) -> Option<u8> {
        tier_min?;
        let own = self.known.own_tiers.get(viewer_id)?;

        tier_at(at, own.iter().map(|(_, span)| span))
    }

    /// For whom of `members` a membership multiplies what the minute brings by `programme`: by the tier that they have
    /// as it begins.
    pub(super) fn multiplied(
        &self,
        programme: &EarningProgramme,
        minute: Minute,
        members: &[MemberNumber],
    ) -> Multiplied {
        if !programme.multipliers.is_any() {
            return Multiplied::default();
        }
        let mut multiplied = Vec::new();
        for (page, members) in by_page(members) {
            let Some(tiers) = self.known.tiers.get(&page) else {
                continue;
            };
            for (member, spans) in tiers.iter().filter(|(member, _)| members.contains(member)) {
                let spans = spans.iter().map(|(_, span)| span);
                let tier = tier_at(minute.starts_at(), spans);
                let multiplier_bp = programme.multipliers.of_tier(tier.unwrap_or(0));
                if multiplier_bp > ONE_BP {
                    multiplied.push((*member, multiplier_bp));
                }
            }
        }

        Multiplied::new(multiplied)
    }
}

/// Puts in `tiers` what the membership gives now.
fn replace(tiers: &mut OwnTiers, membership: &PaidMembership) {
    tiers.retain(|(id, _)| *id != membership.id);
    let spans = membership.spans().into_iter();
    tiers.extend(spans.map(|span| (membership.id, span)));
}

impl MembershipRef {
    /// The reference that `report` speaks of.
    pub fn of_report(report: &MembershipReport) -> Self {
        Self {
            provider: report.provider.clone(),
            membership_ref: report.membership_ref.clone(),
        }
    }
}
