//! What a room sells for points.

use serde::Serialize;

use super::{ActRefusal, Actor, AnswerKey, Answered, Fingerprint, Operation, RoomAggregate};
use crate::audit::AuditAction;
use crate::contribution::KEY_BYTES_MAX;
use crate::id::{IdSource, RewardId};
use crate::invalid::{Invalid, check_text};
use crate::participant::Capability;
use crate::reward::{ENABLED_REWARDS_MAX, REWARDS_MAX, Reward, Terms, TermsChange, Uses};
use crate::time::ServerTime;

/// Why a reward was not made, changed or deleted, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RewardRefusal {
    #[error("the idempotency key `{0}` was used for other content")]
    KeyReused(String),
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error("there is no such reward")]
    NotFound(RewardId),
    #[error("the reward is at version {current}, not {given}")]
    StaleVersion { current: i32, given: i32 },
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("a room keeps at most {REWARDS_MAX} rewards; delete one first")]
    TooMany,
    #[error("a room has at most {ENABLED_REWARDS_MAX} enabled rewards; disable one first")]
    TooManyEnabled,
}

/// Which reward is meant, and the version that a change was made against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RewardTarget {
    pub id: RewardId,
    pub version: i32,
}

/// A reward that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RewardDraft {
    idempotency_key: String,
    terms: Terms,
}

impl RewardDraft {
    /// Takes what was asked, or says what is wrong with it beside the terms.
    pub fn new(idempotency_key: String, terms: Terms) -> Result<Self, Invalid> {
        check_text("idempotencyKey", &idempotency_key, 1, KEY_BYTES_MAX)?;

        Ok(Self {
            idempotency_key,
            terms,
        })
    }
}

impl AnswerKey {
    /// The key of a reward that `actor` makes.
    pub fn of_reward(actor: &Actor, draft: &RewardDraft) -> Self {
        Self {
            actor: actor.viewer_id.as_str().to_owned(),
            operation: Operation::CreateReward,
            key: draft.idempotency_key.clone(),
        }
    }
}

impl RoomAggregate {
    /// Makes a reward.
    pub fn create_reward(
        &mut self,
        actor: &Actor,
        draft: &RewardDraft,
        fingerprint: Fingerprint,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Reward, RewardRefusal> {
        let key = AnswerKey::of_reward(actor, draft);
        let first = self.first_answer(&key, fingerprint, Answered::reward);
        if let Some(first) = first.map_err(RewardRefusal::KeyReused)? {
            return Ok(first);
        }
        let terms = draft.terms.clone();
        self.require(actor, Capability::RewardManage, now)?;
        terms.check()?;
        if self.census.rewards >= REWARDS_MAX {
            return Err(RewardRefusal::TooMany);
        }
        self.check_enabling(false, terms.is_enabled)?;

        let at = self.stamp(now);
        let reward = Reward {
            id: RewardId::next(ids),
            version: 0,
            terms,
            created_at: at,
            updated_at: at,
            deleted_at: None,
            uses: Uses::default(),
        };
        let reward = self.put_reward(reward, now);
        let action = AuditAction::RewardCreated {
            reward_id: reward.id,
        };
        self.audit(actor, None, action, ids, now);
        let answered = Answered::Reward(Box::new(reward.clone()));
        self.answer(key, fingerprint, answered);

        Ok(reward)
    }

    /// Changes a reward. What was redeemed before keeps its title and its cost.
    pub fn update_reward(
        &mut self,
        actor: &Actor,
        target: RewardTarget,
        change: &TermsChange,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Reward, RewardRefusal> {
        let reward = self.changeable_reward(actor, target, now)?;
        let terms = reward.terms.changed(change);
        terms.check()?;
        self.check_enabling(reward.is_enabled(), terms.is_enabled)?;

        let reward = self.put_reward(Reward { terms, ..reward }, now);
        let action = AuditAction::RewardUpdated {
            reward_id: reward.id,
            version: reward.version,
        };
        self.audit(actor, None, action, ids, now);

        Ok(reward)
    }

    /// Deletes a reward. What was redeemed and is not seen to yet stays in the queue.
    pub fn delete_reward(
        &mut self,
        actor: &Actor,
        target: RewardTarget,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Reward, RewardRefusal> {
        let reward = self.changeable_reward(actor, target, now)?;
        let reward = Reward {
            deleted_at: Some(self.stamp(now)),
            ..reward
        };
        let reward = self.put_reward(reward, now);
        let action = AuditAction::RewardDeleted {
            reward_id: reward.id,
        };
        self.audit(actor, None, action, ids, now);

        Ok(reward)
    }

    fn changeable_reward(
        &self,
        actor: &Actor,
        target: RewardTarget,
        now: ServerTime,
    ) -> Result<Reward, RewardRefusal> {
        self.require(actor, Capability::RewardManage, now)?;
        let reward = self.reward(target.id);
        let reward = reward.ok_or(RewardRefusal::NotFound(target.id))?;
        if reward.version != target.version {
            let (current, given) = (reward.version, target.version);
            return Err(RewardRefusal::StaleVersion { current, given });
        }

        Ok(reward.clone())
    }

    /// The reward of that id, unless it was deleted.
    pub(super) fn reward(&self, id: RewardId) -> Option<&Reward> {
        let found = self.known.rewards.get(&id);
        found.filter(|reward| reward.deleted_at.is_none())
    }

    fn check_enabling(&self, was_enabled: bool, is_enabled: bool) -> Result<(), RewardRefusal> {
        if is_enabled && !was_enabled && self.census.enabled_rewards >= ENABLED_REWARDS_MAX {
            return Err(RewardRefusal::TooManyEnabled);
        }

        Ok(())
    }

    /// Writes `reward` as it was changed, at a version of its own.
    fn put_reward(&mut self, reward: Reward, now: ServerTime) -> Reward {
        let reward = Reward {
            version: reward.version + 1,
            updated_at: self.stamp(now),
            ..reward
        };
        let before = self.known.rewards.put(reward.id, reward.clone());
        let count = |is: fn(&Reward) -> bool| {
            i64::from(is(&reward)) - i64::from(before.as_ref().is_some_and(is))
        };
        self.census.rewards += count(|reward| reward.deleted_at.is_none());
        self.census.enabled_rewards += count(Reward::is_enabled);
        self.changes.census = true;
        self.changes.rewards.insert(reward.id, reward.clone());

        reward
    }
}
