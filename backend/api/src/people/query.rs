//! Reading who is in a room, what they may do, and who speaks.

use async_graphql::{Context, ID, Object};
use parlor_store::ParticipantsFilter;

use super::reader::{Reader, read_participant};
use super::{
    Participant, ParticipantEdge, ParticipantRole, ParticipantsConnection, RoomAccess, Seen, Stage,
    StageRole, capabilities,
};
use crate::access::readable;
use crate::fault::Fault;
use crate::page::{self, ConnectionInput, connection};
use crate::{app, global_id};

#[derive(Default)]
pub(crate) struct PeopleQuery;

#[Object]
impl PeopleQuery {
    /// A participant of a room that the caller may read.
    async fn participant(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<Participant>, Fault> {
        match global_id::parse_participant_id(&id) {
            Some(id) => read_participant(context, id).await,
            None => Ok(None),
        }
    }

    /// Everyone in a room, in the order they joined, whether the log shows them by name or not.
    async fn participants_connection(
        &self,
        context: &Context<'_>,
        room_id: ID,
        page: Option<ConnectionInput>,
        role: Option<ParticipantRole>,
        stage_role: Option<StageRole>,
    ) -> Result<ParticipantsConnection, Fault> {
        let reader = Reader::of(context, &room_id).await?;
        let filter = ParticipantsFilter {
            role: role.map(Into::into),
            stage_role: stage_role.map(StageRole::as_stored),
        };
        let (tenant_id, room_id) = reader.room();
        let asked = page::request("participants", &(room_id, &filter), page)?;
        let found = app(context)
            .store
            .participants_page(tenant_id, room_id, filter, asked.part)
            .await?
            .map(|participant| reader.sees(participant));

        let place = |seen: &Seen| (seen.participant.joined_at, seen.participant.id.0);
        Ok(connection!(
            ParticipantsConnection { ParticipantEdge },
            asked,
            found,
            place
        ))
    }

    /// Who speaks in a room, and who waits to; null if the caller may not read it.
    async fn stage(&self, context: &Context<'_>, room_id: ID) -> Result<Option<Stage>, Fault> {
        let Some(view) = readable(context, &room_id).await? else {
            return Ok(None);
        };
        let room = &view.room;
        let stage = app(context).store.stage(room.tenant_id, room.id).await?;
        let is_live = view.session.is_some_and(|session| session.is_live());

        Ok(Some(Stage::new(stage, room.stage_size, is_live)))
    }

    /// What the caller is in a room, and may do there.
    async fn room_access(&self, context: &Context<'_>, room_id: ID) -> Result<RoomAccess, Fault> {
        let reader = Reader::of(context, &room_id).await?;
        let own = reader.own().cloned();

        Ok(RoomAccess {
            capabilities: capabilities(reader.capabilities()),
            participant: own.map(|own| reader.sees(own).into()),
        })
    }
}
