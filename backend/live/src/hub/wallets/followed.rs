//! Whose wallets are followed, and what is known of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parlor_domain::event::LogHead;
use parlor_domain::id::{Epoch, TenantId, ViewerId};
use parlor_domain::points::MemberNumber;
use parlor_domain::reward::Redemption;
use parlor_domain::wallet::{Wallet, WalletChanges, WatchedMinute};
use parlor_domain::watching::{Minute, numbers_of};
use parlor_store::WalletsView;
use tokio::sync::watch;

/// Batches that are kept while wallets are read: what a busy room writes in two seconds or so. A read that takes longer
/// is made again.
const MISSED_MAX: usize = 256;

/// How far the wallets of a room have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalletHead {
    pub epoch: Epoch,
    /// How many batches have changed somebody's.
    pub version: i64,
}

impl WalletHead {
    pub(super) fn of(head: &LogHead) -> Self {
        head_at(head.epoch, head.wallets)
    }
}

/// What somebody has, if they ever joined.
#[derive(Debug, Clone)]
pub struct ToldWallet {
    pub head: WalletHead,
    pub wallet: Option<Arc<Wallet>>,
}

/// Whom to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) tenant_id: TenantId,
    pub(super) viewers: Vec<ViewerId>,
}

/// The wallets of a room that somebody follows.
#[derive(Debug, Default)]
pub(in crate::hub) struct FollowedWallets {
    /// Up to where the wallets of those who are read are current, if not further.
    known: Option<WalletHead>,
    tenant_id: Option<TenantId>,
    followed: BTreeMap<ViewerId, Followed>,
    by_number: BTreeMap<MemberNumber, ViewerId>,
    reading: Option<Reading>,
    /// Whether a read has failed since the store was last heard of, so that not every batch has it tried again.
    is_resting: bool,
}

#[derive(Debug)]
struct Followed {
    followers: usize,
    /// Whether `wallet` is current. If not it is to be read, and nothing is told of it.
    is_read: bool,
    /// Which changes it already has, where it was read further along than others are.
    read_at: i64,
    wallet: Option<Wallet>,
    told: watch::Sender<Option<ToldWallet>>,
}

/// A read that is under way, and what was heard since it began.
#[derive(Debug)]
struct Reading {
    /// Of which log it was known that it is the room's.
    began_in: Option<Epoch>,
    viewers: BTreeSet<ViewerId>,
    missed: Vec<(Epoch, Arc<WalletChanges>)>,
}

impl FollowedWallets {
    /// Takes in one more who follows for `viewer_id`, and has seen that the room has come to `seen`: nothing is told
    /// them that is older.
    pub(super) fn follow(
        &mut self,
        tenant_id: TenantId,
        viewer_id: &ViewerId,
        seen: WalletHead,
    ) -> watch::Receiver<Option<ToldWallet>> {
        self.tenant_id = Some(tenant_id);
        let one = self
            .followed
            .entry(viewer_id.clone())
            .or_insert_with(|| Followed {
                followers: 0,
                is_read: false,
                read_at: 0,
                wallet: None,
                told: watch::Sender::new(None),
            });
        one.followers += 1;
        let has_seen = |known: WalletHead| {
            known.epoch == seen.epoch && known.version.max(one.read_at) >= seen.version
        };
        if !one.is_read || !self.known.is_some_and(has_seen) {
            one.is_read = false;
            one.told.send_replace(None);
            // What is being read may be older.
            if let Some(reading) = &mut self.reading {
                reading.viewers.remove(viewer_id);
            }
        }
        let mut news = one.told.subscribe();
        news.mark_changed();

        news
    }

    pub(super) fn leave(&mut self, viewer_id: &ViewerId) {
        let Some(one) = self.followed.get_mut(viewer_id) else {
            return;
        };
        one.followers -= 1;
        if one.followers > 0 {
            return;
        }
        self.put(viewer_id, None);
        self.followed.remove(viewer_id);
        self.forget_if_unfollowed();
    }

    pub(super) fn known(&self) -> Option<WalletHead> {
        self.known
    }

