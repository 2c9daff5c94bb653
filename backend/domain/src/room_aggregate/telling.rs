//! What somebody tells everyone in the room: a moment that stands in its log, and changes nothing else.

use serde::Serialize;

use super::{ActRefusal, Actor, AnswerKey, Answered, Fingerprint, Operation, RoomAggregate};
use crate::contribution::KEY_BYTES_MAX;
use crate::event::{Event, EventBody};
use crate::id::IdSource;
use crate::invalid::{Invalid, check_text};
use crate::participant::Capability;
use crate::time::ServerTime;

/// Something that is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Telling {
    idempotency_key: String,
    body: EventBody,
}

/// Why nothing was told, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TellRefusal {
    #[error("the idempotency key `{0}` was used for something else")]
    KeyReused(String),
    #[error(transparent)]
    Act(#[from] ActRefusal),
}

impl Telling {
    /// Takes a moment that was checked, or says what is wrong with its key.
    pub fn new(idempotency_key: String, body: EventBody) -> Result<Self, Invalid> {
        assert!(
            body.part().is_none(),
            "a part changes by a command of its own"
        );
        check_text("idempotencyKey", &idempotency_key, 1, KEY_BYTES_MAX)?;

        Ok(Self {
            idempotency_key,
            body,
        })
    }
}

impl AnswerKey {
    /// The key of what `actor` tells.
    pub fn of_telling(actor: &Actor, telling: &Telling) -> Self {
        Self {
            actor: actor.viewer_id.as_str().to_owned(),
            operation: Operation::Tell,
            key: telling.idempotency_key.clone(),
        }
    }
}

impl RoomAggregate {
    /// Tells everyone in the room, once however often it is asked.
    pub fn tell(
        &mut self,
        actor: &Actor,
        telling: &Telling,
        fingerprint: Fingerprint,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Event, TellRefusal> {
        let key = AnswerKey::of_telling(actor, telling);
        let first = self.first_answer(&key, fingerprint, Answered::event);
        if let Some(first) = first.map_err(TellRefusal::KeyReused)? {
            return Ok(first);
        }
        self.require(actor, Capability::RoomTell, now)?;

        self.promise_position();
        let event = self.append(telling.body.clone(), ids, now).clone();
        self.answer(key, fingerprint, Answered::Event(Box::new(event.clone())));

        Ok(event)
    }
}
