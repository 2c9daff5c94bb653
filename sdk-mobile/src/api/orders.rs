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
use crate::runtime;
use crate::server_url::ServerUrl;
use crate::token::SharedToken;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How often it is asked at once before whoever asked is told that it went wrong: within four seconds where each try
/// fails at once, and within a minute and a half where each waits for its answer in vain.
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

/// Why there is none.
enum Unanswered {
    /// Another call has its answer, or it is too old by now.
    Gone,
    /// It is better to ask later.
    Failed(CommandError),
}

/// Why one try brought none.
enum Failure {
    Gone,
    /// It did not come to be asked.
    Before(Fault),
    /// It was asked.
    Asked(Fault),
    Unread(NoteError),
}

/// Who asks, in a room.
#[derive(Clone)]
struct Buyer {
    room_id: String,
    participant_id: String,
    token: String,
}

impl Orders {
    pub(crate) fn new(folder: Option<String>) -> Arc<Self> {
        let has_folder = folder.is_some();
        let orders = Arc::new(Self {
            notes: Notes::new(folder),
            buyer: Mutex::default(),
        });
        if has_folder {
            // What viewers typed is not kept for longer than it is good for. Nobody waits for it, and what cannot be done
            // now is done by the next call.
            let orders = orders.clone();
            runtime::handle().spawn_blocking(move || orders.notes.sweep(unix_millis()));
        }

        orders
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

        self.ask(&note).await.unwrap_or_else(|unanswered| {
            Err(match unanswered {
                Unanswered::Gone => CommandError::Unreachable {
                    reason: "it is not asked for any more, and may have been answered elsewhere"
                        .to_owned(),
                },
                Unanswered::Failed(error) => error,
            })
        })
    }

    pub(crate) async fn settle(&self) -> Result<Vec<SettledRedemption>, CommandError> {
        // Also where nobody is signed in who has any. Fails below if it does.
        let _ = self.with_notes(|notes| notes.sweep(unix_millis())).await;
        let Some(buyer) = self.buyer().await? else {
            return Ok(Vec::new());
        };
        let place = self.place(buyer);
        let noted = {
            let place = place.clone();
            self.with_notes(move |notes| notes.of(&place, unix_millis()))
                .await
                .map_err(|error| unread(&error))?
        };
        let mut settled = Vec::new();
        let mut unreachable = None;
        for note in noted {
            let answer = match &unreachable {
                // Nor would the others be: each would take as long to find out.
                Some(error) => Err(CommandError::clone(error)),
                None => match self.ask(&note).await {
                    Ok(answer) => Ok(answer),
                    Err(Unanswered::Gone) => continue,
                    Err(Unanswered::Failed(error)) => Err(error),
                },
            };
            if let Err(error @ CommandError::Unreachable { .. }) = &answer {
                unreachable = Some(error.clone());
            }
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

    /// Asks for what is noted until there is an answer, and forgets it then.
    async fn ask(&self, note: &Note) -> Result<Answer, Unanswered> {
        let mut tries = 1;
        let mut wait = WAIT_FIRST;
        let answer = loop {
            let fault = match self.ask_once(note).await {
                Ok(data) => break answer::redeemed(data),
                // The server has done nothing, and would not the next time.
                Err(Failure::Asked(fault @ Fault::Invalid(_))) => break Err(fault.into()),
                Err(Failure::Gone) => return Err(Unanswered::Gone),
                Err(Failure::Unread(error)) => return Err(Unanswered::Failed(unread(&error))),
                Err(Failure::Before(fault) | Failure::Asked(fault)) => fault,
            };
            let is_passing = matches!(fault, Fault::Unreachable(_) | Fault::Broken(_));
            // Another token may be good for the rest.
            if !is_passing || tries == TRIES {
                return Err(Unanswered::Failed(fault.into()));
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

    async fn ask_once(&self, note: &Note) -> Result<redeem_reward::ResponseData, Failure> {
        let buyer = match self.buyer().await {
            // Whom the room is hidden from is not who asked for it there.
            Err(Fault::Invalid(_) | Fault::NotFound(_)) => None,
            found => found.map_err(Failure::Before)?,
        };
        let buyer = buyer
            .filter(|buyer| buyer.participant_id == note.place.participant_id)
            .ok_or_else(|| {
                Failure::Before(Fault::Forbidden {
                    reason: "somebody else is signed in by now".to_owned(),
                    code: "VIEWER_CHANGED".to_owned(),
                })
            })?;
        // An application that was suspended goes on here whenever it is woken. By then the viewer may have asked for the
        // same by another key, and would pay for both.
        let wanted = note.clone();
        let is_noted = self
            .with_notes(move |notes| notes.has(&wanted, unix_millis()))
            .await
            .map_err(Failure::Unread)?;
        if !is_noted {
            return Err(Failure::Gone);
        }
        let input = redeem_reward::RedeemRewardInput {
            idempotency_key: note.key.clone(),
            room_id: self.room_id.clone(),
            reward_id: note.reward_id.clone(),
            cost: note.cost.map(Int64),
            input: note.input.clone(),
        };
        let variables = redeem_reward::Variables { input };

        execute::<RedeemReward>(&self.server, Some(&buyer.token), variables)
            .await
            .map_err(Failure::Asked)
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
    ) -> Result<T, NoteError> {
        let orders = self.orders.clone();

        tokio::task::spawn_blocking(move || act(&orders.notes))
            .await
            .map_err(io::Error::other)?
    }
}

impl std::fmt::Debug for Buyer {
    /// Whoever reads a log must not be able to sign in.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} in {}", self.participant_id, self.room_id)
    }
}

/// Of what was to be noted first, and so was not asked for.
impl From<NoteError> for CommandError {
    fn from(error: NoteError) -> Self {
        match error {
            NoteError::TooMany => Self::Conflict {
                reason: error.to_string(),
                code: "TOO_MANY_UNANSWERED".to_owned(),
            },
            NoteError::Storage(_) => Self::Conflict {
                reason: error.to_string(),
                code: "NOT_NOTED".to_owned(),
            },
        }
    }
}

/// Of what may have been asked for before.
fn unread(error: &NoteError) -> CommandError {
    CommandError::Faulty {
        reason: error.to_string(),
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
