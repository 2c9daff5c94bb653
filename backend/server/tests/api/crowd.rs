//! Hundreds of clients at once, whose books are sound at every moment, and stay as they are when all is sent again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use parlor_api::global_id::parse_room_id;
use parlor_domain::id::TenantId;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::Person;
use crate::server::{Api, mutation_document};
use crate::shop::{Shop, room};

on_both_engines! {
    hundreds_act_at_once_and_the_books_are_sound_at_every_moment,
    whoever_redeems_while_terms_change_pays_what_they_were_told,
    of_two_who_settle_at_once_one_wins_and_the_other_is_told,
}

/// People, each with three devices that know nothing of each other.
const PEOPLE: usize = 100;
const DEVICES: usize = 3;
/// What each device does at least, one after the other.
const ACTS: u64 = 8;
/// And at most, however seldom somebody looks meanwhile.
const ACTS_MAX: u64 = 200;
/// How often somebody has looked at the books before the devices stop.
const LOOKS: u64 = 3;
/// How many may have the scarce reward, of all who want it.
const PLACES: usize = 40;
/// How often a client asks, and how long it lets pass in between: a database that cannot be reached for a moment is
/// said to be away at once.
const TRIES_MAX: usize = 100;
const TRY_EVERY: Duration = Duration::from_millis(100);

/// What was asked, as whom, and answered.
struct Asked {
    mutation: &'static str,
    token: String,
    input: Value,
    answer: Value,
}

impl Asked {
    async fn ask(api: &Api, mutation: &'static str, token: &str, input: Value) -> Self {
        Self {
            answer: answer(api, mutation, token, &input).await,
            token: token.to_owned(),
            mutation,
            input,
        }
    }

    fn is_done(&self) -> bool {
        self.answer["code"] == Value::Null
    }
}

/// What a client is answered that asks again when the server was too busy to say, as ours do.
async fn answer(api: &Api, mutation: &str, token: &str, input: &Value) -> Value {
    let (document, variables) = mutation_document(mutation, input.clone());
    let mut ticks = tokio::time::interval(TRY_EVERY);
    for _ in 0..TRIES_MAX {
        ticks.tick().await;
        let mut told = api.execute(token, &document, variables.clone()).await;
        let code = told["errors"][0]["extensions"]["code"].as_str();
        match code {
            Some("OUTCOME_UNKNOWN" | "OVERLOADED" | "TIMEOUT") => {}
            Some(_) => panic!("{told}"),
            None => return told["data"][mutation].take(),
        }
    }

    panic!("{mutation} was not answered {TRIES_MAX} times")
}

/// One device of somebody, and staff that sees to what it redeems.
struct Device<'a> {
    shop: &'a Shop<'a>,
    person: &'a Person<'a>,
    rewards: &'a [Value],
    looks: &'a AtomicU64,
    name: String,
    random: fastrand::Rng,
}

impl Device<'_> {
    async fn act(mut self) -> Vec<Asked> {
        let mut asked = Vec::new();
        let mut redeemed: Vec<Value> = Vec::new();
        for act in 0..ACTS_MAX {
            if act >= ACTS && self.looks.load(Ordering::Relaxed) >= LOOKS {
                break;
            }
            let (mutation, input) = self.choose(act, &mut redeemed);
            let by_viewer = mutation == "redeemReward";
            let api = self.shop.api;
            let token = if by_viewer {
                &self.person.token
            } else {
                &api.staff
            };
            let one = Asked::ask(api, mutation, token, input).await;
            if by_viewer && one.is_done() {
                redeemed.push(one.answer["id"].clone());
            }
            asked.push(one);
        }

        asked
    }

    fn choose(&mut self, act: u64, redeemed: &mut Vec<Value>) -> (&'static str, Value) {
        let key = format!("{} {act}", self.name);
        let by_hand = |points: u64| {
            json!({
                "idempotencyKey": key, "roomId": self.shop.room, "participantId": self.person.id,
                "points": points.to_string(), "reason": "by hand",
            })
        };
        let points = self.random.u64(1..40);
        match self.random.u32(0..10) {
            0..4 => {
                let reward = &self.rewards[self.random.usize(..self.rewards.len())];
                let input = json!({
                    "idempotencyKey": key, "roomId": self.shop.room, "rewardId": reward["id"],
                });
                ("redeemReward", input)
            }
            4 => ("grantPoints", by_hand(points)),
            5 => ("chargePoints", by_hand(points)),
            6 => ("clawBackPoints", by_hand(points)),
            number => {
                if redeemed.is_empty() {
                    return ("grantPoints", by_hand(points));
                }
                let id = redeemed.remove(self.random.usize(..redeemed.len()));
                let mut input = json!({ "roomId": self.shop.room, "redemptionId": id });
                match number {
                    7 => ("fulfillRedemption", input),
                    8 => ("cancelRedemption", input),
                    _ => {
                        input["idempotencyKey"] = key.into();
                        input["points"] = "1".into();
                        input["reason"] = "it was late".into();
                        ("refundRedemption", input)
                    }
                }
            }
        }
    }
}

