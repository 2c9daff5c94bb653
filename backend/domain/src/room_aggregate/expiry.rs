//! Redemptions that nobody sees to expire: what they hold is let go of, as of when they did.
//!
//! A room may have more of them than one command should touch, so they are worked off from the table of due
//! work. What a command is about has expired before it is decided, whether or not that work was done.

use super::RoomAggregate;
use crate::id::{IdSource, RedemptionId};
use crate::reward::{EXPIRES_AFTER_MS_MIN, Redemption, RedemptionStatus};
use crate::session::Session;
use crate::time::ServerTime;

impl RoomAggregate {
    /// Expires those of `redemptions` whose time is over. Returns how many of them are still open.
    pub fn expire_redemptions(
        &mut self,
        redemptions: &[RedemptionId],
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> usize {
        for id in redemptions {
            self.expire(*id, ids, now);
        }
        let is_open = |id: &&RedemptionId| {
            let redemption = self.known.redemptions.get(id);
            redemption.is_some_and(Redemption::is_open)
        };

        redemptions.iter().filter(is_open).count()
    }

    /// Expires the redemption, if it is open and its time is over.
    pub(super) fn expire(&mut self, id: RedemptionId, ids: &mut impl IdSource, now: ServerTime) {
        let Some(redemption) = self.redemption(id).filter(Redemption::is_open) else {
            return;
        };
        let at = self.stamp(now);
        let Some(expired_at) = redemption
            .expires_at()
            .filter(|expires_at| *expires_at <= at)
        else {
            return;
        };

        self.release(&redemption, ids, now);
        self.put_redemption(Redemption {
            status: RedemptionStatus::Expired,
            settled_at: Some(expired_at),
            ..redemption
        });
    }

    /// Has somebody look for what expires, once that can be.
    pub(super) fn expect_expiry_of(&mut self, redemption: &Redemption) {
        if let Some(expires_at) = redemption.expires_at() {
            self.expect_expiry(expires_at);
        }
    }

    /// The same for what was redeemed in a session that has just ended. How long each is kept open is not known
    /// here, so the room is looked at when the first could expire.
    pub(super) fn expect_expiry_of_session(&mut self, session: &Session) {
        if let Some(ended_at) = session.ended_at
            && self.census.open_redemptions > 0
        {
            self.expect_expiry(ended_at.plus_millis(EXPIRES_AFTER_MS_MIN));
        }
    }

    fn expect_expiry(&mut self, at: ServerTime) {
        let earliest = self.changes.expiry.map_or(at, |earliest| earliest.min(at));
        self.changes.expiry = Some(earliest);
    }
}
