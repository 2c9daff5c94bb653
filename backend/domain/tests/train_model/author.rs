//! Makes up streams: each commit by chance, and by how the room stands.

use parlor_domain::contribution::Status;
use parlor_domain::hype_train::{Phase, Train};
use parlor_domain::room::RoomState;
use parlor_domain::time::ServerTime;

use crate::dice::Dice;
use crate::step::{Message, Moment, Step, Terms};
use crate::temper::Temper;
use crate::world::World;

/// How many steps a commit has at most.
const JOINED_MAX: usize = 12;
/// How far a clock can be behind another one.
const BEHIND_MS_MAX: u64 = 3_000;

pub(crate) struct Author {
    dice: Dice,
    temper: Temper,
    /// By the clock that is ahead of all others.
    now: i64,
    messages: u32,
    /// What was said last of each contribution.
    said: Vec<Message>,
    /// Who gave each, as far as that was said.
    givers: Vec<Option<String>>,
}

impl Author {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let temper = Temper::new(&mut dice);
        let now = 1_700_000_000_000 + i64::try_from(dice.roll(100_000)).unwrap();

        Self {
            dice,
            temper,
            now,
            messages: 0,
            said: Vec::new(),
            givers: Vec::new(),
        }
    }

    /// When it begins.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    pub(crate) fn state(&mut self) -> RoomState {
        if self.dice.one_in(20) {
            RoomState::Draft
        } else {
            RoomState::Open
        }
    }

    /// How long the room waits for its stream.
    pub(crate) fn grace_ms(&mut self) -> i64 {
        self.dice.pick(&[0, 10_000, 60_000])
    }

    pub(crate) fn terms(&mut self) -> Terms {
        self.temper.terms(&mut self.dice)
    }

    pub(crate) fn length(&mut self) -> u64 {
        self.temper.length(&mut self.dice)
    }

    /// What happens in one transaction.
    pub(crate) fn commit(&mut self, world: &World) -> Vec<Moment> {
        self.now = self.next(world);
        let mut commit = vec![self.moment(world)];
        let most = 1 + self.dice.index(JOINED_MAX);
        while self.is_of_a_hundred(self.temper.joined) && commit.len() < most {
            if self.dice.one_in(4) {
                self.now += self.dice.pick(&[0, 1, 5, 1_000]);
            }
            let moment = self.moment(world);
            commit.push(moment);
        }

        commit
    }

    fn is_of_a_hundred(&mut self, share: u64) -> bool {
        self.dice.roll(100) < share
    }

    /// When the next thing happens: often when something is just over, or is just not.
    fn next(&mut self, world: &World) -> i64 {
        let room = &world.room;
        let grace_ms = room.room.interruption_grace_ms;
        let mut edges = Vec::new();
        if let Some(train) = &room.train {
            edges.extend(edges_of(train, room.room.program.kickoff_window_ms));
        }
        if let Some(session) = room.live_session() {
            // A session that is interrupted then is over at the same instant as the train's time.
            let together = room.train_deadline().map(|at| at.plus_millis(-grace_ms));
            let over = session.interrupted_at.map(|at| at.plus_millis(grace_ms));
            edges.extend(over.or(together));
        }
        let edges = edges.into_iter().map(ServerTime::unix_millis);
        let near = edges.flat_map(|at| [at - 1, at, at + 1]);
        let ahead: Vec<_> = near.filter(|at| *at >= self.now).collect();
        if ahead.is_empty() || !self.dice.one_in(self.temper.edges) {
            return self.now + self.temper.pause(&mut self.dice);
        }

        self.dice.pick(&ahead)
    }

    fn moment(&mut self, world: &World) -> Moment {
        let behind = if self.is_of_a_hundred(self.temper.behind) {
            i64::try_from(self.dice.roll(BEHIND_MS_MAX)).unwrap()
        } else {
            0
        };
        (self.now - behind, self.step(world))
    }

    fn step(&mut self, world: &World) -> Step {
        let is_live = world.room.live_session().is_some();
        if !is_live && self.dice.one_in(6) {
            return Step::Start {};
        }
        let session = world.room.session.as_ref();
        if session.is_some_and(|one| one.interrupted_at.is_some()) && self.dice.one_in(6) {
            return Step::Resume {};
        }
        let over_at = self.now + world.room.room.interruption_grace_ms;
        let train_over_at = world.room.train_deadline().map(ServerTime::unix_millis);
        if train_over_at == Some(over_at) && self.dice.one_in(2) {
            return Step::Interrupt {};
        }
        if self.is_of_a_hundred(self.temper.changes) {
            return self.change(world);
        }
        if self.dice.one_in(12) {
            return Step::Pass {};
        }

        Step::Report(self.message(world))
    }

    fn change(&mut self, world: &World) -> Step {
        let state = world.room.room.state;
        match self.dice.roll(12) {
            0..=5 => Step::Update {
                state: None,
                program: Some(self.terms()),
            },
            6 => Step::Interrupt {},
            7 => Step::Resume {},
            8..=9 => Step::End {},
            10 if state == RoomState::Draft => Step::Update {
                state: Some(RoomState::Open),
                program: None,
            },
            // Which ends nearly all that a stream is for.
            11 if self.dice.one_in(4) => Step::Update {
                state: (state == RoomState::Open).then_some(RoomState::Archived),
                program: self.dice.one_in(2).then(|| self.terms()),
            },
            _ => Step::Start {},
        }
    }

    fn message(&mut self, world: &World) -> Message {
        let is_known = !self.said.is_empty() && self.is_of_a_hundred(self.temper.follow_ups);
        if !is_known {
            let message = self.first_message();
            self.said.push(message.clone());
            self.givers.push(message.viewer_id.clone());
            return message;
        }
        let index = self.which(world);
        if self.dice.one_in(12) {
            // A provider that got no answer says the same again.
            return self.said[index].clone();
        }
        let status = self.next_status(self.said[index].status);
        let key = self.key();
        let viewer_name = if self.dice.one_in(4) {
            self.name()
        } else {
            self.said[index].viewer_name.clone()
        };
        if self.givers[index].is_none() && self.dice.one_in(4) {
            let viewer = self.dice.index(self.temper.viewers);
            self.givers[index] = Some(format!("viewer {viewer}"));
        }
        let is_named = !self.dice.one_in(4);
        let said = &mut self.said[index];
        said.viewer_id = self.givers[index].clone().filter(|_| is_named);
        said.key = key;
        said.status = status;
        said.viewer_name = viewer_name;

        said.clone()
    }

    /// Often one that counts, for what is said of others does little.
    fn which(&mut self, world: &World) -> usize {
        if self.dice.one_in(2) {
            let is_past = self.dice.one_in(4);
            let counted = world.counted(is_past);
            let said = self.said.iter().enumerate();
            let counted: Vec<_> = said
                .filter(|(_, one)| counted.contains(&(one.provider, one.reference.as_str())))
                .map(|(index, _)| index)
                .collect();
            if !counted.is_empty() {
                return self.dice.pick(&counted);
            }
        }
        let count = self.said.len();
        if self.dice.one_in(3) {
            return self.dice.index(count);
        }

        count - 1 - self.dice.index(count.min(6))
    }

    fn next_status(&mut self, before: Status) -> Status {
        let is_reversed = self.is_of_a_hundred(self.temper.reversals);
        match before {
            Status::Pending if !is_reversed && !self.dice.one_in(6) => Status::Settled,
            Status::Reversed if self.dice.one_in(2) => Status::Settled,
            Status::Pending | Status::Settled | Status::Reversed if is_reversed => Status::Reversed,
            Status::Pending | Status::Settled | Status::Reversed => {
                self.dice.pick(&[Status::Pending, Status::Settled])
            }
        }
    }

    fn first_message(&mut self) -> Message {
        let key = self.key();
        let is_anonymous = self.is_of_a_hundred(self.temper.anonymous);
        let viewer = self.dice.index(self.temper.viewers);
        let status = match self.dice.roll(20) {
            0..=15 => Status::Settled,
            16..=18 => Status::Pending,
            _ => Status::Reversed,
        };
        Message {
            provider: self.dice.pick(&["shop", "tips", "subs"]),
            reference: format!("gift of {key}"),
            key,
            given: self.temper.given(&mut self.dice),
            viewer_id: (!is_anonymous).then(|| format!("viewer {viewer}")),
            viewer_name: self.name(),
            status,
        }
    }

    fn name(&mut self) -> Option<String> {
        let name = self.dice.perhaps(2, &["Ana", "Ben", "Zoe"]);
        let name = name.filter(|_| !self.temper.is_alike);

        name.map(str::to_owned)
    }

    fn key(&mut self) -> String {
        self.messages += 1;
        format!("message {}", self.messages)
    }
}

/// When what a train is changes by itself, or what it would make of a gift.
fn edges_of(train: &Train, window_ms: i64) -> Vec<ServerTime> {
    let shown = &train.shown;
    match shown.phase {
        Phase::Approaching => {
            let gifts = train.kickoff.iter();
            gifts.map(|gift| gift.at.plus_millis(window_ms)).collect()
        }
        Phase::Running => vec![shown.expires_at],
        Phase::Ended => shown.cooldown_ends_at.into_iter().collect(),
    }
}
