//! The handle that an application holds: wishes go in by `watch`, where only the latest matters, and
//! so never block; what happens comes out by pull.
//!
//! Waiting and taking are two calls. A task of another language may be cancelled after a call has
//! been answered and before the answer is handed to it, and what a wait had taken would be lost then.

use crate::api::{Api, Orders};
use crate::consumers::{ConnectionStates, Deliveries, RoomChanges, Rooms};
use crate::driver::{Driver, News};
use crate::handout::Handout;
use crate::machine::Machine;
use crate::record::{
    Config, ConnectionState, Placement, PlayheadReading, Room, Stats, SyncSource, TokenRequest,
    Watched,
};
use crate::runtime;
use crate::seen::Seen;
use crate::server_url::{ServerUrl, ServerUrlError};
use crate::token::SharedToken;
use crate::wallets::{WalletBoard, Wallets};
use crate::watching::Watching;
use crate::wishes::{PlayheadReport, Wishes};
use parlor_sdk_core as core;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::watch;

/// A live subscription to one room. Dropping the last reference disconnects.
///
/// Consume deliveries without long breaks. When 64 are waiting for one consumer, the client stops reading,
/// and the server will drop it as too slow; once the application pulls again, the client comes back by
/// itself and goes on where it stopped. Nothing is lost by that, and `late_by_ms` says how late
/// each event is.
#[derive(uniffi::Object)]
pub struct Client {
    machine: Arc<Machine>,
    server: ServerUrl,
    token: SharedToken,
    orders: Arc<Orders>,
    wishes: Wishes,
    /// Nothing if it is not to be told what the viewer watches.
    watching: Option<Arc<Watching>>,
    handout: Arc<Handout>,
    state: watch::Receiver<ConnectionState>,
    room_changes: RoomChanges,
    wallet: Arc<WalletBoard>,
    token_requests: Seen<Option<TokenRequest>>,
}

#[uniffi::export]
impl Client {
    /// Starts to follow a room, and goes on trying for as long as the server cannot be reached.
    /// Fails only if the server's address is none.
    #[uniffi::constructor]
    pub fn connect(config: Config) -> Result<Arc<Self>, ServerUrlError> {
        let server = ServerUrl::parse(&config.server)?;
        let token = SharedToken::new(config.token.clone());
        let reports_watching = config.reports_watching && config.placement == Placement::Player;
        let room_id = config.room_id.clone();
        let orders = Orders::new(config.redemptions_folder);
        let (wallet, wallet_news, wallet_followers) = WalletBoard::new(config.token.clone());
        let config = core::Config {
            url: server.socket(),
            token: config.token,
            room_id: config.room_id,
            placement: config.placement.into(),
            start_at: config
                .start_at_unix_millis
                .map(core::MediaTime::from_unix_millis),
        };
        let machine = Arc::new(Machine::new(config, random_seed()));

        let (wishes, inbox) = Wishes::new(wallet_followers);
        let (handout, deliveries) = Handout::new();
        let (state, state_seen) = watch::channel(ConnectionState::Connecting);
        let (room, room_changes) = watch::channel(());
        let room_changes = RoomChanges {
            count: Arc::new(AtomicU64::new(0)),
            news: room_changes,
            followers: Arc::new(AtomicUsize::new(0)),
        };
        let (token_request, token_requests) = watch::channel(None);
        let news = News {
            deliveries,
            state,
            room,
            room_count: room_changes.count.clone(),
            room_followers: room_changes.followers.clone(),
            wallet: wallet_news,
            token_request,
        };
        runtime::handle().spawn(Driver::new(machine.clone(), inbox, news).run());

        let watching = reports_watching.then(|| {
            let (machine, server) = (machine.clone(), server.clone());
            Watching::start(machine, server, token.clone(), room_id, &wishes)
        });

        Ok(Arc::new(Self {
            machine,
            server,
            token,
            orders,
            wishes,
            watching,
            handout,
            state: state_seen,
            room_changes,
            wallet,
            token_requests: Seen::new(token_requests),
        }))
    }

    /// Returns the deliveries for one more consumer: each has all of them. While there is no consumer, they are
    /// kept for the next one, who goes on where the last one left; whoever comes beside another begins with the
    /// room as it is.
    pub fn deliveries(&self) -> Arc<Deliveries> {
        let stop = self.wishes.stop.subscribe();

        Arc::new(Deliveries::new(
            self.handout.clone(),
            self.machine.clone(),
            stop,
        ))
    }

