//! Reading what a room sells, and what was bought.

use async_graphql::{Context, ID, Object};
use parlor_domain::id::RewardId;
use parlor_domain::participant::Capability;
use parlor_domain::reward;
use parlor_domain::time::ServerTime;
use parlor_store::{Page, RedemptionsFilter};
use uuid::Uuid;

use super::draw::offered;
use super::own;
use super::standing::{Terms, rewards_of};
use super::{Redemption, RedemptionEdge, RedemptionStatus, RedemptionsConnection, Reward};
use crate::access::readable;
use crate::fault::Fault;
use crate::global_id::named;
use crate::page::{self, Asked, ConnectionInput, connection};
use crate::people::Reader;
use crate::{app, caller, global_id};

#[derive(Default)]
pub(crate) struct RewardQuery;

#[Object]
impl RewardQuery {
    /// What a room sells, in the order it was made; null if the caller may not read the room. Whoever holds
    /// `REWARD_MANAGE` sees what is disabled as well. `standing` says of each whether the caller may redeem it.
    ///
    /// While a draw of a reward takes entries, its terms are those of the first entry, whatever the reward has been
    /// changed to since: with `asOffered`, which everybody has who lacks `REWARD_MANAGE`, they are what is read, and
    /// otherwise those that hold from the next draw on.
    async fn rewards(
        &self,
        context: &Context<'_>,
        room_id: ID,
        as_offered: Option<bool>,
    ) -> Result<Option<Vec<Reward>>, Fault> {
        let Some(view) = readable(context, &room_id).await? else {
            return Ok(None);
        };
        // Nobody in particular, or an overlay, manages nothing and redeems nothing.
        if caller(context).principal.person().is_err() {
            let room = &view.room;
            let store = &app(context).store;
            let mut found = store.rewards_for(room.tenant_id, room.id, None).await?;
            found.rewards.retain(reward::Reward::is_enabled);
            let at = view.head.occurred_at.max(app(context).clock.now());
            return Ok(Some(offered(found, at)));
        }

        let reader = Reader::of(context, &room_id).await?;
        let sees_all = reader.require(Capability::RewardManage).is_ok();
        let (tenant_id, room_id) = reader.room();
        let (store, now) = (&app(context).store, app(context).clock.now());
        let member = reader.own().map(|own| own.number);
        let mut found = store.rewards_for(tenant_id, room_id, member).await?;
        let is_seen = |reward: &reward::Reward| sees_all || reward.is_enabled();
        found.rewards.retain(is_seen);

        let terms = if sees_all && !as_offered.unwrap_or_default() {
            Terms::Present
        } else {
            Terms::Offered
        };

        Ok(Some(rewards_of(found, &reader, terms, now)))
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
    /// `status`, of one reward, or of one participant. Needs `REDEMPTION_MANAGE`.
    async fn redemptions_connection(
        &self,
        context: &Context<'_>,
        room_id: ID,
        status: Option<RedemptionStatus>,
        reward_id: Option<ID>,
        participant_id: Option<ID>,
        page: Option<ConnectionInput>,
    ) -> Result<RedemptionsConnection, Fault> {
        let reader = Reader::of(context, &room_id).await?;
        reader.require(Capability::RedemptionManage)?;
        let filter = RedemptionsFilter {
            status: status.map(Into::into),
            reward_id: reward_id.map(|id| named(&id, global_id::parse_reward_id, RewardId)),
            participant_id: participant_id.map(|id| global_id::named_participant(&id)),
        };
        let asked = page::request("redemptions", &(reader.room(), filter), page)?;
        let found = redemptions(context, &reader, filter, &asked).await?;

        Ok(connection!(
            RedemptionsConnection { RedemptionEdge },
            asked,
            found,
            place
        ))
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
        let filter = RedemptionsFilter {
            participant_id: Some(caller.id),
            ..RedemptionsFilter::default()
        };
        let asked = page::request("own redemptions", &(reader.room(), filter), page)?;
        let found = redemptions(context, &reader, filter, &asked).await?;

        Ok(Some(connection!(
            RedemptionsConnection { RedemptionEdge },
            asked,
            found.map(own),
            place
        )))
    }
}

async fn redemptions(
    context: &Context<'_>,
    reader: &Reader,
    filter: RedemptionsFilter,
    asked: &Asked,
) -> Result<Page<reward::Redemption>, Fault> {
    let (tenant_id, room_id) = reader.room();
    let store = &app(context).store;
    let found = store.redemptions_page(tenant_id, room_id, filter, asked.part);

    Ok(found.await?)
}

fn place(redemption: &reward::Redemption) -> (ServerTime, Uuid) {
    (redemption.redeemed_at, redemption.id.0)
}
