//! Webhooks: what services tell of payments, taken in at `POST /webhooks/contributions/{source}`.

mod deliveries;
mod pace;
mod receive;
mod sources;

pub(crate) use deliveries::{DeliveryMutation, DeliveryQuery};
pub(crate) use sources::{WebhookMutation, WebhookQuery};

pub use receive::{Webhooks, receive_contributions};
