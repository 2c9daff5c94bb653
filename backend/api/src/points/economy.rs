//! How a room's books stand, and what they moved when.

use async_graphql::SimpleObject;
use parlor_domain::points::{Ledger, Mover, QUARTER_MS, Turnover};
use parlor_domain::time::ServerTime;

use super::TransferKind;
use crate::fault::Fault;
use crate::scalar::{Int64, Time};

/// Instants between which periods are asked for at once: a year of days.
const BOUNDS_MAX: usize = 367;

/// How a room's books stand, in whole points.
#[derive(SimpleObject)]
pub(crate) struct Economy {
    /// All that was ever issued.
    minted: Int64,
    /// All that was spent or taken back, without what was given back of it.
    burned: Int64,
    /// What all members together owe: it was taken back, and is not there yet.
    owed: Int64,
    /// What all members together have: `minted` and `owed` without `burned`.
    outstanding: Int64,
    /// What of `outstanding` is reserved, by redemptions that wait and by disputes, and cannot be spent.
    held: Int64,
    /// How many transfers were made, and so the position of the last. A minute that was credited to many
    /// members is one.
    transfer_count: Int64,
    /// The chain's head: a SHA-256 digest that covers all transfers, in hexadecimal. Kept elsewhere and given
    /// to `parlor verify`, it shows that none of them was changed since.
    digest: String,
}

/// What a room's books moved from one instant until another.
#[derive(SimpleObject)]
pub(crate) struct EconomyPeriod {
    from: Time,
    /// What was moved at this instant is the next period's.
    until: Time,
    /// What was issued.
    minted: Int64,
    /// What was spent or taken back, without what was given back meanwhile. Below zero if more was given back.
    burned: Int64,
    /// What each kind of transfer moved. Kinds of which there was none are left out.
    turnovers: Vec<EconomyTurnover>,
}

/// What one kind of transfer moved.
#[derive(SimpleObject)]
pub(crate) struct EconomyTurnover {
    kind: TransferKind,
    /// How many points: what was watched, charged, given back and so on, always above zero.
    points: Int64,
    /// How many transfers it was. A minute that was credited to many members is one.
    transfer_count: Int64,
}

impl EconomyPeriod {
    pub(super) fn new(from: i64, until: i64, moved: Vec<(Mover, Turnover)>) -> Self {
        let sum = |of: fn(Mover, i64) -> i64| {
            let points = moved
                .iter()
                .map(|(mover, turnover)| of(*mover, turnover.points));
            points.sum::<i64>().into()
        };
        Self {
            from: starts_at(from),
            until: starts_at(until),
            minted: sum(Mover::minted),
            burned: sum(Mover::burned),
            turnovers: moved.into_iter().map(Into::into).collect(),
        }
    }
}

/// The quarters of an hour that `bounds` are at the start of, if periods can be between them.
pub(super) fn quarters(bounds: &[Time]) -> Result<Vec<i64>, Fault> {
    let invalid = |message: String| Err(Fault::Validation(message));
    if !(2..=BOUNDS_MAX).contains(&bounds.len()) {
        return invalid(format!("`bounds` has 2 to {BOUNDS_MAX} instants"));
    }
    let millis = bounds.iter().map(|bound| bound.0.unix_millis());
    if !millis
        .clone()
        .is_sorted_by(|earlier, later| earlier < later)
    {
        return invalid("each of `bounds` is later than the one before".to_owned());
    }
    if millis.clone().any(|at| at % QUARTER_MS != 0) {
        return invalid(
            "each of `bounds` is at a full quarter of an hour: 00, 15, 30 or 45 minutes".to_owned(),
        );
    }

    Ok(millis.map(|at| at / QUARTER_MS).collect())
}

fn starts_at(quarter: i64) -> Time {
    Time(ServerTime::from_unix_millis(quarter * QUARTER_MS))
}

impl From<(Mover, Turnover)> for EconomyTurnover {
    fn from((mover, turnover): (Mover, Turnover)) -> Self {
        Self {
            kind: match mover {
                Mover::Watching => TransferKind::Watched,
                Mover::Transfer(kind) => kind.into(),
            },
            points: turnover.points.into(),
            transfer_count: turnover.count.into(),
        }
    }
}

impl From<Ledger> for Economy {
    fn from(ledger: Ledger) -> Self {
        Self {
            minted: ledger.minted.into(),
            burned: ledger.burned.into(),
            owed: ledger.owed.into(),
            outstanding: ledger.outstanding().into(),
            held: ledger.held.into(),
            transfer_count: ledger.seq.into(),
            digest: ledger.digest.to_string(),
        }
    }
}
