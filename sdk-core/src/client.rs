//! One room followed from start to end: connection, log, clocks and picture put together.
//!
//! Each input changes one of the parts; then the picture is brought up to `now`, once, in the same
//! way whatever the input was.

use crate::clock_sync::ClockSync;
use crate::config::{Config, Placement};
use crate::connection::Connection;
use crate::due::{Due, Reached, Schedule};
use crate::event::CanRead;
use crate::exchange::{ConnectionState, Delivery, Input, Output, ShownEvent, Stats, TokenRequest};
use crate::pass::Pass;
use crate::playhead::Doubt;
use crate::room::Room;
use crate::subscription::Subscription;
use crate::time::{Instant, MediaTime, ServerTime};
use crate::timeline::Timeline;
use crate::wallet::Wallet;
use crate::wallet_feed::WalletFeed;
use crate::wire::{self, Frame, Refusal};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;

mod log;
mod picture;
mod viewer;
mod window;

/// How long a player that says nothing of its playhead is waited for, before the room is shown by
/// the stream's delay instead. Longer than a player needs to load a manifest.
const PLAYHEAD_GRACE_MS: i64 = 5_000;

/// A client of one room.
///
/// Call [`Self::handle_input`] with whatever happens, then drain [`Self::poll_output`], then wait
/// for the next input or until [`Self::poll_timeout`].
#[derive(Debug)]
pub struct Client {
    room_id: String,
    can_read: CanRead,
    start_at: Option<MediaTime>,
    connection: Connection,
    subscription: Subscription,
    wallet: WalletFeed,
    clock: ClockSync,
    schedule: Schedule,
    pass: Option<Pass>,
    doubt: Option<Doubt>,
    playhead_grace_ends_at: Option<Instant>,
    timeline: Timeline,
    room: Room,
    /// When the room's first event happened: known once the picture has been asked for from before it.
    room_began_at: Option<ServerTime>,
    /// The last position that the live parts of the last snapshot tell.
    live_through: i64,
    before_seek: Option<picture::BeforeSeek>,
    outputs: VecDeque<Output>,
    stats: Stats,
    now: Instant,
}

impl Client {
    /// Starts a client at `now`. `seed` sets the jitter of its reconnects: any number that differs
    /// between clients. What `can_read` says no to takes the place of nothing that it can read.
    pub fn new(config: Config, can_read: CanRead, seed: u64, now: Instant) -> Self {
        let mut outputs = VecDeque::new();

        Self {
            room_id: config.room_id,
            can_read,
            start_at: config.start_at,
            connection: Connection::new(config.url, config.token, seed, &mut outputs, now),
            subscription: Subscription::new(),
            wallet: WalletFeed::new(seed),
            clock: ClockSync::default(),
            schedule: Schedule {
                placement: config.placement,
                playhead_missing: false,
                ingest_offset_ms: 0,
            },
            pass: None,
            doubt: None,
            playhead_grace_ends_at: (config.placement == Placement::Player)
                .then(|| now.plus_millis(PLAYHEAD_GRACE_MS)),
            timeline: Timeline::new(),
            room: Room::default(),
            room_began_at: None,
            live_through: i64::MIN,
            before_seek: None,
            outputs,
            stats: Stats::default(),
            now,
        }
    }

    /// Takes in what happened at `now`. Cannot fail: what makes no sense is counted and dropped.
    pub fn handle_input(&mut self, input: Input<'_>, now: Instant) {
        // A clock that runs backwards stands still.
        let now = now.max(self.now);
        self.now = now;

        let out = &mut self.outputs;
        match input {
            Input::Opened => self.connection.handle_opened(out, now),
            Input::Received(text) => self.handle_text(text, now),
            Input::Closed { code } => self.connection.handle_closed(code, out, now),
            Input::Playhead(playhead) => self.handle_playhead(playhead, now),
            Input::PlayheadLost => self.lose_playhead(Doubt::Lost, now),
            Input::PlayheadUnreadable => self.refuse_playhead(now),
            Input::NoPlayhead => self.handle_no_playhead(now),
            Input::TokenRenewed(token) => self.take_token(token, now),
            Input::FollowWallet(is_wanted) => self.want_wallet(is_wanted),
            Input::Pause => self.pause(now),
            Input::Resume => self.resume(now),
            Input::NetworkChanged { online } => self.connection.handle_network(online, out, now),
            Input::Reconnect => self.connection.reconnect(out, now),
            Input::Timeout => {}
            Input::Disconnect => self.connection.disconnect(out),
        }

        self.connection.handle_timeout(&mut self.outputs, now);
        let is_late = self.subscription.answer_by().is_some_and(|at| at <= now);
        if is_late && self.connection.is_joined() {
            self.connection.give_up(&mut self.outputs, now);
        }
        if !self.connection.is_joined() {
            self.subscription.end();
            self.wallet.end();
        }
        if self.connection.is_paused() {
            return;
        }
        if self.playhead_grace_ends_at.is_some_and(|at| at <= now) {
            self.handle_no_playhead(now);
        }
        self.judge_stay(now);
        self.advance(now);
        self.follow_wallet(now);
    }

