//! Cases about points: done as the server's commands do them, and made up.

use parlor_domain::dispute::{BookLine, Dispute, Subject};
use parlor_domain::points::{MemberNumber, TransferKind};
use parlor_domain::room_aggregate::{
    AnswerKey, DisputeHold, DisputeOpening, DisputeOutcome, DisputeResolution, DisputeWithdrawal,
};
use parlor_domain::watching::CreditLegs;
use serde_json::{Value, json};

use crate::author::{Author, VIEWERS};
use crate::codes::{self, VALIDATION};
use crate::ideas::ACTORS;
use crate::play::{Answer, coded, fingerprint, position};
use crate::step::{About, Outcome, Step, Way};
use crate::world::{NAMES, STAFF, World, actor};

impl World {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "whoever calls it has told cases from everything else"
    )]
    pub(crate) fn go_to_court(&mut self, step: &Step) -> Answer {
        for number in 0..u32::try_from(NAMES.len()).unwrap() {
            self.room.known.disputes.ask_member(MemberNumber(number));
        }
        match step.clone() {
            Step::Dispute {
                by,
                key,
                who,
                about,
                reason,
            } => self.open_case(by, key, (who, about), reason),
            Step::HoldDispute {
                by,
                key,
                dispute,
                points,
            } => {
                let hold = DisputeHold::new(key, self.dispute(dispute), points);
                let hold = hold.map_err(|_| VALIDATION)?;
                let (by, print) = (actor(by), fingerprint(&hold));
                let answers = &mut self.room.known.answers;
                answers.ask(AnswerKey::of_dispute_hold(&by, &hold));
                let (ids, now) = (&mut self.ids, self.now);
                let done = self.room.hold_dispute(&by, &hold, print, ids, now);
                coded(done).map(|done| self.told_of(&done))
            }
            Step::Resolve {
                by,
                key,
                dispute,
                outcome,
                words,
            } => self.resolve(by, (key, dispute), outcome, words),
            Step::Withdraw { by, key, dispute } => {
                let withdrawal = DisputeWithdrawal::new(key, self.dispute(dispute));
                let withdrawal = withdrawal.map_err(|_| VALIDATION)?;
                let (by, print) = (actor(by), fingerprint(&withdrawal));
                let answers = &mut self.room.known.answers;
                answers.ask(AnswerKey::of_withdrawal(&by, &withdrawal));
                let (ids, now) = (&mut self.ids, self.now);
                let done = self
                    .room
                    .withdraw_dispute(&by, &withdrawal, print, ids, now);
                coded(done).map(|done| self.told_of(&done))
            }
            other => unreachable!("no case is {other:?}"),
        }
    }

    fn open_case(
        &mut self,
        by: &str,
        key: String,
        (who, about): (Option<&str>, About),
        reason: &str,
    ) -> Answer {
        let subject = match about {
            About::Redemption(index) => Subject::Redemption(self.redemption(index)),
            About::Line(seq) => Subject::Line(seq),
        };
        self.look_up(subject);
        let whom = who.map(|who| self.id_of(who));
        let opening = DisputeOpening::new(key, whom, subject, reason.to_owned());
        let opening = opening.map_err(|_| VALIDATION)?;
        let (by, print) = (actor(by), fingerprint(&opening));
        let answers = &mut self.room.known.answers;
        answers.ask(AnswerKey::of_opening(&by, &opening));
        let (ids, now) = (&mut self.ids, self.now);
        let made = coded(self.room.open_dispute(&by, &opening, print, ids, now))?;
        let mut answer = self.told_of(&made);
        answer["dispute"] = json!(position(&mut self.disputes, made.id));

        Ok(answer)
    }

    fn resolve(
        &mut self,
        by: &str,
        (key, dispute): (String, usize),
        outcome: Outcome,
        words: &str,
    ) -> Answer {
        let outcome = match outcome {
            Outcome::Dismiss {} => DisputeOutcome::Dismiss,
            Outcome::Settle {} => DisputeOutcome::Settle,
            Outcome::GiveBack(points) => DisputeOutcome::GiveBack(points),
            Outcome::ClawBack(points) => DisputeOutcome::ClawBack(points),
        };
        let id = self.dispute(dispute);
        let resolution = DisputeResolution::new(key, id, outcome, words.to_owned());
        let resolution = resolution.map_err(|_| VALIDATION)?;
        let (by, print) = (actor(by), fingerprint(&resolution));
        let answers = &mut self.room.known.answers;
        answers.ask(AnswerKey::of_resolution(&by, &resolution));
        let (ids, now) = (&mut self.ids, self.now);
        let done = self.room.resolve_dispute(&by, &resolution, print, ids, now);

        coded(done).map(|done| self.told_of(&done))
    }

    /// What the store finds with what is disputed.
    fn look_up(&mut self, subject: Subject) {
        let (known, changes) = (&mut self.room.known, &self.room.changes);
        known.disputes.ask_subject(subject);
        let Subject::Line(seq) = subject else {
            return;
        };
        known.disputes.ask_line(seq);
        let mut transfers = changes.transfers.iter().map(|(one, _)| one);
        if let Some(transfer) = transfers.find(|one| one.seq == seq) {
            if let Some(id) = transfer.redemption_id() {
                known.disputes.ask_subject(Subject::Redemption(id));
            }
            let line = BookLine::Transfer(Box::new(transfer.clone()));
            known.disputes.put_line(seq, line);
        }
        let mut credits = changes.credits.iter().map(|(one, _)| one);
        if let Some(credit) = credits.find(|one| one.seq == seq) {
            let line = BookLine::Credit(CreditLegs {
                id: credit.id,
                seq,
                session_id: credit.session_id,
                minute: credit.minute,
                at: credit.at,
                terms: credit.terms.clone(),
                legs: credit.legs.clone(),
            });
            known.disputes.put_line(seq, line);
        }
    }

    fn told_of(&self, dispute: &Dispute) -> Value {
        let about = match dispute.subject {
            Subject::Line(seq) => json!({ "line": seq }),
            Subject::Redemption(id) => {
                let index = self.redemptions.iter().position(|one| *one == id);
                json!({ "redemption": index })
            }
        };
        json!({
            "about": about,
            "who": self.name(dispute.member),
            "isByStaff": dispute.by_staff,
            "status": codes::dispute_status(dispute.status),
            "held": dispute.held,
            "returned": dispute.returned,
            "clawedBack": dispute.clawed_back,
        })
    }
}

