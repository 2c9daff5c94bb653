//! Connections: taken in, spoken HTTP on, and let go once the server drains.

use std::io::ErrorKind;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use parlor_socket::HttpStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// How long the head of a request may take to come. It counts from the end of the request before, so it
/// is also how long a connection is kept for the next one: longer than the minute for which proxies
/// commonly keep theirs, because one that is closed as a request comes in costs that request.
const HEAD_READ_MAX: Duration = Duration::from_secs(75);
/// How long a write may stand still. A phone that changes its network is back by then, and somebody slow has
/// taken a good part of the kernel's buffer, which is when it has space again: it is the larger, the faster
/// its peer has read.
const WRITE_STALL_MAX: Duration = Duration::from_secs(30);
/// The same once the server drains: a lost packet is sent again three times meanwhile, and the process
/// that comes next is not kept waiting by whoever asks and does not read.
const DRAIN_STALL_MAX: Duration = Duration::from_secs(2);
/// How long to wait when no connection can be taken in, as when the process has no descriptor left:
/// some are given back by then.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// How long peers are waited for at most.
#[derive(Clone, Copy)]
struct Bounds {
    head_read: Duration,
    write_stall: Duration,
    drain_stall: Duration,
}

/// Answers by `router` what comes to `listener`, until `drained`. Then it returns when every request that
/// was begun is answered. Whoever gives it up before gives up what it still answers.
pub async fn serve(listener: TcpListener, router: Router, drained: impl Future<Output = ()>) {
    let bounds = Bounds {
        head_read: HEAD_READ_MAX,
        write_stall: WRITE_STALL_MAX,
        drain_stall: DRAIN_STALL_MAX,
    };
    serve_within(bounds, listener, router, drained).await;
}

async fn serve_within(
    bounds: Bounds,
    listener: TcpListener,
    router: Router,
    drained: impl Future<Output = ()>,
) {
    let mut drained = pin!(drained);
    let (stall_max, draining) = watch::channel(bounds.write_stall);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut drained => break,
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a connection's task failed");
                }
            }
            stream = accept(&listener) => {
                let carried = carry(stream, bounds.head_read, router.clone(), draining.clone());
                connections.spawn(carried);
            }
        }
    }

    drop(listener);
    stall_max.send_replace(bounds.drain_stall);
    while connections.join_next().await.is_some() {}
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if was_the_peers(error.kind()) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be taken in");
                sleep_until(Instant::now() + ACCEPT_PAUSE).await;
            }
        }
    }
}

