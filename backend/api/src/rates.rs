//! What currencies are worth, as a tenant's staff says.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use parlor_domain::rates::{self, RateTable, RatesDraft, SetRatesRefusal};
use parlor_writer::SetCurrencyRates;

use super::fault::Fault;
use super::global_id::IdKind;
use super::refusal::{Refusal, Stop, results};
use super::scalar::{Currency, Time};
use super::{app, caller};

/// What currencies are worth in the tenant's rooms.
#[derive(SimpleObject)]
pub(crate) struct CurrencyRates {
    /// Counts how often they were set; give it back to `setCurrencyRates`.
    version: i32,
    /// One of it is worth so much of each other currency, as central banks publish it.
    base: Currency,
    /// In the order of the codes, without the base.
    rates: Vec<CurrencyRate>,
    set_at: Time,
}

#[derive(SimpleObject)]
pub(crate) struct CurrencyRate {
    currency: Currency,
    /// How much of the currency one of the base is worth: an exact decimal, such as `1.0843`.
    rate: String,
}

#[derive(InputObject)]
pub(crate) struct SetCurrencyRatesInput {
    /// The version that they replace; 0 where none were set.
    version: i32,
    /// The currency of which one is worth so much of each other.
    base: Currency,
    /// All of them, each currency once, up to 200. What is not among them has no rate any more.
    rates: Vec<CurrencyRateInput>,
}

#[derive(InputObject)]
pub(crate) struct CurrencyRateInput {
    /// A code that ISO 4217 lists with a minor unit.
    currency: Currency,
    /// How much of the currency one of the base is worth: a decimal above zero, such as `1.0843`, of up to 15 digits, 10
    /// of them after the point.
    rate: String,
}

results! {
    SetCurrencyRatesResult {
        CurrencyRates, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
}

#[derive(Default)]
pub(crate) struct RatesQuery;

#[Object]
impl RatesQuery {
    /// What currencies are worth in the rooms of the caller's tenant; for its staff. Null until they are set: then each
    /// room counts its reference currency alone.
    async fn currency_rates(&self, context: &Context<'_>) -> Result<Option<CurrencyRates>, Fault> {
        let tenant_id = caller(context).principal.staff_tenant()?;
        let table = app(context).store.currency_rates(tenant_id).await?;

        Ok(table.map(CurrencyRates::from))
    }
}

#[derive(Default)]
pub(crate) struct RatesMutation;

#[Object]
impl RatesMutation {
    /// Sets what currencies are worth in the rooms of the caller's tenant, all at once; for its staff. It holds for what
    /// is first reported from then on, and changes nothing that was.
    async fn set_currency_rates(
        &self,
        context: &Context<'_>,
        input: SetCurrencyRatesInput,
    ) -> Result<SetCurrencyRatesResult, Fault> {
        SetCurrencyRatesResult::of(set(context, input).await)
    }
}

async fn set(context: &Context<'_>, input: SetCurrencyRatesInput) -> Result<RateTable, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    let rates = input.rates.iter();
    let rates = rates.map(|one| (one.currency.0.as_str(), one.rate.as_str()));
    let draft = RatesDraft::parse(input.version, &input.base.0, rates)?;

    let writer = &app(context).writer;
    let done = writer.submit(tenant_id, (), SetCurrencyRates(draft)).await;
    done.map_err(|not_done| Stop::of_writer(not_done, &IdKind::Tenant.id(tenant_id.0)))
}

impl From<RateTable> for CurrencyRates {
    fn from(table: RateTable) -> Self {
        let rate = |(currency, rate): (&parlor_domain::currency::Currency, &rates::Rate)| {
            let (currency, rate) = (Currency::from(currency), rate.to_string());
            CurrencyRate { currency, rate }
        };

        Self {
            version: table.version,
            base: Currency::from(&table.base),
            rates: table.rates.iter().map(rate).collect(),
            set_at: table.set_at.into(),
        }
    }
}

impl From<SetRatesRefusal> for Refusal {
    fn from(refusal: SetRatesRefusal) -> Self {
        match refusal {
            SetRatesRefusal::StaleVersion { .. } => Self::conflict("STALE_VERSION", refusal),
        }
    }
}
