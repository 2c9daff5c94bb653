//! From the application's records to the operations' types, and from their answers back.

use super::operations::{
    create_room, end_session, interrupt_session, record_contribution, resume_session, room,
    start_session,
};
use super::record::{
    Contribution, ContributionReport, ContributionStatus, HypeTrainProgram, HypeTrainSummary,
    NewRoom, RoomDetails, RoomSummary,
};
use super::refusal::CommandError;
use super::scalar::{Int64, Time};
use crate::record::{ContributionKind, HypeTrainPhase, RoomState, Session};

pub(crate) mod people;
pub(crate) mod points;

/// The code of a change made against a version that is not the present one.
const STALE_VERSION: &str = "STALE_VERSION";

pub(crate) fn room(room: room::RoomRoom) -> RoomDetails {
    let train = match room.hype_train {
        Some(train) => Some(HypeTrainSummary {
            phase: match train.phase {
                room::HypeTrainPhase::Approaching => HypeTrainPhase::Approaching,
                room::HypeTrainPhase::Running => HypeTrainPhase::Running,
                room::HypeTrainPhase::Ended => HypeTrainPhase::Ended,
                room::HypeTrainPhase::Other(_) => HypeTrainPhase::Unknown,
            },
            id: train.id,
            level: train.level,
            progress: train.progress.0,
            goal: train.goal.0,
            total: train.total.0,
            started_at_unix_millis: train.started_at.0,
            expires_at_unix_millis: train.expires_at.0,
            ended_at_unix_millis: train.ended_at.map(|at| at.0),
            contributor_count: train.contributor_count,
            is_record: train.is_record,
        }),
        None => None,
    };

    RoomDetails {
        id: room.id,
        slug: room.slug,
        title: room.title,
        stream_id: room.stream_id,
        state: match room.state {
            room::RoomState::Draft => RoomState::Draft,
            room::RoomState::Open => RoomState::Open,
            room::RoomState::Archived => RoomState::Archived,
            room::RoomState::Other(_) => RoomState::Unknown,
        },
        version: room.version,
        delay_ms: room.delay_ms,
        ingest_offset_ms: room.ingest_offset_ms,
        anonymous_read: room.anonymous_read,
        admission: room.admission,
        stage_size: room.stage_size,
        interruption_grace_ms: room.interruption_grace_ms,
        participant_count: room.participant_count,
        online_count: room.online_count,
        session: room.session.map(Into::into),
        train,
        created_at_unix_millis: room.created_at.0,
        updated_at_unix_millis: room.updated_at.0,
    }
}

pub(crate) fn created_room(data: create_room::ResponseData) -> Result<RoomSummary, CommandError> {
    use create_room::CreateRoomCreateRoom as Answer;

    match data.create_room {
        Answer::Room(room) => Ok(RoomSummary {
            id: room.id,
            slug: room.slug,
            title: room.title,
            state: match room.state {
                create_room::RoomState::Draft => RoomState::Draft,
                create_room::RoomState::Open => RoomState::Open,
                create_room::RoomState::Archived => RoomState::Archived,
                create_room::RoomState::Other(_) => RoomState::Unknown,
            },
            version: room.version,
        }),
        Answer::ValidationError(why) => Err(invalid(why.message, why.field, why.constraint)),
        Answer::AuthError(why) => Err(forbidden(why.message, why.code)),
        Answer::ConflictError(why) => Err(conflict(why.message, why.code)),
    }
}

pub(crate) fn started_session(data: start_session::ResponseData) -> Result<Session, CommandError> {
    use start_session::StartSessionStartSession as Answer;

    match data.start_session {
        Answer::Session(live) => Ok(live.into()),
        Answer::ValidationError(why) => Err(invalid(why.message, why.field, why.constraint)),
        Answer::NotFoundError(why) => Err(not_found(why.message)),
        Answer::AuthError(why) => Err(forbidden(why.message, why.code)),
        Answer::ConflictError(why) => Err(conflict(why.message, why.code)),
    }
}

/// Reads what a change of the live session answers: the session, or why not.
macro_rules! session_changes {
    ($($operation:ident: $answer:ident,)*) => {$(
        pub(crate) fn $operation(data: $operation::ResponseData) -> Result<Session, CommandError> {
            use $operation::$answer as Answer;

            match data.$operation {
                Answer::Session(session) => Ok(session.into()),
                Answer::NotFoundError(why) => Err(not_found(why.message)),
                Answer::AuthError(why) => Err(forbidden(why.message, why.code)),
                Answer::ConflictError(why) => Err(conflict(why.message, why.code)),
            }
        }
    )*};
}

session_changes! {
    interrupt_session: InterruptSessionInterruptSession,
    resume_session: ResumeSessionResumeSession,
    end_session: EndSessionEndSession,
}

/// Keeps a number within the schema's `Int`, which has no more.
fn int(number: i64) -> i32 {
    let limit = if number < 0 { i32::MIN } else { i32::MAX };

    i32::try_from(number).unwrap_or(limit)
}

/// Reads a session from an operation's own type.
macro_rules! sessions {
    ($($session:ty,)*) => {$(
        impl From<$session> for Session {
            fn from(session: $session) -> Self {
                Self {
                    id: session.id,
                    started_at_unix_millis: session.started_at.0,
                    interrupted_at_unix_millis: session.interrupted_at.map(|at| at.0),
                    ended_at_unix_millis: session.ended_at.map(|at| at.0),
                    delay_ms: int(session.delay_ms),
                }
            }
        }
    )*};
}

sessions! {
    room::RoomRoomSession,
    start_session::StartSessionStartSessionOnSession,
    interrupt_session::InterruptSessionInterruptSessionOnSession,
    resume_session::ResumeSessionResumeSessionOnSession,
    end_session::EndSessionEndSessionOnSession,
}

