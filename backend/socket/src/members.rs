//! The members of one group, laid out to be gone through.
//!
//! They lie close together in shards of one size, all full but the last. A large group's shards are
//! written to by several threads at once, and a message is done when all of them are, so that each
//! member gets its messages in order.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use parlor_domain::access::Principal;
use tokio::task::JoinError;

use super::broadcast::Broadcast;
use super::close::Close;
use super::member::Member;
use super::outbound::Delivery;

/// Members that one task writes to: some ten milliseconds of writing, against microseconds for
/// having another thread begin.
const SHARD_MEMBERS: usize = 1_024;
/// Sockets written to before other tasks get their turn: a millisecond or two.
const MEMBERS_PER_TURN: usize = 256;

/// Members, by the ids of their places.
#[derive(Default)]
pub(super) struct Members {
    shards: Vec<Shard>,
    indices: HashMap<u64, usize>,
    /// Where members wait that are further along, with their ids.
    ahead: BTreeSet<(i64, u64)>,
}

type Shard = Vec<Place>;

/// Where a member is in the log.
pub(super) struct Place {
    pub(super) id: u64,
    pub(super) member: Member,
    /// The position of a member that was ahead when it joined.
    pub(super) from_seq: i64,
}

impl Members {
    pub(super) fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Adds a member to those who have reached `seq`, or are ahead of it.
    pub(super) fn add(&mut self, place: Place, seq: i64) {
        if place.from_seq > seq {
            self.ahead.insert((place.from_seq, place.id));
        }
        let is_full = |shard: &Shard| shard.len() == SHARD_MEMBERS;
        if self.shards.last().is_none_or(is_full) {
            self.shards.push(Vec::new());
        }
        self.indices.insert(place.id, self.indices.len());
        let last = self.shards.last_mut().expect("it was just made");
        last.push(place);
    }

    /// Takes a member out; the last one takes its place.
    pub(super) fn remove(&mut self, id: u64) -> Option<Place> {
        let index = self.indices.remove(&id)?;
        let last_shard = self.shards.last_mut().expect("somebody is there");
        let last = last_shard.pop().expect("no shard is empty");
        if last_shard.is_empty() {
            self.shards.pop();
        }
        let removed = if last.id == id {
            last
        } else {
            self.indices.insert(last.id, index);
            let place = &mut self.shards[index / SHARD_MEMBERS][index % SHARD_MEMBERS];
            std::mem::replace(place, last)
        };

        self.ahead.remove(&(removed.from_seq, id));
        Some(removed)
    }

    /// The position that the first of those who are ahead have reached.
    pub(super) fn next_ahead(&self) -> Option<i64> {
        self.ahead.first().map(|(seq, _)| *seq)
    }

    /// Takes in that the others have reached `seq`.
    pub(super) fn catch_up(&mut self, seq: i64) {
        while self.next_ahead().is_some_and(|ahead| ahead <= seq) {
            self.ahead.pop_first();
        }
    }

    /// Takes out those whose principal does not pass.
    pub(super) fn take_where(&mut self, is_taken: impl Fn(&Principal) -> bool) -> Vec<Place> {
        let ids: Vec<_> = self
            .shards
            .iter()
            .flatten()
            .filter(|place| is_taken(&place.member.caller.principal))
            .map(|place| place.id)
            .collect();

        ids.into_iter().filter_map(|id| self.remove(id)).collect()
    }

    pub(super) fn take_all(&mut self) -> Vec<Place> {
        self.indices.clear();
        self.ahead.clear();

        self.shards.drain(..).flatten().collect()
    }