/// What `parlor verify` says of the room's books.
async fn verify(api: &Api, tenant_id: TenantId, room: &str) {
    let room_id = parse_room_id(room).unwrap();
    let store = &api.server.service.app.store;
    let noted = BTreeMap::new();
    let mut ticks = tokio::time::interval(TRY_EVERY);
    for _ in 0..TRIES_MAX {
        ticks.tick().await;
        // An error is of a database that was too busy to be read; unsound books are no error.
        if let Ok(verified) = store.verify_books(tenant_id, room_id, &noted).await {
            verified.unwrap();
            return;
        }
    }

    panic!("the books could not be read {TRIES_MAX} times");
}

async fn head(api: &Api, room: &str) -> Value {
    let document = "query ($room: ID!) { economy(roomId: $room) {
        minted burned owed held transferCount digest } }";
    let mut read = api
        .execute(&api.staff, document, json!({ "room": room }))
        .await;
    assert!(read["data"]["economy"]["digest"].is_string(), "{read}");

    read["data"]["economy"].take()
}

/// How many of a reward's redemptions take a place.
async fn taken(shop: &Shop<'_>, reward: &Value) -> (usize, BTreeMap<String, usize>) {
    let document = "query ($room: ID!, $reward: ID!, $page: ConnectionInput) {
        redemptionsConnection(roomId: $room, rewardId: $reward, page: $page) {
            nodes { participantId status } pageInfo { endCursor hasNextPage } } }";
    let mut of_each = BTreeMap::new();
    let mut after = Value::Null;
    loop {
        let variables = json!({
            "room": shop.room, "reward": reward["id"], "page": { "first": 100, "after": after },
        });
        let read = shop.api.execute(&shop.api.staff, document, variables).await;
        let page = &read["data"]["redemptionsConnection"];
        for one in page["nodes"].as_array().unwrap_or_else(|| panic!("{read}")) {
            if one["status"] != "CANCELED" {
                *of_each.entry(one["participantId"].to_string()).or_default() += 1;
            }
        }
        if page["pageInfo"]["hasNextPage"] == false {
            return (of_each.values().sum(), of_each);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// Everybody can pay, and wants one at once: whatever was canceled, all places are taken then.
async fn fill(shop: &Shop<'_>, people: &[Person<'_>], reward: &Value) {
    for person in people {
        shop.grant(&person.id, "1000").await;
    }
    let wanted = people.iter().map(async |person| {
        let input = json!({
            "idempotencyKey": "at last", "roomId": shop.room, "rewardId": reward["id"],
        });
        answer(shop.api, "redeemReward", &person.token, &input).await
    });
    for told in join_all(wanted).await {
        let code = told["code"].as_str();
        let is_full = matches!(code, None | Some("SESSION_LIMIT" | "VIEWER_LIMIT"));
        assert!(is_full, "{told}");
    }

    let (places, of_each) = taken(shop, reward).await;
    assert_eq!(places, PLACES);
    assert!(of_each.values().all(|count| *count == 1), "{of_each:?}");
}

async fn hundreds_act_at_once_and_the_books_are_sound_at_every_moment(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let tenant_id = api.tenant;
    let scarce = json!({ "cost": "3", "limits": { "perSession": PLACES.to_string(), "perViewerAndSession": "1" } });
    let rewards = [
        shop.make(scarce).await,
        shop.make(json!({ "cost": "7", "autoFulfills": true }))
            .await,
        shop.make(json!({ "cost": "5" })).await,
    ];
    let names: Vec<_> = (0..PEOPLE)
        .map(|number| format!("viewer {number}"))
        .collect();
    let people = join_all(names.iter().map(|name| Person::join(&api, &room, name))).await;
    for person in &people {
        shop.grant(&person.id, "30").await;
    }

    let (is_over, looks) = (AtomicBool::new(false), AtomicU64::new(0));
    let watching = async {
        while !is_over.load(Ordering::Relaxed) {
            verify(&api, tenant_id, &room).await;
            looks.fetch_add(1, Ordering::Relaxed);
        }
    };
    let acting = async {
        let devices = (0..PEOPLE * DEVICES).map(|number| {
            let device = Device {
                shop: &shop,
                person: &people[number % PEOPLE],
                rewards: &rewards,
                looks: &looks,
                name: format!("device {number}"),
                random: fastrand::Rng::with_seed(number as u64),
            };
            device.act()
        });
        let asked = join_all(devices).await;
        is_over.store(true, Ordering::Relaxed);
        asked
    };
    let ((), asked) = tokio::join!(watching, acting);
    assert!(looks.load(Ordering::Relaxed) >= LOOKS, "somebody looked");
    verify(&api, tenant_id, &room).await;

    let (places, of_each) = taken(&shop, &rewards[0]).await;
    assert!(places <= PLACES, "{places}");
    assert!(of_each.values().all(|count| *count == 1), "{of_each:?}");
    fill(&shop, &people, &rewards[0]).await;

    // All of it is sent again, the last first, by all at once.
    let stands = head(&api, &room).await;
    let done: Vec<_> = asked.into_iter().flatten().filter(Asked::is_done).collect();
    let keyed = done
        .iter()
        .filter(|one| one.input["idempotencyKey"] != Value::Null);
    let again = keyed.clone().rev().map(async |one| {
        (
            one,
            answer(&api, one.mutation, &one.token, &one.input).await,
        )
    });
    for (first, again) in join_all(again).await {
        let same = |field: &str| assert_eq!(first.answer[field], again[field], "{}", first.input);
        for field in ["__typename", "id", "balanceAfter", "seq", "taken", "owed"] {
            same(field);
        }
    }
    let kinds: std::collections::BTreeSet<_> = keyed.map(|one| one.mutation).collect();
    let all = [
        "chargePoints",
        "clawBackPoints",
        "grantPoints",
        "redeemReward",
        "refundRedemption",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), all);
    assert_eq!(head(&api, &room).await, stands);
    verify(&api, tenant_id, &room).await;
}

