//! A person who reads a room, and what they see of its people.

use async_graphql::{Context, ID};
use parlor_domain::id::{ParticipantId, RoomId, TenantId};
use parlor_domain::participant::{self, Participant as DomainParticipant};
use parlor_domain::room_aggregate::{ActRefusal, Actor};
use parlor_domain::time::ServerTime;
use parlor_identity::Caller;
use parlor_store::RoomView;

use super::{Participant, Seen};
use crate::App;
use crate::access::readable_room;
use crate::fault::Fault;
use crate::{app, caller, global_id};

/// The participant, if there is one in a room that the caller may read.
pub(crate) async fn read_participant(
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
pub(crate) struct Reader {
    pub(crate) view: RoomView,
    actor: Actor,
    /// The person as a participant.
    own: Option<DomainParticipant>,
    now: ServerTime,
}

impl Reader {
    /// The caller as a reader of the room that they call `id`.
    pub(crate) async fn of(context: &Context<'_>, id: &ID) -> Result<Self, Fault> {
        caller(context).principal.person()?;
        let reader = match global_id::parse_room_id(id) {
            Some(room_id) => Self::of_room(app(context), caller(context), room_id).await?,
            None => None,
        };

        reader.ok_or_else(Fault::no_room)
    }

    pub(crate) async fn of_room(
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

    pub(crate) fn room(&self) -> (TenantId, RoomId) {
        (self.view.room.tenant_id, self.view.room.id)
    }

    /// The caller as a participant, if they ever joined.
    pub(crate) fn own(&self) -> Option<&DomainParticipant> {
        self.own.as_ref()
    }

    pub(super) fn capabilities(&self) -> Vec<participant::Capability> {
        if self.actor.is_staff {
            return participant::Capability::ALL.to_vec();
        }

        let own = self.own.as_ref();
        own.map_or_else(Vec::new, |own| own.capabilities(self.now))
    }

    pub(crate) fn require(&self, capability: participant::Capability) -> Result<(), Fault> {
        if self.capabilities().contains(&capability) {
            return Ok(());
        }

        Err(Fault::Forbidden(
            ActRefusal::CapabilityMissing(capability).to_string(),
        ))
    }

    pub(super) fn sees(&self, participant: DomainParticipant) -> Seen {
        let grants = participant::Capability::CapabilityGrant;
        let is_trusted = self.capabilities().contains(&grants);

        Seen::by(Some(&self.actor), is_trusted, participant, self.now)
    }
}
