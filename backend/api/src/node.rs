//! Anything with a global id, by that id alone.

use async_graphql::{Context, ID, Interface, Object};
use parlor_domain::id::{ContributionId, OverlayTokenId, ParticipantId, SessionId, TenantId};

use super::access::readable;
use super::contributions::Contribution;
use super::fault::Fault;
use super::global_id::{self, IdKind};
use super::overlay_tokens::OverlayToken;
use super::people::{Participant, read_participant};
use super::rooms::Room;
use super::sessions::Session;
use super::tenants::{Tenant, read_tenant};
use super::{app, caller};

/// Anything with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "&ID"))]
pub(crate) enum Node {
    Room(Box<Room>),
    Session(Session),
    Contribution(Box<Contribution>),
    OverlayToken(OverlayToken),
    Participant(Box<Participant>),
    Tenant(Box<Tenant>),
}

#[derive(Default)]
pub(super) struct NodeQuery;

#[Object]
impl NodeQuery {
    async fn node(&self, context: &Context<'_>, id: ID) -> Result<Option<Node>, Fault> {
        let Some((kind, uuid)) = global_id::parse(&id) else {
            return Ok(None);
        };
        if kind == IdKind::Room {
            let view = readable(context, &id).await?;
            return Ok(view.map(|view| Node::Room(Box::new(view.into()))));
        }
        if kind == IdKind::Participant {
            let found = read_participant(context, ParticipantId(uuid)).await?;
            return Ok(found.map(|found| Node::Participant(Box::new(found))));
        }
        if kind == IdKind::Tenant {
            let found = read_tenant(context, TenantId(uuid)).await?;
            return Ok(found.map(|found| Node::Tenant(Box::new(found))));
        }
        let Ok(tenant_id) = caller(context).principal.staff_tenant() else {
            return Ok(None);
        };

        let store = &app(context).store;
        Ok(match kind {
            IdKind::Session => {
                let session = store.session(tenant_id, SessionId(uuid)).await?;
                session
                    .as_ref()
                    .map(|session| Node::Session(Session::from(session)))
            }
            IdKind::Contribution => {
                let contribution = store.contribution(tenant_id, ContributionId(uuid)).await?;
                contribution.map(|found| Node::Contribution(Box::new(found.into())))
            }
            IdKind::OverlayToken => {
                let token = store.overlay_token(tenant_id, OverlayTokenId(uuid)).await?;
                token.map(|token| Node::OverlayToken(token.into()))
            }
            IdKind::Room
            | IdKind::HypeTrain
            | IdKind::Event
            | IdKind::Participant
            | IdKind::AuditEntry
            | IdKind::PointsTransfer
            | IdKind::Reward
            | IdKind::Redemption
            | IdKind::Draw
            | IdKind::Dispute
            | IdKind::Erasure
            | IdKind::WebhookSource
            | IdKind::WebhookDelivery
            | IdKind::PaidMembership
            | IdKind::Tenant => None,
        })
    }
}