impl Author {
    pub(crate) fn go_to_court(&mut self, world: &World) -> Step {
        match self.dice.roll(10) {
            _ if world.disputes.is_empty() => self.dispute(world),
            0..=2 => self.dispute(world),
            3..=5 => self.hold_dispute(world),
            6..=8 => self.resolve(world),
            _ => self.withdraw(world),
        }
    }

    /// Something of somebody's, mostly in their own name or staff's.
    fn dispute(&mut self, world: &World) -> Step {
        let about = if self.dice.one_in(2) && !world.redemptions.is_empty() {
            About::Redemption(self.dice.index(world.redemptions.len() + 1))
        } else {
            About::Line(self.line(world))
        };
        let owner = owner(world, about);
        let owner = if self.dice.one_in(10) { None } else { owner };
        let somebody = owner.unwrap_or_else(|| self.dice.pick(&NAMES));
        let (by, who) = match self.dice.roll(10) {
            0..=4 => (somebody, None),
            5 => (somebody, Some(somebody)),
            6 => (self.dice.pick(&VIEWERS), Some(somebody)),
            _ => (self.actor(), Some(somebody)),
        };
        Step::Dispute {
            by,
            key: self.key(),
            who,
            about,
            reason: self.reason(),
        }
    }

    /// One that took something, half of the time.
    fn line(&mut self, world: &World) -> i64 {
        let transfers = world.room.changes.transfers.iter();
        let took = transfers.filter(|(one, _)| match one.kind {
            TransferKind::Charged | TransferKind::ClawedBack | TransferKind::DebtIncurred => true,
            TransferKind::Granted
            | TransferKind::Redeemed
            | TransferKind::Refunded
            | TransferKind::DebtPaid
            | TransferKind::Returned => false,
        });
        let took: Vec<_> = took.map(|(one, _)| one.seq).collect();
        if !took.is_empty() && self.dice.one_in(2) {
            return took[self.dice.index(took.len())];
        }
        let last = usize::try_from(world.room.known.books.ledger().seq).unwrap();

        i64::try_from(1 + self.dice.index(last + 1)).unwrap()
    }

