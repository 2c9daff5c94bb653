//! Whatever comes in whatever order, everybody is told in the end what they have, and nothing old on the way.

use parlor_domain::id::{ParticipantId, RedemptionId, RewardId};
use parlor_domain::points::Given;
use parlor_domain::reward::{Redemption, RedemptionStatus};
use parlor_domain::time::ServerTime;
use parlor_domain::wallet::{REDEMPTIONS_NEWEST, REDEMPTIONS_OPEN_MAX};
use parlor_domain::watching::{EarningTerms, SlotOutcome};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const EPOCH: Epoch = Epoch(Uuid::from_u128(1));
const VIEWERS: u32 = 4;

/// What one has: who they are in the room, and in which versions they were given a point and have redeemed something.
#[derive(Debug, Clone)]
struct Had {
    participant_id: ParticipantId,
    member: MemberNumber,
    versions: Vec<i64>,
}

/// What everybody has at a version.
type State = BTreeMap<u32, Had>;

/// The database, and what was ever told of it.
struct World {
    epoch: Epoch,
    /// Of each epoch, what was so at each version.
    logs: BTreeMap<Epoch, Vec<State>>,
    /// What was committed here and is not published yet, first what was first.
    unpublished: Vec<(Epoch, WalletChanges)>,
    joined: u32,
}

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
    /// A batch gives members points, on this node or another.
    Commit {
        members: Vec<u32>,
        is_here: bool,
    },
    /// The last so many commits are lost, and the log has another epoch.
    Restore(usize),
    /// The publication of this place is made; whatever came before may come later.
    Publish(usize),
    /// One begins to follow.
    Follow(u32),
    Leave(u32),
    BeginRead,
    /// The read that was begun ends, with the database as of so many versions ago, and not of before it began.
    EndRead(usize),
    FailRead,
    CheckHeads,
}

struct Reader {
    asked: Asked,
    epoch: Epoch,
    not_before: usize,
}

/// Somebody who follows, and how far the room had come then.
struct Device {
    news: watch::Receiver<Option<ToldWallet>>,
    seen: WalletHead,
}

struct Node {
    wallets: FollowedWallets,
    at_most: usize,
    reader: Option<Reader>,
    news: BTreeMap<u32, Vec<Device>>,
    told: BTreeMap<u32, WalletHead>,
}

fn viewer(number: u32) -> ViewerId {
    ViewerId::parse(&format!("viewer{number}")).unwrap()
}

fn given(versions: &[i64]) -> Given {
    Given {
        points: i64::try_from(versions.len()).unwrap(),
        held: 0,
        debt: 0,
        lines: 0,
    }
}

fn redemption(had: &Had, version: i64) -> Redemption {
    let id = had.participant_id.0.as_u128() << 32 | u128::try_from(version).unwrap();

    Redemption {
        id: RedemptionId(Uuid::from_u128(id)),
        reward_id: RewardId(Uuid::nil()),
        participant_id: had.participant_id,
        member: had.member,
        title: String::new(),
        cost: 1,
        input: None,
        status: RedemptionStatus::Fulfilled,
        session_id: None,
        redeemed_at: ServerTime::from_unix_millis(version),
        settled_at: None,
        settled_by: None,
        paid_seq: None,
        refunded: 0,
        made_offline: true,
        expires_after_ms: 0,
        metadata: None,
        draw_id: None,
        drawn_at: None,
        session_ended_at: None,
        queue_seq: 0,
    }
}

impl World {
    fn new() -> Self {
        Self {
            epoch: EPOCH,
            logs: BTreeMap::from([(EPOCH, vec![State::new()])]),
            unpublished: Vec::new(),
            joined: 0,
        }
    }

    fn log(&self) -> &[State] {
        &self.logs[&self.epoch]
    }

    fn version(&self) -> usize {
        self.log().len() - 1
    }

    fn head(&self) -> WalletHead {
        head_at(self.epoch, i64::try_from(self.version()).unwrap())
    }