    /// Hands `payload` to every member that has reached `seq`, and returns who is gone.
    pub(super) async fn deliver(&mut self, payload: &Arc<str>, seq: i64) -> Vec<u64> {
        let mut shards = std::mem::take(&mut self.shards).into_iter();
        let Some(first) = shards.next() else {
            return Vec::new();
        };
        let others: Vec<_> = shards
            .map(|shard| tokio::spawn(deliver_to(shard, Arc::clone(payload), seq)))
            .collect();

        let (first, mut gone) = deliver_to(first, Arc::clone(payload), seq).await;
        self.shards.push(first);
        for other in others {
            let (shard, more) = other.await.unwrap_or_else(pass_on);
            self.shards.push(shard);
            gone.extend(more);
        }
        gone
    }
}

async fn deliver_to(shard: Shard, payload: Arc<str>, seq: i64) -> (Shard, Vec<u64>) {
    let mut broadcast = Broadcast::new(payload);
    let mut gone = Vec::new();
    for turn in shard.chunks(MEMBERS_PER_TURN) {
        for place in turn {
            let Member { outbound, key, .. } = &place.member;
            if place.from_seq <= seq && outbound.deliver(key, &mut broadcast) == Delivery::Gone {
                gone.push(place.id);
            }
        }
        broadcast.report();
        tokio::task::yield_now().await;
    }

    (shard, gone)
}

/// Goes on with the panic of a shard, as if it had been written here.
fn pass_on<T>(error: JoinError) -> T {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => {
            panic!("a shard was stopped, which only the end of the runtime does: {error}")
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Without this a member would wait for a group that is not there any more.
        if std::thread::panicking() {
            let close = Close::restart("the room's log was interrupted");
            self.member.outbound.close(close);
        }
    }
}

#[cfg(test)]
mod tests {
    use parlor_identity::Caller;
    use parlor_node::clock::Clock;
    use tokio::net::{TcpListener, TcpStream};

    use super::super::operations::OperationKey;
    use super::super::outbound::Outbound;
    use super::*;

    async fn outbound() -> Arc<Outbound> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await;

        Arc::new(Outbound::new(
            stream.unwrap(),
            Clock::System,
            Arc::default(),
        ))
    }

    fn place(id: u64, from_seq: i64, outbound: &Arc<Outbound>) -> Place {
        let member = Member {
            outbound: Arc::clone(outbound),
            key: OperationKey {
                serial: id,
                opening: "".into(),
            },
            caller: Arc::new(Caller::anonymous()),
        };

        Place {
            id,
            member,
            from_seq,
        }
    }

    #[tokio::test]
    async fn everyone_is_found_wherever_others_left() {
        let outbound = outbound().await;
        let mut members = Members::default();
        let count = 2 * SHARD_MEMBERS as u64 + 10;
        (0..count).for_each(|id| members.add(place(id, 0, &outbound), 0));

        for id in (0..count).step_by(3) {
            assert_eq!(members.remove(id).map(|place| place.id), Some(id));
            assert!(members.remove(id).is_none());
        }
        for id in (0..count).filter(|id| id % 3 != 0) {
            assert_eq!(members.remove(id).map(|place| place.id), Some(id));
        }
        assert!(members.is_empty() && members.shards.is_empty());
    }
    #[tokio::test]
    async fn whoever_is_ahead_is_waited_for_until_the_others_are_there_or_they_leave() {
        let outbound = outbound().await;
        let mut members = Members::default();
        for (id, from_seq) in [(1, 5), (2, 8), (3, 8), (4, 9), (5, 4)] {
            members.add(place(id, from_seq, &outbound), 5);
        }
        assert_eq!(members.next_ahead(), Some(8));

        members.remove(2);
        assert_eq!(members.next_ahead(), Some(8), "another is as far");
        members.remove(3);
        assert_eq!(members.next_ahead(), Some(9));
        members.catch_up(8);
        assert_eq!(members.next_ahead(), Some(9));
        members.catch_up(9);
        assert_eq!(members.next_ahead(), None);

        members.add(place(6, 12, &outbound), 9);
        assert_eq!(members.take_all().len(), 4);
        assert_eq!(members.next_ahead(), None);
    }
}