    /// Says whom to read, at most so many, if anybody, unless a read is under way. What is heard from now on is kept
    /// for its end.
    pub(super) fn begin_read(&mut self, at_most: usize) -> Option<Asked> {
        if self.reading.is_some() || self.is_resting {
            return None;
        }
        let unread = |is_told| {
            let all = self.followed.iter();
            all.filter(move |(_, one)| !one.is_read && one.is_told() == is_told)
        };
        // Whoever waits for their first comes before those who have something.
        let wanted = unread(false).chain(unread(true)).take(at_most);
        let viewers: BTreeSet<_> = wanted.map(|(viewer_id, _)| viewer_id.clone()).collect();
        let tenant_id = self.tenant_id.filter(|_| !viewers.is_empty())?;
        let asked = Asked {
            tenant_id,
            viewers: viewers.iter().cloned().collect(),
        };
        self.reading = Some(Reading {
            began_in: self.known.map(|known| known.epoch),
            viewers,
            missed: Vec::new(),
        });

        Some(asked)
    }

    /// Takes in what the read has found. Who is not read by it still is to be.
    pub(super) fn handle_read(&mut self, view: WalletsView) {
        if let Some(reading) = self.reading.take()
            && !self.followed.is_empty()
        {
            let head = head_at(view.epoch, view.version);
            if let Some(known) = self.known_with(&reading, head) {
                self.put_read(&reading, known, view);
            }
        }
        self.forget_if_unfollowed();
    }

    /// The read has failed; what was to be read still is.
    pub(super) fn give_up_read(&mut self) {
        if self.reading.take().is_some() {
            self.is_resting = true;
        }
        self.forget_if_unfollowed();
    }

    /// Up to where everybody is known once it was read how far the room has come. Nowhere if the read began before
    /// the room's log was another.
    fn known_with(&mut self, reading: &Reading, head: WalletHead) -> Option<WalletHead> {
        match self.known {
            Some(known) if known.epoch == head.epoch => Some(known),
            Some(known) if reading.began_in != Some(known.epoch) => None,
            Some(_) | None => {
                self.begin_epoch(head);
                Some(head)
            }
        }
    }

    fn put_read(&mut self, reading: &Reading, mut known: WalletHead, mut view: WalletsView) {
        // Each version is one batch: what comes after the read has to have been heard, one after the other.
        let missed = reading.missed_after(view.epoch, view.version);
        let heard = (view.version + 1..=known.version).all(|version| missed.contains_key(&version));
        if !heard {
            return;
        }

        let mut touched = reading.viewers.clone();
        for viewer_id in &reading.viewers {
            let found = view.wallets.remove(viewer_id);
            self.put(viewer_id, found);
            if let Some(one) = self.followed.get_mut(viewer_id) {
                one.is_read = true;
                one.read_at = view.version;
            }
        }
        for (version, changes) in missed {
            if version > known.version + 1 {
                break;
            }
            known.version = known.version.max(version);
            touched.append(&mut self.apply(changes));
        }
        self.known = Some(known);
        self.tell_each(&touched, known);
    }

    /// Has what somebody has be `wallet`, and their number theirs. What was said of a minute stays.
    fn put(&mut self, viewer_id: &ViewerId, mut wallet: Option<Wallet>) {
        let Some(one) = self.followed.get_mut(viewer_id) else {
            return;
        };
        if let Some(before) = &one.wallet {
            let number = before.member();
            if self.by_number.get(&number) == Some(viewer_id) {
                self.by_number.remove(&number);
            }
            if let (Some(wallet), Some(said)) = (&mut wallet, before.last_minute()) {
                wallet.note(said);
            }
        }
        if let Some(wallet) = &wallet {
            self.by_number.insert(wallet.member(), viewer_id.clone());
        }
        one.wallet = wallet;
    }

    /// Takes in what a batch of the log of `epoch` changed. Returns whether somebody is to be read for it. What does
    /// not join what is known is found by the check of heads, so that all are not read for each of many.
    pub(super) fn handle_committed(&mut self, epoch: Epoch, changes: WalletChanges) -> bool {
        if self.followed.is_empty() && self.reading.is_none() {
            return false;
        }
        let (head, changes) = (head_at(epoch, changes.version), Arc::new(changes));
        if let Some(reading) = &mut self.reading
            && reading.missed.len() < MISSED_MAX
        {
            reading.missed.push((epoch, Arc::clone(&changes)));
        }
        let joins =
            |known: WalletHead| known.epoch == epoch && known.version + 1 == changes.version;
        if !self.known.is_some_and(joins) {
            return false;
        }

        let touched = self.apply(&changes);
        self.known = Some(head);
        self.tell_each(&touched, head);
        let mut touched = touched.iter().filter_map(|one| self.followed.get(one));

        touched.any(|one| !one.is_read)
    }

