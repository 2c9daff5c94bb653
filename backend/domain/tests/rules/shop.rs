//! A room that sells for points, on which tests act.

use std::collections::BTreeMap;

use parlor_domain::id::{RedemptionId, RewardId, ViewerId};
use parlor_domain::participant::Participant;
use parlor_domain::points::{Given, Ledger, MemberNumber, Proof};
use parlor_domain::reward::{
    Availability, Draw, EXPIRES_AFTER_MS_DEFAULT, Entry, Limits, Redemption, Restores, Reward,
    RewardInput, Terms,
};
use parlor_domain::room_aggregate::{
    Actor, Adjustment, AdjustmentKind, AnswerKey, Entries, Order, RedeemRefusal, Refund,
    RefundRefusal, RewardDraft, RewardRefusal, SettleRefusal, Settlement,
};

use crate::company::{Company, Do, STAFF};

/// A live room that sells, whose members have 100 points each.
pub(crate) struct Shop {
    pub(crate) company: Company,
    orders: u32,
}

const MEMBERS: [&str; 4] = ["olga", "mo", "ana", "ben"];

pub(crate) fn terms(cost: i64) -> Terms {
    Terms {
        title: "Hydrate".to_owned(),
        prompt: None,
        cost,
        input: RewardInput::None,
        color: None,
        icon: None,
        is_enabled: true,
        is_paused: false,
        auto_fulfills: false,
        redeemable_offline: false,
        membership_tier_min: None,
        limits: Limits::default(),
        refund_restores: Restores::default(),
        expires_after_ms: EXPIRES_AFTER_MS_DEFAULT,
        availability: Availability::default(),
        is_announced: true,
        shows_input: false,
        draw: None,
    }
}

pub(crate) fn limited(limits: Limits) -> Terms {
    Terms { limits, ..terms(1) }
}

pub(crate) fn actor(name: &str) -> Actor {
    Actor {
        viewer_id: ViewerId::parse(name).unwrap(),
        is_staff: name == STAFF,
    }
}

/// What tells contents apart, as far as tests go.
pub(crate) fn fingerprint(content: &impl serde::Serialize) -> [u8; 32] {
    let print = serde_json::to_vec(content).unwrap();
    let mut fingerprint = [0; 32];
    for (index, byte) in print.into_iter().enumerate() {
        fingerprint[index % 32] ^= byte.rotate_left(u32::try_from(index % 7).unwrap());
    }
    fingerprint
}

impl Shop {
    pub(crate) fn open() -> Self {
        let mut company = Company::assembled();
        let stage = &mut company.stage;
        let room_id = stage.aggregate.room.id;
        let books = &mut stage.aggregate.known.books;
        books.put_ledger(Ledger::empty(room_id));
        for number in 0..10 {
            books.ask(MemberNumber(number));
        }
        let (ids, now) = (&mut stage.ids, stage.now);
        stage.aggregate.start_session(None, ids, now).unwrap();
        let mut shop = Self { company, orders: 0 };
        for name in MEMBERS {
            shop.grant(name, 100);
        }
        shop
    }

    pub(crate) fn person(&self, name: &str) -> Participant {
        self.company.get(name).unwrap()
    }

    pub(crate) fn grant(&mut self, name: &str, points: i64) {
        let id = self.person(name).id;
        let (key, kind) = (format!("grant {name} {points}"), AdjustmentKind::Grant);
        let adjustment = Adjustment::new(key, id, kind, points, "to begin".to_owned()).unwrap();
        let stage = &mut self.company.stage;
        let known = &mut stage.aggregate.known;
        known
            .answers
            .ask(AnswerKey::of_adjustment(&actor(STAFF), &adjustment));
        let (ids, now) = (&mut stage.ids, stage.now);
        let granted = stage
            .aggregate
            .adjust_points(&actor(STAFF), &adjustment, [0; 32], ids, now);
        granted.unwrap();
    }

    /// Makes a reward under a key of its own.
    pub(crate) fn make(&mut self, terms: Terms) -> Result<Reward, RewardRefusal> {
        self.orders += 1;
        let key = format!("reward {}", self.orders);
        self.make_under("olga", &RewardDraft::new(key, terms).unwrap())
    }

