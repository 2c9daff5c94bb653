//! The task of one group: follows the room, executes once, and hands the result to every member.

use std::sync::Arc;

use parlor_api::feed::{FeedMessage, FeedPresence, FeedRefusal};
use parlor_domain::access::Principal;
use parlor_domain::event::Event;
use parlor_live::hub::{Following, Position, WatchedRoom};
use parlor_node::patience::{Patience, Reads};
use parlor_store::Store;
use tokio::sync::watch;

use super::catch_up;
use super::close::Close;
use super::execution::{Execution, error_json, is_refusal, payload};
use super::group_key::GroupKey;
use super::member::Member;
use super::members::{Members, Place};
use super::presence_pace::{self, PresencePace, now};
use super::running::{Command, Commands, Joined, Running};
use super::settings::SocketSettings;

/// Events in one live message. A backlog becomes a list, and this bounds how long one execution
/// keeps others waiting.
pub(super) const MESSAGE_EVENTS_MAX: usize = 200;

/// Members at one position of one room's log.
pub(super) struct Group {
    pub(super) running: Arc<Running>,
    pub(super) store: Store,
    pub(super) reads: Arc<Reads>,
    pub(super) settings: Arc<SocketSettings>,
    pub(super) key: GroupKey,
    pub(super) room: Arc<WatchedRoom>,
    pub(super) execution: Execution,
    /// What the group has sent its members, and what new ones must have.
    pub(super) position: Position,
    /// When to tell how many are online; `None` if the document does not ask.
    pub(super) presence: Option<PresencePace>,
    pub(super) members: Members,
}

/// Why a group cannot go on.
enum Broken {
    /// Its place in the log is gone.
    Lost,
    /// The room was deleted.
    Gone,
    /// The database does not answer, or what it holds cannot be read.
    Unread,
    /// The execution came to an end or failed.
    Execution,
}

impl Group {
    /// Serves the group until its last member has left.
    pub(super) async fn run(mut self, mut commands: Commands) {
        let room = Arc::clone(&self.room);
        let mut positions = room.positions();
        let mut online = self.room.online();
        loop {
            tokio::select! {
                biased;
                command = commands.recv() => {
                    match command {
                        Some(Command::Join { id, member, at, told_online, answer }) => {
                            // Whoever is not there any more to hear it has left as well.
                            let _there = answer.send(self.join(id, member, at, told_online));
                        }
                        Some(Command::Leave { id }) => self.leave(id),
                        None => return,
                    }
                    if self.members.is_empty() && self.running.retire(&self.key, &commands) {
                        return;
                    }
                }
                () = room.gone() => {
                    self.dismiss(&Broken::Gone);
                    if self.running.retire(&self.key, &commands) {
                        return;
                    }
                }
                () = news(&mut positions, self.position) => {
                    if let Err(broken) = self.advance().await {
                        self.dismiss(&broken);
                    }
                    if self.members.is_empty() && self.running.retire(&self.key, &commands) {
                        return;
                    }
                }
                () = presence_pace::due(self.presence.as_ref(), &mut online) => {
                    if let Err(broken) = self.send(Vec::new()).await {
                        self.dismiss(&broken);
                    }
                    if self.members.is_empty() && self.running.retire(&self.key, &commands) {
                        return;
                    }
                }
            }
        }
    }

    fn join(&mut self, id: u64, member: Member, at: Position, told_online: Option<i64>) -> Joined {
        if at.epoch != self.position.epoch || at.seq < self.position.seq {
            return Joined::Behind;
        }

        if let (Some(presence), Some(count)) = (&mut self.presence, told_online) {
            presence.add_told(count, self.members.is_empty());
        }
        let from_seq = at.seq;
        let place = Place {
            id,
            member,
            from_seq,
        };
        self.members.add(place, self.position.seq);
        metrics::gauge!("parlor_subscribers").increment(1);
        Joined::Member
    }

    fn leave(&mut self, id: u64) {
        if self.members.remove(id).is_some() {
            count_one_less();
        }
    }

