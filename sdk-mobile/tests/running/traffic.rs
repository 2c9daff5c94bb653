//! Crowd who come, go, speak and give, in a random order that repeats.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parlor::{
    Api, Client, Config, ContributionKind, ContributionReport, KnownParticipant, NewParticipant,
    NewRoom, Placement, RoomState,
};
use tokio::task::JoinHandle;

use crate::server::Server;

const NAMES: [&str; 6] = ["ana", "ben", "cem", "dov", "eva", "fay"];
/// Who is left following the room when the traffic ends.
const STAYING: usize = 2;

pub(crate) struct Traffic {
    pub(crate) room: String,
    staff: Arc<Api>,
}

/// Traffic under way.
pub(crate) struct Busy {
    is_over: Arc<AtomicBool>,
    task: JoinHandle<(i32, Crowd)>,
}

struct Crowd {
    server: String,
    room: String,
    staff: Arc<Api>,
    people: Vec<Person>,
    /// Who follows the room.
    connected: BTreeMap<usize, Arc<Client>>,
    given: u32,
}

struct Person {
    name: &'static str,
    token: String,
    api: Arc<Api>,
}

impl Traffic {
    /// Makes a live room.
    pub(crate) async fn new(server: &Server) -> Self {
        let token = server.token("staff", "tester");
        let staff = Api::new(&server.url(), Some(token), None).unwrap();
        let room = NewRoom {
            slug: "running".to_owned(),
            title: "Running".to_owned(),
            state: Some(RoomState::Open),
            anonymous_read: Some(true),
            ..NewRoom::default()
        };
        let room = staff.create_room(room).await.unwrap().id;
        staff.start_session(room.clone(), None).await.unwrap();

        Self { room, staff }
    }

    pub(crate) fn begin(&self, server: &Server) -> Busy {
        let people = NAMES.map(|name| {
            let token = server.token("viewer", name);
            let api = Api::new(&server.url(), Some(token.clone()), None).unwrap();
            Person { name, token, api }
        });
        let mut people = Crowd {
            server: server.url(),
            room: self.room.clone(),
            staff: Arc::clone(&self.staff),
            people: people.into(),
            connected: BTreeMap::new(),
            given: 0,
        };
        let is_over = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn({
            let is_over = Arc::clone(&is_over);
            async move {
                let mut random = fastrand::Rng::with_seed(7);
                while !is_over.load(Ordering::Acquire) {
                    people.do_something(&mut random).await;
                }
                let online = people.settle().await;
                (online, people)
            }
        });

        Busy { is_over, task }
    }
}

impl Busy {
    /// Ends it, and returns how many are online once everybody has noticed. They stay for as long as
    /// the test's runtime lives.
    pub(crate) async fn end(self) -> i32 {
        self.is_over.store(true, Ordering::Release);
        let (online, people) = self.task.await.unwrap();
        tokio::spawn(async move {
            let _stay = people;
            std::future::pending::<()>().await;
        });

        online
    }
}

impl Crowd {
    /// Has somebody do something, which may well be refused.
    async fn do_something(&mut self, random: &mut fastrand::Rng) {
        let place = random.usize(..self.people.len());
        let person = &self.people[place];
        match random.u8(0..11) {
            0 => self.join(place).await,
            1 => drop(person.api.leave_room(self.room.clone()).await),
            2 => self.connect(place),
            3 => {
                if let Some(client) = self.connected.remove(&place) {
                    client.stop();
                }
            }
            4 | 5 => self.give(place).await,
            act => {
                let access = person.api.room_access(self.room.clone()).await.unwrap();
                let Some(own) = access.participant else {
                    return;
                };
                let own = KnownParticipant {
                    room_id: self.room.clone(),
                    participant_id: own.id,
                    version: own.version,
                };
                let api = &person.api;
                drop(match act {
                    6 => api.request_stage(own).await,
                    7 => api.withdraw_stage_request(own).await,
                    8 => self.staff.invite_to_stage(own).await,
                    9 => api.join_stage(own).await,
                    _ => api.leave_stage(own).await,
                });
            }
        }
    }

    /// Lets everybody in, and has a few follow the room. Returns how many.
    async fn settle(&mut self) -> i32 {
        for place in 0..self.people.len() {
            self.join(place).await;
            if place < STAYING {
                self.connect(place);
            } else if let Some(client) = self.connected.remove(&place) {
                client.stop();
            }
        }
        self.give(0).await;

        i32::try_from(STAYING).unwrap()
    }

    async fn join(&self, place: usize) {
        let person = &self.people[place];
        let new = NewParticipant {
            room_id: self.room.clone(),
            name: person.name.to_owned(),
            viewer_id: None,
        };
        person.api.join_room(new).await.unwrap();
    }

    fn connect(&mut self, place: usize) {
        let person = &self.people[place];
        self.connected.entry(place).or_insert_with(|| {
            Client::connect(Config {
                server: self.server.clone(),
                room_id: self.room.clone(),
                placement: Placement::Companion,
                token: Some(person.token.clone()),
                start_at_unix_millis: None,
                reports_watching: true,
                redemptions_folder: None,
            })
            .unwrap()
        });
    }

    async fn give(&mut self, place: usize) {
        self.given += 1;
        let name = self.people[place].name;
        let report = ContributionReport {
            room_id: self.room.clone(),
            idempotency_key: format!("gift {}", self.given),
            kind: ContributionKind::Donation,
            provider: None,
            contribution_ref: None,
            status: None,
            amount: Some(500),
            currency: Some("EUR".to_owned()),
            tier: None,
            quantity: None,
            viewer_id: Some(name.to_owned()),
            viewer_name: Some(name.to_owned()),
            message: Some("well done".to_owned()),
            occurred_at_unix_millis: None,
        };
        self.staff.record_contribution(report).await.unwrap();
    }
}