    /// Gives members a point each; whoever had nothing joins by it, and takes the next number.
    fn commit(&mut self, members: &[u32], is_here: bool) {
        let mut next = self.log().last().unwrap().clone();
        let mut changes = WalletChanges {
            version: self.head().version + 1,
            newcomers: BTreeMap::new(),
            given: BTreeMap::new(),
            pages: BTreeMap::new(),
            credits: Vec::new(),
            redemptions: Vec::new(),
            sessions: Vec::new(),
            terms: EarningTerms::default(),
            are_terms_new: false,
        };
        for number in members {
            let member = MemberNumber(u32::try_from(next.len()).unwrap());
            let had = next.entry(*number).or_insert_with(|| {
                self.joined += 1;
                let participant_id = ParticipantId(Uuid::from_u128(self.joined.into()));
                let own = (participant_id, member);
                changes.newcomers.insert(viewer(*number), own);
                Had {
                    participant_id,
                    member,
                    versions: Vec::new(),
                }
            });
            if had.versions.last() != Some(&changes.version) {
                had.versions.push(changes.version);
                changes.redemptions.push(redemption(had, changes.version));
            }
            changes.given.insert(had.member, given(&had.versions));
        }
        self.logs.get_mut(&self.epoch).unwrap().push(next);
        if is_here {
            self.unpublished.push((self.epoch, changes));
        }
    }

    fn restore(&mut self, lost: usize) {
        let kept = self.version() - lost.min(self.version());
        let log = self.log()[..=kept].to_vec();
        self.epoch = Epoch(Uuid::from_u128(self.epoch.0.as_u128() + 1));
        self.logs.insert(self.epoch, log);
    }

    fn wallet(&self, at: WalletHead, number: u32) -> Option<Wallet> {
        let had = self.logs[&at.epoch][usize::try_from(at.version).unwrap()].get(&number)?;
        let mut wallet = Wallet::empty(had.participant_id, had.member);
        wallet.give(given(&had.versions));
        let redemptions = had.versions.iter();
        let redemptions = redemptions.map(|version| redemption(had, *version));

        Some(wallet.with_redemptions(redemptions))
    }

    fn read(&self, at: WalletHead, asked: &Asked) -> WalletsView {
        let of = |viewer_id: &ViewerId| {
            let number = (0..VIEWERS).find(|number| viewer(*number) == *viewer_id)?;
            Some((viewer_id.clone(), self.wallet(at, number)?))
        };

        WalletsView {
            epoch: at.epoch,
            version: at.version,
            wallets: asked.viewers.iter().filter_map(of).collect(),
            terms: EarningTerms::default(),
        }
    }

    /// The database as of so many versions ago, but not of before a read began.
    fn ago(&self, ago: usize, reader: &Reader) -> WalletHead {
        // The read was of the log of before, or only the next one is there to be read.
        let epoch = if ago % 2 == 1 {
            reader.epoch
        } else {
            self.epoch
        };
        let last = self.logs[&epoch].len() - 1;
        let not_before = if epoch == reader.epoch {
            reader.not_before
        } else {
            0
        };

        let version = last - ago % (last - not_before + 1);
        head_at(epoch, i64::try_from(version).unwrap())
    }
}

impl Node {
    fn new(at_most: usize) -> Self {
        Self {
            wallets: FollowedWallets::default(),
            at_most,
            reader: None,
            news: BTreeMap::new(),
            told: BTreeMap::new(),
        }
    }