async fn whoever_redeems_while_terms_change_pays_what_they_were_told(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let reward = shop.make(json!({ "cost": "2" })).await;
    let viewers: Vec<_> = (0..50).map(|number| format!("viewer {number}")).collect();
    let people = join_all(viewers.iter().map(|name| Person::join(&api, &room, name))).await;
    for person in &people {
        shop.grant(&person.id, "30").await;
    }
    let changing = async {
        let mut version = 1;
        for cost in ["3", "2", "3", "2", "3"] {
            let change = json!({
                "roomId": room, "rewardId": reward["id"], "version": version, "cost": cost,
            });
            let changed = api
                .mutate_as(&shop.olga.token, "updateReward", change)
                .await;
            assert_eq!(changed["__typename"], "Reward", "{changed}");
            version += 1;
        }
        let delete = json!({ "roomId": room, "rewardId": reward["id"], "version": version });
        api.mutate_as(&shop.olga.token, "deleteReward", delete)
            .await
    };
    let redeeming = join_all(people.iter().map(async |person| {
        let mut paid = 0;
        for act in 0..8 {
            let (key, cost) = (format!("order {act}"), 2 + act % 2);
            let order = json!({ "idempotencyKey": key, "cost": cost.to_string() });
            let answer = shop.redeem(&person.token, &reward, order).await;
            if answer["__typename"] == "Redemption" {
                assert_eq!(answer["cost"], cost.to_string(), "{answer}");
                paid += cost;
            } else {
                let code = answer["code"].as_str().unwrap();
                assert!(["COST_CHANGED", "NOT_FOUND"].contains(&code), "{answer}");
            }
        }
        paid
    }));
    let (deleted, paid) = tokio::join!(changing, redeeming);
    assert_eq!(deleted["__typename"], "Reward", "{deleted}");

    let last = shop
        .redeem(
            &people[0].token,
            &reward,
            json!({ "idempotencyKey": "late" }),
        )
        .await;
    assert_eq!(last["code"], "NOT_FOUND", "{last}");
    let account = "query ($room: ID!) { pointsAccount(roomId: $room) { balance held } }";
    for (person, paid) in people.iter().zip(paid) {
        let read = api
            .execute(&person.token, account, json!({ "room": room }))
            .await;
        let held = json!({ "balance": "30", "held": paid.to_string() });
        assert_eq!(read["data"]["pointsAccount"], held);
    }
    verify(&api, api.tenant, &room).await;
}

async fn of_two_who_settle_at_once_one_wins_and_the_other_is_told(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let reward = shop.make(json!({ "cost": "1" })).await;
    let mut won = BTreeMap::<&str, usize>::new();
    for round in 0..20 {
        let order = json!({ "idempotencyKey": format!("order {round}") });
        let redeemed = shop.redeem(&shop.ana.token, &reward, order).await;
        let (fulfilled, canceled) = tokio::join!(
            shop.settle(&shop.olga.token, "fulfillRedemption", &redeemed),
            shop.settle(&api.staff, "cancelRedemption", &redeemed),
        );
        let outcome = if fulfilled["__typename"] == "Redemption" {
            assert_eq!(canceled["code"], "ALREADY_FULFILLED", "{canceled}");
            "fulfilled"
        } else {
            assert_eq!(fulfilled["code"], "ALREADY_CANCELED", "{fulfilled}");
            assert_eq!(canceled["status"], "CANCELED", "{canceled}");
            "canceled"
        };
        *won.entry(outcome).or_default() += 1;
    }
    let spent = won.get("fulfilled").copied().unwrap_or_default();
    let left = (100 - spent).to_string();
    assert_eq!(shop.balance().await, (left.into(), json!("0")));
    verify(&api, api.tenant, &room).await;
}
