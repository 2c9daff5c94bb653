//! Reading points.

use async_graphql::{Context, ID, Object};
use parlor_domain::participant::{Capability, Participant};

use super::economy::{self, Economy, EconomyPeriod};
use super::{PointsAccount, Whose};
use crate::fault::Fault;
use crate::global_id::IdKind;
use crate::people::Reader;
use crate::scalar::Time;
use crate::{app, global_id};

#[derive(Default)]
pub(crate) struct PointsQuery;

#[Object]
impl PointsQuery {
    /// What a participant of a room has, and why: the caller, unless somebody else is named, which needs
    /// `POINTS_READ`. Null if there is no such participant, or the caller has never joined.
    async fn points_account(
        &self,
        context: &Context<'_>,
        room_id: ID,
        participant_id: Option<ID>,
    ) -> Result<Option<PointsAccount>, Fault> {
        let reader = Reader::of(context, &room_id).await?;
        let participant = match participant_id {
            None => reader.own().cloned(),
            Some(id) => named(context, &reader, &id).await?,
        };
        let Some(participant) = participant else {
            return Ok(None);
        };

        let (tenant_id, room_id) = reader.room();
        let member = participant.number;
        let balance = app(context).store.balance(tenant_id, room_id, member);
        let balance = balance.await?;
        let whose = Whose {
            tenant_id,
            room_id,
            member,
            sees_actors: reader.require(Capability::PointsRead).is_ok(),
        };
        let id = IdKind::Participant.id(participant.id.0);

        Ok(Some(PointsAccount::new(id, balance, whose)))
    }

    /// How a room's books stand. Needs `POINTS_READ`.
    async fn economy(&self, context: &Context<'_>, room_id: ID) -> Result<Economy, Fault> {
        let reader = Reader::of(context, &room_id).await?;
        reader.require(Capability::PointsRead)?;
        let (tenant_id, room_id) = reader.room();

        Ok(app(context).store.ledger(tenant_id, room_id).await?.into())
    }

    /// What a room's books moved from each of `bounds` until the next: of days, the midnights of whichever time zone is
    /// meant. Bounds are 2 to 367 instants, each later than the one before and at a full quarter of an hour. Needs
    /// `POINTS_READ`.
    async fn economy_periods(
        &self,
        context: &Context<'_>,
        room_id: ID,
        bounds: Vec<Time>,
    ) -> Result<Vec<EconomyPeriod>, Fault> {
        let quarters = economy::quarters(&bounds)?;
        let reader = Reader::of(context, &room_id).await?;
        reader.require(Capability::PointsRead)?;
        let (tenant_id, room_id) = reader.room();
        let moved = app(context).store.turnovers(tenant_id, room_id, &quarters);
        let spans = quarters.iter().zip(quarters.iter().skip(1));
        let periods = spans.zip(moved.await?);

        Ok(periods
            .map(|((from, until), moved)| EconomyPeriod::new(*from, *until, moved))
            .collect())
    }
}

/// The participant of the room that the caller calls `id`, if the caller may read their points.
async fn named(
    context: &Context<'_>,
    reader: &Reader,
    id: &ID,
) -> Result<Option<Participant>, Fault> {
    let id = global_id::parse_participant_id(id);
    if let Some(own) = reader.own()
        && Some(own.id) == id
    {
        return Ok(Some(own.clone()));
    }
    reader.require(Capability::PointsRead)?;
    let Some(id) = id else { return Ok(None) };
    let (tenant_id, room_id) = reader.room();
    let found = app(context).store.participant(tenant_id, id).await?;

    Ok(found
        .filter(|(of_room, _)| *of_room == room_id)
        .map(|(_, participant)| participant))
}
