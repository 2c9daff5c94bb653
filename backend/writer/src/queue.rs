//! What waits in a lane: a queue for each tenant, from which commands are taken in turn.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use parlor_domain::id::TenantId;
use tokio::sync::Notify;

use super::command::{Failure, Job};

/// What the commands that wait in one lane weigh at most. At the few thousand a second that a lane writes, the last
/// in the queue waits about as long as a caller would before giving up.
const WAITING_MAX: usize = 8_192;
/// The same of one tenant's: a good second's worth, so that a flood is told so early.
const OF_A_TENANT_MAX: usize = 4_096;

/// Why a command cannot wait here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoPlace {
    Full,
    Closed,
}

/// The way into a lane.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Default)]
struct Waiting {
    by_tenant: BTreeMap<TenantId, OfTenant>,
    /// Whose turn it is; each tenant that has something waiting, once.
    turns: VecDeque<TenantId>,
    weight: usize,
    is_closed: bool,
}

/// What waits of a tenant's. Sets of hundreds are as much work as dozens of commands, and stand beside those, so that
/// an audience that is credited by the thousand keeps nobody waiting who redeems something.
#[derive(Default)]
struct OfTenant {
    light: VecDeque<Box<dyn Job>>,
    heavy: VecDeque<Box<dyn Job>>,
    weight: usize,
    /// Turns to be let pass, for what was taken weighed more than one.
    owed: usize,
    /// Light ones that come before the next heavy one, where both wait.
    light_due: usize,
}

