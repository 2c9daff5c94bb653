//! Connections: taken in, spoken HTTP on, and let go once the server drains.

use std::io::ErrorKind;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// How long the head of a request may take to come. It counts from the end of the request before, so it
/// is also how long a connection is kept for the next one: longer than the minute for which proxies
/// commonly keep theirs, because one that is closed as a request comes in costs that request.
const HEAD_READ_MAX: Duration = Duration::from_secs(75);
/// How long to wait when no connection can be taken in, as when the process has no descriptor left:
/// some are given back by then.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Answers by `router` what comes to `listener`, until `drained`. Then it returns when every request that
/// was begun is answered.
pub async fn serve(listener: TcpListener, router: Router, drained: impl Future<Output = ()>) {
    serve_within(HEAD_READ_MAX, listener, router, drained).await;
}

async fn serve_within(
    head_read_max: Duration,
    listener: TcpListener,
    router: Router,
    drained: impl Future<Output = ()>,
) {
    let mut drained = pin!(drained);
    let (open, draining) = watch::channel(());
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
                let carried = carry(stream, head_read_max, router.clone(), draining.clone());
                connections.spawn(carried);
            }
        }
    }

    drop(listener);
    drop(open);
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

/// Answers what comes on `stream`. Once the sender of `draining` is gone, no further request is taken.
async fn carry(
    stream: TcpStream,
    head_read_max: Duration,
    router: Router,
    mut draining: watch::Receiver<()>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection's small packets may be held back");
    }

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
        _ = draining.changed() => {
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

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// A connection to a server that waits for a head as long as given.
    async fn connect(head_read_max: Duration) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || "here"));
        tokio::spawn(serve_within(head_read_max, listener, router, pending()));

        TcpStream::connect(address).await.unwrap()
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_ends_the_connection() {
        for said in ["", "GET / HTTP/1.1\r\nhost: parlor.example\r\n"] {
            let mut stream = connect(Duration::from_millis(20)).await;
            stream.write_all(said.as_bytes()).await.unwrap();
            let mut heard = String::new();
            stream.read_to_string(&mut heard).await.unwrap();

            assert!(!heard.contains("200"), "{heard}");
        }
    }

    #[tokio::test]
    async fn a_server_that_drains_answers_what_was_begun_and_closes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
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
        let request = "GET / HTTP/1.1\r\nhost: parlor.example\r\n\r\n";
        busy.write_all(request.as_bytes()).await.unwrap();
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