    pub(crate) fn make_under(
        &mut self,
        name: &str,
        draft: &RewardDraft,
    ) -> Result<Reward, RewardRefusal> {
        let who = actor(name);
        let stage = &mut self.company.stage;
        let known = &mut stage.aggregate.known;
        known.answers.ask(AnswerKey::of_reward(&who, draft));
        known.people.ask_viewer(who.viewer_id.clone());
        let (ids, now) = (&mut stage.ids, stage.now);
        stage
            .aggregate
            .create_reward(&who, draft, fingerprint(draft), ids, now)
    }

    /// Redeems under a key of its own.
    pub(crate) fn redeem(&mut self, name: &str, id: RewardId) -> Result<Redemption, RedeemRefusal> {
        self.orders += 1;
        let key = format!("order {}", self.orders);
        self.order(name, &Order::new(key, id, None, None).unwrap())
    }

    pub(crate) fn order(&mut self, name: &str, order: &Order) -> Result<Redemption, RedeemRefusal> {
        let who = actor(name);
        let number = self.company.get(name).map(|one| one.number);
        let stage = &mut self.company.stage;
        let known = &mut stage.aggregate.known;
        known.answers.ask(AnswerKey::of_order(&who, order));
        known.people.ask_viewer(who.viewer_id.clone());
        known.rewards.ask(order.reward_id());
        if let Some(number) = number {
            known.uses.ask((order.reward_id(), number));
        }
        self.ask_entries(number);
        let stage = &mut self.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        stage
            .aggregate
            .redeem(&who, order, fingerprint(order), ids, now)
    }

    /// What the member has entered is looked up.
    fn ask_entries(&mut self, member: Option<MemberNumber>) {
        let aggregate = &mut self.company.stage.aggregate;
        let known = &mut aggregate.known;
        for (draw, member) in aggregate.draws.values().zip(member.into_iter().cycle()) {
            let mut entries = known.redemptions.found().map(|(_, one)| one);
            let own = entries.find(|one| one.draw_id == Some(draw.id) && one.member == member);
            let own = own.map(|one| one.id);
            known.entries.ask(draw.id, member);
            if let Some(id) = own {
                known.entries.put(draw.id, member, id);
            }
        }
    }

    /// Puts somebody out of the room.
    pub(crate) fn put_out(&mut self, name: &'static str) {
        let number = self.person(name).number;
        self.ask_entries(Some(number));
        self.company.act(STAFF, Do::Remove(name)).unwrap();
    }

    pub(crate) fn settle(
        &mut self,
        name: &str,
        id: RedemptionId,
        settlement: Settlement,
    ) -> Result<Redemption, SettleRefusal> {
        let stage = &mut self.company.stage;
        stage.aggregate.known.redemptions.ask(id);
        let (ids, now) = (&mut stage.ids, stage.now);
        stage
            .aggregate
            .settle_redemption(&actor(name), id, settlement, ids, now)
    }

    /// Gives points of a redemption back, or all that are left, under a key of its own.
    pub(crate) fn refund(
        &mut self,
        name: &str,
        id: RedemptionId,
        points: Option<i64>,
    ) -> Result<Redemption, RefundRefusal> {
        self.orders += 1;
        let key = format!("refund {}", self.orders);
        let reason = "the stream broke off".to_owned();
        self.refund_under(name, &Refund::new(key, id, points, reason).unwrap())
    }

    pub(crate) fn refund_under(
        &mut self,
        name: &str,
        refund: &Refund,
    ) -> Result<Redemption, RefundRefusal> {
        let who = actor(name);
        let stage = &mut self.company.stage;
        let known = &mut stage.aggregate.known;
        known.answers.ask(AnswerKey::of_refund(&who, refund));
        known.people.ask_viewer(who.viewer_id.clone());
        known.redemptions.ask(refund.redemption_id());
        let (ids, now) = (&mut stage.ids, stage.now);
        stage
            .aggregate
            .refund_redemption(&who, refund, fingerprint(refund), ids, now)
    }

