//! Members who have watched, by the page: as they are counted, and as few bytes.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::credit::Leg;
use super::earning::{Earning, Slot, Watched};
use super::varint::{self, Garbled, Reader};
use super::{Minute, NumberSet};
use crate::books::MemberNumber;

/// The members of a page: what all of them have earned is about a kilobyte, which PostgreSQL keeps in the row.
pub const PAGE_MEMBERS: usize = 64;

/// The page that the last number stands in.
pub const PAGE_NUMBER_MAX: u32 = u32::MAX / 64;

/// The form of the bytes. Another form needs another number.
const FORM: u8 = 1;

/// What the members of a page have earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarningPage {
    newest_minute: Minute,
    newest_session: i64,
    /// Who has watched, by the place in the page; of whoever has not, nothing is kept.
    watched: u64,
    members: Box<[Earning; PAGE_MEMBERS]>,
}

/// The page that a member stands in.
pub fn page_of(member: MemberNumber) -> u32 {
    member.0 / 64
}

/// The members that stand on a page.
pub fn numbers_of(page: u32) -> RangeInclusive<MemberNumber> {
    let first = page * 64;

    MemberNumber(first)..=MemberNumber(first + 63)
}

fn place_of(member: MemberNumber) -> usize {
    member.0 as usize % PAGE_MEMBERS
}

impl Default for EarningPage {
    fn default() -> Self {
        Self {
            newest_minute: Minute::default(),
            newest_session: 0,
            watched: 0,
            members: Box::new([Earning::default(); PAGE_MEMBERS]),
        }
    }
}

impl EarningPage {
    /// What a member of the page has earned.
    pub fn earning(&self, member: MemberNumber) -> Earning {
        self.members[place_of(member)]
    }

    /// The same, with when that was.
    pub fn watched(&self, member: MemberNumber) -> Watched {
        Watched {
            earning: self.earning(member),
            has_watched: self.watched >> place_of(member) & 1 == 1,
            session: self.newest_session,
        }
    }

    /// Whether the slot of that minute counted for a member.
    pub fn has_counted(&self, member: MemberNumber, minute: Minute) -> bool {
        let age = u32::try_from(self.newest_minute.0 - minute.0);
        age.is_ok_and(|age| {
            let minutes = self.earning(member).minutes;
            minutes.checked_shr(age).is_some_and(|mask| mask & 1 == 1)
        })
    }

    /// The newest minute that counted for a member, of those that are kept.
    pub fn last_counted(&self, member: MemberNumber) -> Option<Minute> {
        let age = self.earning(member).minutes.trailing_zeros();

        (age < u32::BITS).then(|| Minute(self.newest_minute.0 - i64::from(age)))
    }

    /// Whether it is known of the minute whom it counted for. What is too old for that is credited to nobody.
    pub fn remembers(&self, minute: Minute) -> bool {
        self.watched == 0 || self.newest_minute.0 - minute.0 < i64::from(u32::BITS)
    }

    /// The page as it is to be read at `now`. If it is ahead, by a clock that was put right in the minute `put_right`,
    /// whatever was recent then counts as credited: late slots of before are lost, and none is paid for twice.
    pub fn as_of(&self, now: Minute, put_right: Option<Minute>) -> Cow<'_, Self> {
        let Some(put_right) = put_right.filter(|_| self.newest_minute > now) else {
            return Cow::Borrowed(self);
        };
        let since = u32::try_from(now.0 - put_right.0).unwrap_or(0);
        let mut page = self.clone();
        page.newest_minute = now;
        for place in places(page.watched) {
            page.members[place].minutes = u32::MAX.checked_shl(since).unwrap_or(0);
        }