    /// Sends the next message.
    async fn advance(&mut self) -> Result<(), Broken> {
        let position = self.position;
        // Members that are ahead get in step where this message ends.
        let limit = self.members.next_ahead().map_or(MESSAGE_EVENTS_MAX, |seq| {
            usize::try_from(seq - position.seq).map_or(MESSAGE_EVENTS_MAX, |distance| {
                distance.min(MESSAGE_EVENTS_MAX)
            })
        });
        let patience = self.patience();
        let (room, store) = (&self.room, &self.store);
        let read = move || room.following(position, limit, store);
        let following = patience.read("a log", read);
        let events = match following.await {
            Ok(Following::Events(events)) => events,
            Ok(Following::Gone) => return Err(Broken::Gone),
            Ok(Following::Lost) => return Err(Broken::Lost),
            Err(_) => return Err(Broken::Unread),
        };
        if events.is_empty() {
            return Ok(());
        }

        self.turn_out(&events).await?;
        self.send(events).await
    }

    /// Sends a message of `events`, which may be none, and of how many are online if that is due.
    async fn send(&mut self, events: Vec<Arc<Event>>) -> Result<(), Broken> {
        let position = self.position;
        let through_seq = events.last().map_or(position.seq, |event| event.seq);
        let online_count = self.room.online().borrow().count;
        // Members that are ahead do not get this message, and are told by another.
        let is_for_all = self.members.next_ahead().is_none();
        let presence = self.presence.as_mut();
        let is_told = presence.is_some_and(|pace| pace.tell(online_count, is_for_all, now()));
        let message = FeedMessage {
            epoch: position.epoch,
            after_seq: position.seq,
            through_seq,
            recovered: true,
            snapshot: None,
            events,
            live_through_seq: None,
            left_out_from: None,
            presence: is_told.then(|| FeedPresence::new(online_count)),
        };
        let response = self.execution.run(message).await.ok_or(Broken::Execution)?;
        if is_refusal(&response) {
            tracing::error!(errors = ?response.errors, "a live message could not be executed");
            return Err(Broken::Execution);
        }

        metrics::counter!("parlor_group_executions_total").increment(1);
        let gone = self.members.deliver(&payload(response), position.seq).await;
        for id in gone {
            self.leave(id);
        }
        self.position.seq = through_seq;
        self.members.catch_up(through_seq);
        Ok(())
    }

    /// Ends the subscriptions of those who may not read the room any more. Until that is known nobody
    /// is shown anything.
    async fn turn_out(&mut self, events: &[Arc<Event>]) -> Result<(), Broken> {
        if !catch_up::change_access(events) {
            return Ok(());
        }

        let patience = self.patience();
        let (room_id, store) = (self.room.id(), &self.store);
        let view = patience.read("a room", move || store.room(room_id));
        let view = view.await.map_err(|_| Broken::Unread)?;
        let may_read = |principal: &Principal| {
            let view = view.as_ref();
            view.is_some_and(|view| principal.may_read(&view.room))
        };
        for place in self.members.take_where(|principal| !may_read(principal)) {
            end_with(&place.member, FeedRefusal::NotFound);
            count_one_less();
        }
        Ok(())
    }

    fn patience(&self) -> Patience {
        self.reads.within(self.settings.follow_patience)
    }

    fn dismiss(&mut self, broken: &Broken) {
        for place in self.members.take_all() {
            let member = &place.member;
            match broken {
                Broken::Lost => {
                    let close = Close::restart("the room's log was interrupted");
                    member.outbound.close(close);
                }
                Broken::Unread => member.outbound.close(Close::database_away()),
                Broken::Gone => end_with(member, FeedRefusal::NotFound),
                Broken::Execution => end_with(member, FeedRefusal::Internal),
            }
            count_one_less();
        }
    }
}

fn count_one_less() {
    metrics::gauge!("parlor_subscribers").decrement(1);
}

fn end_with(member: &Member, refusal: FeedRefusal) {
    let errors = error_json(&refusal.to_string(), refusal.code());
    member.outbound.error(&member.key, &errors);
}

/// Returns when the log goes on behind `position`, or is another.
async fn news(positions: &mut watch::Receiver<Option<Position>>, position: Position) {
    let is_news = |known: &Option<Position>| {
        known.is_some_and(|known| known.epoch != position.epoch || known.seq > position.seq)
    };

    positions
        .wait_for(is_news)
        .await
        .expect("the group holds the room");
}

impl Drop for Group {
    fn drop(&mut self) {
        // Nobody is left, unless a resolver panicked.
        self.dismiss(&Broken::Lost);
        metrics::gauge!("parlor_groups").decrement(1);
    }
}
