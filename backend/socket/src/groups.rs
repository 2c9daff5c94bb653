//! Subscriptions that are served by one execution.
//!
//! A group follows its room's log from a position that all its members have reached. Whoever is
//! behind catches up alone first; whoever is ahead, because they read the store before the news
//! came here, waits, and the group cuts its next message at their position. So each message fits
//! every member it is sent to, without gap or overlap.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::Request;
use parlor_api::ParlorSchema;
use parlor_identity::Caller;
use parlor_live::hub::{Position, WatchedRoom};
use parlor_node::patience::Reads;
use parlor_store::Store;
use tokio::sync::{mpsc, oneshot};

use super::execution::Execution;
use super::group::Group;
use super::group_key::GroupKey;
use super::members::Members;
use super::operations::OperationKey;
use super::outbound::Outbound;
use super::presence_pace::PresencePace;
use super::settings::SocketSettings;

/// All groups of this node.
pub(crate) struct Groups {
    pub(super) schema: ParlorSchema,
    pub(super) store: Store,
    pub(super) settings: Arc<SocketSettings>,
    pub(super) reads: Arc<Reads>,
    running: Mutex<HashMap<GroupKey, mpsc::UnboundedSender<Command>>>,
    last_member: AtomicU64,
}

/// One subscription of one socket.
pub(crate) struct Member {
    pub(crate) outbound: Arc<Outbound>,
    pub(crate) key: OperationKey,
    pub(crate) caller: Arc<Caller>,
}

/// A place in a group, given up when it is dropped.
pub(crate) struct Membership {
    id: u64,
    group: Option<mpsc::UnboundedSender<Command>>,
}

/// What came of asking to join.
pub(crate) enum Joined {
    Member,
    /// The group is further along: catch up, and ask again.
    Behind,
}

/// What a group is told. A subscription sends two of these in its life, so the queue is bounded by
/// the subscriptions there are.
pub(super) enum Command {
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

/// What a subscription shares with the rest of its group.
pub(crate) struct Sharing {
    pub(crate) key: GroupKey,
    pub(crate) room: Arc<WatchedRoom>,
    /// Makes the request that a new group executes.
    pub(crate) request: Box<dyn Fn() -> Request + Send + Sync>,
    /// How many the subscriber was told are online; `None` if the document does not ask.
    pub(crate) told_online: Option<i64>,
}

impl Groups {
    pub(crate) fn new(
        schema: &ParlorSchema,
        store: &Store,
        settings: &Arc<SocketSettings>,
        reads: &Arc<Reads>,
    ) -> Arc<Self> {
        Arc::new(Self {
            schema: schema.clone(),
            store: store.clone(),
            settings: Arc::clone(settings),
            reads: Arc::clone(reads),
            running: Mutex::default(),
            last_member: AtomicU64::new(0),
        })
    }

    /// Asks for a place in the group that `sharing` describes, for a member that has everything up
    /// to `at`.
    pub(crate) async fn join(
        self: &Arc<Self>,
        sharing: &Sharing,
        member: Member,
        at: Position,
    ) -> (Joined, Membership) {
        let id = self.last_member.fetch_add(1, Ordering::Relaxed);
        // Made before the group hears of it, so that giving up while waiting for the answer leaves.
        let mut membership = Membership { id, group: None };
        let (answer, answered) = oneshot::channel();
        {
            let mut running = self.running();
            let group = match running.get(&sharing.key) {
                // A group takes itself out before it stops listening, unless a resolver panicked.
                Some(group) if !group.is_closed() => group.clone(),
                _ => {
                    let group = self.start_group(sharing, at);
                    running.insert(sharing.key.clone(), group.clone());
                    group
                }
            };
            // Without an answer the caller asks again.
            let _listening = group.send(Command::Join {
                id,
                member,
                at,
                told_online: sharing.told_online,
                answer,
            });
            membership.group = Some(group);
        }

        (answered.await.unwrap_or(Joined::Behind), membership)
    }

    /// Takes a group out, unless somebody has just asked to join.
    pub(super) fn retire(
        &self,
        key: &GroupKey,
        commands: &mpsc::UnboundedReceiver<Command>,
    ) -> bool {
        let mut running = self.running();
        if !commands.is_empty() {
            return false;
        }

        running.remove(key);
        true
    }

    fn start_group(
        self: &Arc<Self>,
        sharing: &Sharing,
        at: Position,
    ) -> mpsc::UnboundedSender<Command> {
        let (sender, commands) = mpsc::unbounded_channel();
        let group = Group {
            groups: Arc::clone(self),
            key: sharing.key.clone(),
            room: Arc::clone(&sharing.room),
            execution: Execution::start(&self.schema, (sharing.request)()),
            position: at,
            presence: sharing
                .told_online
                .map(|_| PresencePace::new(self.settings.presence_every)),
            members: Members::default(),
        };
        metrics::gauge!("parlor_groups").increment(1);
        tokio::spawn(group.run(commands));

        sender
    }

    fn running(&self) -> MutexGuard<'_, HashMap<GroupKey, mpsc::UnboundedSender<Command>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
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
