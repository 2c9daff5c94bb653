//! A room on which a stream is played, and what is told of it and kept after each step.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::contribution::{Report, Status};
use parlor_domain::event::{Event, EventBody, LogHead};
use parlor_domain::hype_train::{Contributor, HypeTrain, Phase};
use parlor_domain::id::{Epoch, HypeTrainId, IdSource, RoomId, TenantId, ViewerId};
use parlor_domain::room::{Room, RoomChange, RoomDraft, RoomState};
use parlor_domain::room_aggregate::{Actor, RoomAggregate};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_domain::time::ServerTime;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::shelf::Shelf;
use crate::step::{Message, Moment, Step, Terms};

struct Counter(u128);

impl IdSource for Counter {
    fn next_id(&mut self) -> Uuid {
        self.0 += 1;
        Uuid::from_u128(self.0)
    }
}

pub(crate) struct World {
    pub(crate) room: RoomAggregate,
    ids: Counter,
    shelf: Shelf,
    /// Trains by the order in which they came.
    numbers: BTreeMap<HypeTrainId, usize>,
}

impl World {
    pub(crate) fn new(now: i64, state: RoomState, grace_ms: i64, terms: &Terms) -> Self {
        let mut ids = Counter(0);
        let now = ServerTime::from_unix_millis(now);
        let tenant_id = TenantId::next(&mut ids);
        let tenant = Tenant::create(TenantDraft::named("A tenant"), tenant_id, now).unwrap();
        let draft = RoomDraft {
            slug: "room".to_owned(),
            title: "Go, and tea".to_owned(),
            stream_id: None,
            state,
            delay_ms: None,
            ingest_offset_ms: None,
            anonymous_read: None,
            admission: None,
            stage_size: None,
            interruption_grace_ms: Some(grace_ms),
            reference_currency: None,
            program: Some(terms.program()),
        };
        let room = Room::create(draft, &tenant, RoomId::next(&mut ids), now).unwrap();
        let head = LogHead::new(Epoch::next(&mut ids));

        Self {
            room: RoomAggregate::create(room, head, &mut ids, now),
            ids,
            shelf: Shelf::default(),
            numbers: BTreeMap::new(),
        }
    }

    /// Does all of `commit`, and returns each step of it with everything that is to be seen then.
    pub(crate) fn play(&mut self, commit: &[Moment]) -> Vec<Value> {
        let reports: Vec<_> = commit.iter().filter_map(|(_, step)| report(step)).collect();
        self.shelf.load(&mut self.room, &reports);
        self.room.known.people.ask_stage();
        let mut lines = Vec::new();
        for (index, (now, step)) in commit.iter().enumerate() {
            let answer = self.act(step, ServerTime::from_unix_millis(*now));
            let mut line = serde_json::to_value(step).unwrap();
            let seen = line.as_object_mut().unwrap();
            seen.insert("now".to_owned(), json!(now));
            seen.insert("begins".to_owned(), json!(index == 0));
            seen.insert("answer".to_owned(), answer);
            seen.insert("told".to_owned(), self.told());
            seen.insert("present".to_owned(), self.present());
            lines.push(line);
        }
        self.shelf.keep(&self.room);
        if let Some(Value::Object(last)) = lines.last_mut() {
            last.insert("kept".to_owned(), self.kept());
            last.insert("counted".to_owned(), self.changed());
        }

        lines
    }

    fn act(&mut self, step: &Step, now: ServerTime) -> Value {
        let (room, ids) = (&mut self.room, &mut self.ids);
        room.end_expired(ids, now);
        let is_done = match step {
            Step::Pass {} => true,
            Step::Start {} => room.start_session(None, ids, now).is_ok(),
            Step::Interrupt {} => room.interrupt_session(ids, now).is_ok(),
            Step::Resume {} => room.resume_session(ids, now).is_ok(),
            Step::End {} => room.end_session(ids, now).is_ok(),
            Step::Update { state, program } => {
                let change = RoomChange {
                    version: room.room.version,
                    state: *state,
                    program: program.as_ref().map(Terms::program),
                    ..RoomChange::default()
                };
                room.update_room(&staff(), change, ids, now).is_ok()
            }
            Step::Report(message) => return self.record(message, now),
        };

        json!(is_done)
    }

    fn record(&mut self, message: &Message, now: ServerTime) -> Value {
        let report = Report::parse(message.raw()).unwrap();
        let print = Sha256::digest(serde_json::to_vec(message).unwrap()).into();
        let recorded = self
            .room
            .record_contribution(report, print, &mut self.ids, now);
        let recorded = recorded.expect("what is said of a contribution is of one piece");

        json!({ "status": recorded.status, "hype": recorded.hype })
    }

