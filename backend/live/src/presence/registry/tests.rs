use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const WAITS: Waits = Waits {
    grace_ms: 5_000,
    flush_ms: 100,
};
const TENANT: TenantId = TenantId(Uuid::from_u128(1));

fn at(millis: i64) -> ServerTime {
    ServerTime::from_unix_millis(millis)
}

fn node(n: u128) -> NodeId {
    NodeId(Uuid::from_u128(n))
}

fn room(n: u128) -> RoomId {
    RoomId(Uuid::from_u128(n))
}

fn viewer(name: &str) -> ViewerId {
    ViewerId::parse(name).unwrap()
}

fn registry() -> Registry {
    Registry::new(node(1), WAITS)
}

/// What is to be written now, as `+` and `-` with names.
fn due(registry: &mut Registry, now: ServerTime) -> (Vec<Flush>, String) {
    let flushes = registry.take_due(now);
    let mut told = Vec::new();
    for flush in &flushes {
        let change = &flush.change;
        told.extend(change.arrived.iter().map(|id| format!("+{}", id.as_str())));
        told.extend(change.departed.iter().map(|id| format!("-{}", id.as_str())));
    }

    (flushes, told.join(" "))
}

/// The same, written at once.
fn written(registry: &mut Registry, now: ServerTime) -> String {
    let (flushes, told) = due(registry, now);
    for flush in flushes {
        registry.handle_written(&flush, Outcome::Written, now);
    }

    told
}

#[test]
fn several_connections_are_one_person_and_the_last_one_counts() {
    let mut registry = registry();
    let ana = viewer("ana");
    registry.connect(TENANT, room(1), &ana, at(0));
    registry.connect(TENANT, room(1), &ana, at(0));
    assert_eq!(written(&mut registry, at(0)), "+ana");

    registry.disconnect(room(1), &ana, at(1_000));
    assert_eq!(registry.poll_timeout(), None);
    registry.disconnect(room(1), &ana, at(2_000));
    assert_eq!(registry.poll_timeout(), Some(at(7_000)));
    assert_eq!(written(&mut registry, at(6_999)), "");
    assert_eq!(written(&mut registry, at(7_000)), "-ana");
    assert!(registry.rooms.is_empty() && registry.timers.is_empty());
}

#[test]
fn whoever_comes_back_in_time_was_never_gone() {
    let mut registry = registry();
    let ana = viewer("ana");
    registry.connect(TENANT, room(1), &ana, at(0));
    assert_eq!(written(&mut registry, at(0)), "+ana");

    registry.disconnect(room(1), &ana, at(1_000));
    registry.connect(TENANT, room(1), &ana, at(5_999));
    assert_eq!(registry.poll_timeout(), None);

    // Somebody who is gone before anything was written leaves nothing to write.
    registry.connect(TENANT, room(2), &ana, at(6_000));
    registry.disconnect(room(2), &ana, at(6_000));
    assert_eq!(registry.poll_timeout(), None);
    assert_eq!(registry.rooms.len(), 1);
}

#[test]
fn what_comes_soon_after_a_set_is_collected_into_the_next() {
    let mut registry = registry();
    registry.connect(TENANT, room(1), &viewer("ana"), at(0));
    assert_eq!(written(&mut registry, at(0)), "+ana");

    for (name, millis) in [("ben", 1), ("cem", 50), ("dov", 99)] {
        registry.connect(TENANT, room(1), &viewer(name), at(millis));
    }
    assert_eq!(registry.poll_timeout(), Some(at(100)));
    assert_eq!(written(&mut registry, at(99)), "");
    assert_eq!(written(&mut registry, at(100)), "+ben +cem +dov");
}

#[test]
fn a_crowd_comes_in_sets_of_a_bounded_size_without_waiting_between_them() {
    let mut registry = registry();
    let crowd = 3 * SET_MAX + 1;
    for n in 0..crowd {
        registry.connect(TENANT, room(1), &viewer(&n.to_string()), at(0));
    }

    let mut sizes = Vec::new();
    while registry.poll_timeout() == Some(at(0)) {
        let (flushes, _) = due(&mut registry, at(0));
        assert_eq!(flushes.len(), 1, "one set of a room at a time");
        assert_eq!(registry.poll_timeout(), None, "while it is being written");
        sizes.push(flushes[0].change.arrived.len());
        registry.handle_written(&flushes[0], Outcome::Written, at(0));
    }
    assert_eq!(sizes, [SET_MAX, SET_MAX, SET_MAX, 1]);
}

