//! What one member has in a room, as they themselves are told of it.
//!
//! A wallet is told whole. It is read once, and from then on kept current by what batches change: each change carries
//! what it is about as it is then, so that of two of them the later alone would do.

use std::collections::BTreeMap;

use crate::id::{ParticipantId, ViewerId};
use crate::points::{Given, MemberNumber};
use crate::reward::Redemption;
use crate::session::Session;
use crate::watching::{
    EarningPage, EarningTerms, Minute, Progress, SlotOutcome, WatchCredit, Watched,
};

/// How many of a member's newest redemptions are told, whatever became of them: what fits a list on a page.
pub const REDEMPTIONS_NEWEST: usize = 20;
/// How many older ones are told that nobody has seen to. With the others they are some 60 KiB of JSON at most,
/// and twice that where every character has to be escaped.
pub const REDEMPTIONS_OPEN_MAX: usize = 50;

/// What a member of a room has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallet {
    participant_id: ParticipantId,
    member: MemberNumber,
    points: Parts,
    /// The newest first.
    redemptions: Vec<Redemption>,
    /// Whether older ones may be open that are not among them.
    is_cut: bool,
    last_minute: Option<WatchedMinute>,
    watched: Watched,
    /// What viewers earn by.
    terms: EarningTerms,
}

/// The two parts of a balance, as they are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Parts {
    given: i64,
    held: i64,
    debt: i64,
    earned: i64,
}

/// What became of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchedMinute {
    pub minute: Minute,
    pub outcome: SlotOutcome,
    /// What it brought, where that is known.
    pub points: Option<i64>,
}

/// What a batch changed of the wallets of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletChanges {
    /// The room's count of such batches, with this one. None comes between it and the one that is one less.
    pub version: i64,
    /// Whoever has a wallet from now on.
    pub newcomers: BTreeMap<ViewerId, (ParticipantId, MemberNumber)>,
    pub given: BTreeMap<MemberNumber, Given>,
    /// Pages on which somebody earned something.
    pub pages: BTreeMap<u32, EarningPage>,
    pub credits: Vec<WatchCredit>,
    pub redemptions: Vec<Redemption>,
    /// Sessions that ended, by which redemptions expire.
    pub sessions: Vec<Session>,
    /// What viewers earn by as of the batch, and whether it may have changed that.
    pub terms: EarningTerms,
    pub are_terms_new: bool,
}

impl Wallet {
    /// The wallet of somebody who has just joined.
    pub fn empty(participant_id: ParticipantId, member: MemberNumber) -> Self {
        Self {
            participant_id,
            member,
            points: Parts::default(),
            redemptions: Vec::new(),
            is_cut: false,
            last_minute: None,
            watched: Watched::default(),
            terms: EarningTerms::default(),
        }
    }

    /// With what viewers earn by.
    #[must_use]
    pub fn with_terms(mut self, terms: EarningTerms) -> Self {
        self.terms = terms;

        self
    }

    /// With redemptions as they are kept: the [`REDEMPTIONS_NEWEST`] newest of the member's, and of those that are
    /// open as many and [`REDEMPTIONS_OPEN_MAX`] more, in whatever order.
    #[must_use]
    pub fn with_redemptions(mut self, redemptions: impl IntoIterator<Item = Redemption>) -> Self {
        let shown: BTreeMap<_, _> = redemptions
            .into_iter()
            .map(|one| ((one.redeemed_at, one.id), told(&one)))
            .collect();
        self.redemptions = shown.into_values().rev().collect();
        let open = self.redemptions.iter().filter(|one| one.is_held()).count();
        self.is_cut = open >= REDEMPTIONS_NEWEST + REDEMPTIONS_OPEN_MAX;
        self.trim();

        self
    }

    pub fn participant_id(&self) -> ParticipantId {
        self.participant_id
    }

    pub fn member(&self) -> MemberNumber {
        self.member
    }

    /// All that they have.
    pub fn points(&self) -> i64 {
        self.points.given + self.points.earned
    }

    /// What of it is reserved.
    pub fn held(&self) -> i64 {
        self.points.held
    }

    /// What they owe.
    pub fn debt(&self) -> i64 {
        self.points.debt
    }

    /// Whether whoever was told `other` knows this one.
    pub fn is_told_as(&self, other: &Self) -> bool {
        let told = |one: &Self| (one.points(), one.held(), one.debt(), one.last_minute);

        told(self) == told(other)
            && self.progress() == other.progress()
            && self.participant_id == other.participant_id
            && self.redemptions == other.redemptions
    }

    /// The newest ones, and of those before what nobody has seen to, the newest first.
    pub fn redemptions(&self) -> &[Redemption] {
        &self.redemptions
    }

    /// The minute that was decided last, as far as is known.
    pub fn last_minute(&self) -> Option<WatchedMinute> {
        self.last_minute
    }