    /// Returns where the connection stands, now and whenever it changes, for one more who follows that.
    pub fn connection_states(&self) -> Arc<ConnectionStates> {
        Arc::new(ConnectionStates::new(self.state.clone()))
    }

    /// Returns the room as the viewer should see it, for one more who looks at it whenever it has changed.
    pub fn rooms(&self) -> Arc<Rooms> {
        Arc::new(Rooms::new(
            self.machine.clone(),
            self.handout.clone(),
            self.room_changes.clone(),
            self.wishes.stop.subscribe(),
        ))
    }

    /// Returns what the viewer has in the room, for one more who follows that. The server is asked for it as long as
    /// somebody does.
    pub fn wallets(&self) -> Arc<Wallets> {
        Arc::new(Wallets::follow(self.wallet.clone()))
    }

    /// Reports where the player's picture is. Call on play, pause, stall, seek and rate change, and
    /// about every second.
    ///
    /// `position_unix_millis` is the program date-time of the picture shown; a rate of 10,000 basis
    /// points is normal speed.
    pub fn set_playhead(&self, position_unix_millis: i64, playing: bool, rate_basis_points: u32) {
        self.take(Some(core::Playhead {
            position: core::MediaTime::from_unix_millis(position_unix_millis),
            true_at: Some(self.machine.now()),
            quality: core::PlayheadQuality::Clock,
            playing,
            rate: rate_basis_points,
            seeks: self.wishes.seeks.load(Ordering::Relaxed),
        }));
    }

    /// Reports where the player's picture is, or was a moment ago, as the player says it, whatever that
    /// is. As [`Client::set_playhead`]; with what is no number it is as [`Client::lose_playhead`], and
    /// counted.
    pub fn report_playhead(&self, reading: PlayheadReading) {
        let seeks = self.wishes.seeks.load(Ordering::Relaxed);

        self.take(reading.read(seeks, self.machine.now()));
    }

    /// Reports that the player does not say where it is, for now: an advertisement without dates, a stream
    /// that is loaded anew. The picture stands where it was until a report comes, and nothing more is shown.
    pub fn lose_playhead(&self) {
        self.note_watching(None);
        self.wishes.playhead.send_replace(PlayheadReport::Lost);
    }

    /// Returns what picture events are timed by now.
    pub fn sync_source(&self) -> SyncSource {
        let now = self.machine.now();

        self.machine.core().sync_source(now).into()
    }

    /// Tells that the viewer has sought: the picture goes where it is said to be next. A position that
    /// steps without this counts as a date that does, until it has stayed for 8 seconds.
    pub fn note_seek(&self) {
        self.wishes.seeks.fetch_add(1, Ordering::Relaxed);
    }

    /// Reports that the player cannot tell where on the stream's timeline it is, and never will. The room
    /// is then shown by the stream's delay.
    pub fn clear_playhead(&self) {
        self.note_watching(None);
        self.wishes.playhead.send_replace(PlayheadReport::Unknown);
    }

    /// Gives a new token, at any time. Ends a wait for one; if the old one is about to expire, the
    /// client connects with the new one before that and goes on without a gap; otherwise the next
    /// connection uses it. So do calls of [`Client::api`] from now on.
    pub fn set_token(&self, token: String) {
        self.wallet.take_token(token, |new| {
            match &self.watching {
                Some(watching) => watching.handle_token(new.token.clone()),
                None => self.token.set(new.token.clone()),
            }
            self.wishes.token.send_replace(Some(new));
        });
    }

    /// Returns what to ask and command the client's server with, always by the client's token.
    pub fn api(&self) -> Arc<Api> {
        let (server, token) = (self.server.clone(), self.token.clone());

        Arc::new(Api::sharing(server, token, self.orders.clone()))
    }

    /// Waits until another token is needed. Returns false once the client has ended.
    pub async fn wait_for_token_request(&self) -> bool {
        let mut stop = self.wishes.stop.subscribe();

        tokio::select! {
            biased;
            _ = stop.wait_for(|stopped| *stopped) => false,
            is_needed = self.token_requests.wait_for(Option::is_some) => is_needed,
        }
    }

    /// Takes the need for a token that [`Client::wait_for_token_request`] has waited for, and says
    /// why. Returns nothing if it has been met or taken meanwhile.
    ///
    /// Each need is told once; one that [`Client::set_token`] has met meanwhile is left out. An
    /// application that cannot get a token now tries again by itself: nothing asks it twice, except
    /// that a token that expires unrenewed is refused in the end.
    pub fn take_token_request(&self) -> Option<TokenRequest> {
        self.token_requests.take()?
    }

