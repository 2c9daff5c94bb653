//! Reading who is in a room, what they may do, and who speaks.

use async_graphql::{Context, ID, Object};
use parlor_domain::id::{ParticipantId, RoomId, TenantId};
use parlor_domain::participant::{self, Participant as DomainParticipant};
use parlor_domain::room_aggregate::{ActRefusal, Actor};
use parlor_domain::time::ServerTime;
use parlor_store::{ParticipantsFilter, RoomView};

use super::audit::{AuditConnection, AuditEdge};
use super::fault::Fault;
use super::global_id;
use super::input::ConnectionInput;
use super::page::{self, connection};
use super::people::{
    Participant, ParticipantEdge, ParticipantRole, ParticipantsConnection, RoomAccess, Seen, Stage,
    StageRole, capabilities,
};
use super::query::{readable, readable_room};
use super::{app, caller};
use crate::app::App;
use crate::identity::Caller;

#[derive(Default)]
pub(super) struct PeopleQuery;

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
        let request = page::request(&page.unwrap_or_default())?;
        let (tenant_id, room_id) = reader.room();
        let found = app(context)
            .store
            .participants_page(tenant_id, room_id, filter, request)
            .await?
            .map(|participant| reader.sees(participant));

        let place = |seen: &Seen| (seen.participant.joined_at, seen.participant.id.0);
        Ok(connection!(
            ParticipantsConnection { ParticipantEdge },
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
        let own = reader.own.clone();

        Ok(RoomAccess {
            capabilities: capabilities(reader.capabilities()),
            participant: own.map(|own| reader.sees(own).into()),
        })
    }

    /// Who used authority over whom in a room, oldest first. Needs `AUDIT_READ`.
    async fn audit_connection(
        &self,
        context: &Context<'_>,
        room_id: ID,
        page: Option<ConnectionInput>,
    ) -> Result<AuditConnection, Fault> {
        let reader = Reader::of(context, &room_id).await?;
        reader.require(participant::Capability::AuditRead)?;
        let request = page::request(&page.unwrap_or_default())?;
        let (tenant_id, room_id) = reader.room();
        let found = app(context)
            .store
            .audit_page(tenant_id, room_id, request)
            .await?;

        Ok(connection!(AuditConnection { AuditEdge }, found, |entry| {
            (entry.at, entry.id.0)
        }))
    }
}

/// The participant, if there is one in a room that the caller may read.
pub(super) async fn read_participant(
    context: &Context<'_>,
    id: ParticipantId,
) -> Result<Option<Participant>, Fault> {
    let Ok((tenant_id, _)) = caller(context).principal.person() else {
        return Ok(None);
    };
    let Some((room_id, participant)) = app(context).store.participant(tenant_id, id).await? else {
        return Ok(None);
    };
    let reader = Reader::of_room(app(context), caller(context), room_id).await?;

    Ok(reader.map(|reader| reader.sees(participant).into()))
}

/// A person who reads a room.
pub(super) struct Reader {
    pub(super) view: RoomView,
    actor: Actor,
    /// The person as a participant.
    own: Option<DomainParticipant>,
    now: ServerTime,
}

impl Reader {
    /// The caller as a reader of the room that they call `id`.
    async fn of(context: &Context<'_>, id: &ID) -> Result<Self, Fault> {
        caller(context).principal.person()?;
        let reader = match global_id::parse_room_id(id) {
            Some(room_id) => Self::of_room(app(context), caller(context), room_id).await?,
            None => None,
        };

        reader.ok_or_else(Fault::no_room)
    }

    pub(super) async fn of_room(
        app: &App,
        caller: &Caller,
        room_id: RoomId,
    ) -> Result<Option<Self>, Fault> {
        let (tenant_id, actor) = caller.principal.person()?;
        let Some(view) = readable_room(app, caller, room_id).await? else {
            return Ok(None);
        };
        let own = app
            .store
            .participant_of_viewer(tenant_id, room_id, &actor.viewer_id)
            .await?;

        Ok(Some(Self {
            view,
            actor,
            own,
            now: app.clock.now(),
        }))
    }

    fn room(&self) -> (TenantId, RoomId) {
        (self.view.room.tenant_id, self.view.room.id)
    }

    fn capabilities(&self) -> Vec<participant::Capability> {
        if self.actor.is_staff {
            return participant::Capability::ALL.to_vec();
        }

        let own = self.own.as_ref();
        own.map_or_else(Vec::new, |own| own.capabilities(self.now))
    }

    pub(super) fn require(&self, capability: participant::Capability) -> Result<(), Fault> {
        if self.capabilities().contains(&capability) {
            return Ok(());
        }

        Err(Fault::Forbidden(
            ActRefusal::CapabilityMissing(capability).to_string(),
        ))
    }

    fn sees(&self, participant: DomainParticipant) -> Seen {
        let grants = participant::Capability::CapabilityGrant;
        let is_trusted = self.capabilities().contains(&grants);

        Seen::by(Some(&self.actor), is_trusted, participant, self.now)
    }
}
