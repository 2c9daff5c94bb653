//! A shop in which there are disputes, as tests act in it.

use std::collections::BTreeMap;

use parlor_domain::audit::AuditAction;
use parlor_domain::dispute::{BookLine, Dispute, Subject};
use parlor_domain::id::{DisputeId, ParticipantId};
use parlor_domain::points::{MemberNumber, Mover, Proof, Transfer, Unsound};
use parlor_domain::reward::Redemption;
use parlor_domain::room_aggregate::{
    AnswerKey, DisputeHold, DisputeOpening, DisputeOutcome, DisputeRefusal, DisputeResolution,
    DisputeWithdrawal, Settlement,
};
use uuid::Uuid;

use crate::shop::{Shop, actor, fingerprint, terms};

pub(crate) type Answer = Result<Dispute, DisputeRefusal>;

/// A shop in which there are disputes, each thing asked under a key of its own unless a test says.
pub(crate) struct Court {
    pub(crate) shop: Shop,
    keys: u32,
}

impl Court {
    pub(crate) fn open() -> Self {
        Self {
            shop: Shop::open(),
            keys: 0,
        }
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("key {}", self.keys)
    }

    /// Everything of the case is looked up, as the store does.
    fn look_up(&mut self, by: &str, key: AnswerKey, subject: Option<Subject>) {
        let aggregate = &mut self.shop.company.stage.aggregate;
        let known = &mut aggregate.known;
        known.answers.ask(key);
        known.people.ask_viewer(actor(by).viewer_id);
        for number in 0..10 {
            let member = MemberNumber(number);
            known.disputes.ask_member(member);
        }
        match subject {
            Some(Subject::Redemption(id)) => {
                known.redemptions.ask(id);
                known.disputes.ask_subject(Subject::Redemption(id));
            }
            Some(Subject::Line(seq)) => {
                known.disputes.ask_line(seq);
                known.disputes.ask_subject(Subject::Line(seq));
                let transfers = aggregate.changes.transfers.iter();
                let mut transfers = transfers.map(|(transfer, _)| transfer);
                if let Some(transfer) = transfers.find(|one| one.seq == seq) {
                    if let Some(id) = transfer.redemption_id() {
                        known.disputes.ask_subject(Subject::Redemption(id));
                    }
                    let line = BookLine::Transfer(Box::new(transfer.clone()));
                    known.disputes.put_line(seq, line);
                }
            }
            None => (),
        }
    }

    pub(crate) fn dispute(&mut self, by: &str, who: Option<&str>, subject: Subject) -> Answer {
        let key = self.key();
        self.dispute_under(&key, by, who, subject)
    }

    pub(crate) fn dispute_under(
        &mut self,
        key: &str,
        by: &str,
        who: Option<&str>,
        subject: Subject,
    ) -> Answer {
        let participant_id = who.map(|who| self.shop.person(who).id);
        let (key, reason) = (key.to_owned(), "it was never done".to_owned());
        let opening = DisputeOpening::new(key, participant_id, subject, reason).unwrap();
        let who = actor(by);
        self.look_up(by, AnswerKey::of_opening(&who, &opening), Some(subject));
        let print = fingerprint(&opening);
        let stage = &mut self.shop.company.stage;
        stage
            .aggregate
            .known
            .people
            .ask(opening.participant_id().unwrap_or(nobody()));
        let (ids, now) = (&mut stage.ids, stage.now);
        stage
            .aggregate
            .open_dispute(&who, &opening, print, ids, now)
    }

    pub(crate) fn hold(&mut self, by: &str, id: DisputeId, points: i64) -> Answer {
        let key = self.key();
        self.hold_under(&key, by, id, points)
    }

    pub(crate) fn hold_under(&mut self, key: &str, by: &str, id: DisputeId, points: i64) -> Answer {
        let hold = DisputeHold::new(key.to_owned(), id, points).unwrap();
        let who = actor(by);
        self.look_up(by, AnswerKey::of_dispute_hold(&who, &hold), None);
        self.shop.company.stage.aggregate.known.disputes.ask(id);
        let print = fingerprint(&hold);
        let stage = &mut self.shop.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        stage.aggregate.hold_dispute(&who, &hold, print, ids, now)
    }

    pub(crate) fn resolve(&mut self, by: &str, id: DisputeId, outcome: DisputeOutcome) -> Answer {
        let key = self.key();
        self.resolve_under(&key, by, id, outcome)
    }

    pub(crate) fn resolve_under(
        &mut self,
        key: &str,
        by: &str,
        id: DisputeId,
        outcome: DisputeOutcome,
    ) -> Answer {
        let words = "we have looked at it";
        self.resolve_so(key, words, (by, id, outcome))
    }

