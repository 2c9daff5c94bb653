//! The handle that an application holds: wishes go in by `watch`, where only the latest matters, and
//! so never block; what happens comes out by pull.

use crate::driver::{DELIVERIES_MAX, Driver, Machine, PlayheadReport, Wishes};
use crate::record::{Config, ConnectionState, Delivery, Stats};
use crate::runtime;
use crate::server_url::{ServerUrl, ServerUrlError};
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
    playhead: watch::Sender<PlayheadReport>,
    token: watch::Sender<Option<String>>,
    stop: watch::Sender<bool>,
    deliveries: Mutex<mpsc::Receiver<Delivery>>,
    state: watch::Receiver<ConnectionState>,
    /// What [`Client::next_connection_state`] has returned up to now.
    state_seen: Mutex<watch::Receiver<ConnectionState>>,
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

        let (playhead, playhead_wish) = watch::channel(PlayheadReport::None);
        let (token, token_wish) = watch::channel(None);
        let (stop, stop_wish) = watch::channel(false);
        let (deliveries, delivered) = mpsc::channel(DELIVERIES_MAX);
        let (state, mut state_seen) = watch::channel(ConnectionState::Connecting);
        state_seen.mark_changed();
        let wishes = Wishes {
            playhead: playhead_wish,
            token: token_wish,
            stop: stop_wish,
        };
        runtime::handle().spawn(Driver::new(machine.clone(), wishes, deliveries, state).run());

        Ok(Arc::new(Self {
            machine,
            playhead,
            token,
            stop,
            deliveries: Mutex::new(delivered),
            state: state_seen.clone(),
            state_seen: Mutex::new(state_seen),
        }))
    }

    /// Waits for the next delivery. Returns nothing once the client has been stopped, or the server
    /// has refused it for good; [`Client::connection_state`] says which.
    ///
    /// A call that is cancelled takes no delivery with it.
    pub async fn next_delivery(&self) -> Option<Delivery> {
        let mut stop = self.stop.subscribe();
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
        self.playhead.send_replace(PlayheadReport::At {
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
        self.playhead.send_replace(PlayheadReport::Unknown);
    }

    /// Gives a new token, which the next connection uses. Ends a wait for one.
    pub fn set_token(&self, token: String) {
        self.token.send_replace(Some(token));
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
        self.stop.send_replace(true);
    }
}

/// The seed spreads the reconnects of many clients; without one they only come back closer
/// together.
fn random_seed() -> u64 {
    getrandom::u64().unwrap_or_default()
}
