//! What carries HTTP until a socket is opened on it: TCP, for as long as the peer takes what it asked for.
//!
//! Whoever writes an answer waits for its peer, and would wait for ever for one that reads nothing. The
//! bound is on standing still and not on an answer: somebody on a slow line gets all of it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

/// A connection that fails once its peer has taken nothing for too long.
pub struct HttpStream {
    stream: TcpStream,
    stall_max: watch::Receiver<Duration>,
    /// `None` while the peer takes what it is sent.
    stall: Option<Stall>,
}

/// A write that the peer has taken nothing of yet.
struct Stall {
    began_at: Instant,
    // Boxed, so that a connection that never stalls has no timer.
    timer: Pin<Box<Sleep>>,
}

impl HttpStream {
    /// A write to `stream` may stand still as long as `stall_max` says, also one that does already when
    /// it changes.
    pub fn new(stream: TcpStream, stall_max: watch::Receiver<Duration>) -> Self {
        Self {
            stream,
            stall_max,
            stall: None,
        }
    }

    /// The bare connection, which bounds nothing.
    pub(crate) fn into_inner(self) -> TcpStream {
        self.stream
    }

    /// Passes on what became of a write, unless the peer has stood still for too long.
    fn bounded(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stall = None;
            return written;
        }

        let stall_max = *self.stall_max.borrow();
        let Stall { began_at, timer } = self.stall.get_or_insert_with(|| Stall {
            began_at: Instant::now(),
            timer: Box::pin(sleep_until(Instant::now() + stall_max)),
        });
        let ends_at = *began_at + stall_max;
        if timer.deadline() > ends_at {
            timer.as_mut().reset(ends_at);
        }
        ready!(timer.as_mut().poll(context));

        // Or the kernel would go on offering what it holds. It fails if the peer was first.
        let _reset = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        let message = "the peer does not read its answer";
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, message)))
    }
}

impl AsyncRead for HttpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for HttpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.bounded(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.bounded(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
