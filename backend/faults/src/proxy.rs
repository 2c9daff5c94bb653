//! A scripted proxy between one server and its PostgreSQL.
//!
//! It reads the protocol's frames, so that it knows a commit when it sees one, and counts whatever
//! it did: a fault that was scheduled is shown to have happened by what these counts say.

mod frames;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use frames::{Frame, Startup, read_startup};

/// What happens to everything on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// It is passed on.
    Pass,
    /// Each request is passed on this much later.
    Delay(Duration),
    /// It is held, and passed on when this ends.
    Hold,
    /// It is taken and thrown away, and so is a new connection's. Whoever waits for an answer waits.
    Swallow,
    /// New connections are closed at once; old ones have been cut.
    Refuse,
}

/// What happens to a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFault {
    /// The connection is cut before the database hears of it.
    CutBefore,
    /// The database has committed, and the connection is cut instead of saying so.
    CutAfter,
    /// The database has committed, and nothing more comes over this connection.
    SilentAfter,
}

/// What a proxy did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub connections: u64,
    /// Commits whose answers were passed on.
    pub commits: u64,
    /// Commits that never reached the database.
    pub commits_prevented: u64,
    /// Commits that happened and whose answers were thrown away.
    pub commit_answers_dropped: u64,
    pub delayed: u64,
    pub held: u64,
    pub swallowed: u64,
    pub refused: u64,
    /// Connections that were open and are not any more, because of [`Proxy::cut`].
    pub cut: u64,
}

/// A proxy that listens. Dropped, it is gone with its connections.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    script: Arc<Script>,
    accepting: JoinHandle<()>,
}

struct Script {
    /// The database's host and port.
    upstream: String,
    traffic: watch::Sender<Traffic>,
    /// Counts up with every cut.
    cuts: watch::Sender<u64>,
    /// What to do to the next commits, and to how many.
    commit_fault: Mutex<Option<(CommitFault, u32)>>,
    counts: watch::Sender<Counts>,
}

impl Proxy {
    /// Starts to listen on a free port, in front of `upstream`, a host and a port.
    pub async fn start(upstream: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let script = Arc::new(Script {
            upstream: upstream.to_owned(),
            traffic: watch::Sender::new(Traffic::Pass),
            cuts: watch::Sender::new(0),
            commit_fault: Mutex::default(),
            counts: watch::Sender::default(),
        });

        Ok(Self {
            address,
            accepting: tokio::spawn(accept(listener, Arc::clone(&script))),
            script,
        })
    }

    /// Changes what happens to everything from now on. What was thrown away leaves a connection
    /// without sense, so these are cut when throwing away ends.
    pub fn set_traffic(&self, traffic: Traffic) {
        let before = self.script.traffic.send_replace(traffic);
        if before == Traffic::Swallow || traffic == Traffic::Refuse {
            self.cut();
        }
    }

    /// Has something happen to the next `times` commits.
    pub fn arm(&self, fault: CommitFault, times: u32) {
        *self.script.commit_fault() = Some((fault, times));
    }

    /// Has nothing more happen to commits.
    pub fn disarm(&self) {
        *self.script.commit_fault() = None;
    }