    /// How far they are on the way to what watching brings next, unless it brings nothing.
    pub fn progress(&self) -> Option<Progress> {
        let is_enabled = self.terms.programme.is_enabled;

        is_enabled.then(|| self.watched.progress(&self.terms))
    }

    /// Takes in what viewers earn by from now on. Returns whether that is something else.
    pub fn agree(&mut self, terms: &EarningTerms) -> bool {
        let is_other = self.terms != *terms;
        self.terms.clone_from(terms);

        is_other
    }

    /// Takes in what transfers have given the member.
    pub fn give(&mut self, given: Given) {
        self.points.given = given.points;
        self.points.held = given.held;
        self.points.debt = given.debt;
    }

    /// Takes in what the members of the wallet's page have earned.
    pub fn earn(&mut self, page: &EarningPage) {
        self.watched = page.watched(self.member);
        self.points.earned = self.watched.earning.earned;
    }

    /// Takes in what the page knows of the minutes of before.
    pub fn recall(&mut self, page: &EarningPage) {
        self.last_minute = page.last_counted(self.member).map(|minute| WatchedMinute {
            minute,
            outcome: SlotOutcome::Counted,
            points: None,
        });
    }

    /// Takes in that a minute was credited, which may come after a later one was decided.
    pub fn count(&mut self, minute: Minute, points: i64) {
        self.note(WatchedMinute {
            minute,
            outcome: SlotOutcome::Counted,
            points: Some(points),
        });
    }

    /// Takes in what is known of a minute elsewhere. One that counts does so whatever else is said of it.
    pub fn note(&mut self, said: WatchedMinute) {
        let is_news = self.last_minute.is_none_or(|known| {
            let counts = known.outcome == SlotOutcome::Counted;
            let tells_more = said.outcome == SlotOutcome::Counted && known.points.is_none();
            said.minute > known.minute || said.minute == known.minute && (!counts || tells_more)
        });
        if is_news {
            self.last_minute = Some(said);
        }
    }

    /// Takes in a redemption of the member's. Returns whether the wallet has to be read anew, for an older one may
    /// take the place of one that is not open any more.
    pub fn redeem(&mut self, redemption: &Redemption) -> bool {
        let redemption = told(redemption);
        let place = |one: &Redemption| (one.redeemed_at, one.id);
        let was_open = match self
            .redemptions
            .iter()
            .position(|one| one.id == redemption.id)
        {
            Some(index) => self.redemptions.remove(index).is_held(),
            None => false,
        };
        let is_freed = was_open && !redemption.is_held();
        let newer = |one: &Redemption| place(one) > place(&redemption);
        let index = self.redemptions.iter().take_while(|one| newer(one)).count();
        self.redemptions.insert(index, redemption);
        self.trim();

        is_freed && self.is_cut
    }

    /// Takes in that a session ended in which something may have been redeemed. Returns whether that was so.
    pub fn end_session(&mut self, session: &Session) -> bool {
        let mut is_changed = false;
        for one in &mut self.redemptions {
            if one.session_id == Some(session.id) && !one.made_offline {
                is_changed |= one.session_ended_at != session.ended_at;
                one.session_ended_at = session.ended_at;
            }
        }

        is_changed
    }

    /// Leaves out what is neither new nor open.
    fn trim(&mut self) {
        let mut index = 0;
        let mut older_open = 0;
        self.redemptions.retain(|one| {
            index += 1;
            let is_older_open = index > REDEMPTIONS_NEWEST && one.is_held();
            older_open += usize::from(is_older_open);
            index <= REDEMPTIONS_NEWEST || is_older_open && older_open <= REDEMPTIONS_OPEN_MAX
        });
        self.is_cut |= older_open > REDEMPTIONS_OPEN_MAX;
    }
}

