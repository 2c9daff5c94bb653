//! Reading what a room sells, and what was bought.

use async_graphql::{Context, ID, Object};
use parlor_domain::participant::Capability;
use parlor_domain::reward;
use parlor_store::RedemptionsFilter;

use super::own;
use super::{Redemption, RedemptionEdge, RedemptionStatus, RedemptionsConnection, Reward};
use crate::access::readable;
use crate::fault::Fault;
use crate::page::{self, ConnectionInput, connection};
use crate::people::Reader;
use crate::{app, caller, global_id};

#[derive(Default)]
pub(crate) struct RewardQuery;

#[Object]
impl RewardQuery {
    /// What a room sells, in the order it was made; null if the caller may not read the room. Whoever holds
    /// `REWARD_MANAGE` sees what is disabled as well.
    async fn rewards(
        &self,
        context: &Context<'_>,
        room_id: ID,
    ) -> Result<Option<Vec<Reward>>, Fault> {
        let Some(view) = readable(context, &room_id).await? else {
            return Ok(None);
        };
        // Nobody in particular, or an overlay, manages nothing.
        let sees_all = caller(context).principal.person().is_ok()
            && Reader::of(context, &room_id)
                .await?
                .require(Capability::RewardManage)
                .is_ok();
        let room = &view.room;
        let found = app(context).store.rewards(room.tenant_id, room.id).await?;

        Ok(Some(
            found
                .into_iter()
                .filter(|reward| sees_all || reward.is_enabled())
                .map(Reward::from)
                .collect(),
        ))
    }

    /// A redemption of the caller's own, or of anybody's for whoever holds `REDEMPTION_MANAGE` in its room.
    async fn redemption(&self, context: &Context<'_>, id: ID) -> Result<Option<Redemption>, Fault> {
        let (tenant_id, _) = caller(context).principal.person()?;
        let Some(id) = global_id::parse_redemption_id(&id) else {
            return Ok(None);
        };
        let Some((room_id, found)) = app(context).store.redemption(tenant_id, id).await? else {
            return Ok(None);
        };
        let reader = Reader::of_room(app(context), caller(context), room_id).await?;
        let Some(reader) = reader else {
            return Ok(None);
        };
        if reader.require(Capability::RedemptionManage).is_ok() {
            return Ok(Some(found.into()));
        }
        let is_own = reader.own().is_some_and(|one| one.number == found.member);

        Ok(is_own.then(|| own(found).into()))
    }

    /// A room's redemptions, the oldest first, as they are worked off: all of them, or those that became
    /// `status`. Needs `REDEMPTION_MANAGE`.
    async fn redemptions_connection(
        &self,
        context: &Context<'_>,
        room_id: ID,
        status: Option<RedemptionStatus>,
        page: Option<ConnectionInput>,
    ) -> Result<RedemptionsConnection, Fault> {
        let reader = Reader::of(context, &room_id).await?;
        reader.require(Capability::RedemptionManage)?;
        let filter = status.map_or(RedemptionsFilter::All, |status| {
            RedemptionsFilter::Status(status.into())
        });

        redemptions(context, &reader, filter, page).await
    }

    /// What the caller has redeemed in a room, the oldest first.
    async fn own_redemptions_connection(
        &self,
        context: &Context<'_>,
        room_id: ID,
        page: Option<ConnectionInput>,
    ) -> Result<Option<RedemptionsConnection>, Fault> {
        let reader = Reader::of(context, &room_id).await?;
        let Some(caller) = reader.own() else {
            return Ok(None);
        };
        let filter = RedemptionsFilter::Of(caller.number);

        redemptions(context, &reader, filter, page).await.map(Some)
    }
}

async fn redemptions(
    context: &Context<'_>,
    reader: &Reader,
    filter: RedemptionsFilter,
    page: Option<ConnectionInput>,
) -> Result<RedemptionsConnection, Fault> {
    let request = page::request(&page.unwrap_or_default())?;
    let (tenant_id, room_id) = reader.room();
    let store = &app(context).store;
    let found = store.redemptions_page(tenant_id, room_id, filter, request);
    let found = found.await?.map(|redemption| match filter {
        RedemptionsFilter::Of(_) => own(redemption),
        RedemptionsFilter::All | RedemptionsFilter::Status(_) => redemption,
    });

    let place = |one: &reward::Redemption| (one.redeemed_at, one.id.0);
    Ok(connection!(
        RedemptionsConnection { RedemptionEdge },
        found,
        place
    ))
}
