//! Reading what members have, as they are told of it: all who are followed on a node at once.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::id::{Epoch, ParticipantId, RoomId, TenantId, ViewerId};
use parlor_domain::points::MemberNumber;
use parlor_domain::reward::Redemption;
use parlor_domain::wallet::{REDEMPTIONS_NEWEST, REDEMPTIONS_OPEN_MAX, Wallet};
use parlor_domain::watching::{EarningTerms, page_of};

use crate::contribution_row::read_viewer_id;
use crate::engine::Transaction;
use crate::reward_row::{self, REDEMPTION_COLUMNS};
use crate::room_row::{self, session_columns};
use crate::sql::{Statement, Value, row};
use crate::transfer_row::{self, BALANCE_COLUMNS};
use crate::watching_row::{self, PAGE_COLUMNS};
use crate::{Store, StoreError};

/// What people have in a room, all from one state of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletsView {
    pub epoch: Epoch,
    /// How many batches had changed somebody's.
    pub version: i64,
    /// Of those who were asked for, whoever has one.
    pub wallets: BTreeMap<ViewerId, Wallet>,
    /// What viewers earn by.
    pub terms: EarningTerms,
}

/// Which of each member's redemptions to read: the newest so many of those that `only` leaves.
struct Newest {
    limit: usize,
    only: &'static str,
}

const ANY: Newest = Newest {
    limit: REDEMPTIONS_NEWEST,
    only: "",
};
const OPEN: Newest = Newest {
    limit: REDEMPTIONS_NEWEST + REDEMPTIONS_OPEN_MAX,
    only: " AND redemptions.status IN ('unfulfilled', 'entered')",
};

impl Store {
    /// What `viewers` have in the tenant's room, if it is there.
    pub async fn wallets(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        viewers: &[ViewerId],
    ) -> Result<Option<WalletsView>, StoreError> {
        let mut transaction = self.engine.begin_read().await?;
        let view = view(&mut transaction, tenant_id, room_id).await?;
        let view = match view {
            Some(view) => Some(WalletsView {
                wallets: wallets(&mut transaction, tenant_id, room_id, viewers)
                    .await?
                    .into_iter()
                    .map(|(viewer_id, wallet)| (viewer_id, wallet.with_terms(view.terms.clone())))
                    .collect(),
                ..view
            }),
            None => None,
        };
        transaction.roll_back().await?;

        Ok(view)
    }
}

/// How it stands with the room, and nobody's wallet yet.
async fn view(
    transaction: &mut Transaction,
    tenant_id: TenantId,
    room_id: RoomId,
) -> Result<Option<WalletsView>, sqlx::Error> {
    let session = session_columns("sessions");
    let select = format!(
        "SELECT epoch, wallets, {session}, room_earnings.state FROM rooms
         LEFT JOIN sessions ON sessions.id = rooms.session_id
         LEFT JOIN room_earnings ON room_earnings.room_id = rooms.id
         WHERE rooms.id = $1 AND rooms.tenant_id = $2"
    );
    let select = Statement::new(select).bind(room_id).bind(tenant_id);
    let found = transaction.fetch(select).await?.into_iter().next();
    let read = found.map(|mut row| {
        let (epoch, version) = (Epoch(row.take()?), row.take()?);
        let session = room_row::read_session(&mut row)?;
        let earning = watching_row::read_state(&mut row)?;
        Ok::<_, sqlx::Error>(WalletsView {
            epoch,
            version,
            wallets: BTreeMap::new(),
            terms: earning.with_session(session.as_ref()).terms(),
        })
    });

    read.transpose()
}

async fn wallets(
    transaction: &mut Transaction,
    tenant_id: TenantId,
    room_id: RoomId,
    viewers: &[ViewerId],
) -> Result<BTreeMap<ViewerId, Wallet>, sqlx::Error> {
    let keys = viewers.iter();
    let keys = keys.map(|viewer_id| row![room_id, tenant_id, viewer_id.as_str()]);
    let select = "SELECT p.viewer_id, p.id, p.number FROM wanted CROSS JOIN participants p
         WHERE p.room_id = wanted.room_id AND p.viewer_id = wanted.viewer_id
             AND p.tenant_id = wanted.tenant_id";
    let table = "wanted (room_id, tenant_id, viewer_id)";
    let (mut members, mut wallets) = (BTreeMap::new(), BTreeMap::new());
    for mut row in transaction.look_up(table, keys.collect(), select).await? {
        let viewer_id = read_viewer_id(&row.take::<String>()?)?;
        let id = ParticipantId(row.take()?);
        let number = MemberNumber(row.take_narrow()?);
        members.insert(number, viewer_id);
        wallets.insert(number, Wallet::empty(id, number));
    }

    let key = |number: u32| row![room_id, tenant_id, number];
    let holding = give(transaction, &mut wallets, key).await?;
    earn(transaction, &mut wallets, key).await?;
    let all = wallets.keys().map(|member| key(member.0)).collect();
    let mut redemptions = newest(transaction, all, ANY).await?;
    let holding = holding.into_iter().map(|member| key(member.0)).collect();
    redemptions.extend(newest(transaction, holding, OPEN).await?);
    let mut by_member: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for one in redemptions {
        by_member.entry(one.member).or_default().push(one);
    }

    let whole = wallets.into_iter().filter_map(|(number, wallet)| {
        let redemptions = by_member.remove(&number).unwrap_or_default();
        Some((
            members.remove(&number)?,
            wallet.with_redemptions(redemptions),
        ))
    });
    Ok(whole.collect())
}