/// A redemption as whoever redeemed it sees it: without what staff notes, and without when a session ended that it
/// does not depend on.
fn told(redemption: &Redemption) -> Redemption {
    Redemption {
        settled_by: None,
        metadata: None,
        session_ended_at: redemption
            .session_ended_at
            .filter(|_| !redemption.made_offline),
        ..redemption.clone()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{RedemptionId, RewardId, SessionId};
    use crate::reward::{EXPIRES_AFTER_MS_DEFAULT, RedemptionStatus};
    use crate::time::ServerTime;

    const OPEN: RedemptionStatus = RedemptionStatus::Unfulfilled;
    const DONE: RedemptionStatus = RedemptionStatus::Fulfilled;

    /// The redemption of that number, which were made one after the other.
    fn redemption(number: u32, status: RedemptionStatus) -> Redemption {
        Redemption {
            id: RedemptionId(Uuid::from_u128(number.into())),
            reward_id: RewardId(Uuid::nil()),
            participant_id: ParticipantId(Uuid::nil()),
            member: MemberNumber(7),
            title: String::new(),
            cost: 1,
            input: None,
            status,
            session_id: Some(SessionId(Uuid::nil())),
            redeemed_at: ServerTime::from_unix_millis(number.into()),
            settled_at: None,
            settled_by: ViewerId::parse("staff").ok(),
            paid_seq: None,
            refunded: 0,
            made_offline: false,
            expires_after_ms: EXPIRES_AFTER_MS_DEFAULT,
            metadata: Some("a note".to_owned()),
            draw_id: None,
            drawn_at: None,
            session_ended_at: None,
            queue_seq: 0,
        }
    }

    fn wallet() -> Wallet {
        Wallet::empty(ParticipantId(Uuid::nil()), MemberNumber(7))
    }

    fn numbers(wallet: &Wallet) -> Vec<u128> {
        let all = wallet.redemptions().iter();
        all.map(|one| one.id.0.as_u128()).collect()
    }

    #[test]
    fn the_newest_are_told_and_older_ones_while_they_are_open() {
        let mut wallet = wallet();
        wallet.redeem(&redemption(1, OPEN));
        wallet.redeem(&redemption(2, DONE));
        for number in 3..=23 {
            assert!(!wallet.redeem(&redemption(number, DONE)));
        }
        let newest: Vec<_> = (4..=23).rev().collect();
        assert_eq!(numbers(&wallet), [&newest[..], &[1]].concat());

        assert!(!wallet.redeem(&redemption(1, DONE)));
        assert_eq!(numbers(&wallet), newest);
    }

    #[test]
    fn whatever_order_they_are_read_or_made_in_they_are_the_same() {
        let mut made = wallet();
        let all: Vec<_> = (1..=40)
            .map(|number| redemption(number, if number % 3 == 0 { OPEN } else { DONE }))
            .collect();
        for one in &all {
            made.redeem(one);
        }
        assert_eq!(wallet().with_redemptions(all.into_iter().rev()), made);
    }

    #[test]
    fn where_more_are_open_than_are_told_the_next_one_is_read() {
        let most = u32::try_from(REDEMPTIONS_NEWEST + REDEMPTIONS_OPEN_MAX).unwrap();
        let mut wallet = wallet();
        for number in 0..most {
            wallet.redeem(&redemption(number, OPEN));
        }
        assert!(!wallet.redeem(&redemption(0, DONE)), "there is no other");
        wallet.redeem(&redemption(most, OPEN));
        assert!(!wallet.redeem(&redemption(1, DONE)));
        for number in most + 1..=most + 3 {
            wallet.redeem(&redemption(number, OPEN));
        }
        assert_eq!(
            wallet.redemptions().len(),
            REDEMPTIONS_NEWEST + REDEMPTIONS_OPEN_MAX
        );
        assert!(wallet.redeem(&redemption(most, DONE)));
    }

    #[test]
    fn what_staff_notes_is_not_told_and_when_it_expires_is() {
        let mut wallet = wallet();
        wallet.redeem(&redemption(1, OPEN));
        let [one] = wallet.redemptions() else {
            panic!("it is one");
        };
        assert_eq!(
            (&one.settled_by, &one.metadata, one.expires_at()),
            (&None, &None, None)
        );

        let ended_at = Some(ServerTime::from_unix_millis(9));
        let mut session = Session {
            id: SessionId(Uuid::from_u128(1)),
            started_at: ServerTime::from_unix_millis(0),
            interrupted_at: None,
            ended_at,
            delay_ms: 0,
        };
        assert!(!wallet.end_session(&session), "it is another's");
        session.id = SessionId(Uuid::nil());
        assert!(wallet.end_session(&session));
        assert!(!wallet.end_session(&session));
        let expires_at = wallet.redemptions()[0].expires_at();
        assert_eq!(
            expires_at,
            ended_at.map(|at| at.plus_millis(EXPIRES_AFTER_MS_DEFAULT))
        );
    }

    #[test]
    fn a_minute_that_counted_does_so_whatever_else_is_said_of_it() {
        let said = |minute, outcome, points| WatchedMinute {
            minute: Minute(minute),
            outcome,
            points,
        };
        let mut wallet = wallet();
        for (note, is_news) in [
            (said(5, SlotOutcome::TooShort, None), true),
            (said(4, SlotOutcome::Counted, None), false),
            (said(5, SlotOutcome::Counted, None), true),
            (said(5, SlotOutcome::AlreadyCounted, Some(0)), false),
            (said(5, SlotOutcome::Counted, Some(10)), true),
            (said(5, SlotOutcome::Counted, Some(0)), false),
            (said(6, SlotOutcome::StoodStill, Some(0)), true),
        ] {
            wallet.note(note);
            assert_eq!(wallet.last_minute() == Some(note), is_news, "{note:?}");
        }

        // A report may be told before a credit of an earlier minute is.
        wallet.count(Minute(5), 20);
        assert_eq!(
            wallet.last_minute().map(|last| last.minute),
            Some(Minute(6))
        );
        wallet.count(Minute(6), 20);
        let counted = said(6, SlotOutcome::Counted, Some(20));
        assert_eq!(wallet.last_minute(), Some(counted));
    }
}