    fn take(&mut self, step: &Step, world: &mut World) {
        match step {
            Step::Commit { members, is_here } => world.commit(members, *is_here),
            Step::Restore(lost) => world.restore(*lost),
            Step::Publish(place) => {
                if !world.unpublished.is_empty() {
                    let place = place % world.unpublished.len();
                    let (epoch, changes) = world.unpublished.remove(place);
                    self.wallets.handle_committed(epoch, changes);
                }
            }
            Step::Follow(number) => {
                let (tenant_id, seen) = (TenantId(Uuid::nil()), world.head());
                let news = self.wallets.follow(tenant_id, &viewer(*number), seen);
                let device = Device { news, seen };
                self.news.entry(*number).or_default().push(device);
            }
            Step::Leave(number) => {
                if self.news.get_mut(number).and_then(Vec::pop).is_some() {
                    self.wallets.leave(&viewer(*number));
                }
                if self.news.get(number).is_none_or(Vec::is_empty) {
                    self.told.remove(number);
                }
            }
            Step::BeginRead => self.begin_read(world),
            Step::EndRead(ago) => {
                if let Some(reader) = self.reader.take() {
                    let at = world.ago(*ago, &reader);
                    self.wallets.handle_read(world.read(at, &reader.asked));
                }
            }
            Step::FailRead => {
                if self.reader.take().is_some() {
                    self.wallets.give_up_read();
                }
            }
            Step::CheckHeads => self.wallets.note_head(world.head()),
        }
        self.check_each(world);
    }

    fn begin_read(&mut self, world: &World) {
        if let Some(asked) = self.wallets.begin_read(self.at_most) {
            assert!(self.reader.is_none(), "one read is under way at a time");
            assert!(asked.viewers.len() <= self.at_most);
            self.reader = Some(Reader {
                asked,
                epoch: world.epoch,
                not_before: world.version(),
            });
        }
    }

    /// What is known of each is what they had at the version that it is known at, and so is what they are told. Nobody
    /// is told what is older than what they were told before, or had seen when they began.
    fn check_each(&mut self, world: &World) {
        for (number, devices) in &self.news {
            let Some(device) = devices.last() else {
                continue;
            };
            let one = &self.wallets.followed[&viewer(*number)];
            if one.is_read {
                let known = self.wallets.known.expect("who is read is known");
                let known = head_at(known.epoch, known.version.max(one.read_at));
                assert_eq!(one.wallet, world.wallet(known, *number));
            }
            let Some(told) = device.news.borrow().clone() else {
                assert!(!one.is_read, "who was read is told");
                continue;
            };
            let own = world.wallet(told.head, *number);
            assert_eq!(told.wallet.as_deref(), own.as_ref());
            let place = |head: WalletHead| (head.epoch, head.version);
            let before = self.told.insert(*number, told.head);
            assert!(before.is_none_or(|before| place(before) <= place(told.head)));
            for Device { seen, .. } in devices {
                assert!(told.head.epoch >= seen.epoch);
                let is_as_new = place(told.head) >= place(*seen);
                assert!(is_as_new || own == world.wallet(*seen, *number));
            }
        }
    }

    /// Lets everything that is under way come to its end.
    fn settle(&mut self, world: &mut World) {
        while !world.unpublished.is_empty() {
            self.take(&Step::Publish(0), world);
        }
        for _ in 0..10 {
            self.take(&Step::EndRead(0), world);
            self.take(&Step::CheckHeads, world);
            self.take(&Step::BeginRead, world);
        }
        assert!(self.reader.is_none(), "there is always more to read");
    }

