//! The operations under way on one socket.
//!
//! Most sockets have one, so they are a list that is looked through.

use std::sync::Arc;

use tokio::task::AbortHandle;

use super::frame;

/// Operations by the order in which they began.
#[derive(Default)]
pub(super) struct Operations {
    under_way: Vec<Operation>,
    last_serial: u64,
}

/// An operation under way on a socket. Its id may be used again once it ended; its serial is not.
#[derive(Debug, Clone)]
pub(crate) struct OperationKey {
    pub(super) serial: u64,
    /// How its messages begin, which holds its id.
    pub(super) opening: Arc<str>,
}

/// An operation, and what carries it on.
pub(super) struct Operation {
    key: OperationKey,
    pub(super) carrier: Carrier,
}

/// Who writes an operation's messages.
pub(super) enum Carrier {
    /// The task that is about to be attached, or that may not be aborted.
    Unknown,
    Task(AbortHandle),
    /// Whoever writes its messages now that the task has ended: it stops when this is dropped.
    Successor(#[expect(dead_code, reason = "it is held to be dropped")] Box<dyn Send>),
}

/// Why an operation was not begun.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BeginRefusal {
    DuplicateId,
    TooMany { max: usize },
    Closing,
}

impl Operations {
    /// Reserves `id` for a new operation, one of at most `max`.
    pub(super) fn begin(&mut self, id: &str, max: usize) -> Result<OperationKey, BeginRefusal> {
        let opening = frame::opening(id);
        if self.under_way.iter().any(|o| *o.key.opening == *opening) {
            return Err(BeginRefusal::DuplicateId);
        }
        if self.under_way.len() >= max {
            return Err(BeginRefusal::TooMany { max });
        }

        self.last_serial += 1;
        let key = OperationKey {
            serial: self.last_serial,
            opening: opening.into(),
        };
        // One is the common number, and the list would make room for four.
        self.under_way.reserve_exact(1);
        self.under_way.push(Operation {
            key: key.clone(),
            carrier: Carrier::Unknown,
        });
        Ok(key)
    }

    pub(super) fn find(&mut self, key: &OperationKey) -> Option<&mut Operation> {
        self.under_way
            .iter_mut()
            .find(|operation| operation.key.serial == key.serial)
    }

    pub(super) fn contains(&self, key: &OperationKey) -> bool {
        self.under_way
            .iter()
            .any(|operation| operation.key.serial == key.serial)
    }

    /// Takes out an operation that has ended.
    pub(super) fn take(&mut self, key: &OperationKey) -> Option<Operation> {
        self.take_where(|operation| operation.key.serial == key.serial)
    }

    /// Takes out the operation that the client calls `id`.
    pub(super) fn take_named(&mut self, id: &str) -> Option<Operation> {
        let opening = frame::opening(id);
        self.take_where(|operation| *operation.key.opening == *opening)
    }

    pub(super) fn take_all(&mut self) -> Vec<Operation> {
        std::mem::take(&mut self.under_way)
    }

    fn take_where(&mut self, is_it: impl Fn(&Operation) -> bool) -> Option<Operation> {
        let place = self.under_way.iter().position(is_it)?;
        Some(self.under_way.remove(place))
    }
}

impl Operation {
    pub(super) fn serial(&self) -> u64 {
        self.key.serial
    }

    /// Must not run under the socket's lock: a task may hold what needs it.
    pub(super) fn stop(self) {
        if let Carrier::Task(task) = self.carrier {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_free_again_once_its_operation_ended() {
        let mut operations = Operations::default();
        let first = operations.begin("1", 2).unwrap();
        assert_eq!(
            operations.begin("1", 2).unwrap_err(),
            BeginRefusal::DuplicateId
        );

        assert_eq!(operations.take_named("1").unwrap().serial(), first.serial);
        let second = operations.begin("1", 2).unwrap();
        assert!(!operations.contains(&first) && operations.contains(&second));
        assert!(operations.take(&first).is_none());

        operations.begin("2", 2).unwrap();
        let refusal = operations.begin("3", 2).unwrap_err();
        assert_eq!(refusal, BeginRefusal::TooMany { max: 2 });
    }
}
