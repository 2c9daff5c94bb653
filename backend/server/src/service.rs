//! What requests are answered with, each handler by its own part.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use parlor_api::App;
use parlor_api::{Endpoint, ParlorSchema};
use parlor_domain::tenant::Origin;
use parlor_socket::Sockets;

/// Everything that handlers take from. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    pub app: Arc<App>,
    pub schema: ParlorSchema,
    pub sockets: Arc<Sockets>,
    pub request_timeout: Duration,
    /// Whose modules the overlay's page may run as widgets.
    pub widget_origins: Arc<[Origin]>,
}

impl FromRef<Service> for Arc<App> {
    fn from_ref(service: &Service) -> Self {
        Self::clone(&service.app)
    }
}

impl FromRef<Service> for Arc<Sockets> {
    fn from_ref(service: &Service) -> Self {
        Self::clone(&service.sockets)
    }
}

impl FromRef<Service> for Endpoint {
    fn from_ref(service: &Service) -> Self {
        Self {
            app: Arc::clone(&service.app),
            schema: service.schema.clone(),
        }
    }
}