fn was_the_peers(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

/// Answers what comes on `stream`, whose writes may stand still as long as `stall_max` says. Once that
/// changes the server drains, and no further request is taken.
async fn carry(
    stream: TcpStream,
    head_read_max: Duration,
    router: Router,
    mut stall_max: watch::Receiver<Duration>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection's small packets may be held back");
    }

    let stream = HttpStream::new(stream, stall_max.clone());

    // HTTP/1 alone: what tells it from HTTP/2 waits for the first bytes, for as long as they take.
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_read_max)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stall_max.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::io;
    use std::net::SocketAddr;
    use std::sync::{Arc, Mutex};

    use axum::body::Body;
    use axum::routing::get;
    use bytes::Bytes;
    use http_body_util::StreamBody;
    use hyper::body::Frame;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpSocket;
    use tokio::sync::oneshot;

    use super::*;

    const REQUEST: &str = "GET / HTTP/1.1\r\nhost: parlor.example\r\nconnection: close\r\n\r\n";
    const SHORT: Duration = Duration::from_millis(20);
    /// Longer than a test is waited for.
    const LONG: Duration = Duration::from_hours(1);
    const PATIENT: Bounds = Bounds {
        head_read: LONG,
        write_stall: LONG,
        drain_stall: LONG,
    };

    /// More than kernels hold for a peer that does not read, for as long as it is somebody's.
    struct Answer {
        bytes: Vec<u8>,
        _held: oneshot::Sender<()>,
    }

    impl AsRef<[u8]> for Answer {
        fn as_ref(&self) -> &[u8] {
            &self.bytes
        }
    }

    /// An answer, and what returns once nobody holds it any more.
    fn large_answer() -> (Bytes, oneshot::Receiver<()>) {
        let (held, gone) = oneshot::channel();
        let bytes = vec![b'x'; 64 << 20];

        (Bytes::from_owner(Answer { bytes, _held: held }), gone)
    }

    async fn listen() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// Answers one request with `answer`.
    fn answering(answer: Bytes) -> Router {
        let answer = Arc::new(Mutex::new(Some(answer)));
        Router::new().route(
            "/",
            get(async move || answer.lock().unwrap().take().unwrap_or_default()),
        )
    }

    /// A peer that has its answer's first byte, and reads no further.
    async fn ask_and_read_no_answer(address: SocketAddr) -> TcpStream {
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(REQUEST.as_bytes()).await.unwrap();
        peer.read_u8().await.unwrap();
        peer
    }

    /// What the connection had for `peer`, and how it ended.
    async fn read_rest(mut peer: TcpStream) -> (usize, io::Result<usize>) {
        let mut rest = Vec::new();
        let ended = peer.read_to_end(&mut rest).await;
        (rest.len(), ended)
    }

    /// A connection to a server that waits for a head as long as given.
    async fn connect(head_read: Duration) -> TcpStream {
        let (listener, address) = listen().await;
        let router = Router::new().route("/", get(async || "here"));
        let bounds = Bounds {
            head_read,
            ..PATIENT
        };
        tokio::spawn(serve_within(bounds, listener, router, pending()));

        TcpStream::connect(address).await.unwrap()
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_ends_the_connection() {
        for said in ["", "GET / HTTP/1.1\r\nhost: parlor.example\r\n"] {
            let mut stream = connect(SHORT).await;
            stream.write_all(said.as_bytes()).await.unwrap();
            let mut heard = String::new();
            stream.read_to_string(&mut heard).await.unwrap();

            assert!(!heard.contains("200"), "{heard}");
        }
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_its_answer_is_given_up() {
        let (listener, address) = listen().await;
        let (answer, gone) = large_answer();
        let length = answer.len();
        let bounds = Bounds {
            write_stall: SHORT,
            ..PATIENT
        };
        tokio::spawn(serve_within(bounds, listener, answering(answer), pending()));

        let peer = ask_and_read_no_answer(address).await;
        gone.await.unwrap_err();

        let (heard, ended) = read_rest(peer).await;
        assert!(heard < length, "{heard} bytes");
        let error = ended.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }

    #[tokio::test]
    async fn a_peer_that_reads_slowly_gets_all_of_its_answer() {
        static PIECE: [u8; 4096] = [b'x'; 4096];
        /// Small, so that what is read soon makes space for more.
        const BUFFER_BYTES: u32 = 16 << 10;
        let write_stall = Duration::from_secs(1);
        let listening = TcpSocket::new_v4().unwrap();
        listening.set_send_buffer_size(BUFFER_BYTES).unwrap();
        listening.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = listening.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let (enough, ending) = watch::channel(false);
        let router = Router::new().route(
            "/",
            get(async move || {
                // Without an end, until the peer has been at it for long enough.
                let pieces = futures_util::stream::unfold((), move |()| {
                    let ends = *ending.borrow();
                    let piece = Bytes::from_static(&PIECE);
                    std::future::ready((!ends).then(|| {
                        let frame = Frame::data(piece);
                        (Ok::<_, io::Error>(frame), ())
                    }))
                });
                Body::new(StreamBody::new(pieces))
            }),
        );
        let bounds = Bounds {
            write_stall,
            ..PATIENT
        };
        tokio::spawn(serve_within(bounds, listener, router, pending()));

        let peer = TcpSocket::new_v4().unwrap();
        peer.set_recv_buffer_size(BUFFER_BYTES).unwrap();
        let mut peer = peer.connect(address).await.unwrap();
        peer.write_all(REQUEST.as_bytes()).await.unwrap();
        let slow_until = Instant::now() + 2 * write_stall;
        let mut heard = [0; 512];
        while Instant::now() < slow_until {
            assert_ne!(peer.read(&mut heard).await.unwrap(), 0);
        }
        enough.send_replace(true);

        let mut rest = Vec::new();
        peer.read_to_end(&mut rest).await.unwrap();
        assert!(rest.ends_with(b"x\r\n0\r\n\r\n"), "it is cut off");
    }

    #[tokio::test]
    async fn a_drain_does_not_wait_for_a_peer_that_does_not_read() {
        let (listener, address) = listen().await;
        let (answer, gone) = large_answer();
        let (drain, drains) = oneshot::channel::<()>();
        let bounds = Bounds {
            drain_stall: SHORT,
            ..PATIENT
        };
        let served = serve_within(bounds, listener, answering(answer), async move {
            let _drains = drains.await;
        });
        let served = tokio::spawn(served);

        let _peer = ask_and_read_no_answer(address).await;
        drop(drain);
        served.await.unwrap();
        gone.await.unwrap_err();
    }

    #[tokio::test]
    async fn a_server_that_is_given_up_leaves_no_connection_behind() {
        let (listener, address) = listen().await;
        let (answer, gone) = large_answer();
        let served = serve_within(PATIENT, listener, answering(answer), pending());
        let served = tokio::spawn(served);

        let _peer = ask_and_read_no_answer(address).await;
        served.abort();
        gone.await.unwrap_err();
    }

    #[tokio::test]
    async fn a_server_that_drains_answers_what_was_begun_and_closes() {
        let (listener, address) = listen().await;
        let (begun, mut begins) = watch::channel(false);
        let (drain, mut drains) = watch::channel(false);
        let answer = {
            let drains = drain.subscribe();
            async move || {
                begun.send_replace(true);
                let mut drains = drains.clone();
                drains.wait_for(|drains| *drains).await.unwrap();
                "here"
            }
        };
        let router = Router::new().route("/", get(answer));
        let served = tokio::spawn(serve(listener, router, async move {
            drains.wait_for(|drains| *drains).await.unwrap();
        }));

        let mut idle = TcpStream::connect(address).await.unwrap();
        let mut busy = TcpStream::connect(address).await.unwrap();
        busy.write_all(REQUEST.as_bytes()).await.unwrap();
        begins.wait_for(|begun| *begun).await.unwrap();
        drain.send_replace(true);
        served.await.unwrap();

        let mut heard = String::new();
        busy.read_to_string(&mut heard).await.unwrap();
        assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
        let mut heard = String::new();
        idle.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "");
    }
}
