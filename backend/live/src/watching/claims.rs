//! What is reported of each minute, by viewer: gathered, being credited, or decided.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parlor_domain::id::{TenantId, ViewerId};
use parlor_domain::time::ServerTime;
use parlor_domain::watching::{
    LATE_MAX_MS, Minute, PlayedSeconds, PlayedSpan, SlotOutcome, Tracks, WATCHERS_MAX,
    played_minutes,
};

use super::{Outcomes, ReportedRoom};

/// How long after its end a minute is gathered: until the next report of everyone who watched it, and a little.
const GATHER_MS: i64 = 35_000;
/// How long what is proved later waits for others: after an outage everyone reports at once.
const GATHER_LATE_MS: i64 = 5_000;
/// How long it is known what became of a minute: some reports long, for devices that were not told. Whoever
/// reports it later is told that it counted already.
const KNOWN_MS: i64 = 5 * 60_000;
/// How long it is kept what a viewer has shown: as long as it can be told of.
const TRACKS_KEPT_MS: i64 = LATE_MAX_MS + 60_000;
/// How long to wait after a set could not be credited.
const RETRY_MS: i64 = 5_000;
/// The most minutes of viewers that a node keeps, and viewers with what they have shown, in a kilobyte each at most:
/// those of a hundred thousand who watch, with the eight minutes that are known of each.
const CLAIMS_MAX: usize = 1_000_000;
/// The most of one tenant's, so that nobody's viewers keep another's from reporting.
const OF_A_TENANT_MAX: usize = CLAIMS_MAX / 2;

/// The reports that this node knows. A viewer's minute in a room is one, whatever devices and sessions tell of it.
#[derive(Debug, Default)]
pub(super) struct Claims {
    minutes: BTreeMap<(Minute, ReportedRoom), Gathered>,
    tracks: HashMap<(ReportedRoom, ViewerId), Tracks>,
    by_tenant: HashMap<TenantId, usize>,
}

/// A minute of a room.
#[derive(Debug, Default)]
struct Gathered {
    viewers: HashMap<ViewerId, Claim>,
    /// Who has proved it and is not credited.
    proved: BTreeSet<ViewerId>,
    /// Since when there is somebody.
    proved_at: Option<ServerTime>,
    /// Until when not to try again.
    resting_until: Option<ServerTime>,
    /// When it was last credited.
    credited_at: Option<ServerTime>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Claim {
    /// What is proved for good.
    seconds: PlayedSeconds,
    /// What only spans say that stand alone: what there is of them now.
    alone: PlayedSeconds,
    /// Whether there are some that prove nothing.
    is_doubted: bool,
    outcome: Option<(SlotOutcome, i64)>,
    is_being_credited: bool,
}

/// How it stands with a viewer's minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// In which of its seconds the viewer's devices played, as far as they reported it here.
    pub seconds: PlayedSeconds,
    /// Whether some of it was told of a playhead that did not move on from one report to the next.
    pub stood_still: bool,
    /// What became of it and what that brought, once it is decided.
    pub outcome: Option<(SlotOutcome, i64)>,
}

/// This node has as many reports to keep as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many reports are waiting; try again in a moment")]
pub struct TooMany;

/// A set to credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) room: ReportedRoom,
    pub(super) minute: Minute,
    pub(super) viewers: Vec<ViewerId>,
}

