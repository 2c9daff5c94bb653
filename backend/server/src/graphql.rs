//! The public API's GraphQL: its shape, and the way from there to the rules and back.
//!
//! Resolvers find out who asks, hand input to the rules and translate what comes back. They decide
//! nothing themselves.

mod audit;
mod endpoint;
mod event;
mod explorer;
mod fault;
pub mod global_id;
mod input;
mod limits;
mod mutation;
mod object;
mod page;
mod people;
mod people_input;
mod people_mutation;
mod people_query;
mod query;
mod refusal;
mod rfc3339;
mod scalar;
mod staff;
mod subscription;
mod tenant;
mod tenant_operations;
mod train;

use std::sync::Arc;

use async_graphql::{Context, MergedObject, Schema};

pub use endpoint::post;
pub use explorer::explore;
pub use fault::Fault;
pub use limits::parse_within_limits;
pub use rfc3339::{TimeError, format_time, parse_time};

use crate::app::App;
use crate::identity::Caller;
use mutation::RoomMutation;
use people_mutation::PeopleMutation;
use people_query::PeopleQuery;
use query::RoomQuery;
use refusal::Error;
use subscription::Subscription;
use tenant_operations::{TenantMutation, TenantQuery};

/// Everything that can be read.
#[derive(Default, MergedObject)]
pub struct Query(RoomQuery, PeopleQuery, TenantQuery);

/// Everything that can be changed.
#[derive(Default, MergedObject)]
pub struct Mutation(RoomMutation, PeopleMutation, TenantMutation);

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
    Schema::build(Query::default(), Mutation::default(), Subscription)
        .register_output_type::<Error>()
        .limit_recursive_depth(limits::NESTING_MAX)
}

fn app<'a>(context: &Context<'a>) -> &'a App {
    context.data_unchecked::<Arc<App>>()
}

fn caller<'a>(context: &Context<'a>) -> &'a Caller {
    context.data_unchecked::<Caller>()
}
