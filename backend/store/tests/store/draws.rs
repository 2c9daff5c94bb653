//! Draws on disk: entries of many batches, drawn from once, and what is kept of it.

use std::collections::BTreeSet;

use parlor_domain::event::EventBody;
use parlor_domain::id::{DrawId, IdSource, RedemptionId, RewardId, RoomId, TenantId, ViewerId};
use parlor_domain::points::MemberNumber;
use parlor_domain::reward::{
    Draw, DrawRules, ENTRIES_MAX, EntryLimit, ROOM_ENTRIES_MAX, Redemption, RedemptionStatus, Terms,
};
use parlor_domain::room_aggregate::{
    Actor, Adjustment, AdjustmentKind, AnswerKey, Order, RedeemRefusal, RoomAggregate, Settlement,
    Target,
};
use parlor_domain::time::ServerTime;
use parlor_domain::wallet::REDEMPTIONS_NEWEST;
use parlor_store::{
    Begun, Committed, DueKind, PageRequest, RedemptionsFilter, RoomNeeds, Store, WhenLocked,
};

use crate::harness::{Database, Engine, on_both_engines};
use crate::scene::{SeededIds, at, lease, tenant};
use crate::shop::{Asked, Shop, actor, terms};

on_both_engines! {
    entries_of_several_batches_are_drawn_once_and_read_by_their_ids,
    an_entry_is_shown_to_whoever_made_it,
    a_draw_goes_on_after_a_restart_and_knows_who_has_entered,
    of_two_nodes_that_draw_at_once_one_does,
    all_that_a_room_takes_is_decided_in_one_commit,
    what_is_due_in_other_rooms_is_for_another_batch,
    who_is_taken_out_in_the_batch_that_draws_has_not_won,
    whoever_is_put_out_has_their_points_again,
    what_is_not_as_it_was_drawn_is_found,
    what_was_won_expires_from_the_draw_on,
}

const WINDOW_MS: i64 = 60_000;
/// Everything is redeemed then.
const OPENED: i64 = 10;
/// How many of a crowd do something in one batch.
const AT_ONCE: usize = 500;

fn drawn(winners: i64) -> Terms {
    let rules = DrawRules {
        window_ms: WINDOW_MS,
        winners,
    };

    Terms {
        draw: Some(rules),
        expires_after_ms: 60_000,
        ..terms(30)
    }
}

fn closes() -> ServerTime {
    at(OPENED + WINDOW_MS)
}

/// Does what is due at `now`, as before every command.
async fn do_due(
    store: &Store,
    (tenant_id, room_id): (TenantId, RoomId),
    ids: &mut SeededIds,
    now: ServerTime,
) -> Vec<Committed> {
    let needs = [RoomNeeds::new(tenant_id, room_id)];
    let begun = store.begin_at(&needs, WhenLocked::Wait, || now).await;
    let Begun {
        mut batch, crowded, ..
    } = begun.unwrap();
    assert_eq!(crowded, BTreeSet::new());
    let room = batch.room(tenant_id, room_id).unwrap();
    room.end_expired(ids, now);
    batch.commit().await.unwrap()
}

impl Shop {
    async fn pass(&mut self, now: ServerTime) -> Vec<Committed> {
        do_due(
            &self.store,
            (self.tenant_id, self.room_id),
            &mut self.ids,
            now,
        )
        .await
    }

    async fn draw(&self, id: DrawId) -> Draw {
        let found = self.store.draw(self.tenant_id, self.room_id, id).await;
        found.unwrap().unwrap()
    }

    async fn entries(&self, draw: &Draw) -> Vec<RedemptionId> {
        let page = PageRequest {
            limit: 500,
            ..PageRequest::default()
        };
        let page = self
            .store
            .entries_page(self.tenant_id, draw, page)
            .await
            .unwrap();
        assert_eq!(page.total_count, draw.entries);
        page.items.into_iter().map(|(_, id)| id).collect()
    }

    async fn all(&self) -> Vec<Redemption> {
        self.list(RedemptionsFilter::default()).await
    }
}

