//! Any history of a room's audience, against a model that remembers everything and knows no pages.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::id::SessionId;
use parlor_domain::watching::{
    EarningChange, EarningProgramme, LATE_MAX_MS, Minute, SlotOutcome, StampCard,
};
use proptest::prelude::*;

use crate::cinema::{Cinema, set};

/// How late the room's audience sees it.
const DELAY_MS: i64 = 2_000;

#[derive(Debug, Clone)]
enum Step {
    Pass(i64),
    /// So many minutes ago, of the session so many before the present, to these.
    Credit(i64, usize, BTreeSet<u32>),
    NextSession,
    Interrupt,
    Resume,
    Update(Option<bool>, i64, i64, Option<StampCard>),
}

#[derive(Default)]
struct Model {
    sessions: Vec<ModelSession>,
    slots: BTreeSet<(u32, Minute)>,
    members: BTreeMap<u32, Member>,
    minted: i64,
}

struct ModelSession {
    id: SessionId,
    programme: EarningProgramme,
    started_ms: i64,
    ended_ms: i64,
    away: Vec<(i64, i64)>,
}

#[derive(Default)]
struct Member {
    earned: i64,
    credits: i64,
    waiting: i64,
    slots: BTreeMap<usize, i64>,
    stamps: BTreeSet<usize>,
}

impl Model {
    fn outcome(&self, now: i64, index: Option<usize>, member: u32, minute: Minute) -> SlotOutcome {
        let (begins, ends) = (minute.0 * 60_000, (minute.0 + 1) * 60_000);
        if begins > now {
            return SlotOutcome::InTheFuture;
        }
        if now - ends > LATE_MAX_MS {
            return SlotOutcome::TooLate;
        }
        let Some(index) = index.filter(|index| index + 2 >= self.sessions.len()) else {
            return SlotOutcome::OtherSession;
        };
        let session = &self.sessions[index];
        let seen_until_ms = session.ended_ms.saturating_add(DELAY_MS);
        if ends <= session.started_ms || begins >= seen_until_ms {
            return SlotOutcome::OtherSession;
        }
        if session
            .away
            .iter()
            .any(|(from, until)| begins >= *from && ends <= *until)
        {
            return SlotOutcome::Interrupted;
        }
        if !session.programme.is_enabled {
            return SlotOutcome::ProgrammeOff;
        }
        if self.slots.contains(&(member, minute)) {
            return SlotOutcome::AlreadyCounted;
        }
        SlotOutcome::Counted
    }

    fn count(&mut self, index: usize, member: u32, minute: Minute) -> i64 {
        self.slots.insert((member, minute));
        let programme = self.sessions[index].programme.clone();
        let newest = self.sessions.len() - 1;
        let is_first = !self.members.contains_key(&member);
        let one = self.members.entry(member).or_default();
        let mut points = if is_first {
            programme.first_watch_bonus
        } else {
            0
        };
        one.waiting += 1;
        if one.waiting >= programme.slots {
            one.waiting = 0;
            points += programme.points;
        }
        let slots = one.slots.entry(index).or_default();
        *slots += 1;
        if let Some(card) = programme.stamp_card
            && *slots == card.slots
        {
            one.stamps.insert(index);
            let looks_at = usize::try_from(card.sessions).unwrap();
            let recent = one
                .stamps
                .iter()
                .filter(|stamp| **stamp + looks_at > newest);
            if i64::try_from(recent.count()).unwrap() >= card.stamps {
                one.stamps.clear();
                points += card.points;
            }
        }
        one.earned += points;
        one.credits += i64::from(points > 0);
        self.minted += points;
        points
    }
}

fn card() -> impl Strategy<Value = StampCard> {
    (1..4_i64, 1..6_i64, 1..4_i64).prop_map(|(stamps, more, slots)| StampCard {
        points: 100,
        stamps,
        sessions: stamps + more - 1,
        slots,
    })
}

fn steps() -> impl Strategy<Value = Step> {
    let members =
        prop::collection::btree_set(prop_oneof![0..6_u32, 60..68_u32, 900..902_u32], 0..12);
    let credit = (-1..19_i64, 0..4_usize, members);
    prop_oneof![
        3 => (0..200_000_i64).prop_map(Step::Pass),
        8 => credit.prop_map(|(ago, session, members)| Step::Credit(ago, session.saturating_sub(1), members)),
        1 => Just(Step::NextSession),
        1 => Just(Step::Interrupt),
        1 => Just(Step::Resume),
        1 => (prop::option::of(any::<bool>()), 0..20_i64, 1..4_i64, prop::option::of(card()))
            .prop_map(|(enabled, points, slots, card)| Step::Update(enabled, points, slots, card)),
    ]
}

struct Show {
    cinema: Cinema,
    model: Model,
    away_since: Option<i64>,
}

impl Show {
    fn begin() -> Self {
        let cinema = Cinema::open(EarningChange {
            first_watch_bonus: Some(7),
            slots: Some(2),
            ..EarningChange::default()
        });
        let mut show = Self {
            cinema,
            model: Model::default(),
            away_since: None,
        };
        show.note_session();
        show
    }

    fn now(&self) -> i64 {
        self.cinema.shop.company.stage.now.unix_millis()
    }

