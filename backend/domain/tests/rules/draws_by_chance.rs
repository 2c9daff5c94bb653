//! Draws in whatever order of entering, canceling, drawing and restarting.

use std::collections::BTreeMap;

use parlor_domain::id::RedemptionId;
use parlor_domain::reward::{Limits, RedemptionStatus, Terms};
use parlor_domain::room_aggregate::Settlement;
use proptest::prelude::*;

use crate::company::{Do, STAFF};
use crate::draws::drawn;
use crate::shop::{Shop, terms};

/// The last is the only owner, who stays.
const WHO: [&str; 4] = ["ana", "ben", "mo", "olga"];

#[derive(Debug, Clone, Copy)]
enum Act {
    Redeem(usize, usize),
    Settle(usize, Settlement),
    Refund(usize),
    Wait(i64),
    Expire,
    NextSession,
    Restart,
    /// Out of the room and in again.
    PutOut(usize),
}

fn acts() -> impl Strategy<Value = Act> {
    let settlement = prop_oneof![Just(Settlement::Fulfill), Just(Settlement::Cancel)];
    prop_oneof![
        8 => (0..4_usize, 0..3_usize).prop_map(|(who, reward)| Act::Redeem(who, reward)),
        3 => (0..40_usize, settlement).prop_map(|(which, what)| Act::Settle(which, what)),
        1 => (0..40_usize).prop_map(Act::Refund),
        3 => (1..70_000_i64).prop_map(Act::Wait),
        1 => Just(Act::Expire),
        1 => Just(Act::NextSession),
        1 => Just(Act::Restart),
        1 => (0..3_usize).prop_map(Act::PutOut),
    ]
}

proptest! {
    /// A draw done again from its seed names the same winners, whatever came before it; nobody has less than
    /// nothing, holds are settled once, and no limit is passed.
    #[test]
    fn whatever_is_entered_is_drawn_as_its_seed_says(history in prop::collection::vec(acts(), 0..120)) {
        let mut shop = Shop::open();
        let limits = Limits {
            per_session: Some(3),
            per_viewer_and_session: Some(2),
            ..Limits::default()
        };
        let rewards = [
            shop.make(drawn(1, Terms { expires_after_ms: 60_000, ..terms(30) })).unwrap().id,
            shop.make(drawn(2, Terms { limits, ..terms(1) })).unwrap().id,
            shop.make(drawn(2, Terms { auto_fulfills: true, ..terms(7) })).unwrap().id,
        ];
        let mut made: Vec<RedemptionId> = Vec::new();
        for act in history {
            match act {
                Act::Redeem(who, reward) => {
                    let redeemed = shop.redeem(WHO[who], rewards[reward]);
                    made.extend(redeemed.ok().map(|one| one.id));
                }
                Act::Settle(which, settlement) => {
                    if let Some(id) = made.get(which) {
                        drop(shop.settle(STAFF, *id, settlement));
                    }
                }
                Act::Refund(which) => {
                    if let Some(id) = made.get(which) {
                        drop(shop.refund(STAFF, *id, None));
                    }
                }
                Act::Wait(millis) => shop.wait(millis),
                Act::Expire => shop.expire_due(),
                Act::NextSession => shop.next_session(),
                Act::Restart => shop.restart(),
                Act::PutOut(who) => {
                    shop.put_out(WHO[who]);
                    shop.company.act(STAFF, Do::Readmit(WHO[who])).unwrap();
                    shop.company.act(WHO[who], Do::Join).unwrap();
                }
            }
            shop.check_books();
        }

        let aggregate = &shop.company.stage.aggregate;
        let mut counted: BTreeMap<_, i64> = BTreeMap::new();
        let mut held: BTreeMap<_, i64> = BTreeMap::new();
        for one in aggregate.changes.redemptions.values() {
            let took_place = match one.status {
                RedemptionStatus::Unfulfilled => true,
                RedemptionStatus::Fulfilled => one.refunded < one.cost,
                RedemptionStatus::Canceled
                | RedemptionStatus::Expired
                | RedemptionStatus::Entered
                | RedemptionStatus::NotDrawn => false,
            };
            if one.reward_id == rewards[1] && took_place {
                *counted.entry((one.session_id, None)).or_default() += 1;
                *counted.entry((one.session_id, Some(one.member))).or_default() += 1;
            }
            *held.entry(one.member).or_default() += if one.is_held() { one.cost } else { 0 };
        }
        for ((_, member), count) in counted {
            let most = if member.is_some() { 2 } else { 3 };
            prop_assert!(count <= most);
        }
        for name in WHO {
            let (points, now_held) = shop.balance(name);
            prop_assert_eq!(now_held, held.get(&shop.person(name).number).copied().unwrap_or(0));
            prop_assert!(now_held <= points);
        }
        let open = shop.draws().iter().filter(|draw| draw.outcome.is_none()).count();
        prop_assert_eq!(aggregate.census.open_draws, i64::try_from(open).unwrap());
        // One entry a viewer in each, and what was entered is there.
        for draw in shop.draws() {
            let mut members: Vec<_> = aggregate.changes.redemptions.values()
                .filter(|one| one.draw_id == Some(draw.id)).map(|one| one.member).collect();
            members.sort_unstable();
            let count = members.len();
            members.dedup();
            prop_assert_eq!(members.len(), count);
        }
    }
}
