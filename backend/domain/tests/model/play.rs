//! Steps of a history, done as the server's commands do them.

use parlor_domain::id::ViewerId;
use parlor_domain::membership::tier_at;
use parlor_domain::points::Transfer;
use parlor_domain::reward::{Redemption, Terms};
use parlor_domain::room_aggregate::{
    Adjustment, AdjustmentKind, AnswerKey, Clawback, Fingerprint, Offer, Order, Refund,
    RewardDraft, RewardTarget, Round, Settlement,
};
use parlor_domain::time::ServerTime;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::codes::{self, Coded, VALIDATION};
use crate::step::{RewardChange, Step, Way};
use crate::world::{World, actor, viewer};

pub(crate) type Answer = Result<Value, &'static str>;

pub(crate) fn fingerprint(content: &impl Serialize) -> Fingerprint {
    Sha256::digest(serde_json::to_vec(content).unwrap()).into()
}

fn told(redemption: &Redemption) -> Value {
    json!({
        "title": redemption.title,
        "cost": redemption.cost,
        "input": redemption.input,
        "status": codes::status(redemption.status),
        "settledAt": redemption.settled_at.map(ServerTime::unix_millis),
        "settledBy": redemption.settled_by.as_ref().map(ViewerId::as_str),
        "refunded": redemption.refunded,
    })
}

pub(crate) fn coded<T>(result: Result<T, impl Coded>) -> Result<T, &'static str> {
    result.map_err(|refusal| refusal.code())
}

impl World {
    /// Does `step`, and returns it with everything that is to be seen of it.
    pub(crate) fn play(&mut self, step: &Step) -> Value {
        self.settle();
        let how = self.befall(step);
        self.settle();
        let answer = self.answer(step);
        let mut line = serde_json::to_value(step).unwrap();
        let seen = line.as_object_mut().unwrap();
        seen.insert("became".to_owned(), json!(how));
        seen.insert("now".to_owned(), json!(self.now.unix_millis()));
        seen.insert("facts".to_owned(), self.facts());
        seen.insert("draws".to_owned(), self.draws());
        seen.insert("newest".to_owned(), self.newest());
        let answer =
            answer.map_or_else(|code| json!({ "refused": code }), |ok| json!({ "ok": ok }));
        seen.insert("answer".to_owned(), answer);
        seen.insert("lines".to_owned(), self.new_lines().into());
        seen.insert("accounts".to_owned(), self.accounts());
        seen.insert("totals".to_owned(), self.totals());

        line
    }

    fn answer(&mut self, step: &Step) -> Answer {
        match step.clone() {
            Step::Adjust {
                by,
                key,
                kind,
                to,
                points,
                reason,
            } => self.adjust(by, (key, kind, to), points, reason),
            Step::ClawBack {
                by,
                key,
                to,
                points,
                reason,
            } => self.claw_back(by, (key, to), points, reason),
            Step::Programme { by, version, terms } => {
                let changed = self.room.update_earning_programme(
                    &actor(by),
                    version,
                    &(&terms).into(),
                    &mut self.ids,
                    self.now,
                );
                coded(changed).map(|programme| json!(programme.version))
            }
            Step::Membership { .. } => self.tell_of_membership(step),
            Step::Credit {
                proof,
                session,
                minute,
                viewers,
            } => self.credit(proof, session, minute, &viewers),
            Step::Create { by, key, terms } => self.create(by, key, terms),
            Step::Update {
                by,
                reward,
                version,
                change,
            } => self.update(by, reward, version, change),
            Step::Delete {
                by,
                reward,
                version,
            } => {
                let target = RewardTarget {
                    id: self.reward(reward),
                    version,
                };
                let deleted = self
                    .room
                    .delete_reward(&actor(by), target, &mut self.ids, self.now);
                coded(deleted).map(|reward| json!(reward.version))
            }
            Step::Redeem {
                by,
                key,
                reward,
                cost,
                input,
            } => self.redeem(by, key, reward, (cost, input)),
            Step::Settle {
                by,
                redemption,
                fulfill,
            } => self.see_to(by, redemption, fulfill),
            Step::Refund {
                by,
                key,
                redemption,
                points,
                reason,
            } => self.refund(by, (key, redemption), points, reason),
            Step::Dispute { .. }
            | Step::HoldDispute { .. }
            | Step::Resolve { .. }
            | Step::Withdraw { .. } => self.go_to_court(step),
            Step::Sweep {} => {
                let ids = &mut self.ids;
                self.room
                    .expire_redemptions(&self.redemptions, ids, self.now);
                Ok(Value::Null)
            }
            Step::Standing { who, reward } => Ok(self.standing(who, reward)),
            Step::Pass { .. }
            | Step::Member { .. }
            | Step::Session { .. }
            | Step::Archive {}
            | Step::Facts { .. }
            | Step::Elsewhere { .. } => Ok(Value::Null),
        }
    }

    fn adjust(
        &mut self,
        by: &str,
        (key, kind, to): (String, Way, &str),
        points: i64,
        reason: &str,
    ) -> Answer {
        let kind = match kind {
            Way::Grant => AdjustmentKind::Grant,
            Way::Charge => AdjustmentKind::Charge,
        };
        let adjustment = Adjustment::new(key, self.id_of(to), kind, points, reason.to_owned());
        let adjustment = adjustment.map_err(|_| VALIDATION)?;
        let (by, print) = (actor(by), fingerprint(&adjustment));
        let answers = &mut self.room.known.answers;
        answers.ask(AnswerKey::of_adjustment(&by, &adjustment));
        let (ids, now) = (&mut self.ids, self.now);
        let moved = coded(self.room.adjust_points(&by, &adjustment, print, ids, now))?;

        Ok(json!({ "seq": moved.seq, "balanceAfter": moved.balance_after() }))
    }