    /// Tells that the application goes to the background: the connection is closed, nothing is
    /// tried and nothing more is delivered. Position and state are kept, and what was delivered and
    /// not pulled can still be.
    pub fn pause(&self) {
        self.wishes
            .lifecycle
            .send_modify(|lifecycle| lifecycle.is_paused = true);
    }

    /// Tells that the application is back. The client connects at once and goes on where it
    /// stopped: with every event since, or, if those are too many, with the state as it is now.
    ///
    /// Report the playhead right afterwards. The picture is taken to have stood still meanwhile; if
    /// it is elsewhere, the state there replaces what was shown, as after a seek.
    pub fn resume(&self) {
        self.wishes
            .lifecycle
            .send_modify(|lifecycle| lifecycle.is_paused = false);
    }

    /// Tells of the network: false when there is none, so that nothing is tried; true when there is
    /// one again, or another, such as mobile data instead of Wi-Fi. The connection is then presumed
    /// dead and replaced at once; when changes keep coming, at a distance that grows from 1 to 15
    /// seconds.
    pub fn network_changed(&self, online: bool) {
        self.wishes.lifecycle.send_modify(|lifecycle| {
            lifecycle.is_online = online;
            lifecycle.network_reports += 1;
        });
    }

    /// Drops the connection and makes another one now, whatever is being waited for. Does nothing
    /// while paused, nor after a refusal that no token ends.
    pub fn reconnect(&self) {
        self.wishes
            .lifecycle
            .send_modify(|lifecycle| lifecycle.reconnects += 1);
    }

    /// Returns where the connection stands.
    pub fn connection_state(&self) -> ConnectionState {
        self.state.borrow().clone()
    }

    /// Returns when that happened which the viewer's picture shows now. Count down to a train's
    /// `expires_at` from here. Nothing as long as it is not known.
    pub fn picture_time_unix_millis(&self) -> Option<i64> {
        let now = self.machine.now();
        let picture_time = self.machine.core().picture_time(now)?;

        Some(picture_time.unix_millis())
    }

    /// Returns how far the client's estimate of the server's time may be off. Nothing as long as
    /// there is none.
    pub fn clock_error_ms(&self) -> Option<i64> {
        let now = self.machine.now();

        self.machine.core().clock_error_ms(now)
    }

    /// Returns what is known of what the viewer has watched: how it stands with each minute and, if one did not
    /// count, why. The client tells the server each half minute by itself, and keeps what it could not tell while
    /// there was no network.
    pub fn watched(&self) -> Watched {
        let watching = self.watching.as_ref();

        watching.map_or_else(Watched::default, |watching| watching.watched())
    }

    /// Tells the server now what the viewer has watched. Done when it has answered, or could not be asked.
    pub async fn report_watched(&self) {
        if let Some(watching) = self.watching.clone() {
            let report = async move { watching.report().await };
            // Its end is all that is waited for; a runtime that goes away takes it along.
            let _ = runtime::handle().spawn(report).await;
        }
    }

    /// Returns what has been counted since the start, and with it everything that was given up.
    pub fn stats(&self) -> Stats {
        self.machine.core().stats().into()
    }

    /// Ends the subscription: waiting calls return nothing, and so do all later ones. What was
    /// delivered and not pulled is dropped.
    pub fn stop(&self) {
        self.wishes.stop.send_replace(true);
        self.wallet.end();
    }
}

/// What is for Rust alone.
impl Client {
    /// Returns the room as the viewer should see it now. It may be ahead of what has been pulled, by
    /// what waits to be.
    pub fn room(&self) -> Room {
        self.machine.core().room().into()
    }

    /// Waits until another token is needed. Returns nothing once the client has ended. Takes nothing if it is
    /// dropped.
    pub async fn next_token_request(&self) -> Option<TokenRequest> {
        while self.wait_for_token_request().await {
            if let Some(request) = self.take_token_request() {
                return Some(request);
            }
        }

        None
    }

    pub(crate) fn machine(&self) -> &Arc<Machine> {
        &self.machine
    }

    fn take(&self, playhead: Option<core::Playhead>) {
        self.note_watching(playhead);
        let report = playhead.map_or(PlayheadReport::Unreadable, PlayheadReport::At);
        self.wishes.playhead.send_replace(report);
    }

    fn note_watching(&self, playhead: Option<core::Playhead>) {
        if let Some(watching) = &self.watching {
            watching.handle_playhead(playhead);
        }
    }
}

/// The seed spreads the reconnects of many clients; without one they only come back closer
/// together.
fn random_seed() -> u64 {
    getrandom::u64().unwrap_or_default()
}
