//! Redeeming rewards, and seeing to what was redeemed.

use serde::Serialize;

use super::points::Movement;
use super::{
    ActRefusal, Actor, AnswerKey, Answered, Fingerprint, Offer, Operation, RoomAggregate, Round,
};
use crate::contribution::KEY_BYTES_MAX;
use crate::event::EventBody;
use crate::id::{IdSource, RedemptionId, RewardId, SessionId};
use crate::invalid::{Invalid, check_text};
use crate::participant::{Capability, Participant};
use crate::points::{Entry, MemberNumber, TransferKind};
use crate::reward::{
    EntryLimit, Redemption, RedemptionAlert, RedemptionStatus, Reward, Terms, UnmetRule, Uses,
};
use crate::time::ServerTime;

/// What a viewer asks for, as far as the words go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order {
    idempotency_key: String,
    reward_id: RewardId,
    /// What the viewer believes that it costs, if they say.
    cost: Option<i64>,
    input: Option<String>,
}

/// Why a reward was not redeemed, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedeemRefusal {
    #[error("the idempotency key `{0}` was used for other content")]
    KeyReused(String),
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error("there is no such reward")]
    NotFound(RewardId),
    #[error("the reward is paused")]
    Paused,
    #[error("the reward can only be redeemed while the room is live")]
    NotLive,
    #[error("the reward cannot be redeemed now: {0}")]
    NotAvailable(UnmetRule),
    #[error("the reward is for paying members of tier {tier_min} or higher")]
    MembersOnly { tier_min: u8 },
    #[error("the reward costs {cost} points, not {given}")]
    CostChanged { cost: i64, given: i64 },
    #[error(transparent)]
    Input(#[from] Invalid),
    #[error("the caller has entered the draw before")]
    AlreadyEntered,
    #[error(transparent)]
    DrawFull(EntryLimit),
    #[error("the reward was redeemed as often as it can be in a session")]
    SessionLimit,
    #[error("the caller has redeemed the reward as often as one viewer can in a session")]
    ViewerLimit,
    #[error("the reward was redeemed just now, and cools down")]
    Cooldown { until: ServerTime },
    #[error("the caller has {available} points to spend, not {cost}")]
    InsufficientPoints { available: i64, cost: i64 },
}

/// Why a redemption was not settled, in the order the reasons are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettleRefusal {
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error("there is no such redemption")]
    NotFound(RedemptionId),
    #[error("nobody sees to what they redeemed themselves but the tenant's staff")]
    OnOneself,
    #[error("the redemption was fulfilled before")]
    AlreadyFulfilled,
    #[error("the redemption was canceled before")]
    AlreadyCanceled,
    #[error("the redemption has expired, for nobody saw to it in time")]
    AlreadyExpired,
    #[error("it was not drawn")]
    NotDrawn,
    #[error("lots are not drawn yet; until then it can be canceled alone")]
    InDraw,
}

/// Why nothing was noted about a redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MetadataRefusal {
    #[error("there is no such redemption")]
    NotFound(RedemptionId),
}

/// What is done about a redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// The points are spent.
    Fulfill,
    /// The points are free again.
    Cancel,
}

impl Order {
    /// Takes what was asked, or says what is wrong with it.
    pub fn new(
        idempotency_key: String,
        reward_id: RewardId,
        cost: Option<i64>,
        input: Option<String>,
    ) -> Result<Self, Invalid> {
        check_text("idempotencyKey", &idempotency_key, 1, KEY_BYTES_MAX)?;

        Ok(Self {
            idempotency_key,
            reward_id,
            cost,
            input,
        })
    }

    /// What is redeemed.
    pub fn reward_id(&self) -> RewardId {
        self.reward_id
    }
}

impl AnswerKey {
    /// The key of an order by `actor`.
    pub fn of_order(actor: &Actor, order: &Order) -> Self {
        Self {
            actor: actor.viewer_id.as_str().to_owned(),
            operation: Operation::RedeemReward,
            key: order.idempotency_key.clone(),
        }
    }
}