fn told(committed: &[Committed]) -> usize {
    let events = committed.iter().flat_map(|one| &one.events);
    events
        .filter(|event| matches!(event.body, EventBody::RewardRedeemed(_)))
        .count()
}

async fn entries_of_several_batches_are_drawn_once_and_read_by_their_ids(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(drawn(1)).await;
    let ana = shop.redeem_one("ana", reward.id).await;
    let ben = shop.redeem_one("ben", reward.id).await;
    let draw = shop.draw(ana.draw_id.unwrap()).await;
    assert_eq!((draw.entries, ben.draw_id), (2, Some(draw.id)));
    assert_eq!((draw.closes_at, &draw.outcome), (closes(), &None));
    assert_eq!(shop.entries(&draw).await, [ana.id, ben.id]);
    assert_eq!(shop.balance(0).await, (100, 30));
    shop.check_books().await;
    let next = shop.store.next_due(DueKind::RoomEnd, at(0)).await.unwrap();
    assert_eq!(next, Some(closes()));
    let view = shop
        .store
        .rewards_for(shop.tenant_id, shop.room_id, Some(MemberNumber(0)));
    let view = view.await.unwrap();
    assert_eq!(
        (&view.draws[..], view.entered),
        (&[draw.clone()][..], [draw.id].into())
    );
    assert_eq!(shop.pass(at(OPENED + WINDOW_MS - 1)).await, []);
    let committed = shop.pass(closes()).await;
    assert_eq!((committed.len(), told(&committed)), (1, 1));
    assert_eq!(committed[0].wallets.as_ref().unwrap().redemptions.len(), 2);
    let drawn = shop.draw(draw.id).await;
    let winners = drawn.winners_of([ana.id, ben.id], 1);
    assert_eq!(drawn.outcome.as_ref().unwrap().winners, winners);
    for one in shop.all().await {
        let status = if winners.contains(&one.id) {
            RedemptionStatus::Unfulfilled
        } else {
            RedemptionStatus::NotDrawn
        };
        assert_eq!(one.status, status);
        let held = if winners.contains(&one.id) { 30 } else { 0 };
        assert_eq!(shop.balance(one.member.0).await, (100, held));
    }
    shop.check_books().await;
    assert_eq!(
        shop.store.next_due(DueKind::RoomEnd, at(0)).await.unwrap(),
        None
    );
    assert_eq!(shop.pass(at(10 * WINDOW_MS)).await, []);

    let view = shop
        .store
        .rewards_for(shop.tenant_id, shop.room_id, None)
        .await
        .unwrap();
    assert_eq!((view.draws, view.entered), (vec![drawn], BTreeSet::new()));
    let stranger = tenant(&shop.store, &mut shop.ids).await;
    let others = shop
        .store
        .draw(stranger, shop.room_id, draw.id)
        .await
        .unwrap();
    assert_eq!(others, None);
}

/// However much else was redeemed since, an entry is in the wallet, for it holds points.
async fn an_entry_is_shown_to_whoever_made_it(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(drawn(1)).await;
    let cheap = shop
        .make(Terms {
            auto_fulfills: true,
            ..terms(1)
        })
        .await;
    let entry = shop.redeem_one("ana", reward.id).await;
    for _ in 0..REDEMPTIONS_NEWEST {
        shop.redeem_one("ana", cheap.id).await;
    }
    let viewers = [actor("ana").viewer_id];
    let shown = async |shop: &Shop| {
        let wallets = shop.store.wallets(shop.tenant_id, shop.room_id, &viewers);
        let wallet = wallets.await.unwrap().unwrap().wallets.remove(&viewers[0]);
        let wallet = wallet.unwrap();
        let all = wallet.redemptions().iter();
        all.map(|one| (one.id, one.status)).collect::<Vec<_>>()
    };
    let entered = (entry.id, RedemptionStatus::Entered);
    let before = shown(&shop).await;
    assert_eq!(before.len(), REDEMPTIONS_NEWEST + 1);
    assert_eq!(before.last(), Some(&entered));
    shop.settle(&entry, Settlement::Cancel).await.unwrap();
    assert_eq!(shown(&shop).await.len(), REDEMPTIONS_NEWEST);
}

