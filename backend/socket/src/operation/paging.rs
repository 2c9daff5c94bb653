//! Catching up a page at a time: each is made when the last was taken, one operation of a socket at a
//! time, so that a peer that reads nothing costs a page.

use std::sync::Arc;

use parlor_api::feed::{FeedMessage, FeedRefusal};
use parlor_live::hub::{Following, Position};
use parlor_live::presence::Connection;
use tokio::sync::SemaphorePermit;

use super::{Run, refusal_of};
use crate::LARGE_MESSAGES_KIB;
use crate::catch_up::{self, Window};
use crate::close::Close;
use crate::execution::{Execution, payload};
use crate::group::MESSAGE_EVENTS_MAX;
use crate::groups::Sharing;
use crate::member::Member;
use crate::outbound::Delivery;
use crate::running::Joined;

/// What a page should weigh at most, in bytes: the least that a socket holds while its peer reads nothing,
/// and enough that one write takes it.
const PAGE_BYTES: usize = 32 * 1024;

/// A turn to make a page, among a socket's operations and among all that catch up.
pub(super) struct Turn<'a> {
    of_socket: SemaphorePermit<'a>,
    of_node: SemaphorePermit<'a>,
}

impl Run {
    /// Waits until a page may be made for this operation. `None` if it has ended.
    pub(super) async fn turn(&self) -> Option<Turn<'_>> {
        let of_socket = self.outbound.page_turn(&self.key).await?;
        Some(self.turn_among_all(of_socket).await)
    }

    /// Waits until a page may be made for this operation, whose turn it is on its socket.
    pub(super) async fn turn_among_all<'a>(&'a self, of_socket: SemaphorePermit<'a>) -> Turn<'a> {
        let catch_ups = self.sockets.catch_ups.acquire().await;

        Turn {
            of_socket,
            of_node: catch_ups.expect("it is never closed"),
        }
    }

    /// Writes a page. One that is larger than most is waited for until the peer has it.
    pub(super) async fn hand_in(&self, turn: Turn<'_>, page: Arc<str>) -> Delivery {
        let beyond = page.len().saturating_sub(PAGE_BYTES).div_ceil(1024);
        let beyond = u32::try_from(beyond.min(LARGE_MESSAGES_KIB)).unwrap_or(u32::MAX);
        let _lent = self.sockets.large_messages.acquire_many(beyond).await;
        let Turn { of_socket, of_node } = turn;
        drop(of_node);
        let delivery = self.outbound.push_next_paced(&self.key, page).await;
        if beyond > 0 && delivery == Delivery::Accepted {
            let _turn = of_socket;
            return self.outbound.taken(&self.key).await;
        }

        delivery
    }

    /// Catches up from `position` until the group can be joined without a gap.
    pub(super) async fn join_group(
        &self,
        sharing: &Sharing,
        mut position: Position,
        mut window: Option<Window>,
        connection: Option<Connection>,
    ) {
        let mut limit = catch_up::FIRST_PAGE_EVENTS;
        loop {
            // A group brings its members what they lack without asking whether they can take it, and lets those
            // wait who are ahead of what this node has heard.
            if window.is_none() && sharing.room.behind_by(position) <= catch_up::first_page() {
                let member = Member {
                    outbound: Arc::clone(&self.outbound),
                    key: self.key.clone(),
                    caller: Arc::clone(&self.caller),
                };
                let (joined, membership) =
                    self.sockets.groups.join(sharing, member, position).await;
                match joined {
                    Joined::Member => {
                        return self
                            .outbound
                            .hand_over(&self.key, Box::new((membership, connection)));
                    }
                    Joined::Behind => drop(membership),
                }
            }

            let paged = self.catch_up(sharing, position, &mut window, &mut limit);
            match paged.await {
                Some(reached) => position = reached,
                None => return,
            }
        }
    }

    /// Sends a page of what follows `position` within `window`, and says how many events the next one may
    /// have. `None` if the subscription has ended.
    async fn catch_up(
        &self,
        sharing: &Sharing,
        position: Position,
        window: &mut Option<Window>,
        limit: &mut usize,
    ) -> Option<Position> {
        let turn = self.turn().await?;
        let store = &self.sockets.app.store;
        let patience = self
            .sockets
            .reads
            .within(self.sockets.settings.follow_patience);
        let page_events = *limit;
        let read = move || sharing.room.following(position, page_events, store);
        let following = patience.read("a log", read);
        let events = match following.await {
            Ok(Following::Events(events)) => events,
            Ok(Following::Gone) => {
                self.refuse(FeedRefusal::NotFound);
                return None;
            }
            Ok(Following::Lost) => {
                self.start_anew();
                return None;
            }
            Err(_) => {
                self.outbound.close(Close::database_away());
                return None;
            }
        };
        let Some(through_seq) = events.last().map(|event| event.seq) else {
            // What is not known here yet is news when it comes.
            *window = None;
            return Some(position);
        };
        if catch_up::change_access(&events) {
            let (principal, room_id) = (&self.caller.principal, sharing.room.id());
            let read = move || catch_up::readable(store, principal, room_id);
            let readable = patience.read("a room", read);
            if let Err(not_open) = readable.await {
                self.refuse(refusal_of(&not_open, &self.outbound));
                return None;
            }
        }

        let mut message = FeedMessage {
            epoch: position.epoch,
            after_seq: position.seq,
            through_seq,
            recovered: true,
            snapshot: None,
            events,
            live_through_seq: None,
            left_out_from: None,
            presence: None,
        };
        *window = window.and_then(|window| window.cut(&mut message));
        let (through_seq, count) = (message.through_seq, message.events.len());
        let page = {
            let mut execution = Execution::start(&self.sockets.schema, (sharing.request)());
            payload(execution.run(message).await?)
        };
        *limit = next_limit(count, page.len());
        let delivery = self.hand_in(turn, page).await;
        (delivery == Delivery::Accepted).then_some(Position {
            seq: through_seq,
            ..position
        })
    }
}

/// How many events a page may have after one of `count` took `bytes`.
fn next_limit(count: usize, bytes: usize) -> usize {
    (count * PAGE_BYTES / bytes.max(1)).clamp(1, MESSAGE_EVENTS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_as_many_events_as_its_bytes_allow() {
        for (count, bytes, expected) in [
            (16, 8 * 1024, 64),
            (16, 64 * 1024, 8),
            (1, 10 * PAGE_BYTES, 1),
            (16, 16, MESSAGE_EVENTS_MAX),
            (0, 0, 1),
        ] {
            assert_eq!(next_limit(count, bytes), expected, "{count} {bytes}");
        }
    }
}
