//! Draws: entries are held for a while, lots are drawn when it is over, and whoever has not won has their points
//! again in the same commit.
//!
//! The first entry opens a draw, and says on what terms all are held: whatever becomes of the reward, the session or
//! the room, it is drawn as it was opened. That is due with the room's other deadlines, and comes before every command.

use std::collections::BTreeSet;

use super::{Actor, Lookups, RoomAggregate};
use crate::id::{DrawId, IdSource, RedemptionId};
use crate::participant::Participant;
use crate::points::MemberNumber;
use crate::reward::{Draw, DrawRules, Outcome, Redemption, RedemptionStatus, Reward, Seed};
use crate::time::ServerTime;

/// Who has entered draws, as far as a batch asked.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    /// Draws all of whose entries are known.
    whole: BTreeSet<DrawId>,
    of: Lookups<(DrawId, MemberNumber), RedemptionId>,
}

impl Entries {
    /// Notes that it is looked up whether the member has entered.
    pub fn ask(&mut self, draw_id: DrawId, member: MemberNumber) {
        self.of.ask((draw_id, member));
    }

    /// Notes the member's entry.
    pub fn put(&mut self, draw_id: DrawId, member: MemberNumber, id: RedemptionId) {
        self.of.put((draw_id, member), id);
    }

    /// Notes that all entries of the draw are among the known redemptions, and were put.
    pub fn know_all_of(&mut self, draw_id: DrawId) {
        self.whole.insert(draw_id);
    }

    /// The member's entry. Panics if nobody asked, and not all of them are known.
    pub(super) fn get(&self, draw_id: DrawId, member: MemberNumber) -> Option<RedemptionId> {
        let key = (draw_id, member);
        if self.whole.contains(&draw_id) && !self.of.has_asked(&key) {
            return None;
        }

        self.of.get(&key).copied()
    }
}

impl RoomAggregate {
    /// When the first draw is due.
    pub(super) fn draw_deadline(&self) -> Option<ServerTime> {
        self.draws.values().map(|draw| draw.closes_at).min()
    }

    /// The draws that are due by `by`, or by when the room was stamped last.
    pub fn draws_due(&self, by: ServerTime) -> impl Iterator<Item = &Draw> {
        let at = self.stamp(by);
        self.draws.values().filter(move |draw| draw.is_due(at))
    }