impl Claims {
    /// Takes in when a picture was played, by the viewer's device. Returns how it stands with each minute that is not
    /// past crediting, and whether there is more to credit.
    pub(super) fn report(
        &mut self,
        room: ReportedRoom,
        viewer_id: &ViewerId,
        spans: &[PlayedSpan],
        now: ServerTime,
    ) -> Result<(BTreeMap<Minute, Standing>, bool), TooMany> {
        let mut told = played_minutes(spans);
        told.retain(|minute, _| !minute.is_too_late(now));
        if told.is_empty() {
            return Ok((BTreeMap::new(), false));
        }
        let owner = (room, viewer_id.clone());
        let is_new = |minute: &&Minute| self.standing(room, viewer_id, **minute).is_none();
        let new = told.keys().filter(is_new).count();
        let new = new + usize::from(!self.tracks.contains_key(&owner));
        let of_tenant = self.by_tenant.get(&room.tenant_id).copied().unwrap_or(0);
        if of_tenant + new > OF_A_TENANT_MAX || self.count() + new > CLAIMS_MAX {
            return Err(TooMany);
        }
        if new > 0 {
            self.by_tenant.insert(room.tenant_id, of_tenant + new);
        }

        for minute in told.keys() {
            let gathered = self.minutes.entry((*minute, room)).or_default();
            gathered.viewers.entry(viewer_id.clone()).or_default();
        }
        let tracks = self.tracks.entry(owner).or_default();
        let before = alone_minutes(tracks);
        let proved: Vec<_> = spans.iter().flat_map(|span| tracks.take(span)).collect();
        let (proved, alone) = (played_minutes(&proved), alone_minutes(tracks));
        let mut is_more = false;
        let changed: BTreeSet<_> = before
            .keys()
            .chain(proved.keys())
            .chain(alone.keys())
            .collect();
        for minute in changed {
            let Some(gathered) = self.minutes.get_mut(&(*minute, room)) else {
                continue;
            };
            let proved = proved.get(minute).copied().unwrap_or_default();
            let alone = alone.get(minute).copied().unwrap_or_default();
            is_more |= gathered.take(viewer_id, proved, alone, now);
        }
        let standing = |minute: Minute| Some((minute, self.standing(room, viewer_id, minute)?));

        Ok((told.into_keys().filter_map(standing).collect(), is_more))
    }

    /// How it stands with a viewer's minute, if anything is known of it.
    pub(super) fn standing(
        &self,
        room: ReportedRoom,
        viewer_id: &ViewerId,
        minute: Minute,
    ) -> Option<Standing> {
        let gathered = self.minutes.get(&(minute, room))?;

        gathered.viewers.get(viewer_id).map(Standing::of)
    }

    /// Takes out what is to be credited by now.
    pub(super) fn take_due(&mut self, now: ServerTime) -> Vec<Due> {
        self.take(|minute, of| of.due_at(minute).is_some_and(|at| at <= now))
    }

    /// Takes out whatever is proved.
    pub(super) fn take_all(&mut self) -> Vec<Due> {
        self.take(|_, _| true)
    }

    fn take(&mut self, is_due: impl Fn(Minute, &Gathered) -> bool) -> Vec<Due> {
        let mut taken = Vec::new();
        for ((minute, room), of) in &mut self.minutes {
            if of.proved.is_empty() || !is_due(*minute, of) {
                continue;
            }
            of.proved_at = None;
            let viewers: Vec<_> = std::mem::take(&mut of.proved).into_iter().collect();
            for viewer_id in &viewers {
                if let Some(claim) = of.viewers.get_mut(viewer_id) {
                    claim.is_being_credited = true;
                }
            }
            taken.extend(viewers.chunks(WATCHERS_MAX).map(|viewers| Due {
                room: *room,
                minute: *minute,
                viewers: viewers.to_vec(),
            }));
        }

        taken
    }

    /// When there is something to take, if nothing more is reported.
    pub(super) fn poll_timeout(&self) -> Option<ServerTime> {
        let minutes = self.minutes.iter();
        minutes
            .filter_map(|((minute, _), of)| of.due_at(*minute))
            .min()
    }

    /// Whether sets are being credited.
    pub(super) fn is_crediting(&self) -> bool {
        let mut minutes = self.minutes.values();
        minutes.any(|of| of.viewers.values().any(|claim| claim.is_being_credited))
    }

    /// Notes what became of a set.
    pub(super) fn handle_credited(&mut self, due: &Due, outcomes: &Outcomes, now: ServerTime) {
        let Some(of) = self.minutes.get_mut(&(due.minute, due.room)) else {
            return;
        };
        of.credited_at = Some(now);
        for viewer_id in &due.viewers {
            if let Some(claim) = of.viewers.get_mut(viewer_id) {
                claim.is_being_credited = false;
                // A set that was taken for lost is credited twice, and told the first time what it brought.
                claim.outcome = claim.outcome.or(outcomes.get(viewer_id).copied());
            }
        }
    }

    /// Has a set tried again, a little later.
    pub(super) fn handle_failed(&mut self, due: &Due, now: ServerTime) {
        if let Some(of) = self.minutes.get_mut(&(due.minute, due.room)) {
            of.retry(due.viewers.iter(), now);
        }
    }

    /// Has every set tried again of which nobody will say what became, a little later.
    pub(super) fn lose_sets(&mut self, now: ServerTime) {
        for of in self.minutes.values_mut() {
            let lost = of.viewers.iter();
            let lost = lost.filter(|(_, claim)| claim.is_being_credited);
            let lost: Vec<_> = lost.map(|(viewer_id, _)| viewer_id.clone()).collect();
            if !lost.is_empty() {
                of.retry(lost.iter(), now);
            }
        }
    }