    /// Takes in what the store says of how far the wallets have come. What lacks something is to be read.
    pub(super) fn note_head(&mut self, head: WalletHead) {
        self.is_resting = false;
        if self.followed.is_empty() {
            return;
        }
        match self.known {
            Some(known) if known.epoch != head.epoch => self.begin_epoch(head),
            // One round of reads comes to its end before the next begins, so that everybody has their turn.
            Some(known) if known.version >= head.version || self.is_renewing() => (),
            Some(_) | None => {
                self.known = Some(head);
                for one in self.followed.values_mut() {
                    one.is_read &= one.read_at >= head.version;
                }
            }
        }
    }

    /// Whether somebody has been told something that may be old.
    fn is_renewing(&self) -> bool {
        let mut all = self.followed.values();
        all.any(|one| !one.is_read && one.is_told())
    }

    /// Goes on with another log, in which everything may be another's: nothing that is known of the one before is
    /// true of it.
    fn begin_epoch(&mut self, head: WalletHead) {
        self.known = Some(head);
        self.by_number.clear();
        for one in self.followed.values_mut() {
            one.is_read = false;
            one.read_at = 0;
            one.wallet = None;
        }
    }

    /// Takes in what is known of a viewer's minute elsewhere.
    pub(super) fn note_minute(&mut self, viewer_id: &ViewerId, said: WatchedMinute) {
        let Some(known) = self.known else { return };
        if let Some(one) = self.followed.get_mut(viewer_id)
            && let Some(wallet) = &mut one.wallet
        {
            wallet.note(said);
            one.tell(known);
        }
    }

    /// Changes the wallets that it is about, of those who lack it, and returns whose. Whoever has it already, and all
    /// that came after, ends where they were when that is applied again as well.
    fn apply(&mut self, changes: &WalletChanges) -> BTreeSet<ViewerId> {
        let mut touched = BTreeSet::new();
        for (viewer_id, (participant_id, number)) in &changes.newcomers {
            if let Some(one) = self.followed.get_mut(viewer_id)
                && one.lacks(changes)
                && one.wallet.is_none()
            {
                let wallet = Wallet::empty(*participant_id, *number);
                one.wallet = Some(wallet.with_terms(changes.terms.clone()));
                self.by_number.insert(*number, viewer_id.clone());
                touched.insert(viewer_id.clone());
            }
        }
        let mut change = |viewer_id: &ViewerId, change: &mut dyn FnMut(&mut Wallet) -> Changed| {
            if let Some(one) = self.followed.get_mut(viewer_id)
                && one.lacks(changes)
                && let Some(wallet) = &mut one.wallet
            {
                let outcome = change(wallet);
                one.is_read &= outcome != Changed::IsShort;
                if outcome != Changed::Nothing {
                    touched.insert(viewer_id.clone());
                }
            }
        };
        for (number, given) in &changes.given {
            if let Some(viewer_id) = self.by_number.get(number) {
                change(viewer_id, &mut |wallet| {
                    wallet.give(*given);
                    Changed::Something
                });
            }
        }
        for (number, page) in &changes.pages {
            for (_, viewer_id) in self.by_number.range(numbers_of(*number)) {
                change(viewer_id, &mut |wallet| {
                    wallet.earn(page);
                    Changed::Something
                });
            }
        }
        for (viewer_id, minute, points) in counted(changes, &self.by_number) {
            change(viewer_id, &mut |wallet| {
                wallet.count(minute, points);
                Changed::Something
            });
        }
        for redemption in &changes.redemptions {
            if let Some(viewer_id) = self.by_number.get(&redemption.member) {
                change(viewer_id, &mut |wallet| redeem(wallet, redemption));
            }
        }
        let all = self.by_number.values().filter(|_| changes.are_terms_new);
        for viewer_id in all {
            change(viewer_id, &mut |wallet| {
                Changed::if_so(wallet.agree(&changes.terms))
            });
        }
        for session in &changes.sessions {
            for viewer_id in self.by_number.values() {
                change(viewer_id, &mut |wallet| {
                    Changed::if_so(wallet.end_session(session))
                });
            }
        }

        touched
    }

