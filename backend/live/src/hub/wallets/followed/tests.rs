//! Whatever comes in whatever order, everybody is told in the end what they have, and nothing old on the way.

use parlor_domain::id::{ParticipantId, RedemptionId, RewardId};
use parlor_domain::points::Given;
use parlor_domain::reward::{Redemption, RedemptionStatus};
use parlor_domain::time::ServerTime;
use parlor_domain::watching::SlotOutcome;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const EPOCH: Epoch = Epoch(Uuid::from_u128(1));
const VIEWERS: u32 = 4;

/// The database: in which versions each was given a point and has redeemed something.
struct World {
    versions: Vec<BTreeMap<u32, Vec<i64>>>,
    changes: Vec<WalletChanges>,
    /// What was committed here and is not published yet, first what was first.
    unpublished: Vec<usize>,
}

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
    /// A batch gives members points, on this node or another.
    Commit {
        members: Vec<u32>,
        is_here: bool,
    },
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
    not_before: usize,
}

struct Node {
    wallets: FollowedWallets,
    reader: Option<Reader>,
    news: BTreeMap<u32, Vec<watch::Receiver<Option<ToldWallet>>>>,
    told: BTreeMap<u32, i64>,
}

fn viewer(number: u32) -> ViewerId {
    ViewerId::parse(&format!("viewer{number}")).unwrap()
}

fn own(number: u32) -> (ParticipantId, MemberNumber) {
    let id = ParticipantId(Uuid::from_u128(number.into()));
    (id, MemberNumber(number))
}

fn given(versions: &[i64]) -> Given {
    Given {
        points: i64::try_from(versions.len()).unwrap(),
        held: 0,
        lines: 0,
    }
}

fn redemption(number: u32, version: i64) -> Redemption {
    let id = u128::try_from(version).unwrap() << 32 | u128::from(number);
    let (participant_id, member) = own(number);

    Redemption {
        id: RedemptionId(Uuid::from_u128(id)),
        reward_id: RewardId(Uuid::nil()),
        participant_id,
        member,
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
        session_ended_at: None,
    }
}

impl World {
    fn new() -> Self {
        Self {
            versions: vec![BTreeMap::new()],
            changes: Vec::new(),
            unpublished: Vec::new(),
        }
    }

    fn version(&self) -> usize {
        self.versions.len() - 1
    }

    /// Gives members a point each; whoever had nothing joins by it.
    fn commit(&mut self, members: &[u32], is_here: bool) {
        let mut next = self.versions[self.version()].clone();
        let mut changes = WalletChanges {
            version: i64::try_from(self.version()).unwrap() + 1,
            newcomers: BTreeMap::new(),
            given: BTreeMap::new(),
            pages: BTreeMap::new(),
            credits: Vec::new(),
            redemptions: Vec::new(),
            sessions: Vec::new(),
        };
        for number in members {
            if !next.contains_key(number) {
                changes.newcomers.insert(viewer(*number), own(*number));
            }
            let own = next.entry(*number).or_default();
            if own.last() != Some(&changes.version) {
                own.push(changes.version);
                let redeemed = redemption(*number, changes.version);
                changes.redemptions.push(redeemed);
            }
            changes.given.insert(MemberNumber(*number), given(own));
        }
        self.versions.push(next);
        self.changes.push(changes);
        if is_here {
            self.unpublished.push(self.changes.len() - 1);
        }
    }

    fn wallet(&self, version: usize, number: u32) -> Option<Wallet> {
        let versions = self.versions[version].get(&number)?;
        let (id, member) = own(number);
        let mut wallet = Wallet::empty(id, member);
        wallet.give(given(versions));
        let redemptions = versions.iter().map(|version| redemption(number, *version));

        Some(wallet.with_redemptions(redemptions))
    }

    fn read(&self, version: usize, asked: &Asked) -> WalletsView {
        let of = |viewer_id: &ViewerId| {
            let number = (0..VIEWERS).find(|number| viewer(*number) == *viewer_id)?;
            Some((viewer_id.clone(), self.wallet(version, number)?))
        };

        WalletsView {
            epoch: EPOCH,
            version: i64::try_from(version).unwrap(),
            wallets: asked.viewers.iter().filter_map(of).collect(),
        }
    }
}

impl Node {
    fn new() -> Self {
        Self {
            wallets: FollowedWallets::default(),
            reader: None,
            news: BTreeMap::new(),
            told: BTreeMap::new(),
        }
    }

