//! Draws as anyone reads them who may read the room, and can do again.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use parlor_domain::id::{DrawId, RedemptionId, RewardId, TenantId};
use parlor_domain::points::Digest;
use parlor_domain::reward;
use parlor_domain::time::ServerTime;
use parlor_store::RewardsView;

use super::Reward;
use crate::access::readable;
use crate::app;
use crate::fault::Fault;
use crate::global_id::{IdKind, named, parse_draw_id};
use crate::page::{self, ConnectionInput, PageInfo, connection};
use crate::scalar::{Int64, Time, int};

#[derive(Default)]
pub(crate) struct DrawQuery;

/// Entries that are held for a while, of which lots decide. `draw` has them one by one.
#[derive(SimpleObject, Clone)]
pub(crate) struct Draw {
    id: ID,
    reward_id: ID,
    /// What an entry costs, in points, whatever the reward costs by now.
    cost: Int64,
    /// The SHA-256 of `seed`'s bytes, in hexadecimal, told from the first entry on.
    commitment: String,
    opened_at: Time,
    /// No entry is taken from then on.
    closes_at: Time,
    /// When it was drawn; null before.
    drawn_at: Option<Time>,
    /// How many entries it has, those that staff canceled before left out.
    entry_count: i32,
    /// How many can win: as many as the reward says or, once it is drawn, as places were left.
    places: i32,
    /// The redemptions that were drawn, the lowest ticket first; none before.
    winner_ids: Vec<ID>,
    /// 32 bytes, in hexadecimal; null before the draw.
    seed: Option<String>,
}

/// A draw with its entries. The ticket of an entry is the SHA-256 of `seed`'s bytes and the 16 bytes of its UUID behind
/// them, and the lowest tickets win.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct DrawWithEntries {
    #[graphql(flatten)]
    draw: Draw,
    #[graphql(skip)]
    of: Of,
}

/// What entries are read by.
struct Of {
    tenant_id: TenantId,
    draw: reward::Draw,
}

/// An entry of a draw: a redemption, and nothing of whose it is.
#[derive(SimpleObject, Clone)]
pub(crate) struct DrawEntry {
    /// The redemption's id: the base64 of `Redemption:` and its UUID.
    id: ID,
    entered_at: Time,
}

#[derive(SimpleObject)]
pub(crate) struct DrawEntryEdge {
    cursor: String,
    node: DrawEntry,
}

#[derive(SimpleObject)]
pub(crate) struct DrawEntriesConnection {
    edges: Vec<DrawEntryEdge>,
    nodes: Vec<DrawEntry>,
    page_info: PageInfo,
    total_count: i32,
}

/// Not of `Draw`, which `rewards` tells of each reward: their entries together are more than one answer should read.
#[ComplexObject]
impl DrawWithEntries {
    /// The entries, in the order in which they were made.
    async fn entries_connection(
        &self,
        context: &Context<'_>,
        page: Option<ConnectionInput>,
    ) -> Result<DrawEntriesConnection, Fault> {
        let Of { tenant_id, draw } = &self.of;
        let asked = page::request("draw's entries", &draw.id, page)?;
        let store = &app(context).store;
        let found = store.entries_page(*tenant_id, draw, asked.part).await?;

        Ok(connection!(
            DrawEntriesConnection { DrawEntryEdge },
            asked,
            found,
            |(at, id): &(ServerTime, RedemptionId)| (*at, id.0)
        ))
    }
}

#[Object]
impl DrawQuery {
    /// A draw of a room; null if there is no such one, or the caller may not read the room.
    async fn draw(
        &self,
        context: &Context<'_>,
        room_id: ID,
        draw_id: ID,
    ) -> Result<Option<DrawWithEntries>, Fault> {
        let Some(view) = readable(context, &room_id).await? else {
            return Ok(None);
        };
        let (tenant_id, room_id) = (view.room.tenant_id, view.room.id);
        let id = named(&draw_id, parse_draw_id, DrawId);
        let found = app(context).store.draw(tenant_id, room_id, id).await?;

        Ok(found.map(|draw| DrawWithEntries {
            draw: Draw::from(&draw),
            of: Of { tenant_id, draw },
        }))
    }
}

impl From<&reward::Draw> for Draw {
    fn from(draw: &reward::Draw) -> Self {
        let outcome = draw.outcome.as_ref();
        let winners = outcome.map_or(&[][..], |outcome| &outcome.winners);
        // Whoever knows it before knows who would win.
        let seed = outcome.map(|_| hex(&draw.seed.0));

        Self {
            id: IdKind::Draw.id(draw.id.0),
            reward_id: IdKind::Reward.id(draw.reward_id.0),
            cost: draw.terms.cost.into(),
            commitment: draw.seed.commitment().to_string(),
            opened_at: draw.opened_at.into(),
            closes_at: draw.closes_at.into(),
            drawn_at: outcome.map(|outcome| outcome.drawn_at.into()),
            entry_count: int(draw.entries),
            places: int(outcome.map_or(draw.winners_max(), |outcome| outcome.places)),
            winner_ids: winners
                .iter()
                .map(|id| IdKind::Redemption.id(id.0))
                .collect(),
            seed,
        }
    }
}

impl From<(ServerTime, RedemptionId)> for DrawEntry {
    fn from((entered_at, id): (ServerTime, RedemptionId)) -> Self {
        Self {
            id: IdKind::Redemption.id(id.0),
            entered_at: entered_at.into(),
        }
    }
}

/// The reward with its open draw and its last one, which are among `draws`.
pub(super) fn with_draws(reward: reward::Reward, draws: &[reward::Draw]) -> Reward {
    let id = reward.id;
    let find = |is_drawn: bool| {
        let mut own = draws.iter().filter(|draw| draw.reward_id == id);
        let found = own.find(|draw| draw.outcome.is_some() == is_drawn);
        found.map(Draw::from)
    };

    Reward {
        open_draw: find(false),
        last_draw: find(true),
        ..reward.into()
    }
}

/// The rewards of `view` as they are offered at `at`, with nobody to whom they stand.
pub(super) fn offered(view: RewardsView, at: ServerTime) -> Vec<Reward> {
    let open = |of: RewardId| {
        let mut open = view.draws.iter().filter(|draw| draw.is_open(at));
        open.find(|draw| draw.reward_id == of)
    };
    let rewards = view.rewards.into_iter();
    rewards
        .map(|reward| match open(reward.id) {
            Some(draw) => with_draws(draw.offered(&reward), &view.draws),
            None => with_draws(reward, &view.draws),
        })
        .collect()
}

fn hex(bytes: &[u8; 32]) -> String {
    Digest(*bytes).to_string()
}
