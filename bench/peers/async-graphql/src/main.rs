//! A room as async-graphql's documentation builds it: a broadcast channel, a stream for every
//! subscriber, and the WebSocket transport of async-graphql-axum.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::{Context, ID, Interface, Object, Schema, SimpleObject, Subscription};
use async_graphql_axum::{GraphQL, GraphQLSubscription};
use axum::Router;
use axum::routing::post_service;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::{Stream, StreamExt};

/// Events that a subscriber may be behind. The bench has at most 32 under way.
const BEHIND_MAX: usize = 1024;

const OCCURRED_AT: &str = "2026-01-02T03:04:05.678Z";
const CONTRIBUTION_ID: &str =
    "Q29udHJpYnV0aW9uOjAxOWI3Y2E5LThjODgtNzlhNi1iNzIyLTdkNjE3YTAyN2EzNQ==";

struct Room {
    last_seq: AtomicU64,
    events: broadcast::Sender<RoomFeed>,
}

/// Everything below the feed is shared, so that a subscriber costs a reference count.
#[derive(Clone, SimpleObject)]
struct RoomFeed {
    after_seq: Arc<str>,
    through_seq: Arc<str>,
    events: Arc<Vec<RoomEvent>>,
}

#[derive(Interface)]
#[graphql(
    field(name = "seq", ty = "&str"),
    field(name = "occurred_at", ty = "&str"),
    field(name = "display_at", ty = "&str")
)]
enum RoomEvent {
    ContributionReceived(ContributionReceived),
}

struct ContributionReceived {
    seq: Arc<str>,
    contribution: Arc<Contribution>,
}

#[Object]
impl ContributionReceived {
    async fn seq(&self) -> &str {
        &self.seq
    }

    async fn occurred_at(&self) -> &str {
        OCCURRED_AT
    }

    async fn display_at(&self) -> &str {
        OCCURRED_AT
    }

    async fn contribution(&self) -> &Contribution {
        &self.contribution
    }
}

#[derive(SimpleObject)]
struct Contribution {
    id: ID,
    name: String,
    amount: String,
    message: String,
}

struct Query;

#[Object]
impl Query {
    async fn is_open(&self) -> bool {
        true
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn publish(&self, context: &Context<'_>, message: String) -> bool {
        let room = context.data_unchecked::<Room>();
        let before = room.last_seq.fetch_add(1, Ordering::Relaxed);
        let seq: Arc<str> = (before + 1).to_string().into();
        let contribution = Contribution {
            id: CONTRIBUTION_ID.into(),
            name: "Ada".to_owned(),
            amount: "500".to_owned(),
            message,
        };
        let event = RoomEvent::ContributionReceived(ContributionReceived {
            seq: Arc::clone(&seq),
            contribution: Arc::new(contribution),
        });
        let feed = RoomFeed {
            after_seq: before.to_string().into(),
            through_seq: seq,
            events: Arc::new(vec![event]),
        };

        room.events.send(feed).is_ok()
    }
}

struct Feeds;

#[Subscription(name = "Subscription")]
impl Feeds {
    /// A subscriber that is too far behind loses its stream, which the audience notices.
    async fn live_room(
        &self,
        context: &Context<'_>,
        #[graphql(name = "roomId")] _room_id: ID,
    ) -> impl Stream<Item = RoomFeed> + use<> {
        let events = context.data_unchecked::<Room>().events.subscribe();

        BroadcastStream::new(events).map_while(Result::ok)
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let room = Room {
        last_seq: AtomicU64::new(100_000),
        events: broadcast::channel(BEHIND_MAX).0,
    };
    let schema = Schema::build(Query, Mutation, Feeds).data(room).finish();
    let app = Router::new()
        .route("/graphql", post_service(GraphQL::new(schema.clone())))
        .route_service("/graphql/ws", GraphQLSubscription::new(schema));

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, app).await
}
