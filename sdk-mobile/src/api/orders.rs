//! Redeeming that happens once: what is asked for is noted first, and asked by the same key until there is an answer.
//!
//! Who asks is the participant whom the token is of, and each request goes out with the very token that was found to be
//! theirs: whoever is signed in since pays for nothing.

use super::answer::points as answer;
use super::notes::{Note, NoteError, Notes, Place};
use super::operations::{RedeemReward, RoomAccess, redeem_reward, room_access};
use super::record::points::{NewRedemption, SettledRedemption};
use super::refusal::CommandError;
use super::scalar::Int64;
use super::transport::{Fault, execute};
use crate::machine::unix_millis;
use crate::record::Redemption;
use crate::server_url::ServerUrl;
use crate::token::SharedToken;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How often it is asked at once, over some four seconds, before whoever asked is told that it went wrong.
const TRIES: u32 = 4;
/// The first wait in between, at the most: a moment without a network passes within it. Each next one is twice as long.
const WAIT_FIRST: Duration = Duration::from_millis(500);

/// What the calls of one client share.
#[derive(Debug)]
pub(crate) struct Orders {
    notes: Notes,
    /// Whose the token is that was used last.
    buyer: Mutex<Option<Buyer>>,
}

/// Where orders of a room are taken.
pub(crate) struct Desk {
    pub(crate) server: ServerUrl,
    pub(crate) token: SharedToken,
    pub(crate) room_id: String,
    pub(crate) orders: Arc<Orders>,
}

/// What the server has said to an order.
type Answer = Result<Redemption, CommandError>;

/// Who asks, in a room.
#[derive(Clone)]
struct Buyer {
    room_id: String,
    participant_id: String,
    token: String,
}

impl Orders {
    pub(crate) fn new(folder: Option<String>) -> Arc<Self> {
        Arc::new(Self {
            notes: Notes::new(folder),
            buyer: Mutex::default(),
        })
    }
}

impl Desk {
    pub(crate) async fn redeem(&self, new: NewRedemption) -> Result<Redemption, CommandError> {
        let Some(buyer) = self.buyer().await? else {
            return Err(CommandError::Forbidden {
                reason: "whoever is not in the room has no points".to_owned(),
                code: "NOT_JOINED".to_owned(),
            });
        };
        let key = new.idempotency_key;
        let is_named = key.is_some();
        let wanted = Note {
            place: self.place(buyer),
            key: key.unwrap_or_else(new_key),
            reward_id: new.reward_id,
            cost: new.cost,
            input: new.input,
            at_unix_millis: unix_millis(),
        };
        let note = self
            .with_notes(move |notes| notes.note(wanted, is_named))
            .await?;

        self.ask(&note).await?
    }

    pub(crate) async fn settle(&self) -> Result<Vec<SettledRedemption>, CommandError> {
        let Some(buyer) = self.buyer().await? else {
            return Ok(Vec::new());
        };
        let place = self.place(buyer);
        let noted = {
            let place = place.clone();
            self.with_notes(move |notes| notes.of(&place, unix_millis()))
                .await?
        };
        let mut settled = Vec::new();
        for note in noted {
            let answer = self.ask(&note).await;
            // What somebody typed is not for whoever is signed in since.
            let now = self.buyer().await.ok().flatten();
            if now.is_none_or(|now| now.participant_id != place.participant_id) {
                break;
            }
            let is_answered = answer.is_ok();
            let (redemption, error) = match answer.flatten() {
                Ok(redemption) => (Some(redemption), None),
                Err(error) => (None, Some(error)),
            };
            settled.push(SettledRedemption {
                idempotency_key: note.key,
                reward_id: note.reward_id,
                input: note.input,
                is_answered,
                redemption,
                error,
            });
        }

        Ok(settled)
    }