    /// Forgets what viewers had time to hear of, and what is past crediting.
    pub(super) fn forget(&mut self, now: ServerTime) {
        let by_tenant = &mut self.by_tenant;
        self.minutes.retain(|(minute, room), of| {
            of.put_right(now);
            let before = of.viewers.len();
            let heard = of.credited_at.map(|at| at.plus_millis(KNOWN_MS));
            let (is_heard, is_past) = (heard.is_some_and(|at| at < now), minute.is_too_late(now));
            of.viewers.retain(|_, claim| {
                let is_decided = claim.outcome.is_some();
                claim.is_being_credited || !(is_decided && is_heard || !is_decided && is_past)
            });
            let viewers = &of.viewers;
            of.proved
                .retain(|viewer_id| viewers.contains_key(viewer_id));
            of.proved_at = of.proved_at.filter(|_| !of.proved.is_empty());
            if let Some(count) = by_tenant.get_mut(&room.tenant_id) {
                *count -= before - of.viewers.len();
            }
            !of.viewers.is_empty()
        });
        self.tracks.retain(|(room, _), tracks| {
            let is_past = tracks.forget(now.plus_millis(-TRACKS_KEPT_MS));
            if is_past && let Some(count) = by_tenant.get_mut(&room.tenant_id) {
                *count -= 1;
            }
            !is_past
        });
        by_tenant.retain(|_, count| *count > 0);
    }

    fn count(&self) -> usize {
        self.by_tenant.values().sum()
    }
}

impl Gathered {
    /// Takes in what is proved of a viewer's minute for good, and what spans say of it that stand alone. Returns whether
    /// the minute is proved by it.
    fn take(
        &mut self,
        viewer_id: &ViewerId,
        proved: PlayedSeconds,
        alone: Alone,
        now: ServerTime,
    ) -> bool {
        let Some(claim) = self.viewers.get_mut(viewer_id) else {
            return false;
        };
        claim.seconds = claim.seconds.union(proved);
        (claim.alone, claim.is_doubted) = (alone.seconds, alone.is_doubted);
        if claim.outcome.is_some() || claim.is_being_credited {
            return false;
        }
        if !claim.seconds().prove_slot() {
            self.proved.remove(viewer_id);
            if self.proved.is_empty() {
                self.proved_at = None;
            }
            return false;
        }
        self.proved_at.get_or_insert(now);

        self.proved.insert(viewer_id.clone())
    }

    /// When it is to be credited to those who have proved it, if any has.
    fn due_at(&self, minute: Minute) -> Option<ServerTime> {
        let proved_at = self.proved_at?;
        let gathered_at = if self.proved.len() < WATCHERS_MAX {
            let late_at = proved_at.plus_millis(GATHER_LATE_MS);
            minute.ends_at().plus_millis(GATHER_MS).max(late_at)
        } else {
            minute.starts_at()
        };

        Some(
            self.resting_until
                .map_or(gathered_at, |at| at.max(gathered_at)),
        )
    }

    /// Has nothing wait for longer than it would from now on: a clock that was ahead may have said when.
    fn put_right(&mut self, now: ServerTime) {
        self.proved_at = self.proved_at.map(|at| at.min(now));
        let rested_at = now.plus_millis(RETRY_MS);
        self.resting_until = self.resting_until.map(|at| at.min(rested_at));
        self.credited_at = self.credited_at.map(|at| at.min(now));
    }

    fn retry<'a>(&mut self, viewers: impl Iterator<Item = &'a ViewerId>, now: ServerTime) {
        self.resting_until = Some(now.plus_millis(RETRY_MS));
        for viewer_id in viewers {
            if let Some(claim) = self.viewers.get_mut(viewer_id) {
                claim.is_being_credited = false;
                self.proved.insert(viewer_id.clone());
                self.proved_at.get_or_insert(now);
            }
        }
    }
}

/// What spans that stand alone say of a minute.
#[derive(Debug, Clone, Copy, Default)]
struct Alone {
    seconds: PlayedSeconds,
    is_doubted: bool,
}

fn alone_minutes(tracks: &Tracks) -> BTreeMap<Minute, Alone> {
    let mut minutes: BTreeMap<Minute, Alone> = BTreeMap::new();
    for one in tracks.alone() {
        for (minute, seconds) in played_minutes([&one.span]) {
            let of = minutes.entry(minute).or_default();
            if one.is_doubted {
                of.is_doubted = true;
            } else {
                of.seconds = of.seconds.union(seconds);
            }
        }
    }

    minutes
}