    /// One that is open, mostly.
    fn case(&mut self, world: &World) -> usize {
        let is_open = |index: &usize| {
            let found = world.room.known.disputes.get(world.disputes[*index]);
            found.is_some_and(Dispute::is_open)
        };
        let open: Vec<_> = (0..world.disputes.len()).filter(is_open).collect();
        if open.is_empty() || self.dice.one_in(8) {
            return self.dice.index(world.disputes.len() + 1);
        }

        open[self.dice.index(open.len())]
    }

    fn hold_dispute(&mut self, world: &World) -> Step {
        Step::HoldDispute {
            by: self.dice.pick(&ACTORS),
            key: self.key(),
            dispute: self.case(world),
            points: self
                .dice
                .pick(&[0, 1, 10, 50, 400, 1_000_000_000, 1_000_000_001, -1]),
        }
    }

    fn resolve(&mut self, world: &World) -> Step {
        let points = self
            .dice
            .pick(&[1, 2, 10, 30, 100, 1_000, 1_000_000_000, 0, 1_000_000_001]);
        let few = self.dice.pick(&[1, 1, 2, 5, 10]);
        let outcome = match self.dice.roll(6) {
            0 => Outcome::Dismiss {},
            1 => Outcome::Settle {},
            2..=3 => Outcome::GiveBack(if self.dice.one_in(4) { points } else { few }),
            _ => Outcome::ClawBack(points),
        };
        Step::Resolve {
            by: self.dice.pick(&ACTORS),
            key: self.key(),
            dispute: self.case(world),
            outcome,
            words: self.reason(),
        }
    }

    /// Mostly by whoever opened it.
    fn withdraw(&mut self, world: &World) -> Step {
        let dispute = self.case(world);
        let found = world.disputes.get(dispute);
        let found = found.and_then(|id| world.room.known.disputes.get(*id));
        let opened_by = found.and_then(|one| {
            let mut all = NAMES.into_iter().chain([STAFF]);
            all.find(|name| *name == one.opened_by.as_str())
        });
        let by = if self.dice.one_in(5) {
            self.actor()
        } else {
            opened_by.unwrap_or(STAFF)
        };
        Step::Withdraw {
            by,
            key: self.key(),
            dispute,
        }
    }

    /// As many cases as a day has, and one or two more, each withdrawn at once: of lines that somebody has for it.
    pub(crate) fn flood(&mut self, world: &World) -> Vec<Step> {
        let (who, first) = ("ana", world.room.known.books.ledger().seq);
        let by_staff = self.dice.one_in(4);
        let count = if by_staff { 101 } else { 22 };
        let by = if by_staff { STAFF } else { who };
        let mut steps = Vec::new();
        for _ in 0..count {
            steps.push(Step::Adjust {
                by: STAFF,
                key: self.key(),
                kind: Way::Grant,
                to: who,
                points: 3,
                reason: "to begin",
            });
        }
        let known = world.disputes.len();
        for number in 0..count {
            steps.push(Step::Dispute {
                by,
                key: self.key(),
                who: by_staff.then_some(who),
                about: About::Line(first + 1 + i64::try_from(number).unwrap()),
                reason: "to begin",
            });
            steps.push(Step::Withdraw {
                by,
                key: self.key(),
                dispute: known + number,
            });
            if self.dice.one_in(20) {
                steps.push(Step::Pass { millis: 3_600_000 });
            }
        }

        steps
    }
}

/// Whose it is that is disputed, as far as there is any such thing.
fn owner(world: &World, about: About) -> Option<&'static str> {
    let changes = &world.room.changes;
    match about {
        About::Redemption(index) => {
            let id = world.redemptions.get(index)?;
            let made = world.room.known.redemptions.get(id)?;
            Some(world.name(made.member))
        }
        About::Line(seq) => {
            let mut transfers = changes.transfers.iter().map(|(one, _)| one);
            let found = transfers.find(|one| one.seq == seq);
            let member = found.and_then(|one| one.entry.member()).or_else(|| {
                let mut credits = changes.credits.iter().map(|(one, _)| one);
                let legs = credits.find(|one| one.seq == seq)?.legs().ok()?;
                legs.first().map(|leg| leg.member)
            })?;
            Some(world.name(member))
        }
    }
}
