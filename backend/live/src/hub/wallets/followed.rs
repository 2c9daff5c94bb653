//! Whose wallets are followed, and what is known of each.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use parlor_domain::id::{Epoch, TenantId, ViewerId};
use parlor_domain::points::MemberNumber;
use parlor_domain::wallet::{Wallet, WalletChanges, WatchedMinute};
use parlor_domain::watching::{Minute, PAGE_MEMBERS};
use parlor_store::WalletsView;
use tokio::sync::watch;

/// Batches that are kept while wallets are read: what one of a busy room writes in half a second, which no read
/// takes. What is more is read again.
const MISSED_MAX: usize = 64;

/// How far the wallets of a room have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalletHead {
    pub epoch: Epoch,
    /// How many batches have changed somebody's.
    pub version: i64,
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
    /// Up to where those that were read are current.
    known: Option<WalletHead>,
    tenant_id: Option<TenantId>,
    followed: BTreeMap<ViewerId, Followed>,
    by_number: BTreeMap<MemberNumber, ViewerId>,
    /// Whether something is known to be missing behind `known`.
    is_behind: bool,
    reading: Option<Reading>,
    /// Whether a read has failed since the store was last heard of, so that not every batch has it tried again.
    is_resting: bool,
}

#[derive(Debug)]
struct Followed {
    followers: usize,
    is_read: bool,
    /// Which changes it already has, where it was read further along than others are.
    read_at: i64,
    wallet: Option<Wallet>,
    told: watch::Sender<Option<ToldWallet>>,
}

/// A read that is under way, and what was heard since it began.
#[derive(Debug)]
struct Reading {
    of_all: bool,
    viewers: BTreeSet<ViewerId>,
    missed: Vec<(Epoch, Arc<WalletChanges>)>,
    heard: Option<WalletHead>,
}

impl FollowedWallets {
    /// Takes in one more who follows for `viewer_id`.
    pub(super) fn follow(
        &mut self,
        tenant_id: TenantId,
        viewer_id: &ViewerId,
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
        if let Some(wallet) = &one.wallet {
            self.by_number.remove(&wallet.member());
        }
        self.followed.remove(viewer_id);
        self.forget_if_unfollowed();
    }

    pub(super) fn known(&self) -> Option<WalletHead> {
        self.known
    }

    /// Says whom to read, if anybody, unless a read is under way. What is heard from now on is kept for its end.
    pub(super) fn begin_read(&mut self) -> Option<Asked> {
        if self.reading.is_some() || self.is_resting {
            return None;
        }
        let of_all = self.is_behind || self.known.is_none();
        let wanted = self
            .followed
            .iter()
            .filter(|(_, one)| of_all || !one.is_read);
        let viewers: BTreeSet<_> = wanted.map(|(viewer_id, _)| viewer_id.clone()).collect();
        let tenant_id = self.tenant_id.filter(|_| !viewers.is_empty())?;
        let asked = Asked {
            tenant_id,
            viewers: viewers.iter().cloned().collect(),
        };
        self.reading = Some(Reading {
            of_all,
            viewers,
            missed: Vec::new(),
            heard: None,
        });

        Some(asked)
    }

    /// Takes in what the read has found.
    pub(super) fn handle_read(&mut self, view: WalletsView) {
        let Some(reading) = self.reading.take() else {
            return;
        };
        let head = WalletHead {
            epoch: view.epoch,
            version: view.version,
        };
        if reading.of_all {
            self.handle_read_of_all(&reading, head, view);
        } else {
            self.handle_read_of_some(&reading, head, view);
        }
        self.forget_if_unfollowed();
    }

    /// The read has failed; what was to be read still is.
    pub(super) fn give_up_read(&mut self) {
        if let Some(reading) = self.reading.take() {
            self.is_behind |= reading.of_all;
            self.is_resting = true;
        }
        self.forget_if_unfollowed();
    }

    fn handle_read_of_all(&mut self, reading: &Reading, head: WalletHead, view: WalletsView) {
        self.is_behind = false;
        self.put_read(reading, head, view);
        let mut known = head;
        for changes in reading.missed_in(head.epoch) {
            if changes.version == known.version + 1 {
                known.version = changes.version;
                self.apply(changes);
            }
        }
        self.known = Some(known);
        self.is_behind |= reading
            .heard
            .is_some_and(|heard| heard.epoch != known.epoch || heard.version > known.version);
        self.tell_each(&reading.viewers, known);
    }

    fn handle_read_of_some(&mut self, reading: &Reading, head: WalletHead, view: WalletsView) {
        // Everybody has left meanwhile, or all are to be read anew.
        let Some(known) = self.known else { return };
        if known.epoch != head.epoch {
            self.is_behind = true;
            return;
        }
        let missed: Vec<_> = reading
            .missed_in(head.epoch)
            .filter(|changes| (head.version + 1..=known.version).contains(&changes.version))
            .collect();
        let lacking = usize::try_from(known.version - head.version).unwrap_or(0);
        // Each version is one batch: if there are as many, none is missing.
        if missed.len() < lacking {
            return;
        }

        self.put_read(reading, head, view);
        for changes in missed {
            self.apply(changes);
        }
        self.tell_each(&reading.viewers, known);
    }