pub(crate) fn recorded_contribution(
    data: record_contribution::ResponseData,
) -> Result<Contribution, CommandError> {
    use record_contribution::RecordContributionRecordContribution as Answer;

    match data.record_contribution {
        Answer::Contribution(contribution) => Ok(Contribution {
            id: contribution.id,
            contribution_ref: contribution.contribution_ref,
            status: match contribution.status {
                record_contribution::ContributionStatus::Pending => ContributionStatus::Pending,
                record_contribution::ContributionStatus::Settled => ContributionStatus::Settled,
                record_contribution::ContributionStatus::Reversed => ContributionStatus::Reversed,
                record_contribution::ContributionStatus::Other(_) => ContributionStatus::Unknown,
            },
            hype: contribution.hype.0,
            occurred_at_unix_millis: contribution.occurred_at.0,
        }),
        Answer::ValidationError(why) => Err(invalid(why.message, why.field, why.constraint)),
        Answer::NotFoundError(why) => Err(not_found(why.message)),
        Answer::AuthError(why) => Err(forbidden(why.message, why.code)),
        Answer::ConflictError(why) => Err(conflict(why.message, why.code)),
    }
}

impl From<NewRoom> for create_room::CreateRoomInput {
    fn from(new: NewRoom) -> Self {
        Self {
            slug: new.slug,
            title: new.title,
            stream_id: new.stream_id,
            state: new.state.map(|state| match state {
                RoomState::Draft => create_room::RoomState::Draft,
                RoomState::Open => create_room::RoomState::Open,
                RoomState::Archived => create_room::RoomState::Archived,
                // Not for the server to take: it says so.
                RoomState::Unknown => create_room::RoomState::Other("UNKNOWN".to_owned()),
            }),
            delay_ms: new.delay_ms.map(i64::from),
            ingest_offset_ms: new.ingest_offset_ms.map(i64::from),
            anonymous_read: new.anonymous_read,
            stage_size: new.stage_size.map(i64::from),
            interruption_grace_ms: new.interruption_grace_ms.map(i64::from),
            admission: new.admission,
            reference_currency: None,
            hype_train_program: new.hype_train_program.map(Into::into),
        }
    }
}

impl From<HypeTrainProgram> for create_room::HypeTrainProgramInput {
    fn from(program: HypeTrainProgram) -> Self {
        Self {
            kickoff_events: program.kickoff_events.into(),
            kickoff_viewers: program.kickoff_viewers.into(),
            kickoff_anonymous: program.kickoff_anonymous,
            kickoff_window_ms: program.kickoff_window_ms.into(),
            levels: program
                .levels
                .into_iter()
                .map(|level| create_room::HypeTrainLevelInput {
                    goal: Int64(level.goal),
                    reward: level.reward,
                })
                .collect(),
            seconds_per_level: program.seconds_per_level.into(),
            cooldown_ms: program.cooldown_ms.into(),
            weights: None,
        }
    }
}

impl From<ContributionReport> for record_contribution::RecordContributionInput {
    fn from(report: ContributionReport) -> Self {
        use record_contribution as wire;

        Self {
            room_id: report.room_id,
            idempotency_key: report.idempotency_key,
            provider: report.provider,
            contribution_ref: report.contribution_ref,
            kind: match report.kind {
                ContributionKind::Donation => wire::ContributionKind::Donation,
                ContributionKind::Membership => wire::ContributionKind::Membership,
                ContributionKind::GiftedMemberships => wire::ContributionKind::GiftedMemberships,
                // Not for the server to take: it says so.
                ContributionKind::Unknown => wire::ContributionKind::Other("UNKNOWN".to_owned()),
            },
            status: report.status.map(|status| match status {
                ContributionStatus::Pending => wire::ContributionStatus::Pending,
                ContributionStatus::Settled => wire::ContributionStatus::Settled,
                ContributionStatus::Reversed => wire::ContributionStatus::Reversed,
                ContributionStatus::Unknown => {
                    wire::ContributionStatus::Other("UNKNOWN".to_owned())
                }
            }),
            amount: report.amount.map(Int64),
            currency: report.currency,
            tier: report.tier.map(i64::from),
            quantity: report.quantity.map(i64::from),
            viewer_id: report.viewer_id,
            viewer_name: report.viewer_name,
            message: report.message,
            occurred_at: report.occurred_at_unix_millis.map(Time),
        }
    }
}

fn invalid(reason: String, field: Option<String>, constraint: Option<String>) -> CommandError {
    CommandError::Invalid {
        reason,
        field,
        constraint,
    }
}

fn not_found(reason: String) -> CommandError {
    CommandError::NotFound { reason }
}

fn forbidden(reason: String, code: String) -> CommandError {
    CommandError::Forbidden { reason, code }
}

fn conflict(reason: String, code: String) -> CommandError {
    if code == STALE_VERSION {
        CommandError::Stale { reason }
    } else {
        CommandError::Conflict { reason, code }
    }
}

#[cfg(test)]
mod tests {
    use super::conflict;
    use crate::api::refusal::CommandError;

    #[test]
    fn only_a_stale_version_is_stale() {
        let refusal = |code: &str| conflict("no".to_owned(), code.to_owned());

        assert_eq!(
            refusal("STALE_VERSION"),
            CommandError::Stale {
                reason: "no".to_owned()
            }
        );
        assert_eq!(
            refusal("STAGE_FULL"),
            CommandError::Conflict {
                reason: "no".to_owned(),
                code: "STAGE_FULL".to_owned()
            }
        );
    }
}