async fn a_draw_goes_on_after_a_restart_and_knows_who_has_entered(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(drawn(5)).await;
    let ana = shop.redeem_one("ana", reward.id).await;
    let canceled = shop.settle(&ana, Settlement::Cancel).await.unwrap();
    assert_eq!(canceled.draw_id, None);
    let ana = shop.redeem_one("ana", reward.id).await;
    shop.store.close().await;

    shop.store = database.open().await;
    let asked = |name| Asked {
        key: format!("again {name}"),
        name,
        reward_id: reward.id,
    };
    let again = shop.redeem(&[asked("ana"), asked("ben")]).await;
    assert_eq!(again[0], Err(RedeemRefusal::AlreadyEntered));
    let ben = again[1].clone().unwrap();
    shop.store.close().await;

    shop.store = database.open().await;
    let committed = shop.pass(at(5 * WINDOW_MS)).await;
    assert_eq!(told(&committed), 2);
    let draw = shop.draw(ana.draw_id.unwrap()).await;
    let outcome = draw.outcome.unwrap();
    assert_eq!(outcome.drawn_at, closes(), "as of when it was due");
    let winners: BTreeSet<_> = outcome.winners.into_iter().collect();
    assert_eq!(winners, BTreeSet::from([ana.id, ben.id]));
    shop.check_books().await;
}

async fn of_two_nodes_that_draw_at_once_one_does(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(drawn(2)).await;
    shop.redeem_one("ana", reward.id).await;
    shop.redeem_one("ben", reward.id).await;
    let other = database.open().await;
    let room = (shop.tenant_id, shop.room_id);
    let (mut ids, mut other_ids) = (SeededIds::new(71), SeededIds::new(72));
    let (one, other) = tokio::join!(
        do_due(&shop.store, room, &mut ids, closes()),
        do_due(&other, room, &mut other_ids, closes()),
    );
    assert_eq!(told(&one) + told(&other), 2);
    assert_eq!(one.len() + other.len(), 1);
    shop.check_books().await;
}

/// Joins so many, and gives each of them points. Returns who they are.
async fn crowd(shop: &mut Shop, count: usize) -> Vec<ViewerId> {
    let names = (0..count).map(|number| format!("viewer {number}"));
    let viewers: Vec<_> = names.map(|name| ViewerId::parse(&name).unwrap()).collect();
    for some in viewers.chunks(AT_ONCE) {
        let needs = |needs: &mut RoomNeeds| {
            needs.points.ledger = true;
            needs.people.actors.push(actor("staff").viewer_id);
            needs.people.actors.extend(some.iter().cloned());
        };
        let join = |room: &mut RoomAggregate, ids: &mut SeededIds| {
            for viewer_id in some {
                let joined = room.join(&actor("staff"), viewer_id, "Someone", ids, at(5));
                let joined = joined.unwrap();
                room.known.books.ask(joined.number);
                let key = ids.next_id().to_string();
                let (kind, reason) = (AdjustmentKind::Grant, "to begin".to_owned());
                let grant = Adjustment::new(key, joined.id, kind, 100, reason).unwrap();
                let key = AnswerKey::of_adjustment(&actor("staff"), &grant);
                room.known.answers.ask(key);
                room.adjust_points(&actor("staff"), &grant, [0; 32], ids, at(5))
                    .unwrap();
            }
        };
        shop.write(needs, join).await;
    }

    viewers
}

/// Enters each of them.
async fn enter(shop: &mut Shop, viewers: &[ViewerId], reward_id: RewardId) {
    for some in viewers.chunks(AT_ONCE) {
        let order = |viewer_id: &ViewerId| {
            let who = Actor {
                viewer_id: viewer_id.clone(),
                is_staff: false,
            };
            let (key, input) = (reward_id.to_string(), Some("me".to_owned()));
            let order = Order::new(key, reward_id, None, input).unwrap();
            (who, order)
        };
        let orders: Vec<_> = some.iter().map(order).collect();
        let needs = |needs: &mut RoomNeeds| {
            needs.points.ledger = true;
            for (who, order) in &orders {
                let viewer_id = who.viewer_id.clone();
                needs.people.actors.push(viewer_id.clone());
                needs.rewards.orders.push((reward_id, viewer_id));
                needs.answers.push(AnswerKey::of_order(who, order));
            }
        };
        let enter = |room: &mut RoomAggregate, ids: &mut SeededIds| {
            for (who, order) in &orders {
                room.redeem(who, order, [1; 32], ids, at(OPENED)).unwrap();
            }
        };
        shop.write(needs, enter).await;
    }
}

