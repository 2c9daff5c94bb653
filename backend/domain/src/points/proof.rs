//! Working a room's books through again, to say whether they are sound.

mod debts;
mod disputes;
mod unsound;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use uuid::Uuid;

use super::{
    Account, Digest, Entry, Given, Ledger, MemberNumber, Transfer, TransferKind, Turnovers,
};
use crate::id::{DisputeId, DrawId, RedemptionId, RoomId, SessionId};
use crate::watching::{
    EarningPage, EarningState, Garbled, Leg, Minute, Slot, WatchCredit, page_of,
};

pub use disputes::Contest;
pub use unsound::Unsound;

/// What the transfers say that the room's books are.
#[derive(Debug, Clone)]
pub struct Proof {
    ledger: Ledger,
    balances: BTreeMap<MemberNumber, Proven>,
    /// What members have earned.
    pages: BTreeMap<u32, EarningPage>,
    /// Of which pages it was compared with what is kept.
    checked: BTreeSet<u32>,
    /// The sessions of which minutes were credited last, by their numbers, and the newest one's then.
    sessions: BTreeMap<i64, SessionId>,
    newest_session: i64,
    /// What was paid for redemptions, as long as the redemption was not seen.
    paid: BTreeMap<Uuid, Paid>,
    /// What has to come next, for something came to those who owed.
    due: VecDeque<Entry>,
    /// What transfers took by hand, and may give back by disputes.
    taken: BTreeMap<i64, disputes::Taken>,
    /// What disputes moved, as long as the dispute was not seen.
    cases: BTreeMap<DisputeId, disputes::Case>,
    /// How many purchases are entries of draws, without those whose draws were seen.
    entries: i64,
    /// What was moved, by when and by what.
    turnovers: Turnovers,
}

/// What was paid for a redemption, and what of it was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Paid {
    member: MemberNumber,
    points: i64,
    seq: i64,
    refunded: i64,
}

/// What was bought for points, as far as the books are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    pub id: RedemptionId,
    pub member: MemberNumber,
    pub cost: i64,
    pub payment: Payment,
    /// Which transfer is said to have paid for it.
    pub paid_seq: Option<i64>,
    /// How many points are said to have been given back.
    pub refunded: i64,
    /// The draw that it is or was an entry of.
    pub draw_id: Option<DrawId>,
    /// Whether it says that lots decide on it, or have.
    pub is_entry: bool,
}

/// What became of what a purchase costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payment {
    /// It is held.
    Held,
    /// It was spent.
    Made,
    /// It was let go of.
    None,
}

/// What the transfers say of a member.
#[derive(Debug, Clone, Copy, Default)]
struct Proven {
    points: i64,
    lines: i64,
    held: i64,
    debt: i64,
}

impl Proof {
    /// Nothing proven yet.
    pub fn new(room_id: RoomId) -> Self {
        Self {
            ledger: Ledger::empty(room_id),
            balances: BTreeMap::new(),
            pages: BTreeMap::new(),
            checked: BTreeSet::new(),
            sessions: BTreeMap::new(),
            newest_session: 0,
            paid: BTreeMap::new(),
            due: VecDeque::new(),
            taken: BTreeMap::new(),
            cases: BTreeMap::new(),
            entries: 0,
            turnovers: Turnovers::default(),
        }
    }

    /// How far the books are worked through, and how the chain stands there.
    pub fn head(&self) -> (i64, Digest) {
        (self.ledger.seq, self.ledger.digest)
    }

    /// Takes the next transfer, which was chained as `link`. `noted` are the links that were noted
    /// elsewhere, by their positions.
    pub fn add(
        &mut self,
        transfer: &Transfer,
        link: Digest,
        noted: &BTreeMap<i64, Digest>,
    ) -> Result<(), Unsound> {
        let (seq, entry) = (transfer.seq, transfer.entry);
        let expected = self.ledger.seq + 1;
        if seq != expected {
            let found = seq;
            return Err(Unsound::Gap { expected, found });
        }
        let words = transfer.authorship.as_ref();
        if words.is_some_and(|words| words.digest() != transfer.authorship_digest) {
            return Err(Unsound::WordsChanged(seq));
        }
        if self.ledger.digest.followed_by(transfer) != link {
            return Err(Unsound::ChainBroken(seq));
        }
        if entry.points <= 0 {
            let points = entry.points;
            return Err(Unsound::NotPositive { seq, points });
        }
        if !self.ledger.has_room_for(entry) {
            return Err(Unsound::Overflow(seq));
        }
        self.move_points(transfer)?;
        self.ledger.append(transfer);
        self.turnovers.add_transfer(transfer);

        check_link(seq, link, noted)
    }

