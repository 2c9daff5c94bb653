//! What a room's followers are sent does not grow with its audience.

use futures_util::future::join_all;
use parlor_api::global_id;
use parlor_domain::id::{NodeId, RoomId, ViewerId};
use parlor_domain::room_aggregate::{Actor, PresenceChange};
use parlor_socket::SocketSettings;
use parlor_test_database::on_both_engines;
use parlor_writer::{ChangePresence, Join};
use serde_json::{Value, json};
use std::time::Duration;

use crate::client::Client;
use crate::server::{Options, TestServer};

on_both_engines!(no_message_grows_with_the_audience);

/// The document that the SDKs follow a room with.
const LIVE_ROOM: &str = include_str!("../../../../sdk-core/operations/live_room.graphql");
/// How many people come and go at a time.
const SET: usize = 200;

async fn no_message_grows_with_the_audience(database: String) {
    let options = Options {
        database: Some(database),
        sockets: SocketSettings {
            presence_every: Duration::ZERO,
            ..SocketSettings::default()
        },
        ..Options::default()
    };
    let server = TestServer::start_with(options).await;
    let [few, many] = [200, 2_000];
    let of_few = Sizes::of(&server, few).await;
    let of_many = Sizes::of(&server, many).await;

    // Numbers have more digits: of positions in the log, and the count itself.
    let digits = 16;
    assert!(of_few.first > 10_000, "{of_few:?}");
    assert!(
        of_many.first <= of_few.first + digits * 100,
        "{of_many:?} {of_few:?}"
    );
    assert!(
        of_many.largest <= of_few.largest + digits,
        "{of_many:?} {of_few:?}"
    );
    // Once the room's first hundred have gone back among the audience, coming and going is a number.
    assert!(of_many.last < 300, "{of_many:?}");
}

/// The bytes of what a follower is sent.
#[derive(Debug)]
struct Sizes {
    /// A newcomer's first message, when everyone is in.
    first: usize,
    /// The largest of those that follow.
    largest: usize,
    /// When a last set goes.
    last: usize,
}

impl Sizes {
    /// Of a room with so many people, who come and go while somebody watches.
    async fn of(server: &TestServer, people: usize) -> Self {
        let room = server.live_room(&format!("room-of-{people}")).await;
        let everyone: Vec<_> = (0..people).map(viewer).collect();
        for some in everyone.chunks(SET) {
            join(server, room, some).await;
        }
        let mut observer = Observer::follow(server, room).await;
        let first = observer.largest;
        observer.largest = 0;

        for some in everyone.chunks(SET) {
            observer.change(server, room, some, &[]).await;
        }
        assert_eq!(observer.count, i64::try_from(people).unwrap());
        let mut last = 0;
        for some in everyone.chunks(SET) {
            last = observer.change(server, room, &[], some).await;
        }
        assert_eq!(observer.count, 0);

        Self {
            first,
            largest: observer.largest,
            last,
        }
    }
}

fn viewer(n: usize) -> ViewerId {
    ViewerId::parse(&format!("viewer-{n:06}")).unwrap()
}

async fn join(server: &TestServer, room: RoomId, people: &[ViewerId]) {
    let joining = people.iter().map(|viewer_id| {
        let join = Join {
            actor: Actor {
                viewer_id: viewer_id.clone(),
                is_staff: false,
            },
            viewer_id: viewer_id.clone(),
            name: viewer_id.as_str().to_owned(),
        };
        server.service.app.writer.submit(server.tenant, room, join)
    });
    for joined in join_all(joining).await {
        joined.unwrap();
    }
}

/// Somebody who follows a room and weighs what they are sent.
struct Observer {
    client: Client,
    largest: usize,
    seq: i64,
    count: i64,
}

impl Observer {
    async fn follow(server: &TestServer, room: RoomId) -> Self {
        let mut client = Client::ready(server, None).await;
        let variables = json!({ "roomId": global_id::room_id(room) });
        client.subscribe("1", LIVE_ROOM, variables).await;
        let mut observer = Self {
            client,
            largest: 0,
            seq: 0,
            count: -1,
        };
        observer.read().await;

        observer
    }

    /// Has a set of people come and go, and reads until it is seen. Returns the bytes it took.
    async fn change(
        &mut self,
        server: &TestServer,
        room: RoomId,
        arrived: &[ViewerId],
        departed: &[ViewerId],
    ) -> usize {
        let change = PresenceChange {
            node_id: NodeId(uuid::Uuid::max()),
            arrived: arrived.to_vec(),
            departed: departed.to_vec(),
        };
        let app = &server.service.app;
        let written = app
            .writer
            .submit(server.tenant, room, ChangePresence(change));
        written.await.unwrap();
        let view = app.store.room(room).await.unwrap().unwrap();

        let mut bytes = 0;
        while (self.seq, self.count) != (view.head.seq, view.census.online.count) {
            bytes += self.read().await;
        }
        bytes
    }

    async fn read(&mut self) -> usize {
        let text = self.client.receive_text().await.unwrap();
        let message: Value = serde_json::from_str(&text).unwrap();
        let feed = &message["payload"]["data"]["liveRoom"];
        self.seq = feed["throughSeq"].as_str().unwrap().parse().unwrap();
        if let Some(count) = feed["presence"]["onlineCount"].as_i64() {
            self.count = count;
        }
        self.largest = self.largest.max(text.len());

        text.len()
    }
}