    /// Asks for what is noted until there is an answer, and forgets it then. Fails if it is better to ask later.
    async fn ask(&self, note: &Note) -> Result<Answer, CommandError> {
        let mut tries = 1;
        let mut wait = WAIT_FIRST;
        let answer = loop {
            match self.ask_once(note).await {
                Ok(data) => break answer::redeemed(data),
                // The server has done nothing, and would not the next time.
                Err(fault @ Fault::Invalid(_)) => break Err(fault.into()),
                // Another token may be good for it.
                Err(fault @ Fault::Forbidden { .. }) => return Err(fault.into()),
                Err(fault @ (Fault::Unreachable(_) | Fault::Broken(_))) if tries == TRIES => {
                    return Err(fault.into());
                }
                Err(Fault::Unreachable(_) | Fault::Broken(_)) => {}
            }
            sleep_until(Instant::now() + random_part(wait)).await;
            tries += 1;
            wait *= 2;
        };
        let answered = note.clone();
        // What stays noted is asked for again, and answered as it was: nothing is paid twice.
        let _ = self
            .with_notes(move |notes| notes.forget(&answered, unix_millis()))
            .await;

        Ok(answer)
    }

    async fn ask_once(&self, note: &Note) -> Result<redeem_reward::ResponseData, Fault> {
        let buyer = self.buyer().await?;
        let buyer = buyer
            .filter(|buyer| buyer.participant_id == note.place.participant_id)
            .ok_or_else(|| Fault::Forbidden {
                reason: "somebody else is signed in by now".to_owned(),
                code: "VIEWER_CHANGED".to_owned(),
            })?;
        let input = redeem_reward::RedeemRewardInput {
            idempotency_key: note.key.clone(),
            room_id: self.room_id.clone(),
            reward_id: note.reward_id.clone(),
            cost: note.cost.map(Int64),
            input: note.input.clone(),
        };
        let variables = redeem_reward::Variables { input };

        execute::<RedeemReward>(&self.server, Some(&buyer.token), variables).await
    }

    /// Whose the present token is; nothing if it is of nobody in particular, or of somebody who never joined.
    async fn buyer(&self) -> Result<Option<Buyer>, Fault> {
        let Some(token) = self.token.get() else {
            return Ok(None);
        };
        let known = self.known_buyer().clone();
        if let Some(buyer) = known.filter(|one| one.token == token && one.room_id == self.room_id) {
            return Ok(Some(buyer));
        }
        let room_id = self.room_id.clone();
        let variables = room_access::Variables { room_id };
        let data = execute::<RoomAccess>(&self.server, Some(&token), variables).await?;
        let buyer = data.room_access.participant.map(|participant| Buyer {
            room_id: self.room_id.clone(),
            participant_id: participant.id,
            token,
        });
        (*self.known_buyer()).clone_from(&buyer);

        Ok(buyer)
    }

    fn known_buyer(&self) -> std::sync::MutexGuard<'_, Option<Buyer>> {
        let buyer = &self.orders.buyer;

        buyer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, buyer: Buyer) -> Place {
        Place {
            server: self.server.api().to_string(),
            room_id: buyer.room_id,
            participant_id: buyer.participant_id,
        }
    }

    /// Does something with the notes, where waiting for a disk holds nobody up.
    async fn with_notes<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Notes) -> Result<T, NoteError> + Send + 'static,
    ) -> Result<T, CommandError> {
        let orders = self.orders.clone();

        tokio::task::spawn_blocking(move || act(&orders.notes))
            .await
            .map_err(|error| Fault::Broken(error.to_string()))?
            .map_err(Into::into)
    }
}

impl std::fmt::Debug for Buyer {
    /// Whoever reads a log must not be able to sign in.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} in {}", self.participant_id, self.room_id)
    }
}

impl From<NoteError> for CommandError {
    fn from(error: NoteError) -> Self {
        match error {
            NoteError::TooMany => Self::Conflict {
                reason: error.to_string(),
                code: "TOO_MANY_UNANSWERED".to_owned(),
            },
            NoteError::Storage(_) => Self::Faulty {
                reason: error.to_string(),
            },
        }
    }
}

/// As many bits as a UUID has.
fn new_key() -> String {
    let random = || getrandom::u64().expect("the system has random numbers");

    format!("{:016x}{:016x}", random(), random())
}

/// Between half and all of it, so that many who were cut off together do not come back as one.
fn random_part(longest: Duration) -> Duration {
    let part = getrandom::u32().unwrap_or(u32::MAX);

    longest / 2 + (longest / 2).mul_f64(f64::from(part) / f64::from(u32::MAX))
}