    /// Takes the next credit, likewise: the slots are counted again, and have to bring what it says.
    pub fn add_credit(
        &mut self,
        credit: &WatchCredit,
        link: Digest,
        noted: &BTreeMap<i64, Digest>,
    ) -> Result<(), Unsound> {
        let seq = credit.seq;
        let expected = self.ledger.seq + 1;
        if seq != expected {
            let found = seq;
            return Err(Unsound::Gap { expected, found });
        }
        let words = credit.authorship.as_ref();
        if words.is_some_and(|words| words.digest() != credit.authorship_digest) {
            return Err(Unsound::WordsChanged(seq));
        }
        if self.ledger.digest.followed_by_credit(credit) != link {
            return Err(Unsound::ChainBroken(seq));
        }
        self.check_payment(None, seq)?;
        let points = self.count_again(credit)?;
        let said = credit.points;
        if said != points {
            return Err(Unsound::WrongSum { seq, said, points });
        }
        if !self.ledger.can_add(points) {
            return Err(Unsound::Overflow(seq));
        }
        self.ledger.append_credit(credit);
        self.turnovers.add_credit(credit);

        check_link(seq, link, noted)
    }

    /// Counts a credit's slots. Returns what they bring.
    fn count_again(&mut self, credit: &WatchCredit) -> Result<i64, Unsound> {
        let seq = credit.seq;
        let unreadable = |error: Garbled| Unsound::Unreadable {
            what: format!("credit {seq}"),
            error: error.to_string(),
        };
        let (programme, multiplied) = credit.terms().map_err(unreadable)?;
        let (slots, said) = (credit.slots(), credit.legs());
        let (slots, said) = (slots.map_err(unreadable)?, said.map_err(unreadable)?);
        let slot = Slot {
            minute: credit.minute,
            session: credit.session,
            newest_session: credit.newest_session,
            programme: &programme,
            multiplied: &multiplied,
            now: Minute::of(credit.at),
            put_right: credit.put_right,
            seq,
        };
        self.check_session(credit)?;
        if !slot.is_recent() {
            return Err(Unsound::OtherSession(seq));
        }
        if !credit.minute.is_creditable(credit.at) {
            return Err(Unsound::OutOfTime(seq));
        }

        let mut legs = Vec::new();
        for (number, members) in slots.by_page() {
            let page = self.pages.entry(number).or_default();
            let seen = page.as_of(slot.now, slot.put_right);
            let is_new = |member: &&MemberNumber| {
                seen.remembers(slot.minute) && !seen.has_counted(**member, slot.minute)
            };
            if let Some(&member) = members.iter().find(|member| !is_new(member)) {
                return Err(Unsound::SlotTwice { seq, member });
            }
            page.credit(&slot, members, &mut legs);
        }
        if let Some(member) = first_other(&legs, &said) {
            return Err(Unsound::WrongLeg { seq, member });
        }

        for leg in &legs {
            let proven = self.balances.get(&leg.member);
            let payment = proven.and_then(|one| one.payment_of(leg.member, leg.points));
            self.due.extend(payment);
        }

        Ok(legs.iter().map(|leg| leg.points).sum())
    }

    /// Checks that a session has one number, and that numbers go up.
    fn check_session(&mut self, credit: &WatchCredit) -> Result<(), Unsound> {
        let (number, newest) = (credit.session, credit.newest_session);
        let id = *self.sessions.entry(number).or_insert(credit.session_id);
        if id != credit.session_id || newest < self.newest_session {
            return Err(Unsound::OtherSession(credit.seq));
        }
        self.newest_session = newest;
        // Minutes are credited of the newest and the one before.
        self.sessions.retain(|number, _| *number >= newest - 1);

        Ok(())
    }

    /// Checks what is kept of the sessions that minutes are credited of, when all credits are taken in.
    pub fn check_sessions(&self, kept: &EarningState) -> Result<(), Unsound> {
        let newest = kept.newest().map_or(0, |session| session.number);
        let is_other = |(number, id): (&i64, &SessionId)| {
            let mut kept = kept.sessions.iter();
            kept.any(|session| session.number == *number && session.id != *id)
        };
        if newest < self.newest_session || self.sessions.iter().any(is_other) {
            return Err(Unsound::SessionsDiffer);
        }

        Ok(())
    }

    /// Checks what is kept to have been moved by when and by what, when all transfers and credits are taken in.
    pub fn check_turnovers(&self, kept: &Turnovers) -> Result<(), Unsound> {
        let Some(key) = self.turnovers.first_difference(kept) else {
            return Ok(());
        };

        Err(Unsound::TurnoverDiffers {
            key,
            kept: kept.get(key),
            proven: self.turnovers.get(key),
        })
    }