impl Claim {
    fn seconds(&self) -> PlayedSeconds {
        self.seconds.union(self.alone)
    }
}

impl Standing {
    fn of(claim: &Claim) -> Self {
        Self {
            seconds: claim.seconds(),
            stood_still: claim.is_doubted,
            outcome: claim.outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::id::RoomId;
    use uuid::Uuid;

    use super::*;

    const MINUTE: Minute = Minute(30_000_000);

    fn room() -> ReportedRoom {
        ReportedRoom {
            tenant_id: TenantId(Uuid::from_u128(1)),
            room_id: RoomId(Uuid::from_u128(2)),
        }
    }

    fn viewer(number: usize) -> ViewerId {
        ViewerId::parse(&format!("viewer{number:05}")).unwrap()
    }

    /// So long after the minute has ended.
    fn after(seconds: i64) -> ServerTime {
        MINUTE.ends_at().plus_millis(1_000 * seconds)
    }

    /// The picture of a live stream.
    fn played(from: i64, until: i64) -> PlayedSpan {
        stood(from, until, from)
    }

    /// One whose playhead began there.
    fn stood(from: i64, until: i64, playhead: i64) -> PlayedSpan {
        let at = |second| MINUTE.starts_at().plus_millis(1_000 * second);
        #[expect(clippy::cast_precision_loss, reason = "it is short")]
        let (playhead, length) = (playhead as f64, (until - from) as f64);
        PlayedSpan {
            from: at(from),
            until: at(until),
            playhead_from: playhead,
            playhead_until: playhead + length,
            rate: 1.0,
        }
    }

    fn report(claims: &mut Claims, number: usize, from: i64, until: i64, now: ServerTime) -> bool {
        tell(claims, number, played(from, until), now)
    }

    fn tell(claims: &mut Claims, number: usize, span: PlayedSpan, now: ServerTime) -> bool {
        let reported = claims.report(room(), &viewer(number), &[span], now);
        reported.unwrap().1
    }

    fn counted(due: &Due) -> Outcomes {
        let viewers = due.viewers.iter().cloned();
        viewers
            .map(|viewer| (viewer, (SlotOutcome::Counted, 7)))
            .collect()
    }

    fn outcome(claims: &Claims, number: usize) -> Option<(SlotOutcome, i64)> {
        claims.standing(room(), &viewer(number), MINUTE)?.outcome
    }

    #[test]
    fn a_minute_is_credited_at_once_to_all_who_prove_it_in_time() {
        let mut claims = Claims::default();
        assert!(!report(&mut claims, 1, 0, 20, after(-40)));
        assert_eq!(claims.poll_timeout(), None);
        assert!(report(&mut claims, 1, 30, 60, after(0)));
        assert!(report(&mut claims, 2, 0, 30, after(30)));
        assert!(
            !report(&mut claims, 2, 0, 30, after(31)),
            "that is nothing new"
        );
        assert!(!report(&mut claims, 3, 0, 24, after(31)));
        assert_eq!(claims.poll_timeout(), Some(after(35)));
        assert_eq!(claims.take_due(after(34)), []);
        let due = claims.take_due(after(35));
        let [due] = &due[..] else {
            panic!("{due:?}");
        };
        assert_eq!(due.viewers, [viewer(1), viewer(2)]);
        assert_eq!(claims.poll_timeout(), None);
        assert!(claims.is_crediting());

        claims.handle_credited(due, &counted(due), after(36));
        assert!(!claims.is_crediting());
        assert_eq!(outcome(&claims, 1), Some((SlotOutcome::Counted, 7)));
        assert_eq!(outcome(&claims, 3), None);
        // Who comes late waits for others who do, and nobody is credited twice.
        for (number, seconds) in [(4, 300), (5, 304), (1, 304)] {
            report(&mut claims, number, 0, 60, after(seconds));
        }
        assert_eq!(claims.poll_timeout(), Some(after(305)));
        let due = claims.take_due(after(305));
        assert_eq!(due[0].viewers, [viewer(4), viewer(5)]);
    }

    #[test]
    fn a_full_set_does_not_wait_and_what_is_more_is_another() {
        let mut claims = Claims::default();
        for number in 0..WATCHERS_MAX + 3 {
            report(&mut claims, number, 0, 30, after(-30));
        }
        let due = claims.take_due(after(-30));
        let sizes: Vec<_> = due.iter().map(|due| due.viewers.len()).collect();
        assert_eq!(sizes, [WATCHERS_MAX, 3]);
    }

    #[test]
    fn a_playhead_that_does_not_move_on_proves_no_minute_and_one_that_does_proves_it_again() {
        let mut claims = Claims::default();
        let standing = |claims: &Claims| {
            let standing = claims.standing(room(), &viewer(1), MINUTE).unwrap();
            (standing.seconds.count(), standing.stood_still)
        };
        assert!(tell(&mut claims, 1, stood(0, 30, 7), after(-30)));
        assert_eq!(standing(&claims), (30, false));
        assert!(!tell(&mut claims, 1, stood(30, 60, 7), after(0)));
        assert_eq!(standing(&claims), (0, true));
        assert_eq!(
            (claims.poll_timeout(), claims.take_due(after(35))),
            (None, vec![])
        );

        // The page was reloaded, and plays on.
        assert!(tell(&mut claims, 1, stood(60, 90, 37), after(30)));
        assert_eq!(standing(&claims), (60, false));
        let due = claims.take_due(after(35));
        assert_eq!(due[0].viewers, [viewer(1)]);
        // What is told while it is being credited is not credited again.
        tell(&mut claims, 1, stood(0, 20, 900), after(36));
        let taken = claims.take_all();
        assert!(taken.iter().all(|due| due.minute != MINUTE), "{taken:?}");
    }

    #[test]
    fn a_viewer_who_is_tracked_counts_until_all_of_it_is_past() {
        let mut claims = Claims::default();
        report(&mut claims, 1, 0, 30, after(0));
        assert_eq!(claims.count(), 2, "a minute, and what was shown");
        claims.forget(after(15 * 60 + 30));
        assert_eq!((claims.count(), claims.tracks.len()), (1, 1));
        claims.forget(after(15 * 60 + 31));
        assert_eq!((claims.count(), claims.tracks.len()), (0, 0));
        // What is too late leaves nothing.
        report(&mut claims, 1, 0, 30, after(15 * 60 + 31));
        assert_eq!(claims.count(), 0);
    }

    #[test]
    fn a_set_that_was_not_credited_is_tried_again_after_a_rest() {
        let mut claims = Claims::default();
        report(&mut claims, 1, 0, 30, after(0));
        let due = claims.take_due(after(35));
        claims.handle_failed(&due[0], after(36));
        assert_eq!(claims.poll_timeout(), Some(after(41)));
        let again = claims.take_due(after(41));
        assert_eq!(again, due);
        claims.lose_sets(after(50));
        assert_eq!(claims.take_due(after(55)), due);
        claims.lose_sets(after(60));
        assert_eq!(claims.take_all(), due);
    }

    #[test]
    fn a_clock_that_is_put_right_puts_nothing_off() {
        let mut claims = Claims::default();
        report(&mut claims, 1, 0, 30, after(800));
        assert_eq!(claims.poll_timeout(), Some(after(805)));
        claims.forget(after(60));
        assert_eq!(claims.poll_timeout(), Some(after(65)));
        let due = claims.take_due(after(65));
        claims.handle_failed(&due[0], after(3_000));
        claims.forget(after(70));
        assert_eq!(claims.poll_timeout(), Some(after(75)));
    }

    #[test]
    fn each_claim_is_forgotten_by_itself() {
        let mut claims = Claims::default();
        for number in 0..5 {
            report(&mut claims, number, 0, 30, after(0));
        }
        // This one left, and its minute is never decided.
        report(&mut claims, 9, 0, 10, after(0));
        let due = claims.take_due(after(35));
        claims.forget(after(30 * 60));
        assert_eq!(claims.count(), 5, "they are being credited");
        let mut claims_again = claims;
        report(&mut claims_again, 9, 0, 10, after(36));
        claims_again.handle_credited(&due[0], &counted(&due[0]), after(36));
        // One of them is tracked again.
        claims_again.forget(after(36 + 300));
        assert_eq!(claims_again.count(), 6 + 1);
        claims_again.forget(after(36 + 301));
        assert_eq!(claims_again.count(), 1 + 1);
        claims_again.forget(after(15 * 60));
        assert_eq!(claims_again.count(), 1 + 1);
        claims_again.forget(after(15 * 60 + 1));
        assert_eq!((claims_again.count(), claims_again.minutes.len()), (1, 0));
    }
}