/// As many entries as a room takes, most of them of one draw and half of them winners, were due while no server ran.
async fn all_that_a_room_takes_is_decided_in_one_commit(database: Database) {
    const WINNERS: usize = 100;

    let mut shop = Shop::open(&database).await;
    let full = usize::try_from(ENTRIES_MAX).unwrap();
    let all = usize::try_from(ROOM_ENTRIES_MAX).unwrap();
    let auto = Terms {
        auto_fulfills: true,
        cost: 1,
        ..drawn(100)
    };
    let viewers = crowd(&mut shop, full).await;
    let reward = shop.make(auto.clone()).await;
    enter(&mut shop, &viewers, reward.id).await;
    for _ in 0..(all - full) / WINNERS {
        let reward = shop.make(auto.clone()).await;
        enter(&mut shop, &viewers[..WINNERS], reward.id).await;
    }
    let over = shop.make(auto).await;
    let asked = Asked {
        key: "one more".to_owned(),
        name: "ana",
        reward_id: over.id,
    };
    let refused = shop.redeem(&[asked]).await.remove(0).unwrap_err();
    assert_eq!(refused, RedeemRefusal::DrawFull(EntryLimit::OfRoom));

    let committed = shop.pass(closes()).await;
    let winners = WINNERS + (all - full);
    assert_eq!((committed.len(), told(&committed)), (1, winners));
    let changed = &committed[0].wallets.as_ref().unwrap().redemptions;
    let of = |status| changed.iter().filter(|one| one.status == status).count();
    assert_eq!(of(RedemptionStatus::Fulfilled), winners);
    assert_eq!(of(RedemptionStatus::NotDrawn), all - winners);
    shop.check_books().await;
    let held = database
        .number("SELECT CAST(SUM(held) AS BIGINT) FROM balances")
        .await;
    assert_eq!(held, 0);
}

/// Two rooms that were each due with more than half of that are not decided in one commit.
async fn what_is_due_in_other_rooms_is_for_another_batch(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(drawn(1)).await;
    let ana = shop.redeem_one("ana", reward.id).await;
    let first = shop.room_id;
    let mut other = shop.beside().await;
    let reward = other.make(drawn(1)).await;
    let ben = other.redeem_one("ana", reward.id).await;
    let rooms = [first, other.room_id].map(|room_id| RoomNeeds::new(shop.tenant_id, room_id));
    let begin = async |now| {
        let begun = shop.store.begin_at(&rooms, WhenLocked::Wait, || now).await;
        let Begun { batch, crowded, .. } = begun.unwrap();
        (batch, crowded.into_iter().collect::<Vec<_>>())
    };
    let half = ROOM_ENTRIES_MAX / 2;
    for (entries, put_off) in [(half, 0), (half + 1, 1), (2 * ROOM_ENTRIES_MAX, 1)] {
        database
            .run(&format!("UPDATE draws SET entries = {entries}"))
            .await;
        let (batch, crowded) = begin(closes()).await;
        let later = first.max(other.room_id);
        assert_eq!(crowded, [later][..put_off], "{entries}");
        batch.roll_back().await.unwrap();
    }
    let (batch, crowded) = begin(closes().plus_millis(-1)).await;
    assert_eq!(crowded, []);
    batch.roll_back().await.unwrap();

    database.run("UPDATE draws SET entries = 1").await;
    for (shop, won) in [(&mut shop, ana), (&mut other, ben)] {
        assert_eq!(told(&shop.pass(closes()).await), 1);
        let draw = shop.draw(won.draw_id.unwrap()).await;
        assert_eq!(draw.outcome.unwrap().winners, [won.id]);
        shop.check_books().await;
    }
}

