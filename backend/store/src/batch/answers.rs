//! What was answered under an idempotency key: looked up, and claimed for what the batch answers.
//!
//! A key is one room's for ever. What a batch answers is inserted under it before anything else is written,
//! in the order of the keys; see [`super::claims`].

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::event::Event;
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::room_aggregate::{Answer, AnswerKey, Answered, Fingerprint, Operation};

use super::rooms::Rooms;
use crate::engine::Transaction;
use crate::error::is_unreadable;
use crate::kept_event::KeptEvent;
use crate::sql::{Row, corrupt, row, to_json};

pub(super) async fn load(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    let mut wanted = BTreeSet::new();
    let mut asked_by: BTreeMap<(TenantId, AnswerKey), Vec<RoomId>> = BTreeMap::new();
    for locked in rooms.all_mut() {
        let (room_id, tenant_id) = (locked.needs.room_id, locked.needs.tenant_id);
        for key in &locked.needs.answers {
            locked.aggregate.known.answers.ask(key.clone());
            wanted.insert((tenant_id, key.clone()));
            let asked_by = asked_by.entry((tenant_id, key.clone())).or_default();
            asked_by.push(room_id);
        }
    }
    let keys = wanted
        .iter()
        .map(|(tenant_id, key)| {
            let operation = key.operation.as_str();
            row![*tenant_id, key.actor.as_str(), operation, key.key.as_str()]
        })
        .collect();
    let text =
        "SELECT answers.tenant_id, answers.actor, answers.operation, answers.idempotency_key,
             answers.fingerprint, answers.answer
         FROM wanted CROSS JOIN answers
         WHERE answers.tenant_id = wanted.tenant_id AND answers.actor = wanted.actor
             AND answers.operation = wanted.operation
             AND answers.idempotency_key = wanted.idempotency_key";

    let table = "wanted (tenant_id, actor, operation, idempotency_key)";
    for mut row in transaction.look_up(table, keys, text).await? {
        let tenant_id = TenantId(row.take()?);
        let key = AnswerKey {
            actor: row.take()?,
            operation: operation(&row.take::<String>()?)?,
            key: row.take()?,
        };
        let answer = match read(&mut row, key.operation) {
            Err(error) if !is_unreadable(&error) => return Err(error),
            answer => answer.map_err(|error| error.to_string()),
        };
        let asked_by = asked_by.remove(&(tenant_id, key.clone()));
        for room_id in asked_by.into_iter().flatten() {
            rooms.read_into((room_id, tenant_id), "answer", |locked| {
                let answer = answer.clone().map_err(corrupt)?;
                locked.aggregate.known.answers.put(key.clone(), answer);
                Ok(())
            })?;
        }
    }

    Ok(())
}

/// Whether there is anything to claim.
pub(super) fn claims_something(rooms: &Rooms) -> bool {
    let mut rooms = rooms.all();
    rooms.any(|locked| !locked.aggregate.changes.answers.is_empty())
}

/// Inserts what the batch answers. Returns whether all of the keys were free.
pub(super) async fn claim(
    transaction: &mut Transaction,
    rooms: &Rooms,
) -> Result<bool, sqlx::Error> {
    let mut answers = BTreeMap::new();
    for of in rooms.all().map(|locked| &locked.aggregate) {
        for (key, answer) in &of.changes.answers {
            answers.insert((of.room.tenant_id, key), answer);
        }
    }

    let answered = answers.len();
    let answers = answers
        .into_iter()
        .map(|((tenant_id, key), answer)| {
            row![
                tenant_id,
                key.actor.as_str(),
                key.operation.as_str(),
                key.key.as_str(),
                &answer.fingerprint,
                written(&answer.answered),
            ]
        })
        .collect();
    let insert = "INSERT INTO answers
        (tenant_id, actor, operation, idempotency_key, fingerprint, answer) ";
    let free = " ON CONFLICT (tenant_id, actor, operation, idempotency_key) DO NOTHING";

    Ok(transaction.insert(insert, answers, free).await? == answered)
}

fn read(row: &mut Row, operation: Operation) -> Result<Answer, sqlx::Error> {
    let fingerprint: Vec<u8> = row.take()?;
    let fingerprint = Fingerprint::try_from(fingerprint)
        .map_err(|found| corrupt(format!("a fingerprint has {} bytes", found.len())))?;
    let answered = match operation {
        Operation::RecordContribution => Answered::Contribution(Box::new(row.take_json()?)),
        Operation::AdjustPoints => Answered::Transfer(Box::new(row.take_json()?)),
        Operation::ClawBackPoints => Answered::ClawedBack(Box::new(row.take_json()?)),
        Operation::RedeemReward | Operation::RefundRedemption => {
            Answered::Redemption(Box::new(row.take_json()?))
        }
        Operation::OpenDispute
        | Operation::HoldDispute
        | Operation::ResolveDispute
        | Operation::WithdrawDispute => Answered::Dispute(Box::new(row.take_json()?)),
        Operation::CreateReward => Answered::Reward(Box::new(row.take_json()?)),
        Operation::Tell => Answered::Event(Box::new(row.take_json::<KeptEvent>()?.into())),
    };

    Ok(Answer {
        fingerprint,
        answered,
    })
}

fn written(answered: &Answered) -> String {
    match answered {
        Answered::Contribution(contribution) => to_json(&**contribution),
        Answered::Transfer(transfer) => to_json(&**transfer),
        Answered::ClawedBack(clawed_back) => to_json(&**clawed_back),
        Answered::Redemption(redemption) => to_json(&**redemption),
        Answered::Dispute(dispute) => to_json(&**dispute),
        Answered::Reward(reward) => to_json(&**reward),
        Answered::Event(event) => to_json(&KeptEvent::from(Event::clone(event))),
    }
}

fn operation(name: &str) -> Result<Operation, sqlx::Error> {
    let mut all = Operation::ALL.into_iter();
    all.find(|one| one.as_str() == name)
        .ok_or_else(|| corrupt(format!("`{name}` is nothing that is done under a key")))
}