    /// Checks a page of what members are kept to have earned, when all credits are taken in.
    pub fn add_page(&mut self, number: u32, kept: &EarningPage) -> Result<(), Unsound> {
        let proven = self.pages.get(&number).cloned().unwrap_or_default();
        if let Some(member) = proven.first_difference(kept, number) {
            return Err(Unsound::EarningDiffers(member));
        }
        self.checked.insert(number);

        Ok(())
    }

    fn earned(&self, member: MemberNumber) -> i64 {
        let page = self.pages.get(&page_of(member));
        page.map_or(0, |page| page.earning(member).earned)
    }

    /// Checks that nothing was noted elsewhere that is not there.
    pub fn check_noted(&self, noted: &BTreeMap<i64, Digest>) -> Result<(), Unsound> {
        let found = self.ledger.seq;
        match noted.keys().next_back() {
            Some(&expected) if expected > found => Err(Unsound::EndMissing { expected, found }),
            Some(_) | None => Ok(()),
        }
    }

    fn move_points(&mut self, transfer: &Transfer) -> Result<(), Unsound> {
        let (seq, entry) = (transfer.seq, transfer.entry);
        let member = entry.member();
        let member = member.filter(|one| transfer.kind.entry(*one, entry.points) == entry);
        let member = member.ok_or(Unsound::WrongEntry(seq))?;
        self.check_payment(Some(transfer), seq)?;
        match (transfer.kind, transfer.about) {
            (TransferKind::Redeemed, Some(about)) => {
                let paid = Paid {
                    member,
                    points: entry.points,
                    seq,
                    refunded: 0,
                };
                if self.paid.insert(about, paid).is_some() {
                    return Err(Unsound::PaidTwice(RedemptionId(about)));
                }
            }
            (TransferKind::Refunded, about) => self.refund(transfer, about, member)?,
            (
                TransferKind::Granted
                | TransferKind::Charged
                | TransferKind::Redeemed
                | TransferKind::ClawedBack
                | TransferKind::DebtIncurred
                | TransferKind::DebtPaid
                | TransferKind::Returned,
                _,
            ) => (),
        }
        self.note_dispute(transfer, member)?;
        let earned = self.earned(member);
        let proven = self.balances.entry(member).or_default();
        proven.lines += 1;
        proven.owe(seq, entry)?;
        if entry.credit == Account::Member(member) {
            self.due.extend(proven.payment_of(member, entry.points));
        }
        proven.points = proven
            .points
            .checked_add(entry.change_of(Account::Member(member)))
            .ok_or(Unsound::Overflow(seq))?;
        let (said, given) = (transfer.given_after, proven.points);
        let balance = given.checked_add(earned).ok_or(Unsound::Overflow(seq))?;
        if balance < 0 {
            return Err(Unsound::BelowZero { seq, balance });
        }
        if said != given {
            let said = said.saturating_add(earned);
            return Err(Unsound::WrongBalance { seq, said, balance });
        }

        Ok(())
    }

    /// Takes in that points come back: to who paid them, of what they paid, and no more than that.
    fn refund(
        &mut self,
        transfer: &Transfer,
        about: Option<Uuid>,
        member: MemberNumber,
    ) -> Result<(), Unsound> {
        let (seq, entry) = (transfer.seq, transfer.entry);
        let paid = about.and_then(|about| self.paid.get_mut(&about));
        let paid = paid.filter(|paid| paid.member == member && transfer.corrects == Some(paid.seq));
        let paid = paid.ok_or(Unsound::RefundOfNothing(seq))?;
        paid.refunded = paid.refunded.saturating_add(entry.points);
        if paid.refunded > paid.points {
            let (refunded, paid) = (paid.refunded, paid.points);
            return Err(Unsound::RefundedTooMuch {
                seq,
                refunded,
                paid,
            });
        }

        Ok(())
    }

    /// Takes in a purchase, when all transfers are.
    pub fn add_purchase(&mut self, purchase: Purchase) -> Result<(), Unsound> {
        let Purchase {
            id,
            member,
            cost,
            payment,
            paid_seq,
            refunded: said,
            draw_id,
            is_entry,
        } = purchase;
        if is_entry && draw_id.is_none() {
            return Err(Unsound::EntryOfNothing(id));
        }
        self.entries += i64::from(draw_id.is_some());
        let paid = self.paid.remove(&id.0);
        let refunded = paid.map_or(0, |paid| paid.refunded);
        if said != refunded {
            return Err(Unsound::RefundDiffers { id, said, refunded });
        }
        match payment {
            Payment::Made => {
                let paid = paid.filter(|paid| paid.member == member && paid.points == cost);
                let paid = paid.filter(|paid| Some(paid.seq) == paid_seq);
                return paid.map(|_| ()).ok_or(Unsound::NotPaidFor(id));
            }
            Payment::Held => self.balances.entry(member).or_default().held += cost,
            Payment::None => (),
        }

        paid.map_or(Ok(()), |_| Err(Unsound::PaidForNothing(id)))
    }

