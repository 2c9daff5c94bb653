//! Whether a socket may go on: by its token, by the page it was opened from, and by how many others
//! its tenant has.

use std::sync::Arc;

use parlor_api::deadline::Deadline;
use parlor_api::feed::FeedRefusal;
use parlor_domain::id::TenantId;
use parlor_identity::origins::PageRefusal;
use parlor_identity::{Caller, IdentityError};
use parlor_node::patience::ReadError;
use parlor_store::StoreError;

use super::Sockets;
use super::close::Close;
use super::outbound::Outbound;
use super::places::Seat;

/// What a socket is turned away from.
pub(super) enum TurnedAway {
    FromRoom(FeedRefusal),
    FromServer(Close),
}

/// Why a socket may not go on.
#[derive(Debug, thiserror::Error)]
enum Barred {
    #[error(transparent)]
    Token(#[from] IdentityError),
    #[error(transparent)]
    Page(#[from] PageRefusal),
    #[error("the tenant has as many sockets open on this node as it may")]
    NoPlace,
}

/// Finds out who opens a socket from a page of `origin`, by what they say in the init.
pub(super) async fn admit(
    sockets: &Sockets,
    seat: &Seat,
    authorization: Option<&str>,
    origin: Option<Arc<str>>,
) -> Result<Caller, Close> {
    let patience = sockets.reads.within(sockets.settings.admission_patience);
    let origin = &origin;
    let admitted = patience.read("a caller", move || async move {
        let identity = &sockets.app.identity;
        let caller = Caller {
            origin: origin.clone(),
            ..identity.authenticate(authorization).await?
        };
        sockets.app.origins.check_caller(&caller).await?;
        if let Some(tenant_id) = caller.principal.tenant_id() {
            take_place(sockets, seat, tenant_id).await?;
        }

        Ok::<_, Barred>(caller)
    });

    let deadline = Deadline::after(sockets.settings.request_timeout);
    match deadline.meet(admitted).await {
        Ok(admitted) => admitted.map_err(|barred| barred.close()),
        Err(_late) => Err(Close::database_away()),
    }
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

    let patience = sockets.reads.within(sockets.settings.start_patience);
    let admitted = patience.read("a room's tenant", move || async move {
        sockets.app.origins.check_room(caller, tenant_id).await?;
        take_place(sockets, seat, tenant_id).await
    });

    admitted.await.map_err(|barred| match barred {
        Barred::Page(PageRefusal::Origin(_)) => TurnedAway::FromRoom(FeedRefusal::OriginForbidden),
        Barred::Token(_) | Barred::Page(_) | Barred::NoPlace => {
            TurnedAway::FromServer(barred.close())
        }
    })
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

async fn take_place(sockets: &Sockets, seat: &Seat, tenant_id: TenantId) -> Result<(), Barred> {
    let known = sockets.app.identity.directory().tenant(tenant_id).await;
    let known = known.map_err(IdentityError::from)?;
    // Tokens may name a tenant that there is not, and then find nothing to read.
    let Some(known) = known else {
        return Ok(());
    };

    if seat.take(tenant_id, known.tenant.limits.sockets_per_node) {
        Ok(())
    } else {
        Err(Barred::NoPlace)
    }
}

impl Barred {
    fn unread(&self) -> Option<&StoreError> {
        match self {
            Self::Token(IdentityError::Store(error)) | Self::Page(PageRefusal::Store(error)) => {
                Some(error)
            }
            Self::Token(_) | Self::Page(_) | Self::NoPlace => None,
        }
    }

    fn close(&self) -> Close {
        match self {
            _ if self.unread().is_some() => Close::database_away(),
            Self::NoPlace => Close::overload(self.to_string()),
            Self::Token(_) | Self::Page(_) => Close::forbidden(self.to_string()),
        }
    }
}

impl ReadError for Barred {
    fn may_pass(&self) -> bool {
        self.unread().is_some_and(ReadError::may_pass)
    }

    fn cause(&self) -> String {
        self.to_string()
    }
}
