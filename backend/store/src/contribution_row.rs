//! Contributions as rows.

use parlor_domain::contribution::{
    Contribution, ContributionKind, Gift, Money, NotCounted, Status, Viewer,
};
use parlor_domain::currency::Currency;
use parlor_domain::id::{ContributionId, HypeTrainId, RoomId, TenantId, ViewerId};
use parlor_domain::invalid::Invalid;

use crate::sql::{Row, Statement, Value, corrupt, row};
use crate::{Store, StoreError};

impl Store {
    /// The tenant's contribution of that id.
    pub async fn contribution(
        &self,
        tenant_id: TenantId,
        id: ContributionId,
    ) -> Result<Option<Contribution>, StoreError> {
        let columns = columns("contributions");
        let statement = Statement::new(format!(
            "SELECT {columns} FROM contributions WHERE id = $1 AND tenant_id = $2"
        ))
        .bind(id)
        .bind(tenant_id);
        let rows = self.engine.fetch(statement).await?;

        Ok(rows
            .into_iter()
            .next()
            .map(|mut row| read(&mut row))
            .transpose()?)
    }
}

/// The columns that [`read`] reads, of the table called `table`.
pub(crate) fn columns(table: &str) -> String {
    [
        "id",
        "provider",
        "contribution_ref",
        "kind",
        "amount",
        "currency",
        "tier",
        "quantity",
        "viewer_id",
        "viewer_name",
        "message",
        "status",
        "worth",
        "worth_currency",
        "hype",
        "not_counted",
        "train_id",
        "occurred_at",
        "recorded_at",
    ]
    .map(|column| format!("{table}.{column}"))
    .join(", ")
}

pub(crate) fn read(row: &mut Row) -> Result<Contribution, sqlx::Error> {
    Ok(Contribution {
        id: ContributionId(row.take()?),
        provider: row.take()?,
        contribution_ref: row.take()?,
        gift: read_gift(row)?,
        viewer: read_viewer(row)?,
        message: row.take()?,
        status: status(&row.take::<String>()?)?,
        worth: read_money(row)?,
        hype: row.take()?,
        not_counted: row
            .take::<Option<String>>()?
            .map(|text| not_counted(&text))
            .transpose()?,
        train_id: row.take::<Option<uuid::Uuid>>()?.map(HypeTrainId),
        occurred_at: row.take_time()?,
        recorded_at: row.take_time()?,
    })
}

fn read_gift(row: &mut Row) -> Result<Gift, sqlx::Error> {
    let kind = kind(&row.take::<String>()?)?;
    let money = read_money(row)?;
    let tier: Option<i64> = row.take()?;
    let tier = tier
        .map(u8::try_from)
        .transpose()
        .map_err(|error| corrupt(error.to_string()))?;

    Ok(Gift {
        kind,
        money,
        tier,
        quantity: row.take()?,
    })
}

/// Reads an amount and its currency, both of which are empty where there is no money.
fn read_money(row: &mut Row) -> Result<Option<Money>, sqlx::Error> {
    let amount: Option<i64> = row.take()?;
    let code: Option<String> = row.take()?;
    let money = amount.zip(code).map(|(amount, code)| {
        let currency = read_currency(&code)?;
        Ok(Money { amount, currency })
    });

    money.transpose()
}

pub(crate) fn read_currency(code: &str) -> Result<Currency, sqlx::Error> {
    Currency::parse(code).map_err(broken_rule)
}

fn read_viewer(row: &mut Row) -> Result<Option<Viewer>, sqlx::Error> {
    let id: Option<String> = row.take()?;
    let name: Option<String> = row.take()?;

    let id = id.as_deref().map(read_viewer_id).transpose()?;

    Ok((id.is_some() || name.is_some()).then_some(Viewer { id, name }))
}

pub(crate) fn read_viewer_id(text: &str) -> Result<ViewerId, sqlx::Error> {
    ViewerId::parse(text).map_err(broken_rule)
}

fn broken_rule(invalid: Invalid) -> sqlx::Error {
    sqlx::Error::Decode(invalid.into())
}

pub(crate) const INSERT: &str = "INSERT INTO contributions (id, tenant_id, room_id, provider,
    contribution_ref, kind, amount, currency, tier, quantity, viewer_id, viewer_name, message,
    status, worth, worth_currency, hype, not_counted, train_id, occurred_at, recorded_at) ";

pub(crate) const IF_FREE: &str = " ON CONFLICT (tenant_id, provider, contribution_ref) DO NOTHING";

/// What was given stays as it was first reported. Who gave it, and what they said, may be told later.
pub(crate) const UPDATE: &str = "UPDATE contributions SET status = v.status, train_id = v.train_id,
        viewer_id = v.viewer_id, viewer_name = v.viewer_name, message = v.message
    FROM v WHERE contributions.id = v.id AND contributions.tenant_id = v.tenant_id";

pub(crate) const CHANGED: &str =
    "v (id, tenant_id, status, train_id, viewer_id, viewer_name, message)";

pub(crate) fn changed_row(tenant_id: TenantId, one: &Contribution) -> Vec<Value> {
    row![
        one.id,
        tenant_id,
        status_name(one.status),
        one.train_id,
        one.viewer_id().map(ViewerId::as_str),
        one.name(),
        one.message.as_deref(),
    ]
}

pub(crate) fn row(room_id: RoomId, tenant_id: TenantId, one: &Contribution) -> Vec<Value> {
    let (money, worth) = (one.gift.money.as_ref(), one.worth.as_ref());

    row![
        one.id,
        tenant_id,
        room_id,
        one.provider.as_str(),
        one.contribution_ref.as_str(),
        kind_name(one.gift.kind),
        money.map(|money| money.amount),
        money.map(|money| money.currency.as_str()),
        one.gift.tier.map(i64::from),
        one.gift.quantity,
        one.viewer_id().map(ViewerId::as_str),
        one.name(),
        one.message.as_deref(),
        status_name(one.status),
        worth.map(|worth| worth.amount),
        worth.map(|worth| worth.currency.as_str()),
        one.hype,
        one.not_counted.map(NotCounted::as_str),
        one.train_id,
        one.occurred_at,
        one.recorded_at,
    ]
}

fn kind_name(kind: ContributionKind) -> &'static str {
    match kind {
        ContributionKind::Donation => "donation",
        ContributionKind::Membership => "membership",
        ContributionKind::GiftedMemberships => "gifted_memberships",
    }
}

fn kind(text: &str) -> Result<ContributionKind, sqlx::Error> {
    [
        ContributionKind::Donation,
        ContributionKind::Membership,
        ContributionKind::GiftedMemberships,
    ]
    .into_iter()
    .find(|kind| kind_name(*kind) == text)
    .ok_or_else(|| corrupt(format!("`{text}` is no kind of contribution")))
}

fn not_counted(text: &str) -> Result<NotCounted, sqlx::Error> {
    NotCounted::ALL
        .into_iter()
        .find(|why| why.as_str() == text)
        .ok_or_else(|| corrupt(format!("`{text}` does not say why nothing was counted")))
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Settled => "settled",
        Status::Reversed => "reversed",
    }
}

fn status(text: &str) -> Result<Status, sqlx::Error> {
    [Status::Pending, Status::Settled, Status::Reversed]
        .into_iter()
        .find(|status| status_name(*status) == text)
        .ok_or_else(|| corrupt(format!("`{text}` is no status of a contribution")))
}