/// Reads what transfers gave. Returns who holds something, and so has something open.
async fn give(
    transaction: &mut Transaction,
    wallets: &mut BTreeMap<MemberNumber, Wallet>,
    key: impl Fn(u32) -> Vec<Value>,
) -> Result<Vec<MemberNumber>, sqlx::Error> {
    let text = format!(
        "SELECT {BALANCE_COLUMNS} FROM wanted CROSS JOIN balances
         WHERE balances.room_id = wanted.room_id AND balances.number = wanted.number
             AND balances.tenant_id = wanted.tenant_id"
    );
    let keys = wallets.keys().map(|member| key(member.0)).collect();
    let table = "wanted (room_id, tenant_id, number)";
    let mut holding = Vec::new();
    for mut row in transaction.look_up(table, keys, &text).await? {
        let (member, given) = transfer_row::read_given(&mut row)?;
        if given.held > 0 {
            holding.push(member);
        }
        if let Some(wallet) = wallets.get_mut(&member) {
            wallet.give(given);
        }
    }

    Ok(holding)
}

/// Reads what was earned by watching, a page for all who stand on it.
async fn earn(
    transaction: &mut Transaction,
    wallets: &mut BTreeMap<MemberNumber, Wallet>,
    key: impl Fn(u32) -> Vec<Value>,
) -> Result<(), sqlx::Error> {
    let text = format!(
        "SELECT {PAGE_COLUMNS} FROM wanted CROSS JOIN earnings
         WHERE earnings.room_id = wanted.room_id AND earnings.page = wanted.page
             AND earnings.tenant_id = wanted.tenant_id"
    );
    let pages: BTreeSet<_> = wallets.keys().map(|member| page_of(*member)).collect();
    let table = "wanted (room_id, tenant_id, page)";
    let keys = pages.into_iter().map(key).collect();
    let mut pages = BTreeMap::new();
    for mut row in transaction.look_up(table, keys, &text).await? {
        let (number, page) = watching_row::read_page(&mut row)?;
        pages.insert(number, page);
    }
    for (member, wallet) in wallets {
        if let Some(page) = pages.get(&page_of(*member)) {
            wallet.earn(page);
            wallet.recall(page);
        }
    }

    Ok(())
}

/// Reads the newest redemptions of each member. Where several were made in the millisecond of the last of them, all
/// of these.
///
/// They are compared as a range of the index is, for by equality PostgreSQL would sooner join everybody's that are
/// open. Whose room it is was asked for with the members.
async fn newest(
    transaction: &mut Transaction,
    members: Vec<Vec<Value>>,
    Newest { limit, only }: Newest,
) -> Result<Vec<Redemption>, sqlx::Error> {
    let last = limit - 1;
    let text = format!(
        ", since AS (
             SELECT wanted.room_id, wanted.number, COALESCE(
                 (SELECT redemptions.redeemed_at FROM redemptions
                  WHERE redemptions.room_id = wanted.room_id AND redemptions.number = wanted.number{only}
                  ORDER BY redemptions.redeemed_at DESC LIMIT 1 OFFSET {last}),
             0) AS redeemed_at FROM wanted
         )
         SELECT {REDEMPTION_COLUMNS} FROM since CROSS JOIN redemptions
         WHERE (redemptions.room_id, redemptions.number, redemptions.redeemed_at)
                 >= (since.room_id, since.number, since.redeemed_at)
             AND (redemptions.room_id, redemptions.number) <= (since.room_id, since.number){only}"
    );
    let table = "wanted (room_id, tenant_id, number)";
    let rows = transaction.look_up(table, members, &text).await?;

    let read = rows.into_iter();
    read.map(|mut row| reward_row::read_redemption(&mut row))
        .collect()
}