impl RoomAggregate {
    /// Redeems a reward for `actor`: holds what it costs, or spends it at once if the reward fulfills itself. The
    /// room is told then and once: what becomes of it later is nobody's business but theirs and staff's. Where lots
    /// are drawn, it is an entry, which holds what it costs until then.
    pub fn redeem(
        &mut self,
        actor: &Actor,
        order: &Order,
        fingerprint: Fingerprint,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Redemption, RedeemRefusal> {
        let key = AnswerKey::of_order(actor, order);
        let first = self.first_answer(&key, fingerprint, Answered::redemption);
        if let Some(first) = first.map_err(RedeemRefusal::KeyReused)? {
            return Ok(first);
        }
        let (reward, participant, input) = self.check_order(actor, order, now)?;

        let redemption = if let Some(rules) = reward.terms.draw {
            self.enter(&reward, rules, &participant, input, ids, now)
        } else {
            let redemption = self.place(&reward, &participant, input, ids, now);
            self.take_up(redemption, &reward.terms, Some(&participant), ids, now)
        };
        let answered = Answered::Redemption(Box::new(redemption.clone()));
        self.answer(key, fingerprint, answered);

        Ok(redemption)
    }

    fn check_order(
        &self,
        actor: &Actor,
        order: &Order,
        now: ServerTime,
    ) -> Result<(Reward, Participant, Option<String>), RedeemRefusal> {
        self.check_open_to(actor)?;
        let participant = self.joined(actor)?;
        let id = order.reward_id;
        let reward = self.reward(id).filter(|reward| reward.is_enabled());
        let reward = reward.ok_or(RedeemRefusal::NotFound(id))?;
        let own = self.known.uses.get(&(id, participant.number)).copied();
        let round = self.draws.get(&id);
        let entered = round.and_then(|draw| self.known.entries.get(draw.id, participant.number));
        let round = round.map(|draw| Round {
            draw,
            has_entered: entered.is_some(),
        });
        let offered = round.map_or_else(|| reward.clone(), |round| round.draw.offered(reward));
        let at = self.stamp(now);
        let offer = Offer {
            reward: &offered,
            round,
            entries: self.draws.values().map(|draw| draw.entries).sum(),
            own: own.unwrap_or_default(),
            room: &self.room,
            session: self.session.as_ref(),
            train: self.train.as_ref().map(|train| &train.shown),
            online: self.census.online.count,
            available: self.known.books.balance(participant.number).available(),
            tier: self.tier_of(
                &participant.viewer_id,
                offered.terms.membership_tier_min,
                at,
            ),
            at,
        };
        offer.check_open()?;
        offer.check_membership()?;
        let terms = &offered.terms;
        if let Some(given) = order.cost
            && given != terms.cost
        {
            let cost = terms.cost;
            return Err(RedeemRefusal::CostChanged { cost, given });
        }
        let input = terms.input.accept(order.input.as_deref())?;
        offer.check_limits()?;
        offer.check_points()?;

        Ok((offered, participant.clone(), input))
    }

    /// Holds what the reward costs, and counts it. It is kept by what is done with it next.
    fn place(
        &mut self,
        reward: &Reward,
        participant: &Participant,
        input: Option<String>,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Redemption {
        let (at, session_id) = (self.stamp(now), self.last_session_id());
        self.count_use(reward.id, participant.number, |uses| {
            uses.and_one(session_id, at)
        });
        self.reserve(reward, participant, input, ids, now)
    }

    /// Holds what the reward costs, for what is then to be kept.
    pub(super) fn reserve(
        &mut self,
        reward: &Reward,
        participant: &Participant,
        input: Option<String>,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Redemption {
        self.hold_points(participant.number, reward.terms.cost);

        Redemption {
            id: RedemptionId::next(ids),
            reward_id: reward.id,
            participant_id: participant.id,
            member: participant.number,
            title: reward.terms.title.clone(),
            cost: reward.terms.cost,
            input,
            status: RedemptionStatus::Unfulfilled,
            session_id: self.last_session_id(),
            redeemed_at: self.stamp(now),
            settled_at: None,
            settled_by: None,
            paid_seq: None,
            metadata: None,
            refunded: 0,
            made_offline: self.live_session().is_none(),
            expires_after_ms: reward.terms.expires_after_ms,
            session_ended_at: None,
            queue_seq: 0,
            draw_id: None,
            drawn_at: None,
        }
    }

    /// Has staff see to what somebody has, or sees to it at once if the reward fulfills itself, and tells the room.
    pub(super) fn take_up(
        &mut self,
        redemption: Redemption,
        terms: &Terms,
        participant: Option<&Participant>,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Redemption {
        let redemption = if terms.auto_fulfills {
            let paid_seq = self.spend(&redemption, ids, now);
            Redemption {
                status: RedemptionStatus::Fulfilled,
                settled_at: Some(redemption.won_at()),
                paid_seq: Some(paid_seq),
                ..redemption
            }
        } else {
            self.expect_expiry_of(&redemption);
            redemption
        };
        let alert = participant.and_then(|one| RedemptionAlert::of(&redemption, terms, one));
        if let Some(alert) = alert {
            self.append(EventBody::RewardRedeemed(alert), ids, now);
        }

        self.put_redemption(redemption)
    }

    /// Settles a redemption, also in a room that was archived since. Of two who settle it at once, the second
    /// is told what the first has done.
    pub fn settle_redemption(
        &mut self,
        actor: &Actor,
        id: RedemptionId,
        settlement: Settlement,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Redemption, SettleRefusal> {
        self.authorize(actor, Capability::RedemptionManage, now)?;
        // What time has made due comes first, as everywhere.
        self.expire(id, ids, now);
        let redemption = self.redemption(id).ok_or(SettleRefusal::NotFound(id))?;
        if self.is_own(actor, &redemption) {
            return Err(SettleRefusal::OnOneself);
        }
        match redemption.status {
            RedemptionStatus::Unfulfilled => (),
            RedemptionStatus::Fulfilled => return Err(SettleRefusal::AlreadyFulfilled),
            RedemptionStatus::Canceled => return Err(SettleRefusal::AlreadyCanceled),
            RedemptionStatus::Expired => return Err(SettleRefusal::AlreadyExpired),
            RedemptionStatus::NotDrawn => return Err(SettleRefusal::NotDrawn),
            RedemptionStatus::Entered => {
                return match settlement {
                    Settlement::Fulfill => Err(SettleRefusal::InDraw),
                    Settlement::Cancel => Ok(self.take_out(redemption, actor, ids, now)),
                };
            }
        }

        let (status, paid_seq) = match settlement {
            Settlement::Fulfill => {
                let paid_seq = self.spend(&redemption, ids, now);
                (RedemptionStatus::Fulfilled, Some(paid_seq))
            }
            Settlement::Cancel => {
                self.release(&redemption, ids, now);
                (RedemptionStatus::Canceled, None)
            }
        };
        Ok(self.put_redemption(Redemption {
            status,
            settled_at: Some(self.stamp(now)),
            settled_by: Some(actor.viewer_id.clone()),
            paid_seq,
            ..redemption
        }))
    }

    /// Notes what the tenant's server keeps about a redemption, or that it keeps nothing.
    pub fn set_redemption_metadata(
        &mut self,
        id: RedemptionId,
        metadata: Option<String>,
    ) -> Result<Redemption, MetadataRefusal> {
        let redemption = self.redemption(id).ok_or(MetadataRefusal::NotFound(id))?;

        Ok(self.put_redemption(Redemption {
            metadata,
            ..redemption
        }))
    }

    /// The redemption of that id, which the batch has to know.
    pub(super) fn redemption(&self, id: RedemptionId) -> Option<Redemption> {
        let mut redemption = self.known.redemptions.get(&id)?.clone();
        // It may have ended in this very batch.
        if let Some(session) = &self.session
            && redemption.session_id == Some(session.id)
        {
            redemption.session_ended_at = session.ended_at;
        }

        Some(redemption)
    }

    /// Whether `actor` may see to it only as the tenant's staff, and is not.
    pub(super) fn is_own(&self, actor: &Actor, redemption: &Redemption) -> bool {
        let own = self.known.people.of_viewer(&actor.viewer_id);
        !actor.is_staff && own.is_some_and(|own| own.number == redemption.member)
    }

    /// Spends what is held. Returns the transfer's position.
    fn spend(&mut self, redemption: &Redemption, ids: &mut impl IdSource, now: ServerTime) -> i64 {
        let (member, cost) = (redemption.member, redemption.cost);
        let movement = Movement {
            entry: Entry::charge(member, cost),
            kind: TransferKind::Redeemed,
            about: Some(redemption.id.0),
            corrects: None,
            dispute_id: None,
            authorship: None,
        };

        self.transfer_held(movement, ids, now).seq
    }

    /// Gives the points back, and the place in the session's count; not the time since.
    pub(super) fn release(
        &mut self,
        redemption: &Redemption,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) {
        self.release_points(redemption.member, redemption.cost, ids, now);
        self.give_place_back(redemption);
    }

    /// Gives back the place in the count of the session that it was taken in, if that still counts.
    pub(super) fn give_place_back(&mut self, redemption: &Redemption) {
        let session_id = redemption.session_id;
        if session_id == self.last_session_id() {
            self.count_use(redemption.reward_id, redemption.member, |uses| {
                uses.less_one(session_id)
            });
        }
    }

    /// Keeps what has become of a redemption, as the newest change of staff's queue.
    pub(super) fn put_redemption(&mut self, redemption: Redemption) -> Redemption {
        let id = redemption.id;
        self.census.queue_changes += 1;
        self.changes.census = true;
        let redemption = Redemption {
            queue_seq: self.census.queue_changes,
            ..redemption
        };
        let before = self.known.redemptions.put(id, redemption.clone());
        let was_open = before.is_some_and(|before| before.is_open());
        if redemption.is_open() != was_open {
            self.census.open_redemptions += i64::from(redemption.is_open()) - i64::from(was_open);
        }
        self.changes.redemptions.insert(id, redemption.clone());

        redemption
    }

    /// Counts a use of a reward, for everybody and for one member. A reward that was deleted since counts no more.
    pub(super) fn count_use(
        &mut self,
        id: RewardId,
        member: MemberNumber,
        count: impl Fn(Uses) -> Uses,
    ) {
        if let Some(reward) = self.known.rewards.get_mut(&id) {
            reward.uses = count(reward.uses);
            self.changes.rewards.insert(id, reward.clone());
        }
        let key = (id, member);
        let uses = self.known.uses.get(&key).copied().unwrap_or_default();
        let uses = count(uses);
        self.known.uses.put(key, uses);
        self.changes.uses.insert(key, uses);
    }

    /// The live session, or the last one: what is counted while no session is live belongs to it.
    pub(super) fn last_session_id(&self) -> Option<SessionId> {
        self.session.as_ref().map(|session| session.id)
    }
}
