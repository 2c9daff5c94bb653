//! Reading the audit trail.

use async_graphql::{Context, ID, Object};
use parlor_domain::participant::Capability;

use super::{AuditConnection, AuditEdge};
use crate::app;
use crate::fault::Fault;
use crate::page::{self, ConnectionInput, connection};
use crate::people::Reader;

#[derive(Default)]
pub(crate) struct AuditQuery;

#[Object]
impl AuditQuery {
    /// Who used authority over whom in a room, oldest first. Needs `AUDIT_READ`.
    async fn audit_connection(
        &self,
        context: &Context<'_>,
        room_id: ID,
        page: Option<ConnectionInput>,
    ) -> Result<AuditConnection, Fault> {
        let reader = Reader::of(context, &room_id).await?;
        reader.require(Capability::AuditRead)?;
        let (tenant_id, room_id) = reader.room();
        let asked = page::request("audit", &room_id, page)?;
        let found = app(context)
            .store
            .audit_page(tenant_id, room_id, asked.part)
            .await?;

        Ok(connection!(
            AuditConnection { AuditEdge },
            asked,
            found,
            |entry| (entry.seq, entry.id.0)
        ))
    }
}