    /// Enters the round of `reward`, as it is offered in it, or opens one.
    pub(super) fn enter(
        &mut self,
        reward: &Reward,
        rules: DrawRules,
        participant: &Participant,
        input: Option<String>,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Redemption {
        let mut draw = match self.draws.get(&reward.id) {
            Some(draw) => draw.clone(),
            None => self.open_draw(reward, rules, ids, now),
        };
        draw.entries += 1;
        let entry = Redemption {
            status: RedemptionStatus::Entered,
            session_id: draw.session_id,
            made_offline: draw.made_offline,
            draw_id: Some(draw.id),
            ..self.reserve(reward, participant, input, ids, now)
        };
        let entries = &mut self.known.entries;
        entries.put(draw.id, participant.number, entry.id);
        self.put_draw(draw);

        self.put_redemption(entry)
    }

    fn open_draw(
        &mut self,
        reward: &Reward,
        rules: DrawRules,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Draw {
        let opened_at = self.stamp(now);
        let draw = Draw {
            id: DrawId::next(ids),
            reward_id: reward.id,
            terms: reward.terms.clone(),
            session_id: self.last_session_id(),
            made_offline: self.live_session().is_none(),
            opened_at,
            closes_at: opened_at.plus_millis(rules.window_ms),
            seed: Seed::next(ids),
            entries: 0,
            outcome: None,
        };
        // Nobody has entered it before.
        self.known.entries.know_all_of(draw.id);

        draw
    }

    /// Takes an entry out of its draw, of which it is no part any more, and lets go of what it holds.
    pub(super) fn take_out(
        &mut self,
        entry: Redemption,
        actor: &Actor,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Redemption {
        self.release_points(entry.member, entry.cost, ids, now);
        let draw = self.draws.get(&entry.reward_id);
        if let Some(draw) = draw.filter(|draw| entry.draw_id == Some(draw.id)) {
            let mut draw = draw.clone();
            draw.entries -= 1;
            self.known.entries.of.take(&(draw.id, entry.member));
            self.put_draw(draw);
        }

        self.put_redemption(Redemption {
            status: RedemptionStatus::Canceled,
            settled_at: Some(self.stamp(now)),
            settled_by: Some(actor.viewer_id.clone()),
            draw_id: None,
            ..entry
        })
    }

    /// Takes whatever the member has entered out of its draw, for they are put out of the room. What they have entered
    /// has to be known.
    pub(super) fn take_out_all_of(
        &mut self,
        member: MemberNumber,
        actor: &Actor,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) {
        let draws = self.draws.values();
        let entered: Vec<_> = draws
            .filter_map(|draw| self.known.entries.get(draw.id, member))
            .collect();
        for id in entered {
            let entry = self.redemption(id).expect("an entry is a redemption");
            self.take_out(entry, actor, ids, now);
        }
    }

    /// Draws what is due, as of when it was.
    pub(super) fn draw_due(&mut self, ids: &mut impl IdSource, now: ServerTime) {
        let due: Vec<_> = self.draws_due(now).cloned().collect();
        for draw in due {
            self.draw(draw, ids, now);
        }
    }

    fn draw(&mut self, mut draw: Draw, ids: &mut impl IdSource, now: ServerTime) {
        assert!(
            self.known.entries.whole.contains(&draw.id),
            "draw {} is due, and its entries were never looked up",
            draw.id
        );
        let of_draw = |one: &&Redemption| one.draw_id == Some(draw.id);
        let entries = self.known.redemptions.found().map(|(_, one)| one);
        let entries: Vec<_> = entries.filter(of_draw).map(|one| one.id).collect();
        let places = self.places_of(&draw);
        let winners = draw.winners_of(entries.iter().copied(), places);
        let drawn_at = draw.closes_at;
        let won: BTreeSet<_> = winners.iter().copied().collect();
        for id in entries.iter().filter(|id| !won.contains(id)) {
            self.lose(*id, drawn_at, ids, now);
        }
        for id in &winners {
            self.win(*id, &draw, ids, now);
        }

        draw.outcome = Some(Outcome {
            drawn_at,
            places,
            winners,
        });
        self.put_draw(draw);
    }

    /// How many can win: as many as the rules say, and as places are left of everybody's. Nobody enters without a
    /// place of their own, and nothing takes it meanwhile.
    fn places_of(&self, draw: &Draw) -> i64 {
        let uses = self.known.rewards.get(&draw.reward_id);
        let taken = uses.map_or(0, |reward| reward.uses.in_session(draw.session_id));
        let left = draw.terms.limits.per_session.map(|most| most - taken);
        let most = draw.winners_max();

        left.map_or(most, |left| left.clamp(0, most))
    }

    fn lose(
        &mut self,
        id: RedemptionId,
        drawn_at: ServerTime,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) {
        let entry = self.redemption(id).expect("it was just found");
        self.release_points(entry.member, entry.cost, ids, now);
        self.put_redemption(Redemption {
            status: RedemptionStatus::NotDrawn,
            settled_at: Some(drawn_at),
            ..entry
        });
    }

    fn win(&mut self, id: RedemptionId, draw: &Draw, ids: &mut impl IdSource, now: ServerTime) {
        let entry = self.redemption(id).expect("it was just found");
        let drawn_at = draw.closes_at;
        self.count_use(entry.reward_id, entry.member, |uses| {
            uses.and_one(draw.session_id, drawn_at)
        });
        let participant = self.known.people.get(entry.participant_id).cloned();
        let won = Redemption {
            status: RedemptionStatus::Unfulfilled,
            drawn_at: Some(drawn_at),
            ..entry
        };
        self.take_up(won, &draw.terms, participant.as_ref(), ids, now);
    }

    /// A draw that a wrong clock has stamped lasts as long from now on as it was to last at most.
    pub(super) fn recover_draws(&mut self, now: ServerTime) {
        let latest = |draw: &Draw| {
            let window_ms = draw.closes_at.unix_millis() - draw.opened_at.unix_millis();
            now.plus_millis(window_ms)
        };
        let late = self.draws.values();
        let late: Vec<_> = late
            .filter(|draw| draw.closes_at > latest(draw))
            .map(|draw| Draw {
                opened_at: now,
                closes_at: latest(draw),
                ..draw.clone()
            })
            .collect();
        for draw in late {
            self.put_draw(draw);
        }
    }

    fn put_draw(&mut self, draw: Draw) {
        let reward_id = draw.reward_id;
        let was_open = self.draws.remove(&reward_id).is_some();
        self.changes.draws.insert(draw.id, draw.clone());
        let is_open = draw.outcome.is_none();
        if is_open {
            self.draws.insert(reward_id, draw);
        }
        if is_open != was_open {
            self.census.open_draws += i64::from(is_open) - i64::from(was_open);
            self.changes.census = true;
        }
    }
}
