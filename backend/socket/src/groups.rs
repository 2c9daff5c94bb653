//! Subscriptions that are served by one execution.
//!
//! A group follows its room's log from a position that all its members have reached. Whoever is
//! behind catches up alone first; whoever is ahead, because they read the store before the news
//! came here, waits, and the group cuts its next message at their position. So each message fits
//! every member it is sent to, without gap or overlap.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::Request;
use parlor_api::ParlorSchema;
use parlor_live::hub::{Position, WatchedRoom};
use parlor_node::patience::Reads;
use parlor_store::Store;
use tokio::sync::oneshot;

use super::execution::Execution;
use super::group::Group;
use super::group_key::GroupKey;
use super::member::Member;
use super::members::Members;
use super::presence_pace::PresencePace;
use super::running::{Command, Commands, Joined, Membership, Running};
use super::settings::SocketSettings;

/// All groups of this node.
pub(crate) struct Groups {
    schema: ParlorSchema,
    store: Store,
    settings: Arc<SocketSettings>,
    reads: Arc<Reads>,
    running: Arc<Running>,
    last_member: AtomicU64,
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
    ) -> Self {
        Self {
            schema: schema.clone(),
            store: store.clone(),
            settings: Arc::clone(settings),
            reads: Arc::clone(reads),
            running: Arc::default(),
            last_member: AtomicU64::new(0),
        }
    }

    /// Asks for a place in the group that `sharing` describes, for a member that has everything up
    /// to `at`.
    pub(crate) async fn join(
        &self,
        sharing: &Sharing,
        member: Member,
        at: Position,
    ) -> (Joined, Membership) {
        // Made before the group hears of it, so that giving up while waiting for the answer leaves.
        let id = self.last_member.fetch_add(1, Ordering::Relaxed);
        let mut membership = Membership::new(id);
        let (answer, answered) = oneshot::channel();
        let join = Command::Join {
            id,
            member,
            at,
            told_online: sharing.told_online,
            answer,
        };
        let start = |commands| self.start_group(sharing, at, commands);
        self.running.ask(&sharing.key, join, &mut membership, start);

        (answered.await.unwrap_or(Joined::Behind), membership)
    }

    fn start_group(&self, sharing: &Sharing, at: Position, commands: Commands) {
        let group = Group {
            running: Arc::clone(&self.running),
            store: self.store.clone(),
            reads: Arc::clone(&self.reads),
            settings: Arc::clone(&self.settings),
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
    }
}