    /// Closes every connection.
    pub fn cut(&self) {
        self.script.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// What it did so far.
    pub fn counts(&self) -> Counts {
        *self.script.counts.borrow()
    }

    /// Waits until the counts are as wanted. The caller bounds it.
    pub async fn until(&self, mut is_wanted: impl FnMut(&Counts) -> bool) {
        let mut counts = self.script.counts.subscribe();
        let waited = counts.wait_for(|counts| is_wanted(counts)).await;
        waited.expect("this proxy holds the sender");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

impl Script {
    fn commit_fault(&self) -> MutexGuard<'_, Option<(CommitFault, u32)>> {
        self.commit_fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one of `faults` is to happen to the commit that is looked at.
    fn take_commit_fault(&self, faults: &[CommitFault]) -> Option<CommitFault> {
        let mut armed = self.commit_fault();
        let (fault, left) = armed.filter(|(fault, _)| faults.contains(fault))?;
        *armed = (left > 1).then_some((fault, left - 1));

        Some(fault)
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        self.counts.send_modify(change);
    }
}

async fn accept(listener: TcpListener, script: Arc<Script>) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        if *script.traffic.borrow() == Traffic::Refuse {
            script.count(|counts| counts.refused += 1);
            continue;
        }
        let script = Arc::clone(&script);
        let mut cuts = script.cuts.subscribe();
        cuts.mark_unchanged();
        tokio::spawn(async move {
            script.count(|counts| counts.connections += 1);
            tokio::select! {
                // A connection that breaks is what the server has to live with.
                _ = connect(client, &script) => {}
                _ = cuts.changed() => script.count(|counts| counts.cut += 1),
            }
        });
    }
}

/// Carries one connection until either side ends it, or a fault does.
async fn connect(mut client: TcpStream, script: &Script) -> Result<()> {
    client.set_nodelay(true)?;
    let startup = loop {
        match read_startup(&mut client).await? {
            Startup::EncryptionRequest => client.write_all(b"N").await?,
            Startup::Message(startup) => break startup,
        }
    };
    if *script.traffic.borrow() == Traffic::Swallow {
        script.count(|counts| counts.swallowed += 1);
        return std::future::pending().await;
    }
    let mut server = TcpStream::connect(&script.upstream)
        .await
        .with_context(|| format!("cannot reach the database at {}", script.upstream))?;
    server.set_nodelay(true)?;
    server.write_all(&startup).await?;

    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    // Whichever ends first: a closed half leaves nothing to carry on the other.
    tokio::select! {
        ended = carry(from_client, to_server, Way::ToServer, script) => ended,
        ended = carry(from_server, to_client, Way::ToClient, script) => ended,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

async fn carry(
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    way: Way,
    script: &Script,
) -> Result<()> {
    let mut from = BufReader::new(from);
    let mut waiting = Vec::new();
    while let Some(frame) = Frame::read(&mut from).await? {
        match meet_commit_fault(&frame, way, script) {
            None => (),
            Some(CommitFault::CutBefore | CommitFault::CutAfter) => return Ok(()),
            Some(CommitFault::SilentAfter) => return std::future::pending().await,
        }
        if !may_pass(&frame, way, script).await {
            continue;
        }

        waiting.extend_from_slice(frame.bytes());
        if from.buffer().is_empty() {
            to.write_all(&waiting).await?;
            waiting.clear();
        }
    }

    Ok(())
}

/// Notes a commit on its way, and what is to happen to it.
fn meet_commit_fault(frame: &Frame, way: Way, script: &Script) -> Option<CommitFault> {
    match way {
        Way::ToServer if frame.asks_to_commit() => {
            let fault = script.take_commit_fault(&[CommitFault::CutBefore])?;
            script.count(|counts| counts.commits_prevented += 1);
            Some(fault)
        }
        Way::ToClient if frame.says_committed() => {
            let after = [CommitFault::CutAfter, CommitFault::SilentAfter];
            let fault = script.take_commit_fault(&after);
            script.count(|counts| match fault {
                Some(_) => counts.commit_answers_dropped += 1,
                None => counts.commits += 1,
            });
            fault
        }
        Way::ToServer | Way::ToClient => None,
    }
}

/// Waits as long as the traffic does. Returns whether the frame is passed on at all.
async fn may_pass(frame: &Frame, way: Way, script: &Script) -> bool {
    let mut traffic = script.traffic.subscribe();
    let now = *traffic.borrow_and_update();
    match now {
        Traffic::Pass | Traffic::Refuse => true,
        Traffic::Delay(delay) => {
            if way == Way::ToServer && frame.ends_a_request() {
                script.count(|counts| counts.delayed += 1);
                sleep_until(Instant::now() + delay).await;
            }
            true
        }
        Traffic::Hold => {
            script.count(|counts| counts.held += 1);
            let moved = traffic.wait_for(|traffic| *traffic != Traffic::Hold).await;
            moved.is_ok_and(|traffic| *traffic != Traffic::Swallow)
        }
        Traffic::Swallow => {
            script.count(|counts| counts.swallowed += 1);
            false
        }
    }
}