    fn note_session(&mut self) {
        self.model.sessions.push(ModelSession {
            id: self.cinema.session(),
            programme: self.cinema.aggregate().earning.programme.clone(),
            started_ms: self.now(),
            ended_ms: i64::MAX,
            away: Vec::new(),
        });
    }

    fn play(&mut self, step: Step) -> Result<(), TestCaseError> {
        let now = self.now();
        let last = self.model.sessions.last_mut().unwrap();
        match step {
            Step::Pass(millis) => self.cinema.shop.pass(millis),
            Step::NextSession => {
                // What ended while it was away ended when it went.
                if let Some(since) = self.away_since.take() {
                    last.away.pop();
                    last.ended_ms = since;
                } else {
                    last.ended_ms = now;
                }
                self.cinema.shop.next_session();
                self.note_session();
            }
            Step::Interrupt if self.away_since.is_none() => {
                self.away_since = Some(now);
                last.away.push((now, i64::MAX));
                self.cinema.room().interrupt();
            }
            Step::Resume if self.away_since.is_some() => {
                self.away_since = None;
                last.away.last_mut().unwrap().1 = now;
                self.cinema.room().resume();
            }
            Step::Interrupt | Step::Resume => (),
            Step::Update(is_enabled, points, slots, card) => {
                self.cinema.room().update(EarningChange {
                    is_enabled,
                    points: Some(points),
                    slots: Some(slots),
                    stamp_card: Some(card),
                    ..EarningChange::default()
                });
            }
            Step::Credit(ago, back, members) => self.credit(ago, back, &members)?,
        }

        Ok(())
    }

    fn credit(
        &mut self,
        ago: i64,
        back: usize,
        members: &BTreeSet<u32>,
    ) -> Result<(), TestCaseError> {
        let minute = Minute(self.cinema.minute().0 - ago);
        let index = (self.model.sessions.len() - 1).checked_sub(back);
        let id = index.map_or(SessionId(uuid::Uuid::nil()), |index| {
            self.model.sessions[index].id
        });
        let now = self.now();
        let credited = self.cinema.credit(id, minute, set(members.iter().copied()));
        prop_assert_eq!(credited.outcomes.len(), members.len());
        let mut legs = credited.legs.iter();
        for ((number, outcome), member) in credited.outcomes.iter().zip(members) {
            prop_assert_eq!(number.0, *member);
            prop_assert_eq!(*outcome, self.model.outcome(now, index, *member, minute));
            if *outcome == SlotOutcome::Counted {
                let points = self.model.count(index.unwrap(), *member, minute);
                if points > 0 {
                    let leg = legs.next().unwrap();
                    prop_assert_eq!((leg.member.0, leg.points), (*member, points));
                }
            }
        }
        prop_assert_eq!(legs.next(), None);

        // Whatever counted is told so when it comes again, and nothing moves.
        let ledger = *self.cinema.aggregate().known.books.ledger();
        let again = self.cinema.credit(id, minute, set(members.iter().copied()));
        prop_assert_eq!(again.counted().len(), 0);
        prop_assert_eq!(*self.cinema.aggregate().known.books.ledger(), ledger);
        Ok(())
    }

    fn check(&self, minted: i64) -> Result<(), TestCaseError> {
        for (member, one) in &self.model.members {
            let page = self
                .cinema
                .aggregate()
                .known
                .books
                .page(member / 64)
                .unwrap();
            let earning = page.earning(parlor_domain::points::MemberNumber(*member));
            prop_assert_eq!((earning.earned, earning.lines), (one.earned, one.credits));
        }
        let ledger = self.cinema.aggregate().known.books.ledger();
        prop_assert_eq!(ledger.minted - minted, self.model.minted);
        prop_assert_eq!(self.cinema.check_books(), Ok(()));
        Ok(())
    }
}

proptest! {
    #[test]
    fn whatever_an_audience_does_it_earns_what_the_rules_say(history in prop::collection::vec(steps(), 0..60)) {
        let mut show = Show::begin();
        let minted = show.cinema.aggregate().known.books.ledger().minted;
        for step in history {
            show.play(step)?;
        }
        show.check(minted)?;
    }

    /// However a minute's audience is cut into sets that overlap, and in whatever order they come.
    #[test]
    fn sets_that_are_cut_up_count_as_the_whole(
        cuts in prop::collection::vec(prop::collection::btree_set(0..200_u32, 0..60), 1..8),
        minutes in 1..6_i64,
    ) {
        let mut whole = Show::begin();
        let mut cut = Show::begin();
        let all: BTreeSet<u32> = cuts.iter().flatten().copied().collect();
        for _ in 0..minutes {
            whole.credit(0, 0, &all)?;
            for set in cuts.iter().rev() {
                cut.credit(0, 0, set)?;
            }
            whole.cinema.shop.pass(60_000);
            cut.cinema.shop.pass(60_000);
        }
        for member in all {
            prop_assert_eq!(whole.cinema.earned(member), cut.cinema.earned(member));
        }
        let minted = [&whole, &cut].map(|show| show.cinema.aggregate().known.books.ledger().minted);
        prop_assert_eq!(minted[0], minted[1]);
    }
}
