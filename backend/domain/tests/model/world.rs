//! A room on which a history is played, and what is there to be seen of it after each step.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::event::LogHead;
use parlor_domain::id::{
    DisputeId, DrawId, Epoch, IdSource, ParticipantId, RedemptionId, RewardId, RoomId, SessionId,
    TenantId, ViewerId,
};
use parlor_domain::participant::Participant;
use parlor_domain::points::{Digest, Ledger, MemberNumber, Proof, TransferKind, Unsound};
use parlor_domain::reward::Entry;
use parlor_domain::room::{Room, RoomDraft, RoomState};
use parlor_domain::room_aggregate::{Actor, RoomAggregate};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_domain::time::ServerTime;
use serde_json::{Value, json};
use uuid::Uuid;

/// The tenant's staff.
pub(crate) const STAFF: &str = "staff";
/// Everyone who may come into the room. The last never does.
pub(crate) const NAMES: [&str; 7] = ["olga", "mo", "ana", "ben", "zoe", "eve", "nia"];

pub(crate) struct Counter(u128);

impl IdSource for Counter {
    fn next_id(&mut self) -> Uuid {
        self.0 += 1;
        Uuid::from_u128(self.0)
    }
}

pub(crate) struct World {
    pub(crate) room: RoomAggregate,
    pub(crate) ids: Counter,
    pub(crate) now: ServerTime,
    pub(crate) sessions: Vec<SessionId>,
    ended: BTreeMap<SessionId, ServerTime>,
    pub(crate) rewards: Vec<RewardId>,
    pub(crate) redemptions: Vec<RedemptionId>,
    pub(crate) disputes: Vec<DisputeId>,
    told_transfers: usize,
    told_credits: usize,
    /// Draws whose seeds were told.
    told_draws: BTreeSet<DrawId>,
}

impl World {
    pub(crate) fn new(now: i64, grace_ms: i64) -> Self {
        let mut ids = Counter(0);
        let now = ServerTime::from_unix_millis(now);
        let tenant_id = TenantId::next(&mut ids);
        let tenant = Tenant::create(TenantDraft::named("A tenant"), tenant_id, now).unwrap();
        let draft = RoomDraft {
            slug: "room".to_owned(),
            title: "Go, and tea".to_owned(),
            stream_id: None,
            state: RoomState::Open,
            delay_ms: None,
            ingest_offset_ms: None,
            anonymous_read: None,
            admission: None,
            stage_size: None,
            interruption_grace_ms: Some(grace_ms),
            reference_currency: None,
            program: None,
        };
        let room = Room::create(draft, &tenant, RoomId::next(&mut ids), now).unwrap();
        let head = LogHead::new(Epoch::next(&mut ids));
        let mut room = RoomAggregate::create(room, head, &mut ids, now);
        let known = &mut room.known;
        known.books.put_ledger(Ledger::empty(room.room.id));
        for number in 0..u32::try_from(NAMES.len()).unwrap() {
            known.books.ask(MemberNumber(number));
        }
        for name in NAMES.into_iter().chain([STAFF]) {
            known.people.ask_viewer(viewer(name));
            known.presences.ask(viewer(name));
            known.own_tiers.ask(viewer(name));
        }
        known.people.ask(nobody());
        known.people.ask_stage();
        known.rewards.ask(RewardId(Uuid::max()));
        known.redemptions.ask(RedemptionId(Uuid::max()));
        known.disputes.ask(DisputeId(Uuid::max()));
        known.tiers.ask(0);

        Self {
            room,
            ids,
            now,
            sessions: Vec::new(),
            ended: BTreeMap::new(),
            rewards: Vec::new(),
            redemptions: Vec::new(),
            disputes: Vec::new(),
            told_transfers: 0,
            told_credits: 0,
            told_draws: BTreeSet::new(),
        }
    }

    /// What time alone has made due, and what the store finds with each row.
    pub(crate) fn settle(&mut self) {
        self.room.changes.events.clear();
        self.room.end_expired(&mut self.ids, self.now);
        let ended = self.room.session.as_ref();
        if let Some((id, at)) = ended.and_then(|one| Some((one.id, one.ended_at?))) {
            self.ended.insert(id, at);
        }
        for one in self.room.known.redemptions.found_mut() {
            let ended = one.session_id.and_then(|id| self.ended.get(&id));
            one.session_ended_at = ended.copied();
        }
    }

    pub(crate) fn person(&self, name: &str) -> Option<&Participant> {
        self.room.known.people.of_viewer(&viewer(name))
    }

    pub(crate) fn id_of(&self, name: &str) -> ParticipantId {
        self.person(name).map_or(nobody(), |one| one.id)
    }

    pub(crate) fn reward(&self, index: usize) -> RewardId {
        let found = self.rewards.get(index).copied();
        found.unwrap_or(RewardId(Uuid::max()))
    }

    pub(crate) fn dispute(&self, index: usize) -> DisputeId {
        let found = self.disputes.get(index).copied();
        found.unwrap_or(DisputeId(Uuid::max()))
    }

    pub(crate) fn redemption(&self, index: usize) -> RedemptionId {
        let found = self.redemptions.get(index).copied();
        found.unwrap_or(RedemptionId(Uuid::max()))
    }

    /// What goes on in the room, as far as it is not the ledger's.
    pub(crate) fn facts(&self) -> Value {
        let train = self.room.train.as_ref().map(|train| &train.shown);
        let running = train.filter(|one| one.ended_at.is_none() && self.now <= one.expires_at);
        json!({
            "title": self.room.room.title,
            "trainLevel": running.map(|train| train.level),
            "online": self.room.census.online.count,
        })
    }