    /// What the commit tells as far as it has come.
    fn told(&mut self) -> Value {
        if let Some(train) = &self.room.train {
            let next = self.numbers.len();
            self.numbers.entry(train.shown.id).or_insert(next);
        }
        self.room
            .changes
            .events
            .iter()
            .map(|event| self.event(event))
            .collect()
    }

    fn event(&self, event: &Event) -> Value {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "of all others the kind is enough"
        )]
        let what = match &event.body {
            EventBody::HypeTrainApproached(train)
            | EventBody::HypeTrainStarted(train)
            | EventBody::HypeTrainProgressed(train)
            | EventBody::HypeTrainLeveledUp(train)
            | EventBody::HypeTrainCorrected(train)
            | EventBody::HypeTrainEnded(train) => self.shown(train),
            EventBody::ContributionReceived(alert) => {
                json!({ "hype": alert.hype, "name": alert.name })
            }
            _ => Value::Null,
        };
        json!([event.occurred_at.unix_millis(), event.body.kind(), what])
    }

    fn present(&self) -> Value {
        let train = self.room.train.as_ref();
        train.map_or(Value::Null, |train| self.shown(&train.shown))
    }

    /// A train as the API shows it.
    fn shown(&self, train: &HypeTrain) -> Value {
        let millis = |at: Option<ServerTime>| at.map(ServerTime::unix_millis);
        let recent = train.recent_contributors.iter().map(contributor);
        json!({
            "train": self.numbers[&train.id],
            "phase": match train.phase {
                Phase::Approaching => "APPROACHING",
                Phase::Running => "RUNNING",
                Phase::Ended => "ENDED",
            },
            "level": train.level,
            "progress": train.progress,
            "goal": train.goal,
            "total": train.total,
            "kickoffEventsNeeded": train.kickoff_events_needed,
            "kickoffViewersNeeded": train.kickoff_viewers_needed,
            "startedAt": train.started_at.unix_millis(),
            "expiresAt": train.expires_at.unix_millis(),
            "endedAt": millis(train.ended_at),
            "cooldownEndsAt": millis(train.cooldown_ends_at),
            "lastReward": train.last_reward,
            "nextReward": train.next_reward,
            "contributorCount": train.contributor_count,
            "topContributor": train.top_contributor.as_ref().map(contributor),
            "recentContributors": recent.collect::<Vec<_>>(),
            "isRecord": train.is_record,
        })
    }

    /// The settled contributions that count in the present train or towards it, or else in one of before, by their
    /// providers and references.
    pub(crate) fn counted(&self, is_past: bool) -> BTreeSet<(&str, &str)> {
        let Some(train) = &self.room.train else {
            return BTreeSet::new();
        };
        let gathered = |id| train.kickoff.iter().any(|gift| gift.contribution_id == id);
        let settled = self.shelf.contributions.values();
        let settled = settled.filter(|one| one.status == Status::Settled);
        let counted = settled.filter(|one| match one.train_id {
            Some(id) => (id != train.shown.id) == is_past,
            None => !is_past && gathered(one.id),
        });
        counted
            .map(|one| (one.provider.as_str(), one.contribution_ref.as_str()))
            .collect()
    }

    /// The room's trains that have run and ended, as they are kept: how far each got, and when.
    fn kept(&self) -> Value {
        let ended = self.shelf.trains.iter().filter_map(|(id, row)| {
            let ended_at = row.ended_at?.unix_millis();
            let started_at = row.started_at.unix_millis();
            let line = json!([row.level, row.total, started_at, ended_at]);
            Some((self.numbers[id].to_string(), line))
        });
        Value::Object(ended.collect())
    }

    /// In which train contributions count, of those that the commit changed.
    fn changed(&self) -> Value {
        let changes = &self.room.changes;
        let ids = changes.contributions.keys().chain(changes.boarded.keys());
        let counted = ids.map(|id| {
            let one = &self.shelf.contributions[id];
            let train = one.train_id.map(|id| self.numbers[&id]);
            (
                format!("{} {}", one.provider, one.contribution_ref),
                json!(train),
            )
        });
        Value::Object(counted.collect())
    }
}

fn staff() -> Actor {
    Actor {
        viewer_id: ViewerId::parse("staff").unwrap(),
        is_staff: true,
    }
}

fn report(step: &Step) -> Option<Report> {
    let Step::Report(message) = step else {
        return None;
    };
    Some(Report::parse(message.raw()).unwrap())
}

fn contributor(one: &Contributor) -> Value {
    json!({ "name": one.name, "hype": one.hype, "lastHype": one.last_hype })
}
