//! Everything of one room that a batch of commands decides on, and what the batch changed.
//!
//! The store loads an aggregate under the room's lock, commands are decided on it one after
//! another, and the store writes what is in [`Changes`] in sets. A command refuses before its first
//! change, so a refusal leaves no trace.

mod answers;
mod authority;
mod contributions;
mod debts;
mod deletion;
mod disputes;
mod draws;
mod erasure;
mod events;
mod expiry;
mod lookups;
mod memberships;
mod offer;
mod participants;
mod people;
mod points;
mod presence;
mod redemptions;
mod refunds;
mod rewards;
mod roles;
mod sessions;
mod stage;
mod telling;
mod trains;
mod wallets;
mod watching;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::audit::{AuditAction, AuditEntry};
use crate::contribution::Contribution;
use crate::dispute::Dispute;
use crate::event::{Event, EventBody, LogHead};
use crate::hype_train::{Contributor, Train, TrainRow};
use crate::id::{
    ContributionId, DisputeId, DrawId, Epoch, HypeTrainId, IdSource, MembershipId, NodeId,
    ParticipantId, RedemptionId, RewardId, RoomId, SessionId, ViewerId,
};
use crate::membership::PaidMembership;
use crate::participant::Participant;
use crate::points::{ClawedBack, Digest, Given, MemberNumber, Transfer, Turnovers};
use crate::rates::RateTable;
use crate::reward::{Draw, Redemption, Reward, Uses};
use crate::room::{Occupancy, Room, RoomChange, RoomState, UpdateRoomRefusal};
use crate::session::Session;
use crate::time::ServerTime;
use crate::watching::{EarningState, Places, ViewerMinute, WatchCredit};

pub use authority::{ActRefusal, Actor, Target, TargetRefusal};
pub use contributions::{RecordContributionRefusal, Reported};
pub use debts::Clawback;
pub use deletion::DeleteRoomRefusal;
pub use disputes::{
    DisputeHold, DisputeOpening, DisputeOutcome, DisputeRefusal, DisputeResolution,
    DisputeWithdrawal, Disputes,
};
pub use draws::Entries;
pub use lookups::Lookups;
pub use memberships::{MembershipRef, OwnTiers, RecordMembershipRefusal, Tiers, ToldOf};
pub use offer::{Offer, Round};
pub use participants::{JoinRefusal, RemoveRefusal, RenameRefusal};
pub use people::{Census, OnlineCount, People};
pub use points::{AdjustPointsRefusal, Adjustment, AdjustmentKind, Books};
pub use presence::{PresenceChange, Presences};
pub use redemptions::{MetadataRefusal, Order, RedeemRefusal, SettleRefusal, Settlement};
pub use refunds::{Refund, RefundRefusal};
pub use rewards::{RewardDraft, RewardRefusal, RewardTarget};
pub use roles::{AssignRoleRefusal, Override, OverrideChange, OverrideRefusal};
pub use sessions::{
    EndSessionRefusal, InterruptSessionRefusal, ResumeSessionRefusal, StartSessionRefusal,
};
pub use stage::StageRefusal;
pub use telling::{TellRefusal, Telling};
pub use trains::Contributors;
pub use watching::{CreditRefusal, Credited, EarningRefusal, WatchProof, WatchedMinute};

/// A room under its lock.
#[derive(Debug, Clone)]
pub struct RoomAggregate {
    pub room: Room,
    pub head: LogHead,
    /// The live session, or the last one.
    pub session: Option<Session>,
    /// The present train, or the last one.
    pub train: Option<Train>,
    /// The best of the room's trains that have ended, by what was not taken back: two, so that one is not the present
    /// one.
    pub best_trains: Vec<(HypeTrainId, i64)>,
    pub census: Census,
    /// What viewers earn by, and the sessions that they earn in.
    pub earning: EarningState,
    /// The draws that take entries, or are due, of which a reward has one at most.
    pub draws: BTreeMap<RewardId, Draw>,
    /// What the batch asked to have looked up.
    pub known: Known,
    pub changes: Changes,
}

