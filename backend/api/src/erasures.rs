//! Erasing a person, as a tenant's staff asks for it.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use parlor_domain::erasure::{self, ErasureRefusal, ErasureRequest, Holdings};
use parlor_domain::id::{ErasureId, IdSource};

use super::fault::Fault;
use super::global_id::{self, IdKind};
use super::refusal::{Refusal, Stop, results};
use super::scalar::{Int64, Time};
use super::submit::stamp;
use super::{app, caller};

/// How far an erasure has come.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErasureStatus {
    /// It goes on by itself, whatever becomes of whoever asked for it.
    Running,
    /// Nothing was left of the person. Whoever comes by the same id before that is erased as well, with what they do; after
    /// that they are somebody new.
    Finished,
}

/// A person being erased. It does not say who.
#[derive(SimpleObject)]
pub(crate) struct Erasure {
    id: ID,
    status: ErasureStatus,
    /// Who asked for it, by the tenant's own id.
    requested_by: String,
    requested_at: Time,
    finished_at: Option<Time>,
    /// The rooms that they had been in or given in when it was asked for.
    room_count: Int64,
    /// How many of them are done.
    done_room_count: Int64,
    /// The rows that something was taken out of, or that went, so far.
    changed_row_count: Int64,
}

/// What is kept of a person, and would be taken out.
#[expect(
    clippy::struct_field_names,
    reason = "the fields are the API's, which calls a number of things so"
)]
#[derive(SimpleObject)]
pub(crate) struct PersonHoldings {
    /// Rooms that they have joined.
    room_count: Int64,
    /// Of these, those that are left without an owner.
    sole_ownership_count: Int64,
    contribution_count: Int64,
    /// Paid memberships that they have, and those that they pay for.
    membership_count: Int64,
    /// Hype trains that they have given to.
    hype_train_count: Int64,
    redemption_count: Int64,
    /// Disputes about their points.
    dispute_count: Int64,
    /// Transfers of points of theirs, which stay without the words.
    transfer_count: Int64,
    /// What they did by authority, or to another's points, which stays without saying that it was they.
    act_count: Int64,
    /// Answers that are kept for idempotency keys of theirs.
    answer_count: Int64,
    /// Where they are connected, and where they watched within the hour.
    whereabout_count: Int64,
}

#[derive(InputObject)]
pub(crate) struct ErasePersonInput {
    /// What the request is known by, of the caller's choice: 1 to 200 bytes. The same once more is the same erasure, until
    /// that is over. It is kept, so it should say nothing of the person.
    idempotency_key: String,
    /// The person, by the tenant's own id.
    user_id: String,
}

results! {
    ErasePersonResult {
        Erasure, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
}

#[derive(Default)]
pub(crate) struct ErasureQuery;

#[Object]
impl ErasureQuery {
    /// An erasure of the caller's tenant; for its staff.
    async fn erasure(&self, context: &Context<'_>, id: ID) -> Result<Option<Erasure>, Fault> {
        let tenant_id = caller(context).principal.staff_tenant()?;
        let Some(id) = global_id::parse_erasure_id(&id) else {
            return Ok(None);
        };
        let found = app(context).store.erasure(tenant_id, id).await?;

        Ok(found.map(Erasure::from))
    }

    /// How much the rooms of the caller's tenant keep of a person; for its staff. Null if there is nothing. What rooms
    /// were told of them is not counted.
    async fn person_holdings(
        &self,
        context: &Context<'_>,
        user_id: String,
    ) -> Result<Option<PersonHoldings>, Fault> {
        let tenant_id = caller(context).principal.staff_tenant()?;
        let Ok(user_id) = erasure::parse_user_id(&user_id) else {
            return Ok(None);
        };
        let held = app(context).store.holdings(tenant_id, &user_id).await?;

        Ok((!held.is_empty()).then(|| held.into()))
    }
}

#[derive(Default)]
pub(crate) struct ErasureMutation;

#[Object]
impl ErasureMutation {
    /// Erases a person from all rooms of the caller's tenant; for its staff. It is done piece by piece, and goes on by
    /// itself: ask `erasure` how far it has come. They are put out of their rooms, and whatever says who they were is taken
    /// out of all that is kept. What points they have stay in accounts that are nobody's. Whoever comes by the same id
    /// afterwards is somebody new.
    async fn erase_person(
        &self,
        context: &Context<'_>,
        input: ErasePersonInput,
    ) -> Result<ErasePersonResult, Fault> {
        ErasePersonResult::of(erase(context, input).await)
    }
}

async fn erase(context: &Context<'_>, input: ErasePersonInput) -> Result<erasure::Erasure, Stop> {
    let principal = &caller(context).principal;
    let tenant_id = principal.staff_tenant()?;
    let (_, actor) = principal.person()?;
    let app = app(context);
    let request = ErasureRequest {
        id: ErasureId(app.ids.clone().next_id()),
        tenant_id,
        idempotency_key: input.idempotency_key,
        user_id: erasure::parse_user_id(&input.user_id)?,
        requested_by: actor.viewer_id,
        requested_at: stamp(context)?,
    };
    request.check()?;

    let begun = app.store.begin_erasure(&request).await;
    begun.map_err(Fault::from)?.map_err(|refusal| match refusal {
        ErasureRefusal::NobodyKnown => Refusal::not_found("Person", &ID(input.user_id)).into(),
        ErasureRefusal::KeyReused => Refusal::conflict("KEY_REUSED", refusal).into(),
        ErasureRefusal::KeySpent(id) => {
            let id = IdKind::Erasure.id(id.0);
            let message = format!(
                "the idempotency key was used for the erasure {}, which is over: whom it was about is not kept; ask \
                 for the erasure, or use another key",
                id.as_str()
            );
            Refusal::conflict("KEY_SPENT", message).into()
        }
    })
}

impl From<erasure::Erasure> for Erasure {
    fn from(erasure: erasure::Erasure) -> Self {
        let status = match erasure.finished_at {
            Some(_) => ErasureStatus::Finished,
            None => ErasureStatus::Running,
        };

        Self {
            id: IdKind::Erasure.id(erasure.id.0),
            status,
            requested_by: erasure.requested_by.as_str().to_owned(),
            requested_at: erasure.requested_at.into(),
            finished_at: erasure.finished_at.map(Time),
            room_count: erasure.rooms.into(),
            done_room_count: erasure.rooms_done.into(),
            changed_row_count: erasure.rows_changed.into(),
        }
    }
}

impl From<Holdings> for PersonHoldings {
    fn from(held: Holdings) -> Self {
        Self {
            room_count: held.participants.into(),
            sole_ownership_count: held.sole_ownerships.into(),
            contribution_count: held.contributions.into(),
            membership_count: held.memberships.into(),
            hype_train_count: held.trains.into(),
            redemption_count: held.redemptions.into(),
            dispute_count: held.disputes.into(),
            transfer_count: held.transfers.into(),
            act_count: held.acts.into(),
            answer_count: held.answers.into(),
            whereabout_count: held.whereabouts.into(),
        }
    }
}