    fn put_read(&mut self, reading: &Reading, head: WalletHead, mut view: WalletsView) {
        for viewer_id in &reading.viewers {
            let Some(one) = self.followed.get_mut(viewer_id) else {
                continue;
            };
            let mut found = view.wallets.remove(viewer_id);
            if let (Some(found), Some(said)) = (
                &mut found,
                one.wallet.as_ref().and_then(Wallet::last_minute),
            ) {
                found.note(said);
            }
            if let Some(wallet) = &found {
                self.by_number.insert(wallet.member(), viewer_id.clone());
            }
            one.wallet = found;
            one.is_read = true;
            one.read_at = head.version;
        }
    }

    /// Takes in what a batch of the log of `epoch` changed.
    pub(super) fn handle_committed(&mut self, epoch: Epoch, changes: WalletChanges) {
        if self.followed.is_empty() && self.reading.is_none() {
            return;
        }
        let (head, changes) = (head_at(epoch, changes.version), Arc::new(changes));
        if let Some(reading) = &mut self.reading {
            reading.hear(head);
            if reading.missed.len() < MISSED_MAX {
                reading.missed.push((epoch, Arc::clone(&changes)));
            }
        }
        let Some(known) = self.known else { return };
        if known.epoch == epoch && changes.version <= known.version {
            return;
        }
        if known.epoch != epoch || changes.version != known.version + 1 {
            self.is_behind = true;
            return;
        }

        self.known = Some(head);
        let touched = self.apply(&changes);
        self.tell_each(&touched, head);
    }

    /// Takes in what the store says of how far the wallets have come.
    pub(super) fn note_head(&mut self, head: WalletHead) {
        self.is_resting = false;
        if let Some(reading) = &mut self.reading {
            reading.hear(head);
        }
        self.is_behind |= self
            .known
            .is_some_and(|known| known.epoch != head.epoch || head.version > known.version);
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
                one.wallet = Some(Wallet::empty(*participant_id, *number));
                self.by_number.insert(*number, viewer_id.clone());
                touched.insert(viewer_id.clone());
            }
        }
        let mut is_short = false;
        let mut change = |viewer_id: &ViewerId, change: &mut dyn FnMut(&mut Wallet)| {
            if let Some(one) = self.followed.get_mut(viewer_id)
                && one.lacks(changes)
                && let Some(wallet) = &mut one.wallet
            {
                change(wallet);
                touched.insert(viewer_id.clone());
            }
        };
        for (number, given) in &changes.given {
            if let Some(viewer_id) = self.by_number.get(number) {
                change(viewer_id, &mut |wallet| wallet.give(*given));
            }
        }
        for (number, page) in &changes.pages {
            for (_, viewer_id) in self.by_number.range(members_of(*number)) {
                change(viewer_id, &mut |wallet| wallet.earn(page));
            }
        }
        for (viewer_id, minute, points) in counted(changes, &self.by_number) {
            change(viewer_id, &mut |wallet| wallet.count(minute, points));
        }
        for redemption in &changes.redemptions {
            if let Some(viewer_id) = self.by_number.get(&redemption.member) {
                change(viewer_id, &mut |wallet| {
                    is_short |= wallet.redeem(redemption);
                });
            }
        }
        for session in &changes.sessions {
            for viewer_id in self.by_number.values() {
                change(viewer_id, &mut |wallet| wallet.end_session(session));
            }
        }

        self.is_behind |= is_short;
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
            self.is_behind = false;
            self.is_resting = false;
        }
    }
}

impl Followed {
    /// Whether the changes are not in what was read.
    fn lacks(&self, changes: &WalletChanges) -> bool {
        self.is_read && changes.version > self.read_at
    }

    /// Tells what they have, which is current up to `head` at least, unless they were told before. Nobody is told
    /// what is older than what they know.
    fn tell(&mut self, head: WalletHead) {
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
    fn hear(&mut self, head: WalletHead) {
        let is_later =
            |heard: WalletHead| heard.epoch != head.epoch || heard.version < head.version;
        if self.heard.is_none_or(is_later) {
            self.heard = Some(head);
        }
    }

    /// What was heard since the read began, of the log of `epoch`.
    fn missed_in(&self, epoch: Epoch) -> impl Iterator<Item = &WalletChanges> {
        let missed = self.missed.iter().filter(move |(of, _)| *of == epoch);
        missed.map(|(_, changes)| &**changes)
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

/// The numbers that stand on a page.
fn members_of(page: u32) -> RangeInclusive<MemberNumber> {
    let members = u32::try_from(PAGE_MEMBERS).expect("a page is small");
    let first = page * members;

    MemberNumber(first)..=MemberNumber(first + (members - 1))
}

/// Which of those who are followed a minute was credited to, and what it brought.
fn counted<'a>(
    changes: &WalletChanges,
    by_number: &'a BTreeMap<MemberNumber, ViewerId>,
) -> Vec<(&'a ViewerId, Minute, i64)> {
    let on_pages = changes.pages.keys();
    let mut near = on_pages.flat_map(|page| by_number.range(members_of(*page)));
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
            for (number, viewer_id) in by_number.range(members_of(page)) {
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
