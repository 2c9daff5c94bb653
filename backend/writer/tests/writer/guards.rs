//! What the writer is kept from harm by: commands that panic, callers who have gone, a database that is
//! away.

use std::pin::pin;
use std::sync::{Mutex, mpsc};

use parlor_domain::id::RoomId;
use parlor_domain::room_aggregate::{EndSessionRefusal, RoomAggregate};
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::RoomNeeds;
use parlor_test_database::{Engine, on_both_engines};
use parlor_writer::{ChangeSession, Command, NotDone};

use sqlx::{Connection, PgConnection};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::scene::{Node, Scene};

on_both_engines! {
    a_command_that_panics_fails_alone,
    a_command_whose_needs_panic_fails_alone,
    what_nobody_waits_for_is_not_begun,
    nobody_waits_for_a_database_that_is_away,
}

/// Starts a session, and panics half-way.
struct PanicHalfWay;

impl Command for PanicHalfWay {
    type On = RoomAggregate;
    type Answer = ();
    type Refusal = ();
    const REPEATABLE: bool = true;

    fn decide(&self, room: &mut RoomAggregate, ids: &mut Ids, now: ServerTime) -> Result<(), ()> {
        room.start_session(None, ids, now).map_err(drop)?;
        panic!("a bug, for the test");
    }
}

struct PanicAtOnce;

impl Command for PanicAtOnce {
    type On = RoomAggregate;
    type Answer = ();
    type Refusal = ();
    const REPEATABLE: bool = true;

    fn add_needs(&self, _: &mut RoomNeeds) {
        panic!("a bug, for the test");
    }

    fn decide(&self, _: &mut RoomAggregate, _: &mut Ids, _: ServerTime) -> Result<(), ()> {
        Ok(())
    }
}

/// Keeps a lane busy until it is let go. Says when it has begun.
struct Busy {
    begun: UnboundedSender<()>,
    go: Mutex<mpsc::Receiver<()>>,
}

impl Command for Busy {
    type On = RoomAggregate;
    type Answer = ();
    type Refusal = ();
    const REPEATABLE: bool = true;

    fn decide(&self, _: &mut RoomAggregate, _: &mut Ids, _: ServerTime) -> Result<(), ()> {
        self.begun.send(()).unwrap();
        // What this thread has in hand is done by another meanwhile.
        tokio::task::block_in_place(|| self.go.lock().unwrap().recv().unwrap());
        Ok(())
    }
}

/// A command under way in the room, and what lets it go: until then the room's lane takes nothing else,
/// and what waits for it is one batch.
pub(crate) async fn keep_busy(
    scene: &Scene,
    node: &Node,
    room: RoomId,
) -> (JoinHandle<()>, mpsc::Sender<()>) {
    let (begun, mut has_begun) = unbounded_channel();
    let (let_go, go) = mpsc::channel();
    let busy = Busy {
        begun,
        go: go.into(),
    };
    let (writer, tenant_id) = (node.writer.clone(), scene.tenant_id);
    let busy = tokio::spawn(async move {
        writer.submit(tenant_id, room, busy).await.unwrap();
    });
    has_begun.recv().await.unwrap();

    (busy, let_go)
}

/// Has `bad` done between two gifts, in one batch, and checks that it leaves no trace.
async fn fails_alone(
    database: String,
    bad: impl Command<On = RoomAggregate, Answer = (), Refusal = ()>,
) {
    let scene = Scene::make(database).await;
    let (node, room) = (scene.start_node().await, scene.room("s").await);
    let (busy, let_go) = keep_busy(&scene, &node, room).await;

    let submit_bad = node.writer.submit(scene.tenant_id, room, bad);
    let ((), failed, (), ()) = tokio::join!(
        node.give(&scene, room, "k1", 1),
        submit_bad,
        node.give(&scene, room, "k2", 2),
        async { let_go.send(()).unwrap() },
    );
    assert_eq!(failed, Err(NotDone::Fault));
    busy.await.unwrap();
    let view = scene.store.room(room).await.unwrap().unwrap();
    assert_eq!(view.session, None, "half of it was written");

    // The lane works on.
    node.submit(&scene, room, ChangeSession::start(None)).await;
    assert_eq!(node.guards.health.troubles(), Vec::<String>::new());
    node.stop().await;
}

async fn a_command_that_panics_fails_alone(database: String) {
    fails_alone(database, PanicHalfWay).await;
}

async fn a_command_whose_needs_panic_fails_alone(database: String) {
    fails_alone(database, PanicAtOnce).await;
}

async fn what_nobody_waits_for_is_not_begun(database: String) {
    let scene = Scene::make(database).await;
    let (node, room) = (scene.start_node().await, scene.room("s").await);
    let (busy, let_go) = keep_busy(&scene, &node, room).await;
    {
        let start = ChangeSession::start(None);
        let mut start = pin!(node.writer.submit(scene.tenant_id, room, start));
        assert!(futures_util::poll!(&mut start).is_pending());
    }
    let_go.send(()).unwrap();
    busy.await.unwrap();

    let end = node
        .writer
        .submit(scene.tenant_id, room, ChangeSession::end());
    assert_eq!(end.await, Err(NotDone::Refused(EndSessionRefusal::NotLive)));
    node.stop().await;
}

async fn nobody_waits_for_a_database_that_is_away(database: String) {
    let scene = Scene::make(database).await;
    let (node, room) = (scene.start_node().await, scene.room("s").await);
    let (busy, let_go) = keep_busy(&scene, &node, room).await;
    let writer = node.writer.clone();
    let end = || writer.submit(scene.tenant_id, room, ChangeSession::end());
    let mut waiting = pin!(end());
    assert!(futures_util::poll!(&mut waiting).is_pending());

    node.guards.breaker.open();
    assert_eq!(end().await, Err(NotDone::Unavailable));
    let_go.send(()).unwrap();
    busy.await.unwrap();
    assert_eq!(waiting.await, Err(NotDone::Unavailable));

    node.guards.breaker.close();
    assert_eq!(
        end().await,
        Err(NotDone::Refused(EndSessionRefusal::NotLive))
    );
    node.stop().await;
}

/// An operator's open transaction, for example: the lane's other rooms go on, and those who asked for this
/// one are told to try again.
#[test]
fn a_room_that_is_locked_elsewhere_holds_up_no_other() {
    parlor_test_database::run(Engine::Postgres, async |database: String| {
        let scene = Scene::make(database.clone()).await;
        let node = scene.start_node().await;
        let (locked, other) = (scene.room("locked").await, scene.room("other").await);
        let (busy, let_go) = keep_busy(&scene, &node, other).await;
        let mut operator = PgConnection::connect(&database).await.unwrap();
        let lock = "BEGIN; UPDATE rooms SET head_seq = head_seq WHERE slug = 'locked'";
        sqlx::raw_sql(lock).execute(&mut operator).await.unwrap();

        let start = ChangeSession::start(None);
        let refused = node.writer.submit(scene.tenant_id, locked, start);
        let (refused, (), ()) = tokio::join!(refused, node.give(&scene, other, "k1", 1), async {
            let_go.send(()).unwrap();
        });
        assert_eq!(refused, Err(NotDone::Unavailable));
        busy.await.unwrap();

        operator.close().await.unwrap();
        let start = ChangeSession::start(None);
        node.submit(&scene, locked, start).await;
        node.stop().await;
    });
}