#[test]
fn a_set_leaves_out_whoever_is_still_given_time() {
    let mut registry = registry();
    registry.connect(TENANT, room(1), &viewer("ana"), at(0));
    assert_eq!(written(&mut registry, at(0)), "+ana");
    registry.disconnect(room(1), &viewer("ana"), at(1_000));

    registry.connect(TENANT, room(1), &viewer("ben"), at(2_000));
    assert_eq!(written(&mut registry, at(2_000)), "+ben");
    assert_eq!(written(&mut registry, at(6_000)), "-ana");
}

#[test]
fn sets_of_many_rooms_are_written_some_at_a_time() {
    let mut registry = registry();
    for n in 0..WRITING_MAX + 2 {
        let room_id = room(n.try_into().unwrap());
        registry.connect(TENANT, room_id, &viewer("ana"), at(0));
    }

    let first = registry.take_due(at(0));
    assert_eq!(first.len(), WRITING_MAX);
    assert_eq!(registry.poll_timeout(), None, "until one is written");
    assert_eq!(registry.take_due(at(0)), []);
    registry.handle_written(&first[0], Outcome::Written, at(0));
    assert_eq!(registry.poll_timeout(), Some(at(0)));
    assert_eq!(registry.take_due(at(0)).len(), 1);
}

#[test]
fn a_set_that_failed_is_tried_again_as_things_are_then() {
    let mut registry = registry();
    for name in ["ana", "ben"] {
        registry.connect(TENANT, room(1), &viewer(name), at(0));
    }
    let (flushes, _) = due(&mut registry, at(0));
    registry.disconnect(room(1), &viewer("ben"), at(10));
    registry.handle_written(&flushes[0], Outcome::Failed, at(20));

    assert_eq!(registry.poll_timeout(), Some(at(1_020)));
    assert_eq!(written(&mut registry, at(1_020)), "+ana -ben");
    registry.disconnect(room(1), &viewer("ana"), at(2_000));
    assert_eq!(written(&mut registry, at(7_000)), "-ana");
    assert!(registry.rooms.is_empty());
}

#[test]
fn sets_that_are_lost_are_written_again_and_hold_up_nothing() {
    let mut registry = registry();
    for number in 0..1_000 {
        registry.connect(TENANT, room(number), &viewer("ana"), at(0));
    }
    let (taken, _) = due(&mut registry, at(0));
    assert_eq!(taken.len(), WRITING_MAX);
    let unseen = registry.take_due(at(0));
    assert!(unseen.is_empty());

    registry.lose_sets(at(10));
    let (taken, _) = due(&mut registry, at(10));
    assert_eq!(taken.len(), WRITING_MAX);
    for flush in &taken {
        registry.handle_written(flush, Outcome::Written, at(20));
    }
    let mut rooms: BTreeSet<_> = taken.iter().map(|flush| flush.room_id).collect();
    while let Some(next) = registry.poll_timeout() {
        for flush in registry.take_due(next) {
            registry.handle_written(&flush, Outcome::Written, next);
            rooms.insert(flush.room_id);
        }
    }
    assert_eq!(rooms.len(), 1_000);
}

#[test]
fn under_another_name_everyone_is_written_anew() {
    let mut registry = registry();
    for name in ["ana", "ben", "cem"] {
        registry.connect(TENANT, room(1), &viewer(name), at(0));
    }
    assert_eq!(written(&mut registry, at(0)), "+ana +ben +cem");
    registry.disconnect(room(1), &viewer("ben"), at(1_000));
    registry.disconnect(room(1), &viewer("cem"), at(1_000));
    let (departing, told) = due(&mut registry, at(6_000));
    assert_eq!(told, "-ben -cem");

    registry.connect(TENANT, room(1), &viewer("cem"), at(6_000));
    registry.start_anew(node(2), at(6_000));
    // It fails, but what it was about has gone with the former name.
    registry.handle_written(&departing[0], Outcome::Failed, at(6_000));
    let (flushes, told) = due(&mut registry, at(6_100));
    assert_eq!(told, "+ana +cem");
    assert_eq!(flushes[0].change.node_id, node(2));
}