    fn check(&self, world: &World) {
        for (number, devices) in &self.news {
            let now = world.wallet(world.head(), *number);
            for Device { news, .. } in devices {
                let told = news.borrow().clone().expect("everybody is told");
                assert_eq!(told.head.epoch, world.epoch);
                assert_eq!(told.wallet.as_deref(), now.as_ref(), "viewer {number}");
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let members = prop::collection::vec(0..VIEWERS, 1..3);
    prop_oneof![
        4 => (members, any::<bool>()).prop_map(|(members, is_here)| Step::Commit { members, is_here }),
        1 => (0..6_usize).prop_map(Step::Restore),
        4 => prop_oneof![3 => Just(0), 1 => 0..3_usize].prop_map(Step::Publish),
        2 => (0..VIEWERS).prop_map(Step::Follow),
        1 => (0..VIEWERS).prop_map(Step::Leave),
        3 => Just(Step::BeginRead),
        3 => (0..4_usize).prop_map(Step::EndRead),
        1 => Just(Step::FailRead),
        1 => Just(Step::CheckHeads),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]
    #[test]
    fn everybody_is_told_what_they_have_and_nothing_old(
        steps in prop::collection::vec(step(), 0..80)
    ) {
        let (mut world, mut node) = (World::new(), Node::new(2));
        for step in &steps {
            node.take(step, &mut world);
        }
        node.settle(&mut world);
        node.check(&world);
    }
}

/// A node whose viewers `0..count` follow, and were read.
fn following(count: u32, world: &mut World) -> Node {
    let mut node = Node::new(1_000);
    for number in 0..count {
        node.take(&Step::Follow(number), world);
    }
    node.take(&Step::BeginRead, world);
    node.take(&Step::EndRead(0), world);
    node
}

fn asked(node: &Node) -> Option<usize> {
    node.reader
        .as_ref()
        .map(|reader| reader.asked.viewers.len())
}

#[test]
fn all_who_begin_at_once_are_one_read_and_what_is_published_here_is_none() {
    let mut world = World::new();
    world.commit(&[0, 1, 2], false);
    let mut node = Node::new(1_000);
    for number in 0..3 {
        node.take(&Step::Follow(number), &mut world);
    }
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), Some(3));
    node.take(&Step::EndRead(0), &mut world);
    for _ in 0..5 {
        world.commit(&[0, 1], true);
        node.take(&Step::Publish(0), &mut world);
        node.take(&Step::CheckHeads, &mut world);
        node.take(&Step::BeginRead, &mut world);
        assert_eq!(asked(&node), None);
    }
    node.check(&world);

    // Another one is read alone, and a second device of theirs not at all.
    node.take(&Step::Follow(3), &mut world);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), Some(1));
    node.take(&Step::EndRead(0), &mut world);
    node.take(&Step::Follow(3), &mut world);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), None);
    // What another node wrote is one read for all.
    world.commit(&[0], false);
    node.take(&Step::CheckHeads, &mut world);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), Some(4));
    node.take(&Step::EndRead(0), &mut world);
    node.check(&world);
}

#[test]
fn a_batch_that_changes_nothing_of_theirs_is_not_told() {
    let mut world = World::new();
    world.commit(&[0, 1], false);
    let mut node = following(1, &mut world);
    let mut news = node.news[&0][0].news.clone();
    news.borrow_and_update();

    world.commit(&[1], true);
    node.take(&Step::Publish(0), &mut world);
    assert!(!news.has_changed().unwrap());
    world.commit(&[0, 1], true);
    node.take(&Step::Publish(0), &mut world);
    let told = news.borrow_and_update().clone().unwrap();
    assert_eq!(told.head, head_at(EPOCH, 3));
}

#[test]
fn more_than_is_kept_while_a_read_is_under_way_is_read_again() {
    let mut world = World::new();
    world.commit(&[0], false);
    let mut node = following(1, &mut world);
    node.take(&Step::Follow(1), &mut world);
    node.take(&Step::BeginRead, &mut world);
    for _ in 0..=MISSED_MAX {
        world.commit(&[0, 1], true);
        node.take(&Step::Publish(0), &mut world);
    }
    node.take(&Step::EndRead(MISSED_MAX + 1), &mut world);
    assert!(node.news[&1][0].news.borrow().is_none());
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), Some(1));
    node.take(&Step::EndRead(0), &mut world);
    node.check(&world);
}

#[test]
fn a_read_that_fails_is_tried_again_by_the_check_of_heads_alone() {
    let mut world = World::new();
    let mut node = Node::new(1_000);
    node.take(&Step::Follow(0), &mut world);
    node.take(&Step::BeginRead, &mut world);
    node.take(&Step::FailRead, &mut world);
    world.commit(&[0], true);
    node.take(&Step::Publish(0), &mut world);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), None);
    node.take(&Step::CheckHeads, &mut world);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), Some(1));
}

#[test]
fn another_epoch_is_told_though_nothing_changed() {
    let mut world = World::new();
    world.commit(&[0], false);
    let mut node = following(1, &mut world);
    world.restore(0);
    node.take(&Step::CheckHeads, &mut world);
    node.take(&Step::BeginRead, &mut world);
    node.take(&Step::EndRead(0), &mut world);

    node.check(&world);
    assert_eq!(node.wallets.begin_read(1), None);
}

