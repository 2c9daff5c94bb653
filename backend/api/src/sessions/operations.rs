//! Reading, starting and ending sessions.

use async_graphql::{Context, ID, Object};
use parlor_domain::participant::Capability;
use parlor_domain::session;
use parlor_writer::ChangeSession;

use super::refusal::{
    EndSessionResult, InterruptSessionResult, ResumeSessionResult, StartSessionResult,
};
use super::{
    EndSessionInput, InterruptSessionInput, ResumeSessionInput, SessionEdge, SessionsConnection,
    StartSessionInput,
};
use crate::access::readable;
use crate::app;
use crate::fault::Fault;
use crate::page::{self, ConnectionInput, connection};
use crate::refusal::{Refusal, Stop};
use crate::submit::submit_with;

#[derive(Default)]
pub(crate) struct SessionQuery;

#[Object]
impl SessionQuery {
    /// The sessions of a room that the caller may read, the newest first.
    async fn sessions_connection(
        &self,
        context: &Context<'_>,
        room_id: ID,
        page: Option<ConnectionInput>,
    ) -> Result<SessionsConnection, Fault> {
        let view = readable(context, &room_id).await?;
        let room = view.ok_or_else(Fault::no_room)?.room;
        let asked = page::request("sessions", &room.id, page)?;
        let store = &app(context).store;
        let found = store
            .sessions_page(room.tenant_id, room.id, asked.part)
            .await?;

        let place = |session: &session::Session| (session.started_at, session.id.0);
        Ok(connection!(
            SessionsConnection { SessionEdge },
            asked,
            found,
            place
        ))
    }
}

#[derive(Default)]
pub(crate) struct SessionMutation;

#[Object]
impl SessionMutation {
    async fn start_session(
        &self,
        context: &Context<'_>,
        input: StartSessionInput,
    ) -> Result<StartSessionResult, Fault> {
        let delay_ms = input.delay_ms.map(Into::into);
        let started = manage(context, &input.room_id, ChangeSession::start(delay_ms));

        StartSessionResult::of(started.await)
    }

    /// Notes that the live session's stream went away. If it does not come back within the room's
    /// `interruptionGraceMs`, the session will have ended now.
    async fn interrupt_session(
        &self,
        context: &Context<'_>,
        input: InterruptSessionInput,
    ) -> Result<InterruptSessionResult, Fault> {
        InterruptSessionResult::of(
            manage(context, &input.room_id, ChangeSession::interrupt()).await,
        )
    }

    /// Notes that the stream is back.
    async fn resume_session(
        &self,
        context: &Context<'_>,
        input: ResumeSessionInput,
    ) -> Result<ResumeSessionResult, Fault> {
        ResumeSessionResult::of(manage(context, &input.room_id, ChangeSession::resume()).await)
    }

    /// One that is interrupted ended when it was interrupted.
    async fn end_session(
        &self,
        context: &Context<'_>,
        input: EndSessionInput,
    ) -> Result<EndSessionResult, Fault> {
        EndSessionResult::of(manage(context, &input.room_id, ChangeSession::end()).await)
    }
}

/// Has `change` made to the session of the room that the client calls `id`.
async fn manage<R: Into<Refusal> + Send + 'static>(
    context: &Context<'_>,
    id: &ID,
    change: ChangeSession<R>,
) -> Result<session::Session, Stop> {
    submit_with(context, id, Capability::SessionManage, change).await
}