    fn claw_back(
        &mut self,
        by: &str,
        (key, to): (String, &str),
        points: i64,
        reason: &str,
    ) -> Answer {
        let clawback = Clawback::new(key, self.id_of(to), points, reason.to_owned());
        let clawback = clawback.map_err(|_| VALIDATION)?;
        let (by, print) = (actor(by), fingerprint(&clawback));
        let answers = &mut self.room.known.answers;
        answers.ask(AnswerKey::of_clawback(&by, &clawback));
        let (ids, now) = (&mut self.ids, self.now);
        let moved = coded(self.room.claw_back_points(&by, &clawback, print, ids, now))?;
        let points = |one: Option<Transfer>| one.map_or(0, |one| one.entry.points);

        Ok(json!({ "seq": moved.seq(), "taken": points(moved.taken), "owed": points(moved.owed) }))
    }

    fn create(&mut self, by: &str, key: String, terms: Terms) -> Answer {
        let draft = RewardDraft::new(key, terms).map_err(|_| VALIDATION)?;
        let (by, print) = (actor(by), fingerprint(&draft));
        self.room
            .known
            .answers
            .ask(AnswerKey::of_reward(&by, &draft));
        let (ids, now) = (&mut self.ids, self.now);
        let made = coded(self.room.create_reward(&by, &draft, print, ids, now))?;
        let index = position(&mut self.rewards, made.id);

        Ok(json!({ "reward": index, "version": made.version }))
    }

    fn update(&mut self, by: &str, index: usize, version: i32, change: RewardChange) -> Answer {
        let target = RewardTarget {
            id: self.reward(index),
            version,
        };
        let changed =
            self.room
                .update_reward(&actor(by), target, &change.into(), &mut self.ids, self.now);

        coded(changed).map(|reward| json!(reward.version))
    }

    fn redeem(
        &mut self,
        by: &str,
        key: String,
        reward: usize,
        (cost, input): (Option<i64>, Option<&str>),
    ) -> Answer {
        let id = self.reward(reward);
        let order = Order::new(key, id, cost, input.map(str::to_owned));
        let order = order.map_err(|_| VALIDATION)?;
        if let Some(number) = self.person(by).map(|one| one.number) {
            self.room.known.uses.ask((id, number));
        }
        let (by, print) = (actor(by), fingerprint(&order));
        self.room
            .known
            .answers
            .ask(AnswerKey::of_order(&by, &order));
        let (ids, now) = (&mut self.ids, self.now);
        let made = coded(self.room.redeem(&by, &order, print, ids, now))?;
        let mut answer = told(&made);
        answer["redemption"] = json!(position(&mut self.redemptions, made.id));

        Ok(answer)
    }

    fn see_to(&mut self, by: &str, redemption: usize, fulfill: bool) -> Answer {
        let id = self.redemption(redemption);
        let settlement = if fulfill {
            Settlement::Fulfill
        } else {
            Settlement::Cancel
        };
        let (ids, now) = (&mut self.ids, self.now);
        let settled = self
            .room
            .settle_redemption(&actor(by), id, settlement, ids, now);

        coded(settled).map(|settled| told(&settled))
    }

    fn refund(
        &mut self,
        by: &str,
        (key, redemption): (String, usize),
        points: Option<i64>,
        reason: &str,
    ) -> Answer {
        let refund = Refund::new(key, self.redemption(redemption), points, reason.to_owned());
        let refund = refund.map_err(|_| VALIDATION)?;
        let (by, print) = (actor(by), fingerprint(&refund));
        self.room
            .known
            .answers
            .ask(AnswerKey::of_refund(&by, &refund));
        let (ids, now) = (&mut self.ids, self.now);
        let refunded = coded(self.room.refund_redemption(&by, &refund, print, ids, now))?;

        Ok(told(&refunded))
    }

    fn standing(&self, who: &str, reward: usize) -> Value {
        let id = self.reward(reward);
        let known = &self.room.known;
        let person = self.person(who);
        let number = person.map(|one| one.number);
        let key = number.map(|number| (id, number));
        let own = key.filter(|key| known.uses.has_asked(key));
        let reward = known.rewards.get(&id);
        let reward = reward.expect("only what was made is asked for");
        let round = self.room.draws.get(&id).map(|draw| Round {
            draw,
            has_entered: number.is_some_and(|number| self.has_entered(draw.id, number)),
        });
        let offered = round.map_or_else(|| reward.clone(), |round| round.draw.offered(reward));
        let offer = Offer {
            round,
            entries: self.room.draws.values().map(|draw| draw.entries).sum(),
            reward: &offered,
            own: own
                .and_then(|key| known.uses.get(&key))
                .copied()
                .unwrap_or_default(),
            room: &self.room.room,
            session: self.room.session.as_ref(),
            train: self.room.train.as_ref().map(|train| &train.shown),
            online: self.room.census.online.count,
            available: number.map_or(0, |number| known.books.balance(number).available()),
            tier: known
                .own_tiers
                .get(&viewer(who))
                .and_then(|own| tier_at(self.now, own.iter().map(|(_, span)| span))),
            at: self.now,
        };
        json!({
            "refusal": offer.check(person).err().map(|refusal| refusal.code()),
            "placesLeft": offer.places(),
            "cooldownEndsAt": offer.cools_until().map(ServerTime::unix_millis),
        })
    }
}

/// Where `made` stands among its like, last if it is new.
pub(crate) fn position<T: PartialEq>(all: &mut Vec<T>, made: T) -> usize {
    let found = all.iter().position(|one| *one == made);
    found.unwrap_or_else(|| {
        all.push(made);
        all.len() - 1
    })
}