/// Rows that commands of a batch depend on, loaded before they are decided, and kept current by
/// the commands decided so far.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// First answers, by what was done and by the idempotency key.
    pub answers: Lookups<AnswerKey, Answer>,
    /// Contributions, by provider and reference.
    pub contributions: Lookups<ContributionRef, Reported>,
    /// The tenant's rates, if it has set any and contributions are to be weighed.
    pub rates: Option<Arc<RateTable>>,
    /// What people have given to a train.
    pub contributors: Contributors,
    /// If the batch may reverse contributions, as of before it: the leading contributors of the trains that may lose
    /// one, one more than there are reversals, so that somebody who is not lowered is among them.
    pub leaders: BTreeMap<HypeTrainId, Vec<Contributor>>,
    /// The same of the room's trains: those that may lose something, and the best, two more than are lowered, so that
    /// the best that is not lowered is among them, whichever is the present one.
    pub history: BTreeMap<HypeTrainId, TrainRow>,
    /// Who acts, and whom they act on.
    pub people: People,
    /// The room's books, and what people have in them.
    pub books: Books,
    /// In which rooms the minutes of those count whose devices reported.
    pub places: Lookups<ViewerMinute, Places>,
    pub rewards: Lookups<RewardId, Reward>,
    /// How often members have redeemed rewards.
    pub uses: Lookups<(RewardId, MemberNumber), Uses>,
    pub redemptions: Lookups<RedemptionId, Redemption>,
    pub disputes: Disputes,
    /// Who has entered which draw.
    pub entries: Entries,
    /// Where those who act are connected.
    pub presences: Presences,
    /// The tenant's rooms that have a slug.
    pub slugs: Lookups<String, RoomId>,
    /// Whether contributions or memberships were recorded in the room, if somebody asked.
    pub has_contributions: Option<bool>,
    /// Paid memberships, by provider and reference.
    pub memberships: Lookups<MembershipRef, ToldOf>,
    /// Those of members whose minutes are credited, by their pages.
    pub tiers: Lookups<u32, Tiers>,
    /// When those who redeem what is for paying members are of which tier.
    pub own_tiers: Lookups<ViewerId, OwnTiers>,
}

/// What an idempotency key is unique for, beside its tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnswerKey {
    /// Who chose the key: the provider of a report, or whoever acts.
    pub actor: String,
    pub operation: Operation,
    pub key: String,
}

/// What is done under an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    RecordContribution,
    AdjustPoints,
    ClawBackPoints,
    RedeemReward,
    RefundRedemption,
    OpenDispute,
    HoldDispute,
    ResolveDispute,
    WithdrawDispute,
    CreateReward,
    Tell,
}

/// A contribution's id in its provider's scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContributionRef {
    pub provider: String,
    pub contribution_ref: String,
}

/// What was answered first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// A digest of what was asked; the same key with another digest is refused.
    pub fingerprint: Fingerprint,
    pub answered: Answered,
}

/// What was made, which the key's operation says the kind of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    Contribution(Box<Contribution>),
    Transfer(Box<Transfer>),
    ClawedBack(Box<ClawedBack>),
    Redemption(Box<Redemption>),
    Reward(Box<Reward>),
    Dispute(Box<Dispute>),
    Event(Box<Event>),
}

/// SHA-256 of what was asked.
pub type Fingerprint = [u8; 32];

/// What a batch changed, ready to be written in sets. Keyed, so that of several changes to one row
/// the last is written.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says of one row what became of it"
)]
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub room: bool,
    /// Whether the room is gone, whatever else was changed.
    pub deleted: bool,
    pub session: BTreeMap<SessionId, Session>,
    pub contributions: BTreeMap<ContributionId, Contribution>,
    /// Those of them that nobody reported before.
    pub first_reported: BTreeSet<ContributionId>,
    /// Which train contributions count in, also of rows that are not in `contributions`.
    pub boarded: BTreeMap<ContributionId, HypeTrainId>,
    pub contributors: BTreeMap<(HypeTrainId, ViewerId), Contributor>,
    /// Started, ended and corrected trains: how far each got, and when it ended.
    pub trains: BTreeMap<HypeTrainId, TrainRow>,
    /// Whether `train` was changed.
    pub train: bool,
    pub answers: BTreeMap<AnswerKey, Answer>,
    /// Whether `census` was changed.
    pub census: bool,
    pub participants: BTreeMap<ParticipantId, Participant>,
    /// Those of them who have never been in the room before.
    pub newcomers: BTreeMap<ViewerId, (ParticipantId, MemberNumber)>,
    /// Whether people are connected to nodes, where that changed.
    pub presences: BTreeMap<(ViewerId, NodeId), bool>,
    pub audit: Vec<AuditEntry>,
    /// What was moved, each with its link of the chain.
    pub transfers: Vec<(Transfer, Digest)>,
    /// What transfers have given members, where that changed.
    pub balances: BTreeMap<MemberNumber, Given>,
    /// What was credited for watching, each with its link of the chain.
    pub credits: Vec<(WatchCredit, Digest)>,
    /// What `transfers` and `credits` moved.
    pub turnovers: Turnovers,
    /// Whether the total of what is held was changed.
    pub holds: bool,
    /// Of which pages of members what they earned has changed.
    pub pages: BTreeSet<u32>,
    /// Whether `earning` was changed.
    pub earning: bool,
    /// The places that viewers' minutes take in this room, by their numbers.
    pub places: BTreeSet<(ViewerMinute, usize)>,
    pub rewards: BTreeMap<RewardId, Reward>,
    pub uses: BTreeMap<(RewardId, MemberNumber), Uses>,
    pub redemptions: BTreeMap<RedemptionId, Redemption>,
    pub draws: BTreeMap<DrawId, Draw>,
    /// Each with which change of the room's cases it came with.
    pub disputes: BTreeMap<DisputeId, (i64, Dispute)>,
    /// No redemption of the room that the batch knows of, and that is open, expires before.
    pub expiry: Option<ServerTime>,
    /// Paid memberships, each with whose it is by number, if they are a member of the room.
    pub memberships: BTreeMap<MembershipId, (Option<MemberNumber>, PaidMembership)>,
    /// Those of them that nobody told of before.
    pub first_told: BTreeSet<MembershipId>,
    pub events: Vec<Event>,
    /// Whether the room's deadline is to be written also if it has not moved.
    pub deadline: bool,
    /// The last position that somebody was told.
    promised_seq: i64,
}