/// Whoever runs the due work goes by a clock that is ahead of the one that decides: the draw comes last in a batch
/// that takes whoever would have won out of it.
async fn who_is_taken_out_in_the_batch_that_draws_has_not_won(database: Database) {
    let shop = Shop::open(&database).await;
    let beside = shop.beside().await;
    for (mut shop, is_put_out) in [(shop, false), (beside, true)] {
        let reward = shop.make(drawn(1)).await;
        let entries = [
            shop.redeem_one("ana", reward.id).await,
            shop.redeem_one("ben", reward.id).await,
        ];
        let draw = shop.draw(entries[0].draw_id.unwrap()).await;
        let order = draw.winners_of(entries.iter().map(|one| one.id), 2);
        let find = |id| entries.iter().find(|one| one.id == id).unwrap();
        let (first, second) = (find(order[0]), find(order[1]));

        let mut needs = RoomNeeds::new(shop.tenant_id, shop.room_id);
        needs.people.actors.push(actor("staff").viewer_id);
        needs.people.participants.push(first.participant_id);
        needs.points.ledger = true;
        needs.rewards.draws_by = Some(closes());
        if is_put_out {
            needs.rewards.entrants.push(first.participant_id);
        } else {
            needs.rewards.redemptions.push(first.id);
        }
        let now = at(20);
        let needs = [needs];
        let begun = shop.store.begin_at(&needs, WhenLocked::Wait, || now);
        let mut batch = begun.await.unwrap().batch;
        let room = batch.room(shop.tenant_id, shop.room_id).unwrap();
        let (staff, ids) = (actor("staff"), &mut shop.ids);
        if is_put_out {
            let version = room.known.people.get(first.participant_id).unwrap().version;
            let target = Target {
                id: first.participant_id,
                version,
            };
            room.remove(&staff, target, None, ids, now).unwrap();
        } else {
            room.settle_redemption(&staff, first.id, Settlement::Cancel, ids, now)
                .unwrap();
        }
        room.settle_deadline(ids, closes());
        let committed = batch.commit().await.unwrap();
        assert_eq!(told(&committed), 1);
        let draw = shop.draw(draw.id).await;
        assert_eq!(
            (draw.entries, draw.outcome.unwrap().winners),
            (1, vec![second.id])
        );
        shop.check_books().await;
    }
}

/// What somebody has entered is found in whatever draw takes entries.
async fn whoever_is_put_out_has_their_points_again(database: Database) {
    let mut shop = Shop::open(&database).await;
    let rewards = [shop.make(drawn(5)).await, shop.make(drawn(5)).await];
    let mut entries = Vec::new();
    for reward in &rewards {
        entries.push(shop.redeem_one("ana", reward.id).await);
    }
    let ben = shop.redeem_one("ben", rewards[0].id).await;
    assert_eq!(shop.balance(0).await, (100, 60));
    let ana = entries[0].participant_id;
    let needs = |needs: &mut RoomNeeds| {
        needs.people.actors.push(actor("staff").viewer_id);
        needs.people.participants.push(ana);
        needs.points.ledger = true;
        needs.rewards.entrants.push(ana);
    };
    let put_out = |room: &mut RoomAggregate, ids: &mut SeededIds| {
        let version = room.known.people.get(ana).unwrap().version;
        let target = Target { id: ana, version };
        room.remove(&actor("staff"), target, None, ids, at(20))
            .unwrap();
    };
    shop.write(needs, put_out).await;
    assert_eq!(shop.balance(0).await, (100, 0));
    shop.check_books().await;
    assert_eq!(told(&shop.pass(closes()).await), 1);
    let all = shop.all().await;
    let of = |id| all.iter().find(|one| one.id == id).unwrap();
    for entry in &entries {
        assert_eq!(of(entry.id).status, RedemptionStatus::Canceled);
    }
    assert_eq!(of(ben.id).status, RedemptionStatus::Unfulfilled);
    shop.check_books().await;
}

