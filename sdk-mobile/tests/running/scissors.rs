//! A way to the server that is cut again and again, after a random number of bytes.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How many bytes of the server's get through before a cut, at most: within the handshake, within
/// the first messages, and some way into what follows.
const BYTES_MAX: [usize; 3] = [800, 8_000, 60_000];

pub(crate) struct Scissors {
    address: String,
    cuts: watch::Receiver<usize>,
}

impl Scissors {
    /// Stands before the server at `upstream`, and cuts so many connections; the rest is let be.
    pub(crate) async fn start(upstream: &str, cuts_max: usize, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (cut, cuts) = watch::channel(0);
        let (cut, upstream) = (Arc::new(cut), upstream.to_owned());
        let random = Mutex::new(fastrand::Rng::with_seed(seed));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&upstream).await else {
                    continue;
                };
                let bytes = draw(&mut random.lock().unwrap());
                let bytes = Some(bytes).filter(|_| *cut.borrow() < cuts_max);
                tokio::spawn(carry(client, server, bytes, Arc::clone(&cut)));
            }
        });

        Self { address, cuts }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for the next cut, and returns how many there have been.
    pub(crate) async fn cut(&mut self) -> usize {
        self.cuts.changed().await.unwrap();
        *self.cuts.borrow_and_update()
    }
}

fn draw(random: &mut fastrand::Rng) -> usize {
    let bytes_max = BYTES_MAX[random.usize(..BYTES_MAX.len())];
    random.usize(1..=bytes_max)
}

/// Carries both ways, until one side ends it or the server has sent so many bytes.
async fn carry(
    client: TcpStream,
    server: TcpStream,
    bytes: Option<usize>,
    cut: Arc<watch::Sender<usize>>,
) {
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();

    tokio::select! {
        _ = copy(client_reads, server_writes, usize::MAX) => (),
        is_cut = copy(server_reads, client_writes, bytes.unwrap_or(usize::MAX)) => {
            if is_cut {
                cut.send_modify(|cuts| *cuts += 1);
            }
        }
    }
}

/// Copies so many bytes at most. Returns whether that is why it stopped.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut bytes: usize) -> bool {
    let mut buffer = [0; 4_096];
    while bytes > 0 {
        let room = buffer.len().min(bytes);
        match from.read(&mut buffer[..room]).await {
            Ok(count @ 1..) => {
                if to.write_all(&buffer[..count]).await.is_err() {
                    return false;
                }
                bytes -= count;
            }
            Ok(0) | Err(_) => return false,
        }
    }

    true
}