        Cow::Owned(page)
    }

    /// Counts a slot for `members` of the page, for whom it has not counted, and notes what it brings them.
    pub(crate) fn credit(
        &mut self,
        slot: &Slot<'_>,
        members: &[MemberNumber],
        legs: &mut Vec<Leg>,
    ) {
        if let Cow::Owned(page) = self.as_of(slot.now, slot.put_right) {
            *self = page;
        }
        self.advance(slot);
        let age = u32::try_from(self.newest_minute.0 - slot.minute.0);
        let age = age.expect("the newest minute is not before another");
        for member in members {
            let place = place_of(*member);
            let is_first = self.watched >> place & 1 == 0;
            self.watched |= 1 << place;
            let earning = &mut self.members[place];
            let line_before = earning.last_line;
            let multiplier_bp = slot.multiplied.of(*member);
            let points = earning.watch(slot, multiplier_bp, is_first, age);
            if points > 0 {
                legs.push(Leg {
                    member: *member,
                    points,
                    earned_after: earning.earned,
                    line_before,
                });
            }
        }
    }

    fn advance(&mut self, slot: &Slot<'_>) {
        let minutes = slot.minute.0 - self.newest_minute.0;
        let sessions = slot.newest_session - self.newest_session;
        if minutes > 0 || sessions > 0 {
            for place in places(self.watched) {
                self.members[place].advance(minutes.max(0), sessions);
            }
        }
        self.newest_minute = self.newest_minute.max(slot.minute);
        self.newest_session = self.newest_session.max(slot.newest_session);
    }

    /// The first member of whom something else is kept in `other`, if that is the page numbered `page`.
    pub(crate) fn first_difference(&self, other: &Self, page: u32) -> Option<MemberNumber> {
        if self == other {
            return None;
        }
        let differs = |place: &usize| {
            self.members[*place] != other.members[*place]
                || (self.watched ^ other.watched) >> place & 1 == 1
        };
        let place = (0..PAGE_MEMBERS).find(differs).unwrap_or(0);
        let place = u32::try_from(place).expect("a page is small");

        Some(MemberNumber(page * 64 + place))
    }

    /// The page in bytes. What most members have in common stands once: masks are written as what is missing of
    /// everybody's, and positions as how far behind the newest they are.
    pub fn encode(&self) -> Vec<u8> {
        let all = || places(self.watched).map(|place| &self.members[place]);
        let newest_line = all().map(|one| one.last_line).max().unwrap_or(0);
        let minutes = all().fold(0, |mask, one| mask | one.minutes);
        let stamps = all().fold(0, |mask, one| mask | one.stamps);

        let mut bytes = Vec::with_capacity(1_024);
        bytes.push(FORM);
        varint::put_count(&mut bytes, self.newest_minute.0);
        varint::put_count(&mut bytes, self.newest_session);
        varint::put_count(&mut bytes, newest_line);
        varint::put(&mut bytes, minutes.into());
        varint::put(&mut bytes, stamps.into());
        bytes.extend(self.watched.to_le_bytes());
        for one in all() {
            varint::put_count(&mut bytes, one.lines);
            if one.lines > 0 {
                varint::put_count(&mut bytes, one.earned);
                varint::put_count(&mut bytes, newest_line - one.last_line);
            }
            varint::put(&mut bytes, (minutes & !one.minutes).into());
            let has_remainder = one.remainder_bp > 0;
            let progress = u64::from(one.progress) << 1 | u64::from(has_remainder);
            varint::put(&mut bytes, progress);
            if has_remainder {
                varint::put(&mut bytes, one.remainder_bp.into());
            }
            varint::put(&mut bytes, one.slots.into());
            varint::put(&mut bytes, one.slots_before.into());
            varint::put(&mut bytes, (stamps & !one.stamps).into());
        }

        bytes
    }

    /// The page that was written so.
    pub fn decode(bytes: &[u8]) -> Result<Self, Garbled> {
        let mut reader = Reader::new(bytes);
        if reader.byte()? != FORM {
            return Err(Garbled);
        }
        let mut page = Self {
            newest_minute: Minute(reader.take()?),
            newest_session: reader.take()?,
            ..Self::default()
        };
        let newest_line: i64 = reader.take()?;
        let minutes: u32 = reader.take()?;
        let stamps: u32 = reader.take()?;
        page.watched = u64::from_le_bytes(reader.bytes()?);
        for place in places(page.watched) {
            let one = &mut page.members[place];
            one.lines = reader.take()?;
            if one.lines > 0 {
                one.earned = reader.take()?;
                let behind: i64 = reader.take()?;
                one.last_line = newest_line.checked_sub(behind).ok_or(Garbled)?;
            }
            one.minutes = minutes & !reader.take::<u32>()?;
            let progress: u64 = reader.take()?;
            one.progress = u32::try_from(progress >> 1).map_err(|_| Garbled)?;
            if progress & 1 == 1 {
                one.remainder_bp = reader.take()?;
            }
            one.slots = reader.take()?;
            one.slots_before = reader.take()?;
            one.stamps = stamps & !reader.take::<u32>()?;
        }

        if reader.is_at_end() {
            Ok(page)
        } else {
            Err(Garbled)
        }
    }
}

