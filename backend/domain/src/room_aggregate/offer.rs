//! A reward as it stands to one member at a moment.
//!
//! What is decided under the room's lock, and what viewers are told beforehand, are the same checks in the same
//! order: what is told can be late, and not otherwise wrong.

use super::{ActRefusal, RedeemRefusal};
use crate::hype_train::{HypeTrain, Phase};
use crate::participant::Participant;
use crate::reward::{Draw, ENTRIES_MAX, EntryLimit, ROOM_ENTRIES_MAX, Reward, RoomFacts, Uses};
use crate::room::{Room, RoomState};
use crate::session::Session;
use crate::time::ServerTime;

/// A reward, and the facts that decide whether a member may redeem it.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// As it is offered, if it has a round.
    pub reward: &'a Reward,
    /// The round that takes entries.
    pub round: Option<Round<'a>>,
    /// How many entries all of the room's rounds have together.
    pub entries: i64,
    /// How often the member has redeemed it.
    pub own: Uses,
    pub room: &'a Room,
    /// The live session, or the last one.
    pub session: Option<&'a Session>,
    /// The present train, or the last one.
    pub train: Option<&'a HypeTrain>,
    /// How many participants are online.
    pub online: i64,
    /// What the member can spend.
    pub available: i64,
    /// Of which tier the member's paid membership is.
    pub tier: Option<u8>,
    pub at: ServerTime,
}

/// A draw that takes entries.
#[derive(Debug, Clone, Copy)]
pub struct Round<'a> {
    pub draw: &'a Draw,
    /// Whether the member is in it.
    pub has_entered: bool,
}

impl Offer<'_> {
    /// Whether the member, if they are one, may redeem it, whatever they would say.
    pub fn check(&self, participant: Option<&Participant>) -> Result<(), RedeemRefusal> {
        match self.room.state {
            RoomState::Archived => return Err(ActRefusal::RoomArchived.into()),
            RoomState::Draft | RoomState::Open => (),
        }
        if !participant.is_some_and(Participant::is_joined) {
            return Err(ActRefusal::NotJoined.into());
        }
        if !self.reward.is_enabled() {
            return Err(RedeemRefusal::NotFound(self.reward.id));
        }

        self.check_open()?;
        self.check_membership()?;
        self.check_limits()?;
        self.check_points()
    }

    /// Whether it is redeemed now by anybody.
    pub(super) fn check_open(&self) -> Result<(), RedeemRefusal> {
        let terms = &self.reward.terms;
        if terms.is_paused {
            return Err(RedeemRefusal::Paused);
        }
        if !self.session.is_some_and(Session::is_live) && !terms.redeemable_offline {
            return Err(RedeemRefusal::NotLive);
        }

        match terms.availability.unmet(self.facts()) {
            Some(unmet) => Err(RedeemRefusal::NotAvailable(unmet)),
            None => Ok(()),
        }
    }

    /// Whether it is for the member, where it is for paying members alone.
    pub(super) fn check_membership(&self) -> Result<(), RedeemRefusal> {
        match self.reward.terms.membership_tier_min {
            Some(tier_min) if self.tier.is_none_or(|tier| tier < tier_min) => {
                Err(RedeemRefusal::MembersOnly { tier_min })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn facts(&self) -> RoomFacts<'_> {
        // Who reads may do so before the end of a train is written down.
        let running = self
            .train
            .filter(|train| train.phase == Phase::Running && self.at <= train.expires_at);

        RoomFacts {
            title: &self.room.title,
            train_level: running.map(|train| train.level),
            online: self.online,
        }
    }

    /// Whether there is a place left, and the time for it has come.
    pub(super) fn check_limits(&self) -> Result<(), RedeemRefusal> {
        if self.round.is_some_and(|round| round.has_entered) {
            return Err(RedeemRefusal::AlreadyEntered);
        }
        if let Some(limit) = self.full() {
            return Err(RedeemRefusal::DrawFull(limit));
        }
        if self.places_in_session() == Some(0) {
            return Err(RedeemRefusal::SessionLimit);
        }
        if self.own_places() == Some(0) {
            return Err(RedeemRefusal::ViewerLimit);
        }

        match self.cools_until() {
            Some(until) => Err(RedeemRefusal::Cooldown { until }),
            None => Ok(()),
        }
    }

    /// The limit that lets nobody enter any more, if it is entered at all.
    fn full(&self) -> Option<EntryLimit> {
        self.reward.terms.draw?;
        let entries = self.round.map_or(0, |round| round.draw.entries);
        if entries >= ENTRIES_MAX {
            return Some(EntryLimit::OfDraw);
        }

        (self.entries >= ROOM_ENTRIES_MAX).then_some(EntryLimit::OfRoom)
    }

    /// Whether the member can pay for it.
    pub(super) fn check_points(&self) -> Result<(), RedeemRefusal> {
        let (available, cost) = (self.available, self.reward.terms.cost);
        if available < cost {
            return Err(RedeemRefusal::InsufficientPoints { available, cost });
        }

        Ok(())
    }

    /// How often the member may redeem it yet in this session, if anything limits that.
    pub fn places(&self) -> Option<i64> {
        let places = [self.places_in_session(), self.own_places()];
        places.into_iter().flatten().min()
    }

    /// Until when it cools down for the member, if it does.
    pub fn cools_until(&self) -> Option<ServerTime> {
        let limits = self.reward.terms.limits;
        let cooldowns = [
            self.reward.uses.cools_until(limits.cooldown_ms, self.at),
            self.own.cools_until(limits.viewer_cooldown_ms, self.at),
        ];

        cooldowns.into_iter().flatten().max()
    }

    fn places_in_session(&self) -> Option<i64> {
        let limits = self.reward.terms.limits;
        self.places_left(limits.per_session, self.reward.uses)
    }

    fn own_places(&self) -> Option<i64> {
        let limits = self.reward.terms.limits;
        self.places_left(limits.per_viewer_and_session, self.own)
    }

    fn places_left(&self, most: Option<i64>, uses: Uses) -> Option<i64> {
        // Who wins in a round is counted where it was opened.
        let session_id = match self.round {
            Some(round) => round.draw.session_id,
            None => self.session.map(|session| session.id),
        };
        most.map(|most| (most - uses.in_session(session_id)).max(0))
    }
}