async fn what_is_not_as_it_was_drawn_is_found(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(drawn(1)).await;
    let ana = shop.redeem_one("ana", reward.id).await;
    let ben = shop.redeem_one("ben", reward.id).await;
    shop.pass(closes()).await;
    let id = ana.draw_id.unwrap();
    let winners = shop.draw(id).await.outcome.unwrap().winners;
    let lost = if winners[0] == ana.id { ben.id } else { ana.id };
    let swapped = format!("UPDATE draws SET winners = '[\"{lost}\"]'");
    let again = format!("UPDATE draws SET winners = '[\"{}\"]'", winners[0]);
    let closed = closes().unix_millis();
    let late = closed + 1;
    let set = |to: &str| format!("UPDATE draws SET {to}");
    let set_entry = |to: &str| format!("UPDATE redemptions SET {to} WHERE status = 'not_drawn'");
    for (harm, mend, said) in [
        (set("places = 2"), set("places = 1"), "could win"),
        (set("places = 0"), set("places = 1"), "could win"),
        (
            set("entries = 3"),
            set("entries = 2"),
            "3 entries, and has 2",
        ),
        (
            set(&format!("drawn_at = {late}")),
            set(&format!("drawn_at = {closed}")),
            "not drawn when",
        ),
        (swapped, again, "not those that its seed draws"),
        (
            set_entry("status = 'canceled'"),
            "UPDATE redemptions SET status = 'not_drawn' WHERE status = 'canceled'".to_owned(),
            "has not become what was drawn",
        ),
        (
            set_entry("cost = 31"),
            set_entry("cost = 30"),
            "of another cost",
        ),
    ] {
        database.run(&harm).await;
        let unsound = shop.unsound().await;
        assert!(
            unsound.contains(said) && unsound.contains(&id.to_string()),
            "{unsound}"
        );
        database.run(&mend).await;
        shop.check_books().await;
    }
    let number_of = |id| u8::from(id == ben.id);
    let number = number_of(winners[0]);
    database
        .run(&set_entry(&format!("number = {number}")))
        .await;
    let twice = shop.unsound().await;
    assert!(twice.contains("its member's second"), "{twice}");
    let number = number_of(lost);
    database
        .run(&set_entry(&format!("number = {number}")))
        .await;
    shop.check_books().await;

    let of_none = "UPDATE redemptions SET draw_id = NULL WHERE status = 'not_drawn'";
    database.run(of_none).await;
    let unsound = shop.unsound().await;
    assert!(
        unsound.contains("and of no draw") && unsound.contains(&lost.to_string()),
        "{unsound}"
    );
    let of_draw = match database.engine {
        Engine::Sqlite => format!("draw_id = X'{}'", id.0.simple()),
        Engine::Postgres => format!("draw_id = '{id}'"),
    };
    database.run(&set_entry(&of_draw)).await;
    shop.check_books().await;
    database.run("DELETE FROM draws").await;
    assert!(
        shop.unsound()
            .await
            .contains("2 entries are of draws that are not there")
    );
}

async fn what_was_won_expires_from_the_draw_on(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(drawn(1)).await;
    let ana = shop.redeem_one("ana", reward.id).await;
    let end = |room: &mut RoomAggregate, ids: &mut SeededIds| {
        room.end_session(ids, at(20)).unwrap();
    };
    shop.write(|_: &mut RoomNeeds| (), end).await;
    shop.pass(closes()).await;
    let due = closes().plus_millis(60_000);
    let kind = DueKind::RedemptionExpiry;
    assert_eq!(shop.store.next_due(kind, at(0)).await.unwrap(), Some(due));
    let early = due.plus_millis(-1);
    assert_eq!(
        shop.store
            .claim_due(kind, lease(1, early), 10)
            .await
            .unwrap(),
        []
    );
    let work = shop
        .store
        .claim_due(kind, lease(1, due), 10)
        .await
        .unwrap()
        .remove(0);
    let found = shop
        .store
        .expired_redemptions(&work, lease(1, early))
        .await
        .unwrap();
    assert_eq!(found, [], "not a millisecond before");
    let work = shop
        .store
        .claim_due(kind, lease(1, due), 10)
        .await
        .unwrap()
        .remove(0);
    let found = shop
        .store
        .expired_redemptions(&work, lease(1, due))
        .await
        .unwrap();
    assert_eq!(found, [ana.id]);
}