    /// What is told of draws: of each the commitment, from the first entry on, and the seed when it is drawn.
    pub(crate) fn draws(&mut self) -> Value {
        let mut told = Vec::new();
        for draw in self.room.changes.draws.values() {
            let is_drawn = draw.outcome.is_some();
            if is_drawn && !self.told_draws.insert(draw.id) {
                continue;
            }
            let reward = self.rewards.iter().position(|id| *id == draw.reward_id);
            let seed = is_drawn.then(|| Digest(draw.seed.0).to_string());
            let commitment = draw.seed.commitment().to_string();
            told.push(json!({ "reward": reward, "commitment": commitment, "seed": seed }));
        }

        told.into()
    }

    /// The id of what was redeemed last, which tickets are computed from.
    pub(crate) fn newest(&self) -> Value {
        json!(self.redemptions.last().map(|id| id.0.simple().to_string()))
    }

    pub(crate) fn has_entered(&self, draw_id: DrawId, member: MemberNumber) -> bool {
        let mut all = self.room.known.redemptions.found().map(|(_, one)| one);
        all.any(|one| one.draw_id == Some(draw_id) && one.member == member)
    }

    /// What everybody has, what of it is held, and what they owe.
    pub(crate) fn accounts(&self) -> Value {
        let joined = NAMES.iter().filter_map(|name| {
            let balance = self.room.known.books.balance(self.person(name)?.number);
            Some((
                (*name).to_owned(),
                json!([balance.points, balance.held, balance.debt]),
            ))
        });
        Value::Object(joined.collect())
    }

    pub(crate) fn totals(&self) -> Value {
        let ledger = self.room.known.books.ledger();
        json!([ledger.minted, ledger.burned, ledger.owed, ledger.seq])
    }

    /// The lines of statements that there were not before.
    pub(crate) fn new_lines(&mut self) -> Vec<Value> {
        let changes = &self.room.changes;
        let mut lines = Vec::new();
        for (transfer, _) in &changes.transfers[self.told_transfers..] {
            let member = transfer.entry.member().unwrap();
            let points = transfer.entry.change_of_member();
            let kind = kind(transfer.kind);
            let line = json!([
                self.name(member),
                kind,
                points,
                transfer.balance_after(),
                transfer.corrects,
                transfer.entry.change_of_debt()
            ]);
            lines.push((transfer.seq, line));
        }
        for (credit, _) in &changes.credits[self.told_credits..] {
            for leg in credit.legs().unwrap() {
                // What it paid of a debt is a line of its own.
                let paid = changes.transfers[self.told_transfers..].iter();
                let paid = paid.filter(|(one, _)| one.seq > credit.seq);
                let paid = paid.filter(|(one, _)| one.entry.member() == Some(leg.member));
                let paid: i64 = paid.map(|(one, _)| one.entry.change_of_member()).sum();
                let after = self.room.known.books.balance(leg.member).points - paid;
                let name = self.name(leg.member);
                let line = json!([name, "WATCHED", leg.points, after, null, 0]);
                lines.push((credit.seq, line));
            }
        }
        self.told_transfers = changes.transfers.len();
        self.told_credits = changes.credits.len();
        lines.sort_by_key(|(seq, _)| *seq);

        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// What `parlor verify` says of the books.
    pub(crate) fn verify(&self) -> Result<(), Unsound> {
        let changes = &self.room.changes;
        let mut proof = Proof::new(self.room.room.id);
        let mut credits = changes.credits.iter().peekable();
        let noted = BTreeMap::new();
        for (transfer, link) in &changes.transfers {
            while let Some((credit, link)) = credits.next_if(|(one, _)| one.seq < transfer.seq) {
                proof.add_credit(credit, *link, &noted)?;
            }
            proof.add(transfer, *link, &noted)?;
        }
        for (credit, link) in credits {
            proof.add_credit(credit, *link, &noted)?;
        }
        for redemption in changes.redemptions.values() {
            proof.add_purchase(redemption.purchase())?;
        }
        for draw in changes.draws.values() {
            let all = changes.redemptions.values();
            let own = all.filter(|one| one.draw_id == Some(draw.id));
            draw.prove(&mut proof, &own.map(Entry::from).collect::<Vec<_>>())?;
        }
        for (_, dispute) in changes.disputes.values() {
            proof.add_dispute(dispute.contest())?;
        }
        for number in &changes.pages {
            proof.add_page(*number, self.room.known.books.page(*number).unwrap())?;
        }
        proof.check_sessions(&self.room.earning)?;
        proof.check_turnovers(&changes.turnovers)?;
        let accounts = changes.balances.iter().map(|(who, given)| (*who, *given));
        proof.compare(self.room.known.books.ledger(), accounts)
    }

    pub(crate) fn name(&self, member: MemberNumber) -> &'static str {
        let is_theirs = |name: &&str| self.person(name).is_some_and(|one| one.number == member);
        NAMES.into_iter().find(is_theirs).unwrap()
    }
}

fn kind(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::Granted => "GRANTED",
        TransferKind::Charged => "CHARGED",
        TransferKind::Redeemed => "REDEEMED",
        TransferKind::Refunded => "REFUNDED",
        TransferKind::ClawedBack => "CLAWED_BACK",
        TransferKind::DebtIncurred => "DEBT_INCURRED",
        TransferKind::DebtPaid => "DEBT_PAID",
        TransferKind::Returned => "RETURNED",
    }
}

pub(crate) fn viewer(name: &str) -> ViewerId {
    ViewerId::parse(name).unwrap()
}

pub(crate) fn actor(name: &str) -> Actor {
    Actor {
        viewer_id: viewer(name),
        is_staff: name == STAFF,
    }
}

/// The id of whoever never came.
pub(crate) fn nobody() -> ParticipantId {
    ParticipantId(Uuid::max())
}