    fn take(&mut self, step: &Step, world: &mut World) {
        match step {
            Step::Commit { members, is_here } => world.commit(members, *is_here),
            Step::Publish(place) => {
                if !world.unpublished.is_empty() {
                    let place = place % world.unpublished.len();
                    let index = world.unpublished.remove(place);
                    let changes = world.changes[index].clone();
                    self.wallets.handle_committed(EPOCH, changes);
                }
            }
            Step::Follow(number) => {
                let tenant_id = TenantId(Uuid::nil());
                let news = self.wallets.follow(tenant_id, &viewer(*number));
                self.news.entry(*number).or_default().push(news);
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
                    let span = world.version() - reader.not_before + 1;
                    let version = world.version() - ago % span;
                    self.wallets.handle_read(world.read(version, &reader.asked));
                }
            }
            Step::FailRead => {
                if self.reader.take().is_some() {
                    self.wallets.give_up_read();
                }
            }
            Step::CheckHeads => self
                .wallets
                .note_head(head_at(EPOCH, i64::try_from(world.version()).unwrap())),
        }
        self.check_each(world);
    }

    fn begin_read(&mut self, world: &World) {
        if let Some(asked) = self.wallets.begin_read() {
            assert!(self.reader.is_none(), "one read is under way at a time");
            self.reader = Some(Reader {
                asked,
                not_before: world.version(),
            });
        }
    }

    /// What is known of each is what they had at the version that it is known at, and so is what they are told. Nobody
    /// is told what is older than what they were told before.
    fn check_each(&mut self, world: &World) {
        for (number, news) in &self.news {
            let Some(news) = news.last() else { continue };
            let one = &self.wallets.followed[&viewer(*number)];
            let Some(known) = self.wallets.known.filter(|_| one.is_read) else {
                assert!(news.borrow().is_none());
                continue;
            };
            let known_at = usize::try_from(known.version.max(one.read_at)).unwrap();
            assert_eq!(one.wallet, world.wallet(known_at, *number));
            let told = news.borrow().clone().expect("who was read is told");
            let told_at = usize::try_from(told.head.version).unwrap();
            assert_eq!(
                told.wallet.as_deref(),
                world.wallet(told_at, *number).as_ref()
            );
            let before = self.told.insert(*number, told.head.version);
            assert!(before.is_none_or(|before| before <= told.head.version));
        }
    }

    /// Lets everything that is under way come to its end.
    fn settle(&mut self, world: &mut World) {
        while !world.unpublished.is_empty() {
            self.take(&Step::Publish(0), world);
        }
        for _ in 0..4 {
            self.take(&Step::EndRead(0), world);
            self.take(&Step::CheckHeads, world);
            self.take(&Step::BeginRead, world);
        }
        assert!(self.reader.is_none(), "there is always more to read");
    }

    fn check(&self, world: &World) {
        for (number, news) in &self.news {
            let now = world.wallet(world.version(), *number);
            for news in news {
                let told = news.borrow().clone().expect("everybody is told");
                assert_eq!(told.wallet.as_deref(), now.as_ref(), "viewer {number}");
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let members = prop::collection::vec(0..VIEWERS, 1..3);
    prop_oneof![
        4 => (members, any::<bool>()).prop_map(|(members, is_here)| Step::Commit { members, is_here }),
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
        let (mut world, mut node) = (World::new(), Node::new());
        for step in &steps {
            node.take(step, &mut world);
        }
        node.settle(&mut world);
        node.check(&world);
    }
}

/// A node whose viewers `0..count` follow, and were read.
fn following(count: u32, world: &mut World) -> Node {
    let mut node = Node::new();
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
    let mut node = Node::new();
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
    let mut news = node.news[&0][0].clone();
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
    assert!(node.news[&1][0].borrow().is_none());
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), Some(1));
    node.take(&Step::EndRead(0), &mut world);
    node.check(&world);
}

#[test]
fn a_read_that_fails_is_tried_again_by_the_check_of_heads_alone() {
    let mut world = World::new();
    let mut node = Node::new();
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
    let other = Epoch(Uuid::from_u128(2));
    node.wallets.note_head(head_at(other, 1));
    let asked = node.wallets.begin_read().unwrap();
    let view = WalletsView {
        epoch: other,
        ..world.read(1, &asked)
    };
    node.wallets.handle_read(view);

    let told = node.news[&0][0].borrow().clone().unwrap();
    assert_eq!(told.head, head_at(other, 1));
    assert_eq!(node.wallets.begin_read(), None);
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
    node.wallets.note_head(head_at(EPOCH, 2));
    let asked = node.wallets.begin_read().unwrap();
    node.wallets.handle_read(world.read(2, &asked));

    let told = node.news[&0][0].borrow().clone().unwrap();
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
    node.take(&Step::EndRead(published), &mut world);
    assert_eq!(node.told[&0], i64::try_from(published).unwrap() + 1);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), Some(1), "what was not kept is read");
    node.settle(&mut world);
    node.check(&world);
}

#[test]
fn what_is_published_while_all_are_read_is_known_after_it() {
    let mut world = World::new();
    world.commit(&[0], false);
    let mut node = Node::new();
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
fn what_is_heard_of_another_node_during_a_read_is_read_at_once() {
    let mut world = World::new();
    world.commit(&[0], false);
    let mut node = Node::new();
    node.take(&Step::Follow(0), &mut world);
    node.take(&Step::BeginRead, &mut world);
    world.commit(&[0], false);
    node.take(&Step::CheckHeads, &mut world);
    node.take(&Step::EndRead(1), &mut world);
    node.take(&Step::BeginRead, &mut world);
    assert_eq!(asked(&node), Some(1));
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
