//! The way out of one socket, shared by everything that writes to it.
//!
//! Whoever has a message writes it, under the socket's lock, if nothing waits: a socket that can
//! take it needs no queue, and its task sleeps on. What the socket does not take is queued, and
//! from then on only the socket's own task writes, as fast as the peer reads.
//!
//! Operations and frames sit behind one lock, so that the frame after a client's `complete` cannot
//! exist: ending an operation takes its frames out of the queue with it. A queue that runs over
//! closes the socket; nothing in it is ever skipped.

use std::io;
use std::net::Shutdown;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use parlor_node::clock::Clock;
use socket2::SockRef;
use tokio::io::{Interest, Ready};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::task::AbortHandle;

use super::broadcast::Broadcast;
use super::close::Close;
use super::frame::{self, Frame};
use super::operations::{BeginRefusal, Carrier, Operation, OperationKey, Operations};
use super::queue::{Queue, QueueLimits};
use super::sent::count_sent;
use super::settings::SocketSettings;

/// A socket as those see it who write to it.
pub(crate) struct Outbound {
    stream: TcpStream,
    clock: Clock,
    settings: Arc<SocketSettings>,
    state: Mutex<State>,
    /// The socket's task has something to do.
    woken: Notify,
    /// There is space again, or the socket is closing.
    drained: Notify,
    /// Held by the one operation that makes a page for this socket.
    pages: Semaphore,
}

#[derive(Default)]
struct State {
    queue: Queue,
    operations: Operations,
    /// Nothing new is written from here on.
    is_closing: bool,
    /// The peer cannot be written to.
    is_broken: bool,
}

/// What the socket's task has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) is_waiting: bool,
    pub(crate) is_closing: bool,
    pub(crate) is_broken: bool,
}

/// What became of something that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Written, or on its way.
    Accepted,
    /// The operation ended, or the socket is closing.
    Gone,
}

impl Outbound {
    pub(crate) fn new(stream: TcpStream, clock: Clock, settings: Arc<SocketSettings>) -> Self {
        Self {
            stream,
            clock,
            settings,
            state: Mutex::default(),
            woken: Notify::new(),
            drained: Notify::new(),
            pages: Semaphore::new(1),
        }
    }

    /// Reserves `id` for a new operation.
    pub(crate) fn begin(&self, id: &str) -> Result<OperationKey, BeginRefusal> {
        let mut state = self.lock();
        if state.is_closing {
            return Err(BeginRefusal::Closing);
        }

        state.operations.begin(id, self.settings.operations_max)
    }

    /// Has `task` aborted when the operation ends, unless a group has it already.
    pub(crate) fn attach_task(&self, key: &OperationKey, task: AbortHandle) {
        match self.lock().operations.find(key) {
            Some(Operation {
                carrier: carrier @ Carrier::Unknown,
                ..
            }) => *carrier = Carrier::Task(task),
            Some(_) => (),
            None => task.abort(),
        }
    }

    /// Leaves the operation to `successor`, which is dropped when the operation ends.
    pub(crate) fn hand_over(&self, key: &OperationKey, successor: Box<dyn Send>) {
        let carrier = Carrier::Successor(successor);
        let mut state = self.lock();
        let former = match state.operations.find(key) {
            // The handle of a task that has ended would keep its memory.
            Some(operation) => std::mem::replace(&mut operation.carrier, carrier),
            None => carrier,
        };
        drop(state);
        drop(former);
    }

    /// Ends the operation at the client's word; none of its frames is begun from here on.
    pub(crate) fn end(&self, id: &str) {
        let mut state = self.lock();
        let ended = state.operations.take_named(id);
        if let Some(operation) = &ended {
            state.queue.remove_owned_by(operation.serial());
        }
        drop(state);

        self.drained.notify_waiters();
        if let Some(operation) = ended {
            operation.stop();
        }
    }

    /// Ends every operation and the connection, when the socket is done.
    pub(crate) fn end_all(&self) {
        let mut state = self.lock();
        state.is_closing = true;
        state.queue.clear();
        let operations = state.operations.take_all();
        drop(state);

        // Groups may hold on to the socket for a while; the peer shall not wait for them. It fails
        // if the peer was first.
        let _shut = SockRef::from(&self.stream).shutdown(Shutdown::Both);
        self.drained.notify_waiters();
        operations.into_iter().for_each(Operation::stop);
    }

