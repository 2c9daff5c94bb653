//! A room on which tests act, with a clock and ids of their own.

use parlor_domain::contribution::{Contribution, ContributionKind, RawReport, Report, Status};
use parlor_domain::event::{Event, LogHead};
use parlor_domain::hype_train::{HypeTrain, Level, Program};
use parlor_domain::id::{Epoch, IdSource, RoomId, TenantId};
use parlor_domain::room::{Room, RoomDraft, RoomState};
use parlor_domain::room_aggregate::{
    AnswerKey, ContributionRef, RecordContributionRefusal, RoomAggregate,
};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_domain::time::ServerTime;
use uuid::Uuid;

pub(crate) struct Counter(u128);

impl IdSource for Counter {
    fn next_id(&mut self) -> Uuid {
        self.0 += 1;
        Uuid::from_u128(self.0)
    }
}

pub(crate) struct Stage {
    pub(crate) aggregate: RoomAggregate,
    pub(crate) ids: Counter,
    pub(crate) now: ServerTime,
    /// What earlier batches appended.
    log: Vec<Event>,
    sent: u32,
}

pub(crate) fn at(millis: i64) -> ServerTime {
    ServerTime::from_unix_millis(millis)
}

/// Three contributions of two viewers within 60 s; levels of 100 and 200; 30 s a level; no cooldown.
pub(crate) fn short_program() -> Program {
    let level = |goal, reward: &str| Level {
        goal,
        reward: Some(reward.to_owned()),
    };
    Program {
        kickoff_events: 3,
        kickoff_viewers: 2,
        kickoff_window_ms: 60_000,
        levels: vec![level(100, "emote"), level(200, "badge")],
        seconds_per_level: 30,
        cooldown_ms: 0,
        ..Program::default()
    }
}

pub(crate) fn draft() -> RoomDraft {
    RoomDraft {
        slug: "stage".to_owned(),
        title: "Stage".to_owned(),
        stream_id: None,
        state: RoomState::Open,
        delay_ms: Some(2_000),
        ingest_offset_ms: None,
        anonymous_read: None,
        admission: None,
        stage_size: None,
        interruption_grace_ms: None,
        reference_currency: None,
        program: Some(short_program()),
    }
}

pub(crate) fn tenant(id: TenantId) -> Tenant {
    Tenant::create(TenantDraft::named("A tenant"), id, at(0)).unwrap()
}

pub(crate) fn donation(viewer: &str, amount: i64) -> RawReport {
    RawReport {
        provider: "shop".to_owned(),
        kind: Some(ContributionKind::Donation),
        amount: Some(amount),
        currency: Some("EUR".to_owned()),
        viewer_id: Some(viewer.to_owned()),
        viewer_name: Some(viewer.to_uppercase()),
        ..RawReport::default()
    }
}

impl Stage {
    /// An open room that is live, with the short program.
    pub(crate) fn live() -> Self {
        let mut stage = Self::open(draft());
        stage
            .aggregate
            .start_session(None, &mut stage.ids, stage.now)
            .unwrap();
        stage
    }

    pub(crate) fn open(draft: RoomDraft) -> Self {
        let mut ids = Counter(0);
        let now = at(1_000_000);
        let tenant = tenant(TenantId::next(&mut ids));
        let room = Room::create(draft, &tenant, RoomId::next(&mut ids), now).unwrap();
        let head = LogHead::new(Epoch::next(&mut ids));
        let aggregate = RoomAggregate::create(room, head, &mut ids, now);

        Self {
            aggregate,
            ids,
            now,
            log: Vec::new(),
            sent: 0,
        }
    }

    /// Begins another batch, as far as the log goes. Each act of a test is one, unless it says
    /// otherwise.
    pub(crate) fn begin_batch(&mut self) {
        self.log.append(&mut self.aggregate.changes.events);
    }

    pub(crate) fn pass(&mut self, millis: i64) {
        self.begin_batch();
        self.now = self.now.plus_millis(millis);
        self.aggregate.end_expired(&mut self.ids, self.now);
    }

    /// Reports `raw` under a key of its own, unless it has one.
    pub(crate) fn report(
        &mut self,
        raw: RawReport,
    ) -> Result<Contribution, RecordContributionRefusal> {
        self.begin_batch();
        self.report_on(raw)
    }

    /// The same, in the batch that is under way.
    pub(crate) fn report_on(
        &mut self,
        mut raw: RawReport,
    ) -> Result<Contribution, RecordContributionRefusal> {
        if raw.idempotency_key.is_empty() {
            self.sent += 1;
            raw.idempotency_key = format!("message-{}", self.sent);
        }
        let report = Report::parse(raw).unwrap();
        let mut fingerprint = [0; 32];
        for (index, byte) in format!("{report:?}").bytes().enumerate() {
            fingerprint[index % 32] ^= byte.rotate_left(u32::try_from(index % 7).unwrap());
        }

        self.look_up(&report);
        self.aggregate.end_expired(&mut self.ids, self.now);
        self.aggregate
            .record_contribution(report, fingerprint, &mut self.ids, self.now)
    }

    /// Looks up what `report` needs: what was known stays, and the rest is not there.
    fn look_up(&mut self, report: &Report) {
        let known = &mut self.aggregate.known;
        known.answers.ask(AnswerKey::of_report(report));
        known.contributions.ask(ContributionRef::of_report(report));
        if let (Some(train), Some(viewer)) = (&self.aggregate.train, report.viewer_id()) {
            known.contributors.ask(train.shown.id, viewer.clone());
        }
    }

    pub(crate) fn donate(&mut self, viewer: &str, amount: i64) -> Contribution {
        self.report(donation(viewer, amount)).unwrap()
    }

    /// Sends the message `status` about a contribution that was reported before.
    pub(crate) fn follow_up(&mut self, first: &Contribution, raw: RawReport, status: Status) {
        let contribution_ref = Some(first.contribution_ref.clone());
        self.report(RawReport {
            contribution_ref,
            status: Some(status),
            ..raw
        })
        .unwrap();
    }

    pub(crate) fn train(&self) -> &HypeTrain {
        &self
            .aggregate
            .train
            .as_ref()
            .expect("there is a train")
            .shown
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        let events = self.log.iter().chain(&self.aggregate.changes.events);
        events.cloned().collect()
    }

    pub(crate) fn kinds_since(&self, seq: i64) -> Vec<&'static str> {
        self.events()
            .iter()
            .filter(|event| event.seq > seq)
            .map(|event| event.body.kind())
            .collect()
    }
}