impl Queue {
    /// Has a command wait. When there is no room left, whoever has most waiting gives way.
    pub(super) fn push(&self, job: Box<dyn Job>) -> Result<(), NoPlace> {
        let dropped = self.waiting().push(job)?;
        for job in dropped {
            job.fail(Failure::Overloaded);
        }
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for commands, and takes some until they weigh `weight_max` or more. `None` once it is closed and empty.
    pub(super) async fn take(&self, weight_max: usize) -> Option<Vec<Box<dyn Job>>> {
        loop {
            {
                let mut waiting = self.waiting();
                if waiting.weight > 0 {
                    return Some(waiting.take(weight_max));
                }
                if waiting.is_closed {
                    return None;
                }
            }
            self.arrived.notified().await;
        }
    }

    /// Lets nothing more in.
    pub(super) fn close(&self) {
        self.waiting().is_closed = true;
        self.arrived.notify_one();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Returns the commands that gave way.
    fn push(&mut self, job: Box<dyn Job>) -> Result<Vec<Box<dyn Job>>, NoPlace> {
        if self.is_closed {
            return Err(NoPlace::Closed);
        }
        let (tenant_id, weight) = (job.tenant_id(), job.weight());
        let own = self.by_tenant.get(&tenant_id).map_or(0, |of| of.weight);
        if own >= OF_A_TENANT_MAX {
            return Err(NoPlace::Full);
        }
        let mut dropped = Vec::new();
        while self.weight + weight > WAITING_MAX {
            match self.take_from_most(own + weight) {
                Some(job) => dropped.push(job),
                None if dropped.is_empty() => return Err(NoPlace::Full),
                // What has given way makes place for most of it.
                None => break,
            }
        }

        let of_tenant = self.by_tenant.entry(tenant_id).or_default();
        if of_tenant.is_empty() {
            self.turns.push_back(tenant_id);
        }
        of_tenant.push(job, weight);
        self.weight += weight;
        Ok(dropped)
    }

    /// Takes the newest of whoever has most waiting, if they keep no less than `own`.
    fn take_from_most(&mut self, own: usize) -> Option<Box<dyn Job>> {
        let most = self.by_tenant.values_mut().max_by_key(|of| of.weight)?;
        let last = most.heavy.back().or(most.light.back())?.weight();
        // One that gives way keeps something, so that it keeps its turn.
        if most.weight < own + last {
            return None;
        }

        self.weight -= last;
        most.weight -= last;
        most.heavy.pop_back().or_else(|| most.light.pop_back())
    }

    fn take(&mut self, weight_max: usize) -> Vec<Box<dyn Job>> {
        let (mut taken, mut weight) = (Vec::new(), 0);
        while weight < weight_max
            && let Some(tenant_id) = self.turns.pop_front()
        {
            let Some(of_tenant) = self.by_tenant.get_mut(&tenant_id) else {
                continue;
            };
            if let Some((job, its_weight)) = of_tenant.take_turn() {
                weight += its_weight;
                taken.push(job);
            }
            if of_tenant.is_empty() {
                self.by_tenant.remove(&tenant_id);
            } else {
                self.turns.push_back(tenant_id);
            }
        }
        self.weight -= weight;

        taken
    }
}

impl OfTenant {
    fn is_empty(&self) -> bool {
        self.light.is_empty() && self.heavy.is_empty()
    }

    fn push(&mut self, job: Box<dyn Job>, weight: usize) {
        if weight > 1 {
            self.heavy.push_back(job);
        } else {
            self.light.push_back(job);
        }
        self.weight += weight;
    }

    /// The next command and its weight, unless the turn is owed.
    fn take_turn(&mut self) -> Option<(Box<dyn Job>, usize)> {
        if self.owed > 0 {
            self.owed -= 1;
            return None;
        }
        let is_light = self.heavy.is_empty() || (self.light_due > 0 && !self.light.is_empty());
        let job = if is_light {
            self.light_due = self.light_due.saturating_sub(1);
            self.light.pop_front()?
        } else {
            self.heavy.pop_front()?
        };
        let weight = job.weight();
        if !is_light {
            (self.owed, self.light_due) = (weight - 1, weight);
        }
        self.weight -= weight;

        Some((job, weight))
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::id::RoomId;
    use parlor_domain::time::ServerTime;
    use parlor_node::ids::Ids;
    use parlor_store::{Batch, Needs};
    use uuid::Uuid;

    use super::*;
    use crate::aggregate::Subject;

    /// Does nothing, is told from others by its number, and weighs three if that is a hundred or more.
    struct Numbered(u128, u128);

    impl Job for Numbered {
        fn tenant_id(&self) -> TenantId {
            TenantId(Uuid::from_u128(self.0))
        }
        fn subject(&self) -> Subject {
            Subject::Room(RoomId(Uuid::from_u128(self.1)))
        }
        fn is_repeatable(&self) -> bool {
            true
        }
        fn weight(&self) -> usize {
            if self.1 < 100 { 1 } else { 3 }
        }
        fn is_wanted(&self) -> bool {
            true
        }
        fn add_needs(&self, _: &mut Needs) {}
        fn decide(&mut self, _: &mut Batch, _: &mut Ids, _: ServerTime) {}
        fn acknowledge(self: Box<Self>) {}
        fn fail(self: Box<Self>, _: Failure) {}
    }

    fn push(queue: &Queue, tenant: u128, number: u128) -> Result<(), NoPlace> {
        queue.push(Box::new(Numbered(tenant, number)))
    }

    async fn take(queue: &Queue, count_max: usize) -> Vec<(u128, u128)> {
        let taken = queue.take(count_max).await.unwrap();
        taken
            .iter()
            .map(|job| {
                let Subject::Room(number) = job.subject() else {
                    panic!("only rooms are asked for here");
                };
                (job.tenant_id().0.as_u128(), number.0.as_u128())
            })
            .collect()
    }

    #[tokio::test]
    async fn tenants_take_turns_and_each_keeps_its_order() {
        let queue = Queue::default();
        for number in 0..5 {
            push(&queue, 1, number).unwrap();
        }
        push(&queue, 2, 0).unwrap();
        push(&queue, 2, 1).unwrap();
        push(&queue, 3, 0).unwrap();

        assert_eq!(take(&queue, 4).await, [(1, 0), (2, 0), (3, 0), (1, 1)]);
        push(&queue, 3, 1).unwrap();
        assert_eq!(take(&queue, 4).await, [(2, 1), (1, 2), (3, 1), (1, 3)]);
        queue.close();
        assert_eq!(push(&queue, 3, 2), Err(NoPlace::Closed));
        assert_eq!(take(&queue, 4).await, [(1, 4)]);
        assert!(queue.take(4).await.is_none());
    }

    #[tokio::test]
    async fn what_weighs_more_leaves_less_place_beside_it_and_is_taken_all_the_same() {
        let queue = Queue::default();
        for number in [0, 100, 1, 101, 102] {
            push(&queue, 1, number).unwrap();
        }
        assert_eq!(take(&queue, 4).await, [(1, 100), (1, 0)]);
        assert_eq!(take(&queue, 3).await, [(1, 1), (1, 101)]);
        assert_eq!(take(&queue, 1).await, [(1, 102)]);
    }

    /// Whoever asks for much at once has so many fewer turns.
    #[tokio::test]
    async fn what_weighs_more_takes_the_turns_of_its_own_tenant_alone() {
        let queue = Queue::default();
        for number in [100, 101, 102] {
            push(&queue, 1, number).unwrap();
        }
        for number in 0..8 {
            push(&queue, 2, number).unwrap();
        }

        let taken = take(&queue, 14).await;
        let of_one = |(tenant, number): &(u128, u128)| (*tenant == 1).then_some(*number);
        let taken = &taken;
        let before = |number| {
            taken
                .iter()
                .take_while(move |it| of_one(it) != Some(number))
        };
        assert_eq!(before(100).count(), 0);
        assert_eq!(before(101).filter(|(tenant, _)| *tenant == 2).count(), 3);
        assert_eq!(before(102).filter(|(tenant, _)| *tenant == 2).count(), 6);
    }

    #[tokio::test]
    async fn a_tenants_own_commands_come_between_its_sets() {
        let queue = Queue::default();
        for number in 100..110 {
            push(&queue, 1, number).unwrap();
        }
        push(&queue, 1, 0).unwrap();
        push(&queue, 1, 1).unwrap();

        let taken = take(&queue, 8).await;
        assert_eq!(taken, [(1, 100), (1, 0), (1, 1), (1, 101)]);
    }

    #[tokio::test]
    async fn what_is_heavy_takes_the_place_of_as_much() {
        let queue = Queue::default();
        for tenant in 1..=4 {
            for _ in 0..WAITING_MAX / 4 {
                push(&queue, tenant, 0).unwrap();
            }
        }
        // A fifth tenant comes in with sets, until it has what the others are left with.
        let pushed = (0..WAITING_MAX).take_while(|_| push(&queue, 5, 100).is_ok());
        let pushed = pushed.count();
        let waiting = queue.waiting().weight;

        assert!(
            (WAITING_MAX..WAITING_MAX + 3).contains(&waiting),
            "{waiting}"
        );
        let share = WAITING_MAX / 5;
        assert!((share - 9..=share + 9).contains(&(3 * pushed)), "{pushed}");
    }

    #[tokio::test]
    async fn what_waits_is_bounded_by_its_weight() {
        let queue = Queue::default();
        let sets = OF_A_TENANT_MAX.div_ceil(3);
        for _ in 0..sets {
            push(&queue, 1, 100).unwrap();
        }
        assert_eq!(push(&queue, 1, 100), Err(NoPlace::Full));
        assert_eq!(push(&queue, 1, 0), Err(NoPlace::Full));
        push(&queue, 2, 0).unwrap();
    }

    #[tokio::test]
    async fn a_flood_is_bounded_and_gives_way() {
        let queue = Queue::default();
        let count = |n: usize| u128::try_from(n).unwrap();
        for number in 0..count(OF_A_TENANT_MAX) {
            push(&queue, 1, number % 100).unwrap();
        }
        assert_eq!(push(&queue, 1, 0), Err(NoPlace::Full));
        for number in 0..count(WAITING_MAX - OF_A_TENANT_MAX) {
            push(&queue, 2, number % 100).unwrap();
        }
        // There is no room left, and a third tenant comes in all the same.
        for number in 0..100 {
            push(&queue, 3, number).unwrap();
        }

        let taken = take(&queue, WAITING_MAX + 1).await;
        assert_eq!(taken.len(), WAITING_MAX);
        let of_third = taken.iter().filter(|(tenant, _)| *tenant == 3);
        assert_eq!(of_third.count(), 100);
        assert_eq!(taken[2], (3, 0));
    }
}