    fn tell_each(&mut self, viewers: &BTreeSet<ViewerId>, head: WalletHead) {
        for viewer_id in viewers {
            if let Some(one) = self.followed.get_mut(viewer_id) {
                one.tell(head);
            }
        }
    }

    /// What is known of a room that nobody follows grows old.
    fn forget_if_unfollowed(&mut self) {
        if self.followed.is_empty() {
            self.known = None;
            self.is_resting = false;
        }
    }
}

/// What became of a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changed {
    Nothing,
    Something,
    /// What is known is not all that is told; it has to be read.
    IsShort,
}

impl Changed {
    fn if_so(is_changed: bool) -> Self {
        if is_changed {
            Self::Something
        } else {
            Self::Nothing
        }
    }
}

fn redeem(wallet: &mut Wallet, redemption: &Redemption) -> Changed {
    // Whatever is thought of whose number it is, another's is never told.
    if redemption.participant_id != wallet.participant_id() {
        return Changed::Nothing;
    }

    if wallet.redeem(redemption) {
        Changed::IsShort
    } else {
        Changed::Something
    }
}

impl Followed {
    fn is_told(&self) -> bool {
        self.told.borrow().is_some()
    }

    /// Whether the changes are not in what was read.
    fn lacks(&self, changes: &WalletChanges) -> bool {
        self.is_read && changes.version > self.read_at
    }

    /// Tells what they have, which is current up to `head` at least, unless they were told before. Nobody is told
    /// what is older than what they know.
    fn tell(&mut self, head: WalletHead) {
        if !self.is_read {
            return;
        }
        let head = head_at(head.epoch, head.version.max(self.read_at));
        let own = &self.wallet;
        self.told.send_if_modified(|told| {
            if let Some(told) = told
                && told.head.epoch == head.epoch
                && (told.head.version > head.version
                    || is_told_as(told.wallet.as_deref(), own.as_ref()))
            {
                return false;
            }
            let wallet = own.clone().map(Arc::new);
            *told = Some(ToldWallet { head, wallet });
            true
        });
    }
}

impl Reading {
    /// What was heard since the read began of what comes after `version` of the log of `epoch`.
    fn missed_after(&self, epoch: Epoch, version: i64) -> BTreeMap<i64, &WalletChanges> {
        let missed = self.missed.iter().filter(|(of, _)| *of == epoch);
        let missed = missed.map(|(_, changes)| (changes.version, &**changes));
        missed.filter(|(of, _)| *of > version).collect()
    }
}

fn head_at(epoch: Epoch, version: i64) -> WalletHead {
    WalletHead { epoch, version }
}

fn is_told_as(told: Option<&Wallet>, own: Option<&Wallet>) -> bool {
    match (told, own) {
        (None, None) => true,
        (Some(told), Some(own)) => own.is_told_as(told),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// Which of those who are followed a minute was credited to, and what it brought.
fn counted<'a>(
    changes: &WalletChanges,
    by_number: &'a BTreeMap<MemberNumber, ViewerId>,
) -> Vec<(&'a ViewerId, Minute, i64)> {
    let on_pages = changes.pages.keys();
    let mut near = on_pages.flat_map(|page| by_number.range(numbers_of(*page)));
    if near.next().is_none() {
        return Vec::new();
    }

    let mut counted = Vec::new();
    for credit in &changes.credits {
        let (slots, legs) = (credit.slots(), credit.legs());
        let (Ok(slots), Ok(legs)) = (slots, legs) else {
            unreachable!("what was just made can be read");
        };
        for (page, members) in slots.by_page() {
            for (number, viewer_id) in by_number.range(numbers_of(page)) {
                if members.binary_search(number).is_ok() {
                    let leg = legs.binary_search_by_key(number, |leg| leg.member);
                    let points = leg.map_or(0, |index| legs[index].points);
                    counted.push((viewer_id, credit.minute, points));
                }
            }
        }
    }
    counted
}

#[cfg(test)]
mod tests;