    /// Writes a live result. A socket whose queue runs over is closed.
    pub(crate) fn deliver(&self, key: &OperationKey, broadcast: &mut Broadcast) -> Delivery {
        let mut state = self.lock();
        if state.is_closing || !state.operations.contains(key) {
            return Delivery::Gone;
        }
        let owner = Some(key.serial);
        if !state.queue.is_empty() {
            return self.push(state, owner, broadcast.queued(&key.opening));
        }
        let Some(frame) = broadcast.frame(&key.opening) else {
            return self.push(state, owner, broadcast.queued(&key.opening));
        };

        let length = frame.len();
        match self.stream.try_write(frame) {
            Ok(written) if written == length => {
                broadcast.count_sent(length);
                Delivery::Accepted
            }
            Ok(written) => {
                let rest = broadcast.queued(&key.opening);
                state.queue.push_rest(owner, rest, written);
                self.leave_to_task(state);
                Delivery::Accepted
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                state.queue.push(owner, broadcast.queued(&key.opening));
                self.leave_to_task(state);
                Delivery::Accepted
            }
            Err(_) => {
                self.give_up(state);
                Delivery::Gone
            }
        }
    }

    /// Waits for this operation's turn to make a page: no other of this socket makes one, and the peer
    /// has taken everything before it. `None` if the operation has ended.
    pub(crate) async fn page_turn(&self, key: &OperationKey) -> Option<SemaphorePermit<'_>> {
        let turn = self.pages.acquire().await.expect("it is never closed");