    /// The redemption as it is now.
    pub(crate) fn redemption(&self, id: RedemptionId) -> &Redemption {
        let known = &self.company.stage.aggregate.known;
        known.redemptions.get(&id).unwrap()
    }

    pub(crate) fn balance(&self, name: &str) -> (i64, i64) {
        let balance = self
            .company
            .stage
            .aggregate
            .known
            .books
            .balance(self.person(name).number);
        (balance.points, balance.held)
    }

    /// Ends the session, and begins the next.
    pub(crate) fn next_session(&mut self) {
        self.end_session();
        self.next_session_only();
    }

    /// Begins a session, where none is live.
    pub(crate) fn next_session_only(&mut self) {
        let stage = &mut self.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        stage.aggregate.start_session(None, ids, now).unwrap();
    }

    /// Ends the session, which the store keeps with what was redeemed in it.
    pub(crate) fn end_session(&mut self) {
        let stage = &mut self.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        let ended = stage.aggregate.end_session(ids, now).unwrap();
        for one in stage.aggregate.known.redemptions.found_mut() {
            if one.session_id == Some(ended.id) {
                one.session_ended_at = ended.ended_at;
            }
        }
    }

    /// Expires whatever has run out of time, as whoever works off what is due does.
    pub(crate) fn expire_due(&mut self) {
        let stage = &mut self.company.stage;
        let known = &stage.aggregate.known;
        let ids: Vec<_> = known.redemptions.found().map(|(id, _)| *id).collect();
        stage
            .aggregate
            .expire_redemptions(&ids, &mut stage.ids, stage.now);
    }

    pub(crate) fn pass(&mut self, millis: i64) {
        self.company.stage.now = self.company.stage.now.plus_millis(millis);
    }

    /// Time passes, and what is due by then is done, as before every command.
    pub(crate) fn wait(&mut self, millis: i64) {
        self.pass(millis);
        let stage = &mut self.company.stage;
        let aggregate = &mut stage.aggregate;
        let due: Vec<_> = aggregate.draws_due(stage.now).map(|draw| draw.id).collect();
        let known = &mut aggregate.known;
        for id in due {
            let entries = known.redemptions.found().map(|(_, one)| one);
            for one in entries.filter(|one| one.draw_id == Some(id)) {
                known.entries.put(id, one.member, one.id);
            }
            known.entries.know_all_of(id);
        }
        aggregate.end_expired(&mut stage.ids, stage.now);
    }

    /// What is known of entries is loaded anew, as by another batch.
    pub(crate) fn restart(&mut self) {
        let aggregate = &mut self.company.stage.aggregate;
        aggregate.known.entries = Entries::default();
    }

    /// The draws that there were, the oldest first.
    pub(crate) fn draws(&self) -> Vec<Draw> {
        let draws = &self.company.stage.aggregate.changes.draws;
        draws.values().cloned().collect()
    }

    /// Who is in the draw, and what became of them.
    pub(crate) fn entries(&self, draw: &Draw) -> Vec<Entry> {
        let all = self.company.stage.aggregate.changes.redemptions.values();
        let own = all.filter(|one| one.draw_id == Some(draw.id));
        own.map(Entry::from).collect()
    }

    pub(crate) fn check_books(&self) {
        let aggregate = &self.company.stage.aggregate;
        let mut proof = Proof::new(aggregate.room.id);
        for (transfer, link) in &aggregate.changes.transfers {
            proof.add(transfer, *link, &BTreeMap::new()).unwrap();
        }
        for redemption in aggregate.changes.redemptions.values() {
            proof.add_purchase(redemption.purchase()).unwrap();
        }
        for draw in self.draws() {
            draw.prove(&mut proof, &self.entries(&draw)).unwrap();
        }
        let accounts: Vec<(MemberNumber, Given)> = aggregate
            .changes
            .balances
            .iter()
            .map(|(member, balance)| (*member, *balance))
            .collect();
        proof
            .compare(aggregate.known.books.ledger(), accounts)
            .unwrap();
    }
}