    /// Takes in that a draw has so many entries, when all purchases are.
    pub(crate) fn add_draw(&mut self, entries: i64) {
        self.entries -= entries;
    }

    /// Compares what is kept of each member, and the head, with what was proven. `accounts` is everyone
    /// of whom something is kept that transfers gave or took.
    pub fn compare(
        self,
        ledger: &Ledger,
        accounts: impl IntoIterator<Item = (MemberNumber, Given)>,
    ) -> Result<(), Unsound> {
        if self.ledger.seq != ledger.seq {
            return Err(Unsound::EndMissing {
                expected: ledger.seq,
                found: self.ledger.seq,
            });
        }
        let totals = [
            ("sum of what was minted", ledger.minted, self.ledger.minted),
            ("sum of what was burned", ledger.burned, self.ledger.burned),
            ("sum of what is owed", ledger.owed, self.ledger.owed),
        ];
        for (what, kept, proven) in totals {
            if kept != proven {
                return Err(Unsound::TotalDiffers { what, kept, proven });
            }
        }
        if self.ledger.digest != ledger.digest {
            return Err(Unsound::ChainBroken(ledger.seq));
        }
        if !self.due.is_empty() {
            return Err(Unsound::PaymentMissing(ledger.seq + 1));
        }

        if self.entries != 0 {
            return Err(Unsound::EntriesWithoutDraw(self.entries));
        }
        if let Some((id, _)) = self.paid.iter().next() {
            return Err(Unsound::PaidForNothing(RedemptionId(*id)));
        }
        if let Some((id, _)) = self.cases.first_key_value() {
            return Err(Unsound::DisputeMissing(*id));
        }
        let unkept = self.pages.keys().find(|page| !self.checked.contains(page));
        if let Some(&page) = unkept {
            let nothing = EarningPage::default();
            let member = self.pages[&page].first_difference(&nothing, page);
            return Err(Unsound::EarningDiffers(
                member.expect("nobody is credited nothing"),
            ));
        }
        let (mut balances, pages) = (self.balances, self.pages);
        let mut held_of_all = 0;
        for (member, given) in accounts {
            let Given {
                points,
                held,
                lines,
                debt: _,
            } = given;
            let page = pages.get(&page_of(member));
            let earned = page.map_or(0, |page| page.earning(member).earned);
            let proven = balances.remove(&member).unwrap_or_default();
            if points != proven.points {
                return Err(Unsound::BalanceDiffers {
                    member,
                    kept: points,
                    proven: proven.points,
                });
            }
            if lines != proven.lines {
                return Err(Unsound::LinesDiffer {
                    member,
                    kept: lines,
                    proven: proven.lines,
                });
            }
            if held != proven.held {
                return Err(Unsound::HeldDiffers {
                    member,
                    kept: held,
                    proven: proven.held,
                });
            }
            if held > points + earned {
                return Err(Unsound::HeldBeyondBalance {
                    member,
                    points: points + earned,
                    held,
                });
            }
            proven.check_debt(member, given, points + earned)?;
            held_of_all += held;
        }
        if let Some((member, proven)) = balances.pop_first() {
            let proven = proven.points;
            return Err(Unsound::BalanceMissing { member, proven });
        }
        if ledger.held != held_of_all {
            return Err(Unsound::TotalDiffers {
                what: "sum of what is held",
                kept: ledger.held,
                proven: held_of_all,
            });
        }

        Ok(())
    }
}

/// Checks a link against what was noted of its position.
fn check_link(seq: i64, link: Digest, noted: &BTreeMap<i64, Digest>) -> Result<(), Unsound> {
    match noted.get(&seq) {
        Some(&expected) if expected != link => Err(Unsound::OtherHead {
            seq,
            expected,
            found: link,
        }),
        Some(_) | None => Ok(()),
    }
}

/// The first member whose leg is another, or missing, in one of the two.
fn first_other(legs: &[Leg], said: &[Leg]) -> Option<MemberNumber> {
    let same = legs.iter().zip(said).take_while(|(leg, said)| leg == said);
    let same = same.count();
    let others = [legs.get(same), said.get(same)];

    others.into_iter().flatten().map(|leg| leg.member).min()
}