    pub(crate) fn resolve_in(
        &mut self,
        words: &str,
        by: &str,
        id: DisputeId,
        outcome: DisputeOutcome,
    ) -> Answer {
        let key = self.key();
        self.resolve_so(&key, words, (by, id, outcome))
    }

    fn resolve_so(
        &mut self,
        key: &str,
        words: &str,
        (by, id, outcome): (&str, DisputeId, DisputeOutcome),
    ) -> Answer {
        let (key, words) = (key.to_owned(), words.to_owned());
        let resolution = DisputeResolution::new(key, id, outcome, words).unwrap();
        let who = actor(by);
        self.look_up(by, AnswerKey::of_resolution(&who, &resolution), None);
        self.shop.company.stage.aggregate.known.disputes.ask(id);
        let print = fingerprint(&resolution);
        let stage = &mut self.shop.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        let aggregate = &mut stage.aggregate;
        aggregate.resolve_dispute(&who, &resolution, print, ids, now)
    }

    pub(crate) fn withdraw(&mut self, by: &str, id: DisputeId) -> Answer {
        let withdrawal = DisputeWithdrawal::new(self.key(), id).unwrap();
        let who = actor(by);
        self.look_up(by, AnswerKey::of_withdrawal(&who, &withdrawal), None);
        self.shop.company.stage.aggregate.known.disputes.ask(id);
        let print = fingerprint(&withdrawal);
        let stage = &mut self.shop.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        let aggregate = &mut stage.aggregate;
        aggregate.withdraw_dispute(&who, &withdrawal, print, ids, now)
    }

    /// A redemption of Ana's for so many points, which was fulfilled.
    pub(crate) fn fulfilled(&mut self, cost: i64) -> Redemption {
        let open = self.redeemed(cost);
        self.shop
            .settle("mo", open.id, Settlement::Fulfill)
            .unwrap()
    }

    pub(crate) fn redeemed(&mut self, cost: i64) -> Redemption {
        let reward = self.shop.make(terms(cost)).unwrap();
        self.shop.redeem("ana", reward.id).unwrap()
    }

    /// What somebody has, what of it is held, and what they owe.
    pub(crate) fn stands(&self, name: &str) -> (i64, i64, i64) {
        self.shop.stands(name)
    }

    pub(crate) fn newest(&self) -> &Transfer {
        let transfers = &self.shop.company.stage.aggregate.changes.transfers;
        &transfers.last().unwrap().0
    }

    /// What the newest use of authority was.
    pub(crate) fn audited(&self) -> &AuditAction {
        &self
            .shop
            .company
            .stage
            .aggregate
            .changes
            .audit
            .last()
            .unwrap()
            .action
    }

    /// What the books prove, with disputes as `change` has them.
    pub(crate) fn verify(&self, change: &dyn Fn(&mut Dispute)) -> Result<(), Unsound> {
        let aggregate = &self.shop.company.stage.aggregate;
        let mut proof = Proof::new(aggregate.room.id);
        for (transfer, link) in &aggregate.changes.transfers {
            proof.add(transfer, *link, &BTreeMap::new())?;
        }
        for redemption in aggregate.changes.redemptions.values() {
            proof.add_purchase(redemption.purchase())?;
        }
        for (_, dispute) in aggregate.changes.disputes.values() {
            let mut dispute = dispute.clone();
            change(&mut dispute);
            proof.add_dispute(dispute.contest())?;
        }
        let (turnovers, ledger) = (&aggregate.changes.turnovers, aggregate.known.books.ledger());
        proof.check_turnovers(turnovers)?;
        let sum = |of: fn(Mover, i64) -> i64| -> i64 {
            turnovers
                .iter()
                .map(|(key, moved)| of(key.mover, moved.points))
                .sum()
        };
        assert_eq!(
            (sum(Mover::minted), sum(Mover::burned)),
            (ledger.minted, ledger.burned)
        );
        let accounts = aggregate.changes.balances.iter();
        let accounts = accounts.map(|(member, given)| (*member, *given));
        proof.compare(aggregate.known.books.ledger(), accounts)
    }

    /// Takes points back by hand. Returns where the two lines stand.
    pub(crate) fn claw_back(&mut self, who: &str, points: i64) -> [i64; 2] {
        let moved = self.shop.claw_back(who, points);
        [moved.taken, moved.owed].map(|one| one.map_or(0, |one| one.seq))
    }
}

fn nobody() -> ParticipantId {
    ParticipantId(Uuid::max())
}
