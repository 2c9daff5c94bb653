//! What every request needs at hand.

use std::sync::Arc;

use parlor_store::Store;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::Settings;
use crate::health::Health;
use crate::hub::Hub;
use crate::identity::Identity;
use crate::ids::Ids;
use crate::presence::Presence;
use crate::writer::Writer;

/// The parts of a running server.
pub struct App {
    pub settings: Settings,
    /// The address that people reach this server by, without a slash at the end.
    pub public_url: String,
    pub clock: Clock,
    pub ids: Ids,
    pub store: Store,
    pub identity: Identity,
    pub hub: Arc<Hub>,
    pub writer: Writer,
    pub health: Health,
    pub presence: Arc<Presence>,
    /// Set once the server is on its way out.
    pub draining: watch::Sender<bool>,
}

impl App {
    /// Whether the server is on its way out.
    pub fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Returns once the server is on its way out.
    pub async fn drained(&self) {
        let mut draining = self.draining.subscribe();
        draining
            .wait_for(|draining| *draining)
            .await
            .expect("this app holds the sender");
    }
}
