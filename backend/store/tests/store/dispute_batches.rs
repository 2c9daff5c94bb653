//! Whatever is done about a redemption and a case about it comes to the same in one batch as in a batch for each.

use std::collections::BTreeSet;

use parlor_domain::dispute::{Dispute, DisputeStatus, Subject};
use parlor_domain::id::RewardId;
use parlor_domain::reward::{Redemption, RedemptionStatus};
use parlor_domain::room_aggregate::{
    Adjustment, AdjustmentKind, AnswerKey, DisputeHold, DisputeOpening, DisputeOutcome,
    DisputeRefusal, DisputeResolution, DisputeWithdrawal, Refund, RoomAggregate, Settlement,
};
use parlor_domain::time::ServerTime;
use parlor_store::{DisputesFilter, Opening, PageRequest, RoomNeeds};

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at};
use crate::shop::{Shop, actor, terms};

on_both_engines! {
    one_batch_comes_to_the_same_as_many,
}

/// Redemptions, each with some acts about it.
const ROUNDS: u32 = 60;
/// What the act that ends a round is numbered from, and the one that begins it.
const ENDED: usize = 1_000;
const BEGUN: usize = 2_000;
/// Between two of them: so long that a day has room for all cases.
const PAUSE_MS: i64 = 7_200_000;

/// What somebody does about a redemption of Ana's, or her case about it.
#[derive(Debug, Clone, Copy)]
enum Act {
    Settle(Settlement),
    Refund(i64),
    Open,
    Hold(i64),
    Resolve(DisputeOutcome),
    Withdraw,
}

/// A redemption, and perhaps the case about it that there was before.
struct Round {
    redemption: Redemption,
    case: Option<Dispute>,
    number: u32,
}

/// Numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn points(&mut self) -> i64 {
        i64::try_from(1 + self.roll(40)).unwrap()
    }

    fn act(&mut self, has_case: bool) -> Act {
        match self.roll(if has_case { 12 } else { 6 }) {
            0..=1 => Act::Settle(Settlement::Fulfill),
            2 => Act::Settle(Settlement::Cancel),
            3..=4 => Act::Refund(self.points()),
            5 => Act::Open,
            6..=8 => Act::Hold(self.points() - 1),
            9 => Act::Resolve(DisputeOutcome::GiveBack(self.points())),
            10 => Act::Resolve(if self.roll(2) == 0 {
                DisputeOutcome::ClawBack(3 * self.points())
            } else {
                DisputeOutcome::Dismiss
            }),
            _ => Act::Withdraw,
        }
    }
}

impl Round {
    fn key(&self, index: usize) -> String {
        // A key is one for all of a tenant's rooms.
        format!("{} act {index}", self.redemption.id)
    }

    fn now(&self) -> ServerTime {
        at(100 + PAUSE_MS * i64::from(self.number))
    }

    fn case(&self) -> &Dispute {
        self.case.as_ref().expect("there was one")
    }

    fn opening(&self, index: usize) -> DisputeOpening {
        let subject = Subject::Redemption(self.redemption.id);
        DisputeOpening::new(self.key(index), None, subject, "never done".to_owned()).unwrap()
    }

    fn hold(&self, index: usize, points: i64) -> DisputeHold {
        DisputeHold::new(self.key(index), self.case().id, points).unwrap()
    }

    fn resolution(&self, index: usize, outcome: DisputeOutcome) -> DisputeResolution {
        let words = "so be it".to_owned();
        DisputeResolution::new(self.key(index), self.case().id, outcome, words).unwrap()
    }

    fn withdrawal(&self, index: usize) -> DisputeWithdrawal {
        DisputeWithdrawal::new(self.key(index), self.case().id).unwrap()
    }

    fn refund(&self, index: usize, points: i64) -> Refund {
        let (id, why) = (self.redemption.id, "oops".to_owned());
        Refund::new(self.key(index), id, Some(points), why).unwrap()
    }