#[test]
fn what_is_said_of_a_minute_outlasts_a_read_that_knows_less() {
    let mut world = World::new();
    world.commit(&[0], false);
    let mut node = following(1, &mut world);
    let said = WatchedMinute {
        minute: Minute(7),
        outcome: SlotOutcome::TooShort,
        points: None,
    };
    node.wallets.note_minute(&viewer(0), said);
    world.commit(&[0], false);
    node.wallets.note_head(world.head());
    let asked = node.wallets.begin_read(1).unwrap();
    node.wallets.handle_read(world.read(world.head(), &asked));

    let told = node.news[&0][0].news.borrow().clone().unwrap();
    assert_eq!(told.wallet.unwrap().last_minute(), Some(said));
}

#[test]
fn a_read_that_ends_behind_what_is_known_tells_nothing_old() {
    let mut world = World::new();
    world.commit(&[0], false);
    let mut node = following(1, &mut world);
    // The store is found to be further along than what was published.
    world.commit(&[0], true);
    node.take(&Step::CheckHeads, &mut world);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), Some(1));
    let published = MISSED_MAX + 5;
    for _ in 0..published {
        node.take(&Step::Publish(0), &mut world);
        world.commit(&[0], true);
    }
    node.take(&Step::EndRead(published - 1), &mut world);
    assert_eq!(node.told[&0], head_at(EPOCH, 1));
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), Some(1), "what was not kept is read");
    node.settle(&mut world);
    node.check(&world);
}

#[test]
fn what_is_published_while_all_are_read_is_known_after_it() {
    let mut world = World::new();
    world.commit(&[0], false);
    let mut node = Node::new(1_000);
    node.take(&Step::Follow(0), &mut world);
    node.take(&Step::BeginRead, &mut world);
    for _ in 0..3 {
        world.commit(&[0], true);
        node.take(&Step::Publish(0), &mut world);
    }
    node.take(&Step::EndRead(3), &mut world);
    node.check(&world);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), None);
}

#[test]
fn what_does_not_join_is_read_by_the_check_of_heads_alone_and_once() {
    let mut world = World::new();
    world.commit(&[0, 1, 2], false);
    let mut node = following(3, &mut world);
    for _ in 0..5 {
        world.commit(&[0], false);
        world.commit(&[1], true);
        node.take(&Step::Publish(0), &mut world);
        node.take(&Step::BeginRead, &mut world);
        assert_eq!(asked(&node), None);
    }

    node.at_most = 2;
    node.take(&Step::CheckHeads, &mut world);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), Some(2));
    // Meanwhile another begins, and it goes on.
    node.take(&Step::Follow(3), &mut world);
    world.commit(&[0], false);
    world.commit(&[0], true);
    node.take(&Step::Publish(0), &mut world);
    node.take(&Step::EndRead(0), &mut world);
    node.take(&Step::CheckHeads, &mut world);
    node.take(&Step::BeginRead, &mut world);
    let asked_then = node.reader.as_ref().unwrap().asked.viewers.clone();
    assert_eq!(asked_then, [viewer(2), viewer(3)]);
    node.take(&Step::EndRead(0), &mut world);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), None);
    node.settle(&mut world);
    node.check(&world);
}

/// One joined as the first, which is lost, and another joined so before they came again.
#[test]
fn whose_number_is_anothers_since_a_restore_is_told_nothing_of_theirs() {
    let mut world = World::new();
    world.commit(&[0], false);
    let mut node = following(1, &mut world);
    world.restore(1);
    node.take(&Step::CheckHeads, &mut world);
    node.take(&Step::BeginRead, &mut world);
    node.take(&Step::EndRead(0), &mut world);
    node.check(&world);
    for members in [&[1], &[0], &[1]] {
        world.commit(members, true);
        node.take(&Step::Publish(0), &mut world);
        node.check(&world);
    }

    // A place that was taken over is not given up by whoever had it.
    node.take(&Step::Follow(1), &mut world);
    node.settle(&mut world);
    node.take(&Step::Leave(0), &mut world);
    world.commit(&[1], true);
    node.take(&Step::Publish(0), &mut world);
    node.check(&world);
}

