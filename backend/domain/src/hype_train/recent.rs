//! Whom a train shows as its recent contributors.

use super::{Contributor, RECENT_CONTRIBUTORS_MAX, Train};
use crate::contribution::Contribution;
use crate::id::ContributionId;

impl Train {
    /// Puts `contributor` in front, once; an anonymous gift is there by itself.
    pub(crate) fn put_recent(&mut self, contributor: &Contributor, gift: ContributionId) {
        let recent = &mut self.shown.recent_contributors;
        if contributor.viewer_id.is_some() {
            recent.retain(|one| one.viewer_id != contributor.viewer_id);
        } else {
            self.recent_gifts.insert(0, gift);
        }
        recent.insert(0, contributor.shown());
        recent.truncate(RECENT_CONTRIBUTORS_MAX);
        let anonymous = recent.iter().filter(|one| one.viewer_id.is_none()).count();
        self.recent_gifts.truncate(anonymous);
    }

    /// Takes out an anonymous gift, if it is shown.
    pub(super) fn forget_gift(&mut self, lost: &Contribution) {
        let known = self.recent_gifts.iter().position(|id| *id == lost.id);
        let recent = self.shown.recent_contributors.iter().enumerate();
        let mut anonymous = recent.filter(|(_, one)| one.viewer_id.is_none());
        let found = match known {
            Some(place) => anonymous.nth(place),
            // Those of a train that was kept without their ids are told apart by what is seen of them.
            None => anonymous
                .skip(self.recent_gifts.len())
                .find(|(_, one)| one.name.as_deref() == lost.name() && one.last_hype == lost.hype),
        };
        let index = found.map(|(index, _)| index);

        if let Some(place) = known {
            self.recent_gifts.remove(place);
        }
        if let Some(index) = index {
            self.shown.recent_contributors.remove(index);
        }
    }
}
