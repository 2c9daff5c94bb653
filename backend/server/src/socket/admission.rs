//! Whether a socket may go on: by its token, by the page it was opened from, and by how many others
//! its tenant has.

use std::sync::Arc;

use parlor_domain::id::TenantId;

use super::Sockets;
use super::close::Close;
use super::outbound::Outbound;
use super::places::Seat;
use crate::feed::FeedRefusal;
use crate::identity::{Caller, IdentityError};
use crate::origins::{self, PageRefusal};

/// What a socket is turned away from.
pub(super) enum TurnedAway {
    FromRoom(FeedRefusal),
    FromServer(Close),
}

/// Finds out who opens a socket from a page of `origin`, by what they say in the init.
pub(super) async fn admit(
    sockets: &Sockets,
    seat: &Seat,
    authorization: Option<&str>,
    origin: Option<Arc<str>>,
) -> Result<Caller, Close> {
    let identity = &sockets.app.identity;
    let caller = Caller {
        origin,
        ..identity
            .authenticate(authorization)
            .await
            .map_err(of_token)?
    };
    origins::check_caller(&sockets.app, &caller)
        .await
        .map_err(of_page)?;
    if let Some(tenant_id) = caller.principal.tenant_id() {
        take_place(sockets, seat, tenant_id).await?;
    }

    Ok(caller)
}

/// Lets a socket follow a room of `tenant_id` that its caller may read. A token has been judged
/// before; without one, whose room it is decides.
pub(super) async fn admit_to_room(
    sockets: &Sockets,
    seat: &Seat,
    caller: &Caller,
    tenant_id: TenantId,
) -> Result<(), TurnedAway> {
    if caller.principal.tenant_id().is_some() {
        return Ok(());
    }

    let checked = origins::check_room(&sockets.app, caller, tenant_id).await;
    checked.map_err(|refusal| match refusal {
        PageRefusal::Origin(_) => TurnedAway::FromRoom(FeedRefusal::OriginForbidden),
        PageRefusal::Store(error) => {
            tracing::error!(%error, "an origin could not be looked up");
            TurnedAway::FromRoom(FeedRefusal::Internal)
        }
    })?;
    take_place(sockets, seat, tenant_id)
        .await
        .map_err(TurnedAway::FromServer)
}

impl TurnedAway {
    /// What to answer the operation with; a socket that may not stay is closed.
    pub(super) fn close(self, outbound: &Outbound) -> FeedRefusal {
        match self {
            Self::FromRoom(refusal) => refusal,
            Self::FromServer(close) => {
                outbound.close(close);
                FeedRefusal::NoSocketLeft
            }
        }
    }
}

async fn take_place(sockets: &Sockets, seat: &Seat, tenant_id: TenantId) -> Result<(), Close> {
    let known = sockets.app.identity.directory().tenant(tenant_id).await;
    let known = known.map_err(|error| of_token(error.into()))?;
    // Tokens may name a tenant that there is not, and then find nothing to read.
    let Some(known) = known else {
        return Ok(());
    };

    if seat.take(tenant_id, known.tenant.limits.sockets_per_node) {
        Ok(())
    } else {
        let reason = "the tenant has as many sockets open on this node as it may";
        Err(Close::overload(reason))
    }
}

fn of_token(error: IdentityError) -> Close {
    if let IdentityError::Store(error) = error {
        tracing::error!(%error, "a caller could not be looked up");
        return Close::overload("the token could not be looked up");
    }

    Close::forbidden(error.to_string())
}

fn of_page(refusal: PageRefusal) -> Close {
    match refusal {
        PageRefusal::Origin(_) => Close::forbidden(refusal.to_string()),
        PageRefusal::Store(error) => of_token(error.into()),
    }
}
