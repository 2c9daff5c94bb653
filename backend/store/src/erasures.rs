//! Erasures: asked for, looked up, and what one would find.

use parlor_domain::erasure::{Erasure, ErasureRefusal, ErasureRequest, Holdings};
use parlor_domain::id::{ErasureId, TenantId, ViewerId};
use uuid::Uuid;

use crate::contribution_row::read_viewer_id;
use crate::due_work::erasing;
use crate::due_work::erasing::places::{
    ANSWERS, ASKED, AUDIT_ENTRIES, CONTRIBUTIONS, CONTRIBUTORS, GIVEN, MEMBERSHIPS, PARTICIPANTS,
    PRESENCES, SETTLED, TRANSFERS, WATCH_CREDITS, watched,
};
use crate::engine::Transaction;
use crate::sql::{Row, Statement, first_number, row};
use crate::{Store, StoreError};

const COLUMNS: &str =
    "erasures.id, erasures.tenant_id, erasures.requested_by, erasures.requested_at,
    erasures.finished_at, erasures.rooms, erasures.rooms_done, erasures.rows_changed";

/// How much there is of what is theirs by who they are in a room, each found by an index; $1 is the tenant and $2 the
/// person.
const BY_MEMBERSHIP: [&str; 4] = [
    "SELECT COUNT(*) FROM participants p
     JOIN room_censuses ON room_censuses.room_id = p.room_id
     WHERE p.tenant_id = $1 AND p.viewer_id = $2 AND p.role = 'owner' AND room_censuses.owners = 1",
    "SELECT COUNT(*) FROM participants p
     CROSS JOIN redemptions r
     WHERE p.tenant_id = $1 AND p.viewer_id = $2
         AND r.room_id = p.room_id AND r.number = p.number",
    "SELECT COUNT(*) FROM participants p
     CROSS JOIN disputes d
     WHERE p.tenant_id = $1 AND p.viewer_id = $2
         AND d.room_id = p.room_id AND d.number = p.number",
    "SELECT COUNT(*) FROM participants p
     CROSS JOIN transfers t
     WHERE p.tenant_id = $1 AND p.viewer_id = $2
         AND t.room_id = p.room_id AND t.number = p.number",
];

impl Store {
    /// Has a person erased, which goes on by itself from then on. Asked again for the same one it is the same erasure,
    /// as long as it is under way.
    pub async fn begin_erasure(
        &self,
        request: &ErasureRequest,
    ) -> Result<Result<Erasure, ErasureRefusal>, StoreError> {
        let tenant_id = request.tenant_id;
        if let Some(begun) = self.begun(request).await? {
            return Ok(begun);
        }
        let mut transaction = self.engine.begin_read().await?;
        let held = holdings(&mut transaction, tenant_id, &request.user_id).await?;
        let rooms = of_person(erasing::ROOMS, tenant_id, &request.user_id);
        let rooms = first_number(transaction.fetch(rooms).await?)?;
        transaction.roll_back().await?;
        if held.is_empty() {
            return Ok(Err(ErasureRefusal::NobodyKnown));
        }

        let mut transaction = self.engine.begin().await?;
        if !insert(&mut transaction, request, rooms).await? {
            transaction.roll_back().await?;
            // If that is none, it was over in between.
            let begun = self.begun(request).await?;
            return Ok(begun.unwrap_or(Err(ErasureRefusal::NobodyKnown)));
        }
        erasing::write(&mut transaction, request).await?;
        let found = transaction.fetch(by_id(tenant_id, request.id)).await?;
        transaction.commit().await.map_err(StoreError::of_commit)?;

        Ok(Ok(read_first(found)?.expect("it was just written")))
    }

    /// What was made of the request before, or of another for the same person.
    async fn begun(
        &self,
        request: &ErasureRequest,
    ) -> Result<Option<Result<Erasure, ErasureRefusal>>, StoreError> {
        let (tenant_id, user_id) = (request.tenant_id, request.user_id.as_str());
        let of_key = Statement::new(format!(
            "SELECT {COLUMNS}, erasures.user_id FROM erasures
             WHERE tenant_id = $1 AND idempotency_key = $2"
        ));
        let of_key = of_key
            .bind(tenant_id)
            .bind(request.idempotency_key.as_str());
        if let Some(mut row) = self.engine.fetch(of_key).await?.into_iter().next() {
            let erasure = read(&mut row)?;
            let of: Option<String> = row.take()?;
            return Ok(Some(match of {
                None => Err(ErasureRefusal::KeySpent(erasure.id)),
                Some(of) if of == user_id => Ok(erasure),
                Some(_) => Err(ErasureRefusal::KeyReused),
            }));
        }

        let under_way = Statement::new(format!(
            "SELECT {COLUMNS} FROM erasures WHERE tenant_id = $1 AND user_id = $2"
        ));
        let found = self
            .engine
            .fetch(under_way.bind(tenant_id).bind(user_id))
            .await?;

        Ok(read_first(found)?.map(Ok))
    }