impl RoomAggregate {
    /// A room that was just made, with its first event.
    pub fn create(room: Room, head: LogHead, ids: &mut impl IdSource, now: ServerTime) -> Self {
        let mut aggregate = Self {
            room,
            head,
            session: None,
            train: None,
            best_trains: Vec::new(),
            census: Census::default(),
            earning: EarningState::default(),
            draws: BTreeMap::new(),
            known: Known::default(),
            changes: Changes::default(),
        };
        aggregate.changes.room = true;
        let profile = aggregate.room.profile();
        aggregate.append(EventBody::RoomUpdated(profile), ids, now);

        aggregate
    }

    /// Changes the room. What a room of the batch has let go of stays taken until the batch is
    /// committed, as the rows are. Archiving it takes everyone off the stage and out of the queue, whom the
    /// batch has to know.
    pub fn update_room(
        &mut self,
        actor: &Actor,
        change: RoomChange,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Room, UpdateRoomRefusal> {
        let present = Occupancy {
            is_live: self.live_session().is_some(),
            on_stage: self.census.on_stage,
        };
        let room = self.room.changed(change, present, now)?;
        if room.slug != self.room.slug
            && let Some(owner) = self.known.slugs.get(&room.slug)
            && *owner != room.id
        {
            return Err(UpdateRoomRefusal::SlugTaken);
        }
        if room.state == RoomState::Archived {
            self.clear_stage(ids, now);
        }
        self.room = room;
        self.changes.room = true;
        self.append(EventBody::RoomUpdated(self.room.profile()), ids, now);
        let action = AuditAction::RoomUpdated {
            version: self.room.version,
        };
        self.audit(actor, None, action, ids, now);
        self.follow_program(ids, now);

        Ok(self.room.clone())
    }

    /// When [`Self::end_expired`] has something to do, if nothing else happens.
    pub fn deadline(&self) -> Option<ServerTime> {
        let deadlines = [
            self.train_deadline(),
            self.session_deadline(),
            self.draw_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Ends what has run out of time, as of when it did: the train, a session whose stream did
    /// not come back, and draws that take no entries any more. Comes before every command, which belongs to what is
    /// next. What is told of trains and sessions is stamped with `now`: by a clock that is ahead it would be told as of
    /// a time that is not over, too little ahead to be noticed when the clock is put right.
    pub fn end_expired(&mut self, ids: &mut impl IdSource, now: ServerTime) {
        let at = self.stamp(now);
        while let Some(deadline) = self.deadline().filter(|deadline| *deadline <= at) {
            if self.train_deadline() == Some(deadline) {
                self.pass_train_deadline(deadline, ids, now);
            } else if self.draw_deadline() == Some(deadline) {
                self.draw_due(ids, deadline);
            } else {
                self.end_session(ids, now)
                    .expect("a session that has a deadline is live");
            }
        }
    }

    /// Goes on from `now` in a new epoch, if a clock that was put right since has stamped the room ahead.
    /// What has happened has happened by now, and what was to last lasts from now on at most.
    pub fn recover_from_wrong_clock(&mut self, ids: &mut impl IdSource, now: ServerTime) {
        if !self.head.is_ahead_of(now) {
            return;
        }
        self.head = LogHead {
            epoch: Epoch::next(ids),
            occurred_at: now,
            display_at: now,
            ..self.head
        };
        self.earning.recover(now);
        self.changes.earning = true;
        self.recover_session(ids, now);
        self.recover_train(ids, now);
        self.recover_draws(now);
    }

    /// Ends what has run out of time for whoever was told that something has: what is kept of the
    /// room's deadline is put right, if there was nothing to end.
    pub fn settle_deadline(&mut self, ids: &mut impl IdSource, now: ServerTime) {
        self.end_expired(ids, now);
        self.changes.deadline = true;
    }
}