    /// What the act asks of the store, as the writer has it.
    fn add_needs(&self, index: usize, act: Act, needs: &mut RoomNeeds) {
        let who = actor(match act {
            Act::Open | Act::Withdraw => "ana",
            Act::Settle(_) | Act::Refund(_) | Act::Hold(_) | Act::Resolve(_) => "staff",
        });
        needs.people.actors.push(who.viewer_id.clone());
        needs.points.ledger = true;
        match act {
            Act::Settle(_) => needs.rewards.redemptions.push(self.redemption.id),
            Act::Refund(points) => {
                needs.rewards.redemptions.push(self.redemption.id);
                let refund = self.refund(index, points);
                needs.answers.push(AnswerKey::of_refund(&who, &refund));
            }
            Act::Open => {
                needs.disputes.openings.push(Opening {
                    viewer_id: who.viewer_id.clone(),
                    participant_id: None,
                    subject: Subject::Redemption(self.redemption.id),
                });
                let opening = self.opening(index);
                needs.answers.push(AnswerKey::of_opening(&who, &opening));
            }
            Act::Hold(points) => {
                needs.disputes.disputes.push(self.case().id);
                let hold = self.hold(index, points);
                needs.answers.push(AnswerKey::of_dispute_hold(&who, &hold));
            }
            Act::Resolve(outcome) => {
                needs.disputes.disputes.push(self.case().id);
                let resolution = self.resolution(index, outcome);
                let key = AnswerKey::of_resolution(&who, &resolution);
                needs.answers.push(key);
            }
            Act::Withdraw => {
                needs.disputes.disputes.push(self.case().id);
                let withdrawal = self.withdrawal(index);
                let key = AnswerKey::of_withdrawal(&who, &withdrawal);
                needs.answers.push(key);
            }
        }
    }

    /// What comes of it, in words that are the same in every room.
    fn decide(
        &self,
        index: usize,
        act: Act,
        room: &mut RoomAggregate,
        ids: &mut SeededIds,
    ) -> String {
        let (staff, ana, print, now) = (actor("staff"), actor("ana"), [9; 32], self.now());
        let of_case = |done: Result<Dispute, DisputeRefusal>| match done {
            Ok(one) => format!(
                "{:?} {} {}",
                one.status,
                one.held,
                one.returned + one.clawed_back
            ),
            Err(refusal) => refusal.to_string(),
        };
        let of_redemption = |one: Redemption| format!("{:?} {}", one.status, one.refunded);
        match act {
            Act::Settle(how) => {
                let id = self.redemption.id;
                let done = room.settle_redemption(&staff, id, how, ids, now);
                done.map_or_else(|refusal| refusal.to_string(), of_redemption)
            }
            Act::Refund(points) => {
                let refund = self.refund(index, points);
                let done = room.refund_redemption(&staff, &refund, print, ids, now);
                done.map_or_else(|refusal| refusal.to_string(), of_redemption)
            }
            Act::Open => of_case(room.open_dispute(&ana, &self.opening(index), print, ids, now)),
            Act::Hold(points) => {
                of_case(room.hold_dispute(&staff, &self.hold(index, points), print, ids, now))
            }
            Act::Resolve(outcome) => {
                let resolution = self.resolution(index, outcome);
                of_case(room.resolve_dispute(&staff, &resolution, print, ids, now))
            }
            Act::Withdraw => {
                of_case(room.withdraw_dispute(&ana, &self.withdrawal(index), print, ids, now))
            }
        }
    }
}

impl Shop {
    /// Gives Ana points, who redeems something, has it fulfilled perhaps, and disputes it perhaps.
    async fn round(
        &mut self,
        reward_id: RewardId,
        number: u32,
        [is_fulfilled, is_disputed]: [bool; 2],
    ) -> Round {
        let ana = actor("ana").viewer_id;
        let found = self
            .store
            .participant_of_viewer(self.tenant_id, self.room_id, &ana);
        let participant = found.await.unwrap().unwrap().id;
        let key = format!("round {number} of {participant}");
        let why = "to go on".to_owned();
        let grant = Adjustment::new(key, participant, AdjustmentKind::Grant, 130, why).unwrap();
        let needs = |needs: &mut RoomNeeds| {
            needs.people.participants.push(participant);
            needs.people.actors.push(actor("staff").viewer_id);
            needs.points.ledger = true;
            needs.points.members.push(participant);
            let key = AnswerKey::of_adjustment(&actor("staff"), &grant);
            needs.answers.push(key);
        };
        self.write(needs, |room, ids| {
            room.adjust_points(&actor("staff"), &grant, [0; 32], ids, at(40))
                .unwrap()
        })
        .await;
        let mut redemption = self.redeem_one("ana", reward_id).await;
        if is_fulfilled {
            redemption = self.settle(&redemption, Settlement::Fulfill).await.unwrap();
        }
        let mut round = Round {
            redemption,
            case: None,
            number,
        };
        if is_disputed {
            let opening = round.opening(BEGUN);
            let needs = |needs: &mut RoomNeeds| round.add_needs(BEGUN, Act::Open, needs);
            let opened = self.write(needs, |room, ids| {
                room.open_dispute(&actor("ana"), &opening, [9; 32], ids, round.now())
            });
            round.case = Some(opened.await.unwrap());
        }

        round
    }

