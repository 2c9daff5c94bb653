//! The handle that an application holds: wishes go in by `watch`, where only the latest matters, and
//! so never block; what happens comes out by pull.

use crate::driver::{DELIVERIES_MAX, Driver, Machine, News, PlayheadReport};
use crate::record::{Config, ConnectionState, Delivery, Room, Stats, TokenRequest};
use crate::runtime;
use crate::server_url::{ServerUrl, ServerUrlError};
use crate::wishes::Wishes;
use parlor_sdk_core as core;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, watch};

/// A live subscription to one room. Dropping the last reference disconnects.
///
/// Pull deliveries without long breaks. When 64 are waiting, the client stops reading, and the
/// server will drop it as too slow; once the application pulls again, the client comes back by
/// itself and goes on where it stopped. Nothing is lost by that, and `late_by_ms` says how late
/// each event is.
#[derive(uniffi::Object)]
pub struct Client {
    machine: Arc<Machine>,
    wishes: Wishes,
    deliveries: Mutex<mpsc::Receiver<Delivery>>,
    state: watch::Receiver<ConnectionState>,
    /// What [`Client::next_connection_state`] has returned up to now.
    state_seen: Mutex<watch::Receiver<ConnectionState>>,
    /// What [`Client::next_token_request`] has returned up to now.
    token_request_seen: Mutex<watch::Receiver<Option<TokenRequest>>>,
}

#[uniffi::export]
impl Client {
    /// Starts to follow a room, and goes on trying for as long as the server cannot be reached.
    /// Fails only if the server's address is none.
    #[uniffi::constructor]
    pub fn connect(config: Config) -> Result<Arc<Self>, ServerUrlError> {
        let config = core::Config {
            url: ServerUrl::parse(&config.server)?.socket(),
            token: config.token,
            room_id: config.room_id,
            placement: config.placement.into(),
            start_at: config
                .start_at_unix_millis
                .map(core::MediaTime::from_unix_millis),
        };
        let machine = Arc::new(Machine::new(config, random_seed()));

        let (wishes, inbox) = Wishes::new();
        let (deliveries, delivered) = mpsc::channel(DELIVERIES_MAX);
        let (state, mut state_seen) = watch::channel(ConnectionState::Connecting);
        state_seen.mark_changed();
        let (token_request, token_request_seen) = watch::channel(None);
        let news = News {
            deliveries,
            state,
            token_request,
        };
        runtime::handle().spawn(Driver::new(machine.clone(), inbox, news).run());

        Ok(Arc::new(Self {
            machine,
            wishes,
            deliveries: Mutex::new(delivered),
            state: state_seen.clone(),
            state_seen: Mutex::new(state_seen),
            token_request_seen: Mutex::new(token_request_seen),
        }))
    }

    /// Waits for the next delivery. Returns nothing once the client has been stopped, or the server
    /// has refused it for good; [`Client::connection_state`] says which.
    ///
    /// A call that is cancelled takes no delivery with it.
    pub async fn next_delivery(&self) -> Option<Delivery> {
        let mut stop = self.wishes.stop.subscribe();
        let mut deliveries = self.deliveries.lock().await;

        tokio::select! {
            biased;
            _ = stop.wait_for(|stopped| *stopped) => None,
            delivery = deliveries.recv() => delivery,
        }
    }

    /// Reports where the player's picture is. Call on play, pause, stall, seek and rate change, and
    /// about every second.
    ///
    /// `position_unix_millis` is the program date-time of the picture shown; a rate of 10,000 basis
    /// points is normal speed.
    pub fn set_playhead(&self, position_unix_millis: i64, playing: bool, rate_basis_points: u32) {
        self.wishes.playhead.send_replace(PlayheadReport::At {
            playhead: core::Playhead {
                position: core::MediaTime::from_unix_millis(position_unix_millis),
                playing,
                rate: rate_basis_points,
            },
            reported_at: self.machine.now(),
        });
    }

    /// Reports that the player cannot tell where on the stream's timeline it is. The room is then
    /// shown by the stream's delay.
    pub fn clear_playhead(&self) {
        self.wishes.playhead.send_replace(PlayheadReport::Unknown);
    }

    /// Gives a new token, at any time. Ends a wait for one; if the old one is about to expire, the
    /// client connects with the new one before that and goes on without a gap; otherwise the next
    /// connection uses it.
    pub fn set_token(&self, token: String) {
        self.wishes.token.send_replace(Some(token));
    }

    /// Waits until another token is needed, and says why. Returns nothing once the client has
    /// ended.
    ///
    /// Each need is returned once; one that [`Client::set_token`] has met meanwhile is left out. An
    /// application that cannot get a token now tries again by itself: nothing asks it twice, except
    /// that a token that expires unrenewed is refused in the end.
    pub async fn next_token_request(&self) -> Option<TokenRequest> {
        let mut stop = self.wishes.stop.subscribe();
        let mut requests = self.token_request_seen.lock().await;

        tokio::select! {
            biased;
            _ = stop.wait_for(|stopped| *stopped) => None,
            request = next_request(&mut requests) => request,
        }
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

    /// Waits until the connection's state is another than at the last call; the first call returns
    /// at once. States that were passed through in between are left out. Returns nothing once the
    /// client has ended.
    pub async fn next_connection_state(&self) -> Option<ConnectionState> {
        let mut state = self.state_seen.lock().await;
        state.changed().await.ok()?;

        Some(state.borrow_and_update().clone())
    }

    /// Returns the room as the viewer should see it now. It may be ahead of what has been pulled, by
    /// what waits to be.
    pub fn room(&self) -> Room {
        self.machine.core().room().into()
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

    /// Returns what has been counted since the start, and with it everything that was given up.
    pub fn stats(&self) -> Stats {
        self.machine.core().stats().into()
    }

    /// Ends the subscription: waiting calls return nothing, and so do all later ones. What was
    /// delivered and not pulled is dropped.
    pub fn stop(&self) {
        self.wishes.stop.send_replace(true);
    }
}

/// Waits for a need that is not yet met. Safe to cancel.
async fn next_request(
    requests: &mut watch::Receiver<Option<TokenRequest>>,
) -> Option<TokenRequest> {
    loop {
        requests.changed().await.ok()?;
        let request = *requests.borrow_and_update();
        if request.is_some() {
            return request;
        }
    }
}

/// The seed spreads the reconnects of many clients; without one they only come back closer
/// together.
fn random_seed() -> u64 {
    getrandom::u64().unwrap_or_default()
}