/// What may happen.
#[derive(Debug, Clone)]
enum Step {
    Connect(u128, &'static str),
    Disconnect(u128, &'static str),
    Pass(i64),
    /// Takes what is due, if there is anything.
    Take,
    /// Answers a set that is being written, by its place.
    Answer(usize, Answer),
    StartAnew,
    /// Nobody hears any more of the sets that are being written.
    LoseSets(Answer),
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Written,
    /// It was written, and the answer was lost.
    WrittenUnheard,
    NotWritten,
}

fn step() -> impl Strategy<Value = Step> {
    let who = || (1..3_u128, prop::sample::select(&["ana", "ben", "cem"][..]));
    let answer = prop::sample::select(vec![
        Answer::Written,
        Answer::Written,
        Answer::WrittenUnheard,
        Answer::NotWritten,
    ]);

    let lost = prop::sample::select(vec![Answer::WrittenUnheard, Answer::NotWritten]);

    prop_oneof![
        4 => who().prop_map(|(room, name)| Step::Connect(room, name)),
        4 => who().prop_map(|(room, name)| Step::Disconnect(room, name)),
        4 => prop::sample::select(vec![1, 50, 100, 1_000, 4_999, 5_000]).prop_map(Step::Pass),
        4 => Just(Step::Take),
        4 => (0..3_usize, answer).prop_map(|(place, answer)| Step::Answer(place, answer)),
        1 => Just(Step::StartAnew),
        1 => lost.prop_map(Step::LoseSets),
    ]
}

/// The registry, the rows that its sets make, and who is really connected.
struct World {
    registry: Registry,
    now: i64,
    rows: BTreeSet<(NodeId, RoomId, ViewerId)>,
    in_flight: Vec<Flush>,
    connected: BTreeMap<(RoomId, ViewerId), u32>,
    nodes: u128,
}

impl World {
    fn new() -> Self {
        Self {
            registry: registry(),
            now: 0,
            rows: BTreeSet::new(),
            in_flight: Vec::new(),
            connected: BTreeMap::new(),
            nodes: 1,
        }
    }

    fn make(&mut self, step: &Step) {
        let now = at(self.now);
        match step {
            Step::Connect(n, name) => {
                let (room_id, viewer_id) = (room(*n), viewer(name));
                self.registry.connect(TENANT, room_id, &viewer_id, now);
                *self.connected.entry((room_id, viewer_id)).or_default() += 1;
            }
            Step::Disconnect(n, name) => {
                let key = (room(*n), viewer(name));
                if let Some(count @ 1..) = self.connected.get_mut(&key) {
                    *count -= 1;
                    self.registry.disconnect(key.0, &key.1, now);
                }
            }
            Step::Pass(millis) => self.now += millis,
            Step::Take => {
                let taken = self.registry.take_due(now);
                self.in_flight.extend(taken);
            }
            Step::Answer(place, answer) if *place < self.in_flight.len() => {
                let flush = self.in_flight.remove(*place);
                self.answer(&flush, *answer);
            }
            Step::Answer(..) => (),
            Step::LoseSets(answer) => {
                for flush in std::mem::take(&mut self.in_flight) {
                    self.write(&flush, *answer);
                }
                self.registry.lose_sets(now);
            }
            Step::StartAnew => {
                self.nodes += 1;
                self.registry.start_anew(node(self.nodes), now);
            }
        }
    }

    fn write(&mut self, flush: &Flush, answer: Answer) {
        let change = &flush.change;
        if !matches!(answer, Answer::NotWritten) {
            let row = |id: &ViewerId| (change.node_id, flush.room_id, id.clone());
            self.rows.extend(change.arrived.iter().map(row));
            for departed in change.departed.iter().map(row) {
                self.rows.remove(&departed);
            }
        }
    }

    fn answer(&mut self, flush: &Flush, answer: Answer) {
        self.write(flush, answer);
        let outcome = match answer {
            Answer::Written => Outcome::Written,
            Answer::WrittenUnheard | Answer::NotWritten => Outcome::Failed,
        };
        self.registry.handle_written(flush, outcome, at(self.now));
    }

    /// Has everything written that still waits.
    fn settle(&mut self) {
        for flush in std::mem::take(&mut self.in_flight) {
            self.answer(&flush, Answer::Written);
        }
        for _ in 0..100 {
            let Some(next) = self.registry.poll_timeout() else {
                return;
            };
            self.now = self.now.max(next.unix_millis());
            for flush in self.registry.take_due(at(self.now)) {
                self.answer(&flush, Answer::Written);
            }
        }
        panic!("the registry does not come to rest");
    }
}

proptest! {
    /// Whatever comes and goes and fails meanwhile, in the end what is written of this node is who
    /// is connected, and nobody else is remembered.
    #[test]
    fn in_the_end_what_is_written_is_who_is_connected(
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let mut world = World::new();
        for step in &steps {
            world.make(step);
        }
        world.settle();

        let connected: BTreeSet<_> = world
            .connected
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(key, _)| key.clone())
            .collect();
        let own = node(world.nodes);
        let written = world.rows.iter().filter(|(id, ..)| *id == own);
        let written: BTreeSet<_> = written.map(|(_, room, viewer)| (*room, viewer.clone())).collect();
        prop_assert_eq!(&written, &connected);
        let remembered = world.registry.rooms.values().map(|room| room.people.len());
        prop_assert_eq!(remembered.sum::<usize>(), connected.len());
    }
}