    /// Has all of it done in one batch, or in one for each.
    async fn done(
        &mut self,
        round: &Round,
        acts: &[Act],
        in_one: bool,
        first: usize,
    ) -> Vec<String> {
        let numbered: Vec<_> = (first..).zip(acts.iter().copied()).collect();
        let parts: Vec<_> = if in_one {
            vec![numbered]
        } else {
            numbered.into_iter().map(|one| vec![one]).collect()
        };
        let mut answers = Vec::new();
        for part in parts {
            let needs = |needs: &mut RoomNeeds| {
                for (index, act) in &part {
                    round.add_needs(*index, *act, needs);
                }
            };
            let decided = self.write(needs, |room, ids| {
                let decide = |(index, act): &(usize, Act)| round.decide(*index, *act, room, ids);
                part.iter().map(decide).collect::<Vec<_>>()
            });
            answers.extend(decided.await);
        }

        answers
    }

    /// Dismisses what is open, so that the next round has a place.
    async fn end_all(&mut self, round: &Round) {
        let filter = DisputesFilter {
            status: Some(DisputeStatus::Open),
            ..DisputesFilter::default()
        };
        let page = PageRequest {
            limit: 50,
            ..PageRequest::default()
        };
        let open = self
            .store
            .disputes_page(self.tenant_id, self.room_id, filter, page);
        for case in open.await.unwrap().items {
            let of_case = Round {
                redemption: round.redemption.clone(),
                case: Some(case),
                number: round.number,
            };
            let ended = [Act::Resolve(DisputeOutcome::Dismiss)];
            self.done(&of_case, &ended, true, ENDED).await;
        }
    }

    /// What is kept of it all, whatever it is called.
    async fn kept(&self, round: &Round) -> (RedemptionStatus, i64, String, (i64, i64)) {
        let (_, redemption) = self
            .store
            .redemption(self.tenant_id, round.redemption.id)
            .await
            .unwrap()
            .unwrap();
        let case = match &round.case {
            None => String::new(),
            Some(case) => {
                let found = self.store.dispute(self.tenant_id, case.id).await.unwrap();
                let (_, one) = found.unwrap();
                format!(
                    "{:?} {} {} {}",
                    one.status, one.held, one.returned, one.clawed_back
                )
            }
        };

        (
            redemption.status,
            redemption.refunded,
            case,
            self.balance(0).await,
        )
    }
}

impl Shop {
    /// How many changes of cases there were, and how many cases are open, as the census has it, which is counted again
    /// from the cases.
    async fn counted(&self) -> (i64, i64) {
        let (tenant_id, room_id, all) = (self.tenant_id, self.room_id, i64::from(i32::MAX));
        let changed = self.store.disputes_changed(tenant_id, room_id, 0, all);
        let changed = changed.await.unwrap();
        let open = changed.items.iter().filter(|one| one.is_open()).count();
        assert_eq!(changed.open_count, i64::try_from(open).unwrap());
        assert_eq!(changed.end_seq, changed.last_seq.unwrap_or_default());

        (changed.end_seq, changed.open_count)
    }
}

async fn one_batch_comes_to_the_same_as_many(database: Database) {
    let mut in_one = Shop::open(&database).await;
    let mut one_by_one = in_one.beside().await;
    let rewards = [
        in_one.make(terms(30)).await.id,
        one_by_one.make(terms(30)).await.id,
    ];
    let mut dice = Dice(7);
    let mut seen = BTreeSet::new();
    for number in 0..ROUNDS {
        let begins = [dice.roll(2) == 0, dice.roll(4) > 0];
        let acts: Vec<_> = (0..2 + dice.roll(6)).map(|_| dice.act(begins[1])).collect();
        let first = in_one.round(rewards[0], number, begins).await;
        let other = one_by_one.round(rewards[1], number, begins).await;

        let answers = in_one.done(&first, &acts, true, 0).await;
        assert_eq!(
            answers,
            one_by_one.done(&other, &acts, false, 0).await,
            "{acts:?}"
        );
        assert_eq!(
            in_one.kept(&first).await,
            one_by_one.kept(&other).await,
            "{acts:?}: {answers:?}"
        );
        in_one.check_books().await;
        one_by_one.check_books().await;
        seen.extend(answers);
        assert_eq!(in_one.counted().await, one_by_one.counted().await);
        in_one.end_all(&first).await;
        one_by_one.end_all(&other).await;
    }
    assert!(seen.len() > 40, "too little came of it: {seen:?}");
}
