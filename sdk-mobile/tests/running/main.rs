//! The client against the real server, over a network that keeps breaking.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scissors;
mod server;
mod traffic;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use parlor::{Client, Config, Delivery, Placement, Room};
use scissors::Scissors;
use server::Server;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use traffic::Traffic;

/// How often the subscriber is cut off.
const CUTS: usize = 50;
/// How long a test waits for what must come. Generous, because it only bounds failures.
const PATIENCE: Duration = Duration::from_mins(1);

/// A subscriber that writes down what it is delivered.
struct Watcher {
    client: Arc<Client>,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Seen {
    seqs: BTreeSet<i64>,
    repeated: Vec<i64>,
    presence_changes: usize,
}

/// The state of a room, and which events led to it.
#[derive(Debug, PartialEq, Eq)]
struct View {
    room: Room,
    seqs: BTreeSet<i64>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_cut_off_fifty_times_sees_what_one_never_cut_off_sees() {
    let server = Server::start();
    let traffic = Traffic::new(&server).await;
    let mut scissors = Scissors::start(server.address(), CUTS, 4).await;
    let news = Arc::new(Notify::new());
    let steady = Watcher::start(&server.url(), &traffic.room, &news);
    let cut_off = Watcher::start(&scissors.url(), &traffic.room, &news);
    // From here on both are told of every event.
    until(&news, || {
        let both = [&steady, &cut_off].map(Watcher::view);
        both.iter().all(|view| view.room.profile.is_some())
    })
    .await;

    let busy = traffic.begin(&server);
    while timeout(PATIENCE, scissors.cut()).await.unwrap() < CUTS {
        // As an application does that knows of its network; else the pauses would grow.
        cut_off.client.reconnect();
    }
    let online = timeout(PATIENCE, busy.end()).await.unwrap();
    let fresh = Watcher::start(&server.url(), &traffic.room, &news);
    until(&news, || {
        let rooms = [&steady, &cut_off, &fresh].map(|one| one.view().room);
        rooms[0].online_count == Some(online)
            && rooms.iter().all(|room| *room == rooms[0])
            && steady.view() == cut_off.view()
    })
    .await;

    let (steady, cut_off) = (steady.end().await, cut_off.end().await);
    fresh.end().await;
    assert!(cut_off.repeated.is_empty(), "{:?}", cut_off.repeated);
    assert_eq!(cut_off.seqs, steady.seqs);
    assert!(steady.seqs.len() > 200, "{}", steady.seqs.len());
    assert!(steady.presence_changes > 2, "{}", steady.presence_changes);
    let (first, last) = (steady.seqs.first().unwrap(), steady.seqs.last().unwrap());
    let gapless: BTreeSet<_> = (*first..=*last).collect();
    assert_eq!(steady.seqs, gapless);
}

/// Waits until it is `so`, looking again at each delivery.
async fn until(news: &Notify, so: impl Fn() -> bool) {
    loop {
        let mut heard = std::pin::pin!(news.notified());
        heard.as_mut().enable();
        if so() {
            return;
        }
        timeout(PATIENCE, heard)
            .await
            .expect("something is delivered until the subscribers agree");
    }
}

impl Watcher {
    fn start(server: &str, room: &str, news: &Arc<Notify>) -> Self {
        let client = Client::connect(Config {
            server: server.to_owned(),
            room_id: room.to_owned(),
            placement: Placement::Source,
            token: None,
            start_at_unix_millis: None,
            reports_watching: true,
            redemptions_folder: None,
        })
        .unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let task = tokio::spawn({
            let (deliveries, seen, news) =
                (client.deliveries(), Arc::clone(&seen), Arc::clone(news));
            async move {
                while let Some(delivery) = deliveries.next().await {
                    seen.lock().unwrap().take(delivery);
                    news.notify_waiters();
                }
            }
        });

        Self { client, seen, task }
    }

    fn view(&self) -> View {
        View {
            room: self.client.room(),
            seqs: self.seen.lock().unwrap().seqs.clone(),
        }
    }

    async fn end(self) -> Seen {
        self.client.stop();
        timeout(PATIENCE, self.task).await.unwrap().unwrap();

        Arc::into_inner(self.seen).unwrap().into_inner().unwrap()
    }
}

impl Seen {
    fn take(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Event { event, .. } => {
                if !self.seqs.insert(event.seq) {
                    self.repeated.push(event.seq);
                }
            }
            Delivery::StateReplaced { .. } => (),
            Delivery::PresenceChanged { .. } => self.presence_changes += 1,
        }
    }
}
