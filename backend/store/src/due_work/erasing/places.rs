//! Where a person's id stands by itself: what is counted beforehand, and looked at again when an erasure ends.

use parlor_domain::id::TenantId;

use super::Erasing;
use crate::engine::Transaction;
use crate::sql::{Statement, first_number};

/// A column that is nothing but somebody's id.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) table: &'static str,
    /// Which rows a person is in, found by an index; $1 is the tenant and $2 the person.
    pub(crate) is_theirs: &'static str,
    /// Which of these the erasure takes them out of.
    pub(crate) goes: &'static str,
}

impl Place {
    const fn new(table: &'static str, is_theirs: &'static str) -> Self {
        let goes = "TRUE";
        Self {
            table,
            is_theirs,
            goes,
        }
    }

    /// How many rows a person is in.
    pub(crate) fn count(&self) -> String {
        format!(
            "SELECT COUNT(*) FROM {} WHERE {}",
            self.table, self.is_theirs
        )
    }
}

const VIEWER: &str = "tenant_id = $1 AND viewer_id = $2";
const ACTOR: &str = "tenant_id = $1 AND actor_id = $2";

pub(crate) const PARTICIPANTS: Place = Place::new("participants", VIEWER);
pub(crate) const CONTRIBUTIONS: Place = Place::new("contributions", VIEWER);
pub(crate) const MEMBERSHIPS: Place = Place::new("memberships", VIEWER);
pub(crate) const GIVEN: Place = Place::new("memberships", "tenant_id = $1 AND giver_id = $2");
pub(crate) const MEMBERSHIP_SPANS: Place = Place::new("membership_spans", VIEWER);
pub(crate) const CONTRIBUTORS: Place = Place::new("hype_train_contributors", VIEWER);
pub(crate) const TRANSFERS: Place = Place::new("transfers", ACTOR);
pub(crate) const WATCH_CREDITS: Place = Place::new("watch_credits", ACTOR);
pub(crate) const AUDIT_ENTRIES: Place = Place::new("audit_entries", ACTOR);
pub(crate) const SETTLED: Place = Place::new("redemptions", "tenant_id = $1 AND settled_by = $2");
pub(crate) const ASKED: Place = Place::new("erasures", "tenant_id = $1 AND requested_by = $2");
/// Its actor is a provider where a contribution was recorded, and the person everywhere else.
pub(crate) const ANSWERS: Place = Place::new(
    "answers",
    "tenant_id = $1 AND actor = $2 AND operation <> 'record_contribution'",
);
/// What a node that lives says of whom it is connected to goes with the connection, or it would count wrongly.
pub(crate) const PRESENCES: Place = Place {
    goes: "NOT EXISTS (SELECT 1 FROM nodes
        WHERE nodes.id = presences.node_id AND nodes.ended_at IS NULL)",
    ..Place::new("presences", VIEWER)
};
/// Of one minute, which is $3.
pub(super) const WATCH_PLACES: Place = Place::new(
    "watch_places",
    "minute = $3 AND tenant_id = $1 AND viewer_id = $2",
);

/// All but where they watched, which is found minute by minute.
const PLACES: [Place; 13] = [
    PARTICIPANTS,
    CONTRIBUTIONS,
    MEMBERSHIPS,
    GIVEN,
    MEMBERSHIP_SPANS,
    CONTRIBUTORS,
    TRANSFERS,
    WATCH_CREDITS,
    AUDIT_ENTRIES,
    SETTLED,
    ASKED,
    ANSWERS,
    PRESENCES,
];

impl Erasing<'_> {
    /// Whether the person is still, or again, where they are to be taken out.
    pub(super) async fn is_found(&mut self) -> Result<bool, sqlx::Error> {
        for Place {
            table,
            is_theirs,
            goes,
        } in PLACES
        {
            let find = format!("SELECT 1 FROM {table} WHERE {is_theirs} AND {goes} LIMIT 1");
            let find: Statement = self.of_person(&find);
            if !self.transaction.fetch(find).await?.is_empty() {
                return Ok(true);
            }
        }
        let (tenant_id, user_id) = (self.tenant_id, self.user_id.as_str());

        Ok(watched(self.transaction, tenant_id, user_id).await? > 0)
    }
}

/// How many places a person watched at, which are kept for as long as they may be credited.
pub(crate) async fn watched(
    transaction: &mut Transaction,
    tenant_id: TenantId,
    user_id: &str,
) -> Result<i64, sqlx::Error> {
    let mut watched = 0;
    for minute in minutes(transaction).await? {
        let count = Statement::new(WATCH_PLACES.count()).bind(tenant_id);
        let count = count.bind(user_id).bind(minute);
        watched += first_number(transaction.fetch(count).await?)?;
    }

    Ok(watched)
}

/// The minutes of which it is kept who watched where: there are as many as may be credited yet.
pub(super) async fn minutes(transaction: &mut Transaction) -> Result<Vec<i64>, sqlx::Error> {
    let mut minutes = Vec::new();
    loop {
        let next = "SELECT MIN(minute) FROM watch_places WHERE minute > $1";
        let next = Statement::new(next).bind(minutes.last().copied().unwrap_or(0));
        let mut rows = transaction.fetch(next).await?;
        let next = match rows.first_mut() {
            Some(row) => row.take::<Option<i64>>()?,
            None => None,
        };
        let Some(next) = next else {
            return Ok(minutes);
        };
        minutes.push(next);
    }
}
