//! What waits to be written to one socket, and the operations it belongs to.
//!
//! Operations and frames sit behind one lock, so that the frame after a client's `complete` cannot
//! exist: ending an operation takes its frames out of the queue with it. A queue that runs over
//! closes the socket; nothing in it is ever skipped.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::close::Close;
use super::frame::{self, Frame};
use super::groups::Membership;
use super::settings::SocketSettings;

/// The queue of one socket, shared by everything that writes to it.
pub(crate) struct Outbound {
    state: Mutex<State>,
    /// There is something to write.
    filled: Notify,
    /// There is space again, or the socket is closing.
    drained: Notify,
    /// The socket is closing.
    closed: Notify,
    messages_max: usize,
    bytes_max: usize,
    operations_max: usize,
}

#[derive(Default)]
struct State {
    queue: VecDeque<(Option<u64>, Frame)>,
    queued_bytes: usize,
    operations: BTreeMap<Arc<str>, Operation>,
    last_serial: u64,
    closing: Option<Close>,
}

/// What the writer finds.
pub(crate) enum Popped {
    Frame(Frame),
    Close(Close),
    Empty,
}

/// An operation under way on a socket. Its id may be used again once it ended; its serial is not.
#[derive(Debug, Clone)]
pub(crate) struct OperationKey {
    id: Arc<str>,
    serial: u64,
    opening: Arc<str>,
}

struct Operation {
    serial: u64,
    task: Option<AbortHandle>,
    membership: Option<Membership>,
}

/// What became of something that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Queued,
    /// The operation ended, or the socket is closing.
    Gone,
}

/// Why an operation was not begun.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BeginRefusal {
    DuplicateId,
    TooMany { max: usize },
    Closing,
}

impl Outbound {
    pub(crate) fn new(settings: &SocketSettings) -> Self {
        Self {
            state: Mutex::default(),
            filled: Notify::new(),
            drained: Notify::new(),
            closed: Notify::new(),
            messages_max: settings.outbound_messages_max,
            bytes_max: settings.outbound_bytes_max,
            operations_max: settings.operations_max,
        }
    }

    /// Reserves `id` for a new operation.
    pub(crate) fn begin(&self, id: &str) -> Result<OperationKey, BeginRefusal> {
        let mut state = self.lock();
        if state.closing.is_some() {
            return Err(BeginRefusal::Closing);
        }
        if state.operations.contains_key(id) {
            return Err(BeginRefusal::DuplicateId);
        }
        if state.operations.len() >= self.operations_max {
            return Err(BeginRefusal::TooMany {
                max: self.operations_max,
            });
        }

        state.last_serial += 1;
        let serial = state.last_serial;
        let id: Arc<str> = id.into();
        state.operations.insert(
            id.clone(),
            Operation {
                serial,
                task: None,
                membership: None,
            },
        );

        Ok(OperationKey {
            opening: frame::opening(&id).into(),
            id,
            serial,
        })
    }

    /// Has `task` aborted when the operation ends.
    pub(crate) fn attach_task(&self, key: &OperationKey, task: AbortHandle) {
        match self.lock().operation(key) {
            Some(operation) => operation.task = Some(task),
            None => task.abort(),
        }
    }

    /// Has `membership` given up when the operation ends.
    pub(crate) fn attach_membership(&self, key: &OperationKey, membership: Membership) {
        let mut state = self.lock();
        let orphan = match state.operation(key) {
            Some(operation) => operation.membership.replace(membership),
            None => Some(membership),
        };
        drop(state);
        drop(orphan);
    }

    /// Ends the operation at the client's word; none of its frames is written from here on.
    pub(crate) fn end(&self, id: &str) {
        let mut state = self.lock();
        let ended = state.operations.remove(id);
        if let Some(operation) = &ended {
            let serial = Some(operation.serial);
            state.queue.retain(|(owner, _)| *owner != serial);
            state.queued_bytes = state.queue.iter().map(|(_, frame)| frame.size()).sum();
        }
        drop(state);

        self.drained.notify_waiters();
        if let Some(operation) = ended {
            operation.stop();
        }
    }

