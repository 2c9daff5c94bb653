//! What operations are carried out with.

use std::sync::Arc;

use parlor_identity::Identity;
use parlor_identity::origins::Origins;
use parlor_live::hub::Hub;
use parlor_live::presence::Presence;
use parlor_live::watching::Watching;
use parlor_node::clock::Clock;
use parlor_node::health::Health;
use parlor_node::ids::Ids;
use parlor_store::Store;
use parlor_writer::Writer;
use tokio::sync::watch;

use crate::{Documents, Leases, Webhooks};

/// The parts of a running server.
pub struct App {
    /// The address that people reach this server by, without a slash at the end.
    pub public_url: String,
    pub clock: Clock,
    pub ids: Ids,
    pub store: Store,
    pub identity: Identity,
    pub origins: Origins,
    pub documents: Documents,
    pub hub: Arc<Hub>,
    pub writer: Writer,
    pub health: Health,
    pub presence: Arc<Presence>,
    pub watching: Arc<Watching>,
    pub leases: Leases,
    pub webhooks: Webhooks,
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
