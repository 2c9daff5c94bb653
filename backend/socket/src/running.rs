//! The groups that run on this node, and the way to each.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use parlor_live::hub::Position;
use tokio::sync::{mpsc, oneshot};

use super::group_key::GroupKey;
use super::member::Member;

pub(crate) type Commands = mpsc::UnboundedReceiver<Command>;
type ToGroup = mpsc::UnboundedSender<Command>;

/// The running groups, by what their members share.
#[derive(Default)]
pub(crate) struct Running(Mutex<HashMap<GroupKey, ToGroup>>);

/// What a group is told. A subscription sends two of these in its life, so the queue is bounded by
/// the subscriptions there are.
pub(crate) enum Command {
    Join {
        id: u64,
        member: Member,
        at: Position,
        told_online: Option<i64>,
        answer: oneshot::Sender<Joined>,
    },
    Leave {
        id: u64,
    },
}

/// What came of asking to join.
pub(crate) enum Joined {
    Member,
    /// The group is further along: catch up, and ask again.
    Behind,
}

/// A place in a group, given up when it is dropped.
pub(crate) struct Membership {
    id: u64,
    group: Option<ToGroup>,
}

impl Membership {
    /// A place that no group has heard of.
    pub(crate) fn new(id: u64) -> Self {
        Self { id, group: None }
    }
}

impl Running {
    /// Tells the group of `key`, which `start` makes if there is none, of `join`, and leaves it when
    /// `membership` is dropped.
    pub(crate) fn ask(
        &self,
        key: &GroupKey,
        join: Command,
        membership: &mut Membership,
        start: impl FnOnce(Commands),
    ) {
        let mut running = self.lock();
        let group = match running.get(key) {
            // A group takes itself out before it stops listening, unless a resolver panicked.
            Some(group) if !group.is_closed() => group.clone(),
            _ => {
                let (group, commands) = mpsc::unbounded_channel();
                start(commands);
                running.insert(key.clone(), group.clone());
                group
            }
        };
        // Without an answer the caller asks again.
        let _listening = group.send(join);
        membership.group = Some(group);
    }

    /// Takes a group out, unless somebody has just asked to join.
    pub(crate) fn retire(&self, key: &GroupKey, commands: &Commands) -> bool {
        let mut running = self.lock();
        if !commands.is_empty() {
            return false;
        }

        running.remove(key);
        true
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<GroupKey, ToGroup>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        if let Some(group) = self.group.take() {
            // A group that is gone has no members.
            let _listening = group.send(Command::Leave { id: self.id });
        }
    }
}
