//! The public API's GraphQL: its shape, and the way from there to the rules and back.
//!
//! Resolvers find out who asks, hand input to the rules and translate what comes back. They decide
//! nothing themselves. A subject has its objects, inputs, operations and refusals in one place;
//! `access`, `submit`, `page`, `refusal` and the scalars are what subjects have in common.

#![warn(clippy::print_stderr)]

mod access;
mod app;
mod audit;
mod contributions;
pub mod deadline;
mod disputes;
mod document;
mod endpoint;
mod erasures;
mod errors;
mod explorer;
mod fault;
pub mod feed;
pub mod global_id;
mod hype_trains;
pub mod json;
mod log_position;
mod memberships;
mod node;
mod overlay_tokens;
mod page;
mod people;
mod points;
mod rates;
mod refusal;
mod reported;
mod rewards;
mod rfc3339;
mod room_feed;
mod rooms;
mod scalar;
mod sessions;
mod setting;
mod staff_feed;
mod submit;
mod tenants;
mod wallets;
mod watching;
mod webhooks;

use std::sync::Arc;

use async_graphql::{Context, MergedObject, MergedSubscription, Schema};

pub use app::App;
pub use document::{Document, Documents, JsonVariables};
pub use endpoint::{Endpoint, post};
pub use errors::make_presentable;
pub use explorer::explore;
pub use fault::Fault;
pub use points::{NEXT_HEADER, download_statement};
pub use rfc3339::{TimeError, format_time, parse_time};
pub use watching::Leases;
pub use webhooks::{Webhooks, receive_contributions};

use parlor_identity::Caller;

use audit::AuditQuery;
use contributions::ContributionMutation;
use disputes::{DisputeMutation, DisputeQuery};
use erasures::{ErasureMutation, ErasureQuery};
use memberships::{MembershipMutation, MembershipQuery};
use node::NodeQuery;
use overlay_tokens::OverlayTokenMutation;
use people::{PeopleMutation, PeopleQuery};
use points::{PointsMutation, PointsQuery};
use rates::{RatesMutation, RatesQuery};
use refusal::Error;
use rewards::{DrawQuery, RewardMutation, RewardQuery};
use room_feed::{RoomEventsQuery, RoomSubscription};
use rooms::{RoomMutation, RoomQuery};
use sessions::{SessionMutation, SessionQuery};
use staff_feed::StaffSubscription;
use tenants::{TenantMutation, TenantQuery};
use wallets::WalletSubscription;
use watching::{DeviceMutation, WatchingMutation};
use webhooks::{DeliveryMutation, DeliveryQuery, WebhookMutation, WebhookQuery};

/// Everything that can be read.
#[derive(Default, MergedObject)]
pub struct Query(
    NodeQuery,
    RoomQuery,
    RoomEventsQuery,
    SessionQuery,
    PeopleQuery,
    PointsQuery,
    RewardQuery,
    DrawQuery,
    DisputeQuery,
    MembershipQuery,
    AuditQuery,
    TenantQuery,
    RatesQuery,
    ErasureQuery,
    WebhookQuery,
    DeliveryQuery,
);

/// Everything that can be changed.
#[derive(Default, MergedObject)]
pub struct Mutation(
    RoomMutation,
    SessionMutation,
    ContributionMutation,
    MembershipMutation,
    OverlayTokenMutation,
    PeopleMutation,
    PointsMutation,
    WatchingMutation,
    DeviceMutation,
    RewardMutation,
    DisputeMutation,
    TenantMutation,
    RatesMutation,
    ErasureMutation,
    WebhookMutation,
    DeliveryMutation,
);

/// Everything that can be followed.
#[derive(Default, MergedSubscription)]
pub struct Subscription(RoomSubscription, StaffSubscription, WalletSubscription);

/// The executable schema.
pub type ParlorSchema = Schema<Query, Mutation, Subscription>;

/// The schema, working on `app`. A request carries its [`Caller`] in its data.
pub fn schema(app: Arc<App>) -> ParlorSchema {
    builder().data(app).finish()
}

/// The schema in GraphQL's schema language.
pub fn sdl() -> String {
    let sdl = builder().finish().sdl();
    let lines: Vec<_> = sdl
        .lines()
        .map(|line| line.trim_end().replace('\t', "  "))
        .collect();

    format!("{}\n", lines.join("\n").trim())
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(
        Query::default(),
        Mutation::default(),
        Subscription::default(),
    )
    .register_output_type::<Error>()
    .limit_recursive_depth(document::NESTING_MAX)
}

fn app<'a>(context: &Context<'a>) -> &'a App {
    context.data_unchecked::<Arc<App>>()
}

fn caller<'a>(context: &Context<'a>) -> &'a Caller {
    context.data_unchecked::<Caller>()
}