    /// Ends every operation, when the socket is gone.
    pub(crate) fn end_all(&self) {
        let mut state = self.lock();
        state.closing.get_or_insert(Close::new(Close::NORMAL, ""));
        let operations = std::mem::take(&mut state.operations);
        state.clear_queue();
        drop(state);

        self.drained.notify_waiters();
        operations.into_values().for_each(Operation::stop);
    }

    /// Queues a live result. A socket whose queue runs over is closed.
    pub(crate) fn push_next(&self, key: &OperationKey, payload: Utf8Bytes) -> Delivery {
        let frame = Frame::Next {
            opening: key.opening.clone(),
            payload,
        };
        let mut state = self.lock();
        if state.closing.is_some() || state.operation(key).is_none() {
            return Delivery::Gone;
        }

        self.push(state, Some(key.serial), frame)
    }

    /// Queues a result once there is space for it, which is how catching up keeps to the pace of
    /// its reader.
    pub(crate) async fn push_next_paced(&self, key: &OperationKey, payload: Utf8Bytes) -> Delivery {
        let frame = Frame::Next {
            opening: key.opening.clone(),
            payload,
        };
        loop {
            let mut drained = std::pin::pin!(self.drained.notified());
            drained.as_mut().enable();
            {
                let mut state = self.lock();
                if state.closing.is_some() || state.operation(key).is_none() {
                    return Delivery::Gone;
                }
                if self.has_space(&state, &frame) {
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

    /// Queues a message that belongs to no operation.
    pub(crate) fn push_frame(&self, frame: Frame) {
        let state = self.lock();
        if state.closing.is_none() {
            self.push(state, None, frame);
        }
    }

    /// Closes the socket once what is queued is written. The first reason stands.
    pub(crate) fn close(&self, close: Close) {
        self.lock().closing.get_or_insert(close);
        self.tell_of_closing();
    }

    /// Returns when the socket is to be closed. For one waiter.
    pub(crate) async fn closed(&self) {
        self.closed.notified().await;
    }

    /// Takes the next thing to write.
    pub(crate) fn pop(&self) -> Popped {
        let mut state = self.lock();
        let Some((_, frame)) = state.queue.pop_front() else {
            return state.closing.clone().map_or(Popped::Empty, Popped::Close);
        };
        state.queued_bytes -= frame.size();
        drop(state);

        self.drained.notify_waiters();
        Popped::Frame(frame)
    }

    /// Returns when there may be something to write.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    fn finish(&self, key: &OperationKey, text: String) {
        let mut state = self.lock();
        if state.operation(key).is_none() {
            return;
        }
        let ended = state.operations.remove(&key.id);
        if state.closing.is_none() {
            self.push(state, Some(key.serial), Frame::Text(text.into()));
        } else {
            drop(state);
        }

        // The task is the one that calls this, and ends by itself.
        drop(ended.and_then(|operation| operation.membership));
    }

    fn push(&self, mut state: MutexGuard<'_, State>, owner: Option<u64>, frame: Frame) -> Delivery {
        if !self.has_space(&state, &frame) {
            let bytes = state.queued_bytes;
            let reason = format!(
                "slow consumer: {} messages, {bytes} bytes",
                state.queue.len()
            );
            state.closing = Some(Close::overload(reason));
            state.clear_queue();
            drop(state);
            self.tell_of_closing();
            return Delivery::Gone;
        }

        state.queued_bytes += frame.size();
        if let Frame::Pong { .. } = frame {
            // Clients measure the way by it, not the queue.
            state.queue.push_front((owner, frame));
        } else {
            state.queue.push_back((owner, frame));
        }
        drop(state);

        self.filled.notify_one();
        Delivery::Queued
    }

    fn tell_of_closing(&self) {
        self.filled.notify_one();
        self.drained.notify_waiters();
        self.closed.notify_one();
    }

    /// A single frame may be larger than the limit, or it could never be sent.
    fn has_space(&self, state: &State, frame: &Frame) -> bool {
        state.queue.is_empty()
            || (state.queue.len() < self.messages_max
                && state.queued_bytes + frame.size() <= self.bytes_max)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn operation(&mut self, key: &OperationKey) -> Option<&mut Operation> {
        self.operations
            .get_mut(&key.id)
            .filter(|operation| operation.serial == key.serial)
    }

    fn clear_queue(&mut self) {
        self.queue = VecDeque::new();
        self.queued_bytes = 0;
    }
}

impl Operation {
    /// Must not run under the socket's lock: a group drops members under way to a socket.
    fn stop(self) {
        if let Some(task) = self.task {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::time::ServerTime;

    use super::*;

    fn outbound() -> Outbound {
        Outbound::new(&SocketSettings {
            outbound_messages_max: 3,
            outbound_bytes_max: 1_000,
            operations_max: 2,
            ..SocketSettings::default()
        })
    }

    fn written(outbound: &Outbound) -> Vec<String> {
        std::iter::from_fn(|| match outbound.pop() {
            Popped::Frame(frame) => {
                Some(frame.into_text(ServerTime::from_unix_millis(5)).to_string())
            }
            Popped::Close(_) | Popped::Empty => None,
        })
        .collect()
    }

    #[test]
    fn a_pong_goes_before_what_waits() {
        let outbound = outbound();
        let key = outbound.begin("1").unwrap();
        outbound.push_next(&key, "{}".into());
        outbound.complete(&key);
        let received_at = ServerTime::from_unix_millis(4);
        outbound.push_frame(Frame::Pong {
            client_sent_at: None,
            received_at,
        });

        let written = written(&outbound);
        assert!(written[0].contains("pong"), "{written:?}");
        assert_eq!(written[2], r#"{"id":"1","type":"complete"}"#);
    }

    #[test]
    fn an_id_is_free_again_once_its_operation_ended() {
        let outbound = outbound();
        let first = outbound.begin("1").unwrap();
        assert_eq!(outbound.begin("1").unwrap_err(), BeginRefusal::DuplicateId);

        outbound.push_next(&first, "{}".into());
        outbound.end("1");
        let second = outbound.begin("1").unwrap();
        assert_eq!(outbound.push_next(&first, "{}".into()), Delivery::Gone);
        assert_eq!(
            written(&outbound),
            [""; 0],
            "a frame came after the client's complete"
        );

        assert_eq!(outbound.push_next(&second, "{}".into()), Delivery::Queued);
        outbound.begin("2").unwrap();
        assert_eq!(
            outbound.begin("3").unwrap_err(),
            BeginRefusal::TooMany { max: 2 }
        );
    }

    #[test]
    fn a_queue_that_runs_over_closes_the_socket() {
        let outbound = outbound();
        let key = outbound.begin("1").unwrap();

        for _ in 0..3 {
            assert_eq!(outbound.push_next(&key, "{}".into()), Delivery::Queued);
        }
        assert_eq!(outbound.push_next(&key, "{}".into()), Delivery::Gone);

        let Popped::Close(close) = outbound.pop() else {
            panic!("not closed")
        };
        assert_eq!(close.code, Close::OVERLOAD);
        assert_eq!(close.reason, "slow consumer: 3 messages, 441 bytes");
    }

    #[tokio::test]
    async fn catching_up_waits_for_its_reader_instead() {
        let outbound = Arc::new(outbound());
        let key = outbound.begin("1").unwrap();
        let large: Utf8Bytes = "x".repeat(2_000).into();
        assert_eq!(
            outbound.push_next_paced(&key, large.clone()).await,
            Delivery::Queued
        );

        let paced = tokio::spawn({
            let (outbound, key) = (outbound.clone(), key.clone());
            async move { outbound.push_next_paced(&key, large).await }
        });
        tokio::task::yield_now().await;
        assert!(!paced.is_finished());

        outbound.pop();
        assert_eq!(paced.await.unwrap(), Delivery::Queued);
    }
}