#[test]
fn a_redemption_that_is_not_theirs_is_not_told() {
    let mut world = World::new();
    world.commit(&[0], false);
    let mut node = following(1, &mut world);
    let before = world.wallet(world.head(), 0);
    let of_another = Had {
        participant_id: ParticipantId(Uuid::from_u128(99)),
        member: MemberNumber(0),
        versions: Vec::new(),
    };
    world.commit(&[], true);
    let (_, changes) = &mut world.unpublished[0];
    changes.redemptions.push(redemption(&of_another, 2));
    node.take(&Step::Publish(0), &mut world);

    assert_eq!(node.wallets.followed[&viewer(0)].wallet, before);
}

#[test]
fn one_whose_list_is_cut_is_read_alone() {
    let mut world = World::new();
    world.commit(&[0, 1], false);
    let mut node = following(2, &mut world);
    let told_before = node.told[&0];
    let had = world.log()[1][&0].clone();
    let most = REDEMPTIONS_NEWEST + REDEMPTIONS_OPEN_MAX + 1;
    let open = |version: i64, status| Redemption {
        status,
        ..redemption(&had, version)
    };
    let all: Vec<_> = (2..).take(most).collect();
    let mut batch = |redemptions: Vec<Redemption>| {
        world.commit(&[], false);
        let changes = WalletChanges {
            version: world.head().version,
            newcomers: BTreeMap::new(),
            given: BTreeMap::new(),
            pages: BTreeMap::new(),
            credits: Vec::new(),
            redemptions,
            sessions: Vec::new(),
            terms: EarningTerms::default(),
            are_terms_new: false,
        };
        node.wallets.handle_committed(EPOCH, changes)
    };
    let made = all.iter();
    let made = made.map(|version| open(*version, RedemptionStatus::Unfulfilled));
    assert!(!batch(made.collect()));
    assert!(batch(vec![open(
        all[most - 1],
        RedemptionStatus::Fulfilled
    )]));

    let one = &node.wallets.followed[&viewer(0)];
    assert!(one.wallet.is_some() && one.told.borrow().is_some());
    let told = one.told.borrow().clone().unwrap().head;
    assert_eq!(told, head_at(EPOCH, told_before.version + 1));
    let asked = node.wallets.begin_read(1_000).unwrap();
    assert_eq!(asked.viewers, [viewer(0)]);
}

#[test]
fn what_is_published_late_is_no_reason_to_read() {
    let mut world = World::new();
    world.commit(&[0], true);
    let mut node = following(1, &mut world);
    node.take(&Step::Publish(0), &mut world);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), None);
}

#[test]
fn whoever_comes_after_all_have_left_finds_nothing_old() {
    let mut world = World::new();
    world.commit(&[0], false);
    let mut node = following(1, &mut world);
    node.take(&Step::Leave(0), &mut world);
    world.commit(&[0], true);
    node.take(&Step::Publish(0), &mut world);
    node.take(&Step::Follow(0), &mut world);
    node.take(&Step::BeginRead, &mut world);
    node.take(&Step::EndRead(0), &mut world);
    world.commit(&[0], true);
    node.take(&Step::Publish(0), &mut world);
    node.check(&world);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), None);
}

#[test]
fn whoever_is_read_late_has_what_was_published_meanwhile_and_the_others_keep_theirs() {
    let mut world = World::new();
    world.commit(&[0, 1], false);
    let mut node = following(1, &mut world);
    node.take(&Step::Follow(1), &mut world);
    node.take(&Step::BeginRead, &mut world);
    for _ in 0..3 {
        world.commit(&[0, 1], true);
        node.take(&Step::Publish(0), &mut world);
    }
    node.take(&Step::EndRead(3), &mut world);
    node.check(&world);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), None);
}