/// The places whose bit is set.
fn places(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = mask.trailing_zeros() as usize;
        mask &= mask.checked_sub(1)?;
        Some(place)
    })
}

/// Members in the order of their numbers, by their pages.
pub(crate) fn by_page(members: &[MemberNumber]) -> impl Iterator<Item = (u32, &[MemberNumber])> {
    let pages = members.chunk_by(|one, other| page_of(*one) == page_of(*other));
    pages.map(|members| (page_of(members[0]), members))
}

impl NumberSet {
    /// The members by their pages.
    pub fn by_page(&self) -> impl Iterator<Item = (u32, &[MemberNumber])> {
        by_page(self.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::watching::multiplied::Multiplied;

    fn earning() -> impl Strategy<Value = Earning> {
        let line = prop_oneof![Just((0, 0, 0)), (1..i64::MAX, 1..9_000_i64, 1..i64::MAX)];
        let counts = (any::<u32>(), 0..10_000_u32, any::<u32>(), any::<u32>());
        (line, any::<u32>(), counts, any::<u32>()).prop_map(|(line, minutes, counts, stamps)| {
            Earning {
                earned: line.0,
                lines: line.1,
                last_line: line.2,
                minutes,
                progress: counts.0,
                remainder_bp: counts.1,
                slots: counts.2,
                slots_before: counts.3,
                stamps,
            }
        })
    }

    fn page() -> impl Strategy<Value = EarningPage> {
        let members = prop::collection::vec(prop::option::of(earning()), PAGE_MEMBERS);
        (0..i64::MAX, 0..i64::MAX, members).prop_map(|(minute, session, members)| {
            let mut page = EarningPage {
                newest_minute: Minute(minute),
                newest_session: session,
                ..EarningPage::default()
            };
            for (place, one) in members.into_iter().enumerate() {
                page.watched |= u64::from(one.is_some()) << place;
                page.members[place] = one.unwrap_or_default();
            }
            page
        })
    }

    proptest! {
        #[test]
        fn a_page_is_read_as_it_was_written(page in page()) {
            prop_assert_eq!(EarningPage::decode(&page.encode()), Ok(page));
        }

        #[test]
        fn bytes_of_any_kind_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(page) = EarningPage::decode(&bytes) {
                prop_assert_eq!(EarningPage::decode(&page.encode()), Ok(page));
            }
        }

        #[test]
        fn a_page_that_is_cut_off_is_refused(page in page(), kept in 0.0..1.0_f64) {
            let bytes = page.encode();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
                reason = "it is a part of a small length")]
            let length = (bytes.len() as f64 * kept) as usize;
            prop_assert_eq!(EarningPage::decode(&bytes[..length]), Err(Garbled));
        }
    }

    /// A hundred evenings of three hours, of which everybody missed some: the row stays where PostgreSQL keeps it.
    #[test]
    fn a_page_of_regulars_is_small() {
        let mut page = EarningPage::default();
        let programme = super::super::EarningProgramme::default();
        let mut seq = 0;
        for session in 1..=100 {
            for minute in 0..180 {
                seq += 40;
                let slot = Slot {
                    minute: Minute(29_000_000 + session * 1_440 + minute),
                    session,
                    newest_session: session,
                    programme: &programme,
                    multiplied: &Multiplied::default(),
                    now: Minute(29_000_000 + session * 1_440 + minute),
                    put_right: None,
                    seq,
                };
                let came = |member: &u32| (i64::from(*member) * 7 + session + minute) % 11 > 2;
                let members: Vec<_> = (0..64).filter(came).map(MemberNumber).collect();
                page.credit(&slot, &members, &mut Vec::new());
            }
        }

        let size = page.encode().len();
        assert!(size < 1_500, "{size} bytes");
    }
}