        (self.taken(key).await == Delivery::Accepted).then_some(turn)
    }

    /// Returns once the peer has taken everything that was written.
    pub(crate) async fn taken(&self, key: &OperationKey) -> Delivery {
        loop {
            let mut drained = std::pin::pin!(self.drained.notified());
            drained.as_mut().enable();
            {
                let state = self.lock();
                if state.is_closing || !state.operations.contains(key) {
                    return Delivery::Gone;
                }
                if state.queue.is_empty() {
                    return Delivery::Accepted;
                }
            }
            drained.await;
        }
    }

    /// Writes a result once there is space for it.
    pub(crate) async fn push_next_paced(&self, key: &OperationKey, payload: Arc<str>) -> Delivery {
        let frame = Frame::Next {
            opening: Arc::clone(&key.opening),
            payload,
        };
        loop {
            let mut drained = std::pin::pin!(self.drained.notified());
            drained.as_mut().enable();
            {
                let state = self.lock();
                if state.is_closing || !state.operations.contains(key) {
                    return Delivery::Gone;
                }
                if state.queue.has_space(&frame, self.limits()) {
                    return self.push(state, Some(key.serial), frame);
                }
            }
            drained.await;
        }
    }

    /// Ends the operation with `complete`.
    pub(crate) fn complete(&self, key: &OperationKey) {
        self.finish(key, format!(r#"{}"complete"}}"#, key.opening));
    }

    /// Ends the operation with `error`; `errors` is a JSON list of GraphQL errors.
    pub(crate) fn error(&self, key: &OperationKey, errors: &str) {
        self.finish(
            key,
            format!(r#"{}"error","payload":{errors}}}"#, key.opening),
        );
    }

    /// Refuses an operation that was not begun.
    pub(crate) fn refuse(&self, id: &str, errors: &str) {
        let text = format!(r#"{}"error","payload":{errors}}}"#, frame::opening(id));
        self.push_frame(Frame::Text(text.into()));
    }

    /// Writes a message that belongs to no operation.
    pub(crate) fn push_frame(&self, frame: Frame) {
        let state = self.lock();
        if !state.is_closing {
            self.push(state, None, frame);
        }
    }

    /// Asks whether the peer is there, ahead of what waits for it and however much that is.
    pub(crate) fn probe(&self) {
        let mut state = self.lock();
        if !state.is_closing {
            let is_first = state.queue.is_empty();
            state.queue.push(None, Frame::Probe);
            if is_first {
                self.write_first(state);
            }
        }
    }

    /// Closes the socket once what is queued is written, and ends its operations. The first reason
    /// stands.
    pub(crate) fn close(&self, close: Close) {
        let state = self.lock();
        if !state.is_closing {
            count_close(close.code);
            self.say_last(state, Frame::Close(close));
        }
    }

    /// Answers the peer's closing with `answer`, unless the socket is closing already.
    pub(crate) fn answer_close(&self, answer: Bytes) {
        let mut state = self.lock();
        if !state.is_closing && !answer.is_empty() {
            state.queue.clear_unwritten();
            self.say_last(state, Frame::Ready(answer));
        }
    }

    pub(crate) fn status(&self) -> Status {
        let state = self.lock();

        Status {
            is_waiting: !state.queue.is_empty(),
            is_closing: state.is_closing,
            is_broken: state.is_broken,
        }
    }

    /// Returns when [`Self::status`] may have changed. For one waiter.
    pub(crate) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// Returns when the peer can be read from or, if something waits, written to.
    pub(crate) async fn ready(&self, is_waiting: bool) -> io::Result<Ready> {
        let interest = if is_waiting {
            Interest::READABLE | Interest::WRITABLE
        } else {
            Interest::READABLE
        };

        self.stream.ready(interest).await
    }

    /// Reads what is there; nothing is the end.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(buffer)
    }

    /// Writes what waits, as far as the peer takes it, and returns whether it took any.
    pub(crate) fn write_waiting(&self) -> bool {
        let mut state = self.lock();
        let has_written = self.write_queue(&mut state);
        if state.is_broken {
            self.give_up(state);
        }

        has_written
    }

    fn finish(&self, key: &OperationKey, text: String) {
        let mut state = self.lock();
        let Some(ended) = state.operations.take(key) else {
            return;
        };
        if state.is_closing {
            drop(state);
        } else {
            self.push(state, Some(key.serial), Frame::Text(text.into()));
        }

        // A task is the one that calls this, and ends by itself; a group is left.
        drop(ended);
    }

    fn push(&self, mut state: MutexGuard<'_, State>, owner: Option<u64>, frame: Frame) -> Delivery {
        if !state.queue.has_space(&frame, self.limits()) {
            let (messages, bytes) = (state.queue.len(), state.queue.bytes());
            let reason = format!("slow consumer: {messages} messages, {bytes} bytes");
            let close = Close::overload(reason);
            count_close(close.code);
            state.queue.clear_unwritten();
            self.say_last(state, Frame::Close(close));
            return Delivery::Gone;
        }

        let is_first = state.queue.is_empty();
        state.queue.push(owner, frame);
        if is_first {
            self.write_first(state);
        }
        Delivery::Accepted
    }

    /// Writes `frame` after what waits, and nothing after it. Whoever the operations were for is
    /// gone, however long the peer takes over its end.
    fn say_last(&self, mut state: MutexGuard<'_, State>, frame: Frame) {
        state.is_closing = true;
        let operations = state.operations.take_all();
        let is_first = state.queue.is_empty();
        state.queue.push(None, frame);
        if is_first {
            self.write_first(state);
        } else {
            drop(state);
        }

        // The task gives the peer a time to answer.
        self.woken.notify_one();
        self.drained.notify_waiters();
        operations.into_iter().for_each(Operation::stop);
    }

    /// Writes what was just queued, which nothing waits before.
    fn write_first(&self, mut state: MutexGuard<'_, State>) {
        self.write_queue(&mut state);
        if state.is_broken {
            self.give_up(state);
        } else if !state.queue.is_empty() {
            self.leave_to_task(state);
        }
    }

    fn write_queue(&self, state: &mut State) -> bool {
        let mut has_written = false;
        while !state.queue.is_empty() {
            let write = |chunk: &[u8]| self.stream.try_write(chunk);
            match state.queue.write(self.clock.now(), write) {
                Ok(sent) => {
                    count_sent(sent.messages, sent.bytes);
                    has_written = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    state.is_broken = true;
                    break;
                }
            }
        }

        if has_written {
            self.drained.notify_waiters();
        }
        has_written
    }

    /// Has the socket's task write what waits.
    fn leave_to_task(&self, state: MutexGuard<'_, State>) {
        drop(state);
        metrics::counter!("parlor_socket_backlogs_total").increment(1);
        self.woken.notify_one();
    }

    /// Has the socket's task end.
    fn give_up(&self, mut state: MutexGuard<'_, State>) {
        state.is_broken = true;
        state.is_closing = true;
        state.queue.clear();
        drop(state);

        self.woken.notify_one();
        self.drained.notify_waiters();
    }

    fn limits(&self) -> QueueLimits {
        QueueLimits {
            messages: self.settings.outbound_messages_max,
            bytes: self.settings.outbound_bytes_max,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count_close(code: u16) {
    metrics::counter!("parlor_socket_closes_total", "code" => code.to_string()).increment(1);
}