    /// The tenant's erasure of that id.
    pub async fn erasure(
        &self,
        tenant_id: TenantId,
        id: ErasureId,
    ) -> Result<Option<Erasure>, StoreError> {
        Ok(read_first(self.engine.fetch(by_id(tenant_id, id)).await?)?)
    }

    /// How much is kept of a person.
    pub async fn holdings(
        &self,
        tenant_id: TenantId,
        user_id: &ViewerId,
    ) -> Result<Holdings, StoreError> {
        let mut transaction = self.engine.begin_read().await?;
        let held = holdings(&mut transaction, tenant_id, user_id).await?;
        transaction.roll_back().await?;

        Ok(held)
    }
}

/// Returns whether neither the key nor the person is another erasure's.
async fn insert(
    transaction: &mut Transaction,
    request: &ErasureRequest,
    rooms: i64,
) -> Result<bool, sqlx::Error> {
    let (nothing, first) = (0_i64, 1_i64);
    let values = row![
        request.id,
        request.tenant_id,
        request.idempotency_key.as_str(),
        request.user_id.as_str(),
        request.requested_by.as_str(),
        request.requested_at,
        rooms,
        nothing,
        nothing,
        first,
    ];
    let insert =
        "INSERT INTO erasures (id, tenant_id, idempotency_key, user_id, requested_by, requested_at,
        rooms, rooms_done, rows_changed, passes) ";
    let free = " ON CONFLICT DO NOTHING";

    Ok(transaction.insert(insert, vec![values], free).await? > 0)
}

async fn holdings(
    transaction: &mut Transaction,
    tenant_id: TenantId,
    user_id: &ViewerId,
) -> Result<Holdings, sqlx::Error> {
    let watched = watched(transaction, tenant_id, user_id.as_str()).await?;
    let mut count = async |text: &str| {
        let count = of_person(text, tenant_id, user_id);
        first_number(transaction.fetch(count).await?)
    };
    let [sole, redemptions, disputes, transfers] = BY_MEMBERSHIP;

    Ok(Holdings {
        participants: count(&PARTICIPANTS.count()).await?,
        sole_ownerships: count(sole).await?,
        contributions: count(&CONTRIBUTIONS.count()).await?,
        memberships: count(&MEMBERSHIPS.count()).await? + count(&GIVEN.count()).await?,
        trains: count(&CONTRIBUTORS.count()).await?,
        redemptions: count(redemptions).await?,
        disputes: count(disputes).await?,
        transfers: count(transfers).await?,
        acts: count(&TRANSFERS.count()).await?
            + count(&WATCH_CREDITS.count()).await?
            + count(&AUDIT_ENTRIES.count()).await?
            + count(&SETTLED.count()).await?
            + count(&ASKED.count()).await?,
        answers: count(&ANSWERS.count()).await?,
        whereabouts: count(&PRESENCES.count()).await? + watched,
    })
}

/// A statement in which $1 is the tenant and $2 the person.
fn of_person(text: &str, tenant_id: TenantId, user_id: &ViewerId) -> Statement {
    Statement::new(text).bind(tenant_id).bind(user_id.as_str())
}

fn by_id(tenant_id: TenantId, id: ErasureId) -> Statement {
    let text = format!("SELECT {COLUMNS} FROM erasures WHERE id = $1 AND tenant_id = $2");
    Statement::new(text).bind(id).bind(tenant_id)
}

fn read_first(rows: Vec<Row>) -> Result<Option<Erasure>, sqlx::Error> {
    rows.into_iter()
        .next()
        .map(|mut row| read(&mut row))
        .transpose()
}

fn read(row: &mut Row) -> Result<Erasure, sqlx::Error> {
    let (id, tenant_id): (Uuid, Uuid) = (row.take()?, row.take()?);
    let requested_by: String = row.take()?;

    Ok(Erasure {
        id: ErasureId(id),
        tenant_id: TenantId(tenant_id),
        requested_by: read_viewer_id(&requested_by)?,
        requested_at: row.take_time()?,
        finished_at: row.take_optional_time()?,
        rooms: row.take()?,
        rooms_done: row.take()?,
        rows_changed: row.take()?,
    })
}