    /// Returns the next thing to do, or `None` until there is new input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns when to call [`Self::handle_input`] with [`Input::Timeout`], if ever. Changes with
    /// every input.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.connection.is_paused() {
            return None;
        }
        let picture_at = match self.timeline.next_due() {
            Some(Due::Server(due)) => self.clock.instant_of(due, self.now),
            Some(Due::Media(due)) => self.picture_at(due),
            None => None,
        };

        [
            self.connection.poll_timeout(),
            self.subscription.answer_by(),
            self.playhead_grace_ends_at,
            picture_at,
            self.ask_at(),
            self.wallet.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Returns the room as the viewer should see it now.
    pub const fn room(&self) -> &Room {
        &self.room
    }

    /// Returns what the viewer has in the room, once that is followed and known: nothing while they have not joined it,
    /// nor for whoever is nobody in particular. It stays as it was while there is no connection.
    pub fn wallet(&self) -> Option<&Wallet> {
        self.wallet.wallet()
    }

    /// Returns where the connection stands.
    pub fn connection_state(&self) -> ConnectionState {
        self.connection.state()
    }

    /// Returns why the host is to give another token, if it is.
    pub fn token_request(&self) -> Option<TokenRequest> {
        self.connection.token_request()
    }

    /// Returns the server's time at `now`, once anything is known of it.
    pub fn server_time(&self, now: Instant) -> Option<ServerTime> {
        self.clock.server_time(now)
    }

    /// Returns how far [`Self::server_time`] may be off at `now`, in milliseconds.
    pub fn clock_error_ms(&self, now: Instant) -> Option<i64> {
        self.clock.error_ms(now)
    }

    /// Returns what has been counted since the start.
    pub fn stats(&self) -> Stats {
        Stats {
            disconnects: self.connection.disconnects(),
            skipped: self.timeline.skipped(),
            held: u32::try_from(self.timeline.held()).unwrap_or(u32::MAX),
            ..self.stats
        }
    }

    /// The picture stands from here on: where it has got to in the background is for the host to
    /// say afterwards.
    fn pause(&mut self, now: Instant) {
        self.connection.pause(&mut self.outputs);
        self.pass = self.pass.map(|pass| pass.standing(now));
    }

    fn resume(&mut self, now: Instant) {
        if self.connection.is_paused()
            && let Some(pass) = &mut self.pass
        {
            pass.come_back(now);
        }
        self.connection.resume(&mut self.outputs, now);
        self.playhead_grace_ends_at = self
            .playhead_grace_ends_at
            .map(|_| now.plus_millis(PLAYHEAD_GRACE_MS));
    }

    fn handle_text(&mut self, text: &str, now: Instant) {
        if !self.connection.handle_frame(now) {
            return;
        }
        let Some(mut frame) = wire::decode(text) else {
            self.stats.bad_frames += 1;
            return;
        };
        if let Frame::Next { feed, .. } = &mut frame {
            feed.note_readable(self.can_read);
        }

        match frame {
            Frame::Ack => {
                if self.connection.handle_ack() {
                    self.subscribe(now);
                }
            }
            Frame::Ping(payload) => self.connection.handle_ping(&payload, &mut self.outputs),
            Frame::Pong(payload) => {
                if payload.is_some_and(|pong| self.clock.handle_pong(&pong, now)) {
                    if !self.schedule.follows_playhead() {
                        self.timeline.doubt();
                    }
                    self.doubt_playhead(now);
                }
            }
            Frame::Next { id, feed } if self.subscription.is(id) => self.handle_feed(feed, now),
            Frame::Error { id, reason } if self.subscription.is(id) => {
                self.handle_refusal(reason, now);
            }
            Frame::Viewer { id, message } if self.wallet.is(id) => self.take_wallet(message, now),
            Frame::Error { id, reason } if self.wallet.is(id) => {
                self.wallet.handle_refusal(reason, now);
            }
            Frame::Complete { id } if self.wallet.is(id) => {
                self.wallet.handle_refusal(Refusal::Passing, now);
            }
            Frame::Next { id, feed } if self.subscription.has_asked(id) => {
                self.handle_answer(feed, now);
            }
            Frame::Error { id, reason } if self.subscription.has_asked(id) => {
                self.handle_refusal(reason, now);
            }
            Frame::Complete { id } if self.subscription.is(id) => {
                self.connection.give_up(&mut self.outputs, now);
            }
            Frame::Next { .. }
            | Frame::Viewer { .. }
            | Frame::Error { .. }
            | Frame::Complete { .. } => {}
        }
    }

    /// Brings the picture up to `now`.
    fn advance(&mut self, now: Instant) {
        let reached = self.reached(now);
        if !self.timeline.is_settled() && !self.timeline.is_empty() {
            if self.can_settle(now) {
                let settled = self.timeline.settle(reached);
                self.room.replace_picture(&settled.parts);
                self.deliver(Delivery::StateReplaced(self.room.clone()));
                for moment in settled.moments {
                    self.show(moment);
                }
            } else if self.is_elsewhere(reached) && self.may_ask() {
                self.subscribe(now);
            }
        }

        while let Some(shown) = self.timeline.release(reached) {
            let entry = self.room.apply_shown(&shown.event);
            self.count_crowded_out(entry);
            self.show(shown);
        }
        self.timeline
            .enforce_limits(reached, self.schedule.follows_playhead());
        self.look_ahead(now);
    }

    fn can_settle(&self, now: Instant) -> bool {
        let reached = self.reached(now);

        if self.schedule.follows_playhead() {
            self.happened_at(reached)
                .is_some_and(|at| self.timeline.covers(at))
        } else {
            reached.server.is_some()
        }
    }

    fn reached(&self, now: Instant) -> Reached {
        Reached {
            server: self.clock.server_time(now),
            media: self.pass.map(|pass| pass.position(now)),
        }
    }

    fn show(&mut self, shown: ShownEvent) {
        self.stats.shown += 1;
        self.deliver(Delivery::Event(shown));
    }

    fn deliver(&mut self, delivery: Delivery) {
        self.outputs.push_back(Output::Deliver(Box::new(delivery)));
    }
}
