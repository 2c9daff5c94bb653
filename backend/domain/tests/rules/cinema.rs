//! A live room whose audience watches, on which tests of watching act.

use std::collections::BTreeMap;

use parlor_domain::id::SessionId;
use parlor_domain::points::{Digest, MemberNumber, Proof, Unsound};
use parlor_domain::room_aggregate::{
    Credited, EarningRefusal, RoomAggregate, WatchProof, WatchedMinute,
};
use parlor_domain::watching::{EarningChange, Minute, NumberSet, SlotOutcome, WatchCredit};

use crate::company::{Company, STAFF};
use crate::shop::{Shop, actor};

/// A live room whose audience watches, in whole minutes.
pub(crate) struct Cinema {
    pub(crate) shop: Shop,
}

/// The first thousand members may watch.
const PAGES: u32 = 16;

pub(crate) fn set(numbers: impl IntoIterator<Item = u32>) -> NumberSet {
    NumberSet::new(numbers.into_iter().map(MemberNumber).collect()).unwrap()
}

impl Cinema {
    /// A room that is live since the beginning of a minute, by `change` of what is usual.
    pub(crate) fn open(change: EarningChange) -> Self {
        let mut shop = Shop::open();
        for page in 0..PAGES {
            shop.company.stage.aggregate.known.books.ask_page(page);
        }
        shop.company.stage.aggregate.census.numbered = 64 * i64::from(PAGES);
        let mut cinema = Self { shop };
        cinema.room().update(change);
        let into = cinema.shop.company.stage.now.unix_millis() % 60_000;
        cinema.shop.pass(60_000 - into);
        cinema.shop.next_session();
        cinema
    }

    pub(crate) fn room(&mut self) -> Room<'_> {
        Room(&mut self.shop.company)
    }

    pub(crate) fn aggregate(&self) -> &RoomAggregate {
        &self.shop.company.stage.aggregate
    }

    pub(crate) fn minute(&self) -> Minute {
        Minute::of(self.shop.company.stage.now)
    }

    pub(crate) fn session(&self) -> SessionId {
        self.aggregate().earning.newest().unwrap().id
    }

    /// Credits the present minute of the present session to `numbers`.
    pub(crate) fn watch(&mut self, numbers: impl IntoIterator<Item = u32>) -> Credited {
        let (minute, session) = (self.minute(), self.session());
        self.credit(session, minute, set(numbers))
    }

    pub(crate) fn credit(
        &mut self,
        session_id: SessionId,
        minute: Minute,
        members: NumberSet,
    ) -> Credited {
        let watched = WatchedMinute {
            session_id: Some(session_id),
            minute,
            members,
            proof: WatchProof::Staff(actor(STAFF).viewer_id),
        };
        let stage = &mut self.shop.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        let credited = stage.aggregate.credit_watching(&watched, ids, now);
        credited.unwrap()
    }

    /// Lets members watch for so many minutes, and returns what each credit brought one of them.
    pub(crate) fn watch_on(&mut self, minutes: u32, member: u32) -> Vec<i64> {
        let mut brought = Vec::new();
        for _ in 0..minutes {
            let legs = self.watch([member]).legs;
            brought.push(legs.first().map_or(0, |leg| leg.points));
            self.shop.pass(60_000);
        }
        brought
    }

    pub(crate) fn earned(&self, member: u32) -> i64 {
        let page = self.aggregate().known.books.page(member / 64);
        page.map_or(0, |page| page.earning(MemberNumber(member)).earned)
    }

    /// What the books prove, with these credits in place of what was written.
    pub(crate) fn verify(&self, credits: &[(WatchCredit, Digest)]) -> Result<(), Unsound> {
        let aggregate = self.aggregate();
        let mut proof = Proof::new(aggregate.room.id);
        let mut credits = credits.iter().peekable();
        let noted = BTreeMap::new();
        for (transfer, link) in &aggregate.changes.transfers {
            while let Some((credit, link)) =
                credits.next_if(|(credit, _)| credit.seq < transfer.seq)
            {
                proof.add_credit(credit, *link, &noted)?;
            }
            proof.add(transfer, *link, &noted)?;
        }
        for (credit, link) in credits {
            proof.add_credit(credit, *link, &noted)?;
        }
        for redemption in aggregate.changes.redemptions.values() {
            proof.add_purchase(redemption.purchase())?;
        }
        for number in &aggregate.changes.pages {
            proof.add_page(*number, aggregate.known.books.page(*number).unwrap())?;
        }
        proof.check_sessions(&aggregate.earning)?;
        let accounts = aggregate.changes.balances.iter();
        proof.compare(
            aggregate.known.books.ledger(),
            accounts.map(|(member, given)| (*member, *given)),
        )
    }

    pub(crate) fn check_books(&self) -> Result<(), Unsound> {
        self.verify(&self.aggregate().changes.credits)
    }
}

/// The room's company, to have its sessions and its programme changed.
pub(crate) struct Room<'a>(&'a mut Company);

impl Room<'_> {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a change is written out where it is made"
    )]
    pub(crate) fn update(&mut self, change: EarningChange) {
        let version = self.0.stage.aggregate.earning.programme.version;
        self.try_update("olga", version, &change).unwrap();
    }

    pub(crate) fn try_update(
        &mut self,
        name: &str,
        version: i32,
        change: &EarningChange,
    ) -> Result<i32, EarningRefusal> {
        let stage = &mut self.0.stage;
        let changed = stage.aggregate.update_earning_programme(
            &actor(name),
            version,
            change,
            &mut stage.ids,
            stage.now,
        );
        changed.map(|programme| programme.version)
    }

    pub(crate) fn interrupt(&mut self) {
        let stage = &mut self.0.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        stage.aggregate.interrupt_session(ids, now).unwrap();
    }

    pub(crate) fn resume(&mut self) {
        let stage = &mut self.0.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        stage.aggregate.resume_session(ids, now).unwrap();
    }
}

pub(crate) fn usual() -> EarningChange {
    EarningChange::default()
}

pub(crate) fn outcomes(credited: &Credited) -> Vec<SlotOutcome> {
    let outcomes = credited.outcomes.iter();
    outcomes.map(|(_, outcome)| *outcome).collect()
}
